"""A question on a need is answered for all; who asked is known to the city alone."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import select

from matcher.desk import queues
from matcher.desk.lists import LISTS
from matcher.ground.errors import Invalid, MovedOn, NotFound, NotPermitted, Refused
from matcher.postings import questions
from matcher.postings import reads as posting_reads
from matcher.postings.questions import Treatment
from matcher.records import Notice, User
from matcher.suggestions import shown_lists
from tests import factories

ANSWER = Treatment("answer", "いつ届けるとよいですか。", "水曜の午後3時にお願いします。")


class Town:
    """An NPO with an open need, three companies, the city."""

    def __init__(self, session, now):
        self.session, self.now = session, now
        factories.make_city(session)
        self.npo = factories.make_npo(session)
        self.need = factories.make_need(session, self.npo)
        self.companies = [factories.make_company(session) for _ in range(3)]
        self.people = [factories.make_user(session, one) for one in (self.npo, *self.companies)]
        self.owner, *self.members = [factories.actor_for(one) for one in self.people]
        self.city = factories.actor_for(factories.make_coordinator(session))
        self.found = posting_reads.get_need(session, self.city, self.need.public_id)

    def ask(self, member=0, text="何曜日に届けるとよいですか。"):
        return questions.ask_question(self.session, self.members[member], self.found, text, self.now)

    def treat(self, asked, treatment=ANSWER, actor=None):
        record = questions.get_question(self.session, actor or self.owner, asked.public_id)
        return questions.treat_question(self.session, actor or self.owner, record, treatment, self.now)

    def told(self, code):
        rows = self.session.scalars(
            select(User.id).join(Notice, Notice.user_id == User.id).where(Notice.code == code)
        )
        ids = [one.id for one in self.people]
        return sorted(ids.index(one) for one in rows)


@pytest.fixture
def town(session, now):
    return Town(session, now)


def test_what_was_asked_is_kept_and_what_is_shown_may_be_worded_anew(town):
    asked = town.ask()
    assert questions.answered(town.session, town.need) == []
    town.treat(asked)
    (shown,) = questions.answered(town.session, town.need)
    assert (shown.shown_text, shown.answer) == (ANSWER.shown_text, ANSWER.answer)
    assert shown.text == "何曜日に届けるとよいですか。"


def test_the_npo_hears_of_a_question_and_of_the_answer_who_asked_and_who_saved_the_need(town):
    shown_lists.mark(town.session, town.members[1], town.npo, town.found, "saved", town.now)
    shown_lists.mark(
        town.session, town.members[2], town.npo, town.found, "passed", town.now, reason_code="timing"
    )
    town.treat(town.ask())
    assert town.told("question_asked") == [0]
    assert town.told("question_answered") == [1, 2]
    facts = town.session.scalars(select(Notice.facts).where(Notice.code == "question_asked")).one()
    assert town.companies[0].name not in str(facts)


def test_who_asked_what_was_put_with_another_question_hears_of_its_answer(town):
    first, second, third = town.ask(0), town.ask(1), town.ask(2)
    town.treat(third, Treatment("merge", other=second.public_id))
    town.treat(second, Treatment("merge", other=first.public_id))
    assert town.told("question_merged") == [2, 3]
    town.treat(first)
    assert town.told("question_answered") == [1, 2, 3]
    assert [one.id for one in questions.answered(town.session, town.need)] == [first.id]


@pytest.mark.parametrize(
    ("treatment", "wrong"),
    [
        (Treatment(""), {"decision": "required"}),
        (Treatment("answer", "", "はい。"), {"shown_text": "required"}),
        (Treatment("answer", "いつですか。", ""), {"answer": "required"}),
        (Treatment("answer", "いつですか。", "03-1234-5678に電話をください。"), {"answer": "personal_data"}),
        (Treatment("answer", "taro@x.example へ返事を。", "はい。"), {"shown_text": "personal_data"}),
        (Treatment("merge", other="0" * 32), {"other": "required"}),
        (Treatment("refuse"), {"refuse_reason": "required"}),
        (Treatment("refuse", refuse_reason="other"), {"refuse_text": "required"}),
    ],
)
def test_what_cannot_be_decided_so_is_refused_and_nothing_changes(town, treatment, wrong):
    asked = town.ask()
    with pytest.raises(Invalid) as error:
        town.treat(asked, treatment)
    assert error.value.facts == wrong
    assert (asked.state, asked.answered_at) == ("asked", None)


def test_a_question_is_not_put_with_itself_or_with_one_of_another_need(town):
    asked = town.ask()
    elsewhere = posting_reads.get_need(
        town.session, town.city, factories.make_need(town.session, town.npo).public_id
    )
    other = questions.ask_question(town.session, town.members[0], elsewhere, "何時ですか。", town.now)
    for one in (asked, other):
        with pytest.raises(Invalid):
            town.treat(asked, Treatment("merge", other=one.public_id))


@pytest.mark.parametrize(
    ("text", "code"), [("", "required"), ("あ" * 5000, "too_long"), ("090-1234-5678へ", "personal_data")]
)
def test_a_question_is_read_by_the_same_rules_as_what_residents_write(town, text, code):
    with pytest.raises(Invalid) as error:
        town.ask(text=text)
    assert error.value.facts == {"text": code}


def test_nobody_asks_after_the_last_day_or_once_it_is_closed(town):
    town.found.valid_until = date(2026, 11, 23)
    with pytest.raises(Refused) as error:
        town.ask()
    assert error.value.code == "need_closed"
    town.found.valid_until, town.found.state = date(2027, 3, 31), "paused"
    with pytest.raises((MovedOn, NotFound)):
        town.ask()


def test_viewers_npos_and_the_city_do_not_ask_and_only_the_npo_answers(town):
    for actor in (replace(town.members[0], organization_role="viewer"), town.owner, town.city):
        with pytest.raises((NotPermitted, NotFound)):
            questions.ask_question(town.session, actor, town.found, "何時ですか。", town.now)
    asked = town.ask()
    for actor in (*town.members, town.city):
        with pytest.raises(NotFound):
            questions.get_question(town.session, actor, asked.public_id)


def test_a_company_reads_its_own_question_and_no_other_and_the_city_reads_who_asked(town):
    first, second = town.ask(0), town.ask(1)
    assert questions.own_questions(town.session, town.members[0], town.need) == [first]
    town.treat(second, Treatment("refuse", refuse_reason="said"))
    assert questions.own_questions(town.session, town.members[1], town.need)[0].refuse_reason == "said"
    rows = questions.with_askers(town.session, town.city, town.need)
    assert [(one.id, asker.id) for one, asker in rows] == [
        (first.id, town.companies[0].id), (second.id, town.companies[1].id),
    ]  # fmt: skip
    with pytest.raises(NotPermitted):
        questions.with_askers(town.session, town.owner, town.need)


@pytest.mark.parametrize(("days", "waits"), [(7, 0), (8, 1)])
def test_what_is_not_answered_in_five_working_days_stands_on_the_desk(town, days, waits):
    # Asked on Tuesday 24 November 2026; five working days end on Tuesday 1 December.
    town.ask()
    later = town.now + timedelta(days=days)
    found = {one.code: one.count for one in queues.queues(town.session, town.city, later)}
    assert found["questions"] == waits
    listed = LISTS["questions"].fetch(town.session, town.city, {"late": "yes"}, later)
    assert [row.asker.id for row in listed.rows] == [town.companies[0].id] * waits
    (one,) = questions.waiting(town.session, town.owner)
    assert one.state == "asked"
    assert questions.answer_until(one) == date(2026, 12, 1)
    assert not questions.waiting(town.session, town.members[0])


def test_an_npo_that_only_reads_answers_nothing(town):
    asked = town.ask()
    with pytest.raises(Refused, match="organization_locked"):
        town.treat(asked, actor=replace(town.owner, organization_state="suspended"))
    assert asked.state == "asked"
