"""Who and what stood in nobody's suggestions, and how evenly the rest was suggested (X3)."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, exists, func, select
from sqlalchemy.orm import Session, joinedload

from matcher.ground import permissions
from matcher.ground.permissions import Actor
from matcher.records import Need, Offer, Organization, ShownList, ShownSuggestion
from matcher.register.paging import Listing, page_of

NEEDS_PAGE: Final = 10  #: for each of a page the companies that fit best are computed


def shown_to_others(kind: type[Need] | type[Offer]) -> tuple[ColumnElement[bool], ...]:
    """SQL conditions of the cards on which others saw a need or an offer: its owner's own list, on which the
    need stands beside every company, shows it to nobody.
    """
    column = ShownSuggestion.need_id if kind is Need else ShownSuggestion.offer_id
    return (
        column == kind.id,
        ShownList.id == ShownSuggestion.shown_list_id,
        ShownList.organization_id != kind.organization_id,
    )


def never_shown(kind: type[Need] | type[Offer]) -> ColumnElement[bool]:
    """Whether a need or an offer stood in nobody else's suggestions."""
    return ~exists().where(*shown_to_others(kind))


def never_suggested() -> ColumnElement[bool]:
    """Whether an organization was never suggested to anybody."""
    return ~exists().where(ShownSuggestion.candidate_id == Organization.id)


def needs(session: Session, actor: Actor, limit: int = 5) -> tuple[int, Sequence[Need]]:
    """Open needs that stood in nobody's suggestions: how many, and the oldest of them."""
    return _first(session, actor, _needs().add_columns(func.count().over()), limit)


def needs_page(session: Session, actor: Actor, page: int) -> Listing:
    """The same, a page at a time, each with its NPO's profile.

    Raises:
        NotPermitted: for others than the city.
    """
    permissions.require(actor, "desk.view")
    query = _needs().options(joinedload(Need.organization).joinedload(Organization.npo))
    return page_of(session, query, page, NEEDS_PAGE).of_first()


def _needs() -> Select[Any]:
    query = select(Need).where(Need.state == "open", never_shown(Need))
    return query.options(joinedload(Need.organization)).order_by(Need.published_at, Need.id)


def organizations(session: Session, actor: Actor, limit: int = 5) -> tuple[int, Sequence[Organization]]:
    """Verified organizations that were never suggested to anybody: how many, and the longest verified."""
    query = select(Organization, func.count().over()).where(
        Organization.state == "verified", never_suggested()
    )
    return _first(session, actor, query.order_by(Organization.verified_at, Organization.id), limit)


def _first(session: Session, actor: Actor, query: Any, limit: int) -> tuple[int, Sequence[Any]]:
    permissions.require(actor, "desk.view")
    rows = session.execute(query.limit(limit)).all()
    return (rows[0][1] if rows else 0), [row[0] for row in rows]


@dataclass(frozen=True)
class Spread:
    """How evenly one kind of organization was suggested."""

    kind: str
    verified: int
    never: int
    shown: int
    middle: float
    most: int


def spread(session: Session, actor: Actor) -> list[Spread]:
    """For companies and for NPOs: how many, how many never suggested, and how the rest was suggested."""
    permissions.require(actor, "desk.view")
    shown = (
        select(ShownSuggestion.candidate_id, func.count().label("times"))
        .group_by(ShownSuggestion.candidate_id)
        .subquery()
    )
    query = (
        select(Organization.kind, func.coalesce(shown.c.times, 0))
        .outerjoin(shown, shown.c.candidate_id == Organization.id)
        .where(Organization.state == "verified")
    )
    counts: dict[str, list[int]] = {"company": [], "npo": []}
    for kind, times in session.execute(query):
        counts[kind].append(times)
    return [
        Spread(
            kind, len(times), times.count(0), sum(times), float(median(times or [0])), max(times, default=0)
        )
        for kind, times in counts.items()
    ]
