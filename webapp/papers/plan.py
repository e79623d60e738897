"""協働計画書, one version of it."""

from typing import Any, Final

from flask_babel import lazy_gettext as _l

from matcher.agreements import logic_models
from matcher.results import lessons
from webapp import work_text
from webapp.papers import version
from webapp.papers.paper import Ask, Paper


def _facts(ask: Ask) -> dict[str, Any]:
    facts = version.facts(ask, "plan")
    content = facts["said"]
    taken = lessons.lessons_taken(ask.session, ask.case, content)
    # To the letter the same each time, so that the same paper is not laid out again.
    drawing = work_text.plan_drawing(content, facts["document"].number, name="logic")
    return {
        **facts, "drawing": drawing, "node_names": logic_models.nodes(content),
        "lessons": [one.text for one in taken],
    }  # fmt: skip


PAPER: Final = Paper("plan", _l("協働計画書"), 2, lambda ask: ask.has("plan"), _facts, prints="plan")
