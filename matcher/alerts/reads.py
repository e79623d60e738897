"""What is new to a person and still stands: for the list on the screen, and for the digest at its hour."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy import select, update
from sqlalchemy.orm import Session, joinedload

from matcher.alerts.bars import Bars
from matcher.cases import takes
from matcher.ground.parts import Standing
from matcher.ground.permissions import Actor
from matcher.postings import finding
from matcher.postings.wanted import Wanted
from matcher.records import Hit, Need, Offer, Organization, SavedSearch
from matcher.suggestions import ranking
from matcher.suggestions.conditions import listed_needs, listed_organizations

LISTED: Final = 50  #: on the page; the best of what nobody has marked as seen
_CHUNK: Final = 500


@dataclass(frozen=True)
class Fresh:
    """Something new that still stands: the hit, who is on the other side, and what of theirs it is.

    ``need`` is the need of the pair – the other side's for a company, the own one for an NPO. Of a need that
    is told, ``more`` counts its further parts, and ``part`` is the one of them by which it was found.
    """

    hit: Hit
    other: Organization
    need: Need | None
    offer: Offer | None
    more: int = 0
    part: Standing | None = None

    @property
    def posting(self) -> Need | Offer | None:
        """What the other side has published, ``None`` where it is the company as a whole."""
        return self.need if self.hit.owner_type == "need" else self.offer

    @property
    def level(self) -> str:
        """適合度 in one word, as its code; empty where only a saved search was met."""
        return ranking.level(self.hit.score) if self.hit.score else ""


def standing(session: Session, organization_id: int, hits: Sequence[Hit]) -> list[Fresh]:
    """Those of an organization's ``hits`` that may still be told, the best first: what was withdrawn, paused,
    closed, passed, or is talked about in a case by now is left out.
    """
    if not hits:
        return []
    bars = Bars(session, {organization_id})
    needs = _by_id(
        session, hits, "need",
        lambda ids: select(Need)
        .join(Organization, Organization.id == Need.organization_id)
        .where(Need.id.in_(ids), *listed_needs())
        .options(joinedload(Need.organization)),
    )  # fmt: skip
    offers = _by_id(
        session, hits, "offer",
        lambda ids: select(Offer)
        .join(Organization, Organization.id == Offer.organization_id)
        .where(Offer.id.in_(ids), Offer.state == "open", *listed_organizations("company"))
        .options(joinedload(Offer.organization)),
    )  # fmt: skip
    companies = _by_id(
        session, hits, "company",
        lambda ids: select(Organization).where(Organization.id.in_(ids), *listed_organizations("company")),
    )  # fmt: skip
    own = {
        need.id: need
        for need in session.scalars(
            select(Need).where(Need.organization_id == organization_id, Need.state == "open")
        )
    }
    result = []
    for hit in hits:
        fresh = _fresh(hit, needs, offers, companies, own)
        if fresh is not None and not bars.stands(
            organization_id, fresh.other.id, fresh.need.id if fresh.need else 0
        ):
            result.append(fresh)
    return sorted(result, key=lambda one: (-one.hit.score, one.hit.id))


def _fresh(hit: Hit, needs: Any, offers: Any, companies: Any, own: Any) -> Fresh | None:
    if hit.owner_type == "need":
        need = needs.get(hit.owner_id)
        return None if need is None else Fresh(hit, need.organization, need, None)
    if hit.need_id is not None and hit.need_id not in own:
        return None  # the own need that it fits does not stand any more
    need = own.get(hit.need_id)
    if hit.owner_type == "offer":
        offer = offers.get(hit.owner_id)
        return None if offer is None else Fresh(hit, offer.organization, need, offer)
    company = companies.get(hit.owner_id)
    return None if company is None else Fresh(hit, company, need, None)


def _by_id(session: Session, hits: Sequence[Hit], owner_type: str, query: Any) -> dict[int, Any]:
    ids = sorted({hit.owner_id for hit in hits if hit.owner_type == owner_type})
    found: dict[int, Any] = {}
    for start in range(0, len(ids), _CHUNK):
        found |= {one.id: one for one in session.scalars(query(ids[start : start + _CHUNK]))}
    return found


def unseen(session: Session, actor: Actor, limit: int = LISTED) -> list[Fresh]:
    """What is new to the actor in the name of the organization, the best first."""
    if actor.organization_id is None:
        return []
    hits = session.scalars(
        select(Hit)
        .where(*_own(actor), Hit.seen_at.is_(None))
        .order_by(Hit.score.desc(), Hit.id.desc())
        .limit(4 * limit)
    ).all()
    return with_parts(session, standing(session, actor.organization_id, hits)[:limit])


def with_parts(session: Session, fresh: Sequence[Fresh]) -> list[Fresh]:
    """The same, with the further parts of what is a need, and by which of them a saved search found it."""
    needs = [one.need for one in fresh if one.need is not None and one.hit.owner_type == "need"]
    several = {key: rows for key, rows in takes.parts_of(session, needs).items() if len(rows) > 1}
    if not several:
        return list(fresh)
    rows = takes.standing(session, [need for need in needs if need.id in several])
    kept = names_of(session, fresh)

    def told(one: Fresh) -> Fresh:
        if one.need is None or one.hit.owner_type != "need" or one.need.id not in several:
            return one
        search, known = kept.get(one.hit.search_id or 0), rows[one.need.id]
        part = finding.part_met(Wanted.of(search.conditions), one.need, known) if search else None
        return replace(one, more=len(known) - 1, part=part)

    return [told(one) for one in fresh]


def names_of(session: Session, fresh: Sequence[Fresh]) -> dict[int, SavedSearch]:
    """Search id → the saved search, of those that have found something of this."""
    ids = {one.hit.search_id for one in fresh if one.hit.search_id is not None}
    return {one.id: one for one in session.scalars(select(SavedSearch).where(SavedSearch.id.in_(ids)))}


def mark_seen(session: Session, actor: Actor, now: datetime) -> None:
    """Note that the actor has seen what was new."""
    session.execute(update(Hit).where(*_own(actor), Hit.seen_at.is_(None)).values(seen_at=now))


def _own(actor: Actor) -> tuple[Any, ...]:
    return (
        Hit.user_id == (actor.user_id or 0),
        Hit.organization_id == (actor.organization_id or 0),
    )
