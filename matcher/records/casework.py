"""What three parties keep in the workspace of a case: accepted texts, notes, files, tasks, handovers."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from matcher.ground import lifecycle
from matcher.records.account import User
from matcher.records.base import Base, Identified, Versioned, typed

_DRAFT = text("state = 'draft'")


class CaseDocument(Identified, Versioned, Base):
    """One version of a text that the parties accept by its hash: trial, plan, agreement, report, publication.

    A version that somebody has accepted is never changed; an edit makes the next one.
    """

    __tablename__ = "case_document"
    __table_args__ = (
        UniqueConstraint("partnership_id", "kind", "number"),
        # One open draft of a kind at a time: the real guard behind "no other open amendment".
        Index(
            "uq_case_document_draft", "partnership_id", "kind",
            unique=True, sqlite_where=_DRAFT, postgresql_where=_DRAFT,
        ),
    )  # fmt: skip

    partnership_id: Mapped[int] = mapped_column(ForeignKey("partnership.id"), index=True)
    kind: Mapped[str] = mapped_column(
        String(20), comment="trial, trial_result, plan, agreement, outcome_report or publication"
    )
    number: Mapped[int] = mapped_column(comment="第○版, from 1 for each kind")
    state: Mapped[str] = mapped_column(String(12), comment="draft, agreed, superseded or withdrawn")
    content: Mapped[dict[str, Any]]
    sha256: Mapped[str] = mapped_column(String(64))
    why_changed: Mapped[str] = mapped_column(Text, default="")
    needs_city: Mapped[bool] = mapped_column(default=False, comment="whether the city must accept, too")
    drafted_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    drafted_at: Mapped[datetime]
    company_accepted_at: Mapped[datetime | None]
    company_accepted_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    npo_accepted_at: Mapped[datetime | None]
    npo_accepted_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    city_accepted_at: Mapped[datetime | None]
    city_accepted_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    agreed_at: Mapped[datetime | None]

    drafted_by: Mapped[User | None] = relationship(foreign_keys=[drafted_by_id], lazy="raise")
    company_accepted_by: Mapped[User | None] = relationship(
        foreign_keys=[company_accepted_by_id], lazy="raise"
    )
    npo_accepted_by: Mapped[User | None] = relationship(foreign_keys=[npo_accepted_by_id], lazy="raise")
    city_accepted_by: Mapped[User | None] = relationship(foreign_keys=[city_accepted_by_id], lazy="raise")

    @property
    def is_draft(self) -> bool:
        """Whether not all who must have accepted it yet, and nobody has taken it off the table."""
        return self.state == "draft"

    @property
    def is_withdrawn(self) -> bool:
        """Whether it was taken off the table before all had accepted it."""
        return self.state == "withdrawn"

    @property
    def edition(self) -> int:
        """Number and version in one figure: each version of a kind counts its own changes from 1, and a form
        over an older one must not pass for a form over the newest.
        """
        return self.number * 1_000_000 + self.version

    @property
    def needs_manager(self) -> bool:
        """Whether it is an agreement that a manager confirms: the city is a party, or much public money, what
        an outcome-linked contract may pay included.
        """
        if self.kind != "agreement":
            return False
        outcome = self.content.get("outcome") or {}
        public_yen = int(self.content.get("money_city_yen") or 0) + int(outcome.get("budget_cap_yen") or 0)
        return bool(self.content.get("city_is_party")) or public_yen > lifecycle.MANAGER_MONEY_YEN

    @property
    def is_touched(self) -> bool:
        """Whether any party has accepted this very text."""
        return any((self.company_accepted_at, self.npo_accepted_at, self.city_accepted_at))


class MeetingNote(Identified, Base):
    """面談記録: who met when, three lines, and what comes next. Never changed afterwards."""

    __tablename__ = "meeting_note"

    partnership_id: Mapped[int] = mapped_column(ForeignKey("partnership.id"), index=True)
    held_on: Mapped[date]
    people: Mapped[str] = mapped_column(Text)
    text: Mapped[str] = mapped_column(Text)
    next_step: Mapped[str] = mapped_column(Text, default="")
    next_at: Mapped[datetime | None] = mapped_column(comment="the next meeting")
    next_place: Mapped[str] = mapped_column(typed(200), default="")
    author_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    written_at: Mapped[datetime]


class CaseFile(Identified, Base):
    """One version of a file of the case; the bytes lie under a random name outside of what is served."""

    __tablename__ = "case_file"

    partnership_id: Mapped[int] = mapped_column(ForeignKey("partnership.id"), index=True)
    series: Mapped[str] = mapped_column(String(32), index=True, comment="public id of the first version")
    number: Mapped[int] = mapped_column(comment="version, from 1")
    purpose: Mapped[str] = mapped_column(String(12))
    name: Mapped[str] = mapped_column(typed(200))
    media_type: Mapped[str] = mapped_column(String(100))
    size_bytes: Mapped[int]
    sha256: Mapped[str] = mapped_column(String(64))
    stored_name: Mapped[str] = mapped_column(String(40), unique=True)
    uploaded_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    uploaded_at: Mapped[datetime]

    uploaded_by: Mapped[User | None] = relationship(lazy="raise")


class CaseTask(Identified, Versioned, Base):
    """A promise with a name and a date; milestones are those that the plan set."""

    __tablename__ = "case_task"

    partnership_id: Mapped[int] = mapped_column(ForeignKey("partnership.id"), index=True)
    is_milestone: Mapped[bool] = mapped_column(default=False)
    text: Mapped[str] = mapped_column(Text)
    side: Mapped[str] = mapped_column(String(8), comment="company, npo, city or both")
    due_on: Mapped[date | None]
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    created_at: Mapped[datetime]
    done_at: Mapped[datetime | None]
    done_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))

    @property
    def is_open(self) -> bool:
        """Whether it is still to be kept."""
        return self.done_at is None


class Handover(Identified, Base):
    """引き継ぎ: which cases go from whom to whom on which day, and who stands in (X16)."""

    __tablename__ = "handover"

    from_user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    to_user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    deputy_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    effective_on: Mapped[date]
    cases: Mapped[list[str]] = mapped_column(comment="public ids")
    note: Mapped[str] = mapped_column(Text, default="")
    planned_by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    planned_at: Mapped[datetime]
    done_at: Mapped[datetime | None]
    cancelled_at: Mapped[datetime | None]

    from_user: Mapped[User] = relationship(foreign_keys=[from_user_id], lazy="raise")
    to_user: Mapped[User] = relationship(foreign_keys=[to_user_id], lazy="raise")
    deputy: Mapped[User | None] = relationship(foreign_keys=[deputy_id], lazy="raise")

    @property
    def state(self) -> str:
        """planned, done or cancelled."""
        if self.cancelled_at is not None:
            return "cancelled"
        return "planned" if self.done_at is None else "done"
