"""成果連動の支払い: from accepted measurements only, calculated once, approved by another (E8, X12)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from matcher.agreements import contract as payment
from matcher.cases import decisions, documents, talks
from matcher.ground import calendar, lifecycle, permissions
from matcher.ground.errors import Invalid, Refused
from matcher.ground.permissions import Actor
from matcher.records import CaseDocument, Measurement, Partnership, Payment, PaymentRule, User
from matcher.register import moves, notices, wording_work


def contract(session: Session, case: Partnership) -> payment.Contract | None:
    """The outcome-linked contract in force, if the case has one."""
    found = documents.find_agreed(session, case, "agreement")
    outcome = found.content.get("outcome") if found else None
    return payment.Contract.from_dict(outcome) if outcome else None


def rules(session: Session, case: Partnership) -> Sequence[PaymentRule]:
    """The payment rules in force, in the order of their keys."""
    return session.scalars(
        select(PaymentRule)
        .where(PaymentRule.partnership_id == case.id, PaymentRule.is_retired.is_(False))
        .options(joinedload(PaymentRule.indicator))
        .order_by(PaymentRule.measured_on, PaymentRule.key)
    ).all()


def all_of(session: Session, case: Partnership) -> Sequence[Payment]:
    """Every payment of the case, oldest first."""
    return session.scalars(
        select(Payment)
        .where(Payment.partnership_id == case.id)
        .options(
            joinedload(Payment.rule).joinedload(PaymentRule.indicator),
            joinedload(Payment.measurement).joinedload(Measurement.evidence),
        )
        .order_by(Payment.id)
    ).all()


def basis(session: Session, rule: PaymentRule) -> Measurement | None:
    """The accepted measurement by which a rule pays; it may be one that says why there is no value."""
    return session.scalar(
        select(Measurement)
        .where(
            Measurement.indicator_id == rule.indicator_id,
            Measurement.measured_on == rule.measured_on,
            Measurement.state == "accepted",
        )
        .options(joinedload(Measurement.reviewed_by))
    )


def calculate(
    session: Session, actor: Actor, case: Partnership, rule: PaymentRule, now: datetime,
    *, seen: int | None = None,
) -> Payment:  # fmt: skip
    """Calculate what a rule pays for the accepted measurement of its day. The result never changes.

    Args:
        seen: id of the measurement that the person saw (0: none); another one must be looked at first.

    Raises:
        MovedOn: the value was replaced meanwhile, or the rule has gone.
        Refused: ``no_measurement``, ``no_evidence``, ``evaluator_is_provider``, ``paid_already``,
            ``over_budget``.
    """
    permissions.require(actor, "partnership.review", case)
    talks.in_state(session, case, *lifecycle.CASE_BEGUN)
    deal = contract(session, case)
    if deal is None or rule.is_retired:
        raise moves.moved_on(session, case)
    if session.scalar(select(Payment.id).where(Payment.rule_id == rule.id)) is not None:
        raise Refused("paid_already")
    measurement = basis(session, rule)
    if seen is not None and seen != (measurement.id if measurement is not None else 0):
        raise moves.moved_on(session, case)
    if measurement is None or measurement.value is None:
        raise Refused("no_measurement")
    if measurement.evidence_id is None:
        raise Refused("no_evidence")
    if _side_of_person(case, measurement.reviewed_by) == deal.provider:
        raise Refused("evaluator_is_provider")
    found = payment.amount(payment.Rule.from_dict(rule.terms), measurement.value)
    return _keep(
        session, actor, case, deal, found.yen, found.formula, rule.fiscal_year, now,
        rule=rule, measurement=measurement, what=rule.indicator.name,
    )  # fmt: skip


def calculate_fixed(session: Session, actor: Actor, case: Partnership, year: int, now: datetime) -> Payment:
    """The fixed part of one fiscal year, once.

    Raises:
        Refused: ``no_fixed_part``, ``paid_already``, ``over_budget``.
    """
    permissions.require(actor, "partnership.review", case)
    talks.in_state(session, case, *lifecycle.CASE_BEGUN)
    deal = contract(session, case)
    if deal is None or not deal.fixed.get(year):
        raise Refused("no_fixed_part")
    taken = select(Payment.id).where(Payment.partnership_id == case.id, Payment.fixed_year == year)
    if session.scalar(taken) is not None:
        raise Refused("paid_already")
    yen = deal.fixed[year]
    what = fixed_part(year)
    formula = f"契約で定めた{what}。支払額は{yen:,}円。"
    return _keep(session, actor, case, deal, yen, formula, year, now, fixed_year=year, what=what)


def approve(
    session: Session, actor: Actor, case: Partnership, found: Payment, now: datetime, *, version: int | None
) -> None:
    """A manager approves what somebody else calculated (K9).

    Raises:
        Refused: ``own_calculation``, ``not_verified``. MovedOn: approved meanwhile.
    """
    permissions.require(actor, "partnership.pay", case)
    talks.in_state(session, case, *lifecycle.CASE_BEGUN)
    talks.require_verified(case)
    if found.approved_at is not None or (version is not None and version != found.version):
        raise moves.moved_on(session, case)
    if found.calculated_by_id == actor.user_id:
        raise Refused("own_calculation")
    bundle = decisions.freeze(
        session, actor, case, "approve_payment", "", now, payment=found.public_id, yen=found.amount_yen
    )
    found.approved_at, found.approved_by_id = now, actor.user_id
    session.flush()
    details = {**_details(found), **decisions.named(bundle)}
    documents.note(session, actor, case, "approve_payment", now, details=details)
    text = wording_work.event(case, "payment_approved", what=label(found))
    documents.tell_others(session, actor, case, text, now)


def record_paid(
    session: Session, actor: Actor, case: Partnership, found: Payment, paid_on: date, now: datetime,
    *, version: int | None,
) -> None:  # fmt: skip
    """Note the day on which the approved amount was paid.

    Raises:
        Refused: ``not_approved``, ``not_verified``. Invalid: a day in the future or before the approval.
    """
    permissions.require(actor, "partnership.review", case)
    talks.in_state(session, case, *lifecycle.CASE_BEGUN)
    talks.require_verified(case)
    if found.approved_at is None:
        raise Refused("not_approved")
    if found.paid_on is not None or (version is not None and version != found.version):
        raise moves.moved_on(session, case)
    if paid_on > calendar.tokyo_date(now):
        raise Invalid(paid_on="in_future")
    if paid_on < calendar.tokyo_date(found.approved_at):
        raise Invalid(paid_on="before_approval")
    # A year's books stay open until the end of May (地方自治法 235条の5).
    if not date(found.fiscal_year, 4, 1) <= paid_on <= date(found.fiscal_year + 1, 5, 31):
        raise Invalid(paid_on="outside_fiscal_year")
    found.paid_on, found.paid_by_id = paid_on, actor.user_id
    session.flush()
    documents.note(session, actor, case, "record_paid", now, details=_details(found))
    documents.tell_others(session, actor, case, wording_work.event(case, "paid", what=label(found)), now)


def unsettled(session: Session, case: Partnership) -> str | None:
    """Why the money of the case is not settled: a code, or ``None``."""
    found = all_of(session, case)
    if any(row.amount_yen and row.paid_on is None for row in found):
        return "unpaid"
    deal = contract(session, case)
    if deal is None:
        return None
    if case.was_terminated:
        # What was reached and accepted before the early end is still owed; what was not measured is not.
        return "uncalculated" if ready_rules(session, case) else None
    calculated = {row.rule_id for row in found}
    unmeasurable = _unmeasurable(session, case)
    if any(rule.id not in calculated | unmeasurable for rule in rules(session, case)):
        return "uncalculated"
    fixed = {row.fixed_year for row in found}
    return "uncalculated" if any(yen and year not in fixed for year, yen in deal.fixed.items()) else None


def label(found: Payment) -> str:
    """What a payment is for."""
    if found.fixed_year is not None:
        return fixed_part(found.fixed_year)
    return found.rule.indicator.name if found.rule is not None else ""


def fixed_part(year: int) -> str:
    """「令和8年度の固定部分」."""
    return f"{calendar.nendo(year)}の固定部分"


def _unmeasurable(session: Session, case: Partnership) -> set[int | None]:
    """The rules whose value could not be measured, as accepted with its reason: they pay nothing."""
    rows = session.execute(
        select(PaymentRule.id)
        .join(
            Measurement,
            (Measurement.indicator_id == PaymentRule.indicator_id)
            & (Measurement.measured_on == PaymentRule.measured_on),
        )
        .where(
            PaymentRule.partnership_id == case.id,
            Measurement.state == "accepted",
            Measurement.value.is_(None),
        )
    )
    return {row.id for row in rows}


def ready_rules(session: Session, case: Partnership) -> list[PaymentRule]:
    """The rules whose amount can be calculated now: measured, accepted, not calculated yet."""
    calculated = {row.rule_id for row in all_of(session, case)}
    open_rules = [rule for rule in rules(session, case) if rule.id not in calculated]
    accepted = {
        (row.indicator_id, row.measured_on)
        for row in session.scalars(
            select(Measurement).where(
                Measurement.indicator_id.in_([rule.indicator_id for rule in open_rules]),
                Measurement.state == "accepted",
                Measurement.value.is_not(None),
            )
        )
    }
    return [rule for rule in open_rules if (rule.indicator_id, rule.measured_on) in accepted]


def due_fixed(session: Session, case: Partnership, now: datetime) -> list[int]:
    """The fiscal years whose fixed part is to be calculated: begun and not calculated yet."""
    deal = contract(session, case)
    if deal is None or case.was_terminated:
        return []
    calculated = {row.fixed_year for row in all_of(session, case)}
    this_year = calendar.fiscal_year(now)
    return [
        year
        for year, yen in sorted(deal.fixed.items())
        if yen and year <= this_year and year not in calculated
    ]


# ── Simulation ───────────────────────────────────────────────────────────────────────────────────────


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


# ── Shared ───────────────────────────────────────────────────────────────────────────────────────────


def _keep(
    session: Session, actor: Actor, case: Partnership, deal: payment.Contract, yen: int, formula: str,
    year: int, now: datetime, *, rule: PaymentRule | None = None, measurement: Measurement | None = None,
    fixed_year: int | None = None, what: str,
) -> Payment:  # fmt: skip
    before = select(func.coalesce(func.sum(Payment.amount_yen), 0)).where(Payment.partnership_id == case.id)
    if (session.scalar(before) or 0) + yen > deal.budget_cap_yen:
        raise Refused("over_budget")
    limit = deal.year_limits.get(year)
    if limit is not None and (session.scalar(before.where(Payment.fiscal_year == year)) or 0) + yen > limit:
        raise Refused("over_budget")
    found = Payment(
        partnership_id=case.id, rule_id=rule.id if rule else None,
        measurement_id=measurement.id if measurement else None, fixed_year=fixed_year, fiscal_year=year,
        amount_yen=yen, formula=formula, calculated_by_id=actor.user_id, calculated_at=now,
    )  # fmt: skip
    session.add(found)
    session.flush()
    bundle = decisions.freeze(
        session, actor, case, "calculate_payment", "", now, payment=found.public_id, yen=yen, formula=formula
    )
    details = {**_details(found), **decisions.named(bundle)}
    documents.note(session, actor, case, "calculate_payment", now, details=details)
    documents.tell_others(session, actor, case, wording_work.event(case, "payment", what=what), now)
    managers = session.scalars(
        select(User)
        .where(User.role == "manager", User.status == "active", User.id != actor.user_id)
        .order_by(User.id)
    ).all()
    words = wording_work.event(case, "payment_to_approve", what=what)
    notices.tell_users(session, managers, *words, now, about=("partnership", case.public_id))
    return found


def _details(found: Payment) -> dict[str, Any]:
    return {"payment": found.public_id, "yen": found.amount_yen}


def _side_of_person(case: Partnership, person: User | None) -> str | None:
    if person is None:
        return None
    return case.side_of(person.organization_id) or "city"
