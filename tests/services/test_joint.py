"""いっしょに頼む: the city proposes, each NPO answers, and with the last who agrees they ask together."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from matcher.cases import answering, beginning, deciding, stages, takes
from matcher.cases.beginning import Terms
from matcher.cases.deciding import Decision
from matcher.desk import tasks
from matcher.ground import lifecycle
from matcher.ground.errors import Invalid, MovedOn, NotFound, NotPermitted, Refused
from matcher.organizations import reads as organization_reads
from matcher.postings import acts, joint, joint_reads
from matcher.postings import reads as posting_reads
from matcher.records import AuditEvent, JointNeed, Need, NeedPart, Notice
from tests import factories
from tests.conftest import NOW

LATER = NOW + timedelta(days=15)
WHY = "まとめて頼むと、配送が1回で済みます。"


class Town:
    """Three NPOs, each with a need of vegetables, and an official."""

    def __init__(self, session):
        self.session = session
        factories.make_city(session)
        self.npos = [factories.make_npo(session, name=f"団体{number}") for number in range(3)]
        self.actors = [factories.actor_for(factories.make_user(session, one)) for one in self.npos]
        self.official = factories.actor_for(factories.make_coordinator(session))
        made = [
            factories.make_need(session, npo, title=f"野菜{number}", quantity=10 * (number + 1), unit="kg")
            for number, npo in enumerate(self.npos)
        ]
        session.flush()
        self.needs = [posting_reads.get_need(session, self.official, one.public_id) for one in made]

    def propose(self, *others, note=WHY, by=None):
        return joint.propose_joint(
            self.session,
            by or self.official,
            self.needs[0],
            [self.needs[one].public_id for one in others],
            note,
            NOW,
        )

    def answer(self, made, number, decision="agree", reason=""):
        found = joint.get_joint(self.session, self.actors[number], made.public_id)
        joint.answer_joint(self.session, self.actors[number], found, decision, reason, NOW)

    def told(self, code):
        return self.session.scalar(select(func.count()).select_from(Notice).where(Notice.code == code))

    def actions(self, need):
        events = self.session.scalars(
            select(AuditEvent.action).where(AuditEvent.object_id == need.public_id).order_by(AuditEvent.id)
        )
        return list(events)


@pytest.fixture
def town(session):
    return Town(session)


def test_with_the_last_who_agrees_one_need_asks_for_the_sum_and_the_others_rest(town):
    made = town.propose(1, 2)
    assert [one.quantity for one in made.partners] == [10, 20, 30]
    assert town.told("joint_proposed") == 3
    for number in (0, 1):
        assert joint.why_late(town.session, made, town.actors[number]) == "meanwhile"  # send it again
        town.answer(made, number)
        assert joint.why_late(town.session, made, town.actors[number]) == "answered"
        assert (made.state, town.needs[0].quantity) == ("proposed", 10)
    town.answer(made, 2)
    assert (made.state, town.needs[0].quantity, town.needs[0].state) == ("agreed", 60, "open")
    assert [(one.state, one.pause_cause, one.quantity) for one in town.needs[1:]] == [
        ("paused", "joint", 20), ("paused", "joint", 30),
    ]  # fmt: skip
    assert joint_reads.asked_together(town.session, town.needs[0]) is made
    assert joint_reads.asked_together(town.session, town.needs[1]) is None
    assert town.told("joint_agreed") == 4
    assert sorted(town.actions(town.needs[1])) == [*["agree_joint"] * 3, "pause", "propose_joint"]


def test_who_declines_says_why_and_all_goes_on_as_it_was(town):
    made = town.propose(1, 2)
    town.answer(made, 0)
    with pytest.raises(Invalid):
        town.answer(made, 1, "decline", " ")
    town.answer(made, 1, "decline", "時期が合いません。")
    assert (made.state, made.partners[1].answer, made.partners[1].reason) == (
        "declined", "declined", "時期が合いません。",
    )  # fmt: skip
    assert [(one.state, one.quantity) for one in town.needs] == [("open", 10), ("open", 20), ("open", 30)]
    assert town.told("joint_declined") == 4
    assert joint_reads.of_need(town.session, town.needs[0]) is None
    with pytest.raises(MovedOn):
        town.answer(made, 2)
    assert town.propose(2).state == "proposed"


def taken_back(town, made, reason="お返事がそろわないため。", *, version=None, by=None):
    by = by or town.official
    found = joint.get_joint(town.session, by, made.public_id)
    joint.withdraw_joint(town.session, by, found, reason, LATER, version=version)


def test_the_city_takes_back_what_somebody_does_not_answer_and_all_is_as_before(town):
    made = town.propose(1, 2)
    assert (joint_reads.waiting_days(made, NOW), joint_reads.waiting_days(made, LATER)) == (0, 15)
    town.answer(made, 0)
    assert [one.organization_id for one in made.waiting] == [one.id for one in town.npos[1:]]
    for reason, code in ((" ", "required"), ("長" * 2001, "too_long")):
        with pytest.raises(Invalid) as found:
            taken_back(town, made, reason)
        assert found.value.facts == {"reason": code}
    taken_back(town, made)
    assert (made.state, made.ended_at) == ("withdrawn", LATER)
    assert [(one.state, one.quantity) for one in town.needs] == [("open", 10), ("open", 20), ("open", 30)]
    assert town.told("joint_withdrawn") == 3  # whoever had agreed hears of it, too
    assert joint_reads.of_need(town.session, town.needs[0]) is None
    events = town.session.scalars(select(AuditEvent).where(AuditEvent.action == "withdraw_joint")).all()
    assert {(one.object_id, one.reason_text) for one in events} == {
        (one.public_id, "お返事がそろわないため。") for one in town.needs
    }
    with pytest.raises(MovedOn):
        town.answer(made, 1)
    with pytest.raises(MovedOn):
        taken_back(town, made)
    again = town.propose(1, 2)
    for number in range(3):
        town.answer(again, number)
    assert (again.state, town.needs[0].quantity) == ("agreed", 60)


def test_what_all_agreed_to_or_one_declined_is_not_taken_back(town):
    for decision, reason in (("decline", "時期が合いません。"), ("agree", "")):
        made = town.propose(1)
        town.answer(made, 0)
        town.answer(made, 1, decision, reason)
        with pytest.raises(MovedOn):
            taken_back(town, made)


def test_who_takes_a_proposal_back_has_seen_every_answer(town):
    made = town.propose(1, 2)
    shown = made.version
    town.answer(made, 1)
    with pytest.raises(MovedOn):
        taken_back(town, made, version=shown)
    taken_back(town, made, version=made.version)


def test_an_npo_takes_no_proposal_of_the_city_back(town):
    made = town.propose(1)
    with pytest.raises(NotPermitted):
        taken_back(town, made, by=town.actors[0])
    with pytest.raises(NotFound):
        taken_back(town, made, by=town.actors[2])


def waiting(town, number):
    return [one.need.title for one in joint.waiting(town.session, town.actors[number])]


def test_an_answer_that_is_owed_waits_until_it_is_given_or_nobody_asks_for_it_any_more(town):
    assert waiting(town, 0) == []
    made = town.propose(1, 2)
    assert [waiting(town, number) for number in range(3)] == [["野菜0"], ["野菜1"], ["野菜2"]]
    town.answer(made, 0)
    assert [waiting(town, number) for number in range(3)] == [[], ["野菜1"], ["野菜2"]]
    town.needs[0].state = "withdrawn"
    town.session.flush()
    assert waiting(town, 1) == []
    town.needs[0].state = "open"
    town.session.flush()
    town.answer(made, 1, "decline", "時期が合いません。")
    assert [waiting(town, number) for number in range(3)] == [[], [], []]
    taken_back(town, town.propose(2))
    assert waiting(town, 0) == []


def test_what_the_home_page_shows_apart_takes_no_place_of_it(town, monkeypatch):
    town.propose(1)
    answers = [tasks.Task("answer", None, "企業", str(number)) for number in range(6)]
    monkeypatch.setattr(tasks, "_on_cases", lambda *_asked: answers)
    npo = organization_reads.own_organization(town.session, town.actors[1])
    found = tasks.next_tasks(town.session, town.actors[1], npo, [], {}, shown_apart={"answer"})
    assert [task.kind for task in found] == ["joint"]


def test_only_who_may_answer_owes_an_answer(town):
    town.propose(1)
    town.actors[0] = replace(town.actors[0], organization_role="viewer")
    town.actors[1] = replace(town.actors[1], organization_state="suspended")
    assert [waiting(town, number) for number in range(3)] == [[], [], []]


def test_one_answers_once_and_only_for_ones_own(town):
    made = town.propose(1)
    with pytest.raises(NotFound):
        joint.get_joint(town.session, town.actors[2], made.public_id)
    with pytest.raises(Invalid):
        town.answer(made, 0, "perhaps")
    town.answer(made, 0)
    with pytest.raises(NotPermitted):
        town.answer(made, 0, "decline", "やはり。")
    viewer = factories.actor_for(factories.make_user(town.session, town.npos[1], organization_role="viewer"))
    with pytest.raises(NotFound):
        joint.get_joint(town.session, viewer, made.public_id)


def test_what_is_asked_for_together_already_is_in_no_second_proposal(town):
    town.propose(1)
    with pytest.raises(MovedOn):
        town.propose(2)
    assert why_not(town, 2, 1) == "proposed"
    with pytest.raises(Invalid) as found:
        joint.propose_joint(town.session, town.official, town.needs[2], [town.needs[1].public_id], WHY, NOW)
    assert found.value.facts == {"needs": "need_bound"}


def why_not(town, lead, other):
    ((_need, why),) = joint.considered(town.session, town.needs[lead], [town.needs[other].public_id])
    return why


def test_why_a_need_comes_to_no_proposal_is_known(town):
    def why(number):
        return joint.why_unproposable(town.session, town.needs[number])

    assert why(0) == "meanwhile"
    made = town.propose(1)
    assert [why(number) for number in range(3)] == ["proposed", "proposed", "meanwhile"]
    town.answer(made, 0)
    town.answer(made, 1)
    assert [why(number) for number in range(3)] == ["agreed", "closed", "meanwhile"]
    assert [why_not(town, 2, other) for other in (0, 1)] == ["agreed", "agreed"]
    with pytest.raises(Invalid) as found:
        joint.propose_joint(town.session, town.official, town.needs[2], [town.needs[1].public_id], WHY, NOW)
    assert found.value.facts == {"needs": "need_bound"}


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"state": "paused"}, "closed"), ({"visibility": "approached"}, "closed"),
        ({"unit": "箱"}, "other_kind"), ({"support_type": "goods_new"}, "other_kind"),
    ],
)  # fmt: skip
def test_only_what_stands_open_in_the_same_kind_and_unit_is_proposed(town, changes, why):
    for name, value in changes.items():
        setattr(town.needs[1], name, value)
    town.session.flush()
    assert why_not(town, 0, 1) == why
    with pytest.raises(Invalid) as found:
        town.propose(1)
    assert found.value.facts == {"needs": "need_unfit"}
    assert town.session.scalar(select(func.count()).select_from(JointNeed)) == 0


def test_a_proposal_names_other_needs_one_an_organization_and_says_why(town):
    second = factories.make_need(town.session, town.npos[1], unit="kg")
    town.needs.append(second)
    town.needs += [
        factories.make_need(town.session, factories.make_npo(town.session), unit="kg") for _more in range(10)
    ]
    for others, note, wrong in (
        ((), WHY, {"needs": "required"}), ((0,), WHY, {"needs": "required"}), ((1, 3), WHY, {"needs": "one_each"}),
        ((1, *range(4, 14)), WHY, {"needs": "too_many_needs"}), ((1,), " ", {"note": "required"}),
    ):  # fmt: skip
        with pytest.raises(Invalid) as found:
            town.propose(*others, note=note)
        assert found.value.facts == wrong
    with pytest.raises(NotPermitted):
        town.propose(1, by=town.actors[0])


def test_once_the_need_by_which_they_ask_is_over_nobody_is_asked_or_bound_any_more(town):
    made = town.propose(1)
    town.needs[0].state = "withdrawn"
    town.session.flush()
    with pytest.raises(MovedOn):
        town.answer(made, 1)
    assert joint_reads.of_need(town.session, town.needs[1]) is None
    assert joint.waiting(town.session, town.actors[1]) == []


@pytest.mark.parametrize("state", ["draft", "in_review", "returned", "filled", "expired", "withdrawn"])
def test_what_waits_for_answers_is_in_no_second_proposal_while_its_need_is_away(town, state):
    made = town.propose(1)
    town.needs[0].state = state
    town.session.flush()
    for lead, other in ((2, 1), (1, 2)):
        with pytest.raises((Invalid, MovedOn)):
            joint.propose_joint(
                town.session, town.official, town.needs[lead], [town.needs[other].public_id], WHY, NOW
            )
    assert why_not(town, 2, 1) == "proposed"
    assert [joint_reads.at_rest(town.session, one) for one in town.needs] == [made, made, None]
    taken_back(town, made)
    assert (town.told("joint_withdrawn"), town.told("joint_withdrawn_at_rest")) == (0, 2)
    assert joint_reads.at_rest(town.session, town.needs[1]) is None
    anew = joint.propose_joint(
        town.session, town.official, town.needs[2], [town.needs[1].public_id], WHY, NOW
    )
    town.needs[0].state = "open"
    town.session.flush()
    with pytest.raises(MovedOn):
        town.answer(made, 1)
    for number in (1, 2):
        town.answer(anew, number)
    assert (anew.state, town.needs[2].quantity) == ("agreed", 50)


def test_of_two_that_stand_for_one_need_none_is_agreed_to(town, monkeypatch):
    first = town.propose(1)
    town.answer(first, 0)
    with monkeypatch.context() as unbound:  # as it was kept once
        unbound.setattr(joint_reads, "bound", lambda *_asked, **_but: {})
        joint.propose_joint(town.session, town.official, town.needs[2], [town.needs[1].public_id], WHY, NOW)
    assert joint.why_late(town.session, first, town.actors[1]) == "elsewhere"
    with pytest.raises(MovedOn):
        town.answer(first, 1)
    town.answer(first, 1, "decline", "ほかの団体と頼みます。")
    assert (first.state, town.needs[0].quantity) == ("declined", 10)


@pytest.mark.parametrize("changes", [{"unit": "箱"}, {"support_type": "goods_new"}])
def test_amounts_of_another_kind_are_not_added_up(town, changes):
    made = town.propose(1)
    for name, value in changes.items():
        setattr(town.needs[0], name, value)
    town.session.flush()
    with pytest.raises(MovedOn):
        town.answer(made, 1)
    assert [one.answer for one in made.partners] == ["waiting", "waiting"]


def test_what_was_met_meanwhile_is_not_asked_for_again(town):
    made = town.propose(1, 2)
    town.needs[1].state = "filled"
    town.session.flush()
    for number in range(3):
        town.answer(made, number)
    assert (town.needs[0].quantity, town.needs[1].state, town.needs[2].state) == (40, "filled", "paused")


def test_what_rested_until_its_owner_answers_is_not_open_again_by_itself(town):
    made = town.propose(1)
    town.needs[1].state, town.needs[1].pause_cause = "paused", "capacity"
    town.session.flush()
    town.answer(made, 0)
    town.answer(made, 1)
    stages.guard_capacity(town.session, town.npos[1].id, NOW)
    assert (town.needs[0].quantity, town.needs[1].state) == (30, "paused")


def taken(town, number, quantity):
    """A company that the city has introduced takes so much of a need."""
    company = factories.make_company(town.session)
    member, need = (
        factories.actor_for(factories.make_user(town.session, company), company),
        town.needs[number],
    )
    pair = beginning.between(company, town.npos[number], need=need)
    case = beginning.propose(town.session, member, pair, Terms("food", quantity, "kg"), "ぜひ。", NOW)
    answering.accept(town.session, town.actors[number], case, "", NOW, version=None)
    decision = Decision("条件が明確である。", conflict_of_interest=False, city_involved=False)
    deciding.approve(town.session, town.official, case, decision, NOW, version=case.version)


def test_only_what_nobody_has_taken_is_asked_for_together(town):
    taken(town, 0, 4)
    taken(town, 1, 15)
    taken(town, 2, 30)
    with pytest.raises(Invalid) as found:
        town.propose(1, 2)
    assert (found.value.facts, why_not(town, 0, 2)) == ({"needs": "need_unfit"}, "taken")
    made = town.propose(1)
    assert [one.quantity for one in made.partners] == [10, 5]
    town.answer(made, 0)
    town.answer(made, 1)
    assert (town.needs[0].quantity, takes.of(town.session, town.needs[0])[0].missing) == (15, 11)


def test_a_need_that_asks_for_other_things_too_does_not_rest_for_one_of_them(town):
    town.session.add(NeedPart(need_id=town.needs[1].id, place=2, support_type="place"))
    town.session.flush()
    assert why_not(town, 0, 1) == "more_parts"
    with pytest.raises(Invalid) as found:
        town.propose(1)
    assert found.value.facts == {"needs": "need_unfit"}


def grows(town, number):
    town.needs[number].quantity += 5


def shrinks_to_what_is_left(town, number):
    taken(town, number, 4)


def is_all_talked_about(town, number):
    taken(town, number, 20)


def asks_for_a_place_too(town, number):
    town.session.add(NeedPart(need_id=town.needs[number].id, place=2, support_type="place"))


def is_counted_in_boxes(town, number):
    for need in town.needs:
        need.unit = "箱"


@pytest.mark.parametrize(
    ("happens", "number", "why"),
    [
        (grows, 0, "other_amount"), (grows, 1, "other_amount"), (shrinks_to_what_is_left, 1, "other_amount"),
        (is_all_talked_about, 1, "other_amount"), (asks_for_a_place_too, 1, "more_parts"),
        (is_counted_in_boxes, 1, "other_kind"),
    ],
)  # fmt: skip
def test_what_is_not_as_it_was_proposed_is_not_agreed_to(town, happens, number, why):
    made = town.propose(1, 2)
    town.answer(made, 1)
    happens(town, number)
    town.session.flush()
    assert joint.why_late(town.session, made, town.actors[2]) == why
    with pytest.raises(MovedOn):
        town.answer(made, 2)
    assert made.state == "proposed"
    town.answer(made, 2, "decline", "量が変わりました。")
    assert made.state == "declined"


@pytest.mark.parametrize(("happens", "number"), [(shrinks_to_what_is_left, 0), (asks_for_a_place_too, 0)])
def test_what_the_need_by_which_they_ask_goes_on_with_hinders_nobody(town, happens, number):
    made = town.propose(1)
    happens(town, number)
    town.session.flush()
    for one in (0, 1):
        town.answer(made, one)
    assert (made.state, town.needs[0].quantity) == ("agreed", 30)


@pytest.mark.parametrize("state", sorted(lifecycle.ORGANIZATION_LOCKED))
def test_an_npo_that_only_reads_binds_nobody(town, state):
    made = town.propose(1)
    town.actors[1] = replace(town.actors[1], organization_state=state)
    with pytest.raises(Refused, match="organization_locked"):
        town.answer(made, 1)
    assert made.partners[1].answer == "waiting"


def test_an_npo_may_take_proposals_on_its_own_need_again(town):
    made = town.propose(1)
    town.answer(made, 0)
    town.answer(made, 1)
    need = posting_reads.get_need(town.session, town.actors[1], town.needs[1].public_id)
    acts.resume(town.session, town.actors[1], need, NOW, version=need.version)
    assert (need.state, need.pause_cause) == ("open", None)
    assert isinstance(need, Need)
