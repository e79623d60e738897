"""A bounded share of every list for those whom nobody has seen yet (X3).

One place of each five, the last of them, goes to an organization that was verified within ninety days or
shown to nobody in ninety days, if it fits at least fairly well and the list has not got as many by itself.
Who gets the place is drawn with a seed that is the same all day, and the draw is kept with the list: anyone
can repeat it.
"""

import hashlib
import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from matcher.ground import calendar
from matcher.records import Organization, ShownList, ShownSuggestion
from matcher.suggestions import ranking

EACH: Final = 5  #: one place of so many
WINDOW: Final = timedelta(days=90)
_SOON: Final = timedelta(hours=1)  #: no list is written later than so long after it was shown


@dataclass(frozen=True)
class Draw:
    """How the places were given: repeatable from what is kept."""

    seed: int
    pool: Mapping[int, float]  #: organization → score, of those who could be drawn
    places: int

    @property
    def chosen(self) -> list[int]:
        """Who was drawn, the first drawn first: without replacement, in proportion to the score.

        Each takes the key u^(1/score) of a uniform u; the largest keys win (Efraimidis and Spirakis 2006).
        """
        chance = random.Random(self.seed)  # noqa: S311 - to be repeated, not to be kept secret
        keys = {number: chance.random() ** (1 / self.pool[number]) for number in sorted(self.pool)}
        return sorted(keys, key=lambda number: (-keys[number], number))[: self.places]

    def as_dict(self) -> dict[str, Any]:
        """The form that is kept with the shown list."""
        pool = {str(number): score for number, score in self.pool.items()}
        return {"seed": self.seed, "pool": pool, "places": self.places}

    @classmethod
    def of(cls, kept: Mapping[str, Any]) -> "Draw":
        """What ``as_dict`` gave."""
        pool = {int(number): score for number, score in kept["pool"].items()}
        return cls(kept["seed"], pool, kept["places"])


def draw(
    session: Session, asker: Organization, about: int, ranked: Sequence[tuple[int, float]],
    limit: int, now: datetime,
) -> Draw:  # fmt: skip
    """Draw for one list.

    Args:
        about: the need asked for, 0 for none.
        ranked: organizations with their scores, best first; those after ``limit`` can be drawn.
    """
    fair = [(candidate, score) for candidate, score in ranked[limit:] if score >= ranking.MIDDLE]
    unseen = unseen_of(session, [candidate for candidate, _score in ranked], now)
    by_themselves = sum(candidate in unseen for candidate, _score in ranked[:limit])
    places = max(0, limit // EACH - by_themselves)
    pool = {candidate: round(score, 4) for candidate, score in fair if candidate in unseen}
    return Draw(_seed(asker, about, now), pool, min(places, len(pool)))


def unseen_of(session: Session, organizations: Sequence[int], now: datetime) -> set[int]:
    """Of these, whom nobody has seen: verified within ``WINDOW``, or shown to nobody for as long."""
    new = select(Organization.id).where(
        Organization.id.in_(organizations), Organization.verified_at >= now - WINDOW
    )
    return set(organizations) - _shown_lately(session, organizations, now) | {*session.scalars(new)}


def places_of(limit: int, count: int) -> list[int]:
    """The positions (from 0) that ``count`` drawn ones take: the last of each five, from the end."""
    ends = [place - 1 for place in range(limit, 0, -EACH)]
    return sorted(ends[:count])


def _seed(asker: Organization, about: int, now: datetime) -> int:
    day = now.astimezone(calendar.TOKYO).date()
    return int.from_bytes(hashlib.sha256(f"{asker.public_id} {about} {day}".encode()).digest()[:6])


def _shown_lately(session: Session, ids: Iterable[int], now: datetime) -> set[int]:
    # Lists of the day itself do not count, so that a list stays the same when it is opened again.
    start = now.astimezone(calendar.TOKYO).replace(hour=0, minute=0, second=0, microsecond=0)
    shown = (
        select(ShownSuggestion.id)
        .join(ShownList, ShownList.id == ShownSuggestion.shown_list_id)
        .where(
            ShownSuggestion.candidate_id == Organization.id,
            ShownList.shown_at >= start - WINDOW,
            ShownList.shown_at < start,
            *_written_around(session, start - WINDOW, start),
        )
    )
    # Once is enough: who is shown in every list has been in thousands of them.
    return {*session.scalars(select(Organization.id).where(Organization.id.in_(list(ids)), shown.exists()))}


def _written_around(session: Session, begins: datetime, ends: datetime) -> Iterable[ColumnElement[bool]]:
    """The numbers of the lists shown in some time, so that others need not be looked at: a list is written
    soon after it was shown.
    """
    column = ShownSuggestion.shown_list_id
    lists = select(ShownList.id).limit(1)
    before = session.scalar(
        lists.where(ShownList.shown_at < begins - _SOON).order_by(ShownList.shown_at.desc())
    )
    after = session.scalar(lists.where(ShownList.shown_at >= ends + _SOON).order_by(ShownList.shown_at))
    if before is not None:
        yield column > before
    if after is not None:
        yield column < after
