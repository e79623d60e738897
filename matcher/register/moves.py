"""The one way a record changes its state: permission by the caller, table, version, audit – together."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from matcher.ground import lifecycle
from matcher.ground.errors import Invalid, MovedOn
from matcher.ground.lifecycle import Machine, Mover
from matcher.ground.permissions import Actor
from matcher.records import (
    AuditEvent,
    CaseDocument,
    Contribution,
    JointNeed,
    Measurement,
    Membership,
    Need,
    Offer,
    Organization,
    Partnership,
    PeriodReport,
    PublicComment,
    Question,
    RegistrationCode,
    User,
)
from matcher.register import audit

Movable = Organization | Need | Offer | Partnership
Within = (
    User | PublicComment | Contribution | CaseDocument | Measurement | PeriodReport | Question | JointNeed
)

_MACHINE: Mapping[type, Machine] = {
    Organization: "organization",
    Need: "posting",
    Offer: "posting",
    Partnership: "partnership",
}
#: kind of record → its name in the table, the column of its state
_WITHIN: Mapping[type, tuple[str, str]] = {
    User: ("account", "status"),
    PublicComment: ("comment", "state"),
    JointNeed: ("joint_need", "state"),
    Question: ("question", "state"),
    Contribution: ("contribution", "state"),
    CaseDocument: ("document", "state"),
    Measurement: ("measurement", "state"),
    PeriodReport: ("report", "state"),
}

_KEPT_AS: Mapping[type, str] = {RegistrationCode: "registration_code"}


def movers(actor: Actor, record: Movable) -> frozenset[Mover]:
    """As which movers of the life-cycle table ``actor`` counts towards ``record``."""
    if actor.role == "system":
        return frozenset({"system"})
    if actor.role == "coordinator":
        return frozenset({"coordinator"})
    if actor.role == "manager":
        return frozenset({"coordinator", "manager"})
    if actor.role != "member" or actor.organization_id not in record.party_ids:
        return frozenset()
    if isinstance(record, Partnership):
        side = record.side_of(actor.organization_id)
        return frozenset({"company"}) if side == "company" else frozenset({"npo"})
    return frozenset({"owner"})


def available(actor: Actor, record: Movable) -> tuple[str, ...]:
    """What the life-cycle table opens to ``actor`` now; guards and permissions come on top."""
    return lifecycle.available_actions(_MACHINE[type(record)], record.state, movers(actor, record))


def states(kind: type, action: str) -> frozenset[str]:
    """The states from which ``action`` leads on."""
    return frozenset(row.source for row in _rows(kind, action))


def reasons(kind: type, action: str) -> Mapping[str, str]:
    """The coded reasons of which whoever does ``action`` must choose one; empty where none is asked for."""
    return next((row.reasons or {} for row in _rows(kind, action)), {})


def _rows(kind: type, action: str) -> Iterator[lifecycle.Move]:
    machine = _MACHINE.get(kind)
    return (row for row in lifecycle.TRANSITIONS if (row.machine, row.action) == (machine, action))


def target(record: Movable, action: str) -> str | None:
    """The state to which ``action`` would lead, ``None`` where it is no move of this state."""
    row = lifecycle.find_move(_MACHINE[type(record)], record.state, action)
    return row.target if row else None


def check_version(session: Session, record: Movable | User, shown: int | None) -> None:
    """Refuse a form that was filled in over an older version of the record.

    Raises:
        MovedOn: somebody else has changed the record since; the facts say who, when and what.
    """
    if shown is not None and shown != record.version:
        raise moved_on(session, record)


def moved_on(session: Session, record: Any) -> MovedOn:
    """The error that names who was faster."""
    kind, public_id = kept_as(record)
    newest = session.scalar(
        select(AuditEvent)
        .where(AuditEvent.object_type == kind, AuditEvent.object_id == public_id)
        .order_by(AuditEvent.id.desc())
        .limit(1)
    )
    if newest is None:
        return MovedOn()
    name = session.scalar(select(User.name).where(User.public_id == newest.actor_id))
    return MovedOn(by=name or "", at=newest.at, action=newest.action)


def move(
    session: Session,
    actor: Actor,
    record: Movable,
    action: str,
    now: datetime,
    *,
    version: int | None = None,
    reason_code: str | None = None,
    reason_text: str = "",
    details: dict[str, Any] | None = None,
) -> AuditEvent:
    """Change the state of ``record`` by ``action`` and append the audit event.

    Args:
        version: the version that the person saw; ``None`` for the clock and for derived moves.
        reason_code: from the list that the life-cycle table names for this move.

    Raises:
        MovedOn: the record is no longer in the version or state that was shown.
        Invalid: a compulsory reason is missing or not in its list.
    """
    machine = _MACHINE[type(record)]
    check_version(session, record, version)
    row = lifecycle.find_move(machine, record.state, action)
    if row is None or not movers(actor, record).intersection(row.by):
        raise moved_on(session, record)
    if row.reasons is not None and actor.role != "system":
        if reason_code not in row.reasons:
            raise Invalid(reason_code="required")
        if reason_code == "other" and not reason_text.strip():
            raise Invalid(reason_text="required")
    before, record.state = record.state, row.target
    record.reason_code = reason_code
    record.reason_text = reason_text.strip()
    # Flushing here lets the version column refuse a race before anything else is written.
    session.flush()
    return audit.record(
        session,
        actor,
        action,
        *kept_as(record),
        now,
        object_version=record.version,
        from_state=before,
        to_state=record.state,
        reason_code=reason_code,
        reason_text=reason_text.strip(),
        details=details,
    )


def become(record: Within, state: str) -> None:
    """Change the state of what stands within an act of something else, which is audited there.

    Raises:
        ValueError: the life-cycle table knows no such step; a guard of the act should have found it.
    """
    kind, column = _WITHIN[type(record)]
    before = getattr(record, column)
    if state not in lifecycle.WITHIN[kind].get(before, frozenset()):
        raise ValueError(f"expected a step of a {kind} from {before!r}, found {state!r}")
    setattr(record, column, state)


def begin(record: Movable, state: str) -> None:
    """Say in which state a record begins that is not kept yet.

    Raises:
        ValueError: it is kept already: it is moved.
    """
    if record.id is not None:
        raise ValueError(f"expected a new {kept_as(record)[0]}, found one that is kept")
    record.state = state


def kept_as(record: Any) -> tuple[str, str]:
    """As which object, and under which public id, the audit record keeps what is done to a record."""
    if isinstance(record, Membership):
        record = record.user  # with its account
    kind = type(record)
    return _KEPT_AS.get(kind, kind.__name__.lower()), record.public_id
