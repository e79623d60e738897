"""Who may sign in, and how an account begins, changes and ends.

Sessions are rows: the cookie holds a random id, the row its hash, and deleting the row signs the browser
out. Every act is audited in its own transaction, without addresses and without names.
"""

import hashlib
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session, joinedload

from matcher.models import User, UserSession
from matcher.permissions import Actor
from matcher.services import audit

#: A session row is written at most this often, so that reading pages stays reading.
TOUCH_EVERY: Final = timedelta(minutes=1)


def actor_of(user: User, request_id: str = "") -> Actor:
    """The actor for ``user``, whose organization must be loaded."""
    organization = user.organization
    return Actor(
        role=user.role,  # type: ignore[arg-type]
        user_id=user.id,
        user_public_id=user.public_id,
        name=user.name,
        organization_id=organization.id if organization else None,
        organization_public_id=organization.public_id if organization else None,
        organization_kind=organization.kind if organization else None,
        organization_name=organization.name if organization else "",
        organization_state=organization.state if organization else "",
        organization_role=user.organization_role,
        request_id=request_id,
    )


# ── Sessions ─────────────────────────────────────────────────────────────────────────────────────────


def find_session_user(
    session: Session, session_id: str, now: datetime, *, idle_minutes: int, hours: int
) -> User | None:
    """The active user behind a cookie's session id, with the organization loaded.

    Args:
        idle_minutes: a browser that was silent for longer is signed out.
        hours: a session ends this long after it began, however busy it is.
    """
    user: User | None = session.scalar(
        select(User)
        .join(UserSession, UserSession.user_id == User.id)
        .where(
            UserSession.id_hash == _hash(session_id),
            UserSession.last_seen_at > now - timedelta(minutes=idle_minutes),
            UserSession.created_at > now - timedelta(hours=hours),
        )
        .options(joinedload(User.organization))
    )
    return user if user is not None and _may_sign_in(user) else None


def needs_touch(session: Session, session_id: str, now: datetime) -> bool:
    """Whether the row's "last seen" is old enough to be written again."""
    seen = session.scalar(select(UserSession.last_seen_at).where(UserSession.id_hash == _hash(session_id)))
    return seen is not None and now - seen >= TOUCH_EVERY


def touch_session(session: Session, session_id: str, now: datetime) -> None:
    """Note that the browser is still in use."""
    session.execute(
        update(UserSession).where(UserSession.id_hash == _hash(session_id)).values(last_seen_at=now)
    )


def start_session(
    session: Session, user: User, now: datetime, *, user_agent: str = "", request_id: str = ""
) -> str:
    """Sign a browser in under a new random id, which is returned for its cookie and stored only as a hash."""
    session_id = secrets.token_urlsafe(32)
    session.add(
        UserSession(
            id_hash=_hash(session_id),
            user_id=user.id,
            created_at=now,
            last_seen_at=now,
            user_agent=" ".join(user_agent.split())[:200],
        )
    )
    # Written past the version column: a login must not make a colleague's open form outdated.
    session.execute(
        update(User)
        .where(User.id == user.id)
        .values(last_login_at=now)
        .execution_options(synchronize_session=False)
    )
    audit.record(session, actor_of(user, request_id), "login", "user", user.public_id, now)
    return session_id


def end_session(session: Session, actor: Actor, session_id: str, now: datetime) -> None:
    """Sign one browser out."""
    session.execute(delete(UserSession).where(UserSession.id_hash == _hash(session_id)))
    audit.record(session, actor, "logout", "user", actor.user_public_id or "", now)


def end_other_sessions(session: Session, actor: Actor, session_id: str, now: datetime) -> None:
    """Sign the person out everywhere but in this browser."""
    session.execute(
        delete(UserSession).where(
            UserSession.user_id == actor.user_id, UserSession.id_hash != _hash(session_id)
        )
    )
    audit.record(session, actor, "end_other_sessions", "user", actor.user_public_id or "", now)


def list_sessions(session: Session, actor: Actor) -> Sequence[UserSession]:
    """The browsers in which the person is signed in, the latest used first."""
    return session.scalars(
        select(UserSession)
        .where(UserSession.user_id == actor.user_id)
        .order_by(UserSession.last_seen_at.desc(), UserSession.id_hash)
    ).all()


def is_same_session(row: UserSession, session_id: str | None) -> bool:
    """Whether ``row`` is the session of the browser that holds ``session_id``."""
    return session_id is not None and secrets.compare_digest(row.id_hash, _hash(session_id))


def _may_sign_in(user: User) -> bool:
    return user.status == "active" and (user.organization is None or user.organization.state != "deactivated")


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
