"""Small cells are hidden, and nothing beside them gives them away."""

import pytest

from matcher.suppression import suppress


@pytest.mark.parametrize(
    ("cells", "smallest", "shown"),
    [
        ({}, 5, {}),
        ({"a": 5, "b": 9}, 5, {"a": 5, "b": 9}),
        ({"a": 4, "b": 9}, 5, {"a": None, "b": None}),
        ({"a": 4, "b": 9, "c": 20}, 5, {"a": None, "b": None, "c": 20}),
        ({"a": 4, "b": 3, "c": 20}, 5, {"a": None, "b": None, "c": 20}),
        ({"a": 0, "b": 9, "c": 20}, 5, {"a": None, "b": None, "c": 20}),
        ({"a": 4}, 5, {"a": None}),
        ({"a": 9, "b": 9, "c": 1}, 10, {"a": None, "b": None, "c": None}),
    ],
)
def test_small_cells_and_their_complement_are_hidden(cells, smallest, shown):
    assert suppress(cells, smallest) == shown


def test_one_hidden_cell_is_never_alone():
    for small in range(5):
        hidden = [
            value for value in suppress({"a": small, "b": 7, "c": 8, "d": 9}, 5).values() if value is None
        ]
        assert len(hidden) == 2
