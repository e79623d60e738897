"""Keep what is told to whom it fits: saved searches, hits, prospects, and how a person wants to hear.

What is open at the upgrade is no news: matching begins with what comes after it.
"""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)
COUNTER = sa.table("counter", sa.column("name"), sa.column("value"), sa.column("text"))


def upgrade() -> None:
    op.create_table(
        "saved_search",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.String(length=32), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("organization_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text().with_variant(sa.String(length=60), "sqlite"), nullable=False),
        sa.Column("conditions", sa.JSON(), nullable=False, comment="as the form of the list keeps them"),
        sa.Column("is_paused", sa.Boolean(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        *_keys("saved_search", "user_id", "organization_id"),
        sa.UniqueConstraint("public_id", name=op.f("uq_saved_search_public_id")),
    )
    op.create_index("ix_saved_search_user_id_organization_id", "saved_search", ["user_id", "organization_id"])
    op.create_table(
        "hit",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column(
            "organization_id", sa.Integer(), nullable=False, comment="in whose name the person hears of it"
        ),
        sa.Column("owner_type", sa.String(length=10), nullable=False, comment="need, offer or company"),
        sa.Column("owner_id", sa.Integer(), nullable=False),
        sa.Column(
            "need_id", sa.Integer(), nullable=True, comment="of an offer or a company: the own need that it fits"
        ),
        sa.Column("search_id", sa.Integer(), nullable=True, comment="the saved search it meets"),
        sa.Column("score", sa.Double(), nullable=False, comment="0 where only a saved search was met"),
        sa.Column(
            "why", sa.JSON(), nullable=False, comment="ranking.Reason as a dictionary, or nothing"
        ),
        sa.Column("found_at", TIME, nullable=False),
        sa.Column("mailed_at", TIME, nullable=True, comment="in a digest, or not to be mailed"),
        sa.Column("seen_at", TIME, nullable=True),
        *_keys("hit", "user_id", "organization_id", "need_id"),
        sa.ForeignKeyConstraint(
            ["search_id"], ["saved_search.id"], name=op.f("fk_hit_search_id_saved_search"), ondelete="SET NULL"
        ),
        sa.UniqueConstraint("user_id", "owner_type", "owner_id", name=op.f("uq_hit_user_id_owner_type_owner_id")),
    )
    op.create_index("ix_hit_mailed_at", "hit", ["mailed_at"])
    op.create_index("ix_hit_search_id", "hit", ["search_id"])
    op.create_table(
        "prospect",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("organization_id", sa.Integer(), nullable=False),
        sa.Column("owner_type", sa.String(length=10), nullable=False, comment="need or offer"),
        sa.Column("owner_id", sa.Integer(), nullable=False),
        sa.Column("score", sa.Double(), nullable=False),
        sa.Column("why", sa.JSON(), nullable=False, comment="ranking.Reason as a dictionary, or nothing"),
        sa.Column("found_at", TIME, nullable=False),
        *_keys("prospect", "organization_id"),
        sa.UniqueConstraint(
            "organization_id", "owner_type", "owner_id", name=op.f("uq_prospect_organization_id_owner_type_owner_id")
        ),
    )
    with op.batch_alter_table("membership") as table:
        table.add_column(
            sa.Column(
                "alert_bar", sa.String(length=8), nullable=False, server_default="high",
                comment="from which fit on the person hears of what is new; high, middle, none",
            )
        )
        table.add_column(
            sa.Column(
                "alert_rhythm", sa.String(length=8), nullable=False, server_default="weekly",
                comment="of the mail about it: daily, weekly, biweekly or none",
            )
        )
    with op.batch_alter_table("membership") as table:
        table.alter_column("alert_bar", server_default=None)
        table.alter_column("alert_rhythm", server_default=None)
    with op.batch_alter_table("need") as table:
        table.add_column(
            sa.Column(
                "quiet_told_at", TIME, nullable=True,
                comment="when its owner heard why it may have been read and not answered",
            )
        )
    connection = op.get_bind()
    version = connection.scalar(sa.select(COUNTER.c.value).where(COUNTER.c.name == "index"))
    if version is not None:
        # How far matching has come: beyond the last row of this version, whatever its number.
        connection.execute(sa.insert(COUNTER).values(name="alerts", value=version, text=str(2**31)))


def _keys(table: str, *columns: str) -> list[sa.Constraint]:
    owners = {"user_id": "user_account", "organization_id": "organization", "need_id": "need"}
    return [
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        *(
            sa.ForeignKeyConstraint(
                [column], [f"{owners[column]}.id"], name=op.f(f"fk_{table}_{column}_{owners[column]}"),
                ondelete="CASCADE" if column == "user_id" else None,
            )
            for column in columns
        ),
    ]


def downgrade() -> None:
    op.execute(sa.delete(COUNTER).where(COUNTER.c.name == "alerts"))
    with op.batch_alter_table("need") as table:
        table.drop_column("quiet_told_at")
    with op.batch_alter_table("membership") as table:
        table.drop_column("alert_rhythm")
        table.drop_column("alert_bar")
    op.drop_table("prospect")
    op.drop_table("hit")
    op.drop_table("saved_search")
