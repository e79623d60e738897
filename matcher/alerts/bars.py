"""What was found, and what keeps it from being told: passes, open cases, fields that a company leaves out."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from matcher.ground import lifecycle
from matcher.records import CompanyProfile, Mark, Need, Offer, Partnership, SavedSearch
from matcher.suggestions.conditions import is_no_go

_CHUNK: Final = 500


@dataclass(frozen=True)
class Found:
    """Something new, and an organization that it fits.

    ``need_id``: the need that the pair is about, 0 for none; ``other_id``: who is on the other side.
    """

    organization_id: int
    other_id: int
    owner_type: str
    owner_id: int
    need_id: int
    score: float
    why: dict[str, Any]

    @property
    def key(self) -> tuple[str, int]:
        """What it is, whomever it fits."""
        return self.owner_type, self.owner_id


class Met(NamedTuple):
    """A saved search and something new that meets its conditions; ``why`` as a hit keeps it."""

    search: SavedSearch
    owner_type: str
    owner_id: int
    why: dict[str, Any]


class Bars:
    """What stands between two organizations, for many pairs at once: passes of either, and open cases."""

    def __init__(self, session: Session, organizations: Collection[int]) -> None:
        self._passed: set[tuple[int, int, int]] = set()
        self._cases: set[tuple[int, int, int]] = set()
        for some in chunks(organizations):
            marks = select(Mark.organization_id, Mark.target_id, Mark.need_id)
            self._passed |= {
                (row[0], row[1], row[2])
                for row in session.execute(marks.where(Mark.kind == "passed", Mark.organization_id.in_(some)))
            }
            for own, other in (
                (Partnership.company_id, Partnership.npo_id),
                (Partnership.npo_id, Partnership.company_id),
            ):
                rows = session.execute(
                    select(own, other, Partnership.need_id).where(
                        own.in_(some), Partnership.state.in_(lifecycle.CASE_OPEN)
                    )
                )
                self._cases |= {(row[0], row[1], row[2] or 0) for row in rows}

    def stands(self, own: int, other: int, need_id: int) -> bool:
        """Whether ``own`` has passed on the other, or a case of both about it is open."""
        return bool({(own, other, need_id), (own, other, 0)} & self._passed) or (
            (own, other, need_id) in self._cases
        )


def allowed(session: Session, met: Sequence[Met], bars: Bars) -> list[Met]:
    """What meets a search and is kept from its organization by nothing."""
    if not met:
        return []
    needs = {
        row.id: row
        for row in session.execute(
            select(Need.id, Need.organization_id, Need.fields).where(
                Need.id.in_({one.owner_id for one in met if one.owner_type == "need"})
            )
        )
    }
    offers = {
        row.id: row.organization_id
        for row in session.execute(
            select(Offer.id, Offer.organization_id).where(
                Offer.id.in_({one.owner_id for one in met if one.owner_type == "offer"})
            )
        )
    }
    no_go: dict[int, list[str]] = {}
    for some in chunks({one.search.organization_id for one in met}):
        rows = session.execute(
            select(CompanyProfile.organization_id, CompanyProfile.no_go_fields).where(
                CompanyProfile.organization_id.in_(some)
            )
        )
        no_go |= {row[0]: row[1] for row in rows}
    result = []
    for one in met:
        own = one.search.organization_id
        if one.owner_type == "need":
            need = needs[one.owner_id]
            other, about = need.organization_id, need.id
            if is_no_go(no_go.get(own, ()), need.fields):
                continue
        else:
            other, about = offers[one.owner_id], 0
        if not bars.stands(own, other, about):
            result.append(one)
    return result


def chunks(ids: Collection[int]) -> Iterator[list[int]]:
    """Ids in an order of their own, as many at a time as a statement holds."""
    ordered = sorted(ids)
    for start in range(0, len(ordered), _CHUNK):
        yield ordered[start : start + _CHUNK]
