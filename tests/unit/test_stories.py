"""What a published text says first: which figure, how it went, what each gave, which days, what failed."""

from datetime import date

import pytest

from matcher.results import stories


def indicator(name="来た子ども", *values, kind="outcome", **facts):
    points = [
        {"on": f"2026-{month:02d}-21", "value": value, "breakdown": {}}
        for month, value in enumerate(values, 4)
    ]
    return {
        "name": name, "definition": "", "unit": "人", "direction": "up", "kind": kind, "baseline": 38, "target": 50,
        "is_retired": False, "points": points, **facts,
    }  # fmt: skip


def found(*rows):
    return stories.result({"indicators": list(rows)})


def test_an_outcome_stands_before_an_output_and_the_plans_order_before_how_well_it_went():
    worse = indicator("悪くなった", 30)
    assert (
        found(indicator("届けた回数", 12, kind="output"), worse, indicator("よくなった", 51)).name
        == "悪くなった"
    )
    assert found(indicator("届けた回数", 12, kind="output")).name == "届けた回数"


@pytest.mark.parametrize(
    "rows",
    [(), (indicator(),), (indicator("x", None),), (indicator("x", 51, is_retired=True),)],
    ids=["none", "not measured", "could not be measured", "dropped on the way"],
)
def test_without_a_value_there_is_no_figure(rows):
    assert found(*rows) is None


def test_the_figure_is_the_last_value_also_where_later_ones_could_not_be_measured():
    result = found(indicator("x", 42, 51, None))
    assert (result.now, result.on) == (51, date(2026, 5, 21))


@pytest.mark.parametrize(
    ("direction", "start", "target", "now", "course", "missing"),
    [
        ("up", 38, 50, 51, "reached", 1),
        ("up", 38, 50, 50, "reached", 0),
        ("up", 38, 50, 47, "better", 3),
        ("up", 38, 50, 38, "same", 12),
        ("up", 38, 50, 30, "worse", 20),
        ("up", 38, None, 47, "better", None),
        ("up", None, 50, 47, "measured", 3),
        ("down", 31, 5, 4, "reached", 1),
        ("down", 31, 5, 12, "better", 7),
        ("down", 31, 5, 40, "worse", 35),
        ("keep", 20, 20, 20, "reached", 0),
        ("keep", 20, 20, 19, "worse", 1),
    ],
)
def test_how_it_went_is_said_in_the_direction_that_was_wanted(direction, start, target, now, course, missing):
    result = found(indicator("x", now, direction=direction, baseline=start, target=target))
    assert (result.course, result.missing) == (course, missing)


def test_a_sum_that_begins_at_nothing_has_no_change_to_show():
    assert not found(indicator("届けた量", 66, kind="output", baseline=0)).is_known_from_start
    assert found(indicator("面接に行った人", 1, baseline=0)).is_known_from_start


def test_what_each_gave_stands_once_however_its_yen_were_reckoned():
    row = {"giver": "company", "support_type": "food", "unit": "kg", "quantity": 5.0, "times": 1}
    money = {"giver": "company", "support_type": "cash_donation", "unit": "円", "quantity": None, "times": 1}
    other = {"giver": "npo", "support_type": "pr", "unit": "回", "quantity": 3.0, "times": 3}
    hands = stories.hands({"contributions": [row, {**row, "quantity": 2.5, "times": 2}, money, other]})
    assert [(one["support_type"], one["quantity"], one["times"]) for one in hands["company"]] == [
        ("food", 7.5, 3), ("cash_donation", None, 1),
    ]  # fmt: skip
    assert [one["quantity"] for one in hands["npo"]] == [3.0]
    assert hands["city"] == []


SPAN = {"agreement": {"type": "memorandum", "from_on": "2026-01-17", "to_on": "2026-12-31"}}


def days(view, result=None):
    return [(dot.kind, dot.on.isoformat(), dot.text) for dot in stories.dots(view, result)]


def test_four_days_at_most_beginning_and_end_and_what_lies_between():
    milestones = [{"on": f"2026-{month:02d}-01", "text": f"{month}月"} for month in range(2, 12)]
    shown = days({**SPAN, "milestones": milestones}, found(indicator("x", 51)))
    assert [kind for kind, *_rest in shown] == ["start", "measured", "milestone", "end"]
    assert shown == sorted(shown, key=lambda row: row[1])
    assert len(days({"milestones": milestones})) == 4


def test_a_milestone_on_the_first_or_last_day_is_told_with_it():
    view = {
        **SPAN,
        "milestones": [
            {"on": "2026-01-17", "text": "はじめての回"},
            {"on": "2026-12-31", "text": "お礼の会"},
        ],
    }
    assert days(view) == [("start", "2026-01-17", "はじめての回"), ("end", "2026-12-31", "お礼の会")]


def test_a_page_that_chose_no_days_has_none():
    assert days({}) == []


def test_what_failed_is_said_by_the_outcome_report_and_before_it_by_the_latest_report_of_each_side():
    early = {"to_on": "2026-06-30", "setbacks": "雪で休んだ。", "company_setbacks": ""}
    late = {"to_on": "2026-09-30", "setbacks": "来られない子がいた。", "company_setbacks": "便が遅れた。"}
    both = stories.setbacks({"interim": [early, late]})
    assert [(row.text, row.who, row.until) for row in both] == [
        ("来られない子がいた。", "npo", date(2026, 9, 30)), ("便が遅れた。", "company", date(2026, 9, 30)),
    ]  # fmt: skip
    assert [(row.text, row.who) for row in stories.setbacks({"interim": [early]})] == [("雪で休んだ。", "")]
    assert [row.text for row in stories.setbacks({"interim": [late], "setbacks": "届かなかった。"})] == [
        "届かなかった。"
    ]
    assert stories.setbacks({}) == ()


def test_a_page_of_the_smallest_choice_is_told_without_what_it_lacks():
    story = stories.told({"title": "x", "summary": "y"})
    assert (story.result, story.voice, story.dots, story.setbacks) == (None, None, (), ())
