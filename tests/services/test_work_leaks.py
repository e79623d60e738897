"""What nobody may read, do twice or be told too late: bounds on publication, trials, reviews and reminders."""

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from matcher import clock as clockwork
from matcher.agreements import plans
from matcher.cases import answering, beginning, documents, stages, trials, turns
from matcher.desk import handovers
from matcher.ground import calendar
from matcher.ground.errors import Invalid, MovedOn, NotFound, Refused
from matcher.records import Notice, Partnership, PeriodReport
from matcher.results import closing, comments, drafted, lessons, publication, ratings
from matcher.work import contributions, incidents, measurements, payments, reports
from tests import factories
from tests.conftest import NOW
from tests.partners import SCORES, Partners


def give(partners: Partners, **facts: Any) -> None:
    gift: dict[str, Any] = {
        "support_type": "cash_donation", "quantity": 1_234_567, "unit": "円", "yen": 1_234_567,
        "estimate_method": "actual", "given_on": calendar.tokyo_date(partners.at), **facts,
    }  # fmt: skip
    found = contributions.record_contribution(
        partners.session, partners.company_actor, partners.case, contributions.Gift(**gift), partners.at
    )
    contributions.confirm_contribution(
        partners.session, partners.npo_actor, partners.case, found, partners.at, version=None
    )


# ── Publication ──────────────────────────────────────────────────────────────────────────────────────


def test_a_no_to_publication_takes_back_what_was_accepted_before_it(partners: Partners) -> None:
    partners.bring("running")
    publication.draft(
        partners.session, partners.coordinator, partners.case, "題", "要約", ["purpose"], partners.at,
        version=None,
    )  # fmt: skip
    partners.accept("publication", *partners.sides)
    publication.unpublish(
        partners.session, partners.npo_actor, partners.case, "private", "やめたい。", partners.at
    )
    assert documents.find_draft(partners.session, partners.case, "publication") is None
    assert partners.case.published_at is None


def test_money_that_was_not_chosen_is_not_read_from_the_quantity(partners: Partners) -> None:
    partners.bring("running")
    give(partners)
    without = publication.compose(partners.session, partners.case, "t", "s", ["contributions"])
    assert "1234567" not in str(without)
    chosen = publication.compose(partners.session, partners.case, "t", "s", ["contributions", "money"])
    assert chosen["contributions"][0]["quantity"] == 1_234_567


def test_a_voice_of_few_does_not_say_how_many(partners: Partners) -> None:
    partners.bring("running")
    for people in (4, 5):
        lessons.add_voice(
            partners.session, partners.npo_actor, partners.case, "children", people, "聞き取り", "楽しい。",
            partners.at,
        )  # fmt: skip
    view = publication.compose(partners.session, partners.case, "t", "s", ["voices"])
    assert [row["people"] for row in view["voices"]] == [None, 5]


def test_a_lesson_is_public_once_all_three_have_accepted_it(partners: Partners) -> None:
    partners.bring("running")
    partners.publish("purpose")
    lessons.add_lesson(
        partners.session, partners.npo_actor, partners.case, "前の週に決める。", True, partners.at
    )
    assert lessons.lessons_of(partners.session, partners.npo) == []
    partners.publish("purpose", "lessons")
    (found,) = lessons.lessons_of(partners.session, partners.npo)
    assert found[0].text == "前の週に決める。"


def test_the_city_publishes_no_telephone_number_either(partners: Partners) -> None:
    partners.bring("running")
    partners.publish("purpose")
    incident = incidents.report_incident(
        partners.session, partners.npo_actor, partners.case, calendar.tokyo_date(partners.at), "遅配", "届けた",
        partners.at,
    )  # fmt: skip
    with pytest.raises(Invalid) as refused:
        incidents.publish_incident(
            partners.session, partners.coordinator, partners.case, incident, "090-1234-5678へ", partners.at,
            version=None,
        )  # fmt: skip
    assert refused.value.facts == {"public_text": "personal_data"}
    comment = comments.comment(partners.session, partners.case, "よかったです。", "net", partners.at)
    answer = {"decision": "show", "text": "担当 a@city.example まで", "reason": "そのため。"}
    with pytest.raises(Invalid) as refused:
        comments.treat_comment(
            partners.session, partners.coordinator, comment, partners.case, answer, partners.at, version=None
        )
    assert refused.value.facts == {"text": "personal_data"}


def test_only_the_city_is_asked_to_answer_a_resident(partners: Partners) -> None:
    partners.bring("running")
    partners.publish("purpose")
    before = set(partners.session.scalars(select(Notice.id)))
    comments.comment(partners.session, partners.case, "よかったです。", "net", partners.at)
    told = set(partners.session.scalars(select(Notice.user_id).where(Notice.id.not_in(before))))
    staff = {partners.coordinator.user_id, partners.colleague.user_id, partners.manager.user_id}
    assert told <= staff


# ── Numbers ──────────────────────────────────────────────────────────────────────────────────────────


def test_a_report_writes_large_numbers_in_full(partners: Partners) -> None:
    partners.bring("running")
    give(partners)
    text = " ".join(row.text for row in drafted.compose(partners.session, partners.case))
    assert "1,234,567円" in text
    assert "e+" not in text


# ── Trials ───────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("first", "last", "wrong"),
    [(32, 60, {"from_on": "trial_from_far"}), (-40, -1, {"to_on": "in_past"}), (31, 60, {})],
)
def test_a_trial_begins_soon_and_is_not_over_already(
    partners: Partners, first: int, last: int, wrong: dict[str, str]
) -> None:
    partners.bring("negotiation")
    days = [partners.today + timedelta(days=days) for days in (first, last)]
    plan = trials.TrialPlan("確かめる", "届ける", days[0], days[1], 0, "けがのとき")

    def draft() -> None:
        trials.draft_trial(
            partners.session, partners.npo_actor, partners.case, plan, partners.at, version=None
        )

    if not wrong:
        draft()
        return
    with pytest.raises(Invalid) as refused:
        draft()
    assert refused.value.facts == wrong


def test_a_trial_moves_little_money_in_all(partners: Partners) -> None:
    partners.bring("trial")
    give(partners, quantity=30_000, yen=30_000)
    give(partners, quantity=20_000, yen=20_000)
    with pytest.raises(Invalid) as refused:
        give(partners, quantity=1, yen=1)
    assert refused.value.facts == {"quantity": "trial_too_dear"}
    give(partners, support_type="food", quantity=500, unit="kg", yen=None, estimate_method="none")


# ── Money ────────────────────────────────────────────────────────────────────────────────────────────


def test_what_could_not_be_measured_pays_nothing_and_can_be_closed(partners: Partners) -> None:
    partners.contracted()
    partners.end()
    assert payments.unsettled(partners.session, partners.case) == "uncalculated"
    partners.measure(partners.only_indicator(), None, partners.ends_on, missing_reason="名簿が失われた。")
    assert payments.unsettled(partners.session, partners.case) is None


def test_what_was_reached_before_an_early_end_is_still_owed(partners: Partners) -> None:
    partners.introduce()
    partners.meet()
    first = partners.starts_on.isoformat()
    partners.write_plan({"linked_to_payment": True, "measure_on": [first, partners.ends_on.isoformat()]})
    rules = [
        {**partners.outcome()["rules"][0], "key": key, "measured_on": day,
         "fiscal_year": calendar.fiscal_year(date.fromisoformat(day)), "cap_yen": 200_000, "points": [[30, 200_000]]}
        for key, day in (("P1", first), ("P2", partners.ends_on.isoformat()))
    ]  # fmt: skip
    partners.draft_agreement(type="outcome_linked", outcome=partners.outcome(*rules))
    partners.sign()
    partners.confirm()
    partners.start()
    partners.measure(partners.only_indicator(), 31, date.fromisoformat(first))
    partners.terminate()
    assert payments.unsettled(partners.session, partners.case) == "uncalculated"
    assert closing.obstacle(partners.session, partners.case) == "uncalculated"


def test_an_amount_is_calculated_from_the_value_that_was_seen(partners: Partners) -> None:
    partners.contracted()
    partners.end()
    seen = partners.measure(partners.only_indicator(), 31, partners.ends_on)
    newer = partners.measure(partners.only_indicator(), 29, partners.ends_on)
    arguments = (partners.session, partners.coordinator, partners.case, partners.rule(), partners.at)
    with pytest.raises(MovedOn):
        payments.calculate(*arguments, version=seen.id)
    assert payments.calculate(*arguments, version=newer.id).amount_yen == 0


def test_an_amount_that_is_approved_when_the_books_of_its_year_are_closed_is_paid_all_the_same(
    partners: Partners,
) -> None:
    partners.contracted()
    partners.end()
    partners.measure(partners.only_indicator(), 31, partners.ends_on)
    payments.calculate(partners.session, partners.coordinator, partners.case, partners.rule(), partners.at)
    (found,) = payments.all_of(partners.session, partners.case)
    late = calendar.end_of_day(date(2027, 6, 1))
    payments.approve(partners.session, partners.manager, partners.case, found, late, version=None)
    assert payments.unsettled(partners.session, partners.case) == "unpaid"
    payments.record_paid(
        partners.session, partners.coordinator, partners.case, found, date(2027, 6, 2),
        calendar.end_of_day(date(2027, 7, 1)), version=None,
    )  # fmt: skip
    assert payments.unsettled(partners.session, partners.case) is None


def test_nothing_is_paid_before_the_year_that_bears_it(partners: Partners) -> None:
    partners.contracted(fixed={"2027": 100_000})
    payments.calculate_fixed(partners.session, partners.coordinator, partners.case, "2027", partners.at)
    (found,) = payments.all_of(partners.session, partners.case)
    payments.approve(partners.session, partners.manager, partners.case, found, partners.at, version=None)

    def pay(day: date) -> None:
        payments.record_paid(
            partners.session, partners.coordinator, partners.case, found, day,
            calendar.end_of_day(date(2027, 7, 1)), version=None,
        )  # fmt: skip

    with pytest.raises(Invalid) as refused:
        pay(date(2027, 3, 31))
    assert refused.value.facts == {"paid_on": "before_fiscal_year"}
    pay(date(2027, 4, 1))
    assert found.paid_on == date(2027, 4, 1)


def test_a_side_does_not_check_what_its_own_people_measured(partners: Partners, session: Session) -> None:
    partners.introduce()
    partners.meet()
    partners.write_plan({"linked_to_payment": True, "measurer": "company"})
    partners.draft_agreement(type="outcome_linked", outcome=partners.outcome(evaluator="company"))
    partners.sign()
    partners.confirm()
    partners.start()
    partners.end()
    found = measurements.submit_measurement(
        session, partners.company_actor, partners.case, partners.only_indicator(),
        measurements.Value(partners.ends_on, 31, evidence=partners.file(by=partners.company_actor)), partners.at,
    )  # fmt: skip
    session.refresh(found, ["indicator"])
    other = factories.actor_for(factories.make_user(session, partners.company), partners.company)
    with pytest.raises(Refused, match="own_measurement"):
        partners.review(found, by=other)
    partners.review(found, by=partners.coordinator)


# ── What is told, and to whom ────────────────────────────────────────────────────────────────────────


def test_who_has_not_rated_themselves_is_not_told_that_they_differ(partners: Partners) -> None:
    partners.bring("reported")
    session, case = partners.session, partners.case
    low = dict.fromkeys(SCORES, 1)
    for about in ("company", "npo", "city"):
        ratings.rate(session, partners.company_actor, case, about, SCORES, "", partners.at)
    ratings.rate(session, partners.npo_actor, case, "npo", low, "", partners.at)
    kinds = [(step.side, step.kind) for step in turns.steps(session, case, partners.at)]
    assert ("company", "discuss") in kinds
    assert ("npo", "discuss") not in kinds
    ratings.rate(session, partners.npo_actor, case, "company", low, "", partners.at)
    kinds = [(step.side, step.kind) for step in turns.steps(session, case, partners.at)]
    assert ("npo", "discuss") in kinds


def test_a_full_round_of_reminders_keeps_nobody_waiting_for_ever(session: Session) -> None:
    factories.make_city(session)
    npo = factories.make_npo(session)
    for _ in range(3):
        company = factories.make_company(session)
        actor = factories.actor_for(factories.make_user(session, company), company)
        need = factories.make_need(session, npo)
        # The NPO's three unanswered proposals are its limit.
        beginning.propose(
            session,
            actor,
            beginning.between(company, npo, need=need),
            beginning.Terms("food", 20, "kg"),
            "お手伝いします。",
            NOW,
        )
    session.flush()
    soon = NOW + timedelta(days=8)
    assert [stages.remind_waiting(session, soon, limit=2) for _ in range(3)] == [2, 1, 0]


def test_a_word_takes_back_the_reminder_and_its_date(partners: Partners) -> None:
    case = partners.bring("negotiation")
    case.reminders, case.deadline_at = 1, partners.at + timedelta(days=3)
    partners.session.flush()
    answering.send_message(partners.session, partners.npo_actor, case, "考えています。", partners.at)
    partners.session.refresh(case)
    assert (case.reminders, case.deadline_at, case.touched_at) == (0, None, partners.at)


def test_reports_that_were_reminded_of_make_room_for_the_others(partners: Partners) -> None:
    partners.bring("running")
    today = calendar.tokyo_date(partners.at)
    for days in range(5):
        partners.session.add(
            PeriodReport(
                partnership_id=partners.case.id, period_from=today, period_to=today,
                due_on=today + timedelta(days=days), state="open",
            )
        )  # fmt: skip
    partners.session.flush()
    done = [reports.remind_reports(partners.session, partners.at, limit=3) for _ in range(3)]
    assert done == [3, 2, 0]


def test_one_failing_piece_of_the_clock_does_not_stop_the_others(database, monkeypatch) -> None:
    def broken(_session: Session, _now: Any) -> int:
        raise RuntimeError("broken")

    ran = []
    pieces = (broken, lambda _session, _now: ran.append("next") or 1)
    monkeypatch.setattr(clockwork, "_PIECES", pieces)
    failures: list[str] = []
    assert clockwork.tick(database, NOW, lambda piece, _error: failures.append(piece)) == 1
    assert (ran, failures) == (["next"], ["broken"])
    with pytest.raises(RuntimeError):
        clockwork.tick(database, NOW)


# ── Handover, unknown keys ───────────────────────────────────────────────────────────────────────────


def test_only_ones_own_cases_are_handed_over(partners: Partners, session: Session) -> None:
    case = partners.bring("running")
    people = {name: session.get(factories.User, getattr(partners, name).user_id)
              for name in ("coordinator", "colleague", "manager")}  # fmt: skip
    case.coordinator_id = people["manager"].id
    session.flush()
    with pytest.raises(Invalid) as refused:
        handovers.plan(
            session, partners.coordinator, people["coordinator"], people["colleague"], [case],
            calendar.tokyo_date(partners.at), partners.at,
        )  # fmt: skip
    assert refused.value.facts == {"cases": "not_theirs"}


def test_a_case_that_went_to_somebody_else_meanwhile_stays_there(
    partners: Partners, session: Session
) -> None:
    case = partners.bring("running")
    people = {name: session.get(factories.User, getattr(partners, name).user_id)
              for name in ("coordinator", "colleague", "manager")}  # fmt: skip
    case.coordinator_id = people["coordinator"].id
    session.flush()
    day = calendar.tokyo_date(partners.at) + timedelta(days=5)
    handovers.plan(
        session, partners.coordinator, people["coordinator"], people["colleague"], [case], day, partners.at
    )
    case.coordinator_id = people["manager"].id
    session.flush()
    handovers.run_due(session, calendar.end_of_day(day))
    kept = session.scalars(select(Partnership.coordinator_id).where(Partnership.id == case.id)).one()
    assert kept == people["manager"].id


def test_an_indicator_that_is_not_there_is_neither_changed_nor_taken_out(partners: Partners) -> None:
    partners.bring("negotiation")
    partners.write_plan()
    facts = {**plans.content(partners.session, partners.case)["indicators"][0]}
    facts.pop("key")
    with pytest.raises(NotFound):
        plans.save_indicator(
            partners.session, partners.npo_actor, partners.case, "I9", facts, partners.at, version=None
        )
    with pytest.raises(NotFound):
        plans.remove_indicator(
            partners.session, partners.npo_actor, partners.case, "I9", partners.at, version=None
        )
