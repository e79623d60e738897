"""Lists as files: an Excel sheet as a town hall prints it, and CSV for other programs.

Everything that people typed is written as text that no spreadsheet program can take for a formula (T7).
"""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final, Literal
from urllib.parse import quote

import xlsxwriter
from flask import send_file
from flask_babel import gettext as _
from werkzeug.wrappers import Response
from xlsxwriter.utility import xl_col_to_name

from matcher.ground import figures
from webapp import filters, layout

XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
CSV: Final = "text/csv; charset={charset}"

#: What begins a formula in Excel, LibreOffice or a Japanese IME's full-width input.
FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "−", "＠")
MAX_CELL: Final = 32_000  #: Excel takes 32,767 characters a cell
MAX_ENTRIES: Final = 5_000  #: rows of a form that offer their drop-down lists
GETA: Final = "〓"  #: what printers set for a character that they do not have

Kind = Literal["text", "number", "day", "days"]
Cell = str | int | float | date | datetime | None


@dataclass(frozen=True)
class Heading:
    """One column: its name, how wide it is in characters, and what stands in it."""

    label: str
    width: int = 14
    kind: Kind = "text"


@dataclass(frozen=True)
class Sheet:
    """A list as it is to be saved: title, who made it and when, the conditions in words, the rows."""

    title: str
    section: str
    made_at: datetime
    columns: Sequence[Heading]
    rows: Sequence[Sequence[Cell]]
    conditions: str = ""
    notes: Sequence[str] = field(default_factory=tuple)


def neutral(text: str) -> str:
    """``text`` with an apostrophe before what a spreadsheet program could take for a formula."""
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text


def plain(text: str) -> str:
    """What ``neutral`` made it from."""
    return text[1:] if text.startswith("'") and text[1:].startswith(FORMULA_STARTS) else text


def download(sheet: Sheet, form: str = "xlsx", charset: str = "utf-8") -> Response:
    """The sheet as an attachment named after its title and day."""
    if form == "xlsx":
        content, kind = workbook(sheet), XLSX
    else:
        narrow = charset == "cp932"
        content = csv_file(sheet, "cp932" if narrow else "utf-8")
        kind = CSV.format(charset="Shift_JIS" if narrow else "utf-8")
    return attachment(content, file_name(sheet, form), kind)


def file_name(sheet: Sheet, form: str) -> str:
    """How the list is called as a file: its title and day."""
    return f"{sheet.title}_{filters.tokyo_date(sheet.made_at):%Y%m%d}.{form}"


def attachment(content: bytes, name: str, media_type: str) -> Response:
    """Bytes as a file to save: never shown in the page, named as RFC 6266 asks, and not sniffed."""
    answer = send_file(io.BytesIO(content), mimetype=media_type, max_age=0)
    # Werkzeug writes a charset behind any text, also behind one that has its own.
    answer.headers["Content-Type"] = media_type
    answer.headers.set(
        "Content-Disposition",
        "attachment",
        filename=_ascii(name),
        **{"filename*": f"UTF-8''{quote(name, safe='')}"},
    )
    answer.headers["X-Content-Type-Options"] = "nosniff"
    return answer


def _ascii(name: str) -> str:
    """The name for programs that read no other: what of it is plain, never an ending alone."""
    ending = re.search(r"\.[A-Za-z0-9]+\Z", name)
    words = re.findall(r"[A-Za-z0-9-]+", name[: ending.start()] if ending else name)
    return ("_".join(words) or "enmusubi") + (ending[0] if ending else "")


# ── Excel ────────────────────────────────────────────────────────────────────────────────────────────


def workbook(*sheets: Sheet) -> bytes:
    """An .xlsx file: title lines, frozen header, filters, and a set-up for A4 landscape."""
    return layout.workbook(sheets[0].title, sheets[0].section, pages(sheets))


def pages(sheets: Iterable[Sheet]) -> Iterator[tuple[layout.Page, Iterator[list[layout.Plain]]]]:
    """The sheets as they are written: words around them, and rows of neutral cells."""
    for sheet in sheets:
        page = layout.Page(
            name=_sheet_name(sheet.title),
            title=neutral(sheet.title),
            made=_made(sheet),
            conditions=neutral(_conditions(sheet)),
            columns=[(neutral(column.label), column.width, column.kind) for column in sheet.columns],
            notes=[neutral(note) for note in sheet.notes],
            footer=_footer(sheet.section),
        )
        yield page, ([_plain_cell(value) for value in row] for row in sheet.rows)


def form_workbook(
    sheet: Sheet,
    *,
    required: Sequence[str],
    single: Sequence[str],
    lists: Sequence[tuple[str, Sequence[str]]],
    help_title: str,
    help_columns: Sequence[str],
    help_rows: Sequence[Sequence[str]],
    lists_title: str,
    notes: Sequence[str],
) -> bytes:
    """A sheet to be filled in: its header, examples and drop-down lists; then how to, and what may be chosen.

    Args:
        required: labels of columns that must be filled; they are marked in the header's colour.
        single: labels of columns in which exactly one entry of a list may stand.
        lists: label of a column and its entries.
    """
    target = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(target, options) as book:
        book.set_properties({"title": sheet.title, "company": sheet.section})
        font = {"font_name": "游ゴシック", "font_size": 10, "valign": "top", "text_wrap": True}
        plain_cell = book.add_format({**font, "num_format": "@"})
        grey = book.add_format({**font, "num_format": "@", "font_color": "#666666", "italic": True})
        head = book.add_format({**font, "bold": True, "border": 1, "bg_color": "#E8F1FE"})
        must = book.add_format({**font, "bold": True, "border": 1, "bg_color": "#FFE5B4"})
        entry = book.add_worksheet(_("入力"))
        labels = [column.label for column in sheet.columns]
        for place, column in enumerate(sheet.columns):
            # As text throughout, so that numbers keep their leading zeros.
            entry.set_column(place, place, column.width, plain_cell)
            entry.write_string(0, place, column.label, must if column.label in required else head)
        for row, values in enumerate(sheet.rows, start=1):
            for place, value in enumerate(values):
                entry.write_string(row, place, str(value or ""), grey)
        entry.freeze_panes(1, 1)
        entry.set_landscape()
        entry.set_paper(9)
        entry.repeat_rows(0)
        _write_help(book, help_title, help_columns, help_rows, notes, head, plain_cell)
        choices = book.add_worksheet(lists_title)
        for place, (label, entries) in enumerate(lists):
            choices.set_column(place, place, 28, plain_cell)
            choices.write_string(0, place, label, head)
            choices.write_column(1, place, list(entries), plain_cell)
            if label in single:
                letter = xl_col_to_name(place)
                source = f"='{lists_title}'!${letter}$2:${letter}${len(entries) + 1}"
                entry.data_validation(1, labels.index(label), MAX_ENTRIES, labels.index(label), {
                    "validate": "list", "source": source, "error_type": "warning",
                })  # fmt: skip
        choices.freeze_panes(1, 0)
    return target.getvalue()


def _write_help(
    book: Any,
    title: str,
    columns: Sequence[str],
    rows: Sequence[Sequence[str]],
    notes: Sequence[str],
    head: Any,
    plain_cell: Any,
) -> None:
    page = book.add_worksheet(title)
    for row, note in enumerate(notes):
        page.write_string(row, 0, note)
    top = len(notes) + 1
    for place, (label, width) in enumerate(zip(columns, (26, 8, 44, 60), strict=True)):
        page.set_column(place, place, width)
        page.write_string(top, place, label, head)
    for row, values in enumerate(rows, start=top + 1):
        for place, value in enumerate(values):
            page.write_string(row, place, value, plain_cell)


def _plain_cell(value: Cell) -> layout.Plain:
    if isinstance(value, datetime):
        return filters.jdatetime(value)
    return neutral(_fitting(value)) if isinstance(value, str) else value


def _fitting(text: str) -> str:
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text if len(text) <= MAX_CELL else text[:MAX_CELL] + _("…（以下は長いため省略しました）")


def _sheet_name(title: str) -> str:
    kept = "".join("・" if character in "[]:*?/\\'" else character for character in title)
    return kept[:31] or "Sheet1"


def _footer(text: str) -> str:
    return text.replace("&", "&&")[:100]


def _made(sheet: Sheet) -> str:
    words = _(
        "作成日：%(day)s　作成課：%(section)s　%(count)s件",
        day=filters.jdate(sheet.made_at),
        section=sheet.section,
        count=len(sheet.rows),
    )
    return str(words)


def _conditions(sheet: Sheet) -> str:
    return sheet.conditions or str(_("条件：なし（すべて）"))


# ── CSV ──────────────────────────────────────────────────────────────────────────────────────────────


def csv_file(sheet: Sheet, charset: Literal["utf-8", "cp932"] = "utf-8") -> bytes:
    """Header and rows as CSV; UTF-8 bears the mark by which Excel recognises it.

    What cp932 cannot write becomes 〓, and lines after the list name each place and character: nothing is
    left out in silence.
    """
    target = io.StringIO(newline="")
    writer = csv.writer(target, lineterminator="\r\n")
    lines = [[neutral(column.label) for column in sheet.columns]]
    lines += [[_as_text(value) for value in row] for row in sheet.rows]
    lost: list[str] = []
    if charset == "cp932":
        labels = [column.label for column in sheet.columns]
        for number, line in enumerate(lines, start=1):
            lost += _replace_unwritable(number, line, labels)
    writer.writerows(lines)
    if lost:
        writer.writerow([])
        writer.writerow([_("※ Shift_JISで書けない文字を「〓」に置き換えました。元の文字は次のとおりです。")])
        writer.writerows([one] for one in lost)
    return target.getvalue().encode("utf-8-sig" if charset == "utf-8" else "cp932")


def _as_text(value: Cell) -> str:
    if value is None:
        return ""
    if isinstance(value, date):
        return filters.isodate(value)
    if isinstance(value, float):
        return figures.typed(value)
    return neutral(value) if isinstance(value, str) else str(value)


def _replace_unwritable(number: int, line: list[str], labels: Sequence[str]) -> Iterator[str]:
    for place, value in enumerate(line):
        bad = sorted({character for character in value if not _is_cp932(character)})
        if bad:
            line[place] = "".join(GETA if character in bad else character for character in value)
            names = "、".join(f"U+{ord(character):04X}" for character in bad)
            yield _("%(row)s行目「%(column)s」：%(names)s", row=number, column=labels[place], names=names)


def _is_cp932(character: str) -> bool:
    try:
        character.encode("cp932")
    except UnicodeEncodeError:
        return False
    return True
