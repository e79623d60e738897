"""Measurements, what is paid for them, and reports: the invariants."""

import pytest
from sqlalchemy import column, select, table

from matcher import migrations
from matcher.ground import calendar
from matcher.ground.errors import Invalid, NotPermitted, Refused
from matcher.records import (
    AuditEvent,
    Measurement,
    Payment,
    PeriodReport,
    Revision,
)
from matcher.results import (
    publication,
)
from matcher.work import measurements, payments, reports, scenarios
from matcher.work import reads as work_reads
from tests.partners import Partners
from tests.services.results import (
    DAY,
    _value,
    approve,
    approved,
    calculate,
    calculate_fixed,
    calculated,
    measured_day,
    pay,
    payable,
    quarter_over,
    quarter_submitted,
    review,
    review_report,
    submit,
    waiting,
    waiting_contract,
    write,
)


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
    assert "測定値31" in payments.formula(found)


def test_going_back_writes_how_an_amount_was_calculated_and_coming_again_keeps_it(database, now, tmp_path):
    with database.write() as session:
        partners = Partners(session, now, tmp_path)
        payable(partners)
        said = payments.formula(calculate()(partners))
    migrations.downgrade(database, "0016")
    with database.read() as session:
        assert session.scalars(select(column("formula")).select_from(table("payment"))).all() == [said]
    migrations.upgrade(database)
    with database.read() as session:
        (found,) = session.scalars(select(Payment))
        assert (found.steps, payments.formula(found)) == ([], said)


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
    measurement.reviewed_by_id, measurement.reviewed_side = partners.npo_user.id, "npo"
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


def test_no_amount_is_paid_before_its_approval_though_it_was_calculated_earlier(partners):
    calculated(partners)
    partners.later(days=3)
    approve()(partners)
    with pytest.raises(Invalid) as refused:
        pay(days=-1)(partners)
    assert refused.value.facts == {"paid_on": "before_approval"}
    pay()(partners)


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
    view = publication.get_published(session, partners.case.public_id)[1].content["view"]
    assert view["indicators"][0]["points"][0]["breakdown"] == {"未就学": None, "小学生": 21.0, "中学生": None}


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
