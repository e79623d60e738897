"""The words of the workspace where code puts them together: fiscal years, buttons, kept terms."""

from types import SimpleNamespace

import pytest
from flask import Flask, render_template

from matcher.ground import vocabulary
from matcher.register import parties
from tests.conftest import NOW
from webapp import bundle_text, work_text


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
        assert work_text.rule(row).endswith("令和9年3月31日の測定による（令和8年度払い）")
        lines = work_text.contract(deal).split("\n")
        assert lines[3:5] == ["令和8年度の固定部分：50,000円", "令和9年度の限度額：150,000円"]
        assert bundle_text.rows({"fiscal_year": 2026}) == [("年度", "令和8年度")]


def test_every_button_says_what_it_does_where_saving_would_not_be_what_happens(app: Flask) -> None:
    words = {
        "unpublish": "公表しないことにする", "drop_document": "案を取り下げる", "drop_rule": "条件を外す",
        "suspend": "中断する", "resume": "再開する", "review_report": "判断を伝える",
        "incident": "三者に知らせる", "report": "選んだとおりに進める", "renew": "この内容で相手に送る",
        "decline_rating": "評価を辞退する", "task": "保存する",
    }  # fmt: skip
    with app.test_request_context():
        assert {action: work_text.submit_label(action) for action in words} == words


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
    document = SimpleNamespace(
        content=content, number=1, state="draft", company_accepted_at=None, npo_accepted_at=None,
        city_accepted_at=None, needs_city=False, sha256="", why_changed="",
    )  # fmt: skip
    office = parties.Office("澪原市", "市民協働課")
    named = parties.Parties(parties.Party("みどり商店"), parties.Party("ひだまりの会"), office)
    with app.test_request_context():
        paper = render_template(
            "pdf/agreement.html", title="覚書", case=SimpleNamespace(number="P-1"), document=document,
            parties=named, city=office, made_at=NOW, vocabulary=vocabulary, work_text=work_text,
        )  # fmt: skip
    assert [clause for clause in clauses if clause not in paper] == []
