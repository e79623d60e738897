"""事務引継書: the cases that an official has in charge, as they stand today."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from flask_babel import gettext as _

from matcher.city import cities
from matcher.desk import handovers
from matcher.records import Handover
from webapp import act_text, case_text, party_text


def facts(
    rows: Sequence[handovers.Sheet], notes: Sequence[Handover], who: str, city: cities.City, now: datetime
) -> dict[str, Any]:
    """What the paper says of the cases of ``who``."""
    return {
        "title": str(_("事務引継書")), "who": who, "made_at": now,
        "city": {"name": city.name, "section": city.section},
        "notes": [
            {
                "effective_on": note.effective_on, "from": note.from_user.name, "to": note.to_user.name,
                "deputy": note.deputy.name if note.deputy else "", "count": len(note.cases),
                "text": note.note,
            }
            for note in notes
        ],
        "rows": [_row(row) for row in rows],
    }  # fmt: skip


def _row(row: handovers.Sheet) -> dict[str, Any]:
    case = row.case
    return {
        "number": case.number, "company": case.company.name, "npo": case.npo.name, "state": case.state,
        "since": case.moved_at, "deadline_at": case.deadline_at, "terms": case_text.terms(case),
        "period": case_text.whole_period(case),
        "steps": [
            {"who": party_text.side_name(case, step.side), "words": act_text.step(step), "until": step.until}
            for step in row.steps
        ],
        "promises": [
            {"text": task.text, "who": party_text.side_name(case, task.side), "due_on": task.due_on}
            for task in row.promises
        ],
        "risks": [risk.text for risk in row.risks],
        "last": [{"at": event.at, "words": case_text.happened(event)} for event in row.last],
    }  # fmt: skip
