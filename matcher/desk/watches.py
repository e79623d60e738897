"""What the desk watches on a case: what it waits for, since when, until when, and what may go wrong.

Expressions over ``partnership``; the desk's queues, its list of cases and its deadlines share them, so that a
figure on the desk is the number of rows behind it.
"""

from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, Date, and_, case, exists, func, or_, select

from matcher.ground import calendar, lifecycle
from matcher.records import (
    CaseDocument,
    CaseMessage,
    CaseTask,
    EvaluationSheet,
    Incident,
    Indicator,
    Measurement,
    Partnership,
    Payment,
    PeriodReport,
    Risk,
)

#: Cases on the way to a decision; after the introduction the two sides go on by themselves.
ON_THE_WAY: Final = tuple(sorted(lifecycle.CASE_OPEN - lifecycle.CASE_WORK))
AT_WORK: Final = tuple(sorted(lifecycle.CASE_WORK - {"agreed", "closed"}))
RUNNING: Final = ("running", "suspended")
GRAVE: Final = 6  #: likelihood × impact from which a risk stands on the desk

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


def to_read_since() -> Expression:
    """The oldest report or measurement that waits for the city."""
    report = _first(PeriodReport.submitted_at, PeriodReport, PeriodReport.state == "submitted")
    measured = (
        select(func.min(Measurement.submitted_at))
        .join(Indicator, Indicator.id == Measurement.indicator_id)
        .where(Indicator.partnership_id == Partnership.id, Measurement.state == "submitted")
        .correlate(Partnership)
        .scalar_subquery()
    )
    return _earlier(report, measured)


def to_accept_since() -> Expression:
    """The oldest text that both sides have accepted and the city has not (a change, a public page)."""
    return _first(
        _later(CaseDocument.company_accepted_at, CaseDocument.npo_accepted_at),
        CaseDocument,
        CaseDocument.state == "draft",
        CaseDocument.needs_city.is_(True),
        CaseDocument.company_accepted_at.is_not(None),
        CaseDocument.npo_accepted_at.is_not(None),
        CaseDocument.city_accepted_at.is_(None),
    )


def to_pay_since() -> Expression:
    """The oldest amount that is not yet approved, or approved and not yet paid."""
    return _first(
        func.coalesce(Payment.approved_at, Payment.calculated_at),
        Payment,
        or_(Payment.approved_at.is_(None), and_(Payment.paid_on.is_(None), Payment.amount_yen > 0)),
    )


def to_conclude_since() -> Expression:
    """When the evaluation or the closing became the city's to do: its own rating, the conclusion, the end."""
    rated = select(func.count(EvaluationSheet.id)).where(EvaluationSheet.partnership_id == Partnership.id)
    parties = ("company", "npo", "city")
    by_city = rated.where(EvaluationSheet.rater == "city").correlate(Partnership).scalar_subquery()
    by_all = rated.where(EvaluationSheet.rater.in_(parties)).correlate(Partnership).scalar_subquery()
    waits = or_(
        Partnership.state == "evaluated",
        and_(
            Partnership.state == "reported",
            or_(Partnership.was_terminated.is_(True), by_city < len(parties), by_all == len(parties) ** 2),
        ),
    )
    return case((waits, Partnership.moved_at), else_=None)


def incident_since() -> Expression:
    """The oldest trouble that is not settled."""
    return _first(Incident.reported_at, Incident, Incident.resolved_at.is_(None))


def report_due(now: datetime, *, overdue: bool) -> Expression:
    """The day on which the next periodic report is due – or was, if it is ``overdue``."""
    today = calendar.tokyo_date(now)
    return _first(
        PeriodReport.due_on,
        PeriodReport,
        PeriodReport.state.in_(("open", "sent_back")),
        Partnership.state.in_(RUNNING),
        PeriodReport.due_on < today if overdue else PeriodReport.period_to < today,
    )


def next_day() -> Expression:
    """The nearest day on which something is due on an open case: its own deadline, a report, a promise, its
    first or last day.
    """
    report = _first(
        PeriodReport.due_on,
        PeriodReport,
        PeriodReport.state.in_(("open", "sent_back")),
        Partnership.state.in_(RUNNING),
    )
    promise = _first(CaseTask.due_on, CaseTask, CaseTask.done_at.is_(None))
    # Deadlines end at 14:59:59 UTC, so that their UTC day is the day in Tokyo.
    own = func.date(Partnership.deadline_at, type_=Date())
    edge = case(
        (Partnership.state == "agreed", Partnership.starts_on),
        (Partnership.state.in_(RUNNING), Partnership.ends_on),
        else_=None,
    )
    nearest = _earlier(_earlier(own, report), _earlier(promise, edge))
    return case((Partnership.state.in_(tuple(sorted(lifecycle.CASE_OPEN))), nearest), else_=None)


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


def waits_for_city() -> ColumnElement[bool]:
    """Whether the next thing to do on the case is the city's."""
    return or_(
        Partnership.state.in_(("coordinator_review", "agreement_review")),
        to_read_since().is_not(None),
        to_accept_since().is_not(None),
        to_pay_since().is_not(None),
        to_conclude_since().is_not(None),
    )


def part_missing(side: str, now: datetime) -> ColumnElement[bool]:
    """Whether a side has yet to hand in its part of a report whose period is over."""
    handed_in = {"company": PeriodReport.company_submitted_at, "npo": PeriodReport.npo_submitted_at}[side]
    return exists().where(
        PeriodReport.partnership_id == Partnership.id,
        PeriodReport.state.in_(("open", "sent_back")),
        PeriodReport.period_to < calendar.tokyo_date(now),
        handed_in.is_(None),
        Partnership.state.in_(RUNNING),
    )


# ── By name ──────────────────────────────────────────────────────────────────────────────────────────

#: Queues and filters whose cases are those that have waited since some moment.
_SINCE: Final = {
    "to_read": to_read_since,
    "to_accept": to_accept_since,
    "to_pay": to_pay_since,
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
    "city": lambda _now: waits_for_city(),
}
WATCHES: Final = frozenset({*_SINCE, *_CONDITIONS, "overdue"})
MARKS: Final = ("overdue", "risk", "incidents")
TURNS: Final = ("company", "npo", "coordinator")


def watch(code: str, now: datetime) -> tuple[ColumnElement[bool], Expression]:
    """(condition, since when) of one of ``WATCHES``.

    Raises:
        KeyError: there is no such queue or filter.
    """
    if code == "overdue":
        day = report_due(now, overdue=True)
        return day.is_not(None), day
    if code in _SINCE:
        since = _SINCE[code]()
        return since.is_not(None), since
    return _CONDITIONS[code](now), last_sign()


def marks(now: datetime) -> dict[str, ColumnElement[bool]]:
    """What a line of the list warns of."""
    return {code: watch(code, now)[0] for code in MARKS}


def turns(now: datetime) -> dict[str, ColumnElement[bool]]:
    """On whom a case waits beside what its state says (``Partnership.waiting_on``)."""
    return {
        "company": part_missing("company", now),
        "npo": part_missing("npo", now),
        "coordinator": waits_for_city(),
    }


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
