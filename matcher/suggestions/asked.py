"""The texts of those who ask, as they are compared with all others."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from embeddings.pairs import Sentences

Floats = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Read:
    """A text and its sentences by the sentence encoder, from the middle of its kind, length one or zero."""

    vector: Floats
    sentences: Floats


@dataclass(frozen=True, eq=False)
class Source:
    """One text of the asking side: an offer, the company's profile, a need, or the NPO's profile."""

    owner_type: str
    owner_id: int
    vector: Floats
    sentences: Sentences
    bag: Mapping[str, int]
    read: Read | None = None  #: by the sentence encoder, where it was read already

    @cached_property
    def digest(self) -> bytes:
        """The same for texts that are compared alike."""
        found = hashlib.sha256(repr((self.owner_type, self.owner_id, self.sentences.words)).encode())
        read = [self.read.vector, self.read.sentences] if self.read is not None else []
        for values in (self.vector, self.sentences.vectors, *read):
            found.update(repr(values.shape).encode() + values.tobytes())
        return found.digest()
