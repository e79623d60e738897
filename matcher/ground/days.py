"""Reads a day as Japan writes it, or refuses it. Pure; forms, imports and the command line read by this.

Taken: 2027-03-31, 2027/3/31, 2027.3.31, 20270331, 2027年3月31日, 令和9年3月31日, R9.3.31 and their
like in any width, with the weekday behind where it is the right one, and with a time of day as Excel and
other programs write it. A time with an offset (…T15:00Z, … 15:00:00+00:00) means a moment, and the day is
that of Tokyo; a span of hours (10:00-12:00) is refused.
"""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone
from typing import Final

from matcher.ground.calendar import TOKYO
from matcher.ground.day_words import ERAS, Era
from matcher.ground.typed import DASHES, Unclear, plain

LIMIT: Final = 60
FIRST_YEAR: Final = 1868
LAST_YEAR: Final = 2199

_BY_NAME: Final = {name: era for era in ERAS for name in (era.name, era.short, era.letter)}
_OUR_CALENDAR: Final = date(1873, 1, 1)  #: before 明治6 the calendar was another one
WEEKDAYS: Final = "月火水木金土日"

_ERA: Final = "(?P<era>" + "|".join(_BY_NAME) + ")"
_REST: Final = r"(?P<month>[0-9]{1,2})%s(?P<day>[0-9]{1,2})%s"
_WRITINGS: Final = tuple(
    re.compile(writing)
    for writing in (
        r"(?P<year>[0-9]{4})(?P<mark>[-/.])\s*" + _REST % (r"(?P=mark)\s*", "(?![0-9])"),
        rf"{_ERA}\s*(?P<year>[0-9]{{1,2}}|元)(?P<mark>[-/.])\s*" + _REST % (r"(?P=mark)\s*", "(?![0-9])"),
        r"(?P<year>[0-9]{4})\s*年\s*" + _REST % (r"\s*月\s*", r"\s*日"),
        rf"{_ERA}\s*(?P<year>[0-9]{{1,2}}|元)\s*年\s*" + _REST % (r"\s*月\s*", r"\s*日"),
        r"(?P<year>[0-9]{4})(?P<month>[0-9]{2})(?P<day>[0-9]{2})(?![0-9])",
    )
)
_TIME: Final = (
    r"(?P<half>午前|午後|am|pm)?\s*(?P<hour>[0-9]{1,2})"
    r"(?::(?P<minute>[0-9]{2})(?::(?P<second>[0-9]{2})(?:\.[0-9]{1,9})?)?"
    r"|時(?:(?P<minutes>[0-9]{1,2})分(?:(?P<seconds>[0-9]{1,2})秒)?)?)"
    r"(?:\s*(?P<noon>am|pm))?"
)
_CLOCK: Final = re.compile(_TIME)
_BEHIND: Final = re.compile(
    rf"(?P<week>\s*\((?P<inside>[{WEEKDAYS}])(?:曜日?)?(?:・祝日?)?\)|\s*(?P<weekday>[{WEEKDAYS}])曜日?)?"
    rf"(?:(?P<gap>\s+|t|){_TIME}(?:\s?(?P<offset>z|[-+][0-9]{{2}}(?::?[0-9]{{2}})?))?)?"
)
#: Not of other words: からくり, までに.
_GOES_ON: Final = re.compile("[-‐‑‒–—―−~〜～]|(?:から|まで|より)(?![ぁ-ゖ])")
_SERIAL: Final = re.compile(r"([2-7][0-9]{4})(?:\.([0-9]{1,12}))?")
#: A year, a year and a month, or a month and a day: 2010年4月, 平成22, 4/1.
_ERA_YEAR: Final = rf"(?:[0-9]{{4}}|{_ERA}\s*(?:[0-9]{{1,2}}|元))"
_PART: Final = re.compile(
    rf"{_ERA_YEAR}\s*年?度?(?:\s*[-/.]?\s*[0-9]{{1,2}}\s*月?)?|[0-9]{{1,2}}\s*(?:月\s*[0-9]{{1,2}}\s*日|[-/.]\s*[0-9]{{1,2}})"
)
#: The day from which a spreadsheet counts, and that of books kept by the older count of the Macintosh.
SERIAL_ZERO: Final = date(1899, 12, 30)
SERIAL_ZERO_1904: Final = date(1904, 1, 1)


@dataclass(frozen=True)
class Reading:
    """A day, and what of the typed text it does not say: ``time``, ``offset``, ``serial``, or nothing."""

    day: date
    beside: str = ""


def read(text: str) -> Reading:
    """The day that ``text`` says.

    Raises:
        Unclear: ``date`` (not understood), ``date_none`` (no such day), ``date_era`` (not a day of that
            era), ``date_weekday`` (another weekday), ``date_year`` (outside 1868 to 2199), or
            ``value_too_long``.
    """
    typed = plain(text, LIMIT).lower().translate(DASHES)
    for writing in _WRITINGS:
        if match := writing.match(typed):
            found = _day(match, text)
            return _behind(found, typed[: match.end()], typed[match.end() :], text)
    raise Unclear("date", text)


def read_cell(text: str, zero: date = SERIAL_ZERO) -> Reading:
    """As ``read``, and the number by which Excel keeps a day, counted from ``zero`` (20000 to 79999;
    20000 is 3 October 1954).

    Raises:
        Unclear: as ``read``, and ``date_part`` where a year, a month or a day is wanting, as where a sheet
            shows only a part of a day.
    """
    typed = plain(text, LIMIT)
    if match := _SERIAL.fullmatch(typed):
        return Reading(zero + timedelta(days=int(match[1])), "serial")
    try:
        return read(text)
    except Unclear as unclear:
        if unclear.code == "date" and _PART.fullmatch(typed.lower().translate(DASHES)):
            raise Unclear("date_part", text) from None
        raise


def read_time(text: str) -> time:
    """A time of day: 14:30, 14時30分, 14時, 午後2時30分.

    Raises:
        Unclear: ``time`` or ``value_too_long``.
    """
    match = _CLOCK.fullmatch(plain(text, LIMIT).lower())
    if match is None:
        raise Unclear("time", text)
    return _time(match, text, "time")


def goes_on(rest: str) -> bool:
    """Whether what stands behind a day makes it the beginning or the end of a span: 〜25日, から."""
    return _GOES_ON.match(rest) is not None


def _day(match: re.Match[str], text: str) -> date:
    era, year = match.groupdict().get("era"), 1 if match["year"] == "元" else int(match["year"])
    if era is not None:
        year += _BY_NAME[era].before
    elif not FIRST_YEAR <= year <= LAST_YEAR:
        raise Unclear("date_year", text)
    try:
        found = date(year, int(match["month"]), int(match["day"]))
    except ValueError:
        raise Unclear("date_none", text) from None
    if era is not None and (match["year"] in {"0", "00"} or not _is_of(_BY_NAME[era], found)):
        raise Unclear("date_era", text)
    return found


def _is_of(era: Era, day: date) -> bool:
    return max(era.first, _OUR_CALENDAR) <= day <= era.last


def _behind(found: date, before: str, rest: str, text: str) -> Reading:
    """Check what stands behind the day: its weekday, a time of day, an offset."""
    match = _BEHIND.fullmatch(rest)
    if match is None:
        raise Unclear("date", text)
    weekday = match["inside"] or match["weekday"]
    if weekday and WEEKDAYS.index(weekday) != found.weekday():
        raise Unclear("date_weekday", text)
    if match["hour"] is None:
        return Reading(found)
    is_bare = before[-1].isdecimal() and not weekday
    if match["gap"] == ("" if is_bare else "t"):
        # Without a gap 「2024/4/15:00」 would be the first of April.
        raise Unclear("date", text)
    moment = _time(match, text, "date")
    if match["offset"] is None:
        return Reading(found, "time" if moment != time() else "")
    # Behind a mere 10:00 it is no offset but the end of a span: 10:00-12:00.
    is_moment = match["gap"] == "t" or match["second"] is not None
    if match["half"] or match["noon"] or match["minute"] is None or not is_moment:
        raise Unclear("date", text)
    zone = _offset(match["offset"], text)
    here = datetime.combine(found, moment, zone).astimezone(TOKYO).date()
    if not FIRST_YEAR <= here.year <= LAST_YEAR:
        raise Unclear("date_year", text)
    return Reading(here, "offset")


def _time(match: re.Match[str], text: str, code: str) -> time:
    half = match["half"] or match["noon"]
    hour = int(match["hour"])
    minute, second = (int(match[name] or match[f"{name}s"] or 0) for name in ("minute", "second"))
    if (match["half"] and match["noon"]) or (half and hour > 12) or hour > 23 or minute > 59 or second > 59:
        raise Unclear(code, text)
    if half:
        hour = hour % 12 + (12 if half in {"午後", "pm"} else 0)
    return time(hour, minute, second)


def _offset(typed: str, text: str) -> timezone:
    if typed == "z":
        return UTC
    hours, minutes = int(typed[1:3]), int(typed[3:].removeprefix(":") or 0)
    if hours > 14 or minutes > 59:
        raise Unclear("date", text)
    apart = timedelta(hours=hours, minutes=minutes)
    return timezone(-apart if typed[0] == "-" else apart)
