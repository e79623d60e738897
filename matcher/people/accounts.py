"""Who has an account, in whose name its person acts, and what a person changes of it.

Every act is audited in its own transaction, without addresses and without names.
"""

from datetime import datetime
from functools import partial
from typing import Final

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session, joinedload, selectinload
from sqlalchemy.orm.attributes import set_committed_value
from sqlalchemy.orm.strategy_options import _AbstractLoad

from matcher.ground import addresses, permissions
from matcher.ground.errors import Invalid, NotFound
from matcher.ground.permissions import Actor, Seat
from matcher.ground.typed import Unclear
from matcher.records import Membership, User
from matcher.register import act, audit, moves, notices
from matcher.register.untold import UNTOLD

ORGANIZATION_ROLES: Final = ("owner", "editor", "viewer")
STAFF_ROLES: Final = ("coordinator", "manager", "operator")
NOTIFY: Final = ("at_once", *notices.DIGESTS, "none")

_standing = partial(
    act.act, way=UNTOLD, shown=act.version_of_record,
    open_in=frozenset({"invited", "active"}), state_of=lambda look: look.record.status,
)  # fmt: skip
#: Declare an act of an account, or of a membership, that has not ended.
account_act = partial(_standing, record=User, whose=lambda look: None)
membership_act = partial(_standing, record=Membership, whose=lambda look: look.record.organization)


def actor_of(user: User, organization_id: int | None = None, request_id: str = "") -> Actor:
    """The actor for ``user``, with the memberships loaded (``loaded``): in the name of that organization, or
    of the one that was last chosen where none is given or the person may not act for it.
    """
    seat = seat_of(user, organization_id)
    organization = seat.organization if seat is not None else None
    own = organization.id if organization is not None else None
    return Actor(
        role=user.role,  # type: ignore[arg-type]
        user_id=user.id,
        user_public_id=user.public_id,
        name=user.name,
        organization_id=own,
        organization_public_id=organization.public_id if organization else None,
        organization_kind=organization.kind if organization else None,
        organization_name=organization.name if organization else "",
        organization_state=organization.state if organization else "",
        organization_role=seat.role if seat is not None else None,
        request_id=request_id,
        elsewhere=tuple(
            Seat(one.organization_id, one.organization.public_id, one.organization.name)
            for one in user.seats
            if one.organization_id != own
        ),
        has_served=frozenset(
            one.organization_id
            for one in user.memberships
            if one.began_at is not None and one.organization_id != own
        ),
    )


def seat_of(user: User, organization_id: int | None = None) -> Membership | None:
    """The membership in which ``user`` acts for the organization, or else the one that was last chosen."""
    chosen = next((one for one in user.seats if one.organization_id == organization_id), None)
    return chosen or max(user.seats, key=lambda one: (one.used_at or one.created_at, -one.id), default=None)


def loaded() -> _AbstractLoad:
    """Loads with a ``User`` what ``actor_of`` needs."""
    return selectinload(User.memberships).joinedload(Membership.organization)


def address_of(typed: str) -> str:
    """An address as it is stored.

    Raises:
        Invalid: it is none that mail reaches.
    """
    try:
        return addresses.read(typed)
    except Unclear as unclear:
        raise Invalid(email=unclear.code) from None


def by_email(session: Session, email: str) -> User | None:
    """The account with this folded address, with the memberships."""
    return _find(session, User.email == email)


def by_id(session: Session, user_id: int | None) -> User | None:
    """The account of this id, with the memberships."""
    return _find(session, User.id == (user_id or 0))


def by_public_id(session: Session, public_id: str) -> User | None:
    """The account with this public id, with the memberships; the caller says who may see it."""
    return _find(session, User.public_id == public_id)


def _find(session: Session, condition: ColumnElement[bool]) -> User | None:
    # In one statement: whether there is an account must not show in the work that is done.
    together = joinedload(User.memberships).joinedload(Membership.organization)
    found = session.scalars(select(User).where(condition).options(together)).unique().one_or_none()
    for membership in found.memberships if found is not None else ():
        set_committed_value(membership, "user", found)
    return found


def get_account(session: Session, actor: Actor, public_id: str) -> User:
    """The account of anybody, for those who manage staff, or a member's own; with the memberships.

    Raises:
        NotFound
    """
    user = by_public_id(session, public_id)
    own = user is not None and user.role == "member" and user.id == actor.user_id
    if user is None or not (own or permissions.may(actor, "staff.manage")):
        raise NotFound("user")
    return user


def own_account(session: Session, actor: Actor) -> User:
    """The signed-in person's account, with the memberships."""
    user = by_id(session, actor.user_id)
    if user is None:
        raise NotFound("user")
    return user


def find_by_email(session: Session, email: str) -> User | None:
    """The account with this address, for the command line."""
    return by_email(session, addresses.folded(email))


def change_settings(
    session: Session, actor: Actor, *, name: str, notify: str, now: datetime, version: int | None = None
) -> User:
    """Change one's own name and how one hears of things (O9), in all organizations.

    Raises:
        Invalid: an unknown way of being notified.
        MovedOn: changed in another window since it was shown.
    """
    user = own_account(session, actor)
    moves.check_version(session, user, version)
    if notify not in NOTIFY:
        raise Invalid(notify="required")
    changed = [
        field for field, value in (("name", name), ("notify", notify)) if getattr(user, field) != value
    ]
    if not changed:
        return user
    user.name, user.notify = name, notify
    if notify == "none":
        notices.drop_gathered(session, user)
    session.flush()
    audit.record(
        session, actor, "change_settings", "user", user.public_id, now,
        details={"fields": changed, "notify": notify},
    )  # fmt: skip
    return user
