"""Words in common, weighted by rarity: TF-IDF cosines over an inverted index in memory.

A word counts by 1 + log(count), so repeating it gains little; rarity is the smoothed inverse document
frequency log((1 + N) / (1 + df)) + 1 (Spärck Jones 1972). Everything a search adds up lies in flat numpy
arrays, so that 20,000 documents cost a few milliseconds.
"""

import math
import threading
from array import array
from collections.abc import Collection, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

Ids = NDArray[np.int64]
Floats = NDArray[np.float32]

_FIRST_ROOM = 1024


class WordIndex:
    """Bags of words under integer ids. Thread-safe; scores are cosines in [0, 1].

    A document takes the next free slot, and each of its words one entry (slot, word, weight). What is
    removed stays behind as dead entries until they are the greater part.
    """

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._clear()

    def _clear(self) -> None:
        self._slots: dict[int, int] = {}
        self._ids = np.zeros(_FIRST_ROOM, np.int64)  # of slots; -1 where the document is gone
        self._spans: list[tuple[int, int]] = []  # of slots: where their entries lie
        self._numbers: dict[str, int] = {}
        self._holders: list[int] = []  # of words: how many living documents have them
        self._postings: list[array[int]] = []  # of words: their entries
        self._entry_slot = np.zeros(_FIRST_ROOM, np.int32)
        self._entry_word = np.zeros(_FIRST_ROOM, np.int32)
        self._entry_weight = np.zeros(_FIRST_ROOM, np.float64)
        self._used = 0
        self._dead = 0
        self._changed()

    def _changed(self) -> None:
        # Every rarity hangs on the number of documents, and every norm on rarities.
        self._rarity: dict[str, float] = {}
        self._norms: NDArray[np.float64] | None = None

    def __len__(self) -> int:
        return len(self._slots)

    def upsert(self, id: int, words: Mapping[str, int]) -> None:
        """Add or replace the bag (word → count) of one document; counts below one are left out."""
        with self._lock:
            self.remove(id)
            slot, start = len(self._spans), self._used
            # In one order, so that equal bags have equal norms to the last bit and tie.
            kept = sorted((word, count) for word, count in words.items() if count > 0)
            end = start + len(kept)
            numbers = [self._number_of(word) for word, _count in kept]
            for entry, number in enumerate(numbers, start=start):
                self._holders[number] += 1
                self._postings[number].append(entry)
            self._make_room(slot + 1, end)
            self._entry_slot[start:end] = slot
            self._entry_word[start:end] = numbers
            self._entry_weight[start:end] = [_damped(count) for _word, count in kept]
            self._used = end
            self._ids[slot], self._slots[id] = id, slot
            self._spans.append((start, self._used))
            self._changed()

    def _number_of(self, word: str) -> int:
        number = self._numbers.setdefault(word, len(self._numbers))
        if number == len(self._holders):
            self._holders.append(0)
            self._postings.append(array("q"))
        return number

    def remove(self, id: int) -> None:
        """Remove one document; an unknown id is ignored."""
        with self._lock:
            slot = self._slots.pop(id, None)
            if slot is None:
                return
            start, end = self._spans[slot]
            for number in self._entry_word[start:end].tolist():
                self._holders[number] -= 1
            self._ids[slot] = -1
            self._dead += end - start
            self._changed()
            if self._dead > max(_FIRST_ROOM, self._used // 2):
                self._compact()

    def idf(self, word: str) -> float:
        """How rare a word is: 1 for one that every document has, more for rarer ones."""
        with self._lock:
            known = self._rarity.get(word)
            if known is not None:
                return known
            number = self._numbers.get(word)
            holders = 0 if number is None else self._holders[number]
            rarity = math.log((1 + len(self._slots)) / (1 + holders)) + 1
            if holders:  # What nobody has is not kept: queries could fill the memory with it.
                self._rarity[word] = rarity
            return rarity

    def similarity(self, words_a: Mapping[str, int], words_b: Mapping[str, int]) -> float:
        """TF-IDF cosine of two bags in [0, 1], by the rarities of this index."""
        with self._lock:
            a, b = self._weighted(words_a), self._weighted(words_b)
        dot = sum(weight * b[word] for word, weight in a.items() if word in b)
        norm = _norm(a) * _norm(b)
        return min(1.0, dot / norm) if norm else 0.0

    def search(
        self, words: Mapping[str, int], k: int, allowed: Collection[int] | Ids | None = None
    ) -> tuple[Ids, Floats]:
        """The ``k`` documents nearest to a bag among ``allowed`` (all when ``None``).

        Returns:
            ids and cosines, best first, ties by id; only documents with a word in common.
        """
        with self._lock:
            query = self._weighted(words)
            norm = _norm(query)
            dots = np.zeros(len(self._spans))
            for word, weight in query.items():
                number = self._numbers.get(word)
                if number is None or not self._holders[number]:
                    continue
                entries = np.array(self._postings[number], dtype=np.int64)  # a copy: a view forbids appending
                dots[self._entry_slot[entries]] += weight * self.idf(word) * self._entry_weight[entries]
            living = self._ids[: len(dots)] >= 0
            if allowed is not None:
                slots = [self._slots[int(number)] for number in allowed if int(number) in self._slots]
                among = np.zeros(len(dots), bool)
                among[slots] = True
                living &= among
            found = np.flatnonzero(living & (dots > 0))
            # Rounded, so that equal cosines tie whatever order they were added up in.
            scores = np.minimum(1.0, np.round(dots[found] / (norm * self._all_norms()[found]), 9))
            ids = self._ids[found]
        if 0 < k < len(found):
            last = np.partition(scores, -k)[-k]
            near = scores >= last
            ids, scores = ids[near], scores[near]
        order = np.lexsort((ids, -scores))[: max(k, 0)]
        return ids[order], scores[order].astype(np.float32)

    def _weighted(self, words: Mapping[str, int]) -> dict[str, float]:
        known = self._rarity
        return {
            word: (known.get(word) or self.idf(word)) * _damped(count)
            for word, count in words.items()
            if count > 0
        }

    def _all_norms(self) -> NDArray[np.float64]:
        if self._norms is None:
            holders = np.array(self._holders, dtype=np.float64)
            rarity = np.log((1 + len(self._slots)) / (1 + holders)) + 1
            used = slice(0, self._used)
            weights = self._entry_weight[used] * rarity[self._entry_word[used]]
            squares = np.bincount(self._entry_slot[used], weights * weights, minlength=len(self._spans))
            self._norms = np.sqrt(squares)
        return self._norms

    def _make_room(self, slots: int, entries: int) -> None:
        self._ids = _grown(self._ids, slots)
        self._entry_slot = _grown(self._entry_slot, entries)
        self._entry_word = _grown(self._entry_word, entries)
        self._entry_weight = _grown(self._entry_weight, entries)

    def _compact(self) -> None:
        """Close the gaps that removed documents left."""
        count, used = len(self._spans), self._used
        living = self._ids[:count] >= 0
        kept = living[self._entry_slot[:used]]
        new_slots = np.cumsum(living, dtype=np.int32) - 1
        entry_slot, entry_word = new_slots[self._entry_slot[:used][kept]], self._entry_word[:used][kept]
        self._entry_slot, self._entry_word = entry_slot, entry_word
        self._entry_weight = self._entry_weight[:used][kept]
        self._ids = self._ids[:count][living]
        self._slots = {id: slot for slot, id in enumerate(self._ids.tolist())}
        sizes = np.bincount(entry_slot, minlength=len(self._ids))
        ends = np.cumsum(sizes)
        self._spans = list(zip((ends - sizes).tolist(), ends.tolist(), strict=True))
        words = [word for word, number in self._numbers.items() if self._holders[number]]
        numbers = np.array([self._numbers[word] for word in words], dtype=np.int64)
        renumbered = np.zeros(len(self._numbers), np.int32)
        renumbered[numbers] = np.arange(len(words))
        self._entry_word = renumbered[entry_word]
        self._numbers = {word: number for number, word in enumerate(words)}
        self._holders = [self._holders[number] for number in numbers.tolist()]
        order = np.argsort(self._entry_word, kind="stable").astype(np.int64)
        ends = np.cumsum(self._holders)
        self._postings = [
            array("q", order[end - holders : end].tobytes())
            for end, holders in zip(ends.tolist(), self._holders, strict=True)
        ]
        self._used, self._dead = len(entry_slot), 0


def _damped(count: int) -> float:
    return 1.0 if count == 1 else 1 + math.log(count)


def _grown(values: NDArray[Any], room: int) -> NDArray[Any]:
    """``values`` with room for at least ``room``, doubled so that adding one by one stays cheap."""
    if room <= len(values):
        return values
    grown = np.zeros(max(room, 2 * len(values)), values.dtype)
    grown[: len(values)] = values
    return grown


def _norm(weights: Mapping[str, float]) -> float:
    return math.sqrt(sum(weight * weight for weight in weights.values()))
