"""How well one who asks and each of some others fit: the score with all that speaks for and against it.

What was said of a pair a page before is said again where nothing of it has changed (``reasoned.py``).
"""

from collections.abc import Collection, Iterable, Sequence
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from matcher.cases import takes
from matcher.records import Need, Offer, Organization
from matcher.suggestions.asked import Source
from matcher.suggestions.criteria import Side
from matcher.suggestions.explaining import Suggestion
from matcher.suggestions.near import Near, Search
from matcher.suggestions.ranking import Texts
from matcher.suggestions.reasoned import Told, Values, digest_of, values_of
from matcher.suggestions.sides import company_side, npo_side

FEW: Final = 20  #: pairs; of more at a time, who were not all shown, nothing is kept

#: What an asking company can speak of: a text of its own (``None`` while nothing is encoded), and its side.
Own = Sequence[tuple[Source | None, Side]]


class _Before:
    """What was said to one who asks on the pages before."""

    def __init__(self, search: Search, sources: Iterable[Source | None], asker: Values, count: int) -> None:
        self._told = search.live.told
        self._state = search.level if count <= FEW else None
        self._asks = tuple((one.owner_type, one.owner_id) for one in sources if one is not None)
        # Once a page, not once a pair.
        said = search.weights.version, search.districts, asker
        self._asker = digest_of(said) if self._state is not None else b""

    def told(self, about: tuple[str, int], theirs: Values) -> Told | None:
        """What was said of a pair, where all that it follows from is as it was."""
        found = self._told.get(self._state, (self._asks, about)) if self._state is not None else None
        return found if found is not None and found.because == self._because(theirs) else None

    def keep(self, about: tuple[str, int], theirs: Values, one: Suggestion) -> Suggestion:
        """Keep what is said of a pair."""
        if self._state is not None:
            offer_id = one.offer.id if one.offer is not None else None
            one.told = Told(self._because(theirs), one.fit, offer_id, one.sides)
            self._told.put(self._state, (self._asks, about), one.told)
        return one

    def _because(self, theirs: Values) -> bytes:
        return digest_of((self._asker, theirs))


def _again(
    told: Told, candidate: Organization, need: Need | None, offers: Iterable[Offer | None]
) -> Suggestion:
    """A card of what was said before, with the records as they were just read."""
    offer = next((one for one in offers if one is not None and one.id == told.offer_id), None)
    return Suggestion(candidate, need, offer, told.fit, told.sides, told=told)


def _said_by(organization: Organization, *others: Any) -> Values:
    """All that an organization says, with its profile where that counts, and so was loaded."""
    held = vars(organization)
    return values_of(organization, held.get("company"), held.get("npo"), *others)


# ── For a company: NPOs by their needs, or by their mission ───────────────────────────────────────────────


def score_needs(
    session: Session,
    search: Search,
    company: Organization,
    found: Sequence[int],
    sources: Sequence[Source] | None = None,
) -> list[Suggestion]:
    """How some needs fit a company, by all of its texts or by some."""
    if not found:  # SQLite looks through all of a table for none of it
        return []
    needs = session.scalars(
        select(Need)
        .where(Need.id.in_(found))
        .options(joinedload(Need.organization).joinedload(Organization.npo))
    ).all()
    missing = takes.missing(session, needs)
    said = {need.id: (*_said_by(need.organization, need), missing.get(need.id)) for need in needs}
    before = _Before(search, sources or search.sources, _said_by(company, *search.offers), len(needs))
    told = {need.id: before.told(("need", need.id), said[need.id]) for need in needs}
    untold = [need for need in needs if told[need.id] is None]
    if untold:
        profile = search.source("company")
        search.compare("need", [need.id for need in untold], search.sources, closely=True)
        if profile is not None:
            search.compare("npo", sorted({need.organization_id for need in untold}), [profile])
    chosen = [one for one in own_sides(search, company) if sources is None or one[0] in sources]

    def fitted(need: Need) -> Suggestion:
        known = told[need.id]
        if known is not None:
            return _again(known, need.organization, need, search.offers)
        one = fit_need(search, chosen, need, missing.get(need.id))
        return before.keep(("need", need.id), said[need.id], one)

    return [fitted(need) for need in needs]


def own_sides(search: Search, company: Organization) -> Own:
    """What a company says by each of its texts."""
    if search.own is None:
        spoken = [(source, search.offer_of(source)) for source in search.sources]
        offers = [offer for _source, offer in spoken if offer is not None]
        search.own = [
            (source, company_side(company, offer, offers, search.districts)) for source, offer in spoken
        ] or [(None, company_side(company, None, districts=search.districts))]
    return search.own


def fit_need(search: Search, ours: Own, need: Need, missing: float | None = None) -> Suggestion:
    """Score a need against every offer and the profile; the best of them is what the card speaks of.

    Args:
        missing: what is left of it (``takes.missing``).
    """
    mission = _mission(search, need.organization_id)
    theirs = npo_side(need=need, districts=search.districts, missing=missing)
    fits = []
    for source, side in ours:
        # While nothing of the company is encoded its facts alone must do.
        pair = search.texts(search.near("need", need.id, source), mission) if source else Texts()
        fits.append((search.fit(side, theirs, pair), search.offer_of(source) if source else None, side))
    fit, offer, side = max(fits, key=lambda item: item[0].score)
    return Suggestion(need.organization, need, offer, fit, (side, theirs))


def _mission(search: Search, npo_id: int) -> Near | None:
    """How near the company's profile is to the NPO's mission."""
    profile = search.source("company")
    if profile is None or not search.knows("npo", npo_id):
        return None
    return search.near("npo", npo_id, profile)


def score_missions(
    session: Session, search: Search, company: Organization, found: Sequence[int]
) -> list[Suggestion]:
    """NPOs that have no open need: their mission is what there is to speak of."""
    if not found:
        return []
    npos = session.scalars(
        select(Organization).where(Organization.id.in_(found)).options(joinedload(Organization.npo))
    ).all()
    before = _Before(search, search.sources, _said_by(company, *search.offers), len(npos))
    told = {npo.id: before.told(("npo", npo.id), _said_by(npo)) for npo in npos}
    untold = [npo.id for npo in npos if told[npo.id] is None]
    if untold:
        search.compare("npo", untold, search.sources, closely=True)
    ours = own_sides(search, company)

    def fitted(npo: Organization) -> Suggestion:
        known = told[npo.id]
        if known is not None:
            return _again(known, npo, None, search.offers)
        return before.keep(("npo", npo.id), _said_by(npo), fit_mission(search, ours, npo))

    return [fitted(npo) for npo in npos]


def fit_mission(search: Search, ours: Own, npo: Organization) -> Suggestion:
    """Score an NPO's mission against every offer and the profile."""
    theirs = npo_side(npo=npo, districts=search.districts)
    fits = [
        (
            search.fit(side, theirs, search.texts(search.near("npo", npo.id, source))),
            search.offer_of(source),
            side,
        )
        for source, side in ours
        if source is not None
    ]
    fit, offer, side = max(fits, key=lambda item: item[0].score)
    return Suggestion(npo, None, offer, fit, (side, theirs))


# ── For an NPO: companies by their offers, or by their profile ────────────────────────────────────────────


def score_companies(
    session: Session,
    search: Search,
    npo: Organization,
    need: Need | None,
    asking: Source,
    postings: Sequence[int],
    alone: Sequence[int],
) -> list[Suggestion]:
    """Companies by some of their offers and (``alone``) by their profile, each with all that it offers."""
    if not postings and not alone:
        return []
    offers = session.scalars(select(Offer).where(Offer.id.in_(postings))).all()
    of_company: dict[int, list[Offer | None]] = {key: [None] for key in alone}
    for offer in offers:
        of_company.setdefault(offer.organization_id, []).append(offer)
    chosen = sorted(of_company)
    companies = session.scalars(
        select(Organization).where(Organization.id.in_(chosen)).options(joinedload(Organization.company))
    ).all()
    given = _open_offers(session, chosen)
    left = takes.missing(session, [need]).get(need.id) if need else None
    before = _Before(search, search.sources, (*_said_by(npo, need), left), len(companies))
    said = {one.id: _said_by(one, *of_company[one.id], *given.get(one.id, ())) for one in companies}
    told = {one.id: before.told(("company", one.id), said[one.id]) for one in companies}
    untold = {key for key, known in told.items() if known is None}
    if untold:
        of_untold = [offer.id for offer in offers if offer.organization_id in untold]
        search.compare("offer", of_untold, [asking], closely=True)
        search.compare("company", sorted(untold), search.sources, closely=True)
    theirs = npo_side(need=need, npo=None if need else npo, districts=search.districts, missing=left)

    def fitted(company: Organization) -> Suggestion:
        known, matters = told[company.id], of_company[company.id]
        if known is not None:
            return _again(known, company, need, matters)
        one = _fit_company(search, need, theirs, asking, company, matters, given.get(company.id, ()))
        return before.keep(("company", company.id), said[company.id], one)

    return [fitted(company) for company in companies]


def _open_offers(session: Session, companies: Collection[int]) -> dict[int, list[Offer]]:
    """All open offers of some companies, near or not: none of them may be denied."""
    found: dict[int, list[Offer]] = {}
    query = (
        select(Offer).where(Offer.organization_id.in_(companies), Offer.state == "open").order_by(Offer.id)
    )
    for offer in session.scalars(query):
        found.setdefault(offer.organization_id, []).append(offer)
    return found


def _fit_company(
    search: Search,
    need: Need | None,
    theirs: Side,
    asking: Source,
    company: Organization,
    matters: Iterable[Offer | None],
    offers: Sequence[Offer],
) -> Suggestion:
    """Score each of ``matters``, an offer or (``None``) the profile alone; the card speaks of the best.

    Args:
        theirs: what the NPO says.
        offers: all that the company offers.
    """
    profile = search.source("npo") if need else None
    shelf = search.live.shelves.get("company")
    has_profile = profile is not None and shelf is not None and company.id in shelf
    mission = search.near("company", company.id, profile) if profile and has_profile else None
    fits = []
    for offer in matters:
        pair = search.near("offer" if offer else "company", offer.id if offer else company.id, asking)
        ours = company_side(company, offer, offers, search.districts)
        fits.append((search.fit(ours, theirs, search.texts(pair, mission)), offer, ours))
    fit, about, side = max(fits, key=lambda item: item[0].score)
    return Suggestion(company, need, about, fit, (side, theirs))
