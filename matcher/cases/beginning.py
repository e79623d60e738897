"""How a case begins: asked for by a company or an NPO, or recommended by the city to both."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from matcher.cases import reads as case_reads
from matcher.cases import stages
from matcher.ground import calendar, lifecycle, permissions, vocabulary
from matcher.ground.errors import Invalid, Refused
from matcher.ground.permissions import Actor
from matcher.records import CaseTask, Need, Offer, Organization, Partnership, ShownSuggestion
from matcher.register import audit, notices, numbers, wording


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
    notices.tell_organization(session, other, *wording.case_started(case), now, about=stages.about(case))
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
        notices.tell_organization(
            session, side, *wording.case_recommended(case), now, about=stages.about(case)
        )
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
    if origin != "npo" and case_reads.is_busy(session, npo.id):
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
    stages.guard_capacity(session, case.npo_id, now)
