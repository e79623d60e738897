"""A day in a workbook is read as the sheet shows it: all of it, a part of it, or not at all."""

import io
from datetime import date

import pytest
import xlsxwriter

from matcher.ground.days import SERIAL_ZERO, SERIAL_ZERO_1904
from matcher.imports import tables
from matcher.imports.number_formats import shown


@pytest.mark.parametrize(
    ("value", "of_1900", "of_1904"),
    [
        (0, "1900-01-00", "1904-01-01"), (1, "1900-01-01", "1904-01-02"), (59, "1900-02-28", "1904-02-29"),
        (60, "1900-02-29", "1904-03-01"), (61, "1900-03-01", "1904-03-02"), (40269, "2010-04-01", "2014-04-02"),
        (-1, "#####", "#####"), (2958465, "9999-12-31", "#####"), (2958466, "#####", "#####"), (1e300, "#####", "#####"),
        (40543.395833333, "2010-12-31 09:30:00", "2015-01-01 09:30:00"), (59.5, "1900-02-28 12:00:00", "1904-02-29 12:00:00"),
    ],
)  # fmt: skip
@pytest.mark.parametrize(
    "code",
    [
        "yyyy/m/d",
        'ggge"年"m"月"d"日"',
        "[$-411]ge.m.d",
        "d-mmm-yy",
        "m/d/yy h:mm",
        'yyyy"年"m"月"d"日"(aaa)',
        "YYYY-MM-DD;@",
    ],
)
def test_the_day_that_excel_shows_is_read_in_both_systems(
    value: float, of_1900: str, of_1904: str, code: str
) -> None:
    assert shown(value, code, SERIAL_ZERO) == of_1900
    assert shown(value, code, SERIAL_ZERO_1904) == of_1904


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("yyyy", "2010"), ('yyyy"年"m"月"', "2010年4月"), ("m/d", "4/1"), ('m"月"d"日"', "4月1日"), ("ggge", "平成22"), ("ge", "H22"), ("gge.m", "平22.4"),
        ("yy/mm", "10/04"), ("mmm-yy", "Apr-10"), ("d-mmm", "1-Apr"), ("h:mm", "9:05"), ("h:mm AM/PM", "9:05 AM"), ("mm:ss", "05:00"),
        ("[h]:mm", "966465:05"), ("aaaa", "木曜日"), ("aaa", "木"), ("dddd", "Thursday"), ("mmmm", "April"), ('yyyy"年度"', "2010年度"),
        ('e"年"', "22年"), ("yyyy/dddd", "2010/Thursday"), (r"m\.d", "4.1"),
    ],
)  # fmt: skip
def test_a_day_of_which_a_part_is_shown_is_that_part(code: str, text: str) -> None:
    assert shown(40269 + 9 / 24 + 5 / 1440, code, SERIAL_ZERO) == text


@pytest.mark.parametrize(
    ("number", "text"),
    [(14, "2010-04-01"), (22, "2010-04-01"), (20, "0:00"), (27, "2010-04-01"), (31, "2010-04-01"), (34, "2010年4月"), (35, "4月1日"), (58, "2010-04-01")],
)  # fmt: skip
def test_formats_that_excel_knows_by_number_are_those_of_japan(number: int, text: str) -> None:
    target = io.BytesIO()
    with xlsxwriter.Workbook(target) as book:
        sheet = book.add_worksheet()
        sheet.write_number(0, 0, 40269, book.add_format({"num_format": number}))
    assert tables.read("a.xlsx", target.getvalue())[0].lines[0].cells == [text]


@pytest.mark.parametrize("is_1904", [False, True])
def test_a_book_is_read_by_its_own_count_of_days(is_1904: bool) -> None:
    target = io.BytesIO()
    with xlsxwriter.Workbook(target, {"date_1904": is_1904}) as book:
        sheet = book.add_worksheet()
        for column, number in enumerate((0, 1, 59, 60, 61)):
            sheet.write_number(0, column, number, book.add_format({"num_format": "yyyy/m/d"}))
            sheet.write_number(1, column, number)
    table = tables.read("a.xlsx", target.getvalue())[0]
    first = date(1904, 1, 1) if is_1904 else date(1900, 1, 1)
    assert table.lines[0].cells[1 - is_1904] == first.isoformat()
    assert table.lines[0].cells[3] == ("1904-03-01" if is_1904 else "1900-02-29")
    assert table.lines[1].cells == ["0", "1", "59", "60", "61"]
