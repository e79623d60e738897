"""Keeps each process's index in step with the embedding table, which is the truth.

Whatever changes the table raises its version (``register/findable.touch``, ``encoding``); ``LiveIndex.level``
replays in each process what is newer than what it has applied.
"""

import shutil
import threading
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select
from sqlalchemy.orm import Session

from embeddings import snapshot
from embeddings.encoder import WordsOnly, middle_of
from embeddings.index import IndexDamaged, VectorIndex
from embeddings.lexical import WordIndex
from matcher.records import Counter, Embedding
from matcher.suggestions import facts, reasoned
from matcher.suggestions.asked import Source
from matcher.suggestions.encoding import OWNER_TYPES
from matcher.suggestions.reasoned import Forgetting

Floats = NDArray[np.float32]
Ids = NDArray[np.int64]
#: The model, the sentence encoder, and the last change.
State = tuple[str, str | None, int]

#: In a small city the middle of a kind of text is not yet known: so many texts are counted in, as they lie by
#: what is known before (see ``embeddings.encoder.middle_of``); by the table of words they are zero.
PRIOR: Final = 20
_COUNTERS: Final = select(Counter.name, Counter.value, Counter.text).where(
    Counter.name.in_(("index", "contextual"))
)
FULL_UP_TO: Final = 20_000  #: up to so many records of a kind a list is the head of the full ranking of them
BYTE_TOLERANCE: Final = 0.002  #: how far a number kept as a byte may be off (see ``embeddings.index``)


@dataclass
class Shelf:
    """All findable records of one owner type: by vector, by word, and by contextual vector once read."""

    vectors: VectorIndex
    words: WordIndex
    contextual: VectorIndex | None = None

    def __len__(self) -> int:
        return len(self.words)

    def __contains__(self, owner_id: int) -> bool:
        return owner_id in self.words

    def put(self, owner_ids: Sequence[int], vectors: Floats, bags: Sequence[Mapping[str, int]]) -> None:
        """Add or replace records: ids, their vectors (n, d), their words."""
        self.vectors.upsert(np.array(owner_ids, dtype=np.int64), vectors)
        for owner_id, bag in zip(owner_ids, bags, strict=True):
            self.words.upsert(owner_id, bag)

    def drop(self, owner_id: int) -> None:
        """Remove one record if it is there."""
        self.vectors.remove(np.array([owner_id], dtype=np.int64))
        self.words.remove(owner_id)
        if self.contextual is not None:
            self.contextual.remove(np.array([owner_id], dtype=np.int64))

    def put_contextual(self, vectors: Mapping[int, bytes | None]) -> None:
        """Replace the contextual vectors of records; ``None`` where there is none any more."""
        kept = {number: vector for number, vector in vectors.items() if vector is not None}
        if kept:
            matrix = np.stack([np.frombuffer(vector, np.float16) for vector in kept.values()])
            if self.contextual is None:
                self.contextual = VectorIndex(matrix.shape[1])
            self.contextual.upsert(np.array(list(kept), dtype=np.int64), matrix.astype(np.float32))
        if self.contextual is not None:
            gone = [number for number, vector in vectors.items() if vector is None]
            self.contextual.remove(np.array(gone, dtype=np.int64))


class LiveIndex:
    """The per-process cache of the embedding table. Safe for the threads of one process."""

    def __init__(self, folder: Path | None = None) -> None:
        """``folder``: where snapshots are kept, ``None`` for none."""
        self._folder = folder
        self._lock = threading.Lock()
        self.model_id: str | None = None
        self.contextual_id: str | None = None  #: the sentence encoder whose vectors stand beside
        self.applied_version = 0
        self.dimensions = 0
        self.shelves: dict[str, Shelf] = {}
        self._kept: dict[str, facts.Kept] = {}  #: what records say, once asked for
        #: of those who asked last: their texts, and what was said of their pairs
        self.asked: Forgetting[Sequence[Source]] = Forgetting(reasoned.ASKERS)
        self.told: Forgetting[reasoned.Told] = Forgetting(reasoned.PAIRS)

    @property
    def is_ready(self) -> bool:
        """Whether anything can be found yet."""
        return bool(self.shelves)

    @property
    def knows_meaning(self) -> bool:
        """Whether a model serves; without one only words in common count."""
        return self.model_id not in {None, WordsOnly.model_id}

    @property
    def dimensions_in_context(self) -> int:
        """Of the vectors of the sentence encoder; none while nothing was read by it."""
        held = [shelf.contextual for shelf in self.shelves.values() if shelf.contextual is not None]
        return held[0].dimensions if held else 0

    def level(self, session: Session) -> None:
        """Bring the index to what the database says now."""
        state = state_in(session)
        if state is None or self.holds(state):
            return
        model_id, contextual_id, newest = state
        with self._lock:
            if (model_id, contextual_id) != (self.model_id, self.contextual_id):
                self._start(session, model_id, contextual_id)
            if newest > self.applied_version:  # another thread may have gone on meanwhile
                self._replay(session, model_id, newest)

    @property
    def state(self) -> State:
        """What the index holds."""
        return self.model_id or "", self.contextual_id, self.applied_version

    def holds(self, state: State | None) -> bool:
        """Whether the index is at a state that a session sees: another thread may be ahead, or it behind."""
        return state is not None and state == self.state

    def table(self, session: Session, owner_type: str, districts: Mapping[str, str]) -> facts.Table | None:
        """What all records of a kind say, as far as they are few enough to be ranked in full."""
        shelf = self.shelves.get(owner_type)
        if shelf is None or len(shelf) > FULL_UP_TO:
            self._kept.pop(owner_type, None)
            return None
        kept = self._kept.get(owner_type)
        if kept is None or kept.districts != districts:
            with self._lock:
                kept = self._kept.get(owner_type)  # another thread may have read them meanwhile
                if kept is None or kept.districts != districts:
                    kept = facts.Kept(owner_type, self.model_id or "", districts)
                    kept.read(session)
                    if self.holds(state_in(session)):  # else another thread is ahead: its changes
                        self._kept[owner_type] = kept  # would not be read again
        return kept.table

    def _start(self, session: Session, model_id: str, contextual_id: str | None) -> None:
        self.model_id, self.contextual_id = model_id, contextual_id
        self.applied_version, self.shelves, self._kept = 0, {}, {}
        if self._folder is not None:
            for _attempt in range(2):  # a newer snapshot may just be taking the place of the one being read
                try:
                    self._load_snapshot(session, model_id)
                    return
                except IndexDamaged:
                    # Whatever is wrong with the files, the database has it all.
                    self.applied_version, self.shelves = 0, {}

    def _replay(self, session: Session, model_id: str, newest: int) -> None:
        query = (
            select(
                Embedding.owner_type,
                Embedding.owner_id,
                Embedding.active,
                Embedding.vector,
                Embedding.words,
                Embedding.contextual_model_id,
                Embedding.contextual_vector,
            )
            .where(
                Embedding.model_id == model_id,
                Embedding.version > self.applied_version,
                Embedding.version <= newest,
            )
            .order_by(Embedding.version)
            .execution_options(yield_per=1000)
        )
        changed: dict[str, set[int]] = {}
        for rows in session.execute(query).partitions(1000):
            kept: dict[str, list[Any]] = {}
            for owner_type, owner_id, active, vector, words, read_by, read in rows:
                changed.setdefault(owner_type, set()).add(owner_id)
                if vector is not None and active:
                    contextual = read if read_by is not None and read_by == self.contextual_id else None
                    kept.setdefault(owner_type, []).append((owner_id, vector, merged(words), contextual))
                elif owner_type in self.shelves:
                    self.shelves[owner_type].drop(owner_id)
            for owner_type, items in kept.items():
                vectors = np.stack([np.frombuffer(item[1], np.float32) for item in items])
                shelf = self._shelf(owner_type, vectors.shape[1])
                shelf.put([item[0] for item in items], vectors, [item[2] for item in items])
                shelf.put_contextual({item[0]: item[3] for item in items})
        self._read_again(session, changed)
        self.applied_version = newest

    def _read_again(self, session: Session, changed: Mapping[str, Collection[int]]) -> None:
        """What records say, where they changed; of a company all, for its offers stand together."""
        organizations = {
            owner_type: facts.organizations_of(session, owner_type, ids)
            for owner_type, ids in changed.items()
            if self._kept
        }
        for owner_type, kept in self._kept.items():
            of_company = {"offer", "company"}
            kinds = of_company if owner_type in of_company else {owner_type}
            if concerned := set().union(*(organizations.get(kind, ()) for kind in kinds)):
                kept.read(session, concerned)

    def _shelf(self, owner_type: str, dimensions: int) -> Shelf:
        if owner_type not in self.shelves:
            self.dimensions = dimensions
            self.shelves[owner_type] = Shelf(VectorIndex(dimensions), WordIndex())
        return self.shelves[owner_type]

    def middle(self, owner_type: str, dimensions: int) -> Floats:
        """The middle (d,) of the contextual vectors of a type of text, near what is known of all at first.

        They all lie close together: what tells them apart is seen from there.
        """
        known = middle_of(self.contextual_id, dimensions)
        shelf = self.shelves.get(owner_type)
        if shelf is None or shelf.contextual is None:
            return known
        share = np.float32(PRIOR / (len(shelf.contextual) + PRIOR))
        middle: Floats = shelf.contextual.mean(PRIOR) + share * known
        return middle

    def vectors_of(self, session: Session, owner_type: str, ids: Ids) -> Floats:
        """The vectors (n, d) of some records; those that the index keeps as bytes, from the database.

        A record that is gone meanwhile has a row of zeros.
        """
        shelf = self.shelves[owner_type]
        if shelf.vectors.is_exact:
            with suppress(KeyError):  # one of them was just removed by another thread
                return shelf.vectors.vectors(ids)
        place = {owner_id: row for row, owner_id in enumerate(ids.tolist())}
        result = np.zeros((len(ids), self.dimensions), np.float32)
        rows = session.execute(
            select(Embedding.owner_id, Embedding.vector).where(
                Embedding.owner_type == owner_type,
                Embedding.owner_id.in_(ids.tolist()),
                Embedding.model_id == (self.model_id or ""),
                Embedding.vector.is_not(None),
            )
        )
        for owner_id, vector in rows:
            result[place[owner_id]] = np.frombuffer(vector or b"", np.float32)
        return result

    def save_snapshot(self) -> None:
        """Write every shelf, so that a restart need not read it from the database."""
        if self._folder is None or self.model_id is None:
            return
        with self._lock:
            for owner_type, shelf in self.shelves.items():
                folder = self._folder / owner_type
                shelf.vectors.save(folder, self.applied_version, self.model_id)
                facts = {"applied_version": self.applied_version, "model_id": self.model_id}
                snapshot.save(folder / "words", shelf.words.snapshot(), facts)
                if shelf.contextual is not None and self.contextual_id is not None:
                    shelf.contextual.save(folder / "contextual", self.applied_version, self.contextual_id)
                else:
                    shutil.rmtree(folder / "contextual", ignore_errors=True)

    def _load_snapshot(self, session: Session, model_id: str) -> None:
        assert self._folder is not None
        versions: set[int] = set()
        shelves: dict[str, Shelf] = {}
        for owner_type in OWNER_TYPES:
            if (self._folder / owner_type).exists():
                vectors, version = VectorIndex.load(self._folder / owner_type, model_id)
                arrays, facts = snapshot.load(self._folder / owner_type / "words")
                shelf = Shelf(vectors, WordIndex.of_snapshot(arrays))
                versions |= {version, int(facts["applied_version"])}
                if self.contextual_id is not None and (self._folder / owner_type / "contextual").exists():
                    folder = self._folder / owner_type / "contextual"
                    shelf.contextual, version = VectorIndex.load(folder, self.contextual_id)
                    versions.add(version)
                shelves[owner_type] = shelf
                self.dimensions = vectors.dimensions
        if len(versions) != 1:
            raise IndexDamaged(f"expected one version in all snapshots, found {sorted(versions)}")
        version = versions.pop()
        for owner_type in OWNER_TYPES:
            self._check_and_trim(session, model_id, version, owner_type, shelves.get(owner_type))
        self.shelves, self.applied_version = shelves, version

    def _check_and_trim(
        self, session: Session, model_id: str, version: int, owner_type: str, shelf: Shelf | None
    ) -> None:
        """Rows that changed after the snapshot stay out until the replay brings them."""
        query = select(Embedding.owner_id).where(
            Embedding.owner_type == owner_type,
            Embedding.model_id == model_id,
            Embedding.version <= version,
            Embedding.active.is_(True),
            Embedding.vector.is_not(None),
        )
        known = np.fromiter(session.scalars(query.execution_options(yield_per=10_000)), np.int64)
        held = np.empty(0, np.int64) if shelf is None else shelf.words.ids()
        by_vector = np.empty(0, np.int64) if shelf is None else shelf.vectors.ids()
        missing = len(np.setdiff1d(known, held)) + len(np.setxor1d(held, by_vector))
        if missing:
            raise IndexDamaged(f"expected all records of {owner_type}, found {missing} missing")
        read = np.fromiter(
            session.scalars(query.where(Embedding.contextual_model_id == self.contextual_id)), np.int64
        )
        held_read = np.empty(0, np.int64)
        if shelf is not None and shelf.contextual is not None:
            held_read = shelf.contextual.ids()
        if len(np.setdiff1d(read, held_read)):
            raise IndexDamaged(f"expected all contextual vectors of {owner_type}, found some missing")
        for owner_id in np.setdiff1d(held, known).tolist():
            assert shelf is not None
            shelf.drop(owner_id)
        if shelf is not None and shelf.contextual is not None:
            shelf.contextual.remove(np.setdiff1d(held_read, read))


def state_in(session: Session) -> State | None:
    """The state that the index has to have for what a session sees; ``None`` before anything is encoded."""
    rows = {row.name: row for row in session.execute(_COUNTERS)}
    row, contextual = rows.get("index"), rows.get("contextual")
    if row is None or not row.text:
        return None
    return row.text, contextual.text or None if contextual is not None else None, row.value


def units_from(middle: Floats, vectors: Floats) -> Floats:
    """Vectors (…, d) as seen from a middle (d,), of length one; zero ones stay zero."""
    away = np.where(vectors.any(axis=-1, keepdims=True), vectors - middle, 0)
    norms = np.linalg.norm(away, axis=-1, keepdims=True)
    units: Floats = np.divide(away, norms, out=np.zeros_like(away), where=norms > 1e-6)
    return units


def merged(words: Sequence[Mapping[str, int]]) -> Mapping[str, int]:
    """The word counts of a whole text from those of its sentences."""
    result: dict[str, int] = {}
    for bag in words:
        for word, count in bag.items():
            result[word] = result.get(word, 0) + count
    return result


def differences(session: Session, live: LiveIndex) -> list[str]:
    """What differs between the index of this process and the database: empty when they are equal."""
    found: list[str] = []
    query = select(
        Embedding.owner_type, Embedding.owner_id, Embedding.vector,
        Embedding.contextual_model_id, Embedding.contextual_vector,
    ).where(
        Embedding.model_id == (live.model_id or ""), Embedding.active.is_(True), Embedding.vector.is_not(None)
    )  # fmt: skip
    plain: dict[str, dict[int, Floats]] = {owner_type: {} for owner_type in OWNER_TYPES}
    contextual: dict[str, dict[int, Floats]] = {owner_type: {} for owner_type in OWNER_TYPES}
    for owner_type, owner_id, vector, read_by, read in session.execute(query):
        plain[owner_type][owner_id] = np.frombuffer(vector or b"", np.float32)
        if read is not None and read_by == live.contextual_id:
            contextual[owner_type][owner_id] = np.frombuffer(read, np.float16).astype(np.float32)
    for owner_type in OWNER_TYPES:
        shelf = live.shelves.get(owner_type)
        found += _differences(owner_type, shelf.vectors if shelf else None, plain[owner_type])
        beside = shelf.contextual if shelf else None
        found += _differences(f"{owner_type}, contextual,", beside, contextual[owner_type])
    return found


def _differences(name: str, index: VectorIndex | None, wanted: Mapping[int, Floats]) -> list[str]:
    there = set() if index is None else {int(owner_id) for owner_id in index.ids()}
    found = [f"{name} {owner_id}: not in the index" for owner_id in sorted(wanted.keys() - there)]
    found += [f"{name} {owner_id}: not in the database" for owner_id in sorted(there - wanted.keys())]
    for owner_id in sorted(wanted.keys() & there):
        assert index is not None
        held = index.vectors(np.array([owner_id], dtype=np.int64))[0]
        tolerance = 1e-6 if index.is_exact else BYTE_TOLERANCE
        if not np.allclose(held, wanted[owner_id], atol=tolerance):
            found.append(f"{name} {owner_id}: another vector")
    return found
