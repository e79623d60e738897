"""How a membership and an account end, and who may end them (O6)."""

from datetime import datetime

from sqlalchemy.orm import Session

from matcher.ground import permissions
from matcher.ground.errors import NotPermitted, Refused
from matcher.ground.permissions import Actor
from matcher.people import accounts, forgetting, memberships, open_work
from matcher.records import User
from matcher.register import audit, moves


def leave(
    session: Session, actor: Actor, public_id: str, now: datetime, *, version: int | None = None
) -> User:
    """End a membership of the actor's organization: one's own, or, for an owner, anybody's. The account ends
    with the last that its person has confirmed.

    Raises:
        Refused: the last owner.
        MovedOn: the membership was changed since it was shown.
    """
    membership = memberships.get(session, actor, public_id)
    user = membership.user
    if user.id != actor.user_id:
        permissions.require(actor, "members.manage", membership.organization)
    memberships.check_version(session, membership, version)
    memberships.keep_an_owner(session, membership)
    others = [one for one in user.memberships if one is not membership and one.ended_at is None]
    if not any(one.is_current for one in others) and (user.status == "active" or not others):
        _close(session, actor, user, now)
        return user
    forgetting.end(session, membership, now)
    session.flush()
    audit.record(
        session, actor, "leave", "user", user.public_id, now,
        details={"organization": membership.organization.public_id},
    )  # fmt: skip
    return user


def deactivate_user(
    session: Session, actor: Actor, public_id: str, now: datetime, *, version: int | None = None
) -> User:
    """Close an account, end all its memberships and remove the personal data in it (O6); the history keeps
    the public id.

    Members may close their own, managers and operators any but their own.

    Raises:
        Refused: the last owner of an organization, one's own staff account, or ``open_work``: an official who
            holds cases, with how many.
        MovedOn: the account was changed since it was shown.
    """
    user = accounts.get_account(session, actor, public_id)
    _require_may_close(actor, user)
    moves.check_version(session, user, version)
    if user.status == "deactivated":
        raise moves.moved_on(session, user)
    for membership in user.memberships:
        if membership.is_current:
            memberships.keep_an_owner(session, membership)
    held = open_work.of(session, user)
    if held:
        raise Refused("open_work", count=len(held))
    _close(session, actor, user, now)
    return user


def _close(session: Session, actor: Actor, user: User, now: datetime) -> None:
    before = user.status
    for membership in user.memberships:
        if membership.ended_at is None:
            forgetting.end(session, membership, now)
    forgetting.forget_person(session, user)
    moves.become(user, "deactivated")
    user.deactivated_at = now
    session.flush()
    audit.record(
        session, actor, "deactivate", "user", user.public_id, now,
        object_version=user.version, from_state=before, to_state="deactivated",
    )  # fmt: skip


def _require_may_close(actor: Actor, user: User) -> None:
    if user.role == "member" and user.id == actor.user_id:
        return
    permissions.require(actor, "staff.manage")
    if user.id == actor.user_id:
        raise Refused("own_account")
    if user.role == "operator" and actor.role == "manager":
        raise NotPermitted("staff.manage")
