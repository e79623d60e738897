"""Who looked at whose contact data: about one event a person, organization and day, open to the organization
(T20). It is written after the answer, so two looks within a moment may leave two.

Kept under an object type of its own, since looking changes nothing that anybody could be overtaken by.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from matcher.ground import permissions
from matcher.ground.calendar import TOKYO
from matcher.ground.permissions import Actor
from matcher.records import AuditEvent, Organization, User
from matcher.register import audit, doers
from matcher.register.doers import Doer

CONTACT = "contact"  #: the object type; the object is the organization
SHOWN_FOR = timedelta(days=365)


def unnoted(
    session: Session, actor: Actor, organizations: Iterable[Organization], now: datetime
) -> list[Organization]:
    """Of these organizations those of others whose contact data ``actor`` has not read today, in Tokyo."""
    others = [one for one in organizations if one.id != actor.organization_id]
    today = now.astimezone(TOKYO).replace(hour=0, minute=0, second=0, microsecond=0)
    known = session.scalars(
        select(AuditEvent.object_id).where(
            AuditEvent.object_type == CONTACT,
            AuditEvent.object_id.in_([one.public_id for one in others]),
            AuditEvent.actor_id == actor.user_public_id,
            AuditEvent.actor_organization_id.is_not_distinct_from(actor.organization_public_id),
            AuditEvent.at >= today,
        )
    ).all()
    return [one for one in others if one.public_id not in known]


def notes(
    actor: Actor, organizations: Iterable[Organization], now: datetime, *, page: str, network: str
) -> list[audit.Note]:
    """What is kept where ``actor`` reads these organizations' contact data (``unnoted``).

    Args:
        page: the endpoint on which it stands.
        network: where it was read from, as a keyed hash.
    """
    details = {"page": page, "network": network[:16]}
    return [
        audit.Note(actor, "read_contact", CONTACT, one.public_id, now, details=details)
        for one in organizations
    ]


def of_organization(
    session: Session, actor: Actor, organization: Organization, now: datetime
) -> Sequence[tuple[datetime, Doer]]:
    """Who of others read the organization's contact data in the last year, newest first, fifty at most.

    Raises:
        NotFound, NotPermitted: for who may not see its members.
    """
    permissions.require(actor, "members.view", organization)
    query = doers.select_events().where(
        AuditEvent.object_type == CONTACT,
        AuditEvent.object_id == organization.public_id,
        AuditEvent.at > now - SHOWN_FOR,
        User.id.is_not(None),
    )
    found = doers.events(session, query.order_by(AuditEvent.id.desc()).limit(50))
    return [(event.at, doer) for event, doer in found if doer is not None]
