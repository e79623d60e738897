"""People who sign in, their sessions and one-time links, and the throttle that protects both."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from matcher.records.base import Base, Identified, Versioned
from matcher.records.organization import Organization


class User(Identified, Versioned, Base):
    """A member of an organization, or city staff (coordinator, manager, operator)."""

    __tablename__ = "user_account"
    __table_args__ = (
        CheckConstraint("role IN ('member', 'coordinator', 'manager', 'operator')", name="role_known"),
        CheckConstraint("(role = 'member') = (organization_id IS NOT NULL)", name="member_has_organization"),
    )

    email: Mapped[str] = mapped_column(String(254), unique=True, info={"pii": True})
    name: Mapped[str] = mapped_column(String(80), info={"pii": True})
    role: Mapped[str] = mapped_column(String(12))
    organization_id: Mapped[int | None] = mapped_column(ForeignKey("organization.id"), index=True)
    organization_role: Mapped[str | None] = mapped_column(String(8), comment="owner, editor or viewer")
    status: Mapped[str] = mapped_column(String(12), default="invited", comment="invited, active, deactivated")
    password_hash: Mapped[str | None] = mapped_column(String(200))
    # All ways are in accounts.NOTIFY; the comment in the database names those of its first migration.
    notify: Mapped[str] = mapped_column(String(8), default="at_once", comment="at_once, daily or none")
    created_at: Mapped[datetime]
    last_login_at: Mapped[datetime | None]
    deactivated_at: Mapped[datetime | None]

    organization: Mapped[Organization | None] = relationship(lazy="raise")

    @property
    def party_ids(self) -> tuple[int, ...]:
        """The organization to which this account belongs, none for staff."""
        return () if self.organization_id is None else (self.organization_id,)


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
