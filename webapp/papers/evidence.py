"""ESG・CSR報告に使える実績: what a company gave and what came of it in one fiscal year."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from matcher.city import cities
from matcher.ground import day_words
from matcher.results import esg


def facts(
    rows: Sequence[esg.Shown], own_name: str, year: int, city: cities.City, now: datetime
) -> dict[str, Any]:
    """What the paper of one year says; each case bears the names of its newest confirmation."""
    return {
        "title": f"ESG・CSR報告に使える実績（{day_words.nendo(year)}）", "own_name": own_name, "made_at": now,
        "city": {"name": city.name, "section": city.section},
        "rows": [
            {"number": case.number, "public_id": case.public_id,
             "parties": esg.named_last([(case, given, outcomes)]),
             "given": given, "outcomes": outcomes}
            for case, given, outcomes in rows
        ],
    }  # fmt: skip
