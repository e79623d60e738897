"""Working days, deadlines and fiscal years as a Japanese town hall counts them (Tokyo time)."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import jpholiday

TOKYO = ZoneInfo("Asia/Tokyo")


def tokyo_date(moment: datetime) -> date:
    """The calendar day in Tokyo at ``moment`` (aware)."""
    return moment.astimezone(TOKYO).date()


def end_of_day(day: date) -> datetime:
    """The last second of ``day`` in Tokyo, as UTC: deadlines end at 23:59:59."""
    return datetime.combine(day, time(23, 59, 59), TOKYO).astimezone(UTC)


def deadline(now: datetime, days: int) -> datetime:
    """The end of the day that is ``days`` calendar days after today in Tokyo."""
    return end_of_day(tokyo_date(now) + timedelta(days=days))


def is_working_day(day: date) -> bool:
    """Whether the town hall is open: no weekend, no holiday, not 29 December to 3 January."""
    year_end = (day.month == 12 and day.day >= 29) or (day.month == 1 and day.day <= 3)
    return day.weekday() < 5 and not year_end and not jpholiday.is_holiday(day)


def add_working_days(day: date, count: int) -> date:
    """The ``count``-th working day after ``day``."""
    while count > 0:
        day += timedelta(days=1)
        count -= is_working_day(day)
    return day


def add_months(day: date, months: int) -> date:
    """The same day of a later month, or that month's last day."""
    year, month = divmod(day.month - 1 + months, 12)
    year, month = day.year + year, month + 1
    following = date(year + month // 12, month % 12 + 1, 1)
    return date(year, month, min(day.day, (following - timedelta(days=1)).day))


def years_later(day: date, years: int) -> date:
    """The same day of another year; 28 February for the 29th."""
    is_leap_day = (day.month, day.day) == (2, 29)
    return day.replace(year=day.year + years, day=28 if is_leap_day else day.day)


def last_of_months(first: date, months: int) -> date:
    """The last day of a period of so many months that begins on ``first``.

    It ends the day before the day of the same number, or where the last month has none, on its last day
    (Civil Code, article 143 (2)).
    """
    same = add_months(first, months)
    return same - timedelta(days=1) if same.day == first.day else same


def fiscal_year(moment: datetime | date) -> int:
    """The fiscal year (April to March) of a moment or a day."""
    day = tokyo_date(moment) if isinstance(moment, datetime) else moment
    return day.year if day.month >= 4 else day.year - 1
