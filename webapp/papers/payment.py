"""成果連動支払い計算書."""

from typing import Any, Final

from flask_babel import lazy_gettext as _l

from matcher.work import payments
from webapp import work_text
from webapp.papers.paper import Ask, Paper, head


def _facts(ask: Ask) -> dict[str, Any]:
    last = ask.history.event("calculate_payment", "approve_payment", "record_paid")
    return {
        "deal": payments.contract(ask.session, ask.case),
        "rules": [
            (rule.indicator.name, work_text.rule(rule.terms))
            for rule in payments.rules(ask.session, ask.case)
        ],
        "payments": [
            {
                "what": payments.label(row), "fiscal_year": row.fiscal_year, "formula": row.formula,
                "amount_yen": row.amount_yen, "approved_at": row.approved_at, "paid_on": row.paid_on,
            }
            for row in payments.all_of(ask.session, ask.case)
        ],
        **head(ask.case, ask.history.on(last), last.at if last else ask.now),
    }  # fmt: skip


PAPER: Final = Paper(
    "payment", _l("成果連動支払い計算書"), 10,
    lambda ask: payments.contract(ask.session, ask.case) is not None, _facts,
)  # fmt: skip
