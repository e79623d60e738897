"""The municipality that runs this installation: its names, its districts, its telephone."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any, Final

from sqlalchemy.orm import Session

from matcher.cases import documents
from matcher.ground import addresses, vocabulary
from matcher.ground.errors import Invalid
from matcher.ground.permissions import Actor
from matcher.ground.typed import Unclear
from matcher.records import Municipality
from matcher.register import audit, parties


@dataclass(frozen=True)
class City:
    """What pages and mails say about the municipality."""

    name: str = parties.Office.name
    section: str = parties.Office.section
    phone: str = ""
    email: str = ""
    areas: Mapping[str, str] = field(default_factory=dict)
    field20: str = ""
    is_demo: bool = False
    kana: str = ""

    @property
    def area_labels(self) -> dict[str, str]:
        """Districts in display order, then 市全域 and 市外."""
        return {**self.areas, vocabulary.AREA_CITYWIDE: "市全域", vocabulary.AREA_OUTSIDE: "市外"}

    @property
    def fields(self) -> dict[str, str]:
        """The statutory fields; number 20 only where an ordinance gives it a text."""
        result = dict(vocabulary.FIELDS)
        if self.field20:
            result["20"] = self.field20
        else:
            result.pop("20")
        return result


UNKNOWN = City()


def get(session: Session) -> City:
    """The municipality, or ``UNKNOWN`` before it was set."""
    row = session.get(Municipality, 1)
    if row is None:
        return UNKNOWN
    return City(
        row.name, row.section, row.phone, row.email, dict(row.areas), row.field20, row.is_demo, row.kana or ""
    )  # fmt: skip


def put(session: Session, facts: Mapping[str, Any], *, is_demo: bool) -> None:
    """Set the municipality from the facts of a city file (name, kana, section, phone, email, areas, field20).

    Raises:
        Invalid: naming the keys that are missing, or the mailbox that mail does not reach.
    """
    missing = [key for key in ("name", "section", "phone", "email", "areas") if not facts.get(key)]
    if missing:
        raise Invalid(**dict.fromkeys(missing, "required"))
    try:
        email = addresses.read(str(facts["email"]))
    except Unclear as unclear:
        raise Invalid(email=unclear.code) from None
    row = session.get(Municipality, 1) or Municipality(id=1)
    row.name, row.kana, row.section = facts["name"], facts.get("kana", ""), facts["section"]
    row.phone, row.email, row.areas = facts["phone"], email, dict(facts["areas"])
    row.field20, row.is_demo = facts.get("field20", ""), is_demo
    session.add(row)


_NAMES: Final = ("name", "section")  #: what papers print of the city

#: Whoever changes the municipality does so from the command line of the server.
_OPERATOR: Final = Actor(role="operator")


def change(session: Session, facts: Mapping[str, Any], now: datetime) -> None:
    """Set the real municipality, or change it: what changed is audited, and open drafts that name an old name
    or section are written anew.

    Raises:
        Invalid: as ``put``.
    """
    before = get(session)
    put(session, facts, is_demo=False)
    session.flush()
    after = get(session)
    changed = [one.name for one in fields(City) if getattr(before, one.name) != getattr(after, one.name)]
    if not changed:
        return
    named: dict[str, Any] = {
        name: [getattr(before, name), getattr(after, name)] for name in _NAMES if name in changed
    }
    audit.record(
        session, _OPERATOR, "change_city", "municipality", "1", now, details={"fields": changed, **named}
    )
    if named:
        documents.redraw(session, now)
