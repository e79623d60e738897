"""The year's plan as a program: brute force agrees, each rule binds, and what is left out is explained."""

import itertools
import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matcher.planning import explaining, solving
from matcher.planning.explaining import Ruled
from matcher.planning.solving import FLOOR_WEIGHT, Unsolvable, solve
from matcher.planning.task import SETUP_COST, Group, Pair, Part, Plan, Source, Task, without_groups


def whole(part: str, source: str, fit: float) -> Pair:
    return Pair(part, source, fit)


def counted(part: str, source: str, fit: float) -> Pair:
    return Pair(part, source, fit, is_measured=True, is_whole=True)


def weighed(part: str, source: str, fit: float) -> Pair:
    return Pair(part, source, fit, is_measured=True)


def rows(plan: Plan) -> dict[tuple[str, str], float | None]:
    return {row.key: row.amount for row in plan.chosen}


def task(parts, sources, pairs, **more) -> Task:
    return Task(tuple(parts), tuple(sources), tuple(pairs), **more)


# ── Brute force ──────────────────────────────────────────────────────────────────────────────────────


def worth(one: Task, amounts: dict[Pair, int]) -> float | None:
    """The value of a plan in whole amounts, ``None`` where it breaks a rule; written without the solver's rows."""
    part_of = {part.key: part for part in one.parts}
    source_of = {source.key: source for source in one.sources}
    begun = {pair for pair, amount in amounts.items() if amount}

    def share(pair: Pair, of: float | None) -> float:
        return amounts[pair] / of if pair.is_measured else float(amounts[pair])

    for part in one.parts:
        given_here = [pair for pair in begun if pair.part == part.key]
        filled = sum(share(pair, part.quantity) for pair in given_here)
        if filled > 1 + 1e-9:
            return None
        if given_here and part.least and filled < part.least / part.quantity - 1e-9:
            return None
        companies = [source_of[pair.source].owner for pair in given_here]
        if len(companies) != len(set(companies)):
            return None
    for source in one.sources:
        if sum(share(pair, source.quantity) for pair in begun if pair.source == source.key) > 1 + 1e-9:
            return None
    for limits, owner in (
        (one.most_of_company, lambda pair: source_of[pair.source].owner),
        (one.most_of_npo, lambda pair: part_of[pair.part].owner),
    ):
        if any(sum(owner(pair) == key for pair in begun) > most for key, most in limits.items()):
            return None
    value = sum(pair.fit * share(pair, part_of[pair.part].quantity) - SETUP_COST for pair in begun)
    for group in one.groups:
        reached = {
            source_of[pair.source].owner if group.counts == "companies" else pair.part for pair in begun
        } & set(group.members)
        if group.at_most is not None and len(reached) > group.at_most:
            return None
        value -= FLOOR_WEIGHT * max(0, group.at_least - len(reached))
    return value


def best_by_force(one: Task) -> float:
    part_of = {part.key: part for part in one.parts}
    source_of = {source.key: source for source in one.sources}
    ranges = []
    for pair in one.open_pairs:
        most = min(part_of[pair.part].quantity, source_of[pair.source].quantity) if pair.is_measured else 1
        least = 1 if pair.key in one.locked else 0
        ranges.append(range(least, int(most) + 1))
    found = [
        worth(one, dict(zip(one.open_pairs, amounts, strict=True))) for amounts in itertools.product(*ranges)
    ]
    return max((value for value in found if value is not None), default=float("-inf"))


@st.composite
def small_tasks(draw) -> Task:
    amounts = st.one_of(st.none(), st.integers(1, 3))
    parts = [
        Part(
            f"n{place}",
            f"o{place % 2}",
            quantity,
            draw(st.integers(1, quantity)) if quantity and draw(st.booleans()) else None,
        )
        for place in range(draw(st.integers(1, 3)))
        for quantity in [draw(amounts)]
    ]
    sources = [
        Source(f"s{place}", f"c{place % 2}", draw(amounts)) for place in range(draw(st.integers(1, 3)))
    ]
    pairs = [
        Pair(part.key, source.key, draw(st.integers(2, 19)) / 20, is_measured, is_measured)
        for part in parts
        for source in sources
        if draw(st.integers(0, 2))
        for is_measured in [part.quantity is not None and source.quantity is not None]
    ][:6]
    groups = [
        Group(
            "needs",
            "needs",
            ("n0", "n2"),
            draw(st.integers(0, 2)),
            draw(st.one_of(st.none(), st.integers(1, 2))),
        ),
        Group("companies", "companies", ("c1",), draw(st.integers(0, 1))),
    ]
    return task(
        parts, sources, pairs,
        most_of_company={"c0": draw(st.integers(0, 2)), "c1": 2}, most_of_npo={"o0": draw(st.integers(0, 2))},
        groups=tuple(groups),
        forbidden=frozenset(pair.key for pair in pairs if not draw(st.integers(0, 5))),
    )  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(small_tasks())
def test_brute_force_finds_nothing_better_and_nothing_worse(one):
    found = rows(solve(one, gap=0))
    amounts = {
        pair: 0 if pair.key not in found else int(found[pair.key] or 1) if pair.is_measured else 1
        for pair in one.open_pairs
    }
    assert worth(one, amounts) == pytest.approx(best_by_force(one), abs=1e-6)


@settings(max_examples=25, deadline=None)
@given(small_tasks())
def test_a_narrowed_search_states_a_gap_that_holds(one):
    """What is sought among fewer pairs is never better than the best, and never farther from it than is said."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(solving, "EXACT", 0)
        plan = solve(one, gap=0)
    found = rows(plan)
    amounts = {
        pair: 0 if pair.key not in found else int(found[pair.key] or 1) if pair.is_measured else 1
        for pair in one.open_pairs
    }
    value, best = worth(one, amounts), best_by_force(one)
    assert value is not None
    assert value <= best + 1e-6
    assert best - value <= plan.gap * abs(value) + 1e-5


# ── Each rule binds ──────────────────────────────────────────────────────────────────────────────────

FOOD = Part("food", "npo", 50.0)


def test_an_offer_gives_no_more_than_it_has():
    one = task([FOOD], [Source("rice", "shop", 20.0)], [weighed("food", "rice", 0.9)])
    plan = solve(one)
    assert rows(plan) == {("food", "rice"): 20.0}
    assert plan.filled() == {"food": pytest.approx(0.4)}


def test_a_need_is_given_no_more_than_it_asks_for():
    one = task([FOOD], [Source("rice", "shop", 80.0)], [weighed("food", "rice", 0.9)])
    assert rows(solve(one)) == {("food", "rice"): 50.0}


def test_several_companies_fill_one_need_together():
    sources = [Source("rice", "shop", 20.0), Source("bread", "bakery", 30.0)]
    one = task([FOOD], sources, [weighed("food", "rice", 0.9), weighed("food", "bread", 0.6)])
    assert rows(solve(one)) == {("food", "rice"): 20.0, ("food", "bread"): 30.0}


def test_less_than_is_useful_is_not_given():
    needy = replace(FOOD, least=30.0)
    one = task([needy], [Source("rice", "shop", 20.0)], [weighed("food", "rice", 0.9)])
    assert rows(solve(one)) == {}
    more = replace(
        one,
        sources=(*one.sources, Source("bread", "bakery", 15.0)),
        pairs=(*one.pairs, weighed("food", "bread", 0.5)),
    )
    assert rows(solve(more)) == {("food", "rice"): 20.0, ("food", "bread"): 15.0}


def test_what_has_no_half_is_given_whole():
    one = task(
        [Part("chairs", "npo", 10.0)], [Source("stock", "shop", 3.7)], [counted("chairs", "stock", 0.9)]
    )  # fmt: skip
    assert rows(solve(one)) == {("chairs", "stock"): 3.0}


def test_an_offer_without_an_amount_serves_one_need():
    one = task(
        [Part("a", "x"), Part("b", "y")], [Source("help", "firm")],
        [whole("a", "help", 0.5), whole("b", "help", 0.8)],
    )  # fmt: skip
    assert rows(solve(one)) == {("b", "help"): None}


def test_a_need_without_an_amount_is_filled_by_one_offer():
    one = task(
        [Part("a", "x")], [Source("help", "firm"), Source("aid", "house")],
        [whole("a", "help", 0.5), whole("a", "aid", 0.8)],
    )  # fmt: skip
    assert rows(solve(one)) == {("a", "aid"): None}


def test_a_company_gives_one_offer_to_a_need():
    sources = [Source("rice", "shop", 20.0), Source("bread", "shop", 30.0)]
    one = task([FOOD], sources, [weighed("food", "rice", 0.9), weighed("food", "bread", 0.9)])
    assert rows(solve(one)) == {("food", "bread"): 30.0}


@pytest.mark.parametrize("limits", [{"most_of_company": {"firm": 1}}, {"most_of_npo": {"npo": 1}}])
def test_neither_side_begins_more_than_it_can(limits):
    one = task(
        [Part("a", "npo"), Part("b", "npo")], [Source("help", "firm"), Source("aid", "firm")],
        [whole("a", "help", 0.6), whole("b", "aid", 0.8)],
    )  # fmt: skip
    assert len(rows(solve(one))) == 2
    assert rows(solve(replace(one, **limits))) == {("b", "aid"): None}


def test_a_floor_brings_in_who_would_be_left_out():
    one = task(
        [Part("a", "x")], [Source("help", "known"), Source("aid", "new")],
        [whole("a", "help", 0.9), whole("a", "aid", 0.4)],
    )  # fmt: skip
    floored = replace(one, groups=(Group("newcomers", "companies", ("new",), at_least=1),))
    assert rows(solve(one)) == {("a", "help"): None}
    assert rows(solve(floored)) == {("a", "aid"): None}
    assert rows(solve(without_groups(floored))) == {("a", "help"): None}


def test_a_floor_that_nothing_reaches_says_what_is_missing():
    groups = (Group("district:minato", "needs", ("a", "b"), at_least=2),)
    one = task(
        [Part("a", "x"), Part("b", "y")], [Source("help", "firm")], [whole("a", "help", 0.9)], groups=groups
    )  # fmt: skip
    assert solve(one).missing == {"district:minato": 1}
    assert solve(replace(one, pairs=())).missing == {"district:minato": 2}


def test_a_cap_leaves_the_rest_out():
    one = task(
        [Part("a", "x"), Part("b", "y")], [Source("help", "firm"), Source("aid", "house")],
        [whole("a", "help", 0.9), whole("b", "aid", 0.8)],
        groups=(Group("field:3", "needs", ("a", "b"), at_most=1),),
    )  # fmt: skip
    assert rows(solve(one)) == {("a", "help"): None}


def test_what_is_locked_stays_and_what_is_forbidden_goes():
    one = task(
        [Part("a", "x")], [Source("help", "firm"), Source("aid", "house")],
        [whole("a", "help", 0.9), whole("a", "aid", 0.4)], most_of_company={"house": 0},
    )  # fmt: skip
    assert rows(solve(replace(one, locked=frozenset({("a", "aid")})))) == {("a", "aid"): None}
    assert rows(solve(replace(one, forbidden=frozenset({("a", "help")}), most_of_company={}))) == {
        ("a", "aid"): None
    }


def test_locks_that_cannot_stand_together_are_said():
    one = task(
        [Part("a", "x")], [Source("help", "firm"), Source("aid", "house")],
        [whole("a", "help", 0.9), whole("a", "aid", 0.4)],
        locked=frozenset({("a", "help"), ("a", "aid")}),
    )  # fmt: skip
    with pytest.raises(Unsolvable, match="plan_locked"):
        solve(one)


def test_a_crumb_is_not_worth_a_partnership():
    one = task([FOOD], [Source("crumb", "shop", 1.0)], [weighed("food", "crumb", 0.9)])
    assert rows(solve(one)) == {}


def test_the_same_task_gives_the_same_plan_whatever_the_order():
    one = _town()
    turned = replace(one, pairs=one.pairs[::-1], parts=one.parts[::-1], sources=one.sources[::-1])
    assert solve(one).chosen == solve(turned).chosen


def _town() -> Task:
    """Twelve needs and eight offers that fit more or less, by figures that repeat."""
    parts = [Part(f"n{place:02}", f"o{place % 5}", [None, 10.0, 40.0][place % 3]) for place in range(12)]
    sources = [Source(f"s{place}", f"c{place % 4}", [None, 25.0][place % 2]) for place in range(8)]
    pairs = [
        Pair(
            part.key,
            source.key,
            (place * 7 + other * 5) % 13 / 20 + 0.3,
            bool(part.quantity and source.quantity),
        )
        for place, part in enumerate(parts)
        for other, source in enumerate(sources)
        if (place + other) % 2
    ]
    return task(parts, sources, pairs)


def test_task_and_plan_come_back_from_what_is_kept():
    one = replace(
        _town(), groups=(Group("field:1", "needs", ("n00",), 1, 2),), locked=frozenset({("n01", "s0")}),
        forbidden=frozenset({("n00", "s1")}),
    )  # fmt: skip
    plan = solve(one)
    assert Task.of(json.loads(json.dumps(one.as_dict()))) == one
    assert Plan.of(json.loads(json.dumps(plan.as_dict()))) == plan


# ── Why not ──────────────────────────────────────────────────────────────────────────────────────────


def why(one: Task, key: str, ruled=()) -> tuple[str, dict[str, object]]:
    found = explaining.whys(one, solve(one), ruled)[key]
    return found.code, dict(found.facts)


def test_why_nobody_came_into_question():
    one = task([Part("a", "x")], [Source("help", "firm")], [])
    assert why(one, "a") == ("nobody", {})
    assert why(one, "help") == ("nobody", {})


def test_why_the_nearest_were_ruled_out():
    one = task([Part("a", "x")], [Source("help", "firm")], [])
    ruled = [Ruled("a", "far", 0.4, "other_area"), Ruled("a", "help", 0.7, "other_period")]
    assert why(one, "a", ruled) == ("other_period", {"other": "help", "count": 2, "score": 0.7})
    assert why(one, "help", ruled) == ("other_period", {"other": "a", "count": 1, "score": 0.7})


def test_why_everything_was_forbidden():
    one = task(
        [Part("a", "x")], [Source("help", "firm")], [whole("a", "help", 0.9)],
        forbidden=frozenset({("a", "help")}),
    )  # fmt: skip
    assert why(one, "a") == ("forbidden", {})


def test_why_another_need_was_served():
    one = task(
        [Part("a", "x"), Part("b", "y")], [Source("help", "firm")],
        [whole("a", "help", 0.5), whole("b", "help", 0.8)],
    )  # fmt: skip
    assert why(one, "a") == ("used_elsewhere", {"other": "help", "need": "b", "score": 0.5, "chosen": 0.8})


def test_why_another_offer_was_taken():
    one = task(
        [Part("a", "x")], [Source("help", "firm"), Source("aid", "house")],
        [whole("a", "help", 0.5), whole("a", "aid", 0.8)],
    )  # fmt: skip
    assert why(one, "help") == ("filled_by_other", {"need": "a", "other": "aid", "score": 0.5, "chosen": 0.8})


def test_why_all_together_are_too_little():
    one = task([replace(FOOD, least=30.0)], [Source("rice", "shop", 20.0)], [weighed("food", "rice", 0.9)])
    assert why(one, "food") == ("too_little", {"least": 30.0, "most": 20.0})
    assert why(one, "rice") == ("too_little", {"least": 30.0, "most": 20.0, "need": "food"})


def test_why_what_is_left_is_too_little():
    one = task(
        [replace(FOOD, least=30.0), Part("more", "other", 15.0)], [Source("rice", "shop", 40.0)],
        [weighed("food", "rice", 0.5), weighed("more", "rice", 0.95)],
        locked=frozenset({("more", "rice")}),
    )  # fmt: skip
    assert why(one, "food") == ("too_little_left", {"least": 30.0, "most": 25.0, "other": "rice"})


def test_why_a_side_is_full():
    one = task(
        [Part("a", "x"), Part("b", "y")], [Source("help", "firm"), Source("aid", "firm")],
        [whole("a", "help", 0.5), whole("b", "aid", 0.8)], most_of_company={"firm": 1},
    )  # fmt: skip
    assert why(one, "a") == ("company_full", {"offer": "help", "most": 1})
    npo = replace(one, most_of_company={}, most_of_npo={"x": 0})
    assert why(npo, "a") == ("npo_full", {"need": "a", "most": 0})


def test_why_a_cap_was_reached():
    one = task(
        [Part("a", "x"), Part("b", "y")], [Source("help", "firm"), Source("aid", "house")],
        [whole("a", "help", 0.9), whole("b", "aid", 0.8)],
        groups=(Group("field:3", "needs", ("a", "b"), at_most=1),),
    )  # fmt: skip
    assert why(one, "b") == ("group_full", {"group": "field:3", "most": 1})


def test_why_a_crumb_was_left():
    one = task([FOOD], [Source("crumb", "shop", 1.0)], [weighed("food", "crumb", 0.9)])
    assert why(one, "food") == ("not_worth", {"other": "crumb", "score": 0.9})
    assert why(one, "crumb") == ("not_worth", {"other": "food", "score": 0.9})
