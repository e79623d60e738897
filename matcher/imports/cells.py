"""How a cell of an imported sheet is read: labels, codes, lists, and values by the readers that forms use."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any, Final

from embeddings.text import fold
from matcher.city.cities import City
from matcher.ground import addresses, days, figures, numerals, phones, vocabulary
from matcher.ground.field import Field
from matcher.ground.typed import DASHES, Unclear, narrow
from matcher.imports import number_formats
from matcher.imports.columns import choices

#: A cell with a code, a number, a day or an address that is longer is none; lists of codes stay far below.
MAX_CELL: Final = 1_000
_SHORT_CELL: Final = 10  #: letters of what says that there is nothing
MAX_CODES: Final = 100  #: of one cell, the same one counted each time


#: What is said of a value that was understood, not copied.
READINGS: Final = frozenset({"read_number", "read_day"})


_EXCEL_ERROR: Final = re.compile(
    r"#(N/A|REF!|VALUE!|NAME\?|DIV/0!|NULL!|NUM!|SPILL!|CALC!|FIELD!|BLOCKED!|CONNECT!|UNKNOWN!|BUSY!|GETTING_DATA)"
)
#: A number that its sheet shows as another one (``number_formats.NOT_AS_KEPT``), in a column of texts, too.
_SHORT: Final = re.compile(rf"{number_formats.NOT_AS_KEPT}\D{{0,20}}[0-9.]+\D{{0,20}}")
_BLANK: Final = re.compile(r"-{1,10}|N/A|n/a")
#: Under a cell: the same again. Whose cell is meant nobody knows once rows are sorted or left out.
_DITTO: Final = frozenset({"〃", "″", "々", "同上", "同じ", "上に同じ"})


@dataclass(frozen=True)
class Cell:
    """What a cell holds: text, code, list of codes, number, ISO date, or ``None`` where it is empty.

    ``note`` is a code where the value is not plain from what was typed, ``read`` the value as it was read,
    and ``unit`` what stood behind a number.
    """

    value: Any
    note: str = ""
    read: str = ""
    unit: str = ""


def read(column: Field, text: str, city: City, day_zero: date = days.SERIAL_ZERO) -> Cell:
    """The value of a cell; ``day_zero`` is the day from which its sheet counts days.

    Raises:
        Unclear: with the code of what is wrong and the part of the cell.
    """
    if column.kind not in {"text", "url"} and len(text) > MAX_CELL:
        raise Unclear("too_long", text)
    text = text[1:] if re.match(r"^'[=+\-@＝＋－−＠]", text) else text
    # Asked for yes or no, 「なし」 is an answer.
    is_blank = not text or (len(text) <= _SHORT_CELL and _BLANK.fullmatch(narrow(text).translate(DASHES)))
    if is_blank or (text in {"なし", "無し"} and column.kind != "yes_no"):
        return Cell([] if column.kind in {"codes", "areas", "fields"} else None)
    if text in _DITTO:
        raise Unclear("ditto", text)
    if _EXCEL_ERROR.fullmatch(text):
        raise Unclear("excel_error", text)
    if re.fullmatch("#{4,}", text):
        raise Unclear("not_shown", text)
    if _SHORT.fullmatch(text):
        raise Unclear("number_rounded", text)
    if column.kind in {"number", "integer"} and re.match(r"\d{4}-\d{2}-\d{2}(?!\d)", text):
        raise Unclear("number_day", text)
    if text == vocabulary.UNSAVED:
        raise Unclear("formula_unsaved")
    if text == vocabulary.MERGED:
        raise Unclear("merged")
    match column.kind:
        case "number":
            return _number(numerals.read(text, vocabulary.SUPPORT_UNITS, decimals=2, below=10**11))
        case "integer":
            return _number(numerals.read(text, numerals.PEOPLE, decimals=0, below=10**9))
        case "date":
            found = days.read_cell(text, day_zero)
            day = found.day.isoformat()
            return Cell(day, "read_day" if found.beside else "", day if found.beside else "")
        case _:
            return Cell(_plain(column, text, city))


def _number(found: numerals.Number) -> Cell:
    whole = found.value == int(found.value)
    value = int(found.value) if whole else float(found.value)
    if not (found.in_words or found.is_about):
        return Cell(value, unit=found.unit)
    return Cell(value, "read_number", f"{figures.number(found.value)}{found.unit}", found.unit)


def _plain(column: Field, text: str, city: City) -> Any:
    match column.kind:
        case "code":
            return _code(text, choices(column, city))
        case "area":
            return _code(re.sub(r"(小学校区|校区|地区)$", "", text), choices(column, city))
        case "codes" | "areas":
            return _codes(text, choices(column, city))
        case "fields":
            long = {label: code for code, label in vocabulary.FIELDS.items() if code in city.fields}
            return _codes(text, choices(column, city), long)
        case "yes_no":
            return _yes_no(text)
        case "email":
            return addresses.read(text)
        case "phone":
            return phones.read(text)
        case _:
            return text


_Pairs = tuple[tuple[str, str], ...]


@lru_cache(maxsize=256)
def _known(labels: _Pairs, more: _Pairs = ()) -> tuple[dict[str, str], dict[str, list[str]]]:
    """Folded label or code → code, and these words by their first letter, the longest first."""
    known = {fold(label): code for code, label in labels}
    known |= {fold(label): code for label, code in more}
    known |= {fold(code): code for code, _label in labels}
    words: dict[str, list[str]] = {}
    for word in sorted(known, key=len, reverse=True):
        words.setdefault(word[:1], []).append(word)
    return known, words


def _code(text: str, labels: Mapping[str, str]) -> str:
    known = _known(tuple(labels.items()))[0]
    found = known.get(fold(text))
    if found is None:
        # 「E 製造業」, 「製造業（食品）」: something stands beside the label; parts of words do not count.
        parts = {known[part] for part in re.split(r"[\s():]+", fold(text)) if part in known}
        if len(parts) != 1:
            raise Unclear("choice", text)
        found = parts.pop()
    return found


_SEPARATORS: Final = " ,、;/|・\n\t"


def _codes(text: str, labels: Mapping[str, str], more: Mapping[str, str] | None = None) -> list[str]:
    """Several labels or codes. Labels hold 、 and ・ themselves, so the longest is tried first."""
    known, words = _known(tuple(labels.items()), tuple((more or {}).items()))
    rest = fold(re.sub(r"[\n；]", "、", text))
    # 「第1号」, 「目標2」, 「中央小学校区」: what registers put around the code or the label.
    rest = re.sub(r"(第|目標|sdgs?|goal)\s*(?=\d)", "", re.sub(r"(小学校区|校区|地区)(?=\W|$)", "", rest))
    found: list[str] = []
    while rest := rest.lstrip(_SEPARATORS):
        beginning = words.get(rest[0], ())
        word = next(
            (one for one in beginning if rest.startswith(one) and _ends(rest, len(one), one.isdecimal())),
            None,
        )
        if word is None or (word.isdecimal() and re.match(r"[.:]\d", rest[len(word) :])):
            # 「4.2」 is a target of goal 4, not the goals 4 and 2.
            raise Unclear("choice", re.split(r"[,、;/|\n]", rest)[0].strip()[:40])
        found.append(known[word])
        if len(found) > MAX_CODES:
            raise Unclear("too_long", text)
        rest = rest[len(word) :]
        rest = re.sub(r"^[.:)号番]+", "", rest) if word.isdecimal() else rest
    return list(dict.fromkeys(found))


def _ends(rest: str, length: int, is_number: bool) -> bool:
    if is_number:
        # 「1」 must not be taken from 「13」, while 「13 子どもの…」 names the same field twice.
        return not rest[length : length + 1].isdecimal()
    return length == len(rest) or rest[length] in _SEPARATORS or not rest[length - 1].isascii()


def _yes_no(text: str) -> bool:
    word = fold(text)
    if word in {"はい", "あり", "有", "有り", "○", "◯", "〇", "1", "true", "yes", "y", "する"}:
        return True
    if word in {"いいえ", "なし", "無", "無し", "×", "0", "false", "no", "n", "しない"}:
        return False
    raise Unclear("yes_no", text)
