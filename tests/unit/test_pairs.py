"""How close sentences are: known pairs, known closeness."""

import numpy as np
import pytest

from embeddings.pairs import Sentences, closeness


def even(_word):
    return 1.0


def closest(ours, theirs, idf=even):
    """Positions and closeness of the closest pair."""
    close = closeness(ours, theirs, idf)
    row, column = divmod(int(np.argmax(np.round(close, 6))), close.shape[1])
    return row, column, float(close[row, column])


EYE = np.eye(3, dtype=np.float32)
FOOD = dict.fromkeys(["野菜", "米", "届ける", "毎週", "無料"], 1)
COAST = dict.fromkeys(["海岸", "清掃", "参加", "社員", "休日"], 1)
BOOKS = dict.fromkeys(["会計", "帳簿", "手伝う", "税理士", "決算"], 1)
THREE = Sentences(EYE, (FOOD, COAST, BOOKS))


def test_equal_sentences_are_the_pair_with_closeness_one():
    theirs = Sentences(EYE[[2, 0]], (BOOKS, COAST))
    assert closest(THREE, theirs, even) == (2, 0, pytest.approx(1.0))


def test_meaning_and_words_count_half_each():
    ours = Sentences(EYE[:1], (FOOD,))
    near = np.array([[0.6, 0.8, 0], [0, 0, 1]], dtype=np.float32)
    assert closest(ours, Sentences(near, (COAST, BOOKS)), even) == (0, 0, pytest.approx(0.3))
    assert closest(ours, Sentences(near, (COAST, FOOD)), even) == (0, 1, pytest.approx(0.5))


def test_rarer_words_in_common_weigh_more():
    rarity = {"地域": 1.0, "里親": 5.0}
    ours = Sentences(EYE[:1], (dict.fromkeys(["地域", "里親", *"戊己庚"], 1),))
    others = tuple(dict.fromkeys([word, *"甲乙丙丁"], 1) for word in ("地域", "里親"))
    found = closest(ours, Sentences(EYE[1:], others), lambda word: rarity.get(word, 1.0))
    assert found[:2] == (0, 1)


def test_a_phrase_that_everybody_writes_is_not_the_closest():
    polite = {"宜しい": 1, "願う": 1}
    ours = Sentences(EYE[:2], (polite, FOOD))
    near = np.array([[1, 0, 0], [0, 0.9, 0.4359]], dtype=np.float32)
    theirs = Sentences(near, (polite, dict.fromkeys(["野菜", "米", "届ける", "毎月", "駅"], 1)))
    assert closest(ours, theirs, even)[:2] == (1, 1)


def test_how_often_a_word_is_said_does_not_matter():
    often = Sentences(EYE, tuple(dict.fromkeys(bag, 7) for bag in THREE.words))
    assert np.array_equal(closeness(often, often, even), closeness(THREE, THREE, even))


def test_no_sentences_no_pair():
    nothing = Sentences.stored(None, [])
    assert closeness(THREE, nothing, even).shape == (3, 0)
    assert closeness(nothing, THREE, even).shape == (0, 3)


def test_sentences_without_words_are_close_to_nothing():
    empty = Sentences(np.zeros((1, 3), np.float32), ({},))
    assert closest(empty, THREE, even) == (0, 0, 0.0)


def test_many_sentences_at_once_give_what_each_gives_alone():
    chance = np.random.default_rng(0)
    vectors = chance.normal(size=(30, 8)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    words = [{f"語{n}": 1 for n in chance.integers(0, 40, 6)} for _ in range(30)]
    ours, everything = Sentences(vectors[:3], words[:3]), Sentences(vectors[3:], words[3:])
    whole = closeness(ours, everything, even)
    for place in range(27):
        alone = Sentences(vectors[3 + place : 4 + place], words[3 + place : 4 + place])
        assert np.allclose(whole[:, place], closeness(ours, alone, even)[:, 0])


def test_stored_sentences_come_back():
    stored = Sentences.stored(EYE.astype(np.float16).tobytes(), THREE.words)
    assert np.array_equal(stored.vectors, EYE)


def test_a_wrong_number_of_words_is_refused():
    with pytest.raises(ValueError, match="expected words of 3 sentences, found 1"):
        Sentences(EYE, (FOOD,))
