"""Words in common, weighted by rarity: TF-IDF cosines over an inverted index in memory.

A word counts by 1 + log(count), so repeating it gains little; rarity is the smoothed inverse document
frequency log((1 + N) / (1 + df)) + 1 (Spärck Jones 1972). Everything lies in flat arrays, nine bytes for each
word of a document, so that a million documents fit beside their vectors.
"""

import math
import threading
from array import array
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from embeddings.slots import Slots

Ids = NDArray[np.int64]
Floats = NDArray[np.float32]
Ints = NDArray[Any]

_FIRST_ROOM: Final = 1024
#: The rarest words of a query whose lists hold so many entries together choose the candidates; only in an
#: index of more than some ten thousand documents is any word left out of the choice. Scores use all words.
BUDGET: Final = 300_000
#: Rarities drift with every change. Candidates of a large index are chosen by norms at most 1 % of its
#: documents old; the norms of a small one, and those of every score, are of the moment.
FRESH_NORMS: Final = 20_000
_BLOCK: Final = 65_536


class WordIndex:
    """Bags of words under integer ids. Thread-safe; scores are cosines in [0, 1].

    A document takes the next free slot, and each of its words one entry. What is removed stays behind as
    dead entries until they are the greater part.
    """

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._names: list[str] = []
        self._numbers: dict[str, int] = {}
        self._holders = np.zeros(_FIRST_ROOM, np.int32)  # of words: how many living documents have them
        self._postings: list[array[int]] = []  # of words: the slots that had them when they were added
        self._said: list[array[int]] = []  # and how often
        self._ids = np.zeros(_FIRST_ROOM, np.int64)  # of slots; -1 where the document is gone
        self._starts = np.zeros(_FIRST_ROOM, np.int64)  # of slots: where their entries lie
        self._lengths = np.zeros(_FIRST_ROOM, np.int32)
        self._entry_word = np.zeros(_FIRST_ROOM, np.int32)
        self._entry_count = np.zeros(_FIRST_ROOM, np.uint8)
        self._slots = self._used = self._dead = self._living = 0
        self._slot_of = Slots()
        self._norms: NDArray[np.float32] | None = None
        self._changes = 0

    def __len__(self) -> int:
        return self._living

    def __contains__(self, id: int) -> bool:
        with self._lock:
            return self._slot_of.get(id) >= 0

    def ids(self) -> Ids:
        """All ids, in no particular order."""
        with self._lock:
            ids = self._ids[: self._slots]
            return ids[ids >= 0]

    def holds(self, ids: Ids) -> NDArray[np.bool_]:
        """Which of ``ids`` (n,) are in the index."""
        with self._lock:
            return self._slot_of.get_many(np.asarray(ids, dtype=np.int64)) >= 0

    @property
    def nbytes(self) -> int:
        """Bytes held by the arrays of the index; its vocabulary aside."""
        with self._lock:
            arrays = (self._holders, self._ids, self._starts, self._lengths, self._entry_word)
            held = sum(values.nbytes for values in (*arrays, self._entry_count, self._slot_of))
            held += 0 if self._norms is None else self._norms.nbytes
            lists = (*self._postings, *self._said)
            return held + sum(len(values) * values.itemsize for values in lists)

    # ── Changes ──────────────────────────────────────────────────────────────────────────────────────

    def upsert(self, id: int, words: Mapping[str, int]) -> None:
        """Add or replace the bag (word → count) of one document; counts below one are left out."""
        with self._lock:
            self.remove(id)
            # In one order, so that equal bags have equal norms to the last bit and tie.
            kept = sorted((word, count) for word, count in words.items() if count > 0)
            numbers = [self._number_of(word) for word, _count in kept]
            slot, start, end = self._slots, self._used, self._used + len(kept)
            self._ids, self._starts = _grown(self._ids, slot + 1), _grown(self._starts, slot + 1)
            self._lengths = _grown(self._lengths, slot + 1)
            self._entry_word = _grown(self._entry_word, end)
            self._entry_count = _grown(self._entry_count, end)
            for number, (_word, count) in zip(numbers, kept, strict=True):
                self._postings[number].append(slot)
                self._said[number].append(min(count, 255))
            self._holders[numbers] += 1
            self._entry_word[start:end] = numbers
            self._entry_count[start:end] = [min(count, 255) for _word, count in kept]
            self._ids[slot], self._starts[slot], self._lengths[slot] = id, start, len(kept)
            self._slots, self._used = slot + 1, end
            self._slot_of.put(id, slot)
            self._living += 1
            self._changes += 1
            if self._norms is not None:
                self._norms = _grown(self._norms, slot + 1)
                self._norms[slot] = self._norms_of(np.array([slot]))[0]

    def _number_of(self, word: str) -> int:
        number = self._numbers.setdefault(word, len(self._names))
        if number == len(self._names):
            self._names.append(word)
            self._postings.append(array("i"))
            self._said.append(array("B"))
            self._holders = _grown(self._holders, number + 1)
        return number

    def remove(self, id: int) -> None:
        """Remove one document; an unknown id is ignored."""
        with self._lock:
            slot = self._slot_of.get(id)
            if slot < 0:
                return
            start, length = int(self._starts[slot]), int(self._lengths[slot])
            self._holders[self._entry_word[start : start + length]] -= 1
            self._ids[slot] = -1
            self._slot_of.drop(id)
            self._living -= 1
            self._changes += 1
            self._dead += length
            if self._dead > max(_FIRST_ROOM, self._used // 2):
                self._compact()

    # ── Questions ────────────────────────────────────────────────────────────────────────────────────

    def idf(self, word: str) -> float:
        """How rare a word is: 1 for one that every document has, more for rarer ones."""
        with self._lock:
            number = self._numbers.get(word)
            holders = 0 if number is None else int(self._holders[number])
            return math.log((1 + self._living) / (1 + holders)) + 1

    def bag(self, id: int) -> dict[str, int]:
        """The words of one document with their counts (at most 255).

        Raises:
            KeyError: the id is not in the index.
        """
        with self._lock:
            slot = self._slot_of.get(id)
            if slot < 0:
                raise KeyError(id)
            span = slice(int(self._starts[slot]), int(self._starts[slot]) + int(self._lengths[slot]))
            numbers, counts = self._entry_word[span].tolist(), self._entry_count[span].tolist()
            return {self._names[number]: count for number, count in zip(numbers, counts, strict=True)}

    def similarity(self, words_a: Mapping[str, int], words_b: Mapping[str, int]) -> float:
        """TF-IDF cosine of two bags in [0, 1], by the rarities of this index."""
        with self._lock:
            a, b = self._weighted(words_a), self._weighted(words_b)
        dot = sum(weight * b[word] for word, weight in a.items() if word in b)
        norm = _norm(a) * _norm(b)
        return min(1.0, dot / norm) if norm else 0.0

    def scores(self, words: Mapping[str, int], ids: Ids) -> Floats:
        """The cosines (n,) of a bag and the documents ``ids`` (n,); 0 where an id is unknown."""
        with self._lock:
            slots = self._slot_of.get_many(np.asarray(ids, dtype=np.int64))
            result = np.zeros(len(slots), np.float32)
            known = slots >= 0
            result[known] = self._cosines(self._weighted(words), slots[known])
            return result

    def all_scores(self, words: Mapping[str, int], ids: Ids) -> Floats:
        """As ``scores``, by the lists of the words: for most of the index, of which each word has few.

        In an index of more than ``FRESH_NORMS`` documents the cosines are by norms that may be a little old.
        """
        with self._lock:
            query = self._weighted(words)
            known = [(self._numbers[word], weight) for word, weight in query.items() if word in self._numbers]
            dots = np.zeros(self._slots, np.float32)
            for number, weight in known:
                # Copies: while a view lives the arrays could not grow.
                holding = np.array(self._postings[number], dtype=np.int32)
                said = np.array(self._said[number], dtype=np.uint8)
                dots[holding] += _DAMPED[said] * (weight * self._rarity(np.array([number]))[0])
            slots = self._slot_of.get_many(np.asarray(ids, dtype=np.int64))
            norm = _norm(query)
            if not norm:
                return np.zeros(len(slots), np.float32)
            cosines = np.minimum(1.0, dots / (self._all_norms()[: self._slots] * np.float32(norm)))
            return np.where(slots >= 0, cosines[slots], 0.0).astype(np.float32)

    def overlaps(self, bags: Sequence[Collection[str]], ids: Ids) -> NDArray[np.float64]:
        """How much of each of some bags the documents ``ids`` hold, as (n, bags) in [0, 1].

        No part of a document has a cosine with a bag above that, each word weighted by its rarity and counted
        once: the part's own length is at least that of the words in common.
        """
        with self._lock:
            slots = self._slot_of.get_many(np.asarray(ids, dtype=np.int64))
            wanted = np.zeros((len(self._names), len(bags)), np.float32)
            for column, bag in enumerate(bags):
                weights = {word: self.idf(word) ** 2 for word in bag}
                whole = sum(weights.values())
                for word, weight in weights.items():
                    if word in self._numbers:
                        wanted[self._numbers[word], column] = weight / whole
            known = np.flatnonzero(slots >= 0)
            places, owner = self._entries_of(slots[known])
            numbers = self._entry_word[places]
        is_wanted: NDArray[np.bool_] = np.any(wanted, axis=1)
        held = is_wanted[numbers]
        result = np.zeros((len(slots), len(bags)))
        owners, starts = np.unique(owner[held], return_index=True)
        if len(owners):
            shares = np.add.reduceat(wanted[numbers[held]], starts, axis=0)
            result[known[owners]] = np.sqrt(np.minimum(shares, 1.0))
        return result

    def search(
        self, words: Mapping[str, int], k: int, allowed: Collection[int] | Ids | None = None
    ) -> tuple[Ids, Floats]:
        """The ``k`` documents nearest to a bag among ``allowed`` (all when ``None``).

        In a large index the rarest words of the bag choose the candidates (see ``BUDGET``).

        Returns:
            ids and cosines, best first, ties by id; only documents with a word in common.
        """
        with self._lock:
            query = self._weighted(words)
            found = self._candidates(query, allowed, max(4 * k, k + 200)) if k > 0 else _NO_SLOTS
            scores, ids = self._cosines(query, found), self._ids[found]
        order = np.lexsort((ids, -scores))[: max(k, 0)]
        return ids[order], scores[order]

    def _candidates(
        self, query: Mapping[str, float], allowed: Collection[int] | Ids | None, count: int
    ) -> Ints:
        """Some ``count`` slots that promise most; all that tie with the last of them."""
        known = [(self._numbers[word], weight) for word, weight in query.items() if word in self._numbers]
        known.sort(key=lambda item: (self._holders[item[0]], item[0]))
        dots = np.zeros(self._slots, np.float32)
        read = 0
        for number, weight in known:
            length = len(self._postings[number])
            if read and read + length > BUDGET:
                break
            read += length
            # A copy: while a view lives the array could not grow.
            holding = np.array(self._postings[number], dtype=np.int32)
            # How often a document says the word is looked at in the scores.
            dots[holding] += weight * self._rarity(np.array([number]))[0]
        living = self._ids[: self._slots] >= 0
        if allowed is not None:
            slots = self._slot_of.get_many(np.asarray(list(allowed), dtype=np.int64))
            among = np.zeros(self._slots, bool)
            among[slots[slots >= 0]] = True
            living &= among
        found = np.flatnonzero(living & (dots > 0))
        if len(found) > count:
            promise = dots[found] / self._all_norms()[found]
            last = np.partition(promise, -count)[-count]
            found = found[promise >= last * (1 - 1e-5)]
        return found

    def _cosines(self, query: Mapping[str, float], slots: Ints) -> Floats:
        """Exact cosines of a weighted query and some slots."""
        norm = _norm(query)
        if not len(slots) or not norm:
            return np.zeros(len(slots), np.float32)
        wanted = np.zeros(len(self._names), np.float64)
        for word, weight in query.items():
            if word in self._numbers:
                wanted[self._numbers[word]] = weight
        places, owner = self._entries_of(slots)
        numbers = self._entry_word[places]
        weights = _damped(self._entry_count[places]) * self._rarity(numbers)
        dots = np.bincount(owner, weights * wanted[numbers], minlength=len(slots))
        norms = np.sqrt(np.bincount(owner, weights * weights, minlength=len(slots)))
        cosines = np.divide(dots, norm * norms, out=np.zeros(len(slots)), where=norms > 0)
        # Rounded, so that equal cosines tie whatever order they were added up in.
        return np.minimum(1.0, np.round(cosines, 9)).astype(np.float32)

    def _entries_of(self, slots: Ints) -> tuple[Ints, Ints]:
        """The places of all entries of some slots, and to which of them (by position) each belongs."""
        lengths = self._lengths[slots]
        owner = np.repeat(np.arange(len(slots)), lengths)
        first = np.cumsum(lengths) - lengths
        return np.arange(len(owner)) - first[owner] + self._starts[slots][owner], owner

    def _rarity(self, numbers: Ints) -> NDArray[np.float64]:
        rarity: NDArray[np.float64] = np.log((1 + self._living) / (1.0 + self._holders[numbers])) + 1
        return rarity

    def _weighted(self, words: Mapping[str, int]) -> dict[str, float]:
        return {
            word: self.idf(word) * (1 + math.log(min(count, 255)))
            for word, count in words.items()
            if count > 0
        }

    def _all_norms(self) -> NDArray[np.float32]:
        stale = self._changes > (0 if self._living <= FRESH_NORMS else self._living // 100)
        if self._norms is None or stale:
            self._norms = np.ones(self._slots, np.float32)
            for start in range(0, self._slots, _BLOCK):
                slots = np.arange(start, min(start + _BLOCK, self._slots))
                self._norms[slots] = self._norms_of(slots)
            self._changes = 0
        return self._norms

    def _norms_of(self, slots: Ints) -> NDArray[np.float64]:
        places, owner = self._entries_of(slots)
        weights = _damped(self._entry_count[places]) * self._rarity(self._entry_word[places])
        norms = np.sqrt(np.bincount(owner, weights * weights, minlength=len(slots)))
        result: NDArray[np.float64] = np.where(norms > 0, norms, 1.0)
        return result

    # ── Slots and room ───────────────────────────────────────────────────────────────────────────────

    def _compact(self) -> None:
        """Close the gaps that removed documents left, and forget words that nobody has."""
        living = np.flatnonzero(self._ids[: self._slots] >= 0)
        places, _owner = self._entries_of(living)
        kept = np.flatnonzero(self._holders[: len(self._names)])
        renumbered = np.zeros(len(self._names), np.int32)
        renumbered[kept] = np.arange(len(kept))
        self._names = [self._names[number] for number in kept.tolist()]
        self._numbers = {word: number for number, word in enumerate(self._names)}
        self._holders = self._holders[kept]
        self._entry_word = renumbered[self._entry_word[places]]
        self._entry_count = self._entry_count[places]
        self._ids, self._lengths = self._ids[living], self._lengths[living]
        self._settle()

    def _settle(self) -> None:
        """Make from words, counts, ids and lengths what hangs on them."""
        self._slots, self._used, self._dead = len(self._ids), len(self._entry_word), 0
        self._living, self._norms, self._changes = self._slots, None, 0
        self._starts = np.cumsum(self._lengths, dtype=np.int64) - self._lengths
        owner = np.repeat(np.arange(self._slots, dtype=np.int32), self._lengths)
        order = np.argsort(self._entry_word, kind="stable")
        slots, said = owner[order], self._entry_count[order]
        ends = np.cumsum(self._holders[: len(self._names)], dtype=np.int64)
        self._postings, self._said = [], []
        start = 0
        for end in ends.tolist():
            self._postings.append(array("i", slots[start:end].tobytes()))
            self._said.append(array("B", said[start:end].tobytes()))
            start = end
        self._slot_of = Slots.of(self._ids)

    def snapshot(self) -> dict[str, NDArray[Any]]:
        """All that ``of_snapshot`` needs, as plain arrays."""
        with self._lock:
            self._compact()
            return {
                "names": np.frombuffer("\n".join(self._names).encode("utf-8", "surrogatepass"), np.uint8),
                "holders": self._holders,
                "ids": self._ids,
                "lengths": self._lengths,
                "entry_word": self._entry_word,
                "entry_count": self._entry_count,
            }

    @classmethod
    def of_snapshot(cls, arrays: Mapping[str, NDArray[Any]]) -> "WordIndex":
        """The index whose ``snapshot`` gave these arrays."""
        result = cls()
        names = arrays["names"].tobytes().decode("utf-8", "surrogatepass")
        result._names = names.split("\n") if names else []
        result._numbers = {word: number for number, word in enumerate(result._names)}
        result._holders = np.array(arrays["holders"], np.int32)
        result._ids, result._lengths = (
            np.array(arrays["ids"], np.int64),
            np.array(arrays["lengths"], np.int32),
        )
        result._entry_word = np.array(arrays["entry_word"], np.int32)
        result._entry_count = np.array(arrays["entry_count"], np.uint8)
        result._settle()
        return result


_NO_SLOTS: Final = np.zeros(0, np.int64)


def _damped(counts: Ints) -> NDArray[np.float64]:
    result: NDArray[np.float64] = 1 + np.log(np.maximum(counts, 1).astype(np.float64))
    return result


#: of each count that is kept
_DAMPED: Final = _damped(np.arange(256)).astype(np.float32)


def _grown(values: NDArray[Any], room: int) -> NDArray[Any]:
    """``values`` with room for at least ``room``, a little more so that adding one by one stays cheap."""
    if room <= len(values):
        return values
    grown = np.zeros(max(room, len(values) + max(_FIRST_ROOM, len(values) // 8)), values.dtype)
    grown[: len(values)] = values
    return grown


def _norm(weights: Mapping[str, float]) -> float:
    return math.sqrt(sum(weight * weight for weight in weights.values()))
