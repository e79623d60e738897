"""Imports of organizations, needs and offers: checked row by row, previewed, and saved only when confirmed.

An upload is kept as an ``ImportBatch`` of rows that could be read; nothing else is written before somebody
confirms. Saving runs in short transactions of its own, so that nobody waits for it; rows that are there
already are left out, so that a second confirmation after an interruption goes on where the first stopped.
"""

import re
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any, Final

from sqlalchemy import String, func, inspect, select, update
from sqlalchemy.orm import Session, joinedload

from embeddings import text as texts
from matcher.city import cities
from matcher.city.cities import City
from matcher.ground import calendar, days, lifecycle, limits, numerals, permissions, vocabulary
from matcher.ground.db import Database
from matcher.ground.errors import Invalid, NotFound, NotPermitted, Refused
from matcher.ground.permissions import Actor
from matcher.ground.typed import Unclear
from matcher.imports import cells as import_cells
from matcher.imports import tables
from matcher.imports.columns import (
    COLUMNS,
    EXAMPLE_MARK,
    HELP_SHEET,
    LISTS_SHEET,
    Column,
    Kind,
    distance,
    header_key,
    is_personal,
    recognise,
)
from matcher.imports.tables import Line, Table, Unreadable
from matcher.jobs import tickets
from matcher.organizations import acts as organization_acts
from matcher.organizations.identity import Identity, compare
from matcher.people import accounts
from matcher.postings import acts as posting_acts
from matcher.postings import terms
from matcher.records import (
    CompanyProfile,
    ImportBatch,
    Job,
    Need,
    NpoProfile,
    Offer,
    Organization,
    Ticket,
    User,
)
from matcher.records.base import new_public_id
from matcher.register import audit, findable, folding, numbers

KINDS: Final = tuple(COLUMNS)
#: The states in which imported records may begin, the default first.
STATES: Final[Mapping[str, tuple[str, ...]]] = {
    "companies": ("submitted", "verified"),
    "npos": ("submitted", "verified"),
    "needs": ("in_review", "open"),
    "offers": ("in_review", "open"),
}
#: With more entries of one name than these nobody compares them all; a person tells.
MOST_OF_ONE_NAME: Final = 200
CHUNK_SECONDS: Final = 0.4  #: a writing transaction of an import lasts about this long
PAUSE_SECONDS: Final = 0.2  #: between two of them, so that others write in between
KEEP_DAYS: Final = 7  #: an upload that nobody confirms or discards is emptied after this
#: What may be said of a row, in the order in which it is told: not taken, taken only where an official says
#: so, there already, and taken.
LEVELS: Final = ("error", "doubt", "duplicate", "note")
MAX_NOTES: Final = 2_000  #: of the notes on rows that are taken; everything else is kept
_TOLD_HEADINGS: Final = 5  #: of the names of columns that were read, where those needed are missing
_NUMBERS: Final = re.compile(r"[\d,./:\s-]+")
_HEADER_ROWS: Final = 15  #: titles may stand above the header, as in the lists that we save ourselves
#: Alone in the column of names, this is a foot note or a total and no name.
_NOT_A_NAME: Final = re.compile(
    r"^[(（]?[※＊*]|^[(（]?(注|備考|出典|資料)([\d①-⑳\s:：()（）\[\]［］【】「」]|$)|^(合計|小計|総計|計|以上)$|。$|現在[)）]?$"
)


@dataclass(frozen=True)
class Problem:
    """Something about one row. ``level`` is one of ``LEVELS``; ``read`` is how ``value`` was understood."""

    row: int
    column: str
    code: str
    value: str = ""
    level: str = "error"
    read: str = ""


@dataclass
class Checked:
    """What an upload holds: rows that can be taken, what is wrong with the others, columns left out.

    ``doubtful`` rows may name an organization that is known already; each says which one in ``beside``.
    ``merged`` are columns of the same meaning, of which each row filled one; ``sheets`` were not read.
    """

    kind: Kind
    rows: list[dict[str, Any]] = field(default_factory=list)
    doubtful: list[dict[str, Any]] = field(default_factory=list)
    merged: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    dropped: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    sheets: list[str] = field(default_factory=list)
    total: int = 0

    def count(self, level: str) -> int:
        """How many rows have a problem of this level and none of those before it: each row counts once."""
        place = LEVELS.index(level)
        above = {problem.row for problem in self.problems if LEVELS.index(problem.level) < place}
        return len({problem.row for problem in self.problems if problem.level == level} - above)


@dataclass(frozen=True)
class Result:
    """What became of a confirmed import."""

    saved: int
    skipped: int


@dataclass(frozen=True)
class Progress:
    """How far an import has come: rows looked at, and rows of them that were saved."""

    done: int = 0
    saved: int = 0


#: Called in each writing transaction of an import with how far it will have come; what it raises undoes it.
Within = Callable[[Session, Progress], None]


# ── Checking ─────────────────────────────────────────────────────────────────────────────────────────


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
    sheets = tables.read(filename, content)
    table, header = _find_header(kind, sheets)
    city = cities.get(session)
    others = [one for one in sheets if one.lines and one is not table]
    own = {HELP_SHEET, LISTS_SHEET}  # they lie in every template of ours
    checked = Checked(kind, sheets=[one.name[:60] for one in others if one.name not in own])
    below = [line for line in table.lines if line.number > header.number]
    columns = _columns(kind, header, checked)
    _check_headless(columns, header, below, checked)
    columns = _without_twins(columns, header, below, checked)
    if table.is_cut:
        checked.unknown.append(
            f"{_letter(tables.MAX_COLUMNS)}列から右（{tables.MAX_COLUMNS}列まで読み込めます）"
        )
    raw = ((line.number, _cells(columns, line)) for line in below)
    return _check(session, city, checked, raw, now, table.day_zero)


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


def _from_json(kind: Kind, number: int, value: Mapping[str, Any], city: City) -> dict[str, str]:
    cells: dict[str, str] = {}
    taken: dict[str, int] = {}
    for name, found in value.items():
        column = recognise(kind, str(name))
        if column is None or found is None or isinstance(found, dict):
            continue
        parts = found if isinstance(found, list) else [found]
        text = tables.clean("、".join(str(part) for part in parts))
        if not text:
            cells.setdefault(column.code, text)
            continue
        far, before = distance(column, str(name)), taken.get(column.code)
        differs = before is not None and texts.fold(cells[column.code]) != texts.fold(text)
        if differs and far == before:
            raise Unreadable("file_two_columns", columns=f"「{column.label}」", line=number)
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


def _split_text(text: str, first: str, rest: str) -> dict[str, str]:
    """The first sentence says what they are, the others what they do and want."""
    found = texts.sentences(text)
    if not found:
        return {}
    head = text.find(found[0]) + len(found[0])
    return {first: text[:head].strip(), rest: text[head:].strip()}


class _Known:
    """What is in the database and in the rows above, to recognise the same organization or text again."""

    def __init__(self, session: Session, kind: Kind) -> None:
        self.kind = kind
        self.numbers: dict[str, str] = {}
        self.names: dict[str, list[Identity]] = {}
        self.owners: dict[str, list[tuple[int, str, str]]] = {}
        self.owner_numbers: dict[str, tuple[int, str, str]] = {}
        self.titles: set[tuple[int, str]] = set()
        wanted = "company" if kind in {"companies", "offers"} else "npo"
        query = select(
            Organization.id, Organization.kind, Organization.name, Organization.area, Organization.state,
            Organization.corporate_number, Organization.address,
        )  # fmt: skip
        for key, found_kind, name, area, state, number, address in session.execute(query):
            if number:
                self.numbers[number] = name
            if found_kind == wanted:
                self.add_organization(Identity(name, number or "", area or "", address or ""))
                self.owners.setdefault(texts.fold(name), []).append((key, name, state))
                if number:
                    self.owner_numbers[number] = (key, name, state)
        if kind in {"needs", "offers"}:
            model: Any = Need if kind == "needs" else Offer
            alive = select(model.organization_id, model.title).where(model.state.not_in(("withdrawn",)))
            self.titles = {(owner, texts.fold(title)) for owner, title in session.execute(alive)}

    def same_organization(self, row: Identity) -> tuple[str, Identity] | None:
        """How a row is known already: the code of the problem, and the entry that it is or may be."""
        if row.number and row.number in self.numbers:
            return "number_known", Identity(self.numbers[row.number], row.number)
        verdicts = [(compare(row, known), known) for known in self.names.get(row.folded_name, ())]
        for wanted, code in (("same", "name_known"), ("maybe", "name_maybe")):
            for verdict, known in verdicts:
                if verdict == wanted:
                    return code, known
        return ("name_maybe", verdicts[0][1]) if len(verdicts) >= MOST_OF_ONE_NAME else None

    def add_organization(self, row: Identity) -> None:
        """Remember a row, so that the same further down is recognised."""
        if row.number:
            self.numbers[row.number] = row.name
        known = self.names.setdefault(row.folded_name, [])
        # Of those with a number one in each district says all there is to say to a row without one.
        is_told = row.number and any(one.number and one.area == row.area for one in known)
        if not is_told and len(known) < MOST_OF_ONE_NAME:
            known.append(row)


def _check(
    session: Session,
    city: City,
    checked: Checked,
    raw: Iterable[tuple[int, dict[str, str]]],
    now: datetime,
    day_zero: date = days.SERIAL_ZERO,
) -> Checked:
    known = _Known(session, checked.kind)
    places = {column.label: place for place, column in enumerate(COLUMNS[checked.kind])}
    name_column = "name" if checked.kind in {"companies", "npos"} else "title"
    for number, cells in raw:
        if not any(cells.values()) or cells.get(name_column, "").startswith(EXAMPLE_MARK):
            continue
        checked.total += 1
        if _is_foot_note(cells, name_column):
            text = cells[name_column][:40]
            checked.problems.append(Problem(number, _label(checked.kind, name_column), "not_a_row", text))
            continue
        values, problems = _parse_row(checked.kind, number, cells, city, day_zero)
        row = {"row": number, "values": values}
        if checked.kind in {"companies", "npos"}:
            problems += _check_organization(checked.kind, row, known, now)
        else:
            problems += _check_posting(checked.kind, number, values, known, now)
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


def _parse_row(
    kind: Kind, number: int, cells: Mapping[str, str], city: City, day_zero: date
) -> tuple[dict[str, Any], list[Problem]]:
    values: dict[str, Any] = {}
    units: dict[str, str] = {}
    problems: list[Problem] = []
    for column in COLUMNS[kind]:
        text = cells.get(column.code, "")
        try:
            cell = import_cells.read(column, text, city, day_zero)
        except Unclear as unclear:
            problems.append(Problem(number, column.label, unclear.code, unclear.part[:40]))
            continue
        value = cell.value
        if cell.note:
            problems.append(Problem(number, column.label, cell.note, text[:40], "note", cell.read))
        if cell.unit:
            units[column.code] = cell.unit
        if value is None and column.required:
            problems.append(Problem(number, column.label, "required"))
        elif isinstance(value, str) and column.kind in _TYPED and _is_too_long(kind, column, value):
            problems.append(Problem(number, column.label, "too_long", value[:20] + "…"))
        elif isinstance(value, str) and any("\ue000" <= character <= "\uf8ff" for character in value):
            # 外字: each office draws its own characters there, so others see an empty box.
            problems.append(Problem(number, column.label, "gaiji", value[:40], "note"))
        values[column.code] = value
    return values, problems + _take_unit(kind, number, values, units)


def _take_unit(kind: Kind, number: int, values: dict[str, Any], units: Mapping[str, str]) -> list[Problem]:
    """A unit behind an amount is that of its column, or takes its place where this is empty."""
    if kind not in {"needs", "offers"}:
        return []
    measured = {code: unit for code, unit in units.items() if code in {"quantity", "min_useful"}}
    if not values.get("unit") and "quantity" in measured:
        values["unit"] = measured["quantity"]
    return [
        Problem(number, _label(kind, code), "unit_differs", unit)
        for code, unit in measured.items()
        if not numerals.same_unit(unit, values.get("unit") or "")
    ]


_MODELS: Final[Mapping[Kind, tuple[Any, ...]]] = {
    "companies": (Organization, CompanyProfile),
    "npos": (Organization, NpoProfile),
    "needs": (Need,),
    "offers": (Offer,),
}


_TYPED: Final = frozenset({"text", "url", "email", "phone"})


def _is_too_long(kind: Kind, column: Column, value: str) -> bool:
    return limits.is_too_long(value, column.limit) or len(value) > _column_length(kind, column.code)


@cache
def _column_length(kind: Kind, code: str) -> float:
    """People count graphemes, a database column counts code points."""
    for model in _MODELS[kind]:
        columns = inspect(model).columns
        if code in columns:
            length = getattr(columns[code].type, "length", None)
            return length if isinstance(columns[code].type, String) and length else float("inf")
    return float("inf")


def _label(kind: Kind, code: str) -> str:
    return next(one.label for one in COLUMNS[kind] if one.code == code)


def _number_problem(kind: Kind, number: int, code: str, values: dict[str, Any]) -> list[Problem]:
    typed = values.get(code)
    values[code] = organization_acts.normal_number(typed)
    if values[code] is None or organization_acts.is_corporate_number(values[code]):
        return []
    values[code] = None
    return [Problem(number, _label(kind, code), "corporate_number", str(typed)[:40])]


def _check_organization(kind: Kind, row: dict[str, Any], known: _Known, now: datetime) -> list[Problem]:
    number, values = row["row"], row["values"]
    values["kana"] = organization_acts.katakana(values["kana"]) if values.get("kana") else None
    problems = _number_problem(kind, number, "corporate_number", values)
    website = values.get("website")
    if website and not organization_acts.is_web_address(website):
        # Registers often leave the scheme away; everything else is asked for. Of 「http://a@b.example」 no
        # second scheme makes an address.
        host = re.split("[:/?#]", website)[0]
        if "." in host and organization_acts.is_web_address(f"https://{website}"):
            values["website"] = f"https://{website}"
        else:
            problems.append(Problem(number, _label(kind, "website"), "url", website[:40]))
    founded = values.get("established_on")
    if founded and not organization_acts.is_founding_day(
        date.fromisoformat(founded), calendar.tokyo_date(now)
    ):
        problems.append(Problem(number, _label(kind, "established_on"), "in_future", founded))
    if problems or not values.get("name"):
        return problems
    me = _identity(values)
    found = known.same_organization(me)
    if found is not None and found[0] != "name_maybe":
        column = "corporate_number" if found[0] == "number_known" else "name"
        return [*problems, Problem(number, _label(kind, column), found[0], found[1].name[:40], "duplicate")]
    if found is not None:
        row["beside"] = asdict(found[1])
        problems.append(Problem(number, _label(kind, "name"), "name_maybe", me.name[:40], "doubt"))
    known.add_organization(me)
    told = "business" if kind == "companies" else "mission"
    other = "csr_policy" if kind == "companies" else "activities"
    if not values.get(told) and not values.get(other):
        problems.append(Problem(number, _label(kind, told), "no_text", level="note"))
    if kind == "npos" and not values["corporate_number"] and not values.get("no_number_reason"):
        values["no_number_reason"] = (
            "unincorporated" if values.get("org_type") in {"nini", "jichikai"} else None
        )
    return problems


def _identity(facts: Mapping[str, Any]) -> Identity:
    return Identity(
        facts["name"],
        facts.get("corporate_number") or "",
        facts.get("area") or "",
        facts.get("address") or "",
    )


def _check_posting(
    kind: Kind, number: int, values: dict[str, Any], known: _Known, now: datetime
) -> list[Problem]:
    problems = _number_problem(kind, number, "owner_number", values)
    if problems:
        return problems
    owner = _owner(values, known)
    if isinstance(owner, str):
        wrong = values.get("owner") or values.get("owner_number") or ""
        return [*problems, Problem(number, _label(kind, "owner"), owner, str(wrong)[:40])]
    key, name, _state = owner
    values |= {"owner_id": key, "owner": name}
    if not values.get("valid_until"):
        last = values.get("period_to")
        until = terms.latest_publication(
            calendar.tokyo_date(now) + lifecycle.RENEWAL, date.fromisoformat(last) if last else None
        )
        values["valid_until"] = until.isoformat()
    values["mode"] = values.get("mode") or "either"
    posting = _posting(kind, values, now)
    for code, wrong in posting_acts.check(posting, now).items():
        found = "" if values.get(code) is None else str(values[code])[:40]
        told = "unit_unfit" if (code, wrong) == ("unit", "required") and found else wrong
        problems.append(Problem(number, _label(kind, code), told, found))
    title = (key, texts.fold(values.get("title") or ""))
    if not problems and title in known.titles:
        return [Problem(number, _label(kind, "title"), "title_known", values["title"][:40], "duplicate")]
    known.titles.add(title)
    if not problems and (lacking := posting_acts.missing(posting)):
        words = "、".join(_label_or_code(kind, code) for code in lacking)
        problems.append(Problem(number, words, "incomplete", level="note"))
    return problems


def _label_or_code(kind: Kind, code: str) -> str:
    return next((one.label for one in COLUMNS[kind] if one.code == code), "担当者の氏名")


def _owner(values: Mapping[str, Any], known: _Known) -> tuple[int, str, str] | str:
    if values.get("owner_number"):
        return known.owner_numbers.get(values["owner_number"]) or "owner_unknown"
    found = known.owners.get(texts.fold(values.get("owner") or ""), [])
    if not found:
        return "owner_unknown" if values.get("owner") else "required"
    return found[0] if len(found) == 1 else "owner_ambiguous"


def _posting(kind: Kind, values: Mapping[str, Any], now: datetime) -> Need | Offer:
    facts = _facts(kind, values)
    model = Need if kind == "needs" else Offer
    posting = model(organization_id=values["owner_id"], state="draft", created_at=now, updated_at=now)
    for name, value in facts.items():
        if hasattr(model, name) and value is not None:
            setattr(posting, name, value)
    posting.areas, posting.fields = facts.get("areas") or [], facts.get("fields") or []
    posting.beneficiaries, posting.unit = facts.get("beneficiaries") or [], facts.get("unit") or ""
    return posting


def _facts(kind: Kind, values: Mapping[str, Any]) -> dict[str, Any]:
    """The values with real dates, as the models have them."""
    dates = {one.code for one in COLUMNS[kind] if one.kind == "date"}
    return {
        name: date.fromisoformat(value) if name in dates and value else value
        for name, value in values.items()
    }


# ── Between upload and confirmation ──────────────────────────────────────────────────────────────────


def keep(session: Session, actor: Actor, filename: str, checked: Checked, now: datetime) -> ImportBatch:
    """Keep a checked upload for the preview, and empty those that nobody came back to."""
    permissions.require(actor, "desk.import")
    _forget_old(session, now)
    notes = [problem for problem in checked.problems if problem.level == "note"]
    told = [problem for problem in checked.problems if problem.level != "note"] + notes[:MAX_NOTES]
    batch = ImportBatch(
        public_id=new_public_id(),
        kind=checked.kind,
        filename=tables.clean(filename)[-200:],
        uploaded_by_id=actor.user_id,
        uploaded_at=now,
        rows=checked.rows + checked.doubtful,
        problems=[asdict(problem) for problem in told],
        dropped_columns=checked.dropped,
        result={
            "total": checked.total,
            "ready": len(checked.rows),
            "errors": checked.count("error"),
            "doubtful": len(checked.doubtful),
            "duplicates": checked.count("duplicate"),
            "unknown": checked.unknown,
            "sheets": checked.sheets,
            "merged": checked.merged,
            "more_notes": max(0, len(notes) - MAX_NOTES),
        },
    )
    session.add(batch)
    session.flush()
    audit.record(
        session, actor, "upload", "importbatch", batch.public_id, now,
        details={"kind": batch.kind, "rows": checked.total, "dropped_columns": len(checked.dropped)},
    )  # fmt: skip
    return batch


def _forget_old(session: Session, now: datetime) -> None:
    session.execute(
        update(ImportBatch)
        .where(
            ImportBatch.uploaded_at < now - timedelta(days=KEEP_DAYS),
            ImportBatch.confirmed_at.is_(None),
            ImportBatch.discarded_at.is_(None),
            ImportBatch.public_id.not_in(
                select(Job.key).where(Job.kind == "import", Job.finished_at.is_(None))
            ),
        )
        .values(rows=[], problems=[], discarded_at=now)
    )


def get_batch(session: Session, actor: Actor, public_id: str) -> ImportBatch:
    """An upload, for city staff.

    Raises:
        NotFound
    """
    found = session.scalar(select(ImportBatch).where(ImportBatch.public_id == public_id))
    if found is None or not permissions.may(actor, "desk.import"):
        raise NotFound("importbatch")
    return found


def recent(session: Session, actor: Actor, limit: int = 20) -> Sequence[ImportBatch]:
    """The newest uploads."""
    permissions.require(actor, "desk.import")
    return session.scalars(select(ImportBatch).order_by(ImportBatch.id.desc()).limit(limit)).all()


def discard(session: Session, actor: Actor, batch: ImportBatch, now: datetime) -> None:
    """Throw an upload away, with all that it held.

    Raises:
        Refused: ``import_closed`` where it was confirmed or discarded before; ``import_running`` while its
            rows are being saved.
    """
    permissions.require(actor, "desk.import")
    _require_open(batch)
    if tickets.find_alive(session, "import", batch.public_id) is not None:
        raise Refused("import_running")
    batch.rows, batch.problems, batch.discarded_at = [], [], now
    audit.record(session, actor, "discard", "importbatch", batch.public_id, now)


def _require_open(batch: ImportBatch) -> None:
    if batch.confirmed_at is not None or batch.discarded_at is not None:
        raise Refused("import_closed")


def ask_to_save(
    session: Session,
    actor: Actor,
    public_id: str,
    state: str,
    now: datetime,
    address: str,
    others: Collection[int] = (),
) -> Ticket:
    """Put the saving of an upload in line (``run`` does it); a second click gets the same ticket.

    Args:
        address: of the page that shows the upload.
        others: as for ``confirm``.

    Raises:
        Invalid: ``state`` is none in which such records may begin.
        Refused: ``import_closed`` where it was confirmed or discarded before; ``import_running`` while its
            rows are being saved by another decision.
        jobs.Crowded: too many imports of this person are waiting.
    """
    batch = get_batch(session, actor, public_id)
    _require_open(batch)
    if state not in STATES[_kind(batch.kind)]:
        raise Invalid(state="required")
    last = tickets.find_newest(session, "import", public_id)
    decision = {"state": state, "others": sorted(others)}
    if last is not None and any(last.details[name] != chosen for name, chosen in decision.items()):
        if last.finished_at is None:
            raise Refused("import_running")
        last = None  # what is saved is found again, row by row
    before = Progress() if last is None else Progress(last.details["done"], last.details["saved"])
    return tickets.ask(
        session, actor, "import", public_id, now, public_id=new_public_id(), title=batch.filename,
        address=address, about=("importbatch", public_id),
        details={
            **decision, "total": len(_wanted(batch, others)), "request": actor.request_id, **asdict(before),
        },
    )  # fmt: skip


def run(database: Database, job: Job, holder: str, clock: Callable[[], datetime]) -> None:
    """Save the rows of an upload whose job ``holder`` has taken, from where an interruption left it.

    Raises:
        NotPermitted: the person who confirmed it may not import any more.
        jobs.Lost: somebody else has taken the job meanwhile.
    """
    with database.read() as session:
        actor = _asker(session, job)
        if get_batch(session, actor, job.key).confirmed_at is not None:
            return  # killed between the last row and the note that the job is done

    def keep_progress(session: Session, progress: Progress) -> None:
        tickets.renew(session, job.id, holder, clock(), asdict(progress))

    begin = Progress(job.details["done"], job.details["saved"])
    confirm(
        database, actor, job.key, job.details["state"], clock(), others=job.details["others"], begin=begin,
        within=keep_progress,
    )  # fmt: skip


def _asker(session: Session, job: Job) -> Actor:
    user = session.scalar(
        select(User)
        .join(Ticket, Ticket.user_id == User.id)
        .where(Ticket.job_id == job.id)
        .order_by(Ticket.id)
        .options(joinedload(User.organization))
        .limit(1)
    )
    if user is None or user.status != "active":
        raise NotPermitted("desk.import")
    actor = accounts.actor_of(user, job.details.get("request", ""))
    permissions.require(actor, "desk.import")
    return actor


def confirm(
    database: Database,
    actor: Actor,
    public_id: str,
    state: str,
    now: datetime,
    *,
    others: Collection[int] = (),
    begin: Progress = Progress(),
    within: Within | None = None,
) -> Result:
    """Save the rows of an upload, in short transactions of its own.

    Args:
        others: of the doubtful rows those that name another organization, as somebody has decided.
        begin, within: as for ``save``.

    Raises:
        Invalid: ``state`` is none in which such records may begin.
        Refused: ``import_closed`` where it was confirmed or discarded before.
    """
    with database.read() as session:
        batch = get_batch(session, actor, public_id)
        _require_open(batch)
        kind, rows = _kind(batch.kind), _wanted(batch, others)
    result = save(database, actor, kind, rows, state, now, about=public_id, begin=begin, within=within)
    with database.write() as session:
        batch = get_batch(session, actor, public_id)
        if batch.confirmed_at is None:
            # What was read from the file is now in the records; a second copy of it serves nobody. How
            # numbers and days were understood stays, since only the file says what was typed.
            batch.rows, batch.confirmed_at = [], now
            batch.problems = [
                one if one["code"] in import_cells.READINGS else {**one, "value": ""}
                for one in batch.problems
            ]
            batch.result = {**batch.result, "state": state, "saved": result.saved, "skipped": result.skipped}
            decided = [row["row"] for row in rows if "beside" in row]
            _note_confirmed(session, actor, kind, public_id, state, result, now, decided)
        if within is not None:
            within(session, Progress(len(rows), result.saved))
    return result


def _wanted(batch: ImportBatch, others: Collection[int]) -> list[dict[str, Any]]:
    """The rows to save: of the doubtful ones those that somebody has decided on."""
    return [row for row in batch.rows if "beside" not in row or row["row"] in others]


def _kind(text: str) -> Kind:
    return next(kind for kind in COLUMNS if kind == text)


def _note_confirmed(
    session: Session,
    actor: Actor,
    kind: Kind,
    about: str,
    state: str,
    result: Result,
    now: datetime,
    decided: Sequence[int] = (),
) -> None:
    details = {"kind": kind, "state": state, "saved": result.saved, "skipped": result.skipped}
    if decided:
        details["others"] = list(decided)
    audit.record(session, actor, "confirm", "importbatch", about, now, details=details)


# ── Saving ───────────────────────────────────────────────────────────────────────────────────────────


def save(
    database: Database,
    actor: Actor,
    kind: Kind,
    rows: Sequence[Mapping[str, Any]],
    state: str,
    now: datetime,
    *,
    about: str = "",
    step: Callable[[int, int], None] | None = None,
    begin: Progress = Progress(),
    within: Within | None = None,
) -> Result:
    """Save checked rows in transactions of about half a second; ``step(done, total)`` is told of progress.

    Args:
        about: public id of the upload, for the audit events; made up where there is none.
        begin: how far an interrupted run had come; its rows are not looked at again.
        within: called in each of the transactions with the progress that it commits.

    Raises:
        Invalid: ``state`` is none in which such records may begin.
    """
    permissions.require(actor, "desk.import")
    if state not in STATES[kind]:
        raise Invalid(state="required")
    alone, about = not about, about or new_public_id()
    one = _save_organization if kind in {"companies", "npos"} else _save_posting
    done, saved = begin.done, begin.saved
    waiting = iter(rows[done:])
    while True:
        with database.write() as session:
            chunk = 0
            for row in _for_a_while(waiting):
                saved += one(session, actor, kind, row, state, now, about)
                chunk += 1
            if within is not None:
                within(session, Progress(done + chunk, saved))
        done += chunk
        if step is not None:
            step(done, len(rows))
        if done >= len(rows):
            break
        time.sleep(PAUSE_SECONDS)
    result = Result(saved, len(rows) - saved)
    if alone:
        with database.write() as session:
            decided = [row["row"] for row in rows if "beside" in row]
            _note_confirmed(session, actor, kind, about, state, result, now, decided)
    return result


def _for_a_while(waiting: Iterator[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    started = time.monotonic()
    for row in waiting:
        yield row
        if time.monotonic() - started > CHUNK_SECONDS:
            return


def _save_organization(
    session: Session,
    actor: Actor,
    kind: Kind,
    row: Mapping[str, Any],
    state: str,
    now: datetime,
    about: str,
) -> bool:
    facts = _facts(kind, row["values"])
    organization_kind = "company" if kind == "companies" else "npo"
    if _is_there(session, organization_kind, facts, is_decided="beside" in row):
        return False
    organization = Organization(
        kind=organization_kind,
        state=state,
        created_at=now,
        updated_at=now,
        submitted_at=now,
        **_own(Organization, facts),
    )
    if state == "verified":
        organization.verified_at = now
        organization.verification_expires_on = organization_acts.verified_until(calendar.tokyo_date(now))
    if organization_kind == "company":
        undecided = not facts.get("fields")
        organization.company = CompanyProfile(fields_undecided=undecided, **_own(CompanyProfile, facts))
    else:
        organization.npo = NpoProfile(**_own(NpoProfile, facts))
    organization.search_text = folding.text_of_organization(organization)
    session.add(organization)
    session.flush()
    audit.record(
        session, actor, "import", "organization", organization.public_id, now,
        object_version=organization.version, to_state=state, details={"batch": about, "row": row["row"]},
    )  # fmt: skip
    findable.touch(session, organization)
    return True


def _own(model: Any, facts: Mapping[str, Any]) -> dict[str, Any]:
    """The facts that a model has a column for; what is empty gets the model's own default."""
    columns = inspect(model).columns
    return {name: value for name, value in facts.items() if name in columns and value is not None}


def _is_there(session: Session, kind: str, facts: Mapping[str, Any], *, is_decided: bool) -> bool:
    """Whether the row was saved since it was checked: by a colleague, or before an interruption.

    What may be the same is left out as well, unless somebody has decided that it is not.
    """
    me = _identity(facts)
    same = (Organization.name == me.name) & (Organization.kind == kind)
    if me.number:
        same |= Organization.corporate_number == me.number
    query = select(
        Organization.name, Organization.corporate_number, Organization.area, Organization.address
    ).where(same)
    verdicts = {
        compare(me, Identity(name, number or "", area or "", address or ""))
        for name, number, area, address in session.execute(query)
    }
    return "same" in verdicts or ("maybe" in verdicts and not is_decided)


def _save_posting(
    session: Session,
    actor: Actor,
    kind: Kind,
    row: Mapping[str, Any],
    state: str,
    now: datetime,
    about: str,
) -> bool:
    owner = session.scalar(
        select(Organization)
        .where(Organization.id == row["values"]["owner_id"])
        .options(joinedload(Organization.company), joinedload(Organization.npo))
    )
    posting = _posting(kind, row["values"], now)
    model = type(posting)
    same = select(func.count()).select_from(model).where(
        model.organization_id == posting.organization_id, model.title == posting.title
    )  # fmt: skip
    if owner is None or session.scalar(same.where(model.state != "withdrawn")):
        return False
    _complete(posting, owner)
    # What is not complete, or of an organization that is not verified, is read by the city first.
    is_open = state == "open" and owner.state == "verified" and not posting_acts.missing(posting)
    posting.state = "open" if is_open else "in_review"
    posting.submitted_at, posting.published_at = now, now if is_open else None
    posting.number = numbers.receipt_number(session, "N" if kind == "needs" else "T", now)
    posting.search_text = folding.text_of_posting(posting)
    session.add(posting)
    session.flush()
    posting_acts.keep_revision(session, posting, actor, now)
    audit.record(
        session, actor, "import", posting_acts.kind_of(posting), posting.public_id, now,
        object_version=posting.version, to_state=posting.state, details={"batch": about, "row": row["row"]},
    )  # fmt: skip
    findable.touch(session, posting)
    return True


def _complete(posting: Need | Offer, owner: Organization) -> None:
    """What the sheet leaves open and the profile knows."""
    profile = owner.company if owner.kind == "company" else owner.npo
    posting.areas = posting.areas or list(profile.areas if profile else [])
    if isinstance(posting, Need):
        posting.fields = posting.fields or list(profile.fields if profile else [])
        posting.beneficiaries = posting.beneficiaries or list(profile.beneficiaries if profile else [])
        posting.contact_name = owner.contact_name
        posting.visibility = "approached" if owner.visibility == "approached" else "public"
        posting.steps_done = 5
