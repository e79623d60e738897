"""Small cells stay hidden, and so does what would give them away."""

import random

import pytest

from matcher.ground.suppression import suppress


@pytest.mark.parametrize(
    ("cells", "shown"),
    [
        ({}, {}),
        ({"小学生": 12, "中学生": 5}, {"小学生": 12, "中学生": 5}),
        ({"小学生": 12, "中学生": 4, "高校生": 3}, {"小学生": 12, "中学生": None, "高校生": None}),
        # 0 and 0: with the total known, 12 would give both away.
        ({"小学生": 12, "中学生": 0, "高校生": 0}, {"小学生": None, "中学生": None, "高校生": None}),
        (
            {"小学生": 30, "中学生": 0, "高校生": 0, "大人": 20},
            {"小学生": 30, "中学生": None, "高校生": None, "大人": None},
        ),
        ({"小学生": 12, "中学生": 4, "高校生": 1}, {"小学生": 12, "中学生": None, "高校生": None}),
        ({"小学生": 12, "中学生": 4}, {"小学生": None, "中学生": None}),
        ({"小学生": 12, "中学生": 4, "高校生": 8}, {"小学生": 12, "中学生": None, "高校生": None}),
        ({"小学生": 12, "中学生": 0, "高校生": 8}, {"小学生": 12, "中学生": None, "高校生": None}),
        ({"小学生": 3}, {"小学生": None}),
        ({"小学生": 5}, {"小学生": 5}),
    ],
)
def test_a_small_cell_is_hidden_and_never_alone(cells, shown):
    assert suppress(cells, 5) == shown


def test_of_two_equal_complements_the_first_by_name_is_hidden():
    assert suppress({"b": 7, "a": 7, "c": 1}, 5) == {"b": 7, "a": None, "c": None}


def test_the_order_of_the_cells_stays():
    assert list(suppress({"中学生": 4, "小学生": 12, "高校生": 9}, 5)) == ["中学生", "小学生", "高校生"]


@pytest.mark.parametrize("seed", range(20))
def test_no_hidden_cell_follows_from_the_total(seed):
    dice = random.Random(seed)
    cells = {str(n): dice.randint(0, 15) for n in range(dice.randint(2, 8))}
    found = suppress(cells, 5)
    assert list(found.values()).count(None) != 1
    assert all(value is None or value == cells[name] for name, value in found.items())
    assert all(found[name] is None for name, value in cells.items() if value < 5)
