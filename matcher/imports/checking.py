"""Reads a file of organizations, needs or offers and checks it row by row; nothing is written."""

import re
import time
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy.orm import Session

from embeddings import text as texts
from matcher.city import cities
from matcher.city.cities import City
from matcher.ground import days, permissions, vocabulary
from matcher.ground.permissions import Actor
from matcher.imports import headings, rows, tables
from matcher.imports.columns import COLUMNS, EXAMPLE_MARK, Kind, distance, recognise
from matcher.imports.findings import LEVELS, Checked, Problem
from matcher.imports.known import Known
from matcher.imports.tables import Unreadable

#: Alone in the column of names, this is a foot note or a total and no name.
_NOT_A_NAME: Final = re.compile(
    r"^[(（]?[※＊*]|^[(（]?(注|備考|出典|資料)([\d①-⑳\s:：()（）\[\]［］【】「」]|$)|^(合計|小計|総計|計|以上)$|。$|現在[)）]?$"
)


def check_file(
    session: Session, actor: Actor, kind: Kind, filename: str, content: bytes, now: datetime
) -> Checked:
    """Read and check an uploaded CSV or Excel file; nothing is written.

    Raises:
        Unreadable: the file as a whole cannot be taken, no column is known (``file_columns``, or
            ``file_headless`` where the first row looks like an entry of the list), two columns of
            the same meaning contradict each other (``file_two_columns``), or a column between others has no
            name, as under a heading of two rows (``file_headless_column``).
    """
    permissions.require(actor, "desk.import")
    checked = Checked(kind)
    sheets = tables.read(filename, content, lambda cell: recognise(kind, cell) is not None)
    raw, day_zero = headings.read_under(checked, sheets)
    return _check(session, cities.get(session), checked, raw, now, day_zero)


def check_json_lines(session: Session, actor: Actor, kind: Kind, content: bytes, now: datetime) -> Checked:
    """Read and check JSONL: our own codes, or ``name``, ``text`` and ``region`` of a text collection.

    Raises:
        Unreadable: the file as a whole is not such a collection.
    """
    permissions.require(actor, "desk.import")
    city, checked = cities.get(session), Checked(kind)
    raw = (
        (number, _from_json(kind, number, value, city)) for number, value in tables.read_json_lines(content)
    )
    return _check(session, city, checked, raw, now)


def _from_json(kind: Kind, number: int, value: Mapping[str, Any], city: City) -> dict[str, str]:
    cells: dict[str, str] = {}
    taken: dict[str, int] = {}
    for name, found in value.items():
        column = recognise(kind, str(name))
        if column is None or found is None or isinstance(found, dict):
            continue
        parts = found if isinstance(found, list) else [found]
        text = tables.clean("、".join(map(_said, parts)))
        if not text:
            cells.setdefault(column.code, text)
            continue
        far, before = distance(kind, str(name)), taken.get(column.code)
        differs = before is not None and texts.fold(cells[column.code]) != texts.fold(text)
        if differs and far == before:
            raise Unreadable("file_two_columns", columns=[column.heading], line=number)
        if before is None or far < before:
            cells[column.code], taken[column.code] = text, far
    if "text" in value:
        first, rest = ("business", "csr_policy") if kind == "companies" else ("mission", "activities")
        cells |= _split_text(tables.clean(str(value["text"])), first, rest)
    if region := tables.clean(str(value.get("region") or "")):
        inside = {label: code for code, label in city.area_labels.items()}
        cells.setdefault("area", inside.get(region, vocabulary.AREA_OUTSIDE))
        if region not in inside:
            cells.setdefault("address", region)
    return cells


def _said(value: Any) -> str:
    """A value of JSON, where 12 and 12.0 are one number, as it is typed."""
    return f"{value:.15g}" if isinstance(value, float) else str(value)


def _split_text(text: str, first: str, rest: str) -> dict[str, str]:
    """The first sentence says what they are, the others what they do and want."""
    found = texts.sentences(text)
    if not found:
        return {}
    head = text.find(found[0]) + len(found[0])
    return {first: text[:head].strip(), rest: text[head:].strip()}


def _check(
    session: Session,
    city: City,
    checked: Checked,
    raw: Iterable[tuple[int, dict[str, str]]],
    now: datetime,
    day_zero: date = days.SERIAL_ZERO,
) -> Checked:
    started, known = time.thread_time(), Known(session, checked.kind)
    places = {column.heading: place for place, column in enumerate(COLUMNS[checked.kind])}
    name_column = "name" if checked.kind in {"companies", "npos"} else "title"
    for number, cells in raw:
        if not any(cells.values()) or cells.get(name_column, "").startswith(EXAMPLE_MARK):
            continue
        checked.total += 1
        # The last wall: each cell is bounded, and nothing behind them may take a web process away, either.
        if time.thread_time() - started > tables.SECONDS:
            raise Unreadable("file_too_slow", seconds=tables.SECONDS)
        if _is_foot_note(cells, name_column):
            text = cells[name_column][:40]
            checked.problems.append(
                Problem(number, rows.label_of(checked.kind, name_column), "not_a_row", text)
            )
            continue
        values, problems = rows.parse(checked.kind, number, cells, city, day_zero)
        row, is_read = {"row": number, "values": values}, all(one.level != "error" for one in problems)
        if checked.kind in {"companies", "npos"}:
            problems += rows.check_organization(checked.kind, row, known, now, is_read=is_read)
        else:
            problems += rows.check_posting(checked.kind, number, values, known, now, is_read=is_read)
        levels = {problem.level for problem in problems}
        if levels <= {"note"}:
            checked.rows.append(row)
        elif levels <= {"note", "doubt"}:
            checked.doubtful.append(row)
        checked.problems += sorted(problems, key=lambda one: places.get(one.column, len(places)))
    # What has to be mended comes first, however many notes there are.
    checked.problems.sort(key=lambda one: LEVELS.index(one.level))
    return checked


def _is_foot_note(cells: Mapping[str, str], name_column: str) -> bool:
    name = cells.get(name_column, "")
    alone = len(cells) > 1 and [code for code, cell in cells.items() if cell] == [name_column]
    return alone and _NOT_A_NAME.search(name) is not None
