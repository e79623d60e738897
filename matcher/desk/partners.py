"""Whom the city could bring together: for a need the companies that fit, for an offer the needs, best first.

With each stands what the two had with each other before, and how much either has on its hands already.
Nothing of it counts as shown to anybody: the record of shown lists says what members saw.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session, joinedload

from matcher.ground import lifecycle, permissions
from matcher.ground.permissions import Actor
from matcher.records import Mark, Need, Offer, Organization, Partnership
from matcher.register import folding
from matcher.suggestions import pairs, shortlist, suggest
from matcher.suggestions.explaining import Suggestion
from matcher.suggestions.indexing import LiveIndex

_SOON: Final = timedelta(days=30)


@dataclass(frozen=True)
class Load:
    """What an organization has on its hands: cases that go on, and how many of them wait for its answer."""

    open_cases: int = 0
    unanswered: int = 0
    most: int | None = None  #: so many unanswered are asked of it at most; ``None`` where nothing limits it

    @property
    def is_full(self) -> bool:
        """Whether nothing more is recommended to it now."""
        return self.most is not None and self.unanswered >= self.most


@dataclass(frozen=True)
class Partner:
    """One candidate: the organization on the other side, why it fits, and what is known of the two."""

    suggestion: Suggestion
    company: Organization
    npo: Organization
    need: Need | None
    offer: Offer | None
    load: Load
    past: Sequence[Partnership] = ()  #: all their cases, newest first
    passes: Sequence[Mark] = ()  #: where one of them did not want the other


@dataclass(frozen=True)
class Found:
    """The candidates for a need or an offer, and what goes on about it."""

    partners: Sequence[Partner] = ()
    own: Load = Load()
    cases: Sequence[Partnership] = ()  #: that go on about this very need or offer
    is_read: bool = True  #: whether its text is encoded already, so that it can be compared
    near: int = 0  #: how many come into question at all


def of_need(
    session: Session, actor: Actor, live: LiveIndex, need: Need, limit: int = shortlist.SHOWN
) -> Found:
    """The companies that fit an open need best.

    Raises:
        NotPermitted: for others than those who may recommend.
    """
    permissions.require(actor, "desk.recommend")
    found = suggest.for_need(session, live, need, limit=limit)
    return _found(session, live, need, need.organization, found)


def of_offer(
    session: Session, actor: Actor, live: LiveIndex, offer: Offer, limit: int = shortlist.SHOWN
) -> Found:
    """The open needs that an offer fits best.

    Raises:
        NotPermitted: for others than those who may recommend.
    """
    permissions.require(actor, "desk.recommend")
    found = suggest.for_offer(session, live, offer, limit=limit)
    return _found(session, live, offer, offer.organization, found)


def waiting_needs(session: Session, actor: Actor, words: str = "", limit: int = 20) -> Sequence[Need]:
    """Open needs about which no case goes on, the longest published first: where a recommendation begins."""
    permissions.require(actor, "desk.recommend")
    goes_on = exists().where(Partnership.need_id == Need.id, Partnership.state.in_(lifecycle.CASE_OPEN))
    query = select(Need).join(Need.organization).options(joinedload(Need.organization))
    query = query.where(Need.state == "open", Organization.state == "verified", ~goes_on)
    for term in folding.terms(words):
        query = query.where(Need.search_text.like(folding.like_pattern(term), escape="\\"))
    return session.scalars(query.order_by(Need.published_at, Need.id).limit(limit)).all()


def likely_reason(
    past: Sequence[Partnership], codes: Collection[str], starts_on: date | None, today: date
) -> str:
    """Which coded reason of a recommendation lies nearest; empty where none does.

    Args:
        codes: what speaks for the pair (``ranking.Reason.says``).
    """
    if any(case.is_completed for case in past):
        return "continuity"
    if starts_on is not None and today <= starts_on <= today + _SOON:
        return "time"
    return "local" if "area_same" in codes else ""


def between(session: Session, company: Organization, npo: Organization) -> Sequence[Partnership]:
    """All cases of these two, newest first."""
    return _past(session, [company.id], [npo.id])


def _found(
    session: Session, live: LiveIndex, posting: Need | Offer, own: Organization, found: shortlist.Shortlist
) -> Found:
    others = [item.candidate.id for item in found]
    companies, npos = (others, [own.id]) if own.kind == "npo" else ([own.id], others)
    past = _past(session, companies, npos)
    passes = session.scalars(
        select(Mark).where(
            Mark.kind == "passed", Mark.organization_id.in_([own.id, *others]),
            Mark.target_id.in_([own.id, *others]),
        )
    ).all()  # fmt: skip
    loads = loads_of(session, [own, *(item.candidate for item in found)])
    partners = []
    for item in found:
        company, npo = (item.candidate, own) if own.kind == "npo" else (own, item.candidate)
        pair = {company.id, npo.id}
        partners.append(
            Partner(
                item, company, npo, item.need, item.offer, loads[item.candidate.id],
                [case for case in past if {case.company_id, case.npo_id} == pair],
                [mark for mark in passes if {mark.organization_id, mark.target_id} == pair],
            )
        )  # fmt: skip
    column = Partnership.need_id if isinstance(posting, Need) else Partnership.offer_id
    cases = session.scalars(
        select(Partnership)
        .where(column == posting.id, Partnership.state.in_(lifecycle.CASE_OPEN))
        .options(joinedload(Partnership.company), joinedload(Partnership.npo))
        .order_by(Partnership.id.desc())
    ).all()
    return Found(partners, loads[own.id], cases, pairs.is_read(session, live, posting), found.near)


def _past(session: Session, companies: Sequence[int], npos: Sequence[int]) -> Sequence[Partnership]:
    return session.scalars(
        select(Partnership)
        .where(Partnership.company_id.in_(companies), Partnership.npo_id.in_(npos))
        .order_by(Partnership.id.desc())
    ).all()


def loads_of(session: Session, organizations: Sequence[Organization]) -> dict[int, Load]:
    """organization id → what it has on its hands; two queries, however many they are."""
    found = {
        one.id: Load(most=lifecycle.UNANSWERED_LIMIT if one.kind == "npo" else None) for one in organizations
    }
    for side, column, agreed in (
        ("company", Partnership.company_id, Partnership.company_agreed_at),
        ("npo", Partnership.npo_id, Partnership.npo_agreed_at),
    ):
        is_asked = Partnership.state.in_(("recommended", "interest_one_side")) & agreed.is_(None)
        rows = session.execute(
            select(column, func.count(), func.count().filter(is_asked))
            .where(
                column.in_([one.id for one in organizations if one.kind == side]),
                Partnership.state.in_(lifecycle.CASE_OPEN),
            )
            .group_by(column)
        )
        for number, open_cases, unanswered in rows:
            found[number] = Load(open_cases, unanswered, found[number].most)
    return found
