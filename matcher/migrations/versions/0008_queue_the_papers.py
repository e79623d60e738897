"""Queue what takes long to make (papers, big tables, imports), with a ticket for everybody who asked."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_ALIVE = sa.text("state IN ('waiting', 'running')")


def upgrade() -> None:
    op.create_table(
        "job",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False, comment="paper, book, bundle or import"),
        sa.Column("lane", sa.String(length=20), nullable=False, comment="of one lane one job is done at a time"),
        sa.Column("key", sa.String(length=64), nullable=False, comment="sha256 of what is laid out, or public id"),
        sa.Column("state", sa.String(length=10), nullable=False, comment="waiting, running, done or failed"),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("turn", sa.Integer(), nullable=True, comment="the how manieth of its lane to be begun"),
        sa.Column(
            "leased_until", sa.DateTime(timezone=True), nullable=True,
            comment="the holder must be heard of before",
        ),
        sa.Column("holder", sa.String(length=80), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("error", sa.String(length=40), nullable=False, comment="code of the sentence"),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("details", sa.JSON(), nullable=False, comment="codes and counts only"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_job")),
    )
    op.create_index(
        "uq_job_kind_key_alive", "job", ["kind", "key"], unique=True,
        sqlite_where=_ALIVE, postgresql_where=_ALIVE,
    )
    op.create_index("ix_job_lane_state", "job", ["lane", "state"])
    op.create_table(
        "job_ticket",
        sa.Column("job_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "title", sa.Text().with_variant(sa.String(length=300), "sqlite"), nullable=False,
            comment="the name of the file",
        ),
        sa.Column(
            "address", sa.Text(), nullable=False, comment="our own page that checks and sends it"
        ),
        sa.Column("object_type", sa.String(length=30), nullable=False, comment="what it is about"),
        sa.Column("object_id", sa.String(length=32), nullable=False, comment="public id"),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(
            ["job_id"], ["job.id"], name=op.f("fk_job_ticket_job_id_job"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_job_ticket_user_id_user_account"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_job_ticket")),
        sa.UniqueConstraint("job_id", "user_id", name=op.f("uq_job_ticket_job_id_user_id")),
        sa.UniqueConstraint("public_id", name=op.f("uq_job_ticket_public_id")),
    )
    op.create_index("ix_job_ticket_object", "job_ticket", ["object_type", "object_id"])
    op.create_index(op.f("ix_job_ticket_user_id"), "job_ticket", ["user_id"])


def downgrade() -> None:
    op.drop_table("job_ticket")
    op.drop_table("job")
