"""What a cell of a workbook shows of a day: all of it, a part (yyyy年m月, m/d), or the time alone. Pure.

Excel counts days from 1 January 1900 and takes that year for a leap year, as Lotus 1-2-3 did: its day 60 is a
29 February that never was, and its day 0 a 「0 January」. Both are given as shown, and no reader takes them.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import Final

from matcher.ground import days
from matcher.ground.day_words import ERAS

#: Formats of Japanese workbooks that Excel knows by their number alone (ECMA-376 Part 1, 18.8.30, ja-jp).
BUILTIN: Final = {
    **dict.fromkeys((27, 36, 50, 57), "ge.m.d"),
    **dict.fromkeys((28, 29, 51, 54, 58), 'ggge"年"m"月"d"日"'),
    30: "m/d/yy",
    31: 'yyyy"年"m"月"d"日"',
    32: 'h"時"mm"分"',
    33: 'h"時"mm"分"ss"秒"',
    **dict.fromkeys((34, 52, 55), 'yyyy"年"m"月"'),
    **dict.fromkeys((35, 53, 56), 'm"月"d"日"'),
}
_DAY_AND_MORE: Final = re.compile(
    r'"(?P<quoted>[^"]*)"|\\(?P<escaped>.)|_.|\*.|\[(?P<elapsed>h+|m+|s+)\]|\[[^\]]*\]|(?P<general>General|G/標準|@)'
    r"|(?P<half>AM/PM|A/P)|(?P<part>y+|m+|d+|h+|s+|g+|e+|a{3,})|\.(?P<fraction>0+)|(?P<plain>.)",
    re.S | re.I,
)
_SECONDS: Final = 24 * 60 * 60
_MONTHS: Final = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
    "November", "December",
)  # fmt: skip
_WEEKDAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


@dataclass(frozen=True)
class _Moment:
    """A day as Excel names it, also where no calendar has it, and the seconds of it."""

    year: int
    month: int
    day: int
    weekday: int
    seconds: int
    elapsed: int  #: seconds since the book began to count


@dataclass(frozen=True)
class _Part:
    """A piece of a format: letters for a part of the day (``name`` is one of ymdwhisge), or text."""

    name: str
    text: str


@lru_cache(maxsize=256)
def is_day(section: str) -> bool:
    """Whether a section of a format shows a day or a time, and no number."""
    tokens = list(_DAY_AND_MORE.finditer(section))
    has_number = any((one["plain"] or " ") in "0#?" or one["general"] for one in tokens)
    return not has_number and any(one["part"] or one["elapsed"] for one in tokens)


def shown(value: float, section: str, zero: date) -> str | None:
    """The moment that the number keeps: an ISO day (and time, where there is one) if the section shows year,
    month and day, and otherwise as it is shown. ``None`` where Excel has no such day.
    """
    moment = _moment(value, zero)
    if moment is None:
        return None
    parts = _parts(section)
    names = {part.name for part in parts}
    if names & {"y", "e"} and {"m", "d"} <= names:
        day = f"{moment.year:04}-{moment.month:02}-{moment.day:02}"
        hours, minutes, seconds = _clock(moment.seconds)
        return f"{day} {hours:02}:{minutes:02}:{seconds:02}" if moment.seconds else day
    is_halved = any(part.name == "half" for part in parts)
    return "".join(_said(part, moment, is_halved) for part in parts).strip()


def _moment(value: float, zero: date) -> _Moment | None:
    if not 0 <= value <= (date.max - zero).days + 1:
        return None
    total = round(value * _SECONDS)
    count, seconds = divmod(total, _SECONDS)
    by_1900 = zero == days.SERIAL_ZERO
    # Until its 29 February the count of 1900 is one day ahead of the calendar.
    ahead = 1 if by_1900 and 0 < count <= 60 else 0
    if count + ahead > (date.max - zero).days:
        return None
    day = zero + timedelta(days=count + ahead)
    named = (day.year, day.month, day.day)
    if by_1900 and count in {0, 60}:
        named = (1900, 1, 0) if count == 0 else (1900, 2, 29)
    return _Moment(*named, day.weekday(), seconds, total)


def _clock(seconds: int) -> tuple[int, int, int]:
    return seconds // 3600, seconds // 60 % 60, seconds % 60


@lru_cache(maxsize=256)
def _parts(section: str) -> list[_Part]:
    found: list[_Part] = []
    for token in _DAY_AND_MORE.finditer(section):
        letters = (token["part"] or "").lower()
        if token["elapsed"]:
            found.append(_Part(f"[{token['elapsed'][0].lower()}]", token["elapsed"]))
        elif token["half"]:
            found.append(_Part("half", token["half"]))
        elif letters[:1] == "a" or (letters[:1] == "d" and len(letters) > 2):
            found.append(_Part("w", letters))
        elif letters:
            found.append(_Part(letters[0], letters))
        elif not token["fraction"]:
            found.append(_Part("", token["quoted"] or token["escaped"] or token["plain"] or ""))
    return [_minutes(part, place, found) for place, part in enumerate(found)]


def _minutes(part: _Part, place: int, parts: Sequence[_Part]) -> _Part:
    """An m behind hours or before seconds means minutes."""
    if part.name != "m" or len(part.text) > 2:
        return part
    before = next((one.name for one in reversed(parts[:place]) if one.name not in {"", "half"}), "")
    behind = next((one.name for one in parts[place + 1 :] if one.name not in {"", "half"}), "")
    is_minutes = before in {"h", "[h]"} or behind in {"s", "[s]"}
    return _Part("i", part.text) if is_minutes else part


def _said(part: _Part, moment: _Moment, is_halved: bool) -> str:
    hours, minutes, seconds = _clock(moment.seconds)
    width = min(len(part.text), 2)
    match part.name:
        case "y":
            return f"{moment.year:04}" if len(part.text) > 2 else f"{moment.year % 100:02}"
        case "m":
            name = _MONTHS[moment.month - 1]
            return (f"{moment.month:0{width}}", name[:3], name, name[:1])[max(2, min(len(part.text), 5)) - 2]
        case "d":
            return f"{moment.day:0{width}}"
        case "w":
            return _weekday(part.text, moment.weekday)
        case "g" | "e":
            return _era(part, moment)
        case "h":
            return f"{(hours % 12 or 12) if is_halved else hours:0{width}}"
        case "i":
            return f"{minutes:0{width}}"
        case "s":
            return f"{seconds:0{width}}"
        case "half":
            return part.text.split("/")[hours >= 12]
        case "[h]" | "[m]" | "[s]":
            each = {"[h]": 3600, "[m]": 60, "[s]": 1}[part.name]
            return f"{moment.elapsed // each:0{len(part.text)}}"
        case _:
            return part.text


def _weekday(letters: str, weekday: int) -> str:
    if letters[0] == "d":
        return _WEEKDAYS[weekday][: 3 if len(letters) == 3 else None]
    return days.WEEKDAYS[weekday] + ("曜日" if len(letters) > 3 else "")


def _era(part: _Part, moment: _Moment) -> str:
    last = 28 if (moment.month, moment.day) == (2, 29) else moment.day
    day = date(moment.year, moment.month, max(last, 1))
    era = next((one for one in ERAS if day >= one.first), None)
    if part.name == "e":
        return f"{moment.year - (era.before if era else 0):0{min(len(part.text), 2)}}"
    names = (era.letter.upper(), era.short, era.name) if era else ("", "", "")
    return names[min(len(part.text), 3) - 1]
