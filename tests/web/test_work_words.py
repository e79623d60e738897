"""The words of the workspace where code puts them together: fiscal years, buttons, kept terms."""

import pytest
from flask import Flask

from matcher.register import parties
from matcher.register.frozen import Version
from tests.conftest import NOW
from webapp import act_text, bundle_text, contract_text, document_text, pdf
from webapp.papers import agreement


def test_fiscal_years_are_written_in_their_era(app: Flask) -> None:
    row = {
        "key": "P1", "indicator": "I1", "shape": "threshold", "points": [[30, 100_000]], "cap_yen": 100_000,
        "measured_on": "2027-03-31", "fiscal_year": 2026,
    }  # fmt: skip
    deal = {
        "provider": "npo", "evaluator": "city", "budget_cap_yen": 300_000, "rules": [row],
        "fixed": {"2026": 50_000}, "year_limits": {"2027": 150_000},
    }  # fmt: skip
    with app.test_request_context():
        assert contract_text.rule(row).endswith("令和9年3月31日の測定による（令和8年度払い）")
        lines = contract_text.contract(deal).split("\n")
        assert lines[3:5] == ["令和8年度の固定部分：50,000円", "令和9年度の限度額：150,000円"]
        assert bundle_text.rows({"fiscal_year": 2026}) == [("年度", "令和8年度")]


def test_every_button_says_what_it_does_where_saving_would_not_be_what_happens(app: Flask) -> None:
    words = {
        "unpublish": "公表しないことにする", "drop_document": "案を取り下げる", "drop_rule": "条件を外す",
        "suspend": "中断する", "resume": "再開する", "review_report": "判断を伝える",
        "report_incident": "三者に知らせる", "write_report": "選んだとおりに進める", "renew": "この内容で相手に送る",
        "decline_rating": "評価を辞退する", "add_task": "保存する",
    }  # fmt: skip
    with app.test_request_context():
        assert {action: act_text.submit_label(action) for action in words} == words


@pytest.mark.parametrize(
    ("frequency", "city_is_party", "clauses"),
    [
        ("none", False, ("<p>中間報告は求めない。</p>", "市が負担する金額：50,000円")),
        ("quarterly", False, ("<p>甲及び乙は、3か月ごとに、中間報告を市に提出する。</p>",)),
        ("yearly", True, ("中間報告を丙に提出する。", "丙が負担する金額：50,000円")),
    ],
)
def test_an_agreement_names_its_parties_and_its_reports_in_whole_clauses(
    app: Flask, frequency: str, city_is_party: bool, clauses: tuple[str, ...]
) -> None:
    names = ("purpose", "method", "roles_company", "roles_npo", "roles_city", "costs", "rights", "privacy")
    content = dict.fromkeys((*names, "publication", "termination"), "定める。") | {
        "type": "memorandum", "frequency": frequency, "city_is_party": city_is_party, "plan_number": 1,
        "money_company_yen": 0, "money_city_yen": 50_000, "from_on": "2026-12-01", "to_on": "2027-03-31",
        "signer_company": "佐藤", "signer_npo": "鈴木", "signer_city": "市長", "outcome": None,
    }  # fmt: skip
    office = parties.Office("澪原市", "市民協働課")
    named = parties.Parties(parties.Party("みどり商店"), parties.Party("ひだまりの会"), office)
    document = Version(
        public_id="", kind="agreement", number=1, state="draft", content=content, parties=named, sha256="",
        why_changed="", needs_city=False, drafted_at=NOW, agreed_at=None, company_accepted_at=None,
        npo_accepted_at=None, city_accepted_at=None,
    )  # fmt: skip
    with app.test_request_context():
        said = document_text.said(document)
        paper = pdf.source(
            "agreement.html",
            {
                "title": "覚書", "case": {"number": "P-1"}, "document": document, "state": "案",
                "said": said, "plan": None, **agreement.terms(said, None), "before": None,
                "changes": [], "parties": named, "city": office, "made_at": NOW,
            },
        )  # fmt: skip
    last = 12 + city_is_party  # its own article says what a city that is a party does
    assert f"<h3>第{last}条（成果の測定）</h3>" in paper
    assert f"第{last + 1}条" not in paper
    assert [clause for clause in clauses if clause not in paper] == []
