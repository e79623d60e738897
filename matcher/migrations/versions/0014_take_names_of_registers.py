"""Let PostgreSQL keep names and their readings as people count them: 葛󠄀 is one character, not two.

SQLite does not enforce lengths, so nothing is changed there.
"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

# (column, length before)
COLUMNS = (("name", 120), ("kana", 160))


def upgrade() -> None:
    if op.get_bind().dialect.name != "sqlite":
        for column, _length in COLUMNS:
            op.alter_column("organization", column, type_=sa.Text())


def downgrade() -> None:
    if op.get_bind().dialect.name != "sqlite":
        for column, length in COLUMNS:
            op.alter_column(
                "organization", column, type_=sa.String(length=length),
                postgresql_using=f"left({column}, {length})",
            )  # fmt: skip
