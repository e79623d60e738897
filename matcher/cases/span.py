"""The days that a case spans: nothing of it happened before, and nothing is planned beyond.

A year typed wrong would otherwise be thousands of days late, or never come.
"""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Final

from sqlalchemy.orm import Session

from matcher.cases import documents
from matcher.ground import calendar, lifecycle
from matcher.records import Partnership
from matcher.register.act import Look

AFTER_DAYS: Final = 366  #: after its last day what has come of it is still measured and talked about


def first_day(session: Session, case: Partnership) -> date:
    """The earliest day on which anything can have been given or agreed between the two: that on which the
    city introduced them, or an earlier one on which their trial or their agreement began.
    """
    days = [calendar.tokyo_date(case.decided_at or case.created_at)]
    if trial := documents.find_agreed(session, case, "trial"):
        days.append(date.fromisoformat(trial.content["from_on"]))
    if case.starts_on is not None:
        days.append(case.starts_on)
    return min(days)


def last_day(case: Partnership, today: date) -> date:
    """The latest day for which anything can be planned: a year after the agreement's last day, or from today
    on where what comes after it has taken long.
    """
    most = timedelta(days=lifecycle.TERMS_LEAD_DAYS + lifecycle.TERMS_MOST_DAYS)
    last = max(case.ends_on, today) if case.ends_on is not None else today + most
    return last + timedelta(days=AFTER_DAYS)


def fault_of_past(look: Look, day: date) -> str | None:
    """Why something of the case cannot have happened that day: a code, or ``None``."""
    if day > calendar.tokyo_date(look.now):
        return "in_future"
    return "before_case" if day < first_day(look.session, look.record) else None


def fault_of_plan(look: Look, day: date) -> str | None:
    """Why nothing can be planned for that day from today on: a code, or ``None``."""
    today = calendar.tokyo_date(look.now)
    if day < today:
        return "over_already"
    return "beyond_case" if day > last_day(look.record, today) else None


def fault_within(look: Look, days: Iterable[str]) -> str | None:
    """Why a plan, which may speak of days that have passed, cannot name one of these ISO days: a code, or
    ``None``.
    """
    first = first_day(look.session, look.record).isoformat()
    last = last_day(look.record, calendar.tokyo_date(look.now)).isoformat()
    outside = (day for day in days if not first <= day <= last)
    return next(("before_case" if day < first else "beyond_case" for day in outside), None)
