"""Indicators with what was measured, as papers print them."""

from typing import Any

from matcher.agreements import plans
from matcher.records import AuditEvent
from webapp.papers.paper import Ask


def rows(ask: Ask, until: AuditEvent | None) -> list[dict[str, Any]]:
    """The indicators with their accepted measurements: those of now, or as they were ``until`` an event."""
    accepted = plans.accepted(ask.session, ask.case, ask.history, until)
    return [
        {
            "name": indicator.name, "unit": indicator.unit, "baseline": indicator.baseline,
            "target": indicator.target,
            "values": [
                {
                    "on": row.measured_on, "is_start": indicator.is_start(row.measured_on),
                    "value": row.value, "missing_reason": row.missing_reason,
                    "evidence": row.evidence.name if row.evidence else "",
                }
                for row in accepted.get(indicator.id, [])
            ],
        }
        for indicator in plans.indicators(ask.session, ask.case)
    ]  # fmt: skip
