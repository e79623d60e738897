"""How a person wants to hear of what is new, in the name of one organization; also by a link of a mail."""

from datetime import datetime
from typing import Final

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from matcher.alerts.telling import BARS
from matcher.ground.errors import Invalid, NotFound
from matcher.ground.permissions import Actor
from matcher.people import accounts
from matcher.records import Hit, Membership, Organization, SavedSearch, User
from matcher.register import audit, notices

RHYTHMS: Final = (*notices.DIGESTS, "none")  #: how often by mail


def own_seat(session: Session, actor: Actor) -> Membership:
    """The actor's membership in the organization in whose name one works.

    Raises:
        NotFound
    """
    found = _seat(session, actor.user_id or 0, actor.organization_id or 0)
    if found is None:
        raise NotFound("membership")
    return found


def _seat(session: Session, user_id: int, organization_id: int) -> Membership | None:
    return session.scalar(
        select(Membership).where(
            Membership.user_id == user_id,
            Membership.organization_id == organization_id,
            Membership.began_at.is_not(None),
            Membership.ended_at.is_(None),
        )
    )


def change(session: Session, actor: Actor, *, bar: str, rhythm: str, now: datetime) -> None:
    """Choose from which fit on one hears of what is new, and how often by mail.

    Raises:
        Invalid: an unknown bar or rhythm.
    """
    wrong = {}
    if bar not in BARS:
        wrong["bar"] = "required"
    if rhythm not in RHYTHMS:
        wrong["rhythm"] = "required"
    if wrong:
        raise Invalid(**wrong)
    _set(session, actor, own_seat(session, actor), bar, rhythm, now)


def _set(session: Session, actor: Actor, seat: Membership, bar: str, rhythm: str, now: datetime) -> None:
    if (seat.alert_bar, seat.alert_rhythm) == (bar, rhythm):
        return
    if "none" in {rhythm, seat.alert_rhythm} and rhythm != seat.alert_rhythm:
        # What was found without a mail, or before one wanted none, is on the screen only.
        session.execute(
            update(Hit)
            .where(
                Hit.user_id == seat.user_id,
                Hit.organization_id == seat.organization_id,
                Hit.mailed_at.is_(None),
            )
            .values(mailed_at=now)
        )
    # Not through the record's version: how one hears outdates nobody's form about the membership.
    session.execute(
        update(Membership).where(Membership.id == seat.id).values(alert_bar=bar, alert_rhythm=rhythm)
    )
    session.refresh(seat)
    audit.record(
        session, actor, "change_alerts", "user", actor.user_public_id or "", now,
        details={"bar": bar, "rhythm": rhythm},
    )  # fmt: skip


def find_stop(
    session: Session, person: str, organization: str, search: str
) -> tuple[User, Organization, SavedSearch | None] | None:
    """Whose mail a link of one stops: of everything new, or of one saved search. ``None`` where nobody has it
    any more.
    """
    user = accounts.by_public_id(session, person)
    body = session.scalar(select(Organization).where(Organization.public_id == organization))
    if user is None or body is None or not user.is_active or _seat(session, user.id, body.id) is None:
        return None
    found = session.scalar(
        select(SavedSearch).where(SavedSearch.public_id == search, SavedSearch.user_id == user.id)
    )
    return None if search and found is None else (user, body, found)


def stop(
    session: Session, user: User, organization: Organization, search: SavedSearch | None, now: datetime,
    request_id: str = "",
) -> None:  # fmt: skip
    """By a link of a mail, without signing in: no mail of what is new any more, or nothing of one search."""
    actor = accounts.actor_of(user, organization.id, request_id)
    if search is not None:
        if not search.is_paused:
            search.is_paused = True
            audit.record(
                session, actor, "pause_search", "user", user.public_id, now,
                details={"search": search.public_id, "by": "link"},
            )  # fmt: skip
        return
    seat = _seat(session, user.id, organization.id)
    if seat is not None:
        _set(session, actor, seat, seat.alert_bar, "none", now)
