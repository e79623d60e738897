"""The vector of a few typed words by the bundled model, with numpy alone: pages never load a model library.

The same arithmetic as ``wordtable.WordTable`` with the normal step behind it; a test holds the two together.
A process that was asked keeps about 30 MB for it (vectors as float16, half a million words), beside the
dictionary of the tokenizer, 80 MB that are mapped from its file; the first question takes 0.1 s longer.
"""

from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file

from embeddings.bags import COMMON_FILE, VECTORS_FILE, Bags
from embeddings.encoder import MODEL_FOLDER, bundled_model_id
from embeddings.text import for_embedding

Floats = NDArray[np.float32]


class TypedWords:
    """Texts in, vectors of length one out, one at a time."""

    def __init__(self, bags: Bags, vectors: NDArray[np.float16], common: Floats) -> None:
        """
        Args:
            bags: which words are known, and how much each weighs.
            vectors: (rows, d).
            common: (1 + c, d): the mean of all texts, then c unit directions to remove.
        """
        self._bags = bags
        self._vectors = vectors
        self._common = common

    @classmethod
    def load(cls, folder: Path) -> "TypedWords":
        """Read a model folder of ours."""
        return cls(
            Bags.load(folder),
            load_file(folder / VECTORS_FILE)["vectors"],
            load_file(folder / COMMON_FILE)["common"].astype(np.float32),
        )

    def vector(self, text: str) -> Floats | None:
        """(d,) float32 of length one; ``None`` where no word of it is known."""
        bag = self._bags.bag(for_embedding(text))
        if not bag:
            return None
        weights = np.array([weight for _row, weight in bag], dtype=np.float32)
        rows = self._vectors[[row for row, _weight in bag]].astype(np.float32)
        mean: Floats = weights @ rows / max(float(weights.sum()), 1e-9) - self._common[0]
        for direction in self._common[1:]:
            mean = mean - (mean @ direction) * direction
        norm = float(np.linalg.norm(mean))
        return mean / np.float32(norm) if norm > 1e-9 else None


def reader_of(model_id: str | None) -> Callable[[str], Floats | None] | None:
    """How typed words get a vector under a model: only the bundled one can be read without its library."""
    return _bundled().vector if model_id == bundled_model_id() else None


@cache
def _bundled() -> TypedWords:
    return TypedWords.load(MODEL_FOLDER)
