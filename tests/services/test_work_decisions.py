"""What the city decides after the introduction is frozen with what it had before it (X2)."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from matcher.agreements import acts as agreement_acts
from matcher.agreements import course, plans
from matcher.cases import documents
from matcher.cases import reads as case_reads
from matcher.ground import calendar
from matcher.records import AuditEvent
from matcher.register import snapshots
from matcher.work import contributions, payments
from tests.partners import Partners
from webapp import decision_text

Do = Callable[[Partners], object]


def suspend(p: Partners, actor: Any) -> None:
    by = calendar.tokyo_date(p.at) + timedelta(days=20)
    course.suspend(p.session, actor, p.case, "disaster", "大雨のため。", by, p.at, version=None)


def resume(p: Partners, actor: Any) -> None:
    course.resume(p.session, actor, p.case, "続ける。", p.at, version=None)


def terminate(p: Partners, actor: Any) -> None:
    course.terminate(p.session, actor, p.case, "trust", "続けられない。", "会で伝える。", p.at, version=None)


def amend_plan(p: Partners) -> None:
    [row] = plans.content(p.session, p.case)["indicators"]
    plans.save_indicator(
        p.session,
        p.npo_actor,
        p.case,
        "I1",
        {**row, "target": 40.0},
        p.at,
        version=None,
        why_changed=p.why,
    )
    p.accept("plan")
    p.accept("plan", p.coordinator)


def amend_agreement(p: Partners) -> None:
    p.draft_agreement(why_changed="額を決めた。", money_company_yen=50_000)
    p.accept("agreement")
    p.accept("agreement", p.coordinator)


def return_(p: Partners) -> None:
    agreement_acts.return_(
        p.session, p.coordinator, p.case, "money", "額を書いてください。", p.at, version=None
    )


DECISIONS: list[tuple[str, str, Do, str]] = [
    ("agreement_review", "return_agreement", return_, "return_agreement"),
    ("running", "accept_plan", amend_plan, "accept_plan"),
    ("running", "accept_agreement", amend_agreement, "accept_agreement"),
    ("running", "accept_publication", lambda p: p.publish("purpose"), "accept_publication"),
    ("running", "suspend", lambda p: suspend(p, p.coordinator), "suspend"),
    ("suspended", "resume", lambda p: resume(p, p.coordinator), "resume"),
    ("running", "terminate", lambda p: terminate(p, p.coordinator), "terminate"),
]


@pytest.mark.parametrize(("state", "outcome", "do", "action"), DECISIONS, ids=[row[1] for row in DECISIONS])
def test_each_decision_of_the_city_is_frozen_and_named_in_the_audit_record(
    partners, session, state, outcome, do, action
):
    partners.bring(state)
    before = len(case_reads.decision_bundles(session, partners.case))
    do(partners)
    found = case_reads.decision_bundles(session, partners.case)
    assert len(found) == before + 1
    bundle = found[0]
    assert bundle.content["outcome"] == outcome
    assert bundle.decided_by_id == partners.coordinator.user_id
    assert bundle.sha256 == snapshots.sha256(bundle.content)
    assert outcome in decision_text.outcomes()
    event = session.scalars(
        select(AuditEvent).where(AuditEvent.action == action).order_by(AuditEvent.id.desc())
    ).first()
    assert event.details["bundle"] == bundle.public_id
    assert event.details.get("bundle_sha256", event.details["sha256"]) == bundle.sha256


@pytest.mark.parametrize(
    ("state", "do"), [("running", suspend), ("suspended", resume), ("running", terminate)]
)
def test_what_a_side_decides_is_not_the_citys_decision(partners, session, state, do):
    partners.bring(state)
    before = len(case_reads.decision_bundles(session, partners.case))
    do(partners, partners.npo_actor)
    assert len(case_reads.decision_bundles(session, partners.case)) == before


def test_an_amendment_is_frozen_as_it_was_before_it_came_into_force(partners, session):
    partners.bring("running")
    amend_plan(partners)
    content = case_reads.decision_bundles(session, partners.case)[0].content
    plan = documents.find_agreed(session, partners.case, "plan")
    assert content["in_force"]["plan"]["number"] == 1
    states = {(row["kind"], row["number"]): row["state"] for row in content["documents"]}
    assert (states["plan", 1], states["plan", 2]) == ("agreed", "draft")
    assert plan.number == 2


def test_a_payment_is_frozen_with_its_measurement_when_calculated_and_when_approved(partners, session):
    partners.contracted()
    partners.end()
    measured = partners.measure(partners.only_indicator(), 31.0, partners.ends_on)
    payments.calculate(session, partners.coordinator, partners.case, partners.rule(), partners.at)
    [found] = payments.all_of(session, partners.case)
    payments.approve(session, partners.manager, partners.case, found, partners.at, version=None)
    approved, calculated = case_reads.decision_bundles(session, partners.case)[:2]
    assert [row.content["outcome"] for row in (calculated, approved)] == [
        "calculate_payment", "approve_payment"
    ]  # fmt: skip
    for row in (calculated, approved):
        assert row.content["facts"]["yen"] == 300_000
        [kept] = row.content["measurements"]
        assert (kept["public_id"], kept["value"], kept["state"]) == (measured.public_id, 31.0, "accepted")
        assert kept["evidence_sha256"]
        [paid] = row.content["payments"]
        assert (paid["public_id"], paid["approved_at"]) == (found.public_id, None)


def test_the_ledger_is_frozen_as_sums_without_what_was_cancelled(partners, session):
    partners.bring("running")
    for number in range(3):
        gift = contributions.Gift("food", 5, "kg", partners.today, 1000, "market")
        entry = contributions.record_contribution(
            session, partners.company_actor, partners.case, gift, partners.at
        )
        if number == 0:
            contributions.cancel_contribution(
                session, partners.company_actor, partners.case, entry, "誤り", partners.at, version=None
            )
        if number == 1:
            contributions.confirm_contribution(
                session, partners.npo_actor, partners.case, entry, partners.at, version=None
            )
    suspend(partners, partners.coordinator)
    totals = case_reads.decision_bundles(session, partners.case)[0].content["totals"]
    assert [(row["state"], row["quantity"], row["yen"], row["times"]) for row in totals] == [
        ("confirmed", 5.0, 1000, 1), ("recorded", 5.0, 1000, 1)
    ]  # fmt: skip
