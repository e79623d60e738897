"""How often somebody may try: counted in the database, so in all processes together.

A try is counted under the account that was named (whether or not it exists) and under the network it
came from; both only as hashes, and only for as long as the limit looks back.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from matcher.errors import TooMany
from matcher.models import Attempt


@dataclass(frozen=True)
class Limit:
    """At most so many tries within a time; a network carries many people (a town hall has one address)."""

    per_account: int
    per_network: int
    within: timedelta


LIMITS: Final[Mapping[str, Limit]] = MappingProxyType(
    {
        "login": Limit(10, 50, timedelta(minutes=15)),
        "reset": Limit(3, 20, timedelta(hours=1)),
        "register": Limit(3, 10, timedelta(hours=1)),
        "invite": Limit(20, 60, timedelta(hours=24)),
        # A resident's words: the "account" is the partnership that they are about.
        "comment": Limit(60, 5, timedelta(hours=1)),
    }
)


def admit(session: Session, kind: str, now: datetime, *, account: str, network: str) -> None:
    """Count one try, or refuse it; a refused try is not counted, so waiting always helps.

    Raises:
        TooMany: with the minutes after which the next try is possible at the latest.
    """
    limit = LIMITS[kind]
    since = now - limit.within
    session.execute(delete(Attempt).where(Attempt.kind == kind, Attempt.at <= since))
    for key, most in (
        (_key("account", account), limit.per_account),
        (_key("network", network), limit.per_network),
    ):
        tried = session.scalar(
            select(func.count()).select_from(Attempt).where(Attempt.kind == kind, Attempt.key == key)
        )
        if (tried or 0) >= most:
            raise TooMany(minutes=int(limit.within.total_seconds() // 60))
        session.add(Attempt(kind=kind, key=key, at=now))
    session.flush()


def forgive(session: Session, kind: str, *, account: str, network: str = "") -> None:
    """After a success: forget the account's tries, and the one just counted for the network."""
    session.execute(delete(Attempt).where(Attempt.kind == kind, Attempt.key == _key("account", account)))
    newest = select(func.max(Attempt.id)).where(Attempt.kind == kind, Attempt.key == _key("network", network))
    session.execute(delete(Attempt).where(Attempt.id == newest.scalar_subquery()))


def _key(what: str, value: str) -> str:
    return hashlib.sha256(f"{what}:{value}".encode()).hexdigest()
