"""Keep adopted weights of the ranking, and how the newcomers' places of a list were drawn."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "ranking_weights",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("model_id", sa.String(length=120), nullable=False),
        sa.Column("version_name", sa.String(length=20), nullable=False, comment="ranking.Weights.version"),
        sa.Column("numbers", sa.JSON(), nullable=False, comment="ranking.Weights.as_dict"),
        sa.Column("evidence", sa.JSON(), nullable=False, comment="how much better on pairs held aside"),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("adopted_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ranking_weights")),
    )
    with op.batch_alter_table("ranking_weights", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_ranking_weights_model_id"), ["model_id"], unique=False)
    with op.batch_alter_table("shown_list", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column(
                "draw", sa.JSON(), nullable=False, server_default="{}",
                comment="newcomers.Draw: seed and pool, so that the list can be reproduced",
            )
        )
        batch_op.alter_column("draw", server_default=None)
    with op.batch_alter_table("shown_suggestion", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column(
                "is_newcomer", sa.Boolean(), nullable=False, server_default=sa.false(),
                comment="on a place kept for the unseen",
            )
        )
        batch_op.alter_column("is_newcomer", server_default=None)


def downgrade() -> None:
    with op.batch_alter_table("shown_suggestion", schema=None) as batch_op:
        batch_op.drop_column("is_newcomer")
    with op.batch_alter_table("shown_list", schema=None) as batch_op:
        batch_op.drop_column("draw")
    with op.batch_alter_table("ranking_weights", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_ranking_weights_model_id"))
    op.drop_table("ranking_weights")
