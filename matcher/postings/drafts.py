"""What a need or an offer says: its fields, what must (not) stand in them, and how it is written."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final, TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from matcher.ground import amounts, calendar, lifecycle, limits, permissions, personal, vocabulary
from matcher.ground import posting as fields
from matcher.ground.errors import Invalid, Refused
from matcher.ground.field import Field
from matcher.ground.parts import Part
from matcher.ground.permissions import Actor
from matcher.postings import need_parts, terms
from matcher.records import AuditEvent, Need, Offer, Organization
from matcher.records.base import column_length
from matcher.register import audit, folding, moves

Posted = TypeVar("Posted", Need, Offer)


def _codes(fields: Iterable[Field]) -> tuple[str, ...]:
    return tuple(one.code for one in fields)


#: The pages of the guided form: which fields each one saves.
NEED_STEPS: Final = tuple(_codes(step) for step in fields.STEPS)
OFFER_FIELDS: Final = _codes(fields.FIELDS["offer"])
#: What must be filled to submit.
NEED_REQUIRED, OFFER_REQUIRED = (
    _codes(one for one in fields.FIELDS[kind] if one.needed) for kind in ("need", "offer")
)

#: Fields whose text the city may correct while it reads (K2).
STAFF_EDITABLE: Final = ("title", "situation", "wanted_change", "description", "place_note", "conditions")

MAX_VALID_DAYS: Final = 400  #: a need must be looked at again at least once a year
MAX_PERIOD_YEARS: Final = 10  #: what lies farther from today is a slip of the keyboard


def new_need(session: Session, actor: Actor, npo: Organization, now: datetime) -> Need:
    """An empty draft of the actor's NPO; one that nobody has written in yet is taken up again."""
    require(actor, "organization.edit", npo)
    untouched = _untouched(session, actor, Need, npo)
    if untouched is not None:
        return untouched
    need = Need(organization_id=npo.id, organization=npo, state="draft", created_at=now, updated_at=now)
    return begun(session, actor, need, now, "create")


def new_offer(session: Session, actor: Actor, company: Organization, now: datetime) -> Offer:
    """An empty draft of the actor's company; one that nobody has written in yet is taken up again."""
    require(actor, "organization.edit", company)
    untouched = _untouched(session, actor, Offer, company)
    if untouched is not None:
        return untouched
    offer = Offer(
        organization_id=company.id, organization=company, state="draft", created_at=now, updated_at=now
    )
    return begun(session, actor, offer, now, "create")


def _untouched(
    session: Session, actor: Actor, kind: type[Posted], organization: Organization
) -> Posted | None:
    # Two clicks on 「書く」, or going back and clicking again, must not leave a row of empty drafts.
    return session.scalar(
        select(kind)
        .join(AuditEvent, AuditEvent.object_id == kind.public_id)
        .where(
            AuditEvent.action == "create",
            AuditEvent.actor_id == actor.user_public_id,
            kind.organization_id == organization.id,
            kind.state == "draft",
            kind.title == "",
            kind.search_text == "",
            kind.created_at == kind.updated_at,
        )
        .order_by(kind.id.desc())
        .limit(1)
    )


def begun(
    session: Session, actor: Actor, posting: Posted, now: datetime, action: str, **details: str
) -> Posted:
    """Keep a draft that ``action`` has made."""
    session.add(posting)
    session.flush()
    audit.record(
        session, actor, action, kind_of(posting), posting.public_id, now, to_state="draft", details=details
    )
    return posting


def save_need_step(
    session: Session,
    actor: Actor,
    need: Need,
    step: int,
    values: Mapping[str, Any],
    now: datetime,
    *,
    version: int | None,
    further: Sequence[Part] | None = None,
) -> None:
    """Save one page (1 to 5) of the guided form; what is missing is asked for at submission only.

    Args:
        further: what is needed besides, where the page asks for it; of that nothing may be missing.

    Raises:
        Refused: ``not_a_draft``.
        Invalid: a value cannot be meant.
        MovedOn: somebody else has saved since.
    """
    _save(
        session,
        actor,
        need,
        {name: values[name] for name in NEED_STEPS[step - 1] if name in values},
        now,
        version,
        further,
        step,
    )


def save_offer(
    session: Session,
    actor: Actor,
    offer: Offer,
    values: Mapping[str, Any],
    now: datetime,
    *,
    version: int | None,
) -> None:
    """Save the offer form.

    Raises:
        Refused, Invalid, MovedOn: as ``save_need_step``.
    """
    _save(
        session, actor, offer, {name: values[name] for name in OFFER_FIELDS if name in values}, now, version
    )


def _save(
    session: Session,
    actor: Actor,
    posting: Need | Offer,
    values: Mapping[str, Any],
    now: datetime,
    version: int | None,
    further: Sequence[Part] | None = None,
    step: int = 0,
) -> None:
    require(actor, "posting.edit", posting)
    moves.check_version(session, posting, version)
    if not posting.is_editable:
        raise Refused("not_a_draft")
    stood = need_parts.further(session, posting) if isinstance(posting, Need) else ()
    taken = need_parts.taken_parts(session, posting) if isinstance(posting, Need) else {}
    written = stood if further is None else tuple(further)
    # Nothing is written before all of it is in its place: what is saved once has one new version.
    with session.no_autoflush:
        _assign(posting, values, now)
        if isinstance(posting, Need):
            need_parts.keep(session, posting, written)
            need_parts.require_kept(posting, written, taken)
            posting.steps_done = max(posting.steps_done, step)
        posting.search_text = folding.text_of_posting(posting, written)
    session.flush()
    names = set(values) if written == stood else {*values, "parts"}
    audit.record(
        session, actor, "edit", kind_of(posting), posting.public_id, now,
        object_version=posting.version, details={"fields": sorted(names)},
    )  # fmt: skip


def _assign(posting: Need | Offer, values: Mapping[str, Any], now: datetime) -> None:
    for name, value in values.items():
        setattr(posting, name, value)
    proposed = calendar.tokyo_date(now) + lifecycle.RENEWAL
    if posting.valid_until == proposed:  # our own proposal, made before the last day was known
        posting.valid_until = terms.latest_publication(proposed, posting.period_to)
    wrong = {name: code for name, code in check(posting, now).items() if name in values}
    if wrong:
        raise Invalid(**wrong)
    posting.updated_at = now


def check(posting: Need | Offer, now: datetime) -> dict[str, str]:
    """What is wrong with what was typed (not with what is missing): field → error code."""
    problems = {
        one.code: "too_long"
        for one in fields.FIELDS[kind_of(posting)]
        if one.kind == "text" and _is_too_long(posting, one.code, getattr(posting, one.code) or "", one.limit)
    }
    return problems | _check_amounts(posting) | _check_dates(posting, calendar.tokyo_date(now))


def _is_too_long(posting: Need | Offer, name: str, text: str, limit: int) -> bool:
    return limits.is_too_long(text, limit) or len(text) > column_length(type(posting), name)


def _check_amounts(posting: Need | Offer) -> dict[str, str]:
    problems: dict[str, str] = {}
    support = vocabulary.SUPPORT_TYPES.get(posting.support_type)
    if posting.support_type and support is None:
        problems["support_type"] = "required"
    minimum = getattr(posting, "min_useful", None)
    for name, amount in (("quantity", posting.quantity), ("min_useful", minimum)):
        if amount is not None and (fault := amounts.fault(amount, posting.unit or "")):
            problems[name] = fault
    if minimum is not None and posting.quantity is not None and minimum > posting.quantity:
        problems.setdefault("min_useful", "more_than_quantity")
    is_counted = posting.quantity is not None or minimum is not None
    if is_counted and support is not None and posting.unit not in support.units:
        problems["unit"] = "required"
    return problems


def _check_dates(posting: Need | Offer, today: date) -> dict[str, str]:
    problems: dict[str, str] = {}
    for name in ("period_from", "period_to"):
        day = getattr(posting, name)
        if day is not None and posting.is_editable and abs(day.year - today.year) > MAX_PERIOD_YEARS:
            problems[name] = "unlikely_date"
    if posting.period_from and posting.period_to and posting.period_to < posting.period_from:
        problems["period_to"] = "before_start"
    elif posting.period_to is not None and posting.is_editable and posting.period_to < today:
        problems["period_to"] = "in_the_past"
    if posting.valid_until is not None and posting.is_editable:
        if posting.valid_until < today:
            problems["valid_until"] = "in_the_past"
        elif posting.valid_until > today + timedelta(days=MAX_VALID_DAYS):
            problems["valid_until"] = "too_far"
        elif posting.valid_until > terms.latest_publication(posting.valid_until, posting.period_to):
            problems["valid_until"] = "outlives_itself"
    return problems


def prefilled(posting: Need | Offer, organization: Organization, now: datetime) -> dict[str, Any]:
    """What the profile already says, for fields of a new text that are still empty; the person may change it.

    The profile of ``organization`` (the owner) must be loaded.
    """
    profile = organization.npo if isinstance(posting, Need) else organization.company
    until = terms.latest_publication(calendar.tokyo_date(now) + lifecycle.RENEWAL, posting.period_to)
    found: dict[str, Any] = {"valid_until": until}
    if isinstance(posting, Need):
        found |= {"contact_name": organization.contact_name, "visibility": organization.visibility}
    if profile is not None:
        found |= {name: list(getattr(profile, name)) for name in ("areas", "fields", "beneficiaries", "sdgs")}
    return {
        name: value
        for name, value in found.items()
        if name == "visibility" or getattr(posting, name) in (None, "", [])
    }


def missing(posting: Need | Offer) -> tuple[str, ...]:
    """The compulsory fields that are still empty, in the order of the form."""
    required = NEED_REQUIRED if isinstance(posting, Need) else OFFER_REQUIRED
    return tuple(name for name in required if getattr(posting, name) in (None, "", []))


def missing_before(need: Need, step: int) -> list[tuple[int, str]]:
    """(step, field) of what is compulsory and was left empty on the steps before ``step``."""
    empty = missing(need)
    return [
        (number, name)
        for number, names in enumerate(NEED_STEPS[: step - 1], 1)
        for name in names
        if name in empty
    ]


def problems(posting: Need | Offer, now: datetime) -> dict[str, str]:
    """All that stands between this draft and its submission, in the order of the form: field → error code."""
    return dict.fromkeys(missing(posting), "required") | check(posting, now)


def personal_data_hints(posting: Need | Offer) -> dict[str, tuple[str, ...]]:
    """Personal data that its texts may hold, for the reader to judge: field → kinds of ``personal``."""
    read = (one.code for one in fields.FIELDS[kind_of(posting)] if one.kind == "text" and one.is_shown)
    return personal.kinds_by({code: getattr(posting, code) or "" for code in read})


def correct(
    posting: Need | Offer, edits: Mapping[str, str], now: datetime, further: Sequence[Part] = ()
) -> list[str]:
    """Put in what the city corrected while it read; returns which fields differ.

    Args:
        further: the further parts of a need, for what a search looks through.

    Raises:
        Invalid: what must be filled was emptied, or a value cannot be meant.
    """
    changes = {
        name: value.strip()
        for name, value in edits.items()
        if name in STAFF_EDITABLE and hasattr(posting, name) and value.strip() != getattr(posting, name)
    }
    emptied = {
        name: "required"
        for name, value in changes.items()
        if not value and name in NEED_REQUIRED + OFFER_REQUIRED
    }
    if emptied:
        raise Invalid(**emptied)
    _assign(posting, changes, now)
    posting.search_text = folding.text_of_posting(posting, further)
    return sorted(changes)


def is_locked(actor: Actor) -> bool:
    """Whether ``actor`` speaks for an organization that was suspended or has left and only reads."""
    return actor.role == "member" and actor.organization_state in lifecycle.ORGANIZATION_LOCKED


def lock_of(actor: Actor) -> str | None:
    """What keeps such an ``actor`` from every act."""
    return "organization_locked" if is_locked(actor) else None


def may_write(actor: Actor, posting: Need | Offer) -> bool:
    """Whether ``actor`` may work on it at all; what its state allows is another question."""
    return permissions.may(actor, "posting.edit", posting) and not is_locked(actor)


def kind_of(posting: Need | Offer) -> fields.Kind:
    """``need`` or ``offer``."""
    return "need" if isinstance(posting, Need) else "offer"


def require(actor: Actor, action: str, record: Need | Offer | Organization) -> None:
    """Raise unless ``actor`` may do it and speaks for nobody who only reads.

    Raises:
        NotPermitted, Refused: ``organization_locked``.
    """
    permissions.require(actor, action, record)
    if lock := lock_of(actor):
        raise Refused(lock)
