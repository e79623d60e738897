"""How close the sentences of two texts are: counts in the score, and tells what is quoted."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from statistics import NormalDist
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Numbers = NDArray[np.float64]

WORD_SHARE: Final = 0.5  #: how much common words count beside the vectors
#: A sentence of fewer different content words says little (「よろしくお願いします。」 ends half of all texts,
#: which is equal to itself): it counts in proportion.
FULL_SENTENCE_WORDS: Final = 5


#: Cosines of the sentence encoder between unrelated sentences scatter by so much: chosen on the development
#: texts and by what stuffing gains. Of so many sentences are most texts.
SPREAD, USUAL, FEWEST = 0.25, 5, 3


@dataclass(frozen=True)
class Sentences:
    """Encoded sentences: vectors (n, d) of length one or zero, and the words of each with their counts."""

    vectors: Floats
    words: Sequence[Mapping[str, int]]

    def __len__(self) -> int:
        return len(self.words)

    def __post_init__(self) -> None:
        """Raises ``ValueError`` where vectors and words are not equally many."""
        if len(self.vectors) != len(self.words):
            raise ValueError(f"expected words of {len(self.vectors)} sentences, found {len(self.words)}")

    @classmethod
    def stored(cls, vectors: bytes | None, words: Sequence[Mapping[str, int]]) -> "Sentences":
        """From a row of the embedding table: float16 numbers of all sentences, one after the other."""
        if not words or not vectors:
            return cls(np.empty((0, 0), np.float32), ())
        array = np.frombuffer(vectors, dtype=np.float16).reshape(len(words), -1)
        return cls(array.astype(np.float32), words)

    @classmethod
    def joined(cls, parts: Sequence["Sentences"]) -> "Sentences":
        """The sentences of several texts, each with at least one, one text after the other."""
        words = [bag for part in parts for bag in part.words]
        return cls(np.concatenate([part.vectors for part in parts]), words)


def closeness(a: Sentences, b: Sentences, idf: Callable[[str], float]) -> Numbers:
    """(n, m) how close each sentence of ``a`` is to each of ``b``, in [-0.5, 1].

    Half the cosine of their vectors and half that of their words, each weighted by rarity and counted once;
    less where either says little.

    Args:
        idf: how rare a word is.
    """
    if not len(a) or not len(b):
        return np.zeros((len(a), len(b)))
    columns = {word: place for place, word in enumerate({word: 0 for said in a.words for word in said})}
    common = _weights(a, columns, idf) @ _weights(b, columns, idf).T
    meaning = a.vectors.astype(np.float64) @ b.vectors.astype(np.float64).T
    close: Numbers = np.outer(fullness(a), fullness(b)) * ((1 - WORD_SHARE) * meaning + WORD_SHARE * common)
    return close


def closest_pair(a: Sentences, b: Sentences, idf: Callable[[str], float]) -> tuple[int, int, float] | None:
    """Positions and closeness of the closest pair, ties by position; ``None`` where either side is empty."""
    close = closeness(a, b, idf)
    if not close.size:
        return None
    row, column = divmod(int(np.argmax(np.round(close, 6))), close.shape[1])
    return row, column, float(close[row, column])


def highest(a: Sentences, cosines: Numbers, fullness_b: Numbers, words: Numbers) -> Numbers:
    """(m,) what ``closeness`` of a sentence of ``b`` with any of ``a`` is at most.

    Args:
        cosines: (n, m) at most so near are their vectors.
        fullness_b: (m,)
        words: (n, m) at most so near are their words.
    """
    close = (1 - WORD_SHARE) * cosines + WORD_SHARE * words
    close *= fullness(a)[:, None]
    result: Numbers = close.max(axis=0) * fullness_b
    return result


def maxsim(a: Floats, b: Floats) -> float | None:
    """The cosine of each sentence (n, d) of one side with its best partner on the other, averaged, both ways.

    MaxSim (Khattab and Zaharia 2020) of sentences instead of words; ``None`` where either side has none. From
    more sentences a better partner is found by chance: what is owed to their number is taken off.
    """
    if not len(a) or not len(b):
        return None
    cosines = a @ b.T
    best = float(cosines.max(axis=1).mean() + cosines.max(axis=0).mean()) / 2
    return best - (by_chance(len(a)) + by_chance(len(b))) / 2


@lru_cache(maxsize=1024)
def by_chance(count: int) -> float:
    """By how much the best of so many unrelated sentences is nearer than the best of ``USUAL`` ones.

    The greatest of n normal numbers is about as great as the quantile (n − 3/8) / (n + 1/4) (Blom 1958).
    Fewer than ``FEWEST`` count as so many, lest a text of one word be near to everybody.
    """
    most = (NormalDist().inv_cdf((n - 0.375) / (n + 0.25)) for n in (max(count, FEWEST), USUAL))
    return SPREAD * (next(most) - next(most))


def _weights(said: Sentences, columns: Mapping[str, int], idf: Callable[[str], float]) -> Numbers:
    """(sentences, words) of length one over all their words, those outside ``columns`` left out."""
    weights = np.zeros((len(said), len(columns)))
    for row, sentence in enumerate(said.words):
        rarity = {word: idf(word) for word in sentence}
        norm = sum(weight * weight for weight in rarity.values()) ** 0.5
        for word in rarity.keys() & columns.keys():
            weights[row, columns[word]] = rarity[word] / norm
    return weights


def fullness(said: Sentences) -> Numbers:
    """How much each sentence counts for what it says, in [0, 1]."""
    counts = np.array([len(sentence) for sentence in said.words], dtype=np.float64)
    full: Numbers = np.minimum(1.0, counts / FULL_SENTENCE_WORDS)
    return full
