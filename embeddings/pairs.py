"""Which two sentences carried a similarity: the largest of the parts that it is the sum of."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class Said:
    """A text as it was encoded: its vector (d,), and of its n sentences the vectors (n, d) and words."""

    vector: Floats
    vectors: Floats
    words: Sequence[Mapping[str, int]]


@dataclass(frozen=True)
class Carried:
    """Positions of the two sentences, and the part of the score that is theirs."""

    a: int
    b: int
    part: float


def carrying_pair(
    a: Said, b: Said, idf: Callable[[str], float], meaning: float = 1.0, words: float = 1.0
) -> Carried | None:
    """The sentence of ``a`` and the one of ``b`` that carry most of the similarity of the two texts.

    Both cosines are sums over all pairs of sentences, see ``parts``; the pair with the largest part is the
    one whose removal lowers the score most.

    Args:
        idf: how rare a word is.
        meaning: what a cosine of the vectors counts in the score.
        words: what a cosine of the TF-IDF bags counts.

    Returns:
        ``None`` where either side has no sentence. Ties by position.
    """
    carried = np.round(parts(a, b, idf, meaning, words), 6)
    if not carried.size:
        return None
    row, column = divmod(int(np.argmax(carried)), carried.shape[1])
    return Carried(row, column, float(carried[row, column]))


def parts(a: Said, b: Said, idf: Callable[[str], float], meaning: float = 1.0, words: float = 1.0) -> Numbers:
    """(n, m) what each pair of sentences adds to the two cosines, times ``meaning`` and ``words``.

    A text's vector is the sum of its sentences' vectors, each with a share: those that give it best, none
    below zero (non-negative least squares; exact for a model that averages words). A word's weight is divided
    among the sentences that say it.

    Raises:
        ValueError: sentences, vectors and words are not equally many.
    """
    for said in (a, b):
        if len(said.vectors) != len(said.words):
            raise ValueError(f"expected words of {len(said.vectors)} sentences, found {len(said.words)}")
    if not len(a.vectors) or not len(b.vectors):
        return np.zeros((len(a.vectors), len(b.vectors)))
    said_words = {word: 0 for said in (a, b) for sentence in said.words for word in sentence}
    rarity = {word: idf(word) for word in said_words}
    by_meaning: Numbers = _shares(a) @ _shares(b).T
    by_words: Numbers = _bags(a, rarity) @ _bags(b, rarity).T
    return meaning * by_meaning + words * by_words


def _shares(said: Said) -> Numbers:
    """(n, d) what each sentence adds to the text's vector."""
    from scipy.optimize import nnls

    vectors = said.vectors.astype(np.float64)
    shares, _rest = nnls(vectors.T, said.vector.astype(np.float64))
    added: Numbers = shares[:, None] * vectors
    return added


def _bags(said: Said, rarity: Mapping[str, float]) -> Numbers:
    """(n, words) what each sentence adds to the text's TF-IDF bag of length one."""
    counts = np.array([[sentence.get(word, 0) for word in rarity] for sentence in said.words], np.float64)
    whole = counts.sum(axis=0)
    bag = np.where(whole > 0, 1 + np.log(np.maximum(whole, 1)), 0.0) * list(rarity.values())
    norm = np.linalg.norm(bag)
    added: Numbers = counts / np.maximum(whole, 1) * bag / (norm if norm > 0 else 1.0)
    return added
