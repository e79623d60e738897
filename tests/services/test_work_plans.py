"""The plan: what it holds, how both sides accept it, and how a running one is changed."""

from datetime import date

import pytest
from sqlalchemy import select

from matcher.agreements import definitions, logic_models, plans
from matcher.cases import documents, talks
from matcher.ground.errors import Invalid, MovedOn, NotFound, NotPermitted
from matcher.records import (
    CaseTask,
    Indicator,
)
from tests.partners import INDICATOR
from tests.services.agreeing import DAY, change_and_accept_plan, change_plan, draw, reason, write_logic


def test_an_unmeasured_baseline_with_its_day_counts_as_an_outcome_indicator(partners, session):
    partners.introduce()
    partners.meet()
    partners.write_plan({"baseline": None, "baseline_on": partners.ends_on.isoformat()})
    plan = documents.find_agreed(session, partners.case, "plan")
    assert plans.has_outcome(plan.content)
    assert session.scalars(select(Indicator)).one().baseline is None


def test_after_the_first_measurement_target_and_method_change_only_with_all_three(partners, session):
    partners.bring("running")
    partners.later(days=partners.days)
    partners.measure(partners.only_indicator(), 31.0, partners.ends_on)
    plans.save_indicator(
        session, partners.npo_actor, partners.case, "I1",
        {**INDICATOR, "measure_on": [partners.ends_on.isoformat()], "target": 25.0, "method": "self_report"},
        partners.at, version=None, why_changed="低すぎたため。",
    )  # fmt: skip
    partners.accept("plan")
    assert partners.only_indicator().target == 30.0, "the city has not agreed"
    partners.accept("plan", partners.coordinator)
    assert (partners.only_indicator().target, partners.only_indicator().method) == (25.0, "self_report")


def test_a_change_of_the_purpose_alone_needs_no_city(partners, session):
    partners.bring("running")
    change_and_accept_plan(partners)
    assert documents.find_agreed(session, partners.case, "plan").content["purpose"] == "変えた目的"


def test_what_left_the_plan_is_retired_and_its_key_is_not_given_again(partners, session):
    partners.introduce()
    partners.meet()
    partners.write_plan({}, {"name": "二つ目"})
    plans.remove_indicator(session, partners.npo_actor, partners.case, "I1", partners.at, version=None)
    partners.indicator(name="三つ目")
    partners.accept("plan")
    rows = {row.key: (row.name, row.is_retired) for row in session.scalars(select(Indicator))}
    assert rows == {"I1": (INDICATOR["name"], True), "I2": ("二つ目", False), "I3": ("三つ目", False)}


def test_a_line_keeps_its_key_and_its_links_wherever_it_stands(partners):
    partners.bring("negotiation")
    write_logic(partners, activity=["配送する", "調理する"], early=["温かい夕食を食べる"])
    draw(partners, "activity1", "early0")
    found = write_logic(
        partners, activity=["献立を決める", "調理する", "配送する"], early=["温かい夕食を食べる"]
    )
    assert found["activity"] == {
        "activity2": "献立を決める",
        "activity1": "調理する",
        "activity0": "配送する",
    }
    assert [
        logic_models.link_key(row) for row in plans.content(partners.session, partners.case)["links"]
    ] == ["activity1-early0"]


def test_a_corrected_line_keeps_its_key_and_another_one_does_not_take_it(partners):
    partners.bring("negotiation")
    write_logic(partners, activity=["月2回の配送をする"], early=["温かい夕食を食べる", "話し相手ができる"])
    found = write_logic(
        partners, activity=["月３回の配送をする"], early=["進学をあきらめない", "話し相手ができる"]
    )
    assert found["activity"] == {"activity0": "月３回の配送をする"}
    assert found["early"] == {"early2": "進学をあきらめない", "early1": "話し相手ができる"}


def test_equal_lines_keep_their_order(partners):
    partners.bring("negotiation")
    write_logic(partners, activity=["配送", "配送"])
    assert list(write_logic(partners, activity=["配送", "配送", "配送"])["activity"]) == [
        "activity0", "activity1", "activity2",
    ]  # fmt: skip


def test_what_pointed_to_a_line_that_is_gone_goes_with_it(partners, session):
    partners.bring("negotiation")
    write_logic(partners, activity=["配送", "調理"], early=["夕食"])
    draw(partners, "activity0", "early0")
    draw(partners, "activity1", "early0")
    partners.indicator(node="activity0")
    write_logic(partners, activity=["調理"], early=["夕食"])
    content = plans.content(session, partners.case)
    assert [logic_models.link_key(row) for row in content["links"]] == ["activity1-early0"]
    assert [row["node"] for row in content["indicators"]] == [""]


def test_no_arrow_is_drawn_into_nothing(partners, session):
    partners.bring("negotiation")
    write_logic(partners, activity=["配送"])
    draw(partners, "activity0", "early7")
    assert plans.content(session, partners.case)["links"] == []


def test_the_key_of_a_line_in_force_is_not_given_to_another(partners, session):
    partners.bring("negotiation")
    write_logic(partners, activity=["配送", "調理"])
    partners.write_plan()
    write_logic(partners, activity=["配送"])
    assert write_logic(partners, activity=["配送", "見守り"])["activity"] == {
        "activity0": "配送", "activity2": "見守り",
    }  # fmt: skip


def test_a_plan_whose_lines_have_no_keys_is_read_and_stays_as_it_is_until_they_change(partners, session):
    partners.bring("negotiation")
    old = {**plans.EMPTY, "purpose": "夕食", "logic": {"activity": ["配送", "調理"], "early": ["夕食"]}}
    old["links"] = [{"source": "activity1", "target": "early0", "evidence": "proven", "assumption": ""}]
    documents.save(session, partners.npo_actor, partners.case, "plan", old, partners.at)
    assert logic_models.nodes(old) == {"activity0": "配送", "activity1": "調理", "early0": "夕食"}
    before = documents.find_draft(session, partners.case, "plan").sha256
    write_logic(partners, activity=["配送", "調理"], early=["夕食"])
    assert documents.find_draft(session, partners.case, "plan").sha256 == before
    found = write_logic(partners, activity=["調理"], early=["夕食"])
    assert found["activity"] == {"activity1": "調理"}
    assert len(plans.content(session, partners.case)["links"]) == 1


def test_a_second_arrow_between_the_same_two_replaces_the_first_and_can_be_taken_out(partners, session):
    partners.bring("negotiation")
    write_logic(partners, activity=["配送"], early=["夕食"])
    draw(partners, "activity0", "early0")
    draw(partners, "activity0", "early0", evidence="proven")
    assert [row["evidence"] for row in plans.content(session, partners.case)["links"]] == ["proven"]
    with pytest.raises(NotFound):
        plans.remove_link(
            session, partners.npo_actor, partners.case, "early0-activity0", partners.at, version=None
        )
    plans.remove_link(
        session, partners.npo_actor, partners.case, "activity0-early0", partners.at, version=None
    )
    assert plans.content(session, partners.case)["links"] == []


def test_which_entry_an_indicator_belongs_to_is_not_the_citys_business(partners, session):
    partners.introduce()
    partners.meet()
    write_logic(partners, early=["夕食"])
    partners.write_plan()
    partners.draft_agreement()
    partners.sign()
    partners.confirm()
    partners.start()
    row = dict(plans.content(session, partners.case)["indicators"][0])
    for facts, needs_city in (({"node": "early0"}, False), ({"target": 25.0}, True)):
        draft = plans.save_indicator(
            session, partners.npo_actor, partners.case, "I1", {**row, **facts}, partners.at,
            version=None, why_changed="見直すため。",
        )  # fmt: skip
        assert draft.needs_city is needs_city


def test_why_a_plan_is_changed_is_asked_once_and_can_be_put_better(partners, session):
    partners.bring("running")
    change_plan(partners)
    for why, kept in (("", partners.why), ("人が増えたため。", "人が増えたため。")):
        draft = plans.write_milestones(
            session, partners.npo_actor, partners.case, [], partners.at, version=None, why_changed=why
        )
        assert draft.why_changed == kept


def test_milestones_become_promises_of_both(partners, session):
    partners.bring("negotiation")
    partners.draft_plan()
    steps = [{"text": "はじめの配送", "on": partners.today.isoformat()}]
    plans.write_milestones(session, partners.npo_actor, partners.case, steps, partners.at, version=None)
    partners.accept("plan")
    found = session.scalars(select(CaseTask)).one()
    assert (found.text, found.side, found.is_milestone) == ("はじめの配送", "both", True)


def test_of_milestones_that_say_the_same_only_those_that_were_done_are_done(partners, session):
    first, second = partners.today + 20 * DAY, partners.today + 80 * DAY
    steps = [{"text": "ふり返りの会", "on": day.isoformat()} for day in (first, second)]
    partners.bring("negotiation")
    partners.draft_plan()
    plans.write_milestones(session, partners.npo_actor, partners.case, steps, partners.at, version=None)
    partners.accept("plan")
    task = session.scalars(select(CaseTask).where(CaseTask.due_on == first)).one()
    partners.later(days=22)
    talks.finish_task(session, partners.npo_actor, partners.case, task, partners.at)

    def amend(*days: date) -> list[tuple[date, bool]]:
        """The milestones with these days, as they stand once both have agreed to them."""
        steps = [{"text": "ふり返りの会", "on": day.isoformat()} for day in days]
        plans.write_milestones(session, partners.npo_actor, partners.case, steps, partners.at, version=None)
        partners.accept("plan")
        rows = session.scalars(select(CaseTask).order_by(CaseTask.due_on))
        return [(row.due_on, row.done_at is not None) for row in rows]

    both = [(first, True), (second, False)]
    assert amend(first, second + DAY) == [(first, True), (second + DAY, False)]
    assert amend(second) == both
    # Its day was put right to that on which it was done: it is the same one.
    assert amend(first + 2 * DAY, second) == both


def test_a_shared_indicator_has_one_code_and_is_the_citys(partners, session):
    facts = {
        "code": "K-1", "name": "人数", "definition": "実人数", "unit": "人", "kind": "output", "direction": "up",
        "method": "records", "evidence": "名簿", "field": None, "is_active": True,
    }  # fmt: skip
    found = definitions.save_definition(session, partners.coordinator, facts, partners.at)
    for wrong, code in (({}, "code:code_taken"), ({"code": "K-2", "name": " "}, "name:required")):
        with pytest.raises(Invalid) as caught:
            definitions.save_definition(session, partners.coordinator, facts | wrong, partners.at)
        assert code in reason(caught.value)
    with pytest.raises(NotPermitted):
        definitions.save_definition(session, partners.npo_actor, facts | {"code": "K-3"}, partners.at)
    with pytest.raises(MovedOn):
        definitions.save_definition(
            session, partners.coordinator, facts, partners.at, definition=found, version=found.version - 1
        )
    definitions.save_definition(
        session,
        partners.coordinator,
        facts | {"is_active": False},
        partners.at,
        definition=found,
        version=found.version,
    )
    assert definitions.library(session) == []
