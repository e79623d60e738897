"""成果連動の支払い: from accepted measurements only, calculated once, approved by another (E8, X12)."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from matcher.agreements import acts as agreements
from matcher.agreements import contract as payment
from matcher.agreements import money_words
from matcher.cases import decisions, documents, talks, turns
from matcher.cases.act import BEGUN, REVIEW, case_act
from matcher.ground import calendar
from matcher.ground.errors import Invalid, Refused
from matcher.ground.permissions import Actor
from matcher.records import CaseDocument, Measurement, Partnership, Payment, PaymentRule
from matcher.register import notices, officials, wording_work
from matcher.register.act import MOVED_ON, Done, Look, Told, Words
from matcher.register.once import asked_once


def contract(session: Session, case: Partnership) -> payment.Contract | None:
    """The outcome-linked contract in force, if the case has one."""
    return contract_in(documents.find_agreed(session, case, "agreement"))


def contract_in(agreement: CaseDocument | None) -> payment.Contract | None:
    """The outcome-linked contract of one version of an agreement, if it has one."""
    outcome = agreement.content.get("outcome") if agreement else None
    return payment.Contract.from_dict(outcome) if outcome else None


def rules(session: Session, case: Partnership) -> Sequence[PaymentRule]:
    """The payment rules in force, in the order of their keys."""
    return session.scalars(
        select(PaymentRule)
        .where(PaymentRule.partnership_id == case.id, PaymentRule.is_retired.is_(False))
        .options(joinedload(PaymentRule.indicator))
        .order_by(PaymentRule.measured_on, PaymentRule.key)
    ).all()


@asked_once
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
        .options(joinedload(Measurement.indicator), joinedload(Measurement.evidence))
    )


def values(
    rows: Sequence[PaymentRule], measured: Mapping[int, Sequence[Measurement]]
) -> dict[int, Measurement | None]:
    """rule id → the accepted measurement by which it pays, out of what was measured of each indicator."""
    return {
        rule.id: next(
            (
                row
                for row in measured.get(rule.indicator_id, ())
                if row.state == "accepted" and row.measured_on == rule.measured_on
            ),
            None,
        )
        for rule in rows
    }


def _calculable(look: Look) -> str | None:
    """An accepted value with its evidence, checked by somebody else than who is paid for it; once."""
    session, case, rule = look.session, look.record, look.item
    deal = contract(session, case)
    if deal is None or rule.is_retired:
        return MOVED_ON
    if session.scalar(select(Payment.id).where(Payment.rule_id == rule.id)) is not None:
        return "paid_already"
    measurement = basis(session, rule)
    if measurement is None or measurement.value is None:
        return "no_measurement"
    if measurement.evidence_id is None:
        return "no_evidence"
    is_providers = measurement.reviewed_side == deal.provider
    return "evaluator_is_provider" if is_providers else None


def _basis_shown(look: Look) -> int:
    """The measurement that is paid for: another one must be looked at first."""
    measurement = basis(look.session, look.item)
    return measurement.id if measurement is not None else 0


def is_outcome_linked(case: Partnership) -> bool:
    """Whether money hangs on what the case brings about."""
    return case.agreement_type == "outcome_linked"


@case_act(
    "calculate", event="calculate_payment", by=REVIEW, open_in=BEGUN, when=is_outcome_linked,
    item=PaymentRule, guard=_calculable, shown=_basis_shown, home="payment",
    words=Words(
        "支払額を計算する", "支払額を計算しました。", "支払額を計算しました",
        explain="契約の条件どおりに計算します。計算の結果は、あとから変えられません。", submit="計算する",
        step="「%(about)s」の支払額を計算する", decided="支払額の計算",
    ),
)  # fmt: skip
def calculate(look: Look) -> Done:
    """Calculate what a rule pays for the accepted measurement of its day. The result never changes.

    Raises:
        Refused: ``over_budget``.
    """
    rule, measurement = look.item, basis(look.session, look.item)
    assert measurement is not None
    assert measurement.value is not None
    found = payment.amount(payment.Rule.from_dict(rule.terms), measurement.value)
    return _keep(
        look, found, rule.fiscal_year, rule.indicator.name,
        rule_id=rule.id, measurement_id=measurement.id,
    )  # fmt: skip


def _year(look: Look) -> int:
    return int(look.item) if str(look.item).isdecimal() else 0


def _fixed_open(look: Look) -> str | None:
    deal = contract(look.session, look.record)
    if deal is None or not deal.fixed.get(_year(look)):
        return "no_fixed_part"
    taken = select(Payment.id).where(
        Payment.partnership_id == look.record.id, Payment.fixed_year == _year(look)
    )
    return "paid_already" if look.session.scalar(taken) is not None else None


@case_act(
    "calculate_fixed", event="calculate_payment", by=REVIEW, open_in=BEGUN, when=is_outcome_linked,
    item=str, guard=_fixed_open, home="payment",
    words=Words(
        "固定部分を計算する", "支払額を計算しました。",
        explain="契約で定めた固定部分の支払額を作ります。", submit="計算する",
        step="%(about)sの支払額を計算する",
    ),
)  # fmt: skip
def calculate_fixed(look: Look) -> Done:
    """The fixed part of one fiscal year (the item), once.

    Raises:
        Refused: ``over_budget``.
    """
    deal, year = contract(look.session, look.record), _year(look)
    assert deal is not None
    found = payment.fixed_amount(year, deal.fixed[year])
    return _keep(look, found, year, money_words.fixed_part(year), fixed_year=year)


def is_for(session: Session, step: turns.Step, actor: Actor, case: Partnership) -> bool:
    """Whether a step of the actor's side is the actor's; who has calculated an amount does not approve it."""
    if step.kind != approve.name:
        return agreements.is_for(session, step, actor, case)
    own = select(Payment.id).where(Payment.public_id == step.item, Payment.calculated_by_id == actor.user_id)
    return turns.is_for(step, actor, case) and not session.scalar(select(own.exists()))


def _approvable(look: Look) -> str | None:
    if look.item.approved_at is not None:
        return MOVED_ON
    if talks.unverified(look.record):
        return "not_verified"
    return "own_calculation" if look.item.calculated_by_id == look.actor.user_id else None


@case_act(
    "approve_payment", by="partnership.pay", open_in=BEGUN, item=Payment, guard=_approvable, home="payment",
    is_read_first=True,  # a coordinator reads the amount there, a manager finds the button
    words=Words(
        "支払いを承認する", "支払いを承認しました。", "支払いを承認しました",
        explain="下の計算のとおりに支払うことを承認します。計算した本人は承認できません。",
        submit="承認する",
        step="「%(about)s」の支払いを承認する（管理職）", decided="支払いの承認",
    ),
)  # fmt: skip
def approve(look: Look) -> Done:
    """A manager approves what somebody else calculated (K9)."""
    session, found, now = look.session, look.item, look.now
    bundle = decisions.freeze(
        session, look.actor, look.record, "approve_payment", "", now,
        payment=found.public_id, yen=found.amount_yen,
    )  # fmt: skip
    found.approved_at, found.approved_by_id = now, look.actor.user_id
    told = Told("others", "payment_approved", {"what": label(found)})
    return Done(details={**_details(found), **decisions.named(bundle)}, tells=(told,))


def _payable(look: Look) -> str | None:
    if talks.unverified(look.record):
        return "not_verified"
    if look.item.approved_at is None:
        return "not_approved"
    return MOVED_ON if look.item.paid_on is not None else None


@case_act(
    "record_paid", by=REVIEW, open_in=BEGUN, item=Payment, guard=_payable, home="payment",
    words=Words(
        "支払った日を記録する", "支払いを記録しました。", "支払いを記録しました", submit="記録する",
        step="「%(about)s」を支払い、支払った日を記録する",
    ),
)  # fmt: skip
def record_paid(look: Look, paid_on: date) -> Done:
    """Note the day on which the approved amount was paid.

    Raises:
        Invalid: a day in the future, before the approval, or before the fiscal year.
    """
    found = look.item
    if paid_on > calendar.tokyo_date(look.now):
        raise Invalid(paid_on="in_future")
    if paid_on < calendar.tokyo_date(found.approved_at):
        raise Invalid(paid_on="before_approval")
    # What is paid when the year's books are closed is borne by the present year (地方自治法施行令 165条の8):
    # a value that is accepted in June is owed all the same.
    if paid_on < date(found.fiscal_year, 4, 1):
        raise Invalid(paid_on="before_fiscal_year")
    found.paid_on, found.paid_by_id = paid_on, look.actor.user_id
    return Done(details=_details(found), tells=(Told("others", "paid", {"what": label(found)}),))


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
    """What a payment is for, as it was called when it was calculated."""
    return found.what if found.fixed_year is None else money_words.fixed_part(found.fixed_year)


def formula(found: Payment, translate: Callable[[str], str] = str) -> str:
    """How a payment was calculated, in words; what was kept as a sentence stays it."""
    return found.formula or money_words.formula(found.steps, translate)


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


def open_fixed(session: Session, case: Partnership) -> list[int]:
    """The fiscal years whose fixed part is not calculated yet, also those to come; rising."""
    deal = contract(session, case)
    if deal is None or case.was_terminated:
        return []
    calculated = {row.fixed_year for row in all_of(session, case)}
    return [year for year, yen in sorted(deal.fixed.items()) if yen and year not in calculated]


def _keep(look: Look, amount: payment.Amount, year: int, what: str, **of: int) -> Done:
    """Keep an amount; ``of`` names its rule and measurement, or the year of the fixed part."""
    session, actor, case, now = look.session, look.actor, look.record, look.now
    deal, yen = contract(session, case), amount.yen
    assert deal is not None
    before = select(func.coalesce(func.sum(Payment.amount_yen), 0)).where(Payment.partnership_id == case.id)
    if (session.scalar(before) or 0) + yen > deal.budget_cap_yen:
        raise Refused("over_budget")
    limit = deal.year_limits.get(year)
    if limit is not None and (session.scalar(before.where(Payment.fiscal_year == year)) or 0) + yen > limit:
        raise Refused("over_budget")
    found = Payment(
        partnership_id=case.id, fiscal_year=year, amount_yen=yen, steps=list(amount.steps),
        what="" if "fixed_year" in of else what, calculated_by_id=actor.user_id, calculated_at=now, **of,
    )  # fmt: skip
    session.add(found)
    session.flush()
    bundle = decisions.freeze(
        session,
        actor,
        case,
        "calculate_payment",
        "",
        now,
        payment=found.public_id,
        yen=yen,
        formula=formula(found),
    )
    words = wording_work.event(case, "payment_to_approve", what=what)
    managers = officials.approvers(session, actor.user_id)
    notices.tell_users(session, managers, *words, now, about=("partnership", case.public_id))
    details = {**_details(found), **decisions.named(bundle)}
    return Done(found, details, tells=(Told("others", "payment", {"what": what}),))


def _details(found: Payment) -> dict[str, Any]:
    return {"payment": found.public_id, "yen": found.amount_yen}
