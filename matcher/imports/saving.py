"""Saves the checked rows of an upload, in short transactions of its own, so that nobody waits for it.

Rows that are there already are left out, so that a second run after an interruption goes on where the first
stopped.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import func, inspect, select
from sqlalchemy.orm import Session, joinedload

from matcher.ground import calendar, permissions
from matcher.ground.db import Database
from matcher.ground.errors import Invalid
from matcher.ground.permissions import Actor
from matcher.imports.columns import Kind
from matcher.imports.known import identity
from matcher.imports.rows import facts_of, posting_of
from matcher.organizations import acts as organization_acts
from matcher.organizations.identity import Identity, compare
from matcher.postings import drafts as posting_drafts
from matcher.postings import revisions as posting_revisions
from matcher.records import CompanyProfile, Need, NpoProfile, Offer, Organization
from matcher.records.base import new_public_id
from matcher.register import audit, findable, folding, moves, numbers

#: The states in which imported records may begin, the default first.
STATES: Final[Mapping[str, tuple[str, ...]]] = {
    "companies": ("submitted", "verified"),
    "npos": ("submitted", "verified"),
    "needs": ("in_review", "open"),
    "offers": ("in_review", "open"),
}
CHUNK_SECONDS: Final = 0.4  #: a writing transaction of an import lasts about this long
PAUSE_SECONDS: Final = 0.2  #: between two of them, so that others write in between


@dataclass(frozen=True)
class Result:
    """What became of a confirmed import."""

    saved: int
    skipped: int


@dataclass(frozen=True)
class Progress:
    """How far an import has come: rows looked at, and rows of them that were saved."""

    done: int = 0
    saved: int = 0


START: Final = Progress()


#: Called in each writing transaction of an import with how far it will have come; what it raises undoes it.
Within = Callable[[Session, Progress], None]


def save(
    database: Database,
    actor: Actor,
    kind: Kind,
    rows: Sequence[Mapping[str, Any]],
    state: str,
    now: datetime,
    *,
    about: str = "",
    step: Callable[[int, int], None] | None = None,
    begin: Progress = START,
    within: Within | None = None,
) -> Result:
    """Save checked rows in transactions of about half a second; ``step(done, total)`` is told of progress.

    Args:
        about: public id of the upload, for the audit events; made up where there is none.
        begin: how far an interrupted run had come; its rows are not looked at again.
        within: called in each of the transactions with the progress that it commits.

    Raises:
        Invalid: ``state`` is none in which such records may begin.
    """
    permissions.require(actor, "desk.import")
    if state not in STATES[kind]:
        raise Invalid(state="required")
    alone, about = not about, about or new_public_id()
    one = _save_organization if kind in {"companies", "npos"} else _save_posting
    done, saved = begin.done, begin.saved
    waiting = iter(rows[done:])
    while True:
        with database.write() as session:
            chunk = 0
            for row in _for_a_while(waiting):
                saved += one(session, actor, kind, row, state, now, about)
                chunk += 1
            if within is not None:
                within(session, Progress(done + chunk, saved))
        done += chunk
        if step is not None:
            step(done, len(rows))
        if done >= len(rows):
            break
        time.sleep(PAUSE_SECONDS)
    result = Result(saved, len(rows) - saved)
    if alone:
        with database.write() as session:
            decided = [row["row"] for row in rows if "beside" in row]
            note_confirmed(session, actor, kind, about, state, result, now, decided)
    return result


def _for_a_while(waiting: Iterator[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    started = time.monotonic()
    for row in waiting:
        yield row
        if time.monotonic() - started > CHUNK_SECONDS:
            return


def _save_organization(
    session: Session,
    actor: Actor,
    kind: Kind,
    row: Mapping[str, Any],
    state: str,
    now: datetime,
    about: str,
) -> bool:
    facts = facts_of(kind, row["values"])
    organization_kind = "company" if kind == "companies" else "npo"
    if _is_there(session, organization_kind, facts, is_decided="beside" in row):
        return False
    organization = Organization(
        kind=organization_kind,
        state=state,
        created_at=now,
        updated_at=now,
        submitted_at=now,
        **_own(Organization, facts),
    )
    if state == "verified":
        organization.verified_at = now
        organization.verification_expires_on = organization_acts.verified_until(calendar.tokyo_date(now))
    if organization_kind == "company":
        undecided = not facts.get("fields")
        organization.company = CompanyProfile(fields_undecided=undecided, **_own(CompanyProfile, facts))
    else:
        organization.npo = NpoProfile(**_own(NpoProfile, facts))
    organization.search_text = folding.text_of_organization(organization)
    session.add(organization)
    session.flush()
    audit.record(
        session, actor, "import", "organization", organization.public_id, now,
        object_version=organization.version, to_state=state, details={"batch": about, "row": row["row"]},
    )  # fmt: skip
    findable.touch(session, organization)
    return True


def _own(model: Any, facts: Mapping[str, Any]) -> dict[str, Any]:
    """The facts that a model has a column for; what is empty gets the model's own default."""
    columns = inspect(model).columns
    return {name: value for name, value in facts.items() if name in columns and value is not None}


def _is_there(session: Session, kind: str, facts: Mapping[str, Any], *, is_decided: bool) -> bool:
    """Whether the row was saved since it was checked: by a colleague, or before an interruption.

    What may be the same is left out as well, unless somebody has decided that it is not.
    """
    me = identity(facts)
    same = (Organization.name == me.name) & (Organization.kind == kind)
    if me.number:
        same |= Organization.corporate_number == me.number
    query = select(
        Organization.name, Organization.corporate_number, Organization.area, Organization.address
    ).where(same)
    verdicts = {
        compare(me, Identity(name, number or "", area or "", address or ""))
        for name, number, area, address in session.execute(query)
    }
    return "same" in verdicts or ("maybe" in verdicts and not is_decided)


def _save_posting(
    session: Session,
    actor: Actor,
    kind: Kind,
    row: Mapping[str, Any],
    state: str,
    now: datetime,
    about: str,
) -> bool:
    owner = session.scalar(
        select(Organization)
        .where(Organization.id == row["values"]["owner_id"])
        .options(joinedload(Organization.company), joinedload(Organization.npo))
    )
    posting = posting_of(kind, row["values"], now)
    model = type(posting)
    same = select(func.count()).select_from(model).where(
        model.organization_id == posting.organization_id, model.title == posting.title
    )  # fmt: skip
    if owner is None or session.scalar(same.where(model.state != "withdrawn")):
        return False
    _complete(posting, owner)
    # What is not complete, or of an organization that is not verified, is read by the city first.
    is_open = state == "open" and owner.is_verified and not posting_drafts.missing(posting)
    moves.begin(posting, "open" if is_open else "in_review")
    posting.submitted_at, posting.published_at = now, now if is_open else None
    posting.number = numbers.receipt_number(session, "N" if kind == "needs" else "T", now)
    posting.search_text = folding.text_of_posting(posting)
    session.add(posting)
    session.flush()
    posting_revisions.keep(session, posting, actor, now)
    audit.record(
        session, actor, "import", posting_drafts.kind_of(posting), posting.public_id, now,
        object_version=posting.version, to_state=posting.state, details={"batch": about, "row": row["row"]},
    )  # fmt: skip
    findable.touch(session, posting)
    return True


def _complete(posting: Need | Offer, owner: Organization) -> None:
    """What the sheet leaves open and the profile knows."""
    profile = owner.company if owner.kind == "company" else owner.npo
    posting.areas = posting.areas or list(profile.areas if profile else [])
    if isinstance(posting, Need):
        posting.fields = posting.fields or list(profile.fields if profile else [])
        posting.beneficiaries = posting.beneficiaries or list(profile.beneficiaries if profile else [])
        posting.contact_name = owner.contact_name
        posting.visibility = "approached" if owner.visibility == "approached" else "public"
        posting.steps_done = 5


def note_confirmed(
    session: Session,
    actor: Actor,
    kind: Kind,
    about: str,
    state: str,
    result: Result,
    now: datetime,
    decided: Sequence[int] = (),
) -> None:
    """Keep in the audit record that an upload was confirmed, and which doubtful rows were decided on."""
    details = {"kind": kind, "state": state, "saved": result.saved, "skipped": result.skipped}
    if decided:
        details["others"] = list(decided)
    audit.record(session, actor, "confirm", "importbatch", about, now, details=details)
