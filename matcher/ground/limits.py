"""How long typed texts may be, counted as people count: in grapheme clusters.

``is_beyond`` is the raw limit: it is asked before anything else is done to what came from outside, counts
nothing, and costs nothing. ``length`` and ``is_too_long`` take time that grows with the text and no faster.
"""

from typing import Final

import regex

TITLE: Final = 60
NAME: Final = 120  #: of an organization: as long as registers have them
READING: Final = 240  #: of such a name in kana
SHORT: Final = 120
NOTE: Final = 400
TEXT: Final = 2000
MESSAGE: Final = 1000

#: Code points that one visible character may have. The longest that people write, a family of emoji with
#: skin tones, has eleven.
RAW: Final = 20

# A flag is two letters. Left to \X, the engine would count back to the beginning of a row of them at each.
_GRAPHEME = regex.compile(r"[\U0001F1E6-\U0001F1FF]{1,2}+[\p{GCB=Extend}\p{GCB=ZWJ}\p{GCB=SpacingMark}]*+|\X")


def length(text: str) -> int:
    """The number of characters as a person sees them: 葛󠄀 or 👨‍👩‍👧 counts once."""
    if text.isascii():
        return len(text) - text.count("\r\n")
    return sum(1 for _ in _GRAPHEME.finditer(text))


def is_beyond(text: str, limit: int) -> bool:
    """Whether ``text`` need not even be looked at: no ``limit`` characters have so many parts."""
    return len(text) > limit * RAW


def is_too_long(text: str, limit: int) -> bool:
    """Whether ``text`` has more than ``limit`` visible characters; cheap for absurd lengths."""
    if len(text) <= limit:
        return False
    return is_beyond(text, limit) or length(text) > limit
