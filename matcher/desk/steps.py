"""What is to be done next on a case, by whom and by when: derived here, in one place, from its records.

``cases.turns`` keeps what is found and gives it to pages. A step that is one act has its name, and its words
(``Words.step``). Nothing here asks the clock: a step that begins later says from which day on.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from matcher.agreements import acts as agreement_acts
from matcher.agreements import indicators, money_words, plans
from matcher.cases import documents, talks, trials, turns
from matcher.cases.reads import drafts, tasks
from matcher.ground import calendar, lifecycle
from matcher.records import CaseDocument, CaseStep, Partnership
from matcher.results import closing, outcome_reports, publication, ratings
from matcher.work import contributions, measurements, payments, reports, risks
from matcher.work import reads as work_reads

_BOTH: Final = ("company", "npo")
_TASK_DAYS: Final = 7  #: days before a promised day from which on it is a step
_MEASURED: Final = frozenset({"agreed", *plans.RUNNING, "ended"})
#: What is public is kept true until the case is closed; what it says last is what happened.
_PAGE_FINAL: Final = frozenset({"ended", "terminated", "reported", "evaluated"})
_PAGE_KEPT: Final = frozenset({"agreed", *plans.RUNNING}) | _PAGE_FINAL
#: What hinders the closing in general, where the very amount is not named.
_GENERAL: Final = frozenset({"unpaid", "uncalculated"})

#: Why a text cannot be accepted yet → who sees to it. A plan that is open has steps of its own.
COMPLETED_BY: Final[Mapping[str, Sequence[str]]] = {
    **dict.fromkeys(
        ("no_purpose", "no_outcome_indicator", "plan_changed", "no_rules", "text_outdated"), _BOTH
    ),
    **dict.fromkeys(("not_verified", agreement_acts.EXPIRED, agreement_acts.OVER), ("city",)),
    "plan_open": (),
}

_Steps = Iterator[CaseStep]


def derive(session: Session, case: Partnership) -> list[CaseStep]:
    """The steps of a case as its records say; both sides and the need must be loaded."""
    money = list(_paying(session, case))
    open_drafts = drafts(session, case) if _may_have_texts(case) else ()
    found = [
        *_answering(case),
        *_accepting(session, case, open_drafts),
        *(
            step
            for step in _going_on(session, case, {document.kind for document in open_drafts})
            if not money or step.kind not in _GENERAL
        ),
        *_working(session, case),
        *_measuring(session, case),
        *money,
        *_looking_at_risks(session, case),
        *_evaluating(session, case),
        *_publishing(session, case, open_drafts),
    ]
    for step in found:
        step.since = step.since or case.moved_at
        step.about, step.item = step.about or "", step.item or ""
    return found


def derive_all(session: Session, after: int = 0, limit: int = 100) -> int | None:
    """Write the steps of the next ``limit`` cases anew, as after an upgrade; returns where to go on.

    Args:
        after: the id after which to begin.
    """
    ids = session.scalars(
        select(Partnership.id).where(Partnership.id > after).order_by(Partnership.id).limit(limit)
    ).all()
    turns.write(session, ids)
    return ids[-1] if ids else None


turns.derived_by(derive)


# ── Before the introduction ──────────────────────────────────────────────────────────────────────────


def _answering(case: Partnership) -> _Steps:
    until = _day(case.deadline_at)
    if case.state == "coordinator_review":
        yield CaseStep(side="city", kind="decide", until=until)
    kind = "supplement" if case.state == "interest_both" else "answer"
    for side in case.asked:
        yield CaseStep(side=side, kind=kind, until=until)


# ── Texts and states ─────────────────────────────────────────────────────────────────────────────────


def _may_have_texts(case: Partnership) -> bool:
    return case.state in lifecycle.CASE_WORK


def _accepting(session: Session, case: Partnership, open_drafts: Sequence[CaseDocument]) -> _Steps:
    """Whose consent a text waits for; where none can be given yet, what is to be done first."""
    # Talks without a word end on their deadline; other deadlines are not for accepting.
    until = _day(case.deadline_at) if case.state in documents.STALLING else None
    for document in open_drafts:
        accepted = {side: getattr(document, f"{side}_accepted_at") for side in _BOTH}
        asked = {side: document.drafted_at for side, at in accepted.items() if at is None}
        if not asked and document.needs_city and not document.city_accepted_at:
            asked = {"city": max(accepted.values())}
        missing = _missing(session, case, document) if asked else None
        kind, item = f"accept_{document.kind}", document.public_id
        if missing is not None:
            kind, item, asked = missing, "", dict.fromkeys(COMPLETED_BY[missing], document.drafted_at)
        found = [CaseStep(side=one, kind=kind, until=until, since=at, item=item) for one, at in asked.items()]
        yield from _lasting(found, () if missing is not None else _last_days(case, document))


def _last_days(case: Partnership, document: CaseDocument) -> Iterator[tuple[date, str]]:
    """(last day, code of the refusal from the next day on) of what may stop being acceptable by itself."""
    if document.kind in {"trial", "agreement"}:
        yield date.fromisoformat(document.content["to_on"]), "text_outdated"
    if document.kind == "agreement" and case.state not in plans.RUNNING:
        yield from agreement_acts.verified_until(case)


def _lasting(found: Sequence[CaseStep], ends: Iterable[tuple[date, str]]) -> _Steps:
    """Steps until the first of these days, and from the next one on the missing part in their place."""
    last, code = min(ends, default=(None, ""))
    for step in found:
        step.closes_on = last
        yield step
    if found and last is not None:
        first = found[0]
        for side in COMPLETED_BY[code]:
            yield CaseStep(
                side=side, kind=code, opens_on=last + timedelta(days=1), until=first.until, since=first.since,
                item=first.item,
            )  # fmt: skip


def _missing(session: Session, case: Partnership, document: CaseDocument) -> str | None:
    """The code of the refusal that whoever accepted a text now would get."""
    match document.kind:
        case "plan":
            return plans.obstacle(document.content)
        case "trial":
            return trials.obstacle(case)
        case "agreement":
            return agreement_acts.draft_obstacle(session, case)
    return None


def _going_on(session: Session, case: Partnership, drafted: set[str]) -> _Steps:
    """What the state of the case asks for."""
    until, about = _day(case.deadline_at), ""
    kind = ""
    match case.state:
        case "introduced":
            kind = "meet"
        case "negotiation" if not drafted & {"plan", "trial"}:
            kind = _next_text(session, case)
        case "trial" if "trial_result" not in drafted:
            kind = trials.draft_trial_result.name
        case "agreement_draft" if not drafted & {"agreement", "plan"}:
            kind = _next_text(session, case)
        case "suspended":
            kind = "decide_suspension"
        case "ended" | "terminated" if "outcome_report" not in drafted:
            kind = outcome_reports.obstacle(session, case) or outcome_reports.draft_report.name
            if kind != outcome_reports.draft_report.name:
                # The measurements have steps of their own; this one says what it waits for.
                about = "\n".join(outcome_reports.unmeasured(session, case))
        case "agreement_review":
            missing = agreement_acts.draft_obstacle(session, case)
            if missing is None:
                confirmed = CaseStep(side="city", kind=agreement_acts.confirm.name, until=until)
                signed = documents.find_draft(session, case, "agreement")
                over = [(date.fromisoformat(signed.content["to_on"]), agreement_acts.OVER)] if signed else []
                yield from _lasting([confirmed], over + agreement_acts.verified_until(case))
            for side in COMPLETED_BY[missing] if missing is not None else ():
                yield CaseStep(side=side, kind=missing, until=until)
    if kind:
        for side in _BOTH:
            yield CaseStep(side=side, kind=kind, until=until, about=about)
    if case.state == "evaluated" or (case.state == "reported" and case.was_terminated):
        obstacle = closing.obstacle(session, case)
        # ``_publishing`` says what of the page is outdated.
        if obstacle != "publication_outdated":
            yield CaseStep(side="city", kind=obstacle or closing.close.name)


def _next_text(session: Session, case: Partnership) -> str:
    has_plan = documents.find_agreed(session, case, "plan") is not None
    return agreement_acts.draft.name if has_plan else "write_plan"


# ── At work ──────────────────────────────────────────────────────────────────────────────────────────


def _working(session: Session, case: Partnership) -> _Steps:
    """Reports, gifts to confirm, promises."""
    if case.state not in lifecycle.CASE_BEGUN:
        return
    for report in work_reads.reports(session, case):
        about = f"{report.period_from}/{report.period_to}"
        # Once the partnership has ended, its outcome report says what was still to be reported.
        if report.is_to_be_written and case.state in plans.RUNNING:
            opens_on = None
            if report.state == "open":
                opens_on = min(report.period_to, report.due_on) + timedelta(days=1)
            for side in reversed(_BOTH):
                if getattr(report, f"{side}_submitted_at") is None:
                    yield CaseStep(
                        side=side, kind=reports.write_report.name, opens_on=opens_on, until=report.due_on,
                        about=about, item=report.public_id,
                    )  # fmt: skip
        elif report.state == "submitted":
            yield CaseStep(
                side="city", kind=reports.review_report.name, since=report.submitted_at, about=about,
                item=report.public_id,
            )  # fmt: skip
    for entry in work_reads.contributions(session, case):
        if entry.state == "recorded":
            side = "npo" if entry.giver == "company" else "company"
            kind = contributions.confirm_contribution.name
            yield CaseStep(side=side, kind=kind, item=entry.public_id)
    for task in tasks(session, case):
        if task.is_open and task.due_on is not None:
            for side in _sides(task.side):
                yield CaseStep(
                    side=side, kind=talks.finish_task.name,
                    opens_on=task.due_on - timedelta(days=_TASK_DAYS), until=task.due_on,
                    about=task.text[:60], item=task.public_id,
                )  # fmt: skip


def _measuring(session: Session, case: Partnership) -> _Steps:
    if case.state not in {"agreed", *lifecycle.CASE_BEGUN}:
        return
    if case.state in _MEASURED:
        for indicator, day in indicators.unmeasured(session, case):
            yield CaseStep(
                side="city" if indicator.measurer == "outside" else indicator.measurer,
                kind="measure_baseline" if indicator.is_start(day) else "measure",
                opens_on=day - timedelta(days=indicators.MEASURE_DAYS), until=day, about=indicator.name,
                item=indicator.public_id,
            )  # fmt: skip
    rows = indicators.measurements(session, case)
    for indicator in indicators.of(session, case):
        for row in rows.get(indicator.id, ()):
            if row.state == "submitted":
                side = measurements.checker_of(session, case, row, indicator)
                yield CaseStep(
                    side=side, kind=measurements.review_measurement.name, since=row.submitted_at,
                    about=indicator.name, item=row.public_id,
                )  # fmt: skip


def _paying(session: Session, case: Partnership) -> _Steps:
    """What the city calculates, approves and pays, each by the end of the fiscal year that bears it."""
    if case.state not in lifecycle.CASE_BEGUN or case.agreement_type != "outcome_linked":
        return

    def step(kind: str, year: int, about: str, item: str, **more: date | datetime | None) -> CaseStep:
        return CaseStep(side="city", kind=kind, until=date(year + 1, 3, 31), about=about, item=item, **more)

    for rule in payments.ready_rules(session, case):
        yield step(payments.calculate.name, rule.fiscal_year, rule.indicator.name, rule.public_id)
    for year in payments.open_fixed(session, case):
        opens_on = date(year, 4, 1)
        yield step(
            payments.calculate_fixed.name, year, money_words.fixed_part(year), str(year), opens_on=opens_on
        )
    for row in payments.all_of(session, case):
        if row.approved_at is None:
            kind, since = payments.approve.name, row.calculated_at
        elif row.amount_yen and row.paid_on is None:
            kind, since = payments.record_paid.name, row.approved_at
        else:
            continue
        yield step(kind, row.fiscal_year, payments.label(row), row.public_id, since=since)


def _looking_at_risks(session: Session, case: Partnership) -> _Steps:
    """Risks whose day comes, for the side that is prepared for them."""
    if case.state not in lifecycle.CASE_WORK - {"closed"}:
        return
    for risk in work_reads.risks(session, case):
        if risk.is_open and risk.review_on is not None:
            for side in _sides(risk.side):
                yield CaseStep(
                    side=side, kind="review_risk", opens_on=risk.review_on - timedelta(days=risks.RISK_DAYS),
                    until=risk.review_on, about=risk.text[:60], item=risk.public_id,
                )  # fmt: skip


# ── At the end ───────────────────────────────────────────────────────────────────────────────────────


def _evaluating(session: Session, case: Partnership) -> _Steps:
    if case.state != "reported":
        return
    until, is_done = _day(case.deadline_at), True
    sheets = ratings.sheets(session, case)
    written = {(sheet.rater, sheet.about) for sheet in sheets}
    for side in ratings.PARTIES:
        # Oneself first; who has not rated themselves is not shown how the others see them.
        others = (about for about in ratings.PARTIES if (side, about) not in written)
        about = side if (side, side) not in written else next(others, None)
        if about is not None:
            is_done = False
            yield CaseStep(side=side, kind=ratings.rate.name, until=until, item=about)
    for row in ratings.differences(sheets):
        if row.is_open and (row.sheet.rater, row.sheet.rater) in written:
            is_done = False
            yield CaseStep(
                side=row.sheet.rater, kind=ratings.discuss.name, until=until, about=row.item,
                item=row.sheet.public_id,
            )  # fmt: skip
    if is_done:
        yield CaseStep(side="city", kind=ratings.conclude.name)


def _publishing(session: Session, case: Partnership, open_drafts: Sequence[CaseDocument]) -> _Steps:
    """The city keeps the public page true; either side may draft the new one as well."""
    if case.published_at is None or case.state not in _PAGE_KEPT:
        return
    if any(document.kind == "publication" for document in open_drafts):
        return
    parts = publication.outdated(session, case)
    if case.state not in _PAGE_FINAL:
        # Gifts come every week; as long as the partnership runs they alone are no reason for a new page.
        parts = tuple(part for part in parts if part != "contributions")
    if parts:
        yield CaseStep(side="city", kind="publication_outdated", about=",".join(parts))


# ── Pieces ───────────────────────────────────────────────────────────────────────────────────────────


def _sides(side: str) -> Sequence[str]:
    return _BOTH if side == "both" else (side,)


def _day(moment: datetime | None) -> date | None:
    return calendar.tokyo_date(moment) if moment else None
