"""The colours of the screens, light and dark: said in one place, and every pair that is read has enough contrast."""

import re
from pathlib import Path

import pytest

CSS = Path("webapp/static/css")
TOKENS = Path("webapp/static/vendor/design-tokens-1.1.9.css")
ROOT = re.compile(r":root \{(.*?)\}", re.DOTALL)
SAID = re.compile(r"--([\w-]+):\s*([^;]+);")
HEX = re.compile(r"#[0-9a-fA-F]{6}\b")
#: Ink → the grounds on which it is read (text: 4.5:1).
READ = {
    "ink": ("ground", "ground-soft", "key-soft", "good-soft", "warning-soft", "error-soft", "row-touched", "quoted-ground"),
    "ink-soft": ("ground", "ground-soft", "key-soft", "row-touched", "warning-soft"),
    "key": ("ground", "ground-soft", "key-soft", "good-soft", "warning-soft", "error-soft", "row-touched"),
    "key-deep": ("ground", "key-soft", "row-touched"),
    "visited": ("ground", "ground-soft", "key-soft", "good-soft", "warning-soft", "error-soft", "row-touched"),
    "good-ink": ("ground", "good-soft", "row-touched"),
    "warning-ink": ("ground", "warning-soft", "row-touched"),
    "error": ("ground", "ground-soft", "error-soft", "row-touched"),
    "error-ink": ("error-soft",),
    "ground": ("key", "key-deep"),  # words on buttons
}  # fmt: skip
#: Lines that say something: the edge of a field, of a notice, of what has the focus (3:1).
SEEN = {
    "line-strong": ("ground",), "focus": ("ground",), "touched": ("ground",), "good": ("ground",),
    "warning": ("ground",), "error": ("ground",), "key": ("ground",), "quoted": ("ground",),
}  # fmt: skip


def palette(*, dark: bool) -> dict[str, str]:
    """Name → colour."""
    light, night = ROOT.findall((CSS / "base.css").read_text(encoding="utf-8"))
    said = dict(SAID.findall(TOKENS.read_text(encoding="utf-8"))) | dict(SAID.findall(light))
    said |= dict(SAID.findall(night)) if dark else {}
    return {name: _hex(value, said) for name, value in said.items() if _hex(value, said)}


def _hex(value: str, said: dict[str, str]) -> str:
    while found := re.fullmatch(r"var\(--([\w-]+)\)", value):
        value = said[found[1]]
    return value if HEX.fullmatch(value) else ""


def contrast(one: str, other: str) -> float:
    """WCAG 2: (lighter + 0.05) / (darker + 0.05), by relative luminance."""
    low, high = sorted((_light(one), _light(other)))
    return (high + 0.05) / (low + 0.05)


def _light(colour: str) -> float:
    parts = (int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5))
    linear = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


@pytest.mark.parametrize("dark", [False, True])
def test_what_is_read_has_contrast(dark: bool) -> None:
    found = palette(dark=dark)
    poor = [
        f"{ink} on {ground}: {contrast(found[ink], found[ground]):.2f}"
        for pairs, least in ((READ, 4.5), (SEEN, 3))
        for ink, grounds in pairs.items()
        for ground in grounds
        if contrast(found[ink], found[ground]) < least
    ]
    assert poor == []


def test_contrast_is_that_of_the_standard() -> None:
    assert round(contrast("#000000", "#ffffff"), 2) == 21
    assert round(contrast("#777777", "#ffffff"), 2) == 4.48


def test_every_colour_has_its_own_on_dark_screens() -> None:
    light, night = ROOT.findall((CSS / "base.css").read_text(encoding="utf-8"))
    colours = {name for name, value in SAID.findall(light) if "color-" in value}
    assert colours
    assert colours - {name for name, _value in SAID.findall(night)} == set()


def test_colours_are_said_in_one_place() -> None:
    for name in ("layout.css", "components.css"):
        text = re.sub(r'\[(fill|stroke)="#\w+"\]', "", (CSS / name).read_text(encoding="utf-8"))
        assert re.findall(r"--color-[\w-]+|#[0-9a-f]{3,6}\b(?=[;\s)])|rgba?\(", text) == [], name


def test_every_colour_of_a_drawing_has_its_own_on_dark_screens() -> None:
    drawn = {
        colour
        for path in Path("webapp/drawing").glob("*.py")
        if path.name != "charts.py"  # for the documentation, not for pages
        for colour in HEX.findall(path.read_text(encoding="utf-8"))
    }
    text = (CSS / "components.css").read_text(encoding="utf-8")
    mapped = {way: set(re.findall(rf'\.chart \[{way}="(#\w+)"\]', text)) for way in ("fill", "stroke")}
    assert drawn
    assert drawn - mapped["fill"] == drawn - mapped["stroke"] == set()
