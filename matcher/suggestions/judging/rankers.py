"""What ranks the texts of a folder: the shipped ranking, and simple baselines on the same texts.

The shipped ranking runs as it does behind the pages: the texts become profiles in a database of their own,
the worker's code encodes them, and ``suggestions/suggest.py`` ranks. Structured fields stay empty, except
that a region counts as the area.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import insert, select
from sqlalchemy.orm import Session, joinedload

from embeddings import text as texts
from matcher.ground.db import Database
from matcher.ground.vocabulary import NO_PLACE
from matcher.records import CompanyProfile, NpoProfile, Organization
from matcher.records.base import Base, new_public_id
from matcher.suggestions import contextual, encoding, suggest
from matcher.suggestions.indexing import LiveIndex
from matcher.suggestions.judging.folders import Direction, Folder, Query, Ranker, Record
from matcher.suggestions.ranking import Fit, shipped_weights

Floats = NDArray[np.float64]

RANKED: Final = 1000  #: so many candidates of a query are ranked and written


class Shipped:
    """The ranking that serves the pages, on the records of a folder."""

    name = "shipped"

    def __init__(
        self, database: Database, folder: Folder, encoder: encoding.Encoder, now: datetime, *,
        sentence_encoder: encoding.Encoder | None = None,
        step: Callable[[int, int], None] = lambda _done, _total: None,
    ) -> None:  # fmt: skip
        """Fill an empty database with the folder and encode it.

        Args:
            sentence_encoder: also reads everything, if given.
            step: told (done, total) while encoding.
        """
        self._database = database
        Base.metadata.create_all(database.engine)
        self._numbers: dict[str, int] = {}  # of records and judged queries
        self._keys: dict[int, str] = {}
        askers = [query for query in folder.queries if query.is_judged]
        with database.write() as session:
            number = 0
            for kind, records in (("company", folder.companies), ("npo", folder.npos)):
                self._add(session, kind, list(records.values()), "verified", now, number)
                number += len(records)
            for kind, direction in (("company", "company_to_npo"), ("npo", "npo_to_company")):
                rows = [
                    Record(f"?{query.id}", query.id, query.text, query.region)
                    for query in askers
                    if query.direction == direction
                ]
                self._add(session, kind, rows, "draft", now, number)  # a draft is suggested to nobody
                number += len(rows)
        encoding.add_missing_rows(database, encoder.model_id)
        done = 0
        while count := encoding.encode_waiting(database, encoder, now, limit=1024):
            done += count
            step(done, number)
        encoding.serve(database, encoder.model_id)
        if sentence_encoder is not None:
            contextual.begin(database, sentence_encoder.model_id)
            done = 0
            while count := contextual.encode_waiting(database, sentence_encoder):
                done += count
                step(done, number)
        self.live = LiveIndex()
        with database.read() as session:
            self.live.level(session)

    def _add(
        self, session: Session, kind: str, records: Sequence[Record], state: str, now: datetime, before: int
    ) -> None:
        organizations, profiles = [], []
        for number, record in enumerate(records, start=before + 1):
            areas = [record.region] if record.region and record.region not in NO_PLACE else []
            organizations.append(
                {"id": number, "public_id": new_public_id(), "kind": kind, "state": state, "version": 1,
                 "name": record.name[:120], "created_at": now, "updated_at": now, "visibility": "public"}
            )  # fmt: skip
            lists = {"organization_id": number, "fields": [], "sdgs": [], "beneficiaries": [], "areas": areas}
            if kind == "company":
                profiles.append(lists | {"business": record.text})
            else:
                profiles.append(lists | {"mission": record.text})
            self._numbers[record.id], self._keys[number] = number, record.id
        if organizations:
            session.execute(insert(Organization), organizations)
            session.execute(insert(CompanyProfile if kind == "company" else NpoProfile), profiles)

    def __call__(self, query: Query) -> list[str]:
        """The ids of the other side, best first."""
        ranked = list(self.fits(query))
        # What has no word and no meaning in common comes last, in the order of the file.
        return ranked + [key for key in query.candidates if key not in set(ranked)]

    def fits(self, query: Query) -> dict[str, Fit]:
        """The fit of every record that is ranked for a query, best first."""
        asker = self._numbers[f"?{query.id}" if query.is_judged else query.id]
        among = [self._numbers[key] for key in query.candidates] if query.is_judged else None
        with self._database.read() as session:
            organization = session.scalar(
                select(Organization)
                .where(Organization.id == asker)
                .options(joinedload(Organization.company), joinedload(Organization.npo))
            )
            assert organization is not None
            rank = suggest.for_company if query.direction == "company_to_npo" else suggest.for_npo
            found = rank(session, self.live, organization, limit=RANKED, among=among, quoted=False)
        return {self._keys[suggestion.candidate.id]: suggestion.fit for suggestion in found}

    def without(self, *codes: str) -> Ranker:
        """The same ranking where these signals are unknown, so that they count neither way."""

        def rank(query: Query) -> list[str]:
            scores = {
                key: shipped_weights().score({c: v for c, v in fit.parts.items() if c not in codes})
                for key, fit in self.fits(query).items()
            }
            ranked = sorted(scores, key=lambda key: (-scores[key], self._numbers[key]))
            return ranked + [key for key in query.candidates if key not in scores]

        return rank


# ── Baselines ────────────────────────────────────────────────────────────────────────────────────────


class Baselines:
    """Simple rankers on the same texts: each gives a score to every record of the other side."""

    def __init__(self, folder: Folder, seed: int = 0) -> None:
        self._folder = folder
        self._random = np.random.default_rng(seed)
        self._sides: dict[Direction, list[Record]] = {
            "company_to_npo": list(folder.npos.values()),
            "npo_to_company": list(folder.companies.values()),
        }
        self._places = {
            direction: {r.id: n for n, r in enumerate(rows)} for direction, rows in self._sides.items()
        }
        self._vectorizers: dict[str, Any] = {}
        self._matrices: dict[tuple[str, Direction], Any] = {}

    def rankers(self) -> dict[str, Ranker]:
        """By name: the order in which a query's candidates come."""
        scorers: dict[str, Callable[[Query], Floats]] = {
            "random": lambda query: self._random.random(len(self._sides[query.direction])),
            "text length": lambda query: np.array([float(len(r.text)) for r in self._sides[query.direction]]),
            "character-bigram TF-IDF": lambda query: self.tfidf("bigrams", query),
            "Sudachi-word TF-IDF": lambda query: self.tfidf("words", query),
            "Sudachi-word BM25": self.bm25,
        }
        return {name: self._ranker(scorer) for name, scorer in scorers.items()}

    def with_vectors(
        self, name: str, encode: Callable[[Sequence[str]], NDArray[np.float32]]
    ) -> dict[str, Ranker]:
        """Rankers by the cosines of a model, alone and added to words (both z-scored)."""
        sides = {direction: encode([r.text for r in rows]) for direction, rows in self._sides.items()}
        queries = {(q.id, q.direction): q.text for q in self._folder.queries}
        asked = dict(zip(queries, encode(list(queries.values())), strict=True))

        def cosines(query: Query) -> Floats:
            return np.asarray(sides[query.direction] @ asked[query.id, query.direction], np.float64)

        return {
            name: self._ranker(cosines),
            f"{name} + words": self._ranker(
                lambda query: _z(cosines(query)) + _z(self.tfidf("words", query))
            ),
        }  # fmt: skip

    def _ranker(self, scorer: Callable[[Query], Floats]) -> Ranker:
        def rank(query: Query) -> list[str]:
            scores, rows = scorer(query), self._sides[query.direction]
            places = self._places[query.direction]
            among = np.array(
                [places[key] for key in query.candidates] if query.is_judged else range(len(rows)),
                dtype=np.int64,
            )
            order = among[np.lexsort((among, -scores[among]))][:RANKED]
            return [rows[place].id for place in order.tolist()]

        return rank

    def tfidf(self, kind: str, query: Query) -> Floats:
        """TF-IDF cosines (scikit-learn's smoothed form) of a query and every record of the other side."""
        matrix = self._matrix(kind, query.direction)
        return np.asarray((matrix @ self._vectorizers[kind].transform([query.text]).T).todense()).ravel()

    def bm25(self, query: Query, k1: float = 1.2, b: float = 0.75) -> Floats:
        """Okapi BM25 (Robertson and Zaragoza 2009) with their usual constants."""
        counts = self._matrix("counts", query.direction)
        lengths = np.asarray(counts.sum(axis=1)).ravel()
        wanted = self._vectorizers["counts"].transform([query.text]).indices
        frequency = np.asarray(counts[:, wanted].todense(), dtype=np.float64)
        holders = (frequency > 0).sum(axis=0)
        rarity = np.log1p((len(lengths) - holders + 0.5) / (holders + 0.5))
        norm = k1 * (1 - b + b * lengths / max(lengths.mean(), 1e-9))
        saturated = rarity * frequency * (k1 + 1) / (frequency + norm[:, None])
        return np.asarray(saturated.sum(axis=1), np.float64)

    def _matrix(self, kind: str, direction: Direction) -> Any:
        # Imported where it is used: no page needs it.
        from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer  # noqa: PLC0415

        if kind not in self._vectorizers:
            folded = {"lowercase": False, "preprocessor": texts.fold}
            by_word = {"lowercase": False, "tokenizer": texts.words, "token_pattern": None}
            self._vectorizers[kind] = (
                TfidfVectorizer(analyzer="char", ngram_range=(2, 2), **folded) if kind == "bigrams"
                else TfidfVectorizer(**by_word) if kind == "words" else CountVectorizer(**by_word)
            )  # fmt: skip
            rows = [record.text for side in self._sides.values() for record in side]
            self._vectorizers[kind].fit(rows)
        if (kind, direction) not in self._matrices:
            rows = [record.text for record in self._sides[direction]]
            self._matrices[kind, direction] = self._vectorizers[kind].transform(rows)
        return self._matrices[kind, direction]


def _z(scores: Floats) -> Floats:
    standard: Floats = (scores - scores.mean()) / (scores.std() + 1e-12)
    return standard
