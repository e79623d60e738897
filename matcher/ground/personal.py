"""Finds what must not be read in a text for others: names, mail addresses, telephone numbers, amounts.

The one detector: what is to be published is refused by it, what is disclosed is blackened by it, and whoever
reads a text before it is published is pointed to it.
"""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from embeddings.normal import nfkc
from matcher.ground.typed import DASHES

_DOMAIN: Final = r"(?:[\w-]+[.。])+[A-Za-z0-9-]+"
_AT: Final = r"(?:\s?@\s?|\s?[\[(]\s?(?:[Aa][Tt]|アット(?:マーク)?|あっと)\s?[\])]\s?)"
#: Begins only where no such character stands before, or a long row of letters would be read from each one on.
_MAIL: Final = re.compile(
    rf"(?<![A-Za-z0-9._%+-])[A-Za-z0-9._%+-]+{_AT}{_DOMAIN}|[ぁ-んァ-ヶー一-龠々]{{1,20}}{_AT}{_DOMAIN}"
)
_DIGIT: Final = "[0-9〇零一二三四五六七八九]"
_DASH: Final = "-" + "".join(chr(code) for code in DASHES)
#: Between the digits of a number people write dashes, dots, brackets, spaces and marks without a width.
_BETWEEN: Final = rf"[{_DASH}~〜～・./の\s()\[\]\u200b-\u200f\u2060\ufeff]{{0,3}}"
_PHONE: Final = re.compile(
    "|".join(
        (
            # With its area code, or from 0081 on; a 0 behind "04-" is the day of a date; neither 04/01/2026
            # nor "0.1 0.2" begins a number.
            rf"(?<![0-9A-Za-z])(?<![0-9][-/.])(?!0\.[0-9]{{1,3}}[\s,、])"
            rf"(?!0[0-9]([-/.])[0-9]{{1,2}}\1(?:19|20)[0-9]{{2}}(?![0-9]))"
            rf"\(?[0〇零](?:{_BETWEEN}{_DIGIT}){{9,14}}(?![0-9A-Za-z])",
            rf"\+{_BETWEEN}[0-9](?:{_BETWEEN}[0-9]){{7,14}}(?![0-9A-Za-z])",
            r"(?<![0-9A-Za-z])(?:0|81[-_,. ])[0-9]{1,4}[-_,. ][0-9]{1,4}[-_,. ][0-9]{4}(?![0-9A-Za-z])",
            # What is said to be a number, also without its area code.
            rf"(?:tel|fax|電話番号|電話|でんわ|携帯|けいたい|ケータイ|ファックス|ファクス|☎|📞)\s?(?:は|:|\.)?\s?"
            rf"\(?[0-9](?:[{_DASH}\s()]{{0,2}}[0-9]){{4,10}}(?![0-9]|\s?[年円人件台回時,:])",
            r"(?:内線|ext\.?)(?:番号)?[):]?\s?[:は]?\s?[0-9]{1,6}(?![0-9]|\s?[年円人件台回])",
        )
    ),
    re.IGNORECASE,
)
#: A house, not a district: it may be somebody's home, or where all meet.
_ADDRESS: Final = re.compile(
    r"[\d一二三四五六七八九十]丁目\s?[\d一二三四五六七八九十]|\d番地|\d番\d{1,5}号|[町字]\s?\d{1,5}-\d"
)
_KINDS: Final[Mapping[str, re.Pattern[str]]] = MappingProxyType(
    {"phone": _PHONE, "email": _MAIL, "address": _ADDRESS}
)
_NUMERALS: Final = r"0-9.,〇一二三四五六七八九十百千万億兆"
#: An amount in yen; 一円 by itself is "all over the place" (市内一円), not money.
_YEN: Final = re.compile(
    rf"(?<![{_NUMERALS}])(?!一円)[0-9〇一二三四五六七八九十百千万億兆][{_NUMERALS}\s]{{0,30}}円|¥\s*[0-9][0-9.,]*"
)
MASK: Final = "■■■"


def kinds_in(*texts: str) -> tuple[str, ...]:
    """Which of ``phone``, ``email`` and ``address`` the texts hold, in any width, for somebody to judge."""
    plain = [nfkc(text) for text in texts]
    return tuple(kind for kind, pattern in _KINDS.items() if any(pattern.search(text) for text in plain))


def kinds_by(texts: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """The same of each text that holds any: its name → kinds, in the order given."""
    found = {name: kinds_in(text) for name, text in texts.items()}
    return {name: kinds for name, kinds in found.items() if kinds}


def found_in(text: str) -> bool:
    """Whether the text holds a mail address or a telephone number, which nobody may publish.

    A house number alone is no reason: where people meet is published.
    """
    plain = nfkc(text)
    return bool(_MAIL.search(plain) or _PHONE.search(plain))


def masked(
    text: str, names: frozenset[str] = frozenset(), *, contacts: bool = True, money: bool = False
) -> str:
    """The text with ``names`` and, if asked, ``contacts`` and amounts of ``money`` blackened (墨消し).

    A name is also found with white space between its parts.
    """
    plain = nfkc(text)
    if contacts:
        plain = _PHONE.sub(MASK, _MAIL.sub(MASK, plain))
    if money:
        plain = _YEN.sub(f"{MASK}円", plain)
    for name in sorted(names, key=len, reverse=True):
        letters = [re.escape(letter) for letter in nfkc(name) if not letter.isspace()]
        if len(letters) >= 2:
            plain = re.sub(r"\s*".join(letters), MASK, plain)
    return plain
