"""What an official still holds: it is handed over, or done, before the account is closed."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, joinedload

from matcher.ground import lifecycle
from matcher.records import CaseDocument, Handover, Partnership, Payment, User
from matcher.register import officials


@dataclass(frozen=True)
class OpenWork:
    """The open cases in charge and as deputy, by number, planned handovers that name the person as successor
    or deputy, and cases that wait for a manager and would have no other. What else is to be done on a case
    goes with the case.
    """

    in_charge: Sequence[Partnership] = ()
    as_deputy: Sequence[Partnership] = ()
    expected: Sequence[Handover] = ()
    only_theirs: Sequence[Partnership] = ()

    def __len__(self) -> int:
        return len(self.in_charge) + len(self.as_deputy) + len(self.expected) + len(self.only_theirs)


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
        _only_theirs(session, user),
    )


def _only_theirs(session: Session, user: User) -> Sequence[Partnership]:
    """The cases with a payment or an agreement that only ``user`` may approve or confirm."""
    if user.role != "manager" or user.status != "active":
        return ()
    others = [one.id for one in officials.approvers(session, user.id)]
    waiting = {
        payment.partnership_id
        for payment in session.scalars(
            select(Payment)
            .join(Partnership, Partnership.id == Payment.partnership_id)
            .where(
                Payment.approved_at.is_(None),
                Payment.calculated_by_id.is_distinct_from(user.id),
                Partnership.state.in_(lifecycle.CASE_BEGUN),
            )
        )
        if all(other == payment.calculated_by_id for other in others)
    }
    if not others:
        signed = session.scalars(
            select(CaseDocument).where(
                CaseDocument.kind == "agreement",
                CaseDocument.state == "draft",
                CaseDocument.company_accepted_at.is_not(None),
                CaseDocument.npo_accepted_at.is_not(None),
            )
        )
        waiting |= {document.partnership_id for document in signed if document.needs_manager}
    return session.scalars(
        select(Partnership)
        .where(Partnership.id.in_(waiting), Partnership.state.in_(lifecycle.CASE_OPEN))
        .options(joinedload(Partnership.company), joinedload(Partnership.npo))
        .order_by(Partnership.number)
    ).all()
