"""How long a need or an offer is shown: its owner hears before it ends, and the clock closes it."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, or_, select, update
from sqlalchemy.orm import Session, joinedload

from matcher.cases import reads as case_reads
from matcher.cases import stages
from matcher.ground import calendar, lifecycle
from matcher.ground.permissions import SYSTEM
from matcher.postings import terms
from matcher.postings.drafts import Posted, kind_of
from matcher.records import Need, Offer
from matcher.register import findable, moves, notices, wording


def expire_due(session: Session, now: datetime, limit: int = 100) -> int:
    """Close what is past its date, or past its own last day (older rows may outlive it); returns how many.

    A need on which two have agreed stays until the city has decided: their case would end with it.
    """
    today = calendar.tokyo_date(now)
    ended: list[Need | Offer] = [
        *_ending(
            session,
            Need,
            limit,
            or_(Need.valid_until < today, Need.period_to < today),
            ~case_reads.AGREED_UPON,
        ),
        *_ending(session, Offer, limit, or_(Offer.valid_until < today, Offer.period_to < today)),
    ]
    for posting in ended:
        _expire(session, posting, now)
    return len(ended)


def _expire(session: Session, posting: Need | Offer, now: datetime) -> None:
    posting.pause_cause = None
    moves.move(session, SYSTEM, posting, lifecycle.EXPIRE, now)
    findable.touch(session, posting)
    stages.end_about(session, SYSTEM, posting, now)
    text = wording.posting_expired(posting, not terms.renewal_obstacle(posting, calendar.tokyo_date(now)))
    notices.tell_organization(session, posting.organization_id, *text, now, about=_about(posting))


def remind_expiring(session: Session, now: datetime, limit: int = 100) -> int:
    """Tell owners 14 and 3 days before; returns how many notices."""
    today = calendar.tokyo_date(now)
    sent = 0
    for posting in _to_remind(session, today, limit):
        assert posting.valid_until is not None
        left = (posting.valid_until - today).days
        due = sum(left <= days for days in lifecycle.EXPIRY_NOTICE_DAYS)
        # Not through the record: a reminder must not outdate a form that somebody is filling in.
        kind = type(posting)
        session.execute(update(kind).where(kind.id == posting.id).values(expiry_notices=due))
        text = wording.posting_expiring(posting, left, not terms.renewal_obstacle(posting, today))
        notices.tell_organization(session, posting.organization_id, *text, now, about=_about(posting))
        sent += 1
    return sent


def _to_remind(session: Session, today: date, limit: int) -> list[Need | Offer]:
    return [
        *_ending(session, Need, limit, Need.valid_until >= today, _is_due(Need, today)),
        *_ending(session, Offer, limit, Offer.valid_until >= today, _is_due(Offer, today)),
    ]


def _is_due(kind: type[Need] | type[Offer], today: date) -> ColumnElement[bool]:
    due = [
        and_(kind.valid_until <= today + timedelta(days=days), kind.expiry_notices < number)
        for number, days in enumerate(lifecycle.EXPIRY_NOTICE_DAYS, start=1)
    ]
    return or_(*due)


def _ending(session: Session, kind: type[Posted], limit: int, *when: Any) -> Sequence[Posted]:
    return session.scalars(
        select(kind)
        .where(kind.state.in_(("open", "paused")), *when)
        .options(joinedload(kind.organization))
        .order_by(kind.valid_until, kind.id)
        .limit(limit)
    ).all()


def _about(posting: Need | Offer) -> tuple[str, str]:
    return (kind_of(posting), posting.public_id)
