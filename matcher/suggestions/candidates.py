"""Who comes into question for a list: near, ruled out by no hard condition, and left standing by the filters.

How far is reached does not depend on the filters: a filter narrows what stands without it.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import InstrumentedAttribute, Session

from matcher.records import CompanyProfile, Need, NpoProfile, Offer, Organization
from matcher.suggestions.asked import Source
from matcher.suggestions.conditions import (
    NO_FILTERS,
    Facts,
    Filters,
    Marks,
    completed,
    facts_of_posting,
    facts_of_profile,
    is_no_go,
    listed_needs,
    listed_organizations,
    no_case,
    no_case_of_need,
    open_need,
)
from matcher.suggestions.near import Search

NEAR: Final = 200  #: of each type, as many count as near to the asker's texts, by meaning and by words


@dataclass(frozen=True)
class Candidates:
    """Keys of what may be scored, the most promising first, and of how many organizations they are.

    ``postings`` are needs (for a company) or offers (for an NPO); ``alone`` are organizations of which the
    profile is what there is to speak of, beside or without a posting.
    """

    postings: Sequence[int]
    alone: Sequence[int]
    near: frozenset[int]  #: organizations before the filters
    fitting: frozenset[int]  #: and those left after them


def needs_near(
    session: Session, search: Search, among: Collection[int] | None
) -> tuple[list[int], list[int]]:
    """The needs and the NPOs near a company's texts; or those of ``among``."""
    if among is not None:
        return list(session.scalars(select(Need.id).where(Need.organization_id.in_(among)))), sorted(among)
    profile = search.source("company")
    return (
        search.nearest("need", search.sources, NEAR),
        search.nearest("npo", [profile] if profile else search.sources, NEAR),
    )


def offers_near(
    session: Session, search: Search, asking: Source, among: Collection[int] | None
) -> tuple[list[int], list[int]]:
    """The offers and the companies near the text that speaks for an NPO, or those of ``among``."""
    if among is not None:
        return list(session.scalars(select(Offer.id).where(Offer.organization_id.in_(among)))), sorted(among)
    return search.nearest("offer", [asking], NEAR), search.nearest("company", [asking], NEAR)


def for_company(
    session: Session,
    company: Organization,
    marks: Marks,
    filters: Filters,
    needs: Sequence[int],
    npos: Sequence[int],
) -> Candidates:
    """Of some needs, and of some NPOs without one, those that may be suggested to a company."""
    no_go = company.company.no_go_fields if company.company else ()
    near: set[int] = set()
    fitting: set[int] = set()
    wanted: set[int] = set()
    for row in (
        ()
        if not needs
        else session.execute(
            select(Need.organization_id, Need.id, *_asked(_NEED_FACTS, no_go, filters))
            .join(Organization, Organization.id == Need.organization_id)
            .where(Need.id.in_(needs), *listed_needs(), no_case(company.id, Need.organization_id, Need.id))
        )
    ):
        owner = row.organization_id
        if marks.has_passed(owner, row.id) or (no_go and is_no_go(no_go, row.fields)):
            continue
        near.add(owner)
        if filters == NO_FILTERS or filters.are_met(facts_of_posting(row), asked=True):
            wanted.add(row.id)
            fitting.add(owner)
    alone: set[int] = set()
    has_need = select(Need.id).where(Need.organization_id == Organization.id, *open_need())
    for row in (
        ()
        if not npos
        else session.execute(
            select(Organization.id, *_asked(_NPO_FACTS, no_go, filters))
            .join(NpoProfile, NpoProfile.organization_id == Organization.id)
            .where(
                Organization.id.in_(npos),
                *listed_organizations("npo"),
                ~has_need.exists(),
                no_case(company.id, Organization.id, None),
            )
        )
    ):
        if marks.has_passed(row.id, 0) or (no_go and is_no_go(no_go, row.fields)):
            continue
        near.add(row.id)
        if filters == NO_FILTERS or filters.are_met(facts_of_profile(row), asked=True):
            alone.add(row.id)
            fitting.add(row.id)
    return Candidates(
        [key for key in needs if key in wanted],
        [key for key in npos if key in alone],
        frozenset(near),
        frozenset(fitting),
    )


def for_npo(
    session: Session,
    npo: Organization,
    need: Need | None,
    marks: Marks,
    filters: Filters,
    offers: Sequence[int],
    companies: Sequence[int],
) -> Candidates:
    """Of some offers, and of some companies by their profile, those that may be suggested to an NPO."""
    narrows = filters != NO_FILTERS
    theirs = session.execute(
        select(Offer.organization_id, Offer.id, *(_OFFER_FACTS if narrows else ())).where(
            Offer.id.in_(offers), Offer.state == "open"
        )
    ).all()
    free = no_case_of_need(need, Organization.id) if need else no_case(Organization.id, npo.id, None)
    fields = need.fields if need else npo.npo.fields if npo.npo else []
    owners = {row.organization_id for row in theirs}
    profiles = {
        row.id: facts_of_profile(row) if narrows else None
        for row in session.execute(
            select(Organization.id, CompanyProfile.no_go_fields, *(_COMPANY_FACTS if narrows else ()))
            .join(CompanyProfile, CompanyProfile.organization_id == Organization.id)
            .where(Organization.id.in_([*owners, *companies]), *listed_organizations("company"), free)
        )
        if not is_no_go(row.no_go_fields, fields) and not marks.has_passed(row.id, need.id if need else 0)
    }
    wanted = {
        row.id: row.organization_id
        for row in theirs
        if row.organization_id in profiles and _meets(filters, row, profiles[row.organization_id])
    }
    alone = {key for key, facts in profiles.items() if facts is None or filters.are_met(facts, asked=False)}
    return Candidates(
        [key for key in offers if key in wanted],
        [key for key in [*companies, *sorted(owners - set(companies))] if key in alone],
        frozenset(profiles),
        frozenset(alone | set(wanted.values())),
    )


def _asked(
    facts: Sequence[InstrumentedAttribute[Any]], no_go: Collection[str], filters: Filters
) -> Sequence[InstrumentedAttribute[Any]]:
    """Of what people filter by, what has to be read: lists are the greater part of a row."""
    if filters != NO_FILTERS:
        return facts
    return [one for one in facts if one.key == "fields"] if no_go else ()


def _meets(filters: Filters, offer: Any, profile: Facts | None) -> bool:
    """Whether an offer meets the filters; without any nothing was read that could be asked."""
    if profile is None:
        return True
    return filters.are_met(completed(facts_of_posting(offer), profile), asked=False)


_PROFILE: Final = ("fields", "areas", "beneficiaries", "sdgs")
_NPO_FACTS: Final = tuple(getattr(NpoProfile, name) for name in _PROFILE)
_COMPANY_FACTS: Final = tuple(getattr(CompanyProfile, name) for name in _PROFILE)
_SHARED: Final = (
    "fields", "areas", "beneficiaries", "sdgs", "support_type", "mode", "quantity", "unit",
    "period_from", "period_to",
)  # fmt: skip
_OFFER_FACTS: Final = tuple(getattr(Offer, name) for name in _SHARED)
_NEED_FACTS: Final = tuple(
    getattr(Need, name) for name in (*_SHARED, "also_welcome", "urgency", "min_useful")
)
