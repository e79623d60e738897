"""Drawings for pages and papers as SVG made on the server: logic models, progress and payment curves.

They need no script and no style sheet, and say in shape what they say in colour, so they print in black and
white. Numbers that are not finite or lie beyond ±10^15 are left out.
"""

import math
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from itertools import chain, count, pairwise
from typing import Final
from zlib import crc32

import regex
from flask import g, has_request_context
from flask_babel import gettext as _
from markupsafe import Markup

#: Columns of a logic model, left to right.
KINDS: Final = ("resource", "activity", "output", "early", "middle", "long")
#: How sure a link of a logic model is, surest first.
EVIDENCE: Final = ("proven", "precedent", "hypothesis")

#: Attributes of an element; None leaves one out.
_Look = Mapping[str, str | float | None]

WIDTH, EDGE, SIZE, LINE = 960.0, 8.0, 14, 20.0
_INK, _MUTED, _GRID, _PAPER, _SHADE = "#1a1a1c", "#595959", "#d8d8db", "#ffffff", "#e6e6e8"
_COLOURS: Final = ("#0017c1", "#a8071a", "#00603a", "#6b3a00", "#5a1e96", "#1a1a1c")
_DASHES: Final = (None, "10 5", "2 5", "12 4 2 4", "5 3", "16 4 2 4 2 4")
_STROKES: Final[Mapping[str, _Look]] = {
    "proven": {"stroke_width": 2.5},
    "precedent": {"stroke_width": 2, "stroke_dasharray": "8 5"},
    "hypothesis": {"stroke_width": 2.5, "stroke_dasharray": "0.1 5", "stroke_linecap": "round"},
}
_LEVELS: Final[tuple[_Look, _Look]] = (
    {"stroke_dasharray": "10 6", "stroke_width": 2},
    {"stroke_dasharray": "2 4", "stroke_width": 2},
)
_TEXT: Final[_Look] = {"font_family": "Noto Sans JP, sans-serif", "font_size": SIZE, "fill": _INK}
_FRAME: Final[_Look] = {"fill": _PAPER, "stroke": _INK, "stroke_width": 1.5}
_HALO: Final[_Look] = {"stroke": _PAPER, "stroke_width": 3, "paint_order": "stroke"}
_PADDING, _ROW_GAP, _HEAD = 7.0, 18.0, 9.0
_COLUMN_GAPS: Final = {1: 0.0, 2: 120.0, 3: 96.0, 4: 64.0, 5: 48.0, 6: 36.0}
#: Width of half-width letters where they must not run out of a box: proportional fonts draw them wider.
_LATIN: Final = 0.58
_PLOT_HEIGHT, _LARGEST = 300.0, 1e15
_UNFIT_XML = regex.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_PIECES = regex.compile(r"[!-~]+|\X")
_NOT_FIRST: Final = frozenset(
    "、。,.,.・:;:;?!?!)」』】〕〉》)]}…ー〜～々ぁぃぅぇぉっゃゅょァィゥェォッャュョ%％円"
)
_NOT_LAST: Final = frozenset("(「『【〔〈《([{")
_serial = count(1)


@dataclass(frozen=True)
class Node:
    """A box of a logic model; ``kind`` is one of KINDS."""

    key: str
    kind: str
    text: str


@dataclass(frozen=True)
class Link:
    """An arrow from one node's key to another's; ``evidence`` is one of EVIDENCE."""

    source: str
    target: str
    evidence: str = "hypothesis"


def logic_model(
    nodes: Sequence[Node], links: Sequence[Link], labels: Mapping[str, str], *, title: str, description: str
) -> Markup:
    """Boxes in a column for each kind that has nodes, with an arrow for each link.

    Neighbouring columns without a link between them get one wide arrow. Links that name an unknown key, and
    nodes of an unknown kind, are left out.

    Args:
        labels: the heading of each kind; where it also names kinds of evidence, a legend explains the lines.
    """
    heading, top = _heading(title)
    columns = [found for kind in KINDS if (found := [node for node in nodes if node.kind == kind])]
    if not columns:
        return _svg(title, description, [*heading, _words(_("まだありません"), EDGE, top + 16)], top + 32)
    gap = _COLUMN_GAPS[len(columns)]
    width = min(320.0, (WIDTH - 2 * EDGE - gap * (len(columns) - 1)) / len(columns))
    left = (WIDTH - len(columns) * width - gap * (len(columns) - 1)) / 2
    heads = [wrapped(labels.get(column[0].kind, column[0].kind), width / SIZE, _LATIN) for column in columns]
    rule = top + max(map(len, heads)) * LINE + 4
    boxes: dict[str, _Box] = {}
    stacks: list[list[_Box]] = []
    body: list[Markup] = []
    for number, column in enumerate(columns):
        x, y = left + number * (width + gap), rule + _ROW_GAP
        body += [
            _lines(heads[number], x + width / 2, top + 14, text_anchor="middle", font_weight="bold"),
            _tag("line", x1=x, y1=rule, x2=x + width, y2=rule, stroke=_INK, stroke_width=2),
        ]
        stacks.append([])
        for node in column:
            text = wrapped(node.text, (width - 2 * _PADDING) / SIZE, _LATIN)
            box = _Box(number, x, y, width, len(text) * LINE + 2 * _PADDING)
            boxes.setdefault(node.key, box)
            stacks[-1].append(box)
            y += box.height + _ROW_GAP
            body += [
                _frame(box),
                _lines(text, box.x + _PADDING, box.y + _PADDING + 15),
            ]
    drawn = [
        (boxes[link.source], boxes[link.target], link.evidence if link.evidence in EVIDENCE else EVIDENCE[-1])
        for link in links
        if link.source in boxes and link.target in boxes and link.source != link.target
    ]
    arrows = _arrows(drawn, stacks)
    joined = {(min(a.column, b.column), max(a.column, b.column)) for a, b, _evidence in drawn}
    for number, (one, other) in enumerate(pairwise(stacks)):
        if (number, number + 1) not in joined:
            shorter = min(one[-1].bottom, other[-1].bottom) - one[0].y
            arrows.append(_wide_arrow(one[0].right + 5, other[0].x - 5, one[0].y + min(shorter / 2, 60), gap))
    bottom = max(stack[-1].bottom for stack in stacks) + _ROW_GAP
    legend, bottom = _legend(
        [
            (labels[kind], {"stroke": _INK, **_STROKES[kind]})
            for kind in EVIDENCE
            if kind in labels and any(kind == evidence for _a, _b, evidence in drawn)
        ],
        bottom,
    )
    return _svg(title, description, [*heading, *arrows, *body, *legend], bottom + EDGE)


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
    heading, top = _heading(title)
    dots = sorted((moment, float(value)) for moment, value in points if _sane(value))
    levels = [
        (word, float(value), style)
        for word, value, style in (
            (str(_("目標")), target, _LEVELS[0]),
            (str(_("はじめ")), baseline, _LEVELS[1]),
        )
        if value is not None and _sane(value)
    ]
    told = [f"{word} {_figure(value)}{unit}" for word, value, _style in levels]
    told += [f"{day(moment)} {_figure(value)}{unit}" for moment, value in dots]
    if not told:
        return _svg(title, title, [*heading, _words(_("まだ記録がありません"), EDGE, top + 16)], top + 32)
    values = [value for _moment, value in dots] + [value for _word, value, _style in levels]
    low, high = min(values), max(values)
    if 0 < low <= high / 2 or high / 2 <= high < 0:
        low, high = min(low, 0.0), max(high, 0.0)
    start = float(baseline) if len(dots) == 1 and baseline is not None and _sane(baseline) else None
    first, last = (dots[0][0].toordinal(), dots[-1][0].toordinal()) if dots else (0, 0)
    if first == last:
        first, last = first - 1, last + (start is None)
    up = _ticks(low, high)
    plot = _Plot.fitted(
        (first, last), up, [_decimal(tick, up) for tick in up], top + 44, 180 if levels else 24
    )
    room = _Room()
    body = [*heading, _words(_cut(unit, 40), plot.left, top + 16), *plot.grid_up(up, "")]
    body += _levels(levels, unit, plot, room)
    places = [(plot.x(moment.toordinal()), plot.y(value)) for moment, value in dots]
    # The day of the baseline is often not known, so it stands at the left edge without one.
    before = [] if start is None else [(plot.x(first), plot.y(start))]
    course = [*before, *places]
    line = _polyline(course, stroke=_COLOURS[0], stroke_width=2.5) if len(course) > 1 else Markup()
    marks = [
        _tag("circle", cx=x, cy=y, r=5 if len(dots) <= 40 else 3, fill=_COLOURS[0], stroke=_PAPER)
        for x, y in places
    ]
    texts: list[Markup] = []
    for x, y in before:
        marks.append(
            _tag(
                "rect",
                x=x - 5,
                y=y - 5,
                width=10,
                height=10,
                fill=_PAPER,
                stroke=_COLOURS[0],
                stroke_width=2.5,
            )
        )
        texts += room.put(str(_("はじめ")), x, [plot.bottom + 24], apart=10)
        texts += room.put(_figure(start or 0.0), x, [y - 12, y + 24])
    order = dict.fromkeys([len(dots) - 1, 0, *range(len(dots))] if dots else [])
    dated: set[date] = set()
    for number in order:
        (moment, value), (x, y) = dots[number], places[number]
        around = [height for _x, height in places[max(0, number - 1) : number + 2]]
        sides = [y - 12, y + 24] if y - sum(around) / len(around) < 8 else [y + 24, y - 12]
        texts += room.put(_figure(value), x, [height for height in sides if height < plot.bottom - 4])
        if moment not in dated:
            said = room.put(_cut(day(moment), 20), x, [plot.bottom + 24], apart=10)
            tick = _tag("line", x1=x, y1=plot.bottom, x2=x, y2=plot.bottom + 6, stroke=_INK)
            texts += [*said, tick] if said else []
            dated.add(moment)
    return _svg(title, "、".join(told), [*body, line, *marks, *texts], plot.bottom + 40)


def payment_curve(
    series: Sequence[tuple[str, Sequence[tuple[float, float]]]],
    *,
    marked: Sequence[tuple[float, float, str]] = (),
    x_label: str,
    y_label: str,
    title: str,
) -> Markup:
    """Yen paid for a value, a line for each named series, with single points marked and labelled."""
    heading, top = _heading(title)
    curves = [
        (name, sorted(((float(x), float(y)) for x, y in points if _sane(x, y)), key=lambda point: point[0]))
        for name, points in series
    ]
    rings = [(float(x), float(y), label) for x, y, label in marked if _sane(x, y)]
    told = [
        f"{name}: " + "、".join(f"{_figure(x)} → {_figure(y)}円" for x, y in points)
        for name, points in curves
    ]
    told += [f"{label}: {_figure(x)} → {_figure(y)}円" for x, y, label in rings]
    everything = [*chain.from_iterable(points for _name, points in curves), *((x, y) for x, y, _l in rings)]
    across = _ticks(min((x for x, _y in everything), default=0), max((x for x, _y in everything), default=1))
    up = _ticks(min(0.0, *(y for _x, y in everything), 0.0), max(0.0, *(y for _x, y in everything), 0.0), 1)
    looks = [_look(number) for number in range(len(curves))]
    names = [(name, look) for (name, _points), look in zip(curves, looks, strict=True)]
    legend, top = _legend(names, top)
    plot = _Plot.fitted(
        (across[0], across[-1]), up, [_decimal(tick, up) + "円" for tick in up], top + 44, 32, inset=0
    )
    body = [*heading, *legend, _words(_cut(y_label, 60), EDGE, top + 16), *plot.grid_up(up, "円")]
    room = _Room()
    for tick in across:
        x = plot.x(tick)
        body.append(_tag("line", x1=x, y1=plot.bottom, x2=x, y2=plot.bottom + 6, stroke=_INK))
        body += room.put(_decimal(tick, across), x, [plot.bottom + 24], apart=8)
    body += [
        _lines([_cut(x_label, 60)], (plot.left + plot.right) / 2, plot.bottom + 48, text_anchor="middle")
    ]
    for (_name, points), look in zip(curves, looks, strict=True):
        places = [(plot.x(x), plot.y(y)) for x, y in points]
        if len(places) == 1:
            body.append(_tag("circle", cx=places[0][0], cy=places[0][1], r=4, fill=str(look["stroke"])))
        elif places:
            body.append(_polyline(places, **look))
    spots = [(plot.x(x), plot.y(y), label) for x, y, label in rings]
    for x, y, _label in spots:
        room.block(x - 7, y - 7, x + 7, y + 7)
        body.append(_tag("circle", cx=x, cy=y, r=6, fill=_PAPER, stroke=_INK, stroke_width=2.5))
    for x, y, label in spots:
        steps = [step for far in range(12) for step in (y - 14 - 20 * far, y + 26 + 20 * far)]
        inside = [step for step in steps if plot.top - 20 < step < plot.bottom - 2]
        body += room.put(_cut(label, 24), x, inside or [y - 14], always=True)
    return _svg(title, "。".join(told) or title, body, plot.bottom + 60)


def wrapped(text: str, ems: float, half: float = 0.5) -> list[str]:
    """The lines of a text at most ``ems`` wide: full-width is 1, half-width ``half``; never without a line.

    Words of half-width letters stay whole where they fit; a line begins with no closing mark and ends with
    no opening bracket where that can be helped.
    """
    lines: list[str] = []
    for paragraph in str(text).splitlines() or [""]:
        line: list[str] = []
        wide = 0.0
        for piece in _pieces(_clean(paragraph).strip(), ems, half):
            if line and wide + _ems(piece, half) > ems:
                kept = len(line)
                while kept > 1 and len(line) - kept < 4 and _clings(line[kept - 1], [*line, piece][kept]):
                    kept -= 1
                if _ems("".join(line[kept:]), half) + _ems(piece, half) > ems:
                    kept = len(line)
                lines.append("".join(line[:kept]).rstrip())
                line = line[kept:]
                wide = _ems("".join(line), half)
            if line or not piece.isspace():
                line.append(piece)
                wide += _ems(piece, half)
        lines.append("".join(line).rstrip())
    return lines


@dataclass(frozen=True)
class _Box:
    column: int
    x: float
    y: float
    width: float
    height: float

    @property
    def right(self) -> float:
        return self.x + self.width

    @property
    def bottom(self) -> float:
        return self.y + self.height

    @property
    def middle(self) -> float:
        return self.y + self.height / 2


def _frame(box: _Box) -> Markup:
    return _tag("rect", x=box.x, y=box.y, width=box.width, height=box.height, rx=4, **_FRAME)


@dataclass(frozen=True)
class _Plot:
    across: tuple[float, float]
    up: tuple[float, float]
    left: float
    right: float
    top: float
    inset: float

    @classmethod
    def fitted(
        cls,
        across: tuple[float, float],
        up: Sequence[float],
        ticks: Iterable[str],
        top: float,
        margin: float,
        inset: float = 40,
    ) -> "_Plot":
        left = EDGE + 12 + SIZE * max(map(_ems, ticks)) * 1.2
        return cls(across, (up[0], up[-1]), left, WIDTH - margin, top, inset)

    @property
    def bottom(self) -> float:
        return self.top + _PLOT_HEIGHT

    def x(self, value: float) -> float:
        low, high = self.across
        inner = self.right - self.left - 2 * self.inset
        return self.left + self.inset + (value - low) / (high - low) * inner

    def y(self, value: float) -> float:
        low, high = self.up
        return self.bottom - (value - low) / (high - low) * _PLOT_HEIGHT

    def grid_up(self, ticks: Sequence[float], unit: str) -> list[Markup]:
        parts = []
        for tick in ticks:
            y = self.y(tick)
            colour = _MUTED if tick == 0 else _GRID
            parts += [
                _tag("line", x1=self.left, y1=y, x2=self.right, y2=y, stroke=colour),
                _lines([_decimal(tick, ticks) + unit], self.left - 8, y + 5, text_anchor="end"),
            ]
        sides = {"x1": self.left, "x2": self.left, "y1": self.top, "y2": self.bottom}
        return [*parts, _tag("line", **sides, stroke=_INK)]


@dataclass
class _Room:
    """Where words already stand, so that others do not cover them."""

    taken: list[tuple[float, float, float, float]] = field(default_factory=list)

    def block(self, x0: float, y0: float, x1: float, y1: float) -> None:
        self.taken.append((x0, y0, x1, y1))

    def put(
        self, text: str, x: float, heights: Sequence[float], *, apart: float = 2, always: bool = False
    ) -> list[Markup]:
        """The text centred at x on the first free height; nothing where none is free, or the first."""
        half = SIZE * _ems(text) * 0.6
        x = min(max(x, EDGE + half), WIDTH - EDGE - half)
        for y in heights:
            spot = (x - half - apart, y - SIZE, x + half + apart, y + 4)
            if all(spot[0] >= c or spot[2] <= a or spot[1] >= d or spot[3] <= b for a, b, c, d in self.taken):
                break
        else:
            if not always:
                return []
            y = heights[0]
            spot = (x - half, y - SIZE, x + half, y + 4)
        self.taken.append(spot)
        return [_tag("text", text, x=x, y=y, **{**_TEXT, **_HALO, "text_anchor": "middle"})]


def _arrows(drawn: Sequence[tuple[_Box, _Box, str]], stacks: Sequence[Sequence[_Box]]) -> list[Markup]:
    """The links as curves: ends spread over the sides of their boxes, columns between crossed in a gap."""
    sides: defaultdict[tuple[_Box, float], list[tuple[float, int, int]]] = defaultdict(list)
    for number, (source, target, _evidence) in enumerate(drawn):
        for end, (box, other) in enumerate(((source, target), (target, source))):
            toward = _toward(box, other, len(stacks))
            sides[box, toward].append((other.middle, number, end))
    ports: dict[tuple[int, int], tuple[float, float, float]] = {}
    for (box, toward), ends in sides.items():
        for place, (_y, number, end) in enumerate(sorted(ends), 1):
            x = box.right if toward > 0 else box.x
            ports[number, end] = (x, box.y + box.height * place / (len(ends) + 1), toward)
    crossings: Counter[tuple[int, float]] = Counter()
    parts = []
    for number, (source, target, evidence) in enumerate(drawn):
        (x, y, out), (to_x, to_y, side) = ports[number, 0], ports[number, 1]
        path = f"M {_number(x)} {_number(y)}"
        step = 1 if target.column > source.column else -1
        for column in (
            range(source.column + step, target.column, step) if source.column != target.column else ()
        ):
            stack = stacks[column]
            enter, leave = (stack[0].x, stack[0].right)[::step]
            ideal = y + (to_y - y) * (enter - x) / (to_x - x)
            channels = [stack[0].y - _ROW_GAP / 2, *(box.bottom + _ROW_GAP / 2 for box in stack)]
            channel = min(channels, key=lambda height: abs(height - ideal))
            crossings[column, channel] += 1
            shift = (0, -4, 4, -7, 7, -2, 2)[(crossings[column, channel] - 1) % 7]
            path += _curve(x, y, enter, channel + shift, out, -out) + f" H {_number(leave)}"
            x, y = leave, channel + shift
        path += _curve(x, y, to_x + side * _HEAD, to_y, out, side)
        tip = (
            (to_x + side, to_y),
            (to_x + side * (_HEAD + 1), to_y - 5),
            (to_x + side * (_HEAD + 1), to_y + 5),
        )
        parts += [
            _tag("path", d=path, fill="none", stroke=_INK, **_STROKES[evidence]),
            _tag("polygon", points=_pairs(tip), fill=_INK),
        ]
    return parts


def _toward(box: _Box, other: _Box, columns: int) -> float:
    """The side a link leaves by: 1 right, -1 left; within a column the side that has room."""
    if box.column == other.column:
        return -1 if columns > 1 and box.column == columns - 1 else 1
    return 1 if other.column > box.column else -1


def _curve(x: float, y: float, to_x: float, to_y: float, out: float, into: float) -> str:
    bend = max(abs(to_x - x) / 2, 18)
    spots = ((x + out * bend, y), (to_x + into * bend, to_y), (to_x, to_y))
    return " C " + ", ".join(f"{_number(a)} {_number(b)}" for a, b in spots)


def _wide_arrow(x0: float, x1: float, y: float, gap: float) -> Markup:
    thick = min(gap / 3, 20)
    neck = x1 - thick * 0.9
    upper = [(x0, y - thick / 2), (neck, y - thick / 2), (neck, y - thick), (x1, y)]
    points = [*upper, *((x, 2 * y - above) for x, above in reversed(upper[:-1]))]
    return _tag("polygon", points=_pairs(points), fill=_SHADE, stroke=_INK, stroke_width=1.5)


def _levels(levels: Sequence[tuple[str, float, _Look]], unit: str, plot: _Plot, room: _Room) -> list[Markup]:
    """Lines across the plot, each named at its right end; two that lie close have their names apart."""
    parts = []
    heights = [plot.y(value) for _word, value, _style in levels]
    if len(heights) == 2 and abs(heights[0] - heights[1]) < LINE:
        middle, upper = sum(heights) / 2, 0 if heights[0] <= heights[1] else 1
        heights = (
            [middle - LINE / 2, middle + LINE / 2] if upper == 0 else [middle + LINE / 2, middle - LINE / 2]
        )
    for (word, value, style), height in zip(levels, heights, strict=True):
        y = plot.y(value)
        parts += [
            _tag("line", x1=plot.left, y1=y, x2=plot.right, y2=y, stroke=_INK, **style),
            _words(_cut(f"{word} {_figure(value)}{unit}", 11.5), plot.right + 6, height + 5),
        ]
        room.block(plot.right, height - LINE / 2, WIDTH, height + LINE / 2)
    return parts


def _legend(entries: Sequence[tuple[str, _Look]], top: float) -> tuple[list[Markup], float]:
    """Line samples with their names, in as many rows as they need, and where the rows end."""
    parts: list[Markup] = []
    x = EDGE
    for name, look in entries:
        said = _cut(name, 56)
        wide = 60 + SIZE * _ems(said) * 1.2
        if x > EDGE and x + wide > WIDTH - EDGE:
            x, top = EDGE, top + 24
        parts += [
            _tag("line", x1=x + 2, y1=top + 12, x2=x + 44, y2=top + 12, **look),
            _words(said, x + 52, top + 17),
        ]
        x += wide + 16
    return parts, top + 28 if entries else top


def _look(number: int) -> dict[str, str | float | None]:
    """Colour, dash and width of a series; the first 36 differ in colour or dash, the first 6 in both."""
    turn = number // len(_DASHES)
    return {
        "stroke": _COLOURS[(number + turn) % len(_COLOURS)],
        "stroke_dasharray": _DASHES[number % len(_DASHES)],
        "stroke_width": 2.5 + turn % 3,
    }


def _heading(title: str) -> tuple[list[Markup], float]:
    lines = wrapped(title, (WIDTH - 2 * EDGE) / 18)
    shown = _lines(lines, EDGE, 24, font_size=18, font_weight="bold", step=26)
    return [shown], 16 + 26.0 * len(lines)


def _words(text: str, x: float, y: float) -> Markup:
    return _lines([text], x, y)


def _lines(
    lines: Sequence[str], x: float, y: float, *, step: float = LINE, **attributes: str | float | None
) -> Markup:
    look: _Look = {**_TEXT, **attributes}
    if len(lines) == 1:
        return _tag("text", lines[0], x=x, y=y, **look)
    spans = (_tag("tspan", line, x=x, y=y + step * number) for number, line in enumerate(lines) if line)
    return _tag("text", *spans, **look)


def _polyline(places: Iterable[tuple[float, float]], **look: str | float | None) -> Markup:
    return _tag("polyline", points=_pairs(places), fill="none", stroke_linejoin="round", **look)


def _pairs(places: Iterable[tuple[float, float]]) -> str:
    return " ".join(f"{_number(x)},{_number(y)}" for x, y in places)


def _number_on_page() -> int:
    """Counted anew for each request, so that a page that says the same is the same to the last character."""
    if not has_request_context():
        return next(_serial)
    g.drawings = g.get("drawings", 0) + 1
    return int(g.drawings)


def _svg(title: str, description: str, body: Iterable[Markup], height: float) -> Markup:
    name = f"drawing-{_number_on_page()}-{crc32(_clean(title).encode()):08x}"
    return _tag(
        "svg",
        _tag("title", " ".join(str(title).split()), id=f"{name}-title"),
        _tag("desc", str(description), id=f"{name}-desc"),
        _tag("rect", width=WIDTH, height=height, fill=_PAPER),
        *body,
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {_number(WIDTH)} {_number(height)}",
        width="100%",
        role="img",
        class_="chart",
        aria_labelledby=f"{name}-title",
        aria_describedby=f"{name}-desc",
    )


def _tag(element: str, /, *content: str, **attributes: str | float | None) -> Markup:
    """One element; ``stroke_width`` becomes stroke-width, and all that is not Markup already is escaped."""
    named = Markup().join(
        Markup(' {}="{}"').format(
            key.rstrip("_").replace("_", "-"), _clean(value) if isinstance(value, str) else _number(value)
        )
        for key, value in attributes.items()
        if value is not None
    )
    inner = Markup().join(part if isinstance(part, Markup) else _clean(part) for part in content)
    return Markup("<{0}{1}>{2}</{0}>").format(element, named, inner)


def _clean(text: str) -> str:
    """The plain text, be it lazy or Markup, without the characters that XML does not allow."""
    return str(_UNFIT_XML.sub("", str(text)))


def _number(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


def _sane(*values: float) -> bool:
    return all(math.isfinite(value) and abs(value) <= _LARGEST for value in values)


def _ticks(low: float, high: float, least: float = 0) -> list[float]:
    """Round numbers, at most about eight, the first not above ``low`` and the last not below ``high``."""
    if high - low < max(1e-6, max(abs(low), abs(high)) * 1e-9):
        pad = max(1.0, abs(high) * 0.1)
        low, high = (max(0.0, low - pad) if low >= 0 else low - pad), high + pad
    rough = max((high - low) / 5, least)
    power = 10.0 ** math.floor(math.log10(rough))
    step = next((power * size for size in (1, 2, 5) if power * size >= rough * 0.999), power * 10)
    places = max(0, -math.floor(math.log10(step) + 1e-9))
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [round(number * step, places) + 0.0 for number in range(first, last + 1)]


def _decimal(tick: float, ticks: Sequence[float]) -> str:
    """A tick with as many decimals as its axis needs."""
    step = ticks[1] - ticks[0]
    return f"{tick:,.{max(0, -math.floor(math.log10(step) + 1e-6))}f}"


def _figure(value: float) -> str:
    said = f"{value:,.{2 if abs(value) >= 1 else 4}f}".rstrip("0").rstrip(".")
    return "0" if said in {"", "-0", "0"} else said


def _ems(text: str, half: float = 0.5) -> float:
    """Width on the screen: full-width is 1, half-width ``half``, joining marks nothing."""
    if len(text) == 1:
        return _em(text, half)
    return sum(max(_em(character, half) for character in cluster) for cluster in regex.findall(r"\X", text))


@lru_cache(maxsize=4096)
def _em(character: str, half: float) -> float:
    if unicodedata.combining(character) or unicodedata.category(character) in {"Mn", "Me", "Cf", "Cc"}:
        return 0.0
    return 1.0 if unicodedata.east_asian_width(character) in "WFA" else half


def _pieces(text: str, ems: float, half: float) -> Iterable[str]:
    """Half-width words and single characters; a word that is longer than a line comes in letters."""
    for piece in _PIECES.findall(text):
        if len(piece) > 1 and piece.isascii() and _ems(piece, half) > ems:
            yield from piece
        else:
            yield piece


def _clings(before: str, after: str) -> bool:
    return before[-1] in _NOT_LAST or after[0] in _NOT_FIRST


def _cut(text: str, ems: float) -> str:
    """The text on one line, its end left out where it is too wide."""
    line = _clean(" ".join(str(text).split()))
    if _ems(line) <= ems:
        return line
    kept, wide = [], 1.0
    for cluster in regex.findall(r"\X", line):
        wide += _ems(cluster)
        if wide > ems:
            break
        kept.append(cluster)
    return "".join(kept) + "…"
