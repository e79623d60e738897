"""The words of the workspace where code puts them together: fiscal years, buttons, kept terms."""

from flask import Flask

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
