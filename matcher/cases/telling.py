"""Who of a case hears of what happened to it: its two organizations, who is in charge, the desk."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from matcher.ground import lifecycle
from matcher.ground.permissions import Actor
from matcher.records import Partnership, User
from matcher.register import notices
from matcher.register.wording import Said

_WHOM: Final = frozenset({"others", "company", "npo", "city", "desk"})


def tell(session: Session, actor: Actor, case: Partnership, said: Said, now: datetime, *whom: str) -> None:
    """By notice and mail, each once; whoever acts does not hear of it.

    Args:
        whom: ``others``: all who are on the case – the other organization; where an official acts, both, and
            who is in charge; where the clock acts, both. ``company`` and ``npo``: these. ``city``: who is in
            charge and who stands in; where nobody is (any more), as ``desk``. ``desk``: every official; where
            one of them acts, as ``city``.

    Raises:
        ValueError: somebody else.
    """
    if unknown := set(whom) - _WHOM:
        raise ValueError(f"expected {sorted(_WHOM)}, found {sorted(unknown)}")
    for side, organization_id in (("company", case.company_id), ("npo", case.npo_id)):
        if {"others", side}.intersection(whom) and organization_id != actor.organization_id:
            notices.tell_organization(session, organization_id, *said, now, about=about(case))
    if not {"city", "desk"}.intersection(whom) and not (actor.is_staff and "others" in whom):
        return
    in_charge = _in_charge(session, case)
    if actor.is_staff or (in_charge and "desk" not in whom):
        people = [user for user in in_charge if user.id != actor.user_id]
        notices.tell_users(session, people, *said, now, about=about(case))
    else:
        notices.tell_staff(session, *said, now, about=about(case))


def _in_charge(session: Session, case: Partnership) -> Sequence[User]:
    return session.scalars(
        select(User)
        .where(User.id.in_((case.coordinator_id, case.deputy_id)), User.status == "active")
        .order_by(User.id)
    ).all()


def city_if_on_it(case: Partnership) -> tuple[str, ...]:
    """``city``, unless the two still talk among themselves: before both agree, an official hears of a case
    only who has taken it up.
    """
    is_heard = case.coordinator_id or case.state == "coordinator_review" or case.state in lifecycle.CASE_WORK
    return ("city",) if is_heard else ()


def with_side(side: str) -> tuple[str, ...]:
    """All who are on the case, and the city where it is the side that is to see to something."""
    return ("others", "city") if side == "city" else ("others",)


def about(case: Partnership) -> tuple[str, str]:
    """How a notice names the case."""
    return ("partnership", case.public_id)
