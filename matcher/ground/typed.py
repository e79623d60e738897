"""What is asked of all that is typed: whether anything can be seen; what the readers of typed days, numbers
and addresses share: one width, and how they refuse. Pure.

A reader understands the whole of what was typed or refuses it; nothing is dropped so that the rest can be
read. Only the width is unified before: NFKC would make 「10²」 into 102 and 「1①」 into 11.
"""

import unicodedata
from typing import Final

import regex

from embeddings.normal import nfc

#: A character that leaves a mark on the page. Not one: what Unicode lets programs ignore (marks without a
#: width, the fillers of Hangul), white space, control characters, and the empty pattern of Braille.
_SEEN: Final = regex.compile(r"[^\s\p{Z}\p{Cc}\p{Default_Ignorable_Code_Point}\u2800\uFFF9-\uFFFB]")

#: Marks without a width that come along when text is copied; at the ends they hide nothing.
_UNSEEN: Final = "\u200b\u2060\ufeff\u200e\u202a\u202c"
#: Whatever people take for a hyphen becomes one: for ``str.translate``.
DASHES: Final = str.maketrans(dict.fromkeys("‐‑‒–—―−─━ー", "-"))
_SQUARES: Final = {"㍾": "明治", "㍽": "大正", "㍼": "昭和", "㍻": "平成", "㋿": "令和", "㎏": "kg"}


class Unclear(ValueError):
    """A value that cannot be meant: a code, the part that is wrong, and how many ``decimals`` it may have."""

    def __init__(self, code: str, part: str = "", *, decimals: int = 0) -> None:
        super().__init__(code)
        self.code = code
        self.part = part
        self.decimals = decimals


def seen(text: str) -> str:
    """``text`` without white space around it; empty where nobody could see anything of it."""
    return text.strip() if _SEEN.search(text) else ""


def plain(text: str, limit: int) -> str:
    """``text`` in one width, without white space around it.

    Raises:
        Unclear: ``value_too_long``, before anything is spent on the text.
    """
    if len(text) > limit:
        raise Unclear("value_too_long", text[:20])
    return narrow(text).strip().strip(_UNSEEN).strip()


def narrow(text: str) -> str:
    """``text`` in one width, of any length."""
    return nfc("".join(_SQUARES.get(character) or _narrow(character) for character in text))


def _narrow(character: str) -> str:
    width, _space, code = unicodedata.decomposition(character).partition(" ")
    return chr(int(code, 16)) if width in {"<wide>", "<narrow>"} else character
