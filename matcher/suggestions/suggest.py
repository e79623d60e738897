"""Who is suggested to whom: hard conditions, scores and reasons for the candidates that are near.

The same code serves both directions, the coordinator, the evaluation and texts from elsewhere.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, select
from sqlalchemy.orm import Session, joinedload

from embeddings.pairs import Sentences, closest_pair
from matcher.ground import lifecycle, vocabulary
from matcher.records import Embedding, Mark, Need, Offer, Organization, Partnership
from matcher.suggestions import newcomers, ranking
from matcher.suggestions.indexing import LiveIndex
from matcher.suggestions.near import Near, Search, Source, rows_of
from matcher.suggestions.newcomers import Draw
from matcher.suggestions.ranking import Fit, Quote, Side, Texts

PER_SOURCE: Final = 40  #: neighbours fetched for each of the asker's texts, by meaning and by words
WIDENING: Final = (1, 4, 16)  #: how far to reach when hard conditions leave too few
SHOWN: Final = 10


@dataclass(frozen=True)
class Filters:
    """Hard conditions that the person chose; empty means no condition."""

    field: str = ""
    area: str = ""
    support_type: str = ""

    def as_dict(self) -> dict[str, str]:
        """The chosen conditions, for the record of the shown list."""
        return {name: value for name, value in vars(self).items() if value}


@dataclass
class Suggestion:
    """One card: the organization on the other side, what it is about, and how well it fits."""

    candidate: Organization
    need: Need | None
    offer: Offer | None
    fit: Fit
    quote: Quote | None = None
    saved: bool = False
    rank: int = 0
    is_newcomer: bool = False  #: on a place kept for those whom nobody has seen
    public_id: str = ""  #: of the shown suggestion, once recorded

    @property
    def reasons(self) -> list[dict[str, str]]:
        """The reasons as they are shown and kept."""
        return ranking.reasons_as_dicts(self.fit, self.quote)


class Shortlist(list[Suggestion]):
    """What is shown, best first; with how the newcomers' places were drawn, where they were."""

    draw: Draw | None = None
    near: int = 0  #: organizations near enough to be looked at, before the person's own filters
    fitting: int = 0  #: how many of them meet the filters


@dataclass
class _Marks:
    """What the asking organization has passed or saved: (organization, need or 0)."""

    passed: set[tuple[int, int]] = field(default_factory=set)
    saved: set[tuple[int, int]] = field(default_factory=set)


# ── For a company: NPOs with the open need that fits best, or their mission ──────────────────────────


def for_company(
    session: Session,
    live: LiveIndex,
    company: Organization,
    *,
    filters: Filters = Filters(),
    limit: int = SHOWN,
    among: Collection[int] | None = None,
    quotes: bool = True,
    now: datetime | None = None,
) -> Shortlist:
    """The NPOs that fit ``company`` best, each once, best first; its profile must be loaded.

    An NPO comes with its open need that fits best, or, where it has none, with its mission.

    Args:
        among: only these organizations, however far they are; all when ``None``.
        quotes: whether each comes with the sentence pair that carried the similarity.
        now: when given, newcomers get their share of the places (see ``newcomers``).
    """
    search = _search_of_company(session, live, company)
    profile = search.source("company")
    if not search.sources:
        return Shortlist()
    marks = _marks(session, company.id)
    for factor in WIDENING:
        reach = max(PER_SOURCE * factor, 2 * limit)
        if among is None:
            needs = search.nearest("need", search.sources, reach)
            npos = search.nearest("npo", [profile] if profile else search.sources, reach)
        else:
            npos = sorted(among)
            needs = list(session.scalars(select(Need.id).where(Need.organization_id.in_(npos))))
        near: set[int] = set()
        scored = _score_needs(session, search, company, needs, marks, filters, near)
        scored += _score_missions(session, search, company, npos, marks, filters, near)
        ranked = _one_each(scored)
        if len(ranked) >= limit or among is not None or reach >= search.size("need", "npo"):
            break
    best = _shortlist(session, company, 0, ranked, marks, limit, now)
    best.near, best.fitting = len(near), len(ranked)
    if quotes:
        _add_quotes(session, live, best, company)
    return best


def _search_of_company(session: Session, live: LiveIndex, company: Organization) -> Search:
    """By each open offer, and by the profile."""
    offers = session.scalars(
        select(Offer).where(Offer.organization_id == company.id, Offer.state == "open").order_by(Offer.id)
    ).all()
    owners: list[tuple[str, int, Offer | None]] = [("offer", offer.id, offer) for offer in offers]
    return Search(session, live, [*owners, ("company", company.id, None)])


def _score_needs(
    session: Session,
    search: Search,
    company: Organization,
    found: Sequence[int],
    marks: _Marks,
    filters: Filters,
    near: set[int],
) -> list[Suggestion]:
    needs = session.scalars(
        select(Need)
        .join(Organization, Organization.id == Need.organization_id)
        .where(Need.id.in_(found), *listed_needs(), _no_case(company.id, Need.organization_id, Need.id))
        .options(joinedload(Need.organization).joinedload(Organization.npo))
    ).all()
    profile = search.source("company")
    search.compare("need", [need.id for need in needs], search.sources, closely=True)
    if profile is not None:
        search.compare("npo", sorted({need.organization_id for need in needs}), [profile])
    result = []
    for need in needs:
        if {(need.organization_id, need.id), (need.organization_id, 0)} & marks.passed:
            continue
        if _is_no_go(company, need.fields):
            continue
        near.add(need.organization_id)
        if not _wanted(filters, need.fields, need.areas, (need.support_type, *need.also_welcome)):
            continue
        result.append(_fit_need(search, company, need))
    return result


def _fit_need(search: Search, company: Organization, need: Need) -> Suggestion:
    """Score a need against every offer and the profile; the best of them is what the card speaks of."""
    mission = _mission(search, need.organization_id)
    candidates: list[tuple[Fit, Offer | None]] = []
    for source in search.sources:
        pair = search.texts(search.near("need", need.id, source), mission)
        candidates.append(
            (
                search.fit(company_side(company, source.offer), npo_side(need=need), pair),
                source.offer,
            )
        )
    if not candidates:  # nothing of the company is encoded yet: its facts alone must do
        candidates = [
            (
                search.fit(company_side(company, None), npo_side(need=need), Texts()),
                None,
            )
        ]
    best = max(candidates, key=lambda item: item[0].score)
    return Suggestion(need.organization, need, best[1], best[0])


def _mission(search: Search, npo_id: int) -> Near | None:
    """How near the company's profile is to the NPO's mission."""
    profile, shelf = search.source("company"), search.live.shelves.get("npo")
    if profile is None or shelf is None or npo_id not in shelf:
        return None
    return search.near("npo", npo_id, profile)


def _score_missions(
    session: Session,
    search: Search,
    company: Organization,
    found: Sequence[int],
    marks: _Marks,
    filters: Filters,
    near: set[int],
) -> list[Suggestion]:
    """NPOs that have no open need: their mission is what there is to speak of."""
    has_need = select(Need.id).where(Need.organization_id == Organization.id, *_open_need())
    npos = session.scalars(
        select(Organization)
        .where(
            Organization.id.in_(found),
            *listed_organizations("npo"),
            ~has_need.exists(),
            _no_case(company.id, Organization.id, None),
        )
        .options(joinedload(Organization.npo))
    ).all()
    search.compare("npo", [npo.id for npo in npos], search.sources, closely=True)
    result = []
    for npo in npos:
        profile = npo.npo
        if profile is None or (npo.id, 0) in marks.passed or _is_no_go(company, profile.fields):
            continue
        near.add(npo.id)
        if filters.support_type or not _wanted(filters, profile.fields, profile.areas, ()):
            continue
        fits = [
            (
                search.fit(
                    company_side(company, source.offer),
                    npo_side(npo=npo),
                    search.texts(search.near("npo", npo.id, source)),
                ),
                source.offer,
            )
            for source in search.sources
        ]
        best = max(fits, key=lambda item: item[0].score)
        result.append(Suggestion(npo, None, best[1], best[0]))
    return result


# ── For an NPO: companies with the offer that fits best, or their profile ────────────────────────────


def for_need(
    session: Session,
    live: LiveIndex,
    need: Need,
    *,
    filters: Filters = Filters(),
    limit: int = SHOWN,
    among: Collection[int] | None = None,
    quotes: bool = True,
    now: datetime | None = None,
) -> Shortlist:
    """The companies that fit ``need`` best, each once, best first; the NPO's profile must be loaded.

    Args:
        among: only these organizations, however far they are; all when ``None``.
        quotes: whether each comes with the sentence pair that carried the similarity.
        now: when given, newcomers get their share of the places (see ``newcomers``).
    """
    owners = [("need", need.id, None), ("npo", need.organization_id, None)]
    return _companies(session, live, need.organization, need, owners, filters, limit, among, quotes, now)


def for_npo(
    session: Session,
    live: LiveIndex,
    npo: Organization,
    *,
    filters: Filters = Filters(),
    limit: int = SHOWN,
    among: Collection[int] | None = None,
    quotes: bool = True,
    now: datetime | None = None,
) -> Shortlist:
    """The companies that fit the mission of an NPO best: what it can see before it has posted a need."""
    return _companies(session, live, npo, None, [("npo", npo.id, None)], filters, limit, among, quotes, now)


def _companies(
    session: Session,
    live: LiveIndex,
    npo: Organization,
    need: Need | None,
    owners: Sequence[tuple[str, int, Offer | None]],
    filters: Filters,
    limit: int,
    among: Collection[int] | None,
    quotes: bool,
    now: datetime | None,
) -> Shortlist:
    search = Search(session, live, owners)
    asking = search.source("need" if need else "npo")
    if asking is None:
        return Shortlist()
    marks = _marks(session, npo.id)
    for factor in WIDENING:
        reach = max(PER_SOURCE * factor, 2 * limit)
        if among is None:
            offers = search.nearest("offer", [asking], reach)
            companies = search.nearest("company", [asking], reach)
        else:
            companies = sorted(among)
            offers = list(session.scalars(select(Offer.id).where(Offer.organization_id.in_(companies))))
        near: set[int] = set()
        scored = _score_companies(session, search, npo, need, asking, offers, companies, marks, filters, near)
        ranked = _one_each(scored)
        if len(ranked) >= limit or among is not None or reach >= search.size("offer", "company"):
            break
    best = _shortlist(session, npo, need.id if need else 0, ranked, marks, limit, now)
    best.near, best.fitting = len(near), len(ranked)
    if quotes:
        _add_quotes(session, live, best, None, npo)
    return best


def _score_companies(
    session: Session,
    search: Search,
    npo: Organization,
    need: Need | None,
    asking: Source,
    offers: Sequence[int],
    companies: Sequence[int],
    marks: _Marks,
    filters: Filters,
    near: set[int],
) -> list[Suggestion]:
    rows = session.scalars(
        select(Offer)
        .join(Organization, Organization.id == Offer.organization_id)
        .where(Offer.id.in_(offers), Offer.state == "open", *listed_organizations("company"))
    ).all()
    by_company: dict[int, list[Offer]] = {}
    for offer in rows:
        by_company.setdefault(offer.organization_id, []).append(offer)
    free = _no_case_of_need(need, Organization.id) if need else _no_case(Organization.id, npo.id, None)
    found = session.scalars(
        select(Organization)
        .where(Organization.id.in_([*by_company, *companies]), *listed_organizations("company"), free)
        .options(joinedload(Organization.company))
    ).all()
    search.compare("offer", [offer.id for offer in rows], [asking], closely=True)
    search.compare("company", [company.id for company in found], search.sources, closely=True)
    fields = need.fields if need else npo.npo.fields if npo.npo else []
    about = need.id if need else 0
    result = []
    for company in found:
        if company.company is None or _is_no_go(company, fields):
            continue
        if {(company.id, about), (company.id, 0)} & marks.passed:
            continue
        near.add(company.id)
        matters: list[Offer | None] = [
            matter
            for matter in (*by_company.get(company.id, ()), None)
            if _company_is_wanted(filters, company, matter)
        ]
        if matters:
            result.append(_fit_company(search, npo, need, asking, company, matters))
    return result


def _company_is_wanted(filters: Filters, company: Organization, offer: Offer | None) -> bool:
    """Whether the offer, or the profile alone, meets the conditions; an offer speaks for itself first."""
    profile = company.company
    fields = (offer.fields if offer else None) or (profile.fields if profile else ())
    areas = (offer.areas if offer else None) or (profile.areas if profile else ())
    return _wanted(filters, fields, areas, (offer.support_type,) if offer else ())


def _fit_company(
    search: Search,
    npo: Organization,
    need: Need | None,
    asking: Source,
    company: Organization,
    matters: Iterable[Offer | None],
) -> Suggestion:
    """Score each of ``matters``, an offer or (``None``) the profile alone; the card speaks of the best."""
    profile = search.source("npo") if need else None
    shelf = search.live.shelves.get("company")
    has_profile = profile is not None and shelf is not None and company.id in shelf
    mission = search.near("company", company.id, profile) if profile and has_profile else None
    theirs = npo_side(need=need) if need else npo_side(npo=npo)
    candidates: list[tuple[Fit, Offer | None]] = []
    for offer in matters:
        pair = search.near("offer" if offer else "company", offer.id if offer else company.id, asking)
        candidates.append(
            (
                search.fit(
                    company_side(company, offer),
                    theirs,
                    search.texts(pair, mission),
                ),
                offer,
            )
        )
    best = max(candidates, key=lambda item: item[0].score)
    return Suggestion(company, need, best[1], best[0])


def fit_pair(session: Session, live: LiveIndex, company: Organization, need: Need) -> Suggestion:
    """How one company and one need fit, whatever the hard conditions say: for judging and recommending.

    The company's and the NPO's profiles must be loaded.
    """
    suggestion = _fit_need(_search_of_company(session, live, company), company, need)
    _add_quotes(session, live, [suggestion], company)
    return suggestion


# ── Facts ────────────────────────────────────────────────────────────────────────────────────────────


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


# ── Hard conditions ──────────────────────────────────────────────────────────────────────────────────


def _open_need() -> tuple[ColumnElement[bool], ...]:
    return (Need.state == "open", Need.visibility != "approached")


def listed_organizations(kind: str) -> tuple[ColumnElement[bool], ...]:
    """SQL conditions under which an organization may be found by other members."""
    return (
        Organization.kind == kind,
        Organization.state == "verified",
        Organization.visibility != "approached",
    )


def listed_needs() -> tuple[ColumnElement[bool], ...]:
    """SQL conditions under which a need (joined with its NPO) may be found by other members."""
    return (*_open_need(), *listed_organizations("npo"))


def _no_case(company_id: Any, npo_id: Any, need_id: Any) -> ColumnElement[bool]:
    """No open case of this company about this need, or with this NPO about none in particular."""
    same = Partnership.need_id == need_id if need_id is not None else Partnership.need_id.is_(None)
    occupied = select(Partnership.id).where(
        Partnership.company_id == company_id,
        Partnership.npo_id == npo_id,
        same,
        Partnership.state.in_(lifecycle.CASE_OPEN),
    )
    return ~occupied.exists()


def _no_case_of_need(need: Need, company_id: Any) -> ColumnElement[bool]:
    occupied = select(Partnership.id).where(
        Partnership.company_id == company_id,
        and_(Partnership.need_id == need.id, Partnership.state.in_(lifecycle.CASE_OPEN)),
    )
    return ~occupied.exists()


def _wanted(filters: Filters, fields: Iterable[str], areas: Iterable[str], types: Iterable[str]) -> bool:
    if filters.field and filters.field not in fields:
        return False
    if filters.area and not {filters.area, vocabulary.AREA_CITYWIDE} & set(areas):
        return False
    return not filters.support_type or filters.support_type in types


def _is_no_go(company: Organization, fields: Iterable[str]) -> bool:
    """The company's own no-go fields, unless the other side stands in further fields as well."""
    no_go = set(company.company.no_go_fields) if company.company else set()
    fields = set(fields)
    return bool(fields) and fields <= no_go


def _marks(session: Session, organization_id: int) -> _Marks:
    marks = _Marks()
    for mark in session.scalars(select(Mark).where(Mark.organization_id == organization_id)):
        (marks.passed if mark.kind == "passed" else marks.saved).add((mark.target_id, mark.need_id))
    return marks


# ── The list ─────────────────────────────────────────────────────────────────────────────────────────


def _one_each(scored: Sequence[Suggestion]) -> list[Suggestion]:
    """The best suggestion of each organization, best first; ties by the organization's key."""
    best: dict[int, Suggestion] = {}
    for place in ranking.order([(item.fit.score, item.need.id if item.need else 0) for item in scored]):
        best.setdefault(scored[place].candidate.id, scored[place])
    items = list(best.values())
    return [items[place] for place in ranking.order([(s.fit.score, s.candidate.id) for s in items])]


def _shortlist(
    session: Session, asker: Organization, about: int, ranked: Sequence[Suggestion],
    marks: _Marks, limit: int, now: datetime | None,
) -> Shortlist:  # fmt: skip
    """The first ``limit``, the newcomers' places given, with ranks and marks."""
    result = Shortlist(ranked[:limit])
    if now is not None and len(ranked) > limit:
        scores = [(item.candidate, item.fit.score) for item in ranked]
        result.draw = newcomers.draw(session, asker, about, scores, limit, now)
        by_id = {item.candidate.id: item for item in ranked}
        chosen = sorted((by_id[number] for number in result.draw.chosen), key=lambda item: -item.fit.score)
        for place, item in zip(newcomers.places_of(limit, len(chosen)), chosen, strict=True):
            item.is_newcomer = True
            result[place] = item
    for rank, item in enumerate(result, start=1):
        item.rank = rank
        need_id = about or (item.need.id if item.need else 0)
        item.saved = bool({(item.candidate.id, need_id), (item.candidate.id, 0)} & marks.saved)
    return result


# ── Quotes ───────────────────────────────────────────────────────────────────────────────────────────


def _add_quotes(
    session: Session,
    live: LiveIndex,
    suggestions: Sequence[Suggestion],
    company: Organization | None,
    npo: Organization | None = None,
) -> None:
    """Find, for the few that are shown, the sentence pair that carried the similarity."""
    wanted: list[tuple[str, int]] = []
    pairs: list[tuple[tuple[str, int], tuple[str, int]]] = []
    for suggestion in suggestions:
        giver = company or suggestion.candidate
        theirs = ("offer", suggestion.offer.id) if suggestion.offer else ("company", giver.id)
        asker = npo or suggestion.candidate
        ours = ("need", suggestion.need.id) if suggestion.need else ("npo", asker.id)
        pairs.append((theirs, ours))
        wanted += [theirs, ours]
    rows = rows_of(session, live, wanted)
    for suggestion, (theirs, ours) in zip(suggestions, pairs, strict=True):
        if theirs in rows and ours in rows:
            suggestion.quote = quote_between(live, rows[theirs], rows[ours])
            suggestion.fit = _with_quote(suggestion)


def _with_quote(suggestion: Suggestion) -> Fit:
    fit, quote = suggestion.fit, suggestion.quote
    if quote is None:
        return fit
    reason = ranking.quote_reason(quote, fit.parts.get("sentences", 0.0))
    return Fit(fit.score, fit.parts, (reason, *fit.reasons), fit.improvements)


def quote_between(live: LiveIndex, company_row: Embedding, npo_row: Embedding) -> Quote | None:
    """The closest pair of sentences of two encoded texts: the one that counts in their score."""
    shelf = live.shelves.get(npo_row.owner_type) or next(iter(live.shelves.values()), None)
    if shelf is None:
        return None
    ours, theirs = (Sentences.stored(row.sentence_vectors, row.words) for row in (company_row, npo_row))
    pair = closest_pair(ours, theirs, cache(shelf.words.idf))
    return Quote(company_row.sentences[pair[0]], npo_row.sentences[pair[1]]) if pair else None
