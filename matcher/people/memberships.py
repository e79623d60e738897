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
from matcher.register import audit, throttle
from matcher.register.act import Done, Look, Words


def is_own(look: Look) -> bool:
    """Whether the membership is of whoever looks at it."""
    return bool(look.record.user_id == look.actor.user_id)


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
    is_there = user is not None and any(
        one.organization_id == actor.organization_id and one.ended_at is None for one in user.memberships
    )
    if user is not None and (is_there or user.role != "member"):
        throttle.admit(session, "invite_taken", now, person=own)
        raise Invalid(email="member_already" if is_there else "account_exists")
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


@accounts.membership_act(
    "decline_membership", by="account.own", whose=lambda look: None, who=is_own,
    open_in=frozenset({"invited"}),
    words=Words(
        "参加しない", "「%(organization)s」には参加しません。", "団体・企業への参加を断りました"
    ),
)  # fmt: skip
def decline(look: Look) -> Done:
    """Do not take a membership that was offered."""
    membership = look.record
    membership.ended_at, membership.invited_name = look.now, ""
    links.drop_invitations(look.session, membership)
    return Done(details={"organization": membership.organization.public_id})


@accounts.membership_act(
    "mail_link", by="members.manage", event="reset_link",
    words=Words(
        "パスワード再設定のメールを送る",
        "%(name)sさんに、パスワードを決めるためのメールを送りました。",
        "パスワード再設定のリンクを発行しました",
    ),
)  # fmt: skip
def send_link(look: Look, public_url: str) -> Done:
    """Mail the invitation again, or a link for a new password to somebody who has begun (O10)."""
    if look.record.is_offered:
        links.mail_invitation(look.session, look.record, look.now, public_url)
        return Done(event="activate_link")
    links.mail_link(look.session, look.record.user, look.now, public_url)
    return Done()


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


@accounts.membership_act(
    "change_role", by="members.manage",
    words=Words("役割を変更する", "%(name)sさんの役割を変更しました。", "役割を変えました"),
)  # fmt: skip
def change_role(look: Look, role: str) -> Done:
    """Make a member owner, editor or viewer; the member signs in anew with the new rights.

    Raises:
        Refused: nobody would be left as owner.
    """
    membership, before = look.record, look.record.role
    if role not in accounts.ORGANIZATION_ROLES:
        raise Invalid(role="required")
    if before == role:
        return Done(is_quiet=True)
    if is_last_owner(look.session, membership):
        raise Refused("last_owner")
    membership.role = role
    sessions.end_all_sessions(look.session, membership.user)
    return Done(details={"from": before, "to": role})


def is_last_owner(session: Session, leaving: Membership) -> bool:
    """Whether without it the organization would have no owner who may sign in."""
    if leaving.role != "owner" or leaving.organization.state in {"draft", "deactivated"}:
        return False  # nobody depends on it, or nobody depends yet, or any more, on somebody being there
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
    return not others
