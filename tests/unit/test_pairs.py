"""The sentence pair that carries a similarity: known pairs, and what removing each of them does."""

import numpy as np
import pytest

from embeddings.pairs import Said, carrying_pair, parts


def even(_word):
    return 1.0


EYE = np.eye(4, dtype=np.float32)
FOOD = {"野菜": 1, "米": 1, "届ける": 1}
COAST = {"海岸": 1, "清掃": 1, "参加": 1}
BOOKS = {"会計": 1, "帳簿": 1, "決算": 1}


def said(vectors, words):
    whole = np.sum(vectors, axis=0)
    return Said((whole / max(np.linalg.norm(whole), 1e-9)).astype(np.float32), np.asarray(vectors), words)


def test_the_sentences_that_both_texts_share_are_the_pair():
    ours, theirs = said(EYE[:3], [FOOD, COAST, BOOKS]), said(EYE[[3, 2]], [{"桜": 1}, BOOKS])
    pair = carrying_pair(ours, theirs, even)
    assert (pair.a, pair.b) == (2, 1)
    assert pair.part > 0


def test_meaning_and_words_count_as_much_as_they_are_told_to():
    ours = said(EYE[:2], [FOOD, COAST])
    theirs = said(EYE[[0, 3]], [{"桜": 1}, COAST])
    by_meaning = carrying_pair(ours, theirs, even, meaning=1.0, words=0.0)
    by_words = carrying_pair(ours, theirs, even, meaning=0.0, words=1.0)
    assert (by_meaning.a, by_meaning.b) == (0, 0)
    assert (by_words.a, by_words.b) == (1, 1)


def test_rarer_words_in_common_weigh_more():
    rarity = {"地域": 1.0, "里親": 5.0}
    zero = np.zeros((2, 4), np.float32)
    ours = said(zero, [{"地域": 1, "花": 1}, {"里親": 1, "山": 1}])
    theirs = said(zero, [{"地域": 1, "川": 1}, {"里親": 1, "空": 1}])
    pair = carrying_pair(ours, theirs, lambda word: rarity.get(word, 1.0))
    assert (pair.a, pair.b) == (1, 1)


def test_ties_go_to_the_first_sentences():
    same = said(np.repeat(EYE[:1], 3, axis=0), [FOOD] * 3)
    pair = carrying_pair(same, same, even)
    assert (pair.a, pair.b) == (0, 0)


def test_no_sentences_no_pair():
    nothing = Said(EYE[0], np.empty((0, 4), np.float32), ())
    one = said(EYE[:1], [FOOD])
    assert carrying_pair(nothing, one, even) is None
    assert carrying_pair(one, nothing, even) is None


def test_texts_that_mean_nothing_lose_nothing():
    empty = Said(np.zeros(4, np.float32), np.zeros((1, 4), np.float32), ({},))
    pair = carrying_pair(empty, said(EYE[:1], [FOOD]), even)
    assert (pair.a, pair.b, pair.part) == (0, 0, 0.0)


def test_a_wrong_number_of_words_is_refused():
    with pytest.raises(ValueError, match="expected words of 2 sentences, found 1"):
        carrying_pair(Said(EYE[0], EYE[:2], (FOOD,)), said(EYE[:1], [FOOD]), even)


@pytest.mark.parametrize("seed", range(30))
def test_the_parts_of_all_pairs_add_up_to_the_similarity(seed):
    chance = np.random.default_rng(seed)
    rarity = {f"語{n}": float(chance.uniform(0.5, 4)) for n in range(12)}

    def text(count):
        sentences = chance.normal(size=(count, 24))
        sentences /= np.linalg.norm(sentences, axis=1, keepdims=True)
        whole = chance.uniform(0.2, 2.0, count) @ sentences
        words = [
            {f"語{chance.integers(12)}": int(chance.integers(1, 4)) for _ in range(4)} for _ in range(count)
        ]
        return Said((whole / np.linalg.norm(whole)).astype(np.float32), sentences.astype(np.float32), words)

    def bag(said):
        counts = {}
        for sentence in said.words:
            for word, count in sentence.items():
                counts[word] = counts.get(word, 0) + count
        values = np.array([(1 + np.log(counts[w])) * rarity[w] if w in counts else 0.0 for w in rarity])
        return values / np.linalg.norm(values)

    a, b = text(int(chance.integers(1, 8))), text(int(chance.integers(1, 8)))
    added = parts(a, b, rarity.__getitem__, 2.0, 3.0)
    assert added.shape == (len(a.vectors), len(b.vectors))
    expected = 2.0 * float(a.vector @ b.vector) + 3.0 * float(bag(a) @ bag(b))
    assert added.sum() == pytest.approx(expected, abs=1e-4)
    pair = carrying_pair(a, b, rarity.__getitem__, 2.0, 3.0)
    assert added[pair.a, pair.b] == pytest.approx(added.max(), abs=1e-6)
