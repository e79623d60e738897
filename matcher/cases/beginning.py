"""How a case begins: asked for by a company or an NPO, or recommended by the city to both."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any, Final

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from matcher.cases import fits, stages, takes
from matcher.cases import reads as case_reads
from matcher.ground import amounts, calendar, lifecycle, parts, vocabulary
from matcher.ground.errors import Invalid, Refused
from matcher.ground.permissions import Actor
from matcher.records import CaseTask, Need, Offer, Organization, Partnership, ShownSuggestion
from matcher.register import act, audit, conflicts, moves, numbers
from matcher.register.act import Done, Look, Told, Words

#: ``lifecycle.POSTING_CLOSED`` → why no case begins from it.
NEED_CLOSED: Final = {"paused": "need_paused", "rewritten": "need_rewritten", "ended": "need_closed"}
OFFER_CLOSED: Final = {"paused": "offer_paused", "rewritten": "offer_rewritten", "ended": "offer_closed"}


@dataclass(frozen=True)
class Terms:
    """What would be given: support type, amount, period. ``quantity`` is counted in ``unit``.

    ``part``: of which part of the need that is; ``also``: (place, amount) of what is taken of others.
    """

    support_type: str
    quantity: float | None = None
    unit: str = ""
    period_from: date | None = None
    period_to: date | None = None
    part: int = parts.FIRST
    also: tuple[tuple[int, float | None], ...] = ()

    @property
    def taken(self) -> parts.Taken:
        """What the terms themselves take of the need."""
        return parts.Taken(self.part, self.support_type, self.quantity, self.unit, is_decided=False)

    def check(self) -> None:
        """Refuse what cannot be meant.

        Raises:
            Invalid: naming the field.
        """
        found = vocabulary.SUPPORT_TYPES.get(self.support_type)
        if found is None:
            raise Invalid(support_type="required")
        if self.quantity is not None:
            if fault := amounts.fault(self.quantity, self.unit):
                raise Invalid(quantity=fault)
            if self.unit not in found.units:
                raise Invalid(unit="required")
        if self.period_from and self.period_to and self.period_to < self.period_from:
            raise Invalid(period_to="before_start")

    def check_days(self, today: date, kept: "Terms | None" = None, *, joins: date | None = None) -> None:
        """Refuse days that cannot be meant today.

        Args:
            kept: the terms that these change; their days are not asked again.
            joins: the last day of the period after which these begin.

        Raises:
            Invalid: naming the fields.
        """
        first, last, wrong = self.period_from, self.period_to, {}
        most = timedelta(days=lifecycle.TERMS_MOST_DAYS)
        if first is not None and not (kept and first == kept.period_from):
            if joins is not None and first <= joins:
                wrong["period_from"] = "within_last_period"
            elif first > today + timedelta(days=lifecycle.TERMS_LEAD_DAYS):
                wrong["period_from"] = "agreement_from_far"
            elif first < today - most:
                wrong["period_from"] = "long_past"
        if last is not None and not (kept and (first, last) == (kept.period_from, kept.period_to)):
            if last <= today:
                wrong["period_to"] = "in_past"
            elif joins is not None and last <= joins:
                wrong["period_to"] = "within_last_period"
            elif last - (first or today) > most:
                wrong["period_to"] = "agreement_too_long"
        if wrong:
            raise Invalid(**wrong)


class _BeginningWay:
    """See ``register.act.Way``."""

    def keep(self, look: Look, event: str, done: Done) -> None:
        """Audit the case that there is now; it counts at once among what waits for the NPO's answer."""
        audit.record(
            look.session, look.actor, event, "partnership", look.record.public_id, look.now,
            object_version=look.record.version, to_state=look.record.state,
            reason_code=done.reason_code, reason_text=done.text, details=dict(done.details),
        )  # fmt: skip
        stages.guard_capacity(look.session, look.record.npo_id, look.now)

    def tell(self, look: Look, told: Told) -> None:
        """As at every stage of a case."""
        stages.tell(look, told)


_act = partial(
    act.act,
    record=Partnership,
    way=_BeginningWay(),
    open_in=frozenset({lifecycle.CASE_NOT_BEGUN}),
    shown=lambda look: None,
    home="beginning",
)


def between(
    company: Organization,
    npo: Organization,
    *,
    need: Need | None = None,
    offer: Offer | None = None,
    shown: ShownSuggestion | None = None,
) -> Partnership:
    """A case of these two as it would begin, about a need and from an offer of theirs; nothing is kept of it.

    Args:
        shown: the suggestion that led to it.
    """
    return Partnership(
        state=lifecycle.CASE_NOT_BEGUN,
        company_id=company.id,
        npo_id=npo.id,
        company=company,
        npo=npo,
        need_id=need.id if need else None,
        need=need,
        offer_id=offer.id if offer else None,
        offer=offer,
        shown_suggestion_id=shown.id if shown else None,
    )


def _hindrance(look: Look) -> Refused | None:
    """Why these two cannot begin now. An NPO that has not answered others may still ask by itself."""
    case, session = look.record, look.session
    if not (case.company.is_verified and case.npo.is_verified):
        return Refused("not_verified")
    for posting, owner_id, codes in (
        (case.need, case.npo_id, NEED_CLOSED), (case.offer, case.company_id, OFFER_CLOSED),
    ):  # fmt: skip
        if posting is not None and posting.organization_id != owner_id:
            return Refused(codes["ended"])
        if posting is not None and not posting.is_open:
            return Refused(codes[lifecycle.POSTING_CLOSED[posting.state]])
    if case.need is not None and parts.is_taken(takes.of(session, case.need)):
        return Refused("need_taken")
    existing = case_reads.find_open_case(session, case.company_id, case.npo_id, case.need_id)
    if existing is not None:
        return Refused("case_exists", number=existing.number)
    if case.side_of(look.actor.organization_id) != "npo" and case_reads.is_busy(session, case.npo_id):
        return Refused("npo_busy")
    return None


@_act(
    "propose", by="partnership.propose", guard=_hindrance, hidden_by=frozenset({"not_verified"}),
    words=Words(
        "声をかける", "%(word)sを送りました", "声をかけました", submit="この内容で送る",
    ),
)  # fmt: skip
def propose(look: Look, terms: Terms, message: str, *, first_step: str = "", is_named: bool = False) -> Done:
    """申し出 by a company's editor or 依頼 by an NPO's editor; the other side has 14 days to answer.

    Args:
        first_step: of ``vocabulary.FIRST_STEPS``; kept as the first promise of the case (C15).
        is_named: the company lets itself be named beside others who fill the same need; its own to say.

    Raises:
        Refused: ``case_exists``: somebody else was faster.
        Invalid: terms, message or first step cannot be taken.
    """
    case, side = look.record, look.record.side_of(look.actor.organization_id)
    if not message.strip():
        raise Invalid(message="required")
    if first_step and first_step not in vocabulary.FIRST_STEPS:
        raise Invalid(first_step="required")
    moves.begin(case, "interest_one_side")
    case.origin, case.message = side, message.strip()
    case.is_named = is_named and side == "company"
    setattr(case, f"{side}_agreed_at", look.now)
    setattr(case, f"{side}_contact_id", look.actor.user_id)
    details = _begin(look, terms, propose.event)
    if first_step:
        text = vocabulary.FIRST_STEP.format(step=vocabulary.FIRST_STEPS[first_step])
        look.session.add(
            CaseTask(
                partnership_id=case.id, text=text, side="both",
                created_by_id=look.actor.user_id, created_at=look.now,
            )
        )  # fmt: skip
    return Done(case, details, tells=(Told("others", "started"),))


@_act(
    "recommend", by="desk.recommend", guard=_hindrance, reasons=vocabulary.RECOMMEND_REASONS,
    words=Words(
        "推薦する", "%(word)sを送りました", "この組み合わせを推薦しました", submit="両者に推薦する",
    ),
)  # fmt: skip
def recommend(look: Look, terms: Terms, reason_code: str, reason_text: str) -> Done:
    """推薦 by a coordinator to both sides, with a coded reason and a sentence that both will read.

    Raises:
        Refused, Invalid: as ``propose``.
    """
    case, words = look.record, reason_text.strip()
    if reason_code not in vocabulary.RECOMMEND_REASONS:
        raise Invalid(reason_code="required")
    if not words:
        raise Invalid(reason_text="required")
    moves.begin(case, "recommended")
    case.origin, case.coordinator_id = "coordinator", look.actor.user_id
    case.recommend_code, case.recommend_text = reason_code, words
    details = _begin(look, terms, recommend.event)
    return Done(case, details, words, reason_code, tells=(Told("others", "recommended"),))


def may_approach(session: Session, actor: Actor, organization: Organization, now: datetime) -> bool:
    """Whether ``actor`` could begin a case with it at all: both verified, of different kinds."""
    own = session.get(Organization, actor.organization_id) if actor.organization_id else None
    if own is None or own.kind == organization.kind:
        return False
    company, npo = (own, organization) if own.kind == "company" else (organization, own)
    return propose.may(Look(session, actor, between(company, npo), now))


def end_of_period(case: Partnership) -> date | None:
    """The last day of its agreement, behind which the next period of the same two begins; ``None`` where it
    ended before that day, so that the next one need not wait for it.
    """
    return None if case.was_terminated else case.ends_on


def end_of_last(session: Session, case: Partnership) -> date | None:
    """The last day of the period after which ``case`` is the next one of the same two."""
    last = session.get(Partnership, case.renewed_from_id) if case.renewed_from_id else None
    return end_of_period(last) if last is not None else None


def check_taken(session: Session, case: Partnership, terms: Terms) -> None:
    """Refuse terms that take more of a need than others have left.

    Raises:
        Invalid: naming the fields.
    """
    if case.need is None:
        if terms.part != parts.FIRST or terms.also:
            raise Invalid(part="required")
        return
    kept = case if case.id is not None else None
    if wrong := takes.faults(session, case.need, terms.taken, terms.also, without=kept):
        raise Invalid(**wrong)


def terms_of(session: Session, case: Partnership) -> Terms:
    """The terms of a case as they stand."""
    return Terms(
        case.support_type, case.quantity, case.unit, case.period_from, case.period_to, case.part,
        takes.further(session, case),
    )  # fmt: skip


def _begin(look: Look, terms: Terms, event: str) -> dict[str, Any]:
    """Keep the case, and why the two fit at this moment; what the audit record says of how it came about.

    Raises:
        Refused, Invalid: as ``propose``.
    """
    case, session, now = look.record, look.session, look.now
    terms.check()
    terms.check_days(calendar.tokyo_date(now))
    check_taken(session, case, terms)
    case.number = numbers.receipt_number(session, "E", now)
    case.support_type, case.quantity = terms.support_type, terms.quantity
    case.unit = terms.unit if terms.quantity is not None else ""
    case.period_from, case.period_to = terms.period_from, terms.period_to
    case.started_by_id = look.actor.user_id
    case.created_at = case.moved_at = now
    case.deadline_at = calendar.deadline(now, lifecycle.ANSWER_DAYS)
    session.add(case)
    try:
        session.flush()
    except IntegrityError as error:
        # The unique index is the real guard; the act's own only gives the kinder answer.
        raise Refused("case_exists", number="") from error
    takes.keep(session, case, terms.part, terms.also)
    fits.keep(session, case, "begun", event, now)
    shown = case_reads.shown_suggestion(session, case.shown_suggestion_id)
    details: dict[str, Any] = {"suggestion": shown.public_id} if shown else {}
    if both := conflicts.on_both_sides(session, case):
        details["on_both_sides"] = [person.public_id for person in both]
    return details
