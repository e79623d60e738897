"""What somebody has to do next on a case, kept with the case whenever it changes (``cases.turns``)."""

from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from matcher.records.base import Base


class CaseStep(Base):
    """One step of one side. Derived from the case and rewritten as a whole; nothing else points to it."""

    __tablename__ = "case_step"
    __table_args__ = (Index("ix_case_step_side_kind", "side", "kind"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    partnership_id: Mapped[int] = mapped_column(ForeignKey("partnership.id", ondelete="CASCADE"), index=True)
    side: Mapped[str] = mapped_column(String(8), comment="company, npo or city")
    kind: Mapped[str] = mapped_column(String(32), comment="what is to be done")
    opens_on: Mapped[date | None] = mapped_column(comment="not a step before this day in Tokyo")
    closes_on: Mapped[date | None] = mapped_column(comment="no step after this day in Tokyo")
    until: Mapped[date | None] = mapped_column(comment="by when, a day in Tokyo")
    since: Mapped[datetime] = mapped_column(comment="what it waits for stands since then")
    about: Mapped[str] = mapped_column(Text, default="", comment="a name, or codes and days")
    item: Mapped[str] = mapped_column(String(32), default="", comment="public id of the record, or its key")
