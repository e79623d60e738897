"""How a measured outcome becomes yen: rules as tables of numbers, evaluated here and nowhere else. Pure.

A rule is data (shape, points, cap, rounding), never code, so that a contract can be read, simulated and
audited. Amounts are whole yen; arithmetic is exact (fractions of the decimal numbers as written).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Any, Final

from matcher.ground import calendar
from matcher.ground.amounts import MAX_YEN

SCHEMES: Final = ("pfs", "sib")
#: What a contract's facts say of its scheme, all optional.
SCHEME_FIELDS: Final = (
    "scheme", "commissioner", "intermediary", "funders", "legal_basis", "wtp_note", "sounding_note"
)  # fmt: skip

Step = Mapping[str, Any]  #: one step of a calculation: its ``code`` and figures


@dataclass(frozen=True)
class Rule:
    """One row of the payment table.

    ``points`` are (value, yen). ``table``: the amount of the last step that was reached. ``linear``: along
    the straight lines between the points, nothing before the first. ``threshold``: the one amount once the
    one value is reached. ``per_unit``: (from which value, yen for each whole unit beyond it).
    With ``direction`` "down" a smaller value is the better one.
    """

    key: str
    indicator: str
    cap_yen: int
    shape: str
    points: tuple[tuple[float, int], ...]
    measured_on: date
    fiscal_year: int
    direction: str = "up"
    floor_yen: int = 0
    rounding: int = 1

    def as_dict(self) -> dict[str, Any]:
        """The rule as an agreement keeps it (JSON)."""
        return {
            "key": self.key, "indicator": self.indicator, "cap_yen": self.cap_yen, "shape": self.shape,
            "points": [list(point) for point in self.points], "measured_on": self.measured_on.isoformat(),
            "fiscal_year": self.fiscal_year, "direction": self.direction, "floor_yen": self.floor_yen,
            "rounding": self.rounding,
        }  # fmt: skip

    @classmethod
    def from_dict(cls, facts: Mapping[str, Any]) -> "Rule":
        """The rule of an agreement's content."""
        return cls(
            key=str(facts["key"]), indicator=str(facts["indicator"]), cap_yen=int(facts["cap_yen"]),
            shape=str(facts["shape"]), points=tuple((float(v), int(y)) for v, y in facts["points"]),
            measured_on=date.fromisoformat(facts["measured_on"]), fiscal_year=int(facts["fiscal_year"]),
            direction=str(facts.get("direction", "up")), floor_yen=int(facts.get("floor_yen", 0)),
            rounding=int(facts.get("rounding", 1)),
        )  # fmt: skip

    def faults(self) -> dict[str, str]:
        """What cannot be meant, field → code; empty where the rule can be used."""
        found: dict[str, str] = {}
        if not 0 < self.cap_yen <= MAX_YEN:
            found["cap_yen"] = "positive"
        values = [value for value, _yen in self.points]
        if not self.points or any(yen < 0 or yen > MAX_YEN for _value, yen in self.points):
            found["points"] = "points_needed"
        elif self.shape in {"threshold", "per_unit"} and len(self.points) != 1:
            found["points"] = "one_point"
        elif self.shape == "linear" and len(self.points) < 2:
            found["points"] = "two_points"
        elif len(set(values)) != len(values):
            found["points"] = "same_value"
        elif self.shape in {"table", "linear"}:
            better = sorted(self.points, reverse=self.direction == "down")
            if any(later < earlier for (_a, earlier), (_b, later) in pairwise(better)):
                found["points"] = "falling_amount"
        if not 0 <= self.floor_yen <= self.cap_yen:
            found["floor_yen"] = "above_cap"
        if self.fiscal_year < calendar.fiscal_year(self.measured_on):
            found["fiscal_year"] = "before_measurement"
        return found


@dataclass(frozen=True)
class Amount:
    """What is paid for one value, and the steps of the calculation (``money_words.formula`` says them)."""

    yen: int
    steps: tuple[Step, ...]


@dataclass(frozen=True)
class Funder:
    """資金提供者 of a SIB. What is returned to it is said in ``terms`` and never calculated here."""

    name: str
    principal_yen: int
    terms: str


@dataclass(frozen=True)
class Scheme:
    """Under which scheme an outcome is paid, who stands behind it, what was asked beforehand: in words."""

    kind: str = "pfs"
    commissioner: str = ""
    intermediary: str = ""
    funders: tuple[Funder, ...] = ()
    legal_basis: str = ""
    wtp_note: str = ""
    sounding_note: str = ""

    @staticmethod
    def is_said(facts: Mapping[str, Any]) -> bool:
        """Whether a contract's facts say anything of a scheme: a paper prints nothing that was not signed."""
        return any(facts.get(name) for name in SCHEME_FIELDS)

    @classmethod
    def from_dict(cls, facts: Mapping[str, Any]) -> "Scheme":
        """The scheme of a contract's facts; contracts of before there were schemes are plain PFS."""
        return cls(
            kind=str(facts.get("scheme") or "pfs"),
            commissioner=str(facts.get("commissioner") or ""),
            intermediary=str(facts.get("intermediary") or ""),
            funders=tuple(
                Funder(str(row["name"]), int(row["principal_yen"]), str(row["terms"]))
                for row in facts.get("funders") or ()
            ),
            legal_basis=str(facts.get("legal_basis") or ""),
            wtp_note=str(facts.get("wtp_note") or ""),
            sounding_note=str(facts.get("sounding_note") or ""),
        )

    def faults(self) -> dict[str, str]:
        """Field → code: a SIB names its funders, each with its money and its return; a PFS has none."""
        if self.kind not in SCHEMES:
            return {"scheme": "required"}
        if self.kind == "pfs":
            return {"funders": "funders_only_sib"} if self.funders else {}
        if not self.funders:
            return {"funders": "funders_needed"}
        if any(
            not row.name.strip() or not row.terms.strip() or not 0 < row.principal_yen <= MAX_YEN
            for row in self.funders
        ):
            return {"funders": "funder_incomplete"}
        return {}


@dataclass(frozen=True)
class Contract:
    """The money of an outcome-linked agreement, over its fiscal years (April to March)."""

    budget_cap_yen: int
    provider: str
    evaluator: str
    rules: tuple[Rule, ...] = ()
    fixed: Mapping[int, int] = field(default_factory=dict)
    year_limits: Mapping[int, int] = field(default_factory=dict)
    scheme: Scheme = field(default_factory=Scheme)

    @classmethod
    def from_dict(cls, facts: Mapping[str, Any]) -> "Contract":
        """The contract part of an agreement's content."""
        return cls(
            budget_cap_yen=int(facts["budget_cap_yen"]),
            provider=str(facts["provider"]),
            evaluator=str(facts["evaluator"]),
            rules=tuple(Rule.from_dict(rule) for rule in facts.get("rules", ())),
            fixed={int(year): int(yen) for year, yen in facts.get("fixed", {}).items()},
            year_limits={int(year): int(yen) for year, yen in facts.get("year_limits", {}).items()},
            scheme=Scheme.from_dict(facts),
        )

    @property
    def years(self) -> tuple[int, ...]:
        """Every fiscal year in which something may be paid."""
        return tuple(sorted({*self.fixed, *self.year_limits, *(rule.fiscal_year for rule in self.rules)}))

    def most(self, year: int | None = None) -> int:
        """The most that can be paid, in all or in one fiscal year, in yen."""
        rules = sum(rule.cap_yen for rule in self.rules if year in {None, rule.fiscal_year})
        fixed = sum(yen for paid_in, yen in self.fixed.items() if year in {None, paid_in})
        return rules + fixed

    def faults(self) -> dict[str, str]:
        """What breaks the contract's own limits, field → code."""
        found: dict[str, str] = {}
        if not 0 < self.budget_cap_yen <= MAX_YEN:
            found["budget_cap_yen"] = "positive"
        elif self.most() > self.budget_cap_yen:
            found["budget_cap_yen"] = "over_budget"
        if any(self.most(year) > limit for year, limit in self.year_limits.items()):
            found["year_limits"] = "over_year_limit"
        for name in ("fixed", "year_limits"):
            if any(not 0 <= yen <= MAX_YEN for yen in getattr(self, name).values()):
                found.setdefault(name, "positive")
        for name in ("provider", "evaluator"):
            if not getattr(self, name):
                found[name] = "required"
        if self.provider and self.provider == self.evaluator:
            found["evaluator"] = "evaluator_is_provider"
        if not self.rules:
            found["rules"] = "required"
        return found | self.scheme.faults()


def amount(rule: Rule, value: float) -> Amount:
    """What ``rule`` pays for ``value``: never less than 0, never more than its cap, rounded down."""
    raw, first = _raw(rule, _exact(value))
    steps = [first]
    if rule.rounding > 1 and raw % rule.rounding:
        steps.append(step("rounded", rounding_yen=rule.rounding))
    yen = int(raw // rule.rounding) * rule.rounding
    if raw > 0 and yen < rule.floor_yen:
        yen = rule.floor_yen
        steps.append(step("floor", floor_yen=yen))
    if yen > rule.cap_yen:
        yen = rule.cap_yen
        steps.append(step("cap", cap_yen=yen))
    return Amount(yen, (*steps, step("paid", paid_yen=yen)))


def fixed_amount(year: int, yen: int) -> Amount:
    """The fixed part of a fiscal year."""
    return Amount(yen, (step("fixed", fiscal_year=year), step("paid", paid_yen=yen)))


def step(code: str, **facts: float) -> Step:
    """One step of a calculation; ``facts`` are values as measured, and whole yen (``…_yen``)."""
    return {"code": code, **facts}


def curve(rule: Rule, steps: int = 60) -> list[tuple[float, float]]:
    """(value, yen) over the range that matters, for the chart of a simulation."""
    values = [value for value, _yen in rule.points]
    low, high = min(values), max(values)
    if rule.shape == "per_unit":
        price = rule.points[0][1] or 1
        worse, better = sorted((0.0, rule.cap_yen / price * (-1 if rule.direction == "down" else 1)))
        low, high = low + worse, high + better
        whole = int(high - low)
        values = [low + i for i in range(whole + 1)] if whole <= steps else values
    margin = (high - low) * 0.25 or max(abs(high) * 0.25, 1.0)
    low, high = low - margin, high + margin
    # On both sides of a corner, so that a step is drawn upright.
    near = (high - low) * 1e-6
    corners = {value + shift for value in values for shift in (-near, 0.0, near)}
    marks = sorted({low + (high - low) * i / steps for i in range(steps + 1)} | corners)
    return [(mark, float(amount(rule, mark).yen)) for mark in marks]


def _raw(rule: Rule, value: Fraction) -> tuple[Fraction, Step]:
    sign = -1 if rule.direction == "down" else 1
    way = "down" if sign < 0 else "up"
    points = sorted(((_exact(v), yen) for v, yen in rule.points), key=lambda point: sign * point[0])
    first, measured = points[0], {"value": float(value)}
    if rule.shape == "per_unit":
        units = int(max(Fraction(0), sign * (value - first[0])))
        beyond = {**measured, "first": float(first[0])}
        if units == 0:
            return Fraction(0), step(f"no_unit_{way}", **beyond)
        return Fraction(units * first[1]), step(f"units_{way}", **beyond, units=units, price_yen=first[1])
    reached = [point for point in points if sign * value >= sign * point[0]]
    if not reached:
        return Fraction(0), step(f"missed_{way}", **measured, first=float(first[0]))
    last = reached[-1]
    stage = {**measured, "low": float(last[0]), "low_yen": last[1]}
    if rule.shape == "linear" and len(reached) < len(points):
        following = points[len(reached)]
        share = (value - last[0]) / (following[0] - last[0])
        raw = last[1] + (following[1] - last[1]) * share
        return raw, step("between", **stage, high=float(following[0]), high_yen=following[1])
    return Fraction(last[1]), step(f"reached_{way}", **stage)


def _exact(value: float) -> Fraction:
    return Fraction(Decimal(repr(float(value))))
