"""Add the codes with which a city lets a registration evening through."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "registration_code",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.String(length=32), nullable=False),
        sa.Column("code", sa.String(length=8), nullable=False, comment="as it is typed, without its dash"),
        sa.Column("valid_on", sa.Date(), nullable=False, comment="a day in Tokyo"),
        sa.Column("most_uses", sa.Integer(), nullable=False),
        sa.Column("uses", sa.Integer(), nullable=False),
        sa.Column("made_by_id", sa.Integer(), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["made_by_id"], ["user_account.id"], name=op.f("fk_registration_code_made_by_id_user_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_registration_code")),
        sa.UniqueConstraint("code", name=op.f("uq_registration_code_code")),
        sa.UniqueConstraint("public_id", name=op.f("uq_registration_code_public_id")),
    )


def downgrade() -> None:
    op.drop_table("registration_code")
