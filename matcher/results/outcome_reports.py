"""成果報告: what both sides say at the end, accepted by both."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from sqlalchemy.orm import Session

from matcher.agreements import indicators
from matcher.cases import documents, talks, telling
from matcher.cases.act import WORK, case_act
from matcher.ground import calendar, lifecycle
from matcher.ground.errors import Invalid
from matcher.ground.permissions import SYSTEM
from matcher.records import CaseDocument, Partnership
from matcher.register import wording, wording_work
from matcher.register.act import Done, Look, Told, Words

#: What a report may leave out.
UNSAID: Final[Mapping[str, Any]] = {"sentences": (), "harm": "", "next_step": ""}


@case_act(
    "write_outcome_report", event="draft_outcome_report", by=WORK, open_in=frozenset({"ended", "terminated"}),
    writes="outcome_report", home="evaluation",
    guard=lambda look: obstacle(look.session, look.record),
    words=Words(
        "成果報告を書く", "成果報告の案を保存し、相手方に知らせました。", "成果報告の案を作成しました",
        explain="企業と団体の両方が同意すると、成果報告になります。", submit="保存して相手に知らせる",
        step="成果報告を書く",
    ),
)  # fmt: skip
def draft_report(look: Look, facts: Mapping[str, Any]) -> Done:
    """Write the outcome report for both to accept.

    Args:
        facts: ``sentences`` (each with its source), ``narrative``, ``setbacks``, ``harm``, ``next_step``.

    Raises:
        Invalid: no narrative, or nothing on what did not work.
    """
    wrong = {name: "required" for name in ("narrative", "setbacks") if not str(facts.get(name) or "").strip()}
    if wrong:
        raise Invalid(**wrong)
    found = documents.save(look.session, look.actor, look.record, "outcome_report", facts, look.now)
    told = Told("others", "outcome_draft", {"who": talks.who(look.actor)})
    return Done(found, is_kept=True, tells=(told,))


def obstacle(session: Session, case: Partnership) -> str | None:
    """What the report waits for: an accepted value or reason of each indicator, if nothing ended early."""
    return "measurements_open" if not case.was_terminated and unmeasured(session, case) else None


def unmeasured(session: Session, case: Partnership) -> list[str]:
    """The names of the indicators without any accepted measurement (a reason counts as one)."""
    rows = indicators.measurements(session, case)
    return [
        indicator.name
        for indicator in indicators.of(session, case)
        if not any(
            row.state == "accepted" and not indicator.is_start(row.measured_on)
            for row in rows.get(indicator.id, ())
        )
    ]


def accept_report(session: Session, case: Partnership, report: CaseDocument, now: datetime) -> None:
    """Both have accepted the report: evaluation begins."""
    talks.in_state(session, case, "ended", "terminated")
    documents.put_in_force(session, case, report, now)
    talks.enter(session, SYSTEM, case, lifecycle.REPORT, now, details={"document": report.public_id})
    case.deadline_at = calendar.deadline(now, lifecycle.RATE_DAYS)
    session.flush()
    text = wording_work.event(case, "reported", until=wording.day(case.deadline_at))
    telling.tell(session, SYSTEM, case, text, now, "others", "desk")
