"""How long typed texts may be, counted as people count: in grapheme clusters."""

from typing import Final

import regex

TITLE: Final = 60
SHORT: Final = 120
NOTE: Final = 400
TEXT: Final = 2000
MESSAGE: Final = 1000

_GRAPHEME = regex.compile(r"\X")


def length(text: str) -> int:
    """The number of characters as a person sees them: 葛󠄀 or 👨‍👩‍👧 counts once."""
    return sum(1 for _ in _GRAPHEME.finditer(text))


def is_too_long(text: str, limit: int) -> bool:
    """Whether ``text`` has more than ``limit`` visible characters; cheap for absurd lengths."""
    if len(text) <= limit:
        return False
    # A cluster of more than 20 code points is not writing, and counting 100,000 of them is not service.
    return len(text) > limit * 20 or length(text) > limit
