"""成果報告書, one version of it, with what had been measured when it was accepted."""

from typing import Any, Final

from flask_babel import lazy_gettext as _l

from matcher.cases import reads as case_reads
from matcher.ground import lifecycle
from webapp.papers import measured, version
from webapp.papers.paper import Ask, Paper


def _facts(ask: Ask) -> dict[str, Any]:
    facts = version.facts(ask, "outcome_report")
    found = facts["document"]
    accepted = ask.history.event("accept_outcome_report", document=found.public_id)
    return {
        **facts, "measured": measured.rows(ask, accepted if found.agreed_at else None),
        "termination": _termination(ask) if ask.case.was_terminated else None,
    }  # fmt: skip


def _termination(ask: Ask) -> dict[str, Any] | None:
    happened = case_reads.last_move(ask.session, ask.case, lifecycle.TERMINATE)
    if happened is None:
        return None
    event = happened.event
    return {
        "at": event.at, "side": happened.side, "reason": event.reason_code, "text": event.reason_text
    }  # fmt: skip


PAPER: Final = Paper(
    "final", _l("成果報告書"), 8, lambda ask: ask.has("outcome_report"), _facts, prints="outcome_report"
)
