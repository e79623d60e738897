"""Reads a number as Japan writes it, or refuses it. Pure; forms, imports and the command line read by this.

Taken in any width: 1200, 1,200, 2.5, 5千万円, 500千円, 3百万円, 1億2,000万, 1.5億, 千二百, 二〇〇, with a
unit behind only where the field knows it. Refused: wrong groups (12,34), ranges, exponents, fractions,
以上, two or three (二三), a last digit whose place is left open (2万5, 1億2000), more decimals than the field
has, a dot before three noughts (1.000 is written for 1,000), and whatever else stands beside. 約, くらい and
their like are reported, and the caller says whether it takes them.

Own code, for the libraries for Japanese numerals (kanjize) know no commas, yen and units.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal, localcontext
from typing import Final

from matcher.ground.typed import Unclear, plain

LIMIT: Final = 60
YEN: Final = "円"
PEOPLE: Final = frozenset({"人"})

_DIGITS: Final = r"(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(?:\.[0-9]+)?"
_BEHIND: Final = re.compile(r"\.([0-9]+)")
#: 1.000 is typed for 1,000 where the dot is meant to part thousands, or by a slip of the finger.
_GROUP_OF_NOUGHTS: Final = re.compile(r"\.000(?![0-9])")
_START: Final = re.compile(
    r"(?P<about>約|およそ)?\s*(?P<sign>[-−▲△+])?\s*(?P<yen>[¥\\])?\s*(?P<body>.*)", re.S
)
_KANJI: Final = {sign: digit for digit, signs in enumerate(
    ("〇零", "一壱", "二弐", "三参", "四", "五", "六", "七", "八", "九")
) for sign in signs}  # fmt: skip
_SMALL: Final = {"十": 10, "拾": 10, "百": 100, "千": 1_000}
_BIG: Final = {"万": 10**4, "萬": 10**4, "億": 10**8, "兆": 10**12}
_PART: Final = re.compile(
    rf"(?P<digits>{_DIGITS})|(?P<kanji>[{''.join(_KANJI)}]+)|(?P<small>[{''.join(_SMALL)}])"
    rf"|(?P<big>[{''.join(_BIG)}])"
)
_SAME_UNIT: Final = {
    "名": "人", "パーセント": "%", "キログラム": "kg",
    **dict.fromkeys(("箇所", "カ所", "ヶ所", "ヵ所", "ケ所"), "か所"),
}  # fmt: skip
_ABOUT: Final = re.compile(r"\s*(?:程度|くらい|ぐらい|ほど|前後)\Z")
_BOUND: Final = re.compile(r"\s*(?:まで|以下|以内|以上|から)\s*\Z")
#: 「二三人」 says two or three, 「四五十人」 forty or fifty.
_TWO_OR_THREE: Final = re.compile(
    r"(?<![〇零一二三四五六七八九])(?:一二|二三|三四|四五|五六|六七|七八|八九)(?![〇零一二三四五六七八九])"
)
_NEAR: Final = re.compile(
    r"以上|以下|以内|未満|程度|くらい|ぐらい|ほど|前後|あまり|余り|弱$|強$|約|およそ|頃"
)
_RANGE: Final = re.compile(
    r"[0-9〇一二三四五六七八九十百千万億]\s*[^\d\s.,]{0,4}\s*[-~〜～–—―−ー]\s*[^\d\s.,]{0,2}[0-9一二三四五六七八九]|から"
)


@dataclass(frozen=True)
class Number:
    """A number, the unit that stood behind it (as the field names it), and how it was written."""

    value: Decimal
    unit: str = ""
    is_about: bool = False
    in_words: bool = False


def read(
    text: str,
    units: Collection[str] = (),
    *,
    decimals: int = 4,
    least: int = 0,
    below: int = 10**12,
) -> Number:
    """The number that ``text`` says: at least ``least``, less than ``below``, with so many ``decimals``.

    Raises:
        Unclear: ``number`` (not understood), ``number_range``, ``number_near`` (以上, 未満), ``number_unit``
            (not known to the field), ``number_dot`` (1.000), ``integer``, ``decimals``, ``negative``,
            ``too_large``, or ``value_too_long``.
    """
    with localcontext(prec=3 * LIMIT):  # whatever fits into the limit is reckoned exactly
        return _read(text, units, decimals, least, below)


def _read(text: str, units: Collection[str], decimals: int, least: int, below: int) -> Number:
    typed = plain(text, LIMIT)
    start = _START.fullmatch(typed)
    body, is_about = _without_about(start["body"] if start else "")
    body, unit = _split_unit(body, units)
    is_yen = start is not None and start["yen"] is not None
    read_already = re.fullmatch(_DIGITS, body)
    if _TWO_OR_THREE.search(body):
        raise Unclear("number_range", text)
    value = Decimal(body.replace(",", "")) if read_already else _in_words(body)
    if start is None or value is None or (is_yen and (YEN not in units or unit not in {"", YEN})):
        raise Unclear(_why(typed, body), text)
    if start["sign"]:
        if least >= 0:
            raise Unclear("negative" if start["sign"] != "+" else "number", text)
        value = value if start["sign"] == "+" else -value
    if abs(value) >= below:
        raise Unclear("too_large", text)
    behind = [len(match[1]) for match in _BEHIND.finditer(body)]
    if _GROUP_OF_NOUGHTS.search(body):
        raise Unclear("number_dot", text)
    # In 1.5億 the decimals are none of the yen; in 5.0 they are typed where none belong.
    if value != round(value, decimals) or (read_already and max(behind, default=0) > decimals):
        raise Unclear("decimals" if decimals else "integer", text, decimals=decimals)
    if value < least:
        raise Unclear("negative", text)
    return Number(
        value, unit or (YEN if is_yen else ""), is_about or start["about"] is not None, read_already is None
    )


def without_bound(text: str) -> str:
    """「20kgまで」 without its last word, for fields in which a number is a limit anyway."""
    return _BOUND.sub("", text)


def same_unit(typed: str, chosen: str) -> bool:
    """Whether the unit that was typed beside a number is the one chosen: 「2万円」 is meant in 円/年, too."""
    return not typed or typed == chosen or chosen.startswith(f"{typed}/")


def _without_about(body: str) -> tuple[str, bool]:
    """「30人くらい」 without its last word, and whether there was one."""
    match = _ABOUT.search(body)
    return (body[: match.start()], True) if match else (body, False)


def _split_unit(body: str, units: Collection[str]) -> tuple[str, str]:
    """The number and its unit, the longest first: 人月 is no 人."""
    known = {plain(unit, LIMIT).lower(): unit for unit in units}
    known |= {other: known[unit] for other, unit in _SAME_UNIT.items() if unit in known}
    for word in sorted(known, key=len, reverse=True):
        if body.lower().endswith(word):
            return body[: -len(word)].rstrip(), known[word]
    return body, ""


def _why(typed: str, body: str) -> str:
    if _RANGE.search(typed):
        return "number_range"
    if _NEAR.search(typed):
        return "number_near"
    known = re.match(rf"{_DIGITS}|[{''.join(_KANJI)}{''.join(_SMALL)}]+", body)
    rest = body[known.end() :].strip() if known else ""
    return "number_unit" if rest.isalpha() and not _PART.search(rest) else "number"


@dataclass(frozen=True)
class _Part:
    """A piece of a number in words: its kind, its value, and whether it is one digit from 1 to 9."""

    kind: str
    value: Decimal
    is_digit: bool = False


def _in_words(body: str) -> Decimal | None:
    """The value of a number with 千, 万 and their like or of Chinese digits; ``None`` where it is none."""
    parts: list[_Part] = []
    place = 0
    while place < len(body):
        match = _PART.match(body, place)
        if match is None:
            return None
        parts.append(_part(match))
        place = match.end()
    if not parts:
        return None
    first, units = parts[0], parts[1:]
    if first.kind == "number" and [unit.kind for unit in units] in ([], ["small"], ["big"], ["small", "big"]):
        return _times(first, units)
    return _sections(parts)


def _part(match: re.Match[str]) -> _Part:
    if match["digits"]:
        return _Part("number", Decimal(match[0].replace(",", "")), match[0] in set("123456789"))
    if match["kanji"]:
        digits = "".join(str(_KANJI[sign]) for sign in match[0])
        return _Part("number", Decimal(digits), digits in set("123456789"))
    if match["small"]:
        return _Part("small", Decimal(_SMALL[match[0]]))
    return _Part("big", Decimal(_BIG[match[0]]))


def _times(first: _Part, units: list[_Part]) -> Decimal | None:
    """5千万, 1.5億, 12,345万, and 500千 or 25百万 as accounts are kept."""
    small = next((unit.value for unit in units if unit.kind == "small"), None)
    is_account = small == 1_000 or (small == 100 and len(units) == 2)
    if small is not None and not first.is_digit and not is_account:
        return None
    value = first.value
    for unit in units:
        value *= unit.value
    return value


def _sections(parts: list[_Part]) -> Decimal | None:
    """1億2,000万, 千二百, 2千5百万: sections before 兆, 億 and 万, each smaller than the one before."""
    total, section, last = Decimal(0), [], None
    for part in parts:
        if part.kind != "big":
            section.append(part)
            continue
        value = _section(section, is_first=last is None)
        if value is None or (last is not None and part.value >= last):
            return None
        total, section, last = total + value * part.value, [], part.value
    if section:
        value = _section(section, is_first=last is None)
        # 「2万5」 is said for 25,000 and 「1億2000」 for 120,000,000 as well.
        if value is None or (last is not None and (last > 10**4 or _is_one_digit(section))):
            return None
        total += value
    has_fraction = any(part.value % 1 for part in parts)
    ends_in_it = parts[-1].value % 1 or (parts[-1].kind == "big" and parts[-2].value % 1)
    # 1.5億2,000万 says two things; 1億2,000.5万 says one.
    return None if (has_fraction and not ends_in_it) or sum(bool(p.value % 1) for p in parts) > 1 else total


def _is_one_digit(parts: list[_Part]) -> bool:
    return len(parts) == 1 and parts[0].kind == "number" and parts[0].value < 10


def _section(parts: list[_Part], *, is_first: bool) -> Decimal | None:
    """What stands before a 万: a number below 10,000 (the first may be greater), or 千, 百, 十 in order."""
    if len(parts) == 1 and parts[0].kind == "number":
        value = parts[0].value
        return value if is_first or 0 < value < 10_000 else None
    total, waiting, last = Decimal(0), None, Decimal(10_000)
    for part in parts:
        if part.kind == "number":
            if waiting is not None:
                return None
            waiting = part
            continue
        if part.value >= last or (waiting is not None and not waiting.is_digit):
            return None
        total += part.value * (waiting.value if waiting is not None else 1)
        waiting, last = None, part.value
    if waiting is None:
        return total if parts else None
    if waiting.is_digit and last == 1_000:  # 「2千5」: said for 2,500 as well
        return None
    return total + waiting.value if 0 < waiting.value < last else None
