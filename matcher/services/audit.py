"""The append-only, hash-chained record of every state change, written in the same transaction."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from matcher.models import AuditEvent
from matcher.permissions import Actor
from matcher.services import numbers

GENESIS = "0" * 64


def record(
    session: Session,
    actor: Actor,
    action: str,
    object_type: str,
    object_id: str,
    now: datetime,
    *,
    object_version: int | None = None,
    from_state: str | None = None,
    to_state: str | None = None,
    reason_code: str | None = None,
    reason_text: str = "",
    details: dict[str, Any] | None = None,
) -> AuditEvent:
    """Append one event to the chain. ``details`` holds ids and codes only, never personal data."""
    head = numbers.counter(session, "audit")
    event = AuditEvent(
        id=head.value + 1,
        at=now,
        actor_id=actor.user_public_id,
        actor_organization_id=actor.organization_public_id,
        role=actor.role,
        action=action,
        object_type=object_type,
        object_id=object_id,
        object_version=object_version,
        from_state=from_state,
        to_state=to_state,
        reason_code=reason_code,
        reason_text=reason_text,
        details=details or {},
        request_id=actor.request_id,
        previous_hash=head.text or GENESIS,
        hash="",
    )
    event.hash = _hash(event)
    head.value, head.text = event.id, event.hash
    session.add(event)
    session.flush()
    return event


@dataclass(frozen=True)
class Note:
    """An event that is written later, by ``write``: what taking a file leaves behind must not wait."""

    actor: Actor
    action: str
    object_type: str
    object_id: str
    at: datetime
    object_version: int | None = None
    details: Mapping[str, Any] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """All of it as JSON has it: of the actor, what an event names."""
        actor = {name: getattr(self.actor, name) for name in _NAMED}
        return {**self.__dict__, "actor": actor, "at": self.at.isoformat(), "details": dict(self.details)}

    @classmethod
    def from_dict(cls, found: Mapping[str, Any]) -> "Note":
        """The inverse of ``as_dict``."""
        at = datetime.fromisoformat(found["at"])
        return cls(**{**found, "actor": Actor(**found["actor"]), "at": at})


#: What an event tells of its actor.
_NAMED = ("role", "user_public_id", "organization_public_id", "request_id")


def write(session: Session, note: Note) -> None:
    """Append a note to the chain; once, however often it comes (after a crash it comes again)."""
    same = select(AuditEvent.id).where(
        AuditEvent.object_type == note.object_type,
        AuditEvent.object_id == note.object_id,
        AuditEvent.action == note.action,
        AuditEvent.at == note.at,
        AuditEvent.actor_id == note.actor.user_public_id,
        AuditEvent.request_id == note.actor.request_id,
    )
    if session.scalar(same.limit(1)) is None:
        record(
            session, note.actor, note.action, note.object_type, note.object_id, note.at,
            object_version=note.object_version, details=dict(note.details),
        )  # fmt: skip


@dataclass(frozen=True)
class Broken:
    """The first row that does not hold, and why: ``missing``, ``link``, ``content`` or ``head``."""

    event_id: int
    why: str


def verify(session: Session) -> tuple[int, Broken | None]:
    """Walk the whole chain: how many events hold, and the first broken one if any."""
    expected, previous, count = 1, GENESIS, 0
    for event in _all(session):
        if event.id != expected:
            return count, Broken(expected, "missing")
        if event.previous_hash != previous:
            return count, Broken(event.id, "link")
        if event.hash != _hash(event):
            return count, Broken(event.id, "content")
        expected, previous, count = event.id + 1, event.hash, count + 1
    head = numbers.peek(session, "audit")
    if head is not None and (head.value != count or (count and head.text != previous)):
        return count, Broken(head.value, "head")
    return count, None


def _all(session: Session) -> Iterator[AuditEvent]:
    yield from session.scalars(select(AuditEvent).order_by(AuditEvent.id).execution_options(yield_per=1000))


def _hash(event: AuditEvent) -> str:
    parts = [
        event.id,
        event.at.isoformat(timespec="microseconds"),
        event.actor_id,
        event.actor_organization_id,
        event.role,
        event.action,
        event.object_type,
        event.object_id,
        event.object_version,
        event.from_state,
        event.to_state,
        event.reason_code,
        event.reason_text,
        event.details,
        event.request_id,
        event.previous_hash,
    ]
    text = json.dumps(parts, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
