"""What a company and an NPO say of themselves, as the ranking takes it."""

from matcher.records import Need, Offer, Organization
from matcher.suggestions.ranking import Side


def company_side(company: Organization, offer: Offer | None) -> Side:
    """What a company says: the offer, completed by its profile where the offer says nothing."""
    profile = company.company
    fields = frozenset(profile.fields) if profile else frozenset()
    beneficiaries = frozenset(profile.beneficiaries) if profile else frozenset()
    areas = frozenset(profile.areas) if profile else frozenset()
    sdgs = frozenset(profile.sdgs) if profile else frozenset()
    skills = frozenset(profile.pro_bono_skills) if profile else frozenset()
    if offer is None:
        support = ("pro_bono",) if skills else ()
        return Side(
            support, areas=areas, fields=fields, sdgs=sdgs, beneficiaries=beneficiaries, skills=skills
        )
    return Side(
        (offer.support_type,),
        quantity=offer.quantity,
        unit=offer.unit,
        period_from=offer.period_from,
        period_to=offer.period_to,
        areas=frozenset(offer.areas) or areas,
        mode=offer.mode,
        fields=frozenset(offer.fields) or fields,
        sdgs=frozenset(offer.sdgs) or sdgs,
        beneficiaries=frozenset(offer.beneficiaries) or beneficiaries,
        skills=frozenset(offer.skills) or skills,
        is_open=True,
    )


def npo_side(*, need: Need | None = None, npo: Organization | None = None) -> Side:
    """What an NPO says: the need, or its profile where there is none."""
    if need is not None:
        return Side(
            tuple(code for code in (need.support_type, *need.also_welcome) if code),
            quantity=need.quantity,
            min_useful=need.min_useful,
            unit=need.unit,
            period_from=need.period_from,
            period_to=need.period_to,
            areas=frozenset(need.areas),
            mode=need.mode,
            fields=frozenset(need.fields),
            sdgs=frozenset(need.sdgs),
            beneficiaries=frozenset(need.beneficiaries),
            skills=frozenset(need.skills),
            is_open=True,
        )
    profile = npo.npo if npo else None
    if profile is None:
        return Side()
    return Side(
        areas=frozenset(profile.areas),
        fields=frozenset(profile.fields),
        sdgs=frozenset(profile.sdgs),
        beneficiaries=frozenset(profile.beneficiaries),
    )
