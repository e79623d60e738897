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
    definition: str
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
            expected[row["key"]] = Expected(
                row["name"], row["definition"], row["unit"], row["baseline"], row["target"]
            )  # fmt: skip
    deal = payment.Contract.from_dict(outcome)
    usable = tuple(rule for rule in deal.rules if rule.indicator in expected and not rule.faults())
    return Trial(draft, replace(deal, rules=usable), expected)


@dataclass(frozen=True)
class Scenario:
    """One possible outcome: for each rule the value and what it would pay; sums in yen."""

    code: str  #: of ``vocabulary.SCENARIOS``
    rows: tuple[tuple[payment.Rule, float, payment.Amount], ...]
    fixed_yen: int

    def of(self, key: str) -> tuple[float, int] | None:
        """The value of one rule and what it would pay, ``None`` where it is not calculated."""
        return next(((value, amount.yen) for rule, value, amount in self.rows if rule.key == key), None)

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
    for code, share in (("none", 0.0), ("half", 0.5), ("target", 1.0), ("beyond", 1.5)):
        rows = []
        for rule in deal.rules:
            indicator = indicators[rule.indicator]
            start = indicator.baseline if indicator.baseline is not None else 0.0
            value = start + (indicator.target - start) * share
            rows.append((rule, round(value, 4), payment.amount(rule, round(value, 4))))
        found.append(Scenario(code, tuple(rows), fixed))
    if own:
        values = [(rule, own[rule.key]) for rule in deal.rules if rule.key in own]
        rows = [(rule, value, payment.amount(rule, value)) for rule, value in values]
        found.append(Scenario("own", tuple(rows), fixed))
    return found
