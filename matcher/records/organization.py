"""Organizations (団体・企業), their profiles, and what the city checked about them."""

from datetime import date, datetime

from sqlalchemy import Boolean, CheckConstraint, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from matcher.ground import calendar, lifecycle
from matcher.records.base import Base, Identified, Versioned, typed


class Municipality(Base):
    """The one city that runs this installation: its name, section, districts. Always row 1."""

    __tablename__ = "municipality"
    __table_args__ = (CheckConstraint("id = 1", name="single_row"),)

    id: Mapped[int] = mapped_column(primary_key=True, default=1)
    name: Mapped[str] = mapped_column(String(60))
    kana: Mapped[str] = mapped_column(String(60), default="")
    section: Mapped[str] = mapped_column(String(60))
    phone: Mapped[str] = mapped_column(String(40))
    email: Mapped[str] = mapped_column(String(254))
    areas: Mapped[dict[str, str]] = mapped_column(comment="district code → label, in display order")
    field20: Mapped[str] = mapped_column(
        String(120), default="", comment="text of field 20 where an ordinance fills it"
    )
    is_demo: Mapped[bool] = mapped_column(Boolean, default=False)


class Organization(Identified, Versioned, Base):
    """A company or an NPO. ``kind`` decides which profile it has."""

    __tablename__ = "organization"
    __table_args__ = (
        CheckConstraint("kind IN ('company', 'npo')", name="kind_known"),
        Index("ix_organization_kind_state", "kind", "state"),
    )

    kind: Mapped[str] = mapped_column(String(10))
    state: Mapped[str] = mapped_column(String(20), default="draft")
    name: Mapped[str] = mapped_column(typed(120))
    kana: Mapped[str] = mapped_column(typed(160), default="")
    corporate_number: Mapped[str | None] = mapped_column(String(13), unique=True)
    no_number_reason: Mapped[str | None] = mapped_column(String(20))
    area: Mapped[str] = mapped_column(String(40), default="", comment="district of the office")
    address: Mapped[str] = mapped_column(String(200), default="")
    website: Mapped[str] = mapped_column(String(300), default="")
    representative: Mapped[str] = mapped_column(String(80), default="", info={"pii": True})
    contact_department: Mapped[str] = mapped_column(String(80), default="")
    contact_name: Mapped[str] = mapped_column(String(80), default="", info={"pii": True})
    email: Mapped[str] = mapped_column(String(254), default="", info={"pii": True})
    phone: Mapped[str] = mapped_column(String(40), default="", info={"pii": True})
    visibility: Mapped[str] = mapped_column(String(12), default="public")
    terms_version: Mapped[str | None] = mapped_column(String(20), comment="terms agreed at submission")
    declared_at: Mapped[datetime | None] = mapped_column(comment="暴力団排除の誓約 made at")
    submitted_at: Mapped[datetime | None]
    verified_at: Mapped[datetime | None]
    verification_expires_on: Mapped[date | None]
    reason_code: Mapped[str | None] = mapped_column(String(30), comment="of the latest move, if any")
    reason_text: Mapped[str] = mapped_column(Text, default="")
    search_text: Mapped[str] = mapped_column(Text, default="", comment="folded copy for search")
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]

    company: Mapped["CompanyProfile | None"] = relationship(
        back_populates="organization", lazy="raise", cascade="all, delete-orphan"
    )
    npo: Mapped["NpoProfile | None"] = relationship(
        back_populates="organization", lazy="raise", cascade="all, delete-orphan"
    )

    @property
    def party_ids(self) -> tuple[int, ...]:
        """The organizations whose members this record belongs to."""
        return (self.id,)

    @property
    def is_verified(self) -> bool:
        """Whether the city has verified it, and nothing has stopped it since."""
        return self.state == "verified"

    @property
    def is_submitted(self) -> bool:
        """Whether the city is checking it."""
        return self.state == "submitted"

    @property
    def is_draft(self) -> bool:
        """Whether it has not been sent to the city yet."""
        return self.state == "draft"

    @property
    def is_returned(self) -> bool:
        """Whether the city asked its members to change something."""
        return self.state == "returned"

    @property
    def is_being_written(self) -> bool:
        """Whether its members have it in hand: not sent to the city yet, or sent back by it."""
        return self.state in {"draft", "returned"}

    @property
    def is_suspended(self) -> bool:
        """Whether the city has stopped it for a while."""
        return self.state == "suspended"

    @property
    def is_locked(self) -> bool:
        """Whether its members read and change nothing: stopped or left."""
        return self.state in lifecycle.ORGANIZATION_LOCKED

    def has_lapsed(self, now: datetime) -> bool:
        """Whether the city has verified it so long ago that it must do so again."""
        expires = self.verification_expires_on
        return self.is_verified and expires is not None and expires < calendar.tokyo_date(now)

    @property
    def is_listed(self) -> bool:
        """Whether other members may see it at all."""
        return self.is_verified and self.visibility != "approached"


class CompanyProfile(Base):
    """CSR/ESG profile of a company."""

    __tablename__ = "company_profile"

    organization_id: Mapped[int] = mapped_column(
        ForeignKey("organization.id", ondelete="CASCADE"), primary_key=True
    )
    industry: Mapped[str] = mapped_column(String(1), default="")
    employees_band: Mapped[str] = mapped_column(String(10), default="")
    business: Mapped[str] = mapped_column(Text, default="")
    csr_policy: Mapped[str] = mapped_column(Text, default="")
    fields: Mapped[list[str]] = mapped_column(default=list)
    fields_undecided: Mapped[bool] = mapped_column(default=False, comment="分野は決まっていない")
    sdgs: Mapped[list[str]] = mapped_column(default=list)
    beneficiaries: Mapped[list[str]] = mapped_column(default=list)
    areas: Mapped[list[str]] = mapped_column(default=list)
    pro_bono_skills: Mapped[list[str]] = mapped_column(default=list)
    expected_returns: Mapped[list[str]] = mapped_column(default=list)
    budget_band: Mapped[str] = mapped_column(String(12), default="")
    volunteering: Mapped[str] = mapped_column(Text, default="")
    past_partnerships: Mapped[str] = mapped_column(Text, default="")
    no_go: Mapped[str] = mapped_column(Text, default="")
    no_go_fields: Mapped[list[str]] = mapped_column(default=list)
    naming: Mapped[str] = mapped_column(String(10), default="ask")

    organization: Mapped[Organization] = relationship(back_populates="company", lazy="raise")


class NpoProfile(Base):
    """Profile of an NPO, a community group or a neighbourhood association."""

    __tablename__ = "npo_profile"

    organization_id: Mapped[int] = mapped_column(
        ForeignKey("organization.id", ondelete="CASCADE"), primary_key=True
    )
    org_type: Mapped[str] = mapped_column(String(20), default="")
    established_on: Mapped[date | None]
    mission: Mapped[str] = mapped_column(Text, default="")
    activities: Mapped[str] = mapped_column(Text, default="")
    strengths: Mapped[str] = mapped_column(Text, default="", comment="企業に提供できるもの")
    fields: Mapped[list[str]] = mapped_column(default=list)
    sdgs: Mapped[list[str]] = mapped_column(default=list)
    beneficiaries: Mapped[list[str]] = mapped_column(default=list)
    areas: Mapped[list[str]] = mapped_column(default=list)
    staff_full_time: Mapped[int | None]
    staff_part_time: Mapped[int | None]
    volunteers: Mapped[int | None]
    budget_band: Mapped[str] = mapped_column(String(12), default="")
    reach_number: Mapped[int | None]
    capacity: Mapped[str] = mapped_column(Text, default="", comment="受け入れ体制・会議のできる時間")
    disclosure: Mapped[list[str]] = mapped_column(default=list)

    organization: Mapped[Organization] = relationship(back_populates="npo", lazy="raise")


class ChecklistAnswer(Base):
    """One answer of the coordinator's verification checklist; a new round adds rows, none is changed."""

    __tablename__ = "checklist_answer"

    id: Mapped[int] = mapped_column(primary_key=True)
    organization_id: Mapped[int] = mapped_column(ForeignKey("organization.id"), index=True)
    round: Mapped[int]
    item: Mapped[str] = mapped_column(String(20))
    answer: Mapped[str] = mapped_column(String(5))
    comment: Mapped[str] = mapped_column(Text, default="")
    answered_by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    answered_at: Mapped[datetime]
