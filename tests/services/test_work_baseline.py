"""An indicator that begins without a baseline: asked for, measured, accepted, and kept through amendments."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from matcher.agreements import indicators, plans
from matcher.cases import documents, turns
from matcher.ground import calendar
from matcher.ground.errors import Invalid, Refused
from matcher.records import AuditEvent
from matcher.results import drafted, esg, outcome_reports, publication
from matcher.work import measurements
from tests import told as tell
from webapp import ical

DAY = timedelta(days=1)


@pytest.fixture
def unmeasured(partners):
    """A running case whose one indicator has no baseline; it is to be measured on the second day."""
    agreed(partners)
    partners.start()
    return partners


def agreed(partners, **facts):
    partners.introduce()
    partners.meet()
    partners.write_plan({"baseline": None, "baseline_on": (partners.starts_on + DAY).isoformat(), **facts})
    partners.draft_agreement()
    partners.sign()
    partners.confirm()


def day(partners):
    return partners.starts_on + DAY


def kinds(partners):
    found = turns.steps(partners.session, partners.case, partners.at)
    return [(step.side, step.kind) for step in found if step.kind.startswith(("measure", "review"))]


def test_a_missing_baseline_is_a_thing_to_measure_until_it_is_accepted(unmeasured):
    indicator = unmeasured.only_indicator()
    assert kinds(unmeasured) == [("npo", "measure_baseline")]
    unmeasured.later(days=1)
    found = unmeasured.measure(indicator, 22.0, day(unmeasured), accept=False)
    assert kinds(unmeasured) == [("city", "review_measurement")]
    assert indicator.baseline is None, "nobody has looked at it yet"
    unmeasured.review(found)
    assert indicator.baseline == 22.0
    assert kinds(unmeasured) == []


def test_an_accepted_baseline_stands_in_the_audit_record(unmeasured, session):
    unmeasured.later(days=1)
    found = unmeasured.measure(unmeasured.only_indicator(), 22.0, day(unmeasured))
    event = session.scalars(select(AuditEvent).where(AuditEvent.action == "set_baseline")).one()
    assert event.details == {"measurement": found.public_id, "indicator": "I1"}


def test_a_baseline_that_was_sent_back_is_asked_for_again(unmeasured):
    unmeasured.later(days=1)
    found = unmeasured.measure(unmeasured.only_indicator(), 22.0, day(unmeasured), accept=False)
    unmeasured.review(found, accepted=False)
    assert unmeasured.only_indicator().baseline is None
    assert kinds(unmeasured) == [("npo", "measure_baseline")]


def test_a_corrected_baseline_takes_the_place_of_the_first(unmeasured):
    unmeasured.later(days=1)
    unmeasured.measure(unmeasured.only_indicator(), 22.0, day(unmeasured))
    unmeasured.measure(unmeasured.only_indicator(), 24.0, day(unmeasured))
    assert unmeasured.only_indicator().baseline == 24.0


def test_a_baseline_can_be_measured_before_the_partnership_begins(partners, session):
    agreed(partners, baseline_on=partners.today.isoformat())
    assert kinds(partners) == [("npo", "measure_baseline")]
    indicator = partners.only_indicator()
    assert indicators.measuring_days(session, partners.case, indicator) == [partners.today]
    partners.measure(indicator, 21.0, partners.today)
    assert indicator.baseline == 21.0


def test_a_result_cannot_be_handed_in_before_the_partnership_begins(partners):
    agreed(partners, baseline_on=partners.today.isoformat(), measure_on=[partners.today.isoformat()])
    indicator = partners.only_indicator()
    indicator.baseline_on = None
    with pytest.raises(Invalid, match="not_in_plan"):
        partners.measure(indicator, 21.0, partners.today)


def test_a_baseline_that_the_plan_gives_is_not_measured(partners):
    agreed(partners, baseline=20.0)
    partners.start()
    partners.later(days=1)
    assert kinds(partners) == []
    with pytest.raises(Invalid, match="not_in_plan"):
        partners.measure(partners.only_indicator(), 22.0, day(partners))
    assert partners.only_indicator().baseline == 20.0


def test_a_given_baseline_is_not_overwritten_by_a_result_of_the_same_day(partners):
    on = (partners.starts_on + DAY).isoformat()
    agreed(partners, baseline=20.0, measure_on=[on])
    partners.start()
    partners.later(days=1)
    partners.measure(partners.only_indicator(), 22.0, day(partners))
    assert partners.only_indicator().baseline == 20.0


def test_an_amended_plan_keeps_the_measured_baseline(unmeasured, session):
    unmeasured.later(days=1)
    unmeasured.measure(unmeasured.only_indicator(), 22.0, day(unmeasured))
    [row] = plans.content(session, unmeasured.case)["indicators"]
    plans.save_indicator(
        session, unmeasured.npo_actor, unmeasured.case, "I1", {**row, "target": 40.0}, unmeasured.at,
        version=None, why_changed=unmeasured.why,
    )  # fmt: skip
    unmeasured.accept("plan")
    unmeasured.accept("plan", unmeasured.coordinator)
    assert documents.find_agreed(session, unmeasured.case, "plan").number == 2
    assert (unmeasured.only_indicator().target, unmeasured.only_indicator().baseline) == (40.0, 22.0)


def test_a_baseline_alone_is_no_result(unmeasured, session):
    unmeasured.later(days=1)
    unmeasured.measure(unmeasured.only_indicator(), 22.0, day(unmeasured))
    assert outcome_reports.unmeasured(session, unmeasured.case) == ["週に来る子どもの数"]
    assert [row.source for row in drafted.compose(session, unmeasured.case)] == ["document"]
    first, last = unmeasured.today, unmeasured.ends_on
    assert esg.evidence(session, unmeasured.company.id, first, last) == []
    [row] = publication.compose(session, unmeasured.case, "", "", ["indicators"])["indicators"]
    assert (row["baseline"], row["points"]) == (22.0, [])


def test_a_paid_indicator_needs_evidence_for_its_baseline_too(unmeasured, session):
    unmeasured.later(days=1)
    indicator = unmeasured.only_indicator()
    indicator.linked_to_payment = True
    value = measurements.Value(day(unmeasured), 22.0)
    with pytest.raises(Invalid, match="evidence"):
        measurements.submit_measurement(
            session, unmeasured.npo_actor, unmeasured.case, indicator, value, unmeasured.at
        )


def test_nobody_accepts_a_baseline_of_their_own(unmeasured, session):
    unmeasured.later(days=1)
    value = measurements.Value(day(unmeasured), 22.0)
    found = measurements.submit_measurement(
        session, unmeasured.coordinator, unmeasured.case, unmeasured.only_indicator(), value, unmeasured.at
    )
    session.refresh(found, ["indicator"])
    with pytest.raises(Refused, match="own_measurement"):
        unmeasured.review(found)


def test_the_day_of_a_baseline_is_reminded_of_also_before_the_beginning(partners, session):
    agreed(partners)
    assert measurements.remind_measurements(session, partners.at) == 1
    assert measurements.remind_measurements(session, partners.at) == 0, "once"
    told = tell.notices(session, "基準値を測る日")
    assert [one.row.user_id for one in told] == [partners.npo_user.id], "who measures it, nobody else"


def test_the_day_of_a_baseline_stands_in_the_calendar_until_it_is_measured(unmeasured, session):
    def calendar_text():
        return ical.of_case(session, unmeasured.case, "https://x.example", unmeasured.at).decode()

    unmeasured.later(days=1)
    assert f"baseline-{unmeasured.only_indicator().public_id}" in calendar_text()
    unmeasured.measure(unmeasured.only_indicator(), 22.0, day(unmeasured))
    assert calendar.tokyo_date(unmeasured.at) == day(unmeasured)
    assert "baseline-" not in calendar_text()


def test_a_result_is_not_asked_for_before_the_partnership_begins(partners, session):
    agreed(partners, baseline=20.0, measure_on=[partners.starts_on.isoformat()])
    assert kinds(partners) == []
    assert measurements.remind_measurements(session, partners.at) == 0
    partners.start()
    assert kinds(partners) == [("npo", "measure")]
