"""Keep with a case how the two fitted when it began and when it was decided on."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "case_fit",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.String(length=32), nullable=False),
        sa.Column("partnership_id", sa.Integer(), nullable=False),
        sa.Column("bundle_id", sa.Integer(), nullable=True, comment="of a decision that was frozen"),
        sa.Column("moment", sa.String(length=8), nullable=False, comment="begun or decided"),
        sa.Column(
            "event", sa.String(length=40), nullable=False, comment="as the audit record names what was done"
        ),
        sa.Column("computed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("unknown", sa.String(length=12), nullable=False, comment="why there is no score"),
        sa.Column("score", sa.Double(), nullable=True),
        sa.Column("parts", sa.JSON(), nullable=False, comment="signal → value in [0, 1]"),
        sa.Column("reasons", sa.JSON(), nullable=False, comment="ranking.Reason as dictionaries"),
        sa.Column(
            "texts", sa.JSON(), nullable=False, comment="side → kind, title and hash of what was compared"
        ),
        sa.Column("model_id", sa.String(length=120), nullable=False),
        sa.Column("index_version", sa.Integer(), nullable=False),
        sa.Column("weights_version", sa.String(length=20), nullable=False),
        sa.ForeignKeyConstraint(
            ["partnership_id"], ["partnership.id"], name=op.f("fk_case_fit_partnership_id_partnership")
        ),
        sa.ForeignKeyConstraint(
            ["bundle_id"], ["decision_bundle.id"], name=op.f("fk_case_fit_bundle_id_decision_bundle")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_fit")),
        sa.UniqueConstraint("public_id", name=op.f("uq_case_fit_public_id")),
    )
    op.create_index(op.f("ix_case_fit_partnership_id"), "case_fit", ["partnership_id"])


def downgrade() -> None:
    op.drop_index(op.f("ix_case_fit_partnership_id"), "case_fit")
    op.drop_table("case_fit")
