"""How an agreed partnership begins on its day, pauses, goes on, and ends: on its last day or before."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Select, select, update
from sqlalchemy.orm import Session, joinedload

from matcher.agreements import periods, plans
from matcher.cases import decisions, documents, talks, telling
from matcher.cases.act import SHARE, case_act
from matcher.ground import calendar, lifecycle, permissions, vocabulary
from matcher.ground.errors import Invalid
from matcher.ground.permissions import SYSTEM
from matcher.records import Organization, Partnership
from matcher.register import wording, wording_work
from matcher.register.act import Done, Look, Told, Words, version_of_record


@case_act(
    lifecycle.SUSPEND, by=SHARE, open_in=frozenset({"running"}), shown=version_of_record,
    reasons=vocabulary.PAUSE_REASONS,
    words=Words(
        "中断する", "中断しました。", "協働を中断しました",
        explain="期日までに続け方を決めてください。公表している場合は、公開ページにも「中断中」と出ます。",
        submit="中断する",
        decided="中断",
    ),
)  # fmt: skip
def suspend(look: Look, reason_code: str, reason_text: str, decide_by: date) -> Done:
    """Pause a running partnership, with the date by which it is decided how it goes on.

    Raises:
        Invalid: ``decide_by`` past, more than half a year away, or after the agreement's end; no reason.
    """
    case, today = look.record, calendar.tokyo_date(look.now)
    if not today <= decide_by <= today + timedelta(days=183):
        raise Invalid(decide_by="within_half_year")
    if case.ends_on is not None and decide_by > case.ends_on:
        raise Invalid(decide_by="after_end")
    if not reason_text.strip():
        raise Invalid(reason_text="required")
    frozen = _frozen(look, lifecycle.SUSPEND, reason_text, pause_reason=reason_code, decide_by=decide_by)
    case.decide_by = decide_by
    _enter(look, lifecycle.SUSPEND, reason_code, reason_text, {"decide_by": decide_by.isoformat(), **frozen})
    case.deadline_at = calendar.end_of_day(decide_by)
    facts = {
        "who": talks.who(look.actor), "what": reason_text.strip(), "until": wording.day(case.deadline_at),
    }  # fmt: skip
    return Done(is_kept=True, tells=_told("suspended", facts))


@case_act(
    lifecycle.RESUME, by=SHARE, open_in=frozenset({"suspended"}), shown=version_of_record,
    guard=lambda look: "not_verified" if talks.unverified(look.record) else None,
    words=Words(
        "再開する", "再開しました。", "協働を再開しました", submit="再開する",
        decided="再開",
    ),
)  # fmt: skip
def resume(look: Look, text: str) -> Done:
    """Go on after a pause; one sentence says what was decided.

    Raises:
        Invalid: no sentence.
    """
    if not text.strip():
        raise Invalid(text="required")
    details = _frozen(look, lifecycle.RESUME, text)
    look.record.decide_by = None
    _enter(look, lifecycle.RESUME, None, text, details)
    return Done(is_kept=True, tells=_told("resumed", {"who": talks.who(look.actor)}))


def _signs(look: Look) -> bool:
    return look.actor.is_staff or permissions.may(look.actor, "partnership.sign", look.record)


@case_act(
    lifecycle.TERMINATE, by=SHARE, who=_signs, open_in=frozenset({"agreed", *plans.RUNNING}),
    shown=version_of_record, reasons=vocabulary.TERMINATION_REASONS,
    words=Words(
        "途中で終了する", "途中で終了しました。", "協働を途中で終了しました",
        explain="途中で終了した場合も、短い成果報告を書いていただきます。利用している人への知らせ方を必ず書いてください。",
        submit="途中で終了する", is_grave=True,
        decided="途中終了",
    ),
)  # fmt: skip
def terminate(look: Look, reason_code: str, reason_text: str, inform_plan: str) -> Done:
    """End early, with the reason and who tells those for whom it was done.

    Raises:
        Invalid: no reason, or nobody tells the beneficiaries.
    """
    case = look.record
    said = {"reason_text": reason_text, "inform_plan": inform_plan}
    wrong = {name: "required" for name, text in said.items() if not text.strip()}
    if wrong:
        raise Invalid(**wrong)
    details = _frozen(
        look, lifecycle.TERMINATE, reason_text, termination_reason=reason_code, inform_plan=inform_plan
    )
    _enter(look, lifecycle.TERMINATE, reason_code, reason_text, details)
    case.was_terminated, case.inform_plan, case.decide_by = True, inform_plan.strip(), None
    case.deadline_at = calendar.deadline(look.now, periods.REPORT_DUE_DAYS)
    documents.drop_open(look.session, look.actor, case, look.now, "plan", "agreement")
    facts = {
        "who": talks.who(look.actor), "what": reason_text.strip(), "until": wording.day(case.deadline_at),
    }  # fmt: skip
    return Done(is_kept=True, tells=_told("terminated", facts))


def _enter(
    look: Look, action: str, reason_code: str | None, reason_text: str, details: dict[str, Any]
) -> None:
    talks.enter(
        look.session, look.actor, look.record, action, look.now,
        reason_code=reason_code, reason_text=reason_text, details=details,
    )  # fmt: skip


def _frozen(look: Look, outcome: str, text: str, **facts: Any) -> dict[str, Any]:
    """What the audit event names where it is the city that decides; the sides decide for themselves."""
    if not look.actor.is_staff:
        return {}
    session, actor, case, now = look.session, look.actor, look.record, look.now
    return decisions.named(decisions.freeze(session, actor, case, outcome, text, now, **facts))


def _told(event: str, facts: Mapping[str, object]) -> tuple[Told, ...]:
    return (Told(("others", "desk"), event, facts),)


def start_due(session: Session, now: datetime, limit: int = 100) -> int:
    """Begin what is agreed once its first day has come – unless the city has suspended a party (L8)."""
    today = calendar.tokyo_date(now)
    done = 0
    verified = Partnership.company.has(state="verified") & Partnership.npo.has(state="verified")
    # Who was told that it cannot start does not hold up the others.
    due = _due("agreed").where(Partnership.starts_on <= today, verified | (Partnership.reminders == 0))
    for case in session.scalars(due.limit(limit)).all():
        if talks.unverified(case):
            if not case.reminders:
                session.execute(update(Partnership).where(Partnership.id == case.id).values(reminders=1))
                text = wording_work.event(case, "start_blocked")
                telling.tell(session, SYSTEM, case, text, now, "others", "desk")
                done += 1
            continue
        talks.enter(session, SYSTEM, case, lifecycle.START, now)
        telling.tell(session, SYSTEM, case, wording_work.event(case, "started"), now, "others", "desk")
        done += 1
    return done


def end_due(session: Session, now: datetime, limit: int = 100) -> int:
    """End what is running, or stands still, once its last day is over."""
    today = calendar.tokyo_date(now)
    cases = session.scalars(_due(*plans.RUNNING).where(Partnership.ends_on < today).limit(limit)).all()
    for case in cases:
        event = "ended_suspended" if case.state == "suspended" else "ended"
        talks.enter(session, SYSTEM, case, lifecycle.END, now)
        case.deadline_at, case.decide_by = calendar.deadline(now, periods.REPORT_DUE_DAYS), None
        documents.drop_open(session, SYSTEM, case, now, "plan", "agreement")
        text = wording_work.event(case, event, until=wording.day(case.deadline_at))
        telling.tell(session, SYSTEM, case, text, now, "others", "desk")
    return len(cases)


def _due(*states: str) -> Select[Partnership]:
    return (
        select(Partnership)
        .where(Partnership.state.in_(states))
        .options(
            joinedload(Partnership.company).joinedload(Organization.company),
            joinedload(Partnership.npo).joinedload(Organization.npo),
        )
        .order_by(Partnership.id)
    )
