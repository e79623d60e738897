"""What a list of the desk is: declared in its own module, shown and saved by the same pages.

A list says once who may see it, what it asks, by what it is narrowed and sorted, and which columns it has;
the screen shows a page of it and the sheet all of it, so that what is saved is what was shown. Labels are
Japanese as they stand in the catalogues. Conditions come as a mapping of codes; unknown names are ignored.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final, Literal

from sqlalchemy import ColumnElement, case, func, or_
from sqlalchemy.orm import Session

from matcher.desk import watches
from matcher.ground import permissions
from matcher.ground.lifecycle import Machine
from matcher.ground.permissions import Actor
from matcher.register import folding
from matcher.register.paging import Listing

PAGE_SIZE: Final = 50
SHEET_LIMIT: Final = 20_000  #: rows of a saved list; a sheet that a person can still use


Conditions = Mapping[str, str]


@dataclass(frozen=True)
class Row:
    """One record of a list, since when it stands as it stands, and a count where the list has one."""

    record: Any
    since: datetime
    count: int = 0
    moved: datetime | None = None
    due: date | None = None  #: of a case: the next day on which something is due
    marks: tuple[str, ...] = ()  #: of a case: overdue, risk, incidents
    turn: tuple[str, ...] = ()  #: of a case: whose turn it is
    further: int = 0  #: of a need: so many further parts


@dataclass(frozen=True)
class Column:
    """One column of a list.

    Args:
        label: its heading.
        value: what of a row stands in it: a text, a number, a day or a moment, a code or several.
        says: how the pages say it, where it is no plain value (``webapp/desk_lists.py``).
        codes: code → label, where it is a code or several.
        machine: the life cycle whose states it shows.
        kind: ``days``: the days since the moment.
        sort: its name in ``?sort=``, empty where the list is not sorted by it.
        first: "-" where the first click sorts downwards.
        link: whether it leads to the record.
    """

    label: str
    value: Callable[[Any], Any]
    sort: str = ""
    first: str = ""
    kind: Literal["text", "number", "day", "days"] = "text"
    width: int = 14
    says: str = ""
    codes: Mapping[str, str] | None = None
    machine: Machine | None = None
    link: bool = False


@dataclass(frozen=True)
class Filter:
    """One way of narrowing a list.

    Args:
        options: code → label; ``areas`` or ``fields``: those of the city; ``years``: the latest fiscal years;
            ``text``, ``day`` or ``hidden``: it is typed, or comes with an address.
    """

    name: str
    label: str
    options: Mapping[str, str] | Literal["areas", "fields", "years", "text", "day", "hidden"]


AREA: Final = Filter("area", "地区", "areas")
FIELD: Final = Filter("field", "分野", "fields")
YEAR: Final = Filter("year", "年度", "years")  #: in which its number was given
YEARS: Final = 8  #: so many fiscal years can be chosen, this one and those before


@dataclass(frozen=True)
class DeskList:
    """One list.

    Args:
        name: as addresses name it.
        find: ``find(session, actor, conditions, now, sort=…, page=…)`` gives a ``Listing``; ``page=None`` all
            that a sheet holds.
        page: the endpoint of a row's record.
        label: what a row is called, for those who listen; without it no rows are chosen one by one.
        menu: its name in the navigation, empty where it is reached from another page; ``place``: where there.
        fills: what has to happen before anything stands in it, where it is more than that it is registered.
        seen, saved: what one must be allowed to do to see it, and to take it home as a file.
    """

    name: str
    heading: str
    lead: str
    empty: str
    find: Callable[..., Listing]
    filters: Sequence[Filter]
    columns: Sequence[Column]
    page: str = ""
    default_sort: str = ""
    label: Callable[[Any], str] | None = None
    menu: str = ""
    place: int = 0
    fills: str = ""
    seen: Literal["desk.view", "audit.view"] = "desk.view"
    saved: str = "desk.export"

    def fetch(
        self, session: Session, actor: Actor, conditions: Conditions, now: datetime,
        *, sort: str = "", page: int | None = 1,
    ) -> Listing:  # fmt: skip
        """A page of it, or all that a sheet holds, for those who may see it.

        Raises:
            NotPermitted: for others.
        """
        permissions.require(actor, self.seen)
        return self.find(session, actor, conditions, now, sort=sort, page=page)


# ── Pieces of a query ────────────────────────────────────────────────────────────────────────────────


def worded(conditions: Conditions, *columns: Any) -> list[ColumnElement[bool]]:
    """Every word that was typed stands in one of the columns."""
    return [
        or_(*(column.ilike(folding.like_pattern(term), escape="\\") for column in columns))
        for term in folding.terms(conditions.get("q", ""))
    ]


def equal(conditions: Conditions, model: Any, *names: str) -> list[ColumnElement[bool]]:
    """The chosen codes of columns of the record."""
    return [getattr(model, name) == conditions[name] for name in names if conditions.get(name)]


def numbered_in(conditions: Conditions, number: Any) -> list[ColumnElement[bool]]:
    """What got its number (``N-2026-0142``) in the fiscal year that was chosen."""
    year = conditions.get("year", "")
    return [number.like(f"_-{year}-%")] if year.isascii() and year.isdecimal() else []


def ordered(sort: str, columns: Mapping[str, Any], tie: Any) -> list[Any]:
    """ORDER BY of ``?sort=``. "age" rising means youngest first.

    A column may be several, of which the later ones count where the first ones are equal.

    Without a known ``sort``: what waits for the city, then what waits for others, then the rest, and of
    each the oldest first.
    """
    falling, key = sort.startswith("-"), sort.removeprefix("-")
    if key not in columns:
        state = columns["state"]
        rank = case(
            (state.in_(("submitted", "in_review", "coordinator_review")), 0),
            (state.in_(watches.ON_THE_WAY), 1),
            (state.in_(("verified", "open", *watches.AT_WORK)), 2),
            else_=3,
        )
        return [rank, columns["age"], tie]
    if key == "age":
        falling = not falling
    parts = columns[key] if isinstance(columns[key], tuple) else (columns[key],)
    # What is missing comes at the end, whichever way one sorts.
    return [parts[0].is_(None), *(part.desc() if falling else part.asc() for part in parts), tie]


def page_of(session: Session, query: Any, page: int | None) -> tuple[int, int, Sequence[Any]]:
    """(rows in all, number of the page, its rows); ``page=None``: all that a sheet holds."""
    counted = query.with_only_columns(func.count(), maintain_column_froms=True).order_by(None)
    total = session.scalar(counted) or 0
    if page is None:
        return total, 1, session.execute(query.limit(SHEET_LIMIT)).all()
    page = max(1, min(page, -(-total // PAGE_SIZE) or 1))
    rows = session.execute(query.offset((page - 1) * PAGE_SIZE).limit(PAGE_SIZE)).all()
    return total, page, rows


def listed(
    session: Session,
    query: Any,
    conditions: Conditions,
    model: Any,
    page: int | None,
    order: list[Any],
    row_of: Callable[[Any], Row] = lambda found: Row(*found),
) -> Listing:
    """One page of ``query``, or only the rows that were ticked."""
    if chosen := [one for one in conditions.get("selected", "").split(",") if one]:
        query = query.where(model.public_id.in_(chosen))
    total, number, rows = page_of(session, query.order_by(*order), page)
    return Listing([row_of(row) for row in rows], total, number, PAGE_SIZE)
