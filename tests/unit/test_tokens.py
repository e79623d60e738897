"""The colour pairs of the style sheets are readable: WCAG 2.2 AA, computed from the tokens. Of the light screens; the
pairs of both, by the names that the sheets use, are in ``test_colours.py``.
"""

import re
from pathlib import Path

import pytest

STATIC = Path(__file__).resolve().parents[2] / "webapp/static"
TEXT = 4.5  # WCAG 2.2, 1.4.3: text
EDGE = 3.0  # WCAG 2.2, 1.4.11: borders of inputs, marks, focus rings

TEXT_PAIRS = [
    ("ink", "ground"),
    ("ink", "ground-soft"),
    ("ink", "key-soft"),
    ("ink", "warning-soft"),
    ("ink", "good-soft"),
    ("ink", "error-soft"),
    ("ink-soft", "ground"),
    ("ink-soft", "ground-soft"),
    ("ink-soft", "key-soft"),
    ("key", "ground"),
    ("key", "ground-soft"),
    ("key", "key-soft"),
    ("key", "good-soft"),
    ("key", "warning-soft"),
    ("key", "error-soft"),
    ("key-deep", "key-soft"),
    ("visited", "ground"),
    ("visited", "ground-soft"),
    ("visited", "key-soft"),
    ("ground", "key"),
    ("ground", "key-deep"),
    ("good-ink", "good-soft"),
    ("warning-ink", "ground"),
    ("warning-ink", "warning-soft"),
    ("warning-ink", "key-soft"),
    ("error", "ground"),
    ("error", "error-soft"),
    ("error", "key-soft"),
    ("color-primitive-red-1000", "error-soft"),
    ("good", "ground"),
    ("warning", "ground"),
    ("ink", "color-primitive-yellow-50"),
    ("key", "color-primitive-light-blue-50"),
]
EDGE_PAIRS = [
    ("line-strong", "ground"),
    ("key", "ground"),
    ("error", "ground"),
    ("good", "good-soft"),
    ("warning", "warning-soft"),
    ("color-primitive-blue-500", "ground"),
    ("color-neutral-black", "focus-ring"),
]


def _colours() -> dict[str, str]:
    css = "".join((STATIC / name).read_text() for name in ("vendor/design-tokens-1.1.9.css", "css/base.css"))
    light = css.partition("@media screen and (prefers-color-scheme: dark)")[0]
    return {name: value.strip() for name, value in re.findall(r"--([\w-]+):\s*([^;]+);", light)}


def _hex(name: str) -> str:
    value = _colours()[name]
    while alias := re.fullmatch(r"var\(--([\w-]+)\)", value):
        value = _colours()[alias[1]]
    return value


def contrast(one: str, other: str) -> float:
    """The contrast ratio of WCAG 2.2 between two ``#rrggbb`` colours, 1 to 21."""

    def luminance(colour: str) -> float:
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize(("ink", "ground"), TEXT_PAIRS)
def test_text_is_readable_on_its_ground(ink: str, ground: str) -> None:
    assert contrast(_hex(ink), _hex(ground)) >= TEXT


@pytest.mark.parametrize(("edge", "ground"), EDGE_PAIRS)
def test_edges_and_rings_are_seen(edge: str, ground: str) -> None:
    assert contrast(_hex(edge), _hex(ground)) >= EDGE


@pytest.mark.parametrize("faint", ["success-1", "warning-yellow-1", "warning-orange-1"])
def test_the_faint_signal_tokens_fail_and_are_not_used(faint: str) -> None:
    assert contrast(_hex(f"color-semantic-{faint}"), "#ffffff") < TEXT
    for sheet in (STATIC / "css").glob("*.css"):
        assert faint not in sheet.read_text()


def test_black_on_white_is_twenty_one() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)


def test_every_custom_property_is_defined() -> None:
    local = set(re.findall(r"--([\w-]+):", "".join(p.read_text() for p in (STATIC / "css").glob("*.css"))))
    for sheet in (STATIC / "css").glob("*.css"):
        used = set(re.findall(r"var\(--([\w-]+)", sheet.read_text()))
        assert used - local - _colours().keys() == set()


def test_no_type_is_smaller_than_fourteen_pixels_on_the_screen() -> None:
    sizes: list[float] = []
    for name in ("base", "layout", "components"):
        css = (STATIC / f"css/{name}.css").read_text()
        sizes += [float(value) * 16 for value in re.findall(r"font-size:\s*([\d.]+)r?em", css)]
        sizes += [float(value) for value in re.findall(r"font-size:\s*([\d.]+)px", css)]
        sizes += [float(value) for value in re.findall(r"font-size:\s*var\(--font-size-(\d+)\)", css)]
    assert sizes
    assert min(sizes) >= 14
