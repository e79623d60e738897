"""The input module of the bundled model: Sudachi words → rows of a vector table → rarity-weighted mean.

It is an ordinary sentence-transformers module, so the bundled model loads, saves and trains like any
other. Many words share one row (the table holds clusters), which is why the word list is kept apart from
the vectors. Torch is imported with this module: import it only where text is encoded.
"""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.numpy import load_file as load_arrays
from safetensors.numpy import save_file as save_arrays
from safetensors.torch import load_file, save_file
from sentence_transformers.base.modules.input_module import InputModule
from torch import Tensor, nn

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


class WordTable(InputModule):  # type: ignore[misc]
    """Texts → the weighted mean of their words' vectors, less the mean and the main direction of all texts.

    Weighting by rarity and removing what all texts have in common is SIF (Arora, Liang, Ma 2017).
    """

    def __init__(
        self, vectors: Tensor, words: WordList, counts: Counts, common: Tensor | None = None
    ) -> None:
        """
        Args:
            vectors: (rows, d) float32.
            words: which word has which row.
            counts: what rarity is taken from.
            common: (1 + c, d) float32: the mean of all texts, then c unit directions to remove.
        """
        super().__init__()
        self.table = nn.EmbeddingBag.from_pretrained(vectors, freeze=False, mode="sum")
        self.words = words
        self.counts = counts
        self._entries: dict[str, tuple[int, float] | None] = {}
        self.register_buffer("common", torch.zeros(1, vectors.shape[1]) if common is None else common)

    @property
    def max_seq_length(self) -> float:
        """There is no limit of its own; ``embeddings.text`` caps what is read."""
        return float("inf")

    def get_embedding_dimension(self) -> int:
        """The length of the vectors."""
        return int(self.table.embedding_dim)

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

    def preprocess(self, inputs: Sequence[str], prompt: str | None = None, **_: Any) -> dict[str, Tensor]:
        """Texts → row numbers, weights and offsets for the embedding bag."""
        return self.features([self.bag(f"{prompt or ''}{text}") for text in inputs])

    @staticmethod
    def features(bags: Sequence[Sequence[tuple[int, float]]]) -> dict[str, Tensor]:
        """Bags of (row, weight) → what ``forward`` takes."""
        offsets = np.cumsum([0, *(len(bag) for bag in bags)])[:-1]
        flat = [pair for bag in bags for pair in bag]
        return {
            "input_ids": torch.tensor([row for row, _weight in flat], dtype=torch.long),
            "weights": torch.tensor([weight for _row, weight in flat], dtype=torch.float32),
            "offsets": torch.from_numpy(offsets),
        }

    def bag(self, text: str) -> list[tuple[int, float]]:
        """The rows of a text's words with their weights."""
        # A word said again counts like the square root of its count, so that repeating gains little.
        counts: dict[tuple[str, tuple[int, float]], int] = {}
        for word in self.known_words(text):
            entry = self._entry(word)
            if entry is not None:
                counts[word, entry] = counts.get((word, entry), 0) + 1
        return [(row, rarity * count**0.5) for (_word, (row, rarity)), count in counts.items()]

    def forward(self, features: dict[str, Tensor], **_: Any) -> dict[str, Tensor]:
        """Add ``sentence_embedding`` (n, d); a text without any known word is the zero vector."""
        ids, offsets, weights = features["input_ids"], features["offsets"], features["weights"]
        sums = self.table(ids, offsets, per_sample_weights=weights)
        ends = torch.cat([offsets[1:], torch.tensor([len(ids)], device=offsets.device)])
        totals = torch.cat([weights.new_zeros(1), weights.cumsum(0)])
        totals = totals[ends] - totals[offsets]
        means = sums / totals.clamp(min=1e-9).unsqueeze(1) - self.common[0]
        for direction in self.common[1:]:
            means = means - (means @ direction).unsqueeze(1) * direction
        features["sentence_embedding"] = means * (ends > offsets).unsqueeze(1)
        return features

    def save(self, output_path: str, *_: Any, **__: Any) -> None:
        """Write vectors (float16) and words, which hang on the sources alone, apart from the statistics."""
        folder = Path(output_path)
        save_file({"vectors": self.table.weight.detach().half().contiguous()}, folder / VECTORS_FILE)
        self.words.save(folder / WORDS_FILE)
        save_file({"common": self.common.contiguous()}, folder / COMMON_FILE)
        config = {"texts": self.counts.texts, "holders": dict(sorted(self.counts.holders.items()))}
        (folder / CONFIG_FILE).write_text(
            json.dumps(config, ensure_ascii=False, indent=0) + "\n", encoding="utf-8"
        )

    @classmethod
    def load(cls, model_name_or_path: str, subfolder: str = "", **_: Any) -> "WordTable":
        """Read what ``save`` wrote, from a local folder."""
        folder = Path(model_name_or_path) / subfolder
        config = json.loads((folder / CONFIG_FILE).read_text(encoding="utf-8"))
        return cls(
            load_file(folder / VECTORS_FILE)["vectors"].float(),
            WordList.load(folder / WORDS_FILE),
            Counts(config["texts"], config["holders"]),
            load_file(folder / COMMON_FILE)["common"].float(),
        )
