"""Who is suggested to whom: candidates by meaning and by words, hard conditions, scores, shown lists.

The same code serves both directions, the coordinator and the evaluation. Reading never encodes: all
vectors come from the embedding table. What was shown is recorded as it was shown (M9).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.orm import Session, joinedload

from embeddings.pairs import best_pair
from matcher import lifecycle, permissions, queries, ranking, vocabulary
from matcher.errors import Invalid, NotFound
from matcher.models import (
    Embedding,
    Mark,
    Need,
    Offer,
    Organization,
    Partnership,
    ShownList,
    ShownSuggestion,
)
from matcher.permissions import Actor
from matcher.ranking import Fit, Quote, Side, Texts
from matcher.services import audit
from matcher.services.indexing import LiveIndex, Shelf, merged

Floats = NDArray[np.float32]

PER_SOURCE: Final = 60  #: neighbours fetched for each of the asker's texts, by meaning and by words
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
    public_id: str = ""  #: of the shown suggestion, once recorded

    @property
    def reasons(self) -> list[dict[str, str]]:
        """The reasons as they are shown and kept."""
        return ranking.reasons_as_dicts(self.fit, self.quote)


@dataclass(frozen=True)
class _Source:
    """One text of the asking side: an offer, the company's profile, a need, or the NPO's profile."""

    owner_type: str
    owner_id: int
    vector: Floats
    bag: Mapping[str, int]
    offer: Offer | None = None
    #: similarities to the records of a shelf (by its id()), computed for many records at once
    meanings: dict[tuple[int, int], float] = field(default_factory=dict)
    words: dict[int, Mapping[int, float]] = field(default_factory=dict)

    def words_in(self, shelf: Shelf) -> Mapping[int, float]:
        """Every record of a shelf with a word in common, and how near it is by words; best first."""
        if id(shelf) not in self.words:
            ids, scores = shelf.words.search(self.bag, len(shelf.words))
            self.words[id(shelf)] = dict(zip(ids.tolist(), scores.tolist(), strict=True))
        return self.words[id(shelf)]


@dataclass
class _Found:
    """What the search knows of a candidate before the database is asked."""

    meaning: float = -1.0
    words: float = 0.0
    source: _Source | None = None

    @property
    def promise(self) -> float:
        """How promising by text alone, in [0, 2]."""
        meaning = ranking.scaled(self.meaning, ranking.MEANING_SCALE) or 0.0
        return meaning + (ranking.scaled(self.words, ranking.WORDS_SCALE) or 0.0)


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
) -> list[Suggestion]:
    """The NPOs that fit ``company`` best, each once, best first; its profile must be loaded.

    An NPO comes with its open need that fits best, or, where it has none, with its mission.
    """
    sources = _sources_of_company(session, live, company)
    if not sources:
        return []
    marks = _marks(session, company.id)
    for factor in WIDENING:
        needs = _promising(live.shelves.get("need"), sources, PER_SOURCE * factor)
        npos = _promising(live.shelves.get("npo"), sources[-1:], PER_SOURCE * factor)
        scored = _score_needs(session, live, company, sources, needs, marks, filters)
        scored += _score_missions(session, live, company, npos, marks, filters)
        best = _one_each(scored, marks, limit)
        if len(best) >= limit or PER_SOURCE * factor >= _size(live, "need", "npo"):
            break
    _add_quotes(session, live, best, company)
    return best


def _sources_of_company(session: Session, live: LiveIndex, company: Organization) -> list[_Source]:
    """Each open offer, and the profile last."""
    offers = session.scalars(
        select(Offer).where(Offer.organization_id == company.id, Offer.state == "open").order_by(Offer.id)
    ).all()
    rows = _rows(session, live, [("offer", offer.id) for offer in offers] + [("company", company.id)])
    by_id = {offer.id: offer for offer in offers}
    sources = [
        _source(row, by_id.get(row.owner_id) if row.owner_type == "offer" else None) for row in rows.values()
    ]
    return sorted(sources, key=lambda source: (source.owner_type == "company", source.owner_id))


def _score_needs(
    session: Session,
    live: LiveIndex,
    company: Organization,
    sources: Sequence[_Source],
    found: Mapping[int, _Found],
    marks: _Marks,
    filters: Filters,
) -> list[Suggestion]:
    needs = session.scalars(
        select(Need)
        .join(Organization, Organization.id == Need.organization_id)
        .where(Need.id.in_(found), *listed_needs(), _no_case(company.id, Need.organization_id, Need.id))
        .options(joinedload(Need.organization).joinedload(Organization.npo))
    ).all()
    profile = [source for source in sources if source.owner_type == "company"]
    if (missions := live.shelves.get("npo")) is not None:
        _compare_meanings(
            missions, profile, sorted({need.organization_id for need in needs} & missions.bags.keys())
        )
    result = []
    for need in needs:
        if not _wanted(filters, need.fields, need.areas, (need.support_type, *need.also_welcome)):
            continue
        if {(need.organization_id, need.id), (need.organization_id, 0)} & marks.passed:
            continue
        if _is_no_go(company, need.fields):
            continue
        result.append(_fit_need(live, company, sources, need))
    return result


def _fit_need(live: LiveIndex, company: Organization, sources: Sequence[_Source], need: Need) -> Suggestion:
    """Score a need against every offer and the profile; the best of them is what the card speaks of."""
    mission = _mission_texts(live, sources, need.organization_id)
    shelf = live.shelves.get("need")
    candidates: list[tuple[Fit, Offer | None]] = []
    for source in sources:
        pair = _texts(live, _similarity(shelf, need.id, source), mission)
        candidates.append(
            (ranking.fit(company_side(company, source.offer), npo_side(need=need), pair), source.offer)
        )
    if not candidates:  # nothing of the company is encoded yet: its facts alone must do
        candidates = [(ranking.fit(company_side(company, None), npo_side(need=need), Texts()), None)]
    best = max(candidates, key=lambda item: item[0].score)
    return Suggestion(need.organization, need, best[1], best[0])


def _score_missions(
    session: Session,
    live: LiveIndex,
    company: Organization,
    found: Mapping[int, _Found],
    marks: _Marks,
    filters: Filters,
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
    result = []
    for npo in npos:
        profile = npo.npo
        if profile is None or (npo.id, 0) in marks.passed or _is_no_go(company, profile.fields):
            continue
        if filters.support_type or not _wanted(filters, profile.fields, profile.areas, ()):
            continue
        near = found[npo.id]
        texts = _texts(live, (near.meaning, near.words), None)
        fit = ranking.fit(company_side(company, None), npo_side(npo=npo), texts)
        result.append(Suggestion(npo, None, None, fit))
    return result


# ── For a need: companies with the offer that fits best, or their profile ────────────────────────────


def for_need(
    session: Session,
    live: LiveIndex,
    need: Need,
    *,
    filters: Filters = Filters(),
    limit: int = SHOWN,
) -> list[Suggestion]:
    """The companies that fit ``need`` best, each once, best first; the NPO's profile must be loaded."""
    sources = [_source(row) for row in _rows(session, live, [("need", need.id)]).values()]
    if not sources:
        return []
    marks = _marks(session, need.organization_id)
    for factor in WIDENING:
        offers = _promising(live.shelves.get("offer"), sources, PER_SOURCE * factor)
        companies = _promising(live.shelves.get("company"), sources, PER_SOURCE * factor)
        scored = _score_companies(session, live, need, sources[0], offers, companies, marks, filters)
        best = _one_each(scored, marks, limit, need_id=need.id)
        if len(best) >= limit or PER_SOURCE * factor >= _size(live, "offer", "company"):
            break
    _add_quotes(session, live, best, None)
    return best


def _score_companies(
    session: Session,
    live: LiveIndex,
    need: Need,
    source: _Source,
    offers: Mapping[int, _Found],
    companies: Mapping[int, _Found],
    marks: _Marks,
    filters: Filters,
) -> list[Suggestion]:
    rows = session.scalars(
        select(Offer)
        .join(Organization, Organization.id == Offer.organization_id)
        .where(Offer.id.in_(offers), Offer.state == "open", *listed_organizations("company"))
    ).all()
    by_company: dict[int, list[Offer]] = {}
    for offer in rows:
        by_company.setdefault(offer.organization_id, []).append(offer)
    found = session.scalars(
        select(Organization)
        .where(
            Organization.id.in_([*by_company, *companies]),
            *listed_organizations("company"),
            _no_case_of_npo(need, Organization.id),
        )
        .options(joinedload(Organization.company))
    ).all()
    result = []
    for company in found:
        if company.company is None or _is_no_go(company, need.fields):
            continue
        if {(company.id, need.id), (company.id, 0)} & marks.passed:
            continue
        result.append(_fit_company(live, need, source, company, by_company.get(company.id, ())))
    return [
        suggestion
        for suggestion in result
        if _wanted(
            filters,
            _profile_of(suggestion.candidate).fields,
            _profile_of(suggestion.candidate).areas,
            (suggestion.offer.support_type,) if suggestion.offer else (),
        )
    ]


def _fit_company(
    live: LiveIndex, need: Need, source: _Source, company: Organization, offers: Iterable[Offer]
) -> Suggestion:
    mission = _between(live, "company", company.id, "npo", need.organization_id)
    candidates: list[tuple[Fit, Offer | None]] = []
    for offer in (*offers, None):
        shelf = live.shelves.get("offer" if offer else "company")
        pair = _similarity(shelf, offer.id if offer else company.id, source)
        texts = _texts(live, pair, mission)
        candidates.append((ranking.fit(company_side(company, offer), npo_side(need=need), texts), offer))
    best = max(candidates, key=lambda item: item[0].score)
    return Suggestion(company, need, best[1], best[0])


def fit_pair(session: Session, live: LiveIndex, company: Organization, need: Need) -> Suggestion:
    """How one company and one need fit, whatever the hard conditions say: for judging and recommending.

    The company's and the NPO's profiles must be loaded.
    """
    suggestion = _fit_need(live, company, _sources_of_company(session, live, company), need)
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


def _no_case(company_id: int, npo_id: Any, need_id: Any) -> ColumnElement[bool]:
    """No open case of this company about this need, or with this NPO about none in particular."""
    same = Partnership.need_id == need_id if need_id is not None else Partnership.need_id.is_(None)
    occupied = select(Partnership.id).where(
        Partnership.company_id == company_id,
        Partnership.npo_id == npo_id,
        same,
        Partnership.state.in_(lifecycle.CASE_OPEN),
    )
    return ~occupied.exists()


def _no_case_of_npo(need: Need, company_id: Any) -> ColumnElement[bool]:
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


# ── Search ───────────────────────────────────────────────────────────────────────────────────────────


def _rows(
    session: Session, live: LiveIndex, owners: Sequence[tuple[str, int]]
) -> dict[tuple[str, int], Embedding]:
    """The encoded rows of some owners under the serving model; those still waiting are left out."""
    found: dict[tuple[str, int], Embedding] = {}
    for owner_type in {owner_type for owner_type, _owner_id in owners}:
        ids = [owner_id for kind, owner_id in owners if kind == owner_type]
        for row in session.scalars(
            select(Embedding).where(
                Embedding.owner_type == owner_type,
                Embedding.owner_id.in_(ids),
                Embedding.model_id == (live.model_id or ""),
                Embedding.vector.is_not(None),
            )
        ):
            found[owner_type, row.owner_id] = row
    return found


def _source(row: Embedding, offer: Offer | None = None) -> _Source:
    vector = np.frombuffer(row.vector or b"", dtype=np.float32)
    return _Source(row.owner_type, row.owner_id, vector, merged(row.words), offer)


def _promising(shelf: Shelf | None, sources: Sequence[_Source], k: int) -> dict[int, _Found]:
    """The candidates of one shelf nearest to any of the asker's texts, by meaning and by words."""
    found: dict[int, _Found] = {}
    if shelf is None:
        return found
    near_ids = {
        id(source): {
            *shelf.vectors.search(source.vector, k)[0].tolist(),
            *islice(source.words_in(shelf), k),
        }
        & shelf.bags.keys()
        for source in sources
    }
    _compare_meanings(shelf, sources, sorted(set().union(*near_ids.values())))
    for source in sources:
        for owner_id in near_ids[id(source)]:
            meaning, words = _similarity(shelf, owner_id, source)
            near = _Found(meaning, words, source)
            if owner_id not in found or near.promise > found[owner_id].promise:
                found[owner_id] = near
    best = sorted(found, key=lambda owner_id: (-found[owner_id].promise, owner_id))[: max(k, SHOWN * 4)]
    return {owner_id: found[owner_id] for owner_id in best}


def _similarity(shelf: Shelf | None, owner_id: int, source: _Source) -> tuple[float, float]:
    if shelf is None or owner_id not in shelf.bags:
        return 0.0, 0.0
    if (id(shelf), owner_id) not in source.meanings:
        _compare_meanings(shelf, [source], [owner_id])
    return source.meanings[id(shelf), owner_id], source.words_in(shelf).get(owner_id, 0.0)


def _compare_meanings(shelf: Shelf, sources: Sequence[_Source], owner_ids: Sequence[int]) -> None:
    """The cosines of all sources with all records in one product, kept with the sources."""
    if not owner_ids or not sources:
        return
    vectors = shelf.vectors.vectors(np.array(owner_ids, dtype=np.int64))
    cosines = vectors @ np.stack([source.vector for source in sources]).T
    for place, source in enumerate(sources):
        column = cosines[:, place].tolist()
        source.meanings.update(
            ((id(shelf), owner), value) for owner, value in zip(owner_ids, column, strict=True)
        )


def _texts(live: LiveIndex, pair: tuple[float, float], mission: tuple[float, float] | None) -> Texts:
    """Similarities for the ranking; without a model the meaning is unknown, not absent."""
    known = live.knows_meaning
    return Texts(
        meaning=pair[0] if known else None,
        words=pair[1],
        mission_meaning=mission[0] if mission and known else None,
        mission_words=mission[1] if mission else None,
    )


def _mission_texts(live: LiveIndex, sources: Sequence[_Source], npo_id: int) -> tuple[float, float] | None:
    profile = next((source for source in sources if source.owner_type == "company"), None)
    shelf = live.shelves.get("npo")
    if profile is None or shelf is None or npo_id not in shelf.bags:
        return None
    return _similarity(shelf, npo_id, profile)


def _between(live: LiveIndex, type_a: str, id_a: int, type_b: str, id_b: int) -> tuple[float, float] | None:
    a, b = live.shelves.get(type_a), live.shelves.get(type_b)
    if a is None or b is None or id_a not in a.bags or id_b not in b.bags:
        return None
    vector = a.vectors.vectors(np.array([id_a], dtype=np.int64))[0]
    return _similarity(b, id_b, _Source(type_a, id_a, vector, a.bags[id_a]))


def _size(live: LiveIndex, *owner_types: str) -> int:
    return max((len(live.shelves[kind].bags) for kind in owner_types if kind in live.shelves), default=0)


def _one_each(
    scored: Sequence[Suggestion], marks: _Marks, limit: int, *, need_id: int | None = None
) -> list[Suggestion]:
    """The best suggestion of each organization, ranked; ties by the organization's key."""
    best: dict[int, Suggestion] = {}
    for place in ranking.order([(item.fit.score, item.need.id if item.need else 0) for item in scored]):
        best.setdefault(scored[place].candidate.id, scored[place])
    items = list(best.values())
    ranked = [items[place] for place in ranking.order([(s.fit.score, s.candidate.id) for s in items])][:limit]
    for rank, suggestion in enumerate(ranked, start=1):
        suggestion.rank = rank
        about = need_id or (suggestion.need.id if suggestion.need else 0)
        suggestion.saved = bool(
            {(suggestion.candidate.id, about), (suggestion.candidate.id, 0)} & marks.saved
        )
    return ranked


# ── Quotes ───────────────────────────────────────────────────────────────────────────────────────────


def _add_quotes(
    session: Session, live: LiveIndex, suggestions: Sequence[Suggestion], company: Organization | None
) -> None:
    """Find, for the few that are shown, the sentence pair that carried the similarity."""
    wanted: list[tuple[str, int]] = []
    pairs: list[tuple[tuple[str, int], tuple[str, int]]] = []
    for suggestion in suggestions:
        giver = company or suggestion.candidate
        theirs = ("offer", suggestion.offer.id) if suggestion.offer else ("company", giver.id)
        ours = ("need", suggestion.need.id) if suggestion.need else ("npo", suggestion.candidate.id)
        pairs.append((theirs, ours))
        wanted += [theirs, ours]
    rows = _rows(session, live, wanted)
    for suggestion, (theirs, ours) in zip(suggestions, pairs, strict=True):
        if theirs in rows and ours in rows:
            suggestion.quote = quote_between(live, rows[theirs], rows[ours])
            suggestion.fit = _with_quote(suggestion)


def _with_quote(suggestion: Suggestion) -> Fit:
    fit, quote = suggestion.fit, suggestion.quote
    if quote is None:
        return fit
    reason = ranking.quote_reason(quote, fit.parts.get("meaning", 0.0))
    return Fit(fit.score, fit.parts, (reason, *fit.reasons), fit.improvements)


def quote_between(live: LiveIndex, company_row: Embedding, npo_row: Embedding) -> Quote | None:
    """The nearest sentence pair of two encoded texts."""
    shelf = live.shelves.get(npo_row.owner_type) or next(iter(live.shelves.values()), None)
    if shelf is None:
        return None
    pair = best_pair(
        _sentence_vectors(company_row),
        _sentence_vectors(npo_row),
        company_row.words,
        npo_row.words,
        shelf.words.idf,
    )
    if pair is None:
        return None
    return Quote(company_row.sentences[pair[0]], npo_row.sentences[pair[1]])


def _sentence_vectors(row: Embedding) -> Floats:
    count = len(row.sentences)
    if not count or not row.sentence_vectors:
        return np.empty((0, 0), np.float32)
    return np.frombuffer(row.sentence_vectors, dtype=np.float16).reshape(count, -1).astype(np.float32)


# ── Records ──────────────────────────────────────────────────────────────────────────────────────────


def record_shown(
    session: Session,
    live: LiveIndex,
    actor: Actor,
    organization: Organization,
    suggestions: Sequence[Suggestion],
    now: datetime,
    *,
    need: Need | None = None,
    filters: Filters = Filters(),
) -> ShownList:
    """Keep the list as it is shown, and give every card its public id."""
    permissions.require(actor, "suggestions.view", organization)
    shown = ShownList(
        viewer_id=actor.user_id,
        organization_id=organization.id,
        need_id=need.id if need else None,
        shown_at=now,
        model_id=live.model_id or "",
        index_version=live.applied_version,
        weights_version=ranking.weights_version(),
        filters=filters.as_dict(),
    )
    session.add(shown)
    session.flush()
    items = []
    for suggestion in suggestions:
        item = ShownSuggestion(
            shown_list_id=shown.id,
            rank=suggestion.rank,
            candidate_id=suggestion.candidate.id,
            need_id=suggestion.need.id if suggestion.need else None,
            offer_id=suggestion.offer.id if suggestion.offer else None,
            score=round(suggestion.fit.score, 4),
            parts={code: round(value, 4) for code, value in suggestion.fit.parts.items()},
            reasons=suggestion.reasons,
        )
        session.add(item)
        items.append(item)
    session.flush()
    for suggestion, item in zip(suggestions, items, strict=True):
        suggestion.public_id = item.public_id
    return shown


def get_shown(session: Session, actor: Actor, public_id: str) -> ShownSuggestion:
    """A suggestion as it was shown, for members of the organization it was shown to and for staff.

    Raises:
        NotFound
    """
    found = session.scalar(
        select(ShownSuggestion)
        .where(ShownSuggestion.public_id == public_id)
        .options(joinedload(ShownSuggestion.shown_list), joinedload(ShownSuggestion.candidate))
    )
    if found is None or not (actor.is_staff or actor.organization_id == found.shown_list.organization_id):
        raise NotFound("suggestion")
    return found


@dataclass(frozen=True)
class Page:
    """What the detail page shows beside the suggestion as it was recorded."""

    company: Organization
    npo: Organization
    need: Need | None
    offer: Offer | None
    quotes: tuple[str, str] | None
    shown_to_others: int  #: to how many other organizations this need was shown; a count, no names
    mark: str  #: saved, passed or empty


def page_of(session: Session, shown: ShownSuggestion) -> Page:
    """The two sides of a shown suggestion with their texts as they stand now."""
    viewer_id = shown.shown_list.organization_id
    found = session.scalars(
        select(Organization)
        .where(Organization.id.in_((viewer_id, shown.candidate_id)))
        .options(joinedload(Organization.company), joinedload(Organization.npo))
    ).all()
    sides = {organization.kind: organization for organization in found}
    need, offer = need_of(session, shown), session.get(Offer, shown.offer_id or 0)
    quote = next((reason for reason in shown.reasons if reason["code"] == "quote"), None)
    others = select(func.count(ShownList.organization_id.distinct())).join(
        ShownSuggestion, ShownSuggestion.shown_list_id == ShownList.id
    )
    about = (
        ShownSuggestion.need_id == shown.need_id
        if shown.need_id is not None
        else ShownSuggestion.candidate_id == shown.candidate_id
    )
    own = _mark_row(session, viewer_id, shown.candidate_id, need)
    return Page(
        sides["company"],
        sides["npo"],
        need,
        offer,
        (quote["company"], quote["npo"]) if quote else None,
        session.scalar(others.where(about, ShownList.organization_id != viewer_id)) or 0,
        own.kind if own else "",
    )


def need_of(session: Session, shown: ShownSuggestion) -> Need | None:
    """The need that a shown suggestion speaks of."""
    return None if shown.need_id is None else session.get(Need, shown.need_id)


def mark(
    session: Session,
    actor: Actor,
    target: Organization,
    need: Need | None,
    kind: str,
    now: datetime,
    *,
    reason_code: str | None = None,
    note: str = "",
) -> None:
    """Save (保存) or pass (見送り, with a coded reason that only the coordinator reads).

    Raises:
        Invalid: a pass without a reason of the list.
    """
    own = queries.own_organization(session, actor)
    permissions.require(actor, "suggestions.mark", own)
    if kind == "passed" and reason_code not in vocabulary.PASS_REASONS:
        raise Invalid(reason_code="required")
    row = _mark_row(session, own.id, target.id, need)
    if row is None:
        row = Mark(organization_id=own.id, target_id=target.id, need_id=need.id if need else 0)
        session.add(row)
    row.kind, row.reason_code, row.note = kind, reason_code, note.strip()
    row.marked_by_id, row.marked_at = actor.user_id or 0, now
    audit.record(
        session, actor, kind, "organization", target.public_id, now,
        reason_code=reason_code, details={"need": need.public_id} if need else {},
    )  # fmt: skip


def mark_of(session: Session, actor: Actor, target_id: int, need: Need | None) -> str:
    """What the actor's organization made of a target: ``saved``, ``passed`` or empty."""
    row = _mark_row(session, actor.organization_id or 0, target_id, need)
    return row.kind if row else ""


def unmark(session: Session, actor: Actor, target: Organization, need: Need | None, now: datetime) -> None:
    """Take a mark back: the organization may be suggested again."""
    own = queries.own_organization(session, actor)
    permissions.require(actor, "suggestions.mark", own)
    row = _mark_row(session, own.id, target.id, need)
    if row is not None:
        session.delete(row)
        audit.record(
            session, actor, "unmark", "organization", target.public_id, now,
            details={"need": need.public_id} if need else {},
        )  # fmt: skip


def _mark_row(session: Session, own_id: int, target_id: int, need: Need | None) -> Mark | None:
    return session.scalar(
        select(Mark).where(
            Mark.organization_id == own_id,
            Mark.target_id == target_id,
            Mark.need_id == (need.id if need else 0),
        )
    )


def _profile_of(company: Organization) -> Any:
    return company.company
