"""How often somebody may try: counted in the database, so in all processes together.

A try is counted under each scope that is handed in – the account that was named (whether or not it exists),
the network it came from, both together, a known browser, a person – and only as hashes. A refused try is not
counted, so waiting always helps.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from matcher.ground.errors import TooMany
from matcher.records import Attempt

_MINUTE, _HOUR, _DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
_QUARTER = timedelta(minutes=15)


@dataclass(frozen=True)
class Limit:
    """At most so many tries under one scope within a time.

    A network carries many people (a town hall has one address). ``spares_newcomers``: does not stop a network
    that was not counted before, so that a few cannot use up what all share.
    """

    scope: str
    most: int
    within: timedelta
    spares_newcomers: bool = False


LIMITS: Final[Mapping[str, tuple[Limit, ...]]] = MappingProxyType(
    {
        # Guesses at one account stay bounded by the day from everywhere together, but what strangers use up
        # is theirs alone: a browser that signed in before counts as "login_device", and from a network from
        # which the account signed in lately the limit of the account is not asked. See OWASP, "Slow Down
        # Online Guessing Attacks with Device Cookies".
        "login": (
            Limit("pair", 10, _QUARTER),
            Limit("pair", 30, _DAY),
            Limit("network", 50, _QUARTER),
            Limit("account", 100, _DAY),
        ),
        "login_device": (Limit("device", 10, _QUARTER), Limit("device", 50, _DAY)),
        "password": (Limit("person", 10, _QUARTER),),
        # Asking is limited by who asks, mailing by who is asked ("…_mail"): beyond it no further mail goes
        # out, while the links of the last ones still work, so nobody can use up another's resets.
        "reset": (Limit("pair", 3, _HOUR), Limit("network", 20, _HOUR)),
        "reset_mail": (Limit("account", 3, _HOUR),),
        "register": (Limit("pair", 3, _HOUR), Limit("network", 10, _HOUR)),
        # With the city's code of the day: as many as it chose, from one network too. Counted are
        # codes that do not exist.
        "register_coded": (Limit("pair", 3, _HOUR),),
        "register_code": (Limit("network", 20, _HOUR), Limit("network", 60, _DAY)),
        "register_mail": (Limit("account", 3, _HOUR),),
        "invite": (Limit("person", 20, _DAY),),
        # How often an organization may learn that an address has an account.
        "invite_taken": (Limit("person", 3, _DAY),),
        # A resident's words: the "account" is the partnership that they are about.
        "comment": (
            Limit("network", 5, _HOUR),
            Limit("account", 60, _HOUR, spares_newcomers=True),
            Limit("account", 600, _DAY),
        ),
        # Whatever puts a notice or a mail before others, each act once however many hear of it.
        "tell": (Limit("person", 12, _MINUTE), Limit("person", 60, _HOUR), Limit("person", 200, _DAY)),
        "tell_staff": (Limit("person", 60, _MINUTE), Limit("person", 600, _HOUR)),
    }
)

#: From such a network the account signed in lately; kept as an attempt that succeeded.
_USUAL: Final = "usual_network"
_USUAL_FOR: Final = timedelta(days=30)


def admit(session: Session, kind: str, now: datetime, **scopes: str) -> None:
    """Count one try under each of ``scopes`` (name → whose), or refuse it.

    ``pair`` follows from ``account`` and ``network``. Limits whose scope is not handed in are not asked.

    Raises:
        TooMany: with the minutes after which the next try is possible.
    """
    scopes = _with_pair(scopes)
    limits = [limit for limit in LIMITS[kind] if limit.scope in scopes]
    _refuse(session, kind, now, limits, scopes)
    _forget_old(session, kind, now)
    for scope in sorted({limit.scope for limit in limits}):
        session.add(Attempt(kind=kind, key=_key(scope, scopes[scope]), at=now))
    session.flush()


def require_room(session: Session, kind: str, now: datetime, **scopes: str) -> None:
    """Refuse as ``admit`` would, without counting.

    Raises:
        TooMany
    """
    scopes = _with_pair(scopes)
    _refuse(session, kind, now, [limit for limit in LIMITS[kind] if limit.scope in scopes], scopes)


def forgive(session: Session, kind: str, **scopes: str) -> None:
    """After a success: forget the tries of the pair, the browser or the person, and of scopes that others use
    too only the one just counted.
    """
    scopes = _with_pair(scopes)
    for scope in {limit.scope for limit in LIMITS[kind]} & scopes.keys():
        here = (Attempt.kind == kind, Attempt.key == _key(scope, scopes[scope]))
        if scope in {"account", "network"}:
            newest = select(func.max(Attempt.id)).where(*here)
            session.execute(delete(Attempt).where(Attempt.id == newest.scalar_subquery()))
        else:
            session.execute(delete(Attempt).where(*here))


def lift(session: Session, kind: str) -> None:
    """Forget all tries of a kind, whoever's they are."""
    session.execute(delete(Attempt).where(Attempt.kind == kind))


def note_usual(session: Session, now: datetime, *, account: str, network: str) -> None:
    """Note that the account signed in from this network."""
    key = _key("pair", pair(account, network))
    session.execute(delete(Attempt).where(Attempt.kind == _USUAL, Attempt.key == key))
    session.add(Attempt(kind=_USUAL, key=key, at=now))


def pair(account: str, network: str) -> str:
    """The scope of an account as tried from one network."""
    return f"{account} {network}"


def is_usual(session: Session, now: datetime, *, account: str, network: str) -> bool:
    """Whether the account signed in from this network within the last month."""
    key = _key("pair", pair(account, network))
    found = select(func.count()).where(
        Attempt.kind == _USUAL, Attempt.key == key, Attempt.at > now - _USUAL_FOR
    )
    return bool(session.scalar(found))


def sweep(session: Session, now: datetime) -> None:
    """Delete what no limit looks back to any more."""
    session.execute(delete(Attempt).where(Attempt.kind != _USUAL, Attempt.at < now - 2 * _DAY))
    session.execute(delete(Attempt).where(Attempt.kind == _USUAL, Attempt.at < now - _USUAL_FOR))


def _refuse(
    session: Session, kind: str, now: datetime, limits: list[Limit], scopes: Mapping[str, str]
) -> None:
    waits = []
    for limit in limits:
        since = now - limit.within
        # The try that has to grow old before there is room again, if there is none now.
        blocking = session.scalar(
            select(Attempt.at)
            .where(Attempt.kind == kind, Attempt.key == _key(limit.scope, scopes[limit.scope]))
            .where(Attempt.at > since)
            .order_by(Attempt.at.desc(), Attempt.id.desc())
            .offset(limit.most - 1)
            .limit(1)
        )
        if blocking is None:
            continue
        if limit.spares_newcomers and not _was_counted(session, kind, since, scopes["network"]):
            continue
        waits.append(blocking + limit.within - now)
    if waits:
        raise TooMany(minutes=max(1, -(-int(max(waits).total_seconds()) // 60)))


def _was_counted(session: Session, kind: str, since: datetime, network: str) -> bool:
    found = select(func.count()).where(
        Attempt.kind == kind, Attempt.key == _key("network", network), Attempt.at > since
    )
    return bool(session.scalar(found))


def _forget_old(session: Session, kind: str, now: datetime) -> None:
    longest = max(limit.within for limit in LIMITS[kind])
    session.execute(delete(Attempt).where(Attempt.kind == kind, Attempt.at <= now - longest))


def _with_pair(scopes: Mapping[str, str]) -> dict[str, str]:
    found = dict(scopes)
    if "account" in found and "network" in found:
        found["pair"] = pair(found["account"], found["network"])
    return found


def _key(what: str, value: str) -> str:
    return hashlib.sha256(f"{what}:{value}".encode()).hexdigest()
