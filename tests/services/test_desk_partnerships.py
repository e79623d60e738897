"""Partnerships at work on the desk: what waits for whom since when, what is due, what may go wrong."""

from datetime import date, timedelta

import pytest

from matcher.cases import talks, turns
from matcher.desk import queues as desk
from matcher.desk.lists import LISTS
from matcher.desk.lists import listing as lists
from matcher.ground import calendar
from matcher.results import publication, ratings
from matcher.work import incidents, payments, reports, risks
from matcher.work import reads as work_reads
from tests.partners import SCORES, Partners


@pytest.fixture
def reporting(partners: Partners) -> Partners:
    """A running partnership that reports each quarter."""
    partners.days = 200
    partners.run_quarterly()
    return partners


def queue(partners: Partners, code: str) -> desk.Queue:
    found = desk.queues(partners.session, partners.coordinator, partners.at)
    return next(one for one in found if one.code == code)


def listed(partners: Partners, **conditions: str) -> lists.Row:
    found = LISTS["cases"].fetch(partners.session, partners.coordinator, conditions, partners.at)
    assert found.total == 1, conditions
    row: lists.Row = found.rows[0]
    return row


def test_a_late_report_waits_since_its_own_day_and_not_since_the_case_began(reporting: Partners) -> None:
    report = work_reads.reports(reporting.session, reporting.case)[0]
    reporting.at = calendar.end_of_day(report.due_on) + timedelta(days=3)
    waiting = queue(reporting, "overdue")
    assert (waiting.count, waiting.oldest) == (1, calendar.end_of_day(report.due_on))
    row = listed(reporting, late="overdue")
    assert row.marks == ("overdue",)
    assert row.turn == ("company", "npo")
    assert row.due == report.due_on


def test_half_a_report_waits_for_the_other_half(reporting: Partners) -> None:
    report = work_reads.reports(reporting.session, reporting.case)[0]
    reporting.at = calendar.end_of_day(report.period_to) + timedelta(days=1)
    facts = {"text": "届いた", "setbacks": "特になし"}
    reports.write_report(
        reporting.session, reporting.npo_actor, reporting.case, report, facts, reporting.at,
        submit=True, version=None,
    )  # fmt: skip
    assert listed(reporting).turn == ("company",)


def test_a_measurement_waits_for_the_city_since_it_was_handed_in(partners: Partners) -> None:
    partners.bring("ended")
    assert queue(partners, "to_read").count == 0
    partners.measure(partners.only_indicator(), 30, partners.ends_on, accept=False)
    handed_in = partners.at
    partners.later(days=4)
    waiting = queue(partners, "to_read")
    assert (waiting.count, waiting.oldest) == (1, handed_in)
    assert listed(partners, late="city").turn[-1] == "city"


def test_a_page_that_both_have_accepted_waits_for_the_city(partners: Partners) -> None:
    partners.bring("running")
    publication.draft(
        partners.session, partners.coordinator, partners.case, "題", "要約", ["purpose"], partners.at,
        version=None,
    )  # fmt: skip
    partners.accept("publication", partners.company_actor)
    assert queue(partners, "to_accept").count == 0
    partners.accept("publication", partners.npo_actor)
    assert queue(partners, "to_accept").count == 1
    partners.accept("publication", partners.coordinator)
    assert queue(partners, "to_accept").count == 0


def test_an_amount_waits_until_it_is_approved_and_again_until_it_is_paid(partners: Partners) -> None:
    partners.contracted()
    partners.end()
    partners.measure(partners.only_indicator(), 31, partners.ends_on)
    payments.calculate(partners.session, partners.coordinator, partners.case, partners.rule(), partners.at)
    (found,) = payments.all_of(partners.session, partners.case)
    calculated = partners.at
    assert (queue(partners, "to_pay").count, queue(partners, "to_pay").oldest) == (1, calculated)
    partners.later(days=2)
    payments.approve(partners.session, partners.manager, partners.case, found, partners.at, version=None)
    assert queue(partners, "to_pay").oldest == partners.at
    payments.record_paid(
        partners.session, partners.coordinator, partners.case, found, calendar.tokyo_date(partners.at),
        partners.at, version=None,
    )  # fmt: skip
    assert queue(partners, "to_pay").count == 0


def test_the_city_hears_of_the_ratings_that_it_owes(partners: Partners) -> None:
    partners.bring("reported")
    assert queue(partners, "to_conclude").count == 1
    for about in ("city", "company", "npo"):
        ratings.rate(partners.session, partners.coordinator, partners.case, about, SCORES, "", partners.at)
    assert queue(partners, "to_conclude").count == 0


@pytest.mark.parametrize("state", ["evaluated", "agreement_review"])
def test_a_case_at_the_citys_step_is_the_citys_turn(partners: Partners, state: str) -> None:
    partners.bring(state)
    assert listed(partners, late="city").turn == ("city",)


def test_trouble_and_grave_risks_are_marked_on_the_line_until_they_are_settled(partners: Partners) -> None:
    partners.bring("running")
    session, case = partners.session, partners.case
    risk = risks.add_risk(
        session, partners.npo_actor, case, risks.RiskFacts("車が出ない", 2, 3, "予備の車", "company"),
        partners.at,
    )  # fmt: skip
    incident = incidents.report_incident(
        session, partners.npo_actor, case, calendar.tokyo_date(partners.at), "遅配", "届け直した", partners.at
    )
    assert listed(partners, late="risk").marks == ("risk", "incidents")
    assert queue(partners, "incidents").oldest == partners.at
    risks.close_risk(session, partners.npo_actor, case, risk, "済んだ", partners.at, version=None)
    incidents.resolve_incident(
        session, partners.npo_actor, case, incident, "車を替えた", partners.at, version=None
    )
    assert listed(partners).marks == ()


def test_every_day_of_a_partnership_stands_among_the_deadlines(reporting: Partners) -> None:
    session, case = reporting.session, reporting.case
    report = work_reads.reports(session, case)[0]
    measured = date.fromisoformat(reporting.only_indicator().measure_on[0])
    promised = calendar.tokyo_date(reporting.at) + timedelta(days=40)
    talks.add_task(session, reporting.npo_actor, case, "鍵を渡す", "company", promised, reporting.at)
    for kind, day in (
        ("report", report.due_on), ("measure", measured), ("promise", promised), ("end", reporting.ends_on),
    ):  # fmt: skip
        noon = calendar.end_of_day(day) - timedelta(hours=12)
        found = desk.deadlines(session, reporting.coordinator, noon)
        assert (kind, day, case.number) in {(one.kind, one.on, one.title) for one in found}, kind
        after = desk.deadlines(session, reporting.coordinator, noon + timedelta(days=1))
        assert (kind, day) not in {(one.kind, one.on) for one in after}, kind


@pytest.mark.parametrize(
    ("state", "kind"),
    [("agreement_review", "agreement"), ("trial", "trial"), ("suspended", "decision"), ("ended", "outcome")],
)
def test_the_deadline_of_a_state_is_named_by_what_ends_on_it(
    partners: Partners, state: str, kind: str
) -> None:
    partners.bring(state)
    deadline = partners.case.deadline_at
    assert deadline is not None
    found = desk.deadlines(partners.session, partners.coordinator, deadline - timedelta(hours=12))
    assert (kind, calendar.tokyo_date(deadline)) in {(one.kind, one.on) for one in found}
    (first, *_rest) = turns.steps(partners.session, partners.case, partners.at)
    assert listed(partners).due == first.until
