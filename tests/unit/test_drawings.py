"""Drawings as SVG: right order on the axes, nothing unescaped, no styles, and XML whatever is put in."""

import re
import xml.etree.ElementTree as ET
from datetime import date
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markupsafe import Markup

from tests.edge_inputs import EDGE_INPUTS
from webapp.drawing.course import progress
from webapp.drawing.curve import payment_curve
from webapp.drawing.logic import KINDS, Link, Node, logic_model
from webapp.drawing.wrapping import wrapped

SVG = "{http://www.w3.org/2000/svg}"
LABELS = dict(zip(KINDS, ["資源", "活動", "結果", "初期", "中期", "長期"], strict=True))
EVIL = "<script>alert(1)</script>\"'&"
NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
#: Colours that text may have, all above 4.5:1 on white.
INK = {"#1a1a1c"}


def day(value):
    return f"{value.year}年{value.month}月{value.day}日"


def model(nodes=(), links=(), title="ロジックモデル", **labels):
    return logic_model(nodes, links, {**LABELS, **labels}, title=title, description="資源から長期まで")


def over_time(*values, baseline=None, target=None, unit="人", title="参加者"):
    points = [(date(2026, month, 1), value) for month, value in enumerate(values, 1)]
    return progress(points, baseline=baseline, target=target, unit=unit, title=title, day=day)


def payments(*series, marked=()):
    return payment_curve(series, marked=marked, x_label="人数", y_label="支払額", title="成果と支払い")


def parsed(drawing):
    """The root, after what holds for every drawing was checked."""
    assert isinstance(drawing, Markup)
    root = ET.fromstring(str(drawing))
    assert root.tag == f"{SVG}svg"
    assert (root.get("role"), root.get("class"), root.get("width")) == ("img", "chart", "100%")
    left, top, width, height = (float(part) for part in root.get("viewBox").split())
    assert (left, top, width) == (0, 0, 960)
    assert height > 0
    title, desc = root.find(f"{SVG}title"), root.find(f"{SVG}desc")
    assert root.get("aria-labelledby") == title.get("id")
    assert root.get("aria-describedby") == desc.get("id")
    for element in root.iter():
        assert element.tag.removeprefix(SVG) not in {"script", "style", "image", "foreignObject", "a"}
        for name, value in element.attrib.items():
            assert name != "style"
            assert not name.startswith("on")
            if name not in {"id", "aria-labelledby", "aria-describedby"}:
                assert not re.search(r"\b(?:nan|inf)\b", value, re.IGNORECASE)
        if element.tag == f"{SVG}text":
            assert float(element.get("font-size")) >= 14
            assert element.get("fill") in INK
    return root


def elements(root, tag):
    return list(root.iter(f"{SVG}{tag}"))


def words(root):
    return ["".join(text.itertext()) for text in elements(root, "text")]


def place(root, said):
    found = [text for text in elements(root, "text") if "".join(text.itertext()) == said]
    assert len(found) == 1, (said, words(root))
    return float(found[0].get("x")), float(found[0].get("y"))


def dots(root):
    return [(float(dot.get("cx")), float(dot.get("cy"))) for dot in elements(root, "circle")]


def boxes(root):
    return elements(root, "rect")[1:]


def arrows(root):
    return elements(root, "path")


# --- Logic models ---------------------------------------------------------------------------------------


def test_columns_stand_left_to_right_in_the_order_of_the_kinds_whatever_the_order_of_the_nodes():
    root = parsed(model([Node(kind, kind, f"箱{kind}") for kind in reversed(KINDS)]))
    across = [place(root, LABELS[kind])[0] for kind in KINDS]
    assert across == sorted(across)
    assert len(set(across)) == len(KINDS)


def test_a_kind_without_nodes_has_no_column():
    root = parsed(model([Node("a", "resource", "人手"), Node("b", "long", "安心")]))
    assert "資源" in words(root)
    assert "活動" not in words(root)


def test_evidence_is_seen_in_the_line_itself():
    nodes = [Node("a", "activity", "食堂"), Node("b", "output", "参加")]
    looks = {}
    for evidence in ("proven", "precedent", "hypothesis"):
        (arrow,) = arrows(parsed(model(nodes, [Link("a", "b", evidence)])))
        looks[evidence] = arrow.get("stroke-dasharray")
    assert looks["proven"] is None
    assert len(set(looks.values())) == 3


def test_neighbouring_columns_without_any_link_get_one_wide_arrow():
    nodes = [Node("a", "resource", "人手"), Node("b", "activity", "食堂"), Node("c", "early", "孤食が減る")]
    bare = parsed(model(nodes))
    assert (len(arrows(bare)), len(elements(bare, "polygon"))) == (0, 2)
    one = parsed(model(nodes, [Link("a", "b")]))
    assert (len(arrows(one)), len(elements(one, "polygon"))) == (1, 2)
    skipping = parsed(model(nodes, [Link("a", "c")]))
    assert (len(arrows(skipping)), len(elements(skipping, "polygon"))) == (1, 3)
    both = parsed(model(nodes, [Link("a", "b"), Link("c", "b", "proven")]))
    assert (len(arrows(both)), len(elements(both, "polygon"))) == (2, 2)


def test_links_to_unknown_keys_and_to_itself_and_nodes_of_unknown_kind_are_left_out():
    nodes = [Node("a", "activity", "食堂"), Node("b", "output", "参加"), Node("c", "dream", "夢")]
    root = parsed(model(nodes, [Link("a", "x"), Link("x", "b"), Link("a", "a"), Link("a", "c")]))
    assert not arrows(root)
    assert len(boxes(root)) == 2


def test_a_link_within_a_column_a_link_back_and_an_unknown_evidence_are_drawn():
    nodes = [Node("a", "activity", "食堂"), Node("b", "activity", "送迎"), Node("c", "output", "参加")]
    root = parsed(model(nodes, [Link("a", "b"), Link("c", "a"), Link("b", "c", "rumour")]))
    assert len(arrows(root)) == 3


def test_a_legend_explains_the_lines_that_are_used_where_the_labels_name_them():
    nodes = [Node("a", "activity", "食堂"), Node("b", "output", "参加")]
    root = parsed(model(nodes, [Link("a", "b", "proven")], proven="証拠あり", precedent="前例あり"))
    assert "証拠あり" in words(root)
    assert "前例あり" not in words(root)


def test_a_box_grows_with_its_text_and_nothing_is_lost():
    long = "子どもの居場所をひらく。" * 33 + "おわり。"
    root = parsed(model([Node(kind, kind, "短い") for kind in KINDS[1:]] + [Node("long", "resource", long)]))
    heights = [float(box.get("height")) for box in boxes(root)]
    lines = wrapped(long, (float(boxes(root)[0].get("width")) - 14) / 14)
    assert heights[0] >= 20 * len(lines) > 5 * heights[1]
    assert long in words(root)


@pytest.mark.parametrize("kinds", [KINDS, ("activity",)])
def test_sixty_boxes_neither_overlap_nor_leave_the_drawing(kinds):
    nodes = [Node(str(n), kinds[n % len(kinds)], f"{n}番目の取り組み" * (n % 4 + 1)) for n in range(60)]
    links = [Link(str(n), str((n * 7) % 60), ("proven", "precedent", "hypothesis")[n % 3]) for n in range(60)]
    root = parsed(model(nodes, links))
    width, height = (float(part) for part in root.get("viewBox").split()[2:])
    spots = [tuple(float(box.get(name)) for name in ("x", "y", "width", "height")) for box in boxes(root)]
    assert len(spots) == 60
    for place, (x, y, w, h) in enumerate(spots):
        assert x >= 0
        assert x + w <= width
        assert y + h <= height
        for a, b, c, d in spots[:place]:
            assert x >= a + c or a >= x + w or y >= b + d or b >= y + h


def test_no_nodes_make_a_drawing_that_says_so():
    root = parsed(model())
    assert words(root) == ["ロジックモデル", "まだありません"]


# --- Wrapping -------------------------------------------------------------------------------------------


def test_full_width_counts_one_and_half_width_a_half():
    assert wrapped("あいうえおかきく", 4) == ["あいうえ", "おかきく"]
    assert wrapped("\uff71\uff72\uff73\uff74\uff75\uff76", 2) == ["\uff71\uff72\uff73\uff74", "\uff75\uff76"]
    assert wrapped("abcdefghij", 4) == ["abcdefgh", "ij"]


def test_half_width_words_stay_whole_and_marks_stand_where_they_may():
    assert wrapped("週に Google Workspace を使う", 9) == ["週に Google", "Workspace を使う"]
    assert wrapped("あいうえ。おか", 4) == ["あいう", "え。おか"]
    assert wrapped("あいう「えお」", 4) == ["あいう", "「えお」"]


def test_line_breaks_of_the_author_are_kept_and_nothing_gives_one_empty_line():
    assert wrapped("一行目\r\n二行目", 10) == ["一行目", "二行目"]
    assert wrapped("", 10) == [""]


@given(st.text(max_size=80), st.floats(2, 30))
@settings(max_examples=200)
def test_wrapping_loses_no_letter(text, ems):
    def letters(said):
        return re.sub(r"[\s\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]", "", said)

    assert letters("".join(wrapped(text, ems))) == letters(text)


# --- Progress -------------------------------------------------------------------------------------------


def test_higher_values_stand_higher_and_later_ones_further_right():
    spots = dots(parsed(over_time(10, 40, 25, -5)))
    assert [x for x, _y in spots] == sorted(x for x, _y in spots)
    assert sorted(range(4), key=lambda number: -spots[number][1]) == [3, 0, 2, 1]


def test_points_are_put_in_order_of_time():
    points = [(date(2026, 5, 1), 2), (date(2026, 4, 1), 1)]
    root = parsed(progress(points, baseline=None, target=None, unit="人", title="順", day=day))
    (x0, y0), (x1, y1) = dots(root)
    assert x0 < x1
    assert y0 > y1


def test_dates_are_as_far_apart_as_their_days():
    points = [(date(2026, 4, 1), 1), (date(2026, 4, 2), 1), (date(2026, 4, 11), 1)]
    (a, _), (b, _), (c, _) = dots(
        parsed(progress(points, baseline=None, target=None, unit="人", title="間", day=day))
    )
    assert (c - a) / (b - a) == pytest.approx(10, rel=0.05)


def test_target_is_dashed_and_baseline_dotted_each_named_at_its_height():
    root = parsed(over_time(30, 60, baseline=30, target=120))
    lines = {line.get("stroke-dasharray"): float(line.get("y1")) for line in elements(root, "line")}
    assert place(root, "目標 120人")[1] == pytest.approx(lines["10 6"], abs=6)
    assert place(root, "基準値 30人")[1] == pytest.approx(lines["2 4"], abs=6)
    assert lines["10 6"] < lines["2 4"]
    assert dots(root)[0][1] == pytest.approx(lines["2 4"], abs=0.2)


def test_names_of_target_and_baseline_do_not_cover_each_other():
    for baseline, target in ((100, 100), (100, 101), (101, 100)):
        root = parsed(over_time(0, 1000, baseline=baseline, target=target))
        upper = place(root, f"目標 {target}人")[1]
        lower = place(root, f"基準値 {baseline}人")[1]
        assert abs(upper - lower) >= 19


def test_ticks_are_round_and_hold_every_value():
    root = parsed(over_time(1234, 5678))
    ticks = {text: place(root, text)[1] for text in ("0", "2,000", "4,000", "6,000")}
    assert list(ticks.values()) == sorted(ticks.values(), reverse=True)
    assert all(ticks["6,000"] < y < ticks["0"] for _x, y in dots(root))


def test_every_value_is_in_the_description():
    root = parsed(over_time(10, 12.5, target=20))
    said = root.find(f"{SVG}desc").text
    assert said == "目標 20人、2026年1月1日 10人、2026年2月1日 12.5人"


@pytest.mark.parametrize("values", [(), (5,), (0,), (7, 7, 7), (-3, -8), (0.001, 0.002), (1e12, 3e12)])
@pytest.mark.parametrize(("baseline", "target"), [(None, None), (0, 10), (-5, -5)])
def test_none_one_equal_and_negative_values_are_drawn(values, baseline, target):
    root = parsed(over_time(*values, baseline=baseline, target=target))
    assert len(dots(root)) == len(values)
    height = float(root.get("viewBox").split()[3])
    assert all(0 <= x <= 960 and 0 <= y <= height for x, y in dots(root))


def test_a_single_value_is_joined_to_the_baseline_before_it():
    root = parsed(over_time(45, baseline=30, target=60))
    ((x, y),) = dots(root)
    (line,) = elements(root, "polyline")
    (start_x, start_y), end = [
        tuple(float(number) for number in pair.split(",")) for pair in line.get("points").split()
    ]
    assert end == (x, y)
    assert start_x < x - 300
    assert start_y == pytest.approx(place(root, "基準値 30人")[1], abs=6)
    (square,) = boxes(root)
    assert (float(square.get("x")) + 5, float(square.get("y")) + 5) == (start_x, start_y)
    assert place(root, "基準値")[0] < place(root, "2026年1月1日")[0]


@pytest.mark.parametrize(("values", "baseline"), [((45,), None), ((45, 50), 30), ((), 30)])
def test_no_start_is_drawn_without_a_baseline_or_where_the_course_shows_by_itself(values, baseline):
    root = parsed(over_time(*values, baseline=baseline, target=60))
    assert boxes(root) == []
    assert len(elements(root, "polyline")) == (len(values) > 1)


def test_nothing_to_show_is_said():
    assert "まだ記録がありません" in words(parsed(over_time()))


def test_many_points_keep_the_first_and_last_value_and_no_words_on_top_of_each_other():
    points = [(date.fromordinal(739_000 + number), 1000.5 + number) for number in range(400)]
    root = parsed(progress(points, baseline=None, target=None, unit="人", title="毎日", day=day))
    assert len(dots(root)) == 400
    assert {"1,000.5", "1,399.5"} <= set(words(root))
    assert len(words(root)) < 80
    dates = sorted(place(root, said)[0] for said in words(root) if "月" in said)
    assert all(later - earlier > 80 for earlier, later in pairwise(dates))


def test_numbers_that_are_none_are_left_out():
    root = parsed(over_time(float("nan"), 5, float("inf"), baseline=float("nan"), target=float("-inf")))
    assert len(dots(root)) == 1
    assert "nan" not in "".join(root.itertext()).lower()


# --- Payment curves -------------------------------------------------------------------------------------


def test_yen_ticks_have_separators_and_rise_upwards():
    root = parsed(payments(("出来高", [(0, 0), (100, 1_500_000)])))
    heights = [place(root, said)[1] for said in ("0円", "500,000円", "1,000,000円", "1,500,000円")]
    assert heights == sorted(heights, reverse=True)


def test_more_yen_stand_higher():
    root = parsed(payments(("出来高", [(0, 0), (10, 300), (20, 200)])))
    (line,) = elements(root, "polyline")
    (x0, y0), (x1, y1), (x2, y2) = (map(float, pair.split(",")) for pair in line.get("points").split())
    assert x0 < x1 < x2
    assert y1 < y2 < y0


def test_series_differ_in_dash_and_colour_and_are_named_in_a_legend():
    root = parsed(payments(*((f"案{number}", [(0, 0), (10, number)]) for number in range(1, 7))))
    lines = elements(root, "polyline")
    assert len({line.get("stroke-dasharray") for line in lines}) == 6
    assert len({line.get("stroke") for line in lines}) == 6
    assert {f"案{number}" for number in range(1, 7)} <= set(words(root))
    samples = {(line.get("stroke"), line.get("stroke-dasharray")) for line in elements(root, "line")}
    assert samples >= {(line.get("stroke"), line.get("stroke-dasharray")) for line in lines}


def test_marked_points_stand_on_their_values_with_their_labels():
    marked = [(50, 500, "今年度"), (51, 510, "見込み"), (100, 1000, "最大")]
    root = parsed(payments(("出来高", [(0, 0), (100, 1000)]), marked=marked))
    assert {"今年度", "見込み", "最大"} <= set(words(root))
    spots = dots(root)
    assert [y for _x, y in spots] == sorted((y for _x, y in spots), reverse=True)
    assert spots[2][1] == pytest.approx(place(root, "1,000円")[1] - 5, abs=0.2)


def test_a_step_keeps_its_two_values():
    root = parsed(payments(("段", [(0, 0), (5, 0), (5, 100), (10, 100)])))
    (line,) = elements(root, "polyline")
    pairs = [pair.split(",") for pair in line.get("points").split()]
    assert pairs[1][0] == pairs[2][0]
    assert float(pairs[1][1]) > float(pairs[2][1])


@pytest.mark.parametrize("series", [[], [("空", [])], [("点", [(3, 3)])], [("零", [(0, 0), (0, 0)])]])
def test_empty_and_single_series_are_drawn(series):
    parsed(payments(*series))


# --- All of them ----------------------------------------------------------------------------------------


def every_drawing(text, number=1.0):
    yield logic_model(
        [Node(text, "activity", text), Node("b", "output", text)],
        [Link(text, "b", text)],
        {**dict.fromkeys(KINDS, text), "hypothesis": text},
        title=text,
        description=text,
    )
    points = [(date(2026, 4, 1), number), (date(2026, 5, 1), 2)]
    yield progress(points, baseline=number, target=3, unit=text, title=text, day=lambda _day: text)
    yield payment_curve(
        [(text, [(number, number), (2, 3)])],
        marked=[(number, 1, text)],
        x_label=text,
        y_label=text,
        title=text,
    )


def test_markup_in_any_text_stays_text():
    for drawing in every_drawing(EVIL):
        parsed(drawing)
        assert "<script" not in drawing
        assert "&lt;script&gt;" in drawing
    for drawing in every_drawing(Markup("<b>太字</b>")):
        parsed(drawing)
        assert "<b>" not in drawing


def test_ids_are_unique_even_for_the_same_drawing_twice():
    drawings = [drawing for _turn in range(2) for drawing in every_drawing("同じ題")]
    ids = [
        element.get("id") for drawing in drawings for element in parsed(drawing).iter() if element.get("id")
    ]
    assert len(ids) == len(set(ids)) == 2 * len(drawings)


@pytest.mark.parametrize("text", EDGE_INPUTS, ids=range(len(EDGE_INPUTS)))
def test_awkward_text_makes_a_drawing(text):
    for drawing in every_drawing(text):
        parsed(drawing)


@given(st.text(max_size=60), st.floats() | st.integers(-(10**9), 10**9))
@settings(max_examples=150)
def test_any_text_and_number_make_xml(text, number):
    for drawing in every_drawing(text, number):
        parsed(drawing)


NUMBERS = st.floats() | st.integers(-1000, 1000)


@given(
    st.lists(st.tuples(st.dates(), NUMBERS), max_size=12),
    st.none() | NUMBERS,
    st.none() | NUMBERS,
    st.lists(st.tuples(st.text(max_size=8), st.lists(st.tuples(NUMBERS, NUMBERS), max_size=6)), max_size=8),
)
@settings(max_examples=150)
def test_any_values_stay_inside_the_drawing(points, baseline, target, series):
    drawings = [
        progress(points, baseline=baseline, target=target, unit="人", title="値", day=day),
        payment_curve(series, x_label="x", y_label="y", title="値"),
    ]
    for drawing in drawings:
        root = parsed(drawing)
        height = float(root.get("viewBox").split()[3])
        lines = [
            pair.split(",") for line in elements(root, "polyline") for pair in line.get("points").split()
        ]
        for x, y in [*dots(root), *((float(x), float(y)) for x, y in lines)]:
            assert 0 <= x <= 960
            assert 0 <= y <= height


@given(
    st.lists(
        st.tuples(st.sampled_from("abcdef"), st.sampled_from([*KINDS, "?"]), st.text(max_size=40)),
        max_size=14,
    ),
    st.lists(st.tuples(st.sampled_from("abcdefg"), st.sampled_from("abcdefg")), max_size=14),
)
@settings(max_examples=100)
def test_any_model_is_drawn_with_each_of_its_boxes(nodes, links):
    root = parsed(model([Node(*node) for node in nodes], [Link(*link, "precedent") for link in links]))
    assert len(boxes(root)) == sum(kind != "?" for _key, kind, _text in nodes)
    for arrow in arrows(root):
        assert all(float(number) >= 0 for number in NUMBER.findall(arrow.get("d")))
