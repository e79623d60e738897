"""What the records of a kind say, held beside the index, so that all of them can be judged at once.

What counts for one judge (``criteria.read_of``) is the same for many records: each different saying is kept
once and judged once, by the rules that judge a pair. Kept in step by the versions of the embedding table.
"""

from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from embeddings.pairs import Sentences
from matcher.records import Embedding, Need, Offer, Organization
from matcher.suggestions import criteria
from matcher.suggestions.conditions import Facts, completed, facts_of_posting, facts_of_profile
from matcher.suggestions.criteria import CODES, Side
from matcher.suggestions.measured import Remembered
from matcher.suggestions.said import Said
from matcher.suggestions.sides import company_side, npo_side

Ids = NDArray[np.int64]
Places = NDArray[np.int32]

#: of a record: its id, its organization, what it says to the judges, and what people filter by
Saying = tuple[int, int, Side, Facts]
_BATCH: Final = 500
REMEMBERED: Final = 2_000  #: so many answers of judges are kept with a table


@dataclass
class _Sayings:
    """What different records say to one judge, each once."""

    sides: list[Side] = field(default_factory=list)
    places: dict[Hashable, int] = field(default_factory=dict)

    def place(self, code: str, side: Side) -> int:
        key = criteria.key_read(code, side)
        found = self.places.get(key)
        if found is None:
            found = self.places[key] = len(self.sides)
            self.sides.append(criteria.read_of(code, side))
        return found


@dataclass(frozen=True)
class Table:
    """All records of one kind at one version of the index."""

    ids: Ids  #: ascending
    owners: Ids  #: the organization of each
    facts: Sequence[Facts]
    places: Mapping[str, Places]  #: judge → which of its sayings each record has
    sayings: Mapping[str, Sequence[Side]]
    said: Said  #: the sentences of all that have any
    starts: Ids  #: (n + 1,) where those of each begin
    judged: dict[Hashable, NDArray[np.float64]] = field(default_factory=dict)  #: what ``heard`` remembers
    measured: Remembered = field(default_factory=Remembered)  #: what those who asked last were told of them

    def heard(self, code: str, side: Side, asks: bool) -> NDArray[np.float64]:
        """What a judge makes of each of its sayings beside a side; nan where it cannot say.

        Args:
            asks: whether it is the records that ask, and the side that gives.
        """
        read = criteria.read_of(code, side)
        key = (code, criteria.key_of(read), asks)
        found = self.judged.get(key)
        if found is None:
            pairs = [(read, one) if asks else (one, read) for one in self.sayings[code]]
            values = [criteria.value_of(code, *pair) for pair in pairs]
            found = np.array([np.nan if value is None else value for value in values])
            if len(self.judged) < REMEMBERED:
                self.judged[key] = found
        return found


class Kept:
    """The table of one kind, which is made anew where records changed. Guarded by the index's lock."""

    def __init__(self, owner_type: str, model_id: str, districts: Mapping[str, str]) -> None:
        self.owner_type, self._model_id, self.districts = owner_type, model_id, dict(districts)
        self._said: dict[int, Said] = {}
        self._rows: dict[int, tuple[int, Facts, tuple[int, ...]]] = {}
        self._of_organization: dict[int, set[int]] = {}
        self._sayings = {code: _Sayings() for code in CODES}
        self.table = self._made()

    def read(self, session: Session, organizations: Collection[int] | None = None) -> None:
        """Read what the records of some organizations say now, of all where ``None``."""
        if organizations is None:
            self._rows, self._said, self._of_organization = {}, {}, {}
            self._sayings = {code: _Sayings() for code in CODES}
        for organization_id in organizations or ():
            for owner_id in self._of_organization.pop(organization_id, ()):
                del self._rows[owner_id]
                self._said.pop(owner_id, None)
        read = []
        for owner_id, organization_id, side, facts in _READERS[self.owner_type](
            session, organizations, self.districts
        ):
            places = tuple(self._sayings[code].place(code, side) for code in CODES)
            self._rows[owner_id] = (organization_id, facts, places)
            self._of_organization.setdefault(organization_id, set()).add(owner_id)
            read.append(owner_id)
        self._said |= _sentences(session, self.owner_type, self._model_id, read)
        self.table = self._made()

    def _made(self) -> Table:
        ids = sorted(self._rows)
        rows = [self._rows[owner_id] for owner_id in ids]
        said = [self._said.get(owner_id) for owner_id in ids]
        lengths = [0 if one is None else len(one) for one in said]
        places = np.array([row[2] for row in rows], np.int32).reshape(len(rows), len(CODES))
        return Table(
            np.array(ids, np.int64),
            np.array([row[0] for row in rows], np.int64),
            [row[1] for row in rows],
            {code: np.ascontiguousarray(places[:, column]) for column, code in enumerate(CODES)},
            {code: tuple(self._sayings[code].sides) for code in CODES},
            Said.joined([one for one in said if one is not None and len(one)]),
            np.concatenate([[0], np.cumsum(lengths, dtype=np.int64)]),
        )


def organizations_of(session: Session, owner_type: str, changed: Collection[int]) -> set[int]:
    """Whose records changed."""
    if owner_type in {"npo", "company"}:
        return set(changed)
    model: Any = Need if owner_type == "need" else Offer
    found: set[int] = set()
    wanted = sorted(changed)
    for start in range(0, len(wanted), _BATCH):
        query = select(model.organization_id).where(model.id.in_(wanted[start : start + _BATCH]))
        found |= {*session.scalars(query)}
    return found


# ── Reading ──────────────────────────────────────────────────────────────────────────────────────────


def _needs(
    session: Session, organizations: Collection[int] | None, districts: Mapping[str, str]
) -> Iterable[Saying]:
    query = select(Need).where(Need.state == "open")
    for need in _all(session, query, Need.organization_id, organizations):
        yield need.id, need.organization_id, npo_side(need=need, districts=districts), facts_of_posting(need)


def _npos(
    session: Session, organizations: Collection[int] | None, districts: Mapping[str, str]
) -> Iterable[Saying]:
    query = select(Organization).where(Organization.kind == "npo").options(joinedload(Organization.npo))
    for npo in _all(session, query, Organization.id, organizations):
        if npo.npo is not None:
            yield npo.id, npo.id, npo_side(npo=npo, districts=districts), facts_of_profile(npo.npo)


def _companies(
    session: Session, organizations: Collection[int] | None, districts: Mapping[str, str]
) -> Iterable[Saying]:
    for company, offers in _with_offers(session, organizations):
        if company.company is not None:
            side = company_side(company, None, offers, districts)
            yield company.id, company.id, side, facts_of_profile(company.company)


def _offers(
    session: Session, organizations: Collection[int] | None, districts: Mapping[str, str]
) -> Iterable[Saying]:
    for company, offers in _with_offers(session, organizations):
        for offer in offers if company.company is not None else ():
            side = company_side(company, offer, offers, districts)
            profile = facts_of_profile(company.company)
            yield offer.id, company.id, side, completed(facts_of_posting(offer), profile)


def _sentences(session: Session, owner_type: str, model_id: str, ids: Sequence[int]) -> dict[int, Said]:
    query = select(Embedding.owner_id, Embedding.sentence_vectors, Embedding.words).where(
        Embedding.owner_type == owner_type, Embedding.model_id == model_id, Embedding.vector.is_not(None)
    )
    found = {}
    for start in range(0, len(ids), _BATCH):
        for owner_id, vectors, words in session.execute(
            query.where(Embedding.owner_id.in_(ids[start : start + _BATCH]))
        ):
            said = Sentences.stored(vectors, words)
            if len(said):
                found[owner_id] = Said.of(said)
    return found


def _with_offers(
    session: Session, organizations: Collection[int] | None
) -> Iterable[tuple[Organization, Sequence[Offer]]]:
    offers: dict[int, list[Offer]] = {}
    query = select(Offer).where(Offer.state == "open").order_by(Offer.id)
    for offer in _all(session, query, Offer.organization_id, organizations):
        offers.setdefault(offer.organization_id, []).append(offer)
    companies = (
        select(Organization).where(Organization.kind == "company").options(joinedload(Organization.company))
    )
    for company in _all(session, companies, Organization.id, organizations):
        yield company, offers.get(company.id, ())


def _all(session: Session, query: Any, key: Any, among: Collection[int] | None) -> Iterable[Any]:
    if among is None:
        yield from session.scalars(query.execution_options(yield_per=_BATCH))
        return
    wanted = sorted(among)
    for start in range(0, len(wanted), _BATCH):
        yield from session.scalars(query.where(key.in_(wanted[start : start + _BATCH])))


_READERS: Final = {"need": _needs, "npo": _npos, "company": _companies, "offer": _offers}
