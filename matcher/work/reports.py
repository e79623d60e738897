"""Periodic reports: each side writes its part, the city accepts both or sends them back (E3)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from sqlalchemy import select, update
from sqlalchemy.orm import Session, joinedload

from matcher.agreements import plans
from matcher.cases import documents, talks, telling, turns
from matcher.cases.act import BEGUN, REVIEW, WORK, case_act
from matcher.ground import calendar, day_words
from matcher.ground.errors import Invalid, Refused
from matcher.ground.permissions import SYSTEM, Actor
from matcher.records import AuditEvent, Partnership, PeriodReport, Revision
from matcher.register import moves, wording, wording_work
from matcher.register.act import MOVED_ON, Also, Done, Look, Told, Words

REMIND_DAYS: Final = 14  #: days before a report is due at which who is still to write hears of it
#: side → the column of what did not work, as it says
SETBACKS: Final = {"npo": "setbacks", "company": "company_setbacks"}


def status(report: PeriodReport, today: date) -> str:
    """``not_yet``, ``due`` or ``overdue`` where it is still to be handed in, else its state."""
    if not report.is_to_be_written:
        return report.state
    if today > report.due_on:
        return "overdue"
    if report.state == "sent_back":
        return "sent_back"
    return "due" if today > report.period_to else "not_yet"


def _to_write(look: Look) -> str | None:
    return None if look.item.is_to_be_written else MOVED_ON


@case_act(
    "write_report", event="submit_report_part", by=WORK, open_in=BEGUN, item=PeriodReport, guard=_to_write,
    home="progress",
    words=Words(
        "中間報告を書く", "中間報告を提出しました。", "中間報告（自社・自団体の分）を提出しました",
        explain="企業と団体の両方が提出すると、市が確認します。下書きには、この期間の記録から作った文を入れてあります。",
        submit="選んだとおりに進める", saved="中間報告の下書きを保存しました。",
        step="中間報告（%(about)s）を提出する",
    ),
)  # fmt: skip
def write_report(look: Look, facts: Mapping[str, Any], *, submit: bool) -> Done:
    """Write one's own part; once both have submitted theirs, it is with the city.

    Args:
        facts: ``text``, ``setbacks`` (what did not work) and, from the NPO, ``next_step``; ``sentences``
            are what the records say of the period (``drafted.compose``), kept with the submitted version.

    Raises:
        Invalid: submitted without text; the NPO without a word on what did not work; what was submitted would
            become a draft again, of which nobody heard.
        Refused: ``too_early``: the period is not over.
    """
    report, side, now = look.item, documents.side_of(look.actor, look.record), look.now
    if submit and calendar.tokyo_date(now) <= report.period_to:
        raise Refused("too_early")
    wrong = {}
    if submit and not facts.get("text", "").strip():
        wrong["text"] = "required"
    if submit and side == "npo" and not facts.get("setbacks", "").strip():
        wrong["setbacks"] = "required"
    if not submit and getattr(report, f"{side}_submitted_at") is not None:
        wrong["submit_now"] = "submitted_already"
    if wrong:
        raise Invalid(**wrong)
    setattr(report, f"{side}_text", facts.get("text", "").strip())
    setattr(report, SETBACKS[side], facts.get("setbacks", "").strip())
    if side == "npo":
        report.next_step = facts.get("next_step", "").strip()
    setattr(report, f"{side}_submitted_at", now if submit else None)
    look.session.flush()
    if not submit:
        return Done(is_quiet=True)
    return _handed_in(look, side, facts.get("sentences", ()))


def _handed_in(look: Look, side: str, sentences: Sequence[Mapping[str, str]]) -> Done:
    report, what = look.item, period_words(look.item)
    details = {"report": report.public_id, "side": side}
    if not (report.npo_submitted_at and report.company_submitted_at):
        told = Told("others", "report_part", {"who": talks.who(look.actor), "what": what})
        return Done(details=details, tells=(told,))
    moves.become(report, "submitted")
    report.submitted_at = look.now
    look.session.flush()
    _keep_version(look.session, look.actor, report, sentences, look.now)
    late = {"report": report.public_id, "late": calendar.tokyo_date(look.now) > report.due_on}
    return Done(
        details=details,
        also=(Also("submit_report", late, by=SYSTEM),),
        tells=(Told(("others", "desk"), "report_submitted", {"what": what}),),
    )


def _waits(look: Look) -> str | None:
    return None if look.item.state == "submitted" else MOVED_ON


@case_act(
    "review_report", by=REVIEW, open_in=BEGUN, item=PeriodReport, guard=_waits, home="progress",
    words=Words(
        "中間報告を確かめる", "判断を両者に知らせました。", submit="判断を伝える",
        step="中間報告（%(about)s）を確かめる",
    ),
)  # fmt: skip
def review_report(look: Look, accepted: bool, text: str) -> Done:
    """Accept a report, or send it back with a sentence; both parts are then written again.

    Raises:
        Invalid: sent back without a sentence.
    """
    if not accepted and not text.strip():
        raise Invalid(text="required")
    report = look.item
    moves.become(report, "accepted" if accepted else "sent_back")
    report.reviewed_by_id, report.reviewed_at = look.actor.user_id, look.now
    report.review_text = text.strip()
    if not accepted:
        report.npo_submitted_at = report.company_submitted_at = None
    told = Told("others", "report_accepted" if accepted else "report_back", {"what": period_words(report)})
    return Done(
        details={"report": report.public_id},
        text=text,
        event="accept_report" if accepted else "return_report",
        tells=(told,),
    )


@dataclass(frozen=True)
class EarlierReport:
    """A version of a periodic report that was handed in and written anew, and why the city sent it back."""

    number: int
    made_at: datetime
    texts: Mapping[str, str]
    sent_back: str


def earlier_reports(session: Session, case: Partnership) -> dict[int, list[EarlierReport]]:
    """report id → what was handed in before the text that now stands in the report, oldest first (E3).

    The city's sentence is the one of the audit record: the report itself keeps only the latest.
    """
    reports = {
        row.id: row
        for row in session.scalars(select(PeriodReport).where(PeriodReport.partnership_id == case.id))
    }
    versions: dict[int, list[Revision]] = {}
    for row in session.scalars(
        select(Revision)
        .where(Revision.owner_type == "report", Revision.owner_id.in_(reports))
        .order_by(Revision.number)
    ):
        versions.setdefault(row.owner_id, []).append(row)
    returned: dict[str, list[str]] = {}
    for event in session.scalars(
        select(AuditEvent)
        .where(
            AuditEvent.object_type == "partnership",
            AuditEvent.object_id == case.public_id,
            AuditEvent.action == "return_report",
        )
        .order_by(AuditEvent.id)
    ):
        returned.setdefault(event.details["report"], []).append(event.reason_text)
    found = {}
    for report_id, rows in versions.items():
        report = reports[report_id]
        # Each version but the one that waits or was accepted was sent back exactly once, in this order.
        words = returned.get(report.public_id, [])
        found[report_id] = [
            EarlierReport(row.number, row.made_at, row.content, text)
            for row, text in zip(rows, words, strict=False)
        ]
    return found


def period_words(report: PeriodReport) -> str:
    """「令和8年4月1日〜9月30日」."""
    return day_words.period(report.period_from, report.period_to)


def _keep_version(
    session: Session,
    actor: Actor,
    report: PeriodReport,
    sentences: Sequence[Mapping[str, str]],
    now: datetime,
) -> None:
    number = len(
        session.scalars(
            select(Revision.id).where(Revision.owner_type == "report", Revision.owner_id == report.id)
        ).all()
    )
    session.add(
        Revision(
            owner_type="report", owner_id=report.id, number=number + 1, made_by_id=actor.user_id, made_at=now,
            content={
                "npo_text": report.npo_text, "company_text": report.company_text,
                "setbacks": report.setbacks, "company_setbacks": report.company_setbacks,
                "next_step": report.next_step,
                "sentences": [dict(row) for row in sentences],
            },
        )
    )  # fmt: skip
    session.flush()


# ── The clock ────────────────────────────────────────────────────────────────────────────────────────


def remind_reports(session: Session, now: datetime, limit: int = 200) -> int:
    """Fourteen days before a report is due, and the day after, whoever has not handed it in hears of it;
    returns how many reports.
    """
    today = calendar.tokyo_date(now)
    rows = session.execute(
        select(PeriodReport, Partnership)
        .join(Partnership, Partnership.id == PeriodReport.partnership_id)
        .where(
            PeriodReport.state.in_(("open", "sent_back")),
            Partnership.state.in_(plans.RUNNING),
            PeriodReport.due_on <= today + timedelta(days=REMIND_DAYS),
            # Who was told of this stage leaves the query, or a full round would keep the rest waiting.
            (PeriodReport.reminders < 1) | ((PeriodReport.due_on < today) & (PeriodReport.reminders < 2)),
        )
        .options(joinedload(Partnership.company), joinedload(Partnership.npo))
        .limit(limit)
    ).all()
    done = 0
    for report, case in rows:
        stage = 2 if today > report.due_on else 1
        if report.reminders >= stage:
            continue
        session.execute(update(PeriodReport).where(PeriodReport.id == report.id).values(reminders=stage))
        text = wording_work.event(
            case, "report_overdue" if stage == 2 else "report_due", what=period_words(report),
            until=wording.day(calendar.end_of_day(report.due_on)),
        )  # fmt: skip
        late = turns.waited_for(session, case, "write_report", item=report.public_id)
        telling.tell(session, SYSTEM, case, text, now, *late)
        if stage == 2:
            telling.tell(session, SYSTEM, case, text, now, "desk")
        done += 1
    return done
