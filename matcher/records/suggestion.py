"""What was suggested to whom, exactly as shown, and what they made of it (M9)."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from matcher.records.base import Base, Identified
from matcher.records.organization import Organization


class ShownList(Identified, Base):
    """One list of suggestions shown to one member at one time. Never changed afterwards."""

    __tablename__ = "shown_list"

    viewer_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"), comment="who looked")
    organization_id: Mapped[int] = mapped_column(ForeignKey("organization.id"), index=True)
    need_id: Mapped[int | None] = mapped_column(ForeignKey("need.id"), comment="in the NPO's direction")
    shown_at: Mapped[datetime] = mapped_column(index=True)
    model_id: Mapped[str] = mapped_column(String(120))
    index_version: Mapped[int]
    weights_version: Mapped[str] = mapped_column(String(20))
    filters: Mapped[dict[str, Any]] = mapped_column(default=dict)
    draw: Mapped[dict[str, Any]] = mapped_column(
        default=dict, comment="newcomers.Draw: seed and pool, so that the list can be reproduced"
    )

    items: Mapped[list["ShownSuggestion"]] = relationship(
        back_populates="shown_list", lazy="raise", order_by="ShownSuggestion.rank"
    )


class ShownSuggestion(Identified, Base):
    """One card of a shown list: place, score, its parts, and the reasons in the words then shown."""

    __tablename__ = "shown_suggestion"
    __table_args__ = (
        Index("ix_shown_suggestion_candidate_id", "candidate_id"),
        Index("ix_shown_suggestion_need_id", "need_id"),
    )

    shown_list_id: Mapped[int] = mapped_column(ForeignKey("shown_list.id"), index=True)
    rank: Mapped[int]
    candidate_id: Mapped[int] = mapped_column(ForeignKey("organization.id"), comment="who was suggested")
    need_id: Mapped[int | None] = mapped_column(ForeignKey("need.id"))
    offer_id: Mapped[int | None] = mapped_column(ForeignKey("offer.id"))
    score: Mapped[float]
    parts: Mapped[dict[str, Any]] = mapped_column(comment="signal → value in [0, 1]")
    reasons: Mapped[list[dict[str, Any]]] = mapped_column(comment="ranking.Reason as dictionaries")
    is_newcomer: Mapped[bool] = mapped_column(default=False, comment="on a place kept for the unseen")
    opened_at: Mapped[datetime | None] = mapped_column(comment="when the detail was first read")

    shown_list: Mapped[ShownList] = relationship(back_populates="items", lazy="raise")
    candidate: Mapped[Organization] = relationship(lazy="raise")


class Mark(Base):
    """Saved (保存) or passed (見送り): one mark per organization and target, the latest holds."""

    __tablename__ = "mark"
    __table_args__ = (
        Index(
            "uq_mark_target",
            "organization_id",
            "target_id",
            "need_id",
            unique=True,
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    organization_id: Mapped[int] = mapped_column(ForeignKey("organization.id"))
    target_id: Mapped[int] = mapped_column(ForeignKey("organization.id"), index=True)
    need_id: Mapped[int] = mapped_column(
        default=0, comment="need.id, or 0 where the mark is of the organization"
    )
    kind: Mapped[str] = mapped_column(String(8), comment="saved or passed")
    reason_code: Mapped[str | None] = mapped_column(
        String(20), comment="of a pass; private to the coordinator"
    )
    note: Mapped[str] = mapped_column(Text, default="")
    marked_by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    marked_at: Mapped[datetime]


class RankingWeights(Base):
    """Weights of the ranking that were adopted here; the latest of a model serves, the shipped ones else."""

    __tablename__ = "ranking_weights"

    id: Mapped[int] = mapped_column(primary_key=True)
    model_id: Mapped[str] = mapped_column(String(120), index=True)
    version_name: Mapped[str] = mapped_column(String(20), comment="ranking.Weights.version")
    numbers: Mapped[dict[str, Any]] = mapped_column(comment="ranking.Weights.as_dict")
    evidence: Mapped[dict[str, Any]] = mapped_column(comment="how much better on pairs held aside")
    reason: Mapped[str] = mapped_column(Text)
    adopted_at: Mapped[datetime]
