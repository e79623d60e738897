"""How a membership and an account end, and who may end them (O6)."""

from functools import partial
from typing import Final

from matcher.ground.errors import Refused
from matcher.people import accounts, forgetting, memberships, open_work
from matcher.records import Membership, User
from matcher.register import audit, moves
from matcher.register.act import Done, Look, Words

_BEGUN: Final = frozenset({"active"})  #: nobody acts in a membership, or by an account, that waits


def _last_owner_of_it(look: Look) -> str | None:
    return "last_owner" if memberships.is_last_owner(look.session, look.record) else None


_leaving = partial(accounts.membership_act, event="leave", guard=_last_owner_of_it)


@_leaving(
    "leave", by="account.own", whose=lambda look: None, who=memberships.is_own, open_in=_BEGUN,
    words=Words(
        "利用を終わる", "「%(organization)s」の利用を終わりました。", "団体・企業の利用を終わりました",
    ),
)  # fmt: skip
def leave(look: Look) -> Done:
    """End one's own membership. The account ends with the last that its person has confirmed."""
    return _end(look)


@_leaving(
    "remove_member", by="members.manage",
    words=Words(
        "停止する", "「%(organization)s」の利用者から外しました。", "団体・企業の利用を終わりました",
    ),
)  # fmt: skip
def remove(look: Look) -> Done:
    """The same, of anybody's in one's organization."""
    return _end(look)


def _last_owner(look: Look) -> Refused | None:
    current = (one for one in look.record.memberships if one.is_current)
    is_last = any(memberships.is_last_owner(look.session, one) for one in current)
    return Refused("last_owner") if is_last else None


_closing = partial(accounts.account_act, event="deactivate")


@_closing(
    "close_own", by="account.own", open_in=_BEGUN, guard=_last_owner,
    who=lambda look: look.record.id == look.actor.user_id,
    words=Words(
        "退会する", "退会の手続きが終わりました。ご利用ありがとうございました。", "利用を終了しました",
    ),
)  # fmt: skip
def close_own(look: Look) -> Done:
    """Close one's own account: all its memberships end, and the personal data in it is removed (O6); the
    history keeps the public id.
    """
    return _close(look, look.record)


def _not_to_close(look: Look) -> Refused | None:
    if look.record.id == look.actor.user_id:
        return Refused("own_account")
    held = open_work.of(look.session, look.record)
    return _last_owner(look) or (Refused("open_work", count=len(held)) if held else None)


@_closing(
    "close_account", by="staff.manage", guard=_not_to_close, hidden_by=frozenset({"own_account"}),
    who=lambda look: (look.actor.role, look.record.role) != ("manager", "operator"),
    words=Words("停止する", "アカウントを停止し、個人の情報を消しました。", "利用を終了しました"),
)  # fmt: skip
def close_account(look: Look) -> Done:
    """The same, of anybody but oneself; an official hands over first what is open."""
    return _close(look, look.record)


def ends_account(membership: Membership) -> bool:
    """Whether the account ends with it: the person can work in no other, or has begun in none and is awaited
    in none.
    """
    user = membership.user
    others = [one for one in user.memberships if one is not membership]
    if any(one in user.seats for one in others):
        return False
    return user.is_active or not any(one.is_offered for one in others)


def _end(look: Look) -> Done:
    membership = look.record
    if ends_account(membership):
        return _close(look, membership.user)
    forgetting.end(look.session, membership, look.now)
    return Done(details={"organization": membership.organization.public_id})


def _close(look: Look, user: User) -> Done:
    before = user.status
    for membership in user.memberships:
        if membership.ended_at is None:
            forgetting.end(look.session, membership, look.now)
    forgetting.forget_person(look.session, user)
    moves.become(user, "deactivated")
    user.deactivated_at = look.now
    look.session.flush()
    audit.record(
        look.session, look.actor, "deactivate", "user", user.public_id, look.now,
        object_version=user.version, from_state=before, to_state="deactivated",
    )  # fmt: skip
    return Done(is_kept=True)
