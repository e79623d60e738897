"""Who is suggested to whom: scores and reasons for the candidates, and the list that is made of them.

The same code serves both directions, the coordinator, the evaluation and texts from elsewhere.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from itertools import zip_longest
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session, undefer_group

from matcher.cases import takes
from matcher.records import Need, Offer, Organization
from matcher.suggestions import candidates, conditions, explaining, reaching, scoring, shortlist
from matcher.suggestions.asked import Source
from matcher.suggestions.candidates import Candidates
from matcher.suggestions.conditions import NO_FILTERS, Filters
from matcher.suggestions.explaining import Suggestion
from matcher.suggestions.indexing import LiveIndex
from matcher.suggestions.near import Search, rows_of
from matcher.suggestions.promise import Asker, Pool
from matcher.suggestions.ranking import Fit
from matcher.suggestions.shortlist import SHOWN, Shortlist
from matcher.suggestions.sides import npo_side

SCORED: Final = 40  #: of the candidates of each type, so many of the most promising are scored


# ── For a company: NPOs with the open need that fits best, or their mission ──────────────────────────


def for_company(
    session: Session,
    live: LiveIndex,
    company: Organization,
    *,
    filters: Filters = NO_FILTERS,
    limit: int = SHOWN,
    among: Collection[int] | None = None,
    quoted: bool = True,
    now: datetime | None = None,
) -> Shortlist:
    """The NPOs that fit ``company`` best, each once, best first; its profile must be loaded.

    An NPO comes with its open need that fits best, or, where it has none, with its mission.

    Args:
        among: only these organizations, however far they are; all when ``None``.
        quoted: whether each comes with the sentence pair that carried the similarity.
        now: when given, newcomers get their share of the places (see ``newcomers``).
    """
    search = _search_of_company(session, live, company)
    if not search.sources:
        return Shortlist()
    marks = conditions.marks_of(session, company.id)

    def check(needs: Sequence[int], npos: Sequence[int], narrowed: Filters) -> Candidates:
        return candidates.for_company(session, company, marks, narrowed, needs, npos)

    def score(needs: Sequence[int], npos: Sequence[int]) -> list[Suggestion]:
        return [
            *scoring.score_needs(session, search, company, needs),
            *scoring.score_missions(session, search, company, npos),
        ]

    pools = _pools_for_company(session, search, company, search.sources) if among is None else None
    if pools is None:
        found = check(*candidates.needs_near(session, search, among), filters)
        most = None if among is not None else max(SCORED, 2 * limit)
        ranked = shortlist.ranking_of(score(found.postings[:most], found.alone[:most]), found)
    else:
        ranked = shortlist.ranking_reached(reaching.reach(*pools, check, filters, limit), score)
    best = shortlist.made_of(session, company, 0, ranked, marks, limit, now)
    best.weights_version = search.weights.version
    for item in best:
        if item.need is not None and item.need.support_type != filters.support_type:
            item.also_welcome = filters.support_type
    if quoted:
        explaining.explain(session, live, best, company, None)
    return best


def _pools_for_company(
    session: Session, search: Search, company: Organization, sources: Sequence[Source]
) -> tuple[Pool, Pool | None] | None:
    """All needs and NPOs beside some of a company's texts; ``None`` where they are too many."""
    needs, npos = (search.live.table(session, kind, search.districts) for kind in ("need", "npo"))
    if needs is None or npos is None:
        return None
    ours = [(source, side) for source, side in scoring.own_sides(search, company) if source in sources]
    asker = Asker([source for source, _side in ours if source], [side for _source, side in ours], True)
    postings = Pool(search, asker, "need", needs, search.source("company"))
    asking = needs.owners[postings.is_findable]
    return postings, Pool(search, asker, "npo", npos, None, without=asking)


def _search_of_company(session: Session, live: LiveIndex, company: Organization) -> Search:
    """By each open offer, and by the profile."""
    offers = session.scalars(
        select(Offer).where(Offer.organization_id == company.id, Offer.state == "open").order_by(Offer.id)
    ).all()
    owners: list[tuple[str, int, Offer | None]] = [("offer", offer.id, offer) for offer in offers]
    return Search(session, live, [*owners, ("company", company.id, None)])


def for_offer(session: Session, live: LiveIndex, offer: Offer, *, limit: int = SHOWN) -> Shortlist:
    """The open needs that one offer fits best, one of each NPO; its company's profile must be loaded."""
    company = offer.organization
    search = Search(session, live, [("offer", offer.id, offer), ("company", company.id, None)])
    asking = search.source("offer")
    if asking is None:
        return Shortlist()
    marks = conditions.marks_of(session, company.id)

    def check(needs: Sequence[int], npos: Sequence[int], narrowed: Filters) -> Candidates:
        return candidates.for_company(session, company, marks, narrowed, needs, npos)

    def score(needs: Sequence[int], _npos: Sequence[int]) -> list[Suggestion]:
        return scoring.score_needs(session, search, company, needs, [asking])

    pools = _pools_for_company(session, search, company, [asking])
    if pools is None:
        found = check(search.nearest("need", search.sources, candidates.NEAR), [], NO_FILTERS)
        ranked = shortlist.ranking_of(score(found.postings[: max(SCORED, 2 * limit)], []), found)
    else:
        ranked = shortlist.ranking_reached(reaching.reach(pools[0], None, check, NO_FILTERS, limit), score)
    best = shortlist.made_of(session, company, 0, ranked, marks, limit, None)
    explaining.explain(session, live, best, company, None)
    return best


# ── For an NPO: companies with the offer that fits best, or their profile ────────────────────────────


def for_need(
    session: Session,
    live: LiveIndex,
    need: Need,
    *,
    filters: Filters = NO_FILTERS,
    limit: int = SHOWN,
    among: Collection[int] | None = None,
    quoted: bool = True,
    now: datetime | None = None,
) -> Shortlist:
    """The companies that fit ``need`` best, each once, best first; the NPO's profile must be loaded.

    Args:
        among: only these organizations, however far they are; all when ``None``.
        quoted: whether each comes with the sentence pair that carried the similarity.
        now: when given, newcomers get their share of the places (see ``newcomers``).
    """
    owners = [("need", need.id, None), ("npo", need.organization_id, None)]
    return _companies(session, live, need.organization, need, owners, filters, limit, among, quoted, now)


def for_npo(
    session: Session,
    live: LiveIndex,
    npo: Organization,
    *,
    filters: Filters = NO_FILTERS,
    limit: int = SHOWN,
    among: Collection[int] | None = None,
    quoted: bool = True,
    now: datetime | None = None,
) -> Shortlist:
    """The companies that fit the mission of an NPO best: what it can see before it has posted a need."""
    return _companies(session, live, npo, None, [("npo", npo.id, None)], filters, limit, among, quoted, now)


def _companies(
    session: Session,
    live: LiveIndex,
    npo: Organization,
    need: Need | None,
    owners: Sequence[tuple[str, int, Offer | None]],
    filters: Filters,
    limit: int,
    among: Collection[int] | None,
    quoted: bool,
    now: datetime | None,
) -> Shortlist:
    search = Search(session, live, owners)
    asking = search.source("need" if need else "npo")
    if asking is None:
        return Shortlist()
    marks = conditions.marks_of(session, npo.id)

    def check(offers: Sequence[int], companies: Sequence[int], narrowed: Filters) -> Candidates:
        return candidates.for_npo(session, npo, need, marks, narrowed, offers, companies)

    def score(offers: Sequence[int], companies: Sequence[int]) -> list[Suggestion]:
        return scoring.score_companies(session, search, npo, need, asking, offers, companies)

    pools = _pools_for_npo(session, search, npo, need, asking) if among is None else None
    if pools is None:
        found = check(*candidates.offers_near(session, search, asking, among), filters)
        most = None if among is not None else 2 * max(SCORED, 2 * limit)
        ranked = shortlist.ranking_of(score(*_most_promising(session, found, most)), found)
    else:
        ranked = shortlist.ranking_reached(reaching.reach(*pools, check, filters, limit), score)
    best = shortlist.made_of(session, npo, need.id if need else 0, ranked, marks, limit, now)
    best.weights_version = search.weights.version
    if quoted:
        explaining.explain(session, live, best, None, npo)
    return best


def _pools_for_npo(
    session: Session, search: Search, npo: Organization, need: Need | None, asking: Source
) -> tuple[Pool, Pool] | None:
    """All offers and companies beside the text of an NPO; ``None`` where they are too many."""
    offers, companies = (search.live.table(session, kind, search.districts) for kind in ("offer", "company"))
    if offers is None or companies is None:
        return None
    asker = Asker(
        [asking], [npo_side(need=need, npo=None if need else npo, districts=search.districts)], False
    )
    profile = search.source("npo") if need else None
    return Pool(search, asker, "offer", offers, profile), Pool(search, asker, "company", companies, profile)


def _most_promising(
    session: Session, found: Candidates, most: int | None
) -> tuple[Sequence[int], Sequence[int]]:
    """Offers and profiles of the most promising companies, by an offer or their profile in turn."""
    offers = session.execute(
        select(Offer.id, Offer.organization_id).where(Offer.id.in_(found.postings))
    ).all()
    owner_of = {offer.id: offer.organization_id for offer in offers}
    pairs = zip_longest((owner_of[key] for key in found.postings), found.alone)
    chosen = set(list(dict.fromkeys(key for pair in pairs for key in pair if key is not None))[:most])
    return (
        [key for key in found.postings if owner_of[key] in chosen],
        [key for key in found.alone if key in chosen],
    )


def fit_pair(session: Session, live: LiveIndex, company: Organization, need: Need) -> Suggestion:
    """How one company and one need fit, whatever the hard conditions say, with all that is said of it.

    The company's and the NPO's profiles must be loaded.
    """
    suggestion = _scored_pair(session, live, company, need)
    explaining.explain(session, live, [suggestion], company, None)
    return suggestion


def score_pair(session: Session, live: LiveIndex, company: Organization, need: Need) -> Fit:
    """The score and the signals of ``fit_pair``, without what is said to people: for planning and judging."""
    return _scored_pair(session, live, company, need).fit


def _scored_pair(session: Session, live: LiveIndex, company: Organization, need: Need) -> Suggestion:
    search = _search_of_company(session, live, company)
    left = takes.missing(session, [need]).get(need.id)
    return scoring.fit_need(search, scoring.own_sides(search, company), need, left)


def fit_case(
    session: Session,
    live: LiveIndex,
    company: Organization,
    npo: Organization,
    need: Need | None,
    offer: Offer | None,
) -> Suggestion | None:
    """How the two sides of a case fit, whatever became of their texts since; ``None`` where one of those that
    it is about is not encoded.

    Where the case names no offer, the best of the company's open offers and its profile speaks for it, as on
    a card; where it names no need, the NPO's mission. Profiles must be loaded.
    """
    owners = [("offer", offer.id, offer), ("company", company.id, None)] if offer else None
    search = Search(session, live, owners) if owners else _search_of_company(session, live, company)
    ours = _speaking(search, company, offer)
    about = ("need", need.id) if need else ("npo", npo.id)
    rows = rows_of(session, live, [about, ("npo", npo.id)], undefer_group("contextual"))
    if not ours or about not in rows:
        return None
    for row in rows.values():
        search.put(row, search.sources)
    found = scoring.fit_need(search, ours, need) if need else scoring.fit_mission(search, ours, npo)
    explaining.explain(session, live, [found], company, None)
    return found


def _speaking(search: Search, company: Organization, offer: Offer | None) -> scoring.Own:
    """Of what a company can speak of, what is encoded; of one offer, that alone."""
    ours = scoring.own_sides(search, company)
    return [
        (one, side)
        for one, side in ours
        if one is not None and (offer is None or search.offer_of(one) is offer)
    ]
