"""The input module of the bundled model: Sudachi words → rows of a vector table → rarity-weighted mean.

It is an ordinary sentence-transformers module, so the bundled model loads, saves and trains like any
other. Many words share one row (the table holds clusters), which is why the word list is kept apart from
the vectors. Torch is imported with this module: import it only where text is encoded.
"""

import json
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from sentence_transformers.base.modules.input_module import InputModule
from torch import Tensor, nn

from embeddings import text as texts

WEIGHTS_FILE = "model.safetensors"
WORDS_FILE = "words.json.z"
CONFIG_FILE = "wordtable_config.json"


class WordTable(InputModule):  # type: ignore[misc]
    """Texts → the weighted mean of their words' vectors, less the mean and the main direction of all texts.

    Removing what all texts have in common is the second step of SIF (Arora, Liang, Ma 2017).
    """

    def __init__(
        self,
        vectors: Tensor,
        rows: Mapping[str, int],
        rarity: Mapping[str, float],
        unknown_rarity: float,
        common: Tensor | None = None,
    ) -> None:
        """
        Args:
            vectors: (rows, d) float32.
            rows: word → row.
            rarity: word → weight; words that are not listed weigh ``unknown_rarity``.
            common: (1 + c, d) float32: the mean of all texts, then c unit directions to remove.
        """
        super().__init__()
        self.table = nn.EmbeddingBag.from_pretrained(vectors, freeze=False, mode="sum")
        self.rows = dict(rows)
        self.rarity = dict(rarity)
        self.unknown_rarity = unknown_rarity
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
            if word in self.rows:
                found.append(word)
            else:
                found.extend(part for part in parts if part in self.rows)
        return found

    def preprocess(self, inputs: Sequence[str], prompt: str | None = None, **_: Any) -> dict[str, Tensor]:
        """Texts → row numbers, weights and offsets for the embedding bag."""
        bags = [self._bag(f"{prompt or ''}{text}") for text in inputs]
        offsets = np.cumsum([0, *(len(bag) for bag in bags)])[:-1]
        flat = [pair for bag in bags for pair in bag]
        return {
            "input_ids": torch.tensor([row for row, _weight in flat], dtype=torch.long),
            "weights": torch.tensor([weight for _row, weight in flat], dtype=torch.float32),
            "offsets": torch.from_numpy(offsets),
        }

    def _bag(self, text: str) -> list[tuple[int, float]]:
        # A word said again counts like its square root, so that repeating gains little.
        counts: dict[str, int] = {}
        for word in self.known_words(text):
            counts[word] = counts.get(word, 0) + 1
        return [
            (self.rows[word], self.rarity.get(word, self.unknown_rarity) * count**0.5)
            for word, count in counts.items()
        ]

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
        features["sentence_embedding"] = means * (totals > 0).unsqueeze(1)
        return features

    def save(self, output_path: str, *_: Any, **__: Any) -> None:
        """Write the table as float16 safetensors, and the words packed."""
        folder = Path(output_path)
        state = {
            "vectors": self.table.weight.detach().half().contiguous(),
            "common": self.common.contiguous(),
        }
        save_file(state, folder / WEIGHTS_FILE)
        by_row: list[list[str]] = [[] for _ in range(self.table.num_embeddings)]
        for word, row in sorted(self.rows.items()):
            by_row[row].append(word)
        packed = json.dumps(by_row, ensure_ascii=False, separators=(",", ":")).encode()
        (folder / WORDS_FILE).write_bytes(zlib.compress(packed, 9))
        config = {"unknown_rarity": self.unknown_rarity, "rarity": dict(sorted(self.rarity.items()))}
        (folder / CONFIG_FILE).write_text(json.dumps(config, ensure_ascii=False, indent=0), encoding="utf-8")

    @classmethod
    def load(cls, model_name_or_path: str, subfolder: str = "", **_: Any) -> "WordTable":
        """Read what ``save`` wrote, from a local folder."""
        folder = Path(model_name_or_path) / subfolder
        state = load_file(folder / WEIGHTS_FILE)
        config = json.loads((folder / CONFIG_FILE).read_text(encoding="utf-8"))
        by_row = json.loads(zlib.decompress((folder / WORDS_FILE).read_bytes()))
        rows = {word: row for row, words in enumerate(by_row) for word in words}
        return cls(
            state["vectors"].float(),
            rows,
            config["rarity"],
            config["unknown_rarity"],
            state["common"].float(),
        )
