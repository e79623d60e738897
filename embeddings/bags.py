"""Sudachi words → rows of a vector table with their weights: what a text is to the bundled model.

Many words share one row (the table holds clusters), which is why the word list is kept apart from the
vectors. No model library is imported here, so that pages can read it, too (``embeddings.typed``).
"""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file as load_arrays
from safetensors.numpy import save_file as save_arrays

from embeddings import text as texts

VECTORS_FILE: Final = "model.safetensors"
WORDS_FILE: Final = "words.safetensors"
COMMON_FILE: Final = "common.safetensors"
CONFIG_FILE: Final = "wordtable_config.json"

PRIOR_TEXTS: Final = 50  #: the language at large counts for rarity as much as so many of our own texts
PRIOR_TOKENS: Final = 100  #: of so many words each
LEAST_RARITY: Final = 0.05
_REMEMBERED: Final = 100_000
#: Zipf and Mandelbrot: the word of rank r (from 0) is this share of all words, divided by r + 2.7. The
#: constant lets the shares of 480,443 words add up to one.
_ZIPF, _ZIPF_SHIFT = 0.0814, 2.7


class WordList:
    """Half a million words in sorted order, looked up without making half a million Python strings."""

    def __init__(
        self, words: bytes, ends: NDArray[np.int64], rows: NDArray[np.int16], log_ranks: NDArray[np.float16]
    ) -> None:
        """
        Args:
            words: all words in UTF-8, sorted by their bytes, one after the other.
            ends: (n,) where each ends.
            rows: (n,) the row of each in the vector table.
            log_ranks: (n,) ln(1 + rank by frequency) of each.
        """
        self._words = words
        self._ends = ends
        self.rows = rows
        self.log_ranks = log_ranks

    @classmethod
    def of(cls, ranked: Sequence[tuple[str, int]]) -> "WordList":
        """From (word, row), the most frequent first; of a word that comes twice the first counts."""
        known: dict[bytes, tuple[int, float]] = {}
        for rank, (word, row) in enumerate(ranked):
            known.setdefault(word.encode(), (row, math.log1p(rank)))
        entries = sorted(known.items())
        return cls(
            b"".join(word for word, _entry in entries),
            np.cumsum([len(word) for word, _entry in entries], dtype=np.int64),
            np.array([row for _word, (row, _rank) in entries], dtype=np.int16),
            np.array([rank for _word, (_row, rank) in entries], dtype=np.float16),
        )

    def __len__(self) -> int:
        return len(self.rows)

    def with_rows(self, rows: NDArray[np.int16]) -> "WordList":
        """The same words with other rows."""
        return WordList(self._words, self._ends, rows, self.log_ranks)

    def place(self, word: str) -> int | None:
        """Where a word stands in the list, ``None`` where it does not."""
        wanted = word.encode("utf-8", "ignore")
        low, high = 0, len(self)
        while low < high:
            middle = (low + high) // 2
            found = self._at(middle)
            if found == wanted:
                return middle
            if found < wanted:
                low = middle + 1
            else:
                high = middle
        return None

    def _at(self, place: int) -> bytes:
        start = int(self._ends[place - 1]) if place else 0
        return self._words[start : int(self._ends[place])]

    def save(self, path: Path) -> None:
        """Write the list as safetensors."""
        lengths = np.diff(self._ends, prepend=0).astype(np.uint16)
        letters = np.frombuffer(self._words, dtype=np.uint8)
        save_arrays(
            {"words": letters, "lengths": lengths, "rows": self.rows, "log_ranks": self.log_ranks}, path
        )

    @classmethod
    def load(cls, path: Path) -> "WordList":
        """Read what ``save`` wrote."""
        arrays = load_arrays(path)
        ends = np.cumsum(arrays["lengths"], dtype=np.int64)
        return cls(arrays["words"].tobytes(), ends, arrays["rows"], arrays["log_ranks"])


@dataclass(frozen=True)
class Counts:
    """How many texts of our own were counted, and how many of them hold each word."""

    texts: int
    holders: Mapping[str, int]

    def rarity(self, word: str, log_rank: float) -> float:
        """How much a word weighs: −ln of the share of texts that hold it, never below 0.05.

        The share is counted in our own texts, smoothed by what the word's rank in a web corpus lets expect
        of ``PRIOR_TEXTS`` more: a word we never saw weighs as much as the language at large says.
        """
        share = _ZIPF / (math.expm1(log_rank) + _ZIPF_SHIFT)
        expected = 1 - (1 - share) ** PRIOR_TOKENS
        holders = self.holders.get(word, 0) + PRIOR_TEXTS * expected
        return max(LEAST_RARITY, math.log((self.texts + PRIOR_TEXTS) / holders))


class Bags:
    """Texts → the rows of their words, each with its weight."""

    def __init__(self, words: WordList, counts: Counts) -> None:
        """
        Args:
            words: which word has which row.
            counts: what rarity is taken from.
        """
        self.words = words
        self.counts = counts
        self._entries: dict[str, tuple[int, float] | None] = {}

    @classmethod
    def load(cls, folder: Path) -> "Bags":
        """Read the words and counts of a model folder."""
        config = json.loads((folder / CONFIG_FILE).read_text(encoding="utf-8"))
        return cls(WordList.load(folder / WORDS_FILE), Counts(config["texts"], config["holders"]))

    def known_words(self, text: str) -> list[str]:
        """The words of a text that the table knows; of an unknown compound, its known parts."""
        found: list[str] = []
        for word, parts in texts.units(text):
            if self._entry(word) is not None:
                found.append(word)
            else:
                found.extend(part for part in parts if self._entry(part) is not None)
        return found

    def _entry(self, word: str) -> tuple[int, float] | None:
        """Row and weight of a word."""
        if word not in self._entries:
            if len(self._entries) >= _REMEMBERED:
                self._entries = {}
            spellings = (word, texts.normalize(word), word.lower())
            place = next((p for p in map(self.words.place, spellings) if p is not None), None)
            self._entries[word] = (
                None
                if place is None
                else (
                    int(self.words.rows[place]),
                    self.counts.rarity(word, float(self.words.log_ranks[place])),
                )
            )
        return self._entries[word]

    def bag(self, text: str) -> list[tuple[int, float]]:
        """The rows of a text's words with their weights."""
        # A word said again counts like the square root of its count, so that repeating gains little.
        counts: dict[tuple[str, tuple[int, float]], int] = {}
        for word in self.known_words(text):
            entry = self._entry(word)
            if entry is not None:
                counts[word, entry] = counts.get((word, entry), 0) + 1
        return [(row, rarity * count**0.5) for (_word, (row, rarity)), count in counts.items()]
