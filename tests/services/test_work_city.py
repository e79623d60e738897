"""What the city hears of a case, what its steps are, and what happens when a day passes.

The official in charge and who stands in hear of what concerns the city; where nobody is in charge, the desk.
"""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import delete, select, update

from matcher.agreements import carryover, course, plans
from matcher.cases import answering, beginning, deciding, documents, talks, trials, turns
from matcher.cases import reads as case_reads
from matcher.desk import handovers
from matcher.ground import calendar, day_words
from matcher.ground.errors import Invalid, MovedOn, NotFound, Refused
from matcher.organizations import acts as organization_acts
from matcher.records import AuditEvent, Handover, Notice, Partnership, User
from matcher.register import officials
from matcher.results import outcome_reports, renewal
from matcher.work import measurements, payments, risks
from tests import factories
from tests import told as tell
from tests.partners import Partners

DAY = timedelta(days=1)


def told(p: Partners, word: str) -> set[str]:
    """Who has a notice whose subject holds ``word``: names of actors of ``p``."""
    ids = {one.row.user_id for one in tell.notices(p.session, word)}
    names = ("company_actor", "npo_actor", "coordinator", "colleague", "manager")
    return {name for name in names if getattr(p, name).user_id in ids}


def set_deputy(p: Partners, deputy: str = "colleague") -> None:
    """Somebody stands in for the official in charge."""
    p.session.execute(update(Partnership).values(deputy_id=getattr(p, deputy).user_id))
    p.session.refresh(p.case, ["deputy_id"])


def leave(p: Partners, *names: str) -> None:
    """These people no longer serve."""
    ids = [getattr(p, name).user_id for name in names]
    p.session.execute(update(User).where(User.id.in_(ids)).values(status="deactivated"))


def say(p: Partners, actor: str = "npo_actor") -> None:
    """A message."""
    answering.send_message(p.session, getattr(p, actor), p.case, "日程を変えたいです。", p.at)


def city_steps(p: Partners) -> list[tuple[str, str]]:
    """(kind, about) of what the city has to do."""
    steps = turns.own(turns.steps(p.session, p.case, p.at), "city")
    return [(step.kind, step.about) for step in steps]


# ── Who hears (L12, K16) ─────────────────────────────────────────────────────────────────────────────


def test_a_message_reaches_the_official_in_charge_and_who_stands_in(partners):
    partners.bring("negotiation")
    set_deputy(partners)
    say(partners)
    assert told(partners, "連絡") == {"company_actor", "coordinator", "colleague"}


def test_a_message_of_the_official_reaches_who_stands_in_but_not_themselves(partners):
    partners.bring("negotiation")
    set_deputy(partners)
    say(partners, "coordinator")
    assert told(partners, "連絡") == {"company_actor", "npo_actor", "colleague"}


@pytest.mark.parametrize("gone", [("coordinator",), ("coordinator", "colleague")])
def test_a_message_reaches_the_desk_where_nobody_is_in_charge_any_more(partners, gone):
    partners.bring("negotiation")
    set_deputy(partners)
    leave(partners, *gone)
    say(partners)
    assert "coordinator" not in told(partners, "連絡")
    assert ("manager" in told(partners, "連絡")) == (gone == ("coordinator", "colleague"))


def test_two_who_have_not_agreed_talk_among_themselves(partners):
    partners.case = beginning.propose(
        partners.session,
        partners.company_actor,
        beginning.between(partners.company, partners.npo),
        beginning.Terms("food"),
        "ぜひ。",
        partners.at,
    )
    say(partners)
    assert told(partners, "連絡") == {"company_actor"}


@pytest.mark.parametrize(("side", "hears"), [("city", True), ("npo", False), ("both", False)])
def test_a_promise_of_the_city_is_told_to_the_city(partners, side, hears):
    partners.bring("negotiation")
    talks.add_task(partners.session, partners.npo_actor, partners.case, "会場を取る", side, None, partners.at)
    assert ("coordinator" in told(partners, "約束が加わりました")) is hears


@pytest.mark.parametrize(("facts", "hears"), [({}, False), ({"next_step": "場所を決める"}, True)])
def test_the_next_step_of_a_meeting_is_told_to_the_city(partners, facts, hears):
    partners.bring("negotiation")
    meeting = talks.Meeting(partners.today, "佐藤", "話した。", **facts)
    talks.record_meeting(partners.session, partners.npo_actor, partners.case, meeting, partners.at)
    assert told(partners, "面談で次に") == ({"coordinator"} if hears else set())


def test_the_day_of_the_next_meeting_is_told_to_the_city(partners, session):
    partners.bring("negotiation")
    meeting = talks.Meeting(partners.today, "佐藤", "話した。", next_at=partners.at + 3 * DAY)
    talks.record_meeting(session, partners.npo_actor, partners.case, meeting, partners.at)
    ((_row, _subject, body),) = tell.notices(session, "面談で次に")
    assert "次の面談：11月27日" in body


# ── Payment as steps of the city (E8) ────────────────────────────────────────────────────────────────


def measured(p: Partners, **contract: Any) -> None:
    """A contract whose value is accepted."""
    p.contracted(**contract)
    p.end()
    p.measure(p.only_indicator(), 31.0, p.ends_on)


def test_the_amount_is_calculated_approved_and_paid_step_by_step(partners, session):
    partners.contracted()
    assert city_steps(partners) == []
    partners.end()
    assert city_steps(partners) == []
    partners.measure(partners.only_indicator(), 31.0, partners.ends_on)
    name = partners.only_indicator().name
    assert city_steps(partners) == [("calculate", name)]
    found = payments.calculate(session, partners.coordinator, partners.case, partners.rule(), partners.at)
    assert city_steps(partners) == [("approve_payment", name)]
    payments.approve(session, partners.manager, partners.case, found, partners.at, version=None)
    assert city_steps(partners) == [("record_paid", name)]
    day = calendar.tokyo_date(partners.at)
    payments.record_paid(session, partners.coordinator, partners.case, found, day, partners.at, version=None)
    assert city_steps(partners) == []


def test_a_value_that_is_missing_is_no_step_of_calculation(partners):
    partners.contracted()
    partners.end()
    partners.measure(partners.only_indicator(), None, partners.ends_on, missing_reason="雪")
    assert city_steps(partners) == []


def test_an_amount_of_nothing_is_approved_but_not_paid(partners, session):
    partners.contracted()
    partners.end()
    partners.measure(partners.only_indicator(), 1.0, partners.ends_on)
    found = payments.calculate(session, partners.coordinator, partners.case, partners.rule(), partners.at)
    assert found.amount_yen == 0
    assert [kind for kind, _about in city_steps(partners)] == ["approve_payment"]
    payments.approve(session, partners.manager, partners.case, found, partners.at, version=None)
    assert city_steps(partners) == []
    assert payments.unsettled(session, partners.case) is None


def test_a_fixed_part_is_due_in_its_fiscal_year_and_late_after_it(partners, session):
    this_year = calendar.fiscal_year(partners.at)
    partners.days = 300
    partners.contracted(fixed={str(this_year): 100_000, str(this_year + 1): 50_000})
    assert city_steps(partners) == [("calculate_fixed", f"{day_words.nendo(this_year)}の固定部分")]
    (step,) = turns.own(turns.steps(session, partners.case, partners.at), "city")
    assert (step.until, step.is_late, step.item) == (date(this_year + 1, 3, 31), False, str(this_year))
    partners.later(days=150)
    steps = turns.own(turns.steps(session, partners.case, partners.at), "city")
    assert [(step.item, step.is_late) for step in steps] == [
        (str(this_year), True), (str(this_year + 1), False),
    ]  # fmt: skip
    payments.calculate_fixed(session, partners.coordinator, partners.case, this_year, partners.at)
    assert [kind for kind, _about in city_steps(partners)] == ["approve_payment", "calculate_fixed"]


def test_the_named_amount_replaces_the_general_word_before_closing(partners, session):
    measured(partners)
    partners.report()
    partners.evaluate()
    assert [kind for kind, _about in city_steps(partners)] == ["calculate"]


def test_who_calculated_an_amount_is_not_asked_to_approve_it(partners, session):
    measured(partners)
    payments.calculate(session, partners.manager, partners.case, partners.rule(), partners.at)
    assert told(partners, "支払いの承認待ち") == set()
    steps = turns.steps(session, partners.case, partners.at)
    (step,) = (one for one in steps if one.kind == "approve_payment")
    assert not payments.is_for(session, step, partners.manager, partners.case)
    another = factories.actor_for(factories.make_coordinator(session, role="manager"))
    assert payments.is_for(session, step, another, partners.case)


def test_an_amount_that_a_coordinator_calculated_is_told_to_the_managers(partners, session):
    measured(partners)
    payments.calculate(session, partners.coordinator, partners.case, partners.rule(), partners.at)
    assert told(partners, "支払いの承認待ち") == {"manager"}


# ── Who checks a value (E8) ──────────────────────────────────────────────────────────────────────────


def submitted(p: Partners, by: str = "npo_actor", **contract: Any) -> Any:
    """A value waits: handed in by ``by`` under this contract."""
    p.contracted(**contract)
    p.end()
    day, evidence = p.ends_on, p.file(by=getattr(p, by))
    value = measurements.Value(day, 31.0, evidence=evidence)
    return measurements.submit_measurement(p.session, getattr(p, by), p.case, p.only_indicator(), value, p.at)


def who_reviews(p: Partners) -> set[str]:
    """Whose step it is to check the value."""
    return {step.side for step in turns.steps(p.session, p.case, p.at) if step.kind == "review_measurement"}


@pytest.mark.parametrize(
    ("contract", "by", "side"),
    [
        ({"provider": "npo", "evaluator": "city"}, "npo_actor", "city"),
        ({"provider": "npo", "evaluator": "company"}, "npo_actor", "company"),
        ({"provider": "company", "evaluator": "npo"}, "npo_actor", "city"),
        ({"provider": "company", "evaluator": "npo"}, "coordinator", "npo"),
    ],
)
def test_the_evaluator_of_the_contract_checks_what_others_have_measured(partners, contract, by, side):
    submitted(partners, by, **contract)
    assert who_reviews(partners) == {side}


def test_the_city_checks_what_a_company_has_measured_that_evaluates_itself(partners):
    partners.contracted(evaluator="company")
    row = partners.only_indicator()
    row.measurer = "company"
    partners.end()
    value = measurements.Value(partners.ends_on, 31.0, evidence=partners.file(by=partners.company_actor))
    measurements.submit_measurement(
        partners.session, partners.company_actor, partners.case, row, value, partners.at
    )
    assert who_reviews(partners) == {"city"}


def test_the_evaluator_is_asked_and_the_others_hear_who_checks(partners):
    submitted(partners, evaluator="company")
    assert told(partners, "測定の結果が届きました") == {"company_actor"}
    assert told(partners, "測定の結果が提出されました") == {"coordinator"}


def test_where_the_city_checks_the_desk_is_asked_and_the_partner_hears_of_it(partners):
    submitted(partners)
    assert told(partners, "測定の結果が届きました") == {"coordinator", "colleague", "manager"}
    assert told(partners, "測定の結果が提出されました") == {"company_actor"}


def test_an_indicator_that_pays_nothing_is_checked_by_the_city(partners):
    partners.contracted(evaluator="company")
    row = partners.only_indicator()
    row.linked_to_payment = False
    partners.end()
    measurements.submit_measurement(
        partners.session, partners.npo_actor, partners.case, row, measurements.Value(partners.ends_on, 31.0),
        partners.at,
    )  # fmt: skip
    assert who_reviews(partners) == {"city"}


@pytest.mark.parametrize(
    ("evaluator", "may"),
    [("company", {"company_actor", "coordinator"}), ("city", {"coordinator"})],
)
def test_who_is_shown_the_review_is_who_may_review(partners, session, evaluator, may):
    found = submitted(partners, evaluator=evaluator)
    session.refresh(found, ["indicator"])
    for name in ("company_actor", "npo_actor", "coordinator"):
        shown = found.id in measurements.reviewable(
            session, getattr(partners, name), partners.case, partners.at
        )
        assert shown is (name in may), name
    partners.review(found, by=getattr(partners, min(may)))
    assert measurements.reviewable(session, partners.coordinator, partners.case, partners.at) == frozenset()


def test_a_city_that_provides_is_shown_no_review(partners, session):
    found = submitted(partners, provider="city", evaluator="company")
    session.expire(found)  # as a page finds it
    assert measurements.reviewable(session, partners.coordinator, partners.case, partners.at) == frozenset()
    assert measurements.reviewable(session, partners.company_actor, partners.case, partners.at) == {found.id}


def test_nobody_is_shown_the_review_of_their_own_value(partners, session):
    submitted(partners, "coordinator", evaluator="city")
    assert measurements.reviewable(session, partners.coordinator, partners.case, partners.at) == frozenset()
    assert measurements.reviewable(session, partners.colleague, partners.case, partners.at) != frozenset()


# ── When a day passes (L9, X8) ───────────────────────────────────────────────────────────────────────

#: state → (days after its beginning on which its date falls, days before it at which all hear of it)
DATED = {"trial": (30, 7), "suspended": (30, 3), "ended": (30, 3), "terminated": (30, 3), "reported": (30, 3)}


def begun(p: Partners, state: str) -> None:
    """A case in a state that has a date; what was told before is forgotten."""
    p.bring(state)
    p.session.execute(delete(Notice))
    assert p.case.deadline_at == calendar.deadline(p.at, DATED[state][0])


@pytest.mark.parametrize("state", DATED)
def test_all_three_hear_of_a_date_once_before_and_once_after(partners, session, state):
    begun(partners, state)
    days, before = DATED[state]
    assert talks.remind_dates(session, partners.later(days=days - before - 1)) == 0
    for _again in range(2):
        partners.later(days=1)
        talks.remind_dates(session, partners.at)
        assert told(partners, "") == {"company_actor", "npo_actor", "coordinator"}
        assert len(session.scalars(select(Notice)).all()) == 3
    session.execute(delete(Notice))
    assert talks.remind_dates(session, partners.later(days=before - 1)) == 0
    assert talks.remind_dates(session, partners.later(days=1)) == 1
    assert told(partners, "過ぎ") == {"company_actor", "npo_actor", "coordinator"}
    assert talks.remind_dates(session, partners.later(days=30)) == 0


@pytest.mark.parametrize("state", DATED)
def test_a_clock_that_stood_still_tells_only_that_the_day_has_passed(partners, session, state):
    begun(partners, state)
    partners.later(days=40)
    assert [talks.remind_dates(session, partners.at) for _round in range(2)] == [1, 0]
    assert "過ぎ" in tell.notices(session)[0].subject


def test_who_was_reminded_does_not_hold_up_the_next(partners, session):
    begun(partners, "trial")
    partners.need = factories.make_need(session, partners.npo)
    partners.bring("trial")
    partners.later(days=25)
    assert [talks.remind_dates(session, partners.at, 1) for _round in range(3)] == [1, 1, 0]


def test_a_case_that_has_gone_on_is_not_reminded(partners, session):
    begun(partners, "suspended")
    course.resume(session, partners.npo_actor, partners.case, "続ける。", partners.at, version=None)
    assert talks.remind_dates(session, partners.later(days=40)) == 0


@pytest.mark.parametrize(("state", "kind"), [("ended", "measurements_open"), ("reported", "rate")])
def test_a_step_whose_day_has_passed_is_late(partners, session, state, kind):
    begun(partners, state)
    partners.later(days=30)
    assert {
        step.is_late for step in turns.steps(session, partners.case, partners.at) if step.kind == kind
    } == {False}
    partners.later(days=1)
    assert {
        step.is_late for step in turns.steps(session, partners.case, partners.at) if step.kind == kind
    } == {True}


def test_a_pause_does_not_outlast_its_agreement(partners, session):
    begun(partners, "suspended")
    assert course.end_due(session, partners.later(days=100)) == 0
    assert course.end_due(session, partners.later(days=1)) == 1
    assert (partners.case.state, partners.case.decide_by) == ("ended", None)
    assert partners.case.deadline_at == calendar.deadline(partners.at, 30)
    assert told(partners, "中断したまま") == {
        "company_actor",
        "npo_actor",
        "coordinator",
        "colleague",
        "manager",
    }
    assert course.end_due(session, partners.at) == 0


# ── A party that the city has stopped (L8) ───────────────────────────────────────────────────────────


def stop(p: Partners, which: str = "company") -> None:
    """The manager suspends an organization."""
    organization = p.company if which == "company" else p.npo
    organization_acts.suspend(p.session, p.manager, organization, "trust", "調べるため。", p.at, version=None)


@pytest.mark.parametrize(("which", "partner"), [("company", "npo_actor"), ("npo", "company_actor")])
def test_partners_and_officials_hear_that_a_party_was_stopped_and_goes_on(partners, session, which, partner):
    partners.bring("running")
    set_deputy(partners)
    stop(partners, which)
    assert told(partners, "案件の相手方のご利用が停止") == {partner, "coordinator", "colleague"}
    bodies = [one.body for one in tell.notices(session, "案件の相手方")]
    assert not any("調べるため" in body for body in bodies)
    organization = partners.company if which == "company" else partners.npo
    organization_acts.reinstate(
        session, partners.manager, organization, "trust", "済んだ。", partners.at, version=None
    )
    assert told(partners, "案件の相手方のご利用が再開") == {partner, "coordinator", "colleague"}


def test_cases_that_are_over_are_not_told_of(partners):
    partners.bring("closed")
    stop(partners)
    assert told(partners, "案件の相手方") == set()


def test_no_trial_begins_with_a_party_that_was_stopped(partners, session):
    partners.bring("negotiation")
    plan = trials.TrialPlan("確かめる", "届ける", partners.today, partners.today + 9 * DAY, 1000, "けが")
    trials.draft_trial(session, partners.npo_actor, partners.case, plan, partners.at, version=None)
    partners.accept("trial", partners.npo_actor)
    stop(partners, "npo")
    with pytest.raises(Refused, match="not_verified"):
        partners.accept("trial", partners.company_actor)
    assert partners.case.state == "negotiation"


@pytest.mark.parametrize("which", ["company", "npo"])
def test_nothing_is_approved_or_paid_while_a_party_is_stopped(partners, session, which):
    measured(partners)
    payments.calculate(session, partners.coordinator, partners.case, partners.rule(), partners.at)
    (found,) = payments.all_of(session, partners.case)
    stop(partners, which)
    with pytest.raises(Refused, match="not_verified"):
        payments.approve(session, partners.manager, partners.case, found, partners.at, version=None)
    organization = partners.company if which == "company" else partners.npo
    organization_acts.reinstate(
        session, partners.manager, organization, "trust", "済んだ。", partners.at, version=None
    )
    payments.approve(session, partners.manager, partners.case, found, partners.at, version=None)
    stop(partners, which)
    day = calendar.tokyo_date(partners.at)
    with pytest.raises(Refused, match="not_verified"):
        payments.record_paid(
            session, partners.coordinator, partners.case, found, day, partners.at, version=None
        )


# ── Handover (X16) ───────────────────────────────────────────────────────────────────────────────────


def hand_over(p: Partners, *, days: int = 5, note: str = "資料は棚") -> Handover:
    """The official in charge hands the case to a colleague; the manager stands in."""
    users = {user.id: user for user in officials.active_staff(p.session)}
    return handovers.plan(
        p.session, p.coordinator, users[p.coordinator.user_id], users[p.colleague.user_id], [p.case],
        calendar.tokyo_date(p.at) + days * DAY, p.at, deputy=users[p.manager.user_id], note=note,
    )  # fmt: skip


def test_successor_and_stand_in_hear_how_many_cases_and_what_was_written_down(partners, session):
    partners.bring("running")
    hand_over(partners)
    assert told(partners, "1件") == set()
    handovers.run_due(session, partners.later(days=5))
    assert told(partners, "案件1件を引き継ぎました") == {"colleague"}
    assert told(partners, "案件1件の代理になりました") == {"manager"}
    bodies = [one.body for one in tell.notices(session, "1件")]
    assert all("資料は棚" in body and partners.case.number in body for body in bodies)


def test_nothing_changes_hands_to_a_successor_who_does_not_serve_and_the_desk_hears_once(partners, session):
    partners.bring("running")
    found = hand_over(partners)
    leave(partners, "colleague")
    partners.later(days=5)
    assert [handovers.run_due(session, partners.at) for _round in range(3)] == [1, 0, 0]
    assert told(partners, "引き継ぎができませんでした") == {"coordinator", "manager"}
    session.refresh(partners.case, ["coordinator_id"])
    assert partners.case.coordinator_id == partners.coordinator.user_id
    (row,) = handovers.planned(session)
    session.refresh(row.to_user)
    assert (found.done_at, handovers.is_blocked(row, partners.at)) == (None, True)
    session.execute(update(User).values(status="active"))
    assert handovers.run_due(session, partners.later(days=1)) == 1
    session.refresh(partners.case, ["coordinator_id"])
    assert partners.case.coordinator_id == partners.colleague.user_id


def test_a_blocked_handover_does_not_hold_up_the_next(partners, session):
    partners.bring("running")
    hand_over(partners, days=4)
    leave(partners, "colleague")
    session.expire_all()
    users = {user.id: user for user in officials.active_staff(session)}
    case = case_reads.get_case(session, partners.coordinator, partners.case.public_id)
    handovers.plan(
        session, partners.manager, users[partners.coordinator.user_id], users[partners.manager.user_id], [case],
        calendar.tokyo_date(partners.at) + 5 * DAY, partners.at,
    )  # fmt: skip
    partners.later(days=5)
    assert [handovers.run_due(session, partners.at, 1) for _round in range(2)] == [2, 0]


def test_a_stand_in_who_has_left_is_dropped_and_the_successor_hears_of_it(partners, session):
    partners.bring("running")
    hand_over(partners)
    leave(partners, "manager")
    session.expire_all()
    assert handovers.run_due(session, partners.later(days=5)) == 1
    case = session.scalars(select(Partnership)).one()
    assert (case.coordinator_id, case.deputy_id) == (partners.colleague.user_id, None)
    ((_row, _subject, body),) = tell.notices(session, "引き継ぎました")
    assert "予定していた人は、いま担当できません" in body


def test_notes_on_cases_are_those_that_were_not_cancelled(partners, session):
    partners.bring("running")
    hand_over(partners, days=4, note="")
    kept, cancelled = hand_over(partners, days=5), hand_over(partners, days=6, note="古い")
    handovers.cancel(session, partners.coordinator, cancelled, partners.at)
    assert handovers.notes_on(session, [partners.case]) == [kept]
    assert handovers.notes_on(session, []) == []


# ── Risks are looked at again (L14) ──────────────────────────────────────────────────────────────────


def risk(p: Partners, *, in_days: int | None = 10, side: str = "npo") -> Any:
    """A risk that is to be looked at again."""
    day = None if in_days is None else calendar.tokyo_date(p.at) + in_days * DAY
    facts = risks.RiskFacts("雪で届かない", 2, 2, "前日に決める", side, day)
    return risks.add_risk(p.session, p.npo_actor, p.case, facts, p.at)


def look_again(
    p: Partners, found: Any, *, by: str = "npo_actor", version: int | None = None, **changes: Any
) -> None:
    """Weigh a risk anew."""
    facts = risks.RiskFacts(
        found.text, changes.get("likelihood", 1), changes.get("impact", 3),
        changes.get("mitigation", "倉庫に置く"), changes.get("side", "city"),
        changes.get("review_on", calendar.tokyo_date(p.at) + 30 * DAY),
    )  # fmt: skip
    risks.change_risk(p.session, getattr(p, by), p.case, found, facts, p.at, version=version)


def risk_steps(p: Partners) -> list[tuple[str, bool]]:
    """(side, late) of the risks to look at."""
    steps = turns.steps(p.session, p.case, p.at)
    return [(step.side, step.is_late) for step in steps if step.kind == "review_risk"]


@pytest.mark.parametrize(
    ("side", "sides"), [("npo", ["npo"]), ("city", ["city"]), ("both", ["company", "npo"])]
)
@pytest.mark.parametrize("state", ["negotiation", "running"])
def test_a_risk_is_looked_at_again_by_the_side_that_is_prepared_for_it(partners, side, sides, state):
    partners.bring(state)
    risk(partners, side=side)
    partners.later(days=2)
    assert risk_steps(partners) == []
    partners.later(days=1)
    assert risk_steps(partners) == [(one, False) for one in sides]
    partners.later(days=8)
    assert risk_steps(partners) == [(one, True) for one in sides]


def test_a_risk_without_a_day_a_closed_risk_and_a_closed_case_ask_for_nothing(partners, session):
    partners.bring("running")
    risk(partners, in_days=None)
    closed = risk(partners, in_days=1)
    risks.close_risk(
        session, partners.npo_actor, partners.case, closed, "過ぎた。", partners.at, version=None
    )
    assert risk_steps(partners) == []
    risk(partners, in_days=1)
    for step in ("end", "report", "evaluate", "close"):
        getattr(partners, step)()
    assert risk_steps(partners) == []


def test_a_second_look_changes_the_risk_and_the_audit_keeps_before_and_after(partners, session):
    partners.bring("running")
    found = risk(partners, in_days=1)
    look_again(partners, found, version=found.version)
    assert (found.text, found.likelihood, found.impact, found.mitigation, found.side) == (
        "雪で届かない", 1, 3, "倉庫に置く", "city",
    )  # fmt: skip
    assert risk_steps(partners) == []
    event = session.scalars(select(AuditEvent).where(AuditEvent.action == "change_risk")).one()
    assert (event.details["before"]["likelihood"], event.details["after"]["likelihood"]) == (2, 1)
    assert event.details["before"]["review_on"] < event.details["after"]["review_on"]


@pytest.mark.parametrize(
    ("changes", "error", "code"),
    [
        ({"likelihood": 4}, Invalid, "likelihood"),
        ({"impact": 0}, Invalid, "impact"),
        ({"mitigation": " "}, Invalid, "mitigation"),
        ({"side": "outside"}, Invalid, "side"),
        ({"review_on": date(2026, 11, 25)}, Invalid, "review_on"),
        ({"review_on": date(2199, 12, 31)}, Invalid, "review_on"),
        ({"version": 7}, MovedOn, "moved_on"),
    ],
)
def test_a_second_look_that_cannot_be_is_refused(partners, changes, error, code):
    partners.bring("running")
    found = risk(partners)
    with pytest.raises(error, match=code):
        look_again(partners, found, **changes)


def test_who_is_no_party_does_not_weigh_and_a_closed_risk_stays(partners, session):
    partners.bring("running")
    found = risk(partners)
    other = factories.make_company(session)
    partners.outsider = factories.actor_for(factories.make_user(session, other), other)
    with pytest.raises(NotFound):
        look_again(partners, found, by="outsider")
    risks.close_risk(session, partners.npo_actor, partners.case, found, "過ぎた。", partners.at, version=None)
    with pytest.raises(MovedOn):
        look_again(partners, found)


# ── The next period (L11, N14) ───────────────────────────────────────────────────────────────────────


def renew(p: Partners) -> Partnership:
    """The NPO begins the next period, the company and the city agree; the new case is in talks."""
    new = renewal.renew(p.session, p.npo_actor, p.case, beginning.Terms("food", 20, "kg"), "次の年も。", p.at)
    answering.accept(p.session, p.company_actor, new, "", p.at, version=None)
    decision = deciding.Decision("続ける。", conflict_of_interest=False, city_involved=False)
    deciding.approve(p.session, p.coordinator, new, decision, p.at, version=None)
    p.session.flush()
    p.case = case_reads.get_case(p.session, p.coordinator, new.public_id)
    p.today = calendar.tokyo_date(p.at)
    p.meet()
    return p.case


@pytest.mark.parametrize("field", ["period_from", "period_to"])
def test_the_next_period_begins_after_the_one_before(partners, session, field):
    old = partners.bring("reported")
    old.ends_on = calendar.tokyo_date(partners.at) + 10 * DAY
    session.flush()

    def ask(**changes):
        terms = beginning.Terms("food", 20, "kg", **changes)
        return renewal.renew(session, partners.npo_actor, old, terms, "次の年も。", partners.at)

    with pytest.raises(Invalid, match=f"{field}.*within_last_period"):
        ask(**{field: old.ends_on})
    new = ask(**{field: old.ends_on + DAY})
    terms = beginning.Terms("food", 20, "kg", **{field: old.ends_on})
    with pytest.raises(Invalid, match=f"{field}.*within_last_period"):
        answering.revise(session, partners.company_actor, new, terms, "", partners.at, version=new.version)


def test_behind_a_period_that_ended_early_the_next_one_need_not_wait(partners, session):
    old, today = partners.bring("reported"), calendar.tokyo_date(partners.at)
    old.ends_on, old.was_terminated = today + 10 * DAY, True
    session.flush()
    terms = beginning.Terms("food", 20, "kg", None, today + 5 * DAY)
    new = renewal.renew(session, partners.npo_actor, old, terms, "次の年も。", partners.at)
    sooner = replace(terms, period_from=today + DAY)
    answering.revise(session, partners.company_actor, new, sooner, "", partners.at, version=new.version)
    assert (new.period_from, new.period_to) == (today + DAY, today + 5 * DAY)


@pytest.mark.parametrize("state", ["reported", "evaluated", "closed"])
def test_the_next_period_may_begin_once_the_outcome_is_reported(partners, session, state):
    old = partners.bring(state)
    new = renew(partners)
    assert (new.renewed_from_id, new.year_number) == (old.id, 2)
    chain = renewal.chain(session, old)
    assert (chain.before, chain.after, chain.since) == ((), (new,), 2026)
    chain = renewal.chain(session, new)
    assert (chain.before, chain.after, chain.since) == ((old,), (), 2026)


def test_a_renewed_case_is_closed_before_it_is_renewed_again(partners, session):
    first = partners.bring("closed")
    second = renew(partners)
    second.state = "reported"
    assert not renewal.may_renew(second)
    with pytest.raises(MovedOn):
        renew(partners)
    second.state = "closed"
    third = renew(partners)
    assert third.year_number == 3
    assert renewal.chain(session, third).before == (second, first)
    assert renewal.chain(session, first).after == (second, third)


def next_plan(p: Partners) -> dict[str, Any]:
    """What the plan of the next period begins with."""
    return plans.content(p.session, p.case)


def test_the_plan_of_the_next_period_begins_with_the_last_one(partners, session):
    partners.bring("closed")
    last_day = partners.ends_on
    renew(partners)
    content = next_plan(partners)
    (row,) = content["indicators"]
    assert (content["purpose"], row["key"], row["target"]) == ("夕食を囲む", "I1", 30.0)
    assert (row["baseline"], row["baseline_on"]) == (31.0, last_day.isoformat())
    assert row["measure_on"] == [last_day.replace(year=last_day.year + 1).isoformat()]
    assert (content["milestones"], content["lessons"]) == ([], [])
    assert documents.find_draft(session, partners.case, "plan") is None
    plans.write_purpose(session, partners.npo_actor, partners.case, "二年目の目的", partners.at, version=None)
    partners.accept("plan")
    assert partners.only_indicator().baseline == 31.0
    assert next_plan(partners)["purpose"] == "二年目の目的"


def test_an_indicator_that_was_not_measured_keeps_where_it_began(partners):
    partners.bring("agreed")
    partners.start()
    partners.terminate()
    row = partners.only_indicator()
    partners.later(days=1)
    facts = {"sentences": [], "narrative": "短い。", "setbacks": "人手。", "harm": "", "next_step": ""}
    outcome_reports.draft_report(
        partners.session, partners.npo_actor, partners.case, facts, partners.at, version=None
    )
    partners.accept("outcome_report")
    renew(partners)
    (carried,) = next_plan(partners)["indicators"]
    assert (carried["baseline"], carried["baseline_on"]) == (row.baseline, None)


def test_measuring_days_are_moved_by_years_and_past_ones_are_left_out():
    row = {"key": "I1", "measure_on": ["2024-02-29", "2024-09-30"], "baseline": None,
           "baseline_on": "2024-02-29", "target_on": "2024-09-30"}  # fmt: skip
    carried = carryover._carried(row, None, date(2026, 3, 31))
    assert carried["measure_on"] == ["2026-09-30"]
    assert (carried["baseline_on"], carried["target_on"]) == ("2026-02-28", "2026-09-30")


def test_a_first_plan_begins_empty(partners):
    partners.bring("negotiation")
    assert next_plan(partners) == {**plans.EMPTY}
