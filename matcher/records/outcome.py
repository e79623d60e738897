"""Indicators, measurements, contributions, reports, trouble, payments, evaluation and residents' words."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Numeric, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from matcher.records.base import BIG, Base, Identified, Versioned, typed
from matcher.records.casework import CaseFile

_NUMBER = Numeric(16, 4, asdecimal=False)


class IndicatorDefinition(Identified, Versioned, Base):
    """共通の指標: an entry of the city's library, from which plans take their indicators (E12)."""

    __tablename__ = "indicator_definition"

    code: Mapped[str] = mapped_column(String(20), unique=True)
    name: Mapped[str] = mapped_column(typed(120))
    definition: Mapped[str] = mapped_column(Text)
    unit: Mapped[str] = mapped_column(String(10))
    kind: Mapped[str] = mapped_column(String(12))
    direction: Mapped[str] = mapped_column(String(6))
    method: Mapped[str] = mapped_column(String(16))
    evidence: Mapped[str] = mapped_column(Text, default="", comment="which record proves it")
    field: Mapped[int | None] = mapped_column(comment="of the 20 fields, if it belongs to one")
    is_active: Mapped[bool] = mapped_column(default=True)
    changed_at: Mapped[datetime]


class Indicator(Identified, Versioned, Base):
    """An indicator of the agreed plan in force. What it was before stands in the older plan versions."""

    __tablename__ = "indicator"
    __table_args__ = (UniqueConstraint("partnership_id", "key"),)

    partnership_id: Mapped[int] = mapped_column(ForeignKey("partnership.id"), index=True)
    key: Mapped[str] = mapped_column(String(12), comment="stable over the versions of the plan")
    position: Mapped[int]
    plan_number: Mapped[int] = mapped_column(comment="version of the plan that set these values")
    name: Mapped[str] = mapped_column(typed(120))
    definition: Mapped[str] = mapped_column(Text)
    unit: Mapped[str] = mapped_column(String(10))
    kind: Mapped[str] = mapped_column(String(12))
    direction: Mapped[str] = mapped_column(String(6))
    baseline: Mapped[float | None] = mapped_column(_NUMBER)
    baseline_on: Mapped[date | None] = mapped_column(comment="when it was, or is to be, measured")
    target: Mapped[float] = mapped_column(_NUMBER)
    target_on: Mapped[date | None]
    method: Mapped[str] = mapped_column(String(16))
    measurer: Mapped[str] = mapped_column(String(8))
    evidence: Mapped[str] = mapped_column(Text, default="")
    measure_on: Mapped[list[str]] = mapped_column(default=list, comment="ISO days")
    reminded_on: Mapped[date | None] = mapped_column(comment="latest measuring day that was reminded of")
    axis: Mapped[str] = mapped_column(String(8), default="", comment="of the breakdown, if any")
    min_cell: Mapped[int] = mapped_column(default=5, comment="smaller cells are not published")
    linked_to_payment: Mapped[bool] = mapped_column(default=False)
    is_public: Mapped[bool] = mapped_column(default=True)
    is_retired: Mapped[bool] = mapped_column(default=False, comment="no longer in the plan")

    def is_start(self, day: date) -> bool:
        """Whether what is measured on ``day`` only says where the indicator starts, and is no result."""
        return day == self.baseline_on and day.isoformat() not in self.measure_on

    @property
    def last_day(self) -> date | None:
        """The day by which the target is to be reached: its own, else the last on which is measured."""
        return self.target_on or (date.fromisoformat(max(self.measure_on)) if self.measure_on else None)


class Measurement(Identified, Versioned, Base):
    """測定: one value of one indicator for one day, with its evidence. A superseded one stays readable."""

    __tablename__ = "measurement"
    __table_args__ = (CheckConstraint("value IS NOT NULL OR missing_reason <> ''", name="value_or_reason"),)

    indicator_id: Mapped[int] = mapped_column(ForeignKey("indicator.id"), index=True)
    measured_on: Mapped[date] = mapped_column(comment="the date of the plan that it answers")
    value: Mapped[float | None] = mapped_column(_NUMBER)
    missing_reason: Mapped[str] = mapped_column(Text, default="")
    sample_size: Mapped[int | None] = mapped_column(BIG)
    breakdown: Mapped[dict[str, Any]] = mapped_column(default=dict, comment="cell → value")
    comment: Mapped[str] = mapped_column(Text, default="")
    evidence_id: Mapped[int | None] = mapped_column(ForeignKey("case_file.id"))
    state: Mapped[str] = mapped_column(String(10), comment="submitted, sent_back, accepted or superseded")
    submitted_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    submitted_side: Mapped[str] = mapped_column(String(8), default="", comment="company, npo or city")
    submitted_at: Mapped[datetime]
    reviewed_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    reviewed_side: Mapped[str] = mapped_column(String(8), default="", comment="company, npo or city")
    reviewed_at: Mapped[datetime | None]
    review_text: Mapped[str] = mapped_column(Text, default="")

    indicator: Mapped[Indicator] = relationship(lazy="raise")
    evidence: Mapped[CaseFile | None] = relationship(lazy="raise")

    @property
    def has_accepted_value(self) -> bool:
        """Whether it says a value, and whoever checks it has accepted that."""
        return self.state == "accepted" and self.value is not None


class PeriodReport(Identified, Versioned, Base):
    """中間報告: the NPO drafts, the company adds its part, both submit, the city accepts or sends back."""

    __tablename__ = "period_report"
    __table_args__ = (UniqueConstraint("partnership_id", "due_on"),)

    partnership_id: Mapped[int] = mapped_column(ForeignKey("partnership.id"), index=True)
    period_from: Mapped[date]
    period_to: Mapped[date]
    due_on: Mapped[date]
    state: Mapped[str] = mapped_column(String(10), comment="open, submitted, sent_back or accepted")
    npo_text: Mapped[str] = mapped_column(Text, default="")
    company_text: Mapped[str] = mapped_column(Text, default="")
    setbacks: Mapped[str] = mapped_column(Text, default="", comment="what did not work, says the NPO")
    company_setbacks: Mapped[str] = mapped_column(Text, default="", comment="the same, says the company")
    next_step: Mapped[str] = mapped_column(Text, default="")
    npo_submitted_at: Mapped[datetime | None]
    company_submitted_at: Mapped[datetime | None]
    submitted_at: Mapped[datetime | None]
    reviewed_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    reviewed_at: Mapped[datetime | None]
    review_text: Mapped[str] = mapped_column(Text, default="")
    reminders: Mapped[int] = mapped_column(default=0)

    @property
    def is_handed_in(self) -> bool:
        """Whether both sides have submitted it, and the city has not sent it back."""
        return self.state in {"submitted", "accepted"}

    @property
    def is_to_be_written(self) -> bool:
        """Whether a side has yet to write its part, or to write it anew."""
        return self.state in {"open", "sent_back"}

    @property
    def drafts(self) -> tuple[str, ...]:
        """The sides whose part is not handed in, whatever stands there."""
        handed_in = {"company": self.company_submitted_at, "npo": self.npo_submitted_at}
        return tuple(side for side, at in handed_in.items() if self.is_to_be_written and at is None)


class Contribution(Identified, Versioned, Base):
    """実績: what one side gave, confirmed by the other. Wrong ones are cancelled, not deleted."""

    __tablename__ = "contribution"

    partnership_id: Mapped[int] = mapped_column(ForeignKey("partnership.id"), index=True)
    giver: Mapped[str] = mapped_column(String(8), comment="company, npo or city")
    support_type: Mapped[str] = mapped_column(String(24))
    quantity: Mapped[float] = mapped_column(Numeric(14, 2, asdecimal=False))
    unit: Mapped[str] = mapped_column(String(10))
    yen: Mapped[int | None] = mapped_column(BIG, comment="estimate or amount, in yen")
    estimate_method: Mapped[str] = mapped_column(String(12), default="none")
    estimate_note: Mapped[str] = mapped_column(Text, default="")
    given_on: Mapped[date]
    note: Mapped[str] = mapped_column(Text, default="")
    evidence_id: Mapped[int | None] = mapped_column(ForeignKey("case_file.id"))
    state: Mapped[str] = mapped_column(String(10), comment="recorded, confirmed or cancelled")
    recorded_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    recorded_at: Mapped[datetime]
    confirmed_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    confirmed_at: Mapped[datetime | None]

    evidence: Mapped[CaseFile | None] = relationship(lazy="raise")


class Risk(Identified, Versioned, Base):
    """A risk with what is done about it and when it is looked at again (L14)."""

    __tablename__ = "risk"

    partnership_id: Mapped[int] = mapped_column(ForeignKey("partnership.id"), index=True)
    text: Mapped[str] = mapped_column(Text)
    likelihood: Mapped[int] = mapped_column(comment="1 to 3")
    impact: Mapped[int] = mapped_column(comment="1 to 3")
    mitigation: Mapped[str] = mapped_column(Text)
    side: Mapped[str] = mapped_column(String(8))
    review_on: Mapped[date | None]
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    created_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    closed_text: Mapped[str] = mapped_column(Text, default="")

    @property
    def is_open(self) -> bool:
        """Whether it is still looked at."""
        return self.closed_at is None


class Incident(Identified, Versioned, Base):
    """What went wrong; the words for residents are separate and published only with the city (R11)."""

    __tablename__ = "incident"

    partnership_id: Mapped[int] = mapped_column(ForeignKey("partnership.id"), index=True)
    happened_on: Mapped[date]
    text: Mapped[str] = mapped_column(Text, comment="for the three parties")
    measures: Mapped[str] = mapped_column(Text)
    public_text: Mapped[str] = mapped_column(Text, default="")
    published_at: Mapped[datetime | None]
    published_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    reported_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    reported_at: Mapped[datetime]
    resolved_at: Mapped[datetime | None]
    resolution: Mapped[str] = mapped_column(Text, default="")

    @property
    def is_open(self) -> bool:
        """Whether nobody has said yet how it ended."""
        return self.resolved_at is None


class PaymentRule(Identified, Base):
    """A row of an outcome-linked contract: how an indicator's value becomes yen. A table, never code (E8)."""

    __tablename__ = "payment_rule"
    __table_args__ = (
        UniqueConstraint("partnership_id", "key"),
        CheckConstraint("cap_yen >= 0", name="cap_not_negative"),
    )

    partnership_id: Mapped[int] = mapped_column(ForeignKey("partnership.id"), index=True)
    key: Mapped[str] = mapped_column(String(12))
    agreement_number: Mapped[int]
    indicator_id: Mapped[int] = mapped_column(ForeignKey("indicator.id"))
    cap_yen: Mapped[int] = mapped_column(BIG)
    terms: Mapped[dict[str, Any]] = mapped_column(comment="payment.Rule as a dictionary")
    measured_on: Mapped[date] = mapped_column(comment="the measurement that counts")
    fiscal_year: Mapped[int] = mapped_column(comment="in which it is paid; April to March")
    is_retired: Mapped[bool] = mapped_column(default=False)

    indicator: Mapped[Indicator] = relationship(lazy="raise")


class Payment(Identified, Versioned, Base):
    """One amount: calculated once, never changed; approved by another person, then paid."""

    __tablename__ = "payment"
    __table_args__ = (
        # The real guard against paying twice: one payment for a rule, one for a fixed part.
        UniqueConstraint("rule_id"),
        UniqueConstraint("partnership_id", "fixed_year"),
        CheckConstraint("amount_yen >= 0", name="amount_not_negative"),
    )

    partnership_id: Mapped[int] = mapped_column(ForeignKey("partnership.id"), index=True)
    rule_id: Mapped[int | None] = mapped_column(ForeignKey("payment_rule.id"))
    measurement_id: Mapped[int | None] = mapped_column(ForeignKey("measurement.id"))
    fixed_year: Mapped[int | None] = mapped_column(comment="fiscal year of a fixed part")
    what: Mapped[str] = mapped_column(
        typed(120), default="", comment="the indicator as it was called then; empty for a fixed part"
    )
    fiscal_year: Mapped[int]
    amount_yen: Mapped[int] = mapped_column(BIG)
    formula: Mapped[str] = mapped_column(Text, default="", comment="of rows before steps were kept")
    steps: Mapped[list[dict[str, Any]]] = mapped_column(default=list, comment="of the calculation")
    calculated_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    calculated_at: Mapped[datetime]
    approved_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    approved_at: Mapped[datetime | None]
    paid_on: Mapped[date | None]
    paid_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))

    rule: Mapped[PaymentRule | None] = relationship(lazy="raise")
    measurement: Mapped[Measurement | None] = relationship(lazy="raise")


class EvaluationSheet(Identified, Versioned, Base):
    """What one party says: of itself first, then of each other, or that it declines to answer."""

    __tablename__ = "evaluation_sheet"
    __table_args__ = (UniqueConstraint("partnership_id", "rater", "about"),)

    partnership_id: Mapped[int] = mapped_column(ForeignKey("partnership.id"), index=True)
    rater: Mapped[str] = mapped_column(String(12), comment="company, npo, city or third_party")
    about: Mapped[str] = mapped_column(String(12), comment="company, npo, city, or the whole")
    scores: Mapped[dict[str, Any]] = mapped_column(comment="item → 1 to 5, before the discussion")
    final_scores: Mapped[dict[str, Any]] = mapped_column(default=dict, comment="after it, where talked about")
    comment: Mapped[str] = mapped_column(Text, default="")
    discussion: Mapped[dict[str, Any]] = mapped_column(default=dict, comment="item → what was said")
    evaluator: Mapped[str] = mapped_column(typed(200), default="", comment="name of the third party")
    is_declined: Mapped[bool] = mapped_column(default=False)
    rated_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    rated_at: Mapped[datetime]


class Voice(Identified, Base):
    """受け手の声: what those for whom it was done said; a group, never a person (E10)."""

    __tablename__ = "voice"

    partnership_id: Mapped[int] = mapped_column(ForeignKey("partnership.id"), index=True)
    beneficiary: Mapped[str] = mapped_column(String(20))
    people: Mapped[int] = mapped_column(comment="how many were asked")
    method: Mapped[str] = mapped_column(typed(120))
    text: Mapped[str] = mapped_column(Text)
    recorded_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    recorded_at: Mapped[datetime]


class Lesson(Identified, Base):
    """学び: what to do the same or otherwise next time; shown on the next plan and on both profiles (E9)."""

    __tablename__ = "lesson"

    partnership_id: Mapped[int] = mapped_column(ForeignKey("partnership.id"), index=True)
    text: Mapped[str] = mapped_column(Text)
    support_type: Mapped[str] = mapped_column(String(24))
    is_public: Mapped[bool] = mapped_column(default=False)
    written_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    written_at: Mapped[datetime]


class PublicComment(Identified, Versioned, Base):
    """住民の声 on a published partnership: read by the city before it is shown, answered with a reason."""

    __tablename__ = "public_comment"

    partnership_id: Mapped[int] = mapped_column(ForeignKey("partnership.id"), index=True)
    text: Mapped[str] = mapped_column(Text)
    written_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(String(8), comment="waiting, shown or hidden")
    hide_reason: Mapped[str] = mapped_column(String(20), default="")
    moderated_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    moderated_at: Mapped[datetime | None]
    answer: Mapped[str] = mapped_column(Text, default="")
    answer_reason: Mapped[str] = mapped_column(Text, default="")
    answered_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    answered_at: Mapped[datetime | None]

    @property
    def is_waiting(self) -> bool:
        """Whether nobody of the city has read it yet."""
        return self.state == "waiting"

    @property
    def is_shown(self) -> bool:
        """Whether it stands on the public page, with the city's answer."""
        return self.state == "shown"
