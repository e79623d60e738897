"""What is tried on a partnership at work and after it, and the states from which."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from matcher.agreements import course
from matcher.cases import beginning
from matcher.desk import disclosure
from matcher.ground import calendar
from matcher.ground.permissions import Actor
from matcher.records import (
    Contribution,
    EvaluationSheet,
    Incident,
    Measurement,
    Payment,
    PublicComment,
)
from matcher.results import (
    closing,
    comments,
    lessons,
    outcome_reports,
    publication,
    ratings,
    renewal,
)
from matcher.work import contributions, incidents, measurements, payments, reports, risks
from matcher.work import reads as work_reads
from tests.partners import SCORES, Partners
from tests.services.agreeing import _who

Try = Callable[[Partners], object]


DAY = timedelta(days=1)


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


def give(actor: str = "company_actor", **facts: Any) -> Try:
    def act(p: Partners) -> object:
        values = {"support_type": "food", "quantity": 5.0, "unit": "kg", "given_on": p.today} | facts
        return contributions.record_contribution(
            p.session, _who(p, actor), p.case, contributions.Gift(**values), p.at
        )

    return act


def cash(quantity: float, yen: int | None = None, **facts: Any) -> Try:
    """A gift of money by the company, with its amount said once more or not."""
    values = {"support_type": "cash_donation", "unit": "円", "yen": yen} | facts
    return give(quantity=quantity, estimate_method="none" if yen is None else "actual", **values)


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
