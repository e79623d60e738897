"""What was suggested to whom, exactly as shown, what they made of it (M9); what new they heard of (C7)."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from matcher.records.base import Base, Identified, typed
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
        Index("ix_shown_suggestion_candidate_id", "candidate_id", "shown_list_id"),
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


class SavedSearch(Identified, Base):
    """保存した条件: conditions of the list of needs (or of offers) that a person keeps in the name of one
    organization, to hear of what is new and meets them.
    """

    __tablename__ = "saved_search"
    __table_args__ = (Index("ix_saved_search_user_id_organization_id", "user_id", "organization_id"),)

    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id", ondelete="CASCADE"))
    organization_id: Mapped[int] = mapped_column(ForeignKey("organization.id"))
    name: Mapped[str] = mapped_column(typed(60))
    conditions: Mapped[dict[str, Any]] = mapped_column(comment="as the form of the list keeps them")
    is_paused: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]


class Hit(Base):
    """Something new that fits, or meets a saved search: told to a person once, however often it is edited."""

    __tablename__ = "hit"
    __table_args__ = (
        UniqueConstraint("user_id", "owner_type", "owner_id"),
        Index("ix_hit_mailed_at", "mailed_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id", ondelete="CASCADE"))
    organization_id: Mapped[int] = mapped_column(
        ForeignKey("organization.id"), comment="in whose name the person hears of it"
    )
    owner_type: Mapped[str] = mapped_column(String(10), comment="need, offer or company")
    owner_id: Mapped[int]
    need_id: Mapped[int | None] = mapped_column(
        ForeignKey("need.id"), comment="of an offer or a company: the own need that it fits"
    )
    search_id: Mapped[int | None] = mapped_column(
        ForeignKey("saved_search.id", ondelete="SET NULL"), index=True, comment="the saved search it meets"
    )
    score: Mapped[float] = mapped_column(comment="0 where only a saved search was met")
    why: Mapped[dict[str, Any]] = mapped_column(comment="ranking.Reason as a dictionary, or nothing")
    found_at: Mapped[datetime]
    mailed_at: Mapped[datetime | None] = mapped_column(comment="in a digest, or not to be mailed")
    seen_at: Mapped[datetime | None]


class Prospect(Base):
    """An organization that nobody serves here yet, and an open need or offer that it fits well."""

    __tablename__ = "prospect"
    __table_args__ = (UniqueConstraint("organization_id", "owner_type", "owner_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    organization_id: Mapped[int] = mapped_column(ForeignKey("organization.id"))
    owner_type: Mapped[str] = mapped_column(String(10), comment="need or offer")
    owner_id: Mapped[int]
    score: Mapped[float]
    why: Mapped[dict[str, Any]] = mapped_column(comment="ranking.Reason as a dictionary, or nothing")
    found_at: Mapped[datetime]
