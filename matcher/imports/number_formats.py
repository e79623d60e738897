"""What a cell of a workbook shows of the number it keeps: 50 in the format #,##0"万円" shows 50万円. Pure.

The syntax is that of ECMA-376 Part 1, 18.8.31: sections for numbers above and below zero or by conditions,
placeholders for digits, literal text in quotes or behind a backslash, % and commas that scale. Sections that
show days or times are read by ``day_formats``.
"""

import operator
import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal, localcontext
from functools import lru_cache
from typing import Final

from matcher.ground import days
from matcher.imports import day_formats

MAX_CODE: Final = 255  #: letters of a format; Excel keeps no longer one
NOTHING_FITS: Final = "#####"  #: what Excel shows where no section takes the number, or no day bears it
NOT_AS_KEPT: Final = "≒"  #: before a number that the sheet shows rounded or scaled without a word

#: A literal, in quotes or behind a backslash; what only makes room, colours or conditions; or a sign.
_TOKEN: Final = re.compile(
    r'"(?P<quoted>[^"]*)"|\\(?P<escaped>.)|_.|\*.|\[(?:\$(?P<currency>[^\]-]*)[^\]]*|[^\]]*)\]'
    r"|(?P<general>General|G/標準|@)|(?P<plain>.)",
    re.S | re.I,
)
_CONDITION: Final = re.compile(r"\[(<=|>=|<>|<|>|=)(-?[0-9]+(?:\.[0-9]+)?)\]")
_TESTS: Final[Mapping[str, Callable[[float, float], bool]]] = {
    "<=": operator.le, ">=": operator.ge, "<>": operator.ne, "<": operator.lt, ">": operator.gt,
    "=": operator.eq,
}  # fmt: skip
_EXPONENT_OR_FRACTION: Final = re.compile(r"[0#?]E[+-]|[0#?] */ *[0-9#?]")
_EXACT: Final = 700  #: digits, more than any number of a workbook has before and behind its point
_DIGITS: Final = frozenset("0#?")
_MINUS: Final = frozenset("-−△▲")


def shown(value: float, code: str, zero: date = days.SERIAL_ZERO) -> str | None:
    """What a cell with the number ``value`` shows in the format ``code``; a whole day is an ISO day.

    ``zero`` is the day from which the book counts days. ``None`` where the format adds nothing that counts,
    as commas. A number that is shown rounded, or scaled without a word that says so, is the one that is
    kept behind ``NOT_AS_KEPT``, for what stands on the sheet is not what was typed; 千円 and the like say so,
    and exponents and fractions show of themselves that they are short. A code longer than ``MAX_CODE`` is no
    format.
    """
    if code in {"General", "@", ""} or len(code) > MAX_CODE:
        return None
    section, is_own = _section_for(value, _sections(code))
    if section is None:
        return NOTHING_FITS
    if not section:
        return ""
    if day_formats.is_day(section):
        return day_formats.shown(value, section, zero) or NOTHING_FITS
    if _EXPONENT_OR_FRACTION.search(section):
        return None
    with localcontext(prec=_EXACT):
        return _number(value, section, is_own)


def shown_text(text: str, code: str) -> str:
    """What a cell with a ``text`` shows in the format ``code``: 「見本様」 in @"様"."""
    sections = _sections(code) if len(code) <= MAX_CODE else []
    if len(sections) < 4 and not (sections and "@" in sections[-1]):
        return text
    parts = _TOKEN.finditer(sections[min(len(sections), 4) - 1])
    return "".join(text if part["general"] == "@" else _literal(part) for part in parts)


@lru_cache(maxsize=256)
def _sections(code: str) -> list[str]:
    found = [""]
    for token in _TOKEN.finditer(code):
        if token["plain"] == ";":
            found.append("")
        else:
            found[-1] += token[0]
    return found


def _section_for(value: float, sections: Sequence[str]) -> tuple[str | None, bool]:
    """The section that shows the number, and whether it is one of numbers below zero only, without a sign."""
    numbers = sections[:3]
    if len(numbers) > 1 and "@" in numbers[-1]:
        numbers = numbers[:-1]  # that of texts
    conditions = [_CONDITION.search(section) for section in numbers]
    if not any(conditions):
        place = 1 if value < 0 and len(numbers) > 1 else 2 if value == 0 and len(numbers) > 2 else 0
        return numbers[place], place == 1
    for place, (section, condition) in enumerate(zip(numbers, conditions, strict=True)):
        if condition is not None:
            bound = float(condition[2])
            fits = _TESTS[condition[1]](value, bound)
            is_own = condition[1] in {"<", "<="} and bound <= 0
        else:
            is_last = place == len(numbers) - 1
            fits = is_last or (value < 0 if place == 1 else value > 0)
            is_own = place == 1 and not is_last
        if fits:
            return section, is_own and value < 0
    return None, False


@dataclass(frozen=True)
class _Layout:
    """A section of a number: the words around its digits, and what stands between these.

    ``whole`` and ``parts`` hold placeholders (one sign each) and literals, before and behind the point.
    """

    before: str
    whole: list[str]
    parts: list[str]
    after: str
    is_general: bool
    scale: int


def _literal(token: re.Match[str]) -> str:
    return str(token["quoted"] or token["escaped"] or token["currency"] or token["plain"] or "")


@lru_cache(maxsize=256)
def _layout(section: str) -> _Layout:
    tokens = list(_TOKEN.finditer(section))
    places = [n for n, one in enumerate(tokens) if (one["plain"] or " ") in "0#?" or one["general"]]
    first, last = (places[0], places[-1]) if places else (len(tokens), len(tokens))
    before = "".join(_literal(one) for one in tokens[:first])
    whole: list[str] = []
    parts: list[str] = []
    body = whole
    is_general = bool(places) and any(one["general"] for one in tokens)
    for one in tokens[first : last + 1]:
        if one["plain"] == ".":
            body = parts
        elif one["plain"] != "," and not one["general"]:
            body.append(one["plain"] if (one["plain"] or " ") in "0#?" else f"\0{_literal(one)}")
    rest = tokens[last + 1 :]
    scale = 0
    while scale < len(rest) and rest[scale]["plain"] == ",":
        scale += 1
    after = "".join(_literal(one) for one in rest[scale:] if one["plain"] != ".")
    return _Layout(before, whole, parts, after, is_general, scale)


def _number(value: float, section: str, is_own: bool) -> str | None:
    form = _layout(section)
    around = form.before + form.after
    percent = 100 if "%" in around else 1
    number = Decimal(f"{value:.15g}") * percent / 1000**form.scale
    number = abs(number) if is_own else number
    has_words = any(sign.isalpha() or unicodedata.category(sign) == "Sc" for sign in around)
    is_turned = value > 0 and not _MINUS.isdisjoint(around)
    if not (form.whole or form.parts or form.is_general):
        return around.strip()  # words alone, in place of the number
    plain = _in_full(number)
    before, after = form.before.strip(), form.after.strip()
    if not form.is_general:
        rounded = _rounded(number, sum(one in _DIGITS for one in form.parts))
        if (rounded != number or form.scale) and not (form.scale and has_words):
            return NOT_AS_KEPT + (f"{before}{plain}{after}" if has_words or percent > 1 else plain)
        digits = _digits(rounded, form)
        is_laid_out = len(form.whole) > 1 or any(one[:1] == "\0" for one in form.parts)
        if not digits.strip("-") or (is_laid_out and not form.scale and _is_more(digits, plain)):
            return f"{before}{digits}{after}".strip()
    return f"{before}{plain}{after}" if has_words or percent > 1 or is_turned else None


def _in_full(number: Decimal) -> str:
    is_whole = number == number.to_integral()
    return f"{number.quantize(Decimal(1)):f}" if is_whole else f"{number.normalize():f}"


def _rounded(number: Decimal, places: int) -> Decimal:
    return number.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)


def _is_more(digits: str, plain: str) -> bool:
    """Whether more than the number is shown: zeros before it, or signs between its digits."""
    whole = digits.partition(".")[0]
    return whole != plain.partition(".")[0]


def _digits(number: Decimal, form: _Layout) -> str:
    """The digits as the placeholders lay them out: 9800811 in 000-0000 is 980-0811."""
    whole, _point, rest = f"{abs(number):f}".partition(".")
    left = "" if whole == "0" else whole
    laid: list[str] = []
    places = [n for n, one in enumerate(form.whole) if one in _DIGITS]
    for place in range(len(form.whole) - 1, -1, -1):
        one = form.whole[place]
        if one not in _DIGITS:
            laid.append(one[1:])
        elif place == places[0]:
            laid.append(left or ("0" if one == "0" else ""))
        else:
            laid.append(left[-1:] or ("0" if one == "0" else ""))
            left = left[:-1]
    text = "".join(reversed(laid)) if places else left
    needed = sum(one == "0" for one in form.parts)
    while len(rest) > needed and rest.endswith("0"):
        rest = rest[:-1]
    return ("-" if number < 0 else "") + text + (f".{rest}" if rest else "")
