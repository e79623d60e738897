"""Every SELECT that pages use, by name, scoped to who is asking; eager loading is stated here.

``get_…`` raises ``NotFound`` for what does not exist and for what the actor may not know of.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Select, exists, func, or_, select
from sqlalchemy.orm import Session, joinedload
from sqlalchemy.sql.base import ExecutableOption

from matcher.cases import turns
from matcher.ground import calendar, lifecycle, permissions
from matcher.ground.errors import NotFound
from matcher.ground.permissions import Actor
from matcher.records import (
    AuditEvent,
    CaseDocument,
    CaseMessage,
    CaseTask,
    Contribution,
    DecisionBundle,
    Indicator,
    Measurement,
    MeetingNote,
    Need,
    Organization,
    Partnership,
    Payment,
    PaymentRule,
    ShownSuggestion,
    User,
)
from matcher.records.base import Base
from matcher.register import audit, doers, parties
from matcher.register.doers import Doer


def cases_of_party(actor: Actor) -> Select[Partnership]:
    """The cases of the organization in whose name ``actor`` works."""
    own = actor.organization_id or 0
    return select(Partnership).where((Partnership.company_id == own) | (Partnership.npo_id == own))


# ── Partnership cases ────────────────────────────────────────────────────────────────────────────────


def get_case(session: Session, actor: Actor, public_id: str) -> Partnership:
    """A case with both organizations and profiles, need, offer and the people on it."""
    found = session.scalar(
        select(Partnership).where(Partnership.public_id == public_id).options(*_case_loads())
    )
    if found is None or not permissions.may(actor, "partnership.view", found):
        raise NotFound("partnership")
    return found


def _case_loads() -> tuple[ExecutableOption, ...]:
    return (
        joinedload(Partnership.company).joinedload(Organization.company),
        joinedload(Partnership.npo).joinedload(Organization.npo),
        joinedload(Partnership.need),
        joinedload(Partnership.offer),
        joinedload(Partnership.started_by),
        joinedload(Partnership.company_contact),
        joinedload(Partnership.npo_contact),
        joinedload(Partnership.coordinator),
        joinedload(Partnership.deputy),
    )


def may_see_contacts(actor: Actor, case: Partnership) -> bool:
    """Contact data is released at the introduction, not before; staff always see it."""
    if not permissions.may(actor, "partnership.view", case):
        return False
    return actor.is_staff or case.state in lifecycle.CASE_WORK


def own_cases(
    session: Session, actor: Actor, now: datetime, *, open_only: bool = False
) -> tuple[Sequence[Partnership], Mapping[int, Sequence[turns.Step]]]:
    """The cases of the actor's organization, with what is to be done on each: what waits for it first, the
    late and the near before the rest; then the newest.
    """
    query = cases_of_party(actor).options(
        joinedload(Partnership.company), joinedload(Partnership.npo), joinedload(Partnership.need)
    )
    if open_only:
        query = query.where(Partnership.state.in_(lifecycle.CASE_OPEN))
    cases = session.scalars(query.order_by(Partnership.moved_at.desc(), Partnership.id.desc())).all()
    steps = turns.of(session, cases, now)
    own = {case.id: turns.own(steps[case.id], actor.organization_kind) for case in cases}
    waiting = sorted(
        (case for case in cases if own[case.id]), key=lambda case: turns.urgency(own[case.id][0])[:2]
    )
    return [*waiting, *(case for case in cases if not own[case.id])], steps


def find_open_case(session: Session, company_id: int, npo_id: int, need_id: int | None) -> Partnership | None:
    """The case that already occupies this company and need (or this pair where no need is named)."""
    query = select(Partnership).where(
        Partnership.company_id == company_id, Partnership.state.in_(lifecycle.CASE_OPEN)
    )
    if need_id is None:
        query = query.where(Partnership.npo_id == npo_id, Partnership.need_id.is_(None))
    else:
        query = query.where(Partnership.need_id == need_id)
    return session.scalar(query)


#: Of a need: two have agreed on it and wait for the city, or it for them.
AGREED_UPON = exists().where(
    Partnership.need_id == Need.id, Partnership.state.in_(("interest_both", "coordinator_review"))
)


#: ``Partnership.was_introduced``, asked of many.
WAS_INTRODUCED = or_(
    Partnership.state.in_(lifecycle.CASE_WORK),
    Partnership.state.in_(lifecycle.CASE_LEFT) & Partnership.decided_at.is_not(None),
)


def is_agreed_upon(session: Session, need: Need) -> bool:
    """The same of one need."""
    return session.scalar(select(AGREED_UPON).where(Need.id == need.id)) or False


def unanswered_count(session: Session, npo_id: int) -> int:
    """How many proposals wait for this NPO's answer (X7)."""
    return (
        session.scalar(
            select(func.count())
            .select_from(Partnership)
            .where(
                Partnership.npo_id == npo_id,
                Partnership.state.in_(("recommended", "interest_one_side")),
                Partnership.npo_agreed_at.is_(None),
            )
        )
        or 0
    )


def is_busy(session: Session, npo_id: int) -> bool:
    """Whether an NPO has as many unanswered proposals as it is asked to bear (X7)."""
    return unanswered_count(session, npo_id) >= lifecycle.UNANSWERED_LIMIT


def interested_in_need(session: Session, need: Need) -> Sequence[Partnership]:
    """Open cases about one need, with the companies, for the comparison side by side (N10)."""
    return session.scalars(
        select(Partnership)
        .where(Partnership.need_id == need.id, Partnership.state.in_(lifecycle.CASE_OPEN))
        .options(
            joinedload(Partnership.company).joinedload(Organization.company), joinedload(Partnership.offer)
        )
        .order_by(Partnership.created_at)
    ).all()


def messages_of_case(session: Session, case: Partnership) -> Sequence[CaseMessage]:
    """The questions and answers of a case, oldest first."""
    return session.scalars(
        select(CaseMessage)
        .where(CaseMessage.partnership_id == case.id)
        .options(joinedload(CaseMessage.author))
        .order_by(CaseMessage.id)
    ).all()


def decision_bundles(session: Session, case: Partnership) -> Sequence[DecisionBundle]:
    """The frozen decisions on a case, newest first."""
    return session.scalars(
        select(DecisionBundle)
        .where(DecisionBundle.partnership_id == case.id)
        .order_by(DecisionBundle.id.desc())
    ).all()


def get_decision_bundle(session: Session, case: Partnership, public_id: str) -> DecisionBundle:
    """One frozen decision on a case that the caller may see.

    Raises:
        NotFound
    """
    found = session.scalar(
        select(DecisionBundle).where(
            DecisionBundle.partnership_id == case.id, DecisionBundle.public_id == public_id
        )
    )
    if found is None:
        raise NotFound("decision_bundle")
    return found


def decision_event(session: Session, case: Partnership, bundle: DecisionBundle) -> AuditEvent | None:
    """The event of the decision that was frozen; whoever takes it along later names it, too."""
    events = session.scalars(
        select(AuditEvent)
        .where(AuditEvent.object_type == "partnership", AuditEvent.object_id == case.public_id)
        .order_by(AuditEvent.id)
    )
    return next((event for event in events if event.details.get("bundle") == bundle.public_id), None)


def shown_suggestion(session: Session, suggestion_id: int | None) -> ShownSuggestion | None:
    """A suggestion as it was shown, with its list."""
    if suggestion_id is None:
        return None
    return session.scalar(
        select(ShownSuggestion)
        .where(ShownSuggestion.id == suggestion_id)
        .options(joinedload(ShownSuggestion.shown_list))
    )


# ── The city's look at an organization ───────────────────────────────────────────────────────────────


def open_cases_of(session: Session, organization: Organization) -> Sequence[Partnership]:
    """The cases of an organization that have not ended, with both sides, newest first."""
    return session.scalars(
        select(Partnership)
        .where(
            (Partnership.company_id == organization.id) | (Partnership.npo_id == organization.id),
            Partnership.state.in_(lifecycle.CASE_OPEN),
        )
        .options(joinedload(Partnership.company), joinedload(Partnership.npo), joinedload(Partnership.need))
        .order_by(Partnership.moved_at.desc(), Partnership.id.desc())
    ).all()


# ── History ──────────────────────────────────────────────────────────────────────────────────────────


#: The kinds of texts that several accept, in the order of a case's life.
DOCUMENT_WORK: Sequence[str] = (
    "trial",
    "trial_result",
    "plan",
    "agreement",
    "outcome_report",
    "publication",
)


def drafts(session: Session, case: Partnership) -> Sequence[CaseDocument]:
    """The open drafts of a case, in the order of its life."""
    rows = session.scalars(
        select(CaseDocument).where(CaseDocument.partnership_id == case.id, CaseDocument.state == "draft")
    ).all()
    return sorted(rows, key=lambda row: DOCUMENT_WORK.index(row.kind))


def versions(session: Session, case: Partnership, kind: str | None = None) -> Sequence[CaseDocument]:
    """Every version of the documents of a case, newest first, with who wrote and accepted them."""
    query = select(CaseDocument).where(CaseDocument.partnership_id == case.id)
    if kind is not None:
        query = query.where(CaseDocument.kind == kind)
    people = ("drafted_by", "company_accepted_by", "npo_accepted_by", "city_accepted_by")
    query = query.options(*(joinedload(getattr(CaseDocument, name)) for name in people))
    return session.scalars(query.order_by(CaseDocument.id.desc())).all()


def agreement_at(
    session: Session, case: Partnership, history: parties.History, event: AuditEvent
) -> CaseDocument | None:
    """The version of the agreement that was in force when something happened."""
    return next(
        (
            row
            for row in versions(session, case, "agreement")
            if row.agreed_at is not None
            and history.event(
                "accept_agreement", lifecycle.CONFIRM_AGREEMENT, before=event, document=row.public_id
            )
        ),
        None,
    )


def tasks(session: Session, case: Partnership) -> Sequence[CaseTask]:
    """Promises and milestones: the open ones by date, then the done ones."""
    rows = session.scalars(select(CaseTask).where(CaseTask.partnership_id == case.id)).all()
    return sorted(rows, key=lambda row: (row.done_at is not None, row.due_on or date.max, row.id))


def meetings(session: Session, case: Partnership) -> Sequence[MeetingNote]:
    """The meeting notes of a case, newest first."""
    return session.scalars(
        select(MeetingNote)
        .where(MeetingNote.partnership_id == case.id)
        .order_by(MeetingNote.held_on.desc(), MeetingNote.id.desc())
    ).all()


def get_item(session: Session, actor: Actor, case: Partnership, model: type[Base], public_id: str) -> Base:
    """One record of the case by its public id, of whatever kind.

    Raises:
        NotFound: there is none in this case.
    """
    permissions.require(actor, "partnership.view", case)
    query = select(model).where(model.public_id == public_id)  # type: ignore[attr-defined]
    if model is Measurement:
        query = (
            query.join(Indicator, Indicator.id == Measurement.indicator_id)
            .where(Indicator.partnership_id == case.id)
            .options(joinedload(Measurement.indicator), joinedload(Measurement.evidence))
        )
    else:
        query = query.where(model.partnership_id == case.id)  # type: ignore[attr-defined]
    if model is Payment:
        measured = joinedload(Payment.measurement)
        query = query.options(
            joinedload(Payment.rule).joinedload(PaymentRule.indicator),
            measured.joinedload(Measurement.indicator), measured.joinedload(Measurement.evidence),
        )  # fmt: skip
    if model is Contribution:
        query = query.options(joinedload(Contribution.evidence))
    if model is PaymentRule:
        query = query.options(joinedload(PaymentRule.indicator))
    found = session.scalar(query)
    if found is None:
        raise NotFound("item")
    return found


@dataclass(frozen=True)
class Happened:
    """A move of a case as the audit record keeps it: by which party, in whose person."""

    event: AuditEvent
    side: str  #: company, npo or city
    person: str

    @property
    def day(self) -> date:
        """The day on which it happened, in Tokyo."""
        return calendar.tokyo_date(self.event.at)


def last_move(session: Session, case: Partnership, action: str) -> Happened | None:
    """The newest move of this kind; the case itself keeps the reason of its latest move only."""
    row = session.execute(
        select(AuditEvent, User.name)
        .outerjoin(User, User.public_id == AuditEvent.actor_id)
        .where(
            AuditEvent.object_type == "partnership",
            AuditEvent.object_id == case.public_id,
            AuditEvent.action == action,
        )
        .order_by(AuditEvent.id.desc())
        .limit(1)
    ).first()
    if row is None:
        return None
    sides = {case.company.public_id: "company", case.npo.public_id: "npo"}
    return Happened(row[0], sides.get(row[0].actor_organization_id or "", "city"), row[1] or "")


def history(session: Session, case: Partnership) -> Sequence[tuple[AuditEvent, Doer | None]]:
    """What happened on a case and who did it, newest first; once it is over, by the names of then."""
    events = audit.history(session, "partnership", case.public_id)
    return doers.as_called(session, events) if case.is_over else events


def ended_from(case: Partnership, events: Sequence[tuple[AuditEvent, Doer | None]]) -> str:
    """The state in which a case came to nothing; empty while it goes on and where it was completed.

    Args:
        events: the history of the case, newest first.
    """
    if case.state not in lifecycle.CASE_EXITS - {"closed"}:
        return ""
    return next((event.from_state or "" for event, _user in events if event.to_state == case.state), "")


def share_done(found: Sequence[CaseTask]) -> tuple[int, int]:
    """(milestones done, milestones in all): L13."""
    milestones = [task for task in found if task.is_milestone]
    return sum(task.done_at is not None for task in milestones), len(milestones)


def all_cases(session: Session) -> Sequence[Partnership]:
    """Every case from the introduction on, with both sides and the official, by number."""
    return session.scalars(
        select(Partnership)
        .where(Partnership.state.in_(lifecycle.CASE_WORK))
        .options(
            joinedload(Partnership.company),
            joinedload(Partnership.npo),
            joinedload(Partnership.coordinator),
        )
        .order_by(Partnership.number)
    ).all()


def left_cases(session: Session) -> Sequence[tuple[Partnership, bool]]:
    """Every case that came to nothing, by number, and whether the city had introduced the two before."""
    introduced = exists().where(
        AuditEvent.object_type == "partnership",
        AuditEvent.object_id == Partnership.public_id,
        AuditEvent.to_state == "introduced",
    )
    rows = session.execute(
        select(Partnership, introduced)
        .where(Partnership.state.in_(lifecycle.CASE_EXITS - {"closed"}))
        .options(
            joinedload(Partnership.company),
            joinedload(Partnership.npo),
            joinedload(Partnership.coordinator),
        )
        .order_by(Partnership.number)
    )
    return [(case, bool(was_introduced)) for case, was_introduced in rows]
