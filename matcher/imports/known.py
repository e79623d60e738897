"""Which organization or text of an upload is in the records already, or stands in a row above."""

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from embeddings import text as texts
from matcher.imports.columns import Kind
from matcher.organizations.identity import Identity, compare, known_as
from matcher.records import Need, Offer, Organization

#: With more entries of one name than these nobody compares them all; a person tells.
MOST_OF_ONE_NAME: Final = 200


class Known:
    """What is in the database and in the rows above, to recognise the same organization or text again."""

    def __init__(self, session: Session, kind: Kind) -> None:
        self.kind = kind
        self.numbers: dict[str, str] = {}
        self.names: dict[str, list[Identity]] = {}
        self.owners: dict[str, list[tuple[int, str, str]]] = {}
        self.owner_numbers: dict[str, tuple[int, str, str]] = {}
        self.titles: set[tuple[int, str]] = set()
        wanted = "company" if kind in {"companies", "offers"} else "npo"
        query = select(
            Organization.id, Organization.kind, Organization.name, Organization.area, Organization.state,
            Organization.corporate_number, Organization.address,
        )  # fmt: skip
        for key, found_kind, name, area, state, number, address in session.execute(query):
            if number:
                self.numbers[number] = name
            if found_kind == wanted:
                self.add_organization(Identity(name, number or "", area or "", address or ""))
                self.owners.setdefault(known_as(name), []).append((key, name, state))
                if number:
                    self.owner_numbers[number] = (key, name, state)
        if kind in {"needs", "offers"}:
            model: Any = Need if kind == "needs" else Offer
            alive = select(model.organization_id, model.title).where(model.state.not_in(("withdrawn",)))
            self.titles = {(owner, texts.fold(title)) for owner, title in session.execute(alive)}

    def same_organization(self, row: Identity) -> tuple[str, Identity] | None:
        """How a row is known already: the code of the problem, and the entry that it is or may be."""
        if row.number and row.number in self.numbers:
            return "number_known", Identity(self.numbers[row.number], row.number)
        verdicts = [(compare(row, known), known) for known in self.names.get(row.folded_name, ())]
        for wanted, code in (("same", "name_known"), ("maybe", "name_maybe")):
            for verdict, known in verdicts:
                if verdict == wanted:
                    return code, known
        return ("name_maybe", verdicts[0][1]) if len(verdicts) >= MOST_OF_ONE_NAME else None

    def add_organization(self, row: Identity) -> None:
        """Remember a row, so that the same further down is recognised."""
        if row.number:
            self.numbers[row.number] = row.name
        known = self.names.setdefault(row.folded_name, [])
        # Of those with a number one in each district says all there is to say to a row without one.
        is_told = row.number and any(one.number and one.area == row.area for one in known)
        if not is_told and len(known) < MOST_OF_ONE_NAME:
            known.append(row)


def identity(facts: Mapping[str, Any]) -> Identity:
    """By what an organization of a file is compared with those that are known."""
    return Identity(
        facts["name"],
        facts.get("corporate_number") or "",
        facts.get("area") or "",
        facts.get("address") or "",
    )
