"""Needs and offers that follow one of before; needs that several NPOs ask for together."""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
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
    op.create_table(
        "joint_need",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.String(32), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("need_id", sa.Integer(), nullable=False, comment="by which they ask"),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("note", sa.Text(), nullable=False, comment="why, as the city words it"),
        sa.Column("proposed_by_id", sa.Integer(), nullable=False),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("agreed", sa.Integer(), nullable=False, comment="how many have agreed; raises the version"),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        *_keys("joint_need", need_id="need", proposed_by_id="user_account"),
        sa.UniqueConstraint("public_id", name=op.f("uq_joint_need_public_id")),
    )
    op.create_index("ix_joint_need_need_id", "joint_need", ["need_id"])
    op.create_table(
        "joint_partner",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("joint_id", sa.Integer(), nullable=False),
        sa.Column("organization_id", sa.Integer(), nullable=False),
        sa.Column("need_id", sa.Integer(), nullable=False),
        sa.Column(
            "quantity", sa.Numeric(14, 2), nullable=True,
            comment="its share, as its own need said when it was proposed",
        ),
        sa.Column("unit", sa.String(10), nullable=False),
        sa.Column("answer", sa.String(10), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False, comment="why it declines"),
        sa.Column("answered_by_id", sa.Integer(), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        *_keys("joint_partner", organization_id="organization", need_id="need", answered_by_id="user_account"),
        sa.ForeignKeyConstraint(
            ["joint_id"], ["joint_need.id"], name=op.f("fk_joint_partner_joint_id_joint_need"),
            ondelete="CASCADE",
        ),
        sa.UniqueConstraint(
            "joint_id", "organization_id", name=op.f("uq_joint_partner_joint_id_organization_id")
        ),
    )
    op.create_index("ix_joint_partner_organization_id", "joint_partner", ["organization_id"])
    op.create_index("ix_joint_partner_need_id", "joint_partner", ["need_id"])


def _keys(table: str, **references: str) -> tuple[sa.Constraint, ...]:
    foreign = (
        sa.ForeignKeyConstraint([column], [f"{other}.id"], name=op.f(f"fk_{table}_{column}_{other}"))
        for column, other in references.items()
    )
    return (sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")), *foreign)


def downgrade() -> None:
    op.drop_table("joint_partner")
    op.drop_table("joint_need")
    for table in ("need", "offer"):
        with op.batch_alter_table(table) as batch:
            batch.drop_index(op.f(f"ix_{table}_follows_id"))
            batch.drop_constraint(op.f(f"fk_{table}_follows_id_{table}"), type_="foreignkey")
            batch.drop_column("follows_id")
