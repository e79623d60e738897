"""Writers of days and numbers in all the ways people use, for testing the readers.

They share nothing with the readers: era years stand in a table of their own, and numbers are put together
digit by digit.
"""

import random
from collections.abc import Callable
from datetime import date, time

_ERAS = (  # first day in use for writing, the year before the first, names
    (date(2019, 5, 1), 2018, ("令和", "R", "r", "令", "㋿")),
    (date(1989, 1, 8), 1988, ("平成", "H", "h", "平", "㍻")),
    (date(1926, 12, 25), 1925, ("昭和", "S", "s", "昭", "㍼")),
    (date(1912, 7, 30), 1911, ("大正", "T", "t", "大", "㍽")),
    (date(1873, 1, 1), 1867, ("明治", "M", "m", "明", "㍾")),
)
_WEEK = "月火水木金土日"


def _era(day: date, pick: random.Random) -> tuple[str, str] | None:
    for first, before, names in _ERAS:
        if day >= first:
            year = day.year - before
            if year > 99:
                return None
            return pick.choice(names), pick.choice(("元", "1", "01")) if year == 1 else str(year)
    return None


def write_day(day: date, pick: random.Random) -> str:
    """A day in one of the ways, without a time."""
    month, number = day.month, day.day
    if pick.random() < 0.5:
        month, number = f"{month:02d}", f"{number:02d}"  # type: ignore[assignment]
    mark = pick.choice("-/.−－‐ー／．")
    era = _era(day, pick)
    ways: list[str] = [
        f"{day.year}{mark}{month}{mark}{number}",
        f"{day.year}年{month}月{number}日",
        f"{day.year} 年 {month} 月 {number} 日",
        f"{day:%Y%m%d}",
        day.isoformat(),
    ]
    if era:
        ways += [f"{era[0]}{era[1]}年{month}月{number}日", f"{era[0]}{era[1]}{mark}{month}{mark}{number}",
                 f"{era[0]} {era[1]}年 {month}月 {number}日"]  # fmt: skip
    text = pick.choice(ways)
    if pick.random() < 0.25:
        week = _WEEK[day.weekday()]
        text += pick.choice(
            (f"({week})", f"（{week}）", f"({week}曜日)", f" ({week})", f"（{week}・祝）", f" {week}曜日")
        )
    return text


#: a time of day → how it is written
CLOCKS: tuple[Callable[[time], str], ...] = (
    lambda at: f"{at.hour}:{at.minute:02d}",
    lambda at: f"{at.hour:02d}:{at.minute:02d}:{at.second:02d}",
    lambda at: f"{at.hour}:{at.minute:02d}:{at.second:02d}.000",
    lambda at: f"{at.hour}時{at.minute}分",
    lambda at: f"{at.hour % 12}:{at.minute:02d} {'AM' if at.hour < 12 else 'PM'}",
    lambda at: f"{'午前' if at.hour < 12 else '午後'}{at.hour % 12}時{at.minute}分",
)


def widen(text: str, pick: random.Random) -> str:
    """Some, all or none of the characters in full width."""
    share = pick.choice((0.0, 0.3, 1.0))
    return "".join(_wide(one) if pick.random() < share else one for one in text)


def _wide(character: str) -> str:
    if character == " ":
        return "\u3000"
    return chr(ord(character) + 0xFEE0) if "!" <= character <= "~" else {"¥": "￥"}.get(character, character)


_DIGITS = "〇一二三四五六七八九"
_LEGAL = str.maketrans("一二三十万", "壱弐参拾萬")


def _kanji_group(value: int) -> str:
    """千二百三十四; 一千 is written 千 and 一千 both."""
    text = ""
    for unit, sign in ((1000, "千"), (100, "百"), (10, "十")):
        digit, value = divmod(value, unit)
        text += ("" if digit == 1 else _DIGITS[digit]) + sign if digit else ""
    return text + (_DIGITS[value] if value else "")


def _mixed_group(value: int) -> str:
    """2千5百, 3千40."""
    thousands, rest = divmod(value, 1000)
    hundreds, rest = divmod(rest, 100)
    text = (f"{thousands}千" if thousands else "") + (f"{hundreds}百" if hundreds else "")
    return text + (str(rest) if rest else "")


def _group(value: int, pick: random.Random) -> str:
    ways = (str(value), f"{value:,}", _kanji_group(value), _mixed_group(value),
            "".join(_DIGITS[int(one)] for one in str(value)))  # fmt: skip
    return pick.choice(ways)


def _grouped(value: int, pick: random.Random) -> str:
    """1億2,000万3百: groups of four digits, each in a way of its own."""
    text = ""
    for unit, sign in ((10**12, "兆"), (10**8, "億"), (10**4, "万")):
        group, value = divmod(value, unit)
        text += _group(group, pick) + sign if group else ""
    return text + (_group(value, pick) if value else "")


def _accounts(value: int, pick: random.Random) -> list[str]:
    """500千, 25百万, 1,234万: a number of a greater unit, where it comes out even."""
    found = []
    for unit, sign in (
        (10**3, "千"),
        (10**6, "百万"),
        (10**7, "千万"),
        (10**4, "万"),
        (10**8, "億"),
        (10**12, "兆"),
    ):
        whole, rest = divmod(value, unit)
        if whole and not rest:
            found += [f"{whole}{sign}", f"{whole:,}{sign}"]
        tenths, rest = divmod(value * 10, unit)
        if tenths and not rest:
            found.append(f"{tenths // 10}.{tenths % 10}{sign}")
    return found


def write_number(value: int, pick: random.Random) -> str:
    """A whole number in one of the ways."""
    ways = [str(value), f"{value:,}", _grouped(value, pick), _grouped(value, pick),
            "".join(_DIGITS[int(one)] for one in str(value)), *_accounts(value, pick)]  # fmt: skip
    text = pick.choice(ways)
    return text.translate(_LEGAL) if pick.random() < 0.2 else text
