"""Working days, deadlines and fiscal years as a Japanese town hall counts and writes them (Tokyo time)."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import jpholiday

TOKYO = ZoneInfo("Asia/Tokyo")


@dataclass(frozen=True)
class Era:
    """An era: how it is written, from which day on, and until which day papers may say so."""

    name: str
    short: str
    letter: str
    spoken: tuple[str, ...]  #: in Latin letters
    first: date
    last: date

    @property
    def before(self) -> int:
        """The western year before its first."""
        return self.first.year - 1


#: Newest first. Where one ends and the next begins both names are right, as in the registers. 平成 runs to
#: the end of its 31st year, since papers of before 1 April 2019 say so; from 平成32年 on it is a slip.
ERAS: Final = (
    Era("令和", "令", "r", ("reiwa",), date(2019, 5, 1), date.max),
    Era("平成", "平", "h", ("heisei",), date(1989, 1, 8), date(2019, 12, 31)),
    Era("昭和", "昭", "s", ("shouwa", "showa"), date(1926, 12, 25), date(1989, 1, 7)),
    Era("大正", "大", "t", ("taishou", "taisho"), date(1912, 7, 30), date(1926, 12, 25)),
    Era("明治", "明", "m", ("meiji",), date(1868, 1, 25), date(1912, 7, 30)),
)


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


def era_year(day: date) -> str:
    """「令和8」, 「令和元」; the western year before Meiji."""
    for era in ERAS:
        if day >= era.first:
            year = day.year - era.before
            return f"{era.name}{'元' if year == 1 else year}"
    return str(day.year)


def jday(day: date) -> str:
    """「令和8年11月23日」."""
    return f"{era_year(day)}年{day.month}月{day.day}日"


def period(first: date, last: date) -> str:
    """「令和8年4月1日〜9月30日」; the last day bears its year only where that is another one."""
    end = jday(last)
    return f"{jday(first)}〜{end.removeprefix(f'{era_year(first)}年')}"


def nendo(year: int) -> str:
    """「令和8年度」 from a fiscal year.

    It bears the era that holds on 1 May, so 2019 is 令和元年度 as the state itself called it.
    """
    return f"{era_year(date(year, 5, 1))}年度"
