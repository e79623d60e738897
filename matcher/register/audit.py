"""The append-only, hash-chained and sealed record of every state change, written in the same transaction.

The chain alone shows a slip, not an attacker: who can write to the database can compute all hashes anew.
So each event also carries a seal, a keyed hash (HMAC, RFC 2104) of its own hash; the key comes with the
session (``Database``) and never lies in the database. What a seal cannot show is that the newest events
were cut off: for that a head (number, hash, seal) is kept elsewhere and looked up again.
"""

import hashlib
import hmac
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import inspect, select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from matcher.ground.permissions import SYSTEM, Actor
from matcher.records import AuditEvent
from matcher.register import doers, numbers, parties
from matcher.register.doers import Doer

GENESIS = "0" * 64

#: The event that seals what was recorded before there were seals.
BEGIN = "begin_sealing"


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
    if not head.value and (last := newest(session)) is not None:
        # The counter's row is gone, and its numbers are taken.
        head.value, head.text = last.number, last.hash
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
        seal=None,
    )
    event.hash = _hash(event)
    event.seal = _new_seal(session, event)
    head.value, head.text = event.id, event.hash
    session.add(event)
    session.flush()
    if object_type in {"partnership", "casefile"}:
        parties.keep(session, event)
    return event


def begin_sealing(session: Session, now: datetime) -> bool:
    """Seal a record that was begun without seals; returns whether there was one. For the upgrade alone:
    elsewhere a missing seal is a finding, not something to be mended.
    """
    if not _keys(session) or session.scalar(select(AuditEvent.id).limit(1)) is None:
        return False
    if is_sealed(session):
        return False
    record(session, SYSTEM, BEGIN, "audit", "", now)
    return True


def is_sealed(session: Session) -> bool:
    """Whether any event bears a seal; asks any database, also one that is empty or from before the seals."""
    tables = inspect(session.connection())
    if not tables.has_table(AuditEvent.__tablename__):
        return False
    if "seal" not in {column["name"] for column in tables.get_columns(AuditEvent.__tablename__)}:
        return False
    return session.scalar(select(AuditEvent.id).where(AuditEvent.seal.is_not(None)).limit(1)) is not None


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
    """The first row that does not hold, and why.

    ``missing``, ``link``, ``content``, ``head``: the chain. ``seal``: not made with the key that it names;
    ``key``: made with a key that is not at hand, or with an earlier one after a later one; ``unsealed``: has
    no seal though it must have one.
    """

    event_id: int
    why: str


def verify(session: Session) -> tuple[int, Broken | None]:
    """Walk the whole chain: how many events hold, and the first broken one if any.

    Seals are checked where the session has the key. Events from before the first seal hold by what was
    chained over them, so the first sealed one must be the very first or the one that began sealing.
    """
    keys = _keys(session)
    expected, previous, count, newest_key = 1, GENESIS, 0, len(keys)
    was_sealed = False
    for number, event in _all(session):
        if number != expected:
            return count, Broken(expected, "missing")
        if event is None:
            return count, Broken(number, "content")
        if event.previous_hash != previous:
            return count, Broken(event.id, "link")
        if not _is_as_hashed(event):
            return count, Broken(event.id, "content")
        if event.seal is None and was_sealed:
            return count, Broken(event.id, "unsealed")
        if event.seal is not None and keys:
            key = _key_of(keys, event.seal)
            if key is None or key > newest_key:
                return count, Broken(event.id, "key")
            if not _is_right(keys[key], event.hash, event.seal):
                return count, Broken(event.id, "seal")
            if not was_sealed and event.id > 1 and event.action != BEGIN:
                return count, Broken(event.id - 1, "unsealed")
            newest_key = key
        was_sealed = was_sealed or event.seal is not None
        expected, previous, count = event.id + 1, event.hash, count + 1
    head = numbers.peek(session, "audit")
    if head is None and count:
        return count, Broken(count, "head")
    if head is not None and (head.value != count or (count and head.text != previous)):
        return count, Broken(head.value, "head")
    if keys and count and not was_sealed:
        return 0, Broken(count, "unsealed")
    return count, None


# ── Heads that are kept elsewhere ────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Head:
    """The newest event as it is kept outside of the database: ``str(head)`` and ``read_head`` are inverse."""

    number: int
    hash: str
    seal: str

    def __str__(self) -> str:
        return f"{self.number} {self.hash} {self.seal}"


_HEAD = re.compile(r"(?:\S+\s+)?([1-9][0-9]{0,17})\s+([0-9a-f]{64})\s+([0-9a-f]{8}-[0-9a-f]{64}|-)", re.ASCII)


def read_head(line: str) -> Head:
    """A head from its line, which may begin with a time.

    Raises:
        ValueError: the line is no head.
    """
    found = _HEAD.fullmatch(line.strip())
    if found is None:
        raise ValueError(f"expected 'number hash seal', found {line.strip()[:200]!r}")
    return Head(int(found[1]), found[2], found[3])


def newest(session: Session) -> Head | None:
    """The head of the chain as it stands, if anything was recorded."""
    columns = select(AuditEvent.id, AuditEvent.hash, AuditEvent.seal)
    event = session.execute(columns.order_by(AuditEvent.id.desc()).limit(1)).first()
    return None if event is None else Head(event.id, event.hash, event.seal or "-")


def lost(session: Session, kept: Iterable[Head]) -> Iterator[tuple[Head, str]]:
    """The kept heads that the present chain does not contain, each with why.

    ``forged``: the seal was not made with our key, so the line itself was altered; ``absent``: there is no
    such event; ``other``: another event stands in its place.
    """
    keys = _keys(session)
    for head in kept:
        key = _key_of(keys, head.seal) if head.seal != "-" else None
        if head.seal != "-" and keys and (key is None or not _is_right(keys[key], head.hash, head.seal)):
            yield head, "forged"
            continue
        found = session.get(AuditEvent, head.number)
        if found is None:
            yield head, "absent"
        elif found.hash != head.hash or (found.seal or "-") != head.seal:
            yield head, "other"


# ── Hashes and seals ─────────────────────────────────────────────────────────────────────────────────


def _keys(session: Session) -> Sequence[str]:
    """The keys that came with the session: the first seals, the others only verify."""
    found: Sequence[str] = session.info.get("audit_keys", ())
    return found


def _new_seal(session: Session, event: AuditEvent) -> str | None:
    keys = _keys(session)
    if keys:
        return _seal(keys[0], event.hash)
    before = session.scalar(select(AuditEvent.seal).where(AuditEvent.id == event.id - 1))
    if before is not None:
        # An unsealed event here would look like a stripped seal for ever.
        raise RuntimeError("expected a database opened with the audit key, since its record is sealed")
    return None


def _seal(key: str, event_hash: str) -> str:
    """「key id-HMAC」: the id says which key to try after a change of keys, and tells nothing about it."""
    return f"{_key_id(key)}-{hmac.new(key.encode(), event_hash.encode(), hashlib.sha256).hexdigest()}"


def _is_right(key: str, event_hash: str, seal: str) -> bool:
    return hmac.compare_digest(_seal(key, event_hash), seal)


def _key_of(keys: Sequence[str], seal: str) -> int | None:
    """The place of the key in ``keys`` that a seal names."""
    return next((place for place, key in enumerate(keys) if seal.startswith(f"{_key_id(key)}-")), None)


def _key_id(key: str) -> str:
    return hashlib.sha256(f"enmusubi audit key {key}".encode()).hexdigest()[:8]


def _all(session: Session) -> Iterator[tuple[int, AuditEvent | None]]:
    """Every event with its number, in order; a number alone where somebody wrote what cannot be read."""
    last = 0
    try:
        for event in session.scalars(
            select(AuditEvent).order_by(AuditEvent.id).execution_options(yield_per=1000)
        ):
            last = event.id
            yield last, event
    except _UNREADABLE as error:
        _require_unreadable(error)
    else:
        return
    # Many rows are read at once, and one has spoilt them all: the rest one by one.
    for number in session.scalars(
        select(AuditEvent.id).where(AuditEvent.id > last).order_by(AuditEvent.id)
    ).all():
        try:
            found = session.get(AuditEvent, number)
        except _UNREADABLE as error:
            _require_unreadable(error)
            found = None
        yield number, found


#: No JSON, no time, no text: SQLite takes anything in any column.
_UNREADABLE = (ValueError, TypeError, OperationalError)


def _require_unreadable(error: Exception) -> None:
    if isinstance(error, OperationalError) and "decode" not in str(error.orig):
        raise error


def _is_as_hashed(event: AuditEvent) -> bool:
    try:
        return event.hash == _hash(event) and isinstance(event.seal, str | None)
    except TypeError:  # bytes where a text should be
        return False


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


def history(session: Session, object_type: str, public_id: str) -> Sequence[tuple[AuditEvent, Doer | None]]:
    """All audit events of one record with the people behind them, newest first."""
    query = doers.select_events().where(
        AuditEvent.object_type == object_type, AuditEvent.object_id == public_id
    )
    return doers.events(session, query.order_by(AuditEvent.id.desc()))
