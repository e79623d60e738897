"""What a published partnership says first: one result, a voice, what each side gave, four days, what failed.

Everything is taken from the text that all three accepted (``publication.compose``), nothing from the case:
what was published never changes by itself. A page that was frozen before some part was known says less.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, Literal

from matcher.records import Partnership

GIVERS: Final = ("company", "npo", "city")
MOST_DOTS: Final = 4
#: What is told before anything else: what changed for people, and only where that is not known what was done.
_KINDS: Final = ("outcome", "satisfaction", "output", "process")

Course = Literal["reached", "better", "same", "worse", "measured"]


@dataclass(frozen=True)
class Result:
    """The one figure of a story: where it began, where it stands, and on which day."""

    name: str
    definition: str
    unit: str
    start: float | None
    now: float
    on: date
    target: float | None
    direction: str
    kind: str

    @property
    def course(self) -> Course:
        """How it went, in the direction that was wanted; ``measured`` where there is nothing to compare."""
        if self.target is not None and self._reaches(self.now, self.target):
            return "reached"
        if self.start is None:
            return "measured"
        if self.now == self.start:
            return "same"
        return "better" if self._reaches(self.now, self.start) else "worse"

    @property
    def missing(self) -> float | None:
        """How far from its target it still is."""
        return None if self.target is None else round(abs(self.target - self.now), 4)

    @property
    def is_known_from_start(self) -> bool:
        """Whether there is a change to show: a sum that begins at nothing has none."""
        return self.start is not None and not (self.start == 0 and self.kind == "output")

    def _reaches(self, value: float, mark: float) -> bool:
        if self.direction == "keep":
            return value == mark
        return value <= mark if self.direction == "down" else value >= mark


@dataclass(frozen=True)
class Dot:
    """A day of the story. ``kind``: ``start``, ``milestone``, ``measured`` or ``end``."""

    kind: str
    on: date
    text: str = ""


@dataclass(frozen=True)
class Setback:
    """What did not work: in the whole, or in the time until ``until`` as one side (``who``) reported it."""

    text: str
    who: str = ""
    until: date | None = None


@dataclass(frozen=True)
class Story:
    """A published text as residents are told it."""

    result: Result | None
    voice: Mapping[str, Any] | None
    hands: Mapping[str, Sequence[Mapping[str, Any]]]  #: giver → what it gave, in sums
    dots: tuple[Dot, ...]
    setbacks: tuple[Setback, ...]


def told(view: Mapping[str, Any]) -> Story:
    """The story of a published text."""
    found = result(view)
    voices = view.get("voices") or [None]
    return Story(found, voices[0], hands(view), dots(view, found), setbacks(view))


def with_results(
    rows: Sequence[tuple[Partnership, dict[str, Any]]],
) -> list[tuple[Partnership, dict[str, Any], Result | None]]:
    """Published cases with their texts, and the figure of each."""
    return [(case, view, result(view)) for case, view in rows]


def result(view: Mapping[str, Any]) -> Result | None:
    """The figure that stands large: the first one of the plan that tells of an outcome and was measured.

    The order is the one that the three chose in the plan, whether it went well or not; what was dropped on
    the way is never it.
    """
    rows = [
        (row, point)
        for row in view.get("indicators") or ()
        if not row.get("is_retired") and (point := _last(row)) is not None
    ]
    if not rows:
        return None
    row, point = min(rows, key=lambda pair: _rank(str(pair[0].get("kind", ""))))
    return Result(
        row["name"], row.get("definition", ""), row["unit"], row.get("baseline"), point["value"],
        date.fromisoformat(point["on"]), row.get("target"), row.get("direction", "up"), row.get("kind", ""),
    )  # fmt: skip


def _rank(kind: str) -> int:
    return _KINDS.index(kind) if kind in _KINDS else len(_KINDS)


def _last(row: Mapping[str, Any]) -> Mapping[str, Any] | None:
    measured = [point for point in row.get("points") or () if point.get("value") is not None]
    return max(measured, key=lambda point: str(point["on"])) if measured else None


def hands(view: Mapping[str, Any]) -> dict[str, list[Mapping[str, Any]]]:
    """Giver → the sums of what it gave; amounts reckoned in several ways stand once, by what was given."""
    found: dict[str, dict[tuple[str, str], dict[str, Any]]] = {giver: {} for giver in GIVERS}
    for row in view.get("contributions") or ():
        kept = found.setdefault(row["giver"], {})
        key = (row["support_type"], row["unit"])
        before = kept.get(key)
        if before is None:
            kept[key] = {name: row.get(name) for name in ("support_type", "unit", "quantity", "times")}
        else:
            before["times"] = (before["times"] or 0) + (row.get("times") or 0)
            known = [value for value in (before["quantity"], row.get("quantity")) if value is not None]
            before["quantity"] = round(sum(known), 2) if len(known) == 2 else None
    return {giver: list(rows.values()) for giver, rows in found.items()}


def dots(view: Mapping[str, Any], figure: Result | None) -> tuple[Dot, ...]:
    """At most four days, in their order: beginning and end, the latest figure, milestones in between."""
    span = view.get("agreement") or {}
    first, last = (date.fromisoformat(span[key]) if span.get(key) else None for key in ("from_on", "to_on"))
    milestones = [
        Dot("milestone", date.fromisoformat(row["on"]), row["text"]) for row in view.get("milestones") or ()
    ]
    ends = {
        kind: Dot(kind, day, next((row.text for row in milestones if row.on == day), ""))
        for kind, day in (("start", first), ("end", last))
        if day is not None
    }
    taken = {dot.on for dot in ends.values()}
    between = [row for row in milestones if row.on not in taken]
    # With the figure of the last day, or of a milestone's day, that day is told once.
    measured = []
    if figure is not None and figure.on not in taken:
        between = [row for row in between if row.on != figure.on]
        measured = [Dot("measured", figure.on)]
    room = MOST_DOTS - len(ends) - len(measured)
    kept = [*ends.values(), *measured, *_spread(sorted(between, key=lambda row: row.on), room)]
    return tuple(sorted(kept, key=lambda dot: (dot.on, dot.kind == "end")))


def _spread(rows: Sequence[Dot], count: int) -> list[Dot]:
    """So many of them, as evenly apart as can be; the first of few."""
    if len(rows) <= count:
        return list(rows)
    return [rows[round((place + 0.5) * len(rows) / count - 0.5)] for place in range(count)]


def setbacks(view: Mapping[str, Any]) -> tuple[Setback, ...]:
    """What did not work, as the outcome report says it; without one, as the latest periodic report does."""
    if view.get("setbacks"):
        return (Setback(view["setbacks"]),)
    for row in reversed(view.get("interim") or ()):
        until = date.fromisoformat(row["to_on"])
        # Before both sides wrote for themselves one text stood for both.
        who = {"setbacks": "npo", "company_setbacks": "company"} if row.get("company_setbacks") else {}
        names = ("setbacks", "company_setbacks")
        found = tuple(Setback(row[name], who.get(name, ""), until) for name in names if row.get(name))
        if found:
            return found
    return ()
