"""Who the parties of a case were on the day of an act: names, addresses, representatives, the city's section.

What was accepted, decided, published or printed names the parties of its own day. Texts that several accept
carry them in their content, under the hash; everything else finds them by its audit event: each event on a
case keeps who the parties are, where that has changed since (``keep``), and nothing that is kept is changed.
Events and not times put them in order, since several may bear one time.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from datetime import date
from functools import cached_property
from typing import Any, Final

from sqlalchemy import and_, or_, select, update
from sqlalchemy.orm import Session

from matcher.ground import calendar, lifecycle, vocabulary
from matcher.records import (
    AuditEvent,
    CaseDocument,
    Contribution,
    Identity,
    Municipality,
    Organization,
    Partnership,
    User,
)

SIDES: Final = ("company", "npo", "city")
_CITY: Final = ("city", "city")  #: subject and key of the one municipality
_Key = tuple[str, str]


@dataclass(frozen=True)
class Party:
    """An organization as it was registered."""

    name: str = ""
    kana: str = ""
    corporate_number: str = ""
    address: str = ""
    representative: str = ""


@dataclass(frozen=True)
class Office:
    """The municipality and the section that handles the cases."""

    name: str = vocabulary.NO_CITY
    section: str = vocabulary.NO_SECTION


@dataclass(frozen=True)
class Doubt:
    """Facts of one side, or of a ``person`` who is named, that no record proves for the day: they are as
    registered on ``seen_on``.
    """

    side: str
    facts: tuple[str, ...]
    seen_on: date


@dataclass(frozen=True)
class Parties:
    """The three parties of one case on one day."""

    company: Party
    npo: Party
    city: Office
    doubts: tuple[Doubt, ...] = ()

    def as_dict(self) -> dict[str, dict[str, str]]:
        """The parties as a text that is accepted carries them; JSON values."""
        return {side: asdict(getattr(self, side)) for side in SIDES}

    @classmethod
    def from_dict(cls, kept: Mapping[str, Mapping[str, str]]) -> "Parties":
        """The parties of a text, as ``as_dict`` gave them."""
        return cls(Party(**kept["company"]), Party(**kept["npo"]), Office(**kept["city"]))


_SEAT: Final = ("address", "representative")  #: what the other party reads in an agreement only

#: Whatever of an organization stands on papers; a change of it rewrites open drafts.
FACTS: Final = tuple(field.name for field in fields(Party))


def present(session: Session, case: Partnership) -> Parties:
    """The parties as they are registered now."""
    company, npo = (session.get_one(Organization, key) for key in case.party_ids)
    return Parties(_party(company), _party(npo), _office(session))


def _party(organization: Organization) -> Party:
    return Party(**{name: getattr(organization, name) or "" for name in FACTS})


def _office(session: Session) -> Office:
    row = session.get(Municipality, 1)
    return Office() if row is None else Office(row.name, row.section)


# ── Keeping ──────────────────────────────────────────────────────────────────────────────────────────


def keep(session: Session, event: AuditEvent) -> None:
    """Remember who the parties of an event's case are, the city and whoever acts or is in charge included,
    where that differs from what is known of them or was not proved.
    """
    public_id = event.details.get("case") if event.object_type == "casefile" else event.object_id
    case = session.scalar(select(Partnership).where(Partnership.public_id == public_id))
    if case is None:
        return
    found = present(session, case)
    sides = [session.get_one(Organization, key).public_id for key in case.party_ids]
    facts: dict[_Key, dict[str, str]] = {
        ("organization", sides[0]): asdict(found.company),
        ("organization", sides[1]): asdict(found.npo),
        _CITY: asdict(found.city),
    }
    people = session.scalars(
        select(User).where(or_(User.public_id == event.actor_id, User.id == case.coordinator_id))
    )
    facts |= {("user", person.public_id): {"name": person.name} for person in people}
    newest = {(row.subject, row.subject_key): row for row in _rows(session, facts)}
    for key, known in facts.items():
        row = newest.get(key)
        if row is None or row.unproved or row.facts != known:
            session.add(
                Identity(
                    subject=key[0], subject_key=key[1], since_event=event.id, facts=known, kept_at=event.at
                )
            )
    session.flush()


def forget(session: Session, user: User) -> None:
    """Remove the name of a person whose account is closed also from what papers print."""
    session.execute(
        update(Identity)
        .where(Identity.subject == "user", Identity.subject_key == user.public_id)
        .values(facts={"name": user.name})
    )


def _rows(session: Session, keys: Mapping[_Key, Any]) -> list[Identity]:
    """The known states of these subjects, oldest first."""
    wanted = [and_(Identity.subject == subject, Identity.subject_key == key) for subject, key in keys]
    return list(session.scalars(select(Identity).where(or_(*wanted)).order_by(Identity.since_event)))


# ── Reading ──────────────────────────────────────────────────────────────────────────────────────────


class History:
    """The parties of one case on the days of its acts. Asks the database once, when it is first needed."""

    def __init__(self, session: Session, case: Partnership) -> None:
        self._session, self._case = session, case

    @cached_property
    def present(self) -> Parties:
        """As they are registered now."""
        return present(self._session, self._case)

    @cached_property
    def _events(self) -> list[AuditEvent]:
        return list(
            self._session.scalars(
                select(AuditEvent)
                .where(AuditEvent.object_type == "partnership", AuditEvent.object_id == self._case.public_id)
                .order_by(AuditEvent.id.desc())
            )
        )

    @cached_property
    def _known(self) -> dict[_Key, list[Identity]]:
        keys = [("organization", public_id) for public_id in self._public_ids] + [_CITY]
        keys += [("user", event.actor_id) for event in self._events if event.actor_id]
        if self._case.coordinator_id is not None:
            keys.append(("user", self._session.get_one(User, self._case.coordinator_id).public_id))
        found: dict[_Key, list[Identity]] = {}
        for row in _rows(self._session, dict.fromkeys(keys)):
            found.setdefault((row.subject, row.subject_key), []).append(row)
        return found

    @cached_property
    def _public_ids(self) -> tuple[str, str]:
        company, npo = (self._session.get_one(Organization, key) for key in self._case.party_ids)
        return company.public_id, npo.public_id

    def event(self, *actions: str, before: AuditEvent | None = None, **about: str) -> AuditEvent | None:
        """The newest event of the case (``before`` another) of these actions whose details name ``about``."""
        return next(
            (
                event
                for event in self._events
                if event.action in actions
                and (before is None or event.id < before.id)
                and all(event.details.get(name) == value for name, value in about.items())
            ),
            None,
        )

    def agreed(self, kind: str, until: AuditEvent) -> list[CaseDocument]:
        """The versions of a text that had come into force when an event happened, first the one by which the
        case stood then. A version comes into force with the last acceptance of it.
        """
        since = {
            event.id: row
            for row in self._agreed
            if (event := self.event(f"accept_{kind}", document=row.public_id)) is not None
        }
        return [since[key] for key in sorted(since, reverse=True) if key <= until.id]

    @cached_property
    def _agreed(self) -> list[CaseDocument]:
        return list(
            self._session.scalars(
                select(CaseDocument).where(
                    CaseDocument.partnership_id == self._case.id, CaseDocument.agreed_at.is_not(None)
                )
            )
        )

    def on(self, event: AuditEvent | None, *people: str | None) -> Parties:
        """The parties when an event happened; as they are now where it has not.

        Args:
            people: public ids of whoever is named beside them, whose names may be in doubt, too.
        """
        if event is None:
            return self.present
        keys = [*(("organization", public_id) for public_id in self._public_ids), _CITY]
        rows = {side: self._row(key, event) for side, key in zip(SIDES, keys, strict=True)}
        facts = {side: row.facts for side, row in rows.items() if row is not None}
        named = [*rows.items(), *(("person", self._row(("user", one), event)) for one in people if one)]
        doubts = (
            Doubt(side, tuple(row.unproved), calendar.tokyo_date(row.kept_at))
            for side, row in named
            if row is not None and row.unproved
        )
        return replace(Parties.from_dict({**self.present.as_dict(), **facts}), doubts=tuple(doubts))

    def of(self, *actions: str, **about: str) -> Parties:
        """The parties on the day of the newest such ``event``; as they are now where there is none."""
        return self.on(self.event(*actions, before=None, **about))

    def of_gift(self, gift: Contribution) -> Parties:
        """The parties when a gift was confirmed; as they are now where it has not been."""
        return self.of("confirm_contribution", contribution=gift.public_id)

    def of_document(self, document: CaseDocument) -> Parties:
        """The parties that a version of a text names.

        Texts of before they carried their parties name those of the day on which a side last accepted them,
        or on which they were drafted.
        """
        kept = document.content.get("parties")
        if kept is not None:
            return Parties.from_dict(kept)
        return self.on(self._said(document))

    def shown_in(self, document: CaseDocument) -> Parties:
        """Those of them whom both parties read in it: where an organization has its seat, often somebody's
        home, and who represents it, stand in agreements alone; other texts only keep it.
        """
        named = self.of_document(document)
        return named if document.kind == "agreement" else _without_seats(named)

    def _said(self, document: CaseDocument) -> AuditEvent | None:
        accepted = (
            event
            for event in self._events
            if event.action == f"accept_{document.kind}"
            and event.details.get("document") == document.public_id
            # The city accepts what the two sides have accepted with the names of their day.
            and event.role == "member"
        )
        drafted = self.event(f"draft_{document.kind}", document=document.public_id)
        return next(accepted, drafted)

    def content_of(self, document: CaseDocument) -> dict[str, Any]:
        """What a version says, the parties that it shows included."""
        return {**document.content, "parties": self.shown_in(document).as_dict()}

    def lasting(self) -> Parties:
        """The parties under which the case stands: of the day it ended or, while it is open, of now."""
        return self.on(self.ending())

    def ending(self) -> AuditEvent | None:
        """The event with which the case was over, ``None`` while it is open."""
        is_over = self._case.state in lifecycle.CASE_EXITS
        return self.event(*lifecycle.CASE_ENDINGS) if is_over else None

    def person(self, public_id: str | None, event: AuditEvent | None, otherwise: str) -> str:
        """The name of a person when an event happened; ``otherwise`` where it has not, or it is not known."""
        row = self._row(("user", public_id), event) if event is not None and public_id else None
        return otherwise if row is None else str(row.facts["name"])

    def representatives(self) -> frozenset[str]:
        """Whoever has represented either side, as far as it is known."""
        found = {
            str(row.facts.get("representative") or "")
            for (subject, _key), rows in self._known.items()
            for row in rows
            if subject == "organization"
        }
        return frozenset(name for name in found if name)

    def _row(self, key: _Key, event: AuditEvent) -> Identity | None:
        rows = self._known.get(key, [])
        known = [row for row in rows if row.since_event <= event.id] or rows[:1]
        return known[-1] if known else None


def _without_seats(named: Parties) -> Parties:
    doubts = (
        replace(one, facts=tuple(fact for fact in one.facts if fact not in _SEAT)) for one in named.doubts
    )
    company, npo = (replace(side, **dict.fromkeys(_SEAT, "")) for side in (named.company, named.npo))
    return replace(named, company=company, npo=npo, doubts=tuple(one for one in doubts if one.facts))


def changed_now(session: Session, case: Partnership, document: CaseDocument) -> bool:
    """Whether a text names other parties than are registered now; texts of before named none."""
    kept = document.content.get("parties")
    return kept is not None and kept != present(session, case).as_dict()
