"""While a partnership runs: contributions, measurements, periodic reports, risks, and what went wrong."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Final

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session, joinedload

from matcher.agreements import plans
from matcher.cases import documents, talks
from matcher.ground import calendar, figures, lifecycle, permissions, personal, vocabulary
from matcher.ground.errors import Invalid, NotPermitted, Refused
from matcher.ground.permissions import SYSTEM, Actor
from matcher.records import (
    AuditEvent,
    CaseFile,
    Contribution,
    Incident,
    Indicator,
    Measurement,
    Partnership,
    Payment,
    PeriodReport,
    Revision,
    Risk,
    User,
)
from matcher.register import moves, notices, snapshots, wording, wording_work

REMIND_DAYS: Final = 14  #: days before a report is due at which both sides hear of it
RISK_DAYS: Final = 7  #: days before a risk is to be looked at again at which it is somebody's step
#: What of a risk is weighed anew when it is looked at again.
_WEIGHED: Final = ("likelihood", "impact", "mitigation", "side", "review_on")
MEASURE_DAYS: Final = 7  #: days before a value is to be measured at which both sides hear of it
#: Kinds of support that are money; they must be confirmed before a case can be closed.
MONEY: Final = frozenset(
    {"cash_donation", "corp_furusato", "membership", "sponsorship", "contract", "fundraising_cobrand"}
)
_KEPT: Final = tuple(sorted(lifecycle.CASE_BEGUN))
_OPEN: Final = tuple(sorted(lifecycle.CASE_WORK - {"closed"}))


# ── Contributions (L15) ──────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Gift:
    """What was given on one day. ``yen`` is an amount or an estimate; ``estimate_method`` says which."""

    support_type: str
    quantity: float
    unit: str
    given_on: date
    yen: int | None = None
    estimate_method: str = "none"
    estimate_note: str = ""
    note: str = ""
    evidence: CaseFile | None = None

    def faults(self, today: date) -> dict[str, str]:
        """Field → code."""
        wrong = {}
        kind = vocabulary.SUPPORT_TYPES.get(self.support_type)
        if kind is None:
            wrong["support_type"] = "required"
        elif self.unit not in kind.units:
            wrong["unit"] = "required"
        if not 0 < self.quantity < 10**11:
            wrong["quantity"] = "positive"
        if self.given_on > today:
            wrong["given_on"] = "in_future"
        if self.yen is not None and not 0 <= self.yen < 10**10:
            wrong["yen"] = "positive"
        if self.yen is not None and self.estimate_method == "none":
            wrong["estimate_method"] = "how_estimated"
        if self.estimate_method == "city_direct" and not self.estimate_note.strip():
            wrong["estimate_note"] = "required"
        return wrong


def record_contribution(
    session: Session, actor: Actor, case: Partnership, gift: Gift, now: datetime
) -> Contribution:
    """Write down what one's own side gave; the other side confirms it.

    Raises:
        Invalid: field → code. MovedOn: the partnership does not run (any more).
    """
    permissions.require(actor, "partnership.share", case)
    talks.in_state(session, case, "trial", *_KEPT)
    wrong = gift.faults(calendar.tokyo_date(now))
    if not wrong and case.state == "trial" and _is_money(gift.support_type, gift.unit):
        given = sum(_yen_of(row) for row in _money_given(session, case))
        if given + _yen_of(gift) > lifecycle.TRIAL_MONEY_YEN:
            wrong["quantity"] = "trial_too_dear"
    if wrong:
        raise Invalid(**wrong)
    facts = {name: getattr(gift, name) for name in asdict(gift) if name != "evidence"}
    found = Contribution(
        partnership_id=case.id, giver=documents.side_of(actor, case), state="recorded",
        evidence_id=gift.evidence.id if gift.evidence else None,
        recorded_by_id=actor.user_id, recorded_at=now, **facts,
    )  # fmt: skip
    session.add(found)
    session.flush()
    documents.note(
        session, actor, case, "record_contribution", now, details={"contribution": found.public_id}
    )
    what = f"{vocabulary.support_label(gift.support_type)} {figures.number(gift.quantity)}{gift.unit}"
    text = wording_work.event(case, "contribution", who=talks.who(actor), what=what)
    documents.tell_others(session, actor, case, text, now)
    return found


def _is_money(support_type: str, unit: str) -> bool:
    return support_type in MONEY or unit.startswith("円")


def _yen_of(gift: Gift | Contribution) -> int:
    """What a gift of money is worth: its amount, or its quantity where that is in yen."""
    if gift.unit.startswith("円"):
        return round(gift.quantity)
    return gift.yen or 0


def _money_given(session: Session, case: Partnership) -> list[Contribution]:
    rows = session.scalars(
        select(Contribution).where(Contribution.partnership_id == case.id, Contribution.state != "cancelled")
    )
    return [row for row in rows if _is_money(row.support_type, row.unit)]


def confirm_contribution(
    session: Session, actor: Actor, case: Partnership, entry: Contribution, now: datetime,
    *, version: int | None,
) -> None:  # fmt: skip
    """The other side says that it was so.

    Raises:
        Refused: ``own_contribution``. MovedOn: confirmed or cancelled meanwhile.
    """
    permissions.require(actor, "partnership.work", case)
    talks.in_state(session, case, "trial", *_KEPT)
    if documents.side_of(actor, case) == entry.giver:
        raise Refused("own_contribution")
    _still(session, case, entry, "recorded", version)
    entry.state, entry.confirmed_by_id, entry.confirmed_at = "confirmed", actor.user_id, now
    session.flush()
    documents.note(
        session, actor, case, "confirm_contribution", now, details={"contribution": entry.public_id}
    )


def cancel_contribution(
    session: Session, actor: Actor, case: Partnership, entry: Contribution, reason: str, now: datetime,
    *, version: int | None,
) -> None:  # fmt: skip
    """Take back a wrong entry; it stays readable and no longer counts."""
    permissions.require(actor, "partnership.share", case)
    talks.in_state(session, case, "trial", *_KEPT)
    if documents.side_of(actor, case) != entry.giver and not actor.is_staff:
        raise Refused("not_own_contribution")
    if not reason.strip():
        raise Invalid(text="required")
    if entry.state == "cancelled":
        raise moves.moved_on(session, case)
    _still(session, case, entry, entry.state, version)
    was_confirmed = entry.state == "confirmed"
    entry.state = "cancelled"
    session.flush()
    if was_confirmed:
        what = f"{vocabulary.support_label(entry.support_type)} {figures.number(entry.quantity)}{entry.unit}"
        told = wording_work.event(case, "contribution_gone", who=talks.who(actor), what=what)
        documents.tell_others(session, actor, case, told, now)
    documents.note(
        session, actor, case, "cancel_contribution", now,
        text=reason, details={"contribution": entry.public_id},
    )  # fmt: skip


def totals(session: Session, case: Partnership) -> list[dict[str, Any]]:
    """What was given and confirmed, by side, kind, unit and the way in which its yen were found (E11).

    ``estimate_method`` is ``none`` and ``yen`` ``None`` for what has no amount, so that an amount always
    belongs to the whole quantity beside it. ``estimate_notes``: how a direct supply by the city was reckoned.
    """
    rows = session.scalars(
        select(Contribution)
        .where(Contribution.partnership_id == case.id, Contribution.state == "confirmed")
        .order_by(
            Contribution.giver, Contribution.support_type, Contribution.unit, Contribution.estimate_method,
            Contribution.id,
        )
    )  # fmt: skip
    found: dict[tuple[str, ...], dict[str, Any]] = {}
    for row in rows:
        method = "none" if row.yen is None else row.estimate_method
        total = found.setdefault(
            (row.giver, row.support_type, row.unit, method),
            {"giver": row.giver, "support_type": row.support_type, "unit": row.unit,
             "estimate_method": method, "quantity": 0.0, "times": 0, "yen": None, "estimate_notes": []},
        )  # fmt: skip
        total["quantity"] = round(total["quantity"] + row.quantity, 2)
        total["times"] += 1
        if row.yen is not None:
            total["yen"] = (total["yen"] or 0) + row.yen
        if method == "city_direct" and row.estimate_note not in total["estimate_notes"]:
            total["estimate_notes"].append(row.estimate_note)
    return list(found.values())


@dataclass(frozen=True)
class Promise:
    """What a side promised in the agreement in force, and what of it is recorded, in whole yen."""

    side: str
    promised_yen: int
    recorded_yen: int
    by_outcome: bool = False  #: what is paid hangs on the outcome: to pay less for less is the contract kept

    @property
    def missing_yen(self) -> int:
        """By how much less is recorded than was promised."""
        return max(0, self.promised_yen - self.recorded_yen)

    @property
    def is_short(self) -> bool:
        """Whether somebody has to say why less came than was promised."""
        return self.missing_yen > 0 and not self.by_outcome


def promises(session: Session, case: Partnership) -> list[Promise]:
    """The money of the company and of the city: promised, and confirmed by the other side.

    Money is what is given as such, and what is recorded with the amount that was really paid for it; an
    estimated worth is none. What an outcome contract has paid is the city's money.
    """
    agreement = documents.find_agreed(session, case, "agreement")
    recorded = {"company": 0, "city": 0}
    rows = session.scalars(
        select(Contribution).where(
            Contribution.partnership_id == case.id,
            Contribution.state == "confirmed",
            Contribution.support_type.in_(MONEY) | (Contribution.estimate_method == "actual"),
            Contribution.giver.in_(recorded),
        )
    )
    for row in rows:
        counted = row.quantity if row.unit.startswith("円") else 0
        recorded[row.giver] += row.yen if row.yen is not None else round(counted)
    paid = select(func.coalesce(func.sum(Payment.amount_yen), 0)).where(
        Payment.partnership_id == case.id, Payment.paid_on.is_not(None)
    )
    recorded["city"] += int(session.scalar(paid) or 0)
    content = agreement.content if agreement else {}
    by_outcome = bool(content.get("outcome"))
    return [
        Promise(side, int(content.get(f"money_{side}_yen") or 0), yen, side == "city" and by_outcome)
        for side, yen in recorded.items()
    ]


# ── Measurements (E1, E4, E5) ────────────────────────────────────────────────────────────────────────


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


def submit_measurement(
    session: Session, actor: Actor, case: Partnership, indicator: Indicator, value: Value, now: datetime
) -> Measurement:
    """Hand in a value for one of the indicator's dates. An earlier one that waits or was sent back is
    superseded at once; an accepted one only when this one is accepted.

    Raises:
        Invalid: no value and no reason; a date that the plan does not name; evidence missing where money
            hangs on it.
        Refused: ``measurement_paid``.
    """
    permissions.require(actor, "partnership.share", case)
    talks.in_state(session, case, "agreed", *_KEPT)
    side = documents.side_of(actor, case)
    if side not in {indicator.measurer, "city"}:
        raise Refused("not_measurer")
    wrong = {}
    if value.value is None and not value.missing_reason.strip():
        wrong["value"] = "value_or_reason"
    if value.measured_on not in plans.measuring_days(session, case, indicator):
        wrong["measured_on"] = "not_in_plan"
    if value.measured_on > calendar.tokyo_date(now):
        wrong["measured_on"] = "in_future"
    if indicator.linked_to_payment and value.value is not None and value.evidence is None:
        wrong["evidence"] = "required"
    if wrong:
        raise Invalid(**wrong)
    if _is_paid(session, indicator, value.measured_on):
        raise Refused("measurement_paid")
    for older in _measurements(session, indicator, value.measured_on, "submitted", "sent_back"):
        older.state = "superseded"
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
        submitted_by_id=actor.user_id,
        submitted_at=now,
    )
    session.add(found)
    session.flush()
    details = {"measurement": found.public_id, "indicator": indicator.key}
    documents.note(session, actor, case, "submit_measurement", now, details=details)
    _tell_of_value(session, actor, case, indicator, now)
    return found


def _tell_of_value(
    session: Session, actor: Actor, case: Partnership, indicator: Indicator, now: datetime
) -> None:
    """Ask whoever checks the value; the others hear that it came and who checks it."""
    checker = checks(_contract(session, case), indicator, documents.side_of(actor, case))
    names = {"company": case.company.name, "npo": case.npo.name, "city": "市の担当"}
    facts = {"who": talks.who(actor), "what": indicator.name, "checker": names[checker]}
    for side, organization_id in (("company", case.company_id), ("npo", case.npo_id)):
        if organization_id != actor.organization_id:
            text = wording_work.event(case, "measured" if side == checker else "measured_other", **facts)
            about = ("partnership", case.public_id)
            notices.tell_organization(session, organization_id, *text, now, about=about)
    if checker != "city":
        documents.tell_city(session, actor, case, wording_work.event(case, "measured_other", **facts), now)
    elif not actor.is_staff:
        text = wording_work.event(case, "measured", **facts)
        notices.tell_staff(session, *text, now, about=("partnership", case.public_id))


def checks(contract: Mapping[str, Any] | None, indicator: Indicator, submitted_by: str) -> documents.Side:
    """Which party is asked to check a value: the evaluator of an outcome-linked contract, else the city.

    The city checks also what the evaluator has measured itself: nobody reviews their own.
    """
    evaluator = contract.get("evaluator") if contract is not None and indicator.linked_to_payment else None
    if evaluator == "company" and submitted_by != "company":
        return "company"
    return "npo" if evaluator == "npo" and submitted_by != "npo" else "city"


def checker_of(session: Session, case: Partnership, measurement: Measurement, indicator: Indicator) -> str:
    """The same of a value that was handed in (``submitted_by`` must be loaded)."""
    person = measurement.submitted_by
    side = case.side_of(person.organization_id) if person is not None else None
    return checks(_contract(session, case), indicator, side or "city")


def reviewable(session: Session, actor: Actor, case: Partnership) -> frozenset[int]:
    """The ids of the submitted values that ``actor`` may accept or send back now."""
    if case.state not in _KEPT:
        return frozenset()
    contract = _contract(session, case)
    rows = plans.measurements(session, case)
    return frozenset(
        row.id
        for indicator in plans.indicators(session, case, retired=True)
        for row in rows.get(indicator.id, ())
        if row.state == "submitted"
        and _may_review(actor, case, contract)
        and _review_obstacle(session, actor, case, contract, indicator, row) is None
    )


def _may_review(actor: Actor, case: Partnership, contract: Mapping[str, Any] | None) -> bool:
    """The city reviews; so do those who write for the evaluator that the contract names."""
    if permissions.may(actor, "partnership.review", case):
        return True
    named = contract is not None and contract.get("evaluator") == documents.side_of(actor, case)
    return named and not actor.is_staff and permissions.may(actor, "partnership.work", case)


def _review_obstacle(
    session: Session, actor: Actor, case: Partnership, contract: Mapping[str, Any] | None,
    indicator: Indicator, measurement: Measurement,
) -> str | None:  # fmt: skip
    """Why one who may review does not review this value: a code, or ``None``."""
    side = documents.side_of(actor, case)
    if contract is not None and indicator.linked_to_payment and contract.get("provider") == side:
        return "evaluator_is_provider"
    if measurement.submitted_by_id == actor.user_id:
        return "own_measurement"
    # A company or an NPO does not check what its own people handed in, whoever of them it was.
    submitter = session.get(User, measurement.submitted_by_id or 0)
    if not actor.is_staff and submitter is not None and submitter.organization_id == actor.organization_id:
        return "own_measurement"
    return None


def review_measurement(
    session: Session, actor: Actor, case: Partnership, measurement: Measurement, accepted: bool, text: str,
    now: datetime, *, version: int | None,
) -> None:  # fmt: skip
    """Accept a value, or send it back with a sentence. Nobody reviews their own.

    What was measured on the day that the plan set for the baseline becomes the indicator's baseline.

    Raises:
        Invalid: sent back without a sentence. Refused: ``own_measurement``, ``evaluator_is_provider``.
        NotPermitted: neither the city nor the evaluator of the contract.
    """
    indicator = measurement.indicator
    permissions.require(actor, "partnership.view", case)
    talks.in_state(session, case, "agreed", *_KEPT)
    contract = _contract(session, case)
    if not _may_review(actor, case, contract):
        raise NotPermitted("partnership.review")
    obstacle = _review_obstacle(session, actor, case, contract, indicator, measurement)
    if obstacle:
        raise Refused(obstacle)
    if not accepted and not text.strip():
        raise Invalid(text="required")
    _still(session, case, measurement, "submitted", version)
    if accepted:
        if _is_paid(session, indicator, measurement.measured_on):
            raise Refused("measurement_paid")
        for older in _measurements(session, indicator, measurement.measured_on, "accepted"):
            older.state = "superseded"
    measurement.state = "accepted" if accepted else "sent_back"
    measurement.reviewed_by_id, measurement.reviewed_at = actor.user_id, now
    measurement.review_text = text.strip()
    session.flush()
    details = {"measurement": measurement.public_id, "indicator": indicator.key}
    action = "accept_measurement" if accepted else "return_measurement"
    documents.note(session, actor, case, action, now, text=text, details=details)
    starts = measurement.measured_on == indicator.baseline_on
    if accepted and starts and plans.asks_baseline(session, case, indicator):
        indicator.baseline = measurement.value
        session.flush()
        documents.note(session, actor, case, "set_baseline", now, details=details)
    name = "measurement_ok" if accepted else "measurement_back"
    documents.tell_others(session, actor, case, wording_work.event(case, name, what=indicator.name), now)


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


# ── Periodic reports (E3) ────────────────────────────────────────────────────────────────────────────


def report_status(report: PeriodReport, today: date) -> str:
    """``not_yet``, ``due`` or ``overdue`` where it is still to be handed in, else its state."""
    if report.state not in {"open", "sent_back"}:
        return report.state
    if today > report.due_on:
        return "overdue"
    if report.state == "sent_back":
        return "sent_back"
    return "due" if today > report.period_to else "not_yet"


def write_report(
    session: Session, actor: Actor, case: Partnership, report: PeriodReport, facts: Mapping[str, Any],
    now: datetime, *, submit: bool, version: int | None,
) -> None:  # fmt: skip
    """Write one's own part; once both have submitted theirs, it is with the city.

    Args:
        facts: ``text`` and, from the NPO, ``setbacks`` (what did not work) and ``next_step``; ``sentences``
            are what the records say of the period (``drafts.compose``), kept with the submitted version.

    Raises:
        Invalid: submitted without text; the NPO without a word on what did not work.
        Refused: ``too_early``: the period is not over.
    """
    permissions.require(actor, "partnership.work", case)
    talks.in_state(session, case, *_KEPT)
    _still(session, case, report, report.state if report.state in {"open", "sent_back"} else "open", version)
    side = documents.side_of(actor, case)
    if submit and calendar.tokyo_date(now) <= report.period_to:
        raise Refused("too_early")
    wrong = {}
    if submit and not facts.get("text", "").strip():
        wrong["text"] = "required"
    if submit and side == "npo" and not facts.get("setbacks", "").strip():
        wrong["setbacks"] = "required"
    if wrong:
        raise Invalid(**wrong)
    setattr(report, f"{side}_text", facts.get("text", "").strip())
    if side == "npo":
        report.setbacks = facts.get("setbacks", "").strip()
        report.next_step = facts.get("next_step", "").strip()
    setattr(report, f"{side}_submitted_at", now if submit else None)
    session.flush()
    if not submit:
        documents.touch(session, case, now)
        return
    what = period_words(report)
    details: dict[str, Any] = {"report": report.public_id, "side": side}
    documents.note(session, actor, case, "submit_report_part", now, details=details)
    if report.npo_submitted_at and report.company_submitted_at:
        report.state, report.submitted_at = "submitted", now
        session.flush()
        _keep_version(session, actor, report, facts.get("sentences", ()), now)
        details = {"report": report.public_id, "late": calendar.tokyo_date(now) > report.due_on}
        documents.note(session, SYSTEM, case, "submit_report", now, details=details)
        event = wording_work.event(case, "report_submitted", what=what)
        documents.tell_others(session, actor, case, event, now, staff=True)
    else:
        event = wording_work.event(case, "report_part", who=talks.who(actor), what=what)
        documents.tell_others(session, actor, case, event, now)


def review_report(
    session: Session, actor: Actor, case: Partnership, report: PeriodReport, accepted: bool, text: str,
    now: datetime, *, version: int | None,
) -> None:  # fmt: skip
    """Accept a report, or send it back with a sentence; both parts are then written again.

    Raises:
        Invalid: sent back without a sentence. MovedOn: it does not wait for the city.
    """
    permissions.require(actor, "partnership.review", case)
    talks.in_state(session, case, *_KEPT)
    if not accepted and not text.strip():
        raise Invalid(text="required")
    _still(session, case, report, "submitted", version)
    report.state = "accepted" if accepted else "sent_back"
    report.reviewed_by_id, report.reviewed_at, report.review_text = actor.user_id, now, text.strip()
    if not accepted:
        report.npo_submitted_at = report.company_submitted_at = None
    session.flush()
    action = "accept_report" if accepted else "return_report"
    documents.note(session, actor, case, action, now, text=text, details={"report": report.public_id})
    name = "report_accepted" if accepted else "report_back"
    documents.tell_others(
        session, actor, case, wording_work.event(case, name, what=period_words(report)), now
    )


@dataclass(frozen=True)
class EarlierReport:
    """A version of a periodic report that was handed in and written anew, and why the city sent it back."""

    number: int
    made_at: datetime
    texts: Mapping[str, str]
    sent_back: str


def earlier_reports(session: Session, case: Partnership) -> dict[int, list[EarlierReport]]:
    """report id → what was handed in before the text that now stands in the report, oldest first (E3).

    The city's sentence is the one of the audit record: the report itself keeps only the latest.
    """
    reports = {
        row.id: row
        for row in session.scalars(select(PeriodReport).where(PeriodReport.partnership_id == case.id))
    }
    versions: dict[int, list[Revision]] = {}
    for row in session.scalars(
        select(Revision)
        .where(Revision.owner_type == "report", Revision.owner_id.in_(reports))
        .order_by(Revision.number)
    ):
        versions.setdefault(row.owner_id, []).append(row)
    returned: dict[str, list[str]] = {}
    for event in session.scalars(
        select(AuditEvent)
        .where(
            AuditEvent.object_type == "partnership",
            AuditEvent.object_id == case.public_id,
            AuditEvent.action == "return_report",
        )
        .order_by(AuditEvent.id)
    ):
        returned.setdefault(event.details["report"], []).append(event.reason_text)
    found = {}
    for report_id, rows in versions.items():
        report = reports[report_id]
        # Each version but the one that waits or was accepted was sent back exactly once, in this order.
        words = returned.get(report.public_id, [])
        found[report_id] = [
            EarlierReport(row.number, row.made_at, row.content, text)
            for row, text in zip(rows, words, strict=False)
        ]
    return found


def period_words(report: PeriodReport) -> str:
    """「令和8年4月1日〜9月30日」."""
    return calendar.period(report.period_from, report.period_to)


def _keep_version(
    session: Session,
    actor: Actor,
    report: PeriodReport,
    sentences: Sequence[Mapping[str, str]],
    now: datetime,
) -> None:
    number = len(
        session.scalars(
            select(Revision.id).where(Revision.owner_type == "report", Revision.owner_id == report.id)
        ).all()
    )
    session.add(
        Revision(
            owner_type="report", owner_id=report.id, number=number + 1, made_by_id=actor.user_id, made_at=now,
            content={
                "npo_text": report.npo_text, "company_text": report.company_text,
                "setbacks": report.setbacks, "next_step": report.next_step,
                "sentences": [dict(row) for row in sentences],
            },
        )
    )  # fmt: skip
    session.flush()


# ── Risks and incidents (L14, R11) ───────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class RiskFacts:
    """A risk as it is written down: ``likelihood`` and ``impact`` from 1 to 3."""

    text: str
    likelihood: int
    impact: int
    mitigation: str
    side: str
    review_on: date | None = None

    def faults(self) -> dict[str, str]:
        """Field → code."""
        wrong = {name: "required" for name in ("text", "mitigation") if not getattr(self, name).strip()}
        for name in ("likelihood", "impact"):
            if getattr(self, name) not in {1, 2, 3}:
                wrong[name] = "required"
        if self.side not in talks.SIDES:
            wrong["side"] = "required"
        return wrong


def add_risk(session: Session, actor: Actor, case: Partnership, risk: RiskFacts, now: datetime) -> Risk:
    """Write a risk down with what is done about it.

    Raises:
        Invalid: field → code.
    """
    permissions.require(actor, "partnership.share", case)
    talks.in_state(session, case, *lifecycle.CASE_TALKS, "agreed", *_KEPT)
    wrong = risk.faults()
    if wrong:
        raise Invalid(**wrong)
    found = Risk(partnership_id=case.id, created_by_id=actor.user_id, created_at=now, **asdict(risk))
    session.add(found)
    session.flush()
    documents.note(session, actor, case, "add_risk", now, details={"risk": found.public_id})
    return found


def change_risk(
    session: Session, actor: Actor, case: Partnership, risk: Risk, facts: RiskFacts, now: datetime,
    *, version: int | None,
) -> None:  # fmt: skip
    """Look at a risk again: how likely and grave it is now, what is done about it, by whom, when next.

    What it says stays: another risk is written down anew. The audit keeps before and after, also where
    nothing has changed – that somebody looked is worth knowing.

    Raises:
        Invalid: field → code; a next day that is not to come. MovedOn: closed or changed meanwhile.
    """
    permissions.require(actor, "partnership.share", case)
    talks.in_state(session, case, *_OPEN)
    wrong = facts.faults()
    wrong.pop("text", None)
    if facts.review_on is not None and facts.review_on <= calendar.tokyo_date(now):
        wrong["review_on"] = "in_past"
    if wrong:
        raise Invalid(**wrong)
    if risk.closed_at is not None or (version is not None and version != risk.version):
        raise moves.moved_on(session, case)
    before = _weighed(risk)
    for name in _WEIGHED:
        setattr(risk, name, getattr(facts, name))
    session.flush()
    details = {"risk": risk.public_id, "before": before, "after": _weighed(risk)}
    documents.note(session, actor, case, "change_risk", now, details=details)


def _weighed(risk: Risk) -> dict[str, Any]:
    return snapshots.plain({name: getattr(risk, name) for name in _WEIGHED})


def close_risk(
    session: Session, actor: Actor, case: Partnership, risk: Risk, text: str, now: datetime,
    *, version: int | None,
) -> None:  # fmt: skip
    """Close a risk with what became of it."""
    permissions.require(actor, "partnership.share", case)
    talks.in_state(session, case, *_OPEN)
    if not text.strip():
        raise Invalid(text="required")
    if risk.closed_at is not None or (version is not None and version != risk.version):
        raise moves.moved_on(session, case)
    risk.closed_at, risk.closed_text = now, text.strip()
    session.flush()
    documents.note(session, actor, case, "close_risk", now, details={"risk": risk.public_id})


def report_incident(
    session: Session, actor: Actor, case: Partnership, happened_on: date, text: str, measures: str,
    now: datetime,
) -> Incident:  # fmt: skip
    """Tell the other two parties what went wrong and what was done at once.

    Raises:
        Invalid: field → code.
    """
    permissions.require(actor, "partnership.share", case)
    talks.in_state(session, case, "trial", "agreed", *_KEPT)
    wrong = {}
    if happened_on > calendar.tokyo_date(now):
        wrong["happened_on"] = "in_future"
    if not text.strip():
        wrong["text"] = "required"
    if not measures.strip():
        wrong["measures"] = "required"
    if wrong:
        raise Invalid(**wrong)
    found = Incident(
        partnership_id=case.id, happened_on=happened_on, text=text.strip(), measures=measures.strip(),
        reported_by_id=actor.user_id, reported_at=now,
    )  # fmt: skip
    session.add(found)
    session.flush()
    documents.note(session, actor, case, "report_incident", now, details={"incident": found.public_id})
    what = f"{happened_on.month}月{happened_on.day}日"
    event = wording_work.event(case, "incident", who=talks.who(actor), what=what)
    documents.tell_others(session, actor, case, event, now, staff=True)
    return found


def publish_incident(
    session: Session, actor: Actor, case: Partnership, incident: Incident, public_text: str, now: datetime,
    *, version: int | None,
) -> None:  # fmt: skip
    """Tell residents, in words of its own, on the public page of the case.

    Raises:
        Refused: ``not_published``: the case has no public page.
    """
    permissions.require(actor, "partnership.review", case)
    talks.in_state(session, case, *_OPEN)
    if not public_text.strip():
        raise Invalid(public_text="required")
    if personal.found_in(public_text):
        raise Invalid(public_text="personal_data")
    if case.published_at is None:
        raise Refused("not_published")
    if version is not None and version != incident.version:
        raise moves.moved_on(session, case)
    incident.public_text, incident.published_at = public_text.strip(), now
    incident.published_by_id = actor.user_id
    session.flush()
    documents.note(session, actor, case, "publish_incident", now, details={"incident": incident.public_id})
    documents.tell_others(session, actor, case, wording_work.event(case, "incident_public"), now)


def resolve_incident(
    session: Session, actor: Actor, case: Partnership, incident: Incident, text: str, now: datetime,
    *, version: int | None,
) -> None:  # fmt: skip
    """Say how it ended and what prevents the next one."""
    permissions.require(actor, "partnership.share", case)
    talks.in_state(session, case, *_OPEN)
    if not text.strip():
        raise Invalid(text="required")
    if incident.resolved_at is not None or (version is not None and version != incident.version):
        raise moves.moved_on(session, case)
    incident.resolved_at, incident.resolution = now, text.strip()
    session.flush()
    documents.note(session, actor, case, "resolve_incident", now, details={"incident": incident.public_id})


# ── The clock ────────────────────────────────────────────────────────────────────────────────────────


def remind_reports(session: Session, now: datetime, limit: int = 200) -> int:
    """Fourteen days before a report is due, and the day after, both sides hear of it; returns how many."""
    today = calendar.tokyo_date(now)
    rows = session.execute(
        select(PeriodReport, Partnership)
        .join(Partnership, Partnership.id == PeriodReport.partnership_id)
        .where(
            PeriodReport.state.in_(("open", "sent_back")),
            Partnership.state.in_(plans.RUNNING),
            PeriodReport.due_on <= today + timedelta(days=REMIND_DAYS),
            # Who was told of this stage leaves the query, or a full round would keep the rest waiting.
            (PeriodReport.reminders < 1) | ((PeriodReport.due_on < today) & (PeriodReport.reminders < 2)),
        )
        .options(joinedload(Partnership.company), joinedload(Partnership.npo))
        .limit(limit)
    ).all()
    done = 0
    for report, case in rows:
        stage = 2 if today > report.due_on else 1
        if report.reminders >= stage:
            continue
        session.execute(update(PeriodReport).where(PeriodReport.id == report.id).values(reminders=stage))
        text = wording_work.event(
            case, "report_overdue" if stage == 2 else "report_due", what=period_words(report),
            until=wording.day(calendar.end_of_day(report.due_on)),
        )  # fmt: skip
        documents.tell_others(session, SYSTEM, case, text, now, staff=stage == 2)
        done += 1
    return done


def remind_measurements(session: Session, now: datetime, limit: int = 200) -> int:
    """Seven days before a value is to be measured, both sides hear of it; returns how many."""
    rows = session.execute(
        select(Indicator, Partnership)
        .join(Partnership, Partnership.id == Indicator.partnership_id)
        .where(Indicator.is_retired.is_(False), Partnership.state.in_(("agreed", *plans.RUNNING)))
        .options(joinedload(Partnership.company), joinedload(Partnership.npo))
    ).all()
    today, done = calendar.tokyo_date(now), 0
    for indicator, case in rows:
        after = indicator.reminded_on or date.min
        days = plans.waiting_days(indicator, case.state)
        near = [day for day in days if day > after and today <= day <= today + timedelta(days=MEASURE_DAYS)]
        if not near or done >= limit:
            continue
        session.execute(update(Indicator).where(Indicator.id == indicator.id).values(reminded_on=min(near)))
        until = wording.day(calendar.end_of_day(min(near)))
        name = "baseline_due" if indicator.is_start(min(near)) else "measure_due"
        text = wording_work.event(case, name, what=indicator.name, until=until)
        documents.tell_others(session, SYSTEM, case, text, now)
        done += 1
    return done


def _still(session: Session, case: Partnership, record: Any, state: str, version: int | None) -> None:
    """Refuse what was decided over another version or state of the record."""
    if record.state != state or (version is not None and version != record.version):
        raise moves.moved_on(session, case)
