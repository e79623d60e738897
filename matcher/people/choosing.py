"""Choosing a password: the first one, one by a mailed link, and a new one for the present one."""

import secrets
from datetime import datetime

from sqlalchemy.orm import Session

from matcher.city import cities
from matcher.ground.errors import Invalid
from matcher.ground.permissions import Actor
from matcher.people import accounts, links, memberships, passwords, sessions, signing_in
from matcher.records import User
from matcher.register import audit, moves, notices, throttle, wording_registration


def new_password_hash(user: User, password: str, city: cities.City) -> str:
    """What is stored of a new password; made before the transaction that stores it, for it takes long.

    Raises:
        Invalid: the password is refused.
    """
    about = [user.name, user.email, city.name, city.kana]
    for organization in (one.organization for one in user.memberships):
        about += [organization.name, organization.kana or ""]
    code = passwords.problem(password, about)
    if code is not None:
        raise Invalid(password=code)
    return passwords.hashed(password)


def activate(session: Session, token: str, password_hash: str, now: datetime, request_id: str = "") -> User:
    """Begin an invited account with the password of ``new_password_hash``.

    Raises:
        NotFound: the link was used, has expired or never existed.
    """
    membership = links.find_offer(session, token, now)
    user = links.use_link(session, "activate", token, password_hash, now)
    moves.become(user, "active")
    if membership is not None:
        memberships.begin(session, membership, now)
    session.flush()
    actor = accounts.actor_of(user, request_id=request_id)
    audit.record(
        session, actor, "activate", "user", user.public_id, now,
        from_state="invited", to_state="active",
    )  # fmt: skip
    return user


def reset(session: Session, token: str, password_hash: str, now: datetime, request_id: str = "") -> User:
    """Take the password of ``new_password_hash`` by a mailed link; all browsers are signed out.

    Raises:
        NotFound: the link was used, has expired or never existed.
    """
    user = links.use_link(session, "reset", token, password_hash, now)
    actor = accounts.actor_of(user, request_id=request_id)
    audit.record(session, actor, "reset_password", "user", user.public_id, now)
    _mail_changed(session, user, now)
    return user


def admit_password_change(session: Session, actor: Actor, now: datetime) -> signing_in.Credentials:
    """Count a try and fetch what the present password is checked against; committed before it is checked.

    Raises:
        TooMany: too many wrong ones.
    """
    user = accounts.own_account(session, actor)
    scopes = {"person": user.public_id}
    throttle.admit(session, "password", now, **scopes)
    return signing_in.Credentials(
        user.id, user.public_id, user.password_hash, user.email, "", "password", scopes
    )


def check_present_password(credentials: signing_in.Credentials, password: str) -> None:
    """Without a session, for it takes long.

    Raises:
        Invalid: it is not the present password.
    """
    if not passwords.matches(credentials.password_hash, password):
        raise Invalid(current="password_wrong")


def change_password(
    session: Session, actor: Actor, credentials: signing_in.Credentials, password_hash: str, session_id: str,
    now: datetime,
) -> None:  # fmt: skip
    """Take a new password once the present one was checked; every other browser is signed out.

    Raises:
        MovedOn: the password was changed meanwhile.
    """
    user = accounts.own_account(session, actor)
    if user.password_hash != credentials.password_hash:
        raise moves.moved_on(session, user)
    throttle.forgive(session, credentials.counted_as, **credentials.scopes)
    user.password_hash = password_hash
    sessions.drop_others(session, actor, session_id)
    links.drop_links(session, user)
    session.flush()
    audit.record(session, actor, "change_password", "user", user.public_id, now)
    _mail_changed(session, user, now)


def _mail_changed(session: Session, user: User, now: datetime) -> None:
    city = cities.get(session)
    office = wording_registration.Office(city.name, city.section, city.phone)
    said = wording_registration.password_changed(office, user.name)
    notices.send_mail(session, user.email, *said, now, key=f"password-{secrets.token_hex(16)}")
