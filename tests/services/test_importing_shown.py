"""What a workbook shows and what the import reads of it agree, or the row says so."""

import io
from collections.abc import Callable
from typing import Any

import pytest
import xlsxwriter

from matcher.ground.db import Database
from matcher.ground.permissions import Actor
from matcher.imports import checking
from matcher.imports.columns import Kind
from matcher.imports.findings import Checked
from matcher.imports.tables import Unreadable
from tests.conftest import NOW
from tests.factories import actor_for, make_city, make_coordinator, make_npo


@pytest.fixture
def coordinator(database: Database) -> Actor:
    with database.write() as session:
        make_city(session)
        make_npo(session, name="見本の会")
        return actor_for(make_coordinator(session))


def workbook(write: Callable[[Any, Any], object], **options: Any) -> bytes:
    target = io.BytesIO()
    with xlsxwriter.Workbook(target, options) as book:
        write(book, book.add_worksheet("名簿"))
    return target.getvalue()


def check(database: Database, actor: Actor, kind: Kind, content: bytes) -> Checked:
    with database.read() as session:
        return checking.check_file(session, actor, kind, "a.xlsx", content, NOW)


def found(checked: Checked) -> list[tuple[int, str, str, str]]:
    return [(one.row, one.code, one.value, one.level) for one in checked.problems]


@pytest.mark.parametrize("is_1904", [False, True])
def test_the_first_days_of_a_book_are_read_as_shown_or_refused(
    database: Database, coordinator: Actor, is_1904: bool
) -> None:
    numbers = (0, 1, 59, 60, 61)

    def write(book: Any, sheet: Any) -> None:
        sheet.write_row(0, 0, ["団体名", "設立年月日", "目的"])
        for row, number in enumerate(numbers, 1):
            sheet.write_row(row, 0, [f"会{number}", None, "見本"])
            sheet.write_number(row, 1, number, book.add_format({"num_format": "yyyy/m/d"}))
            sheet.write_row(row + 5, 0, [f"別の会{number}", number, "見本"])

    checked = check(database, coordinator, "npos", workbook(write, date_1904=is_1904))
    days = {row["row"]: row["values"]["established_on"] for row in checked.rows}
    plain = [(row, "date", str(number), "error") for row, number in enumerate(numbers, 7)]
    if is_1904:
        assert days == {
            2: "1904-01-01", 3: "1904-01-02", 4: "1904-02-29", 5: "1904-03-01", 6: "1904-03-02",
        }  # fmt: skip
        assert found(checked) == plain
    else:
        assert days == {3: "1900-01-01", 4: "1900-02-28", 6: "1900-03-01"}
        nowhere = [(2, "date_none", "1900-01-00", "error"), (5, "date_none", "1900-02-29", "error")]
        assert found(checked) == nowhere + plain


def test_of_a_day_no_more_is_read_than_the_sheet_shows(database: Database, coordinator: Actor) -> None:
    codes = ["yyyy", 'yyyy"年"m"月"', "m/d", 'm"月"d"日"', "ggge", "yyyy/m", "mmm-yy", "h:mm", "aaaa"]

    def write(book: Any, sheet: Any) -> None:
        sheet.write_row(0, 0, ["団体名", "設立年月日", "目的"])
        for row, code in enumerate(codes, 1):
            sheet.write_row(row, 0, [f"会{row}", None, "見本"])
            sheet.write_number(row, 1, 40269, book.add_format({"num_format": code}))

    checked = check(database, coordinator, "npos", workbook(write))
    assert checked.rows == []
    assert [(code, value) for _row, code, value, _level in found(checked)] == [
        ("date_part", "2010"), ("date_part", "2010年4月"), ("date_part", "4/1"), ("date_part", "4月1日"),
        ("date_part", "平成22"), ("date_part", "2010/4"), ("date", "Apr-10"), ("date", "0:00"),
        ("date", "木曜日"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("value", "code", "problem", "read"),
    [
        (45000, "yyyy/m/d", "number_day", None), (1234.6, "#,##0", "number_rounded", None), (0.5, "0", "number_rounded", None),
        (0.5, "0%", "number", None), (50, '"$"#,##0', "number", None), (150, '[>100]"多数";0', "number", None),
        (150, "[<100]0", "not_shown", None), (1234.5, "#,##0.0", None, 1234.5), (50, '#,##0"万円"', "read_number", 500_000), (0.1 + 0.2, "General", None, 0.3),
        (200, "¥#,##0", "unit_differs", None),
    ],
)  # fmt: skip
def test_an_amount_is_read_as_shown_or_refused(
    database: Database, coordinator: Actor, value: float, code: str, problem: str | None, read: float | None
) -> None:
    given = ["寄附", None, "円"] if "円" in code else ["食品", None, "kg"]

    def write(book: Any, sheet: Any) -> None:
        sheet.write_row(0, 0, ["団体名", "件名", "いまの状況", "支援の種類", "量", "単位"])
        sheet.write_row(1, 0, ["見本の会", "見本", "見本です。", *given])
        sheet.write_number(1, 4, value, book.add_format({"num_format": code}))

    checked = check(database, coordinator, "needs", workbook(write))
    of_amount = [one.code for one in checked.problems if one.column == "ほしい量"]
    assert of_amount == ([problem] if problem else [])
    assert [row["values"]["quantity"] for row in checked.rows] == ([read] if read is not None else [])


def register(sheet: Any) -> None:
    sheet.write_row(0, 0, ["団体名", "電話番号", "目的", "フリガナ"])
    for row in range(1, 9):
        sheet.write_row(row, 0, [f"会{row}", f"03-1234-567{row}", "見本", "カイ"])


def test_what_a_workbook_hides_is_not_read_and_told(database: Database, coordinator: Actor) -> None:
    def write(book: Any, sheet: Any) -> None:
        register(sheet)
        sheet.write(1, 7, "欄外")
        sheet.set_row(3, None, None, {"hidden": True})
        sheet.set_row(4, 0)
        sheet.set_row(20, None, None, {"hidden": True})  # nothing stands there
        sheet.autofilter(0, 0, 8, 3)
        sheet.filter_column(0, "x == 会1")
        sheet.set_row(7, None, None, {"hidden": True})  # as Excel marks what a filter leaves out
        sheet.set_column(1, 1, None, None, {"hidden": True})
        sheet.set_column(6, 16383, None, None, {"hidden": True})
        book.add_worksheet("控え").write_row(0, 0, ["団体名", "目的"])
        register(unseen := book.add_worksheet("内部"))
        unseen.hide()

    checked = check(database, coordinator, "npos", workbook(write))
    assert [row["row"] for row in checked.rows] == [2, 3, 6, 7, 9]
    assert {row["values"]["phone"] for row in checked.rows} == {None}
    assert (checked.hidden_rows, checked.hidden_columns) == ([4, 5, 8], ["電話番号", "H"])
    assert (checked.sheets, checked.hidden_sheets) == (["控え"], ["内部"])
    assert (checked.total, checked.unknown, found(checked)) == (5, [], [])


@pytest.mark.parametrize("part", ["sheet", "row", "column"])
def test_a_workbook_that_hides_what_is_needed_is_refused(
    database: Database, coordinator: Actor, part: str
) -> None:
    def write(book: Any, sheet: Any) -> None:
        if part == "sheet":
            sheet.write(0, 0, "表紙")
            sheet = book.add_worksheet("内部")
            sheet.very_hidden()
        register(sheet)
        if part == "row":
            sheet.set_row(0, None, None, {"hidden": True})
        if part == "column":
            sheet.set_column(0, 0, None, None, {"hidden": True})

    with pytest.raises(Unreadable) as refused:
        check(database, coordinator, "npos", workbook(write))
    assert (refused.value.code, refused.value.facts) == (
        "file_hidden", {"sheet": "内部" if part == "sheet" else "名簿", "line": 1},
    )  # fmt: skip


def test_the_rows_that_a_filter_leaves_out_do_not_count_as_there_already(
    database: Database, coordinator: Actor
) -> None:
    def write(book: Any, sheet: Any) -> None:
        sheet.write_row(0, 0, ["団体名", "目的"])
        sheet.write_column(1, 0, ["北の会", "北の会"])
        sheet.write_column(1, 1, ["古い見本", "見本"])
        sheet.set_row(1, None, None, {"hidden": True})

    checked = check(database, coordinator, "npos", workbook(write))
    assert [(row["row"], row["values"]["mission"]) for row in checked.rows] == [(3, "見本")]
    assert (checked.hidden_rows, found(checked)) == ([2], [])


def test_a_merged_cell_is_refused_where_it_shows_the_text_of_another(
    database: Database, coordinator: Actor
) -> None:
    def write(book: Any, sheet: Any) -> None:
        sheet.merge_range("A1:D1", "団体の名簿")
        for place, name in enumerate(["団体名", "電話番号", "目的", "活動内容"]):
            sheet.merge_range(1, place, 2, place, name)
        sheet.write_row(3, 0, ["北の会", None, "見本", "見本"])
        sheet.write_row(4, 0, ["東の会", None, "見本", "見本"])
        sheet.merge_range("B4:B5", "03-1234-5678")
        sheet.write_row(5, 0, ["西の会", "03-1234-5679"])
        sheet.merge_range("C6:D6", "見本です。")
        sheet.merge_range("C7:C8", "")  # nothing is shown there
        sheet.write_row(6, 0, ["南の会"])
        sheet.merge_range("A9:D9", "※ 令和8年4月1日現在")

    checked = check(database, coordinator, "npos", workbook(write))
    assert found(checked) == [
        (5, "merged", "", "error"), (6, "merged", "", "error"),
        (9, "not_a_row", "※ 令和8年4月1日現在", "error"), (7, "no_text", "", "note"),
    ]  # fmt: skip
    assert [row["row"] for row in checked.rows] == [4, 7]


def test_an_amount_with_the_sign_of_yen_is_in_yen(database: Database, coordinator: Actor) -> None:
    def write(book: Any, sheet: Any) -> None:
        sheet.write_row(0, 0, ["団体名", "件名", "いまの状況", "支援の種類", "量", "単位"])
        for row, unit in enumerate(("", "円", "kg"), 1):
            sheet.write_row(row, 0, ["見本の会", f"件{row}", "状況です。", "寄附", None, unit])
            sheet.write_number(row, 4, 1200, book.add_format({"num_format": "¥#,##0"}))

    checked = check(database, coordinator, "needs", workbook(write))
    amounts = [(row["values"]["quantity"], row["values"]["unit"]) for row in checked.rows]
    assert amounts == [(1200, "円"), (1200, "円")]
    assert (4, "unit_differs", "円", "error") in found(checked)
