"""What an agreement may say: rules that can be calculated, money that the right person confirms, periods
without gaps.
"""

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.orm import Session

from matcher.agreements import periods
from matcher.cases import documents, trials, turns
from matcher.ground import calendar
from matcher.ground.errors import Invalid, Refused
from matcher.work import payments, reports
from matcher.work import reads as work_reads
from tests.conftest import NOW
from tests.partners import Partners


@pytest.fixture
def partners(session: Session, tmp_path: Path) -> Partners:
    found = Partners(session, NOW, tmp_path)
    found.introduce()
    found.meet()
    found.write_plan({"linked_to_payment": True})
    return found


@pytest.mark.parametrize(
    ("field", "code", "changes"),
    [
        ("points", "points_needed", {"points": []}),
        ("points", "points_needed", {"points": [[30, -5000]]}),
        ("points", "falling_amount", {"shape": "table", "points": [[10, 300], [20, 200]]}),
        ("cap_yen", "positive", {"cap_yen": 0}),
        ("floor_yen", "above_cap", {"floor_yen": 300_001}),
        ("fiscal_year", "before_measurement", {"fiscal_year": 2001}),
    ],
)
def test_a_rule_that_cannot_be_calculated_is_not_written(
    partners: Partners, field: str, code: str, changes: dict[str, Any]
) -> None:
    rule = {**partners.outcome()["rules"][0], **changes}
    with pytest.raises(Invalid) as refused:
        partners.draft_agreement(type="outcome_linked", outcome=partners.outcome(rule))
    assert refused.value.facts[field] == code


@pytest.mark.parametrize(
    ("field", "code", "changes"),
    [
        ("fixed", "positive", {"fixed": {"2026": -400_000}}),
        ("year_limits", "over_year_limit", {"year_limits": {"2030": -1}}),
        ("provider", "required", {"provider": ""}),
        ("evaluator", "required", {"evaluator": ""}),
        ("evaluator", "evaluator_is_provider", {"evaluator": "npo"}),
    ],
)
def test_a_contract_names_its_parties_and_no_negative_amounts(
    partners: Partners, field: str, code: str, changes: dict[str, Any]
) -> None:
    with pytest.raises(Invalid) as refused:
        partners.draft_agreement(type="outcome_linked", outcome=partners.outcome(**changes))
    assert refused.value.facts[field] == code


def test_what_a_contract_may_pay_counts_as_public_money(partners: Partners) -> None:
    partners.draft_agreement(
        type="outcome_linked", outcome=partners.outcome(budget_cap_yen=1_000_001), money_city_yen=0
    )
    partners.sign()
    with pytest.raises(Refused, match="manager_needed"):
        partners.confirm(by=partners.coordinator)
    partners.confirm(by=partners.manager)


def test_a_contract_within_the_coordinators_limit_is_hers_to_confirm(partners: Partners) -> None:
    partners.draft_agreement(
        type="outcome_linked", outcome=partners.outcome(budget_cap_yen=1_000_000), money_city_yen=0
    )
    partners.sign()
    partners.confirm(by=partners.coordinator)
    assert partners.case.state == "agreed"


def test_a_fixed_part_that_was_calculated_stays_in_the_contract(partners: Partners) -> None:
    year = 2026
    partners.draft_agreement(type="outcome_linked", outcome=partners.outcome(fixed={str(year): 100_000}))
    partners.sign()
    partners.confirm()
    partners.start()
    payments.calculate_fixed(partners.session, partners.coordinator, partners.case, year, partners.at)
    for changes in (
        {"type": "memorandum", "outcome": None},
        {"type": "outcome_linked", "outcome": partners.outcome(fixed={str(year): 50_000})},
    ):
        with pytest.raises(Refused, match="rule_paid"):
            partners.draft_agreement(why_changed="形を変える", **changes)


def test_a_trial_that_nobody_accepted_is_laid_aside_by_the_agreement(partners: Partners) -> None:
    plan = trials.TrialPlan("確かめる", "届ける", partners.today, partners.today, 0, "けがのとき")
    trials.draft_trial(partners.session, partners.npo_actor, partners.case, plan, partners.at, version=None)
    partners.draft_agreement()
    assert documents.find_draft(partners.session, partners.case, "trial") is None
    steps = turns.steps(partners.session, partners.case, partners.at)
    assert "accept_trial" not in {step.kind for step in steps}


# ── Report periods ───────────────────────────────────────────────────────────────────────────────────


def reported_periods(partners: Partners) -> list[tuple[date, date]]:
    return [(row.period_from, row.period_to) for row in work_reads.reports(partners.session, partners.case)]


def run(partners: Partners) -> None:
    partners.days = 364
    partners.draft_agreement(frequency="quarterly")
    partners.sign()
    partners.confirm()
    partners.start()


def amend(partners: Partners, frequency: str) -> None:
    partners.draft_agreement(frequency=frequency, why_changed="報告の負担を減らす")
    partners.sign()
    partners.accept("agreement", partners.coordinator)


def test_fewer_reports_leave_no_day_unreported(partners: Partners) -> None:
    run(partners)
    first, last = partners.starts_on, partners.ends_on
    amend(partners, "half_yearly")
    half = calendar.add_months(first, 6)
    assert reported_periods(partners) == [(first, half - timedelta(days=1))]
    assert periods.report_periods(first, last, "half_yearly") == reported_periods(partners)


def test_a_report_that_was_begun_keeps_its_period_and_the_next_follows_it(partners: Partners) -> None:
    run(partners)
    first = partners.starts_on
    report = work_reads.reports(partners.session, partners.case)[0]
    reports.write_report(
        partners.session, partners.npo_actor, partners.case, report, {"text": "届いた"}, partners.at,
        submit=False, version=None,
    )  # fmt: skip
    amend(partners, "half_yearly")
    quarter, half = calendar.add_months(first, 3), calendar.add_months(first, 6)
    assert reported_periods(partners) == [
        (first, quarter - timedelta(days=1)), (quarter, half - timedelta(days=1)),
    ]  # fmt: skip
