"""Keep plans of the year: what was asked for, found, fixed and adopted."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "year_plan",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.String(length=32), nullable=False),
        sa.Column("asked_by_id", sa.Integer(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("based_on_id", sa.Integer(), nullable=True, comment="the plan that was edited"),
        sa.Column("settings", sa.JSON(), nullable=False, comment="planning.Settings"),
        sa.Column("inputs", sa.JSON(), nullable=False, comment="planning.Task, as it was solved"),
        sa.Column("result", sa.JSON(), nullable=False, comment="planning.Plan: rows, gap, seconds"),
        sa.Column(
            "without_floors", sa.JSON(), nullable=False,
            comment="the same without floors and caps, to compare",
        ),
        sa.Column(
            "whys", sa.JSON(), nullable=False, comment="need or offer → why it is not in the plan"
        ),
        sa.Column("model_id", sa.String(length=120), nullable=False),
        sa.Column("index_version", sa.Integer(), nullable=False),
        sa.Column("weights_version", sa.String(length=20), nullable=False),
        sa.Column(
            "sha256", sa.String(length=64), nullable=False, comment="of settings, inputs and results"
        ),
        sa.Column("solved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failure", sa.String(length=40), nullable=False, comment="code of the sentence"),
        sa.ForeignKeyConstraint(
            ["asked_by_id"], ["user_account.id"], name=op.f("fk_year_plan_asked_by_id_user_account")
        ),
        sa.ForeignKeyConstraint(
            ["based_on_id"], ["year_plan.id"], name=op.f("fk_year_plan_based_on_id_year_plan")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_year_plan")),
        sa.UniqueConstraint("public_id", name=op.f("uq_year_plan_public_id")),
    )
    op.create_table(
        "year_plan_edit",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("plan_id", sa.Integer(), nullable=False),
        sa.Column("need_id", sa.Integer(), nullable=False),
        sa.Column("offer_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False, comment="locked or forbidden"),
        sa.ForeignKeyConstraint(
            ["plan_id"], ["year_plan.id"], name=op.f("fk_year_plan_edit_plan_id_year_plan")
        ),
        sa.ForeignKeyConstraint(["need_id"], ["need.id"], name=op.f("fk_year_plan_edit_need_id_need")),
        sa.ForeignKeyConstraint(["offer_id"], ["offer.id"], name=op.f("fk_year_plan_edit_offer_id_offer")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_year_plan_edit")),
    )
    op.create_index(
        "uq_year_plan_edit_pair", "year_plan_edit", ["plan_id", "need_id", "offer_id"], unique=True
    )
    op.create_table(
        "recommendation_draft",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("plan_id", sa.Integer(), nullable=False),
        sa.Column("need_id", sa.Integer(), nullable=False),
        sa.Column("offer_id", sa.Integer(), nullable=False),
        sa.Column("quantity", sa.Numeric(precision=14, scale=2, asdecimal=False), nullable=True),
        sa.Column("drafted_by_id", sa.Integer(), nullable=False),
        sa.Column("drafted_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["plan_id"], ["year_plan.id"], name=op.f("fk_recommendation_draft_plan_id_year_plan")
        ),
        sa.ForeignKeyConstraint(["need_id"], ["need.id"], name=op.f("fk_recommendation_draft_need_id_need")),
        sa.ForeignKeyConstraint(
            ["offer_id"], ["offer.id"], name=op.f("fk_recommendation_draft_offer_id_offer")
        ),
        sa.ForeignKeyConstraint(
            ["drafted_by_id"], ["user_account.id"],
            name=op.f("fk_recommendation_draft_drafted_by_id_user_account"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recommendation_draft")),
    )
    op.create_index(
        "uq_recommendation_draft_pair", "recommendation_draft", ["plan_id", "need_id", "offer_id"],
        unique=True,
    )


def downgrade() -> None:
    op.drop_table("recommendation_draft")
    op.drop_table("year_plan_edit")
    op.drop_table("year_plan")
