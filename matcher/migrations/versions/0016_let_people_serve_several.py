"""Let one person serve several organizations: a membership for each, instead of columns of the account.

Everybody keeps the one that they have. What hung on the account's organization – links, notices, papers, who handed in and who checked a value – says itself in whose name it is. Going back keeps the oldest
membership of each person that has not ended, or else the last.
"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_NAMED = ("notice", "job_ticket")
_LIVE = sa.text("ended_at IS NULL")


def upgrade() -> None:
    op.create_table(
        "membership",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("organization_id", sa.Integer(), nullable=False),
        sa.Column("role", sa.String(length=8), nullable=False, comment="owner, editor or viewer"),
        sa.Column(
            "invited_name", sa.String(length=80), nullable=False,
            comment="as who invited typed it, until it is confirmed",
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "began_at", sa.DateTime(timezone=True), nullable=True, comment="when the person confirmed it"
        ),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "used_at", sa.DateTime(timezone=True), nullable=True,
            comment="when last chosen: in whose name one begins",
        ),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "role IN ('owner', 'editor', 'viewer')", name=op.f("ck_membership_role_known")
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_membership_user_id_user_account"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_membership_organization_id_organization")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_membership")),
    )
    op.create_index(op.f("ix_membership_user_id"), "membership", ["user_id"])
    op.create_index(op.f("ix_membership_organization_id"), "membership", ["organization_id"])
    op.create_index(
        "uq_membership_user_id_organization_id", "membership", ["user_id", "organization_id"], unique=True,
        sqlite_where=_LIVE, postgresql_where=_LIVE,
    )
    op.execute(
        "INSERT INTO membership (user_id, organization_id, role, invited_name, created_at, began_at, ended_at,"
        " used_at, version)"
        " SELECT id, organization_id, organization_role,"
        " CASE WHEN status = 'invited' THEN name ELSE '' END, created_at,"
        " CASE WHEN status = 'invited' THEN NULL ELSE created_at END, deactivated_at, last_login_at, 1"
        " FROM user_account WHERE organization_id IS NOT NULL ORDER BY id"
    )
    comments = {
        "notice": "in whose name the person is told; none for the city",
        "job_ticket": "in whose name; none for city staff",
    }
    for table in _NAMED:
        with op.batch_alter_table(table) as batch:
            batch.add_column(
                sa.Column("organization_id", sa.Integer(), nullable=True, comment=comments[table])
            )
            batch.create_foreign_key(
                op.f(f"fk_{table}_organization_id_organization"), "organization", ["organization_id"], ["id"]
            )
        op.execute(
            f"UPDATE {table} SET organization_id ="
            f" (SELECT organization_id FROM user_account WHERE user_account.id = {table}.user_id)"
        )
    with op.batch_alter_table("one_time_link") as batch:
        batch.add_column(
            sa.Column("membership_id", sa.Integer(), nullable=True, comment="what it confirms")
        )
        batch.create_foreign_key(
            op.f("fk_one_time_link_membership_id_membership"), "membership", ["membership_id"], ["id"],
            ondelete="CASCADE",
        )
    op.execute(
        "UPDATE one_time_link SET membership_id ="
        " (SELECT id FROM membership WHERE membership.user_id = one_time_link.user_id)"
        " WHERE purpose = 'activate'"
    )
    with op.batch_alter_table("measurement") as batch:
        for part in ("submitted", "reviewed"):
            batch.add_column(
                sa.Column(
                    f"{part}_side", sa.String(length=8), nullable=False, server_default="",
                    comment="company, npo or city",
                )
            )
    for part in ("submitted", "reviewed"):
        # Whoever is not of one of the two sides handed it in, or checked it, for the city.
        op.execute(
            f"UPDATE measurement SET {part}_side = COALESCE(("
            " SELECT CASE WHEN user_account.organization_id = partnership.company_id THEN 'company'"
            " WHEN user_account.organization_id = partnership.npo_id THEN 'npo' ELSE 'city' END"
            " FROM indicator JOIN partnership ON partnership.id = indicator.partnership_id, user_account"
            f" WHERE indicator.id = measurement.indicator_id AND user_account.id = measurement.{part}_by_id"
            "), '')"
        )
    with op.batch_alter_table("measurement") as batch:
        for part in ("submitted", "reviewed"):
            batch.alter_column(f"{part}_side", server_default=None)
    with op.batch_alter_table("user_account") as batch:
        batch.drop_constraint(op.f("ck_user_account_member_has_organization"), type_="check")
        batch.drop_constraint(op.f("fk_user_account_organization_id_organization"), type_="foreignkey")
        batch.drop_index(op.f("ix_user_account_organization_id"))
        batch.drop_column("organization_role")
        batch.drop_column("organization_id")


def downgrade() -> None:
    with op.batch_alter_table("user_account") as batch:
        batch.add_column(sa.Column("organization_id", sa.Integer(), nullable=True))
        batch.add_column(
            sa.Column(
                "organization_role", sa.String(length=8), nullable=True, comment="owner, editor or viewer"
            )
        )
    for column in ("organization_id", "role"):
        target = "organization_role" if column == "role" else column
        op.execute(
            f"UPDATE user_account SET {target} = (SELECT {column} FROM membership"
            " WHERE membership.user_id = user_account.id"
            " ORDER BY CASE WHEN ended_at IS NULL AND began_at IS NOT NULL THEN 0"
            " WHEN ended_at IS NULL THEN 1 ELSE 2 END,"
            " CASE WHEN ended_at IS NULL THEN id ELSE -id END LIMIT 1)"
        )
    with op.batch_alter_table("user_account") as batch:
        batch.create_check_constraint(
            op.f("ck_user_account_member_has_organization"),
            "(role = 'member') = (organization_id IS NOT NULL)",
        )
        batch.create_foreign_key(
            op.f("fk_user_account_organization_id_organization"), "organization", ["organization_id"], ["id"]
        )
        batch.create_index(op.f("ix_user_account_organization_id"), ["organization_id"])
    with op.batch_alter_table("measurement") as batch:
        batch.drop_column("reviewed_side")
        batch.drop_column("submitted_side")
    # A link to a second organization would begin what the account can no longer hold.
    op.execute(
        "DELETE FROM one_time_link WHERE purpose = 'activate' AND user_id IN"
        " (SELECT id FROM user_account WHERE status <> 'invited')"
    )
    with op.batch_alter_table("one_time_link") as batch:
        batch.drop_constraint(op.f("fk_one_time_link_membership_id_membership"), type_="foreignkey")
        batch.drop_column("membership_id")
    for table in _NAMED:
        with op.batch_alter_table(table) as batch:
            batch.drop_constraint(op.f(f"fk_{table}_organization_id_organization"), type_="foreignkey")
            batch.drop_column("organization_id")
    op.drop_table("membership")
