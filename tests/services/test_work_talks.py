"""Talks and texts on the table, and what a form with the right version, a message or a limit must not break."""

import pytest
from sqlalchemy import select

from matcher.agreements import course, plans
from matcher.cases import answering, beginning, documents, talks
from matcher.cases import reads as case_reads
from matcher.ground import calendar
from matcher.ground.errors import Invalid, MovedOn, Refused
from matcher.records import (
    AuditEvent,
    CaseDocument,
    CaseTask,
    Partnership,
)
from matcher.register import audit
from matcher.results import accepting, closing, lessons
from tests import factories
from tests.partners import INDICATOR, Partners
from tests.services.agreeing import (
    DAY,
    Try,
    agree,
    change_and_accept_plan,
    change_plan,
    draw,
    hand_over,
    meet,
    name_contact,
    save_plan,
    task,
    terminate,
    trial,
    trial_result,
    upload,
    write_logic,
)


def test_the_citys_note_of_a_meeting_moves_nothing_a_sides_does(partners):
    partners.bring("introduced")
    meet("coordinator")(partners)
    assert partners.case.state == "introduced"
    meet("company_actor")(partners)
    assert partners.case.state == "negotiation"


def test_a_trial_ends_as_both_say(partners):
    for outcome, state in (("change", "negotiation"), ("adopt", "agreement_draft"), ("stop", "withdrawn")):
        partners.need = factories.make_need(partners.session, partners.npo)
        partners.bring("trial")
        assert partners.case.deadline_at == calendar.end_of_day(partners.today + 30 * DAY)
        trial_result(outcome=outcome)(partners)
        partners.accept("trial_result")
        assert partners.case.state == state


@pytest.mark.parametrize("outcome", ["adopt", "change", "stop"])
def test_what_a_trial_taught_is_kept_for_these_two_alone(partners, session, outcome):
    partners.bring("trial")
    trial_result(outcome=outcome)(partners)
    partners.accept("trial_result")
    (lesson,) = lessons.lessons(session, partners.case)
    assert (lesson.text, lesson.is_public, lesson.written_by_id) == (
        "学んだ", False, partners.npo_actor.user_id,
    )  # fmt: skip
    assert [found for found, _case in lessons.lessons_of(session, partners.company, partners.npo)] == [lesson]
    assert lessons.lessons_of(session, partners.npo) == []


def test_the_lesson_of_a_trial_is_not_the_lesson_that_closing_asks_for(partners, session):
    partners.bring("trial")
    trial_result()(partners)
    partners.accept("trial_result")
    for step in ("write_plan", "draft_agreement", "sign", "confirm", "start", "end", "report", "evaluate"):
        getattr(partners, step)()
    assert closing.obstacle(session, partners.case) == "no_lesson"
    lessons.add_lesson(session, partners.npo_actor, partners.case, "前の週に決める。", False, partners.at)
    assert closing.obstacle(session, partners.case) == "not_published_yet"


def test_the_citys_record_of_all_cases_holds_what_was_left_after_the_introduction(partners, session):
    partners.bring("negotiation")
    left = partners.case
    answering.withdraw(session, partners.npo_actor, left, "plans_changed", "", partners.at, version=None)
    session.flush()
    other = beginning.propose(
        session,
        partners.company_actor,
        beginning.between(partners.company, partners.npo),
        beginning.Terms("food"),
        "ぜひ。",
        partners.at,
    )
    answering.withdraw(session, partners.company_actor, other, "mistake", "", partners.at, version=None)
    assert case_reads.all_cases(session) == []
    assert list(case_reads.left_cases(session)) == [(left, True), (other, False)]


def test_a_trial_is_reminded_of_seven_days_before_its_end_once(partners, session):
    partners.bring("trial")
    assert talks.remind_dates(session, partners.later(days=20)) == 0
    assert talks.remind_dates(session, partners.later(days=4)) == 1
    assert talks.remind_dates(session, partners.at) == 0


def test_silent_talks_are_reminded_of_and_end_a_month_later(partners, session):
    partners.bring("negotiation")
    assert talks.end_stalled(session, partners.later(days=29)) == 0
    assert talks.end_stalled(session, partners.later(days=1)) == 1
    assert partners.case.state == "negotiation"
    assert talks.end_stalled(session, partners.later(days=29)) == 0
    assert talks.end_stalled(session, partners.later(days=2)) == 1
    session.refresh(partners.case, ["state"])
    assert partners.case.state == "expired"


def test_a_reminder_that_came_late_still_leaves_a_month(partners, session):
    partners.bring("negotiation")
    assert talks.end_stalled(session, partners.later(days=90)) == 1
    assert talks.end_stalled(session, partners.later(minutes=1)) == 0
    session.refresh(partners.case, ["state"])
    assert partners.case.state == "negotiation"


def test_a_word_in_between_begins_the_month_anew(partners, session):
    partners.bring("negotiation")
    talks.end_stalled(session, partners.later(days=31))
    partners.later(days=5)
    task()(partners)
    assert talks.end_stalled(session, partners.later(days=29)) == 0
    assert talks.end_stalled(session, partners.later(days=2)) == 1
    session.refresh(partners.case, ["state"])
    assert partners.case.state == "negotiation"


def test_either_side_and_the_city_may_go_before_the_agreement_is_confirmed(partners):
    for state in ("introduced", "negotiation", "trial", "agreement_draft", "agreement_review"):
        for actor in ("npo_actor", "company_actor", "coordinator"):
            partners.need = factories.make_need(partners.session, partners.npo)
            partners.bring(state)
            answering.withdraw(
                partners.session,
                getattr(partners, actor),
                partners.case,
                "resources",
                "",
                partners.at,
                version=None,
            )
            assert partners.case.state == "withdrawn"
    partners.need = factories.make_need(partners.session, partners.npo)
    partners.bring("agreed")
    with pytest.raises(MovedOn):
        answering.withdraw(
            partners.session, partners.npo_actor, partners.case, "resources", "", partners.at, version=None
        )


def test_a_promise_of_a_closed_case_stays_as_it_was(partners, session):
    partners.bring("running")
    task()(partners)
    for step in ("end", "report", "evaluate", "close"):
        getattr(partners, step)()
    with pytest.raises(MovedOn):
        talks.finish_task(
            session, partners.npo_actor, partners.case, session.scalars(select(CaseTask)).first(), partners.at,
            version=None,
        )  # fmt: skip


def test_a_named_contact_speaks_for_the_side(partners, session):
    partners.bring("negotiation")
    colleague = factories.make_user(session, partners.npo)
    talks.name_contact(session, partners.npo_actor, partners.case, colleague, partners.at)
    session.refresh(partners.case, ["npo_contact_id"])
    assert partners.case.npo_contact_id == colleague.id


def test_a_changed_text_loses_what_was_accepted_and_the_old_one_stays_readable(partners, session):
    partners.bring("negotiation")
    partners.draft_plan()
    partners.accept("plan", partners.npo_actor)
    first = documents.find_draft(session, partners.case, "plan")
    change_plan(partners)
    second = documents.find_draft(session, partners.case, "plan")
    assert (second.number, second.npo_accepted_at) == (first.number + 1, None)
    assert (first.state, first.npo_accepted_at is not None) == ("superseded", True)


def test_an_unchanged_text_keeps_what_was_accepted(partners, session):
    partners.bring("negotiation")
    partners.draft_plan()
    change_plan(partners)
    partners.accept("plan", partners.npo_actor)
    change_plan(partners)
    assert documents.find_draft(session, partners.case, "plan").npo_accepted_at is not None


def test_one_act_is_one_entry_of_the_history(partners, session):
    partners.days = 200
    partners.bring("closed")
    events = [event for event, _who in audit.history(session, "partnership", partners.case.public_id)]
    told = [(event.action, event.at, event.actor_id, repr(event.details)) for event in events]
    assert len(told) > 30
    assert [one for one in told if told.count(one) > 1] == []
    assert [event.action for event in events].count("draft_agreement") == 1
    [drafted] = [event for event in events if event.action == "draft_agreement"]
    assert drafted.details["sha256"] == documents.find_agreed(session, partners.case, "agreement").sha256


def test_what_is_no_longer_open_cannot_be_laid_aside(partners, session):
    partners.bring("agreement_draft")
    plan = documents.find_agreed(session, partners.case, "plan")
    with pytest.raises(MovedOn):
        documents.withdraw(session, partners.npo_actor, partners.case, plan, "やめる", partners.at)


def test_one_version_is_in_force(partners, session):
    partners.bring("agreement_draft")
    change_and_accept_plan(partners)
    states = session.scalars(select(CaseDocument.state).where(CaseDocument.kind == "plan")).all()
    assert sorted(states) == ["agreed", "superseded"]


@pytest.mark.parametrize("state", ["agreed", "running", "suspended"])
@pytest.mark.parametrize("actor", ["company_actor", "npo_actor", "coordinator", "manager"])
def test_all_three_parties_end_early_over_the_version_that_they_saw(partners, state, actor):
    case = partners.bring(state)
    terminate(actor, version=case.version)(partners)
    assert (case.state, case.was_terminated, case.inform_plan) == ("terminated", True, "会で伝える")
    assert (case.decide_by, case.deadline_at) == (None, calendar.deadline(partners.at, 30))


SAID: dict[str, Try] = {
    "meeting": meet("coordinator"),
    "promise": task(),
    "file": upload(),
    "contact": name_contact(),
    "message": lambda p: answering.send_message(p.session, p.company_actor, p.case, "いかがですか。", p.at),
}


@pytest.mark.parametrize("said", SAID)
def test_a_word_before_the_reminder_begins_the_month_anew(partners, session, now, said):
    partners.bring("introduced")
    partners.later(days=20)
    SAID[said](partners)
    assert talks.end_stalled(session, now + 49 * DAY) == 0
    assert talks.end_stalled(session, now + 50 * DAY) == 1


@pytest.mark.parametrize("said", SAID)
def test_a_word_after_the_reminder_takes_it_back(partners, session, now, said):
    partners.bring("introduced")
    assert talks.end_stalled(session, now + 30 * DAY) == 1
    partners.later(days=40)
    SAID[said](partners)
    assert talks.end_stalled(session, now + 61 * DAY) == 0
    assert talks.end_stalled(session, now + 70 * DAY) == 1
    assert partners.case.state == "introduced"


@pytest.mark.parametrize("state", ["trial", "suspended", "agreement_review"])
def test_a_message_does_not_put_off_a_day_that_was_agreed(partners, session, state):
    case = partners.bring(state)
    day = case.deadline_at
    partners.later(days=28)
    answering.send_message(session, partners.npo_actor, case, "元気です。", partners.at)
    assert case.deadline_at == day


@pytest.mark.parametrize(
    ("state", "draft", "kind"),
    [
        ("negotiation", trial(), "trial"),
        ("trial", trial_result(), "trial_result"),
        ("agreement_draft", agree(), "agreement"),
    ],
)
def test_nothing_is_accepted_once_the_case_is_over(partners, session, state, draft, kind):
    case = partners.bring(state)
    draft(partners)
    text = documents.find_draft(session, case, kind)
    answering.withdraw(session, partners.npo_actor, case, "resources", "", partners.at, version=None)
    with pytest.raises(MovedOn):
        accepting.accept_document(session, partners.npo_actor, case, text, text.sha256, partners.at)
    assert not text.is_touched


@pytest.mark.parametrize("facts", [{"linked_to_payment": False}, {"measure_on": ["2027-01-10"]}])
def test_an_indicator_that_pays_stays_linked_and_measured_on_its_day(partners, facts):
    partners.contracted()
    row = {**INDICATOR, "measure_on": [partners.ends_on.isoformat()], "linked_to_payment": True, **facts}
    with pytest.raises(Refused, match="payment_linked"):
        plans.save_indicator(
            partners.session, partners.npo_actor, partners.case, "I1", row, partners.at, version=None,
            why_changed=partners.why,
        )  # fmt: skip


def test_a_change_by_which_the_city_is_bound_is_the_managers(partners):
    partners.bring("running")
    partners.draft_agreement(money_city_yen=1_000_001, why_changed="続けるため。")
    partners.sign()
    with pytest.raises(Refused, match="manager_needed"):
        partners.accept("agreement", partners.coordinator)
    partners.accept("agreement", partners.manager)
    assert documents.find_agreed(partners.session, partners.case, "agreement").number == 2


def test_who_stands_in_serves_the_city(partners, session):
    partners.bring("running")
    partners.today = calendar.tokyo_date(partners.at)
    for somebody in (partners.npo_user, factories.make_coordinator(session, status="deactivated")):
        with pytest.raises(Invalid, match="deputy"):
            hand_over(partners, deputy=somebody)


def another(p: Partners, state: str, at) -> Partnership:
    """A second case, with another company."""
    p.company, p.need, p.at = factories.make_company(p.session), factories.make_need(p.session, p.npo), at
    p.company_actor = factories.actor_for(factories.make_user(p.session, p.company), p.company)
    return p.bring(state)


def test_a_case_that_was_reminded_of_does_not_hold_up_the_next(partners, session, now):
    partners.bring("introduced")
    assert talks.end_stalled(session, now + 30 * DAY, limit=1) == 1
    second = another(partners, "introduced", now)
    assert talks.end_stalled(session, now + 31 * DAY, limit=1) == 1
    session.refresh(second, ["reminders"])
    assert second.reminders == 1


def test_a_start_that_is_blocked_does_not_hold_up_the_next(partners, session, now):
    first = partners.bring("agreed")
    partners.company.state = "suspended"
    assert course.start_due(session, partners.later(days=1), limit=1) == 1
    second = another(partners, "agreed", now)
    assert course.start_due(session, partners.later(days=1), limit=1) == 1
    assert (first.state, second.state) == ("agreed", "running")


@pytest.mark.parametrize(
    ("facts", "field"),
    [
        ({"unit": "点", "definition": "5段階で答えた満足の平均", "target": 80.0, "baseline": 3.0}, "target"),
        ({"unit": "点", "definition": "１００点満点の平均", "target": 101.0, "baseline": 3.0}, "target"),
        ({"unit": "点", "name": "満足（5件法）", "target": 4.5, "baseline": 6.0}, "baseline"),
    ],
)
def test_no_value_of_an_indicator_lies_beyond_the_scale_that_it_names(partners, facts, field):
    partners.bring("negotiation")
    with pytest.raises(Invalid) as caught:
        partners.indicator(**facts)
    assert caught.value.facts == {field: "above_scale"}
    partners.indicator(**{**facts, field: 4.0})


def test_an_indicator_starts_from_and_aims_at_values_that_it_can_have(partners):
    partners.bring("negotiation")
    with pytest.raises(Invalid) as caught:
        partners.indicator(unit="%", definition="登録した人のうち、続けて来た人", baseline=-1.0, target=101.0)
    assert caught.value.facts == {"baseline": "value_below_zero", "target": "above_whole"}


def test_an_agreement_pays_for_no_value_that_its_indicator_cannot_have(partners):
    partners.bring("negotiation")
    partners.write_plan({"linked_to_payment": True})
    for value, code in ((30.5, "value_not_whole"), (-1, "value_below_zero")):
        rule = {**partners.outcome()["rules"][0], "points": [[value, 100_000]]}
        with pytest.raises(Invalid) as caught:
            partners.draft_agreement(type="outcome_linked", outcome=partners.outcome(rule))
        assert caught.value.facts == {"points": code}


def test_an_arrow_does_not_lead_back_to_an_earlier_column(partners):
    partners.bring("negotiation")
    write_logic(partners, activity=["配る"], early=["食べる"])
    with pytest.raises(Invalid) as caught:
        draw(partners, "early0", "activity0")
    assert caught.value.facts == {"target": "runs_backwards"}
    draw(partners, "activity0", "early0")


@pytest.mark.parametrize("back", [("early0", "early0"), ("early2", "early0"), ("early1", "early0")])
def test_arrows_lead_in_no_circle(partners, back):
    partners.bring("negotiation")
    write_logic(partners, activity=["配る"], early=["食べる", "話す", "また来る"])
    draw(partners, "early0", "early1")
    draw(partners, "early1", "early2")
    with pytest.raises(Invalid) as caught:
        draw(partners, *back)
    assert caught.value.facts == {"target": "runs_in_circle"}
    draw(partners, "early0", "early2")


def _dropped(partners, session) -> list[str]:
    """Which drafts were taken from the table, by the record; none is open any more."""
    case = partners.case
    open_drafts = select(CaseDocument.id).where(
        CaseDocument.partnership_id == case.id, CaseDocument.state == "draft"
    )
    assert session.scalars(open_drafts).all() == []
    events = select(AuditEvent.action).where(
        AuditEvent.object_id == case.public_id, AuditEvent.action.like("drop_%")
    )
    return sorted(session.scalars(events))


def test_what_lay_on_the_table_when_talks_end_is_taken_from_it_and_kept_so(partners, session):
    partners.bring("trial")
    trial_result()(partners)
    answering.withdraw(
        session, partners.company_actor, partners.case, "plans_changed", "", partners.at, version=None
    )
    assert _dropped(partners, session) == ["drop_trial_result"]


def test_what_lay_on_the_table_when_talks_fall_silent_is_taken_from_it_and_kept_so(partners, session):
    partners.bring("negotiation")
    save_plan()(partners)
    talks.end_stalled(session, partners.later(days=31))
    talks.end_stalled(session, partners.later(days=40))
    assert partners.case.state == "expired"
    assert _dropped(partners, session) == ["drop_plan"]


def test_a_change_on_the_table_when_a_partnership_ends_early_is_taken_from_it_and_kept_so(partners, session):
    partners.bring("running")
    partners.draft_agreement(why_changed="続けるため。", money_company_yen=5)
    partners.accept("agreement", partners.company_actor)
    course.terminate(
        session,
        partners.npo_actor,
        partners.case,
        "other",
        "会場がなくなった。",
        "団体が知らせる。",
        partners.at,
        version=None,
    )
    assert _dropped(partners, session) == ["drop_agreement"]


def test_what_comes_after_a_partnership_is_promised_however_long_it_takes(partners, session):
    partners.bring("reported")
    partners.later(days=500)
    today = calendar.tokyo_date(partners.at)
    assert today > partners.ends_on + 366 * DAY
    promise = (session, partners.npo_actor, partners.case, "数を確かめる", "npo")
    found = talks.add_task(*promise, today + 7 * DAY, partners.at)
    assert found.due_on == today + 7 * DAY
    with pytest.raises(Invalid, match="beyond_case"):
        talks.add_task(*promise, today + 367 * DAY, partners.at)
