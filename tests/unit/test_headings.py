"""Which columns of a file are read, and what finding that out may cost."""

import pytest

from matcher.imports import columns, headings
from matcher.imports.columns import recognise
from matcher.imports.findings import Checked
from matcher.imports.tables import Line, Table, Unreadable
from tests.cost import assert_linear


def twins(count: int, rows: int) -> list[Table]:
    below = [Line(2 + row, [f"会{row}"] + [""] * (count - 1)) for row in range(rows)]
    return [Table([Line(1, ["名称"] * (count - 1) + ["目的"]), *below])]


def test_too_many_columns_of_one_meaning_are_refused_and_the_others_compared_in_one_pass() -> None:
    most = headings.MAX_TWINS
    with pytest.raises(Unreadable) as refused:
        headings.read_under(Checked("npos"), twins(most + 2, 3))
    assert refused.value.code == "file_many_columns"
    assert refused.value.facts == {"columns": ["名称"], "count": most + 1, "most": most}
    rows, _zero = headings.read_under(Checked("npos"), twins(most + 1, 3))
    assert [cells["name"] for _number, cells in rows] == ["会0", "会1", "会2"]


def test_each_cell_of_columns_of_one_meaning_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    folded: list[str] = []
    monkeypatch.setattr(headings.texts, "fold", lambda text: folded.append(text) or text)
    monkeypatch.setattr(headings, "header_key", lambda name: name)
    headings._without_twins(
        {place: recognise("npos", "名称") for place in range(10)},
        Line(1, ["名称"] * 10),
        [Line(2 + row, [f"会{row}"] * 10) for row in range(20)],
        Checked("npos"),
    )
    assert len(folded) == 200


def test_a_long_name_of_a_column_is_not_read_again_for_each_row() -> None:
    def read(n: int) -> None:
        below = [Line(2 + row, ["会", "x"]) for row in range(n // 20)]
        headings._check_headless(
            {0: recognise("npos", "名称")}, Line(1, ["名称", "長" * n]), below, Checked("npos")
        )

    assert_linear(read, 10_000)


def test_the_known_names_are_folded_once(monkeypatch: pytest.MonkeyPatch) -> None:
    recognise("npos", "名称")
    folded: list[str] = []
    monkeypatch.setattr(columns, "fold", lambda text: folded.append(text) or text)
    for place in range(50):
        recognise("npos", f"見出し{place}")
    assert len(folded) == 50
