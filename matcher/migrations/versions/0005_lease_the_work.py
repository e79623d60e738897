"""Lease each piece of the worker's work to one process, and note why a mail never arrives."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "lease",
        sa.Column("piece", sa.String(length=20), nullable=False),
        sa.Column("holder", sa.String(length=80), nullable=False, comment="host, process and a random part"),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "seen_at", sa.DateTime(timezone=True), nullable=False, comment="when a round was last finished"
        ),
        sa.PrimaryKeyConstraint("piece", name=op.f("pk_lease")),
    )
    with op.batch_alter_table("mail") as batch:
        batch.add_column(
            sa.Column(
                "failure", sa.String(length=20), nullable=False, server_default="",
                comment="why the last try failed, as a code",
            )
        )  # fmt: skip
        batch.add_column(
            sa.Column(
                "given_up_at", sa.DateTime(timezone=True), nullable=True, comment="undeliverable since then"
            )
        )
        batch.add_column(
            sa.Column(
                "settled_at", sa.DateTime(timezone=True), nullable=True,
                comment="when staff had told the person otherwise",
            )
        )  # fmt: skip
        batch.create_index("ix_mail_given_up_at", ["given_up_at"])
    with op.batch_alter_table("mail") as batch:
        batch.alter_column("failure", server_default=None)


def downgrade() -> None:
    with op.batch_alter_table("mail") as batch:
        batch.drop_index("ix_mail_given_up_at")
        batch.drop_column("settled_at")
        batch.drop_column("given_up_at")
        batch.drop_column("failure")
    op.drop_table("lease")
