"""Who is near: neighbours of the asker's texts by meaning and by words, and how near each of them is.

Reading never encodes: every vector comes from the index or from the embedding table.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import accumulate
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select
from sqlalchemy.orm import Session, undefer_group
from sqlalchemy.sql.base import ExecutableOption

from embeddings.lexical import WordIndex
from embeddings.pairs import Sentences, by_chance, closeness, maxsim
from matcher.city import cities
from matcher.records import Embedding, Offer
from matcher.suggestions import ranking, weights
from matcher.suggestions.asked import Read, Source
from matcher.suggestions.indexing import PRIOR, LiveIndex, Shelf, State, merged, state_in, units_from
from matcher.suggestions.ranking import Fit, Side, Texts

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Near:
    """How near two texts are: cosine of meaning, cosine of words, and their closest pair of sentences.

    ``contextual`` and ``maxsim`` are by the sentence encoder: cosine of the whole texts, and of each sentence
    with its best partner on the other side, averaged both ways. Whatever was not looked at is ``None``.
    """

    meaning: float = 0.0
    words: float = 0.0
    sentences: float | None = None
    contextual: float | None = None
    maxsim: float | None = None


def rows_of(
    session: Session, live: LiveIndex, owners: Sequence[tuple[str, int]], *options: ExecutableOption
) -> dict[tuple[str, int], Embedding]:
    """The encoded rows of some owners under the serving model; those still waiting are left out."""
    found: dict[tuple[str, int], Embedding] = {}
    for owner_type in sorted({owner_type for owner_type, _owner_id in owners}):
        ids = [owner_id for kind, owner_id in owners if kind == owner_type]
        for row in session.scalars(
            select(Embedding)
            .where(
                Embedding.owner_type == owner_type,
                Embedding.owner_id.in_(ids),
                Embedding.model_id == (live.model_id or ""),
                Embedding.vector.is_not(None),
            )
            .options(*options)
        ):
            found[owner_type, row.owner_id] = row
    return found


def scaled(cosines: NDArray[np.float64], scale: tuple[float, float]) -> NDArray[np.float64]:
    """``ranking.scaled`` of many."""
    low, high = scale
    result: NDArray[np.float64] = np.clip((cosines - low) / (high - low), 0.0, 1.0)
    return result


class Close(NamedTuple):
    """What is known of a pair only where it is compared closely (see ``Near``)."""

    sentences: float | None = None
    contextual: float | None = None
    maxsim: float | None = None


UNKNOWN: Final = Close()


def said_closely(close: Close, speaks: bool) -> float | None:
    """The closest pair of sentences; nothing is close to a text that says nothing."""
    return close.sentences if close.sentences is not None or speaks else 0.0


def _in_context(a: Read | None, b: Read | None) -> tuple[float | None, float | None]:
    """The contextual cosine of two texts, and that of their sentences with their best partners."""
    if a is None or b is None:
        return None, None
    return float(a.vector @ b.vector), maxsim(a.sentences, b.sentences)


class Search:
    """One search of one request: what was compared once is not compared again."""

    def __init__(self, session: Session, live: LiveIndex, owners: Sequence[tuple[str, int, Offer | None]]):
        """``owners``: the asker's texts as (type, id, offer if it is one); the unencoded are left out."""
        self.live = live
        self.weights = weights.serving(session, live.model_id)
        self.districts = cities.get(session).areas
        self.session = session
        self._middles: dict[str, Floats] = {}
        keys = tuple((kind, number) for kind, number, _offer in owners)
        self.sources = self._sources(keys)
        self._offers = {(kind, number): offer for kind, number, offer in owners}
        self._near: dict[tuple[str, int, Source], Near] = {}
        self._close: dict[tuple[str, int, Source], Close] = {}
        #: what the asker says by each of its texts, once asked for
        self.own: Sequence[tuple[Source | None, Side]] | None = None

    @cached_property
    def state(self) -> State | None:
        """What the session sees of the index."""
        return state_in(self.session)

    @property
    def level(self) -> State | None:
        """The state under which anything may be kept; ``None`` while the index is not level."""
        return self.state if self.live.holds(self.state) else None

    @property
    def offers(self) -> Sequence[Offer]:
        """The asker's offers that were named, read or not."""
        return [offer for offer in self._offers.values() if offer is not None]

    def offer_of(self, source: Source) -> Offer | None:
        """The asker's offer whose text a source is."""
        return self._offers.get((source.owner_type, source.owner_id))

    def _sources(self, keys: tuple[tuple[str, int], ...]) -> Sequence[Source]:
        state = self.level
        known = self.live.asked.get(state, keys) if state is not None else None
        if known is not None:
            return known
        rows = rows_of(self.session, self.live, keys, undefer_group("contextual"))
        found = [self._source(rows[key]) for key in keys if key in rows]
        if state is not None:
            self.live.asked.put(state, keys, found)
        return found

    def _source(self, row: Embedding) -> Source:
        return Source(
            row.owner_type,
            row.owner_id,
            self._from_the_middle(row.owner_type, row.vector or b""),
            Sentences.stored(row.sentence_vectors, row.words),
            merged(row.words),
            self._read_of(
                row.owner_type,
                row.contextual_model_id,
                row.contextual_vector,
                row.contextual_sentence_vectors,
            ),
        )

    # All companies' texts have something in common that says nothing about partners; from there, fewer
    # partners are near to everyone (hubs; measured).
    def _from_the_middle(self, owner_type: str, vector: bytes) -> Floats:
        asked = np.frombuffer(vector, np.float32)
        shelf = self.live.shelves.get(owner_type)
        return asked if shelf is None else asked - shelf.vectors.mean(PRIOR)

    def _read_of(
        self, owner_type: str, read_by: str | None, vector: bytes | None, sentences: bytes | None
    ) -> Read | None:
        if vector is None or sentences is None or read_by != self.live.contextual_id:
            return None
        whole = np.frombuffer(vector, np.float16).astype(np.float32)
        if not whole.any():
            return None
        said = np.frombuffer(sentences, np.float16).astype(np.float32).reshape(-1, len(whole))
        return Read(*(self._contextual(owner_type, vectors) for vectors in (whole, said)))

    def _contextual(self, owner_type: str, vectors: Floats) -> Floats:
        """Contextual vectors (…, d) from the middle of their kind, of length one; zero ones stay zero."""
        return units_from(self.middle(owner_type, vectors.shape[-1]), vectors)

    def middle(self, owner_type: str, dimensions: int) -> Floats:
        """The middle (d,) of the contextual vectors of a kind, the same for the whole search."""
        if owner_type not in self._middles:
            self._middles[owner_type] = self.live.middle(owner_type, dimensions)
        return self._middles[owner_type]

    def source(self, owner_type: str) -> Source | None:
        """The first of the asker's texts of a type."""
        return next((source for source in self.sources if source.owner_type == owner_type), None)

    def nearest(self, owner_type: str, sources: Sequence[Source], k: int) -> list[int]:
        """The ``k`` most promising records of a type: near any of ``sources`` by meaning or by words."""
        shelf = self.live.shelves.get(owner_type)
        if shelf is None or not sources:
            return []
        found: list[NDArray[np.int64]] = []
        for source in sources:
            near = shelf.vectors.search(
                source.vector,
                k,
                exact=lambda wanted: self.live.vectors_of(self.session, owner_type, wanted),
            )[0]
            found += [near, shelf.words.search(source.bag, k)[0]]
            if source.read is not None and shelf.contextual is not None:
                found.append(shelf.contextual.search(source.read.vector, k)[0])
        ids = np.unique(np.concatenate(found))
        ids = ids[[number in shelf for number in ids.tolist()]]
        if not ids.size:
            return []
        meaning, words, _speaks = self._likeness(owner_type, ids, sources)
        promise = scaled(words, ranking.WORDS_SCALE)
        if self.live.knows_meaning:
            by_words = scaled(meaning, ranking.MEANING_SCALE)
            # Who was not read yet is neither before nor behind the others for that.
            promise += by_words + self._in_context(shelf, owner_type, ids, sources, otherwise=by_words)
        best = np.lexsort((ids, -promise.max(axis=1)))[:k]
        return [int(number) for number in ids[best]]

    def _in_context(
        self,
        shelf: Shelf,
        owner_type: str,
        ids: NDArray[np.int64],
        sources: Sequence[Source],
        otherwise: NDArray[np.float64],
    ) -> NDArray[np.float64]:
        """Scaled contextual cosines (n, sources); ``otherwise`` where either side was not read yet."""
        result = otherwise.copy()
        columns = np.array([place for place, source in enumerate(sources) if source.read is not None], int)
        if shelf.contextual is None or not columns.size:
            return result
        known = np.isin(ids, shelf.contextual.ids())
        try:
            theirs = self._contextual(owner_type, shelf.contextual.vectors(ids[known]))
        except KeyError:  # one of them was just removed by another thread
            return result
        ours = np.stack([source.read.vector for source in sources if source.read is not None])
        cosines = (theirs @ ours.T).astype(np.float64)
        result[np.ix_(np.flatnonzero(known), columns)] = scaled(cosines, ranking.CONTEXTUAL_SCALE)
        return result

    def _likeness(
        self, owner_type: str, ids: NDArray[np.int64], sources: Sequence[Source]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.bool_]]:
        """Records in the index beside some sources, in one product.

        Returns:
            cosines of meaning and of words (n, sources), and which records (n,) say anything.
        """
        vectors = self.live.vectors_of(self.session, owner_type, ids)
        meaning = (vectors @ np.stack([source.vector for source in sources]).T).astype(np.float64)
        speaks = np.any(vectors != 0, axis=1)
        # Nothing speaks for a text that says nothing: it must not stand before those that say something else.
        meaning[~speaks] = -1.0
        bags = self.live.shelves[owner_type].words
        words = np.stack([bags.scores(source.bag, ids) for source in sources], axis=1)
        return meaning, words.astype(np.float64), speaks

    def compare(
        self, owner_type: str, ids: Sequence[int], sources: Sequence[Source], *, closely: bool = False
    ) -> None:
        """Compare some records with some sources in one product; those not in the index are left out.

        Args:
            closely: also look for their closest pairs of sentences, which lie in the database.
        """
        shelf = self.live.shelves.get(owner_type)
        if shelf is None:
            return
        known = [number for number in ids if number in shelf]
        if not known or not sources:
            return
        meaning, words, speaks = self._likeness(owner_type, np.array(known, dtype=np.int64), sources)
        close = self.closely(owner_type, known, sources) if closely else {}
        for row, number in enumerate(known):
            for column, source in enumerate(sources):
                near = close.get((number, source), UNKNOWN)
                self._near[owner_type, number, source] = Near(
                    float(meaning[row, column]),
                    float(words[row, column]),
                    said_closely(near, bool(speaks[row])) if closely else None,
                    near.contextual,
                    near.maxsim,
                )

    def put(self, row: Embedding, sources: Sequence[Source]) -> None:
        """Compare one record by its row, with its vectors in context: also one that is not in the index."""
        shelf = self.live.shelves.get(row.owner_type)
        words = shelf.words if shelf is not None else WordIndex()
        vector = np.frombuffer(row.vector or b"", np.float32)
        said, bag = Sentences.stored(row.sentence_vectors, row.words), merged(row.words)
        read = self._read_of(
            row.owner_type, row.contextual_model_id, row.contextual_vector, row.contextual_sentence_vectors
        )
        for source in sources:
            close = closeness(source.sentences, said, cache(words.idf))
            self._near[row.owner_type, row.owner_id, source] = Near(
                float(vector @ source.vector) if vector.any() else -1.0,
                words.similarity(source.bag, bag),
                float(close.max()) if close.size else None if vector.any() else 0.0,
                *_in_context(read, source.read),
            )

    def knows(self, owner_type: str, owner_id: int) -> bool:
        """Whether a record is in the index, or was compared by its row."""
        shelf = self.live.shelves.get(owner_type)
        is_put = any((owner_type, owner_id, source) in self._near for source in self.sources)
        return is_put or (shelf is not None and owner_id in shelf)

    def closely(
        self, owner_type: str, ids: Sequence[int], sources: Sequence[Source]
    ) -> dict[tuple[int, Source], Close]:
        """What is compared sentence by sentence, and by the sentence encoder; it lies in the database."""
        wanted = [
            number for number in ids if any((owner_type, number, one) not in self._close for one in sources)
        ]
        if wanted:
            self._close |= {
                (owner_type, *key): close
                for key, close in self._read_closely(owner_type, wanted, sources).items()
            }
        pairs = ((number, source) for number in ids for source in sources)
        return {pair: self._close[owner_type, *pair] for pair in pairs if (owner_type, *pair) in self._close}

    def maxsims(self, owner_type: str, ids: Sequence[int], sources: Sequence[Source]) -> NDArray[np.float64]:
        """``maxsim`` of many records with some sources (n, sources), in one product; nan where unknown."""
        result = np.full((len(ids), len(sources)), np.nan)
        asked = [(column, one.read.sentences) for column, one in enumerate(sources) if one.read is not None]
        rows = self.session.execute(
            select(Embedding.owner_id, Embedding.contextual_sentence_vectors).where(
                Embedding.owner_type == owner_type,
                Embedding.owner_id.in_(ids),
                Embedding.model_id == (self.live.model_id or ""),
                Embedding.contextual_model_id == self.live.contextual_id,
            )
        )
        said = {number: vectors for number, vectors in rows if vectors}
        kept = [place for place, number in enumerate(ids) if number in said]
        if not kept or not asked or not self.live.dimensions_in_context:
            return result
        dimensions = self.live.dimensions_in_context
        parts = [np.frombuffer(said[ids[place]], np.float16).reshape(-1, dimensions) for place in kept]
        theirs = self._contextual(owner_type, np.concatenate(parts).astype(np.float32))
        lengths = np.array([len(part) for part in parts])
        starts = np.cumsum(lengths) - lengths
        for column, ours in asked:
            if len(ours):
                cosines = ours @ theirs.T
                best_of_ours = np.maximum.reduceat(cosines, starts, axis=1).mean(axis=0)
                best_of_theirs = np.add.reduceat(cosines.max(axis=0), starts) / lengths
                chance = by_chance(len(ours)) + np.array([by_chance(len(part)) for part in parts])
                result[kept, column] = (best_of_ours + best_of_theirs - chance) / 2
        return result

    def _read_closely(
        self, owner_type: str, ids: Sequence[int], sources: Sequence[Source]
    ) -> dict[tuple[int, Source], Close]:
        rows = self.session.execute(
            select(
                Embedding.owner_id, Embedding.sentence_vectors, Embedding.words,
                Embedding.contextual_model_id, Embedding.contextual_vector,
                Embedding.contextual_sentence_vectors,
            ).where(
                Embedding.owner_type == owner_type,
                Embedding.owner_id.in_(ids),
                Embedding.model_id == (self.live.model_id or ""),
                Embedding.vector.is_not(None),
            )
        ).all()  # fmt: skip
        said = {row.owner_id: Sentences.stored(row.sentence_vectors, row.words) for row in rows}
        closest = self._closest(
            owner_type, {number: said[number] for number in ids if number in said}, sources
        )
        read = {
            row.owner_id: self._read_of(
                owner_type, row.contextual_model_id, row.contextual_vector, row.contextual_sentence_vectors
            )
            for row in rows
        }
        return {
            (number, source): Close(closest.get((number, source)), *_in_context(read[number], source.read))
            for number in said
            for source in sources
        }

    def _closest(
        self, owner_type: str, said: Mapping[int, Sentences], sources: Sequence[Source]
    ) -> dict[tuple[int, Source], float]:
        """The closeness of the closest pair of sentences of each record with each source."""
        kept = [number for number in said if len(said[number])]
        asked = [source for source in sources if len(source.sentences)]
        if not kept or not asked:
            return {}
        ours = [source.sentences for source in asked]
        theirs = [said[number] for number in kept]
        idf = cache(self.live.shelves[owner_type].words.idf)
        close = closeness(Sentences.joined(ours), Sentences.joined(theirs), idf)
        closest = np.maximum.reduceat(np.maximum.reduceat(close, _starts(ours)), _starts(theirs), axis=1)
        return {
            (number, source): value
            for source, values in zip(asked, closest.tolist(), strict=True)
            for number, value in zip(kept, values, strict=True)
        }

    def near(self, owner_type: str, owner_id: int, source: Source) -> Near:
        """How near a record is to a source; not at all where it is not in the index."""
        if (owner_type, owner_id, source) not in self._near:
            self.compare(owner_type, [owner_id], [source], closely=True)
        return self._near.get((owner_type, owner_id, source), Near())

    def texts(self, pair: Near, mission: Near | None = None) -> Texts:
        """Similarities for the ranking; without a model the meaning is unknown, not absent."""
        known = self.live.knows_meaning
        return Texts(
            meaning=pair.meaning if known else None,
            words=pair.words,
            sentences=pair.sentences if known else None,
            mission_meaning=mission.meaning if mission and known else None,
            mission_words=mission.words if mission else None,
            contextual=pair.contextual if known else None,
            maxsim=pair.maxsim if known else None,
        )

    def fit(self, company: Side, npo: Side, texts: Texts) -> Fit:
        """The score of a pair by the weights that serve."""
        return ranking.fit(company, npo, texts, weights=self.weights)

    def size(self, *owner_types: str) -> int:
        """How many records of these types there are to be found, of the most numerous."""
        shelves = [self.live.shelves[kind] for kind in owner_types if kind in self.live.shelves]
        return max((len(shelf) for shelf in shelves), default=0)


def _starts(parts: Sequence[Sentences]) -> list[int]:
    """Where each of several texts begins among the sentences of all."""
    return [0, *accumulate(len(part) for part in parts[:-1])]
