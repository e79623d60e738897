"""Who hears of what was found: once a person, above their own bar, on the screen; the mail is a digest."""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from matcher.alerts import prospects
from matcher.alerts.bars import Bars, Found, Met, allowed, chunks
from matcher.records import Hit, Membership, Organization, User
from matcher.register import notices, wording
from matcher.suggestions import ranking

BARS: Final = ("high", "middle", "none")  #: from which fit on one hears of what is new


def tell(session: Session, found: Sequence[Found], met: Sequence[Met], now: datetime) -> int:
    """Keep what is new to each person and put one notice a day on their screen; returns how many hits.

    What fits an organization that nobody serves is kept for the coordinator instead.
    """
    if not found and not met:
        return 0
    organizations = {one.organization_id for one in found} | {one.search.organization_id for one in met}
    bars = Bars(session, organizations)
    found = [one for one in found if not bars.stands(one.organization_id, one.other_id, one.need_id)]
    seats = _seats(session, organizations)
    known = _known(session, {seat.user_id for all_ in seats.values() for seat in all_}, found, met)
    hits: list[dict[str, Any]] = []

    def keep(user_id: int, organization_id: int, key: tuple[str, int], **facts: Any) -> None:
        if (user_id, *key) not in known:
            known.add((user_id, *key))
            hits.append(
                {
                    "user_id": user_id, "organization_id": organization_id, "owner_type": key[0],
                    "owner_id": key[1], "found_at": now,
                    "need_id": None, "search_id": None, "score": 0.0, "why": {}, **facts,
                }
            )  # fmt: skip

    # The best first, so that of several a person hears why it fits best.
    for one in sorted(found, key=lambda one: -one.score):
        about = None if one.owner_type == "need" else one.need_id
        for seat in seats.get(one.organization_id, ()):
            # An NPO hears of what fits one of its needs.
            if _is_above(seat.alert_bar, one.score) and one.need_id:
                keep(
                    seat.user_id, one.organization_id, one.key,
                    need_id=about, score=round(one.score, 4), why=one.why,
                )  # fmt: skip
    for search, owner_type, owner_id, why in allowed(session, met, bars):
        if any(seat.user_id == search.user_id for seat in seats.get(search.organization_id, ())):
            keep(
                search.user_id, search.organization_id, (owner_type, owner_id), search_id=search.id, why=why
            )  # fmt: skip
    if hits:
        session.execute(insert(Hit), hits)
    prospects.keep(session, found, seats, now)
    _notify(session, hits, now)
    return len(hits)


def _is_above(bar: str, score: float) -> bool:
    level = ranking.level(score)
    return bar != "none" and level in {"high", bar}


def _seats(session: Session, organizations: Collection[int]) -> dict[int, list[Membership]]:
    """Organization → the seats of those who write in its name."""
    result: dict[int, list[Membership]] = {}
    for some in chunks(organizations):
        for seat in session.scalars(
            select(Membership)
            .join(User, User.id == Membership.user_id)
            .where(
                Membership.organization_id.in_(some),
                Membership.role.in_(("owner", "editor")),
                Membership.began_at.is_not(None),
                Membership.ended_at.is_(None),
                User.status == "active",
            )
            .order_by(Membership.id)
        ):
            result.setdefault(seat.organization_id, []).append(seat)
    return result


def _known(
    session: Session, users: Collection[int], found: Iterable[Found], met: Iterable[Met]
) -> set[tuple[int, str, int]]:
    """What each of these people has heard of already."""
    keys: dict[str, set[int]] = {}
    for owner_type, owner_id in [one.key for one in found] + [(one.owner_type, one.owner_id) for one in met]:
        keys.setdefault(owner_type, set()).add(owner_id)
    result: set[tuple[int, str, int]] = set()
    for some in chunks(users):
        for owner_type, ids in keys.items():
            rows = session.execute(
                select(Hit.user_id, Hit.owner_id).where(
                    Hit.user_id.in_(some), Hit.owner_type == owner_type, Hit.owner_id.in_(ids)
                )
            )
            result |= {(user_id, owner_type, owner_id) for user_id, owner_id in rows}
    return result


def _notify(session: Session, hits: Sequence[dict[str, Any]], now: datetime) -> None:
    """One notice a person, organization and day: it counts what is new, and leads to the list."""
    counts = Counter((hit["user_id"], hit["organization_id"]) for hit in hits)
    organizations: dict[int, Organization] = {}
    users: dict[int, User] = {}
    for some in chunks({organization_id for _user_id, organization_id in counts}):
        organizations |= {
            one.id: one for one in session.scalars(select(Organization).where(Organization.id.in_(some)))
        }
    for some in chunks({user_id for user_id, _organization_id in counts}):
        users |= {one.id: one for one in session.scalars(select(User).where(User.id.in_(some)))}
    for (user_id, organization_id), count in counts.items():
        said = wording.fits_found(organizations[organization_id], count)
        notices.gather_on_screen(
            session, users[user_id], *said, now, about=("hits", organizations[organization_id].public_id),
            organization_id=organization_id,
        )  # fmt: skip
