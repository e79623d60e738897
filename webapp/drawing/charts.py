"""Charts as SVG, drawn on the server: they print, need no script, and carry their numbers as text."""

from collections.abc import Sequence
from html import escape
from typing import Final

WIDTH, HEIGHT, LEFT, BOTTOM, TOP, RIGHT = 640, 400, 64, 56, 40, 16
_INK, _LINE, _MUTED = "#1a1a1c", "#0017c1", "#767676"
_FONT: Final = "font-family='Noto Sans JP, sans-serif' font-size='14'"


def calibration(steps: Sequence[tuple[float, float, int]], title: str, across: str, up: str) -> str:
    """Shown score against the share that was good, a dot for each step, as large as it has pairs.

    Args:
        steps: (mean score, share of good ones, count), all but the count in [0, 1].
    """
    most = max((count for *_figures, count in steps), default=1)
    dots, points = [], []
    for score, share, count in steps:
        x, y = _place(score, share)
        points.append(f"{x:.1f},{y:.1f}")
        dots.append(
            f"<circle cx='{x:.1f}' cy='{y:.1f}' r='{4 + 10 * (count / most) ** 0.5:.1f}' fill='{_LINE}' "
            f"fill-opacity='0.5'><title>{score:.2f} → {share:.2f} ({count})</title></circle>"
            f"<text x='{x:.1f}' y='{y - 16:.1f}' text-anchor='middle' {_FONT} fill='{_INK}'>{count}</text>"
        )
    (x0, y0), (x1, y1) = _place(0, 0), _place(1, 1)
    line = f"<line x1='{x0}' y1='{y0}' x2='{x1}' y2='{y1}' stroke='{_MUTED}' stroke-dasharray='6 4'/>"
    curve = f"<polyline points='{' '.join(points)}' fill='none' stroke='{_LINE}' stroke-width='2'/>"
    return _svg(title, _axes(across, up) + line + curve + "".join(dots))


def bars(rows: Sequence[tuple[str, float, float, float]], title: str) -> str:
    """Lying bars: (name, value, low, high), all in [0, 1]; a thin line shows the interval."""
    height, left = 28 * len(rows) + TOP + 24, 260
    parts = []
    for number, (name, value, low, high) in enumerate(rows):
        y = TOP + 28 * number
        scale = WIDTH - left - 64
        parts.append(
            f"<text x='{left - 8}' y='{y + 15}' text-anchor='end' {_FONT} fill='{_INK}'>{escape(name)}</text>"
            f"<rect x='{left}' y='{y}' width='{value * scale:.1f}' height='20' fill='{_LINE}' "
            f"fill-opacity='0.6'/>"
            f"<line x1='{left + low * scale:.1f}' x2='{left + high * scale:.1f}' y1='{y + 10}' y2='{y + 10}' "
            f"stroke='{_INK}' stroke-width='2'/>"
            f"<text x='{left + high * scale + 6:.1f}' y='{y + 15}' {_FONT} fill='{_INK}'>{value:.3f}</text>"
        )
    return _svg(title, "".join(parts), height)


def _place(x: float, y: float) -> tuple[float, float]:
    return LEFT + x * (WIDTH - LEFT - RIGHT), HEIGHT - BOTTOM - y * (HEIGHT - BOTTOM - TOP)


def _axes(across: str, up: str) -> str:
    parts = []
    for number in range(0, 11, 2):
        value = number / 10
        (x, low), (_x, high) = _place(value, 0), _place(value, 1)
        (left, y), (right, _y) = _place(0, value), _place(1, value)
        parts.append(
            f"<line x1='{x}' y1='{low}' x2='{x}' y2='{high}' stroke='#d8d8db'/>"
            f"<line x1='{left}' y1='{y}' x2='{right}' y2='{y}' stroke='#d8d8db'/>"
            f"<text x='{x}' y='{low + 20}' text-anchor='middle' {_FONT} fill='{_INK}'>{value:.1f}</text>"
            f"<text x='{left - 8}' y='{y + 5}' text-anchor='end' {_FONT} fill='{_INK}'>{value:.1f}</text>"
        )
    middle = (LEFT + WIDTH - RIGHT) / 2
    parts.append(
        f"<text x='{middle}' y='{HEIGHT - 12}' text-anchor='middle' {_FONT} fill='{_INK}'>"
        f"{escape(across)}</text>"
        f"<text transform='translate(18 {(HEIGHT - BOTTOM + TOP) / 2}) rotate(-90)' text-anchor='middle' "
        f"{_FONT} fill='{_INK}'>{escape(up)}</text>"
    )
    return "".join(parts)


def _svg(title: str, body: str, height: int = HEIGHT) -> str:
    return (
        f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {WIDTH} {height}' role='img'>"
        f"<title>{escape(title)}</title><rect width='{WIDTH}' height='{height}' fill='#ffffff'/>"
        f"<text x='{WIDTH / 2}' y='22' text-anchor='middle' font-weight='bold' {_FONT} fill='{_INK}'>"
        f"{escape(title)}</text>{body}</svg>\n"
    )
