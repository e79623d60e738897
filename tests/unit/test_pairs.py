"""The sentence pair that carries a similarity: known pairs, known scores."""

import random
import time

import numpy as np
import pytest

from embeddings.pairs import best_pair


def even(word):
    return 1.0


EYE = np.eye(3, dtype=np.float32)
THREE = (
    ["野菜", "米", "届ける", "毎週", "無料"],
    ["海岸", "清掃", "参加", "社員", "休日"],
    ["会計", "帳簿", "手伝う", "税理士", "決算"],
)


def test_equal_sentences_are_the_pair_with_score_one():
    assert best_pair(EYE, EYE[[2, 0]], THREE, [THREE[2], THREE[1]], even) == (2, 0, pytest.approx(1.0))


def test_meaning_and_words_count_half_each():
    vectors_a, vectors_b = EYE[:1], np.array([[0.6, 0.8, 0], [0, 0, 1]], dtype=np.float32)
    by_meaning = best_pair(vectors_a, vectors_b, [THREE[0]], [THREE[1], THREE[2]], even)
    assert by_meaning == (0, 0, pytest.approx(0.3))
    by_words = best_pair(vectors_a, vectors_b, [THREE[0]], [THREE[1], THREE[0]], even)
    assert by_words == (0, 1, pytest.approx(0.5))


def test_rarer_words_in_common_weigh_more():
    rarity = {"地域": 1.0, "里親": 5.0}
    theirs = [["地域", *"甲乙丙丁"], ["里親", *"甲乙丙丁"]]
    found = best_pair(EYE[:1], EYE[1:], [["地域", "里親", *"戊己庚"]], theirs, lambda w: rarity.get(w, 1.0))
    assert found[:2] == (0, 1)


def test_a_phrase_that_everybody_writes_does_not_carry():
    polite = ["宜しい", "願う"]
    ours, theirs = [polite, THREE[0]], [polite, ["野菜", "米", "届ける", "毎月", "駅"]]
    near = np.array([[1, 0, 0], [0, 0.9, 0.4359]], dtype=np.float32)
    assert best_pair(EYE[:2], near, ours, theirs, even)[:2] == (1, 1)


def test_ties_go_to_the_first_sentences():
    same = np.repeat(EYE[:1], 3, axis=0)
    assert best_pair(same, same, [THREE[0]] * 3, [THREE[0]] * 3, even)[:2] == (0, 0)


def test_counted_words_are_taken_as_well_as_listed_ones():
    counted = [dict.fromkeys(bag, 2) for bag in THREE]
    assert best_pair(EYE, EYE, counted, counted, even) == best_pair(EYE, EYE, THREE, THREE, even)


def test_no_sentences_no_pair():
    empty = np.empty((0, 3), np.float32)
    assert best_pair(empty, EYE, [], THREE, even) is None
    assert best_pair(EYE, empty, THREE, [], even) is None


def test_sentences_without_known_words_give_a_score_of_zero():
    assert best_pair(np.zeros((1, 3), np.float32), EYE, [[]], THREE, even) == (0, 0, 0.0)


def test_words_of_other_sentences_are_refused():
    with pytest.raises(ValueError, match="expected words of 3 and 3 sentences, found 2 and 3"):
        best_pair(EYE, EYE, THREE[:2], THREE, even)


def test_forty_sentences_each_are_compared_quickly():
    chance = random.Random(0)
    bags = [[f"w{chance.randrange(300)}" for _ in range(15)] for _ in range(40)]
    vectors = np.random.default_rng(0).normal(size=(40, 300)).astype(np.float16)
    started = time.process_time()
    for _ in range(20):
        best_pair(vectors, vectors, bags, bags, even)
    # About 2 ms each; the bound is generous.
    assert time.process_time() - started < 1.0
