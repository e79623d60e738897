"""The course of a value over time."""

from collections.abc import Callable, Sequence
from datetime import date
from typing import Final

from flask_babel import gettext as _
from markupsafe import Markup

from webapp.drawing import plot, svg, wrapping

_LEVELS: Final[tuple[svg.Look, svg.Look]] = (
    {"stroke_dasharray": "10 6", "stroke_width": 2},
    {"stroke_dasharray": "2 4", "stroke_width": 2},
)


def progress(
    points: Sequence[tuple[date, float]],
    *,
    baseline: float | None,
    target: float | None,
    unit: str,
    title: str,
    day: Callable[[date], str],
) -> Markup:
    """A value over time, with the target as a dashed line and the baseline as a dotted one.

    A single value is joined to the baseline, an empty square before it, so that the change is seen.

    Args:
        day: says a date in words, on the axis and in the description.
    """
    heading, top = svg.heading(title)
    dots = sorted((moment, float(value)) for moment, value in points if plot.is_sane(value))
    levels = [
        (word, float(value), style)
        for word, value, style in (
            (str(_("目標")), target, _LEVELS[0]),
            (str(_("基準値")), baseline, _LEVELS[1]),
        )
        if value is not None and plot.is_sane(value)
    ]
    told = [f"{word} {plot.figure(value)}{unit}" for word, value, _style in levels]
    told += [f"{day(moment)} {plot.figure(value)}{unit}" for moment, value in dots]
    if not told:
        return svg.image(
            title, title, [*heading, svg.words(_("まだ記録がありません"), svg.EDGE, top + 16)], top + 32
        )
    values = [value for _moment, value in dots] + [value for _word, value, _style in levels]
    low, high = min(values), max(values)
    if 0 < low <= high / 2 or high / 2 <= high < 0:
        low, high = min(low, 0.0), max(high, 0.0)
    start = float(baseline) if len(dots) == 1 and baseline is not None and plot.is_sane(baseline) else None
    first, last = (dots[0][0].toordinal(), dots[-1][0].toordinal()) if dots else (0, 0)
    if first == last:
        first, last = first - 1, last + (start is None)
    up = plot.ticks(low, high)
    field = plot.Plot.fitted(
        (first, last), up, [plot.decimal(tick, up) for tick in up], top + 44, 180 if levels else 24
    )
    room = plot.Room()
    body = [*heading, svg.words(wrapping.cut(unit, 40), field.left, top + 16), *field.grid_up(up, "")]
    body += _levels(levels, unit, field, room)
    places = [(field.x(moment.toordinal()), field.y(value)) for moment, value in dots]
    # The day of the baseline is often not known, so it stands at the left edge without one.
    before = [] if start is None else [(field.x(first), field.y(start))]
    course = [*before, *places]
    line = svg.polyline(course, stroke=svg.BLUE, stroke_width=2.5) if len(course) > 1 else Markup()
    marks = [
        svg.tag("circle", cx=x, cy=y, r=5 if len(dots) <= 40 else 3, fill=svg.BLUE, stroke=svg.PAPER)
        for x, y in places
    ]
    texts: list[Markup] = []
    for x, y in before:
        marks.append(
            svg.tag(
                "rect",
                x=x - 5,
                y=y - 5,
                width=10,
                height=10,
                fill=svg.PAPER,
                stroke=svg.BLUE,
                stroke_width=2.5,
            )
        )
        texts += room.put(str(_("基準値")), x, [field.bottom + 24], apart=10)
        texts += room.put(plot.figure(start or 0.0), x, [y - 12, y + 24])
    order = dict.fromkeys([len(dots) - 1, 0, *range(len(dots))] if dots else [])
    dated: set[date] = set()
    for number in order:
        (moment, value), (x, y) = dots[number], places[number]
        around = [height for _x, height in places[max(0, number - 1) : number + 2]]
        sides = [y - 12, y + 24] if y - sum(around) / len(around) < 8 else [y + 24, y - 12]
        texts += room.put(plot.figure(value), x, [height for height in sides if height < field.bottom - 4])
        if moment not in dated:
            said = room.put(wrapping.cut(day(moment), 20), x, [field.bottom + 24], apart=10)
            tick = svg.tag("line", x1=x, y1=field.bottom, x2=x, y2=field.bottom + 6, stroke=svg.INK)
            texts += [*said, tick] if said else []
            dated.add(moment)
    return svg.image(title, "、".join(told), [*body, line, *marks, *texts], field.bottom + 40)


def _levels(
    levels: Sequence[tuple[str, float, svg.Look]], unit: str, field: plot.Plot, room: plot.Room
) -> list[Markup]:
    """Lines across the plot, each named at its right end; two that lie close have their names apart."""
    parts = []
    heights = [field.y(value) for _word, value, _style in levels]
    if len(heights) == 2 and abs(heights[0] - heights[1]) < svg.LINE:
        middle, upper = sum(heights) / 2, 0 if heights[0] <= heights[1] else 1
        heights = (
            [middle - svg.LINE / 2, middle + svg.LINE / 2]
            if upper == 0
            else [middle + svg.LINE / 2, middle - svg.LINE / 2]
        )
    for (word, value, style), height in zip(levels, heights, strict=True):
        y = field.y(value)
        parts += [
            svg.tag("line", x1=field.left, y1=y, x2=field.right, y2=y, stroke=svg.INK, **style),
            svg.words(wrapping.cut(f"{word} {plot.figure(value)}{unit}", 11.5), field.right + 6, height + 5),
        ]
        room.block(field.right, height - svg.LINE / 2, svg.WIDTH, height + svg.LINE / 2)
    return parts
