"""Whose turn it is: one truth, written with every change and read by the desk, lists, home pages and the case."""

import shutil
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from unittest.mock import patch

import pytest
from sqlalchemy import event, func, select, update
from sqlalchemy.orm import Session, joinedload

from matcher.agreements import acts as agreement_acts
from matcher.agreements import plans
from matcher.cases import answering, beginning, deciding, documents, stages, talks, trials, turns
from matcher.cases import reads as case_reads
from matcher.desk import handovers, steps, tasks
from matcher.desk.lists import LISTS
from matcher.ground import calendar, lifecycle
from matcher.ground.db import Database
from matcher.ground.errors import Refused
from matcher.ground.permissions import Actor
from matcher.organizations import reads as organization_reads
from matcher.people import accounts
from matcher.records import CaseStep, Membership, Notice, Partnership, PeriodReport, User
from matcher.register.act import Look
from matcher.results import outcome_reports, publication
from matcher.work import contributions, measurements, payments, reports
from matcher.work import reads as work_reads
from tests import factories
from tests.conftest import NOW
from tests.partners import Partners

# ── Everybody says the same ──────────────────────────────────────────────────────────────────────────


def assert_everybody_agrees(session: Session, staff: Actor, members: list[Actor], now: datetime) -> int:
    """Every case: what was kept is what its records say, and every reader says what was kept."""
    desk = {
        row.record.id: row for row in LISTS["cases"].fetch(session, staff, {}, now, page=None).rows
    }  # every case that there is
    city_turn = {
        row.record.id for row in LISTS["cases"].fetch(session, staff, {"late": "city"}, now, page=None).rows
    }
    sheets = {sheet.case.id: sheet for sheet in handovers.sheets(session, staff, None, now)}
    own = {actor.organization_id: case_reads.own_cases(session, actor, now) for actor in members}
    listed = {
        actor.organization_id: tasks.next_tasks(
            session, actor, organization_reads.own_organization(session, actor),
            *case_reads.own_cases(session, actor, now, open_only=True), limit=1000,
        )
        for actor in members
    }  # fmt: skip
    for case_id, row in desk.items():
        case = case_reads.get_case(session, staff, row.record.public_id)
        found = turns.steps(session, case, now)
        whose = turns.whose(found)
        assert kept(session, case) == derived(session, case), case.number
        assert row.turn == whose, (case.number, case.state)
        days = [step.until for step in found if step.until is not None]
        if days:
            assert row.due == min(days), case.number
        assert (case_id in city_turn) == ("city" in whose), case.number
        if case.state in lifecycle.CASE_OPEN:
            assert sheets[case_id].steps == found, case.number
        elif case.state != "closed":
            assert not found, case.number
        for side in ("company", "npo"):
            organization_id = getattr(case, f"{side}_id")
            if organization_id not in own:
                continue
            assert own[organization_id][1][case_id] == found, case.number
            has_task = case.public_id in {task.public_id for task in listed[organization_id]}
            assert has_task == (side in whose and case.state in lifecycle.CASE_OPEN), (case.number, side)
    return len(desk)


def derived(session: Session, case: Partnership) -> list[tuple[object, ...]]:
    return [facts(step) for step in steps.derive(session, case)]


def kept(session: Session, case: Partnership) -> list[tuple[object, ...]]:
    rows = session.scalars(
        select(CaseStep).where(CaseStep.partnership_id == case.id).order_by(CaseStep.id)
    ).all()
    return [facts(row) for row in rows]


def facts(step: CaseStep) -> tuple[object, ...]:
    return (step.side, step.kind, step.opens_on, step.until, step.since, step.about, step.item)


def test_every_case_of_the_demo_city_says_the_same_everywhere(lived_city: Path, tmp_path: Path) -> None:
    shutil.copy(lived_city, tmp_path / "city.db")
    database = Database(f"sqlite:///{tmp_path}/city.db")
    with database.read() as session:
        officer = session.scalars(
            select(User).where(User.role == "manager").options(accounts.loaded())
        ).first()
        assert officer is not None
        members = [
            factories.actor_for(seat.user, seat.organization)
            for seat in session.scalars(
                select(Membership).where(Membership.role == "owner").options(
                    joinedload(Membership.user).options(accounts.loaded()), joinedload(Membership.organization)
                )
            )
        ]  # fmt: skip
        for later in (0, 10, 45):
            now = NOW + timedelta(days=later)
            count = assert_everybody_agrees(session, factories.actor_for(officer), members, now)
        assert count > 30, count
    database.dispose()


SITUATIONS = (
    "introduced", "negotiation", "trial", "agreement_draft", "agreement_review", "agreed", "running",
    "suspended", "terminated", "ended", "reported", "evaluated", "closed",
)  # fmt: skip


def _texts(p: Partners) -> Iterator[str]:
    """The texts that are written, accepted by one, accepted by both in the state in which the case is."""
    yield "nothing"
    if p.case.state in {"negotiation", "agreement_draft", "running"}:
        purpose = "ごはんを届ける会を続ける。"
        plans.write_purpose(p.session, p.npo_actor, p.case, purpose, p.at, version=None, why_changed=p.why)
        yield "plan drafted"
    if p.case.state in publication.MAY_PUBLISH and p.case.state != "closed":
        publication.draft(p.session, p.coordinator, p.case, "題", "要約", ["purpose"], p.at, version=None)
        yield "page drafted"
        p.accept("publication", p.company_actor)
        yield "page accepted by one"
        p.accept("publication", p.npo_actor)
        yield "page accepted by both"
        p.accept("publication", p.coordinator)
        yield "page public"


def _reports(p: Partners) -> Iterator[str]:
    """The first report in every state of its own, and with one half of it."""
    yield "nothing"
    found = work_reads.reports(p.session, p.case)
    if not found or p.case.state not in lifecycle.CASE_BEGUN:
        return
    report = found[0]
    words = {"text": "届いた", "setbacks": "特になし"}
    for actor, name in ((p.npo_actor, "half"), (p.company_actor, "whole")):
        reports.write_report(p.session, actor, p.case, report, words, p.at, submit=True, version=None)
        yield name
    for state in ("sent_back", "accepted"):
        report.state = state
        p.session.flush()
        yield state


@pytest.mark.parametrize("state", SITUATIONS)
def test_in_every_situation_everybody_says_the_same(partners: Partners, state: str) -> None:
    partners.days = 200
    partners.bring(state)
    members = [partners.company_actor, partners.npo_actor]
    seen = 0
    for situations in (_texts, _reports):
        for _name in situations(partners):
            for days in (0, 8, 40, 120, 300):
                now = partners.at + timedelta(days=days)
                seen += assert_everybody_agrees(partners.session, partners.coordinator, members, now)
    assert seen >= 10


def _accepting(p: Partners) -> Iterator[str]:
    """The text that the state asks for: drafted, accepted by one, accepted by both, which leads on."""
    session, by, case, at = p.session, p.npo_actor, p.case, p.at
    kind = {"negotiation": "trial", "trial": "trial_result", "ended": "outcome_report"}.get(
        case.state, "agreement"
    )
    if kind == "trial":
        trial = trials.TrialPlan("試す", "2回届ける", p.today, p.today + timedelta(days=30), 0, "けがのとき")
        trials.draft_trial(session, by, case, trial, at, version=None)
    elif kind == "trial_result":
        trials.draft_trial_result(session, by, case, "adopt", "早めに。", at, version=None)
    elif kind == "outcome_report":
        for day in p.only_indicator().measure_on:
            p.measure(p.only_indicator(), 31.0, date.fromisoformat(day))
        words = {"narrative": "続いた。", "setbacks": "雪の日。", "harm": "", "next_step": ""}
        outcome_reports.draft_report(session, by, case, {"sentences": [], **words}, at, version=None)
    yield f"{kind} drafted"
    for side in p.sides:
        p.accept(kind, side)
        yield f"{kind} accepted by {side.organization_kind}"


@pytest.mark.parametrize("state", ["negotiation", "trial", "agreement_draft", "ended"])
def test_while_a_text_is_accepted_everybody_says_the_same(partners: Partners, state: str) -> None:
    partners.bring(state)
    members = [partners.company_actor, partners.npo_actor]
    seen = 0
    for _name in _accepting(partners):
        for days in (0, 8, 40, 120):
            now = partners.at + timedelta(days=days)
            seen += assert_everybody_agrees(partners.session, partners.coordinator, members, now)
    assert seen == 3 * 4
    assert partners.case.state != state


def test_before_the_introduction_everybody_says_the_same(partners: Partners) -> None:
    p, session, at = partners, partners.session, partners.at
    pair = beginning.between(p.company, p.npo, need=p.need)
    terms = beginning.Terms("food", 10.0, "kg")
    case = beginning.recommend(session, p.coordinator, pair, terms, "other", "近い。", at)
    deeds: tuple[Callable[[], object], ...] = (
        lambda: None,
        lambda: answering.accept(session, p.npo_actor, case, "", at, version=None),
        lambda: answering.accept(session, p.company_actor, case, "", at, version=None),
        lambda: deciding.return_(session, p.colleague, case, "other", "量は？", at, version=None),
        lambda: answering.revise(session, p.npo_actor, case, terms, "10kgです。", at, version=None),
        lambda: deciding.refuse(session, p.colleague, case, "scope", "目的に合わない。", at, version=None),
    )
    states = []
    for do in deeds:
        do()
        states.append(case.state)
        for days in (0, 8, 40):
            now = at + timedelta(days=days)
            assert assert_everybody_agrees(session, p.coordinator, [p.company_actor, p.npo_actor], now) == 1
    assert states == [
        "recommended", "interest_one_side", "coordinator_review", "interest_both", "coordinator_review", "refused",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("state", "whose"),
    [
        ("introduced", ("company", "npo")),
        ("negotiation", ("company", "npo")),
        ("trial", ("company", "npo")),
        ("agreement_draft", ("company", "npo")),
        ("agreement_review", ("city",)),
        ("agreed", ()),
        ("running", ()),
        ("suspended", ("company", "npo")),
        ("terminated", ("company", "npo")),
        ("ended", ("company", "npo")),
        ("reported", ("company", "npo", "city")),
        ("evaluated", ("city",)),
        ("closed", ()),
    ],
)
def test_whose_turn_it_is_from_the_introduction_on(
    partners: Partners, state: str, whose: tuple[str, ...]
) -> None:
    partners.days = 200
    partners.bring(state)
    assert turns.whose(turns.steps(partners.session, partners.case, partners.at)) == whose


def test_before_the_introduction_it_is_the_turn_of_who_is_asked_then_of_the_city(
    partners: Partners,
) -> None:
    session, at = partners.session, partners.at
    case = beginning.recommend(
        session,
        partners.coordinator,
        beginning.between(partners.company, partners.npo, need=partners.need),
        beginning.Terms("food", 10.0, "kg"),
        "other",
        "近い。",
        at,
    )

    def now() -> list[tuple[str, str]]:
        return [(step.side, step.kind) for step in turns.steps(session, case, at)]

    assert now() == [("company", "answer"), ("npo", "answer")]
    answering.accept(session, partners.npo_actor, case, "", at, version=None)
    assert now() == [("company", "answer")]
    answering.accept(session, partners.company_actor, case, "", at, version=None)
    assert now() == [("city", "decide")]
    deciding.return_(session, partners.coordinator, case, "other", "量をご確認ください。", at, version=None)
    assert now() == [("company", "supplement"), ("npo", "supplement")]


def test_what_ended_while_the_city_was_to_confirm_it_goes_back(partners: Partners) -> None:
    partners.bring("agreement_review")
    agreement = documents.find_draft(partners.session, partners.case, "agreement")
    assert agreement is not None
    last = date.fromisoformat(agreement.content["to_on"])
    partners.later(days=(last - partners.today).days)
    assert _now(partners) == [("city", "confirm_agreement")]
    partners.later(days=1)
    assert _now(partners) == [("city", "agreement_over")]
    with pytest.raises(Refused, match="agreement_over"):
        partners.confirm()
    agreement_acts.return_(
        partners.session, partners.coordinator, partners.case, "other", "日付を直してください。", partners.at,
        version=None,
    )  # fmt: skip
    assert {side for side, _kind in _now(partners)} == {"company", "npo"}


# ── What a text lacks ────────────────────────────────────────────────────────────────────────────────


def _now(p: Partners) -> list[tuple[str, str]]:
    return [(step.side, step.kind) for step in turns.steps(p.session, p.case, p.at)]


def _of_both(kind: str) -> list[tuple[str, str]]:
    return [("company", kind), ("npo", kind)]


def test_of_a_half_written_plan_the_missing_part_is_asked_for_and_then_consent(partners: Partners) -> None:
    partners.bring("negotiation")
    partners.indicator(kind="output")
    assert _now(partners) == _of_both("no_purpose")
    plans.write_purpose(
        partners.session, partners.npo_actor, partners.case, "夕食を囲む", partners.at, version=None
    )
    assert _now(partners) == _of_both("no_outcome_indicator")
    partners.indicator()
    assert _now(partners) == _of_both("accept_plan")


def test_of_an_agreement_that_nobody_can_accept_yet_what_hinders_it_is_asked_for(partners: Partners) -> None:
    partners.bring("agreement_draft")
    session, case = partners.session, partners.case
    plans.write_purpose(session, partners.npo_actor, case, "変えた目的", partners.at, version=None)
    assert _now(partners) == _of_both("accept_plan")
    partners.accept("plan")
    assert _now(partners) == _of_both("plan_changed")
    partners.draft_agreement()
    assert _now(partners) == _of_both("accept_agreement")
    partners.npo.state = "suspended"
    session.flush()
    assert _now(partners) == [("city", "not_verified")]
    partners.npo.state = "verified"
    session.flush()
    assert _now(partners) == _of_both("accept_agreement")


def test_after_the_last_day_of_a_verification_nobody_is_asked_to_agree(partners: Partners) -> None:
    partners.bring("agreement_draft")
    today = calendar.tokyo_date(partners.at)
    partners.company.verification_expires_on = today
    partners.session.flush()
    assert _now(partners) == _of_both("accept_agreement")
    partners.company.verification_expires_on = today - timedelta(days=1)
    partners.session.flush()
    assert _now(partners) == [("city", "verification_expired")]
    partners.company.verification_expires_on = today
    partners.sign()
    assert _now(partners) == [("city", "confirm_agreement")]
    partners.later(days=1)
    assert _now(partners) == [("city", "verification_expired")]
    partners.company.verification_expires_on = today + timedelta(days=1)
    partners.npo.state = "suspended"
    partners.session.flush()
    assert _now(partners) == [("city", "not_verified")]


@pytest.mark.parametrize(
    ("money", "who"), [(1_000_000, {"coordinator", "manager"}), (1_000_001, {"manager"})]
)
def test_what_binds_the_citys_money_is_a_step_of_managers(
    partners: Partners, money: int, who: set[str]
) -> None:
    partners.bring("negotiation")
    partners.write_plan()
    partners.draft_agreement(money_city_yen=money)
    partners.sign()
    session, case = partners.session, partners.case
    (step,) = turns.steps(session, case, partners.at)
    for actor in (partners.coordinator, partners.manager):
        may = agreement_acts.confirm.obstacle(Look(session, actor, case, partners.at)) is None
        assert payments.is_for(session, step, actor, case) is may is (actor.role in who)


@pytest.mark.parametrize("kind", ["trial", "agreement"])
def test_after_the_last_day_of_a_text_it_is_to_be_written_anew(partners: Partners, kind: str) -> None:
    partners.bring("agreement_draft" if kind == "agreement" else "negotiation")
    if kind == "trial":
        last = partners.today + timedelta(days=30)
        plan = trials.TrialPlan("試す", "2回届ける", partners.today, last, 0, "けがのとき")
        trials.draft_trial(
            partners.session, partners.npo_actor, partners.case, plan, partners.at, version=None
        )
    draft = documents.find_draft(partners.session, partners.case, kind)
    assert draft is not None

    def kinds(day: date) -> set[tuple[str, str]]:
        found = turns.steps(partners.session, partners.case, calendar.end_of_day(day))
        return {(step.kind, step.item) for step in found}

    last = date.fromisoformat(draft.content["to_on"])
    assert kinds(last) == {(f"accept_{kind}", draft.public_id)}
    assert kinds(last + timedelta(days=1)) == {("text_outdated", draft.public_id)}


def test_of_a_contract_without_rules_they_are_asked_for(partners: Partners) -> None:
    partners.introduce()
    partners.meet()
    partners.write_plan({"linked_to_payment": True})
    partners.draft_agreement(type="outcome_linked", outcome={**partners.outcome(), "rules": []})
    assert _now(partners) == _of_both("no_rules")


def test_the_outcome_report_waits_for_the_measurements_and_says_so(partners: Partners) -> None:
    partners.bring("ended")
    session, case, indicator = partners.session, partners.case, partners.only_indicator()

    def steps() -> list[tuple[str, str, str]]:
        found = turns.steps(session, case, partners.at)
        return [(one.side, one.kind, one.about) for one in found]

    waits = [(side, "measurements_open", indicator.name) for side in ("company", "npo")]
    assert steps() == [("npo", "measure", indicator.name), *waits]
    found = partners.measure(indicator, 30, partners.ends_on, accept=False)
    assert sorted(steps()) == sorted([*waits, ("city", "review_measurement", indicator.name)])
    partners.review(found)
    assert _now(partners) == _of_both("write_outcome_report")


# ── Reminders ────────────────────────────────────────────────────────────────────────────────────────

REMINDERS = (talks.remind_dates, reports.remind_reports, measurements.remind_measurements)


@pytest.mark.parametrize(
    "state", ["trial", "agreed", "running", "suspended", "terminated", "ended", "reported"]
)
def test_nobody_is_reminded_of_what_is_not_theirs_to_do(partners: Partners, state: str) -> None:
    partners.days = 200
    partners.bring(state)
    session, case = partners.session, partners.case
    told = 0
    for name in _reports(partners):
        for day in range(0, 320, 4):
            now = partners.at + timedelta(days=day)
            sides = _reminded(partners, now, *REMINDERS) - {"city"}
            whose = turns.waited_for(session, case, *_EVERY_KIND)
            assert sides <= set(whose), (name, day)
            told += len(sides)
    assert told or state == "agreed"


def test_in_the_demo_city_nobody_is_reminded_of_what_is_not_theirs_to_do(
    lived_city: Path, tmp_path: Path
) -> None:
    shutil.copy(lived_city, tmp_path / "city.db")
    database = Database(f"sqlite:///{tmp_path}/city.db")
    told = 0
    with database.write() as session:
        for later in range(0, 120, 3):
            now = NOW + timedelta(days=later)
            newest = session.scalar(select(func.max(Notice.id))) or 0
            for remind in (stages.remind_waiting, *REMINDERS):
                remind(session, now)
            rows = session.execute(
                select(Partnership, Notice.organization_id)
                .join(Notice, Notice.object_id == Partnership.public_id)
                .where(Notice.id > newest, Notice.organization_id.is_not(None))
                .options(joinedload(Partnership.company), joinedload(Partnership.npo))
            ).all()
            for case, organization_id in rows:
                found = turns.steps(session, case, now)
                assert case.side_of(organization_id) in turns.whose(found), (case.number, case.state, later)
            told += len(rows)
    assert told > 20, told
    database.dispose()


_EVERY_KIND = (
    "accept_trial", "accept_trial_result", "write_trial_result", "decide_suspension", "write_outcome_report",
    "measurements_open",
    "accept_outcome_report", "rate", "discuss", "write_report", "measure", "measure_baseline", "meet", "write_plan",
)  # fmt: skip


def test_who_has_handed_in_their_half_is_not_reminded_of_the_report(partners: Partners) -> None:
    partners.days = 200
    partners.run_quarterly()
    session, case = partners.session, partners.case
    report = work_reads.reports(session, case)[0]
    words = {"text": "届いた", "setbacks": "特になし"}
    after = calendar.end_of_day(report.period_to) + timedelta(minutes=1)
    reports.write_report(session, partners.npo_actor, case, report, words, after, submit=True, version=None)
    assert _reminded(partners, calendar.end_of_day(report.due_on), reports.remind_reports) == {"company"}
    late = calendar.end_of_day(report.due_on) + timedelta(minutes=1)
    assert _reminded(partners, late, reports.remind_reports) == {"company", "city"}


def test_who_has_accepted_what_came_of_a_trial_is_not_reminded_of_its_end(partners: Partners) -> None:
    partners.bring("trial")
    assert _reminded(partners, partners.case.deadline_at, talks.remind_dates) == {"company", "npo", "city"}
    partners.case.reminders = 0
    trials.draft_trial_result(
        partners.session, partners.npo_actor, partners.case, "adopt", "早めに。", partners.at, version=None
    )
    partners.accept("trial_result", partners.npo_actor)
    assert _reminded(partners, partners.case.deadline_at, talks.remind_dates) == {"company", "city"}


def test_once_it_has_ended_what_was_to_be_reported_of_a_period_asks_nobody(partners: Partners) -> None:
    partners.days = 200
    partners.run_quarterly()
    partners.later(days=100)
    session, case = partners.session, partners.case
    assert turns.has(turns.steps(session, case, partners.at), "npo", "write_report")
    partners.terminate()
    assert any(report.is_to_be_written for report in work_reads.reports(session, case))
    assert not turns.has(turns.steps(session, case, partners.at), "npo", "write_report")


@pytest.mark.parametrize(("measurer", "whose"), [("npo", "npo"), ("company", "company"), ("outside", "city")])
def test_who_does_not_measure_is_not_reminded_of_measuring(
    partners: Partners, measurer: str, whose: str
) -> None:
    partners.days = 200
    partners.introduce()
    partners.meet()
    partners.write_plan({"measurer": measurer})
    partners.draft_agreement()
    partners.sign()
    partners.confirm()
    partners.start()
    session, case = partners.session, partners.case
    step = next(step for step in steps.derive(session, case) if step.kind == "measure")
    assert step.until is not None
    assert _reminded(partners, calendar.end_of_day(step.until), measurements.remind_measurements) == {whose}


def _reminded(
    partners: Partners, now: datetime, *reminders: Callable[[Session, datetime], int]
) -> set[str | None]:
    """The sides that a round of reminders tells something."""
    session = partners.session
    newest = session.scalar(select(func.max(Notice.id))) or 0
    for remind in reminders:
        remind(session, now)
    session.flush()
    rows = session.scalars(select(Notice.organization_id).where(Notice.id > newest)).all()
    return {partners.case.side_of(one) if one else "city" for one in rows}


# ── Written with every change ────────────────────────────────────────────────────────────────────────


def test_what_is_to_be_done_is_written_with_the_change_and_gone_with_it(
    database: Database, tmp_path: Path
) -> None:
    def stored() -> list[str]:
        with database.read() as session:
            return list(session.scalars(select(CaseStep.kind).order_by(CaseStep.kind, CaseStep.side)))

    with database.write() as session:
        partners = Partners(session, NOW, tmp_path)
        public_id = partners.bring("introduced").public_id
    assert stored() == ["meet", "meet"]
    with database.write_session() as session:
        partners.session = session
        partners.case = case_reads.get_case(session, partners.coordinator, public_id)
        partners.meet()
        turns.settle(session)
        session.rollback()
    assert stored() == ["meet", "meet"]
    with database.write() as session:
        partners.session = session
        partners.case = case_reads.get_case(session, partners.coordinator, public_id)
        partners.meet()
    assert stored() == ["write_plan", "write_plan"]


def test_what_is_undone_within_a_transaction_leaves_no_step(partners: Partners) -> None:
    partners.bring("introduced")
    session = partners.session
    point = session.begin_nested()
    partners.meet()
    assert {step.kind for step in turns.steps(session, partners.case, partners.at)} == {"write_plan"}
    point.rollback()
    session.refresh(partners.case, ["state", "moved_at", "deadline_at"])
    assert {step.kind for step in turns.steps(session, partners.case, partners.at)} == {"meet"}


def test_what_was_done_before_is_kept_when_something_after_it_is_undone(partners: Partners) -> None:
    partners.bring("introduced")
    session = partners.session
    turns.settle(session)
    partners.meet()
    point = session.begin_nested()
    assert {step.kind for step in turns.steps(session, partners.case, partners.at)} == {"write_plan"}
    point.rollback()
    assert {step.kind for step in turns.steps(session, partners.case, partners.at)} == {"write_plan"}


def test_a_word_that_takes_back_the_last_day_of_silence_takes_it_from_the_step(partners: Partners) -> None:
    partners.bring("negotiation")
    session = partners.session
    partners.later(days=lifecycle.STALL_DAYS + 1)
    assert talks.end_stalled(session, partners.at) == 1
    days = {step.until for step in turns.steps(session, partners.case, partners.at)}
    assert len(days) == 1
    assert None not in days
    documents.touch(session, partners.case, partners.at)
    assert {step.until for step in turns.steps(session, partners.case, partners.at)} == {None}


def test_a_word_on_a_running_case_asks_nobody_whose_turn_it_is(partners: Partners) -> None:
    partners.bring("running")
    partners.publish("purpose")
    session, case = partners.session, partners.case
    before = turns.steps(session, case, partners.at)
    with patch.object(turns, "_derivers", [lambda *_: pytest.fail("expected no step to be derived")]):
        answering.send_message(session, partners.npo_actor, case, "来週はいかがですか。", partners.at)
        turns.settle(session)
    turns.write(session, [case.id])
    assert turns.steps(session, case, partners.at) == before


def test_whose_turn_it_is_asks_nothing_twice(partners: Partners) -> None:
    partners.contracted()
    partners.publish("purpose", "indicators", "money")
    session, asked = partners.session, []
    turns.settle(session)
    event.listen(
        session.connection(),
        "before_cursor_execute",
        lambda _conn, _cursor, sql, bound, *_: asked.append((sql, str(bound))),
    )
    turns.write(session, [partners.case.id])
    assert len(asked) > 10
    assert [one for one in asked if asked.count(one) > 1] == []


@pytest.mark.parametrize("whose", ["npo", "need"])
def test_a_page_that_a_new_name_or_area_outdates_is_the_citys_step(partners: Partners, whose: str) -> None:
    partners.bring("running")
    partners.publish("purpose")
    session, case = partners.session, partners.case
    assert not turns.has(turns.steps(session, case, partners.at), "city", "publication_outdated")
    if whose == "npo":
        partners.npo.name = "新しい名の会"
    else:
        partners.need.fields = ["environment"]
    session.flush()
    assert turns.has(turns.steps(session, case, partners.at), "city", "publication_outdated")


def test_what_time_brings_is_a_step_on_its_day_without_anything_written(partners: Partners) -> None:
    partners.days = 200
    partners.run_quarterly()
    session, case = partners.session, partners.case
    report = session.scalars(select(PeriodReport).order_by(PeriodReport.due_on)).first()
    assert report is not None
    last = calendar.end_of_day(report.period_to)
    turns.settle(session)
    with patch.object(turns, "write", side_effect=AssertionError):
        assert not turns.has(turns.steps(session, case, last), "npo", "write_report")
        after = turns.steps(session, case, last + timedelta(minutes=1))
        assert turns.has(after, "npo", "write_report")
        assert not any(step.is_late for step in after if step.kind == "write_report")
        due = calendar.end_of_day(report.due_on)
        assert not any(
            step.is_late for step in turns.steps(session, case, due) if step.kind == "write_report"
        )
        late = turns.steps(session, case, due + timedelta(minutes=1))
        assert {step.is_late for step in late if step.kind == "write_report"} == {True}


def test_a_gift_waits_for_the_other_side_alone(partners: Partners) -> None:
    partners.days = 200
    partners.bring("running")
    session, case = partners.session, partners.case
    gift = contributions.Gift(
        support_type="food", quantity=5.0, unit="kg", given_on=calendar.tokyo_date(partners.at)
    )
    contributions.record_contribution(session, partners.company_actor, case, gift, partners.at)
    assert turns.whose(turns.steps(session, case, partners.at)) == ("npo",)


def test_after_an_upgrade_every_case_is_written_anew(partners: Partners) -> None:
    partners.bring("introduced")
    session = partners.session
    turns.settle(session)
    session.execute(update(CaseStep).values(kind="of old rules"))
    after: int | None = 0
    while after is not None:
        after = steps.derive_all(session, after, limit=1)
    assert kept(session, partners.case) == derived(session, partners.case)


def test_who_changes_a_case_without_the_rules_is_told(partners: Partners) -> None:
    partners.bring("introduced")
    partners.meet()
    with patch.object(turns, "_derivers", []), pytest.raises(RuntimeError, match=r"matcher\.desk\.steps"):
        turns.settle(partners.session)
