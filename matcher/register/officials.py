"""Who works for the city now."""

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from matcher.records import User


def active_staff(session: Session) -> Sequence[User]:
    """The coordinators and managers who can be put in charge of a case."""
    return session.scalars(
        select(User)
        .where(User.role.in_(("coordinator", "manager")), User.status == "active")
        .order_by(User.name, User.id)
    ).all()


def active_staff_count(session: Session) -> int:
    """How many coordinators and managers can decide on cases."""
    return (
        session.scalar(
            select(func.count())
            .select_from(User)
            .where(User.role.in_(("coordinator", "manager")), User.status == "active")
        )
        or 0
    )


def approvers(session: Session, calculated_by_id: int | None) -> Sequence[User]:
    """The managers who may approve what this person has calculated (K9): all but the person."""
    return session.scalars(
        select(User)
        .where(User.role == "manager", User.status == "active", User.id != calculated_by_id)
        .order_by(User.id)
    ).all()
