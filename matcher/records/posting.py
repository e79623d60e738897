"""What is asked for and what is offered: needs (ニーズ) and offers (提供メニュー).

Both pass through the same life cycle, ``posting`` in ``lifecycle.py``.
"""

from datetime import date, datetime
from typing import ClassVar

from sqlalchemy import ForeignKey, Index, Numeric, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, declared_attr, mapped_column, relationship

from matcher.ground import calendar, lifecycle
from matcher.records.base import Base, Identified, Versioned
from matcher.records.organization import Organization


class Posting(Identified, Versioned):
    """The columns that a need and an offer share."""

    @declared_attr
    @classmethod
    def organization_id(cls) -> Mapped[int]:
        return mapped_column(ForeignKey("organization.id"), index=True)

    @declared_attr
    @classmethod
    def organization(cls) -> Mapped[Organization]:
        return relationship(Organization, lazy="raise")

    number: Mapped[str | None] = mapped_column(
        String(20), unique=True, comment="受付番号, from submission on"
    )
    state: Mapped[str] = mapped_column(String(20), default="draft")
    title: Mapped[str] = mapped_column(String(120), default="")
    support_type: Mapped[str] = mapped_column(String(24), default="")
    quantity: Mapped[float | None] = mapped_column(Numeric(14, 2, asdecimal=False))
    unit: Mapped[str] = mapped_column(String(10), default="")
    period_from: Mapped[date | None]
    period_to: Mapped[date | None]
    areas: Mapped[list[str]] = mapped_column(default=list)
    mode: Mapped[str] = mapped_column(String(8), default="onsite")
    fields: Mapped[list[str]] = mapped_column(default=list)
    sdgs: Mapped[list[str]] = mapped_column(default=list)
    beneficiaries: Mapped[list[str]] = mapped_column(default=list)
    skills: Mapped[list[str]] = mapped_column(default=list, comment="codes of PRO_BONO_SKILLS")
    valid_until: Mapped[date | None]
    expiry_notices: Mapped[int] = mapped_column(default=0, comment="how many reminders went out")
    pause_cause: Mapped[str | None] = mapped_column(String(12), comment="owner or capacity")
    reason_code: Mapped[str | None] = mapped_column(String(30), comment="of the latest move, if any")
    reason_text: Mapped[str] = mapped_column(Text, default="")
    search_text: Mapped[str] = mapped_column(Text, default="", comment="folded copy for search")

    @declared_attr
    @classmethod
    def follows_id(cls) -> Mapped[int | None]:
        return mapped_column(
            ForeignKey(f"{cls.__name__.lower()}.id"), index=True, comment="前回: of which it was taken over"
        )

    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    submitted_at: Mapped[datetime | None]
    published_at: Mapped[datetime | None]

    @property
    def party_ids(self) -> tuple[int, ...]:
        """The organizations whose members this record belongs to."""
        return (self.organization_id,)

    @property
    def is_editable(self) -> bool:
        """Whether its text may be changed: not while the city reads it, nor while others do."""
        return self.state in lifecycle.POSTING_EDITABLE

    @property
    def is_open(self) -> bool:
        """Whether others may be approached about it."""
        return self.state == "open"

    @property
    def is_current(self) -> bool:
        """Whether it still stands: open, or paused for a while."""
        return self.state in lifecycle.POSTING_CURRENT

    @property
    def is_as_read(self) -> bool:
        """Whether its text is as the city read it."""
        return self.state in lifecycle.POSTING_READ

    @property
    def is_in_review(self) -> bool:
        """Whether the city is reading it."""
        return self.state == "in_review"

    @property
    def is_returned(self) -> bool:
        """Whether the city asked its owner to change it."""
        return self.state == "returned"

    @property
    def is_expired(self) -> bool:
        """Whether its day has passed and it is no longer shown."""
        return self.state == "expired"

    @property
    def is_withdrawn(self) -> bool:
        """Whether its owner or the city took it back."""
        return self.state == "withdrawn"

    @property
    def is_paused_by_capacity(self) -> bool:
        """Whether it waits until its owner has answered what lies before them."""
        return self.state == "paused" and self.pause_cause == "capacity"

    @property
    def is_over(self) -> bool:
        """Whether it is over: it may be asked for, or offered, again."""
        return self.state in lifecycle.POSTING_ENDED

    def expires_soon(self, now: datetime) -> bool:
        """Whether it still stands, and will expire within the days of which its owner is told."""
        if not self.is_current or self.valid_until is None:
            return False
        return (self.valid_until - calendar.tokyo_date(now)).days <= max(lifecycle.EXPIRY_NOTICE_DAYS)


class Need(Posting, Base):
    """ニーズ: what an NPO asks for."""

    __tablename__ = "need"
    is_need: ClassVar[bool] = True
    __table_args__ = (
        Index("ix_need_state_valid_until", "state", "valid_until"),
        # The list of all, the newest first.
        Index("ix_need_state_published_at_id", "state", "published_at", "id"),
        # Those of one NPO, for whom SQLite would walk that one for the sake of their order; and how many
        # there are in all, without looking at their texts.
        Index(
            "ix_need_state_organization_id", "state", "organization_id", "published_at", "id", "visibility"
        ),
    )

    situation: Mapped[str] = mapped_column(Text, default="")
    wanted_change: Mapped[str] = mapped_column(Text, default="")
    min_useful: Mapped[float | None] = mapped_column(Numeric(14, 2, asdecimal=False))
    also_welcome: Mapped[list[str]] = mapped_column(default=list, comment="further support types")
    urgency: Mapped[str] = mapped_column(String(8), default="normal")
    repeat: Mapped[str] = mapped_column(String(12), default="once")
    place_note: Mapped[str] = mapped_column(Text, default="")
    beneficiary_number: Mapped[int | None]
    safety_contact: Mapped[bool | None] = mapped_column(comment="子どもや要配慮者と接するか")
    safety_note: Mapped[str] = mapped_column(Text, default="")
    what_we_give: Mapped[str] = mapped_column(Text, default="", comment="企業へのお返し")
    if_unmet: Mapped[str] = mapped_column(Text, default="")
    contact_name: Mapped[str] = mapped_column(String(80), default="", info={"pii": True})
    visibility: Mapped[str] = mapped_column(String(12), default="public")
    steps_done: Mapped[int] = mapped_column(default=0, comment="guided form: pages completed, 0 to 5")
    quiet_told_at: Mapped[datetime | None] = mapped_column(
        comment="when its owner heard why it may have been read and not answered"
    )

    @property
    def is_listed(self) -> bool:
        """Whether members outside the NPO may see it (the organization's own state is checked in SQL)."""
        return self.is_open and self.visibility != "approached"


class NeedPart(Base):
    """What a need asks for besides its own support type and amount, which are its first part.

    A part keeps its place for good: what companies take of it is kept by need and place.
    """

    __tablename__ = "need_part"
    __table_args__ = (UniqueConstraint("need_id", "place"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    need_id: Mapped[int] = mapped_column(ForeignKey("need.id"), index=True)
    place: Mapped[int] = mapped_column(comment="from 2; 1 is the need itself")
    support_type: Mapped[str] = mapped_column(String(24))
    what: Mapped[str] = mapped_column(String(120), default="")
    quantity: Mapped[float | None] = mapped_column(Numeric(14, 2, asdecimal=False))
    unit: Mapped[str] = mapped_column(String(10), default="")
    min_useful: Mapped[float | None] = mapped_column(Numeric(14, 2, asdecimal=False))


class Offer(Posting, Base):
    """提供メニュー: what a company can give."""

    __tablename__ = "offer"
    is_need: ClassVar[bool] = False
    __table_args__ = (
        Index("ix_offer_state_valid_until", "state", "valid_until"),
        # As of needs.
        Index("ix_offer_state_published_at_id", "state", "published_at", "id"),
        Index("ix_offer_state_organization_id", "state", "organization_id", "published_at", "id"),
    )

    description: Mapped[str] = mapped_column(Text, default="")
    conditions: Mapped[str] = mapped_column(Text, default="")

    @property
    def is_listed(self) -> bool:
        """Whether members outside the company may see it."""
        return self.is_open


class Question(Identified, Versioned, Base):
    """質問: what a company asks about a need; the answer is for all who may see the need.

    Who asked is known to the city alone. What was asked is kept as it was typed, also where the NPO words it
    anew before it is shown.
    """

    __tablename__ = "question"
    __table_args__ = (Index("ix_question_state_asked_at", "state", "asked_at"),)

    need_id: Mapped[int] = mapped_column(ForeignKey("need.id"), index=True)
    need: Mapped[Need] = relationship(Need, lazy="raise")
    asker_id: Mapped[int] = mapped_column(ForeignKey("organization.id"), index=True)
    asked_by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    asked_at: Mapped[datetime]
    text: Mapped[str] = mapped_column(Text, comment="as it was asked")
    state: Mapped[str] = mapped_column(String(10), default="asked")
    shown_text: Mapped[str] = mapped_column(Text, default="", comment="as it is shown to all")
    answer: Mapped[str] = mapped_column(Text, default="")
    answered_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    answered_at: Mapped[datetime | None]
    merged_into_id: Mapped[int | None] = mapped_column(ForeignKey("question.id"))
    refuse_reason: Mapped[str] = mapped_column(String(20), default="")
    refuse_text: Mapped[str] = mapped_column(Text, default="")

    @property
    def party_ids(self) -> tuple[int, ...]:
        """The NPO whose need it is about answers it; the need must be loaded."""
        return self.need.party_ids

    @property
    def is_listed(self) -> bool:
        """Before its answer nobody else knows of it."""
        return False
