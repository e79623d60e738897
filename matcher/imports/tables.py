"""Reads an uploaded CSV, Excel or JSONL file as rows of text, and refuses what could harm (T8).

Nothing here knows what the columns mean. An Excel file is opened in a process of its own with limits on
time and memory, after its directory has been checked; this module is that process's program, too.
"""

import csv
import io
import json
import os
import re
import resource
import subprocess
import sys
import time
import zipfile
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from itertools import islice
from pathlib import Path
from typing import Any, Final

from embeddings.normal import nfc
from matcher.ground import days
from matcher.ground.errors import DomainError
from matcher.ground.typed import seen
from matcher.imports import worksheets

MAX_BYTES: Final = 5 * 1024 * 1024
MAX_UNPACKED: Final = 50 * 1024 * 1024
MAX_MEMBERS: Final = 200
MAX_CELLS: Final = 200_000
MAX_COLUMNS: Final = 200
MAX_ROW_NUMBER: Final = 1_048_576  #: Excel has no row below it
MAX_ROWS: Final = 5_000
MAX_LETTERS: Final = 32_767  #: of one cell are looked at; Excel takes no more, and no field a quarter of it
MAX_TEXT: Final = 10_000_000  #: letters of all cells; many cells may show one shared text
MAX_TAGS: Final = 3_000_000  #: of a workbook, both ends; a cell with its text and furigana has about twelve
_START: Final = 200_000  #: letters in which the first rows, and what divides them, are looked for
SECONDS: Final = 20
_MEMORY: Final = 1024 * 1024 * 1024
_PIECE: Final = 1024 * 1024  #: bytes of a part that are counted at a time

#: What a browser offers to choose from.
ACCEPT: Final = ".csv,.txt,.tsv,.xlsx"

_ZIP: Final = b"PK\x03\x04"
_OLE: Final = b"\xd0\xcf\x11\xe0"  #: .xls, and .xlsx with a password
_NOT_SHIFT_JIS: Final = frozenset("\x80\xa0\uf8f0\uf8f1\uf8f2\uf8f3")
_AROUND: Final = " \t\n\u3000\ufeff"  #: white space of cells, and the mark that begins a file
_MACROS: Final = "vbaproject.bin"


class Unreadable(DomainError):
    """The file as a whole cannot be taken; the code says why, the facts where."""


@dataclass(frozen=True)
class Line:
    """One row as the file has it: its number there, counted from one, and its cells as text."""

    number: int
    cells: list[str]


@dataclass(frozen=True)
class Table:
    """The rows of one sheet (CSV: of the file), empty rows left out.

    ``day_zero`` is the day from which the sheet counts days; ``is_cut`` says that something stands to the
    right of the ``MAX_COLUMNS`` columns that are read; of a ``is_delimited`` file a cell has its place by
    counting those before it, so that one delimiter too many moves all that follow. ``is_hidden``,
    ``hidden_rows`` and ``hidden_places`` (columns, counted from 0) are what a workbook does not show.
    ``covered`` are cells that show, merged with it, the text of another one: row → place → row of that one.
    """

    lines: list[Line]
    name: str = ""
    day_zero: date = days.SERIAL_ZERO
    is_cut: bool = False
    is_delimited: bool = False
    is_hidden: bool = False
    hidden_rows: frozenset[int] = frozenset()
    hidden_places: frozenset[int] = frozenset()
    covered: Mapping[int, Mapping[int, int]] = field(default_factory=dict)


def _is_no_heading(_cell: str) -> bool:
    return False


def read(filename: str, content: bytes, is_heading: Callable[[str], bool] = _is_no_heading) -> list[Table]:
    """The sheets of an upload, by what the content is and not only by the name.

    ``is_heading`` knows names of columns: what divides a line into most of them divides the file.

    Raises:
        Unreadable: ``file_`` and ``empty``, ``too_big``, ``old_excel``, ``type``, ``damaged``, ``too_much``,
            ``too_slow``, ``macros``, ``encoding`` (``line``) or ``csv`` (``line``).
    """
    if not content.strip():
        raise Unreadable("file_empty")
    _check_size(content)
    suffix = Path(filename.lower()).suffix
    if content.startswith(_OLE):
        raise Unreadable("file_old_excel")
    if content.startswith(_ZIP):
        if suffix != ".xlsx":
            raise Unreadable("file_macros" if suffix == ".xlsm" else "file_type")
        _check_archive(content)
        return _read_apart(content)
    if suffix not in {".csv", ".txt", ".tsv"}:
        raise Unreadable("file_type")
    return [_read_csv(content, is_heading)]


def _check_size(content: bytes) -> None:
    if len(content) > MAX_BYTES:
        raise Unreadable("file_too_big", megabytes=MAX_BYTES // 1024 // 1024)


# ── CSV ──────────────────────────────────────────────────────────────────────────────────────────────


def decode(content: bytes) -> str:
    """Text of a file: a byte order mark decides, then UTF-8, then cp932 (what Excel in Japan writes).

    Raises:
        Unreadable: ``file_encoding`` with the first ``line`` that neither can read.
    """
    for mark, name in ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if content.startswith(mark):
            try:
                return content.decode(name)
            except UnicodeDecodeError as error:
                raise _bad_encoding(content, error) from None
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        try:
            text = content.decode("cp932")
        except UnicodeDecodeError as error:
            raise _bad_encoding(content, error) from None
        # Python gives bytes that are no character of Shift_JIS a place outside of it instead of failing.
        strange = next((place for place, one in enumerate(text) if one in _NOT_SHIFT_JIS), None)
        if strange is not None:
            raise Unreadable("file_encoding", line=text.count("\n", 0, strange) + 1) from None
        return text


def _bad_encoding(content: bytes, error: UnicodeDecodeError) -> Unreadable:
    return Unreadable("file_encoding", line=content.count(b"\n", 0, error.start) + 1)


def _read_csv(content: bytes, is_heading: Callable[[str], bool]) -> Table:
    text = decode(content)
    csv.field_size_limit(MAX_BYTES)
    # Of equals the tab, which hardly stands within a sentence, as commas do.
    delimiter = max("\t,;", key=lambda one: _fitness(text[:_START], one, is_heading))
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    counter = _Counter()
    lines, is_cut = [], False
    try:
        for cells in reader:
            counter.add(cells)
            cleaned = [clean(cell) for cell in cells[:MAX_COLUMNS]]
            is_beyond = any(map(seen, cells[MAX_COLUMNS:]))
            is_cut |= is_beyond
            if is_beyond or any(cleaned):
                # A quoted cell may span lines; people count rows as their spreadsheet does.
                lines.append(Line(counter.rows, cleaned))
    except csv.Error:
        raise Unreadable("file_csv", line=_wrong_quote(text, delimiter)) from None
    return Table(lines, is_cut=is_cut, is_delimited=True)


def _wrong_quote(text: str, delimiter: str) -> int:
    """The line of the cell whose quotation mark is never closed, or closed before its end."""
    cell = re.compile(
        rf'(?:"(?:[^"]|"")*+"|[^"{delimiter}\r\n][^{delimiter}\r\n]*+)?(?:{delimiter}|\r\n?|\n)'
    )
    place = 0
    while found := cell.match(text, place):
        place = found.end()
    return len(re.findall(r"\r\n?|\n", text[:place])) + 1


def _fitness(text: str, delimiter: str, is_heading: Callable[[str], bool]) -> tuple[int, int]:
    """How many known names stand in one of the first rows, and how evenly it parts them.

    Evenly: how many cells it parts in those rows that have equally many; titles may stand above.
    """
    rows: list[list[str]] = []
    try:
        for cells in islice(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True), 20):
            rows.append(cells[:MAX_COLUMNS])
    except csv.Error:
        pass
    known = max((sum(map(is_heading, {clean(cell) for cell in cells})) for cells in rows), default=0)
    widths = Counter(len(cells) for cells in rows if len(cells) > 1)
    return known, max((count * (width - 1) for width, count in widths.items()), default=0)


class _Counter:
    """Counts rows, filled cells and letters, and stops at the limits before anything is done with them."""

    def __init__(self) -> None:
        self.rows = 0
        self.cells = 0
        self.filled = 0
        self.letters = 0

    def add(self, cells: Iterable[Any]) -> None:
        filled = [cell for cell in cells if cell not in (None, "")]
        self.rows += 1
        self.cells += len(filled)
        self.filled += len(filled) > 0
        if self.rows > MAX_ROW_NUMBER or self.cells > MAX_CELLS or self.filled > MAX_ROWS + 50:
            raise _too_much()
        self.letters += sum(min(len(cell), MAX_LETTERS) for cell in filled if isinstance(cell, str))
        if self.letters > MAX_TEXT:
            raise _too_much()


def _too_much() -> Unreadable:
    return Unreadable("file_too_much", rows=MAX_ROWS, cells=MAX_CELLS)


def clean(text: str) -> str:
    """Stored form of a cell: NFC, LF line ends, no NUL, no half of a character, no white space around; empty
    where nothing can be seen.

    Of more than ``MAX_LETTERS`` the first, which are too many for every field.
    """
    if not text:
        return text
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "").strip(_AROUND)[:MAX_LETTERS]
    text = "".join(character for character in text if not "\ud800" <= character <= "\udfff")
    return nfc(text).strip(_AROUND) if seen(text) else ""


# ── JSONL ────────────────────────────────────────────────────────────────────────────────────────────


def read_json_lines(content: bytes) -> list[tuple[int, Mapping[str, Any]]]:
    """One JSON object a line, with the line's number.

    Raises:
        Unreadable: ``file_too_big``, or ``file_json`` with the ``line`` that is no object.
    """
    _check_size(content)
    found: list[tuple[int, Mapping[str, Any]]] = []
    for number, line in enumerate(re.split(r"\r\n?|\n", decode(content)), start=1):
        # Other characters at which Python divides lines (U+2028) may stand within a text of JSON.
        if not line.strip():
            continue
        try:
            value = json.loads(line)
        except (ValueError, RecursionError):
            raise Unreadable("file_json", line=number) from None
        if not isinstance(value, dict):
            raise Unreadable("file_json", line=number)
        found.append((number, value))
    return found


# ── Excel ────────────────────────────────────────────────────────────────────────────────────────────


def _check_archive(content: bytes) -> None:
    """Look at the directory: what it would unpack to, how many members, whether it holds macros."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError):
        raise Unreadable("file_damaged") from None
    # The sum of what is declared; zipfile never unpacks more of a member than that.
    if len(members) > MAX_MEMBERS or sum(member.file_size for member in members) > MAX_UNPACKED:
        raise _too_much()
    names = {member.filename.lower() for member in members}
    if any(name.endswith(_MACROS) for name in names):
        raise Unreadable("file_macros")
    if "[content_types].xml" not in names or any(member.flag_bits & 0x1 for member in members):
        raise Unreadable("file_damaged")


def _read_apart(content: bytes) -> list[Table]:
    root = str(Path(__file__).parents[2])
    # The reader of a stranger's file gets no secret of ours, and no threads whose stacks count as memory.
    environment = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH") if name in os.environ}
    environment |= {"PYTHONPATH": root, "PYTHONIOENCODING": "utf-8", "OPENBLAS_NUM_THREADS": "1"}
    try:
        done = subprocess.run(
            [sys.executable, "-m", "matcher.imports.tables"],
            input=content,
            capture_output=True,
            timeout=SECONDS + 5,
            env=environment,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise Unreadable("file_too_slow", seconds=SECONDS) from None
    if done.returncode < 0:
        raise Unreadable("file_too_slow", seconds=SECONDS)
    try:
        answer = json.loads(done.stdout)
    except ValueError:
        raise Unreadable("file_damaged") from None
    if "error" in answer:
        raise Unreadable(answer["error"], **answer["facts"])
    return [
        Table(
            [Line(number, cells) for number, cells in sheet["lines"]],
            sheet["name"],
            date.fromisoformat(sheet["day_zero"]),
            sheet["is_cut"],
            is_hidden=sheet["is_hidden"],
            hidden_rows=frozenset(sheet["hidden_rows"]),
            hidden_places=frozenset(sheet["hidden_places"]),
            covered=_by_row(sheet["covered"]),
        )
        for sheet in answer["sheets"]
    ]


def _by_row(covered: Iterable[tuple[int, int, int]]) -> Mapping[int, Mapping[int, int]]:
    found: dict[int, dict[int, int]] = {}
    for number, place, first in covered:
        found.setdefault(number, {})[place] = first
    return found


def _main() -> None:
    import openpyxl  # noqa: F401, PLC0415 – loaded before the limits hold, and only in this process

    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    try:
        answer: dict[str, Any] = {"sheets": list(_sheets(sys.stdin.buffer.read()))}
    except Unreadable as error:
        answer = {"error": error.code, "facts": dict(error.facts)}
    except MemoryError:
        answer = {"error": "file_too_much", "facts": {"rows": MAX_ROWS, "cells": MAX_CELLS}}
    except Exception:
        # Whatever a broken or hostile file makes the reader raise, to the person it is a broken file.
        answer = {"error": "file_damaged", "facts": {}}
    sys.stdout.write(json.dumps(answer, ensure_ascii=True))


def _sheets(content: bytes) -> Iterable[dict[str, Any]]:
    import openpyxl  # noqa: PLC0415
    from openpyxl.xml import DEFUSEDXML  # noqa: PLC0415

    if not DEFUSEDXML:
        raise RuntimeError("expected openpyxl to parse with defusedxml, found the plain parser")
    _check_tags(content)
    book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True, keep_links=False)
    started, counter = time.monotonic(), _Counter()
    zero = worksheets.zero_of(book)
    for sheet in book.worksheets:
        lines: list[tuple[int, list[str]]] = []
        is_cut, marks = False, worksheets.Marks()
        for number, cells in worksheets.rows(book, sheet, marks, MAX_COLUMNS):
            if time.monotonic() - started > SECONDS:
                raise Unreadable("file_too_slow", seconds=SECONDS)
            if number > MAX_ROW_NUMBER:
                raise _too_much()
            counter.add(cells.values())
            texts = {
                column: text for column, cell in cells.items() if (text := clean(worksheets.text_of(cell)))
            }
            is_cut |= any(column > MAX_COLUMNS for column in texts)
            if texts:
                width = min(max(texts), MAX_COLUMNS)
                lines.append((number, [texts.get(column, "") for column in range(1, width + 1)]))
        covered = worksheets.covered(marks.merged, dict(lines), MAX_CELLS)
        if covered is None:
            raise _too_much()
        yield {
            "name": sheet.title, "lines": lines, "day_zero": zero.isoformat(), "is_cut": is_cut,
            "is_hidden": sheet.sheet_state != "visible", "hidden_rows": marks.rows,
            "hidden_places": sorted(column - 1 for column in marks.columns),
            "covered": [(number, column - 1, first) for number, column, first in covered],
        }  # fmt: skip


def _check_tags(content: bytes) -> None:
    """Count the tags of all parts: each costs the parser some microseconds, and four bytes are one."""
    tags = 0
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        for member in archive.infolist():
            with archive.open(member) as part:
                while piece := part.read(_PIECE):
                    tags += piece.count(b"<")
                    if tags > MAX_TAGS:
                        raise _too_much()


if __name__ == "__main__":
    _main()
