"""The municipality that runs this installation: its names, its districts, its telephone."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from matcher.cases import documents
from matcher.ground import addresses, phones, vocabulary
from matcher.ground.errors import Invalid
from matcher.ground.permissions import Actor
from matcher.ground.typed import Unclear, seen
from matcher.records import (
    AuditEvent,
    CaseDocument,
    CompanyProfile,
    Municipality,
    Need,
    NpoProfile,
    Offer,
    Organization,
)
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
        return {**self.areas, **vocabulary.AREAS_BEYOND}

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
_HELD: Final = "municipality"


def get(session: Session) -> City:
    """The municipality, or ``UNKNOWN`` before it was set."""
    row = session.get(Municipality, 1)
    if row is None:
        return UNKNOWN
    session.info[_HELD] = row  # a session lets go of what nobody holds, and reads it anew
    return City(
        row.name, row.section, row.phone, row.email, dict(row.areas), row.field20, row.is_demo, row.kana or ""
    )  # fmt: skip


def areas_on(session: Session, event: AuditEvent | None) -> dict[str, str]:
    """``area_labels`` as the districts were called when an event of the record happened; what was accepted
    then keeps their codes alone.

    As they are called now where there is no such event, or only changes since that did not keep the earlier
    names.
    """
    now = get(session).area_labels
    if event is None:
        return now
    changes = session.scalars(
        select(AuditEvent)
        .where(AuditEvent.action == _CHANGED, AuditEvent.id > event.id)
        .order_by(AuditEvent.id)
    )
    earlier = next((change.details["areas"][0] for change in changes if "areas" in change.details), None)
    return now if earlier is None else {**earlier, **vocabulary.AREAS_BEYOND}


def put(session: Session, facts: Mapping[str, Any], *, is_demo: bool) -> None:
    """Set the municipality from the facts of a city file (name, kana, section, phone, email, areas, field20).

    Raises:
        Invalid: naming the keys that are missing or too long, and what nobody can dial or write to.
    """
    _set(session, facts, *_readable(facts), is_demo=is_demo)


def _set(session: Session, facts: Mapping[str, Any], email: str, phone: str, *, is_demo: bool) -> None:
    row = session.get(Municipality, 1) or Municipality(id=1)
    row.name, row.kana, row.section = facts["name"], facts.get("kana", ""), facts["section"]
    row.phone, row.email, row.areas = phone, email, dict(facts["areas"])
    row.field20, row.is_demo = facts.get("field20", ""), is_demo
    session.add(row)


def _readable(facts: Mapping[str, Any]) -> tuple[str, str]:
    """The mailbox and the telephone number of a city file in which all else is as it must be."""
    areas, wrong = facts.get("areas"), dict[str, str]()
    for key, most in _TEXTS.items():
        text = facts.get(key) or ""
        if not isinstance(text, str) or (not seen(text) and key in _REQUIRED):
            wrong[key] = "required"
        elif len(text) > most:
            wrong[key] = "too_long"
    if not areas or not isinstance(areas, Mapping) or not all(isinstance(one, str) for one in areas.values()):
        wrong["areas"] = "required"
    read = {}
    for key, reader in (("email", addresses.read), ("phone", phones.read)):
        try:
            read[key] = "" if key in wrong else reader(facts[key])
        except Unclear as unclear:
            wrong[key] = unclear.code
    if wrong:
        raise Invalid(**wrong)
    return read["email"], read["phone"]


_CHANGED: Final = "change_city"
_REQUIRED: Final = ("name", "section", "phone", "email")
#: The texts of a city file, and how long they may be.
_TEXTS: Final = {"name": 60, "kana": 60, "section": 60, "phone": 40, "email": 254}
_NAMES: Final = ("name", "section")  #: what papers print of the city
_KEPT: Final = (*_NAMES, "areas")  #: what the audit record keeps as it was and as it is

#: Whoever changes the municipality does so from the command line of the server.
_OPERATOR: Final = Actor(role="operator")


def change(session: Session, facts: Mapping[str, Any], now: datetime) -> None:
    """Set the real municipality, or change it: what changed is audited, and open drafts that name an old name
    or section are written anew.

    Raises:
        Invalid: as ``put``; or it names the districts that are to go and are ``in_use``.
    """
    email, phone = _readable(facts)
    before = get(session)
    gone = before.areas.keys() - dict(facts["areas"]).keys()
    if in_use := gone & _areas_in_use(session):
        raise Invalid(**{f"areas.{code}": "in_use" for code in sorted(in_use)})
    _set(session, facts, email, phone, is_demo=False)
    session.flush()
    after = get(session)
    changed = [one.name for one in fields(City) if getattr(before, one.name) != getattr(after, one.name)]
    if not changed:
        return
    kept: dict[str, Any] = {
        name: [getattr(before, name), getattr(after, name)] for name in _KEPT if name in changed
    }
    audit.record(session, _OPERATOR, _CHANGED, "municipality", "1", now, details={"fields": changed, **kept})
    if kept.keys() & set(_NAMES):
        documents.redraw(session, now)


def _areas_in_use(session: Session) -> set[str]:
    """The codes that an organization, a need, an offer or a published page names."""
    found = {area for area in session.scalars(select(Organization.area)) if area}
    for column in (CompanyProfile.areas, NpoProfile.areas, Need.areas, Offer.areas):
        found.update(*(areas or () for areas in session.scalars(select(column))))
    pages = select(CaseDocument.content).where(CaseDocument.kind == "publication")
    found.update(*(content["view"]["areas"] for content in session.scalars(pages)))
    return found
