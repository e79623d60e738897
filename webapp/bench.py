"""The bench at which the city decides: the queue beside what is decided on, its forms, where one goes on.

What waits, in which order, and what comes next says ``matcher/desk/waiting.py``.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from flask import url_for

from matcher.agreements import acts as agreement_acts
from matcher.desk import waiting
from webapp import access, clock, db
from webapp.forms.base import Form

#: queue → the page of one of its records, and the list behind it
_PAGES: Final[Mapping[str, tuple[str, dict[str, str]]]] = {
    "cases": ("cases.show", {}),
    "agreements": ("work.act", {"action": agreement_acts.confirm.name}),
    "organizations": ("coordinator.organization", {}),
    "needs": ("coordinator.need", {}),
    "offers": ("coordinator.offer", {}),
    "comments": ("desk_work.comment", {}),
}
#: kind of a posting → its queue
CODES: Final[Mapping[str, str]] = {"need": "needs", "offer": "offers"}
_LISTS: Final[Mapping[str, str]] = {
    "agreements": "coordinator.cases", "comments": "desk_work.comments",
}  # fmt: skip


@dataclass(frozen=True)
class Queue:
    """What waits beside the record that is decided on, with where each leads."""

    line: waiting.Line
    list_url: str

    def url(self, row: waiting.Row) -> str:
        """The bench of another one."""
        return _url(self.line.code, row.public_id)


def queue(code: str, record: Any) -> Queue:
    """The queue around a record."""
    line = waiting.around(db.session(), access.actor(), code, record, clock.now())
    return Queue(line, list_url(code))


def list_url(code: str) -> str:
    """The list of all that wait."""
    return url_for(_LISTS.get(code, f"coordinator.{code}"), state=waiting.KINDS[code].state)


def onward(code: str, record: Any) -> Callable[[Any], str]:
    """Where one goes on once the record is decided on: to the next one, or to the list. Asked before, when it
    still has its place.
    """
    decided = waiting.place(code, record)

    def lead(_made: Any) -> str:
        found = waiting.next_after(db.session(), access.actor(), code, decided)
        return list_url(code) if found is None else _url(code, found.public_id)

    return lead


def _url(code: str, public_id: str) -> str:
    endpoint, values = _PAGES[code]
    named: dict[str, Any] = {"public_id": public_id, **values}
    return url_for(endpoint, **named)


def part(form: Form, name: str) -> Form:
    """The form as one of several on a page: nobody else on it has the ids of its fields."""
    for field in form:
        field.id = f"{name}-{field.name}"
    return form
