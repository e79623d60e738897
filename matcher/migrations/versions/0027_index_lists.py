"""The lists of open needs and offers are read newest first, and counted, by an index; of whom was shown when, the
lists of some time are found.
"""

from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

_INDEXES = (
    ("ix_need_state_published_at_id", "need", ["state", "published_at", "id"]),
    (
        "ix_need_state_organization_id", "need",
        ["state", "organization_id", "published_at", "id", "visibility"],
    ),
    ("ix_offer_state_published_at_id", "offer", ["state", "published_at", "id"]),
    ("ix_offer_state_organization_id", "offer", ["state", "organization_id", "published_at", "id"]),
)  # fmt: skip


def upgrade() -> None:
    for name, table, columns in _INDEXES:
        op.create_index(name, table, columns)
    op.drop_index("ix_shown_suggestion_candidate_id", "shown_suggestion")
    op.create_index("ix_shown_suggestion_candidate_id", "shown_suggestion", ["candidate_id", "shown_list_id"])


def downgrade() -> None:
    for name, table, _columns in _INDEXES:
        op.drop_index(name, table)
    op.drop_index("ix_shown_suggestion_candidate_id", "shown_suggestion")
    op.create_index("ix_shown_suggestion_candidate_id", "shown_suggestion", ["candidate_id"])
