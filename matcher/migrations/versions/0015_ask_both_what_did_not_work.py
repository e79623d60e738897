"""Keep what did not work, says the company, beside what the NPO says."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("period_report") as table:
        table.add_column(
            sa.Column(
                "company_setbacks", sa.Text(), nullable=False, server_default="",
                comment="the same, says the company",
            )
        )  # fmt: skip
        table.alter_column("setbacks", comment="what did not work, says the NPO")
    with op.batch_alter_table("period_report") as table:
        table.alter_column("company_setbacks", server_default=None)


def downgrade() -> None:
    with op.batch_alter_table("period_report") as table:
        table.alter_column("setbacks", comment="what did not work")
        table.drop_column("company_setbacks")
