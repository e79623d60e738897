"""Who did something, and in whose name: as the audit event kept it, whatever the person serves now."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from matcher.records import AuditEvent, Identity, Organization, User


@dataclass(frozen=True)
class Doer:
    """A person by name, in the name of an organization; without one, for the city."""

    name: str
    organization: str | None
    organization_id: int | None

    @classmethod
    def of(cls, user: User, organization: Organization | None) -> "Doer":
        """As they are called now."""
        if organization is None:
            return cls(user.name, None, None)
        return cls(user.name, organization.name, organization.id)


def select_events() -> Select[AuditEvent, User, Organization]:
    """Audit events with the person and the organization behind them, where there are such."""
    return (
        select(AuditEvent, User, Organization)
        .outerjoin(User, User.public_id == AuditEvent.actor_id)
        .outerjoin(Organization, Organization.public_id == AuditEvent.actor_organization_id)
    )


def events(
    session: Session, query: Select[AuditEvent, User, Organization]
) -> list[tuple[AuditEvent, Doer | None]]:
    """The events of a ``select_events``, each with its doer; ``None`` for what the clock did."""
    rows = session.execute(query)
    return [
        (event, None if user is None else Doer.of(user, organization)) for event, user, organization in rows
    ]


def as_called(
    session: Session, found: Sequence[tuple[AuditEvent, Doer | None]]
) -> list[tuple[AuditEvent, Doer | None]]:
    """The same with the names that people and organizations bore when each event happened, as far as they
    were kept (``parties.keep``): so is read what is over.
    """
    keys = {event.actor_id for event, _doer in found} | {
        event.actor_organization_id for event, _doer in found
    }
    rows = session.scalars(
        select(Identity).where(Identity.subject_key.in_(keys - {None})).order_by(Identity.since_event)
    )
    kept: dict[str, list[Identity]] = {}
    for row in rows:
        kept.setdefault(row.subject_key, []).append(row)

    def name(key: str | None, event: AuditEvent) -> str | None:
        known = kept.get(key or "", [])
        rows = [row for row in known if row.since_event <= event.id] or known[:1]
        return str(rows[-1].facts["name"]) if rows else None

    return [
        (
            event,
            doer
            and replace(
                doer,
                name=name(event.actor_id, event) or doer.name,
                organization=name(event.actor_organization_id, event) or doer.organization,
            ),
        )
        for event, doer in found
    ]
