"""The stages of a case up to its introduction: the clock of each, who is told, and what silence ends."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final

from sqlalchemy import Select, or_, select, update
from sqlalchemy.orm import Session, joinedload

from matcher.cases import reads as case_reads
from matcher.cases import telling
from matcher.ground import calendar, lifecycle
from matcher.ground.permissions import SYSTEM, Actor
from matcher.records import Need, Offer, Partnership
from matcher.register import act, audit, findable, moves, wording, wording_work
from matcher.register.act import Done, Look, Told

#: States in which a side is asked, and has its days to answer.
_ASKED: Final = frozenset({"recommended", "interest_one_side", "interest_both"})

_TOLD: Final[Mapping[str, Callable[..., wording.Said]]] = {
    "accepted": wording.case_accepted,
    "approved": wording.case_approved,
    # Somebody is put in charge before the introduction and after it.
    **{name: partial(wording_work.event, name=name) for name in ("assigned", "handover", "put_in_charge")},
    "declined": wording.case_declined,
    "for_review": wording.case_for_review,
    "message": wording.case_message,
    "recommended": wording.case_recommended,
    "refused": wording.case_refused,
    "returned": wording.case_returned,
    "revised": wording.case_revised,
    "started": wording.case_started,
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
        """See ``tell``."""
        tell(look, told)


stage_act = partial(act.act, record=Partnership, way=_StageWay())


def tell(look: Look, told: Told) -> None:
    """By notice and mail, with the number, the parties and what to do."""
    said = _TOLD[told.event](look.record, **told.facts)
    telling.tell(look.session, look.actor, look.record, said, look.now, *told.to)


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
    state, action = ("open", lifecycle.PAUSE) if busy else ("paused", lifecycle.RESUME)
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
        enter(session, SYSTEM, case, lifecycle.EXPIRE, now, reason_code="unanswered")
        telling.tell(
            session, SYSTEM, case, wording.case_expired(case), now, "others", *telling.city_if_on_it(case)
        )
    return len(cases)


def end_about(session: Session, actor: Actor, posting: Need | Offer, now: datetime) -> None:
    """End what waits about a need or an offer that no longer stands: nobody could say yes to it any more.

    Of an offer that is gone its owner cannot be asked; what it proposed itself it may still keep.
    """
    column = Partnership.need_id if isinstance(posting, Need) else Partnership.offer_id
    query = _loaded(*_ASKED, "coordinator_review").where(column == posting.id)
    for case in session.scalars(query).all():
        if isinstance(posting, Offer) and "company" not in case.asked:
            continue
        whom = ("others", *telling.city_if_on_it(case))
        details = {"posting": posting.public_id, "state": posting.state}
        enter(session, SYSTEM, case, lifecycle.EXPIRE, now, reason_code="posting_gone", details=details)
        telling.tell(session, actor, case, wording.case_ended_with(case, posting), now, *whom)


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
        telling.tell(session, SYSTEM, case, wording.case_reminder(case, left), now, *case.asked)
        sent += 1
    return sent


def _waiting_cases() -> Select[Partnership]:
    return _loaded(*_ASKED)


def _loaded(*states: str) -> Select[Partnership]:
    return (
        select(Partnership)
        .where(Partnership.state.in_(states))
        .options(joinedload(Partnership.company), joinedload(Partnership.npo), joinedload(Partnership.need))
        .order_by(Partnership.deadline_at)
    )
