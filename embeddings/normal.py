"""Unicode normal forms at a cost that grows with the length and not with its square.

The only module that calls ``unicodedata.normalize`` (a test reads the code for others). CPython sorts the
marks behind a letter by insertion, holding the interpreter's lock: 100,000 of them, typed into any field,
would stop the service for half a minute. Unicode's own bound for what is writing is 30 marks in a row
(UAX #15, section 13, Stream-Safe Text Format); what goes beyond is left as it was typed.
"""

import unicodedata
from typing import Final, Literal

import regex

MAX_MARKS: Final = 30  #: of combining marks in a row, as many as UAX #15 lets a reader of text expect

#: Every character that is, or in either form begins with, something that is sorted behind a letter: the
#: marks, and the sound marks of half-width kana.
_ENDLESS: Final = regex.compile(rf"([\p{{M}}\uFF9E\uFF9F]{{{MAX_MARKS + 1},}}+)")


def nfc(text: str) -> str:
    """The form in which typed text is stored: か + ゛ is が. Idempotent."""
    return _normal("NFC", text)


def nfkc(text: str) -> str:
    """The form for comparing and for reading numbers: ％ is %, ｶﾞ is ガ, ㍻ is 平成. Idempotent."""
    return _normal("NFKC", text)


def _normal(form: Literal["NFC", "NFKC"], text: str) -> str:
    if text.isascii():
        return text
    # A split with one group puts the runs that are no writing at the odd places.
    parts = _ENDLESS.split(text)
    parts[::2] = (unicodedata.normalize(form, part) for part in parts[::2])
    return "".join(parts)
