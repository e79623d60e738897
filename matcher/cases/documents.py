"""Texts that several parties accept: one open draft of a kind, versions, acceptance by the hash of the text.

Every text carries who the parties are on the day on which it is written, and is accepted with it.
What an accepted text brings about (a state, indicators, a public page) is the business of the service that
owns the kind; it hears of it by ``accept`` returning ``True``.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final, Literal

from sqlalchemy import func, or_, select, update
from sqlalchemy.orm import Session, joinedload

from matcher.cases import telling, turns
from matcher.ground import lifecycle, permissions
from matcher.ground.errors import Invalid, NotFound, Refused
from matcher.ground.permissions import SYSTEM, Actor
from matcher.records import CaseDocument, Organization, Partnership
from matcher.register import audit, moves, parties, snapshots, wording_work
from matcher.register.once import asked_once

Side = Literal["company", "npo", "city"]

#: kinds whose acceptance binds the organization: its representative (owner) accepts
BINDING: Final = frozenset({"agreement"})
#: talks that end by themselves if nobody says a word; whatever is done on the case starts that time anew
STALLING: Final = ("introduced", "negotiation", "agreement_draft")


def side_of(actor: Actor, case: Partnership) -> Side:
    """As which of the three parties ``actor`` acts on the case."""
    if actor.is_staff:
        return "city"
    return "company" if case.side_of(actor.organization_id) == "company" else "npo"


def find_draft(session: Session, case: Partnership, kind: str) -> CaseDocument | None:
    """The open draft of a kind."""
    return session.scalar(
        select(CaseDocument).where(
            CaseDocument.partnership_id == case.id,
            CaseDocument.kind == kind,
            CaseDocument.state == "draft",
        )
    )


@asked_once
def find_agreed(session: Session, case: Partnership, kind: str) -> CaseDocument | None:
    """The version in force."""
    return session.scalar(
        select(CaseDocument)
        .where(
            CaseDocument.partnership_id == case.id,
            CaseDocument.kind == kind,
            CaseDocument.state == "agreed",
        )
        .order_by(CaseDocument.number.desc())
        .limit(1)
    )


def get(session: Session, case: Partnership, public_id: str) -> CaseDocument:
    """One version of one document of the case.

    Raises:
        NotFound
    """
    found = session.scalar(
        select(CaseDocument).where(
            CaseDocument.partnership_id == case.id, CaseDocument.public_id == public_id
        )
    )
    if found is None:
        raise NotFound("document")
    return found


def save(
    session: Session,
    actor: Actor,
    case: Partnership,
    kind: str,
    content: Mapping[str, Any],
    now: datetime,
    *,
    version: int | None = None,
    why_changed: str = "",
    needs_city: bool = False,
) -> CaseDocument:
    """Write the open draft of a kind, or begin one, and note that in the record of the case.

    Args, Raises:
        As ``write``.
    """
    before = find_draft(session, case, kind)
    was = (before.id, before.sha256, before.needs_city) if before is not None else None
    draft = write(
        session, actor, case, kind, content, now,
        version=version, why_changed=why_changed, needs_city=needs_city,
    )  # fmt: skip
    if (draft.id, draft.sha256, draft.needs_city) != was:
        note(session, actor, case, f"draft_{kind}", now, details=named(draft))
    return draft


def write(
    session: Session,
    actor: Actor,
    case: Partnership,
    kind: str,
    content: Mapping[str, Any],
    now: datetime,
    *,
    version: int | None = None,
    why_changed: str = "",
    needs_city: bool = False,
) -> CaseDocument:
    """The same where the act that writes it moves the case, too: its move is the event.

    What anybody has accepted becomes an older version.

    Args:
        content: what is said; the parties as they are registered now are added to it.
        version: ``edition`` of the draft that the person saw, 0 where there was none; ``None`` for changes
            that nobody typed.

    Raises:
        MovedOn: somebody else has begun, changed or withdrawn the draft since.
    """
    draft = find_draft(session, case, kind)
    if version is not None and version != (draft.edition if draft is not None else 0):
        raise moves.moved_on(session, case)
    frozen = snapshots.plain({**content, "parties": parties.present(session, case).as_dict()})
    sha256 = snapshots.sha256(frozen)
    if draft is not None and draft.sha256 == sha256 and draft.needs_city == needs_city:
        if why_changed.strip():
            draft.why_changed = why_changed.strip()
        return draft
    if draft is not None and not draft.is_touched:
        draft.content, draft.sha256, draft.needs_city = frozen, sha256, needs_city
        draft.drafted_by_id, draft.drafted_at = actor.user_id, now
        draft.why_changed = why_changed.strip() or draft.why_changed
        session.flush()
    else:
        if draft is not None:
            moves.become(draft, "superseded")
            session.flush()
        draft = CaseDocument(
            partnership_id=case.id,
            kind=kind,
            number=_next_number(session, case, kind),
            state="draft",
            content=frozen,
            sha256=sha256,
            why_changed=why_changed.strip() or (draft.why_changed if draft else ""),
            needs_city=needs_city,
            drafted_by_id=actor.user_id,
            drafted_at=now,
        )
        session.add(draft)
        session.flush()
    return draft


def awaits(document: CaseDocument, side: Side) -> bool:
    """Whether this text is a draft that waits for the consent of a side."""
    is_asked = document.needs_city or side != "city"
    return document.is_draft and is_asked and getattr(document, f"{side}_accepted_at") is None


def consent(actor: Actor, document: CaseDocument) -> str:
    """The permission that it takes to accept this text: what binds is for who represents."""
    if actor.is_staff:
        return "partnership.review"
    return "partnership.sign" if document.kind in BINDING else "partnership.work"


def consent_obstacle(session: Session, actor: Actor, case: Partnership, document: CaseDocument) -> str | None:
    """Why it is not (or no longer) for this side to accept the text: the code of the refusal, or ``None``.

    ``not_asked`` where the city need not accept; ``already_accepted``; ``sides_first``; ``parties_changed``
    where it names a party as it is no longer registered.
    """
    side = side_of(actor, case)
    if side == "city" and not document.needs_city:
        return "not_asked"
    if getattr(document, f"{side}_accepted_at") is not None:
        return "already_accepted"
    if side == "city":
        return None if document.company_accepted_at and document.npo_accepted_at else "sides_first"
    # ``redraw`` has written the text anew, unless the registration was changed past the service.
    return "parties_changed" if parties.changed_now(session, case, document) else None


def accept(
    session: Session,
    actor: Actor,
    case: Partnership,
    document: CaseDocument,
    sha256: str,
    now: datetime,
    *,
    details: Mapping[str, Any] | None = None,
) -> bool:
    """Accept this very text; returns whether all who must have now accepted it.

    Args:
        details: further facts for the audit event.

    Raises:
        MovedOn: the text is no longer the one that was shown. Refused: see ``consent_obstacle``.
    """
    permissions.require(actor, consent(actor, document), case)
    if not document.is_draft or document.sha256 != sha256:
        raise moves.moved_on(session, case)
    code = consent_obstacle(session, actor, case, document)
    if code is not None:
        raise Refused(code)
    side = side_of(actor, case)
    setattr(document, f"{side}_accepted_at", now)
    setattr(document, f"{side}_accepted_by_id", actor.user_id)
    session.flush()
    note(session, actor, case, f"accept_{document.kind}", now, details={**named(document), **(details or {})})
    if not (document.company_accepted_at and document.npo_accepted_at):
        return False
    return not document.needs_city or document.city_accepted_at is not None


def redraw(session: Session, now: datetime, organization: Organization | None = None) -> int:
    """Write open drafts anew after a party was registered otherwise; returns how many.

    It is a change like any other: the text gets another hash, and what one side had accepted becomes an older
    version. What both sides have accepted stays as they accepted it, also where the city is still to.

    Args:
        organization: whose drafts; without one those of all cases, because the city itself has changed.
    """
    query = select(CaseDocument, Partnership).join(Partnership, Partnership.id == CaseDocument.partnership_id)
    if organization is not None:
        own = or_(Partnership.company_id == organization.id, Partnership.npo_id == organization.id)
        query = query.where(own)
    query = query.where(
        CaseDocument.state == "draft",
        Partnership.state.in_(lifecycle.CASE_WORK),
        or_(CaseDocument.company_accepted_at.is_(None), CaseDocument.npo_accepted_at.is_(None)),
    )
    loaded = query.options(joinedload(Partnership.company), joinedload(Partnership.npo))
    done = 0
    for draft, case in session.execute(loaded.order_by(CaseDocument.id)).all():
        before = draft.content.get("parties")
        after = parties.present(session, case)
        if before is None or before == after.as_dict():
            continue
        author, was_accepted = draft.drafted_by_id, draft.is_touched
        content = _renamed(draft.content, parties.Parties.from_dict(before), after)
        found = save(session, SYSTEM, case, draft.kind, content, now, needs_city=draft.needs_city)
        found.drafted_by_id = author
        session.flush()
        if was_accepted:
            text = wording_work.event(case, "redrawn", number=found.number)
            telling.tell(session, SYSTEM, case, text, now, "others")
        done += 1
    return done


def _renamed(content: Mapping[str, Any], before: parties.Parties, after: parties.Parties) -> dict[str, Any]:
    """The content with the new names where the service itself had written the old ones."""
    found = dict(content)
    for side in ("company", "npo"):
        was, is_now = (getattr(named, side).representative for named in (before, after))
        if was and is_now and content.get(f"signer_{side}") == was:
            found[f"signer_{side}"] = is_now
    if "view" in content:
        found["view"] = {**content["view"], "company": after.company.name, "npo": after.npo.name}
    openings = list(zip(_openings(before), _openings(after), strict=True))
    if "sentences" in content:
        found["sentences"] = [{**row, "text": _opened(row["text"], openings)} for row in content["sentences"]]
    return found


def _openings(named: parties.Parties) -> list[str]:
    names = {"company": named.company.name, "npo": named.npo.name}
    one = (wording_work.ONE_BEGINS.format(who=name) for name in names.values())
    return [wording_work.BOTH_BEGIN.format_map(names), *one]


def _opened(text: str, openings: Sequence[tuple[str, str]]) -> str:
    was, is_now = next((pair for pair in openings if text.startswith(pair[0])), ("", ""))
    return is_now + text.removeprefix(was)


def put_in_force(session: Session, case: Partnership, document: CaseDocument, now: datetime) -> None:
    """Make an accepted draft the version in force; the one before it is superseded."""
    before = find_agreed(session, case, document.kind)
    if before is not None:
        moves.become(before, "superseded")
        session.flush()
    moves.become(document, "agreed")
    document.agreed_at = now
    session.flush()


def withdraw(
    session: Session, actor: Actor, case: Partnership, document: CaseDocument, reason: str, now: datetime,
    *, version: int | None = None,
) -> None:  # fmt: skip
    """Take an open draft from the table; its text stays readable.

    Args:
        version: ``edition`` of the text that the person saw.

    Raises:
        Invalid: no reason. MovedOn: it is no longer open, or says something else by now.
    """
    permissions.require(actor, "partnership.share", case)
    if not reason.strip():
        raise Invalid(text="required")
    if document.state != "draft" or (version is not None and version != document.edition):
        raise moves.moved_on(session, case)
    _drop(session, actor, case, document, now, reason)


def drop_open(session: Session, actor: Actor, case: Partnership, now: datetime, *kinds: str) -> None:
    """Take the open drafts (of these kinds, or all) from the table with what the case has come to."""
    query = select(CaseDocument).where(CaseDocument.partnership_id == case.id, CaseDocument.state == "draft")
    for document in session.scalars(query.order_by(CaseDocument.id)).all():
        if not kinds or document.kind in kinds:
            _drop(session, actor, case, document, now)


def _drop(
    session: Session, actor: Actor, case: Partnership, document: CaseDocument, now: datetime, reason: str = ""
) -> None:
    moves.become(document, "withdrawn")
    session.flush()
    note(session, actor, case, f"drop_{document.kind}", now, text=reason, details=named(document))


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[tuple[str, Any, Any]]:
    """(field, before, after) of what differs between two contents, in the order of ``after``."""
    keys = [*after, *(key for key in before if key not in after)]
    return [
        (key, before.get(key), after.get(key))
        for key in keys
        if (before.get(key) or None) != (after.get(key) or None)
    ]


def note(
    session: Session,
    actor: Actor,
    case: Partnership,
    action: str,
    now: datetime,
    *,
    text: str = "",
    reason_code: str | None = None,
    details: dict[str, Any] | None = None,
) -> None:
    """Audit something that happened on a case without moving it, and remember that the case is alive."""
    touch(session, case, now)
    audit.record(
        session, actor, action, "partnership", case.public_id, now,
        object_version=case.version, reason_code=reason_code, reason_text=text.strip(), details=details,
    )  # fmt: skip


def touch(session: Session, case: Partnership, now: datetime) -> None:
    """The case is not silent. Not through the record: no form on the case must be outdated by it."""
    values: dict[str, Any] = {"touched_at": now}
    if case.state in STALLING:
        values |= {"reminders": 0, "deadline_at": None}
        turns.mark(session, case.id)  # the day stands in its steps; when somebody last spoke does not
    session.execute(update(Partnership).where(Partnership.id == case.id).values(values))


def _next_number(session: Session, case: Partnership, kind: str) -> int:
    newest = session.scalar(
        select(func.max(CaseDocument.number)).where(
            CaseDocument.partnership_id == case.id, CaseDocument.kind == kind
        )
    )
    return (newest or 0) + 1


def named(document: CaseDocument) -> dict[str, Any]:
    """Which version of which text an event is about."""
    return {"document": document.public_id, "number": document.number, "sha256": document.sha256}
