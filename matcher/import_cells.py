"""How one cell of an imported sheet is read: labels or codes, lists, numbers, dates as Japan writes them."""

import re
from collections.abc import Mapping
from datetime import date, timedelta
from functools import lru_cache
from typing import Any, Final

from embeddings.text import fold, normalize
from matcher import vocabulary
from matcher.import_columns import Column, choices
from matcher.services.cities import City

#: A cell with a code, a number, a day or an address that is longer is none; lists of codes stay far below.
MAX_CELL: Final = 1_000


class Unclear(ValueError):
    """A cell that cannot be meant: a code, and the part of the cell that is wrong."""

    def __init__(self, code: str, part: str = "") -> None:
        super().__init__(code)
        self.code = code
        self.part = part


def parse(column: Column, text: str, city: City) -> Any:
    """The value of a cell: text, code, list of codes, number, ISO date, or ``None`` where it is empty.

    Raises:
        Unclear: with the code of what is wrong and the part of the cell.
    """
    if column.kind not in {"text", "url"} and len(text) > MAX_CELL:
        raise Unclear("too_long", text)
    text = text[1:] if re.match(r"^'[=+\-@＝＋－−＠]", text) else text
    if not text or text in {"-", "－", "―", "ー", "なし", "無し", "N/A", "n/a"}:
        return [] if column.kind in {"codes", "areas", "fields"} else None
    if re.fullmatch(r"#(N/A|REF!|VALUE!|NAME\?|DIV/0!|NULL!|NUM!)", text):
        raise Unclear("excel_error", text)
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
        case "number":
            return _number(text)
        case "integer":
            found = _number(text)
            if found != int(found) or found > 10**9:
                raise Unclear("integer", text)
            return int(found)
        case "date":
            return read_day(text).isoformat()
        case "yes_no":
            return _yes_no(text)
        case "email":
            if not re.fullmatch(r"[^@\s,;<>\"]+@[^@\s,;<>\"]+\.[^@\s,;<>\"]+", normalize(text)):
                raise Unclear("email", text)
            return normalize(text)
        case "phone":
            if re.fullmatch(r"[1-9]\d{8,9}", normalize(text)):
                raise Unclear("phone_zero", text)
            return normalize(text)
        case _:
            return text


_Pairs = tuple[tuple[str, str], ...]


@lru_cache(maxsize=256)
def _known(labels: _Pairs, more: _Pairs = ()) -> tuple[dict[str, str], list[str]]:
    """Folded label or code → code, and these words with the longest first."""
    known = {fold(label): code for code, label in labels}
    known |= {fold(label): code for label, code in more}
    known |= {fold(code): code for code, _label in labels}
    return known, sorted(known, key=len, reverse=True)


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
        word = next(
            (one for one in words if rest.startswith(one) and _ends(rest, len(one), one.isdecimal())), None
        )
        if word is None:
            raise Unclear("choice", re.split(r"[,、;/|\n]", rest)[0].strip()[:40])
        found.append(known[word])
        rest = rest[len(word) :]
        rest = re.sub(r"^[.:)号番]+", "", rest) if word.isdecimal() else rest
    return list(dict.fromkeys(found))


def _ends(rest: str, length: int, is_number: bool) -> bool:
    if is_number:
        # 「1」 must not be taken from 「13」, while 「13 子どもの…」 names the same field twice.
        return not rest[length : length + 1].isdecimal()
    return length == len(rest) or rest[length] in _SEPARATORS or not rest[length - 1].isascii()


def _number(text: str) -> float:
    plain = re.sub(r"[,\s]", "", normalize(text))
    match = re.fullmatch(r"(?:約)?(\d+(?:\.\d+)?)(万|千)?[^\d.]{0,6}", plain)
    if match is None:
        raise Unclear("number", text)
    value = float(match[1]) * {"万": 10_000, "千": 1_000, None: 1}[match[2]]
    if value >= 10**11:
        raise Unclear("number", text)
    return value


_ERA_STARTS: Final = {
    "令和": 2018, "r": 2018, "平成": 1988, "h": 1988, "昭和": 1925, "s": 1925, "大正": 1911, "t": 1911,
    "明治": 1867, "m": 1867,
}  # fmt: skip
_EXCEL_DAY_ZERO: Final = date(1899, 12, 30)


def read_day(text: str) -> date:
    """A day as Japan writes it: 2027-03-31, 2027/3/31, 令和9年3月31日, R9.3.31, in any width.

    Raises:
        Unclear
    """
    plain = re.sub(r"\s", "", fold(text)).replace("元年", "1年")
    plain = re.sub(r"[(（][日月火水木金土][)）]$", "", plain)
    try:
        if match := re.fullmatch(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?(?:t.*|\d\d:.*)?", plain):
            return date(int(match[1]), int(match[2]), int(match[3]))
        if match := re.fullmatch(r"(\d{4})(\d{2})(\d{2})", plain):
            return date(int(match[1]), int(match[2]), int(match[3]))
        era = "|".join(_ERA_STARTS)
        if match := re.fullmatch(rf"({era})(\d{{1,2}})[-/.年](\d{{1,2}})[-/.月](\d{{1,2}})日?", plain):
            return date(_ERA_STARTS[match[1]] + int(match[2]), int(match[3]), int(match[4]))
        if re.fullmatch(r"[2-7]\d{4}", plain):
            return _EXCEL_DAY_ZERO + timedelta(days=int(plain))
    except ValueError:
        pass
    raise Unclear("date", text)


def _yes_no(text: str) -> bool:
    word = fold(text)
    if word in {"はい", "あり", "有", "有り", "○", "◯", "〇", "1", "true", "yes", "y", "する"}:
        return True
    if word in {"いいえ", "なし", "無", "無し", "×", "0", "false", "no", "n", "しない"}:
        return False
    raise Unclear("yes_no", text)
