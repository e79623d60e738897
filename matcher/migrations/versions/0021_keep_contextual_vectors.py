"""Texts are encoded a second time, by a sentence encoder that reads words in their context."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

COLUMNS = {
    "contextual_model_id": (
        sa.String(120), "the sentence encoder of the following vectors; none while the text waits for it"
    ),
    "contextual_vector": (sa.LargeBinary(), "float16, the whole text"),
    "contextual_sentence_vectors": (sa.LargeBinary(), "float16, (sentences, d)"),
}


def upgrade() -> None:
    for name, (kind, comment) in COLUMNS.items():
        op.add_column("embedding", sa.Column(name, kind, nullable=True, comment=comment))
    op.create_index("ix_embedding_contextual_model_id", "embedding", ["contextual_model_id", "model_id"])
    # From here on a text is compared without its refusals and limits: all wait to be read again.
    op.execute("UPDATE embedding SET vector = NULL")


def downgrade() -> None:
    op.drop_index("ix_embedding_contextual_model_id", "embedding")
    with op.batch_alter_table("embedding") as table:
        for name in COLUMNS:
            table.drop_column(name)
