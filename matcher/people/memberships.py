"""Who serves an organization: invited, confirmed by the person, listed, given a role.

One person may serve several. Nobody who invites learns whether an address has an account: until it is
confirmed, a membership shows what was typed, and its mail goes out in any case.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session, joinedload

from matcher.ground import permissions
from matcher.ground.errors import Invalid, NotFound, Refused
from matcher.ground.permissions import Actor
from matcher.people import accounts, links, sessions
from matcher.records import Membership, Organization, User
from matcher.register import audit, moves, throttle


def invite_member(
    session: Session, actor: Actor, *, email: str, name: str, role: str, now: datetime, public_url: str
) -> User:
    """Offer a membership of the actor's organization and mail the link that confirms it (O10); an account is
    opened where the address has none.

    Raises:
        Invalid: the address belongs to the organization already or to city staff, or is none that mail
            reaches, or the role is none of an organization.
        TooMany: the organization invited more people today than it can know.
    """
    organization = session.get(Organization, actor.organization_id or 0)
    permissions.require(actor, "members.manage", organization)
    if role not in accounts.ORGANIZATION_ROLES:
        raise Invalid(role="required")
    own = str(actor.organization_id)
    throttle.admit(session, "invite", now, person=own)
    # Asked before it is known whether the address is taken, so that the refusal does not tell.
    throttle.require_room(session, "invite_taken", now, person=own)
    address = accounts.address_of(email)
    user = accounts.by_email(session, address)
    is_own = user is not None and any(
        one.organization_id == actor.organization_id and one.ended_at is None for one in user.memberships
    )
    if user is not None and (is_own or user.role != "member"):
        throttle.admit(session, "invite_taken", now, person=own)
        raise Invalid(email="member_already" if is_own else "account_exists")
    if user is None:
        user = User(email=address, name=name, role="member", created_at=now, memberships=[])
    assert organization is not None
    membership = offer(session, user, organization, role, name, now)
    audit.record(
        session, actor, "invite", "user", user.public_id, now, to_state="invited", details={"role": role}
    )
    links.mail_invitation(session, membership, now, public_url)
    return user


def offer(
    session: Session, user: User, organization: Organization, role: str, name: str, now: datetime
) -> Membership:
    """A membership that waits for the person to confirm it; part of an act that is audited itself.

    Args:
        user: a new account, or one with its memberships loaded.
    """
    membership = Membership(
        user=user, organization=organization, role=role, invited_name=name, created_at=now
    )
    session.add(membership)
    session.flush()
    return membership


def confirm(
    session: Session, user: User, membership: Membership, now: datetime, request_id: str = ""
) -> None:
    """Begin a membership that was offered: the person has shown that the mailbox is theirs."""
    begin(session, membership, now)
    actor = accounts.actor_of(user, membership.organization_id, request_id)
    audit.record(session, actor, "join", "user", user.public_id, now)


def join(session: Session, token: str, now: datetime, request_id: str = "") -> Membership:
    """Confirm by a mailed link what an organization offered to somebody who has an account already.

    Raises:
        NotFound: the link was used, has expired or never existed.
    """
    membership = links.find_offer(session, token, now)
    if membership is None or membership.user.status != "active":
        raise NotFound("link")
    confirm(session, membership.user, membership, now, request_id)
    return membership


def begin(session: Session, membership: Membership, now: datetime) -> None:
    """Begin a membership; part of an act that is audited itself."""
    membership.began_at, membership.used_at, membership.invited_name = now, now, ""
    links.drop_invitations(session, membership)
    session.flush()


def decline(session: Session, actor: Actor, membership: Membership, now: datetime) -> None:
    """Do not take a membership that was offered."""
    membership.ended_at, membership.invited_name = now, ""
    links.drop_invitations(session, membership)
    session.flush()
    audit.record(
        session, actor, "decline_membership", "user", membership.user.public_id, now,
        details={"organization": membership.organization.public_id},
    )  # fmt: skip


def send_link(session: Session, actor: Actor, public_id: str, now: datetime, public_url: str) -> User:
    """Mail the invitation again, or a link for a new password to somebody who serves the organization (O10).

    Raises:
        NotFound, NotPermitted
    """
    membership = get(session, actor, public_id)
    permissions.require(actor, "members.manage", membership.organization)
    user = membership.user
    if membership.is_offered:
        links.mail_invitation(session, membership, now, public_url)
    else:
        links.mail_link(session, user, now, public_url)
    purpose = "activate" if membership.is_offered else "reset"
    audit.record(session, actor, f"{purpose}_link", "user", user.public_id, now)
    return user


def choose(session: Session, user: User, public_id: str, now: datetime) -> Membership:
    """The membership in which ``user``, with everything loaded, goes on working; the next login begins there.

    Raises:
        NotFound: the person may not act for this organization.
    """
    seat = next((one for one in user.seats if one.organization.public_id == public_id), None)
    if seat is None:
        raise NotFound("organization")
    # Past the version column: an owner may have the form for the role open.
    session.execute(
        update(Membership)
        .where(Membership.id == seat.id)
        .values(used_at=now)
        .execution_options(synchronize_session=False)
    )
    return seat


def get_offer(session: Session, actor: Actor, public_id: str) -> Membership:
    """What an organization has offered to the signed-in person.

    Raises:
        NotFound
    """
    user = accounts.own_account(session, actor)
    found = next(
        (one for one in user.memberships if one.is_offered and one.organization.public_id == public_id), None
    )
    if found is None:
        raise NotFound("membership")
    return found


def get(session: Session, actor: Actor, public_id: str) -> Membership:
    """The membership of an account in the actor's organization, with everything of the account loaded.

    Raises:
        NotFound
    """
    user = accounts.by_public_id(session, public_id) if actor.role == "member" else None
    found = next(
        (
            one
            for one in (user.memberships if user is not None else ())
            if one.organization_id == actor.organization_id and one.ended_at is None
        ),
        None,
    )
    if found is None:
        raise NotFound("user")
    return found


def list_members(session: Session, actor: Actor) -> Sequence[Membership]:
    """The memberships of the actor's organization that have not ended, owners first, with their people."""
    permissions.require(actor, "members.view", session.get(Organization, actor.organization_id or 0))
    found = session.scalars(
        select(Membership)
        .where(Membership.organization_id == actor.organization_id, Membership.ended_at.is_(None))
        .options(joinedload(Membership.user))
    ).all()
    rank = {role: place for place, role in enumerate(accounts.ORGANIZATION_ROLES)}
    return sorted(found, key=lambda one: (rank[one.role], one.created_at, one.id))


def change_member_role(
    session: Session, actor: Actor, public_id: str, role: str, now: datetime, *, version: int | None = None
) -> User:
    """Make a member owner, editor or viewer; the member signs in anew with the new rights.

    Raises:
        Refused: nobody would be left as owner.
        MovedOn: the membership was changed since it was shown.
    """
    membership = get(session, actor, public_id)
    user = membership.user
    permissions.require(actor, "members.manage", membership.organization)
    check_version(session, membership, version)
    if role not in accounts.ORGANIZATION_ROLES:
        raise Invalid(role="required")
    before = membership.role
    if before == role:
        return user
    keep_an_owner(session, membership)
    membership.role = role
    session.flush()
    sessions.end_all_sessions(session, user)
    audit.record(
        session, actor, "change_role", "user", user.public_id, now,
        object_version=membership.version, details={"from": before, "to": role},
    )  # fmt: skip
    return user


def check_version(session: Session, membership: Membership, shown: int | None) -> None:
    """Refuse a form that was filled in over an older version of the membership.

    Raises:
        MovedOn
    """
    if shown is not None and shown != membership.version:
        raise moves.moved_on(session, membership.user)


def keep_an_owner(session: Session, leaving: Membership) -> None:
    """Refuse to leave an organization without an owner who may sign in.

    Raises:
        Refused: ``last_owner``.
    """
    if leaving.role != "owner" or leaving.organization.state in {"draft", "deactivated"}:
        return  # nobody depends on it, or nobody depends yet, or any more, on somebody being there
    others = session.scalar(
        select(func.count())
        .select_from(Membership)
        .join(User, User.id == Membership.user_id)
        .where(
            Membership.organization_id == leaving.organization_id,
            Membership.role == "owner",
            Membership.began_at.is_not(None),
            Membership.ended_at.is_(None),
            Membership.id != leaving.id,
            User.status == "active",
        )
    )
    if not others:
        raise Refused("last_owner")
