"""Which process does which piece of the worker's work, and when each was last seen at it.

Any number of processes may offer themselves; whoever holds a piece's lease does it. A lease is short and
renewed while its holder lives, so that a killed process is replaced within a minute. A second holder would
do no harm (every piece finds its work again in the database, mail is at-least-once), but would be waste.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from matcher.records import Lease

LEASE: Final = timedelta(seconds=20)  #: how long a holder that was killed is waited for
RENEWAL: Final = timedelta(seconds=5)  #: how often leases are renewed or asked for
SILENCE: Final = timedelta(minutes=5)  #: a piece not seen for this long is said to stand still


def database_time(session: Session) -> datetime:
    """The one clock by which leases are measured: the database's, since hosts differ by seconds.

    A SQLite file is on the machine that asks, and has no better clock than ours.
    """
    if session.get_bind().dialect.name == "sqlite":
        return datetime.now(UTC)
    found: datetime = session.scalars(select(func.clock_timestamp())).one()
    return found.astimezone(UTC)


def may_take(session: Session, holder: str, pieces: Iterable[str], now: datetime) -> bool:
    """Whether ``take`` would change anything; reading first spares the write lock."""
    rows = {row.piece: row for row in session.scalars(select(Lease))}
    return any(_is_open(rows.get(piece), holder, now) for piece in pieces)


def take(session: Session, holder: str, seen: Mapping[str, datetime | None], now: datetime) -> set[str]:
    """Take or renew the leases that are free, expired or one's own; returns the pieces now held.

    Args:
        seen: piece → when this process last finished a round of it, ``None`` if it has not yet.
    """
    held = set()
    for piece, last in seen.items():
        row = session.get(Lease, piece, populate_existing=True)
        if not _is_open(row, holder, now):
            continue
        if row is None:
            row = Lease(piece=piece, seen_at=now)
            session.add(row)
        row.holder, row.until = holder, now + LEASE
        row.seen_at = max(row.seen_at, last or row.seen_at)
        held.add(piece)
    return held


def _is_open(row: Lease | None, holder: str, now: datetime) -> bool:
    return row is None or row.holder == holder or row.until <= now


def held_until(session: Session, holder: str, pieces: Iterable[str]) -> datetime | None:
    """When the last lease that others hold on ``pieces`` runs out, ``None`` where they hold none."""
    return session.scalar(
        select(func.max(Lease.until)).where(Lease.piece.in_(list(pieces)), Lease.holder != holder)
    )


def give_back(session: Session, holder: str, seen: Mapping[str, datetime | None], now: datetime) -> None:
    """Let others go on at once, for example at a deployment; ``seen`` as for ``take``."""
    for piece, last in seen.items():
        row = session.get(Lease, piece, populate_existing=True)
        if row is not None and row.holder == holder:
            row.until = now
            row.seen_at = max(row.seen_at, last or row.seen_at)


@dataclass(frozen=True)
class Sighting:
    """How one piece stands: by whom it is done, and when a round of it was last finished."""

    piece: str
    holder: str
    seen_at: datetime | None
    is_silent: bool


def sightings(session: Session, pieces: Iterable[str], now: datetime) -> list[Sighting]:
    """How each piece stands, in the order asked for. One that nobody ever took is silent."""
    rows = {row.piece: row for row in session.scalars(select(Lease))}
    found = []
    for piece in pieces:
        row = rows.get(piece)
        holder = row.holder if row is not None and row.until > now else ""
        seen_at = row.seen_at if row is not None else None
        found.append(Sighting(piece, holder, seen_at, seen_at is None or now - seen_at > SILENCE))
    return found
