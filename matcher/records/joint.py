"""共同のニーズ: several NPOs ask together for what each of them needs."""

from datetime import datetime

from sqlalchemy import ForeignKey, Numeric, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from matcher.records.base import Base, Identified, Versioned
from matcher.records.organization import Organization
from matcher.records.posting import Need


class JointNeed(Identified, Versioned, Base):
    """What the city proposes to several NPOs: to ask together, by the need of one of them."""

    __tablename__ = "joint_need"

    need_id: Mapped[int] = mapped_column(ForeignKey("need.id"), index=True, comment="by which they ask")
    need: Mapped[Need] = relationship(Need, lazy="raise")
    partners: Mapped[list["JointPartner"]] = relationship(
        back_populates="joint", lazy="raise", order_by="JointPartner.id"
    )
    state: Mapped[str] = mapped_column(String(10), default="proposed")
    note: Mapped[str] = mapped_column(Text, default="", comment="why, as the city words it")
    proposed_by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    proposed_at: Mapped[datetime]
    agreed: Mapped[int] = mapped_column(default=0, comment="how many have agreed; raises the version")
    ended_at: Mapped[datetime | None]

    @property
    def is_proposed(self) -> bool:
        """Whether it waits for answers."""
        return self.state == "proposed"

    @property
    def is_agreed(self) -> bool:
        """Whether all have agreed: they ask together."""
        return self.state == "agreed"

    @property
    def is_withdrawn(self) -> bool:
        """Whether the city has taken it back."""
        return self.state == "withdrawn"

    @property
    def is_declined(self) -> bool:
        """Whether one of them does not want to."""
        return self.state == "declined"

    @property
    def is_at_rest(self) -> bool:
        """Whether it waits for answers that nobody can give while the need by which they ask is away; that
        must be loaded.
        """
        return self.is_proposed and not self.need.is_current

    @property
    def waiting(self) -> tuple["JointPartner", ...]:
        """Those who have not answered yet; the partners must be loaded."""
        return tuple(one for one in self.partners if one.answer == "waiting")

    @property
    def party_ids(self) -> tuple[int, ...]:
        """All who are asked; the partners must be loaded."""
        return tuple(one.organization_id for one in self.partners)

    @property
    def is_listed(self) -> bool:
        """Nobody else knows of a proposal."""
        return False


class JointPartner(Base):
    """One of the NPOs, with its own need and its share; whose need they ask by is one, too."""

    __tablename__ = "joint_partner"
    __table_args__ = (UniqueConstraint("joint_id", "organization_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    joint_id: Mapped[int] = mapped_column(ForeignKey("joint_need.id", ondelete="CASCADE"))
    joint: Mapped[JointNeed] = relationship(JointNeed, back_populates="partners", lazy="raise")
    organization_id: Mapped[int] = mapped_column(ForeignKey("organization.id"), index=True)
    organization: Mapped[Organization] = relationship(Organization, lazy="raise")
    need_id: Mapped[int] = mapped_column(ForeignKey("need.id"), index=True)
    need: Mapped[Need] = relationship(Need, lazy="raise")
    quantity: Mapped[float | None] = mapped_column(
        Numeric(14, 2, asdecimal=False), comment="its share, as its own need said when it was proposed"
    )
    unit: Mapped[str] = mapped_column(String(10), default="")
    answer: Mapped[str] = mapped_column(String(10), default="waiting")
    reason: Mapped[str] = mapped_column(Text, default="", comment="why it declines")
    answered_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    answered_at: Mapped[datetime | None]
