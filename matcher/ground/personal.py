"""Finds what must not be read in a text for others: names, mail addresses, telephone numbers, amounts."""

import re
from typing import Final

from embeddings.normal import nfkc

#: Begins only where no such character stands before, or a long row of letters would be read from each one on.
_MAIL: Final = re.compile(r"(?<![A-Za-z0-9._%+-])[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+")
#: Ten or eleven digits from a 0 on, with the dashes that people type; days and case numbers are shorter.
_PHONE: Final = re.compile(r"(?<![0-9A-Za-z])0(?:[-‐−–ー\s()]{0,2}[0-9]){9,10}(?![0-9A-Za-z])")
_NUMERALS: Final = r"0-9.,〇一二三四五六七八九十百千万億兆"
#: An amount in yen; 一円 by itself is "all over the place" (市内一円), not money.
_YEN: Final = re.compile(
    rf"(?<![{_NUMERALS}])(?!一円)[0-9〇一二三四五六七八九十百千万億兆][{_NUMERALS}\s]{{0,30}}円|¥\s*[0-9][0-9.,]*"
)
MASK: Final = "■■■"


def found_in(text: str) -> bool:
    """Whether the text holds a mail address or a telephone number, full-width digits included."""
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
