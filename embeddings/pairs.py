"""Which two sentences carried a similarity."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

WORD_SHARE = 0.5  #: of the pair's score, how much common words count beside the vectors


def best_pair(
    vectors_a: NDArray[np.float32],
    vectors_b: NDArray[np.float32],
    words_a: Sequence[Mapping[str, int]],
    words_b: Sequence[Mapping[str, int]],
    idf: Callable[[str], float],
) -> tuple[int, int, float] | None:
    """The sentence of ``a`` (n, d) and the one of ``b`` (m, d) that lie nearest.

    Returns:
        Their positions and score in [-1, 1], ties by position; ``None`` where either side is empty.
    """
    if not len(vectors_a) or not len(vectors_b):
        return None
    scores = (1 - WORD_SHARE) * (vectors_a.astype(np.float32) @ vectors_b.astype(np.float32).T)
    bags_a, bags_b = [_unit(bag, idf) for bag in words_a], [_unit(bag, idf) for bag in words_b]
    for i, bag_a in enumerate(bags_a):
        for j, bag_b in enumerate(bags_b):
            common = bag_a.keys() & bag_b.keys()
            scores[i, j] += WORD_SHARE * sum(bag_a[word] * bag_b[word] for word in common)
    row, column = divmod(int(np.argmax(scores)), scores.shape[1])
    return row, column, float(scores[row, column])


def _unit(bag: Mapping[str, int], idf: Callable[[str], float]) -> dict[str, float]:
    weights = {word: idf(word) for word in bag}
    norm = float(np.sqrt(sum(weight * weight for weight in weights.values()))) or 1.0
    return {word: weight / norm for word, weight in weights.items()}
