"""Signed-in browsers.

Sessions are rows: the cookie holds a random id, the row its hash, and deleting the row signs the browser out.
"""

import hashlib
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session, joinedload

from matcher.ground.permissions import Actor
from matcher.people import accounts
from matcher.records import Membership, User, UserSession
from matcher.register import audit

#: A session row is written at most this often, so that reading pages stays reading.
TOUCH_EVERY: Final = timedelta(minutes=1)


def find_session_user(
    session: Session, session_id: str, now: datetime, *, idle_minutes: int, hours: int
) -> User | None:
    """The active user behind a cookie's session id, with the memberships loaded.

    Args:
        idle_minutes: a browser that was silent for longer is signed out.
        hours: a session ends this long after it began, however busy it is.
    """
    query = (
        select(User)
        .join(UserSession, UserSession.user_id == User.id)
        .where(
            UserSession.id_hash == digest(session_id),
            UserSession.last_seen_at > now - timedelta(minutes=idle_minutes),
            UserSession.created_at > now - timedelta(hours=hours),
        )
        .options(joinedload(User.memberships).joinedload(Membership.organization))
    )
    user = session.scalars(query).unique().first()
    return user if user is not None and user.may_sign_in else None


def needs_touch(session: Session, session_id: str, now: datetime) -> bool:
    """Whether the row's "last seen" is old enough to be written again."""
    seen = session.scalar(select(UserSession.last_seen_at).where(UserSession.id_hash == digest(session_id)))
    return seen is not None and now - seen >= TOUCH_EVERY


def touch_session(session: Session, session_id: str, now: datetime) -> None:
    """Note that the browser is still in use."""
    session.execute(
        update(UserSession).where(UserSession.id_hash == digest(session_id)).values(last_seen_at=now)
    )


def start_session(
    session: Session, user: User, now: datetime, *, user_agent: str = "", request_id: str = ""
) -> str:
    """Sign a browser in under a new random id, which is returned for its cookie and stored only as a hash."""
    session_id, actor = secrets.token_urlsafe(32), accounts.actor_of(user, request_id=request_id)
    session.add(
        UserSession(
            id_hash=digest(session_id), user_id=user.id, created_at=now, last_seen_at=now,
            user_agent=" ".join(user_agent.split())[:200],
        )
    )  # fmt: skip
    # Written past the version column: a login must not make a colleague's open form outdated.
    seen = update(User).where(User.id == user.id).values(last_login_at=now)
    session.execute(seen.execution_options(synchronize_session=False))
    audit.record(session, actor, "login", "user", user.public_id, now)
    return session_id


def end_session(session: Session, actor: Actor, session_id: str, now: datetime) -> None:
    """Sign one browser out."""
    session.execute(delete(UserSession).where(UserSession.id_hash == digest(session_id)))
    audit.record(session, actor, "logout", "user", actor.user_public_id or "", now)


def end_other_sessions(session: Session, actor: Actor, session_id: str, now: datetime) -> None:
    """Sign the person out everywhere but in this browser."""
    drop_others(session, actor, session_id)
    audit.record(session, actor, "end_other_sessions", "user", actor.user_public_id or "", now)


def drop_others(session: Session, actor: Actor, session_id: str) -> None:
    """The same, as part of an act that is audited itself."""
    others = UserSession.user_id == actor.user_id, UserSession.id_hash != digest(session_id)
    session.execute(delete(UserSession).where(*others))


def list_sessions(session: Session, actor: Actor) -> Sequence[UserSession]:
    """The browsers in which the person is signed in, the latest used first."""
    return session.scalars(
        select(UserSession)
        .where(UserSession.user_id == actor.user_id)
        .order_by(UserSession.last_seen_at.desc(), UserSession.id_hash)
    ).all()


def is_same_session(row: UserSession, session_id: str | None) -> bool:
    """Whether ``row`` is the session of the browser that holds ``session_id``."""
    return session_id is not None and secrets.compare_digest(row.id_hash, digest(session_id))


def end_all_sessions(session: Session, user: User) -> None:
    """Sign ``user`` out everywhere; part of an act that is audited itself."""
    session.execute(delete(UserSession).where(UserSession.user_id == user.id))


def digest(secret: str) -> str:
    """What is stored instead of a secret that only its bearer holds."""
    return hashlib.sha256(secret.encode()).hexdigest()
