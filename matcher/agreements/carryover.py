"""What the plan of a renewed partnership takes over from the period before."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from matcher.cases import documents
from matcher.ground import calendar
from matcher.records import Indicator, Measurement, Partnership


def plan(session: Session, case: Partnership) -> dict[str, Any]:
    """The plan of the period before, as a beginning for this one; empty where there was none (L11).

    Purpose, logic model and indicators stay; each indicator begins at its last accepted value and is
    measured on the same days of the coming years. Milestones and lessons are chosen anew. Nothing is
    written until somebody saves a part.
    """
    before = session.get(Partnership, case.renewed_from_id) if case.renewed_from_id else None
    plan = documents.find_agreed(session, before, "plan") if before is not None else None
    if before is None or plan is None:
        return {}
    today = calendar.tokyo_date(case.created_at)
    last = _last_values(session, before)
    return {name: plan.content[name] for name in ("purpose", "logic", "links")} | {
        "indicators": [_carried(row, last.get(row["key"]), today) for row in plan.content["indicators"]]
    }


def _last_values(session: Session, case: Partnership) -> dict[str, Measurement]:
    """indicator key → its latest accepted value."""
    rows = session.execute(
        select(Indicator.key, Measurement)
        .join(Indicator, Indicator.id == Measurement.indicator_id)
        .where(
            Indicator.partnership_id == case.id,
            Measurement.state == "accepted",
            Measurement.value.is_not(None),
        )
        .order_by(Measurement.measured_on, Measurement.id)
    )
    return {row.key: row.Measurement for row in rows}


def _carried(row: Mapping[str, Any], last: Measurement | None, today: date) -> dict[str, Any]:
    days = [date.fromisoformat(text) for text in row["measure_on"]]
    years = 1
    while days and calendar.years_later(max(days), years) <= today:
        years += 1
    shifted = [calendar.years_later(day, years) for day in days]
    found = {**row, "measure_on": [day.isoformat() for day in shifted if day > today]}
    if row.get("target_on"):
        found["target_on"] = calendar.years_later(date.fromisoformat(row["target_on"]), years).isoformat()
    if last is not None:
        found |= {"baseline": last.value, "baseline_on": last.measured_on.isoformat()}
    elif row["baseline"] is None and row.get("baseline_on"):
        found["baseline_on"] = calendar.years_later(date.fromisoformat(row["baseline_on"]), years).isoformat()
    return found
