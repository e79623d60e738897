"""Keep notices and mails as codes and facts; the sentence is made when it is shown or sent.

What was written before keeps its sentence. Going back writes the sentences of the rest.
"""

import sqlalchemy as sa
from alembic import op

from matcher.register import sentences

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_TABLES = ("notice", "mail")


def upgrade() -> None:
    for table in _TABLES:
        with op.batch_alter_table(table) as batch:
            batch.add_column(
                sa.Column(
                    "code", sa.String(length=40), nullable=False, server_default="",
                    comment="which words; empty in old rows",
                )
            )
            batch.add_column(sa.Column("facts", sa.JSON(), nullable=False, server_default="{}"))
        with op.batch_alter_table(table) as batch:
            batch.alter_column("code", server_default=None)
            batch.alter_column("facts", server_default=None)
            batch.alter_column("subject", comment="of rows before codes were kept")


def downgrade() -> None:
    bind = op.get_bind()
    for table in _TABLES:
        rows = sa.table(
            table, sa.column("id"), sa.column("code"), sa.column("facts", sa.JSON),
            sa.column("subject"), sa.column("body"),
        )  # fmt: skip
        for key, code, facts in bind.execute(
            sa.select(rows.c.id, rows.c.code, rows.c.facts).where(rows.c.code != "")
        ).all():
            subject, body = sentences.say(code, facts)
            if facts.get("link") == "":
                body = ""  # a link that was sent is not kept
            bind.execute(rows.update().where(rows.c.id == key).values(subject=subject[:200], body=body))
        with op.batch_alter_table(table) as batch:
            batch.alter_column("subject", comment=None)
            batch.drop_column("facts")
            batch.drop_column("code")
