"""Uploads are read as rows of text; what could harm is refused before it is opened."""

import contextlib
import io
import tracemalloc
import zipfile
from collections.abc import Callable
from datetime import date, datetime

import openpyxl
import pytest
import xlsxwriter

from matcher.ground import vocabulary
from matcher.imports import tables
from matcher.imports.columns import COLUMNS
from matcher.imports.tables import Unreadable
from tests.cost import assert_linear


def workbook(*rows: list[object]) -> bytes:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def test_a_number_says_what_its_format_shows() -> None:
    target = io.BytesIO()
    with xlsxwriter.Workbook(target) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["名称", "量", "割合", "人数"])
        for column, (value, code) in enumerate([(50, '#,##0"万円"'), (0.5, "0%"), (1200, "#,##0")], 1):
            sheet.write_number(1, column, value, book.add_format({"num_format": code}))
    assert rows_of("a.xlsx", target.getvalue())[1] == (2, ["", "50万円", "50%", "1200"])


def code_of(filename: str, content: bytes) -> str:
    with pytest.raises(Unreadable) as refused:
        tables.read(filename, content)
    return refused.value.code


def rows_of(filename: str, content: bytes) -> list[tuple[int, list[str]]]:
    return [(line.number, line.cells) for line in tables.read(filename, content)[0].lines]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp932", "utf-16"])
def test_csv_is_read_in_every_encoding_that_offices_use(encoding: str) -> None:
    content = "名称,地区\r\n㈱髙﨑商店,中央\r\n".encode(encoding)
    assert rows_of("a.csv", content) == [(1, ["名称", "地区"]), (2, ["㈱髙﨑商店", "中央"])]


def test_an_encoding_that_cannot_be_read_names_the_line() -> None:
    with pytest.raises(Unreadable) as refused:
        tables.read("a.csv", "名称\n".encode("cp932") + b"\x80\xff\xfe\n")
    assert (refused.value.code, refused.value.facts["line"]) == ("file_encoding", 2)


def test_quoted_cells_may_hold_separators_and_line_ends() -> None:
    content = '名称;目的\n"ひだまり;の会";"一行目\n二行目"\n\n次の会;\n'.encode()
    assert rows_of("a.csv", content) == [
        (1, ["名称", "目的"]),
        (2, ["ひだまり;の会", "一行目\n二行目"]),
        (4, ["次の会", ""]),
    ]


@pytest.mark.parametrize(
    ("lines", "line"),
    [
        (['い,"子どもの居場所', "ろ,高齢者の見守り", "は,川の清掃"], 2),
        (['い,"一行目', '二行目"', 'ろ,"子ども', 'は,"川"'], 4),
        (['い,"「子ども"の"居場所」"'], 2),
        (['い,"子ども" ', "ろ,川"], 2),
    ],
)
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_quotation_mark_that_is_not_closed_is_told_where_it_opens(
    lines: list[str], line: int, end: str
) -> None:
    with pytest.raises(Unreadable) as refused:
        tables.read("a.csv", end.join(["名称,目的", *lines, ""]).encode(), {"名称", "目的"}.__contains__)
    assert (refused.value.code, refused.value.facts["line"]) == ("file_csv", line)


@pytest.mark.parametrize("one", ['"', '",', ',"', '"\n', "\n", ",", ";\t", 'a"', "名称,"])
def test_whatever_the_text_four_times_as_much_costs_four_times_as_much(one: str) -> None:
    def read(n: int) -> None:
        with contextlib.suppress(Unreadable):
            tables.read("a.csv", b"a," + (one * n).encode(), {"名称"}.__contains__)

    assert_linear(read, 5_000)


def test_excel_gives_numbers_dates_and_marks_as_people_see_them() -> None:
    content = workbook(
        ["法人番号", "設立", "量", "接触"],
        [9999010000017, datetime(2010, 4, 1), 2.5, True],  # noqa: DTZ001
        [None, None, None, None],
        ["  0312345678 ", date(2011, 5, 2), 20.0, False],
    )
    assert rows_of("a.xlsx", content) == [
        (1, ["法人番号", "設立", "量", "接触"]),
        (2, ["9999010000017", "2010-04-01", "2.5", "TRUE"]),
        (4, ["0312345678", "2011-05-02", "20", "FALSE"]),
    ]


def test_half_characters_and_hidden_bytes_do_not_get_in() -> None:
    assert tables.clean("\ufeff か\u3099\ud800\x00\r\n") == "が"


MAIN = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
SHARED = '<c t="s"><v>0</v></c>'  #: a cell that shows the first of the shared texts


def sheet(rows: str) -> bytes:
    return f"<worksheet {MAIN}><sheetData>{rows}</sheetData></worksheet>".encode()


def with_parts(parts: dict[str, bytes]) -> bytes:
    """A workbook, as Excel packs it, with some of its parts exchanged."""
    target = io.BytesIO()
    with xlsxwriter.Workbook(target) as book:
        book.add_worksheet().write_row(0, 0, ["名称", "地区"])
    with zipfile.ZipFile(target) as archive:
        assert set(parts) <= set(archive.namelist())
        return zipped({name: archive.read(name) for name in archive.namelist()} | parts)


def zipped(members: dict[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", compression) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return target.getvalue()


def most_held(read: Callable[[], object]) -> int:
    """The most bytes that were held at once while reading."""
    tracemalloc.start()
    try:
        read()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_a_bomb_is_refused_before_it_is_unpacked() -> None:
    bomb = zipped({"[Content_Types].xml": b"<x/>", "xl/worksheets/sheet1.xml": b"0" * (60 * 1024 * 1024)})
    assert len(bomb) < 100_000
    assert most_held(lambda: code_of("a.xlsx", bomb)) < 2_000_000
    assert code_of("a.xlsx", bomb) == "file_too_much"


def test_an_archive_of_very_many_members_is_refused() -> None:
    many = zipped({"[Content_Types].xml": b"<x/>"} | {f"xl/{n}.xml": b"" for n in range(300)})
    assert code_of("a.xlsx", many) == "file_too_much"


def test_a_directory_that_lies_about_sizes_unpacks_no_more_than_it_says() -> None:
    honest = zipped({"[Content_Types].xml": b"<x/>", "xl/workbook.xml": b"0" * (60 * 1024 * 1024)})
    size = (60 * 1024 * 1024).to_bytes(4, "little")
    assert honest.count(size) >= 1
    lying = honest.replace(size, (1000).to_bytes(4, "little"))
    assert most_held(lambda: code_of("a.xlsx", lying)) < 2_000_000
    assert code_of("a.xlsx", lying) == "file_damaged"


ENTITY = b"""<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>
<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">&b;</workbook>"""
EXTERNAL = b"""<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>
<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">&a;</workbook>"""


@pytest.mark.parametrize("xml", [ENTITY, EXTERNAL])
@pytest.mark.parametrize("member", ["xl/workbook.xml", "xl/sharedStrings.xml", "xl/worksheets/sheet1.xml"])
def test_entities_in_any_part_of_a_workbook_are_refused(xml: bytes, member: str) -> None:
    assert code_of("a.xlsx", with_parts({member: xml})) == "file_damaged"


def test_the_number_of_cells_and_rows_is_limited() -> None:
    assert code_of("a.csv", ("a," * 199 + "a\n").encode() * 1_001) == "file_too_much"
    assert code_of("a.csv", b"a\n" * 6_000) == "file_too_much"
    assert code_of("a.csv", b"a" * (5 * 1024 * 1024 + 1)) == "file_too_big"


@pytest.mark.parametrize("name", ["a.csv", "a.xlsx"])
def test_no_more_of_a_cell_is_looked_at_than_excel_keeps(name: str) -> None:
    text = "あ" * 100_000
    if name == "a.csv":
        content = f"名称,目的\nい,{'　' * 100_000}{text}\n".encode()
    else:
        shared = {"xl/sharedStrings.xml": f"<sst {MAIN}><si><t>{text}</t></si></sst>".encode()}
        rows = sheet(f"<row>{SHARED * 2}</row>")
        content = with_parts(shared | {"xl/worksheets/sheet1.xml": rows})
    assert rows_of(name, content)[-1][1][1] == text[: tables.MAX_LETTERS]
    columns = (column for kind in COLUMNS.values() for column in kind)
    assert max(column.limit or 0 for column in columns) < tables.MAX_LETTERS / 4


def test_a_text_that_many_cells_share_counts_each_time() -> None:
    shared = {"xl/sharedStrings.xml": f"<sst {MAIN}><si><t>{'あ' * 30_000}</t></si></sst>".encode()}

    def showing(times: int) -> bytes:
        cells = sheet(f"<row>{SHARED}</row>" * times)
        return with_parts(shared | {"xl/worksheets/sheet1.xml": cells})

    assert len(rows_of("a.xlsx", showing(333))) == 333
    assert code_of("a.xlsx", showing(334)) == "file_too_much"


@pytest.mark.parametrize("part", ["xl/worksheets/sheet1.xml", "xl/sharedStrings.xml", "xl/styles.xml"])
def test_the_tags_of_a_workbook_are_counted_before_it_is_read(
    part: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[object] = []
    monkeypatch.setattr(openpyxl, "load_workbook", lambda *_args, **_options: opened.append(1))
    monkeypatch.setattr(tables, "MAX_TAGS", 10_000)
    with pytest.raises(Unreadable) as refused:
        list(tables._sheets(with_parts({part: f"<x {MAIN}>{'<c/>' * 10_000}</x>".encode()})))
    assert (refused.value.code, opened) == ("file_too_much", [])


def test_a_sheet_as_large_as_may_be_is_read_with_its_furigana() -> None:
    reading = "<si><t>甲</t><rPh sb='0' eb='1'><t>コウ</t></rPh><phoneticPr fontId='1'/></si>"
    parts = {
        "xl/sharedStrings.xml": f"<sst {MAIN}>{reading * 100_000}</sst>".encode(),
        "xl/worksheets/sheet1.xml": sheet(f"<row>{SHARED * 40}</row>" * 5_000),
    }
    assert len(rows_of("a.xlsx", with_parts(parts))) == 5_000


def test_merged_ranges_over_the_same_cells_are_counted_before_they_are_kept() -> None:
    def merged(times: int) -> bytes:
        rows = "".join(f"<row>{SHARED * 100}</row>" for _ in range(100))
        ranges = '<mergeCell ref="A1:CV100"/>' * times
        content = sheet(rows).replace(
            b"</worksheet>", f"<mergeCells>{ranges}</mergeCells></worksheet>".encode()
        )
        return with_parts({"xl/worksheets/sheet1.xml": content})

    assert tables.MAX_CELLS == 20 * 100 * 100
    assert len(tables.read("a.xlsx", merged(1))[0].covered) == 100
    assert code_of("a.xlsx", merged(21)) == "file_too_much"


def test_furigana_and_the_letters_of_a_text_are_no_part_of_it() -> None:
    strings = (
        "<si><r><t>北</t></r><r><rPr><b/></rPr><t>の会</t></r><rPh sb='0' eb='1'><t>キタ</t></rPh></si>"
        "<si><t>一行目_x000D_\n二行目</t></si>"
    )
    cells = f"<row>{SHARED}<c t='s'><v>1</v></c><c t='e'><v>#SPILL!</v></c></row>"
    parts = {
        "xl/sharedStrings.xml": f"<sst {MAIN}>{strings}</sst>".encode(),
        "xl/worksheets/sheet1.xml": sheet(cells),
    }
    assert rows_of("a.xlsx", with_parts(parts)) == [(1, ["北の会", "一行目\n二行目", "#SPILL!"])]


def test_a_cell_far_out_does_not_cost_the_whole_sheet() -> None:
    book = openpyxl.Workbook()
    book.active["A1"], book.active["B1"] = "名称", "地区"
    book.active["XFD1048576"] = "x"
    target = io.BytesIO()
    book.save(target)
    assert most_held(lambda: rows_of("a.xlsx", target.getvalue())) < 20_000_000
    assert rows_of("a.xlsx", target.getvalue())[0] == (1, ["名称", "地区"])
    assert tables.read("a.xlsx", target.getvalue())[0].is_cut, "a cell that is not read is told of"


def handwritten(rows: str, workbook_pr: str = "") -> bytes:
    """A workbook as other programs write it, with these rows."""
    target = io.BytesIO()
    with xlsxwriter.Workbook(target) as book:
        book.add_worksheet("一覧")
    with zipfile.ZipFile(target) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    sheet, book_part = "xl/worksheets/sheet1.xml", "xl/workbook.xml"
    assert b"<sheetData/>" in parts[sheet]
    parts[sheet] = parts[sheet].replace(b"<sheetData/>", f"<sheetData>{rows}</sheetData>".encode())
    assert b"<workbookPr " in parts[book_part]
    parts[book_part] = parts[book_part].replace(b"<workbookPr ", f"<workbookPr {workbook_pr} ".encode())
    return zipped(parts)


def text_cell(place: str, text: str) -> str:
    return f'<c r="{place}" t="inlineStr"><is><t>{text}</t></is></c>'


def test_a_row_below_a_long_gap_is_read_and_one_that_excel_cannot_have_is_refused() -> None:
    first = f'<row r="1">{text_cell("A1", "名称")}</row><row r="2">{text_cell("A2", "北の会")}</row>'
    far = handwritten(first + f'<row r="200500">{text_cell("A200500", "南の会")}</row>')
    assert rows_of("a.xlsx", far) == [(1, ["名称"]), (2, ["北の会"]), (200_500, ["南の会"])]
    beyond = handwritten(first + f'<row r="1048577">{text_cell("A1048577", "南の会")}</row>')
    assert code_of("a.xlsx", beyond) == "file_too_much"


def test_rows_out_of_order_are_read() -> None:
    rows = "".join(f'<row r="{n}">{text_cell(f"A{n}", str(n))}</row>' for n in (1, 5, 3))
    assert [number for number, _cells in rows_of("a.xlsx", handwritten(rows))] == [1, 5, 3]


def test_a_formula_that_was_never_calculated_is_no_empty_cell() -> None:
    rows = (
        '<row r="1"><c r="A1"><f>1+1</f></c><c r="B1"><f>1+1</f><v></v></c><c r="C1"><f>1+1</f><v>2</v></c>'
        '<c r="D1" t="str"><f>IF(A1="","","x")</f><v></v></c><c r="E1" s="0"/><c r="F1"><v>1</v></c></row>'
    )
    assert rows_of("a.xlsx", handwritten(rows)) == [
        (1, [vocabulary.UNSAVED, vocabulary.UNSAVED, "2", "", "", "1"])
    ]


def test_a_book_says_from_which_day_it_counts() -> None:
    row = '<row r="1"><c r="A1"><v>39083</v></c></row>'
    assert tables.read("a.xlsx", handwritten(row))[0].day_zero == date(1899, 12, 30)
    assert tables.read("a.xlsx", handwritten(row, 'date1904="1"'))[0].day_zero == date(1904, 1, 1)


def test_a_time_of_day_is_not_dropped_unseen() -> None:
    content = workbook([datetime(2010, 12, 31, 9, 30), datetime(2010, 12, 31)])  # noqa: DTZ001
    assert rows_of("a.xlsx", content) == [(1, ["2010-12-31 09:30:00", "2010-12-31"])]


def test_what_stands_right_of_the_last_column_is_told_of() -> None:
    assert tables.read("a.csv", b"a," * 200 + b"b\n")[0].is_cut
    assert not tables.read("a.csv", b"a," * 199 + b"b\n")[0].is_cut


@pytest.mark.parametrize(
    ("filename", "content", "code"),
    [
        ("a.csv", b"", "file_empty"),
        ("a.csv", b" \n ", "file_empty"),
        ("a.xls", b"\xd0\xcf\x11\xe0" + b"0" * 600, "file_old_excel"),
        ("a.xlsx", b"PK\x03\x04 nothing of the kind", "file_damaged"),
        ("a.xlsm", b"PK\x03\x04", "file_macros"),
        ("a.csv", b"PK\x03\x04", "file_type"),
        ("a.pdf", b"%PDF-1.7", "file_type"),
        ("a.xlsx", b"not a workbook at all", "file_type"),
    ],
)
def test_what_is_no_table_is_refused_by_what_it_is(filename: str, content: bytes, code: str) -> None:
    assert code_of(filename, content) == code


def test_macros_are_refused_under_any_name() -> None:
    assert (
        code_of("a.xlsx", zipped({"[Content_Types].xml": b"<x/>", "xl/vbaProject.bin": b"x"}))
        == "file_macros"
    )


def test_a_line_that_is_no_object_is_named() -> None:
    with pytest.raises(Unreadable) as refused:
        tables.read_json_lines(b'{"name": "a"}\n[1]\n')
    assert (refused.value.code, refused.value.facts["line"]) == ("file_json", 2)


def test_what_divides_lines_elsewhere_may_stand_in_a_text_of_json() -> None:
    content = '{"name": "北の\u2028会"}\r\n\r\n{"name": "南の\x85会"}\n'.encode()
    assert [(number, len(found["name"])) for number, found in tables.read_json_lines(content)] == [
        (1, 4), (3, 4),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "title", ["市民活動団体の名簿", "名簿, 令和8年", "名簿\t\t", "名簿、令和8年4月1日現在; 市民課"]
)
def test_a_title_may_stand_above_a_table_of_tabs(title: str) -> None:
    content = f"{title}\n名称\t目的\nA\t子ども, 食\nB\t子ども, 食\n".encode()
    assert rows_of("a.tsv", content)[1:] == [
        (2, ["名称", "目的"]), (3, ["A", "子ども, 食"]), (4, ["B", "子ども, 食"]),
    ]  # fmt: skip
