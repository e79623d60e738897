"""What the address asks for: the one reader of the query string, apart from the forms that are sent by GET.

An address can be typed, cut or made up; a number that it cannot mean counts as not asked for.
"""

from typing import Final

from flask import request

from matcher.ground import limits
from matcher.ground.errors import NotFound
from webapp.forms.base import clean

_MOST_PAGES: Final = 10**6


def word(name: str, limit: int = limits.SHORT) -> str:
    """A code, a public id or a word, cleaned; empty where there is none.

    Raises:
        NotFound: it is longer than ``limit``; no address of ours is.
    """
    typed = request.args.get(name, "")
    if limits.is_too_long(typed, limit):
        raise NotFound("page")
    found: str = clean(typed)
    return found


def several(name: str, most: int) -> list[str]:
    """The first ``most`` values of a name that may come again, cleaned."""
    sent = request.args.getlist(name)[:most]
    return [found for one in sent if len(one) <= limits.SHORT and (found := clean(one))]


def number(name: str, least: int, most: int) -> int | None:
    """A whole number from ``least`` to ``most``, else ``None``."""
    typed = request.args.get(name, "")
    if len(typed) > len(str(most)) or not (typed.isascii() and typed.isdecimal()):
        return None
    return int(typed) if least <= int(typed) <= most else None


def page() -> int:
    """The page of a list; whatever is no page is the first."""
    return number("page", 1, _MOST_PAGES) or 1
