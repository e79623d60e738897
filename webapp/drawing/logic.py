"""The logic model of a plan: boxes in columns and the arrows between them."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from flask_babel import gettext as _
from markupsafe import Markup

from webapp.drawing import svg, wrapping

#: Columns of a logic model, left to right.
KINDS: Final = ("resource", "activity", "output", "early", "middle", "long")
#: How sure a link of a logic model is, surest first.
EVIDENCE: Final = ("proven", "precedent", "hypothesis")
_STROKES: Final[Mapping[str, svg.Look]] = {
    "proven": {"stroke_width": 2.5},
    "precedent": {"stroke_width": 2, "stroke_dasharray": "8 5"},
    "hypothesis": {"stroke_width": 2.5, "stroke_dasharray": "0.1 5", "stroke_linecap": "round"},
}
_FRAME: Final[svg.Look] = {"fill": svg.PAPER, "stroke": svg.INK, "stroke_width": 1.5}
_PADDING, _ROW_GAP, _HEAD = 7.0, 18.0, 9.0
_COLUMN_GAPS: Final = {1: 0.0, 2: 120.0, 3: 96.0, 4: 64.0, 5: 48.0, 6: 36.0}
#: Width of half-width letters where they must not run out of a box: proportional fonts draw them wider.
_LATIN: Final = 0.58


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
    nodes: Sequence[Node],
    links: Sequence[Link],
    labels: Mapping[str, str],
    *,
    title: str,
    description: str,
    name: str = "",
) -> Markup:
    """Boxes in a column for each kind that has nodes, with an arrow for each link.

    Neighbouring columns without a link between them get one wide arrow. Links that name an unknown key, and
    nodes of an unknown kind, are left out.

    Args:
        labels: the heading of each kind; where it also names kinds of evidence, a legend explains the lines.
        name: begins its ids; without it they are new each time, so that a page may hold the same twice.
    """
    heading, top = svg.heading(title)
    columns = [found for kind in KINDS if (found := [node for node in nodes if node.kind == kind])]
    if not columns:
        nothing = [*heading, svg.words(_("まだありません"), svg.EDGE, top + 16)]
        return svg.image(title, description, nothing, top + 32, name)
    gap = _COLUMN_GAPS[len(columns)]
    width = min(320.0, (svg.WIDTH - 2 * svg.EDGE - gap * (len(columns) - 1)) / len(columns))
    left = (svg.WIDTH - len(columns) * width - gap * (len(columns) - 1)) / 2
    heads = [
        wrapping.wrapped(labels.get(column[0].kind, column[0].kind), width / svg.SIZE, _LATIN)
        for column in columns
    ]
    rule = top + max(map(len, heads)) * svg.LINE + 4
    boxes: dict[str, _Box] = {}
    stacks: list[list[_Box]] = []
    body: list[Markup] = []
    for number, column in enumerate(columns):
        x, y = left + number * (width + gap), rule + _ROW_GAP
        body += [
            svg.spans(heads[number], x + width / 2, top + 14, text_anchor="middle", font_weight="bold"),
            svg.tag("line", x1=x, y1=rule, x2=x + width, y2=rule, stroke=svg.INK, stroke_width=2),
        ]
        stacks.append([])
        for node in column:
            text = wrapping.wrapped(node.text, (width - 2 * _PADDING) / svg.SIZE, _LATIN)
            box = _Box(number, x, y, width, len(text) * svg.LINE + 2 * _PADDING)
            boxes.setdefault(node.key, box)
            stacks[-1].append(box)
            y += box.height + _ROW_GAP
            body += [
                _frame(box),
                svg.spans(text, box.x + _PADDING, box.y + _PADDING + 15),
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
    legend, bottom = svg.legend(
        [
            (labels[kind], {"stroke": svg.INK, **_STROKES[kind]})
            for kind in EVIDENCE
            if kind in labels and any(kind == evidence for _a, _b, evidence in drawn)
        ],
        bottom,
    )
    return svg.image(title, description, [*heading, *arrows, *body, *legend], bottom + svg.EDGE, name)


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
    return svg.tag("rect", x=box.x, y=box.y, width=box.width, height=box.height, rx=4, **_FRAME)


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
        path = f"M {svg.number(x)} {svg.number(y)}"
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
            path += _curve(x, y, enter, channel + shift, out, -out) + f" H {svg.number(leave)}"
            x, y = leave, channel + shift
        path += _curve(x, y, to_x + side * _HEAD, to_y, out, side)
        tip = (
            (to_x + side, to_y),
            (to_x + side * (_HEAD + 1), to_y - 5),
            (to_x + side * (_HEAD + 1), to_y + 5),
        )
        parts += [
            svg.tag("path", d=path, fill="none", stroke=svg.INK, **_STROKES[evidence]),
            svg.tag("polygon", points=svg.pairs(tip), fill=svg.INK),
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
    return " C " + ", ".join(f"{svg.number(a)} {svg.number(b)}" for a, b in spots)


def _wide_arrow(x0: float, x1: float, y: float, gap: float) -> Markup:
    thick = min(gap / 3, 20)
    neck = x1 - thick * 0.9
    upper = [(x0, y - thick / 2), (neck, y - thick / 2), (neck, y - thick), (x1, y)]
    points = [*upper, *((x, 2 * y - above) for x, above in reversed(upper[:-1]))]
    return svg.tag("polygon", points=svg.pairs(points), fill=svg.SHADE, stroke=svg.INK, stroke_width=1.5)
