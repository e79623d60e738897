"""Signing in with address and password, counted before anything is worked out."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy.orm import Session

from matcher.city import cities
from matcher.ground import addresses
from matcher.ground.errors import NotFound
from matcher.ground.permissions import Actor
from matcher.people import accounts, passwords
from matcher.records import (
    User,
)
from matcher.register import audit, throttle


@dataclass(frozen=True)
class Credentials:
    """What a login is checked against and how it was counted; of one shape, account or not."""

    user_id: int | None
    user_public_id: str
    password_hash: str | None
    email: str
    network: str
    counted_as: str = "login"
    scopes: Mapping[str, str] = field(default_factory=dict)


def admit_login(
    session: Session, email: str, network: str, now: datetime, devices: Mapping[str, str] | None = None
) -> Credentials:
    """Count a login and fetch what to check it against.

    Committed before ``authenticate`` hashes, so that many tries at once cannot pass the throttle
    together, and so that nobody waits for the write lock while a password is hashed.

    Args:
        devices: who signed in by this browser before (public id → its secret id), from its signed cookie.
            What others try from elsewhere does not keep such a person out; nor does it on a network from
            which the account signed in lately.

    Raises:
        TooMany: from this network or for this address, known or not.
    """
    email = addresses.folded(email)
    user = accounts.by_email(session, email)
    is_usual = throttle.is_usual(session, now, account=email, network=network)
    device = (devices or {}).get(user.public_id) if user is not None else None
    kind, scopes = "login", {"account": email, "network": network}
    if device is not None:
        kind, scopes = "login_device", {"device": f"{email} {device}"}
    elif is_usual:
        scopes = {"pair": throttle.pair(email, network), "network": network}
    throttle.admit(session, kind, now, **scopes)
    if user is None or not user.may_sign_in:
        return Credentials(None, "", None, email, network, kind, scopes)
    return Credentials(user.id, user.public_id, user.password_hash, email, network, kind, scopes)


def authenticate(
    session: Session, credentials: Credentials, password: str, now: datetime, request_id: str = ""
) -> User | None:
    """The user, if the password is right; ``None`` in every other case, which look alike from outside.

    The password is hashed before ``session`` is used for the first time. A second factor belongs between
    this and ``start_session``.
    """
    right = passwords.matches(credentials.password_hash, password)
    renewed = passwords.hashed(password) if right and _is_outdated(credentials) else None
    user = accounts.by_id(session, credentials.user_id)
    if not right or user is None or not user.may_sign_in:
        who = Actor(request_id=request_id)
        audit.record(session, who, "login_failed", "user", credentials.user_public_id, now)
        return None
    throttle.forgive(session, credentials.counted_as, **credentials.scopes)
    throttle.note_usual(session, now, account=credentials.email, network=credentials.network)
    if renewed is not None:
        user.password_hash = renewed
    return user


def _is_outdated(credentials: Credentials) -> bool:
    return passwords.is_outdated(credentials.password_hash or "")


def demo_user(session: Session, role: str) -> User:
    """The person of the demo city as whom one may enter without a password.

    Raises:
        NotFound: this is no demo city, or it has nobody in this role.
    """
    user = accounts.by_email(session, f"demo-{role}@demo.example") if cities.get(session).is_demo else None
    if user is None or not user.may_sign_in:
        raise NotFound("user")
    return user
