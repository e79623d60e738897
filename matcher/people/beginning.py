"""What somebody who is not signed in asks for: to register an organization, to choose a new password.

Taken at once and answered by mail, by the worker, so that no page tells who has an account.
"""

import secrets
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from matcher.city import cities
from matcher.ground import addresses
from matcher.ground.errors import TooMany
from matcher.ground.permissions import Actor
from matcher.people import accounts, links, memberships, registration_codes
from matcher.records import (
    AccountRequest,
    CompanyProfile,
    Membership,
    NpoProfile,
    Organization,
    User,
)
from matcher.register import audit, notices, throttle, wording_registration


def register_organization(
    session: Session,
    *,
    kind: str,
    organization_name: str,
    name: str,
    email: str,
    now: datetime,
    network: str,
    code: str = "",
    request_id: str = "",
) -> None:
    """Take a registration (N1); ``answer_request`` begins the organization and mails the link.

    The answer is the same whether or not the address has an account, and takes the same work; only its
    mailbox learns which.

    Args:
        code: what the city gave out for the day, as typed; with it the limit of the network is not asked.

    Raises:
        TooMany: from this network.
        Invalid: ``code``, where it cannot be used.
    """
    content = {"kind": kind, "organization_name": organization_name, "name": name}
    if not code:
        _take_request(session, "register", email, content, now, network, request_id)
        return
    found = registration_codes.usable(session, code, now)
    content["code"] = found.public_id
    if _take_request(session, "register", email, content, now, network, request_id, "register_coded"):
        found.uses += 1


def request_reset(session: Session, *, email: str, now: datetime, network: str, request_id: str = "") -> None:
    """Take the wish for a link with which to choose a new password; ``answer_request`` mails it.

    The answer and its work are the same whether or not the address has an account.

    Raises:
        TooMany: from this network.
    """
    _take_request(session, "reset", email, {}, now, network, request_id)


def has_requests(session: Session, now: datetime) -> bool:
    """Whether anything waits for ``answer_requests``."""
    return session.scalar(select(AccountRequest.id).where(AccountRequest.due_at <= now).limit(1)) is not None


def answer_requests(
    session: Session, now: datetime, public_url: str, on_failure: Callable[[Exception], None] | None = None
) -> int:
    """Answer what waits by mail; returns how many.

    Args:
        on_failure: hears of a request that cannot be answered; it is tried again later, and the others go on.
    """
    rows = session.scalars(
        select(AccountRequest).where(AccountRequest.due_at <= now).order_by(AccountRequest.id).limit(20)
    ).all()
    for row in rows:
        try:
            with session.begin_nested():
                _answer(session, row, now, public_url)
                session.delete(row)
        except Exception as error:
            if on_failure is None:
                raise
            on_failure(error)
            row.failures += 1
            row.due_at = now + timedelta(minutes=min(60, row.failures**2))
    return len(rows)


def _take_request(
    session: Session, kind: str, email: str, content: dict[str, str], now: datetime, network: str,
    request_id: str, counted_as: str = "",
) -> bool:  # fmt: skip
    """Keep what is asked for; returns whether it was not asked for already."""
    email = addresses.folded(email)
    throttle.admit(session, counted_as or kind, now, account=email, network=network)
    waiting = session.scalars(
        select(AccountRequest.content).where(AccountRequest.kind == kind, AccountRequest.email == email)
    )
    if content in waiting.all():
        return False  # a second click
    session.add(
        AccountRequest(
            kind=kind, email=email, content=content, asked_at=now, due_at=now, request_id=request_id
        )
    )
    session.flush()
    return True


def _answer(session: Session, row: AccountRequest, now: datetime, public_url: str) -> None:
    try:
        throttle.admit(session, f"{row.kind}_mail", now, account=row.email)
    except TooMany:
        return  # the links of the last mails still work
    user, who = accounts.by_email(session, row.email), Actor(request_id=row.request_id)
    if row.kind == "reset":
        if user is not None and user.status != "deactivated":
            purpose = links.mail_link(session, user, now, public_url, keep_earlier=True)
            audit.record(session, who, f"{purpose}_link", "user", user.public_id, now)
    elif user is not None and user.role != "member":
        _mail_to_known(session, user, now, public_url)
    else:
        _register(session, who, user, row, now, public_url)


def _register(
    session: Session, who: Actor, user: User | None, row: AccountRequest, now: datetime, public_url: str
) -> None:
    """Begin the organization, unless the person has registered it before: then mail the way in again."""
    kind, name = row.content["kind"], row.content["organization_name"]
    known = next(
        (
            one
            for one in (user.memberships if user is not None else ())
            if one.ended_at is None and (one.organization.kind, one.organization.name) == (kind, name)
        ),
        None,
    )
    if user is not None and known is not None and known.is_current:
        _mail_to_known(session, user, now, public_url)
        return
    membership = known or _begin_organization(session, who, user, row.email, row.content, now)
    links.mail_invitation(session, membership, now, public_url, welcome=True, keep_earlier=True)


def _begin_organization(
    session: Session, who: Actor, user: User | None, email: str, content: Mapping[str, str], now: datetime
) -> Membership:
    kind, name = content["kind"], content["name"]
    organization = Organization(
        kind=kind, name=content["organization_name"], contact_name=name, email=email,
        created_at=now, updated_at=now,
    )  # fmt: skip
    if kind == "company":
        organization.company = CompanyProfile()
    else:
        organization.npo = NpoProfile()
    is_new = user is None
    user = user or User(
        email=email, name=name, role="member", status="invited", created_at=now, memberships=[]
    )
    session.add_all([organization, user])
    session.flush()
    membership = memberships.offer(session, user, organization, "owner", name, now)
    audit.record(
        session, who, "register", "organization", organization.public_id, now,
        to_state=organization.state,
        details={"kind": kind} | ({"code": content["code"]} if "code" in content else {}),
    )  # fmt: skip
    if is_new:
        audit.record(session, who, "register", "user", user.public_id, now, to_state=user.status)
    return membership


def _mail_to_known(session: Session, user: User, now: datetime, public_url: str) -> None:
    city = cities.get(session)
    office = wording_registration.Office(city.name, city.section, city.phone)
    said = wording_registration.account_known_already(office, f"{public_url}/login", f"{public_url}/reset")
    notices.send_mail(session, user.email, *said, now, key=f"known-{secrets.token_hex(16)}")
