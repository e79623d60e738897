"""Partnership cases (協働の案件), their messages, and the frozen decisions on them."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, Numeric, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from matcher.ground import lifecycle
from matcher.records.account import User
from matcher.records.base import Base, Identified, Versioned
from matcher.records.organization import Organization
from matcher.records.posting import Need, Offer

_EXITS = ", ".join(f"'{state}'" for state in sorted(lifecycle.CASE_EXITS))
_OPEN = f"state NOT IN ({_EXITS})"


class Partnership(Identified, Versioned, Base):
    """One case between one company and one NPO, about one need or about none in particular."""

    __tablename__ = "partnership"
    __table_args__ = (
        CheckConstraint("company_id <> npo_id", name="two_parties"),
        CheckConstraint("origin IN ('company', 'npo', 'coordinator')", name="origin_known"),
        # The friendly check stands in cases/beginning.py; these two are the real guard.
        Index(
            "uq_partnership_open_need",
            "company_id",
            "need_id",
            unique=True,
            sqlite_where=text(f"{_OPEN} AND need_id IS NOT NULL"),
            postgresql_where=text(f"{_OPEN} AND need_id IS NOT NULL"),
        ),
        Index(
            "uq_partnership_open_pair",
            "company_id",
            "npo_id",
            unique=True,
            sqlite_where=text(f"{_OPEN} AND need_id IS NULL"),
            postgresql_where=text(f"{_OPEN} AND need_id IS NULL"),
        ),
        Index("ix_partnership_state_deadline_at", "state", "deadline_at"),
    )

    number: Mapped[str] = mapped_column(String(20), unique=True, comment="案件番号")
    company_id: Mapped[int] = mapped_column(ForeignKey("organization.id"), index=True)
    npo_id: Mapped[int] = mapped_column(ForeignKey("organization.id"), index=True)
    need_id: Mapped[int | None] = mapped_column(ForeignKey("need.id"), index=True)
    offer_id: Mapped[int | None] = mapped_column(ForeignKey("offer.id"))
    shown_suggestion_id: Mapped[int | None] = mapped_column(ForeignKey("shown_suggestion.id"))
    origin: Mapped[str] = mapped_column(String(12), comment="申し出 company, 依頼 npo, 推薦 coordinator")
    state: Mapped[str] = mapped_column(String(20))
    support_type: Mapped[str] = mapped_column(String(24))
    quantity: Mapped[float | None] = mapped_column(Numeric(14, 2, asdecimal=False))
    unit: Mapped[str] = mapped_column(String(10), default="")
    part: Mapped[int] = mapped_column(default=1, comment="of the need: which part these terms are of")
    period_from: Mapped[date | None]
    period_to: Mapped[date | None]
    is_named: Mapped[bool] = mapped_column(
        default=False, comment="the company lets itself be named beside others who fill the same need"
    )
    message: Mapped[str] = mapped_column(Text, default="", comment="of the side that began")
    answer: Mapped[str] = mapped_column(Text, default="", comment="of the side that answered")
    recommend_code: Mapped[str | None] = mapped_column(String(20))
    recommend_text: Mapped[str] = mapped_column(Text, default="", comment="visible to both sides")
    started_by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    company_contact_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    npo_contact_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    coordinator_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"), comment="担当者")
    company_agreed_at: Mapped[datetime | None]
    npo_agreed_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    moved_at: Mapped[datetime] = mapped_column(comment="when the present state began")
    deadline_at: Mapped[datetime | None]
    reminders: Mapped[int] = mapped_column(default=0, comment="reminders sent in this state")
    reason_code: Mapped[str | None] = mapped_column(String(30), comment="of the latest move, if any")
    reason_text: Mapped[str] = mapped_column(Text, default="")
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    decided_at: Mapped[datetime | None]
    deputy_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"), comment="stands in (代理)")
    touched_at: Mapped[datetime | None] = mapped_column(comment="the last thing that anybody did on it")
    agreement_type: Mapped[str] = mapped_column(String(16), default="")
    starts_on: Mapped[date | None] = mapped_column(comment="of the agreement in force")
    ends_on: Mapped[date | None]
    decide_by: Mapped[date | None] = mapped_column(comment="suspended: by when it is decided how to go on")
    was_terminated: Mapped[bool] = mapped_column(default=False)
    inform_plan: Mapped[str] = mapped_column(Text, default="", comment="terminated: who tells whom")
    published_at: Mapped[datetime | None] = mapped_column(index=True, comment="on the public pages since")
    unpublished_reason: Mapped[str] = mapped_column(String(20), default="", comment="why it is not public")
    renewed_from_id: Mapped[int | None] = mapped_column(ForeignKey("partnership.id"), index=True)
    year_number: Mapped[int] = mapped_column(default=1, comment="how manieth period of the same partners")

    company: Mapped[Organization] = relationship(foreign_keys=[company_id], lazy="raise")
    npo: Mapped[Organization] = relationship(foreign_keys=[npo_id], lazy="raise")
    need: Mapped[Need | None] = relationship(lazy="raise")
    offer: Mapped[Offer | None] = relationship(lazy="raise")
    started_by: Mapped[User] = relationship(foreign_keys=[started_by_id], lazy="raise")
    company_contact: Mapped[User | None] = relationship(foreign_keys=[company_contact_id], lazy="raise")
    npo_contact: Mapped[User | None] = relationship(foreign_keys=[npo_contact_id], lazy="raise")
    coordinator: Mapped[User | None] = relationship(foreign_keys=[coordinator_id], lazy="raise")
    deputy: Mapped[User | None] = relationship(foreign_keys=[deputy_id], lazy="raise")

    @property
    def party_ids(self) -> tuple[int, ...]:
        """The two organizations whose members see this case."""
        return (self.company_id, self.npo_id)

    @property
    def is_listed(self) -> bool:
        """A case is never visible outside its three parties; what is published is a text of its own."""
        return False

    @property
    def was_introduced(self) -> bool:
        """Whether the city has brought the two together: its workspace exists, also once it has ended.

        A refusal is decided as well, but leads to no state in which talks are left.
        """
        left = self.state in lifecycle.CASE_LEFT and self.decided_at is not None
        return left or self.state in lifecycle.CASE_WORK

    @property
    def is_over(self) -> bool:
        """Whether nobody waits for anything any more, whatever came of it."""
        return self.state in lifecycle.CASE_EXITS

    @property
    def was_left(self) -> bool:
        """Whether talks came to nothing."""
        return self.state in lifecycle.CASE_LEFT

    @property
    def is_sent_back(self) -> bool:
        """Whether the city asked both sides to add something before it decides."""
        return self.state == "interest_both" and bool(self.reason_text)

    @property
    def is_refused(self) -> bool:
        """Whether the city did not approve of it."""
        return self.state == "refused"

    @property
    def is_agreement_with_city(self) -> bool:
        """Whether the city is reading the signed agreement; nothing is accepted meanwhile."""
        return self.state == "agreement_review"

    @property
    def is_agreement_sent_back(self) -> bool:
        """Whether the city asked for a change of the agreement that both had signed."""
        return self.state == "agreement_draft" and bool(self.reason_text)

    @property
    def is_current(self) -> bool:
        """Whether its agreement stands: about to begin, running or interrupted."""
        return self.state in lifecycle.CASE_CURRENT

    @property
    def awaits_its_start(self) -> bool:
        """Whether it begins by itself on the first day of its agreement."""
        return self.state == "agreed"

    @property
    def is_running(self) -> bool:
        """Whether it has begun and has not ended, also while it is interrupted."""
        return self.state in lifecycle.CASE_RUNNING

    @property
    def is_suspended(self) -> bool:
        """Whether it is interrupted."""
        return self.state == "suspended"

    @property
    def is_reported(self) -> bool:
        """Whether what came of it is reported, so that all three rate it."""
        return self.state in lifecycle.CASE_REPORTED

    @property
    def is_completed(self) -> bool:
        """Whether it has gone all its way."""
        return self.state == "closed"

    def side_of(self, organization_id: int | None) -> str | None:
        """``company`` or ``npo`` for a party of this case, ``None`` for anybody else."""
        if organization_id is None:
            return None
        return {self.company_id: "company", self.npo_id: "npo"}.get(organization_id)

    @property
    def asked(self) -> tuple[lifecycle.Mover, ...]:
        """The sides on whose answer the case waits before the introduction."""
        return lifecycle.asked(
            self.state,
            company_agreed=self.company_agreed_at is not None,
            npo_agreed=self.npo_agreed_at is not None,
        )


class CaseTake(Base):
    """What a case takes of further parts of its need, besides what its own terms say."""

    __tablename__ = "case_take"
    __table_args__ = (UniqueConstraint("partnership_id", "place"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    partnership_id: Mapped[int] = mapped_column(ForeignKey("partnership.id"), index=True)
    place: Mapped[int] = mapped_column(comment="of the part in its need")
    support_type: Mapped[str] = mapped_column(String(24))
    quantity: Mapped[float | None] = mapped_column(
        Numeric(14, 2, asdecimal=False), comment="none: all of a part without an amount"
    )
    unit: Mapped[str] = mapped_column(String(10), default="")


class CaseMessage(Identified, Base):
    """A question or an answer between the three parties of a case. Never changed afterwards."""

    __tablename__ = "case_message"

    partnership_id: Mapped[int] = mapped_column(ForeignKey("partnership.id"), index=True)
    author_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    written_at: Mapped[datetime]
    text: Mapped[str] = mapped_column(Text)

    author: Mapped[User] = relationship(lazy="raise")


class DecisionBundle(Identified, Base):
    """What the coordinator had before them when deciding, frozen (X2): canonical JSON and its hash."""

    __tablename__ = "decision_bundle"

    partnership_id: Mapped[int] = mapped_column(ForeignKey("partnership.id"), index=True)
    decided_by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    decided_at: Mapped[datetime]
    content: Mapped[dict[str, Any]]
    sha256: Mapped[str] = mapped_column(String(64))


class CaseFit(Identified, Base):
    """How the two of a case fitted when it began, or when it was decided on. Never changed afterwards."""

    __tablename__ = "case_fit"

    partnership_id: Mapped[int] = mapped_column(ForeignKey("partnership.id"), index=True)
    bundle_id: Mapped[int | None] = mapped_column(
        ForeignKey("decision_bundle.id"), comment="of a decision that was frozen"
    )
    moment: Mapped[str] = mapped_column(String(8), comment="begun or decided")
    event: Mapped[str] = mapped_column(String(40), comment="as the audit record names what was done")
    computed_at: Mapped[datetime]
    unknown: Mapped[str] = mapped_column(String(12), default="", comment="why there is no score")
    score: Mapped[float | None]
    parts: Mapped[dict[str, Any]] = mapped_column(default=dict, comment="signal → value in [0, 1]")
    reasons: Mapped[list[dict[str, Any]]] = mapped_column(
        default=list, comment="ranking.Reason as dictionaries"
    )
    texts: Mapped[dict[str, Any]] = mapped_column(
        default=dict, comment="side → kind, title and hash of what was compared"
    )
    model_id: Mapped[str] = mapped_column(String(120), default="")
    index_version: Mapped[int] = mapped_column(default=0)
    weights_version: Mapped[str] = mapped_column(String(20), default="")
