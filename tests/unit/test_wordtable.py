"""The bundled model's word list and rarities: known places, known values."""

import math

import pytest
import torch

from embeddings.bags import LEAST_RARITY, Counts, WordList
from embeddings.training.build_model import murmur64
from embeddings.wordtable import WordTable

RANKED = [("の", 4), ("野菜", 0), ("子供", 1), ("食堂", 0), ("清掃", 2), ("𠮷", 3), ("NPO", 3), ("野菜", 4)]


@pytest.fixture
def words():
    return WordList.of(RANKED)


@pytest.fixture
def table(words):
    return WordTable(torch.eye(5), words, Counts(0, {}))


def test_each_word_is_found_with_its_row_and_rank(words):
    assert len(words) == 7
    for rank, (word, row) in enumerate(RANKED[:7]):
        place = words.place(word)
        assert words.rows[place] == row
        assert words.log_ranks[place] == pytest.approx(math.log1p(rank), abs=0.01)


@pytest.mark.parametrize("word", ["", "野", "野菜室", "あ", "\U0010ffff", "N", "\ud800"])
def test_other_words_are_not_found(words, word):
    assert words.place(word) is None
    assert WordList.of([]).place(word) is None


def test_a_list_is_read_back_as_it_was_written(words, tmp_path):
    words.save(tmp_path / "words.safetensors")
    loaded = WordList.load(tmp_path / "words.safetensors")
    assert [loaded.place(word) for word, _row in RANKED] == [words.place(word) for word, _row in RANKED]
    assert loaded.rows.tolist() == words.rows.tolist()


def test_rarity_is_counted_and_smoothed_by_the_language_at_large():
    counts = Counts(150, {"野菜": 30, "支援": 150})
    share = 0.0814 / (1000 + 2.7)
    expected = 1 - (1 - share) ** 100
    assert counts.rarity("野菜", math.log1p(1000)) == pytest.approx(-math.log((30 + 50 * expected) / 200))
    assert counts.rarity("支援", math.log1p(0)) == LEAST_RARITY
    unseen = [counts.rarity("未見", math.log1p(rank)) for rank in (100, 10_000, 400_000)]
    assert unseen == sorted(unseen)


def test_a_text_is_the_weighted_mean_of_its_words(table):
    bags = dict(table.bag("野菜と子供と野菜"))
    vector = table(table.preprocess(["野菜と子供と野菜"]))["sentence_embedding"][0]
    assert bags[0] == pytest.approx(table.counts.rarity("野菜", math.log1p(1)) * 2**0.5, rel=0.01)
    assert vector.tolist() == pytest.approx(
        [bags[0] / sum(bags.values()), bags[1] / sum(bags.values()), 0, 0, 0]
    )


def test_of_an_unknown_compound_the_known_parts_count(table):
    assert table.known_words("子ども食堂") == ["子供", "食堂"]
    assert table.known_words("ＮＰＯ") == ["NPO"]


def test_what_all_texts_share_is_removed(words):
    mean, direction = torch.tensor([0.5, 0, 0, 0, 0]), torch.tensor([0.0, 1, 0, 0, 0])
    table = WordTable(torch.eye(5), words, Counts(0, {}), torch.stack([mean, direction]))
    vectors = table(table.preprocess(["野菜", "子供", "", "清掃"]))["sentence_embedding"]
    expected = [[0.5, 0, 0, 0, 0], [-0.5, 0, 0, 0, 0], [0] * 5, [-0.5, 0, 1, 0, 0]]
    assert vectors.tolist() == [pytest.approx(row, abs=1e-6) for row in expected]


def test_strings_are_named_as_in_the_source_package():
    # spaCy's own name of "coffee", as its documentation shows it.
    assert murmur64(b"coffee") == 3197928453018144401
    assert len({murmur64(b"x" * length) for length in range(40)}) == 40
