"""Who comes into question for a list: near, ruled out by no hard condition, and left standing by the filters.

How far is reached does not depend on the filters: a filter narrows what stands without it.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from matcher.records import CompanyProfile, Need, NpoProfile, Offer, Organization
from matcher.suggestions.conditions import (
    Filters,
    Marks,
    is_no_go,
    listed_needs,
    listed_organizations,
    no_case,
    no_case_of_need,
    open_need,
)
from matcher.suggestions.near import Search, Source

NEAR: Final = 200  #: of each type, as many count as near to the asker's texts, by meaning and by words


@dataclass(frozen=True)
class Candidates:
    """Keys of what may be scored, the most promising first, and of how many organizations they are.

    ``postings`` are needs (for a company) or offers (for an NPO); ``alone`` are organizations of which the
    profile is what there is to speak of, beside or without a posting.
    """

    postings: Sequence[int]
    alone: Sequence[int]
    near: int  #: organizations before the filters
    fitting: int  #: and those left after them


def for_company(
    session: Session,
    search: Search,
    company: Organization,
    marks: Marks,
    filters: Filters,
    among: Collection[int] | None,
) -> Candidates:
    """Open needs, and NPOs without one, for a company.

    Args:
        among: only these organizations, however far they are; all when ``None``.
    """
    profile = search.source("company")
    if among is None:
        needs = search.nearest("need", search.sources, NEAR)
        npos = search.nearest("npo", [profile] if profile else search.sources, NEAR)
    else:
        npos = sorted(among)
        needs = list(session.scalars(select(Need.id).where(Need.organization_id.in_(npos))))
    no_go = company.company.no_go_fields if company.company else ()
    near: set[int] = set()
    fitting: set[int] = set()
    wanted: set[int] = set()
    for key, owner, fields, areas, support, welcome in session.execute(
        select(Need.id, Need.organization_id, Need.fields, Need.areas, Need.support_type, Need.also_welcome)
        .join(Organization, Organization.id == Need.organization_id)
        .where(Need.id.in_(needs), *listed_needs(), no_case(company.id, Need.organization_id, Need.id))
    ):
        if marks.has_passed(owner, key) or is_no_go(no_go, fields):
            continue
        near.add(owner)
        if filters.are_met(fields, areas, (support, *welcome)):
            wanted.add(key)
            fitting.add(owner)
    alone: set[int] = set()
    has_need = select(Need.id).where(Need.organization_id == Organization.id, *open_need())
    for owner, fields, areas in session.execute(
        select(Organization.id, NpoProfile.fields, NpoProfile.areas)
        .join(NpoProfile, NpoProfile.organization_id == Organization.id)
        .where(
            Organization.id.in_(npos),
            *listed_organizations("npo"),
            ~has_need.exists(),
            no_case(company.id, Organization.id, None),
        )
    ):
        if marks.has_passed(owner, 0) or is_no_go(no_go, fields):
            continue
        near.add(owner)
        if filters.are_met(fields, areas, ()):
            alone.add(owner)
            fitting.add(owner)
    return Candidates(
        [key for key in needs if key in wanted],
        [key for key in npos if key in alone],
        len(near),
        len(fitting),
    )


def for_npo(
    session: Session,
    search: Search,
    npo: Organization,
    need: Need | None,
    asking: Source,
    marks: Marks,
    filters: Filters,
    among: Collection[int] | None,
) -> Candidates:
    """Open offers, and companies by their profile, for a need or for an NPO's mission.

    Args:
        asking: the text that speaks for the NPO.
        among: only these organizations, however far they are; all when ``None``.
    """
    if among is None:
        offers = search.nearest("offer", [asking], NEAR)
        companies = search.nearest("company", [asking], NEAR)
    else:
        companies = sorted(among)
        offers = list(session.scalars(select(Offer.id).where(Offer.organization_id.in_(companies))))
    theirs = session.execute(
        select(Offer.id, Offer.organization_id, Offer.fields, Offer.areas, Offer.support_type).where(
            Offer.id.in_(offers), Offer.state == "open"
        )
    ).all()
    free = no_case_of_need(need, Organization.id) if need else no_case(Organization.id, npo.id, None)
    fields = need.fields if need else npo.npo.fields if npo.npo else []
    owners = {owner for _key, owner, *_facts in theirs}
    profiles = {
        key: (fields_of, areas)
        for key, fields_of, areas, no_go in session.execute(
            select(Organization.id, CompanyProfile.fields, CompanyProfile.areas, CompanyProfile.no_go_fields)
            .join(CompanyProfile, CompanyProfile.organization_id == Organization.id)
            .where(Organization.id.in_([*owners, *companies]), *listed_organizations("company"), free)
        )
        if not is_no_go(no_go, fields) and not marks.has_passed(key, need.id if need else 0)
    }
    # An offer speaks for itself first, and where it says nothing, its company's profile does.
    wanted = {
        key: owner
        for key, owner, fields_of, areas, support in theirs
        if owner in profiles
        and filters.are_met(fields_of or profiles[owner][0], areas or profiles[owner][1], (support,))
    }
    alone = {key for key, (fields_of, areas) in profiles.items() if filters.are_met(fields_of, areas, ())}
    return Candidates(
        [key for key in offers if key in wanted],
        [key for key in [*companies, *sorted(owners - set(companies))] if key in alone],
        len(profiles),
        len(alone | set(wanted.values())),
    )
