"""Which two sentences carried a similarity."""

from collections.abc import Callable, Collection, Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

WORD_SHARE = 0.5  #: of the pair's score, how much common words count beside the vectors
#: A sentence of fewer different content words says little (「よろしくお願いします。」 ends half of all texts,
#: which is equal to itself): its pairs count in proportion.
FULL_SENTENCE_WORDS = 5


def best_pair(
    vectors_a: Floats,
    vectors_b: Floats,
    words_a: Sequence[Collection[str]],
    words_b: Sequence[Collection[str]],
    idf: Callable[[str], float],
) -> tuple[int, int, float] | None:
    """The sentence of ``a`` and the one of ``b`` that lie nearest, by meaning and by words in common.

    Args:
        vectors_a: (n, d), rows of length one or zero.
        vectors_b: (m, d), likewise.
        words_a: the words of each of the n sentences; how often one comes does not matter.
        words_b: of each of the m.
        idf: how rare a word is.

    Returns:
        Their positions and score in [-1, 1], ties by position; ``None`` where either side is empty.
    """
    if not len(vectors_a) or not len(vectors_b):
        return None
    if len(vectors_a) != len(words_a) or len(vectors_b) != len(words_b):
        raise ValueError(
            f"expected words of {len(vectors_a)} and {len(vectors_b)} sentences, "
            f"found {len(words_a)} and {len(words_b)}"
        )
    meaning = vectors_a.astype(np.float32) @ vectors_b.astype(np.float32).T
    columns = {word: place for place, word in enumerate({word: 0 for bag in words_a for word in bag})}
    common = _weights(words_a, columns, idf) @ _weights(words_b, columns, idf).T
    full = np.minimum.outer(_fullness(words_a), _fullness(words_b))
    scores = full * ((1 - WORD_SHARE) * meaning + WORD_SHARE * common)
    row, column = divmod(int(np.argmax(np.round(scores, 6))), scores.shape[1])
    return row, column, float(np.clip(scores[row, column], -1, 1))


def _weights(
    bags: Sequence[Collection[str]], columns: dict[str, int], idf: Callable[[str], float]
) -> NDArray[np.float64]:
    """(sentences, words) of length one over all their words, those outside ``columns`` left out."""
    weights = np.zeros((len(bags), len(columns)))
    for row, bag in enumerate(bags):
        rarity = {word: idf(word) for word in bag}
        norm = sum(weight * weight for weight in rarity.values()) ** 0.5
        for word, weight in rarity.items():
            if word in columns:
                weights[row, columns[word]] = weight / norm
    return weights


def _fullness(bags: Sequence[Collection[str]]) -> NDArray[np.float64]:
    counts = np.array([len(set(bag)) for bag in bags])
    fullness: NDArray[np.float64] = np.minimum(1.0, counts / FULL_SENTENCE_WORDS)
    return fullness
