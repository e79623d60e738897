"""The sentences of many records as bytes: near enough to tell who cannot be among the best."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from embeddings.pairs import Sentences, fullness


@dataclass(frozen=True)
class Said:
    """The sentences of one or of many records, each number of their vectors as a byte."""

    codes: NDArray[np.int8]  #: (sentences, d)
    scales: NDArray[np.float32]  #: what one step of each sentence's bytes is worth
    slacks: NDArray[np.float32]  #: how far a cosine by the bytes may be off
    fullness: NDArray[np.float32]  #: how much each sentence says (``embeddings.pairs``)

    def __len__(self) -> int:
        return len(self.codes)

    @classmethod
    def of(cls, said: Sentences) -> "Said":
        """From the vectors themselves."""
        vectors = said.vectors
        scales = np.maximum(np.abs(vectors).max(axis=1, initial=0.0), 1e-9) / 127
        codes = np.rint(vectors / scales[:, None]).astype(np.int8)
        slacks = np.linalg.norm(vectors - codes * scales[:, None], axis=1)
        return cls(
            codes, scales.astype(np.float32), slacks.astype(np.float32), fullness(said).astype(np.float32)
        )

    @classmethod
    def joined(cls, parts: Sequence["Said"]) -> "Said":
        """Those of many records, one after the other."""
        if not parts:
            return cls(np.zeros((0, 0), np.int8), *(np.zeros(0, np.float32) for _ in range(3)))
        names = ("codes", "scales", "slacks", "fullness")
        return cls(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))
