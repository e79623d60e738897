"""From a measured outcome to yen: every shape, every fault, and a published case to the yen.

八王子市 大腸がん検診 (2017–2019): the actual values, the caps and the amounts paid are published, the
exact payment table is not. The tables here are therefore chosen so as to reproduce the published amounts;
in particular the step from 82 of the 精密検査受診率 is ours.
"""

import json
import random
from dataclasses import replace
from datetime import date

import pytest

from matcher.agreements import money_words
from matcher.agreements.contract import MAX_YEN, Contract, Funder, Rule, Scheme, amount, curve

DAY = date(2027, 3, 31)
CHECKUP = Rule("P1", "I1", 2_441_000, "linear", ((15, 0), (19, 2_441_000), (30, 4_000_000)), DAY, 2027)
FOLLOW_UP = Rule(
    "P2", "I2", 4_880_000, "table", ((79, 1_000_000), (82, 2_960_000), (85, 4_000_000), (87, 4_880_000)),
    DAY, 2028,
)  # fmt: skip
EARLY_CANCER = Rule("P3", "I3", 2_441_000, "threshold", ((1, 2_441_000),), DAY, 2028)


def said(found):
    """How an amount was calculated, in words."""
    return money_words.formula(found.steps)


def rule(shape, *points, **facts):
    plain = {"cap_yen": 1_000_000, "measured_on": DAY, "fiscal_year": 2026}
    return Rule(key="P1", indicator="I1", shape=shape, points=points, **plain | facts)


def contract(*rules, **facts):
    plain = {"budget_cap_yen": 10_000_000, "provider": "npo", "evaluator": "city"}
    return Contract(rules=rules or (rule("threshold", (30, 300_000)),), **plain | facts)


# ── The published case ───────────────────────────────────────────────────────────────────────────────


def test_a_checkup_rate_beyond_the_top_pays_its_cap():
    found = amount(CHECKUP, 26.8)
    assert found.yen == 2_441_000
    assert "上限額2,441,000円を適用" in said(found)


def test_a_follow_up_rate_pays_the_step_that_it_has_reached():
    assert amount(FOLLOW_UP, 82.1).yen == 2_960_000


def test_a_straight_line_would_have_paid_less():
    straight = replace(FOLLOW_UP, shape="linear", points=((79, 0), (87, 4_880_000)))
    assert amount(straight, 82.1).yen == 1_891_000


def test_no_early_finding_pays_nothing():
    assert amount(EARLY_CANCER, 0).yen == 0
    assert amount(EARLY_CANCER, 1).yen == 2_441_000


def test_the_published_total_is_met_to_the_yen():
    paid = [(CHECKUP, 26.8), (FOLLOW_UP, 82.1), (EARLY_CANCER, 0)]
    assert sum(amount(found, value).yen for found, value in paid) == 5_401_000
    assert all(found.faults() == {} for found, _value in paid)
    whole = Contract(9_762_000, "provider", "city", (CHECKUP, FOLLOW_UP, EARLY_CANCER))
    assert (whole.most(), whole.faults(), whole.years) == (9_762_000, {}, (2027, 2028))


# ── Shapes ───────────────────────────────────────────────────────────────────────────────────────────

STEPS = ((10, 100_000), (20, 250_000), (30, 400_000))
FEWER = ((30, 100_000), (20, 250_000), (10, 400_000))


@pytest.mark.parametrize(
    ("shape", "points", "direction", "value", "yen"),
    [
        ("table", STEPS, "up", 9.9, 0),
        ("table", STEPS, "up", 10, 100_000),
        ("table", STEPS, "up", 19.99, 100_000),
        ("table", STEPS, "up", 20, 250_000),
        ("table", STEPS, "up", 99, 400_000),
        ("table", tuple(reversed(STEPS)), "up", 20, 250_000),
        ("table", FEWER, "down", 30.1, 0),
        ("table", FEWER, "down", 30, 100_000),
        ("table", FEWER, "down", 20, 250_000),
        ("table", FEWER, "down", 0, 400_000),
        ("linear", STEPS, "up", 9.9, 0),
        ("linear", STEPS, "up", 10, 100_000),
        ("linear", STEPS, "up", 15, 175_000),
        ("linear", STEPS, "up", 25, 325_000),
        ("linear", STEPS, "up", 31, 400_000),
        ("linear", FEWER, "down", 31, 0),
        ("linear", FEWER, "down", 25, 175_000),
        ("linear", FEWER, "down", 5, 400_000),
        ("threshold", ((30, 300_000),), "up", 29.9999, 0),
        ("threshold", ((30, 300_000),), "up", 30, 300_000),
        ("threshold", ((30, 300_000),), "down", 30.0001, 0),
        ("threshold", ((30, 300_000),), "down", 29, 300_000),
        ("per_unit", ((10, 5_000),), "up", 9, 0),
        ("per_unit", ((10, 5_000),), "up", 10.9, 0),
        ("per_unit", ((10, 5_000),), "up", 13, 15_000),
        ("per_unit", ((10, 5_000),), "up", 10_000, 1_000_000),
        ("per_unit", ((10, 5_000),), "down", 7.5, 10_000),
        ("per_unit", ((10, 5_000),), "down", 11, 0),
        ("table", ((-5, 100_000), (0, 200_000)), "up", -1, 100_000),
    ],
)
def test_each_shape_pays_what_its_points_say(shape, points, direction, value, yen):
    assert amount(rule(shape, *points, direction=direction), value).yen == yen


def test_the_arithmetic_is_exact_where_floats_are_not():
    thirds = rule("linear", (0, 0), (0.3, 300_000))
    assert amount(thirds, 0.1).yen == 100_000
    assert amount(rule("per_unit", (0.1, 1_000)), 3.1).yen == 3_000


@pytest.mark.parametrize(("rounding", "yen"), [(1, 33_333), (100, 33_300), (1_000, 33_000), (10_000, 30_000)])
def test_an_amount_is_rounded_down_and_the_words_say_so(rounding, yen):
    found = amount(rule("linear", (0, 0), (30, 1_000_000), rounding=rounding), 1)
    assert found.yen == yen
    assert ("未満を切り捨て" in said(found)) == (rounding > 1)


def test_a_round_amount_is_not_said_to_be_rounded():
    assert "切り捨て" not in said(amount(rule("threshold", (1, 300_000), rounding=1_000), 1))


def test_the_cap_holds_even_where_a_point_is_above_it():
    found = amount(rule("table", (1, 100), (2, 9_000_000)), 2)
    assert found.yen == 1_000_000
    assert "上限額1,000,000円を適用" in said(found)


def test_the_floor_lifts_a_small_amount_but_not_nothing():
    small = rule("linear", (10, 0), (20, 1_000_000), floor_yen=150_000)
    assert amount(small, 9).yen == 0
    assert amount(small, 10).yen == 0
    assert amount(small, 11).yen == 150_000
    assert "下限額150,000円を適用" in said(amount(small, 11))
    assert amount(small, 12).yen == 200_000
    assert "下限額" not in said(amount(small, 12))


def test_rounding_does_not_undercut_the_floor():
    assert amount(rule("linear", (0, 0), (100, 1_000_000), floor_yen=15_500, rounding=1_000), 1).yen == 15_500


@pytest.mark.parametrize(
    ("found", "value", "words"),
    [
        (rule("table", *STEPS), 21.5, ("21.5", "20以上", "250,000円")),
        (rule("table", *STEPS), 3, ("3", "10以上に届かない", "支払額は0円")),
        (rule("table", *FEWER, direction="down"), 15, ("15", "20以下", "250,000円")),
        (
            rule("linear", *STEPS),
            15,
            ("15", "10（100,000円）", "20（250,000円）", "（15−10）÷（20−10）", "支払額は175,000円"),
        ),
        (rule("threshold", (1_200, 300_000)), 1_250, ("1,250", "1,200以上", "支払額は300,000円")),
        (
            rule("per_unit", (10, 5_000)),
            13,
            ("13", "基準10", "3単位上回る", "3単位×5,000円", "支払額は15,000円"),
        ),
        (rule("per_unit", (10, 5_000), direction="down"), 7, ("7", "基準10", "3単位下回る", "3単位×5,000円")),
        (rule("per_unit", (10, 5_000)), 10.9, ("10.9", "基準10を上回る分が1単位に満たない", "支払額は0円")),
        (rule("per_unit", (10, 5_000), direction="down"), 11, ("11", "下回る分が1単位に満たない", "は0円")),
    ],
)
def test_the_words_hold_every_number_of_the_calculation(found, value, words):
    formula = said(amount(found, value))
    assert [word for word in words if word not in formula] == [], formula


# ── Any rule ─────────────────────────────────────────────────────────────────────────────────────────


def random_rule(dice):
    shape = dice.choice(("table", "linear", "threshold", "per_unit"))
    direction = dice.choice(("up", "down"))
    count = {"table": dice.randint(1, 6), "linear": dice.randint(2, 6)}.get(shape, 1)
    values = sorted(dice.sample([n / 10 for n in range(-500, 1_500)], count), reverse=direction == "down")
    yens = sorted(dice.randint(0, 5_000_000) for _ in range(count))
    cap = dice.randint(1, 5_000_000)
    return rule(
        shape, *zip(values, yens, strict=True), direction=direction, cap_yen=cap,
        floor_yen=dice.choice((0, dice.randint(0, cap))), rounding=dice.choice((1, 100, 1_000, 10_000)),
    )  # fmt: skip


@pytest.mark.parametrize("seed", range(40))
def test_any_sound_rule_pays_between_nothing_and_its_cap_and_never_less_for_more(seed):
    dice = random.Random(seed)
    found = random_rule(dice)
    assert found.faults() == {}
    values = sorted(round(dice.uniform(-100, 200), 2) for _ in range(60))
    yens = [amount(found, value).yen for value in values]
    assert all(0 <= yen <= found.cap_yen for yen in yens)
    assert yens == sorted(yens, reverse=found.direction == "down")
    assert all(
        f"支払額は{yen:,}円" in said(amount(found, value)) for value, yen in zip(values, yens, strict=True)
    )


@pytest.mark.parametrize("seed", range(10))
def test_a_rule_is_the_same_after_having_been_written_down(seed):
    found = random_rule(random.Random(seed))
    assert Rule.from_dict(json.loads(json.dumps(found.as_dict()))) == found


def test_a_rule_written_without_extras_rises_from_nothing_in_whole_yen():
    facts = rule("threshold", (30, 300_000)).as_dict()
    for name in ("direction", "floor_yen", "rounding"):
        del facts[name]
    assert Rule.from_dict(facts) == rule("threshold", (30, 300_000))


# ── Faults ───────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("found", "faults"),
    [
        (rule("table", *STEPS), {}),
        (rule("table", (1, 100)), {}),
        (rule("table", *STEPS, cap_yen=MAX_YEN), {}),
        (rule("table", *STEPS, cap_yen=0), {"cap_yen": "positive"}),
        (rule("table", *STEPS, cap_yen=MAX_YEN + 1), {"cap_yen": "positive"}),
        (rule("table"), {"points": "points_needed"}),
        (rule("table", (1, -1)), {"points": "points_needed"}),
        (rule("table", (1, MAX_YEN + 1)), {"points": "points_needed"}),
        (rule("threshold", *STEPS), {"points": "one_point"}),
        (rule("per_unit", *STEPS), {"points": "one_point"}),
        (rule("linear", (1, 100)), {"points": "two_points"}),
        (rule("table", (1, 100), (1, 200)), {"points": "same_value"}),
        (rule("linear", (1, 100), (1, 200)), {"points": "same_value"}),
        (rule("table", (1, 200), (2, 100)), {"points": "falling_amount"}),
        (rule("linear", (1, 200), (2, 100)), {"points": "falling_amount"}),
        (rule("table", *STEPS, direction="down"), {"points": "falling_amount"}),
        (rule("table", *FEWER, direction="down"), {}),
        (rule("table", *STEPS, floor_yen=-1), {"floor_yen": "above_cap"}),
        (rule("table", *STEPS, floor_yen=1_000_000), {}),
        (rule("table", *STEPS, floor_yen=1_000_001), {"floor_yen": "above_cap"}),
        (rule("table", cap_yen=0, floor_yen=1),
         {"cap_yen": "positive", "points": "points_needed", "floor_yen": "above_cap"}),
    ],
)  # fmt: skip
def test_a_rule_says_what_cannot_be_meant(found, faults):
    assert found.faults() == faults


TWO = (
    rule("threshold", (30, 300_000), cap_yen=300_000),
    rule("threshold", (1, 1), cap_yen=200_000, fiscal_year=2027),
)


@pytest.mark.parametrize(
    ("found", "faults"),
    [
        (contract(), {}),
        (contract(*TWO, budget_cap_yen=500_000), {}),
        (contract(*TWO, budget_cap_yen=499_999), {"budget_cap_yen": "over_budget"}),
        (contract(*TWO, budget_cap_yen=600_000, fixed={2026: 100_000}), {}),
        (contract(*TWO, budget_cap_yen=600_000, fixed={2026: 100_001}), {"budget_cap_yen": "over_budget"}),
        (contract(budget_cap_yen=0), {"budget_cap_yen": "positive"}),
        (contract(budget_cap_yen=MAX_YEN + 1), {"budget_cap_yen": "positive"}),
        (contract(*TWO, year_limits={2026: 300_000, 2027: 200_000}), {}),
        (contract(*TWO, year_limits={2027: 199_999}), {"year_limits": "over_year_limit"}),
        (contract(*TWO, year_limits={2026: 300_000}, fixed={2026: 1}), {"year_limits": "over_year_limit"}),
        (contract(*TWO, year_limits={2026: 300_000}, fixed={2027: 1}), {}),
        (contract(evaluator="npo"), {"evaluator": "evaluator_is_provider"}),
        (Contract(1_000, "npo", "city"), {"rules": "required"}),
        (Contract(0, "npo", "npo", year_limits={2026: -1}),
         {"budget_cap_yen": "positive", "year_limits": "over_year_limit",
          "evaluator": "evaluator_is_provider", "rules": "required"}),
    ],
)  # fmt: skip
def test_a_contract_says_which_of_its_limits_it_breaks(found, faults):
    assert found.faults() == faults


def test_a_contract_knows_its_years_and_the_most_of_each():
    found = contract(*TWO, fixed={2025: 50_000}, year_limits={2028: 1})
    assert found.years == (2025, 2026, 2027, 2028)
    assert [found.most(year) for year in found.years] == [50_000, 300_000, 200_000, 0]
    assert found.most() == 550_000


def test_a_contract_is_read_from_what_an_agreement_keeps():
    found = contract(*TWO, fixed={2026: 100_000}, year_limits={2026: 400_000})
    facts = {
        "budget_cap_yen": 10_000_000, "provider": "npo", "evaluator": "city",
        "rules": [row.as_dict() for row in found.rules], "fixed": found.fixed,
        "year_limits": found.year_limits,
    }  # fmt: skip
    assert Contract.from_dict(json.loads(json.dumps(facts))) == found
    bare = {"budget_cap_yen": 1, "provider": "npo", "evaluator": "city"}
    assert Contract.from_dict(bare) == Contract(1, "npo", "city")


def test_a_contract_of_before_there_were_schemes_is_a_plain_pfs():
    assert (
        Contract.from_dict({"budget_cap_yen": 1, "provider": "npo", "evaluator": "city"}).scheme == Scheme()
    )
    assert contract().faults() == {}


def test_a_scheme_is_read_from_what_an_agreement_keeps():
    facts = {
        "scheme": "sib", "commissioner": "澪原市", "intermediary": "財団",
        "funders": [{"name": "金庫", "principal_yen": 3_000_000, "terms": "翌月に返す"}],
        "legal_basis": "要綱", "wtp_note": "1人2万円", "sounding_note": "3者に聞いた",
    }  # fmt: skip
    assert Scheme.from_dict(json.loads(json.dumps(facts))) == Scheme(
        "sib", "澪原市", "財団", (Funder("金庫", 3_000_000, "翌月に返す"),), "要綱", "1人2万円", "3者に聞いた"
    )


FUNDER = Funder("金庫", 3_000_000, "翌月に返す")


@pytest.mark.parametrize(
    ("scheme", "faults"),
    [
        (Scheme(), {}),
        (Scheme("other"), {"scheme": "required"}),
        (Scheme("pfs", funders=(FUNDER,)), {"funders": "funders_only_sib"}),
        (Scheme("sib"), {"funders": "funders_needed"}),
        (Scheme("sib", funders=(FUNDER,)), {}),
        (Scheme("sib", funders=(FUNDER, replace(FUNDER, name=" "))), {"funders": "funder_incomplete"}),
        (Scheme("sib", funders=(replace(FUNDER, terms=""),)), {"funders": "funder_incomplete"}),
        (Scheme("sib", funders=(replace(FUNDER, principal_yen=0),)), {"funders": "funder_incomplete"}),
        (Scheme("sib", funders=(replace(FUNDER, principal_yen=MAX_YEN + 1),)),
         {"funders": "funder_incomplete"}),
    ],
)  # fmt: skip
def test_a_sib_names_its_funders_and_a_pfs_has_none(scheme, faults):
    assert contract(scheme=scheme).faults() == faults


# ── The curve of a simulation ────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("found", "steps"),
    [
        (rule("table", *STEPS), {10: (0, 100_000), 20: (100_000, 250_000), 30: (250_000, 400_000)}),
        (rule("table", *FEWER, direction="down"), {30: (100_000, 0), 10: (400_000, 250_000)}),
        (rule("threshold", (30, 300_000)), {30: (0, 300_000)}),
        (rule("per_unit", (10, 250_000)), {11: (0, 250_000), 14: (750_000, 1_000_000)}),
        (rule("per_unit", (10, 250_000), direction="down"), {9: (250_000, 0), 6: (1_000_000, 750_000)}),
    ],
)
def test_a_step_is_drawn_upright(found, steps):
    marks = curve(found)
    assert marks == sorted(marks)
    width = marks[-1][0] - marks[0][0]
    for value, expected in steps.items():
        near = [yen for mark, yen in marks if abs(mark - value) <= width * 2e-6]
        assert (near[0], near[-1]) == expected


def test_a_curve_reaches_beyond_its_points_on_both_sides():
    marks = curve(rule("linear", *STEPS))
    assert (marks[0], marks[-1]) == ((5, 0), (35, 400_000))
    assert dict(marks)[10] == 100_000


def test_a_curve_of_many_units_and_of_a_price_of_nothing_is_short():
    assert len(curve(rule("per_unit", (0, 10)))) < 100
    assert {yen for _value, yen in curve(rule("per_unit", (0, 0)))} == {0}


def test_a_curve_around_a_threshold_of_nothing_has_a_width():
    marks = curve(rule("threshold", (0, 300_000)))
    assert (marks[0][0], marks[-1][0]) == (-1, 1)
