"""A step may end by itself, such as consent on the last day of a verification."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("case_step") as table:
        table.add_column(
            sa.Column("closes_on", sa.Date(), nullable=True, comment="no step after this day in Tokyo")
        )


def downgrade() -> None:
    with op.batch_alter_table("case_step") as table:
        table.drop_column("closes_on")
