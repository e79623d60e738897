"""Which acts have a place of their own on the pages of a case; the others stand at the end of their part."""

import re
from collections.abc import Iterator
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Final

from matcher.ground.permissions import Actor
from matcher.records import Partnership
from matcher.register import act
from webapp.db import Session

_PLACE: Final = re.compile(r'act_(?:button|link|url)\(\s*"(\w+)"')
_PAGES: Final = Path(__file__).parent / "templates" / "work"


@cache
def _placed() -> frozenset[str]:
    """The acts to which a page of the workspace leads by name."""
    pages = (page.read_text(encoding="utf-8") for page in _PAGES.glob("*.html"))
    return frozenset(name for page in pages for name in _PLACE.findall(page))


def others(session: Session, actor: Actor, case: Partnership, home: str, now: datetime) -> Iterator[str]:
    """What else ``actor`` can do to the case in a part of its pages (``home``), where no page says where.

    What is about one item has no place but beside it.
    """
    for name in act.open_to(session, actor, case, now, home):
        if name not in _placed() and act.get(Partnership, name).item is None:
            yield name
