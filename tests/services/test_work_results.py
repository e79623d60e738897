"""From the running partnership to its closing: every guard, and every invariant of outcome payment."""

import re
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from matcher.agreements import course, plans
from matcher.cases import answering, beginning, documents, talks, turns
from matcher.cases import reads as case_reads
from matcher.desk import disclosure
from matcher.ground import calendar, vocabulary
from matcher.ground.errors import DomainError, Invalid, MovedOn, NotFound, NotPermitted, Refused, TooMany
from matcher.ground.permissions import Actor
from matcher.records import (
    AuditEvent,
    Contribution,
    EvaluationSheet,
    Incident,
    Indicator,
    Lesson,
    Measurement,
    Partnership,
    Payment,
    PeriodReport,
    PublicComment,
    Revision,
    Risk,
)
from matcher.register import snapshots
from matcher.results import (
    closing,
    comments,
    drafted,
    lessons,
    outcome_reports,
    publication,
    ratings,
    renewal,
)
from matcher.work import contributions, incidents, measurements, payments, reports, risks, scenarios
from matcher.work import reads as work_reads
from tests import factories
from tests.partners import SCORES, Partners
from tests.services.test_work_agreeing import _who, after, reason

Try = Callable[[Partners], object]
DAY = timedelta(days=1)


@pytest.fixture
def partners(session, now, tmp_path):
    return Partners(session, now, tmp_path / "files")


# ── States to begin with ─────────────────────────────────────────────────────────────────────────────


def quarter_over(p: Partners) -> None:
    """Running with quarterly reports, the first of which is due."""
    p.run_quarterly()
    p.later(days=95)


def quarter_submitted(p: Partners) -> None:
    """Both have handed the first report in."""
    quarter_over(p)
    for actor in ("npo_actor", "company_actor"):
        write(actor)(p)


def measured_day(p: Partners) -> None:
    """Running, on the day on which the indicator is measured."""
    p.bring("running")
    p.later(days=p.days)


def contract_day(p: Partners) -> None:
    """The same with a contract that pays for it."""
    p.contracted()
    p.later(days=p.days)


def waiting(p: Partners) -> None:
    """A value waits for its review."""
    measured_day(p)
    submit()(p)


def waiting_contract(p: Partners) -> None:
    """The same where money hangs on it."""
    contract_day(p)
    submit()(p)


def payable(p: Partners) -> None:
    """A value was accepted on which money hangs."""
    waiting_contract(p)
    review()(p)


def calculated(p: Partners) -> None:
    """The amount has been calculated."""
    payable(p)
    calculate()(p)


def approved(p: Partners) -> None:
    """And approved."""
    calculated(p)
    approve()(p)


def given(p: Partners) -> None:
    """The company has recorded a contribution."""
    p.bring("running")
    give()(p)


def all_rated(p: Partners) -> None:
    """Everybody has rated everybody."""
    p.bring("reported")
    for actor, side in (("npo_actor", "npo"), ("company_actor", "company"), ("coordinator", "city")):
        for about in sorted(ratings.PARTIES, key=lambda one: one != side):
            rate(actor, about)(p)


def differing(p: Partners) -> None:
    """The NPO sees the company two points lower than it sees itself."""
    p.bring("reported")
    rate("company_actor", "company")(p)
    rate("npo_actor", "npo")(p)
    rate("npo_actor", "company", outcome=2)(p)


def published(p: Partners) -> None:
    """Running, and public."""
    p.bring("running")
    p.publish("purpose")


# ── What is tried ────────────────────────────────────────────────────────────────────────────────────


def give(actor: str = "company_actor", **facts: Any) -> Try:
    def act(p: Partners) -> object:
        values = {"support_type": "food", "quantity": 5.0, "unit": "kg", "given_on": p.today} | facts
        return contributions.record_contribution(
            p.session, _who(p, actor), p.case, contributions.Gift(**values), p.at
        )

    return act


def _gift(p: Partners) -> Contribution:
    return p.session.scalars(select(Contribution)).first()


def confirm_gift(actor: str = "npo_actor", version: int | None = None) -> Try:
    return lambda p: contributions.confirm_contribution(
        p.session, _who(p, actor), p.case, _gift(p), p.at, version=version
    )


def cancel_gift(actor: str = "company_actor", text: str = "間違い", version: int | None = None) -> Try:
    return lambda p: contributions.cancel_contribution(
        p.session, _who(p, actor), p.case, _gift(p), text, p.at, version=version
    )


def submit(actor: str = "npo_actor", value: float | None = 31.0, *, file: bool = True, **facts: Any) -> Try:
    def act(p: Partners) -> object:
        values = {"measured_on": p.ends_on} | facts
        evidence = p.file() if file else None
        found = measurements.submit_measurement(
            p.session, _who(p, actor), p.case, p.only_indicator(),
            measurements.Value(value=value, evidence=evidence, **values), p.at,
        )  # fmt: skip
        p.session.refresh(found, ["indicator"])
        return found

    return act


def _value(p: Partners) -> Measurement:
    found = p.session.scalars(select(Measurement).order_by(Measurement.id.desc())).first()
    p.session.refresh(found, ["indicator"])
    return found


def review(
    actor: str = "coordinator", accepted: bool = True, text: str = "見た", version: int | None = None
) -> Try:
    return lambda p: measurements.review_measurement(
        p.session, _who(p, actor), p.case, _value(p), accepted, text, p.at, version=version
    )


def write(
    actor: str = "npo_actor", text: str = "届けた", setbacks: str = "雪", *, submit: bool = True,
    version: int | None = None,
) -> Try:  # fmt: skip
    def act(p: Partners) -> object:
        report = work_reads.reports(p.session, p.case)[0]
        facts = {"text": text, "setbacks": setbacks, "next_step": ""}
        return reports.write_report(
            p.session, _who(p, actor), p.case, report, facts, p.at, submit=submit, version=version
        )

    return act


def review_report(
    actor: str = "coordinator", accepted: bool = True, text: str = "", version: int | None = None
) -> Try:
    return lambda p: reports.review_report(
        p.session, _who(p, actor), p.case, work_reads.reports(p.session, p.case)[0], accepted, text, p.at,
        version=version,
    )  # fmt: skip


def risk(actor: str = "npo_actor", **facts: Any) -> Try:
    def act(p: Partners) -> object:
        values = {
            "text": "雪",
            "likelihood": 2,
            "impact": 2,
            "mitigation": "前日に決める",
            "side": "npo",
        } | facts
        return risks.add_risk(p.session, _who(p, actor), p.case, risks.RiskFacts(**values), p.at)

    return act


def close_risk(actor: str = "npo_actor", text: str = "済んだ", *, stale: bool = False) -> Try:
    def act(p: Partners) -> object:
        found = risk()(p)
        version = found.version - 1 if stale else None
        return risks.close_risk(p.session, _who(p, actor), p.case, found, text, p.at, version=version)

    return act


def close_risk_twice(p: Partners) -> None:
    found = risk()(p)
    for _time in range(2):
        risks.close_risk(p.session, p.npo_actor, p.case, found, "済んだ", p.at, version=None)


def incident(actor: str = "npo_actor", day: int = 0, text: str = "けが", measures: str = "手当て") -> Try:
    return lambda p: incidents.report_incident(
        p.session, _who(p, actor), p.case, calendar.tokyo_date(p.at) + day * DAY, text, measures, p.at
    )


def tell_residents(actor: str = "coordinator", text: str = "お知らせ", version: int | None = None) -> Try:
    return lambda p: incidents.publish_incident(
        p.session,
        _who(p, actor),
        p.case,
        p.session.scalars(select(Incident)).first(),
        text,
        p.at,
        version=version,
    )


def resolve(actor: str = "npo_actor", text: str = "済んだ", version: int | None = None) -> Try:
    return lambda p: incidents.resolve_incident(
        p.session,
        _who(p, actor),
        p.case,
        p.session.scalars(select(Incident)).first(),
        text,
        p.at,
        version=version,
    )


def calculate(actor: str = "coordinator") -> Try:
    return lambda p: payments.calculate(p.session, _who(p, actor), p.case, p.rule(), p.at)


def calculate_fixed(actor: str = "coordinator", year: int = 2026) -> Try:
    return lambda p: payments.calculate_fixed(p.session, _who(p, actor), p.case, year, p.at)


def _payment(p: Partners) -> Payment:
    return payments.all_of(p.session, p.case)[0]


def approve(actor: str = "manager", version: int | None = None) -> Try:
    return lambda p: payments.approve(p.session, _who(p, actor), p.case, _payment(p), p.at, version=version)


def pay(actor: str = "coordinator", days: int = 0, version: int | None = None) -> Try:
    return lambda p: payments.record_paid(
        p.session, _who(p, actor), p.case, _payment(p), calendar.tokyo_date(p.at) + days * DAY, p.at,
        version=version,
    )  # fmt: skip


def outcome_report(actor: str = "npo_actor", **facts: Any) -> Try:
    values = {"sentences": [], "narrative": "続いた", "setbacks": "雪", "harm": "", "next_step": ""} | facts
    return lambda p: outcome_reports.draft_report(
        p.session, _who(p, actor), p.case, values, p.at, version=None
    )


def rate(actor: str, about: str, **scores: int) -> Try:
    return lambda p: ratings.rate(p.session, _who(p, actor), p.case, about, {**SCORES, **scores}, "", p.at)


def decline(actor: str = "npo_actor", text: str = "書けないため") -> Try:
    return lambda p: ratings.decline(p.session, _who(p, actor), p.case, text, p.at)


def discuss(
    actor: str = "npo_actor",
    item: str = "outcome",
    score: int = 3,
    text: str = "話した",
    version: int | None = None,
) -> Try:
    def act(p: Partners) -> object:
        sheet = p.session.scalars(
            select(EvaluationSheet).where(EvaluationSheet.rater == "npo", EvaluationSheet.about == "company")
        ).one()
        return ratings.discuss(
            p.session, _who(p, actor), p.case, sheet, item, score, text, p.at, version=version
        )

    return act


def third(actor: str = "coordinator", evaluator: str = "大学", **scores: Any) -> Try:
    return lambda p: ratings.add_third_party(
        p.session, _who(p, actor), p.case, evaluator, {**SCORES, **scores}, "", p.at
    )


def voice(actor: str = "npo_actor", **facts: Any) -> Try:
    values = {"beneficiary": "children", "people": 9, "method": "聞き取り", "text": "楽しい"} | facts
    return lambda p: lessons.add_voice(p.session, _who(p, actor), p.case, *values.values(), p.at)


def lesson(actor: str = "npo_actor", text: str = "前の週に決める", public: bool = True) -> Try:
    return lambda p: lessons.add_lesson(p.session, _who(p, actor), p.case, text, public, p.at)


def conclude(actor: str = "coordinator", text: str = "そろった", version: int | None = None) -> Try:
    return lambda p: ratings.conclude(p.session, _who(p, actor), p.case, text, p.at, version=version)


def close(actor: str = "coordinator", text: str = "済んだ", version: int | None = None) -> Try:
    return lambda p: closing.close(p.session, _who(p, actor), p.case, text, p.at, version=version)


def renew(actor: str = "npo_actor") -> Try:
    return lambda p: renewal.renew(
        p.session, _who(p, actor), p.case, beginning.Terms("food", 20, "kg"), "次の年も", p.at
    )


def draft_page(
    actor: str = "coordinator", title: str = "題", summary: str = "紹介", fields=("purpose",)
) -> Try:
    return lambda p: publication.draft(
        p.session, _who(p, actor), p.case, title, summary, fields, p.at, version=None
    )


def plan_only_page(p: Partners) -> None:
    """A page of the plan alone, published as soon as the agreement was there."""
    p.bring("agreed")
    p.publish("purpose")
    p.start()
    p.end()
    p.report()
    p.evaluate()
    lesson()(p)


def stale_figures(p: Partners) -> None:
    """A page that was true when the case was reported, and has no scores yet."""
    p.bring("reported")
    p.publish("report", "evaluation")
    p.evaluate()
    lesson()(p)


def unpublish(actor: str = "npo_actor", code: str = "private", text: str = "小さな会") -> Try:
    return lambda p: publication.unpublish(p.session, _who(p, actor), p.case, code, text, p.at)


def comment(text: str = "よい取り組み", network: str = "n") -> Try:
    return lambda p: comments.comment(p.session, p.case, text, network, p.at)


def treat(actor: str = "coordinator", version: int | None = None, **answer: str) -> Try:
    facts = {"decision": "show", "text": "ありがとう", "reason": "記録のため", "hide_reason": ""} | answer
    return lambda p: comments.treat_comment(
        p.session, _who(p, actor), p.session.scalars(select(PublicComment)).first(), p.case, facts, p.at,
        version=version,
    )  # fmt: skip


def export(actor: str = "coordinator") -> Try:
    return lambda p: _disclosed(p, actor=_who(p, actor))


def _disclosed(p: Partners, *masks: str, actor: Actor | None = None) -> dict[str, Any]:
    """What a bundle holds whose leaving was recorded."""
    content = disclosure.gather(p.session, actor or p.coordinator, p.case, masks, p.at)
    disclosure.note(p.session, actor or p.coordinator, p.case, disclosure.details(content), p.at)
    return content


def unpaid_closing(p: Partners) -> None:
    """Evaluated, a lesson, a reason not to publish – and an approved amount that nobody has paid."""
    approved(p)
    p.later(days=1)

    course.end_due(p.session, p.at)
    outcome_report()(p)
    p.accept("outcome_report")
    p.evaluate()
    lesson()(p)
    unpublish()(p)


def uncalculated_closing(p: Partners) -> None:
    """The same, where nobody has calculated."""
    payable(p)
    p.later(days=1)

    course.end_due(p.session, p.at)
    outcome_report()(p)
    p.accept("outcome_report")
    p.evaluate()
    lesson()(p)
    unpublish()(p)


def unconfirmed_money(p: Partners) -> None:
    """Evaluated with a donation that the NPO has not confirmed."""
    p.bring("running")
    give(support_type="cash_donation", quantity=5000, unit="円")(p)
    p.end()
    p.report()
    p.evaluate()
    lesson()(p)
    unpublish()(p)


GUARDS: list[tuple[str | Try, Try, type[DomainError], str]] = [
    # Contributions
    ("agreed", give(), MovedOn, "moved_on"),
    ("closed", give(), MovedOn, "moved_on"),
    ("running", give("viewer"), NotPermitted, "not_permitted"),
    ("running", give("outsider"), NotFound, "not_found"),
    ("running", give(support_type="love"), Invalid, "support_type:required"),
    ("running", give(unit="山"), Invalid, "unit:required"),
    ("running", give(quantity=0), Invalid, "quantity:positive"),
    ("running", give(given_on=date(2099, 1, 1)), Invalid, "given_on:in_future"),
    ("running", give(yen=-1, estimate_method="actual"), Invalid, "yen:positive"),
    ("running", give(yen=100), Invalid, "estimate_method:how_estimated"),
    ("running", give(yen=100, estimate_method="city_direct"), Invalid, "estimate_note:required"),
    (given, confirm_gift("company_actor"), Refused, "own_contribution"),
    (given, confirm_gift("coordinator"), NotPermitted, "not_permitted"),
    (given, confirm_gift(version=0), MovedOn, "moved_on"),
    (given, after(confirm_gift(), confirm_gift()), MovedOn, "moved_on"),
    (after(given, Partners.end, Partners.report, Partners.evaluate, Partners.close), confirm_gift(), MovedOn, "moved_on"),
    (given, cancel_gift("npo_actor"), Refused, "not_own_contribution"),
    (given, cancel_gift("viewer"), NotPermitted, "not_permitted"),
    (given, cancel_gift(text=" "), Invalid, "text:required"),
    (given, cancel_gift(version=0), MovedOn, "moved_on"),
    (given, after(cancel_gift(), cancel_gift()), MovedOn, "moved_on"),
    (after(given, Partners.end, Partners.report, Partners.evaluate, Partners.close), cancel_gift(), MovedOn, "moved_on"),
    # Measurements
    ("agreement_draft", submit(file=False), MovedOn, "moved_on"),
    (measured_day, submit("viewer"), NotPermitted, "not_permitted"),
    (measured_day, submit("company_actor"), Refused, "not_measurer"),
    (measured_day, submit(value=None), Invalid, "value:value_or_reason"),
    (measured_day, submit(measured_on=date(2026, 12, 1)), Invalid, "measured_on:not_in_plan"),
    ("running", submit(), Invalid, "measured_on:in_future"),
    (contract_day, submit(file=False), Invalid, "evidence:required"),
    (calculated, submit(), Refused, "measurement_paid"),
    (waiting, review("viewer"), NotPermitted, "not_permitted"),
    (waiting, review("outsider"), NotFound, "not_found"),
    (waiting, review("company_actor"), NotPermitted, "not_permitted"),
    (waiting, review(accepted=False, text=" "), Invalid, "text:required"),
    (waiting, review(version=0), MovedOn, "moved_on"),
    (waiting, after(review(), review()), MovedOn, "moved_on"),
    (after(measured_day, submit("coordinator")), review("coordinator"), Refused, "own_measurement"),
    # Periodic reports
    (quarter_over, write("viewer"), NotPermitted, "not_permitted"),
    (quarter_over, write("coordinator"), NotPermitted, "not_permitted"),
    (quarter_over, write(text=" "), Invalid, "text:required"),
    (quarter_over, write(setbacks=" "), Invalid, "setbacks:required"),
    (quarter_over, write(version=0), MovedOn, "moved_on"),
    (after(quarter_over, lambda p: p.later(days=-60)), write(), Refused, "too_early"),
    (quarter_submitted, write(), MovedOn, "moved_on"),
    (quarter_over, review_report(), MovedOn, "moved_on"),
    (quarter_submitted, review_report("npo_actor"), NotPermitted, "not_permitted"),
    (quarter_submitted, review_report(accepted=False), Invalid, "text:required"),
    (quarter_submitted, review_report(version=0), MovedOn, "moved_on"),
    # Risks and trouble
    ("running", risk("viewer"), NotPermitted, "not_permitted"),
    ("closed", risk(), MovedOn, "moved_on"),
    ("running", risk(text=" "), Invalid, "text:required"),
    ("running", risk(mitigation=" "), Invalid, "mitigation:required"),
    ("running", risk(likelihood=4), Invalid, "likelihood:required"),
    ("running", risk(impact=0), Invalid, "impact:required"),
    ("running", risk(side="sky"), Invalid, "side:required"),
    ("running", close_risk("viewer"), NotPermitted, "not_permitted"),
    ("running", close_risk(text=" "), Invalid, "text:required"),
    ("running", close_risk(stale=True), MovedOn, "moved_on"),
    ("running", close_risk_twice, MovedOn, "moved_on"),
    ("negotiation", incident(), MovedOn, "moved_on"),
    ("running", incident("viewer"), NotPermitted, "not_permitted"),
    ("running", incident(day=1), Invalid, "happened_on:in_future"),
    ("running", incident(text=" "), Invalid, "text:required"),
    ("running", incident(measures=" "), Invalid, "measures:required"),
    (after(published, incident()), tell_residents("npo_actor"), NotPermitted, "not_permitted"),
    (after(published, incident()), tell_residents(text=" "), Invalid, "public_text:required"),
    (after(published, incident()), tell_residents(version=0), MovedOn, "moved_on"),
    (given, after(incident(), tell_residents()), Refused, "not_published"),
    (given, after(incident(), resolve("viewer")), NotPermitted, "not_permitted"),
    (given, after(incident(), resolve(text=" ")), Invalid, "text:required"),
    (given, after(incident(), resolve(version=0)), MovedOn, "moved_on"),
    (given, after(incident(), resolve(), resolve()), MovedOn, "moved_on"),
    # Payment
    (waiting_contract, calculate(), Refused, "no_measurement"),
    (contract_day, after(submit(value=None, missing_reason="雪"), review(), calculate()), Refused, "no_measurement"),
    (payable, calculate("npo_actor"), NotPermitted, "not_permitted"),
    (calculated, calculate(), Refused, "paid_already"),
    (payable, calculate_fixed(), Refused, "no_fixed_part"),
    (payable, calculate_fixed("company_actor"), NotPermitted, "not_permitted"),
    ("running", calculate_fixed(), MovedOn, "moved_on"),
    (calculated, approve("coordinator"), NotPermitted, "not_permitted"),
    (after(payable, calculate("manager")), approve(), Refused, "own_calculation"),
    (calculated, approve(version=0), MovedOn, "moved_on"),
    (approved, approve(), MovedOn, "moved_on"),
    (calculated, pay(), Refused, "not_approved"),
    (approved, pay("npo_actor"), NotPermitted, "not_permitted"),
    (approved, pay(days=1), Invalid, "paid_on:in_future"),
    (approved, pay(days=-1), Invalid, "paid_on:before_approval"),
    (approved, pay(version=0), MovedOn, "moved_on"),
    (approved, after(pay(), pay()), MovedOn, "moved_on"),
    # The outcome report
    ("running", outcome_report(), MovedOn, "moved_on"),
    ("ended", outcome_report(), Refused, "measurements_open"),
    ("terminated", outcome_report("viewer"), NotPermitted, "not_permitted"),
    ("terminated", outcome_report("coordinator"), NotPermitted, "not_permitted"),
    ("terminated", outcome_report(narrative=" "), Invalid, "narrative:required"),
    ("terminated", outcome_report(setbacks=" "), Invalid, "setbacks:required"),
    # Rating
    ("ended", rate("npo_actor", "npo"), MovedOn, "moved_on"),
    ("reported", rate("viewer", "npo"), NotPermitted, "not_permitted"),
    ("reported", rate("npo_actor", "weather"), Invalid, "about:required"),
    ("reported", rate("npo_actor", "npo", outcome=6), Invalid, "outcome:required"),
    ("reported", rate("npo_actor", "company"), Refused, "self_first"),
    ("reported", after(rate("npo_actor", "npo"), rate("npo_actor", "npo")), Refused, "rated_already"),
    ("reported", decline(text=" "), Invalid, "text:required"),
    ("reported", decline("viewer"), NotPermitted, "not_permitted"),
    ("ended", decline(), MovedOn, "moved_on"),
    (all_rated, decline(), Refused, "rated_already"),
    (differing, discuss("company_actor"), Refused, "not_rater"),
    (differing, discuss("viewer"), NotPermitted, "not_permitted"),
    (differing, discuss(item="progress"), Refused, "no_difference"),
    (differing, discuss(score=0), Invalid, "score:required"),
    (differing, discuss(text=" "), Invalid, "text:required"),
    (differing, discuss(version=0), MovedOn, "moved_on"),
    ("running", third(), MovedOn, "moved_on"),
    ("reported", third("npo_actor"), NotPermitted, "not_permitted"),
    ("reported", third(evaluator=" "), Invalid, "evaluator:required"),
    ("reported", third(outcome=None), Invalid, "outcome:required"),
    ("reported", after(third(), third()), Refused, "rated_already"),
    ("negotiation", voice(), MovedOn, "moved_on"),
    ("running", voice("viewer"), NotPermitted, "not_permitted"),
    ("running", voice(beneficiary="friends"), Invalid, "beneficiary:required"),
    ("running", voice(people=0), Invalid, "people:positive"),
    ("running", voice(method=" "), Invalid, "method:required"),
    ("running", voice(text="090-1234-5678 の佐藤さん"), Invalid, "text:personal_data"),
    ("running", voice(method="taro@people.example に聞いた"), Invalid, "method:personal_data"),
    ("negotiation", lesson(), MovedOn, "moved_on"),
    ("running", lesson("viewer"), NotPermitted, "not_permitted"),
    ("running", lesson(text=" "), Invalid, "text:required"),
    ("running", lesson(text="090-1234-5678 へ"), Invalid, "text:personal_data"),
    # Concluding, closing, renewing
    ("reported", conclude(), Refused, "ratings_open"),
    (all_rated, conclude("npo_actor"), NotPermitted, "not_permitted"),
    (all_rated, conclude(text=" "), Invalid, "text:required"),
    (all_rated, conclude(version=0), MovedOn, "moved_on"),
    (all_rated, after(conclude(), conclude()), MovedOn, "moved_on"),
    (
        after(differing, rate("npo_actor", "city"), rate("company_actor", "npo"), rate("company_actor", "city"),
              rate("coordinator", "city"), rate("coordinator", "npo"), rate("coordinator", "company")),
        conclude(), Refused, "differences_open",
    ),
    ("evaluated", close(), Refused, "no_lesson"),
    ("evaluated", after(lesson(), close()), Refused, "not_published_yet"),
    (plan_only_page, close(), Refused, "publication_outdated"),
    (stale_figures, close(), Refused, "publication_outdated"),
    ("evaluated", after(lesson(), unpublish(), close("npo_actor")), NotPermitted, "not_permitted"),
    ("evaluated", after(lesson(), unpublish(), close(text=" ")), Invalid, "text:required"),
    ("evaluated", after(lesson(), unpublish(), close(version=0)), MovedOn, "moved_on"),
    ("ended", close(), MovedOn, "moved_on"),
    ("reported", after(lesson(), unpublish(), close()), MovedOn, "moved_on"),
    (unpaid_closing, close(), Refused, "unpaid"),
    (uncalculated_closing, close(), Refused, "uncalculated"),
    (unconfirmed_money, close(), Refused, "money_unconfirmed"),
    ("ended", renew(), MovedOn, "moved_on"),
    ("closed", renew("viewer"), NotPermitted, "not_permitted"),
    ("closed", renew("coordinator"), NotPermitted, "not_permitted"),
    # Publication and comments
    ("negotiation", draft_page(), MovedOn, "moved_on"),
    ("running", draft_page("viewer"), NotPermitted, "not_permitted"),
    ("running", draft_page(title=" "), Invalid, "title:required"),
    ("running", draft_page(summary=" "), Invalid, "summary:required"),
    ("running", draft_page(summary="090-1234-5678 へ"), Invalid, "summary:personal_data"),
    ("running", draft_page(fields=("purpose", "messages")), Invalid, "fields:required"),
    ("closed", draft_page("viewer"), NotPermitted, "not_permitted"),
    ("closed", draft_page("outsider"), NotFound, "not_found"),
    ("trial", draft_page(), MovedOn, "moved_on"),
    ("running", unpublish("viewer"), NotPermitted, "not_permitted"),
    ("running", unpublish(code="mood"), Invalid, "reason_code:required"),
    ("running", unpublish(text=" "), Invalid, "reason_text:required"),
    ("negotiation", unpublish(), MovedOn, "moved_on"),
    (published, comment(" "), Invalid, "text:required"),
    (published, comment("090-1234-5678 の佐藤"), Invalid, "text:personal_data"),
    (after(published, comment()), treat("npo_actor"), NotPermitted, "not_permitted"),
    (after(published, comment()), treat(decision="maybe"), Invalid, "decision:required"),
    (after(published, comment()), treat(text=" "), Invalid, "text:required"),
    (after(published, comment()), treat(reason=" "), Invalid, "reason:required"),
    (after(published, comment()), treat(decision="hide"), Invalid, "hide_reason:required"),
    (after(published, comment()), treat(version=0), MovedOn, "moved_on"),
    ("running", export("npo_actor"), NotPermitted, "not_permitted"),
    ("running", export("outsider"), NotFound, "not_found"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("state", "act", "error", "code"), GUARDS, ids=[f"{n}-{row[3]}" for n, row in enumerate(GUARDS)]
)
def test_what_must_not_be_is_refused_with_its_reason(partners, session, state, act, error, code):
    if callable(state):
        state(partners)
    else:
        partners.bring(state)
    session.flush()
    with pytest.raises(error) as caught:
        act(partners)
    assert code in reason(caught.value)


# ── Measurements and payment: the invariants ─────────────────────────────────────────────────────────


def test_a_superseded_measurement_stays_readable(partners, session):
    waiting(partners)
    review(accepted=False, text="数え直してください")(partners)
    submit(value=29.0)(partners)
    review()(partners)
    submit(value=30.0)(partners)
    states = session.execute(select(Measurement.value, Measurement.state).order_by(Measurement.id)).all()
    assert [tuple(row) for row in states] == [(31.0, "superseded"), (29.0, "accepted"), (30.0, "submitted")]
    review()(partners)
    states = session.scalars(select(Measurement.state).order_by(Measurement.id)).all()
    assert states == ["superseded", "superseded", "accepted"]


def test_a_missed_target_moves_nothing_by_itself(partners, session):
    waiting_contract(partners)
    _value(partners).value = 12.0
    review()(partners)
    found = calculate()(partners)
    assert (found.amount_yen, partners.case.state) == (0, "running")
    assert session.scalars(select(AuditEvent.action)).all()[-1] == "calculate_payment"


def test_a_payment_is_at_most_its_cap_and_says_how_it_was_calculated(partners):
    payable(partners)
    found = calculate()(partners)
    assert found.amount_yen == 300_000 <= partners.rule().cap_yen
    assert "測定値31" in found.formula


def test_no_payment_without_evidence(partners, session):
    payable(partners)
    session.scalars(select(Measurement).where(Measurement.state == "accepted")).one().evidence_id = None
    session.flush()
    with pytest.raises(Refused, match="no_evidence"):
        calculate()(partners)


def test_the_provider_never_reviews_what_it_is_paid_for(partners, session):
    partners.contracted(provider="npo", evaluator="company")
    partners.later(days=partners.days)
    submit()(partners)
    with pytest.raises((Refused, NotPermitted)):
        review("npo_actor")(partners)
    review("company_actor")(partners)
    measurement = _value(partners)
    assert (measurement.state, measurement.reviewed_by_id) == ("accepted", partners.company_user.id)
    measurement.reviewed_by_id = partners.npo_user.id
    session.flush()
    session.refresh(measurement)
    with pytest.raises(Refused, match="evaluator_is_provider"):
        calculate()(partners)


def test_a_provider_that_is_the_city_does_not_evaluate_itself(partners):
    partners.contracted(provider="company", evaluator="npo")
    partners.later(days=partners.days)
    submit("coordinator")(partners)
    review("npo_actor")(partners)
    assert _value(partners).state == "accepted"


def test_all_that_is_paid_stays_within_the_budget(partners, session):
    payable(partners)
    session.add(
        Payment(
            partnership_id=partners.case.id, fixed_year=2020, fiscal_year=2020, amount_yen=250_000, formula="前の分",
            calculated_by_id=partners.coordinator.user_id, calculated_at=partners.at,
        )
    )  # fmt: skip
    session.flush()
    with pytest.raises(Refused, match="over_budget"):
        calculate()(partners)


def test_all_that_is_paid_in_a_year_stays_within_its_limit(partners, session):
    year = calendar.fiscal_year(partners.ends_on)
    partners.contracted(budget_cap_yen=900_000, year_limits={str(year): 300_000})
    partners.later(days=partners.days)
    submit()(partners)
    review()(partners)
    session.add(
        Payment(
            partnership_id=partners.case.id, fixed_year=2020, fiscal_year=year, amount_yen=1, formula="前の分",
            calculated_by_id=partners.coordinator.user_id, calculated_at=partners.at,
        )
    )  # fmt: skip
    session.flush()
    with pytest.raises(Refused, match="over_budget"):
        calculate()(partners)


def test_the_fixed_part_is_paid_once_a_year(partners):
    partners.contracted(fixed={"2026": 100_000})
    assert calculate_fixed()(partners).amount_yen == 100_000
    with pytest.raises(Refused, match="paid_already"):
        calculate_fixed()(partners)


def test_a_rule_that_was_paid_by_cannot_be_changed(partners):
    calculated(partners)
    with pytest.raises(Refused, match="rule_paid"):
        partners.draft_agreement(
            type="outcome_linked", outcome=partners.outcome({**partners.outcome()["rules"][0], "cap_yen": 1}),
            why_changed="減らすため。",
        )  # fmt: skip


def test_a_paid_amount_is_kept_with_its_day(partners, session):
    approved(partners)
    pay()(partners)
    found = session.scalars(select(Payment)).one()
    assert (found.paid_on, found.approved_by_id) == (
        calendar.tokyo_date(partners.at),
        partners.manager.user_id,
    )
    assert payments.unsettled(session, partners.case) is None


def test_a_simulation_shows_several_outcomes_and_ones_own(partners, session):
    partners.contracted()
    deal = payments.contract(session, partners.case)
    indicators = {"I1": partners.only_indicator()}
    found = scenarios.scenarios(deal, indicators, {"P1": 30.0})
    assert [row.total_yen for row in found] == [0, 0, 300_000, 300_000, 300_000]


def test_a_small_cell_and_its_complement_are_not_published(partners, session):
    measured_day(partners)
    submit(breakdown={"未就学": 2.0, "小学生": 21.0, "中学生": 8.0})(partners)
    review()(partners)
    partners.publish("indicators")
    _case, view = publication.get_published(session, partners.case.public_id)
    assert view["indicators"][0]["points"][0]["breakdown"] == {"未就学": None, "小学生": 21.0, "中学生": None}


# ── Reports ──────────────────────────────────────────────────────────────────────────────────────────


def test_a_report_is_not_yet_due_overdue_submitted_sent_back_accepted(partners, session):
    quarter_over(partners)
    report = work_reads.reports(session, partners.case)[0]
    assert reports.status(report, report.period_to) == "not_yet"
    assert reports.status(report, report.period_to + DAY) == "due"
    assert reports.status(report, report.due_on) == "due"
    assert reports.status(report, report.due_on + DAY) == "overdue"
    write()(partners)
    assert report.state == "open", "the company's part is missing"
    write("company_actor")(partners)
    assert reports.status(report, report.due_on + DAY) == "submitted"
    review_report(accepted=False, text="量も書いてください")(partners)
    assert reports.status(report, report.due_on) == "sent_back"
    for actor in ("npo_actor", "company_actor"):
        write(actor, text="20kg届けた")(partners)
    review_report()(partners)
    assert reports.status(report, report.due_on + DAY) == "accepted"
    texts = [row.content["npo_text"] for row in session.scalars(select(Revision).order_by(Revision.number))]
    assert texts == ["届けた", "20kg届けた"]


def test_what_was_sent_back_stays_readable_with_what_the_city_said(partners, session):
    quarter_submitted(partners)
    assert reports.earlier_reports(session, partners.case) == {
        work_reads.reports(session, partners.case)[0].id: []
    }
    for text, words in (("届けた2", "量も書いてください"), ("届けた3", "回数も書いてください")):
        review_report(accepted=False, text=words)(partners)
        for actor in ("npo_actor", "company_actor"):
            write(actor, text=text)(partners)
    (found,) = reports.earlier_reports(session, partners.case).values()
    assert [(row.number, row.texts["npo_text"], row.sent_back) for row in found] == [
        (1, "届けた", "量も書いてください"),
        (2, "届けた2", "回数も書いてください"),
    ]
    review_report(accepted=False, text="もう一度")(partners)
    (found,) = reports.earlier_reports(session, partners.case).values()
    assert [row.sent_back for row in found][-1] == "もう一度"


def test_a_late_report_is_known_to_be_late(partners, session):
    quarter_over(partners)
    partners.later(days=40)
    for actor in ("npo_actor", "company_actor"):
        write(actor)(partners)
    event = session.scalars(select(AuditEvent).where(AuditEvent.action == "submit_report")).one()
    assert event.details["late"] is True


def test_reports_are_reminded_of_before_and_after_their_day_once_each(partners, session):
    quarter_over(partners)
    assert reports.remind_reports(session, partners.at) == 0
    partners.later(days=15)
    assert reports.remind_reports(session, partners.at) == 1
    assert reports.remind_reports(session, partners.at) == 0
    partners.later(days=20)
    assert reports.remind_reports(session, partners.at) == 1
    assert reports.remind_reports(session, partners.at) == 0


def test_a_measuring_day_is_reminded_of_a_week_before_once(partners, session):
    partners.bring("running")
    partners.later(days=partners.days - 8)
    assert measurements.remind_measurements(session, partners.at) == 0
    partners.later(days=1)
    assert measurements.remind_measurements(session, partners.at) == 1
    assert measurements.remind_measurements(session, partners.at) == 0
    assert measurements.remind_measurements(session, partners.at, limit=0) == 0


def test_a_draft_of_a_report_is_nobody_elses_business(partners, session):
    quarter_over(partners)
    write(submit=False, text="")(partners)
    report = session.scalars(select(PeriodReport)).first()
    assert (report.npo_submitted_at, report.state) == (None, "open")


# ── What drafts itself ───────────────────────────────────────────────────────────────────────────────


def test_every_sentence_names_the_record_that_says_it(partners, session):
    approved(partners)
    pay()(partners)
    give()(partners)
    confirm_gift()(partners)
    incident()(partners)
    found = drafted.compose(session, partners.case)
    assert [row.source for row in found] == ["document", "contribution", "measurement", "payment", "incident"]
    known = {
        row.public_id
        for model in (Contribution, Measurement, Payment, Incident)
        for row in session.scalars(select(model))
    }
    known |= {row.public_id for row in case_reads.versions(session, partners.case)}
    assert all(row.source_id in known for row in found)


def test_what_is_not_confirmed_or_not_accepted_is_not_said(partners, session):
    waiting(partners)
    give()(partners)
    assert [row.source for row in drafted.compose(session, partners.case)] == ["document"]


def test_a_period_says_only_what_happened_in_it(partners, session):
    waiting(partners)
    review()(partners)
    later_ = partners.ends_on + DAY
    assert "measurement" not in {row.source for row in drafted.compose(session, partners.case, later_, None)}
    assert "measurement" in {
        row.source for row in drafted.compose(session, partners.case, None, partners.ends_on)
    }


@pytest.mark.parametrize(
    ("direction", "value", "reached"),
    [
        ("up", 30, True),
        ("up", 29.9, False),
        ("down", 30, True),
        ("down", 31, False),
        ("keep", 33, True),
        ("keep", 34, False),
    ],
)
def test_a_target_is_reached_in_its_own_direction(direction, value, reached):
    found = Indicator(name="n", unit="人", direction=direction, baseline=20.0, target=30.0)
    assert drafted.reached(found, value) == reached


def test_amounts_found_in_different_ways_are_not_added_up(partners, session):
    partners.bring("running")
    for facts in (
        {"yen": 1000, "estimate_method": "market"}, {"yen": 500, "estimate_method": "market", "quantity": 2.5},
        {"yen": 3000, "estimate_method": "city_direct", "estimate_note": "職員2時間分"}, {},
        {"estimate_method": "market"},
    ):  # fmt: skip
        entry = give(**facts)(partners)
        contributions.confirm_contribution(
            session, partners.npo_actor, partners.case, entry, partners.at, version=None
        )
    found = {row["estimate_method"]: row for row in contributions.totals(session, partners.case)}
    assert {
        method: (row["quantity"], row["times"], row["yen"], row["estimate_notes"])
        for method, row in found.items()
    } == {
        "market": (7.5, 2, 1500, []), "city_direct": (5.0, 1, 3000, ["職員2時間分"]), "none": (10.0, 2, None, []),
    }  # fmt: skip
    compose = publication.compose
    (whole,) = compose(session, partners.case, "題", "紹介", ["contributions"])["contributions"]
    assert whole == {
        "giver": "company",
        "support_type": "food",
        "unit": "kg",
        "quantity": 22.5,
        "times": 5,
    }, "where no money is shown, its ways are no business of the page"
    shown = compose(session, partners.case, "題", "紹介", ["contributions", "money"])["contributions"]
    assert {row["estimate_method"]: row.get("yen") for row in shown} == {
        "market": 1500,
        "city_direct": 3000,
        "none": None,
    }


def test_the_esg_sheet_says_how_an_amount_was_found(partners, session):
    partners.bring("running")
    give(yen=1400, estimate_method="market", estimate_note="1kg 280円")(partners)
    confirm_gift()(partners)
    ((_case, (row,), _outcomes),) = drafted.esg_evidence(
        session, partners.company.id, partners.today - DAY, partners.today + DAY
    )
    assert (row["yen"], row["method"], row["note"]) == (1400, "市価・相場", "1kg 280円")


def test_the_esg_sheet_names_what_the_company_gave_and_its_evidence(partners, session):
    partners.bring("running")
    give(evidence=None)(partners)
    confirm_gift()(partners)
    first, last = partners.today - DAY, partners.today + DAY
    rows = drafted.esg_evidence(session, partners.company.id, first, last)
    assert [(case.id, len(gifts)) for case, gifts, _outcomes in rows] == [(partners.case.id, 1)]
    assert drafted.esg_evidence(session, partners.npo.id, first, last) == []
    assert drafted.esg_evidence(session, partners.company.id, last + DAY, last + DAY) == []


# ── Evaluation ───────────────────────────────────────────────────────────────────────────────────────


def test_nobody_sees_the_others_before_having_rated_oneself(partners, session):
    partners.bring("reported")
    rate("company_actor", "company")(partners)
    found = ratings.sheets(session, partners.case)
    assert ratings.visible_sheets(partners.npo_actor, partners.case, found) == []
    rate("npo_actor", "npo")(partners)
    found = ratings.sheets(session, partners.case)
    assert len(ratings.visible_sheets(partners.npo_actor, partners.case, found)) == 2


def test_only_what_differs_by_two_is_talked_about_and_what_remains_stays_visible(partners, session):
    differing(partners)
    (found,) = ratings.differences(ratings.sheets(session, partners.case))
    assert (found.item, found.self_score, found.score, found.is_open) == ("outcome", 4, 2, True)
    discuss(score=2)(partners)
    (found,) = ratings.differences(ratings.sheets(session, partners.case))
    assert (found.is_open, found.remains) == (False, True)
    assert found.sheet.scores["outcome"] == 2
    discuss(score=3)(partners)
    (found,) = ratings.differences(ratings.sheets(session, partners.case))
    assert not found.remains


def test_a_difference_of_one_is_none(partners, session):
    partners.bring("reported")
    rate("company_actor", "company")(partners)
    rate("npo_actor", "npo")(partners)
    rate("npo_actor", "company", outcome=3)(partners)
    assert ratings.differences(ratings.sheets(session, partners.case)) == []


def test_who_declines_to_answer_does_not_hold_up_the_others(partners, session):
    partners.bring("reported")
    rate("npo_actor", "npo")(partners)
    decline()(partners)
    decline("company_actor")(partners)
    decline("coordinator")(partners)
    assert ratings.conclusion_obstacle(session, partners.case) is None
    conclude()(partners)
    assert partners.case.state == "evaluated"


def test_what_ended_early_is_reported_in_short_and_closed_without_evaluation(partners, session):
    partners.bring("terminated")
    outcome_report()(partners)
    partners.accept("outcome_report")
    lesson()(partners)
    unpublish()(partners)
    close()(partners)
    assert partners.case.state == "closed"


def test_the_next_period_knows_the_one_before(partners, session):
    partners.bring("closed")
    new = renew("company_actor")(partners)
    assert (new.renewed_from_id, new.year_number, new.state) == (partners.case.id, 2, "interest_one_side")


def test_a_lesson_reaches_other_partners_only_when_both_published_it(partners, session):
    partners.bring("running")
    lesson()(partners)
    other = factories.make_company(session)
    assert lessons.lessons_of(session, partners.npo) == []
    assert lessons.lessons_of(session, other, partners.npo) == []
    assert len(lessons.lessons_of(session, partners.company, partners.npo)) == 1
    partners.publish("lessons")
    assert len(lessons.lessons_of(session, partners.npo)) == 1
    session.scalars(select(Lesson)).one().is_public = False
    session.flush()
    assert lessons.lessons_of(session, other, partners.npo) == []


def test_a_lesson_says_in_which_plan_it_was_taken_up_to_those_who_may_see_that_plan(partners, session):
    partners.bring("running")
    learned = lesson()(partners)
    plans.write_purpose(
        session, partners.npo_actor, partners.case, "夕食を囲む", [learned.public_id], partners.at, version=None,
        why_changed=partners.why,
    )  # fmt: skip
    assert lessons.lesson_uses(session, partners.npo_actor, partners.case) == {}
    partners.accept("plan")
    plan = documents.find_agreed(session, partners.case, "plan")
    assert [row.id for row in lessons.lessons_taken(session, partners.case, plan.content)] == [learned.id]
    for who in ("npo_actor", "company_actor", "coordinator"):
        uses = lessons.lesson_uses(session, _who(partners, who), partners.case)
        assert [(case.id, used.id) for case, used in uses[learned.public_id]] == [(partners.case.id, plan.id)]
    assert lessons.lesson_uses(session, _who(partners, "outsider"), partners.case) == {}


def test_a_plan_does_not_give_away_what_strangers_learned(partners, session):
    partners.bring("running")
    company, npo = factories.make_company(session), factories.make_npo(session)
    actor = factories.actor_for(factories.make_user(session, company), company)
    other = beginning.propose(
        session, actor, company, npo, beginning.Terms("food", 20, "kg"), "よろしく", partners.at
    )
    theirs = Lesson(
        partnership_id=other.id,
        text="よその学び",
        support_type="food",
        written_at=partners.at,
        is_public=False,
    )
    session.add(theirs)
    session.flush()
    assert lessons.lessons_taken(session, partners.case, {"lessons": [theirs.public_id]}) == []


# ── Publication ──────────────────────────────────────────────────────────────────────────────────────

_FRAME = {"title", "summary", "company", "npo", "support_type", "fields", "areas", "fiscal_year"}
_FIELD_KEYS = {
    "purpose": {"purpose", "milestones"}, "agreement": {"agreement"}, "changes": {"changes"}, "logic": {"logic"},
    "interim": {"interim"},
    "indicators": {"indicators"}, "contributions": {"contributions"}, "money": {"payments"}, "report": {"report"},
    "setbacks": {"setbacks"}, "evaluation": {"evaluation"}, "lessons": {"lessons"}, "voices": {"voices"},
}  # fmt: skip


@pytest.mark.parametrize("field", vocabulary.PUBLIC_FIELDS)
def test_a_page_holds_the_chosen_field_and_nothing_else(partners, session, field):
    partners.bring("evaluated")
    view = publication.compose(session, partners.case, "題", "紹介", [field])
    assert set(view) - _FRAME == _FIELD_KEYS[field]


def test_a_page_needs_all_three_and_may_be_taken_off_by_any(partners, session):
    partners.bring("running")
    draft_page()(partners)
    partners.accept("publication", *partners.sides)
    with pytest.raises(NotFound):
        publication.get_published(session, partners.case.public_id)
    partners.accept("publication", partners.coordinator)
    assert publication.get_published(session, partners.case.public_id)[1]["title"] == "題"
    unpublish("company_actor")(partners)
    with pytest.raises(NotFound):
        publication.get_published(session, partners.case.public_id)
    assert publication.published(session) == []


def _parts_to_renew(p: Partners) -> list[str]:
    """The parts of the page, as the step names them."""
    steps = turns.steps(p.session, p.case, p.at)
    codes = [step.about for step in steps if step.kind == "publication_outdated"]
    return ["、".join(vocabulary.PAGE_PARTS[code] for code in about.split(",")) for about in codes]


def test_a_page_of_the_plan_alone_does_not_stand_for_the_end(partners, session):
    partners.bring("agreed")
    partners.publish("purpose")
    partners.start()
    partners.end()
    assert publication.outdated(session, partners.case) == ()
    partners.later(days=1)
    partners.report()
    assert publication.outdated(session, partners.case) == ("outcome",)
    assert _parts_to_renew(partners) == ["成果報告のあとの、公表する項目の見直し"]
    partners.later(days=1)
    partners.publish("purpose")
    assert publication.outdated(session, partners.case) == (), "the three chose again, and chose the same"


@pytest.mark.parametrize(
    ("fields", "part"),
    [
        (("evaluation",), "evaluation"), (("lessons",), "lessons"), (("voices",), "voices"),
        (("purpose",), "frame"),
    ],
)  # fmt: skip
def test_what_changed_since_makes_that_part_of_the_page_outdated(partners, session, fields, part):
    partners.bring("reported")
    partners.publish(*fields)
    assert publication.outdated(session, partners.case) == ()
    voice()(partners)
    partners.evaluate()
    lesson()(partners)
    if part == "frame":
        partners.company.name = "新しい社名"
    assert publication.outdated(session, partners.case) == (part,)


def test_figures_that_came_later_close_only_with_a_new_page_or_a_reason(partners, session):
    stale_figures(partners)
    assert closing.obstacle(session, partners.case) == "publication_outdated"
    assert _parts_to_renew(partners) == ["相互評価と第三者評価の点数"]
    unpublish()(partners)
    assert closing.obstacle(session, partners.case) is None
    partners.publish("report", "evaluation")
    close()(partners)
    _case, view = publication.get_published(session, partners.case.public_id)
    assert len(view["evaluation"]["scores"]) == 9


def test_a_gift_alone_does_not_ask_for_a_new_page_while_the_partnership_runs(partners, session):
    partners.bring("running")
    partners.publish("contributions", "indicators")
    give()(partners)
    confirm_gift()(partners)
    assert publication.outdated(session, partners.case) == ("contributions",)
    assert _parts_to_renew(partners) == []
    partners.later(days=partners.days)
    submit()(partners)
    review()(partners)
    assert _parts_to_renew(partners) == ["指標の目標と実績"]
    draft_page("npo_actor", fields=("indicators",))(partners)
    assert _parts_to_renew(partners) == [], "a new page lies on the table"
    partners.accept("publication", *partners.sides, partners.coordinator)
    partners.end()
    partners.publish("contributions")
    entry = give()(partners)
    contributions.confirm_contribution(
        session, partners.npo_actor, partners.case, entry, partners.at, version=None
    )
    assert _parts_to_renew(partners) == ["双方が出し合ったもの"], "once it is over, they are"


def test_a_closed_case_may_still_be_published(partners, session):
    partners.bring("closed")
    partners.publish("lessons", "evaluation")
    _case, view = publication.get_published(session, partners.case.public_id)
    assert view["lessons"] == ["前の週に決める。"]
    assert partners.case.state == "closed"


def test_the_list_is_narrowed_by_state_field_area_and_year(partners, session):
    partners.bring("running")
    partners.publish("agreement")
    rows = publication.published(session)
    year = str(calendar.fiscal_year(partners.starts_on))
    for conditions, count in (
        ({}, 1), ({"state": "running"}, 1), ({"state": "finished"}, 0), ({"field": "13"}, 1), ({"field": "2"}, 0),
        ({"area": "nowhere"}, 0), ({"year": year}, 1), ({"year": "1999"}, 0),
    ):  # fmt: skip
        assert len(publication.matching(rows, conditions)) == count, conditions


@pytest.mark.parametrize(
    ("field", "put"),
    [
        ("purpose", lambda p: _rewrite(p, "plan", purpose="連絡は 090-1234-5678 へ")),
        ("purpose", lambda p: _rewrite(p, "plan", milestones=[{"on": "2026-12-01", "text": "a@b.example"}])),
        ("logic", lambda p: _rewrite(p, "plan", links=[{"assumption": "０９０－１２３４－５６７８"}])),
        ("report", lambda p: _rewrite(p, "outcome_report", narrative="a@b.example に聞いた")),
        ("report", lambda p: _rewrite(p, "outcome_report", next_step="090-1234-5678")),
        ("setbacks", lambda p: _rewrite(p, "outcome_report", setbacks="090-1234-5678")),
        ("indicators", lambda p: setattr(p.only_indicator(), "definition", "090-1234-5678 で聞く")),
        ("interim", lambda p: _interim_report(p, npo_text="090-1234-5678")),
        ("interim", lambda p: _interim_report(p, company_text="a@b.example")),
        ("interim", lambda p: _interim_report(p, setbacks="090-1234-5678")),
    ],
)  # fmt: skip
def test_a_telephone_number_in_any_text_keeps_its_field_from_the_page(partners, session, field, put):
    partners.bring("evaluated")
    put(partners)
    session.flush()
    label = vocabulary.PAGE_PARTS[field]
    with pytest.raises(Refused, match="personal_data_published") as caught:
        draft_page(fields=vocabulary.PUBLIC_FIELDS)(partners)
    assert caught.value.facts["parts"] == label
    draft_page(fields=[one for one in vocabulary.PUBLIC_FIELDS if one != field])(partners)


def _rewrite(p: Partners, kind: str, **facts: Any) -> None:
    document = documents.find_agreed(p.session, p.case, kind)
    document.content = {**document.content, **facts}


def _interim_report(p: Partners, **texts: str) -> None:
    p.session.add(
        PeriodReport(
            partnership_id=p.case.id, period_from=p.today, period_to=p.today, due_on=p.today, state="accepted",
            **{"npo_text": "届けた", "company_text": "集めた", "setbacks": "雪", **texts},
        )
    )  # fmt: skip
    p.session.flush()


def test_a_page_tells_what_was_changed_when_and_why(partners, session):
    partners.bring("running")
    assert publication.compose(session, partners.case, "題", "紹介", ["changes"])["changes"] == []
    partners.later(days=3)
    plans.write_purpose(
        session, partners.npo_actor, partners.case, "昼食を囲む", partners.at,
        version=None, why_changed="夜は来られないため。",
    )  # fmt: skip
    view = publication.compose(session, partners.case, "題", "紹介", ["changes"])
    assert view["changes"] == [], "a draft is nobody's business"
    partners.accept("plan")
    view = publication.compose(session, partners.case, "題", "紹介", ["changes"])
    day = calendar.tokyo_date(partners.at).isoformat()
    number = documents.find_agreed(session, partners.case, "plan").number
    assert view["changes"] == [{"kind": "plan", "number": number, "on": day, "why": "夜は来られないため。"}]


def test_a_page_tells_the_reports_that_were_accepted_and_no_others(partners, session):
    quarter_submitted(partners)
    compose = lambda: publication.compose(session, partners.case, "題", "紹介", ["interim"])["interim"]  # noqa: E731
    assert compose() == []
    review_report()(partners)
    (found,) = compose()
    assert (found["npo"], found["company"], found["setbacks"]) == ("届けた", "届けた", "雪")


def test_what_an_outsider_said_of_the_whole_is_on_the_page_with_its_name(partners, session):
    partners.bring("reported")
    third(outcome=2)(partners)
    partners.evaluate()
    view = publication.compose(session, partners.case, "題", "紹介", ["evaluation"])
    (found,) = [row for row in view["evaluation"]["scores"] if row["rater"] == "third_party"]
    assert (found["about"], found["evaluator"], found["scores"]["outcome"]) == ("whole", "大学", 2)


def test_a_comment_is_seen_once_the_city_has_answered_it_with_a_reason(partners, session):
    published(partners)
    comment()(partners)
    assert comments.shown_comments(session, partners.case) == []
    treat()(partners)
    (shown,) = comments.shown_comments(session, partners.case)
    assert (shown.answer, shown.answer_reason) == ("ありがとう", "記録のため")
    treat(decision="hide", hide_reason="abuse")(partners)
    assert comments.shown_comments(session, partners.case) == []


def test_one_network_says_so_much_and_no_more(partners):
    published(partners)
    for number in range(5):
        comment(f"声{number}")(partners)
    with pytest.raises(TooMany):
        comment("もう一つ")(partners)
    comment("別の人", network="other")(partners)


def test_a_few_cannot_use_up_the_comments_of_all(partners):
    published(partners)
    for number in range(60):
        comment(f"声{number}", network=f"bot{number // 4}")(partners)
    with pytest.raises(TooMany):
        comment("もう一つ", network="bot0")(partners)
    comment("はじめての人", network="resident")(partners)


def test_what_is_not_shown_is_counted_by_its_reason(partners, session):
    published(partners)
    for number, reason_code in enumerate(("abuse", "personal", "abuse")):
        found = comment(f"声{number}", network=f"n{number}")(partners)
        comments.treat_comment(
            session, partners.coordinator, found, partners.case,
            {"decision": "hide", "hide_reason": reason_code}, partners.at, version=None,
        )  # fmt: skip
    comment("まだ", network="n9")(partners)
    assert comments.hidden_comments(session, partners.case) == [("personal", 1), ("abuse", 2)]


# ── Disclosure ───────────────────────────────────────────────────────────────────────────────────────


def test_what_is_asked_to_be_blackened_is_black_everywhere(partners, session):
    partners.npo.contact_name = partners.npo.representative = "三沢 花代"
    partners.bring("introduced")
    answering.send_message(session, partners.npo_actor, partners.case, "三沢です。090-1234-5678", partners.at)
    plain = _disclosed(partners)
    assert "三沢" in str(plain)
    black = _disclosed(partners, "people", "contacts")
    assert "三沢" not in str(black)
    assert "090-1234" not in str(black)
    nothing = _disclosed(partners, "messages")
    assert nothing["messages"] == nothing["meetings"] == "■■■"
    assert session.scalars(select(AuditEvent.action)).all().count("export_case") == 3


def test_people_are_black_also_where_no_account_knows_them(partners, session):
    partners.contracted()
    partners.case.message, partners.case.answer = "お手伝いします。", "ありがとうございます。"
    meeting = talks.Meeting(calendar.tokyo_date(partners.at), "田中花子、外部の山田", "数を決めた。")
    talks.record_meeting(session, partners.npo_actor, partners.case, meeting, partners.at)
    partners.file("代表取締役 佐藤一郎の報告.csv")
    partners.end()
    partners.measure(
        partners.only_indicator(), 31, partners.ends_on, breakdown={"佐藤 さん": 20.0, "鈴木 さん": 11.0}
    )
    for name in ("signer_company", "signer_npo"):
        agreement = documents.find_agreed(session, partners.case, "agreement")
        assert agreement.content[name].split()[0] in {"代表取締役", "理事長"}
    black = _disclosed(partners, "people")
    for name in ("田中", "山田", "佐藤", "鈴木"):
        assert name not in str(black), name
    # The numbers of both cells are still there, and a title is no name.
    (measured,) = black["measurements"]
    assert sorted(measured["breakdown"].values()) == [11.0, 20.0]
    assert "代表取締役" in str(black["files"])
    silent = _disclosed(partners, "messages")
    for words in ("お手伝いします", "ありがとうございます", "数を決めた"):
        assert words not in str(silent), words


def test_the_representatives_of_the_parties_are_the_one_name_that_leaves_unless_it_is_masked(partners):
    partners.contracted()
    named = [row["parties"]["npo"]["representative"] for row in _disclosed(partners)["documents"]]
    assert set(named) == {partners.npo.representative}
    black = [row["parties"]["npo"]["representative"] for row in _disclosed(partners, "people")["documents"]]
    assert set(black) == {"■■■"}


def test_whoever_takes_a_bundle_is_recorded_with_its_hash(partners, session):
    partners.bring("introduced")
    content = _disclosed(partners, "people")
    event = session.scalars(select(AuditEvent).where(AuditEvent.action == "export_case")).one()
    made = {**disclosure.details(content), "request": "of the job"}
    note = disclosure.taken_note(partners.manager, partners.case, made, partners.at)
    assert note.details == event.details == {"masks": ["people"], "sha256": snapshots.sha256(content)}


def test_money_is_blackened_where_it_is_asked(partners, session):
    approved(partners)
    give(support_type="cash_donation", quantity=54321, unit="円", yen=54321, estimate_method="actual")(
        partners
    )
    partners.npo.mission = "年に765,400円ほど足りない。"
    black = _disclosed(partners, "money")
    assert "765,400" not in str(black)
    # Alone: among the digits of a hash it may stand by chance.
    assert not re.search(r"(?<![0-9a-f])54321(?![0-9a-f])", str(black))
    assert "300000" not in str(black)
    assert session.scalars(select(Partnership)).one().number in str(black)


# ── What a closed case keeps, and the rarer ways into a guard ────────────────────────────────────────


def closed_with_records(p: Partners) -> None:
    """A case closed by force while a value, a report, an amount, a risk and trouble were still open."""
    waiting_contract(p)
    review()(p)
    calculate()(p)
    risk()(p)
    incident()(p)
    p.session.add(
        PeriodReport(
            partnership_id=p.case.id, period_from=p.today, period_to=p.today, due_on=p.today, state="open"
        )
    )  # fmt: skip
    _value(p).state = "submitted"
    p.case.state = "closed"


def _only_risk(p: Partners) -> object:
    found = p.session.scalars(select(Risk)).one()
    return risks.close_risk(p.session, p.npo_actor, p.case, found, "済んだ", p.at, version=None)


def _approve_by_force(p: Partners) -> object:
    _payment(p).approved_at = p.at
    return pay()(p)


@pytest.mark.parametrize(
    "act",
    [
        review(), write(), review_report(), _only_risk, tell_residents(), resolve(), calculate(), calculate_fixed(),
        approve(), _approve_by_force,
    ],
)  # fmt: skip
def test_nothing_changes_in_a_closed_case(partners, session, act):
    closed_with_records(partners)
    session.flush()
    with pytest.raises(MovedOn):
        act(partners)


def test_a_submitted_report_of_a_closed_case_is_not_reviewed(partners, session):
    quarter_submitted(partners)
    partners.case.state = "closed"
    session.flush()
    with pytest.raises(MovedOn):
        review_report()(partners)


def test_what_was_concluded_is_not_discussed_any_more(partners, session):
    differing(partners)
    partners.case.state = "evaluated"
    session.flush()
    with pytest.raises(MovedOn):
        discuss()(partners)


def test_a_city_that_provides_does_not_review(partners):
    partners.contracted(provider="city", evaluator="company")
    partners.later(days=partners.days)
    submit()(partners)
    with pytest.raises(Refused, match="evaluator_is_provider"):
        review()(partners)


def test_a_second_value_cannot_replace_the_one_that_was_paid(partners):
    payable(partners)
    submit(value=99.0)(partners)
    calculate()(partners)
    with pytest.raises(Refused, match="measurement_paid"):
        review()(partners)
    review(accepted=False)(partners)


def test_a_rule_that_is_no_longer_in_force_pays_nothing(partners):
    payable(partners)
    rule = partners.rule()
    rule.is_retired = True
    partners.session.flush()
    with pytest.raises(MovedOn):
        payments.calculate(partners.session, partners.coordinator, partners.case, rule, partners.at)


def test_only_the_city_reads_what_residents_wrote_before_it_is_shown(partners, session):
    published(partners)
    found = comment()(partners)
    assert comments.comments_to_read(session, partners.coordinator)[0][0].id == found.id
    assert comments.get_comment(session, partners.coordinator, found.public_id)[0].id == found.id
    for read in (
        lambda: comments.comments_to_read(session, partners.npo_actor),
        lambda: comments.get_comment(session, partners.npo_actor, found.public_id),
    ):
        with pytest.raises(NotPermitted):
            read()
    with pytest.raises(NotFound):
        comments.get_comment(session, partners.coordinator, "0" * 32)


def test_a_record_is_found_only_in_its_own_case_and_by_its_parties(partners, session):
    given(partners)
    entry = _gift(partners)
    found = case_reads.get_item(session, partners.npo_actor, partners.case, Contribution, entry.public_id)
    assert found is entry
    with pytest.raises(NotFound):
        case_reads.get_item(session, partners.npo_actor, partners.case, Contribution, "0" * 32)
    with pytest.raises(NotFound):
        case_reads.get_item(session, _who(partners, "outsider"), partners.case, Contribution, entry.public_id)


def test_who_only_reads_for_the_evaluator_does_not_evaluate(partners, session):
    partners.contracted(evaluator="company")
    partners.later(days=partners.days)
    submit()(partners)
    reader = factories.make_user(session, partners.company, organization_role="viewer")
    with pytest.raises(NotPermitted):
        measurements.review_measurement(
            session, factories.actor_for(reader, partners.company), partners.case, _value(partners), True, "", partners.at,
            version=None,
        )  # fmt: skip


def test_no_target_is_missed_before_its_day(partners, session):
    partners.introduce()
    partners.meet()
    early = (partners.ends_on - timedelta(days=50)).isoformat()
    partners.write_plan(
        {"measure_on": [early, partners.ends_on.isoformat()], "target_on": partners.ends_on.isoformat()}
    )
    partners.draft_agreement()
    partners.sign()
    partners.confirm()
    partners.start()
    partners.later(days=60)
    indicator = partners.only_indicator()
    partners.measure(indicator, 25.0, date.fromisoformat(early))
    texts = "".join(row.text for row in drafted.compose(session, partners.case))
    assert "目標には届きませんでした" not in texts
    assert f"目標の日は{calendar.jday(partners.ends_on)}です。" in texts
    assert drafted.verdict(indicator, partners.ends_on, 25.0) == "missed"
    assert drafted.verdict(indicator, date.fromisoformat(early), 30.0) == "reached"
    [(_case, _given, [outcome])] = drafted.esg_evidence(
        session, partners.case.company_id, date(2026, 4, 1), date(2027, 3, 31)
    )
    assert outcome["verdict"] == "open"


def test_parts_of_what_is_counted_are_not_more_than_the_whole(partners):
    partners.bring("ended")
    with pytest.raises(Invalid, match="parts_exceed") as caught:
        partners.measure(
            partners.only_indicator(), 8.0, partners.ends_on, breakdown={"小学生": 9.0, "中学生": 5.0}
        )
    assert list(caught.value.facts) == ["breakdown"]
    partners.measure(
        partners.only_indicator(), 14.0, partners.ends_on, breakdown={"小学生": 9.0, "中学生": 5.0}
    )
