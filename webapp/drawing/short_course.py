"""The course of a value over time, drawn as wide as a phone: few words, none of them small.

``course`` draws the same for a wide page with every value; here the table behind it has them.
"""

from collections.abc import Callable, Sequence
from datetime import date
from typing import Final

from flask_babel import gettext as _
from markupsafe import Markup

from matcher.ground import day_words
from webapp.drawing import plot, svg, wrapping

#: Drawn in the size in which a phone of 375 px shows it within a page: letters of 13 stay above 12 px.
WIDTH, HEIGHT = 320.0, 208.0
_SIZE: Final = 13
_LEFT, _RIGHT, _TOP, _BOTTOM, _LINE = 8.0, 312.0, 34.0, 172.0, 17.0
_TEXT: Final[svg.Look] = {
    **svg.TEXT, "font_family": "Noto Sans JP, Noto Sans CJK JP, sans-serif", "font_size": _SIZE,
    "stroke": svg.PAPER, "stroke_width": 4, "paint_order": "stroke", "stroke_linejoin": "round",
}  # fmt: skip
_LARGE: Final[svg.Look] = dict(font_size=17, font_weight="bold", fill=svg.BLUE)  # noqa: C408 - no word of an act


def short_course(
    points: Sequence[tuple[date, float]],
    *,
    baseline: float | None,
    target: float | None,
    unit: str,
    title: str,
) -> Markup:
    """A value over time with its beginning, its target and its last value said; days as months of an era."""
    dots = sorted((moment, float(value)) for moment, value in points if plot.is_sane(value))
    start = float(baseline) if baseline is not None and plot.is_sane(baseline) else None
    goal = float(target) if target is not None and plot.is_sane(target) else None
    told = [
        f"{word} {plot.figure(value)}{unit}"
        for word, value in ((str(_("基準値")), start), (str(_("目標")), goal))
        if value is not None
    ]
    told += [f"{day_words.jday(moment)} {plot.figure(value)}{unit}" for moment, value in dots]
    values = [value for _moment, value in dots] + [value for value in (start, goal) if value is not None]
    if not values:
        values = [0.0]
    low, high = min(values), max(values)
    if 0 < low <= high / 2:
        low = 0.0
    room = (high - low) * 0.1 or 1.0
    low, high = (low if low == 0 else low - 2 * room), high + room

    def height(value: float) -> float:
        return _BOTTOM - (value - low) / (high - low) * (_BOTTOM - _TOP)

    places = _across(dots, start is not None)
    line = [(x, height(value)) for x, (_moment, value) in zip(places, dots, strict=True)]
    body = [svg.tag("line", x1=_LEFT, x2=_RIGHT, y1=_BOTTOM, y2=_BOTTOM, stroke=svg.INK, stroke_width=1.5)]
    is_rising = bool(dots) and start is not None and dots[-1][1] > start
    lines, names = _levels(start, goal, unit, height, below=is_rising)
    body += lines
    if start is not None:
        line.insert(0, (_LEFT + 6, height(start)))
    if len(line) > 1:
        body.append(svg.polyline(line, stroke=svg.BLUE, stroke_width=3, stroke_linecap="round"))
    for number, (x, y) in enumerate(line):
        is_start = start is not None and number == 0
        body.append(
            svg.tag(
                "circle", cx=x, cy=y, r=7 if number == len(line) - 1 else 4.5,
                fill=svg.PAPER if is_start else svg.BLUE, stroke=svg.BLUE, stroke_width=2.5,
            )
        )  # fmt: skip
    body += names
    if dots:
        body += _ends(dots, places, height(dots[-1][1]), None if goal is None else height(goal), unit)
    return svg.image(title, "、".join(told) or title, body, HEIGHT, width=WIDTH, look="chart-short")


def _across(dots: Sequence[tuple[date, float]], has_start: bool) -> list[float]:
    """Where each day stands; the beginning, whose day is often not known, keeps the left edge."""
    left, right = _LEFT + (60 if has_start else 24), _RIGHT - 40
    if not dots:
        return []
    first, last = dots[0][0].toordinal(), dots[-1][0].toordinal()
    if first == last:
        return [right for _dot in dots]
    return [left + (moment.toordinal() - first) / (last - first) * (right - left) for moment, _value in dots]


def _levels(
    start: float | None, goal: float | None, unit: str, height: Callable[[float], float], *, below: bool
) -> tuple[list[Markup], list[Markup]]:
    """Lines for the target and the beginning, and their names at the left ends, never on one another.

    Args:
        below: whether the name of the beginning stands under its line, since the course rises over it.
    """
    lines, names = [], []
    places: list[float] = []
    for word, value, dash in ((_("目標"), goal, "7 5"), (_("基準値"), start, "2 5")):
        if value is None:
            continue
        y = height(value)
        lines.append(
            svg.tag(
                "line", x1=_LEFT, x2=_RIGHT, y1=y, y2=y,
                stroke=svg.MUTED, stroke_width=1.5, stroke_dasharray=dash,
            )
        )  # fmt: skip
        is_under = below and value is start and y + _LINE < _BOTTOM - 2
        at = y + _LINE if is_under else y - 7
        if places and abs(at - places[0]) < _LINE:
            at = places[0] + _LINE if at >= places[0] else places[0] - _LINE
        at = min(max(at, _SIZE + 2.0), _BOTTOM - 5)
        places.append(at)
        said = f"{word} {wrapping.cut(plot.figure(value) + unit, 12)}"
        names.append(svg.tag("text", said, x=_LEFT + 2, y=at, **_TEXT))
    return lines, names


def _ends(
    dots: Sequence[tuple[date, float]], places: Sequence[float], y: float, goal: float | None, unit: str
) -> list[Markup]:
    """The last value, and the months at both ends."""
    moment, value = dots[-1]
    said = wrapping.cut(plot.figure(value) + unit, 14)
    above = goal is None or not y - 34 < goal - 2 < y - 8
    at = y - 14 if above or y + 28 > _BOTTOM else y + 27
    half = _SIZE * 1.3 * wrapping.width_of(said, 0.6) / 2
    parts = [
        svg.tag(
            "text", said, x=min(places[-1], _RIGHT - half), y=max(at, 18.0), text_anchor="middle",
            **{**_TEXT, **_LARGE},
        ),
        svg.tag("text", month(moment), x=_RIGHT, y=_BOTTOM + 22, text_anchor="end", **_TEXT),
    ]  # fmt: skip
    if month(dots[0][0]) != month(moment):
        first = svg.tag("text", month(dots[0][0]), x=max(places[0] - 24, _LEFT), y=_BOTTOM + 22, **_TEXT)
        parts.append(first)
    return parts


def month(day: date) -> str:
    """「令和8年10月」."""
    return f"{day_words.era_year(day)}年{day.month}月"
