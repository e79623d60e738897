"""One list of suggestions as it was shown, whole: found by its record number or that of any of its cards."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from embeddings.normal import nfkc
from matcher.ground import permissions
from matcher.ground.errors import NotFound
from matcher.ground.permissions import Actor
from matcher.records import Need, Offer, Organization, Partnership, ShownList, ShownSuggestion, User
from matcher.suggestions.newcomers import Draw


@dataclass(frozen=True)
class Card:
    """One card, with what it speaks of, and the cases that began on it."""

    item: ShownSuggestion
    need: Need | None
    offer: Offer | None
    cases: Sequence[Partnership]


@dataclass(frozen=True)
class Whole:
    """All that was recorded of one list; the names of organizations, needs and offers are those of today."""

    shown: ShownList
    organization: Organization
    viewer: str  #: who looked
    need: Need | None
    cards: Sequence[Card]
    draw: Draw | None
    pool: Mapping[str, float]  #: name → score of those among whom a newcomer's place was drawn
    asked: str  #: the card by whose number it was found; empty where it was by the list's own


def number_of(typed: str) -> str:
    """A record number as it was typed or copied from a paper."""
    return "".join(nfkc(typed).split()).lower()


def whole(session: Session, actor: Actor, number: str) -> Whole:
    """The list with this record number, or around the card with it.

    Raises:
        NotPermitted: for others than the city.
        NotFound
    """
    permissions.require(actor, "desk.view")
    card = session.scalar(select(ShownSuggestion).where(ShownSuggestion.public_id == number))
    found = session.scalar(
        select(ShownList).where(
            ShownList.id == card.shown_list_id if card is not None else ShownList.public_id == number
        )
    )
    if found is None:
        raise NotFound("shown_list")
    items = session.scalars(
        select(ShownSuggestion)
        .where(ShownSuggestion.shown_list_id == found.id)
        .options(joinedload(ShownSuggestion.candidate))
        .order_by(ShownSuggestion.rank, ShownSuggestion.id)
    ).all()
    needs = _by_id(session, Need, {found.need_id, *(item.need_id for item in items)})
    offers = _by_id(session, Offer, {item.offer_id for item in items})
    cases = session.scalars(
        select(Partnership).where(Partnership.shown_suggestion_id.in_([item.id for item in items]))
    ).all()
    draw = Draw.of(found.draw) if found.draw else None
    organizations = _by_id(session, Organization, {found.organization_id, *(draw.pool if draw else ())})
    viewer = session.get(User, found.viewer_id) if found.viewer_id else None
    return Whole(
        found,
        organizations[found.organization_id],
        viewer.name if viewer else "",
        needs.get(found.need_id or 0),
        [
            Card(
                item, needs.get(item.need_id or 0), offers.get(item.offer_id or 0),
                [case for case in cases if case.shown_suggestion_id == item.id],
            )
            for item in items
        ],
        draw,
        {organizations[key].name: score for key, score in draw.pool.items()} if draw else {},
        card.public_id if card is not None else "",
    )  # fmt: skip


def _by_id(session: Session, kind: Any, ids: Collection[int | None]) -> dict[int, Any]:
    return {one.id: one for one in session.scalars(select(kind).where(kind.id.in_([*filter(None, ids)])))}
