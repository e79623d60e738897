"""From the introduction to the running partnership: every guard of talks, plan, agreement, files, handover.

A row of a table says in which state, what is tried, and which refusal names the reason.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from matcher.agreements import acts as agreement_acts
from matcher.agreements import course, definitions, plans
from matcher.cases import answering, beginning, documents, files, talks, trials
from matcher.cases import reads as case_reads
from matcher.desk import handovers
from matcher.ground import calendar
from matcher.ground.errors import DomainError, Invalid, MovedOn, NotFound, NotPermitted, Refused
from matcher.records import (
    AuditEvent,
    CaseDocument,
    CaseTask,
    DecisionBundle,
    Handover,
    Indicator,
    Notice,
    Partnership,
    PaymentRule,
    PeriodReport,
)
from matcher.register import audit, officials
from matcher.results import accepting, closing, lessons
from tests import factories
from tests import told as tell
from tests.partners import INDICATOR, Partners

Try = Callable[[Partners], object]
DAY = timedelta(days=1)


@pytest.fixture
def partners(session, now, tmp_path):
    return Partners(session, now, tmp_path / "files")


def reason(error: DomainError) -> str:
    """What a refusal says: the code, or ``field:code`` of what was typed."""
    if isinstance(error, Invalid):
        return " ".join(f"{name}:{code}" for name, code in sorted(error.facts.items()))
    return error.code


def editor(p: Partners, side: str = "npo"):
    """Somebody of a side who may write but does not represent it."""
    organization = p.npo if side == "npo" else p.company
    return factories.actor_for(
        factories.make_user(p.session, organization, organization_role="editor"), organization
    )


def viewer(p: Partners):
    """Somebody of the NPO who may only read."""
    return factories.actor_for(factories.make_user(p.session, p.npo, organization_role="viewer"), p.npo)


def outsider(p: Partners):
    """A member of another company."""
    other = factories.make_company(p.session)
    return factories.actor_for(factories.make_user(p.session, other), other)


# ── What is tried ────────────────────────────────────────────────────────────────────────────────────


def meet(actor: str = "npo_actor", **facts: Any) -> Try:
    def act(p: Partners) -> object:
        values = {"held_on": p.today, "people": "佐藤", "text": "話した。"} | facts
        if callable(values["held_on"]):
            values["held_on"] = values["held_on"](p)
        return talks.record_meeting(p.session, _who(p, actor), p.case, talks.Meeting(**values), p.at)

    return act


def _who(p: Partners, actor: str):
    return {"viewer": viewer, "outsider": outsider, "editor": editor}.get(actor, lambda p: getattr(p, actor))(
        p
    )


def task(actor: str = "npo_actor", text: str = "測る", side: str = "npo") -> Try:
    return lambda p: talks.add_task(p.session, _who(p, actor), p.case, text, side, None, p.at)


def finish_task(actor: str = "npo_actor", *, twice: bool = False, stale: bool = False) -> Try:
    def act(p: Partners) -> object:
        found = talks.add_task(p.session, p.npo_actor, p.case, "測る", "npo", None, p.at)
        if twice:
            talks.finish_task(p.session, p.npo_actor, p.case, found, p.at, version=None)
        version = found.version - 1 if stale else None
        return talks.finish_task(p.session, _who(p, actor), p.case, found, p.at, version=version)

    return act


def name_contact(actor: str = "npo_actor", person: str = "npo_user") -> Try:
    return lambda p: talks.name_contact(p.session, _who(p, actor), p.case, getattr(p, person), p.at)


def trial(actor: str = "npo_actor", **facts: Any) -> Try:
    def act(p: Partners) -> object:
        plan = trials.TrialPlan("確かめる", "届ける", p.today, p.today + 30 * DAY, 1000, "けが")
        changed = {key: value(p) if callable(value) else value for key, value in facts.items()}
        return trials.draft_trial(
            p.session, _who(p, actor), p.case, replace(plan, **changed), p.at, version=None
        )

    return act


def trial_result(actor: str = "npo_actor", outcome: str = "adopt", learned: str = "学んだ") -> Try:
    return lambda p: trials.draft_trial_result(
        p.session, _who(p, actor), p.case, outcome, learned, p.at, version=None
    )


def save_plan(actor: str = "npo_actor", version: int | None = None, why: str | None = None) -> Try:
    return lambda p: plans.write_purpose(
        p.session, _who(p, actor), p.case, "別の目的", p.at,
        version=version, why_changed=p.why if why is None else why,
    )  # fmt: skip


def indicator(**facts: Any) -> Try:
    return lambda p: p.indicator(**facts)


def drop_indicator(p: Partners) -> object:
    return plans.remove_indicator(p.session, p.npo_actor, p.case, "I1", p.at, version=None, why_changed=p.why)


def many_indicators(p: Partners) -> None:
    for _number in range(plans.MOST + 1):
        p.indicator()


def accept(kind: str, actor: str, sha256: str = "") -> Try:
    def act(p: Partners) -> object:
        draft = documents.find_draft(p.session, p.case, kind)
        assert draft is not None
        return accepting.accept_document(
            p.session, _who(p, actor), p.case, draft, sha256 or draft.sha256, p.at
        )

    return act


def after(*steps: Try) -> Try:
    """One after the other; only the last may fail."""

    def act(p: Partners) -> object:
        for step in steps[:-1]:
            step(p)
        p.session.flush()
        return steps[-1](p)

    return act


def drop(kind: str, text: str = "やめる", actor: str = "npo_actor") -> Try:
    def act(p: Partners) -> object:
        draft = documents.find_draft(p.session, p.case, kind)
        assert draft is not None
        return accepting.drop_document(p.session, _who(p, actor), p.case, draft, text, p.at, version=None)

    return act


def agree(actor: str = "npo_actor", why: str = "", **facts: Any) -> Try:
    def act(p: Partners) -> object:
        changed = {key: value(p) if callable(value) else value for key, value in facts.items()}
        return p.draft_agreement(by=_who(p, actor), why_changed=why, **changed)

    return act


def reopen(text: str = "もう一度", actor: str = "npo_actor", version: int | None = None) -> Try:
    return lambda p: agreement_acts.reopen_talks(
        p.session, _who(p, actor), p.case, text, p.at, version=version
    )


def confirm(
    actor: str = "manager", *, checks: int = 4, text: str = "確認", version: int | None = None
) -> Try:
    answer = agreement_acts.Confirmation(frozenset(agreement_acts.CHECKS[:checks]), text)
    return lambda p: agreement_acts.confirm(p.session, _who(p, actor), p.case, answer, p.at, version=version)


def give_back(actor: str = "coordinator", text: str = "金額は？", version: int | None = None) -> Try:
    return lambda p: agreement_acts.return_(
        p.session, _who(p, actor), p.case, "money", text, p.at, version=version
    )


def suspend(actor: str = "npo_actor", days: int = 30, text: str = "休む", version: int | None = None) -> Try:
    return lambda p: course.suspend(
        p.session, _who(p, actor), p.case, "staff", text, calendar.tokyo_date(p.at) + days * DAY, p.at,
        version=version,
    )  # fmt: skip


def resume(actor: str = "npo_actor", text: str = "続ける", version: int | None = None) -> Try:
    return lambda p: course.resume(p.session, _who(p, actor), p.case, text, p.at, version=version)


def terminate(
    actor: str = "npo_actor", text: str = "終える", inform: str = "会で伝える", version: int | None = None
) -> Try:
    return lambda p: course.terminate(
        p.session, _who(p, actor), p.case, "staff", text, inform, p.at, version=version
    )


def upload(actor: str = "npo_actor", name: str = "記録.csv", purpose: str = "evidence") -> Try:
    return lambda p: files.add_file(
        p.session,
        _who(p, actor),
        p.case,
        None,
        files.prepare(p.store, name, "日,人\r\n1,30\r\n".encode()),
        purpose,
        p.at,
    )


def city_suspends(p: Partners) -> None:
    p.npo.state = "suspended"


def verification_ends(p: Partners) -> None:
    p.company.verification_expires_on = p.today - DAY


def change_plan(p: Partners) -> None:
    plans.write_purpose(p.session, p.npo_actor, p.case, "変えた目的", p.at, version=None, why_changed=p.why)


def change_and_accept_plan(p: Partners) -> None:
    change_plan(p)
    p.accept("plan")


def only_output_indicator(p: Partners) -> None:
    p.introduce()
    p.meet()
    p.write_plan({"kind": "output"})
    p.draft_agreement()


def linked(p: Partners) -> None:
    """An outcome-linked agreement as a draft."""
    p.introduce()
    p.meet()
    p.write_plan({"linked_to_payment": True})
    p.draft_agreement(type="outcome_linked", outcome=p.outcome())


def with_city_as_party(p: Partners) -> None:
    p.introduce()
    p.meet()
    p.write_plan()
    p.draft_agreement(city_is_party=True, roles_city="支払う", money_city_yen=1)
    p.sign()


def with_much_public_money(p: Partners) -> None:
    p.introduce()
    p.meet()
    p.write_plan()
    p.draft_agreement(money_city_yen=1_000_001)
    p.sign()


def amended(p: Partners) -> None:
    """Running, with a change of the agreement on the table."""
    p.bring("running")
    p.draft_agreement(why_changed="増やすため。", method="週に1回")


def amended_plan(p: Partners) -> None:
    """Running, with a change of the plan on the table."""
    p.bring("running")
    change_plan(p)


GUARDS: list[tuple[str | Try, Try, type[DomainError], str]] = [
    # Meetings, promises, people
    ("introduced", meet(held_on=lambda p: p.today + DAY), Invalid, "held_on:in_future"),
    ("introduced", meet(people=" "), Invalid, "people:required"),
    ("introduced", meet(text=" "), Invalid, "text:required"),
    ("introduced", meet("viewer"), NotPermitted, "not_permitted"),
    ("introduced", meet("outsider"), NotFound, "not_found"),
    ("closed", meet(), MovedOn, "moved_on"),
    ("introduced", task(text=" "), Invalid, "text:required"),
    ("introduced", task(side="somebody"), Invalid, "side:required"),
    ("introduced", task("viewer"), NotPermitted, "not_permitted"),
    ("closed", task(), MovedOn, "moved_on"),
    ("introduced", finish_task(twice=True), MovedOn, "moved_on"),
    ("introduced", finish_task(stale=True), MovedOn, "moved_on"),
    ("introduced", finish_task("viewer"), NotPermitted, "not_permitted"),
    ("introduced", name_contact("viewer"), NotPermitted, "not_permitted"),
    ("introduced", name_contact("npo_actor", "company_user"), Invalid, "person:required"),
    ("closed", name_contact(), MovedOn, "moved_on"),
    # The trial
    ("introduced", trial(), MovedOn, "moved_on"),
    ("negotiation", trial("viewer"), NotPermitted, "not_permitted"),
    ("negotiation", trial("coordinator"), NotPermitted, "not_permitted"),
    ("negotiation", trial(goal=""), Invalid, "goal:required"),
    ("negotiation", trial(content=""), Invalid, "content:required"),
    ("negotiation", trial(stop_when=""), Invalid, "stop_when:required"),
    ("negotiation", trial(to_on=lambda p: p.today - DAY), Invalid, "to_on:before_start"),
    (
        "negotiation",
        trial(to_on=lambda p: calendar.last_of_months(p.today, 3) + DAY),
        Invalid,
        "to_on:trial_too_long",
    ),
    ("negotiation", trial(money_yen=50_001), Invalid, "money_yen:trial_too_dear"),
    ("negotiation", trial(money_yen=-1), Invalid, "money_yen:trial_too_dear"),
    ("negotiation", trial_result(), MovedOn, "moved_on"),
    ("trial", trial_result("viewer"), NotPermitted, "not_permitted"),
    ("trial", trial_result(outcome="perhaps"), Invalid, "outcome:required"),
    ("trial", trial_result(learned=" "), Invalid, "learned:required"),
    # Documents that both accept
    ("negotiation", after(save_plan(), accept("plan", "viewer")), NotPermitted, "not_permitted"),
    ("negotiation", after(save_plan(), accept("plan", "outsider")), NotFound, "not_found"),
    ("negotiation", after(save_plan(), accept("plan", "npo_actor", "0" * 64)), MovedOn, "moved_on"),
    ("negotiation", after(save_plan(), accept("plan", "coordinator")), Refused, "not_asked"),
    (
        "negotiation",
        after(save_plan(), accept("plan", "npo_actor"), accept("plan", "npo_actor")),
        Refused,
        "already_accepted",
    ),
    ("negotiation", after(save_plan(), drop("plan", " ")), Invalid, "text:required"),
    ("negotiation", after(save_plan(), drop("plan", actor="viewer")), NotPermitted, "not_permitted"),
    ("agreement_draft", drop("agreement"), Refused, "reopen_instead"),
    ("agreement_review", drop("agreement"), MovedOn, "moved_on"),
    # The plan
    ("introduced", save_plan(), MovedOn, "moved_on"),
    ("agreement_review", save_plan(), MovedOn, "moved_on"),
    ("closed", save_plan(), MovedOn, "moved_on"),
    ("negotiation", save_plan("viewer"), NotPermitted, "not_permitted"),
    ("negotiation", save_plan("coordinator"), NotPermitted, "not_permitted"),
    ("negotiation", save_plan(version=7), MovedOn, "moved_on"),
    (amended, save_plan(), Refused, "amendment_open"),
    ("negotiation", indicator(name=""), Invalid, "name:required"),
    ("negotiation", indicator(definition=""), Invalid, "definition:required"),
    ("negotiation", indicator(evidence=""), Invalid, "evidence:required"),
    ("negotiation", indicator(kind="wish"), Invalid, "kind:required"),
    ("negotiation", indicator(direction="round"), Invalid, "direction:required"),
    ("negotiation", indicator(method="feeling"), Invalid, "method:required"),
    ("negotiation", indicator(measurer="nobody"), Invalid, "measurer:required"),
    ("negotiation", indicator(unit="山"), Invalid, "unit:required"),
    ("negotiation", indicator(target=None), Invalid, "target:required"),
    ("negotiation", indicator(baseline=None), Invalid, "baseline_on:baseline_or_date"),
    ("negotiation", indicator(measure_on=[]), Invalid, "measure_on:required"),
    ("negotiation", many_indicators, Invalid, "name:too_many"),
    (lambda p: p.contracted(), drop_indicator, Refused, "payment_linked"),
    # The agreement
    ("introduced", agree(), MovedOn, "moved_on"),
    ("agreed", agree(), MovedOn, "moved_on"),
    ("negotiation", agree(), Refused, "no_plan"),
    ("negotiation", agree("viewer"), NotPermitted, "not_permitted"),
    ("negotiation", agree("coordinator"), NotPermitted, "not_permitted"),
    ("agreement_draft", agree(type="promise"), Invalid, "type:required"),
    ("agreement_draft", agree(purpose=" "), Invalid, "purpose:required"),
    ("agreement_draft", agree(privacy=""), Invalid, "privacy:required"),
    ("agreement_draft", agree(termination=""), Invalid, "termination:required"),
    ("agreement_draft", agree(city_is_party=True), Invalid, "roles_city:required"),
    ("agreement_draft", agree(from_on=None), Invalid, "from_on:required"),
    ("agreement_draft", agree(to_on=lambda p: p.starts_on), Invalid, "to_on:before_start"),
    ("agreement_draft", agree(to_on=lambda p: p.starts_on + 1831 * DAY), Invalid, "to_on:agreement_too_long"),
    ("agreement_draft", agree(frequency="daily"), Invalid, "frequency:required"),
    ("agreement_draft", agree(money_company_yen=-1), Invalid, "money_company_yen:positive"),
    ("agreement_draft", agree(money_city_yen=10**11), Invalid, "money_city_yen:positive"),
    ("agreement_draft", agree(signer_npo=""), Invalid, "signer_npo:required"),
    ("agreement_draft", agree(type="outcome_linked"), Invalid, "outcome:required"),
    (
        "agreement_draft",
        agree(type="outcome_linked", outcome=lambda p: p.outcome(budget_cap_yen=100)),
        Invalid,
        "budget_cap_yen:over_budget",
    ),
    (
        "agreement_draft",
        agree(type="outcome_linked", outcome=lambda p: p.outcome(evaluator="npo")),
        Invalid,
        "evaluator:evaluator_is_provider",
    ),
    (
        "agreement_draft",
        agree(type="outcome_linked", outcome=lambda p: p.outcome()),
        Invalid,
        "rules:not_linked",
    ),
    (
        linked,
        agree(
            type="outcome_linked",
            outcome=lambda p: p.outcome({**p.outcome()["rules"][0], "measured_on": p.starts_on.isoformat()}),
        ),
        Invalid,
        "rules:not_measured_then",
    ),
    (
        after(linked, agree(type="outcome_linked", outcome=lambda p: {**p.outcome(), "rules": []})),
        accept("agreement", "npo_actor"),
        Refused,
        "no_rules",
    ),
    (only_output_indicator, accept("agreement", "npo_actor"), Refused, "no_outcome_indicator"),
    ("agreement_draft", after(change_plan, accept("agreement", "npo_actor")), Refused, "plan_open"),
    (
        "agreement_draft",
        after(change_and_accept_plan, accept("agreement", "npo_actor")),
        Refused,
        "plan_changed",
    ),
    ("agreement_draft", after(city_suspends, accept("agreement", "company_actor")), Refused, "not_verified"),
    (
        "agreement_draft",
        after(verification_ends, accept("agreement", "company_actor")),
        Refused,
        "verification_expired",
    ),
    ("agreement_draft", accept("agreement", "editor"), NotPermitted, "not_permitted"),
    ("agreement_draft", reopen(" "), Invalid, "text:required"),
    ("agreement_draft", reopen(actor="viewer"), NotPermitted, "not_permitted"),
    ("agreement_draft", reopen(version=0), MovedOn, "moved_on"),
    ("agreement_draft", reopen(actor="coordinator"), NotPermitted, "not_permitted"),
    ("agreement_draft", confirm(), MovedOn, "moved_on"),
    ("agreement_review", confirm("npo_actor"), NotPermitted, "not_permitted"),
    ("agreement_review", confirm(checks=3), Invalid, "checked:all_checks"),
    ("agreement_review", confirm(text=" "), Invalid, "text:required"),
    ("agreement_review", confirm(version=0), MovedOn, "moved_on"),
    ("agreement_review", after(city_suspends, confirm()), Refused, "not_verified"),
    (with_city_as_party, confirm("coordinator"), Refused, "manager_needed"),
    (with_much_public_money, confirm("coordinator"), Refused, "manager_needed"),
    ("agreement_review", give_back("npo_actor"), NotPermitted, "not_permitted"),
    ("agreement_review", give_back(text=" "), Invalid, "reason_text:required"),
    ("agreement_review", give_back(version=0), MovedOn, "moved_on"),
    ("agreement_draft", agree(liability=" "), Invalid, "liability:required"),
    ("agreement_draft", agree(costs="企業〔　〕％"), Invalid, "costs:blank_left"),
    ("agreement_draft", agree(liability="〔　〕円まで"), Invalid, "liability:blank_left"),
    # Changes while it runs
    ("running", agree(), Invalid, "why_changed:required"),
    ("running", save_plan(why=" "), Invalid, "why_changed:required"),
    (amended_plan, agree(why="増やす"), Refused, "amendment_open"),
    ("running", suspend("viewer"), NotPermitted, "not_permitted"),
    ("running", suspend(days=-1), Invalid, "decide_by:within_half_year"),
    ("running", suspend(days=184), Invalid, "decide_by:within_half_year"),
    ("running", suspend(days=101), Invalid, "decide_by:after_end"),
    ("running", suspend(text=" "), Invalid, "reason_text:required"),
    ("running", suspend(version=0), MovedOn, "moved_on"),
    ("suspended", suspend(), MovedOn, "moved_on"),
    ("suspended", resume("viewer"), NotPermitted, "not_permitted"),
    ("suspended", resume(text=" "), Invalid, "text:required"),
    ("suspended", resume(version=0), MovedOn, "moved_on"),
    ("suspended", after(city_suspends, resume("company_actor")), Refused, "not_verified"),
    ("running", terminate("editor"), NotPermitted, "not_permitted"),
    ("running", terminate(text=" "), Invalid, "reason_text:required"),
    ("running", terminate(inform=" "), Invalid, "inform_plan:required"),
    ("running", terminate(version=0), MovedOn, "moved_on"),
    ("ended", terminate(), MovedOn, "moved_on"),
    # Files
    ("running", upload("viewer"), NotPermitted, "not_permitted"),
    ("running", upload("outsider"), NotFound, "not_found"),
    ("running", upload(purpose="fun"), Invalid, "purpose:required"),
    ("running", upload(name="記録.exe"), Invalid, "file:file_type"),
    ("closed", upload(), MovedOn, "moved_on"),
]


@pytest.mark.parametrize(
    ("state", "act", "error", "code"), GUARDS, ids=[f"{n}-{row[3]}" for n, row in enumerate(GUARDS)]
)
def test_what_must_not_be_is_refused_with_its_reason(partners, session, state, act, error, code):
    if callable(state):
        state(partners)
    else:
        partners.bring(state)
    session.flush()
    with pytest.raises(error) as caught:
        act(partners)
    assert code in reason(caught.value)


# ── Talks ────────────────────────────────────────────────────────────────────────────────────────────


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
        session, partners.company_actor, partners.company, partners.npo, beginning.Terms("food"), "ぜひ。",
        partners.at,
    )  # fmt: skip
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


# ── Documents ────────────────────────────────────────────────────────────────────────────────────────


def test_a_changed_text_loses_what_was_accepted_and_the_old_one_stays_readable(partners, session):
    partners.bring("negotiation")
    partners.indicator()
    partners.accept("plan", partners.npo_actor)
    first = documents.find_draft(session, partners.case, "plan")
    change_plan(partners)
    second = documents.find_draft(session, partners.case, "plan")
    assert (second.number, second.npo_accepted_at) == (first.number + 1, None)
    assert (first.state, first.npo_accepted_at is not None) == ("superseded", True)


def test_an_unchanged_text_keeps_what_was_accepted(partners, session):
    partners.bring("negotiation")
    change_plan(partners)
    partners.accept("plan", partners.npo_actor)
    change_plan(partners)
    assert documents.find_draft(session, partners.case, "plan").npo_accepted_at is not None


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


# ── Plan ─────────────────────────────────────────────────────────────────────────────────────────────


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


def write_logic(p: Partners, **lines: list[str]) -> dict[str, dict[str, str]]:
    """Save the logic model as the form does, and say which line has which key."""
    found = plans.write_logic(p.session, p.npo_actor, p.case, lines, p.at, version=None, why_changed=p.why)
    return plans.columns(found.content)


def draw(p: Partners, source: str, target: str, **facts: str) -> CaseDocument:
    link = {"source": source, "target": target, "evidence": "hypothesis", "assumption": "", **facts}
    return plans.save_link(p.session, p.npo_actor, p.case, link, p.at, version=None, why_changed=p.why)


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
    assert [plans.link_key(row) for row in plans.content(partners.session, partners.case)["links"]] == [
        "activity1-early0"
    ]


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
    assert [plans.link_key(row) for row in content["links"]] == ["activity1-early0"]
    assert [row["node"] for row in content["indicators"]] == [""]


def test_no_arrow_is_drawn_into_nothing(partners, session):
    partners.bring("negotiation")
    write_logic(partners, activity=["配送"])
    draw(partners, "activity0", "early7")
    assert plans.content(session, partners.case)["links"] == []


def test_the_key_of_a_line_in_force_is_not_given_to_another(partners, session):
    partners.bring("negotiation")
    write_logic(partners, activity=["配送", "調理"])
    partners.indicator()
    partners.accept("plan")
    write_logic(partners, activity=["配送"])
    assert write_logic(partners, activity=["配送", "見守り"])["activity"] == {
        "activity0": "配送", "activity2": "見守り",
    }  # fmt: skip


def test_a_plan_whose_lines_have_no_keys_is_read_and_stays_as_it_is_until_they_change(partners, session):
    partners.bring("negotiation")
    old = {**plans.EMPTY, "purpose": "夕食", "logic": {"activity": ["配送", "調理"], "early": ["夕食"]}}
    old["links"] = [{"source": "activity1", "target": "early0", "evidence": "proven", "assumption": ""}]
    documents.save(session, partners.npo_actor, partners.case, "plan", old, partners.at)
    assert plans.nodes(old) == {"activity0": "配送", "activity1": "調理", "early0": "夕食"}
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
    partners.indicator()
    steps = [{"text": "はじめの配送", "on": partners.today.isoformat()}]
    plans.write_milestones(session, partners.npo_actor, partners.case, steps, partners.at, version=None)
    partners.accept("plan")
    found = session.scalars(select(CaseTask)).one()
    assert (found.text, found.side, found.is_milestone) == ("はじめの配送", "both", True)


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


# ── Agreement ────────────────────────────────────────────────────────────────────────────────────────


def test_the_confirmation_freezes_what_was_decided_without_contact_data(partners, session):
    partners.bring("agreed")
    bundle = session.scalars(select(DecisionBundle).order_by(DecisionBundle.id.desc())).first()
    assert bundle.content["outcome"] == "confirm_agreement"
    assert {row["kind"] for row in bundle.content["documents"]} == {"plan", "agreement"}
    assert partners.npo.email not in str(bundle.content)
    assert len(bundle.sha256) == 64
    assert (partners.case.starts_on, partners.case.ends_on) == (partners.starts_on, partners.ends_on)


@pytest.mark.parametrize(
    ("frequency", "count"), [("none", 0), ("quarterly", 3), ("half_yearly", 1), ("yearly", 0)]
)
def test_the_agreement_makes_the_reports_that_it_asks_for(partners, session, frequency, count):
    partners.days = 364
    partners.introduce()
    partners.meet()
    partners.write_plan()
    partners.draft_agreement(frequency=frequency)
    partners.sign()
    partners.confirm()
    rows = session.scalars(select(PeriodReport).order_by(PeriodReport.due_on)).all()
    assert len(rows) == count
    for row in rows:
        assert row.due_on == row.period_to + 30 * DAY
        assert row.period_to < partners.ends_on


def test_a_returned_agreement_is_drafted_anew_and_signed_anew(partners, session):
    partners.bring("agreement_review")
    give_back()(partners)
    draft = documents.find_draft(session, partners.case, "agreement")
    assert (partners.case.state, draft.number, draft.npo_accepted_at) == ("agreement_draft", 2, None)
    partners.sign()
    assert partners.case.state == "agreement_review"


def test_reopened_talks_lay_the_draft_aside(partners, session):
    partners.bring("agreement_draft")
    reopen()(partners)
    assert partners.case.state == "negotiation"
    assert documents.find_draft(session, partners.case, "agreement") is None


@pytest.mark.parametrize(
    ("change", "needs_city"),
    [
        ({"method": "週に1回"}, False),
        ({"money_company_yen": 5}, True),
        ({"money_city_yen": 5}, True),
        ({"frequency": "quarterly"}, True),
        ({"publication": "公表しない。"}, True),
        ({"to_on": date(2027, 12, 31)}, True),
        ({"type": "donation"}, True),
    ],
)
def test_a_change_of_money_period_reports_or_publication_needs_the_city(
    partners, session, change, needs_city
):
    partners.bring("running")
    partners.draft_agreement(why_changed="続けるため。", **change)
    partners.sign()
    agreed = documents.find_agreed(session, partners.case, "agreement")
    assert (agreed.number == 1) == needs_city
    if needs_city:
        with pytest.raises(NotPermitted):
            accepting.accept_document(
                session, viewer(partners), partners.case, documents.find_draft(session, partners.case, "agreement"),
                documents.find_draft(session, partners.case, "agreement").sha256, partners.at,
            )  # fmt: skip
        partners.accept("agreement", partners.coordinator)
    agreed = documents.find_agreed(session, partners.case, "agreement")
    assert agreed.number == 2
    assert partners.case.state == "running"


def test_the_city_comes_last(partners):
    partners.bring("running")
    partners.draft_agreement(why_changed="続けるため。", money_company_yen=5)
    with pytest.raises(Refused, match="sides_first"):
        partners.accept("agreement", partners.coordinator)


def test_a_longer_agreement_gets_further_reports_and_keeps_the_written_ones(partners, session):
    partners.run_quarterly()
    before = session.scalars(select(PeriodReport.id)).all()
    partners.draft_agreement(
        why_changed="続けるため。", frequency="quarterly", to_on=partners.starts_on + 200 * DAY
    )
    partners.accept("agreement", *partners.sides, partners.coordinator)
    after_ = session.scalars(select(PeriodReport.id)).all()
    assert set(before) < set(after_)
    assert len(after_) == 2


def test_a_rule_that_left_the_contract_is_retired(partners, session):
    partners.contracted()
    second = {**partners.outcome()["rules"][0], "key": "P2"}
    partners.draft_agreement(
        type="outcome_linked", outcome=partners.outcome(second), why_changed="条件を替えるため。"
    )
    partners.accept("agreement", *partners.sides, partners.coordinator)
    assert {row.key: row.is_retired for row in session.scalars(select(PaymentRule))} == {
        "P1": True,
        "P2": False,
    }


def test_the_other_side_hears_of_a_plan_once_for_each_version(partners, session):
    partners.bring("negotiation")

    def heard():
        return [one.row.user_id for one in tell.notices(session, "計画の案が届きました")]

    def write(purpose, actor):
        plans.write_purpose(session, actor, partners.case, purpose, partners.at, version=None)

    write("居場所をひらく。", partners.npo_actor)
    partners.indicator()
    write("居場所を月に4回ひらく。", partners.npo_actor)
    assert heard() == [partners.company_user.id]
    partners.accept("plan", partners.company_actor)
    write("居場所を月に5回ひらく。", partners.company_actor)
    assert heard() == [partners.company_user.id, partners.npo_user.id]


# ── Start, pause, end ────────────────────────────────────────────────────────────────────────────────


def test_the_first_day_starts_it_not_the_day_before(partners, session):
    partners.bring("agreed")
    assert course.start_due(session, partners.at) == 0
    partners.start()
    assert partners.case.state == "running"


def test_a_party_that_the_city_suspended_starts_nothing_and_all_hear_of_it_once(partners, session):
    partners.bring("agreed")
    city_suspends(partners)
    session.flush()
    before = session.scalar(select(func.count()).select_from(Notice))
    partners.later(days=1)
    assert course.start_due(session, partners.at) == 1
    assert course.start_due(session, partners.at) == 0
    session.refresh(partners.case, ["state"])
    assert partners.case.state == "agreed"
    assert session.scalar(select(func.count()).select_from(Notice)) > before


def test_the_last_day_still_belongs_to_it(partners, session):
    partners.bring("running")
    partners.later(days=partners.days)
    assert course.end_due(session, partners.at) == 0
    partners.later(days=1)
    assert course.end_due(session, partners.at) == 1
    assert partners.case.state == "ended"


def test_an_open_change_falls_with_the_end(partners, session):
    amended(partners)
    partners.end()
    assert documents.find_draft(session, partners.case, "agreement") is None


def test_an_open_change_falls_with_the_termination(partners, session):
    amended(partners)
    partners.terminate()
    assert documents.find_draft(session, partners.case, "agreement") is None
    assert (partners.case.was_terminated, partners.case.inform_plan) == (True, "会で伝える。")


@pytest.mark.parametrize("actor", ["npo_actor", "company_actor", "coordinator", "manager"])
def test_all_three_parties_may_pause_go_on_and_end_early(partners, actor):
    partners.bring("running")
    suspend(actor)(partners)
    assert partners.case.decide_by is not None
    resume(actor)(partners)
    assert (partners.case.state, partners.case.decide_by) == ("running", None)
    terminate(actor)(partners)
    assert partners.case.state == "terminated"


def test_each_move_is_audited_with_its_reason(partners, session):
    partners.bring("suspended")
    event = audit.history(session, "partnership", partners.case.public_id)[0][0]
    assert (event.action, event.from_state, event.to_state) == ("suspend", "running", "suspended")
    assert (event.reason_code, event.reason_text) == ("staff", "人手が足りない。")


# ── Files ────────────────────────────────────────────────────────────────────────────────────────────


def test_a_file_lies_under_a_random_name_in_versions_and_its_readers_are_known(partners, session):
    partners.bring("running")
    first = upload()(partners)
    second = files.add_file(
        session, partners.company_actor, partners.case, first,
        files.prepare(partners.store, "記録2.csv", "日,人\r\n2,31\r\n".encode()), "evidence", partners.at,
    )  # fmt: skip
    assert (second.series, second.number) == (first.series, 2)
    assert "記録" not in first.stored_name
    assert partners.store.read(first.stored_name).endswith(b"30\r\n")
    audit.write(session, files.reading_note(partners.company_actor, partners.case, first, partners.at))
    assert [user.id for _at, user in files.readings(session, first)] == [partners.company_user.id]


@pytest.mark.parametrize("end", ["rollback", "commit"])
def test_the_bytes_of_a_file_stay_only_with_their_row(partners, session, end):
    partners.bring("running")
    session.commit()
    path = partners.store.path(upload()(partners).stored_name)
    session.begin_nested().rollback()
    assert path.exists()
    session.begin_nested().commit()
    getattr(session, end)()
    session.rollback()
    assert path.exists() == (end == "commit")


def test_a_file_of_another_case_is_not_found(partners, session):
    partners.bring("running")
    with pytest.raises(NotFound):
        files.get(session, partners.case, "0" * 32)
    with pytest.raises(NotFound):
        documents.get(session, partners.case, "0" * 32)
    with pytest.raises(NotFound):
        partners.store.read("0" * 32)


def test_there_is_an_end_to_files(partners, monkeypatch):
    partners.bring("running")
    monkeypatch.setattr(files, "MOST_FILES", 1)
    upload()(partners)
    with pytest.raises(Refused, match="too_many_files"):
        upload()(partners)


@pytest.mark.parametrize(
    ("script", "error", "code"),
    [
        ("exit 0", None, ""),
        ("exit 1", Invalid, "file_infected"),
        ("exit 2", Refused, "scanner_away"),
        (None, Refused, "scanner_away"),
    ],
)
def test_what_the_scanner_says_counts(partners, tmp_path, script, error, code):
    path = tmp_path / "scan.sh"
    if script is not None:
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)
    partners.bring("running")
    partners.store = files.Store(tmp_path / "scanned", str(path))
    if error is None:
        upload()(partners)
    else:
        with pytest.raises(error, match=code):
            upload()(partners)
    assert list((tmp_path / "scanned").rglob("*.part")) == []


# ── Handover ─────────────────────────────────────────────────────────────────────────────────────────


def hand_over(p: Partners, **facts: Any) -> Handover:
    """The coordinator in charge hands the case to a colleague."""
    users = {user.id: user for user in officials.active_staff(p.session)}
    values = {
        "from_user": users[p.coordinator.user_id], "to_user": users[p.colleague.user_id], "cases": [p.case],
        "effective_on": p.today + 5 * DAY, "deputy": users[p.manager.user_id],
    } | facts  # fmt: skip
    deputy = values.pop("deputy")
    actor = values.pop("actor", p.coordinator)
    return handovers.plan(p.session, actor, *values.values(), p.at, deputy=deputy, note="資料は棚")


@pytest.mark.parametrize(
    ("facts", "code"),
    [
        ({"cases": []}, "cases:required"),
        ({"to_user": "from"}, "to_user:same_person"),
        ({"to_user": "operator"}, "to_user:required"),
        ({"deputy": "to"}, "deputy:same_person"),
        ({"effective_on": -1}, "effective_on:in_past"),
    ],
)
def test_a_handover_that_cannot_be_is_refused(partners, session, facts, code):
    partners.bring("running")
    users = {user.id: user for user in officials.active_staff(session)}
    people = {
        "from": users[partners.coordinator.user_id], "to": users[partners.colleague.user_id],
        "operator": factories.make_coordinator(session, role="operator"),
    }  # fmt: skip
    values = {
        name: people.get(value, value) if isinstance(value, str) else value for name, value in facts.items()
    }
    if "effective_on" in values:
        values["effective_on"] = calendar.tokyo_date(partners.at) - DAY
    partners.today = calendar.tokyo_date(partners.at)
    with pytest.raises(Invalid) as caught:
        hand_over(partners, **values)
    assert code in reason(caught.value)


def test_a_case_is_handed_over_once_on_a_day(partners, session):
    partners.bring("running")
    partners.today = calendar.tokyo_date(partners.at)
    first = hand_over(partners)
    with pytest.raises(Invalid) as caught:
        hand_over(partners)
    assert "cases:handed_over_already" in reason(caught.value)
    assert handovers.planned(session) == [first]
    hand_over(partners, effective_on=partners.today + 6 * DAY)
    handovers.cancel(session, partners.coordinator, first, partners.at)
    hand_over(partners)


def test_only_the_city_hands_over(partners):
    partners.bring("running")
    partners.today = calendar.tokyo_date(partners.at)
    with pytest.raises(NotPermitted):
        hand_over(partners, actor=partners.npo_actor)
    with pytest.raises(NotPermitted):
        handovers.sheets(partners.session, partners.npo_actor, None, partners.at)
    found = hand_over(partners)
    with pytest.raises(NotPermitted):
        handovers.cancel(partners.session, partners.npo_actor, found, partners.at)


def test_the_case_changes_hands_on_its_day_with_a_stand_in(partners, session):
    partners.bring("running")
    partners.today = calendar.tokyo_date(partners.at)
    found = hand_over(partners)
    assert handovers.run_due(session, partners.later(days=4)) == 0
    assert handovers.run_due(session, partners.later(days=1)) == 1
    session.refresh(partners.case, ["coordinator_id", "deputy_id"])
    assert partners.case.coordinator_id == partners.colleague.user_id
    assert partners.case.deputy_id == partners.manager.user_id
    with pytest.raises(Invalid, match="done_already"):
        handovers.cancel(session, partners.coordinator, found, partners.at)
    assert "hand_over" in set(session.scalars(select(AuditEvent.action)))


def test_a_cancelled_handover_does_not_happen(partners, session):
    partners.bring("running")
    partners.today = calendar.tokyo_date(partners.at)
    found = hand_over(partners)
    handovers.cancel(session, partners.coordinator, found, partners.at)
    assert handovers.run_due(session, partners.later(days=9)) == 0
    with pytest.raises(Invalid, match="done_already"):
        handovers.cancel(session, partners.coordinator, found, partners.at)


def test_the_handover_sheet_tells_what_is_open(partners, session):
    partners.bring("negotiation")
    task(text="冷凍庫を測る")(partners)
    sheet = handovers.sheets(session, partners.coordinator, None, partners.at)[0]
    assert [promise.text for promise in sheet.promises] == ["冷凍庫を測る"]
    assert {step.kind for step in sheet.steps} >= {"write_plan"}
    assert session.scalars(select(Partnership)).one().number == sheet.case.number


# ── What a form with the right version, a message, or a limit must not break ─────────────────────────


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
    answering.withdraw(session, partners.npo_actor, case, "resources", "", partners.at, version=None)
    with pytest.raises(MovedOn):
        partners.accept(kind, partners.npo_actor)
    assert not documents.find_draft(session, case, kind).is_touched


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
        ({"unit": "点", "definition": "１００点満点の平均", "target": 101.0}, "target"),
        ({"unit": "点", "name": "満足（5件法）", "target": 4.0, "baseline": 6.0}, "baseline"),
    ],
)
def test_no_value_of_an_indicator_lies_beyond_the_scale_that_it_names(partners, facts, field):
    partners.bring("negotiation")
    with pytest.raises(Invalid) as caught:
        partners.indicator(**facts)
    assert caught.value.facts == {field: "above_scale"}
    partners.indicator(**{**facts, field: 4.0})


def test_an_arrow_does_not_lead_back_to_an_earlier_column(partners):
    partners.bring("negotiation")
    write_logic(partners, activity=["配る"], early=["食べる"])
    with pytest.raises(Invalid) as caught:
        draw(partners, "early0", "activity0")
    assert caught.value.facts == {"target": "runs_backwards"}
    draw(partners, "activity0", "early0")
