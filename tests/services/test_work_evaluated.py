"""The evaluation, the closing, and what a closed case keeps."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from matcher.agreements import indicators, plans
from matcher.cases import beginning, documents, files
from matcher.cases import reads as case_reads
from matcher.ground import day_words
from matcher.ground.errors import Invalid, MovedOn, NotFound, NotPermitted, Refused
from matcher.records import (
    Contribution,
    Lesson,
    Measurement,
    PeriodReport,
    PublicComment,
    Risk,
)
from matcher.results import (
    comments,
    drafted,
    esg,
    lessons,
    ratings,
)
from matcher.work import measurements, payments, risks
from tests import factories
from tests.partners import Partners
from tests.services.agreeing import _who
from tests.services.results import (
    _gift,
    _payment,
    _value,
    approve,
    calculate,
    calculate_fixed,
    close,
    comment,
    conclude,
    decline,
    differing,
    discuss,
    give,
    given,
    incident,
    lesson,
    outcome_report,
    pay,
    payable,
    published,
    quarter_submitted,
    rate,
    renew,
    resolve,
    review,
    review_report,
    risk,
    submit,
    tell_residents,
    unpublish,
    waiting_contract,
    write,
)


def test_nobody_sees_the_others_before_having_rated_oneself(partners, session):
    partners.bring("reported")
    rate("company_actor", "company")(partners)
    found = ratings.sheets(session, partners.case)
    assert ratings.visible_sheets(partners.npo_actor, partners.case, found) == []
    rate("npo_actor", "npo")(partners)
    found = ratings.sheets(session, partners.case)
    assert len(ratings.visible_sheets(partners.npo_actor, partners.case, found)) == 2


def test_only_what_differs_by_two_is_talked_about_and_what_remains_stays_visible(partners, session):
    differing(partners)
    (found,) = ratings.differences(ratings.sheets(session, partners.case))
    assert (found.item, found.self_score, found.score, found.is_open) == ("outcome", 4, 2, True)
    discuss(score=2)(partners)
    (found,) = ratings.differences(ratings.sheets(session, partners.case))
    assert (found.is_open, found.remains) == (False, True)
    assert found.sheet.scores["outcome"] == 2
    discuss(score=3)(partners)
    (found,) = ratings.differences(ratings.sheets(session, partners.case))
    assert not found.remains


def test_a_difference_of_one_is_none(partners, session):
    partners.bring("reported")
    rate("company_actor", "company")(partners)
    rate("npo_actor", "npo")(partners)
    rate("npo_actor", "company", outcome=3)(partners)
    assert ratings.differences(ratings.sheets(session, partners.case)) == []


def test_who_declines_to_answer_does_not_hold_up_the_others(partners, session):
    partners.bring("reported")
    rate("npo_actor", "npo")(partners)
    decline()(partners)
    decline("company_actor")(partners)
    decline("coordinator")(partners)
    assert ratings.conclusion_obstacle(session, partners.case) is None
    conclude()(partners)
    assert partners.case.state == "evaluated"


def test_what_ended_early_is_reported_in_short_and_closed_without_evaluation(partners, session):
    partners.bring("terminated")
    outcome_report()(partners)
    partners.accept("outcome_report")
    lesson()(partners)
    unpublish()(partners)
    close()(partners)
    assert partners.case.state == "closed"


def test_the_next_period_knows_the_one_before(partners, session):
    partners.bring("closed")
    new = renew("company_actor")(partners)
    assert (new.renewed_from_id, new.year_number, new.state) == (partners.case.id, 2, "interest_one_side")


def test_a_lesson_reaches_other_partners_only_when_both_published_it(partners, session):
    partners.bring("running")
    lesson()(partners)
    other = factories.make_company(session)
    assert lessons.lessons_of(session, partners.npo) == []
    assert lessons.lessons_of(session, other, partners.npo) == []
    assert len(lessons.lessons_of(session, partners.company, partners.npo)) == 1
    partners.publish("lessons")
    assert len(lessons.lessons_of(session, partners.npo)) == 1
    session.scalars(select(Lesson)).one().is_public = False
    session.flush()
    assert lessons.lessons_of(session, other, partners.npo) == []


def test_a_lesson_says_in_which_plan_it_was_taken_up_to_those_who_may_see_that_plan(partners, session):
    partners.bring("running")
    learned = lesson()(partners)
    plans.write_purpose(
        session, partners.npo_actor, partners.case, "夕食を囲む", [learned.public_id], partners.at, version=None,
        why_changed=partners.why,
    )  # fmt: skip
    assert lessons.lesson_uses(session, partners.npo_actor, partners.case) == {}
    partners.accept("plan")
    plan = documents.find_agreed(session, partners.case, "plan")
    assert [row.id for row in lessons.lessons_taken(session, partners.case, plan.content)] == [learned.id]
    for who in ("npo_actor", "company_actor", "coordinator"):
        uses = lessons.lesson_uses(session, _who(partners, who), partners.case)
        assert [(case.id, used.id) for case, used in uses[learned.public_id]] == [(partners.case.id, plan.id)]
    assert lessons.lesson_uses(session, _who(partners, "outsider"), partners.case) == {}


def test_a_plan_does_not_give_away_what_strangers_learned(partners, session):
    partners.bring("running")
    company, npo = factories.make_company(session), factories.make_npo(session)
    actor = factories.actor_for(factories.make_user(session, company), company)
    other = beginning.propose(
        session,
        actor,
        beginning.between(company, npo),
        beginning.Terms("food", 20, "kg"),
        "よろしく",
        partners.at,
    )
    theirs = Lesson(
        partnership_id=other.id,
        text="よその学び",
        support_type="food",
        written_at=partners.at,
        is_public=False,
    )
    session.add(theirs)
    session.flush()
    assert lessons.lessons_taken(session, partners.case, {"lessons": [theirs.public_id]}) == []


def closed_with_records(p: Partners) -> None:
    """A case closed by force while a value, a report, an amount, a risk and trouble were still open."""
    waiting_contract(p)
    review()(p)
    calculate()(p)
    risk()(p)
    incident()(p)
    p.session.add(
        PeriodReport(
            partnership_id=p.case.id, period_from=p.today, period_to=p.today, due_on=p.today, state="open"
        )
    )  # fmt: skip
    _value(p).state = "submitted"
    p.case.state = "closed"


def _only_risk(p: Partners) -> object:
    found = p.session.scalars(select(Risk)).one()
    return risks.close_risk(p.session, p.npo_actor, p.case, found, "済んだ", p.at, version=None)


def _approve_by_force(p: Partners) -> object:
    _payment(p).approved_at = p.at
    return pay()(p)


@pytest.mark.parametrize(
    "act",
    [
        review(), write(), review_report(), _only_risk, tell_residents(), resolve(), calculate(), calculate_fixed(),
        approve(), _approve_by_force,
    ],
)  # fmt: skip
def test_nothing_changes_in_a_closed_case(partners, session, act):
    closed_with_records(partners)
    session.flush()
    with pytest.raises(MovedOn):
        act(partners)


def test_a_submitted_report_of_a_closed_case_is_not_reviewed(partners, session):
    quarter_submitted(partners)
    partners.case.state = "closed"
    session.flush()
    with pytest.raises(MovedOn):
        review_report()(partners)


def test_what_was_concluded_is_not_discussed_any_more(partners, session):
    differing(partners)
    partners.case.state = "evaluated"
    session.flush()
    with pytest.raises(MovedOn):
        discuss()(partners)


def test_a_city_that_provides_does_not_review(partners):
    partners.contracted(provider="city", evaluator="company")
    partners.later(days=partners.days)
    submit()(partners)
    with pytest.raises(Refused, match="evaluator_is_provider"):
        review()(partners)


def test_a_second_value_cannot_replace_the_one_that_was_paid(partners):
    payable(partners)
    submit(value=99.0)(partners)
    calculate()(partners)
    with pytest.raises(Refused, match="measurement_paid"):
        review()(partners)
    review(accepted=False)(partners)


def test_a_rule_that_is_no_longer_in_force_pays_nothing(partners):
    payable(partners)
    rule = partners.rule()
    rule.is_retired = True
    partners.session.flush()
    with pytest.raises(MovedOn):
        payments.calculate(partners.session, partners.coordinator, partners.case, rule, partners.at)


def test_only_the_city_reads_what_residents_wrote_before_it_is_shown(partners, session):
    published(partners)
    found = comment()(partners)
    assert comments.comments_to_read(session, partners.coordinator).rows[0][0].id == found.id
    assert comments.get_comment(session, partners.coordinator, found.public_id)[0].id == found.id
    for read in (
        lambda: comments.comments_to_read(session, partners.npo_actor),
        lambda: comments.get_comment(session, partners.npo_actor, found.public_id),
    ):
        with pytest.raises(NotPermitted):
            read()
    with pytest.raises(NotFound):
        comments.get_comment(session, partners.coordinator, "0" * 32)


def test_a_record_is_found_by_its_parties_only(partners, session):
    given(partners)
    entry = _gift(partners)
    found = case_reads.get_item(session, partners.npo_actor, partners.case, Contribution, entry.public_id)
    assert found is entry
    with pytest.raises(NotFound):
        case_reads.get_item(session, partners.npo_actor, partners.case, Contribution, "0" * 32)
    with pytest.raises(NotFound):
        case_reads.get_item(session, _who(partners, "outsider"), partners.case, Contribution, entry.public_id)


def test_what_is_of_one_case_is_not_found_in_another_of_the_same_two(partners, session):
    waiting_contract(partners)
    give()(partners)
    of = partners.case
    gift, value, file = _gift(partners), _value(partners), partners.file()
    plan = documents.find_agreed(session, of, "plan")
    (decision, *_earlier) = case_reads.decision_bundles(session, of)
    reads = [
        (gift, lambda case: case_reads.get_item(session, partners.npo_actor, case, Contribution, gift.public_id)),
        (value, lambda case: case_reads.get_item(session, partners.npo_actor, case, Measurement, value.public_id)),
        (plan, lambda case: documents.get(session, case, plan.public_id)),
        (decision, lambda case: case_reads.get_decision_bundle(session, case, decision.public_id)),
        (file, lambda case: files.get(session, case, file.public_id)),
    ]  # fmt: skip
    partners.need = factories.make_need(session, partners.npo)
    partners.introduce()
    for record, read in reads:
        assert read(of) is record
        with pytest.raises(NotFound):
            read(partners.case)


def test_who_only_reads_for_the_evaluator_does_not_evaluate(partners, session):
    partners.contracted(evaluator="company")
    partners.later(days=partners.days)
    submit()(partners)
    reader = factories.make_user(session, partners.company, organization_role="viewer")
    with pytest.raises(NotPermitted):
        measurements.review_measurement(
            session, factories.actor_for(reader, partners.company), partners.case, _value(partners), True, "", partners.at,
            version=None,
        )  # fmt: skip


def test_no_target_is_missed_before_its_day(partners, session):
    partners.introduce()
    partners.meet()
    early = (partners.ends_on - timedelta(days=50)).isoformat()
    partners.write_plan(
        {"measure_on": [early, partners.ends_on.isoformat()], "target_on": partners.ends_on.isoformat()}
    )
    partners.draft_agreement()
    partners.sign()
    partners.confirm()
    partners.start()
    partners.later(days=60)
    indicator = partners.only_indicator()
    partners.measure(indicator, 25.0, date.fromisoformat(early))
    texts = "".join(row.text for row in drafted.compose(session, partners.case))
    assert "目標には届きませんでした" not in texts
    assert f"目標の日は{day_words.jday(partners.ends_on)}です。" in texts
    assert indicators.verdict(indicator, partners.ends_on, 25.0) == "missed"
    assert indicators.verdict(indicator, date.fromisoformat(early), 30.0) == "reached"
    [(_case, _given, [outcome])] = esg.evidence(
        session, partners.case.company_id, date(2026, 4, 1), date(2027, 3, 31)
    )
    assert outcome["verdict"] == "open"


def test_parts_of_what_is_counted_are_not_more_than_the_whole(partners):
    partners.bring("ended")
    for value, parts, fault in (
        (-1.0, {}, {"value": "value_below_zero"}),
        (8.5, {}, {"value": "value_not_whole"}),
        (8.0, {"小学生": 2.5}, {"breakdown": "value_not_whole"}),
    ):
        with pytest.raises(Invalid) as caught:
            partners.measure(partners.only_indicator(), value, partners.ends_on, breakdown=parts)
        assert caught.value.facts == fault
    with pytest.raises(Invalid, match="parts_exceed") as caught:
        partners.measure(
            partners.only_indicator(), 8.0, partners.ends_on, breakdown={"小学生": 5.0, "中学生": 5.0}
        )
    assert list(caught.value.facts) == ["breakdown"]
    partners.measure(
        partners.only_indicator(), 14.0, partners.ends_on, breakdown={"小学生": 9.0, "中学生": 5.0}
    )


def test_of_what_waits_for_the_city_the_oldest_words_come_first(partners, session):
    published(partners)
    first, second, third = (comment(text, network=text)(partners) for text in ("一", "二", "三"))
    facts = {"decision": "show", "text": "ありがとう", "reason": "記録のため", "hide_reason": ""}
    comments.treat_comment(
        session, partners.coordinator, second, partners.case, facts, partners.at, version=None
    )
    found = [row.id for row, _case in comments.comments_to_read(session, partners.coordinator).rows]
    assert found == [first.id, third.id, second.id]


def test_of_many_words_every_page_is_reached(partners, session):
    published(partners)
    words = [
        PublicComment(
            partnership_id=partners.case.id, text=str(number), written_at=partners.at, state="shown"
        )
        for number in range(2 * comments.PER_PAGE + 1)
    ]
    session.add_all(words)
    session.flush()
    pages = [comments.shown_comments(session, partners.case, page) for page in (1, 2, 3, 99)]
    assert [(len(found.rows), found.page, found.pages) for found in pages] == [
        (50, 1, 3), (50, 2, 3), (1, 3, 3), (1, 3, 3),
    ]  # fmt: skip
    read = [row.text for found in pages[:3] for row in found.rows]
    assert read == [str(number) for number in reversed(range(2 * comments.PER_PAGE + 1))]
    desk = [comments.comments_to_read(session, partners.coordinator, "", page) for page in (1, 2, 3)]
    assert sorted(row.id for found in desk for row, _case in found.rows) == sorted(one.id for one in words)
