"""Which needs of other organizations ask for much the same: the city may propose to ask together (M7).

Never a reason to refuse anything: two NPOs may need the same and go their own ways.
"""

from dataclasses import dataclass
from datetime import date
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from matcher.postings import terms
from matcher.records import Need, Organization
from matcher.suggestions import conditions
from matcher.suggestions.indexing import LiveIndex
from matcher.suggestions.near import Search

#: From this cosine of meaning on two needs of one kind of support are shown to the city: of the 13 pairs of
#: the demo city that reach it, 11 could be asked for together, as read one by one; of the next 13, half.
ALIKE: Final = 0.50
SHOWN: Final = 5
_NEAR: Final = 50  #: so many of all needs are looked at


@dataclass(frozen=True)
class Alike:
    """A need that asks for much the same, and the cosine of both texts."""

    need: Need
    likeness: float


def needs_like(session: Session, live: LiveIndex, need: Need, today: date) -> list[Alike]:
    """Open needs of other organizations: same kind of support, overlapping period, nearest first.

    Empty where the need itself is not encoded, as before it was published, or meaning is not known.
    """
    if not live.knows_meaning:
        return []
    search = Search(session, live, [("need", need.id, None)])
    source = search.source("need")
    if source is None:
        return []
    found = session.scalars(
        select(Need)
        .join(Organization, Organization.id == Need.organization_id)
        .where(
            Need.id.in_(search.nearest("need", [source], _NEAR)),
            Need.organization_id != need.organization_id,
            Need.support_type == need.support_type,
            *conditions.listed_needs(),
        )
        .options(joinedload(Need.organization))
    ).all()
    search.compare("need", [one.id for one in found], [source])
    rows = [
        Alike(one, search.near("need", one.id, source).meaning) for one in found if _overlap(need, one, today)
    ]
    near = [row for row in rows if row.likeness >= ALIKE]
    return sorted(near, key=lambda row: (-row.likeness, row.need.id))[:SHOWN]


def _overlap(one: Need, other: Need, today: date) -> bool:
    periods = ((one.period_from, one.period_to), (other.period_from, other.period_to))
    return not terms.overlap(periods, today)[2]
