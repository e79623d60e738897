"""Parts of a need, and what each case takes of them; the need's own columns stay its first part."""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

_PART = "of the need: which part these terms are of"
_NAMED = "the company lets itself be named beside others who fill the same need"


def upgrade() -> None:
    op.create_table(
        "need_part",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("need_id", sa.Integer(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False, comment="from 2; 1 is the need itself"),
        sa.Column("support_type", sa.String(24), nullable=False),
        sa.Column("what", sa.String(120), nullable=False),
        sa.Column("quantity", sa.Numeric(14, 2, asdecimal=False), nullable=True),
        sa.Column("unit", sa.String(10), nullable=False),
        sa.Column("min_useful", sa.Numeric(14, 2, asdecimal=False), nullable=True),
        sa.ForeignKeyConstraint(["need_id"], ["need.id"], name="fk_need_part_need_id_need"),
        sa.PrimaryKeyConstraint("id", name="pk_need_part"),
        sa.UniqueConstraint("need_id", "place", name="uq_need_part_need_id_place"),
    )
    op.create_index("ix_need_part_need_id", "need_part", ["need_id"])
    op.create_table(
        "case_take",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("partnership_id", sa.Integer(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False, comment="of the part in its need"),
        sa.Column("support_type", sa.String(24), nullable=False),
        sa.Column(
            "quantity",
            sa.Numeric(14, 2, asdecimal=False),
            nullable=True,
            comment="none: all of a part without an amount",
        ),
        sa.Column("unit", sa.String(10), nullable=False),
        sa.ForeignKeyConstraint(
            ["partnership_id"], ["partnership.id"], name="fk_case_take_partnership_id_partnership"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_case_take"),
        sa.UniqueConstraint("partnership_id", "place", name="uq_case_take_partnership_id_place"),
    )
    op.create_index("ix_case_take_partnership_id", "case_take", ["partnership_id"])
    op.add_column(
        "partnership", sa.Column("part", sa.Integer(), nullable=False, server_default="1", comment=_PART)
    )
    op.add_column(
        "partnership",
        sa.Column("is_named", sa.Boolean(), nullable=False, server_default=sa.false(), comment=_NAMED),
    )


def downgrade() -> None:
    # Not in a batch, which would make the table anew without its checks.
    op.drop_column("partnership", "is_named")
    op.drop_column("partnership", "part")
    op.drop_table("case_take")
    op.drop_table("need_part")
