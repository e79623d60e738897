"""Give each audit event a place for its seal; events from before stay without one.

SQLite adds and drops such a column in place; a rebuilt table would lose its append-only triggers.
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "audit_event",
        sa.Column(
            "seal",
            sa.String(length=80),
            nullable=True,
            comment="key id and HMAC of the hash; null before seals began",
        ),
    )


def downgrade() -> None:
    op.drop_column("audit_event", "seal")
