"""The indicators of a plan as records: what they must say, when they are measured, what was, what is due."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session, contains_eager, joinedload

from matcher.agreements import values
from matcher.cases import documents
from matcher.ground import calendar, vocabulary
from matcher.records import AuditEvent, CaseDocument, Indicator, Measurement, Partnership
from matcher.register import parties
from matcher.register.once import asked_once

MEASURE_DAYS: Final = 14  #: days before a day of measuring from which on it is somebody's step
_FIELDS: Final = (
    "name", "definition", "unit", "kind", "direction", "baseline", "target", "method", "measurer",
    "evidence", "measure_on", "axis", "min_cell", "linked_to_payment", "is_public",
)  # fmt: skip


def faults(facts: Mapping[str, Any]) -> dict[str, str]:
    """Field → code of what an indicator lacks (domain 6.3)."""
    wrong = {name: "required" for name in ("name", "definition", "evidence") if not str(facts[name]).strip()}
    for name, allowed in (
        ("kind", vocabulary.INDICATOR_KINDS),
        ("direction", vocabulary.INDICATOR_DIRECTIONS),
        ("method", vocabulary.INDICATOR_METHODS),
        ("measurer", vocabulary.MEASURERS),
        ("unit", vocabulary.INDICATOR_UNITS),
    ):
        if facts[name] not in allowed:
            wrong[name] = "required"
    if facts["target"] is None:
        wrong["target"] = "required"
    if facts["baseline"] is None and not facts["baseline_on"]:
        wrong["baseline"] = wrong["baseline_on"] = "baseline_or_date"
    if not facts["measure_on"]:
        wrong["measure_on"] = "required"
    for name in ("baseline", "target"):
        value = facts[name]
        fault = value is not None and values.fault(value, facts["unit"], facts["name"], facts["definition"])
        if fault:
            wrong[name] = fault
    if not {"baseline", "target"} & wrong.keys() and (fault := _fault_of_aim(facts)):
        wrong["target"] = fault
    return wrong


def _fault_of_aim(facts: Mapping[str, Any]) -> str | None:
    """A target lies in the good direction from where it starts, as far as that is known; ``keep`` is free."""
    start, target = facts["baseline"], facts["target"]
    if start is None:
        return None
    if facts["direction"] == "up" and target <= start:
        return "target_not_above"
    return "target_not_below" if facts["direction"] == "down" and target >= start else None


def used_keys(session: Session, case: Partnership) -> list[str]:
    """The keys that indicators of a case have had; none is given twice."""
    return list(session.scalars(select(Indicator.key).where(Indicator.partnership_id == case.id)))


def keep(session: Session, case: Partnership, plan: CaseDocument) -> None:
    """Write the indicators of an accepted plan; those that are no longer in it are retired."""
    rows = {
        row.key: row for row in session.scalars(select(Indicator).where(Indicator.partnership_id == case.id))
    }
    wanted = plan.content["indicators"]
    for position, facts in enumerate(wanted):
        row = rows.get(facts["key"])
        if row is None:
            row = Indicator(partnership_id=case.id, key=facts["key"])
            session.add(row)
        row.position, row.is_retired = position, False
        _say(row, plan, facts)
        if row.baseline is None and row.baseline_on is not None and row.id is not None:
            # The plan still says 「未測定」; what was measured since is not forgotten with an amendment.
            row.baseline = _measured_baseline(session, row.id, row.baseline_on)
    kept = {facts["key"] for facts in wanted}
    for key, row in rows.items():
        row.is_retired = key not in kept
    session.flush()


def _say(row: Indicator, plan: CaseDocument, facts: Mapping[str, Any]) -> None:
    """Let an indicator say what this version of the plan says of it."""
    row.plan_number = plan.number
    for name in _FIELDS:
        setattr(row, name, facts.get(name))
    for name in ("baseline_on", "target_on"):
        setattr(row, name, date.fromisoformat(facts[name]) if facts.get(name) else None)


def _measured_baseline(session: Session, indicator_id: int, day: date) -> float | None:
    return session.scalar(
        select(Measurement.value)
        .where(
            Measurement.indicator_id == indicator_id,
            Measurement.measured_on == day,
            Measurement.state == "accepted",
        )
        .order_by(Measurement.id.desc())
        .limit(1)
    )


@asked_once
def of(session: Session, case: Partnership, *, retired: bool = False) -> list[Indicator]:
    """The indicators in force, in the order of the plan; with ``retired`` also those no longer in it."""
    query = select(Indicator).where(Indicator.partnership_id == case.id)
    if not retired:
        query = query.where(Indicator.is_retired.is_(False))
    return list(session.scalars(query.order_by(Indicator.is_retired, Indicator.position)))


@asked_once
def measurements(session: Session, case: Partnership) -> dict[int, list[Measurement]]:
    """indicator id → its measurements, oldest date first, superseded ones included."""

    rows = session.scalars(
        select(Measurement)
        .join(Indicator, Indicator.id == Measurement.indicator_id)
        .where(Indicator.partnership_id == case.id)
        .options(
            contains_eager(Measurement.indicator),
            joinedload(Measurement.evidence),
        )
        .order_by(Measurement.measured_on, Measurement.id)
    )
    found: dict[int, list[Measurement]] = {}
    for row in rows:
        found.setdefault(row.indicator_id, []).append(row)
    return found


def accepted(
    session: Session, case: Partnership, history: parties.History, until: AuditEvent | None
) -> dict[int, list[Measurement]]:
    """indicator id → its accepted measurements, oldest date first: those of now, or as they were ``until`` an
    event.
    """
    rows = measurements(session, case)
    if until is None:
        return {key: [row for row in kept if row.state == "accepted"] for key, kept in rows.items()}
    return {
        # Of two that were accepted for one day the later one stood.
        key: list({row.measured_on: row for row in kept if _was_accepted(history, row, until)}.values())
        for key, kept in rows.items()
    }


def _was_accepted(history: parties.History, row: Measurement, until: AuditEvent) -> bool:
    return history.event("accept_measurement", before=until, measurement=row.public_id) is not None


class InPlan:
    """The indicators of a case as its plan had them when something happened, whatever has become of it since.

    What was accepted is shown by these. They are read from the versions that were in force, and are no rows
    that could be changed or saved.
    """

    def __init__(self, session: Session, case: Partnership, history: parties.History) -> None:
        self._history, self._now = history, of(session, case, retired=True)
        self._measured = measurements(session, case)

    def on(self, until: AuditEvent | None) -> list[Indicator]:
        """All of them when an event happened (now, without one) in the order of the plan; those last that had
        been in it.
        """
        if until is None:
            return self._now
        plans = self._history.agreed("plan", until)
        places = {facts["key"]: None for plan in plans for facts in plan.content["indicators"]}
        rows = {row.key: row for row in self._now}
        return [self.said(rows[key], until) for key in places]

    def accepted(self, measurement: Measurement) -> Indicator:
        """The indicator of a value as it was when the value was accepted; as it is now where it was not."""
        row = next(one for one in self._now if one.id == measurement.indicator_id)
        event = self._history.event("accept_measurement", measurement=measurement.public_id)
        return self.said(row, event) if event is not None else row

    def results(self) -> list[tuple[Indicator, Measurement]]:
        """Every accepted result with its indicator as it was when the value was accepted, since what the plan
        says now was not asked then; in the order in which they came into the plan, oldest first.
        """
        pairs = ((self.accepted(row), row) for _id, rows in sorted(self._measured.items()) for row in rows)
        return [
            (said, row)
            for said, row in pairs
            if row.state == "accepted" and not said.is_start(row.measured_on)
        ]

    def said(self, indicator: Indicator, until: AuditEvent) -> Indicator:
        """One of them when an event happened: as the last plan had it that named it."""
        plans = self._history.agreed("plan", until)
        named = ((plan, row) for plan in plans for row in plan.content["indicators"])
        plan, facts = next((pair for pair in named if pair[1]["key"] == indicator.key), (None, {}))
        if plan is None:
            return indicator
        found = Indicator(
            id=indicator.id, public_id=indicator.public_id, key=indicator.key, is_retired=plan is not plans[0]
        )
        _say(found, plan, facts)
        if found.baseline is None and found.baseline_on is not None:
            found.baseline = self._baseline(found, until)
        return found

    def _baseline(self, indicator: Indicator, until: AuditEvent) -> float | None:
        """What had been measured by then of where it starts."""
        values = {
            event.id: row.value
            for row in self._measured.get(indicator.id, ())
            if row.measured_on == indicator.baseline_on
            and (event := self._history.event("accept_measurement", measurement=row.public_id)) is not None
        }
        newest = max((event for event in values if event <= until.id), default=None)
        return values[newest] if newest is not None else None


def asks_baseline(session: Session, case: Partnership, indicator: Indicator) -> bool:
    """Whether the plan in force leaves the baseline of an indicator to be measured on its day."""
    plan = documents.find_agreed(session, case, "plan")
    if indicator.baseline_on is None or plan is None:
        return False
    found = next((row for row in plan.content["indicators"] if row["key"] == indicator.key), None)
    return found is not None and found["baseline"] is None


def measuring_days(session: Session, case: Partnership, indicator: Indicator) -> list[date]:
    """The days for which a value can be handed in, in order: those of the plan, and the baseline's own.

    Before the partnership runs there is nothing to measure but where it starts.
    """
    days = {date.fromisoformat(text) for text in indicator.measure_on} if case.state != "agreed" else set()
    if indicator.baseline_on is not None and asks_baseline(session, case, indicator):
        days.add(indicator.baseline_on)
    return sorted(days)


def waiting_days(indicator: Indicator, state: str) -> list[date]:
    """The days on which a case in ``state`` is to measure; the baseline's only while there is none."""
    days = {date.fromisoformat(text) for text in indicator.measure_on} if state != "agreed" else set()
    if indicator.baseline is None and indicator.baseline_on is not None:
        days.add(indicator.baseline_on)
    return sorted(days)


def unmeasured(session: Session, case: Partnership) -> list[tuple[Indicator, date]]:
    """(indicator, day) of what is to be measured, sooner or later, and has not been handed in; by the day."""
    rows = measurements(session, case)
    found = []
    for indicator in of(session, case):
        handed_in = {
            row.measured_on for row in rows.get(indicator.id, ()) if row.state in {"submitted", "accepted"}
        }
        found += [(indicator, day) for day in waiting_days(indicator, case.state) if day not in handed_in]
    return sorted(found, key=lambda row: row[1])


def due_measurements(session: Session, case: Partnership, now: datetime) -> list[tuple[Indicator, date, str]]:
    """(indicator, day, ``due`` or ``overdue``) of what is to be measured by now."""
    today = calendar.tokyo_date(now)
    return [
        (indicator, day, "overdue" if day < today else "due")
        for indicator, day in unmeasured(session, case)
        if (day - today).days <= MEASURE_DAYS
    ]


def verdict(indicator: Indicator, measured_on: date, value: float) -> str:
    """``reached``, ``missed``, or ``open``: before the day of the target nobody has missed it."""
    if reached(indicator, value):
        return "reached"
    last = indicator.last_day
    return "open" if last is not None and measured_on < last else "missed"


def reached(indicator: Indicator, value: float) -> bool:
    """Whether a value meets the target, in the indicator's own direction; ``keep`` allows a tenth."""
    if indicator.direction == "down":
        return value <= indicator.target
    if indicator.direction == "keep":
        return abs(value - indicator.target) <= abs(indicator.target) * 0.1
    return value >= indicator.target
