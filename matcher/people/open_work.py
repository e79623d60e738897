"""What an official still holds: it is handed over before the account is closed."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, joinedload

from matcher.ground import lifecycle
from matcher.records import Handover, Partnership, User


@dataclass(frozen=True)
class OpenWork:
    """The open cases in charge and as deputy, by number, and planned handovers that name the person as
    successor or deputy. What is to be done on a case goes with the case.
    """

    in_charge: Sequence[Partnership] = ()
    as_deputy: Sequence[Partnership] = ()
    expected: Sequence[Handover] = ()

    def __len__(self) -> int:
        return len(self.in_charge) + len(self.as_deputy) + len(self.expected)


def of(session: Session, user: User) -> OpenWork:
    """What ``user`` still holds; nothing, for members of organizations."""
    if user.role == "member":
        return OpenWork()
    cases = session.scalars(
        select(Partnership)
        .where(
            Partnership.state.in_(lifecycle.CASE_OPEN),
            or_(Partnership.coordinator_id == user.id, Partnership.deputy_id == user.id),
        )
        .options(
            joinedload(Partnership.company),
            joinedload(Partnership.npo),
            joinedload(Partnership.coordinator),
        )
        .order_by(Partnership.number)
    ).all()
    expected = session.scalars(
        select(Handover)
        .where(
            Handover.done_at.is_(None),
            Handover.cancelled_at.is_(None),
            or_(Handover.to_user_id == user.id, Handover.deputy_id == user.id),
        )
        .options(joinedload(Handover.from_user))
        .order_by(Handover.effective_on, Handover.id)
    ).all()
    return OpenWork(
        [case for case in cases if case.coordinator_id == user.id],
        [case for case in cases if case.coordinator_id != user.id],
        expected,
    )
