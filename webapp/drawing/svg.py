"""The elements of a drawing: nothing unescaped, and one look for words and lines."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import count
from typing import Final
from zlib import crc32

from flask import g, has_request_context
from markupsafe import Markup

from webapp.drawing import wrapping

#: Attributes of an element; None leaves one out.
Look = Mapping[str, str | float | None]
WIDTH, EDGE, SIZE, LINE = 960.0, 8.0, 14, 20.0
BLUE: Final = "#0017c1"
INK, MUTED, GRID, PAPER, SHADE = "#1a1a1c", "#595959", "#d8d8db", "#ffffff", "#e6e6e8"
TEXT: Final[Look] = {"font_family": "Noto Sans JP, sans-serif", "font_size": SIZE, "fill": INK}
_serial = count(1)


def image(
    title: str,
    description: str,
    body: Iterable[Markup],
    height: float,
    name: str = "",
    *,
    width: float = WIDTH,
    look: str = "chart",
) -> Markup:
    """A whole drawing ``height`` high, with what it shows in words; ``name`` begins its ids."""
    name = name or f"drawing-{_number_on_page()}-{crc32(wrapping.clean(title).encode()):08x}"
    return tag(
        "svg",
        tag("title", " ".join(str(title).split()), id=f"{name}-title"),
        tag("desc", str(description), id=f"{name}-desc"),
        tag("rect", width=width, height=height, fill=PAPER),
        *body,
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {number(width)} {number(height)}",
        width="100%",
        role="img",
        class_=look,
        aria_labelledby=f"{name}-title",
        aria_describedby=f"{name}-desc",
    )


def tag(element: str, /, *content: str, **attributes: str | float | None) -> Markup:
    """One element; ``stroke_width`` becomes stroke-width, and all that is not Markup already is escaped."""
    named = Markup().join(
        Markup(' {}="{}"').format(
            key.rstrip("_").replace("_", "-"),
            wrapping.clean(value) if isinstance(value, str) else number(value),
        )
        for key, value in attributes.items()
        if value is not None
    )
    inner = Markup().join(part if isinstance(part, Markup) else wrapping.clean(part) for part in content)
    return Markup("<{0}{1}>{2}</{0}>").format(element, named, inner)


def spans(
    lines: Sequence[str], x: float, y: float, *, step: float = LINE, **attributes: str | float | None
) -> Markup:
    """Lines of text below each other, the first at y."""
    look: Look = {**TEXT, **attributes}
    if len(lines) == 1:
        return tag("text", lines[0], x=x, y=y, **look)
    parts = (tag("tspan", line, x=x, y=y + step * number) for number, line in enumerate(lines) if line)
    return tag("text", *parts, **look)


def words(text: str, x: float, y: float) -> Markup:
    """One line of text."""
    return spans([text], x, y)


def heading(title: str) -> tuple[list[Markup], float]:
    """The title on top, and where the rest begins."""
    lines = wrapping.wrapped(title, (WIDTH - 2 * EDGE) / 18)
    shown = spans(lines, EDGE, 24, font_size=18, font_weight="bold", step=26)
    return [shown], 16 + 26.0 * len(lines)


def polyline(places: Iterable[tuple[float, float]], **look: str | float | None) -> Markup:
    """A line through places."""
    return tag("polyline", points=pairs(places), fill="none", stroke_linejoin="round", **look)


def pairs(places: Iterable[tuple[float, float]]) -> str:
    """Places as an attribute."""
    return " ".join(f"{number(x)},{number(y)}" for x, y in places)


def number(value: float) -> str:
    """A number as an attribute, to a tenth."""
    return f"{value:.1f}".removesuffix(".0")


def legend(entries: Sequence[tuple[str, Look]], top: float) -> tuple[list[Markup], float]:
    """Line samples with their names, in as many rows as they need, and where the rows end."""
    parts: list[Markup] = []
    x = EDGE
    for name, look in entries:
        said = wrapping.cut(name, 56)
        wide = 60 + SIZE * wrapping.width_of(said) * 1.2
        if x > EDGE and x + wide > WIDTH - EDGE:
            x, top = EDGE, top + 24
        parts += [
            tag("line", x1=x + 2, y1=top + 12, x2=x + 44, y2=top + 12, **look),
            words(said, x + 52, top + 17),
        ]
        x += wide + 16
    return parts, top + 28 if entries else top


def _number_on_page() -> int:
    """Counted anew for each request, so that a page that says the same is the same to the last character."""
    if not has_request_context():
        return next(_serial)
    g.drawings = g.get("drawings", 0) + 1
    return int(g.drawings)
