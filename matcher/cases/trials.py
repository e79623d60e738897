"""お試し (X8): three months and little money at most, from its plan to the joint note at its end."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from types import MappingProxyType
from typing import Final

from sqlalchemy.orm import Session

from matcher.cases import documents, talks, telling
from matcher.cases.act import WORK, case_act
from matcher.ground import calendar, lifecycle, vocabulary
from matcher.ground.errors import Invalid
from matcher.ground.permissions import SYSTEM
from matcher.records import CaseDocument, Lesson, Partnership
from matcher.register import wording_work
from matcher.register.act import Done, Look, Told, Words

TRIAL_LEAD_DAYS: Final = 31  #: a trial begins within a month of its plan


@dataclass(frozen=True)
class TrialPlan:
    """お試し on one page: what for, what is done, until when, and when one stops at once."""

    goal: str
    content: str
    from_on: date
    to_on: date
    money_yen: int = 0
    stop_when: str = ""
    roles: str = ""

    def faults(self) -> dict[str, str]:
        """Field → code of what a trial may not be: at most three months and little money."""
        found = {}
        for name in ("goal", "content", "stop_when"):
            if not getattr(self, name).strip():
                found[name] = "required"
        if self.to_on < self.from_on:
            found["to_on"] = "before_start"
        elif self.to_on > calendar.last_of_months(self.from_on, lifecycle.TRIAL_MONTHS):
            found["to_on"] = "trial_too_long"
        if not 0 <= self.money_yen <= lifecycle.TRIAL_MONEY_YEN:
            found["money_yen"] = "trial_too_dear"
        return found


@case_act(
    "write_trial", event="draft_trial", by=WORK, open_in=frozenset({"negotiation"}), writes="trial",
    home="agreement",
    words=Words(
        "お試しの計画を書く", "お試しの計画を保存し、相手方に知らせました。", "お試しの計画を作成しました",
        explain="本格的な協定の前に、3か月以内・5万円以内で試せます。両者が同意すると始まります。",
        submit="保存して相手に知らせる",
    ),
)  # fmt: skip
def draft_trial(look: Look, plan: TrialPlan) -> Done:
    """Write the plan of a trial for both to accept.

    Raises:
        Invalid: longer than three months, begun too late or over already, or more money than a trial may
            move.
    """
    wrong = plan.faults()
    today = calendar.tokyo_date(look.now)
    # The trial begins when both have accepted, so its first day cannot lie far off, nor its last behind.
    if plan.from_on > today + timedelta(days=TRIAL_LEAD_DAYS):
        wrong.setdefault("from_on", "trial_from_far")
    if plan.to_on < today:
        wrong.setdefault("to_on", "in_past")
    if wrong:
        raise Invalid(**wrong)
    found = documents.save(look.session, look.actor, look.record, "trial", asdict(plan), look.now)
    told = Told("others", "trial_draft", {"who": talks.who(look.actor)})
    return Done(found, is_kept=True, tells=(told,))


def obstacle(case: Partnership) -> str | None:
    """Why no trial can begin now: the code of the refusal, or ``None``."""
    return "not_verified" if talks.unverified(case) else None


def begin_trial(session: Session, case: Partnership, plan: CaseDocument, now: datetime) -> None:
    """Both have accepted: the trial runs until its last day.

    Raises:
        MovedOn: the case is no longer in talks. Refused: ``not_verified``.
    """
    talks.in_state(session, case, "negotiation")
    talks.require_verified(case)
    documents.put_in_force(session, case, plan, now)
    talks.enter(session, SYSTEM, case, lifecycle.BEGIN_TRIAL, now, details={"document": plan.public_id})
    case.deadline_at = calendar.end_of_day(date.fromisoformat(plan.content["to_on"]))
    session.flush()
    telling.tell(session, SYSTEM, case, wording_work.event(case, "trial_begun"), now, "others")


@case_act(
    "write_trial_result", event="draft_trial_result", by=WORK, open_in=frozenset({"trial"}),
    writes="trial_result", home="agreement",
    words=Words(
        "お試しのまとめを書く", "お試しのまとめを保存し、相手方に知らせました。",
        "お試しのまとめを作成しました", explain="両者が同意すると、選んだとおりに進みます。",
        submit="保存して相手に知らせる",
        step="お試しのまとめを書く",
    ),
)  # fmt: skip
def draft_trial_result(look: Look, outcome: str, learned: str) -> Done:
    """The joint note at the end of a trial: 続ける・変える・やめる, and what was learned.

    Raises:
        Invalid: no outcome, or nothing learned.
    """
    wrong = {}
    if outcome not in vocabulary.TRIAL_OUTCOMES:
        wrong["outcome"] = "required"
    if not learned.strip():
        wrong["learned"] = "required"
    if wrong:
        raise Invalid(**wrong)
    content = {"outcome": outcome, "learned": learned.strip()}
    found = documents.save(look.session, look.actor, look.record, "trial_result", content, look.now)
    told = Told("others", "trial_result_draft", {"who": talks.who(look.actor)})
    return Done(found, is_kept=True, tells=(told,))


_AFTER_TRIAL: Final[Mapping[str, str]] = MappingProxyType(
    {"adopt": lifecycle.ADOPT_TRIAL, "change": lifecycle.CHANGE_TRIAL, "stop": lifecycle.STOP_TRIAL}
)


def end_trial(session: Session, case: Partnership, result: CaseDocument, now: datetime) -> None:
    """Both have accepted the note: the case goes where it says, and what was learned is kept (E9)."""
    talks.in_state(session, case, "trial")
    outcome = str(result.content["outcome"])
    documents.put_in_force(session, case, result, now)
    lesson = Lesson(
        partnership_id=case.id, text=str(result.content["learned"]), support_type=case.support_type,
        is_public=False, written_by_id=result.drafted_by_id, written_at=now,
    )  # fmt: skip
    session.add(lesson)
    session.flush()
    documents.note(session, SYSTEM, case, "add_lesson", now, details={"lesson": lesson.public_id})
    talks.enter(session, SYSTEM, case, _AFTER_TRIAL[outcome], now, details={"document": result.public_id})
    telling.tell(session, SYSTEM, case, wording_work.event(case, f"trial_{outcome}"), now, "others")
