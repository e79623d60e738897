"""Words in common, weighted by rarity: known values, and what counting by hand gives."""

import math
import random
import threading

import numpy as np
import pytest

from embeddings.lexical import WordIndex


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


def brute(bags, query, k):
    """What a search must give, added up by hand from the definition."""
    holders = {}
    for bag in bags.values():
        for word in bag:
            holders[word] = holders.get(word, 0) + 1

    def weights(bag):
        rarity = {word: math.log((1 + len(bags)) / (1 + holders.get(word, 0))) + 1 for word in bag}
        return {word: rarity[word] * (1 + math.log(count)) for word, count in bag.items()}

    def cosine(a, b):
        dot = sum(weight * b.get(word, 0.0) for word, weight in a.items())
        return dot / math.sqrt(sum(w * w for w in a.values()) * sum(w * w for w in b.values()))

    wanted = weights(query)
    scored = sorted((-round(cosine(wanted, weights(bag)), 9), id) for id, bag in bags.items() if bag)
    return [(id, -score) for score, id in scored if score < 0][:k]


@pytest.mark.parametrize("seed", range(20))
def test_any_history_of_changes_finds_what_counting_by_hand_finds(seed):
    chance = random.Random(seed)
    index, bags = WordIndex(), {}
    for step in range(600):
        id = chance.randrange(60)
        if chance.random() < 0.3:
            index.remove(id)
            bags.pop(id, None)
        else:
            bags[id] = {
                f"w{chance.randrange(40)}": chance.randrange(1, 4) for _ in range(chance.randrange(30))
            }
            index.upsert(id, bags[id])
        if step % 97 == 0:
            query = {f"w{chance.randrange(45)}": chance.randrange(1, 3) for _ in range(6)}
            ids, scores = index.search(query, 10)
            expected = brute(bags, query, 10)
            assert ids.tolist() == [id for id, _score in expected]
            assert scores.tolist() == pytest.approx([score for _id, score in expected], abs=1e-6)
    assert len(index) == len(bags)


def test_equal_documents_are_ordered_by_id_also_where_the_list_is_cut():
    index = WordIndex()
    for id in (5, 3, 9, 1, 7):
        index.upsert(id, {"子供": 1, f"自分{id}": 1})
    assert index.search({"子供": 1}, 3)[0].tolist() == [1, 3, 5]
    assert index.search({"子供": 1}, 3, allowed=np.array([9, 7, 5, 1000]))[0].tolist() == [5, 7, 9]
    assert index.search({"子供": 1}, 0)[0].tolist() == []


def test_an_empty_index_and_an_empty_bag_find_nothing():
    index = WordIndex()
    assert index.search({"子供": 1}, 3)[0].tolist() == []
    index.upsert(1, {})
    index.upsert(2, {"子供": 0})
    assert index.search({"子供": 1}, 3)[0].tolist() == []
    assert index.similarity({}, {"子供": 1}) == 0.0
    assert len(index) == 2


def test_searches_and_changes_from_many_threads_do_not_disturb_each_other():
    index, errors = WordIndex(), []

    def write(start):
        try:
            for number in range(300):
                index.upsert(start + number % 30, {f"w{number % 17}": 1, "共通": 1})
                index.remove(start + (number + 11) % 30)
        except Exception as error:
            errors.append(error)

    def read():
        try:
            for number in range(300):
                _ids, scores = index.search({"共通": 1, f"w{number % 17}": 1}, 5)
                assert all(0 < score <= 1 for score in scores)
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=write, args=(start,)) for start in (0, 100)]
    threads += [threading.Thread(target=read) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []


@pytest.mark.parametrize("seed", range(6))
def test_an_index_comes_back_from_its_snapshot(seed):
    chance = random.Random(seed)
    index, bags = WordIndex(), {}
    for _ in range(400):
        id = chance.randrange(80)
        bags[id] = {f"語{chance.randrange(40)}": chance.randrange(1, 4) for _ in range(chance.randrange(9))}
        index.upsert(id, bags[id])
        if chance.random() < 0.2:
            index.remove(id)
            del bags[id]
    loaded = WordIndex.of_snapshot(index.snapshot())
    assert sorted(loaded.ids().tolist()) == sorted(bags)
    assert all(loaded.bag(id) == bag and id in loaded for id, bag in bags.items())
    query = {"語1": 1, "語2": 2, "語39": 1}
    assert loaded.search(query, 9)[0].tolist() == index.search(query, 9)[0].tolist()
    ids = np.array([*bags, 9999])
    assert loaded.scores(query, ids).tolist() == index.scores(query, ids).tolist()
    assert loaded.scores(query, ids)[-1] == 0.0


def test_the_rarest_words_choose_the_candidates_where_lists_are_long(monkeypatch):
    monkeypatch.setattr("embeddings.lexical.BUDGET", 50)
    index = WordIndex()
    for id in range(1000):
        index.upsert(id, {"市内": 1, f"語{id % 40}": 1})
    ids, scores = index.search({"市内": 1, "語7": 1}, 5)
    assert ids.tolist() == [7, 47, 87, 127, 167]
    assert scores.tolist() == pytest.approx([1.0] * 5)
