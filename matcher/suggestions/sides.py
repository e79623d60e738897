"""What a company and an NPO say of themselves, as the ranking takes it."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, Final

from embeddings import amounts, bearing, hours, places, refusals
from embeddings import text as texts
from matcher.ground import vocabulary
from matcher.records import CompanyProfile, Need, Offer, Organization
from matcher.suggestions.criteria import Elsewhere, Side

#: Where texts name no place.
NO_DISTRICTS: Final[Mapping[str, str]] = MappingProxyType({})


def company_side(
    company: Organization,
    offer: Offer | None,
    offers: Iterable[Offer] = (),
    districts: Mapping[str, str] = NO_DISTRICTS,
) -> Side:
    """What a company says: the offer, completed by its profile where the offer says nothing.

    Args:
        offer: what the card speaks of; ``None`` for the profile alone.
        offers: all open offers of the company, so that none of them is denied.
        districts: of the municipality, code → name, which texts may name.
    """
    profile = company.company
    fields = frozenset(profile.fields) if profile else frozenset()
    beneficiaries = frozenset(profile.beneficiaries) if profile else frozenset()
    areas = frozenset(profile.areas) if profile else frozenset()
    sdgs = frozenset(profile.sdgs) if profile else frozenset()
    skills = frozenset(profile.pro_bono_skills) if profile else frozenset()
    others = tuple(
        Elsewhere(other.support_type, other.title)
        for other in offers
        if offer is None or other.id != offer.id
    )
    in_profile = tuple(_given_in(profile)) if profile else ()
    refused = _refused_by(profile) if profile else {}
    # Not of the business: it says where its shops and its head office stand.
    named = _named(districts, profile.csr_policy, profile.volunteering) if profile else {}
    if offer is None:
        return Side(
            in_profile, areas=areas, fields=fields, sdgs=sdgs, beneficiaries=beneficiaries, skills=skills,
            elsewhere=others, refused=refused, named=named,
        )  # fmt: skip
    return Side(
        (offer.support_type,),
        quantity=offer.quantity,
        unit=offer.unit,
        period_from=offer.period_from,
        period_to=offer.period_to,
        areas=frozenset(offer.areas) or areas,
        named=_named(districts, offer.title, offer.description, offer.conditions) or named,
        mode=offer.mode,
        fields=frozenset(offer.fields) or fields,
        sdgs=frozenset(offer.sdgs) or sdgs,
        beneficiaries=frozenset(offer.beneficiaries) or beneficiaries,
        skills=frozenset(offer.skills) or skills,
        is_open=True,
        elsewhere=(*others, *(Elsewhere(kind) for kind in in_profile)),
        refused=refused,
        sizes=amounts.sizes(_all_of(offer)),
        **_hours(_all_of(offer)),
    )


def npo_side(
    *,
    need: Need | None = None,
    npo: Organization | None = None,
    districts: Mapping[str, str] = NO_DISTRICTS,
    missing: float | None = None,
) -> Side:
    """What an NPO says: the need, or its profile where there is none.

    Args:
        missing: what of the need's amount nobody has taken yet, where somebody has taken some of it.
    """
    if need is not None:
        return Side(
            tuple(code for code in (need.support_type, *need.also_welcome) if code),
            quantity=need.quantity if missing is None else missing,
            # What is left may be less than the least that was any help: then all of it is.
            min_useful=need.min_useful if missing is None else None,
            unit=need.unit,
            period_from=need.period_from,
            period_to=need.period_to,
            areas=frozenset(need.areas),
            named=_named(districts, need.title, need.situation, need.wanted_change, need.place_note),
            mode=need.mode,
            fields=frozenset(need.fields),
            sdgs=frozenset(need.sdgs),
            beneficiaries=frozenset(need.beneficiaries),
            skills=frozenset(need.skills),
            is_open=True,
            # Not of the situation: it tells of many hours that are not asked for.
            **_hours(f"{need.title}\n{need.place_note}"),
        )
    profile = npo.npo if npo else None
    if profile is None:
        return Side()
    return Side(
        areas=frozenset(profile.areas),
        named=_named(districts, profile.mission, profile.activities),
        fields=frozenset(profile.fields),
        sdgs=frozenset(profile.sdgs),
        beneficiaries=frozenset(profile.beneficiaries),
    )


def _all_of(offer: Offer) -> str:
    return f"{offer.title}\n{offer.description}\n{offer.conditions}"


def _hours(said: str) -> dict[str, Any]:
    found = hours.weekly(said)
    return {"hours": found.hours, "hours_said": found.said} if found else {}


def _named(districts: Mapping[str, str], *said: str) -> dict[str, str]:
    """The districts that texts name as places of activity, code → name."""
    found = places.named("\n".join(said), tuple(districts.values()))
    return {code: name for code, name in districts.items() if name in found}


def _given_in(profile: CompanyProfile) -> Iterable[str]:
    """The kinds of support of which a profile itself says that the company gives them."""
    if profile.pro_bono_skills:
        yield "pro_bono"
    said = texts.sentences(profile.volunteering)
    if any(bearing.bearing(sentence, "giver") in {"", "limits"} for sentence in said):
        yield "volunteer_hands"


def _refused_by(profile: CompanyProfile) -> Mapping[str, str]:
    """Kind of support → the sentence by which the company refuses it; empty where a list says so."""
    refused: dict[str, str] = {}
    if profile.budget_band == "none":
        refused = dict.fromkeys(sorted(vocabulary.SUPPORT_IN_MONEY - {"contract", "fundraising_cobrand"}), "")
    said = (profile.business, profile.csr_policy, profile.volunteering, profile.no_go)
    return refused | refused_kinds("\n".join(said))


def refused_kinds(said: str) -> dict[str, str]:
    """The kinds of support that a company's text refuses as a whole → the sentence that does."""
    found: dict[str, str] = {}
    for words, kinds in vocabulary.REFUSED_SUPPORT.items():
        if sentence := refusals.refusing(said, words):
            found |= dict.fromkeys(sorted(kinds), sentence)
    return found
