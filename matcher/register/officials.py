"""Who works for the city now."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.orm import Session

from matcher.ground import permissions
from matcher.records import User


def serves(person: User) -> bool:
    """Whether a person can be put in charge of a case, stand in for who is, or decide on one."""
    return person.role in permissions.OFFICIALS and person.is_active


def serve() -> ColumnElement[bool]:
    """The same for a query over ``User``."""
    return and_(User.role.in_(permissions.OFFICIALS), User.status == "active")


def active_staff(session: Session) -> Sequence[User]:
    """The officials who serve now, by name."""
    return session.scalars(select(User).where(serve()).order_by(User.name, User.id)).all()


def active_staff_count(session: Session) -> int:
    """How many they are."""
    return session.scalar(select(func.count()).select_from(User).where(serve())) or 0


def approvers(session: Session, calculated_by_id: int | None) -> Sequence[User]:
    """The managers who may approve what this person has calculated (K9): all but the person."""
    return session.scalars(
        select(User)
        .where(User.role == "manager", User.status == "active", User.id != calculated_by_id)
        .order_by(User.id)
    ).all()
