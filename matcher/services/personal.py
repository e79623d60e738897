"""Finds what names a person in a text that others will read: mail addresses and telephone numbers."""

import re
import unicodedata
from typing import Final

_MAIL: Final = re.compile(r"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+")
#: Ten or eleven digits from a 0 on, with the dashes that people type; days and case numbers are shorter.
_PHONE: Final = re.compile(r"(?<![0-9A-Za-z])0(?:[-‐−–ー\s()]{0,2}[0-9]){9,10}(?![0-9A-Za-z])")
MASK: Final = "■■■"


def found_in(text: str) -> bool:
    """Whether the text holds a mail address or a telephone number, full-width digits included."""
    plain = unicodedata.normalize("NFKC", text)
    return bool(_MAIL.search(plain) or _PHONE.search(plain))


def masked(text: str, names: frozenset[str] = frozenset(), *, contacts: bool = True) -> str:
    """The text with ``names`` and, if ``contacts``, addresses and telephone numbers blackened (墨消し).

    A name is also found with white space between its parts.
    """
    plain = unicodedata.normalize("NFKC", text)
    if contacts:
        plain = _PHONE.sub(MASK, _MAIL.sub(MASK, plain))
    for name in sorted(names, key=len, reverse=True):
        letters = [
            re.escape(letter) for letter in unicodedata.normalize("NFKC", name) if not letter.isspace()
        ]
        if len(letters) >= 2:
            plain = re.sub(r"\s*".join(letters), MASK, plain)
    return plain
