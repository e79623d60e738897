"""Several companies that could fill one need together, where none can alone: proposed to the city only.

Chosen one after the other: whoever brings most of what is still missing, weighed by how well it fits, so that
few companies cover much. Of an offer without an amount nobody knows how much it brings; it fills a whole.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy.orm import Session

from matcher.cases import takes
from matcher.desk.partners import Found, Partner
from matcher.ground import permissions
from matcher.ground.parts import Part, Standing
from matcher.ground.permissions import Actor
from matcher.postings import terms
from matcher.records import Need, Offer, Organization
from matcher.suggestions import suggest
from matcher.suggestions.conditions import Filters
from matcher.suggestions.explaining import Suggestion
from matcher.suggestions.indexing import LiveIndex

MOST: Final = 4  #: companies of one bundle
NEAREST: Final = 10  #: companies that are looked at for each part


@dataclass(frozen=True)
class Candidate:
    """A company by one of its offers, and how well that fits the need."""

    company: Organization
    score: float
    offer: Offer


@dataclass(frozen=True)
class Member:
    """A company of a bundle, and what of which part it would bring."""

    candidate: Candidate
    brings: tuple[tuple[Part, float], ...]

    @property
    def company(self) -> Organization:
        """Whose offer it is."""
        return self.candidate.company


@dataclass(frozen=True)
class Bundle:
    """The companies, and what would still be missing with all of them."""

    members: tuple[Member, ...]
    missing: tuple[tuple[Part, float], ...]


def of_need(session: Session, actor: Actor, live: LiveIndex, need: Need, found: Found) -> Bundle | None:
    """A bundle for an open need; ``None`` where one company can do it all, or no two can do more than one.

    Args:
        found: its candidates, as they stand on the page.

    Raises:
        NotPermitted: for others than those who may recommend.
    """
    permissions.require(actor, "desk.recommend")
    rows = [row for row in takes.of(session, need) if not row.is_taken]
    near: list[Suggestion | Partner] = [*found.partners]
    for kind in sorted({row.part.support_type for row in rows} - {need.support_type}):
        near += suggest.for_need(
            session, live, need, filters=Filters(support_type=kind), limit=NEAREST, quoted=False
        )
    return choose(rows, [one for item in near if (one := _candidate(item)) is not None])


def _candidate(item: Suggestion | Partner) -> Candidate | None:
    one = item.suggestion if isinstance(item, Partner) else item
    return None if one.offer is None else Candidate(one.candidate, one.fit.score, one.offer)


def choose(rows: Sequence[Standing], candidates: Iterable[Candidate]) -> Bundle | None:
    """The bundle of these candidates for what is missing of a need (see ``of_need``)."""
    left = {row.part.place: row.missing for row in rows}
    known = {row.part.place: row.part for row in rows}
    waiting = sorted(candidates, key=lambda one: (-one.score, one.company.id, one.offer.id))
    if not rows or any(_covers(one, rows) for one in waiting):
        return None
    members: list[Member] = []
    while len(members) < MOST and any(left.values()):
        gains = [(_worth(one, rows, left) * one.score, one) for one in waiting]
        best = max(gains, key=lambda gain: gain[0], default=(0.0, None))
        if best[1] is None or best[0] <= 0:
            break
        brings = _brings(best[1], rows, left)
        for part, amount in brings:
            left[part.place] = round(left[part.place] - amount, 2)
        members.append(Member(best[1], brings))
        waiting = [one for one in waiting if one.company.id != best[1].company.id]
    if len(members) < 2:
        return None
    return Bundle(tuple(members), tuple((known[place], rest) for place, rest in left.items() if rest > 0))


def _covers(one: Candidate, rows: Sequence[Standing]) -> bool:
    left = {row.part.place: row.missing for row in rows}
    return sum(amount for _part, amount in _brings(one, rows, left)) >= sum(left.values())


def _worth(one: Candidate, rows: Sequence[Standing], left: dict[int, float]) -> float:
    """Which share of everything that was missing it would bring, each part counting alike."""
    asked = {row.part.place: row.missing for row in rows}
    return sum(amount / asked[part.place] for part, amount in _brings(one, rows, left))


def _brings(
    one: Candidate, rows: Sequence[Standing], left: dict[int, float]
) -> tuple[tuple[Part, float], ...]:
    """What its offer brings of each part, until the offer is used up."""
    offer, found = one.offer, []
    rest = offer.quantity
    for row in rows:
        part, missing = row.part, left[row.part.place]
        if missing <= 0 or not terms.is_comparable(part.support_type, offer.support_type):
            continue
        if not row.is_counted:
            found.append((part, 1.0))
            break  # what fills a whole is not divided any further
        if rest is None or offer.unit != part.unit or rest <= 0:
            continue
        amount = min(rest, missing)
        rest = round(rest - amount, 2)
        found.append((part, amount))
    return tuple(found)
