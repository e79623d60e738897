"""What a report begins with: of a company's own report the company's deeds alone, whatever the parties are called."""

import pytest
from sqlalchemy import select

from matcher.ground import calendar
from matcher.ground.errors import Invalid
from matcher.records import PeriodReport
from matcher.results import drafted
from matcher.work import contributions, reports


def test_a_companys_report_begins_with_its_own_deeds_where_the_npos_name_begins_like_its(partners, session):
    partners.company.name, partners.npo.name = "みどり", "みどりの会"
    partners.run_quarterly()
    report = session.scalars(select(PeriodReport).order_by(PeriodReport.period_from)).first()
    partners.later(days=20)
    on = calendar.tokyo_date(partners.at)
    for giver, other, kilos in (("company", "npo", 5), ("npo", "company", 3)):
        gift = contributions.Gift("food", kilos, "kg", on)
        actor, confirming = (getattr(partners, f"{side}_actor") for side in (giver, other))
        given = contributions.record_contribution(session, actor, partners.case, gift, partners.at)
        contributions.confirm_contribution(session, confirming, partners.case, given, partners.at)
    assert len(drafted.of_period(session, partners.case, report)) == 2
    (sentence,) = drafted.of_company(session, partners.case, report)
    assert sentence.startswith("みどりは、")
    assert "5kg" in sentence


def test_what_was_submitted_becomes_no_draft_again(partners, session):
    partners.run_quarterly()
    report = session.scalars(select(PeriodReport).order_by(PeriodReport.period_from)).first()
    partners.later(days=100)
    facts = {"text": "毎週届けた。", "setbacks": "特にない。"}
    reports.write_report(session, partners.npo_actor, partners.case, report, facts, partners.at, submit=True)
    later = facts | {"text": "書きかけ"}
    with pytest.raises(Invalid) as refused:
        reports.write_report(
            session, partners.npo_actor, partners.case, report, later, partners.at, submit=False
        )
    assert refused.value.facts == {"submit_now": "submitted_already"}
    assert report.npo_text == "毎週届けた。"
    reports.write_report(session, partners.npo_actor, partners.case, report, later, partners.at, submit=True)
    assert report.npo_text == "書きかけ"
