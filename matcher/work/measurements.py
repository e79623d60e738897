"""Measured values: handed in for the days that the plan names, checked by somebody else (E1, E4, E5)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Final

from sqlalchemy import select, update
from sqlalchemy.orm import Session, joinedload

from matcher.agreements import indicators, plans, values
from matcher.cases import documents, talks, telling, turns
from matcher.cases.act import BEGUN, SHARE, case_act
from matcher.ground import calendar, permissions, vocabulary
from matcher.ground.errors import Invalid, Refused
from matcher.ground.permissions import SYSTEM, Actor
from matcher.records import CaseFile, Indicator, Measurement, Partnership, Payment
from matcher.register import moves, wording, wording_work
from matcher.register.act import MOVED_ON, Also, Done, Look, Told, Words

MEASURE_DAYS: Final = 7  #: days before a value is to be measured at which who measures hears of it
_MEASURED: Final = BEGUN | {"agreed"}


@dataclass(frozen=True)
class Value:
    """One measured value, or why there is none."""

    measured_on: date
    value: float | None
    missing_reason: str = ""
    sample_size: int | None = None
    breakdown: Mapping[str, float] = field(default_factory=dict)
    comment: str = ""
    evidence: CaseFile | None = None


def _measures(look: Look) -> str | None:
    side = documents.side_of(look.actor, look.record)
    return None if side in {look.item.measurer, "city"} else "not_measurer"


@case_act(
    "submit_measurement", by=SHARE, open_in=_MEASURED, item=Indicator, guard=_measures,
    home="progress",
    words=Words(
        "測定の結果を提出する", "測定の結果を提出しました。", "測定の結果を提出しました",
        explain="値か、測れなかった理由のどちらかを書いてください。", submit="提出する",
    ),
)  # fmt: skip
def submit_measurement(look: Look, value: Value) -> Done:
    """Hand in a value for one of the indicator's dates. An earlier one that waits or was sent back is
    superseded at once; an accepted one only when this one is accepted.

    Raises:
        Invalid: no value and no reason; a value that the indicator cannot have; a date that the plan does
            not name; evidence missing where money hangs on it.
        Refused: ``measurement_paid``.
    """
    session, indicator, wrong = look.session, look.item, {}
    if value.value is None and not value.missing_reason.strip():
        wrong["value"] = wrong["missing_reason"] = "value_or_reason"
    said = (indicator.unit, indicator.name, indicator.definition)
    if value.value is not None and (fault := values.fault(value.value, *said)):
        wrong["value"] = fault
    if fault := values.first_fault(value.breakdown.values(), *said):
        wrong["breakdown"] = fault
    if value.measured_on not in indicators.measuring_days(session, look.record, indicator):
        wrong["measured_on"] = "not_in_plan"
    if value.measured_on > calendar.tokyo_date(look.now):
        wrong["measured_on"] = "in_future"
    if indicator.linked_to_payment and value.value is not None and value.evidence is None:
        wrong["evidence"] = "required"
    # Of what is counted the parts make up the whole; those of a share or a score do not.
    whole = value.value if indicator.unit in vocabulary.COUNTED_UNITS and "value" not in wrong else None
    if whole is not None and sum(value.breakdown.values()) > whole + 1e-6:
        wrong.setdefault("breakdown", "parts_exceed")
    if wrong:
        raise Invalid(**wrong)
    if _is_paid(session, indicator, value.measured_on):
        raise Refused("measurement_paid")
    for older in _measurements(session, indicator, value.measured_on, "submitted", "sent_back"):
        moves.become(older, "superseded")
    found = Measurement(
        indicator_id=indicator.id,
        measured_on=value.measured_on,
        value=value.value,
        missing_reason=value.missing_reason.strip() if value.value is None else "",
        sample_size=value.sample_size,
        breakdown=dict(value.breakdown),
        comment=value.comment.strip(),
        evidence_id=value.evidence.id if value.evidence else None,
        state="submitted",
        submitted_by_id=look.actor.user_id,
        submitted_side=documents.side_of(look.actor, look.record),
        submitted_at=look.now,
    )
    session.add(found)
    session.flush()
    details = {"measurement": found.public_id, "indicator": indicator.key}
    return Done(found, details, tells=_told_of_value(look))


def _told_of_value(look: Look) -> tuple[Told, ...]:
    """Whoever checks the value is asked; the others hear that it came and who checks it."""
    case = look.record
    checker = checks(_contract(look.session, case), look.item, documents.side_of(look.actor, case))
    facts = {"who": talks.who(look.actor), "what": look.item.name, "checker": _names(case)[checker]}
    told = [
        Told(side, "measured" if side == checker else "measured_other", facts) for side in ("company", "npo")
    ]
    return (
        *told,
        Told("desk", "measured", facts) if checker == "city" else Told("city", "measured_other", facts),
    )


def _names(case: Partnership) -> dict[str, str]:
    return {"company": case.company.name, "npo": case.npo.name, "city": wording.CITY}


def checks(contract: Mapping[str, Any] | None, indicator: Indicator, submitted_by: str) -> documents.Side:
    """Which party is asked to check a value: the evaluator of an outcome-linked contract, else the city.

    The city checks also what the evaluator has measured itself: nobody reviews their own.
    """
    evaluator = contract.get("evaluator") if contract is not None and indicator.linked_to_payment else None
    if evaluator == "company" and submitted_by != "company":
        return "company"
    return "npo" if evaluator == "npo" and submitted_by != "npo" else "city"


def checker_of(session: Session, case: Partnership, measurement: Measurement, indicator: Indicator) -> str:
    """The same of a value that was handed in."""
    return checks(_contract(session, case), indicator, measurement.submitted_side or "city")


def reviewable(session: Session, actor: Actor, case: Partnership, now: datetime) -> frozenset[int]:
    """The ids of the submitted values that ``actor`` may accept or send back now."""
    rows = indicators.measurements(session, case)
    return frozenset(
        row.id
        for indicator in indicators.of(session, case, retired=True)
        for row in rows.get(indicator.id, ())
        if row.state == "submitted" and review_measurement.may(Look(session, actor, case, now, row))
    )


def _may_review(look: Look) -> bool:
    """The city reviews; so do those who write for the evaluator that the contract names."""
    if permissions.may(look.actor, "partnership.review", look.record):
        return True
    contract = _contract(look.session, look.record)
    side = documents.side_of(look.actor, look.record)
    return contract is not None and contract.get("evaluator") == side


def _review_obstacle(look: Look) -> str | None:
    """Why one who may review does not review this value: a code, or ``None``."""
    session, actor, measurement = look.session, look.actor, look.item
    if measurement.indicator.linked_to_payment:
        contract = _contract(session, look.record)
        if contract is not None and contract.get("provider") == documents.side_of(actor, look.record):
            return "evaluator_is_provider"
    if measurement.submitted_by_id == actor.user_id:
        return "own_measurement"
    # A company or an NPO does not check what its own people handed in, whoever of them it was.
    if not actor.is_staff and measurement.submitted_side == documents.side_of(actor, look.record):
        return "own_measurement"
    return None if measurement.state == "submitted" else MOVED_ON


@case_act(
    "review_measurement", by=SHARE, who=_may_review, open_in=_MEASURED, item=Measurement,
    guard=_review_obstacle, home="progress",
    words=Words(
        "測定の結果を確かめる", "判断を相手方に知らせました。", submit="判断を伝える",
        step="「%(about)s」の測定の結果を確かめる",
    ),
)  # fmt: skip
def review_measurement(look: Look, accepted: bool, text: str) -> Done:
    """Accept a value, or send it back with a sentence. Nobody reviews their own.

    What was measured on the day that the plan set for the baseline becomes the indicator's baseline.

    Raises:
        Invalid: sent back without a sentence. Refused: ``measurement_paid``.
    """
    session, measurement = look.session, look.item
    indicator = measurement.indicator
    if not accepted and not text.strip():
        raise Invalid(text="required")
    if accepted:
        if _is_paid(session, indicator, measurement.measured_on):
            raise Refused("measurement_paid")
        for older in _measurements(session, indicator, measurement.measured_on, "accepted"):
            moves.become(older, "superseded")
    moves.become(measurement, "accepted" if accepted else "sent_back")
    measurement.reviewed_by_id, measurement.reviewed_at = look.actor.user_id, look.now
    measurement.reviewed_side = documents.side_of(look.actor, look.record)
    measurement.review_text = text.strip()
    session.flush()
    sets_baseline = (
        accepted
        and measurement.measured_on == indicator.baseline_on
        and indicators.asks_baseline(session, look.record, indicator)
    )
    if sets_baseline:
        indicator.baseline = measurement.value
    details = {"measurement": measurement.public_id, "indicator": indicator.key}
    return Done(
        details=details,
        text=text,
        event="accept_measurement" if accepted else "return_measurement",
        also=(Also("set_baseline", details),) if sets_baseline else (),
        tells=_told_of_review(look),
    )


def _told_of_review(look: Look) -> tuple[Told, ...]:
    """Whoever handed in what was sent back mends it; the others hear that it is being mended."""
    measurement, facts = look.item, {"what": look.item.indicator.name}
    if measurement.state == "accepted":
        return (Told(("others", "city"), "measurement_ok", facts),)
    names, mender = _names(look.record), measurement.submitted_side or "city"
    others = tuple(side for side in names if side != mender)
    return (
        Told(mender, "measurement_back", facts),
        Told(others, "measurement_back_other", {**facts, "mender": names[mender]}),
    )


def _contract(session: Session, case: Partnership) -> dict[str, Any] | None:
    found = documents.find_agreed(session, case, "agreement")
    return (found.content.get("outcome") or None) if found else None


def _measurements(session: Session, indicator: Indicator, day: date, *states: str) -> list[Measurement]:
    return list(
        session.scalars(
            select(Measurement).where(
                Measurement.indicator_id == indicator.id,
                Measurement.measured_on == day,
                Measurement.state.in_(states),
            )
        )
    )


def _is_paid(session: Session, indicator: Indicator, day: date) -> bool:
    query = select(Payment.id).join(Measurement, Measurement.id == Payment.measurement_id)
    found = query.where(Measurement.indicator_id == indicator.id, Measurement.measured_on == day)
    return session.scalar(select(found.exists())) or False


# ── The clock ────────────────────────────────────────────────────────────────────────────────────────


def remind_measurements(session: Session, now: datetime, limit: int = 200) -> int:
    """Seven days before a value is to be measured, whoever measures it hears of it; returns how many."""
    rows = session.execute(
        select(Indicator, Partnership)
        .join(Partnership, Partnership.id == Indicator.partnership_id)
        .where(Indicator.is_retired.is_(False), Partnership.state.in_(("agreed", *plans.RUNNING)))
        .options(joinedload(Partnership.company), joinedload(Partnership.npo))
    ).all()
    today, done = calendar.tokyo_date(now), 0
    for indicator, case in rows:
        after = indicator.reminded_on or date.min
        days = indicators.waiting_days(indicator, case.state)
        near = [day for day in days if day > after and today <= day <= today + timedelta(days=MEASURE_DAYS)]
        if not near or done >= limit:
            continue
        session.execute(update(Indicator).where(Indicator.id == indicator.id).values(reminded_on=min(near)))
        until = wording.day(calendar.end_of_day(min(near)))
        name = "baseline_due" if indicator.is_start(min(near)) else "measure_due"
        text = wording_work.event(case, name, what=indicator.name, until=until)
        measurer = turns.waited_for(session, case, "measure", "measure_baseline", item=indicator.public_id)
        telling.tell(session, SYSTEM, case, text, now, *measurer)
        done += 1
    return done
