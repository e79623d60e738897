"""The days that a case and its trial span, on both sides of each end."""

from datetime import date, timedelta

import pytest

from matcher.cases import span, trials
from matcher.ground import calendar
from matcher.register.act import Look
from tests.partners import Partners

DAY = timedelta(days=1)


def look(partners: Partners) -> tuple[Look, date]:
    """The official before the running case three days after its first day, and that day."""
    partners.bring("running")
    partners.later(days=3)
    found = Look(partners.session, partners.coordinator, partners.case, partners.at)
    return found, calendar.tokyo_date(partners.at)


def test_what_happened_lies_between_the_introduction_and_today(partners: Partners) -> None:
    first = calendar.tokyo_date(partners.at)
    found, today = look(partners)
    days = {first - DAY: "before_case", first: None, today: None, today + DAY: "in_future"}
    assert {day: span.fault_of_past(found, day) for day in days} == days


def test_what_is_planned_lies_between_today_and_a_year_after_the_last_day(partners: Partners) -> None:
    found, today = look(partners)
    last = partners.ends_on + 366 * DAY
    days = {today - DAY: "over_already", today: None, last: None, last + DAY: "beyond_case"}
    assert {day: span.fault_of_plan(found, day) for day in days} == days


def test_a_plan_may_speak_of_days_that_have_passed(partners: Partners) -> None:
    first = calendar.tokyo_date(partners.at)
    found, _today = look(partners)
    last = partners.ends_on + 366 * DAY
    days = {first - DAY: "before_case", first: None, last: None, last + DAY: "beyond_case"}
    assert {day: span.fault_within(found, [day.isoformat()]) for day in days} == days


@pytest.mark.parametrize(
    ("last", "wrong"), [(date(2027, 2, 28), {}), (date(2027, 3, 1), {"to_on": "trial_too_long"})]
)
def test_a_trial_lasts_until_the_last_day_of_its_third_month(last: date, wrong: dict[str, str]) -> None:
    plan = trials.TrialPlan("確かめる", "届ける", date(2026, 12, 1), last, 0, "けがのとき")
    assert plan.faults() == wrong
