"""Words in common, weighted by rarity; and the sentence pair that carries a similarity."""

import math

import numpy as np
import pytest

from embeddings.lexical import WordIndex
from embeddings.pairs import best_pair


@pytest.fixture
def words():
    index = WordIndex()
    index.upsert(1, {"子供": 1, "食堂": 1})
    index.upsert(2, {"海岸": 1, "清掃": 1})
    index.upsert(3, {"子供": 1, "学習": 1})
    return index


def test_rarer_words_weigh_more(words):
    assert words.idf("子供") == pytest.approx(math.log(4 / 3) + 1)
    assert words.idf("海岸") == pytest.approx(math.log(4 / 2) + 1)
    assert words.idf("未知") == pytest.approx(math.log(4) + 1)


def test_similarity_is_a_cosine(words):
    assert words.similarity({"子供": 1, "食堂": 1}, {"食堂": 1, "子供": 1}) == pytest.approx(1.0)
    assert words.similarity({"海岸": 1}, {"子供": 1}) == 0.0
    a, b = words.idf("子供"), words.idf("食堂")
    assert words.similarity({"子供": 1, "食堂": 1}, {"子供": 1}) == pytest.approx(a / math.hypot(a, b))


def test_search_gives_the_nearest_first_and_only_the_allowed(words):
    ids, scores = words.search({"子供": 1, "食堂": 1}, 5)
    assert ids.tolist() == [1, 3]
    assert scores[0] == pytest.approx(1.0)
    assert words.search({"子供": 1}, 5, allowed=[2, 3])[0].tolist() == [3]
    assert words.search({}, 5)[0].tolist() == []


def test_repeating_a_word_gains_little(words):
    honest = words.similarity({"子供": 1, "食堂": 1}, {"子供": 1, "食堂": 1, "運営": 1})
    stuffed = words.similarity({"子供": 100, "食堂": 1}, {"子供": 1, "食堂": 1, "運営": 1})
    assert stuffed < honest


def test_a_removed_document_is_forgotten(words):
    words.remove(1)
    words.remove(99)
    assert len(words) == 2
    assert words.search({"食堂": 1}, 5)[0].tolist() == []


def test_the_pair_that_carries_the_similarity_is_found():
    vectors_a = np.array([[1, 0], [0, 1]], dtype=np.float32)
    vectors_b = np.array([[0.6, 0.8], [0, 1]], dtype=np.float32)
    found = best_pair(vectors_a, vectors_b, [{"a": 1}, {"b": 1}], [{"c": 1}, {"b": 1}], lambda word: 1.0)
    assert found == (1, 1, pytest.approx(1.0))


def test_no_sentences_no_pair():
    empty = np.empty((0, 2), np.float32)
    assert best_pair(empty, np.eye(2, dtype=np.float32), [], [{}, {}], lambda word: 1.0) is None
