"""Conflicts of interest: people who serve both sides of a case.

Whoever has done anything on a case for one side does nothing on it for the other, least of all accept a
text for both (民法108条, 双方代理); somebody else of that organization does. The city sees who serves both.
"""

from collections.abc import Sequence

from sqlalchemy import exists, select
from sqlalchemy.orm import Session, aliased

from matcher.ground.permissions import Actor
from matcher.records import AuditEvent, Membership, Organization, Partnership, User


def acts_for_other_side(session: Session, actor: Actor, record: object) -> bool:
    """Whether ``record`` is a case on which ``actor`` has acted in the name of the other side."""
    if not actor.has_served or not isinstance(record, Partnership):
        return False
    if actor.organization_id not in record.party_ids:
        return False
    others = actor.has_served.intersection(record.party_ids)
    if not others:
        return False
    event = exists().where(
        AuditEvent.object_type == "partnership",
        AuditEvent.object_id == record.public_id,
        AuditEvent.actor_id == actor.user_public_id,
        AuditEvent.actor_organization_id == Organization.public_id,
        Organization.id.in_(others),
    )
    return bool(session.scalar(select(event)))


def on_both_sides(session: Session, case: Partnership) -> Sequence[User]:
    """Who serves both sides of a case now, by name."""
    one, other = aliased(Membership), aliased(Membership)
    query = (
        select(User)
        .join(one, one.user_id == User.id)
        .join(other, other.user_id == User.id)
        .where(one.organization_id == case.company_id, other.organization_id == case.npo_id)
        .where(*(side.began_at.is_not(None) for side in (one, other)))
        .where(*(side.ended_at.is_(None) for side in (one, other)))
        .distinct()
        .order_by(User.name, User.id)
    )
    return session.scalars(query).all()
