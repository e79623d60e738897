"""People who sign in, their sessions and one-time links, and the throttle that protects both."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from matcher.records.base import Base, Identified, Versioned
from matcher.records.organization import Organization


class User(Identified, Versioned, Base):
    """Somebody who serves organizations (``memberships``), or city staff (coordinator, manager, operator)."""

    __tablename__ = "user_account"
    __table_args__ = (
        CheckConstraint("role IN ('member', 'coordinator', 'manager', 'operator')", name="role_known"),
    )

    email: Mapped[str] = mapped_column(String(254), unique=True, info={"pii": True})
    name: Mapped[str] = mapped_column(String(80), info={"pii": True})
    role: Mapped[str] = mapped_column(String(12))
    status: Mapped[str] = mapped_column(String(12), default="invited", comment="invited, active, deactivated")
    password_hash: Mapped[str | None] = mapped_column(String(200))
    # All ways are in accounts.NOTIFY; the comment in the database names those of its first migration.
    notify: Mapped[str] = mapped_column(String(8), default="at_once", comment="at_once, daily or none")
    created_at: Mapped[datetime]
    last_login_at: Mapped[datetime | None]
    deactivated_at: Mapped[datetime | None]

    memberships: Mapped[list["Membership"]] = relationship(
        back_populates="user", lazy="raise", order_by="Membership.id"
    )

    @property
    def is_active(self) -> bool:
        """Whether the person has chosen a password and the account stands."""
        return self.status == "active"

    @property
    def is_invited(self) -> bool:
        """Whether the account waits for its first password."""
        return self.status == "invited"

    @property
    def seats(self) -> tuple["Membership", ...]:
        """The memberships in which the person may work now, oldest first."""
        current = (one for one in self.memberships if one.is_current)
        return tuple(one for one in current if one.organization.state != "deactivated")

    @property
    def may_sign_in(self) -> bool:
        """Whether the account is one with which somebody may work."""
        return self.is_active and (self.role != "member" or bool(self.seats))


class Membership(Versioned, Base):
    """That a person serves an organization: offered, then confirmed by the person, then ended."""

    __tablename__ = "membership"
    __table_args__ = (
        CheckConstraint("role IN ('owner', 'editor', 'viewer')", name="role_known"),
        Index(
            "uq_membership_user_id_organization_id", "user_id", "organization_id", unique=True,
            sqlite_where=text("ended_at IS NULL"), postgresql_where=text("ended_at IS NULL"),
        ),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id", ondelete="CASCADE"), index=True)
    organization_id: Mapped[int] = mapped_column(ForeignKey("organization.id"), index=True)
    role: Mapped[str] = mapped_column(String(8), comment="owner, editor or viewer")
    invited_name: Mapped[str] = mapped_column(
        String(80), default="", info={"pii": True}, comment="as who invited typed it, until it is confirmed"
    )
    created_at: Mapped[datetime]
    began_at: Mapped[datetime | None] = mapped_column(comment="when the person confirmed it")
    ended_at: Mapped[datetime | None]
    used_at: Mapped[datetime | None] = mapped_column(comment="when last chosen: in whose name one begins")
    alert_bar: Mapped[str] = mapped_column(
        String(8),
        default="high",
        comment="from which fit on the person hears of what is new; high, middle, none",
    )
    alert_rhythm: Mapped[str] = mapped_column(
        String(8), default="weekly", comment="of the mail about it: daily, weekly, biweekly or none"
    )

    user: Mapped[User] = relationship(back_populates="memberships", lazy="raise")
    organization: Mapped[Organization] = relationship(lazy="raise")

    @property
    def is_current(self) -> bool:
        """Whether it was confirmed and has not ended."""
        return self.began_at is not None and self.ended_at is None

    @property
    def is_offered(self) -> bool:
        """Whether it waits for the person to confirm it."""
        return self.began_at is None and self.ended_at is None

    @property
    def name(self) -> str:
        """What the organization calls the person: its own word until the person has confirmed."""
        return self.invited_name if self.is_offered else self.user.name

    @property
    def status(self) -> str:
        """invited, active or deactivated; the same whether or not there was an account before."""
        if self.ended_at is not None:
            return "deactivated"
        return "invited" if self.began_at is None else "active"


class UserSession(Base):
    """A signed-in browser. Deleting the row is what signs it out."""

    __tablename__ = "user_session"

    id_hash: Mapped[str] = mapped_column(String(64), primary_key=True, comment="sha256 of the cookie's id")
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    user_agent: Mapped[str] = mapped_column(String(200), default="")


class OneTimeLink(Base):
    """Invitation, activation or password reset: usable once, until it expires."""

    __tablename__ = "one_time_link"

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    purpose: Mapped[str] = mapped_column(String(12), comment="activate or reset")
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    membership_id: Mapped[int | None] = mapped_column(
        ForeignKey("membership.id", ondelete="CASCADE"), comment="what it confirms"
    )


class AccountRequest(Base):
    """What somebody who is not signed in asks for, until the worker answers it by mail and deletes it.

    Answered later, so that the page takes as long for an address with an account as for one without.
    """

    __tablename__ = "account_request"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(10), comment="reset or register")
    email: Mapped[str] = mapped_column(String(254), info={"pii": True})
    content: Mapped[dict[str, Any]] = mapped_column(
        default=dict, info={"pii": True}, comment="register: what the form said"
    )
    asked_at: Mapped[datetime]
    due_at: Mapped[datetime] = mapped_column(index=True)
    failures: Mapped[int] = mapped_column(default=0)
    request_id: Mapped[str] = mapped_column(String(32), default="")


class Attempt(Base):
    """One counted try (login, reset, registration …) under a hashed key, for throttling."""

    __tablename__ = "attempt"
    __table_args__ = (Index("ix_attempt_kind_key_at", "kind", "key", "at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    key: Mapped[str] = mapped_column(String(64), comment="sha256 of account or network, never plain")
    at: Mapped[datetime]
