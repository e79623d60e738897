"""Give each audit event a place for its seal (events from before stay without one), and keep what people
who are not signed in ask for until the worker answers it.

SQLite adds and drops such a column in place; a rebuilt table would lose its append-only triggers.
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "audit_event",
        sa.Column(
            "seal",
            sa.String(length=80),
            nullable=True,
            comment="key id and HMAC of the hash; null before seals began",
        ),
    )
    op.create_table(
        "account_request",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False, comment="reset or register"),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False, comment="register: what the form said"),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("request_id", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account_request")),
    )
    op.create_index("ix_account_request_due_at", "account_request", ["due_at"])


def downgrade() -> None:
    op.drop_table("account_request")
    op.drop_column("audit_event", "seal")
