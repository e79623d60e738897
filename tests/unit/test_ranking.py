"""What a score is made of, and that the reasons say what the numbers say."""

import math
from dataclasses import replace
from datetime import date

import pytest

from embeddings import pairs
from matcher.ground import vocabulary
from matcher.suggestions import improving, ranking
from matcher.suggestions.ranking import Fit, Part, Quote, Side, Texts, Weights

FOOD_NEED = Side(("food", "cash_donation"), 20, 10, "kg", date(2026, 12, 1), date(2027, 3, 31),
                 frozenset({"chuo"}), "onsite", frozenset({"13"}), is_open=True)  # fmt: skip
FOOD_OFFER = Side(("food",), 30, None, "kg", date(2026, 11, 1), date(2027, 4, 30),
                  frozenset({"citywide"}), "onsite", frozenset({"13"}), is_open=True)  # fmt: skip
CLOSE = Texts(0.6, 0.3, 0.4, 0.2)


def marks(fit):
    return {reason.code: reason.mark for reason in fit.reasons}


def test_weights_are_shares_of_one():
    assert sum(ranking.shipped_weights().shares.values()) == pytest.approx(1.0)


def test_complements_are_symmetric_and_name_known_types():
    for (need, offer), value in vocabulary.COMPLEMENTS.items():
        assert vocabulary.COMPLEMENTS[offer, need] == value
        assert {need, offer} <= set(vocabulary.SUPPORT_TYPES)
        assert 0 < value < 1


def test_everything_that_fits_is_said_to_fit():
    fit = ranking.fit(FOOD_OFFER, FOOD_NEED, CLOSE)
    assert marks(fit) == {
        "support": "○",
        "field": "○",
        "area": "○",
        "period": "○",
        "quantity": "○",
    }
    assert fit.level == "high"


def test_what_two_organizations_both_want_does_not_make_them_fit():
    wants_hands = Side(("volunteer_hands",), areas=frozenset({"chuo"}), is_open=True)
    gives_place = Side(("place",), areas=frozenset({"chuo"}), is_open=True)
    same_words = Texts(0.4, 0.15)
    wrong = ranking.fit(gives_place, wants_hands, same_words)
    right = ranking.fit(
        Side(("volunteer_hands",), areas=frozenset({"chuo"}), is_open=True), wants_hands, same_words
    )
    assert marks(wrong)["support"] == "×"
    assert right.score - wrong.score > 0.15


def test_too_little_too_late_and_elsewhere_are_said_plainly():
    offer = Side(("food",), 5, None, "kg", date(2027, 5, 1), date(2027, 6, 1), frozenset({"hama"}), "onsite",
                 frozenset({"7"}), is_open=True)  # fmt: skip
    fit = ranking.fit(offer, FOOD_NEED, CLOSE)
    # That the fields differ helps nobody to decide: it counts, and is not said.
    assert fit.parts["field"] == 0
    assert marks(fit) == {"support": "○", "area": "×", "period": "×", "quantity": "×"}
    [quantity] = [reason for reason in fit.reasons if reason.code == "quantity"]
    assert quantity.says == "quantity_too_little"
    assert quantity.facts == {"offered": 5, "needed": 20, "least": 10, "unit": "kg"}


def test_part_of_the_quantity_counts_as_its_share():
    offer = Side(("food",), 15, None, "kg", is_open=True)
    assert ranking.fit(offer, FOOD_NEED, CLOSE).parts["quantity"] == pytest.approx(0.75)


@pytest.mark.parametrize(
    ("offered", "unit", "says"),
    [
        (20, "kg", "quantity_enough"),
        (19.5, "kg", "quantity_part"),
        (10, "kg", "quantity_part"),
        (9.5, "kg", "quantity_too_little"),
        (20, "個", "quantity_units"),
    ],
)
def test_the_very_amounts_that_are_needed_and_still_help_do(offered, unit, says):
    fit = ranking.fit(Side(("food",), offered, None, unit, is_open=True), FOOD_NEED, CLOSE)
    assert [reason.says for reason in fit.reasons if reason.code == "quantity"] == ([says] if says else [])


def test_what_is_also_welcome_counts_four_fifths_of_what_is_asked_for_first():
    money = Side(("cash_donation",), is_open=True)
    asked_first = replace(FOOD_NEED, support_types=("cash_donation", "food"))
    first, also = (ranking.fit(money, need, CLOSE).parts["support"] for need in (asked_first, FOOD_NEED))
    assert also == pytest.approx(0.8 * first)


@pytest.mark.parametrize(
    ("given_from", "given_to", "mark"),
    [
        (date(2026, 12, 1), date(2027, 3, 31), "○"),
        (date(2026, 12, 2), date(2027, 4, 30), "△"),
        (date(2026, 11, 1), date(2027, 3, 30), "△"),
        (date(2027, 3, 31), date(2027, 4, 30), "△"),
        (date(2027, 4, 1), date(2027, 4, 30), "×"),
    ],
)
def test_only_the_whole_of_the_time_is_called_the_whole(given_from, given_to, mark):
    offer = replace(FOOD_OFFER, period_from=given_from, period_to=given_to)
    assert marks(ranking.fit(offer, FOOD_NEED, CLOSE))["period"] == mark


def test_what_is_unknown_counts_neither_way():
    weights = Weights(-1.0, {"meaning": Part(4.0, 0.5), "words": Part(2.0, 0.2)})
    low, high = ranking.MEANING_SCALE
    middle = Texts(low + 0.5 * (high - low))
    assert ranking.fit(Side(), Side(), middle, weights=weights).parts == {"meaning": pytest.approx(0.5)}
    # At its center a signal says nothing: the bias alone is left.
    assert ranking.fit(Side(), Side(), middle, weights=weights).score == pytest.approx(1 / (1 + math.e))
    assert ranking.fit(Side(), Side(), Texts(), weights=weights).score == 0.0


def test_the_score_is_the_logistic_sum_of_its_parts():
    weights = Weights(-1.0, {"meaning": Part(4.0, 0.5), "words": Part(2.0, 0.2), "other": Part(9.0, 0.1)})
    expected = 1 / (1 + math.exp(-(-1.0 + 4.0 * (0.9 - 0.5) + 2.0 * (0.0 - 0.2))))
    assert weights.score({"meaning": 0.9, "words": 0.0}) == pytest.approx(expected)


def test_weights_come_back_from_their_file_and_any_change_has_another_version():
    shipped = ranking.shipped_weights()
    again = Weights.of(shipped.as_dict())
    assert again.version == shipped.version
    assert replace(shipped, bias=shipped.bias + 0.1).version != shipped.version
    assert all(part.weight >= 0 and 0 <= part.center <= 1 for part in shipped.parts.values())


def test_a_company_that_chose_no_field_loses_nothing_and_is_told_what_would_help():
    open_minded = Side(("food",), 30, None, "kg", is_open=True)
    fit = ranking.fit(open_minded, FOOD_NEED, CLOSE)
    assert "field" not in fit.parts
    helps = improving.improvements(open_minded, FOOD_NEED, fit.reasons)
    assert "choose_fields" in {reason.says for reason in helps}


def test_remote_support_has_no_distance():
    remote = Side(("pro_bono",), areas=frozenset({"outside"}), mode="remote", is_open=True)
    need = Side(("pro_bono",), areas=frozenset({"chuo"}), mode="either", is_open=True)
    assert marks(ranking.fit(remote, need, CLOSE))["area"] == "○"


@pytest.mark.parametrize(
    ("company", "npo", "says"),
    [("remote", "onsite", "area_company_remote"), ("onsite", "remote", "area_npo_remote")],
)
def test_who_must_be_met_and_who_comes_to_nobody_talk_about_it(company, npo, says):
    offer, need = replace(FOOD_OFFER, mode=company), replace(FOOD_NEED, mode=npo)
    (reason,) = (one for one in ranking.fit(offer, need, CLOSE).reasons if one.code == "area")
    assert (reason.mark, reason.says) == ("△", says)


FAIR = Fit(0.6, {"support": 1.0}, ())


@pytest.mark.parametrize(
    ("strength", "fit", "is_shown"),
    [
        (ranking.QUOTABLE, FAIR, True),
        (ranking.QUOTABLE - 0.01, FAIR, False),
        (0.9, replace(FAIR, parts={"support": 0.8}), False),  # another kind of support is asked for first
        (0.9, replace(FAIR, parts={}), False),
        (0.9, replace(FAIR, score=0.49), False),
        (0.9, replace(FAIR, score=0.50), True),
    ],
)
def test_only_what_carries_the_fit_is_quoted(strength, fit, is_shown):
    quote = Quote("ねじを作っています", "猫を保護しています", strength)
    assert (ranking.quote_reason(quote, fit) is not None) == is_shown
    assert ranking.quote_reason(None, fit) is None


@pytest.mark.parametrize(
    ("score", "word"), [(0.0, "low"), (0.29, "low"), (0.30, "middle"), (0.60, "high"), (1.0, "high")]
)
def test_the_word_for_a_score(score, word):
    assert ranking.level(score) == word


def test_equal_scores_are_ordered_by_their_key():
    assert ranking.order([(0.5, 9), (0.7, 3), (0.5, 2)]) == [1, 2, 0]


def test_two_kinds_that_stand_for_each_other_are_said_to_once():
    rows = vocabulary.SUPPORT_TYPES.values()
    said = [frozenset((one.code, other)) for one in rows for other in one.beside]
    assert len(said) == len(set(said))
    assert len(vocabulary.COMPLEMENTS) == 2 * len(said)


def test_what_is_money_is_told_by_its_kind_or_its_unit():
    assert vocabulary.is_money("sponsorship", "件")
    assert vocabulary.is_money("food", "円")
    assert not vocabulary.is_money("food", "kg")


def test_the_version_of_the_weights_knows_how_sentences_are_compared():
    assert ranking.MAXSIM_LESS == (pairs.SPREAD, pairs.USUAL, pairs.FEWEST)
