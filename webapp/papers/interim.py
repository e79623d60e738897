"""中間報告書: every report with the parties of the day on which it was handed in."""

from typing import Any, Final

from flask_babel import lazy_gettext as _l

from matcher.results import drafted
from matcher.work import reads as work_reads
from webapp.papers import measured
from webapp.papers.paper import Ask, Paper, head

_SAID: Final = (
    "period_from", "period_to", "due_on", "submitted_at", "npo_text", "company_text", "setbacks",
    "company_setbacks", "next_step", "drafts",
)  # fmt: skip


def _facts(ask: Ask) -> dict[str, Any]:
    reports = work_reads.reports(ask.session, ask.case)
    composed = drafted.of_reports(ask.session, ask.case, reports)
    is_whole = all(row.is_handed_in for row in reports)
    last = ask.history.event("submit_report", "accept_report") if is_whole else None
    return {
        "reports": [
            {
                **{name: getattr(row, name) for name in _SAID},
                "accepted_at": row.reviewed_at if row.state == "accepted" else None,
                "parties": drafted.report_parties(ask.history, row), "sentences": composed[row.id],
            }
            for row in reports
        ],
        "measured": measured.rows(ask, last),
        **head(ask.case, ask.history.on(last), last.at if last else ask.now),
    }  # fmt: skip


PAPER: Final = Paper(
    "interim", _l("中間報告書"), 4, lambda ask: bool(work_reads.reports(ask.session, ask.case)), _facts
)
