"""The field in which values are drawn: its axes, its ticks, and where words still have room.

Numbers that are not finite or lie beyond ±10^15 are left out.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from markupsafe import Markup

from webapp.drawing import svg, wrapping

_HALO: Final[svg.Look] = {"stroke": svg.PAPER, "stroke_width": 3, "paint_order": "stroke"}
_PLOT_HEIGHT, _LARGEST = 300.0, 1e15


@dataclass(frozen=True)
class Plot:
    """From values (``across``, ``up``) to places between its edges."""

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
    ) -> "Plot":
        """With room for the words of its ticks on the left."""
        left = svg.EDGE + 12 + svg.SIZE * max(map(wrapping.width_of, ticks)) * 1.2
        return cls(across, (up[0], up[-1]), left, svg.WIDTH - margin, top, inset)

    @property
    def bottom(self) -> float:
        """Where the axis across lies."""
        return self.top + _PLOT_HEIGHT

    def x(self, value: float) -> float:
        """The place of a value across."""
        low, high = self.across
        inner = self.right - self.left - 2 * self.inset
        return self.left + self.inset + (value - low) / (high - low) * inner

    def y(self, value: float) -> float:
        """The place of a value up."""
        low, high = self.up
        return self.bottom - (value - low) / (high - low) * _PLOT_HEIGHT

    def grid_up(self, ticks: Sequence[float], unit: str) -> list[Markup]:
        """A line across for each tick, with its number."""
        parts = []
        for tick in ticks:
            y = self.y(tick)
            colour = svg.MUTED if tick == 0 else svg.GRID
            parts += [
                svg.tag("line", x1=self.left, y1=y, x2=self.right, y2=y, stroke=colour),
                svg.spans([decimal(tick, ticks) + unit], self.left - 8, y + 5, text_anchor="end"),
            ]
        sides = {"x1": self.left, "x2": self.left, "y1": self.top, "y2": self.bottom}
        return [*parts, svg.tag("line", **sides, stroke=svg.INK)]


@dataclass
class Room:
    """Where words already stand, so that others do not cover them."""

    taken: list[tuple[float, float, float, float]] = field(default_factory=list)

    def block(self, x0: float, y0: float, x1: float, y1: float) -> None:
        """Let no words stand here."""
        self.taken.append((x0, y0, x1, y1))

    def put(
        self, text: str, x: float, heights: Sequence[float], *, apart: float = 2, always: bool = False
    ) -> list[Markup]:
        """The text centred at x on the first free height; nothing where none is free, or the first."""
        half = svg.SIZE * wrapping.width_of(text) * 0.6
        x = min(max(x, svg.EDGE + half), svg.WIDTH - svg.EDGE - half)
        for y in heights:
            spot = (x - half - apart, y - svg.SIZE, x + half + apart, y + 4)
            if all(spot[0] >= c or spot[2] <= a or spot[1] >= d or spot[3] <= b for a, b, c, d in self.taken):
                break
        else:
            if not always:
                return []
            y = heights[0]
            spot = (x - half, y - svg.SIZE, x + half, y + 4)
        self.taken.append(spot)
        return [svg.tag("text", text, x=x, y=y, **{**svg.TEXT, **_HALO, "text_anchor": "middle"})]


def is_sane(*values: float) -> bool:
    """Whether these can be drawn."""
    return all(math.isfinite(value) and abs(value) <= _LARGEST for value in values)


def ticks(low: float, high: float, least: float = 0) -> list[float]:
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


def decimal(tick: float, ticks: Sequence[float]) -> str:
    """A tick with as many decimals as its axis needs."""
    step = ticks[1] - ticks[0]
    return f"{tick:,.{max(0, -math.floor(math.log10(step) + 1e-6))}f}"


def figure(value: float) -> str:
    """A value in words, without noise behind the point."""
    said = f"{value:,.{2 if abs(value) >= 1 else 4}f}".rstrip("0").rstrip(".")
    return "0" if said in {"", "-0", "0"} else said
