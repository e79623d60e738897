"""Keep with each case what is to be done next, by whom and by when.

The rows are derived from what is there, by rules that this file must not import: ``enmusubi db upgrade`` writes
them for every case after the migrations, as it does after every new version of the rules.
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "case_step",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("partnership_id", sa.Integer(), nullable=False),
        sa.Column("side", sa.String(length=8), nullable=False, comment="company, npo or city"),
        sa.Column("kind", sa.String(length=32), nullable=False, comment="what is to be done"),
        sa.Column("opens_on", sa.Date(), nullable=True, comment="not a step before this day in Tokyo"),
        sa.Column("until", sa.Date(), nullable=True, comment="by when, a day in Tokyo"),
        sa.Column(
            "since", sa.DateTime(timezone=True), nullable=False, comment="what it waits for stands since then"
        ),
        sa.Column("about", sa.Text(), nullable=False, comment="a name, or codes and days"),
        sa.Column("item", sa.String(length=32), nullable=False, comment="public id of the record, or its key"),
        sa.ForeignKeyConstraint(
            ["partnership_id"], ["partnership.id"], name=op.f("fk_case_step_partnership_id_partnership"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_step")),
    )
    op.create_index(op.f("ix_case_step_partnership_id"), "case_step", ["partnership_id"])
    op.create_index("ix_case_step_side_kind", "case_step", ["side", "kind"])


def downgrade() -> None:
    op.drop_table("case_step")
