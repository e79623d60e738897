"""Questions on a need, whose answer is for all who may see it."""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "question",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.String(32), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("need_id", sa.Integer(), nullable=False),
        sa.Column("asker_id", sa.Integer(), nullable=False),
        sa.Column("asked_by_id", sa.Integer(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("text", sa.Text(), nullable=False, comment="as it was asked"),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("shown_text", sa.Text(), nullable=False, comment="as it is shown to all"),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("answered_by_id", sa.Integer(), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("merged_into_id", sa.Integer(), nullable=True),
        sa.Column("refuse_reason", sa.String(20), nullable=False),
        sa.Column("refuse_text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["need_id"], ["need.id"], name="fk_question_need_id_need"),
        sa.ForeignKeyConstraint(["asker_id"], ["organization.id"], name="fk_question_asker_id_organization"),
        sa.ForeignKeyConstraint(["asked_by_id"], ["user_account.id"], name="fk_question_asked_by_id_user_account"),
        sa.ForeignKeyConstraint(["answered_by_id"], ["user_account.id"], name="fk_question_answered_by_id_user_account"),
        sa.ForeignKeyConstraint(
            ["merged_into_id"], ["question.id"], name="fk_question_merged_into_id_question"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_question"),
        sa.UniqueConstraint("public_id", name="uq_question_public_id"),
    )
    op.create_index("ix_question_need_id", "question", ["need_id"])
    op.create_index("ix_question_asker_id", "question", ["asker_id"])
    op.create_index("ix_question_state_asked_at", "question", ["state", "asked_at"])


def downgrade() -> None:
    op.drop_table("question")
