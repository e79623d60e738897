"""What stands of asking together: of which proposal a need is part, whether it may be part of another."""

from collections.abc import Collection
from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, Select, and_, or_, select
from sqlalchemy.orm import Session, joinedload, selectinload

from matcher.ground import calendar, lifecycle
from matcher.records import JointNeed, JointPartner, Need

STANDING: Final = frozenset({"proposed", "agreed"})  #: it has not come to nothing


def standing() -> tuple[ColumnElement[bool], ...]:
    """SQL: it has not come to nothing, and the need by which they ask still stands."""
    return JointNeed.state.in_(STANDING), Need.state.in_(lifecycle.POSTING_CURRENT)


def _bound() -> ColumnElement[bool]:
    """SQL: nothing of it may be proposed anew. What waits for answers binds even while the need by which they
    ask is away (rewritten, over): with that it would come back beside the other, and neither could be agreed
    to. The city may take it back at any time.
    """
    is_agreed = and_(JointNeed.state == "agreed", Need.state.in_(lifecycle.POSTING_CURRENT))
    return or_(JointNeed.state == "proposed", is_agreed)


def bound(session: Session, needs: Collection[int], but: int = 0) -> dict[int, str]:
    """Id of each of them that is asked for together already, but for the proposal of the id ``but`` → the
    state of that: ``proposed`` or ``agreed``.
    """
    rows = session.execute(
        select(JointPartner.need_id, JointNeed.state)
        .join(JointNeed, JointNeed.id == JointPartner.joint_id)
        .join(Need, Need.id == JointNeed.need_id)
        .where(JointPartner.need_id.in_(needs), JointNeed.id != but, _bound())
        .order_by(JointNeed.id)
    )
    return {row.need_id: row.state for row in rows}


def waiting_days(joint: JointNeed, now: datetime) -> int:
    """For how many days it has waited for answers; 0 on the first."""
    return (calendar.tokyo_date(now) - calendar.tokyo_date(joint.proposed_at)).days


def of_need(session: Session, need: Need) -> JointNeed | None:
    """The latest that a need is part of, with all who are asked, unless it came to nothing."""
    return _latest(session, need, standing())


def _latest(session: Session, need: Need, such: Collection[ColumnElement[bool]]) -> JointNeed | None:
    return session.scalars(
        loaded()
        .join(JointPartner, JointPartner.joint_id == JointNeed.id)
        .join(Need, Need.id == JointNeed.need_id)
        .where(JointPartner.need_id == need.id, *such)
        .order_by(JointNeed.id.desc())
        .limit(1)
    ).first()


def resting() -> tuple[ColumnElement[bool], ...]:
    """SQL: it waits for answers that nobody can give while the need by which they ask is away. It keeps its
    needs from every other proposal, until that comes back or the city takes it back.
    """
    return JointNeed.state == "proposed", Need.state.not_in(lifecycle.POSTING_CURRENT)


def at_rest(session: Session, need: Need) -> JointNeed | None:
    """The latest proposal that a need is part of and that is at rest."""
    return _latest(session, need, resting())


def asked_together(session: Session, need: Need) -> JointNeed | None:
    """With whom a need is asked for by its owner, once all have agreed."""
    found = of_need(session, need)
    return found if found is not None and found.state == "agreed" and found.need_id == need.id else None


def share_of(session: Session, need_id: int) -> float | None:
    """What the owner of a need itself needs of what is asked for together by it; ``None`` where it is not, or
    its own need said no amount.
    """
    return session.scalar(
        select(JointPartner.quantity)
        .join(JointNeed, JointNeed.id == JointPartner.joint_id)
        .where(JointNeed.need_id == need_id, JointPartner.need_id == need_id, JointNeed.state == "agreed")
        .order_by(JointNeed.id.desc())
        .limit(1)
    )


def loaded() -> Select[JointNeed]:
    partners = selectinload(JointNeed.partners)
    return select(JointNeed).options(
        joinedload(JointNeed.need).joinedload(Need.organization),
        partners.joinedload(JointPartner.organization),
        partners.joinedload(JointPartner.need).joinedload(Need.organization),
    )
