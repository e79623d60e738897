"""Who and what stood in nobody's suggestions, and how evenly the rest was suggested (X3)."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from sqlalchemy import ColumnElement, exists, func, select
from sqlalchemy.orm import Session, joinedload

from matcher.ground import permissions
from matcher.ground.permissions import Actor
from matcher.records import Need, Offer, Organization, ShownSuggestion


def never_shown(kind: type[Need] | type[Offer]) -> ColumnElement[bool]:
    """Whether a need or an offer stood in nobody's suggestions."""
    column = ShownSuggestion.need_id if kind is Need else ShownSuggestion.offer_id
    return ~exists().where(column == kind.id)


def never_suggested() -> ColumnElement[bool]:
    """Whether an organization was never suggested to anybody."""
    return ~exists().where(ShownSuggestion.candidate_id == Organization.id)


def needs(session: Session, actor: Actor, limit: int = 5) -> tuple[int, Sequence[Need]]:
    """Open needs that stood in nobody's suggestions: how many, and the oldest of them."""
    query = select(Need, func.count().over()).where(Need.state == "open", never_shown(Need))
    query = query.options(joinedload(Need.organization)).order_by(Need.published_at, Need.id)
    return _first(session, actor, query, limit)


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
