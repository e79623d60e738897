"""Outcome payment to the yen: every shape, every limit, and a published contract."""

import random
from datetime import date
from itertools import pairwise

import pytest

from matcher.payment import MAX_YEN, Contract, Rule, amount, curve

DAY = date(2027, 3, 31)


def rule(shape: str, points, cap: int = 1_000_000, **facts) -> Rule:
    """A rule on one indicator."""
    return Rule("P1", "I1", cap, shape, tuple(points), DAY, 2026, **facts)


STEPS = ((62, 300_000), (68, 600_000), (75, 900_000))


@pytest.mark.parametrize(
    ("found", "value", "yen"),
    [
        (rule("table", STEPS), 61.9, 0),
        (rule("table", STEPS), 62, 300_000),
        (rule("table", STEPS), 67.99, 300_000),
        (rule("table", STEPS), 75, 900_000),
        (rule("table", STEPS), 1000, 900_000),
        (rule("table", STEPS, cap=500_000), 75, 500_000),
        (rule("table", ((30, 100), (20, 200)), direction="down"), 25, 100),
        (rule("table", ((30, 100), (20, 200)), direction="down"), 31, 0),
        (rule("linear", ((30, 0), (45, 700_000))), 30, 0),
        (rule("linear", ((30, 0), (45, 700_000))), 37.5, 350_000),
        (rule("linear", ((30, 0), (45, 700_000))), 45, 700_000),
        (rule("linear", ((30, 0), (45, 700_000))), 99, 700_000),
        (rule("linear", ((30, 0), (45, 700_000))), 29.9, 0),
        (rule("linear", ((30, 100_000), (45, 700_000))), 30, 100_000),
        (rule("linear", ((30, 0), (45, 700_000)), rounding=1000), 37.3, 340_000),
        (rule("linear", ((20, 700_000), (40, 0)), direction="down"), 30, 350_000),
        (rule("linear", ((0, 0), (3, 100))), 1, 33),
        (rule("threshold", ((1, 2_441_000),), cap=2_441_000), 0, 0),
        (rule("threshold", ((1, 2_441_000),), cap=2_441_000), 1, 2_441_000),
        (rule("threshold", ((10, 5_000),), direction="down"), 10, 5_000),
        (rule("threshold", ((10, 5_000),), direction="down"), 10.1, 0),
        (rule("per_unit", ((12, 150_000),)), 12, 0),
        (rule("per_unit", ((12, 150_000),)), 14.9, 300_000),
        (rule("per_unit", ((12, 150_000),)), 30, 1_000_000),
        (rule("per_unit", ((12, 150_000),), direction="down"), 10, 300_000),
        (rule("per_unit", ((12, 150_000),)), 5, 0),
        (rule("linear", ((30, 0), (45, 700_000)), floor_yen=50_000), 30.1, 50_000),
        (rule("linear", ((30, 0), (45, 700_000)), floor_yen=50_000), 29, 0),
    ],
)
def test_what_a_rule_pays(found, value, yen):
    assert amount(found, value).yen == yen


def test_decimal_values_are_exact():
    assert amount(rule("linear", ((0, 0), (0.3, 3))), 0.1).yen == 1


def test_the_formula_says_how_it_came_about():
    words = amount(rule("linear", ((30, 0), (45, 700_000)), cap=300_000, rounding=1000), 40).formula
    for part in (
        "測定値40",
        "30（0円）",
        "45（700,000円）",
        "1,000円未満を切り捨て",
        "上限額300,000円",
        "支払額は300,000円",
    ):
        assert part in words
    assert (
        "下限額50,000円を適用"
        in amount(rule("linear", ((30, 0), (45, 700_000)), floor_yen=50_000), 30.1).formula
    )
    assert "届かない" in amount(rule("threshold", ((1, 5),)), 0).formula


def test_an_amount_is_never_below_zero_nor_above_its_cap():
    chance = random.Random(20261123)
    for _ in range(2_000):
        shape = chance.choice(("table", "linear", "threshold", "per_unit"))
        count = 1 if shape in {"threshold", "per_unit"} else chance.randint(2, 5)
        direction = chance.choice(("up", "down"))
        values = sorted(chance.sample(range(-100, 100), count), reverse=direction == "down")
        points = tuple(zip(values, sorted(chance.randint(0, 10**6) for _ in values), strict=True))
        cap = chance.randint(1, 10**6)
        found = rule(
            shape, points, cap, direction=direction, floor_yen=chance.randint(0, cap),
            rounding=chance.choice((1, 100, 1000)),
        )  # fmt: skip
        assert found.faults() == {}
        assert 0 <= amount(found, chance.uniform(-200, 200)).yen <= cap
        assert Rule.from_dict(found.as_dict()) == found


@pytest.mark.parametrize(
    ("found", "fault"),
    [
        (rule("table", STEPS, cap=0), ("cap_yen", "positive")),
        (rule("table", STEPS, cap=MAX_YEN + 1), ("cap_yen", "positive")),
        (rule("table", ()), ("points", "points_needed")),
        (rule("table", ((1, -1),)), ("points", "points_needed")),
        (rule("table", ((1, MAX_YEN + 1),)), ("points", "points_needed")),
        (rule("threshold", STEPS), ("points", "one_point")),
        (rule("per_unit", STEPS), ("points", "one_point")),
        (rule("linear", ((1, 1),)), ("points", "two_points")),
        (rule("table", ((1, 1), (1, 2))), ("points", "same_value")),
        (rule("table", ((1, 2), (2, 1))), ("points", "falling_amount")),
        (rule("table", ((1, 1), (2, 2)), direction="down"), ("points", "falling_amount")),
        (rule("table", STEPS, floor_yen=-1), ("floor_yen", "above_cap")),
        (rule("table", STEPS, floor_yen=1_000_001), ("floor_yen", "above_cap")),
    ],
)
def test_a_rule_that_cannot_be_meant_is_found_out(found, fault):
    assert fault in found.faults().items()


def contract(**facts) -> Contract:
    """Two rules of a million each and a fixed part."""
    return Contract(
        **{
            "budget_cap_yen": 2_100_000, "provider": "npo", "evaluator": "city",
            "rules": (rule("table", STEPS), rule("table", STEPS)), "fixed": {2026: 100_000}, **facts,
        }
    )  # fmt: skip


def test_caps_and_the_fixed_part_fit_into_the_budget():
    assert contract().faults() == {}
    assert contract().most() == 2_100_000
    assert contract(budget_cap_yen=2_099_999).faults() == {"budget_cap_yen": "over_budget"}
    assert contract(budget_cap_yen=0).faults()["budget_cap_yen"] == "positive"


def test_no_year_pays_more_than_its_limit():
    assert contract(year_limits={2026: 2_100_000}).faults() == {}
    assert contract(year_limits={2026: 2_099_999}).faults() == {"year_limits": "over_year_limit"}
    assert contract(year_limits={2027: 0}).years == (2026, 2027)


def test_the_provider_does_not_evaluate_itself():
    assert contract(evaluator="npo").faults() == {"evaluator": "evaluator_is_provider"}


def test_a_contract_has_rules():
    assert contract(rules=()).faults() == {"rules": "required"}


@pytest.mark.parametrize("direction", ["up", "down"])
def test_a_step_is_drawn_upright(direction):
    points = STEPS if direction == "up" else tuple((-value, yen) for value, yen in STEPS)
    drawn = curve(rule("table", points, direction=direction))
    jumps = [abs(later[0] - earlier[0]) for earlier, later in pairwise(drawn) if later[1] != earlier[1]]
    assert len(jumps) == 3
    assert max(jumps) < 1e-3
    assert drawn == sorted(drawn, key=lambda point: point[0])


def test_a_unit_price_is_drawn_to_its_cap():
    drawn = curve(rule("per_unit", ((12, 150_000),), cap=600_000))
    assert max(yen for _value, yen in drawn) == 600_000
    assert len({yen for _value, yen in drawn}) == 5


def test_hachioji_colorectal_cancer_screening_2017_to_2019_to_the_yen():
    """The published figures (https://project.nikkeibp.co.jp/atclppp/PPP/news/120701799/). The payment table
    itself is not published; its step at 82 % is what the published amount needs: a straight line from the
    lower to the upper limit would pay 1,891,000 yen.
    """
    examined = rule("linear", ((15, 0), (19, 2_441_000), (27, 9_000_000)), cap=2_441_000)
    followed = rule("table", ((79, 1_480_000), (82, 2_960_000), (87, 4_880_000)), cap=4_880_000)
    found_early = rule("threshold", ((1, 2_441_000),), cap=2_441_000)
    assert Contract(9_762_000, "company", "city", (examined, followed, found_early)).faults() == {}
    paid = [amount(examined, 26.8), amount(followed, 82.1), amount(found_early, 0)]
    assert [found.yen for found in paid] == [2_441_000, 2_960_000, 0]
    assert sum(found.yen for found in paid) == 5_401_000
    assert "上限額2,441,000円で打ち切り" in paid[0].formula
    assert amount(rule("linear", ((79, 0), (87, 4_880_000)), cap=4_880_000), 82.1).yen == 1_891_000
