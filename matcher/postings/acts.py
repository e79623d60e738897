"""Needs and offers: written in steps, read by the city, open until filled, expired or withdrawn."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final, TypeVar

from sqlalchemy import ColumnElement, String, and_, func, or_, select, update
from sqlalchemy.orm import Session, joinedload

from matcher.cases import reads as case_reads
from matcher.ground import calendar, lifecycle, limits, permissions, personal, vocabulary
from matcher.ground.errors import Invalid, Refused
from matcher.ground.permissions import SYSTEM, Actor
from matcher.postings import terms
from matcher.records import AuditEvent, Need, Offer, Organization, Revision
from matcher.register import audit, findable, folding, moves, notices, numbers, snapshots, wording

Posted = TypeVar("Posted", Need, Offer)

#: The pages of the guided form: which fields each one saves, and which of them must be filled to submit.
NEED_STEPS: Final[tuple[tuple[str, ...], ...]] = (
    ("title", "situation", "wanted_change"),
    ("support_type", "quantity", "unit", "min_useful", "also_welcome", "skills"),
    ("period_from", "period_to", "urgency", "repeat", "areas", "mode", "place_note", "valid_until"),
    ("fields", "sdgs", "beneficiaries", "beneficiary_number", "safety_contact", "safety_note"),
    ("what_we_give", "if_unmet", "contact_name", "visibility"),
)
NEED_REQUIRED: Final = (
    "title", "situation", "wanted_change", "support_type", "period_to", "areas", "mode", "valid_until",
    "fields", "beneficiaries", "safety_contact", "if_unmet", "contact_name",
)  # fmt: skip
OFFER_FIELDS: Final = (
    "title", "description", "support_type", "quantity", "unit", "period_from", "period_to", "areas", "mode",
    "conditions", "fields", "sdgs", "beneficiaries", "skills", "valid_until",
)  # fmt: skip
OFFER_REQUIRED: Final = ("title", "description", "support_type", "areas", "mode", "valid_until")

_TEXT_LIMITS: Final[Mapping[str, int]] = {
    "title": limits.TITLE,
    "situation": limits.TEXT,
    "wanted_change": limits.TEXT,
    "description": limits.TEXT,
    "conditions": limits.NOTE,
    "place_note": limits.NOTE,
    "safety_note": limits.NOTE,
    "what_we_give": limits.NOTE,
    "if_unmet": limits.NOTE,
    "contact_name": limits.TITLE,
}
#: Fields whose text the city may correct while it reads (K2).
STAFF_EDITABLE: Final = ("title", "situation", "wanted_change", "description", "place_note", "conditions")

MAX_VALID_DAYS: Final = 400  #: a need must be looked at again at least once a year
MAX_PERIOD_YEARS: Final = 10  #: what lies farther from today is a slip of the keyboard

#: Who may not work on its records, whatever its members' roles are.
_LOCKED: Final = frozenset({"suspended", "deactivated"})


# ── Writing ──────────────────────────────────────────────────────────────────────────────────────────


def new_need(session: Session, actor: Actor, npo: Organization, now: datetime) -> Need:
    """An empty draft of the actor's NPO; one that nobody has written in yet is taken up again."""
    _require(actor, "organization.edit", npo)
    untouched = _untouched(session, actor, Need, npo)
    if untouched is not None:
        return untouched
    need = Need(organization_id=npo.id, organization=npo, state="draft", created_at=now, updated_at=now)
    return _created(session, actor, need, now)


def new_offer(session: Session, actor: Actor, company: Organization, now: datetime) -> Offer:
    """An empty draft of the actor's company; one that nobody has written in yet is taken up again."""
    _require(actor, "organization.edit", company)
    untouched = _untouched(session, actor, Offer, company)
    if untouched is not None:
        return untouched
    offer = Offer(
        organization_id=company.id, organization=company, state="draft", created_at=now, updated_at=now
    )
    return _created(session, actor, offer, now)


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


def _created(session: Session, actor: Actor, posting: Posted, now: datetime) -> Posted:
    session.add(posting)
    session.flush()
    audit.record(session, actor, "create", kind_of(posting), posting.public_id, now, to_state="draft")
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
) -> None:
    """Save one page (1 to 5) of the guided form; what is missing is asked for at submission only.

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
    )
    need.steps_done = max(need.steps_done, step)


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
) -> None:
    _require(actor, "posting.edit", posting)
    moves.check_version(session, posting, version)
    if posting.state not in {"draft", "returned"}:
        raise Refused("not_a_draft")
    _assign(posting, values, now)
    session.flush()
    audit.record(
        session, actor, "edit", kind_of(posting), posting.public_id, now,
        object_version=posting.version, details={"fields": sorted(values)},
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
    posting.search_text = folding.text_of_posting(posting)


def check(posting: Need | Offer, now: datetime) -> dict[str, str]:
    """What is wrong with what was typed (not with what is missing): field → error code."""
    problems = {
        name: "too_long"
        for name, limit in _TEXT_LIMITS.items()
        if _is_too_long(posting, name, getattr(posting, name, "") or "", limit)
    }
    return problems | _check_amounts(posting) | _check_dates(posting, calendar.tokyo_date(now))


def _is_too_long(posting: Need | Offer, name: str, text: str, limit: int) -> bool:
    # 60 characters as people count them can be many more code points than the column holds.
    kind = type(posting).__table__.c[name].type if text else None
    held = kind.length if isinstance(kind, String) else None
    return limits.is_too_long(text, limit) or (held is not None and len(text) > held)


def _check_amounts(posting: Need | Offer) -> dict[str, str]:
    problems: dict[str, str] = {}
    support = vocabulary.SUPPORT_TYPES.get(posting.support_type)
    if posting.support_type and support is None:
        problems["support_type"] = "required"
    minimum = getattr(posting, "min_useful", None)
    if posting.quantity is not None and not 0 < posting.quantity < 10**11:
        problems["quantity"] = "positive"
    if minimum is not None and not 0 < minimum < 10**11:
        problems["min_useful"] = "positive"
    elif minimum is not None and posting.quantity is not None and minimum > posting.quantity:
        problems["min_useful"] = "more_than_quantity"
    is_counted = posting.quantity is not None or minimum is not None
    if is_counted and support is not None and posting.unit not in support.units:
        problems["unit"] = "required"
    return problems


def _check_dates(posting: Need | Offer, today: date) -> dict[str, str]:
    problems: dict[str, str] = {}
    is_written = posting.state in {"draft", "returned"}
    for name in ("period_from", "period_to"):
        day = getattr(posting, name)
        if day is not None and is_written and abs(day.year - today.year) > MAX_PERIOD_YEARS:
            problems[name] = "unlikely_date"
    if posting.period_from and posting.period_to and posting.period_to < posting.period_from:
        problems["period_to"] = "before_start"
    elif posting.period_to is not None and is_written and posting.period_to < today:
        problems["period_to"] = "in_the_past"
    if posting.valid_until is not None and is_written:
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


def problems(posting: Need | Offer, now: datetime) -> dict[str, str]:
    """All that stands between this draft and its submission, in the order of the form: field → error code."""
    return dict.fromkeys(missing(posting), "required") | check(posting, now)


def personal_data_hints(posting: Need | Offer) -> tuple[str, ...]:
    """Personal data the text may hold (``phone``, ``email``, ``address``), for the reader to judge."""
    names = (
        "title", "situation", "wanted_change", "description", "conditions", "place_note", "safety_note",
        "what_we_give",
    )  # fmt: skip
    return personal.kinds_in(*(getattr(posting, name, "") or "" for name in names))


# ── Life cycle ───────────────────────────────────────────────────────────────────────────────────────


def submit(
    session: Session, actor: Actor, posting: Need | Offer, now: datetime, *, version: int | None
) -> None:
    """Send to the city for reading; gives the receipt number.

    Raises:
        Invalid: the missing or impossible fields.
    """
    _require(actor, "posting.submit", posting)
    moves.check_version(session, posting, version)
    if posting.state in {"draft", "returned"}:
        wrong = problems(posting, now)
        if wrong:
            raise Invalid(**wrong)
    if posting.number is None:
        posting.number = numbers.receipt_number(session, "N" if isinstance(posting, Need) else "T", now)
    posting.submitted_at = now
    moves.move(session, actor, posting, "submit", now)
    keep_revision(session, posting, actor, now)
    organization = posting.organization.name
    notices.tell_staff(session, *wording.posting_submitted(posting, organization), now, about=_about(posting))


def publish(
    session: Session,
    actor: Actor,
    posting: Need | Offer,
    now: datetime,
    *,
    version: int | None,
    edits: Mapping[str, str] | None = None,
) -> None:
    """Open it to the other members, with the corrections that the reader made, if any.

    Raises:
        Refused: ``not_verified`` while the organization itself is not.
    """
    permissions.require(actor, "posting.review", posting)
    moves.check_version(session, posting, version)
    if posting.organization.state != "verified":
        raise Refused("not_verified")
    changed = _correct(posting, edits or {}, now)
    posting.published_at = now
    posting.pause_cause, posting.expiry_notices = None, 0
    moves.move(session, actor, posting, "publish", now, details={"corrected": changed})
    if changed:
        keep_revision(session, posting, actor, now)
    findable.touch(session, posting)
    if isinstance(posting, Need) and _is_busy(session, posting):
        # The guard of X7 holds for all needs of this NPO, also for one that was read meanwhile.
        posting.pause_cause = "capacity"
        moves.move(session, SYSTEM, posting, "pause", now, details={"cause": "capacity"})
        findable.touch(session, posting)
    text = wording.posting_published(posting, corrected=bool(changed))
    notices.tell_organization(session, posting.organization_id, *text, now, about=_about(posting))


def _correct(posting: Need | Offer, edits: Mapping[str, str], now: datetime) -> list[str]:
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
    return sorted(changes)


def return_(
    session: Session,
    actor: Actor,
    posting: Need | Offer,
    reason_code: str,
    reason_text: str,
    now: datetime,
    *,
    version: int | None,
) -> None:
    """Give it back with a coded reason and a sentence that says what to mend."""
    permissions.require(actor, "posting.review", posting)
    if not reason_text.strip():
        raise Invalid(reason_text="required")
    moves.move(
        session,
        actor,
        posting,
        "return",
        now,
        version=version,
        reason_code=reason_code,
        reason_text=reason_text,
    )
    text = wording.posting_returned(posting)
    notices.tell_organization(session, posting.organization_id, *text, now, about=_about(posting))


def pause(
    session: Session, actor: Actor, posting: Need | Offer, now: datetime, *, version: int | None
) -> None:
    """Stop taking proposals for a while."""
    _require(actor, "posting.pause", posting)
    moves.check_version(session, posting, version)
    posting.pause_cause = "owner"
    moves.move(session, actor, posting, "pause", now, version=version)
    findable.touch(session, posting)


def resume(
    session: Session, actor: Actor, posting: Need | Offer, now: datetime, *, version: int | None
) -> None:
    """Take proposals again.

    Raises:
        Refused: ``expired`` when its date has passed (renew it), ``period_over`` when its last day has, too;
            ``answer_first`` while the capacity guard holds.
    """
    _require(actor, "posting.pause", posting)
    moves.check_version(session, posting, version)
    today = calendar.tokyo_date(now)
    if posting.valid_until is not None and posting.valid_until < today:
        raise Refused(terms.renewal_obstacle(posting, today) or "expired")
    if _is_busy(session, posting):
        raise Refused("answer_first")
    posting.pause_cause = None
    moves.move(session, actor, posting, "resume", now, version=version)
    findable.touch(session, posting)


def renew(
    session: Session, actor: Actor, posting: Need | Offer, now: datetime, *, version: int | None
) -> None:
    """One click: valid for at least another half year but never beyond its own last day, open again where
    it had expired.

    Raises:
        Refused: what ``terms.renewal_obstacle`` finds; ``answer_first`` while the capacity guard holds.
    """
    _require(actor, "posting.renew", posting)
    moves.check_version(session, posting, version)
    if _is_busy(session, posting):
        raise Refused("answer_first")
    today = calendar.tokyo_date(now)
    obstacle = terms.renewal_obstacle(posting, today)
    if obstacle is not None:
        raise Refused(obstacle)
    posting.valid_until = terms.renewed_until(posting, today)
    posting.expiry_notices, posting.pause_cause = 0, None
    moves.move(session, actor, posting, "renew", now, version=version)
    findable.touch(session, posting)


def fill(
    session: Session, actor: Actor, posting: Need | Offer, now: datetime, *, version: int | None
) -> None:
    """The need is met (or the offer used up)."""
    _require(actor, "posting.fill", posting)
    moves.move(session, actor, posting, "fill", now, version=version)
    findable.touch(session, posting)


def rework(
    session: Session, actor: Actor, posting: Need | Offer, now: datetime, *, version: int | None
) -> None:
    """Take a published text back as a draft; the city reads it again before it is open."""
    _require(actor, "posting.rework", posting)
    moves.check_version(session, posting, version)
    posting.pause_cause = None
    moves.move(session, actor, posting, "rework", now, version=version)
    findable.touch(session, posting)


def withdraw(
    session: Session,
    actor: Actor,
    posting: Need | Offer,
    reason_code: str,
    reason_text: str,
    now: datetime,
    *,
    version: int | None,
) -> None:
    """Take it down, by its owner or by the city."""
    permissions.require(actor, "posting.withdraw", posting)
    moves.move(
        session,
        actor,
        posting,
        "withdraw",
        now,
        version=version,
        reason_code=reason_code,
        reason_text=reason_text,
    )
    findable.touch(session, posting)
    if actor.is_staff:
        text = wording.posting_withdrawn_by_city(posting)
        notices.tell_organization(session, posting.organization_id, *text, now, about=_about(posting))


def available(actor: Actor, posting: Need | Offer, now: datetime) -> tuple[str, ...]:
    """What the life cycle opens to ``actor``, without a renewal that would be refused or add nothing."""
    today, found = calendar.tokyo_date(now), moves.available(actor, posting)
    return tuple(one for one in found if one != "renew" or not terms.renewal_obstacle(posting, today))


# ── The clock ────────────────────────────────────────────────────────────────────────────────────────


def expire_due(session: Session, now: datetime, limit: int = 100) -> int:
    """Close what is past its date, or past its own last day (older rows may outlive it); returns how many."""
    today = calendar.tokyo_date(now)
    ended: list[Need | Offer] = [
        *_ending(session, Need, limit, or_(Need.valid_until < today, Need.period_to < today)),
        *_ending(session, Offer, limit, or_(Offer.valid_until < today, Offer.period_to < today)),
    ]
    for posting in ended:
        _expire(session, posting, now)
    return len(ended)


def _expire(session: Session, posting: Need | Offer, now: datetime) -> None:
    posting.pause_cause = None
    moves.move(session, SYSTEM, posting, "expire", now)
    findable.touch(session, posting)
    text = wording.posting_expired(posting, not terms.renewal_obstacle(posting, calendar.tokyo_date(now)))
    notices.tell_organization(session, posting.organization_id, *text, now, about=_about(posting))


def remind_expiring(session: Session, now: datetime, limit: int = 100) -> int:
    """Tell owners 14 and 3 days before; returns how many notices."""
    today = calendar.tokyo_date(now)
    sent = 0
    for posting in _to_remind(session, today, limit):
        assert posting.valid_until is not None
        left = (posting.valid_until - today).days
        due = sum(left <= days for days in lifecycle.EXPIRY_NOTICE_DAYS)
        # Not through the record: a reminder must not outdate a form that somebody is filling in.
        kind = type(posting)
        session.execute(update(kind).where(kind.id == posting.id).values(expiry_notices=due))
        text = wording.posting_expiring(posting, left, not terms.renewal_obstacle(posting, today))
        notices.tell_organization(session, posting.organization_id, *text, now, about=_about(posting))
        sent += 1
    return sent


def _to_remind(session: Session, today: date, limit: int) -> list[Need | Offer]:
    return [
        *_ending(session, Need, limit, Need.valid_until >= today, _is_due(Need, today)),
        *_ending(session, Offer, limit, Offer.valid_until >= today, _is_due(Offer, today)),
    ]


def _is_due(kind: type[Need] | type[Offer], today: date) -> ColumnElement[bool]:
    due = [
        and_(kind.valid_until <= today + timedelta(days=days), kind.expiry_notices < number)
        for number, days in enumerate(lifecycle.EXPIRY_NOTICE_DAYS, start=1)
    ]
    return or_(*due)


def _ending(session: Session, kind: type[Posted], limit: int, *when: Any) -> Sequence[Posted]:
    return session.scalars(
        select(kind)
        .where(kind.state.in_(("open", "paused")), *when)
        .options(joinedload(kind.organization))
        .order_by(kind.valid_until, kind.id)
        .limit(limit)
    ).all()


# ── Shared pieces ────────────────────────────────────────────────────────────────────────────────────


def _require(actor: Actor, action: str, record: Need | Offer | Organization) -> None:
    """The table of permissions, and the lock on suspended organizations, which only read their own."""
    permissions.require(actor, action, record)
    if actor.role == "member" and actor.organization_state in _LOCKED:
        raise Refused("organization_locked")


def _is_busy(session: Session, posting: Need | Offer) -> bool:
    """Whether the NPO has as many unanswered proposals as it is asked to bear (X7)."""
    waiting = case_reads.unanswered_count(session, posting.organization_id)
    return isinstance(posting, Need) and waiting >= lifecycle.UNANSWERED_LIMIT


def keep_revision(session: Session, posting: Need | Offer, actor: Actor, now: datetime) -> None:
    """Keep the text as it stands, so that every version that was submitted or published can be shown."""
    kind = kind_of(posting)
    count = session.scalar(
        select(func.count())
        .select_from(Revision)
        .where(Revision.owner_type == kind, Revision.owner_id == posting.id)
    )
    session.add(
        Revision(
            owner_type=kind,
            owner_id=posting.id,
            number=(count or 0) + 1,
            made_by_id=actor.user_id,
            made_at=now,
            content=snapshots.facts_of(posting),
        )
    )


def changes_since_read(session: Session, posting: Need | Offer) -> list[tuple[str, Any, Any]]:
    """What differs from the version that was read before: (field, then, now), empty for a first reading."""
    rows = session.scalars(
        select(Revision)
        .where(Revision.owner_type == kind_of(posting), Revision.owner_id == posting.id)
        .order_by(Revision.number.desc())
        .limit(2)
    ).all()
    if len(rows) < 2:
        return []
    before, now = rows[1].content, snapshots.facts_of(posting)
    names = [name for step in NEED_STEPS for name in step] if isinstance(posting, Need) else OFFER_FIELDS
    return [
        (name, before.get(name), now.get(name))
        for name in names
        if name in before and before.get(name) != now.get(name)
    ]


def kind_of(posting: Need | Offer) -> str:
    """``need`` or ``offer``."""
    return "need" if isinstance(posting, Need) else "offer"


def _about(posting: Need | Offer) -> tuple[str, str]:
    return (kind_of(posting), posting.public_id)
