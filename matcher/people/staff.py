"""The city's own accounts, and its view of everybody else's."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session, contains_eager

from embeddings.normal import nfkc
from matcher.ground import names, permissions
from matcher.ground.errors import Invalid
from matcher.ground.permissions import Actor
from matcher.ground.typed import Unclear, seen
from matcher.people import accounts, links, memberships
from matcher.records import Membership, Organization, User
from matcher.register import audit, folding
from matcher.register.act import Done, Look
from matcher.register.paging import page_of


def open_staff_account(
    session: Session, actor: Actor, *, email: str, name: str, role: str, now: datetime
) -> User:
    """Open an account for city staff without a mail: the command line prints the link instead.

    Only operators (and the command line) make operators.

    Raises:
        Invalid: the address has an account already or is none that mail reaches, the name is none, or the
            role is none that ``actor`` may give.
    """
    permissions.require(actor, "staff.manage")
    if role not in staff_roles(actor):
        raise Invalid(role="required")
    name = seen(name)
    if not name:
        raise Invalid(name="required")
    try:
        names.read(name)
    except Unclear as unclear:
        raise Invalid(name=unclear.code) from None
    user = User(
        email=accounts.address_of(email), name=name, role=role, status="invited", created_at=now,
        memberships=[],
    )  # fmt: skip
    if accounts.by_email(session, user.email) is not None:
        raise Invalid(email="account_exists")
    session.add(user)
    session.flush()
    audit.record(
        session, actor, "invite", "user", user.public_id, now, to_state="invited", details={"role": role}
    )
    return user


def create_staff(
    session: Session, actor: Actor, *, email: str, name: str, role: str, now: datetime, public_url: str
) -> User:
    """Open an account for city staff and mail its activation link.

    Raises:
        Invalid: as ``open_staff_account``.
    """
    user = open_staff_account(session, actor, email=email, name=name, role=role, now=now)
    links.mail_link(session, user, now, public_url)
    return user


@accounts.account_act("mail_link", by="staff.manage", event="reset_link", words=memberships.send_link.words)
def send_link(look: Look, public_url: str) -> Done:
    """Mail a link for choosing a password: the city helps somebody who cannot sign in (O10)."""
    is_first = links.mail_link(look.session, look.record, look.now, public_url) == "activate"
    return Done(event="activate_link" if is_first else "reset_link")


def issue_link(session: Session, actor: Actor, user: User, now: datetime, public_url: str) -> str:
    """A link with which ``user`` chooses a password, for the command line, which shows it and mails nothing.

    Raises:
        Refused: the account is closed.
    """
    permissions.require(actor, "staff.manage")
    purpose, link = links.new_link(session, user, now, public_url)
    audit.record(session, actor, f"{purpose}_link", "user", user.public_id, now)
    return link


def staff_roles(actor: Actor) -> tuple[str, ...]:
    """The staff roles that ``actor`` may give."""
    if actor.role in {"operator", "system"}:
        return accounts.STAFF_ROLES
    return ("coordinator", "manager") if actor.role == "manager" else ()


def list_staff(session: Session, actor: Actor) -> Sequence[User]:
    """The city's own accounts that are not closed."""
    permissions.require(actor, "staff.manage")
    return session.scalars(
        select(User)
        .where(User.role != "member", User.status != "deactivated")
        .order_by(User.role, User.created_at, User.id)
    ).all()


def search_members(
    session: Session, actor: Actor, text: str, *, page: int, size: int
) -> tuple[Sequence[Membership], int, int]:
    """Who serves which organization, by name, address or organization: one page, how many in all, which page.

    A page past the last is the last.
    """
    permissions.require(actor, "staff.manage")
    query = (
        select(Membership)
        .join(Membership.user)
        .join(Membership.organization)
        .where(Membership.ended_at.is_(None))
    )
    wanted = nfkc(text).strip()
    if wanted:
        patterns = map(folding.like_pattern, folding.terms(wanted))
        held = (Organization.search_text.like(pattern, escape="\\") for pattern in patterns)
        columns = (User.name, User.email, Organization.name)
        query = query.where(
            or_(and_(True, *held), *(column.icontains(wanted, autoescape=True) for column in columns))
        )
    found = page_of(
        session,
        query.options(contains_eager(Membership.user), contains_eager(Membership.organization)).order_by(
            Organization.name, User.created_at, User.id
        ),
        page,
        size,
    ).of_first()
    return found.rows, found.total, found.page
