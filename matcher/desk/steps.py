"""The workspace of a case: acceptance of its documents, and what is to be done next by whom."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from sqlalchemy.orm import Session

from matcher.agreements import plans
from matcher.cases import documents
from matcher.cases.reads import drafts, tasks
from matcher.ground import calendar, lifecycle, vocabulary
from matcher.records import Partnership
from matcher.results import closing, publication, ratings
from matcher.work import measurements, payments, reports, risks
from matcher.work import reads as work_reads

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
    for report in work_reads.reports(session, case):
        status = reports.status(report, today)
        # Once the partnership has ended, its outcome report says what was still to be reported.
        if status in {"due", "overdue", "sent_back"} and case.state in plans.RUNNING:
            for side in ("npo", "company"):
                if getattr(report, f"{side}_submitted_at") is None:
                    found.append(
                        Step(side, "write_report", report.due_on, reports.period_words(report),
                             report.public_id, status == "overdue")
                    )  # fmt: skip
        elif status == "submitted":
            found.append(Step("city", "review_report", None, reports.period_words(report), report.public_id))
    for entry in work_reads.contributions(session, case):
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
                side = measurements.checker_of(session, case, row, indicator)
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
    for risk in work_reads.risks(session, case):
        if risk.closed_at is None and risk.review_on is not None:
            sides = ("company", "npo") if risk.side == "both" else (risk.side,)
            if (risk.review_on - today).days <= risks.RISK_DAYS:
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
    sheets = ratings.sheets(session, case)
    written = {(sheet.rater, sheet.about) for sheet in sheets}
    for side in ratings.PARTIES:
        if (side, side) not in written:
            found.append(Step(side, "rate", until, item=side, is_late=late))
        else:
            others = [about for about in ratings.PARTIES if (side, about) not in written]
            found += [Step(side, "rate", until, item=about, is_late=late) for about in others[:1]]
    found += [
        Step(row.sheet.rater, "discuss", until, item=row.sheet.public_id, about=row.item, is_late=late)
        for row in ratings.differences(sheets)
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
    parts = publication.outdated(session, case)
    if case.state not in _PAGE_FINAL:
        # Gifts come every week; as long as the partnership runs they alone are no reason for a new page.
        parts = tuple(part for part in parts if part != "contributions")
    if not parts:
        return []
    about = "、".join(vocabulary.PAGE_PARTS[part] for part in parts)
    return [Step("city", "publication_outdated", about=about)]


# ── Reading ──────────────────────────────────────────────────────────────────────────────────────────
