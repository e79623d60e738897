"""相互評価シート, as far as the one who asks may read it."""

from collections.abc import Iterable
from typing import Any, Final

from flask_babel import lazy_gettext as _l

from matcher.ground import lifecycle
from matcher.records import EvaluationSheet
from matcher.results import ratings
from webapp.papers.paper import Ask, Paper, head

_SAID: Final = ("scores", "final_scores", "comment", "evaluator", "is_declined")


def _facts(ask: Ask) -> dict[str, Any]:
    rows = ratings.visible_sheets(ask.actor, ask.case, ratings.sheets(ask.session, ask.case))
    concluded = ask.history.event(lifecycle.CONCLUDE)
    return {
        "sheets": sheets(rows),
        "differences": [
            {
                "item": row.item, "about": row.sheet.about, "rater": row.sheet.rater, "score": row.score,
                "self_score": row.self_score, "said": row.sheet.discussion.get(row.item),
                "is_open": row.is_open, "remains": row.remains,
            }
            for row in ratings.differences(rows)
        ],
        "sides": ratings.PARTIES,
        **head(ask.case, ask.history.on(concluded), concluded.at if concluded else ask.now),
    }  # fmt: skip


def sheets(rows: Iterable[EvaluationSheet]) -> dict[tuple[str, str], dict[str, Any]]:
    """(who rated, whom) → what the sheet says."""
    return {(row.rater, row.about): {name: getattr(row, name) for name in _SAID} for row in rows}


PAPER: Final = Paper(
    "evaluation", _l("相互評価シート"), 9,
    lambda ask: ask.case.is_reported, _facts,
)  # fmt: skip
