"""成果連動支払い計算書."""

from collections.abc import Mapping
from typing import Any, Final

from flask_babel import lazy_gettext as _l

from matcher.agreements import indicators
from matcher.cases import documents
from matcher.records import CaseDocument
from matcher.work import payments
from webapp import contract_text
from webapp.papers.paper import Ask, Paper, head


def _facts(ask: Ask) -> dict[str, Any]:
    last = ask.history.event("calculate_payment", "approve_payment", "record_paid")
    then = ask.history.agreed("agreement", last) if last is not None else ()
    agreement = then[0] if then else documents.find_agreed(ask.session, ask.case, "agreement")
    plan = indicators.InPlan(ask.session, ask.case, ask.history).on(last)
    return {
        "deal": payments.contract_in(agreement),
        "rules": _rules(agreement, {row.key: row.name for row in plan}),
        "payments": [
            {
                "what": payments.label(row), "fiscal_year": row.fiscal_year, "formula": payments.formula(row),
                "amount_yen": row.amount_yen, "approved_at": row.approved_at, "paid_on": row.paid_on,
            }
            for row in payments.all_of(ask.session, ask.case)
        ],
        **head(ask.case, ask.history.on(last), last.at if last else ask.now),
    }  # fmt: skip


def _rules(agreement: CaseDocument | None, names: Mapping[str, str]) -> list[tuple[str, str]]:
    """The conditions of an agreement in words, with the names of their indicators."""
    terms = agreement.content["outcome"]["rules"] if agreement is not None else ()
    in_order = sorted(terms, key=lambda row: (row["measured_on"], row["key"]))
    return [(names[row["indicator"]], contract_text.rule(row)) for row in in_order]


PAPER: Final = Paper(
    "payment", _l("成果連動支払い計算書"), 10,
    lambda ask: payments.contract(ask.session, ask.case) is not None, _facts,
)  # fmt: skip
