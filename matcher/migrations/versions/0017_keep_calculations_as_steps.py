"""Keep how a payment was calculated as steps with their figures; the sentence is made when it is shown.

What was calculated before keeps its sentence. Going back writes the sentences of the rest.
"""

import sqlalchemy as sa
from alembic import op

from matcher.agreements import money_words

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("payment") as table:
        table.add_column(
            sa.Column("steps", sa.JSON(), nullable=False, server_default="[]", comment="of the calculation")
        )
        table.alter_column("formula", comment="of rows before steps were kept")
    with op.batch_alter_table("payment") as table:
        table.alter_column("steps", server_default=None)


def downgrade() -> None:
    bind = op.get_bind()
    rows = sa.table("payment", sa.column("id"), sa.column("formula"), sa.column("steps", sa.JSON))
    for key, steps in bind.execute(sa.select(rows.c.id, rows.c.steps).where(rows.c.formula == "")).all():
        bind.execute(rows.update().where(rows.c.id == key).values(formula=money_words.formula(steps)))
    with op.batch_alter_table("payment") as table:
        table.alter_column("formula", comment="the calculation in words")
        table.drop_column("steps")
