"""The stages of a case up to its introduction: the clock of each, who is told, and what silence ends."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final

from sqlalchemy import Select, or_, select, update
from sqlalchemy.orm import Session, joinedload

from matcher.cases import documents
from matcher.cases import reads as case_reads
from matcher.ground import calendar, lifecycle
from matcher.ground.permissions import SYSTEM, Actor
from matcher.records import Need, Partnership
from matcher.register import act, audit, findable, moves, notices, wording
from matcher.register.act import Done, Look, Told

#: States in which a side is asked, and has its days to answer.
_ASKED: Final = frozenset({"recommended", "interest_one_side", "interest_both"})

_TOLD: Final[Mapping[str, Callable[..., wording.Said]]] = {
    "accepted": wording.case_accepted,
    "approved": wording.case_approved,
    "declined": wording.case_declined,
    "for_review": wording.case_for_review,
    "message": wording.case_message,
    "refused": wording.case_refused,
    "returned": wording.case_returned,
    "revised": wording.case_revised,
    "withdrawn": wording.case_withdrawn,
}


class _StageWay:
    """See ``register.act.Way``."""

    def keep(self, look: Look, event: str, done: Done) -> None:
        """Move the case, or audit what leaves it where it is."""
        if done.is_kept:
            return
        if moves.target(look.record, event) is None:
            audit.record(
                look.session, look.actor, event, "partnership", look.record.public_id, look.now,
                object_version=look.record.version, details=dict(done.details),
            )  # fmt: skip
            return
        enter(
            look.session, look.actor, look.record, event, look.now,
            reason_code=done.reason_code, reason_text=done.text, details=dict(done.details),
        )  # fmt: skip

    def tell(self, look: Look, told: Told) -> None:
        """By notice and mail, with the number, the parties and what to do."""
        session, case, now = look.session, look.record, look.now
        text = _TOLD[told.event](case, **told.facts)
        match told.whom:
            case "others":
                documents.tell_others(session, look.actor, case, text, now)
            case "city":
                documents.tell_city(session, look.actor, case, text, now)
            case "desk":
                notices.tell_staff(session, *text, now, about=about(case))
            case _:
                raise ValueError(f"expected others, city or desk, found {told.whom!r}")


stage_act = partial(act.act, record=Partnership, way=_StageWay())


def enter(
    session: Session,
    actor: Actor,
    case: Partnership,
    action: str,
    now: datetime,
    *,
    reason_code: str | None = None,
    reason_text: str = "",
    details: dict[str, Any] | None = None,
) -> None:
    """Move the case and set the clock of the new state; who has answered may be asked again (X7).

    Raises:
        MovedOn, Invalid: as ``moves.move``.
    """
    case.moved_at, case.reminders = now, 0
    case.deadline_at = _deadline(moves.target(case, action), now)
    moves.move(
        session, actor, case, action, now,
        reason_code=reason_code, reason_text=reason_text, details=details,
    )  # fmt: skip
    guard_capacity(session, case.npo_id, now)


def _deadline(state: str | None, now: datetime) -> datetime | None:
    if state in _ASKED:
        return calendar.deadline(now, lifecycle.ANSWER_DAYS)
    if state == "coordinator_review":
        days = lifecycle.REVIEW_WORKING_DAYS
        return calendar.end_of_day(calendar.add_working_days(calendar.tokyo_date(now), days))
    return None


def guard_capacity(session: Session, npo_id: int, now: datetime) -> None:
    """Pause an NPO's open needs at three unanswered proposals; resume them when it has caught up (X7)."""
    busy = case_reads.is_busy(session, npo_id)
    state, action = ("open", "pause") if busy else ("paused", "resume")
    query = select(Need).where(Need.organization_id == npo_id, Need.state == state)
    if not busy:
        query = query.where(Need.pause_cause == "capacity")
    for need in session.scalars(query):
        need.pause_cause = "capacity" if busy else None
        moves.move(session, SYSTEM, need, action, now, details={"cause": "capacity"})
        findable.touch(session, need)


# ── The clock ────────────────────────────────────────────────────────────────────────────────────────


def expire_unanswered(session: Session, now: datetime, limit: int = 100) -> int:
    """End, kindly, what nobody answered in time; returns how many cases."""
    cases = session.scalars(_waiting_cases().where(Partnership.deadline_at < now).limit(limit)).all()
    for case in cases:
        enter(session, SYSTEM, case, "expire", now)
        for organization_id in case.party_ids:
            notices.tell_organization(
                session, organization_id, *wording.case_expired(case), now, about=about(case)
            )
    return len(cases)


def remind_waiting(session: Session, now: datetime, limit: int = 100) -> int:
    """Remind whoever is to answer, 7, 3 and 1 days before the deadline; returns how many reminders."""
    sent = 0
    today = calendar.tokyo_date(now)
    # Who was told of a stage leaves the query, or a full round would keep the rest waiting.
    stages = [
        (Partnership.deadline_at <= calendar.end_of_day(today + timedelta(days=days)))
        & (Partnership.reminders < stage)
        for stage, days in enumerate(lifecycle.REMIND_DAYS, start=1)
    ]
    waiting = _waiting_cases().where(Partnership.deadline_at >= now, or_(*stages))
    for case in session.scalars(waiting.limit(limit)):
        assert case.deadline_at is not None
        left = (calendar.tokyo_date(case.deadline_at) - calendar.tokyo_date(now)).days
        due = sum(left <= days for days in lifecycle.REMIND_DAYS)
        if left < 0 or due <= case.reminders:
            continue
        # Not through the record: a reminder must not outdate a form that somebody is filling in.
        session.execute(update(Partnership).where(Partnership.id == case.id).values(reminders=due))
        for side in case.asked:
            organization_id = case.company_id if side == "company" else case.npo_id
            notices.tell_organization(
                session, organization_id, *wording.case_reminder(case, left), now, about=about(case)
            )
        sent += 1
    return sent


def _waiting_cases() -> Select[Partnership]:
    return (
        select(Partnership)
        .where(Partnership.state.in_(_ASKED))
        .options(joinedload(Partnership.company), joinedload(Partnership.npo), joinedload(Partnership.need))
        .order_by(Partnership.deadline_at)
    )


def about(case: Partnership) -> tuple[str, str]:
    """How a notice names the case."""
    return ("partnership", case.public_id)
