"""What one sheet of an opened workbook shows: its cells as text, and what of it is hidden.

Runs in the process that ``tables`` starts for a workbook; the limits are kept there.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from itertools import product
from typing import Any, Final

from matcher.ground import days, vocabulary
from matcher.imports import day_formats, number_formats

#: How a file writes the line ends of a cell that XML would not keep.
_LINE_END: Final = re.compile(r"_x000[dD]_")


def zero_of(book: Any) -> date:
    """The day from which the book counts days."""
    from openpyxl.utils.datetime import CALENDAR_MAC_1904  # noqa: PLC0415

    return days.SERIAL_ZERO_1904 if book.epoch == CALENDAR_MAC_1904 else days.SERIAL_ZERO


@dataclass
class Marks:
    """What of a sheet Excel does not show, filters included, and which ranges it shows as one cell.

    Rows and columns are counted from one; a range is its first row and column, and the last ones.
    """

    rows: list[int] = field(default_factory=list)
    columns: set[int] = field(default_factory=set)
    merged: list[tuple[int, int, int, int]] = field(default_factory=list)


def rows(book: Any, sheet: Any, marks: Marks, most_columns: int) -> Iterable[tuple[int, Mapping[int, Any]]]:
    """The filled cells of each row that the file has: its number, and column (counted from one) → value.

    ``iter_rows`` makes up every row of a gap, passes over rows that are out of order, and shows a formula
    that was never calculated as an empty cell; so its parser is used without it. That parser reads numbers as
    days by a part of their format, so it is told of no formats at all. What is hidden of these rows and of
    the first ``most_columns`` is added to ``marks``, and behind the last row which cells are merged.
    """
    from openpyxl.utils import range_boundaries  # noqa: PLC0415
    from openpyxl.utils.datetime import to_excel  # noqa: PLC0415
    from openpyxl.worksheet._reader import FORMULA_TAG, WorkSheetParser  # noqa: PLC0415

    zero = zero_of(book)

    class Parser(WorkSheetParser):
        def parse_cell(self, element: Any) -> Any:
            cell = super().parse_cell(element)
            value = cell["value"]
            # An empty text is a result like another; it says that it is text.
            if value is None and element.find(FORMULA_TAG) is not None and element.get("t") != "str":
                cell["value"] = vocabulary.UNSAVED
                return cell
            code = _format(book, element)
            if isinstance(value, datetime | date | time) and code != "General":
                value = to_excel(value, book.epoch)  # type: ignore[no-untyped-call]
            if isinstance(value, str):
                cell["value"] = number_formats.shown_text(_LINE_END.sub("\r", value), code)
            elif isinstance(value, int | float) and not isinstance(value, bool):
                shown = number_formats.shown(value, code, zero)
                cell["value"] = value if shown is None else shown
            return cell

    with sheet._get_source() as source:
        parser = Parser(source, sheet._shared_strings, data_only=True, epoch=book.epoch)
        for number, cells in parser.parse():
            if _is_hidden(parser.row_dimensions.pop(str(number), {}), "ht"):
                marks.rows.append(number)
            for one in parser.column_dimensions.values():
                if _is_hidden(one, "width"):
                    marks.columns.update(range(int(one["min"]), min(int(one["max"]), most_columns) + 1))
            parser.column_dimensions.clear()  # they stand before the first row
            yield number, {cell["column"]: cell["value"] for cell in cells if cell["value"] is not None}
        for one in parser.merged_cells.mergeCell if parser.merged_cells else ():
            bounds: Any = range_boundaries(one.ref)
            first_column, first_row, last_column, last_row = bounds
            marks.merged.append((first_row, first_column, last_row, min(last_column, most_columns)))


def covered(
    merged: Iterable[tuple[int, int, int, int]], lines: Mapping[int, Sequence[str]], most: int
) -> list[tuple[int, int, int]] | None:
    """Which cells of the ``lines`` show the text of another one: row, column and that one's row.

    ``None`` where they are more than ``most``.
    """
    found: list[tuple[int, int, int]] = []
    numbers = sorted(lines)
    for first_row, first_column, last_row, last_column in merged:
        if not any(lines.get(first_row, ())[first_column - 1 : first_column]):
            continue
        rows = numbers[bisect_left(numbers, first_row) : bisect_right(numbers, last_row)]
        columns = range(first_column, last_column + 1)
        if len(found) + len(rows) * len(columns) > most:
            return None
        cells = product(rows, columns)
        found += [(*cell, first_row) for cell in cells if cell != (first_row, first_column)]
    return found


def _is_hidden(dimension: Mapping[str, str], size: str) -> bool:
    return dimension.get("hidden") in {"1", "true"} or float(dimension.get(size) or 1) == 0


def _format(book: Any, element: Any) -> str:
    """The number format of a cell, by its style; what Excel shows in yen in Japan is no dollar."""
    from openpyxl.styles.numbers import BUILTIN_FORMATS, BUILTIN_FORMATS_MAX_SIZE  # noqa: PLC0415

    number = book._cell_styles[int(element.get("s", 0))].numFmtId
    own = number - BUILTIN_FORMATS_MAX_SIZE
    if own >= 0:
        return str(book._number_formats[own])
    if number in _SYSTEM_DAY:
        return _SYSTEM_DAY[number]
    return str(day_formats.BUILTIN.get(number) or BUILTIN_FORMATS.get(number, "General")).replace("$", "¥")


#: Formats that Excel shows as the computer of whoever looks writes days.
_SYSTEM_DAY: Final = {14: "yyyy/m/d", 22: "yyyy/m/d h:mm"}


def text_of(cell: Any) -> str:
    """A cell as text; of a number the 15 digits that Excel keeps."""
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, datetime):
        return cell.isoformat(" ", "seconds") if cell.time() != time() else cell.date().isoformat()
    if isinstance(cell, date):
        return cell.isoformat()
    if isinstance(cell, float):
        cell = float(f"{cell:.15g}")
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
    return str(cell)
