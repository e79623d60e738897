"""The drawings of the fields: each field has one, all of one line, safe on any paper and in any page."""

import re
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from matcher.ground import vocabulary
from webapp.drawing import scenes

IMAGES = Path(scenes.__file__).parents[1] / "static" / "img"
FILES = sorted((IMAGES / "scenes").glob("*.svg"))
SVG = "{http://www.w3.org/2000/svg}"


def test_every_field_has_a_drawing_and_no_drawing_is_left_over():
    assert set(scenes.SCENES) == set(vocabulary.FIELDS)
    assert {path.stem for path in FILES} == scenes.NAMES


def test_a_partnership_has_the_drawing_of_its_first_field_and_food_is_shared_at_a_table():
    assert scenes.scene(["7", "13"]) == "nature"
    assert scenes.scene(["13", "1"], "food") == "children"
    assert scenes.scene(["13", "1"], "volunteer_hands") == "play"
    assert scenes.scene([]) == scenes.scene(["99"]) == scenes.OTHER
    assert "<svg" in scenes.inline("care")
    with pytest.raises(KeyError):
        scenes.inline("../knot")


@pytest.mark.parametrize("path", [*FILES, IMAGES / "town.svg"], ids=lambda path: path.stem)
def test_a_drawing_asks_for_nothing_stands_on_its_own_ground_and_on_the_thread(path):
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"<style|style=|<script|<image|href|url\(|<text|\bon\w+=", text)
    assert len(text) < 12_000
    root = ET.fromstring(text)
    wide, high = int(root.get("width")), int(root.get("height"))
    assert root.get("viewBox") == f"0 0 {wide} {high}"
    ground, *_rest, thread = (
        one for one in root.iter(f"{SVG}path") if one.get("d", "").startswith(("M0 0h", "M0 262H"))
    )
    assert ground.get("d") == f"M0 0h{wide}v{high}H0z"
    assert thread.get("d") == f"M0 262H{wide}", "the thread leaves at the height at which it enters the next"
    assert {one.get("stroke") for one in root.iter() if one.get("stroke")} <= {
        "#00118f",
        "#e25100",
        "#fff",
        "none",
    }
