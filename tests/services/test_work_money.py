"""What an agreement promises in yen, what of it is recorded, and the word that a shortage needs."""

import pytest
from sqlalchemy import select

from matcher.cases import reads as case_reads
from matcher.cases import turns
from matcher.ground import calendar
from matcher.ground.errors import Invalid
from matcher.records import AuditEvent
from matcher.results import closing, lessons, publication
from matcher.work import contributions, payments


def running(partners, **facts):
    partners.introduce()
    partners.meet()
    partners.write_plan()
    partners.draft_agreement(**facts)
    partners.sign()
    partners.confirm()
    partners.start()


def give(
    partners, actor, confirmer, kind="cash_donation", unit="円", quantity=1.0, yen=None, method="actual"
):
    gift = contributions.Gift(kind, quantity, unit, partners.today, yen, "none" if yen is None else method)
    found = contributions.record_contribution(partners.session, actor, partners.case, gift, partners.at)
    if confirmer is not None:
        contributions.confirm_contribution(
            partners.session, confirmer, partners.case, found, partners.at, version=None
        )


def promises(partners):
    return {
        row.side: (row.promised_yen, row.recorded_yen, row.missing_yen)
        for row in contributions.promises(partners.session, partners.case)
    }


def until_closing(partners):
    partners.end()
    partners.report()
    partners.evaluate()
    lessons.add_lesson(
        partners.session, partners.npo_actor, partners.case, "前の週に決める。", True, partners.at
    )
    publication.unpublish(
        partners.session, partners.npo_actor, partners.case, "private", "小さな会のため。", partners.at
    )


def close(partners, **facts):
    closing.close(
        partners.session, partners.coordinator, partners.case, "済んだ。", partners.at, version=None, **facts
    )


def test_confirmed_money_and_what_was_really_paid_count_towards_a_promise(partners):
    running(partners, money_company_yen=100_000, money_city_yen=50_000)
    give(partners, partners.company_actor, partners.npo_actor, quantity=30_000)
    give(partners, partners.company_actor, partners.npo_actor, quantity=20_000, yen=20_000)
    give(partners, partners.company_actor, None, quantity=9_000)
    give(partners, partners.company_actor, partners.npo_actor, "food", "kg", 5, 7_000)
    give(partners, partners.company_actor, partners.npo_actor, "food", "kg", 5, 7_000, "market")
    give(partners, partners.npo_actor, partners.company_actor, quantity=8_000)
    give(partners, partners.coordinator, partners.npo_actor, quantity=60_000)
    assert promises(partners) == {"company": (100_000, 57_000, 43_000), "city": (50_000, 60_000, 0)}


def test_what_an_outcome_contract_has_paid_is_the_citys_money(partners, session):
    partners.contracted()
    partners.end()
    partners.measure(partners.only_indicator(), 31.0, partners.ends_on)
    payments.calculate(session, partners.coordinator, partners.case, partners.rule(), partners.at)
    [found] = payments.all_of(session, partners.case)
    payments.approve(session, partners.manager, partners.case, found, partners.at, version=None)
    assert promises(partners)["city"] == (0, 0, 0), "approved, not yet paid"
    payments.record_paid(
        session, partners.coordinator, partners.case, found, calendar.tokyo_date(partners.at),
        partners.at, version=None,
    )  # fmt: skip
    assert promises(partners)["city"] == (0, 300_000, 0)


def test_a_shortage_needs_a_word_before_the_case_is_closed(partners, session):
    running(partners, money_company_yen=100_000)
    until_closing(partners)
    assert closing.obstacle(session, partners.case) == "money_short"
    [step] = turns.steps(session, partners.case, partners.at)
    assert (step.side, step.kind) == ("city", "money_short")
    for note in ("", "  "):
        with pytest.raises(Invalid, match="money_short"):
            close(partners, money_note=note)
    close(partners, money_note="物での支援に替わった。")
    assert partners.case.state == "closed"
    event = session.scalars(select(AuditEvent).where(AuditEvent.action == "close")).one()
    assert event.reason_text == "済んだ。\n約束した金額との差の理由：物での支援に替わった。"
    bundle = case_reads.decision_bundles(session, partners.case)[0]
    assert bundle.content["facts"]["money_note"] == "物での支援に替わった。"
    assert bundle.content["facts"]["money"][0] == {
        "side": "company", "promised_yen": 100_000, "recorded_yen": 0, "by_outcome": False,
    }  # fmt: skip


def test_a_kept_promise_needs_no_word(partners, session):
    running(partners, money_company_yen=100_000)
    give(partners, partners.company_actor, partners.npo_actor, quantity=100_000)
    until_closing(partners)
    assert closing.obstacle(session, partners.case) is None
    close(partners)
    assert partners.case.state == "closed"


def test_an_outcome_contract_that_pays_less_for_less_needs_no_word(partners, session):
    partners.introduce()
    partners.meet()
    partners.write_plan({"linked_to_payment": True})
    partners.draft_agreement(type="outcome_linked", outcome=partners.outcome(), money_city_yen=400_000)
    partners.sign()
    partners.confirm()
    partners.start()
    until_closing(partners)
    payments.calculate(session, partners.coordinator, partners.case, partners.rule(), partners.at)
    [found] = payments.all_of(session, partners.case)
    payments.approve(session, partners.manager, partners.case, found, partners.at, version=None)
    payments.record_paid(
        session, partners.coordinator, partners.case, found, calendar.tokyo_date(partners.at), partners.at,
        version=None,
    )  # fmt: skip
    assert promises(partners)["city"] == (400_000, 300_000, 100_000)
    assert closing.obstacle(session, partners.case) is None
