"""Words in common, weighted by rarity: TF-IDF cosines over an inverted index in memory.

A word counts by 1 + log(count), so repeating it gains little; rarity is the smoothed inverse document
frequency log((1 + N) / (1 + df)) + 1 (Spärck Jones 1972).
"""

import heapq
import math
import threading
from collections.abc import Collection, Mapping

import numpy as np
from numpy.typing import NDArray


class WordIndex:
    """Bags of words under integer ids. Thread-safe; scores are cosines in [0, 1]."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._bags: dict[int, dict[str, float]] = {}
        self._postings: dict[str, set[int]] = {}

    def __len__(self) -> int:
        return len(self._bags)

    def upsert(self, id: int, words: Mapping[str, int]) -> None:
        """Add or replace the bag (word → count) of one document."""
        with self._lock:
            self.remove(id)
            self._bags[id] = {word: 1 + math.log(count) for word, count in words.items() if count > 0}
            for word in self._bags[id]:
                self._postings.setdefault(word, set()).add(id)

    def remove(self, id: int) -> None:
        """Remove one document; an unknown id is ignored."""
        with self._lock:
            for word in self._bags.pop(id, ()):
                holders = self._postings[word]
                holders.discard(id)
                if not holders:
                    del self._postings[word]

    def idf(self, word: str) -> float:
        """How rare a word is: 1 for one that every document has, more for rarer ones."""
        return math.log((1 + len(self._bags)) / (1 + len(self._postings.get(word, ())))) + 1

    def similarity(self, words_a: Mapping[str, int], words_b: Mapping[str, int]) -> float:
        """TF-IDF cosine of two bags, by the rarities of this index."""
        a, b = self._weighted(words_a), self._weighted(words_b)
        dot = sum(weight * b[word] for word, weight in a.items() if word in b)
        return _cosine(dot, a, b)

    def search(
        self, words: Mapping[str, int], k: int, allowed: Collection[int] | None = None
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """The ``k`` documents nearest to a bag, best first, ties by id; none without a common word."""
        with self._lock:
            query = self._weighted(words)
            dots: dict[int, float] = {}
            for word, weight in query.items():
                rarity = self.idf(word)
                for holder in self._postings.get(word, ()):
                    dots[holder] = dots.get(holder, 0.0) + weight * rarity * self._bags[holder][word]
            if allowed is not None:
                kept = set(allowed)
                dots = {holder: dot for holder, dot in dots.items() if holder in kept}
            # Norms are dear: they are taken of the most promising only.
            promising = heapq.nlargest(max(4 * k, 200), dots.items(), key=lambda item: (item[1], -item[0]))
            scored = [(_cosine(dot, query, self._rare(holder)), holder) for holder, dot in promising]
        best = sorted(scored, key=lambda item: (-item[0], item[1]))[:k]
        return (
            np.array([holder for _score, holder in best], dtype=np.int64),
            np.array([score for score, _holder in best], dtype=np.float32),
        )

    def _weighted(self, words: Mapping[str, int]) -> dict[str, float]:
        return {word: (1 + math.log(count)) * self.idf(word) for word, count in words.items() if count > 0}

    def _rare(self, id: int) -> dict[str, float]:
        return {word: weight * self.idf(word) for word, weight in self._bags[id].items()}


def _cosine(dot: float, a: Mapping[str, float], b: Mapping[str, float]) -> float:
    norm = math.sqrt(sum(w * w for w in a.values()) * sum(w * w for w in b.values()))
    return min(1.0, dot / norm) if norm else 0.0
