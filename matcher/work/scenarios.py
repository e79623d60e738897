"""What an outcome-linked contract would pay, tried out before anybody signs it and while it runs (X12)."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy.orm import Session

from matcher.agreements import contract as payment
from matcher.cases import documents
from matcher.records import CaseDocument, Partnership


@dataclass(frozen=True)
class Expected:
    """Where an indicator starts (``None``: not measured yet) and where it is to go."""

    name: str
    unit: str
    baseline: float | None
    target: float


@dataclass(frozen=True)
class Trial:
    """An outcome-linked contract that nobody is bound by yet, with what the plan expects of its indicators.

    ``deal`` lacks the rules that cannot be calculated: their indicator is in no plan, or they make no sense.
    """

    agreement: CaseDocument
    deal: payment.Contract
    indicators: Mapping[str, Expected]


def trial(session: Session, case: Partnership) -> Trial | None:
    """What the open draft of the agreement would pay, to be tried out before anybody signs it."""
    draft = documents.find_draft(session, case, "agreement")
    outcome = draft.content.get("outcome") if draft is not None else None
    if draft is None or not outcome:
        return None
    expected = {}
    # The plan that is being written comes last: the two drafts are meant to fit each other.
    for plan in (documents.find_agreed(session, case, "plan"), documents.find_draft(session, case, "plan")):
        for row in plan.content.get("indicators", ()) if plan is not None else ():
            expected[row["key"]] = Expected(row["name"], row["unit"], row["baseline"], row["target"])
    deal = payment.Contract.from_dict(outcome)
    usable = tuple(rule for rule in deal.rules if rule.indicator in expected and not rule.faults())
    return Trial(draft, replace(deal, rules=usable), expected)


@dataclass(frozen=True)
class Scenario:
    """One possible outcome: for each rule the value and what it would pay; sums in yen."""

    name: str
    rows: tuple[tuple[payment.Rule, float, payment.Amount], ...]
    fixed_yen: int

    @property
    def total_yen(self) -> int:
        """All that would be paid, the fixed part included."""
        return self.fixed_yen + sum(amount.yen for _rule, _value, amount in self.rows)


def scenarios(
    deal: payment.Contract, indicators: Mapping[str, Any], own: Mapping[str, float] | None = None
) -> list[Scenario]:
    """Several outcomes of a contract: nothing improves, half way, target reached, far beyond, and one's own.

    Args:
        indicators: key → object with ``baseline`` (or ``None``) and ``target``.
        own: rule key → a value to try out.
    """
    fixed = sum(deal.fixed.values())
    found = []
    for name, share in (
        ("改善なし", 0.0),
        ("目標の半分", 0.5),
        ("目標どおり", 1.0),
        ("目標を大きく上回る", 1.5),
    ):
        rows = []
        for rule in deal.rules:
            indicator = indicators[rule.indicator]
            start = indicator.baseline if indicator.baseline is not None else 0.0
            value = start + (indicator.target - start) * share
            rows.append((rule, round(value, 4), payment.amount(rule, round(value, 4))))
        found.append(Scenario(name, tuple(rows), fixed))
    if own:
        values = [(rule, own[rule.key]) for rule in deal.rules if rule.key in own]
        rows = [(rule, value, payment.amount(rule, value)) for rule, value in values]
        found.append(Scenario("入力した値", tuple(rows), fixed))
    return found
