"""Lists as files: what is saved is what was given, and no cell is a formula."""

import io
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import quote

import openpyxl
import pytest
from flask import Flask
from flask_babel import Babel

from tests.edge_inputs import EDGE_INPUTS
from webapp import sheets

MADE = datetime(2026, 11, 24, 1, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _context() -> Any:
    app = Flask(__name__)
    Babel(app, default_locale="ja")
    with app.app_context():
        yield


def a_sheet(rows: list[list[Any]], **changes: Any) -> sheets.Sheet:
    facts: dict[str, Any] = {
        "title": "ニーズの一覧",
        "section": "澪原市市民協働推進課",
        "made_at": MADE,
        "columns": [
            sheets.Heading("件名", 30),
            sheets.Heading("回数", 8, "number"),
            sheets.Heading("期限", 16, "day"),
            sheets.Heading("日数", 8, "days"),
        ],
        "rows": rows,
        "conditions": "条件：状態：公開中",
    }
    return sheets.Sheet(**facts | changes)


def reopened(content: bytes) -> Any:
    return openpyxl.load_workbook(io.BytesIO(content)).worksheets[0]


def test_the_sheet_says_what_it_is_who_made_it_when_and_by_which_conditions() -> None:
    page = reopened(sheets.workbook(a_sheet([["野菜がほしい", 3, date(2027, 3, 31), 6]])))
    assert page["A1"].value == "ニーズの一覧"
    assert page["A2"].value == "作成日：令和8年11月24日（火）　作成課：澪原市市民協働推進課　1件"
    assert page["A3"].value == "条件：状態：公開中"


def test_rows_come_back_as_they_were_given_in_the_same_order() -> None:
    rows = [["野菜がほしい", 3, date(2027, 3, 31), 6], ["会議室", 1200, None, 0]]
    page = reopened(sheets.workbook(a_sheet(rows)))
    read = [[cell.value for cell in row] for row in page.iter_rows(min_row=5)]
    assert read[0] == ["件名", "回数", "期限", "日数"]
    assert read[1] == ["野菜がほしい", 3, datetime(2027, 3, 31), 6]  # noqa: DTZ001 – a cell has no time zone
    assert read[2] == ["会議室", 1200, None, 0]
    assert page["C6"].number_format == '[$-411]ggge"年"m"月"d"日"'
    assert page["D6"].number_format == '[=0]"今日";0"日"'


def test_the_sheet_is_set_up_for_a4_landscape_with_its_header_on_every_page() -> None:
    page = reopened(sheets.workbook(a_sheet([["野菜", 1, None, 1]])))
    assert (page.page_setup.orientation, page.page_setup.paperSize) == ("landscape", 9)
    assert page.sheet_properties.pageSetUpPr.fitToPage
    assert page.page_setup.fitToHeight == 0  # as many pages down as it takes, one across
    assert page.freeze_panes == "B6"
    assert page.print_title_rows == "$5:$5"
    assert page.auto_filter.ref == "A5:D6"
    assert "澪原市市民協働推進課" in page.oddFooter.left.text
    assert page.oddFooter.right.text == "&P / &N"


FORMULAS = (
    '=HYPERLINK("https://evil.example","x")', "+1+1", "-1+1", "@SUM(A1)", "\t=1", "\r=1", "＝1+1", "＋81",
    "－5度", "−5度", "＠user", "=cmd|' /C calc'!A0",
)  # fmt: skip


@pytest.mark.parametrize("text", FORMULAS)
def test_nothing_that_was_typed_becomes_a_formula(text: str) -> None:
    page = reopened(sheets.workbook(a_sheet([[text, 1, None, 1]], title=text[:20])))
    assert (page["A6"].data_type, page["A6"].value[0]) == ("s", "'")
    assert page["A1"].data_type == "s"
    assert page["A6"].hyperlink is None
    line = sheets.csv_file(a_sheet([[text, 1, None, 1]])).decode("utf-8-sig").split("\r\n", 1)[1]
    assert line.lstrip('"').startswith("'")
    assert sheets.plain(sheets.neutral(text)) == text


def test_ordinary_text_is_left_as_it_is() -> None:
    for text in ("野菜", "'ひだまり'", "100円", "A=B", "ー（長音）"):
        assert sheets.neutral(text) == text
        assert sheets.plain(text) == text


def test_awkward_texts_come_back_from_excel_unchanged() -> None:
    stored = [
        text for text in EDGE_INPUTS if "\ud800" not in text and "\x00" not in text and "\r" not in text
    ]
    rows = [[text, 1, None, 1] for text in stored]
    page = reopened(sheets.workbook(a_sheet(rows)))
    for place, text in enumerate(stored):
        found = page.cell(row=6 + place, column=1).value
        if len(text) > sheets.MAX_CELL:
            assert found.startswith(text[:100])
            assert found.endswith("…（以下は長いため省略しました）")
        else:
            assert found == sheets.neutral(text)


def test_csv_for_excel_bears_the_mark_of_utf8() -> None:
    content = sheets.csv_file(a_sheet([["𠮷野家,「本店」", 2, date(2027, 3, 31), 6]]))
    assert content.startswith(b"\xef\xbb\xbf")
    assert content.decode("utf-8-sig") == '件名,回数,期限,日数\r\n"𠮷野家,「本店」",2,2027-03-31,6\r\n'


def test_what_shift_jis_cannot_write_is_marked_and_named_not_lost() -> None:
    text = sheets.csv_file(a_sheet([["𠮷野家と🍙", 2, None, 6], ["㈱髙﨑", 1, None, 1]]), "cp932").decode(
        "cp932"
    )
    lines = text.split("\r\n")
    assert lines[1] == "〓野家と〓,2,,6"
    assert lines[2] == "㈱髙﨑,1,,1"
    assert "2行目「件名」：U+1F359、U+20BB7" in lines[-2]


def test_an_empty_list_is_still_a_sheet() -> None:
    assert reopened(sheets.workbook(a_sheet([])))["A5"].value == "件名"


@pytest.mark.parametrize(
    ("name", "kind", "plain", "content_type"),
    [
        ("協働の記録_20261124.xlsx", sheets.XLSX, "20261124.xlsx", sheets.XLSX),
        ("案件.pdf", "application/pdf", "enmusubi.pdf", "application/pdf"),
        ("一覧.csv", "text/csv; charset=Shift_JIS", "enmusubi.csv", "text/csv; charset=Shift_JIS"),
        (
            "E-2026-0001.ics",
            "text/calendar; charset=utf-8",
            "E-2026-0001.ics",
            "text/calendar; charset=utf-8",
        ),
        ("E-2026-0001_実績.xlsx", sheets.XLSX, "E-2026-0001.xlsx", sheets.XLSX),
        ('見積"; x=".pdf', "application/pdf", "x.pdf", "application/pdf"),
        ("名前だけ", "text/csv", "enmusubi", "text/csv"),
    ],
)
def test_a_download_has_a_plain_name_beside_its_own_and_one_charset(name, kind, plain, content_type):
    with Flask("sheets").test_request_context():
        headers = sheets.attachment(b"x", name, kind).headers
    assert headers["Content-Type"] == content_type
    assert (
        headers["Content-Disposition"]
        == f"attachment; filename={plain}; filename*=UTF-8''{quote(name, safe='')}"
    )
