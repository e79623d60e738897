"""A course drawn for a telephone: what it says, how large, and that nothing lies on anything."""

import re
from datetime import date

import pytest

from webapp.drawing import short_course


def chart(values, **facts):
    points = [(date(2026, month, 21), value) for month, value in enumerate(values, 4)]
    given = {"baseline": 38, "target": 50, "unit": "人", "title": "来た子ども", **facts}
    return str(short_course.short_course(points, **given))


def words(drawing):
    return re.findall(r"<text[^>]*>([^<]*)</text>", drawing)


def test_the_short_chart_names_its_last_value_its_levels_and_months_of_the_era():
    drawing = chart([42, 47, 51])
    assert words(drawing) == ["目標 50人", "基準値 38人", "51人", "令和8年6月", "令和8年4月"]
    assert 'viewBox="0 0 320 208"' in drawing
    assert min(float(size) for size in re.findall(r'font-size="([\d.]+)"', drawing)) >= 13


@pytest.mark.parametrize(
    ("values", "facts"),
    [
        ([42], {}), ([], {}), ([], {"baseline": None, "target": None}), ([38, 38], {"target": 38}),
        ([1e14, 2e14], {"baseline": 0, "target": 5e14}), ([float("nan"), 3], {"baseline": None}),
        ([-5, -2], {"baseline": -9, "target": 0}), ([51] * 9, {"baseline": 50, "target": 51}),
    ],
)  # fmt: skip
def test_the_short_chart_stays_within_its_frame_and_its_names_apart(values, facts):
    drawing = chart(values, **facts)
    heights = []
    for tag, said in re.findall(r"<text([^>]*)>([^<]*)</text>", drawing):
        y = float(re.search(r' y="([-\d.]+)"', tag)[1])
        assert 13 <= y <= short_course.HEIGHT, said
        if said.startswith(("目標", "基準値")):
            heights.append(y)
    for x, y in re.findall(r'<circle cx="([-\d.]+)" cy="([-\d.]+)"', drawing):
        assert 0 <= float(x) <= short_course.WIDTH
        assert 0 <= float(y) <= short_course.HEIGHT
    if len(heights) == 2:
        assert abs(heights[0] - heights[1]) >= 15
