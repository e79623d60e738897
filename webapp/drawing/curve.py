"""What is paid for which value."""

from collections.abc import Sequence
from itertools import chain
from typing import Final

from markupsafe import Markup

from webapp.drawing import plot, svg, wrapping

_COLOURS: Final = ("#0017c1", "#a8071a", "#00603a", "#6b3a00", "#5a1e96", "#1a1a1c")
_DASHES: Final = (None, "10 5", "2 5", "12 4 2 4", "5 3", "16 4 2 4 2 4")


def payment_curve(
    series: Sequence[tuple[str, Sequence[tuple[float, float]]]],
    *,
    marked: Sequence[tuple[float, float, str]] = (),
    x_label: str,
    y_label: str,
    title: str,
) -> Markup:
    """Yen paid for a value, a line for each named series, with single points marked and labelled."""
    heading, top = svg.heading(title)
    curves = [
        (
            name,
            sorted(
                ((float(x), float(y)) for x, y in points if plot.is_sane(x, y)), key=lambda point: point[0]
            ),
        )
        for name, points in series
    ]
    rings = [(float(x), float(y), label) for x, y, label in marked if plot.is_sane(x, y)]
    told = [
        f"{name}: " + "、".join(f"{plot.figure(x)} → {plot.figure(y)}円" for x, y in points)
        for name, points in curves
    ]
    told += [f"{label}: {plot.figure(x)} → {plot.figure(y)}円" for x, y, label in rings]
    everything = [*chain.from_iterable(points for _name, points in curves), *((x, y) for x, y, _l in rings)]
    across = plot.ticks(
        min((x for x, _y in everything), default=0), max((x for x, _y in everything), default=1)
    )
    up = plot.ticks(
        min(0.0, *(y for _x, y in everything), 0.0), max(0.0, *(y for _x, y in everything), 0.0), 1
    )
    looks = [_look(number) for number in range(len(curves))]
    names = [(name, look) for (name, _points), look in zip(curves, looks, strict=True)]
    legend, top = svg.legend(names, top)
    field = plot.Plot.fitted(
        (across[0], across[-1]), up, [plot.decimal(tick, up) + "円" for tick in up], top + 44, 32, inset=0
    )
    body = [
        *heading,
        *legend,
        svg.words(wrapping.cut(y_label, 60), svg.EDGE, top + 16),
        *field.grid_up(up, "円"),
    ]
    room = plot.Room()
    for tick in across:
        x = field.x(tick)
        body.append(svg.tag("line", x1=x, y1=field.bottom, x2=x, y2=field.bottom + 6, stroke=svg.INK))
        body += room.put(plot.decimal(tick, across), x, [field.bottom + 24], apart=8)
    body += [
        svg.spans(
            [wrapping.cut(x_label, 60)],
            (field.left + field.right) / 2,
            field.bottom + 48,
            text_anchor="middle",
        )
    ]
    for (_name, points), look in zip(curves, looks, strict=True):
        places = [(field.x(x), field.y(y)) for x, y in points]
        if len(places) == 1:
            body.append(svg.tag("circle", cx=places[0][0], cy=places[0][1], r=4, fill=str(look["stroke"])))
        elif places:
            body.append(svg.polyline(places, **look))
    spots = [(field.x(x), field.y(y), label) for x, y, label in rings]
    for x, y, _label in spots:
        room.block(x - 7, y - 7, x + 7, y + 7)
        body.append(svg.tag("circle", cx=x, cy=y, r=6, fill=svg.PAPER, stroke=svg.INK, stroke_width=2.5))
    for x, y, label in spots:
        steps = [step for far in range(12) for step in (y - 14 - 20 * far, y + 26 + 20 * far)]
        inside = [step for step in steps if field.top - 20 < step < field.bottom - 2]
        body += room.put(wrapping.cut(label, 24), x, inside or [y - 14], always=True)
    return svg.image(title, "。".join(told) or title, body, field.bottom + 60)


def _look(number: int) -> dict[str, str | float | None]:
    """Colour, dash and width of a series; the first 36 differ in colour or dash, the first 6 in both."""
    turn = number // len(_DASHES)
    return {
        "stroke": _COLOURS[(number + turn) % len(_COLOURS)],
        "stroke_dasharray": _DASHES[number % len(_DASHES)],
        "stroke_width": 2.5 + turn % 3,
    }
