"""Find texts in any kana and a 法人番号 with its dashes: fold what is searched as it is folded from now on.

Down, the texts stay as they are: those with katakana are found again by katakana once they are saved anew.
"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_KATAKANA = [*range(0x30A1, 0x30F7), 0x30FD, 0x30FE]
_HIRAGANA = {code: code - 0x60 for code in _KATAKANA}
#: As ``folding.text_of_organization`` adds it: t8999901300052 8-9999-0130-0052.
_NUMBER = (
    "' t' || corporate_number || ' ' || substr(corporate_number, 1, 1) || '-' || substr(corporate_number, 2, 4)"
    " || '-' || substr(corporate_number, 6, 4) || '-' || substr(corporate_number, 10, 4)"
)


def upgrade() -> None:
    bind = op.get_bind()
    if bind.dialect.name == "sqlite":
        bind.connection.create_function(
            "translate", 3, lambda text, _old, _new: text.translate(_HIRAGANA), deterministic=True
        )
    facts = {
        "old": "".join(map(chr, _KATAKANA)), "new": "".join(map(chr, _HIRAGANA.values())),
    }  # fmt: skip
    for table in ("organization", "need", "offer"):
        bind.execute(
            sa.text(f"UPDATE {table} SET search_text = translate(search_text, :old, :new)"), facts
        )
    bind.execute(
        sa.text(
            f"UPDATE organization SET search_text = search_text || {_NUMBER}"
            f" WHERE length(corporate_number) = 13 AND search_text NOT LIKE '%' || {_NUMBER}"
        )
    )


def downgrade() -> None:
    pass
