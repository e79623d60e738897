"""The case between a company and an NPO: from the first word to the introduction by the city.

Every function is one move: permission, guards, life-cycle table, audit, notices – in one transaction.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from types import MappingProxyType
from typing import Any, Final

from sqlalchemy import Select, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, joinedload

from matcher.cases import documents
from matcher.cases import reads as case_reads
from matcher.ground import calendar, lifecycle, permissions, vocabulary
from matcher.ground.errors import Invalid, Refused
from matcher.ground.permissions import SYSTEM, Actor
from matcher.records import (
    CaseMessage,
    CaseTask,
    ChecklistAnswer,
    DecisionBundle,
    Need,
    Offer,
    Organization,
    Partnership,
    ShownSuggestion,
    User,
)
from matcher.register import audit, findable, moves, notices, numbers, officials, snapshots, wording

MESSAGE_EXTENSION_DAYS = 7  #: a question leaves the other side at least this long to answer


@dataclass(frozen=True)
class Terms:
    """What would be given: support type, amount, period. ``quantity`` is counted in ``unit``."""

    support_type: str
    quantity: float | None = None
    unit: str = ""
    period_from: date | None = None
    period_to: date | None = None

    def check(self) -> None:
        """Refuse what cannot be meant.

        Raises:
            Invalid: naming the field.
        """
        found = vocabulary.SUPPORT_TYPES.get(self.support_type)
        if found is None:
            raise Invalid(support_type="required")
        if self.quantity is not None:
            if not 0 < self.quantity < 10**11:
                raise Invalid(quantity="positive")
            if self.unit not in found.units:
                raise Invalid(unit="required")
        if self.period_from and self.period_to and self.period_to < self.period_from:
            raise Invalid(period_to="before_start")


@dataclass(frozen=True)
class Decision:
    """The coordinator's answers at approval; ``conflict_of_interest`` must have been answered."""

    text: str
    conflict_of_interest: bool | None
    city_involved: bool
    consulted: str = ""


#: action → what one needs in the table of permissions; what is missing here is no person's to do.
_PERMISSIONS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "accept": "partnership.answer",
        "decline": "partnership.answer",
        "revise": "partnership.answer",
        "withdraw": "partnership.answer",
        "approve": "partnership.decide",
        "return": "partnership.decide",
        "refuse": "partnership.decide",
        "message": "partnership.message",
        "assign": "partnership.assign",
    }
)


# ── What can be done now ─────────────────────────────────────────────────────────────────────────────


def permission_for(actor: Actor, action: str) -> str | None:
    """The permission that ``action`` on a case needs, ``None`` where there is no such action."""
    if action == "withdraw" and actor.is_staff:
        return "partnership.decide"
    return _PERMISSIONS.get(action)


def open_actions(actor: Actor, case: Partnership) -> tuple[str, ...]:
    """What ``actor`` can do to the case now: life-cycle table, permissions, and whose turn it is.

    The functions below enforce the same; guards that need other records come on top there.
    """
    found = [*moves.available(actor, case)]
    side = case.side_of(actor.organization_id)
    if side is not None and side not in case.asked:
        found = [action for action in found if action not in {"accept", "decline", "revise"}]
    elif side is not None and case.state == "interest_one_side":
        found = [action for action in found if action != "withdraw"]
    if case.state not in lifecycle.CASE_EXITS:
        found += ["message", "assign"]
    return tuple(action for action in found if _may(actor, action, case))


def _may(actor: Actor, action: str, case: Partnership) -> bool:
    permission = permission_for(actor, action)
    return permission is not None and permissions.may(actor, permission, case)


def approval_obstacle(session: Session, actor: Actor, case: Partnership) -> str | None:
    """The code of the refusal that an approval would meet whatever is typed, or ``None``."""
    try:
        _check_approvable(session, actor, case)
    except Refused as refused:
        return refused.code
    return None


# ── Beginning a case ─────────────────────────────────────────────────────────────────────────────────


def propose(
    session: Session,
    actor: Actor,
    company: Organization,
    npo: Organization,
    terms: Terms,
    message: str,
    now: datetime,
    *,
    need: Need | None = None,
    offer: Offer | None = None,
    shown: ShownSuggestion | None = None,
    first_step: str = "",
) -> Partnership:
    """申し出 by a company's editor or 依頼 by an NPO's editor; the other side has 14 days to answer.

    Args:
        first_step: of ``vocabulary.FIRST_STEPS``; kept as the first promise of the case (C15).

    Raises:
        Refused: ``not_verified``, ``need_closed``, ``case_exists`` (``number``), ``npo_busy``.
        Invalid: terms or message cannot be taken.
    """
    own = company if actor.organization_kind == "company" else npo
    permissions.require(actor, "partnership.propose", own)
    if not message.strip():
        raise Invalid(message="required")
    case = _start(
        session, actor, company, npo, terms, now, origin=own.kind, need=need, offer=offer, shown=shown
    )
    case.state, case.message = "interest_one_side", message.strip()
    if own.kind == "company":
        case.company_agreed_at, case.company_contact_id = now, actor.user_id
    else:
        case.npo_agreed_at, case.npo_contact_id = now, actor.user_id
    _opened(session, actor, case, "propose", now)
    if first_step:
        if first_step not in vocabulary.FIRST_STEPS:
            raise Invalid(first_step="required")
        step = vocabulary.FIRST_STEPS[first_step]
        session.add(
            CaseTask(
                partnership_id=case.id, text=f"はじめの一歩：{step}", side="both",
                created_by_id=actor.user_id, created_at=now,
            )
        )  # fmt: skip
        session.flush()
    other = npo if own.kind == "company" else company
    notices.tell_organization(session, other, *wording.case_started(case), now, about=_about(case))
    return case


def recommend(
    session: Session,
    actor: Actor,
    company: Organization,
    npo: Organization,
    terms: Terms,
    reason_code: str,
    reason_text: str,
    now: datetime,
    *,
    need: Need | None = None,
    offer: Offer | None = None,
    shown: ShownSuggestion | None = None,
) -> Partnership:
    """推薦 by a coordinator to both sides, with a coded reason and a sentence that both will read.

    Raises:
        Refused, Invalid: as ``propose``.
    """
    permissions.require(actor, "desk.recommend")
    if reason_code not in vocabulary.RECOMMEND_REASONS:
        raise Invalid(reason_code="required")
    if not reason_text.strip():
        raise Invalid(reason_text="required")
    case = _start(
        session, actor, company, npo, terms, now, origin="coordinator", need=need, offer=offer, shown=shown
    )
    case.state, case.coordinator_id = "recommended", actor.user_id
    case.recommend_code, case.recommend_text = reason_code, reason_text.strip()
    _opened(session, actor, case, "recommend", now, reason_code=reason_code, reason_text=reason_text.strip())
    for side in (company, npo):
        notices.tell_organization(session, side, *wording.case_recommended(case), now, about=_about(case))
    return case


def check_possible(
    session: Session,
    company: Organization,
    npo: Organization,
    *,
    origin: str,
    need: Need | None,
    offer: Offer | None,
) -> None:
    """Refuse a pair that cannot begin now; pages ask before anybody has written a message.

    Raises:
        Refused: as ``propose``.
    """
    if company.state != "verified" or npo.state != "verified":
        raise Refused("not_verified")
    if need is not None and (need.organization_id != npo.id or need.state != "open"):
        raise Refused("need_closed")
    if offer is not None and (offer.organization_id != company.id or offer.state != "open"):
        raise Refused("offer_closed")
    existing = case_reads.find_open_case(session, company.id, npo.id, need.id if need else None)
    if existing is not None:
        raise Refused("case_exists", number=existing.number)
    if origin != "npo" and case_reads.unanswered_count(session, npo.id) >= lifecycle.UNANSWERED_LIMIT:
        raise Refused("npo_busy")


def _start(
    session: Session,
    actor: Actor,
    company: Organization,
    npo: Organization,
    terms: Terms,
    now: datetime,
    *,
    origin: str,
    need: Need | None,
    offer: Offer | None,
    shown: ShownSuggestion | None,
) -> Partnership:
    terms.check()
    check_possible(session, company, npo, origin=origin, need=need, offer=offer)
    return Partnership(
        number=numbers.receipt_number(session, "E", now),
        company_id=company.id,
        npo_id=npo.id,
        company=company,
        npo=npo,
        need_id=need.id if need else None,
        need=need,
        offer_id=offer.id if offer else None,
        offer=offer,
        shown_suggestion_id=shown.id if shown else None,
        origin=origin,
        support_type=terms.support_type,
        quantity=terms.quantity,
        unit=terms.unit if terms.quantity is not None else "",
        period_from=terms.period_from,
        period_to=terms.period_to,
        started_by_id=actor.user_id,
        created_at=now,
        moved_at=now,
        deadline_at=calendar.deadline(now, lifecycle.ANSWER_DAYS),
    )


def _opened(
    session: Session,
    actor: Actor,
    case: Partnership,
    action: str,
    now: datetime,
    *,
    reason_code: str | None = None,
    reason_text: str = "",
) -> None:
    session.add(case)
    try:
        session.flush()
    except IntegrityError as error:
        # The unique index is the real guard; the check in _start only gives the kinder answer.
        raise Refused("case_exists", number="") from error
    shown = case_reads.shown_suggestion(session, case.shown_suggestion_id)
    audit.record(
        session,
        actor,
        action,
        "partnership",
        case.public_id,
        now,
        object_version=case.version,
        to_state=case.state,
        reason_code=reason_code,
        reason_text=reason_text,
        details={"suggestion": shown.public_id} if shown else {},
    )
    _guard_capacity(session, case.npo_id, now)


# ── Answering ────────────────────────────────────────────────────────────────────────────────────────


def accept(
    session: Session, actor: Actor, case: Partnership, answer: str, now: datetime, *, version: int | None
) -> Partnership:
    """One side says yes; when both have, the case goes to the city by itself.

    Raises:
        MovedOn, Refused (``not_your_turn``, ``not_verified``, ``need_closed``).
    """
    permissions.require(actor, "partnership.answer", case)
    moves.check_version(session, case, version)
    side = _side(actor, case)
    if side not in case.asked and case.state in {"recommended", "interest_one_side"}:
        raise Refused("not_your_turn")
    _both_verified(case)
    if case.need is not None and case.need.state not in {"open", "paused"}:
        raise Refused("need_closed")
    if side == "company":
        case.company_agreed_at, case.company_contact_id = now, actor.user_id
    else:
        case.npo_agreed_at, case.npo_contact_id = now, actor.user_id
    if answer.strip():
        _add_message(session, actor, case, answer, now)
        case.answer = answer.strip()
    _enter(session, actor, case, "accept", now, days=lifecycle.ANSWER_DAYS)
    if case.state == "interest_both":
        _enter(session, SYSTEM, case, "send_for_review", now, days=None)
        _to_city(session, case, now)
    other = case.npo_id if side == "company" else case.company_id
    notices.tell_organization(session, other, *wording.case_accepted(case, side), now, about=_about(case))
    _guard_capacity(session, case.npo_id, now)
    return case


def decline(
    session: Session,
    actor: Actor,
    case: Partnership,
    reason_code: str,
    reason_text: str,
    now: datetime,
    *,
    version: int | None,
) -> Partnership:
    """One side says no; the coded reason is for the city only."""
    permissions.require(actor, "partnership.answer", case)
    side = _side(actor, case)
    if side not in case.asked:
        raise Refused("not_your_turn")
    _enter(
        session, actor, case, "decline", now, days=None,
        version=version, reason_code=reason_code, reason_text=reason_text,
    )  # fmt: skip
    text = wording.case_declined(case, side)
    other, agreed = (
        (case.npo_id, case.npo_agreed_at) if side == "company" else (case.company_id, case.company_agreed_at)
    )
    # Who has not answered a recommendation yet need not hear a no; who asked or said yes must.
    if agreed is not None:
        notices.tell_organization(session, other, *text, now, about=_about(case))
    if case.origin == "coordinator":
        notices.tell_staff(session, *text, now, about=_about(case))
    _guard_capacity(session, case.npo_id, now)
    return case


def withdraw(
    session: Session,
    actor: Actor,
    case: Partnership,
    reason_code: str,
    reason_text: str,
    now: datetime,
    *,
    version: int | None,
) -> Partnership:
    """A side takes back what it agreed to; a coordinator takes back a recommendation."""
    permissions.require(actor, "partnership.decide" if actor.is_staff else "partnership.answer", case)
    side = case.side_of(actor.organization_id) or "coordinator"
    if case.state == "interest_one_side" and side in case.asked:
        raise Refused("not_your_turn")  # who was asked declines; who asked withdraws
    was_with_city = case.state == "coordinator_review" or case.state in lifecycle.CASE_TALKS
    _enter(
        session, actor, case, "withdraw", now, days=None,
        version=version, reason_code=reason_code, reason_text=reason_text,
    )  # fmt: skip
    told = {"company": [case.npo_id], "npo": [case.company_id]}.get(side, [case.company_id, case.npo_id])
    text = wording.case_withdrawn(case, side)
    for organization_id in told:
        notices.tell_organization(session, organization_id, *text, now, about=_about(case))
    if was_with_city:
        notices.tell_staff(session, *text, now, about=_about(case))
    _guard_capacity(session, case.npo_id, now)
    return case


def revise(
    session: Session,
    actor: Actor,
    case: Partnership,
    terms: Terms,
    note: str,
    now: datetime,
    *,
    version: int | None,
) -> Partnership:
    """Answer the city's question or propose other terms.

    Changed terms need the other side's yes again; a mere supplement goes straight back to the city.

    Raises:
        Refused: ``not_your_turn`` when it is the other side's turn.
    """
    permissions.require(actor, "partnership.answer", case)
    moves.check_version(session, case, version)
    terms.check()
    side = _side(actor, case)
    if side not in case.asked:
        raise Refused("not_your_turn")
    before = Terms(case.support_type, case.quantity, case.unit, case.period_from, case.period_to)
    changed = before != terms
    if case.state == "interest_one_side" and not changed:
        raise Invalid(support_type="unchanged")
    if not changed and not note.strip():
        raise Invalid(note="required")
    if note.strip():
        _add_message(session, actor, case, note, now)
    if not changed:
        _enter(session, actor, case, "send_for_review", now, days=None)
        _to_city(session, case, now)
        return case
    case.support_type, case.quantity, case.unit = terms.support_type, terms.quantity, terms.unit
    case.period_from, case.period_to = terms.period_from, terms.period_to
    case.company_agreed_at = now if side == "company" else None
    case.npo_agreed_at = now if side == "npo" else None
    details = {"before": snapshots.terms(before), "after": snapshots.terms(terms)}
    _enter(session, actor, case, "revise", now, days=lifecycle.ANSWER_DAYS, details=details)
    other = case.npo_id if side == "company" else case.company_id
    notices.tell_organization(session, other, *wording.case_revised(case, side), now, about=_about(case))
    _guard_capacity(session, case.npo_id, now)
    return case


def send_message(session: Session, actor: Actor, case: Partnership, text: str, now: datetime) -> CaseMessage:
    """A question or an answer between the three parties; leaves at least a week to answer it."""
    permissions.require(actor, "partnership.message", case)
    if not text.strip():
        raise Invalid(text="required")
    if case.state in lifecycle.CASE_EXITS:
        raise Refused("case_closed")
    message = _add_message(session, actor, case, text, now)
    extended = calendar.deadline(now, MESSAGE_EXTENSION_DAYS)
    if case.state in lifecycle.CASE_WORK:
        documents.touch(session, case, now)  # its dates are agreed upon; only silence starts anew
    elif case.deadline_at is not None and case.deadline_at < extended:
        case.deadline_at, case.reminders = extended, 0
    author = actor.organization_name or wording.CITY
    subject_body = wording.case_message(case, author)
    for organization_id in case.party_ids:
        if organization_id != actor.organization_id:
            notices.tell_organization(session, organization_id, *subject_body, now, about=_about(case))
    # Before both agree, the two talk among themselves: only an official who is on the case hears it.
    if case.coordinator_id or case.state == "coordinator_review" or case.state in lifecycle.CASE_WORK:
        documents.tell_city(session, actor, case, subject_body, now)
    return message


# ── The city decides ─────────────────────────────────────────────────────────────────────────────────


def approve(
    session: Session,
    actor: Actor,
    case: Partnership,
    decision: Decision,
    now: datetime,
    *,
    version: int | None,
) -> DecisionBundle:
    """Introduce the two: contact data is released to both, and what was decided upon is frozen (X2).

    Raises:
        Invalid: an answer is missing (``text``, ``conflict_of_interest``, ``consulted``).
        Refused: ``conflict_of_interest``, ``manager_needed``, ``own_recommendation``, ``not_verified``,
            ``need_closed``.
        MovedOn: another coordinator was faster.
    """
    permissions.require(actor, "partnership.decide", case)
    moves.check_version(session, case, version)
    missing = {}
    if not decision.text.strip():
        missing["text"] = "required"
    if decision.conflict_of_interest is None:
        missing["conflict_of_interest"] = "required"
    if decision.city_involved and not decision.consulted.strip():
        missing["consulted"] = "required"
    if missing:
        raise Invalid(**missing)
    if decision.conflict_of_interest:
        raise Refused("conflict_of_interest")
    if decision.city_involved and actor.role != "manager":
        raise Refused("manager_needed")
    _check_approvable(session, actor, case)
    bundle = _freeze(session, actor, case, decision, "approve", now)
    case.decided_by_id, case.decided_at = actor.user_id, now
    case.coordinator_id = case.coordinator_id or actor.user_id
    _enter(
        session, actor, case, "approve", now, days=None,
        reason_text=decision.text, details={"bundle": bundle.public_id, "sha256": bundle.sha256},
    )  # fmt: skip
    for organization_id in case.party_ids:
        notices.tell_organization(
            session, organization_id, *wording.case_approved(case), now, about=_about(case)
        )
    return bundle


def return_(
    session: Session,
    actor: Actor,
    case: Partnership,
    reason_code: str,
    reason_text: str,
    now: datetime,
    *,
    version: int | None,
) -> Partnership:
    """Ask both sides for a supplement; the text says what would change the decision."""
    permissions.require(actor, "partnership.decide", case)
    if not reason_text.strip():
        raise Invalid(reason_text="required")
    _enter(
        session, actor, case, "return", now, days=lifecycle.ANSWER_DAYS,
        version=version, reason_code=reason_code, reason_text=reason_text,
    )  # fmt: skip
    for organization_id in case.party_ids:
        notices.tell_organization(
            session, organization_id, *wording.case_returned(case), now, about=_about(case)
        )
    return case


def refuse(
    session: Session,
    actor: Actor,
    case: Partnership,
    reason_code: str,
    reason_text: str,
    now: datetime,
    *,
    version: int | None,
) -> Partnership:
    """Do not approve; both sides read the reason and may ask again."""
    permissions.require(actor, "partnership.decide", case)
    moves.check_version(session, case, version)
    if not reason_text.strip():
        raise Invalid(reason_text="required")
    decision = Decision(reason_text, None, city_involved=False)
    bundle = _freeze(session, actor, case, decision, "refuse", now)
    case.decided_by_id, case.decided_at = actor.user_id, now
    _enter(
        session, actor, case, "refuse", now, days=None,
        reason_code=reason_code, reason_text=reason_text,
        details={"bundle": bundle.public_id, "sha256": bundle.sha256},
    )  # fmt: skip
    for organization_id in case.party_ids:
        notices.tell_organization(
            session, organization_id, *wording.case_refused(case), now, about=_about(case)
        )
    return case


def assign(session: Session, actor: Actor, case: Partnership, coordinator: User, now: datetime) -> None:
    """Name the coordinator in charge of the case (K16).

    Raises:
        Invalid: ``coordinator`` is nobody who works for the city now. MovedOn: the case has ended.
    """
    permissions.require(actor, "partnership.assign", case)
    if case.state in lifecycle.CASE_EXITS:
        raise moves.moved_on(session, case)
    if coordinator.role not in {"coordinator", "manager"} or coordinator.status != "active":
        raise Invalid(coordinator="required")
    case.coordinator_id = coordinator.id
    audit.record(
        session, actor, "assign", "partnership", case.public_id, now,
        object_version=case.version, details={"coordinator": coordinator.public_id},
    )  # fmt: skip


def download_note(actor: Actor, case: Partnership, bundle: DecisionBundle, now: datetime) -> audit.Note:
    """That a frozen decision is taken out of the service.

    Raises:
        NotFound: for whom there is no such case.
        NotPermitted: for others than staff.
    """
    permissions.require(actor, "partnership.decide", case)
    return audit.Note(
        actor, "download", "partnership", case.public_id, now,
        object_version=case.version, details={"bundle": bundle.public_id},
    )  # fmt: skip


# ── The clock ────────────────────────────────────────────────────────────────────────────────────────


def expire_unanswered(session: Session, now: datetime, limit: int = 100) -> int:
    """End, kindly, what nobody answered in time; returns how many cases."""
    cases = session.scalars(_waiting_cases().where(Partnership.deadline_at < now).limit(limit)).all()
    for case in cases:
        _enter(session, SYSTEM, case, "expire", now, days=None)
        for organization_id in case.party_ids:
            notices.tell_organization(
                session, organization_id, *wording.case_expired(case), now, about=_about(case)
            )
        _guard_capacity(session, case.npo_id, now)
    return len(cases)


def remind_waiting(session: Session, now: datetime, limit: int = 100) -> int:
    """Remind whoever is to answer, 7, 3 and 1 days before the deadline; returns how many reminders."""
    sent = 0
    today = calendar.tokyo_date(now)
    # Who was told of a stage leaves the query, or a full round would keep the rest waiting.
    stages = [
        (Partnership.deadline_at <= calendar.end_of_day(today + timedelta(days=days)))
        & (Partnership.reminders < stage)
        for stage, days in enumerate(lifecycle.REMIND_DAYS, start=1)
    ]
    waiting = _waiting_cases().where(Partnership.deadline_at >= now, or_(*stages))
    for case in session.scalars(waiting.limit(limit)):
        assert case.deadline_at is not None
        left = (calendar.tokyo_date(case.deadline_at) - calendar.tokyo_date(now)).days
        due = sum(left <= days for days in lifecycle.REMIND_DAYS)
        if left < 0 or due <= case.reminders:
            continue
        # Not through the record: a reminder must not outdate a form that somebody is filling in.
        session.execute(update(Partnership).where(Partnership.id == case.id).values(reminders=due))
        for side in case.asked:
            organization_id = case.company_id if side == "company" else case.npo_id
            notices.tell_organization(
                session, organization_id, *wording.case_reminder(case, left), now, about=_about(case)
            )
        sent += 1
    return sent


# ── Shared pieces, in order of use ───────────────────────────────────────────────────────────────────


def may_see_contacts(actor: Actor, case: Partnership) -> bool:
    """Contact data is released at the introduction, not before; staff always see it."""
    if not permissions.may(actor, "partnership.view", case):
        return False
    return actor.is_staff or case.state in lifecycle.CASE_WORK


def _waiting_cases() -> Select[Partnership]:
    return (
        select(Partnership)
        .where(Partnership.state.in_(("recommended", "interest_one_side", "interest_both")))
        .options(joinedload(Partnership.company), joinedload(Partnership.npo), joinedload(Partnership.need))
        .order_by(Partnership.deadline_at)
    )


def _enter(
    session: Session,
    actor: Actor,
    case: Partnership,
    action: str,
    now: datetime,
    *,
    days: int | None,
    version: int | None = None,
    reason_code: str | None = None,
    reason_text: str = "",
    details: dict[str, Any] | None = None,
) -> None:
    """Move the case and set the clock of the new state."""
    moves.check_version(session, case, version)
    case.moved_at, case.reminders = now, 0
    case.deadline_at = None if days is None else calendar.deadline(now, days)
    moves.move(
        session, actor, case, action, now,
        reason_code=reason_code, reason_text=reason_text, details=details,
    )  # fmt: skip


def _to_city(session: Session, case: Partnership, now: datetime) -> None:
    review_by = calendar.add_working_days(calendar.tokyo_date(now), lifecycle.REVIEW_WORKING_DAYS)
    case.deadline_at = calendar.end_of_day(review_by)
    notices.tell_staff(session, *wording.case_for_review(case), now, about=_about(case))


def _side(actor: Actor, case: Partnership) -> lifecycle.Mover:
    return "company" if case.side_of(actor.organization_id) == "company" else "npo"


def _both_verified(case: Partnership) -> None:
    if case.company.state != "verified" or case.npo.state != "verified":
        raise Refused("not_verified")


def _check_approvable(session: Session, actor: Actor, case: Partnership) -> None:
    _separate_duties(session, actor, case)
    _both_verified(case)
    if case.need is not None and case.need.state not in {"open", "paused"}:
        raise Refused("need_closed")


def _separate_duties(session: Session, actor: Actor, case: Partnership) -> None:
    """Who recommended a pair does not approve it when somebody else can (K9)."""
    recommended_it = case.origin == "coordinator" and case.started_by_id == actor.user_id
    if recommended_it and officials.active_staff_count(session) > 1:
        raise Refused("own_recommendation")


def _add_message(session: Session, actor: Actor, case: Partnership, text: str, now: datetime) -> CaseMessage:
    message = CaseMessage(partnership_id=case.id, author_id=actor.user_id, written_at=now, text=text.strip())
    session.add(message)
    session.flush()
    audit.record(
        session, actor, "message", "partnership", case.public_id, now,
        object_version=case.version, details={"message": message.public_id},
    )  # fmt: skip
    return message


def _freeze(
    session: Session, actor: Actor, case: Partnership, decision: Decision, outcome: str, now: datetime
) -> DecisionBundle:
    """Keep what the decision rested on, so that it can be shown years later."""
    history = [
        {"at": event.at.isoformat(), "action": event.action, "role": event.role,
         "from": event.from_state, "to": event.to_state, "hash": event.hash}
        for event, _user in audit.history(session, "partnership", case.public_id)
    ]  # fmt: skip
    content = {
        "outcome": outcome,
        "decision": {
            "text": decision.text.strip(),
            "conflict_of_interest": decision.conflict_of_interest,
            "city_involved": decision.city_involved,
            "consulted": decision.consulted.strip(),
            "decided_at": now.isoformat(),
            "decided_by": actor.user_public_id,
            "role": actor.role,
        },
        "case": snapshots.facts_of(case),
        "company": snapshots.organization(case.company),
        "npo": snapshots.organization(case.npo),
        "need": snapshots.posting(case.need),
        "offer": snapshots.posting(case.offer),
        "suggestion": snapshots.suggestion(case_reads.shown_suggestion(session, case.shown_suggestion_id)),
        "checklists": {
            "company": _checklist(session, case.company_id),
            "npo": _checklist(session, case.npo_id),
        },
        "messages": [
            {"at": message.written_at.isoformat(), "text": message.text}
            for message in case_reads.messages_of_case(session, case)
        ],
        "history": history,
    }
    bundle = DecisionBundle(
        partnership_id=case.id,
        decided_by_id=actor.user_id,
        decided_at=now,
        content=content,
        sha256=snapshots.sha256(content),
    )
    session.add(bundle)
    session.flush()
    return bundle


def _checklist(session: Session, organization_id: int) -> list[dict[str, str]]:
    rows = session.scalars(
        select(ChecklistAnswer)
        .where(ChecklistAnswer.organization_id == organization_id)
        .order_by(ChecklistAnswer.round, ChecklistAnswer.id)
    )
    return [{"item": row.item, "answer": row.answer, "comment": row.comment} for row in rows]


def _guard_capacity(session: Session, npo_id: int, now: datetime) -> None:
    """Pause an NPO's open needs at three unanswered proposals; resume them when it has caught up (X7)."""
    busy = case_reads.unanswered_count(session, npo_id) >= lifecycle.UNANSWERED_LIMIT
    state, action = ("open", "pause") if busy else ("paused", "resume")
    query = select(Need).where(Need.organization_id == npo_id, Need.state == state)
    if not busy:
        query = query.where(Need.pause_cause == "capacity")
    for need in session.scalars(query):
        need.pause_cause = "capacity" if busy else None
        moves.move(session, SYSTEM, need, action, now, details={"cause": "capacity"})
        findable.touch(session, need)


def _about(case: Partnership) -> tuple[str, str]:
    return ("partnership", case.public_id)
