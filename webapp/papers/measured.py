"""Indicators with what was measured, as papers print them: each value by the plan of its acceptance."""

from typing import Any

from matcher.agreements import indicators
from matcher.records import AuditEvent, Indicator, Measurement
from webapp.papers.paper import Ask


def rows(ask: Ask, until: AuditEvent | None) -> list[dict[str, Any]]:
    """The accepted measurements: those of now, or as they were ``until`` an event; and what of the plan had
    not been measured.
    """
    accepted = indicators.accepted(ask.session, ask.case, ask.history, until)
    plan = indicators.InPlan(ask.session, ask.case, ask.history)
    found = []
    for indicator in plan.on(until):
        rows = accepted.get(indicator.id, [])
        found += [_row(plan.accepted(row), row) for row in rows]
        if not rows and not indicator.is_retired:
            found.append(_row(indicator))
    return found


def _row(indicator: Indicator, measured: Measurement | None = None) -> dict[str, Any]:
    found: dict[str, Any] = {
        "name": indicator.name, "unit": indicator.unit, "baseline": indicator.baseline,
        "target": indicator.target,
    }  # fmt: skip
    if measured is None:
        return {**found, "on": None}
    return {
        **found, "on": measured.measured_on, "is_start": indicator.is_start(measured.measured_on),
        "value": measured.value, "missing_reason": measured.missing_reason,
        "evidence": measured.evidence.name if measured.evidence else "",
    }  # fmt: skip
