"""One-time links from mails: to begin an account or a membership, or to choose a new password."""

import secrets
from datetime import datetime, timedelta
from typing import Final, Literal

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from matcher.city import cities
from matcher.ground.errors import NotFound, Refused
from matcher.people import accounts, sessions
from matcher.records import Membership, OneTimeLink, User
from matcher.register import notices, wording_registration

Purpose = Literal["activate", "reset"]

#: How long a link from a mail can be used.
LINK_LIVES: Final[dict[Purpose, timedelta]] = {"activate": timedelta(days=7), "reset": timedelta(hours=2)}


def find_link_user(session: Session, purpose: Purpose, token: str, now: datetime) -> User | None:
    """Whose link this is, or ``None`` if it was used, has expired or never existed."""
    row = _link(session, purpose, token, now)
    return None if row is None else accounts.by_id(session, row.user_id)


def find_offer(session: Session, token: str, now: datetime) -> Membership | None:
    """The membership that a link confirms, with everything of the account loaded; ``None`` for city staff,
    and where it does not wait for that any more.
    """
    row = _link(session, "activate", token, now)
    user = accounts.by_id(session, row.user_id) if row is not None else None
    if row is None or user is None:
        return None
    return next((one for one in user.memberships if one.id == row.membership_id and one.is_offered), None)


def use_link(session: Session, purpose: Purpose, token: str, password_hash: str, now: datetime) -> User:
    """Take a password by a link, which is then gone; all browsers are signed out.

    Raises:
        NotFound: the link was used, has expired or never existed.
    """
    user = find_link_user(session, purpose, token, now)
    if user is None or user.status != ("invited" if purpose == "activate" else "active"):
        raise NotFound("link")
    user.password_hash = password_hash
    sessions.end_all_sessions(session, user)
    drop_links(session, user)
    session.flush()
    return user


def drop_links(session: Session, user: User) -> None:
    """Let no link in the mailbox choose a password any more: a used link is a link that is gone. What
    confirms a membership stays.
    """
    session.execute(
        delete(OneTimeLink).where(OneTimeLink.user_id == user.id, OneTimeLink.membership_id.is_(None))
    )


def drop_invitations(session: Session, membership: Membership) -> None:
    """Let no link confirm the membership any more."""
    session.execute(delete(OneTimeLink).where(OneTimeLink.membership_id == membership.id))


def mail_link(
    session: Session, user: User, now: datetime, public_url: str, *, keep_earlier: bool = False
) -> Purpose:
    """Mail a link for choosing a password, to begin or to begin anew; returns which.

    Args:
        keep_earlier: older links go on working: where anybody may ask, a new one takes none away.

    Raises:
        Refused: the account is closed.
    """
    purpose = purpose_of(user)
    offered = [one for one in user.memberships if one.is_offered]
    if purpose == "activate" and offered:
        mail_invitation(session, offered[-1], now, public_url, keep_earlier=keep_earlier)
        return purpose
    city = cities.get(session)
    office = wording_registration.Office(city.name, city.section, city.phone)
    link, until = _new_link(session, user, purpose, now, public_url, keep_earlier=keep_earlier)
    if purpose == "reset":
        said = wording_registration.password_link(office, user.name, link, until)
    else:
        said = wording_registration.account_invited(
            office, user.name, f"{city.name} {city.section}", link, until
        )
    notices.send_mail(session, user.email, *said, now, key=f"link-{secrets.token_hex(16)}")
    return purpose


def mail_invitation(
    session: Session, membership: Membership, now: datetime, public_url: str, *, welcome: bool = False,
    keep_earlier: bool = False,
) -> None:  # fmt: skip
    """Mail the link that confirms a membership; whether a password is chosen by it, only the mailbox learns.

    Args:
        welcome: the person registered and was not invited.
        keep_earlier: as in ``mail_link``.
    """
    city, user = cities.get(session), membership.user
    office = wording_registration.Office(city.name, city.section, city.phone)
    link, until = _new_link(
        session, user, "activate", now, public_url, membership=membership, keep_earlier=keep_earlier
    )
    if user.status == "invited":
        words = wording_registration.account_registered if welcome else wording_registration.account_invited
    else:
        words = (
            wording_registration.organization_registered
            if welcome
            else wording_registration.membership_offered
        )
    said = words(office, membership.invited_name, membership.organization.name, link, until)
    notices.send_mail(session, user.email, *said, now, key=f"link-{secrets.token_hex(16)}")


def new_link(session: Session, user: User, now: datetime, public_url: str) -> tuple[Purpose, str]:
    """A link with which ``user`` chooses a password, for whoever hands it over, and to what end it is.

    Raises:
        Refused: the account is closed.
    """
    purpose = purpose_of(user)
    offered = [one for one in user.memberships if one.is_offered and purpose == "activate"]
    membership = offered[-1] if offered else None
    return purpose, _new_link(session, user, purpose, now, public_url, membership=membership)[0]


def purpose_of(user: User) -> Purpose:
    """For what ``user`` needs a link: to begin, or to choose anew.

    Raises:
        Refused: the account is closed.
    """
    if user.status == "deactivated":
        raise Refused("account_closed")
    return "activate" if user.status == "invited" else "reset"


def _link(session: Session, purpose: Purpose, token: str, now: datetime) -> OneTimeLink | None:
    found: OneTimeLink | None = session.scalar(
        select(OneTimeLink).where(
            OneTimeLink.token_hash == sessions.digest(token),
            OneTimeLink.purpose == purpose,
            OneTimeLink.used_at.is_(None),
            OneTimeLink.expires_at > now,
        )
    )
    return found


def _new_link(
    session: Session, user: User, purpose: Purpose, now: datetime, public_url: str, *,
    membership: Membership | None = None, keep_earlier: bool = False,
) -> tuple[str, datetime]:  # fmt: skip
    # Where anybody may ask, a new link must not take away the one that the person is about to use.
    if not keep_earlier:
        if membership is None:
            drop_links(session, user)
        else:
            drop_invitations(session, membership)
    token, until = secrets.token_urlsafe(32), now + LINK_LIVES[purpose]
    session.add(
        OneTimeLink(
            token_hash=sessions.digest(token), purpose=purpose, user_id=user.id, created_at=now,
            expires_at=until, membership_id=None if membership is None else membership.id,
        )
    )  # fmt: skip
    session.flush()
    return f"{public_url}/{purpose}/{token}", until
