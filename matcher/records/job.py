"""What takes too long for an answer at once and is made one after the other: papers, big tables, imports."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from matcher.records.account import User
from matcher.records.base import Base, Identified, typed

_ALIVE = text("state IN ('waiting', 'running')")


class Job(Base):
    """One thing to make, however many people asked for it. What has the same kind and key is the same."""

    __tablename__ = "job"
    __table_args__ = (
        Index(
            "uq_job_kind_key_alive", "kind", "key", unique=True,
            sqlite_where=_ALIVE, postgresql_where=_ALIVE,
        ),
        Index("ix_job_lane_state", "lane", "state"),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(20), comment="paper, book, bundle or import")
    lane: Mapped[str] = mapped_column(String(20), comment="of one lane one job is done at a time")
    key: Mapped[str] = mapped_column(String(64), comment="sha256 of what is laid out, or public id")
    state: Mapped[str] = mapped_column(String(10), comment="waiting, running, done or failed")
    asked_at: Mapped[datetime]
    turn: Mapped[int | None] = mapped_column(comment="the how manieth of its lane to be begun")
    leased_until: Mapped[datetime | None] = mapped_column(comment="the holder must be heard of before")
    holder: Mapped[str] = mapped_column(String(80), default="")
    tries: Mapped[int] = mapped_column(default=0)
    error: Mapped[str] = mapped_column(String(40), default="", comment="code of the sentence")
    finished_at: Mapped[datetime | None]
    details: Mapped[dict[str, Any]] = mapped_column(default=dict, comment="codes and counts only")

    @property
    def is_alive(self) -> bool:
        """Whether it is still to be made, or being made."""
        return self.state in {"waiting", "running"}

    @property
    def is_done(self) -> bool:
        """Whether what was asked for lies ready."""
        return self.state == "done"

    @property
    def has_failed(self) -> bool:
        """Whether it could not be made."""
        return self.state == "failed"


class Ticket(Identified, Base):
    """One person's place in line for a job: what it is called for them, and where they fetch it."""

    __tablename__ = "job_ticket"
    __table_args__ = (
        UniqueConstraint("job_id", "user_id"),
        Index("ix_job_ticket_object", "object_type", "object_id"),
    )

    job_id: Mapped[int] = mapped_column(ForeignKey("job.id", ondelete="CASCADE"))
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id", ondelete="CASCADE"), index=True)
    organization_id: Mapped[int | None] = mapped_column(
        ForeignKey("organization.id"), comment="in whose name; none for city staff"
    )
    asked_at: Mapped[datetime]
    title: Mapped[str] = mapped_column(typed(300), comment="the name of the file")
    address: Mapped[str] = mapped_column(Text, comment="our own page that checks and sends it")
    object_type: Mapped[str] = mapped_column(String(30), default="", comment="what it is about")
    object_id: Mapped[str] = mapped_column(String(32), default="", comment="public id")

    job: Mapped[Job] = relationship(lazy="raise")
    user: Mapped[User] = relationship(lazy="raise")
