"""The workspace of a case: acceptance of its documents, and what is to be done next by whom."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from sqlalchemy import exists, select
from sqlalchemy.orm import Session, joinedload

from matcher import calendar, lifecycle, permissions, vocabulary, wording_work
from matcher.errors import NotFound, Refused
from matcher.models import (
    AuditEvent,
    CaseDocument,
    CaseFile,
    CaseTask,
    Contribution,
    Incident,
    Indicator,
    Measurement,
    MeetingNote,
    Partnership,
    Payment,
    PaymentRule,
    PeriodReport,
    Risk,
    User,
)
from matcher.models.base import Base
from matcher.permissions import Actor
from matcher.services import (
    agreements,
    closing,
    decisions,
    documents,
    evaluations,
    moves,
    notices,
    parties,
    payments,
    plans,
    progress,
    publicity,
    talks,
)


def accept_document(
    session: Session, actor: Actor, case: Partnership, document: CaseDocument, sha256: str, now: datetime
) -> None:
    """Accept a text by its hash; the last acceptance brings about what the text is for.

    Raises:
        MovedOn: the text was changed, or the case has moved on.
        Refused: what stands in the way (``agreements.acceptance_obstacle``), ``already_accepted``.
    """
    if case.state not in lifecycle.CASE_WORK:
        raise moves.moved_on(session, case)
    if document.kind == "agreement":
        if actor.is_staff and actor.role != "manager" and agreements.needs_manager(document.content):
            raise Refused("manager_needed")
        obstacle = agreements.acceptance_obstacle(session, case, now)
        if obstacle:
            raise Refused(obstacle)
    if document.kind == "plan" and case.state not in (*plans.BEFORE, *plans.RUNNING):
        raise moves.moved_on(session, case)
    details = None
    if actor.is_staff and document.needs_city and document.state == "draft":
        bundle = decisions.freeze(
            session, actor, case, f"accept_{document.kind}", "", now, document=document.public_id
        )
        # The document's own sha256 stands in the event, too: the two are told apart by name.
        details = {"bundle": bundle.public_id, "bundle_sha256": bundle.sha256}
    if not documents.accept(session, actor, case, document, sha256, now, details=details):
        waits_for_city = document.needs_city and document.company_accepted_at and document.npo_accepted_at
        if waits_for_city:
            name = "publication_city" if document.kind == "publication" else "amendment_city"
            text = wording_work.event(case, name)
            notices.tell_staff(session, *text, now, about=("partnership", case.public_id))
        return
    if document.kind == "agreement":
        agreements.accepted_by_both(session, case, document, now)
        return
    {
        "trial": talks.begin_trial,
        "trial_result": talks.end_trial,
        "plan": plans.put_in_force,
        "outcome_report": evaluations.accept_report,
        "publication": publicity.put_in_force,
    }[document.kind](session, case, document, now)


def drop_document(
    session: Session, actor: Actor, case: Partnership, document: CaseDocument, reason: str, now: datetime,
    *, version: int | None,
) -> None:  # fmt: skip
    """Take an open draft from the table; while an agreement is first being written, talks are reopened.

    Raises:
        Refused: ``reopen_instead``.
    """
    if document.kind == "agreement" and case.state == "agreement_draft":
        raise Refused("reopen_instead")
    if document.kind == "agreement" and case.state == "agreement_review":
        raise moves.moved_on(session, case)
    documents.withdraw(session, actor, case, document, reason, now, version=version)
    text = wording_work.event(case, "dropped", who=talks.who(actor), what=reason.strip())
    documents.tell_others(session, actor, case, text, now)


# ── What is to be done ───────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Step:
    """One thing that a party has to do next. ``action`` is what the page offers, ``item`` its record."""

    side: str  #: company, npo or city
    kind: str
    until: date | None = None
    about: str = ""
    item: str = ""
    is_late: bool = False


_MEASURED: Sequence[str] = ("agreed", *plans.RUNNING, "ended")
#: What is public is kept true until the case is closed; what it says last is what happened.
_PAGE_FINAL: Sequence[str] = ("ended", "terminated", "reported", "evaluated")
_PAGE_KEPT: Sequence[str] = ("agreed", *plans.RUNNING, *_PAGE_FINAL)
_DOCUMENT_WORK: Sequence[str] = (
    "trial",
    "trial_result",
    "plan",
    "agreement",
    "outcome_report",
    "publication",
)


def steps(session: Session, case: Partnership, now: datetime) -> list[Step]:
    """Everything that somebody has to do on this case now, the late and the near first."""
    money, today = _payment_steps(session, case, now), calendar.tokyo_date(now)
    # Where the very amount is named, the general word on what hinders the closing says no more.
    general = {"unpaid", "uncalculated"} if money else set()
    found = [
        *_open_documents(session, case),
        *(
            replace(step, is_late=step.until is not None and step.until < today)
            for step in _state_steps(session, case)
            if step.kind not in general
        ),
        *_running_steps(session, case, now),
        *_measuring_steps(session, case, now),
        *money,
        *_risk_steps(session, case, today),
        *_evaluation_steps(session, case, now),
        *_publication_steps(session, case),
    ]
    return sorted(found, key=lambda step: (not step.is_late, step.until or date.max, step.kind))


def steps_of(found: Sequence[Step], side: str | None) -> list[Step]:
    """The steps of one party."""
    return [step for step in found if step.side == side]


def _open_documents(session: Session, case: Partnership) -> list[Step]:
    if case.state in lifecycle.CASE_EXITS and case.state != "closed":
        return []
    found = []
    for document in drafts(session, case):
        for side in ("company", "npo"):
            if getattr(document, f"{side}_accepted_at") is None:
                found.append(Step(side, f"accept_{document.kind}", item=document.public_id))
        both = document.company_accepted_at and document.npo_accepted_at
        if document.needs_city and both and not document.city_accepted_at:
            found.append(Step("city", f"accept_{document.kind}", item=document.public_id))
    return found


def _state_steps(session: Session, case: Partnership) -> list[Step]:
    until = calendar.tokyo_date(case.deadline_at) if case.deadline_at else None
    both = ("company", "npo")
    drafted = {document.kind for document in drafts(session, case)}
    if case.state == "introduced":
        return [Step(side, "meet", until) for side in both]
    if case.state == "negotiation" and not drafted & {"plan", "trial"}:
        has_plan = documents.find_agreed(session, case, "plan") is not None
        return [Step(side, "write_agreement" if has_plan else "write_plan", until) for side in both]
    if case.state == "trial" and "trial_result" not in drafted:
        return [Step(side, "write_trial_result", until) for side in both]
    if case.state == "agreement_draft" and not drafted & {"agreement", "plan"}:
        has_plan = documents.find_agreed(session, case, "plan") is not None
        return [Step(side, "write_agreement" if has_plan else "write_plan", until) for side in both]
    if case.state == "agreement_review":
        return [Step("city", "confirm_agreement", until)]
    if case.state == "suspended":
        return [Step(side, "decide_suspension", case.decide_by) for side in both]
    if case.state in {"ended", "terminated"} and "outcome_report" not in drafted:
        return [Step(side, "write_outcome_report", until) for side in both]
    if case.state == "evaluated" or (case.state == "reported" and case.was_terminated):
        obstacle = closing.obstacle(session, case)
        if obstacle == "publication_outdated":
            return []  # ``_publication_steps`` says so, and what of the page it is.
        return [Step("city", "close" if obstacle is None else obstacle)]
    return []


def _running_steps(session: Session, case: Partnership, now: datetime) -> list[Step]:
    if case.state not in lifecycle.CASE_BEGUN:
        return []
    today = calendar.tokyo_date(now)
    found = []
    for report in reports(session, case):
        status = progress.report_status(report, today)
        # Once the partnership has ended, its outcome report says what was still to be reported.
        if status in {"due", "overdue", "sent_back"} and case.state in plans.RUNNING:
            for side in ("npo", "company"):
                if getattr(report, f"{side}_submitted_at") is None:
                    found.append(
                        Step(side, "write_report", report.due_on, progress.period_words(report),
                             report.public_id, status == "overdue")
                    )  # fmt: skip
        elif status == "submitted":
            found.append(Step("city", "review_report", None, progress.period_words(report), report.public_id))
    for entry in contributions(session, case):
        if entry.state == "recorded":
            side = "npo" if entry.giver == "company" else "company"
            found.append(Step(side, "confirm_contribution", None, "", entry.public_id))
    for task in tasks(session, case):
        if task.done_at is None and task.due_on is not None and (task.due_on - today).days <= 7:
            sides = ("company", "npo") if task.side == "both" else (task.side,)
            late = task.due_on < today
            found += [
                Step(side, "finish_task", task.due_on, task.text[:60], task.public_id, late) for side in sides
            ]
    return found


def _measuring_steps(session: Session, case: Partnership, now: datetime) -> list[Step]:
    if case.state not in {"agreed", *lifecycle.CASE_BEGUN}:
        return []
    found = []
    to_measure = plans.due_measurements(session, case, now) if case.state in _MEASURED else []
    for indicator, day, status in to_measure:
        side = "city" if indicator.measurer == "outside" else indicator.measurer
        kind = "measure_baseline" if indicator.is_start(day) else "measure"
        found.append(Step(side, kind, day, indicator.name, indicator.public_id, status == "overdue"))
    rows = plans.measurements(session, case)
    for indicator in plans.indicators(session, case):
        for row in rows.get(indicator.id, ()):
            if row.state == "submitted":
                side = progress.checker_of(session, case, row, indicator)
                found.append(Step(side, "review_measurement", None, indicator.name, row.public_id))
    return found


def _payment_steps(session: Session, case: Partnership, now: datetime) -> list[Step]:
    """What the city calculates, approves and pays, each by the end of the fiscal year that bears it."""
    if case.state not in lifecycle.CASE_BEGUN or case.agreement_type != "outcome_linked":
        return []
    today = calendar.tokyo_date(now)

    def step(kind: str, year: int, about: str, item: str) -> Step:
        until = date(year + 1, 3, 31)
        return Step("city", kind, until, about, item, today > until)

    found = [
        step("calculate", rule.fiscal_year, rule.indicator.name, rule.public_id)
        for rule in payments.ready_rules(session, case)
    ]
    found += [
        step("calculate_fixed", year, payments.fixed_part(year), str(year))
        for year in payments.due_fixed(session, case, now)
    ]
    for row in payments.all_of(session, case):
        if row.approved_at is None:
            kind = "approve_payment"
        elif row.amount_yen and row.paid_on is None:
            kind = "record_paid"
        else:
            continue
        found.append(step(kind, row.fiscal_year, payments.label(row), row.public_id))
    return found


def _risk_steps(session: Session, case: Partnership, today: date) -> list[Step]:
    """Risks whose day has come, for the side that is prepared for them."""
    if case.state not in lifecycle.CASE_WORK - {"closed"}:
        return []
    found = []
    for risk in risks(session, case):
        if risk.closed_at is None and risk.review_on is not None:
            sides = ("company", "npo") if risk.side == "both" else (risk.side,)
            if (risk.review_on - today).days <= progress.RISK_DAYS:
                late = risk.review_on < today
                found += [
                    Step(side, "review_risk", risk.review_on, risk.text[:60], risk.public_id, late)
                    for side in sides
                ]
    return found


def _evaluation_steps(session: Session, case: Partnership, now: datetime) -> list[Step]:
    if case.state != "reported":
        return []
    found = []
    until = calendar.tokyo_date(case.deadline_at) if case.deadline_at else None
    late = until is not None and until < calendar.tokyo_date(now)
    sheets = evaluations.sheets(session, case)
    written = {(sheet.rater, sheet.about) for sheet in sheets}
    for side in evaluations.PARTIES:
        if (side, side) not in written:
            found.append(Step(side, "rate", until, item=side, is_late=late))
        else:
            others = [about for about in evaluations.PARTIES if (side, about) not in written]
            found += [Step(side, "rate", until, item=about, is_late=late) for about in others[:1]]
    found += [
        Step(row.sheet.rater, "discuss", until, item=row.sheet.public_id, about=row.item, is_late=late)
        for row in evaluations.differences(sheets)
        # Who has not rated themselves is not told that they were seen otherwise.
        if row.is_open and (row.sheet.rater, row.sheet.rater) in written
    ]
    if not found:
        found.append(Step("city", "conclude"))
    return found


def _publication_steps(session: Session, case: Partnership) -> list[Step]:
    """The city keeps the public page true; either side may draft the new one as well."""
    if case.published_at is None or case.state not in _PAGE_KEPT:
        return []
    if documents.find_draft(session, case, "publication") is not None:
        return []
    parts = publicity.outdated(session, case)
    if case.state not in _PAGE_FINAL:
        # Gifts come every week; as long as the partnership runs they alone are no reason for a new page.
        parts = tuple(part for part in parts if part != "contributions")
    if not parts:
        return []
    about = "、".join(vocabulary.PAGE_PARTS[part] for part in parts)
    return [Step("city", "publication_outdated", about=about)]


# ── Reading ──────────────────────────────────────────────────────────────────────────────────────────


def drafts(session: Session, case: Partnership) -> Sequence[CaseDocument]:
    """The open drafts of a case, in the order of its life."""
    rows = session.scalars(
        select(CaseDocument).where(CaseDocument.partnership_id == case.id, CaseDocument.state == "draft")
    ).all()
    return sorted(rows, key=lambda row: _DOCUMENT_WORK.index(row.kind))


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
            and history.event("accept_agreement", "confirm_agreement", before=event, document=row.public_id)
        ),
        None,
    )


def reports(session: Session, case: Partnership) -> Sequence[PeriodReport]:
    """The periodic reports of a case by their date."""
    return session.scalars(
        select(PeriodReport).where(PeriodReport.partnership_id == case.id).order_by(PeriodReport.due_on)
    ).all()


def contributions(session: Session, case: Partnership) -> Sequence[Contribution]:
    """The ledger of a case, newest first."""
    return session.scalars(
        select(Contribution)
        .where(Contribution.partnership_id == case.id)
        .options(joinedload(Contribution.evidence))
        .order_by(Contribution.given_on.desc(), Contribution.id.desc())
    ).all()


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


def risks(session: Session, case: Partnership) -> Sequence[Risk]:
    """The risks of a case: open and grave ones first."""
    rows = session.scalars(select(Risk).where(Risk.partnership_id == case.id)).all()
    return sorted(rows, key=lambda row: (row.closed_at is not None, -row.likelihood * row.impact, row.id))


def incidents(session: Session, case: Partnership) -> Sequence[Incident]:
    """What went wrong in a case, newest first."""
    return session.scalars(
        select(Incident)
        .where(Incident.partnership_id == case.id)
        .order_by(Incident.happened_on.desc(), Incident.id.desc())
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
            .options(joinedload(Measurement.indicator))
        )
    else:
        query = query.where(model.partnership_id == case.id)  # type: ignore[attr-defined]
    if model is Payment:
        query = query.options(joinedload(Payment.rule).joinedload(PaymentRule.indicator))
    if model is PaymentRule:
        query = query.options(joinedload(PaymentRule.indicator))
    found = session.scalar(query)
    if found is None:
        raise NotFound("item")
    return found


def texts(session: Session, case: Partnership) -> dict[str, str]:
    """public id → text of what the events of a case name: notes, promises, files, risks."""
    found = {note.public_id: note.text for note in meetings(session, case)}
    found |= {task.public_id: task.text for task in tasks(session, case)}
    found |= {risk.public_id: risk.text for risk in risks(session, case)}
    rows = session.execute(
        select(CaseFile.public_id, CaseFile.name).where(CaseFile.partnership_id == case.id)
    )
    return found | {row.public_id: row.name for row in rows}


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
