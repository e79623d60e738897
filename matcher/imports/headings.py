"""Which columns of a file are read: where its headings stand, what they mean, which of two alike is taken."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Final

from embeddings import text as texts
from matcher.imports import tables
from matcher.imports.columns import (
    COLUMNS,
    HELP_SHEET,
    LISTS_SHEET,
    Column,
    Kind,
    distance,
    header_key,
    is_personal,
    recognise,
)
from matcher.imports.findings import Checked
from matcher.imports.tables import Line, Table, Unreadable

_TOLD_HEADINGS: Final = 5  #: of the names of columns that were read, where those needed are missing
_NUMBERS: Final = re.compile(r"[\d,./:\s-]+")
_HEADER_ROWS: Final = 15  #: titles may stand above the header, as in the lists that we save ourselves


def read_under(
    checked: Checked, sheets: Sequence[Table]
) -> tuple[Iterator[tuple[int, dict[str, str]]], date]:
    """The rows under the headings (number; code of the column → cell), and the day that counts as 0.

    ``checked`` is told which columns and sheets are not read.

    Raises:
        Unreadable: no column is known (``file_columns``, or ``file_headless`` where the first row looks like
            an entry of the list), two columns of the same meaning contradict each other
            (``file_two_columns``), or a column between others has no name, as under a heading of two rows
            (``file_headless_column``).
    """
    table, header = _find_header(checked.kind, sheets)
    others = [one for one in sheets if one.lines and one is not table]
    own = {HELP_SHEET, LISTS_SHEET}  # they lie in every template of ours
    checked.sheets = [one.name[:60] for one in others if one.name not in own]
    below = [line for line in table.lines if line.number > header.number]
    columns = _columns(checked.kind, header, checked)
    _check_headless(columns, header, below, checked)
    columns = _without_twins(columns, header, below, checked)
    if table.is_cut:
        checked.unknown.append(
            f"{_letter(tables.MAX_COLUMNS)}列から右（{tables.MAX_COLUMNS}列まで読み込めます）"
        )
    return ((line.number, _cells(columns, line)) for line in below), table.day_zero


def _find_header(kind: Kind, sheets: Sequence[Table]) -> tuple[Table, Line]:
    best: tuple[int, Table, Line] | None = None
    for sheet in sheets:
        for line in sheet.lines[:_HEADER_ROWS]:
            known = len({one.code for cell in line.cells if (one := recognise(kind, cell)) is not None})
            if known and (best is None or known > best[0]):
                best = (known, sheet, line)
    required = [one for one in COLUMNS[kind] if one.required]
    if best is None or (best[0] < 2 and len(required) > 1):
        raise _no_columns(required, _first_row(sheets))
    _count, table, line = best
    return table, line


def _first_row(sheets: Sequence[Table]) -> Line:
    """What stands where a heading is looked for: the first row with several cells, or the first at all."""
    lines = [line for sheet in sheets for line in sheet.lines[:_HEADER_ROWS]]
    several = (line for line in lines if sum(map(bool, line.cells)) > 1)
    return next(several, lines[0] if lines else Line(1, []))


def _no_columns(required: Iterable[Column], line: Line) -> Unreadable:
    """The refusal of a file without its columns, which says what was read as their names."""
    cells = [cell for cell in line.cells if cell]
    words = [f"「{cell[:12]}…」" if len(cell) > 12 else f"「{cell}」" for cell in cells[:_TOLD_HEADINGS]]
    return Unreadable(
        # A heading is no number and no day.
        "file_headless" if any(_NUMBERS.fullmatch(cell) for cell in cells) else "file_columns",
        columns="、".join(f"「{one.label}」" for one in required),
        line=line.number,
        found="、".join(words) + ("など" if len(cells) > len(words) else ""),
    )


def _columns(kind: Kind, header: Line, checked: Checked) -> dict[int, Column]:
    found: dict[int, Column] = {}
    for place, name in enumerate(header.cells):
        column = recognise(kind, name)
        if column is not None:
            found[place] = column
        elif is_personal(name):
            checked.dropped.append(name[:60])
        elif header_key(name):
            checked.unknown.append(name[:60])
    codes = {column.code for column in found.values()}
    lacking = [one for one in COLUMNS[kind] if one.required and one.code not in codes]
    if kind in {"needs", "offers"} and not {"owner", "owner_number"} & codes:
        lacking.insert(0, next(one for one in COLUMNS[kind] if one.code == "owner"))
    if lacking:
        raise _no_columns(lacking, header)
    return found


def _check_headless(
    columns: Mapping[int, Column], header: Line, below: Sequence[Line], checked: Checked
) -> None:
    """Refuse columns without a name between others and under a heading of two rows; tell of the rest."""
    nameless = sorted(
        {
            place
            for line in below
            for place, cell in enumerate(line.cells)
            if cell and not (place < len(header.cells) and header_key(header.cells[place]))
        }
    )
    first = below[0].cells if below else []
    required = {place for place, column in columns.items() if column.required}
    is_second_heading = not any(place < len(first) and first[place] for place in required)
    for place in nameless:
        is_between = min(columns) < place < max(columns)
        if is_between or (is_second_heading and place < len(first) and first[place]):
            raise Unreadable("file_headless_column", column=_letter(place), line=header.number)
    checked.unknown += [f"{_letter(place)}列（名前なし）" for place in nameless]


def _letter(place: int) -> str:
    """The name by which a spreadsheet calls a column: 0 is A, 26 is AA."""
    return (chr(ord("A") + place // 26 - 1) if place >= 26 else "") + chr(ord("A") + place % 26)


def _without_twins(
    columns: Mapping[int, Column], header: Line, below: Sequence[Line], checked: Checked
) -> dict[int, Column]:
    """The columns to read: of several that mean the same, those that contradict none nearer to its label.

    Where two that say the same contradict each other, nobody but the sender knows which one is right.
    """
    places: dict[str, list[int]] = {}
    for place, column in columns.items():
        places.setdefault(column.code, []).append(place)
    read: dict[int, Column] = {}
    for twins in places.values():
        kept: list[int] = []
        for place in sorted(twins, key=lambda place: (distance(columns[place], header.cells[place]), place)):
            found = _contradiction(place, kept, below)
            if found is None:
                kept.append(place)
                continue
            other, line = found
            if _say_the_same(columns[place], header.cells[place], header.cells[other]):
                names = _names(header, (other, place))
                raise Unreadable("file_two_columns", columns=names, line=line.number)
            checked.unknown.append(header.cells[place][:60])
        if len(kept) > 1:
            checked.merged.append(_names(header, kept))
        read |= {place: columns[place] for place in kept}
    return read


def _contradiction(place: int, others: Iterable[int], below: Sequence[Line]) -> tuple[int, Line] | None:
    """The first of ``others`` that holds something else than the column at ``place``, and where."""
    for other in others:
        for line in below:
            said = {texts.fold(line.cells[one]) for one in (place, other) if one < len(line.cells)}
            if len(said - {""}) > 1:
                return other, line
    return None


def _say_the_same(column: Column, one: str, other: str) -> bool:
    return distance(column, one) == distance(column, other)


def _names(header: Line, places: Iterable[int]) -> str:
    return "と".join(f"「{header.cells[place][:60]}」" for place in sorted(places))


def _cells(columns: Mapping[int, Column], line: Line) -> dict[str, str]:
    found: dict[str, str] = {}
    for place, column in columns.items():
        if place < len(line.cells):
            found[column.code] = found.get(column.code) or line.cells[place]
    return found
