"""The agreement from its draft to the start, and how a partnership is paused and ended early."""

from datetime import date

import pytest
from sqlalchemy import func, select

from matcher.agreements import course, plans
from matcher.cases import documents
from matcher.cases import reads as case_reads
from matcher.ground.errors import DomainError, NotPermitted, Refused
from matcher.records import (
    DecisionBundle,
    Notice,
    PaymentRule,
    PeriodReport,
)
from matcher.register import audit
from matcher.register.act import Look
from matcher.results import accepting
from tests import told as tell
from tests.services.agreeing import (
    DAY,
    amended,
    city_suspends,
    editor,
    give_back,
    reopen,
    resume,
    suspend,
    terminate,
    viewer,
)


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


@pytest.mark.parametrize("kind", ["plan", "agreement"])
@pytest.mark.parametrize("accepted", [(), ("company",), ("company", "npo")])
def test_consent_is_offered_to_those_whose_consent_is_then_taken(partners, session, kind, accepted):
    """Viewers, those who do not represent, who has accepted and the city before its turn are not offered it."""
    partners.bring("running")
    if kind == "plan":
        partners.indicator(baseline=3, why_changed="続けるため。")
    else:
        partners.draft_agreement(why_changed="続けるため。", money_company_yen=5)
    for side in accepted:
        partners.accept(kind, getattr(partners, f"{side}_actor"))
    draft, offered = documents.find_draft(session, partners.case, kind), set()
    people = {
        "company": partners.company_actor, "npo": partners.npo_actor, "editor": editor(partners),
        "viewer": viewer(partners), "coordinator": partners.coordinator,
    }  # fmt: skip
    for name, actor in people.items():
        if draft is not None and accepting.accept_document.may(
            Look(session, actor, partners.case, partners.at, draft)
        ):
            offered.add(name)
        point = session.begin_nested()
        try:
            accepting.accept_document(session, actor, partners.case, draft, draft.sha256, partners.at)
        except DomainError:
            assert name not in offered, name
        else:
            assert name in offered, name
        point.rollback()
        case_reads.get_case(session, partners.manager, partners.case.public_id)  # gone with what was undone
        draft = documents.find_draft(session, partners.case, kind)
    sides = {"company", "npo"} - set(accepted)
    expected = sides | ({"editor"} if kind == "plan" and "npo" in sides else set())
    assert offered == (expected or {"coordinator"})


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


def test_the_other_side_hears_of_a_plan_when_it_is_begun_and_once_for_each_version_to_accept(
    partners, session
):
    partners.bring("negotiation")

    def heard(subject="計画の案が届きました"):
        return [one.row.user_id for one in tell.notices(session, subject)]

    def write(purpose, actor):
        plans.write_purpose(session, actor, partners.case, purpose, partners.at, version=None)

    write("居場所をひらく。", partners.npo_actor)
    assert heard("協働計画を書きはじめました") == [partners.company_user.id]
    assert heard() == []
    partners.indicator()
    write("居場所を月に4回ひらく。", partners.npo_actor)
    assert heard() == [partners.company_user.id]
    partners.accept("plan", partners.company_actor)
    write("居場所を月に5回ひらく。", partners.company_actor)
    assert heard() == [partners.company_user.id, partners.npo_user.id]


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
