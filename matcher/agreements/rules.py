"""The rules by which an outcome-linked agreement pays: what they rest on, and their rows."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from matcher.agreements import contract, values
from matcher.ground.errors import Invalid, Refused
from matcher.records import CaseDocument, Indicator, Partnership, Payment, PaymentRule


def _paid_keys(session: Session, case: Partnership) -> set[str]:
    return set(
        session.scalars(
            select(PaymentRule.key)
            .join(Payment, Payment.rule_id == PaymentRule.id)
            .where(PaymentRule.partnership_id == case.id)
        )
    )


def require_unpaid(session: Session, case: Partnership, content: Mapping[str, Any]) -> None:
    """A rule by which an amount was calculated cannot be changed any more.

    Raises:
        Refused: ``rule_paid``.
    """
    wanted = {rule["key"]: rule for rule in (content.get("outcome") or {}).get("rules", ())}
    rows = {
        row.key: row
        for row in session.scalars(select(PaymentRule).where(PaymentRule.partnership_id == case.id))
    }
    for key in _paid_keys(session, case):
        if wanted.get(key) != rows[key].terms:
            raise Refused("rule_paid")
    fixed = (content.get("outcome") or {}).get("fixed", {})
    paid_parts = session.scalars(
        select(Payment).where(Payment.partnership_id == case.id, Payment.fixed_year.is_not(None))
    )
    if any(int(fixed.get(str(row.fixed_year)) or 0) != row.amount_yen for row in paid_parts):
        raise Refused("rule_paid")


def require_measured(content: Mapping[str, Any], plan: CaseDocument | None) -> None:
    """Each rule can be calculated, and rests on an indicator of the plan that is linked to payment, can have
    its values and is measured on that day.

    Raises:
        Invalid: field → code.
    """
    known = {found["key"]: found for found in (plan.content["indicators"] if plan else ())}
    for rule in content["outcome"]["rules"]:
        wrong = contract.Rule.from_dict(rule).faults()
        if wrong:
            raise Invalid(**wrong)
        indicator = known.get(rule["indicator"])
        if indicator is None or not indicator["linked_to_payment"]:
            raise Invalid(rules="not_linked")
        said = (indicator["unit"], indicator["name"], indicator["definition"])
        if fault := values.first_fault((value for value, _yen in rule["points"]), *said):
            raise Invalid(points=fault)
        if rule["measured_on"] not in indicator["measure_on"]:
            raise Invalid(rules="not_measured_then")


def keep(session: Session, case: Partnership, agreement: CaseDocument) -> None:
    """The rows of the rules by which an agreement in force pays; what has paid stays as it was."""
    wanted = {rule["key"]: rule for rule in (agreement.content.get("outcome") or {}).get("rules", ())}
    rows = {
        row.key: row
        for row in session.scalars(select(PaymentRule).where(PaymentRule.partnership_id == case.id))
    }
    ids = {
        row.key: row.id
        for row in session.scalars(select(Indicator).where(Indicator.partnership_id == case.id))
    }
    paid = _paid_keys(session, case)
    for key, terms in wanted.items():
        rule = contract.Rule.from_dict(terms)
        row = rows.get(key)
        if row is None:
            row = PaymentRule(partnership_id=case.id, key=key)
            session.add(row)
        elif key in paid:
            continue
        row.agreement_number, row.indicator_id, row.cap_yen = (
            agreement.number,
            ids[rule.indicator],
            rule.cap_yen,
        )
        row.terms, row.measured_on, row.fiscal_year = terms, rule.measured_on, rule.fiscal_year
        row.is_retired = False
    for key, row in rows.items():
        if key not in wanted:
            row.is_retired = True
    session.flush()
