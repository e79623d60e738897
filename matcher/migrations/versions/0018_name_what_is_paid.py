"""Name on a payment what it is for, as its indicator was called when the amount was calculated.

Until now it was called as the plan in force calls the indicator. What an earlier payment was for is taken from
the plan that was in force when it was calculated, by the text that both sides had accepted; a rule rests on an
indicator of such a plan, so there is one. The fixed part of a year has no indicator.
"""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

PAYMENT = sa.table(
    "payment", sa.column("id"), sa.column("partnership_id"), sa.column("rule_id"), sa.column("calculated_at"),
    sa.column("what"),
)
RULE = sa.table("payment_rule", sa.column("id"), sa.column("indicator_id"))
INDICATOR = sa.table("indicator", sa.column("id"), sa.column("key"), sa.column("name"))
DOCUMENT = sa.table(
    "case_document", sa.column("partnership_id"), sa.column("kind"), sa.column("number"), sa.column("agreed_at"),
    sa.column("content", sa.JSON),
)


def upgrade() -> None:
    with op.batch_alter_table("payment") as table:
        table.add_column(
            sa.Column(
                "what", sa.Text().with_variant(sa.String(length=120), "sqlite"), nullable=False,
                server_default="", comment="the indicator as it was called then; empty for a fixed part",
            )
        )
    connection = op.get_bind()
    rows = connection.execute(
        sa.select(PAYMENT.c.id, PAYMENT.c.partnership_id, PAYMENT.c.calculated_at, INDICATOR.c.key, INDICATOR.c.name)
        .join(RULE, RULE.c.id == PAYMENT.c.rule_id)
        .join(INDICATOR, INDICATOR.c.id == RULE.c.indicator_id)
    ).all()
    for row in rows:
        what = _called(connection, row) or row.name
        connection.execute(sa.update(PAYMENT).where(PAYMENT.c.id == row.id).values(what=what))
    with op.batch_alter_table("payment") as table:
        table.alter_column("what", server_default=None)


def _called(connection, row) -> str:
    plan = connection.execute(
        sa.select(DOCUMENT.c.content)
        .where(
            DOCUMENT.c.partnership_id == row.partnership_id, DOCUMENT.c.kind == "plan",
            DOCUMENT.c.agreed_at <= row.calculated_at,
        )
        .order_by(DOCUMENT.c.number.desc())
        .limit(1)
    ).first()
    named = plan.content["indicators"] if plan is not None else ()
    return next((one["name"] for one in named if one["key"] == row.key), "")


def downgrade() -> None:
    with op.batch_alter_table("payment") as table:
        table.drop_column("what")
