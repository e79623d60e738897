"""Which columns of a file are read: where its headings stand, what they mean, which of two alike is taken."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Final

from embeddings import text as texts
from matcher.ground import vocabulary
from matcher.ground.field import Field
from matcher.imports import tables
from matcher.imports.columns import (
    COLUMNS,
    HELP_SHEET,
    LISTS_SHEET,
    Kind,
    distance,
    header_key,
    is_personal,
    recognise,
)
from matcher.imports.findings import Checked, Problem
from matcher.imports.tables import Line, Table, Unreadable

_TOLD_HEADINGS: Final = 5  #: of the names of columns that were read, where those needed are missing
_NUMBERS: Final = re.compile(r"[\d,./:\s-]+")
MAX_TWINS: Final = 10  #: columns of one meaning; each is compared with each
_HEADER_ROWS: Final = 15  #: titles may stand above the header, as in the lists that we save ourselves


def read_under(
    checked: Checked, sheets: Sequence[Table]
) -> tuple[Iterator[tuple[int, dict[str, str]]], date]:
    """The rows under the headings (number; code of the column → cell), and the day that counts as 0.

    ``checked`` is told which columns and sheets are not read. What a workbook holds without showing it is not
    read: whoever sends it has not seen it, or keeps it back.

    Raises:
        Unreadable: columns that are needed are hidden (``file_hidden``), no column is known
            (``file_columns``, or ``file_headless`` where the first row looks like an entry of the list), two
            columns of the same meaning contradict each other (``file_two_columns``) or are too many
            (``file_many_columns``), or a column between others has no name, as under a heading of two rows
            (``file_headless_column``).
    """
    shown = [_shown(sheet) for sheet in sheets]
    try:
        table, header = _find_header(checked.kind, shown)
        columns = _columns(checked.kind, header, checked)
    except Unreadable as error:
        raise _hidden(checked.kind, sheets, shown) or error from None
    whole = next(sheet for sheet, one in zip(sheets, shown, strict=True) if one is table)
    own = {HELP_SHEET, LISTS_SHEET}  # they lie in every template of ours
    others = [one for one in sheets if one.lines and one is not whole and one.name not in own]
    checked.sheets = [one.name[:60] for one in others if not one.is_hidden]
    checked.hidden_sheets = [one.name[:60] for one in others if one.is_hidden]
    below = [line for line in table.lines if line.number > header.number]
    _tell_hidden(whole, header, checked)
    if table.is_delimited:
        below = list(_not_longer(header, below, checked))
    _check_headless(columns, header, below, checked)
    columns = _without_twins(columns, header, below, checked)
    if table.is_cut:
        beyond = _letter(tables.MAX_COLUMNS)
        checked.unknown.append({"code": "beyond", "column": beyond, "most": tables.MAX_COLUMNS})
    return ((line.number, _cells(columns, line)) for line in _marked(below, header, table)), table.day_zero


def _shown(table: Table) -> Table:
    """What of a sheet its reader sees: nothing of a hidden one, and of the others no hidden row or column."""
    if not (table.is_hidden or table.hidden_rows or table.hidden_places):
        return table
    lines = [
        Line(
            line.number,
            ["" if place in table.hidden_places else cell for place, cell in enumerate(line.cells)],
        )
        for line in table.lines
        if not table.is_hidden and line.number not in table.hidden_rows
    ]
    return replace(table, lines=[line for line in lines if any(line.cells)])


def _hidden(kind: Kind, sheets: Sequence[Table], shown: Sequence[Table]) -> Unreadable | None:
    """The refusal of a workbook that has the columns which are needed, but does not show them."""
    if all(sheet is one for sheet, one in zip(sheets, shown, strict=True)):
        return None
    try:
        table, header = _find_header(kind, sheets)
        _columns(kind, header, Checked(kind))
    except Unreadable:
        return None
    return Unreadable("file_hidden", sheet=table.name[:60], line=header.number)


def _tell_hidden(table: Table, header: Line, checked: Checked) -> None:
    """Note which rows and columns under the heading hold something and are not shown."""
    below = [line for line in table.lines if line.number > header.number]
    checked.hidden_rows = sorted({line.number for line in below if line.number in table.hidden_rows})
    names = next(line.cells for line in table.lines if line.number == header.number)
    for place in sorted(table.hidden_places):
        name = names[place] if place < len(names) else ""
        if name or any(place < len(line.cells) and line.cells[place] for line in below):
            checked.hidden_columns.append(name[:60] or _letter(place))


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


def _no_columns(required: Iterable[Field], line: Line) -> Unreadable:
    """The refusal of a file without its columns, which says what was read as their names."""
    cells = [cell for cell in line.cells if cell]
    return Unreadable(
        # A heading is no number and no day.
        "file_headless" if any(_NUMBERS.fullmatch(cell) for cell in cells) else "file_columns",
        columns=[one.heading for one in required],
        line=line.number,
        found=[cell[:60] for cell in cells[:_TOLD_HEADINGS]],
        more=len(cells) > _TOLD_HEADINGS,
    )


def _columns(kind: Kind, header: Line, checked: Checked) -> dict[int, Field]:
    found: dict[int, Field] = {}
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
    columns: Mapping[int, Field], header: Line, below: Sequence[Line], checked: Checked
) -> None:
    """Refuse columns without a name between others and under a heading of two rows; tell of the rest."""
    named = {place for place, name in enumerate(header.cells) if header_key(name)}
    nameless = sorted(
        {place for line in below for place, cell in enumerate(line.cells) if cell and place not in named}
    )
    first = below[0].cells if below else []
    required = {place for place, column in columns.items() if column.required}
    is_second_heading = not any(place < len(first) and first[place] for place in required)
    for place in nameless:
        is_between = min(columns) < place < max(columns)
        if is_between or (is_second_heading and place < len(first) and first[place]):
            raise Unreadable("file_headless_column", column=_letter(place), line=header.number)
    checked.unknown += [{"code": "nameless", "column": _letter(place)} for place in nameless]


def _not_longer(header: Line, below: Iterable[Line], checked: Checked) -> Iterator[Line]:
    """The lines with no more cells than the heading; of a longer one nobody knows which cell is whose."""
    width = len(header.cells)
    for line in below:
        beyond = next(filter(None, line.cells[width:]), None)
        if beyond is None:
            yield line
        else:
            checked.total += 1
            name = next(name for name in reversed(header.cells) if name)
            checked.problems.append(Problem(line.number, name[:60], "long_row", beyond[:40]))


def _marked(below: Iterable[Line], header: Line, table: Table) -> Iterator[Line]:
    """The lines with a mark where a cell shows, merged with it, the text of another one.

    A text that lies over a row of its own – a note, the heading of a group – is none of the others' cells.
    """
    for line in below:
        covered = {
            place: first
            for place, first in table.covered.get(line.number, {}).items()
            if first > header.number
        }
        own = [place for place, cell in enumerate(line.cells) if cell and place not in covered]
        if not covered:
            yield line
            continue
        is_alone = len(own) == 1 and set(covered.values()) == {line.number}
        cells = dict(enumerate(line.cells)) | dict.fromkeys(
            covered, vocabulary.MERGED if own and not is_alone else ""
        )
        yield Line(line.number, [cells.get(place, "") for place in range(max(cells) + 1)])


def _letter(place: int) -> str:
    """The name by which a spreadsheet calls a column: 0 is A, 26 is AA."""
    return (chr(ord("A") + place // 26 - 1) if place >= 26 else "") + chr(ord("A") + place % 26)


def _without_twins(
    columns: Mapping[int, Field], header: Line, below: Sequence[Line], checked: Checked
) -> dict[int, Field]:
    """The columns to read: of several that mean the same, those that contradict none nearer to its label.

    Where two that say the same contradict each other, nobody but the sender knows which one is right.
    """
    places: dict[str, list[int]] = {}
    for place, column in columns.items():
        places.setdefault(column.code, []).append(place)
    read: dict[int, Field] = {}
    for twins in places.values():
        if len(twins) > MAX_TWINS:
            raise Unreadable(
                "file_many_columns",
                columns=[columns[twins[0]].heading],
                count=len(twins),
                most=MAX_TWINS,
            )
        far = {place: distance(checked.kind, header.cells[place]) for place in twins}
        said = {place: _said(place, below) for place in twins} if len(twins) > 1 else {}
        kept: list[int] = []
        for place in sorted(twins, key=lambda place: (far[place], place)):
            found = _contradiction(place, kept, said)
            if found is None:
                kept.append(place)
                continue
            other, row = found
            if far[place] == far[other]:
                raise Unreadable(
                    "file_two_columns", columns=_names(header, (other, place)), line=below[row].number
                )
            checked.unknown.append(header.cells[place][:60])
        if len(kept) > 1:
            checked.merged.append(_names(header, kept))
        read |= {place: columns[place] for place in kept}
    return read


def _said(place: int, below: Sequence[Line]) -> dict[int, str]:
    """What the filled cells of a column say, by their place in ``below``."""
    filled = ((row, line.cells[place]) for row, line in enumerate(below) if place < len(line.cells))
    return {row: texts.fold(cell) for row, cell in filled if cell}


def _contradiction(
    place: int, others: Iterable[int], said: Mapping[int, Mapping[int, str]]
) -> tuple[int, int] | None:
    """The first of ``others`` that holds something else than the column at ``place``, and in which row."""
    for other in others:
        for row, cell in said[place].items():
            if said[other].get(row, cell) != cell:
                return other, row
    return None


def _names(header: Line, places: Iterable[int]) -> list[str]:
    return [header.cells[place][:60] for place in sorted(places)]


def _cells(columns: Mapping[int, Field], line: Line) -> dict[str, str]:
    found: dict[str, str] = {}
    for place, column in columns.items():
        if place < len(line.cells):
            found[column.code] = found.get(column.code) or line.cells[place]
    return found
