"""What can be done on a case after the introduction, and how one asks for it (``asking``).

The views ask this table which buttons to show; the acts enforce the same again.
"""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final

from matcher.ground.permissions import Actor
from matcher.records import Partnership
from matcher.register.act import Look
from webapp import bodies
from webapp.db import Session
from webapp.views.asking import agreeing, results, running, talks
from webapp.views.asking.asked import Act

#: name of an act → how one asks for it
ACTS: Final[Mapping[str, Act]] = MappingProxyType(
    {row.deed.name: row for row in (*talks.FORMS, *agreeing.FORMS, *running.FORMS, *results.FORMS)}
)


def body(action: str) -> int:
    """The most bytes that the form of an action may bring."""
    return bodies.FILE if ACTS[action].form.takes_file() else bodies.TEXT


def may(
    session: Session, actor: Actor, case: Partnership, action: str, now: datetime, item: Any = None
) -> bool:
    """Whether the action is open to ``actor`` now, to this item of the case if one is given."""
    return ACTS[action].deed.may(Look(session, actor, case, now, item))
