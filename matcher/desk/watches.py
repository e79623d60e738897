"""What the desk watches on a case: what it waits for, since when, until when, and what may go wrong.

Expressions over ``partnership``; the desk's queues, its list of cases and its deadlines share them, so that a
figure on the desk is the number of rows behind it.
"""

from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, case, exists, func, or_, select

from matcher.cases import turns
from matcher.cases.reads import DOCUMENT_WORK
from matcher.ground import calendar, lifecycle
from matcher.records import CaseMessage, CaseStep, Incident, Partnership, Risk
from matcher.results import closing, ratings
from matcher.work import measurements, payments, reports

#: Cases on the way to a decision; after the introduction the two sides go on by themselves.
ON_THE_WAY: Final = tuple(sorted(lifecycle.CASE_OPEN - lifecycle.CASE_WORK))
AT_WORK: Final = tuple(sorted(lifecycle.CASE_WORK - {"agreed", "closed"}))
GRAVE: Final = 6  #: likelihood × impact from which a risk stands on the desk

#: What of the city's steps stands in which of its queues.
_TO_READ: Final = (reports.review_report.name, measurements.review_measurement.name)
_TO_ACCEPT: Final = tuple(f"accept_{kind}" for kind in DOCUMENT_WORK)
_TO_PAY: Final = (payments.approve.name, payments.record_paid.name)
#: What the city does about a payment.
PAYING: Final = (payments.calculate, payments.calculate_fixed, payments.approve, payments.record_paid)
_TO_CONCLUDE: Final = (
    ratings.rate.name, ratings.conclude.name, closing.close.name, "no_lesson", "not_published_yet",
    "publication_outdated", "money_short", "money_unconfirmed", "unpaid", "uncalculated",
    *(one.name for one in PAYING),
)  # fmt: skip

Expression = ColumnElement[Any]


# ── Time limits ──────────────────────────────────────────────────────────────────────────────────────


def promise_limit(now: datetime) -> datetime:
    """What came in up to this moment should have been read by the end of yesterday (working days)."""
    today = calendar.tokyo_date(now)
    day = today - timedelta(days=1)
    while calendar.add_working_days(day, lifecycle.REVIEW_WORKING_DAYS) >= today:
        day -= timedelta(days=1)
    return calendar.end_of_day(day)


def stall_limit(now: datetime) -> datetime:
    """A case without movement since before this moment stands still."""
    return now - timedelta(days=lifecycle.STALL_DAYS)


# ── Since when something waits; NULL where nothing does ──────────────────────────────────────────────


def last_sign() -> Expression:
    """The moment of the last thing that anybody did or said on the case."""
    word = (
        select(func.max(CaseMessage.written_at))
        .where(CaseMessage.partnership_id == Partnership.id)
        .correlate(Partnership)
        .scalar_subquery()
    )
    return _later(_later(Partnership.moved_at, Partnership.touched_at), word)


def waiting_since(*kinds: str) -> Expression:
    """Since when the city is to do one of these ``kinds`` of thing."""
    return _first(CaseStep.since, CaseStep, CaseStep.side == "city", CaseStep.kind.in_(kinds))


def to_conclude_since() -> Expression:
    """When the evaluation or the closing became the city's to do: its own rating, the conclusion, the end."""
    at_the_end = Partnership.state.in_(("reported", "evaluated"))
    return case((at_the_end, waiting_since(*_TO_CONCLUDE)), else_=None)


def incident_since() -> Expression:
    """The oldest trouble that is not settled."""
    return _first(Incident.reported_at, Incident, Incident.resolved_at.is_(None))


def late_report(now: datetime) -> Expression:
    """The day on which the oldest periodic report was due that is not handed in."""
    return _first(
        CaseStep.until, CaseStep, CaseStep.kind == "write_report", CaseStep.until < calendar.tokyo_date(now)
    )


def next_day(now: datetime) -> Expression:
    """The nearest day by which something is to be done on a case; where nothing is to be done yet, the next
    such day to come, its first or its last.
    """
    open_now = _first(CaseStep.until, CaseStep, turns.is_open(now))
    edge = case(
        (Partnership.state == "agreed", Partnership.starts_on),
        (Partnership.state.in_(lifecycle.CASE_RUNNING), Partnership.ends_on),
        else_=None,
    )
    return func.coalesce(open_now, _earlier(_first(CaseStep.until, CaseStep), edge))


# ── Conditions ───────────────────────────────────────────────────────────────────────────────────────


def stalled(now: datetime) -> ColumnElement[bool]:
    """Before the introduction: nothing for 30 days, or waiting for the city beyond its promise."""
    return or_(
        and_(Partnership.state.in_(ON_THE_WAY), last_sign() <= stall_limit(now)),
        and_(Partnership.state == "coordinator_review", Partnership.moved_at <= promise_limit(now)),
    )


def quiet(now: datetime) -> ColumnElement[bool]:
    """Introduced or at work together, and nothing heard for 30 days."""
    return and_(Partnership.state.in_(AT_WORK), last_sign() <= stall_limit(now))


def has_grave_risk() -> ColumnElement[bool]:
    """An open risk of at least ``GRAVE``."""
    return exists().where(
        Risk.partnership_id == Partnership.id,
        Risk.closed_at.is_(None),
        Risk.likelihood * Risk.impact >= GRAVE,
    )


def waits_for(side: str, now: datetime) -> ColumnElement[bool]:
    """Whether a side has something to do on the case."""
    return exists().where(
        CaseStep.partnership_id == Partnership.id, CaseStep.side == side, turns.is_open(now)
    )


# ── By name ──────────────────────────────────────────────────────────────────────────────────────────

#: Queues and filters whose cases are those that have waited since some moment.
_SINCE: Final[Mapping[str, Callable[[], Expression]]] = {
    "to_read": partial(waiting_since, *_TO_READ),
    "to_accept": partial(waiting_since, *_TO_ACCEPT),
    "to_pay": partial(waiting_since, *_TO_PAY),
    "to_conclude": to_conclude_since,
    "incidents": incident_since,
}
#: Queues and filters by a condition; what counts there is the last sign of life.
_CONDITIONS: Final[Mapping[str, Callable[[datetime], ColumnElement[bool]]]] = {
    "over": stalled,
    "quiet": quiet,
    "running": lambda _now: Partnership.state.in_(ON_THE_WAY),
    "at_work": lambda _now: Partnership.state.in_(AT_WORK),
    "risk": lambda _now: has_grave_risk(),
    "city": partial(waits_for, "city"),
}
WATCHES: Final = frozenset({*_SINCE, *_CONDITIONS, "overdue"})
MARKS: Final = ("overdue", "risk", "incidents")


def watch(code: str, now: datetime) -> tuple[ColumnElement[bool], Expression]:
    """(condition, since when) of one of ``WATCHES``.

    Raises:
        KeyError: there is no such queue or filter.
    """
    if code == "overdue":
        day = late_report(now)
        return day.is_not(None), day
    if code in _SINCE:
        since = _SINCE[code]()
        return since.is_not(None), since
    return _CONDITIONS[code](now), last_sign()


def marks(now: datetime) -> dict[str, ColumnElement[bool]]:
    """What a line of the list warns of."""
    return {code: watch(code, now)[0] for code in MARKS}


def sides(now: datetime) -> dict[str, ColumnElement[bool]]:
    """Whose turn it is."""
    return {side: waits_for(side, now) for side in turns.SIDES}


def moment(value: datetime | date | None) -> datetime | None:
    """A moment, or the end of a day, as a moment."""
    return value if value is None or isinstance(value, datetime) else calendar.end_of_day(value)


# ── Pieces ───────────────────────────────────────────────────────────────────────────────────────────


def _first(value: Any, kind: Any, *conditions: Any) -> Expression:
    """The smallest ``value`` among a case's records of a kind, NULL where there is none."""
    return (
        select(func.min(value))
        .where(kind.partnership_id == Partnership.id, *conditions)
        .correlate(Partnership)
        .scalar_subquery()
    )


# The two databases have no function in common that passes over NULL.
def _earlier(one: Any, other: Any) -> Expression:
    return case((one.is_(None), other), (other.is_(None), one), (one <= other, one), else_=other)


def _later(one: Any, other: Any) -> Expression:
    return case((one.is_(None), other), (other.is_(None), one), (one >= other, one), else_=other)
