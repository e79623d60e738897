"""Needs and offers that follow one of before."""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for table in ("need", "offer"):
        with op.batch_alter_table(table) as batch:
            batch.add_column(
                sa.Column("follows_id", sa.Integer(), nullable=True, comment="前回: of which it was taken over")
            )
            batch.create_foreign_key(op.f(f"fk_{table}_follows_id_{table}"), table, ["follows_id"], ["id"])
            batch.create_index(op.f(f"ix_{table}_follows_id"), ["follows_id"])


def downgrade() -> None:
    for table in ("need", "offer"):
        with op.batch_alter_table(table) as batch:
            batch.drop_index(op.f(f"ix_{table}_follows_id"))
            batch.drop_constraint(op.f(f"fk_{table}_follows_id_{table}"), type_="foreignkey")
            batch.drop_column("follows_id")
