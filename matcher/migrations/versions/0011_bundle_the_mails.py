"""Say of each mail which notice it tells of and in which mail it went, so that several go as one.

What waits when this comes is sent as before, each by itself.
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("mail") as table:
        table.add_column(
            sa.Column("notice_id", sa.Integer(), nullable=True, comment="what it tells of; may be bundled")
        )
        table.add_column(
            sa.Column("carrier_id", sa.Integer(), nullable=True, comment="the mail that it goes in")
        )
        table.create_foreign_key(
            op.f("fk_mail_notice_id_notice"), "notice", ["notice_id"], ["id"], ondelete="SET NULL"
        )
        table.create_foreign_key(
            op.f("fk_mail_carrier_id_mail"), "mail", ["carrier_id"], ["id"], ondelete="SET NULL"
        )
        table.create_index(op.f("ix_mail_notice_id"), ["notice_id"])
        table.create_index(op.f("ix_mail_carrier_id"), ["carrier_id"])
        table.create_index("ix_mail_to_sent_at", ["to", "sent_at"])


def downgrade() -> None:
    with op.batch_alter_table("mail") as table:
        table.drop_index("ix_mail_to_sent_at")
        table.drop_index(op.f("ix_mail_carrier_id"))
        table.drop_index(op.f("ix_mail_notice_id"))
        table.drop_constraint(op.f("fk_mail_carrier_id_mail"), type_="foreignkey")
        table.drop_constraint(op.f("fk_mail_notice_id_notice"), type_="foreignkey")
        table.drop_column("carrier_id")
        table.drop_column("notice_id")
