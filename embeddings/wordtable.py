"""The input module of the bundled model: Sudachi words → rows of a vector table → rarity-weighted mean.

It is an ordinary sentence-transformers module, so the bundled model loads, saves and trains like any
other. Torch is imported with this module: import it only where text is encoded.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from sentence_transformers.base.modules.input_module import InputModule
from torch import Tensor, nn

from embeddings.bags import COMMON_FILE, CONFIG_FILE, VECTORS_FILE, WORDS_FILE, Bags, Counts, WordList


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
        self.words, self.counts = words, counts
        self.bags = Bags(words, counts)
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
        return self.bags.known_words(text)

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
        return self.bags.bag(text)

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
        bags = Bags.load(folder)
        return cls(
            load_file(folder / VECTORS_FILE)["vectors"].float(),
            bags.words,
            bags.counts,
            load_file(folder / COMMON_FILE)["common"].float(),
        )
