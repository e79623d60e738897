"""年間の組み合わせ案: a plan over all open needs and offers, what was fixed in it, and what was adopted."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, Numeric, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from matcher.records.account import User
from matcher.records.base import Base, Identified
from matcher.records.posting import Need, Offer


class YearPlan(Identified, Base):
    """One plan as it was asked for and as it was found; neither is changed afterwards."""

    __tablename__ = "year_plan"

    asked_by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    asked_at: Mapped[datetime]
    based_on_id: Mapped[int | None] = mapped_column(
        ForeignKey("year_plan.id"), comment="the plan that was edited"
    )
    settings: Mapped[dict[str, Any]] = mapped_column(comment="planning.Settings")
    inputs: Mapped[dict[str, Any]] = mapped_column(default=dict, comment="planning.Task, as it was solved")
    result: Mapped[dict[str, Any]] = mapped_column(default=dict, comment="planning.Plan: rows, gap, seconds")
    without_floors: Mapped[dict[str, Any]] = mapped_column(
        default=dict, comment="the same without floors and caps, to compare"
    )
    whys: Mapped[dict[str, Any]] = mapped_column(
        default=dict, comment="need or offer → why it is not in the plan"
    )
    model_id: Mapped[str] = mapped_column(String(120), default="")
    index_version: Mapped[int] = mapped_column(default=0)
    weights_version: Mapped[str] = mapped_column(String(20), default="")
    sha256: Mapped[str] = mapped_column(String(64), default="", comment="of settings, inputs and results")
    solved_at: Mapped[datetime | None]
    failure: Mapped[str] = mapped_column(String(40), default="", comment="code of the sentence")

    asked_by: Mapped[User] = relationship(lazy="raise")
    edits: Mapped[list["YearPlanEdit"]] = relationship(lazy="raise", order_by="YearPlanEdit.id")
    drafts: Mapped[list["RecommendationDraft"]] = relationship(
        lazy="raise", order_by="RecommendationDraft.id"
    )

    @property
    def state(self) -> str:
        """waiting, solved or failed."""
        if self.failure:
            return "failed"
        return "waiting" if self.solved_at is None else "solved"

    @property
    def is_waiting(self) -> bool:
        """Whether it is still to be made."""
        return self.state == "waiting"

    @property
    def has_failed(self) -> bool:
        """Whether it could not be made."""
        return self.state == "failed"

    @property
    def is_solved(self) -> bool:
        """Whether there is a plan to read."""
        return self.state == "solved"


class YearPlanEdit(Base):
    """A need and an offer that somebody fixed in a plan, or ruled out of it, before it was solved."""

    __tablename__ = "year_plan_edit"
    __table_args__ = (Index("uq_year_plan_edit_pair", "plan_id", "need_id", "offer_id", unique=True),)

    id: Mapped[int] = mapped_column(primary_key=True)
    plan_id: Mapped[int] = mapped_column(ForeignKey("year_plan.id"))
    need_id: Mapped[int] = mapped_column(ForeignKey("need.id"))
    offer_id: Mapped[int] = mapped_column(ForeignKey("offer.id"))
    kind: Mapped[str] = mapped_column(String(10), comment="locked or forbidden")

    need: Mapped[Need] = relationship(lazy="raise")
    offer: Mapped[Offer] = relationship(lazy="raise")


class RecommendationDraft(Base):
    """推薦の下書き: a row of a plan that was adopted. It is told to nobody; somebody opens and sends it."""

    __tablename__ = "recommendation_draft"
    __table_args__ = (Index("uq_recommendation_draft_pair", "plan_id", "need_id", "offer_id", unique=True),)

    id: Mapped[int] = mapped_column(primary_key=True)
    plan_id: Mapped[int] = mapped_column(ForeignKey("year_plan.id"))
    need_id: Mapped[int] = mapped_column(ForeignKey("need.id"))
    offer_id: Mapped[int] = mapped_column(ForeignKey("offer.id"))
    quantity: Mapped[float | None] = mapped_column(Numeric(14, 2, asdecimal=False))
    drafted_by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    drafted_at: Mapped[datetime]

    need: Mapped[Need] = relationship(lazy="raise")
    offer: Mapped[Offer] = relationship(lazy="raise")
