"""Let PostgreSQL keep what the forms allow: typed texts as people count them, and yen beyond 32 bits.

SQLite enforces neither, so nothing is changed there.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

# (table, column, length before)
TEXTS = (
    ("meeting_note", "next_place", 200),
    ("case_file", "name", 200),
    ("indicator_definition", "name", 120),
    ("indicator", "name", 120),
    ("evaluation_sheet", "evaluator", 200),
    ("voice", "method", 120),
)
NUMBERS = (
    ("measurement", "sample_size"),
    ("contribution", "yen"),
    ("payment_rule", "cap_yen"),
    ("payment", "amount_yen"),
)


def _is_sqlite() -> bool:
    return op.get_bind().dialect.name == "sqlite"


def upgrade() -> None:
    if _is_sqlite():
        return
    for table, column, _length in TEXTS:
        op.alter_column(table, column, type_=sa.Text())
    for table, column in NUMBERS:
        op.alter_column(table, column, type_=sa.BigInteger())


def downgrade() -> None:
    if _is_sqlite():
        return
    for table, column in NUMBERS:
        op.alter_column(table, column, type_=sa.Integer())
    for table, column, length in TEXTS:
        op.alter_column(
            table, column, type_=sa.String(length=length), postgresql_using=f"left({column}, {length})"
        )
