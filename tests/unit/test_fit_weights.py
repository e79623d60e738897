"""Fitting: known odds are found again, no organization is tried with weights that saw it, noise is not adopted."""

import math
import random

import pytest

from matcher.ground.errors import Refused
from matcher.suggestions.judging import fitting
from matcher.suggestions.judging.fitting import Labelled, Trial
from matcher.suggestions.ranking import Part, Weights


def pairs(count, odds, seed=0, known=1.0):
    """Labelled pairs whose goodness follows from their signals by known log odds."""
    chance = random.Random(seed)
    found = []
    for number in range(count):
        parts = {code: chance.random() for code in fitting.PARTS if chance.random() < known}
        total = sum(weight * (parts.get(code, 0.5) - 0.5) for code, weight in odds.items()) - 0.5
        good = chance.random() < 1 / (1 + math.exp(-total))
        company, npo = f"c{chance.randrange(60)}", f"n{chance.randrange(60)}"
        found.append(Labelled(company, npo, f"q{number // 8}", parts, 3 if good else 0))
    return found


def test_known_odds_are_found_again():
    odds = {**fitting.FLOORS, "meaning": 6.0, "words": 3.0}  # nothing has less than its floor
    fitted = fitting.fit_weights(pairs(4000, odds), "made", "m", ridge=0.001)
    weights = {code: part.weight for code, part in fitted.parts.items()}
    assert weights["meaning"] == pytest.approx(6.0, abs=0.6)
    assert weights["words"] == pytest.approx(3.0, abs=0.6)
    assert weights["quantity"] < 0.5


def test_no_weight_falls_below_its_floor():
    fitted = fitting.fit_weights(pairs(2000, {"meaning": 4.0, "support": -3.0, "area": -3.0}), "made", "m")
    assert fitted.parts["support"].weight == fitting.FLOORS["support"]
    assert fitted.parts["area"].weight == 0.0
    assert all(part.weight >= 0 for part in fitted.parts.values())


def test_a_signal_that_is_unknown_in_every_pair_gets_only_its_floor():
    made = [
        Labelled(p.company, p.npo, p.query, {"meaning": p.parts["meaning"]}, p.grade)
        for p in pairs(1000, {"meaning": 5.0})
    ]
    fitted = fitting.fit_weights(made, "made", "m")
    assert fitted.parts["words"].weight == 0.0
    assert fitted.parts["support"].weight == fitting.FLOORS["support"]
    assert fitted.parts["meaning"].weight > 2


@pytest.mark.parametrize(("count", "grade"), [(50, None), (200, 3), (200, 0)])
def test_too_little_to_learn_from_is_refused(count, grade):
    made = pairs(count, {"meaning": 3.0})
    if grade is not None:
        made = [Labelled(p.company, p.npo, p.query, p.parts, grade) for p in made]
    with pytest.raises(Refused):
        fitting.fit_weights(made, "made", "m")


def test_no_pair_is_tried_with_weights_that_saw_its_organizations(monkeypatch):
    made = pairs(2000, {"meaning": 4.0})
    seen = []
    plain = fitting.fit_weights

    def spy(found, *rest, **options):
        seen.append({organization for pair in found for organization in (pair.company, pair.npo)})
        return plain(found, *rest, **options)

    monkeypatch.setattr(fitting, "fit_weights", spy)
    trial = fitting.held_aside(made)
    groups = [{fitting._group(organization) for organization in known} for known in seen]
    assert sorted(map(tuple, groups)) == [(0,), (1,)]
    assert len(trial.pairs) == len(trial.scores) > 800
    for pair in trial.pairs:
        assert fitting._group(pair.company) == fitting._group(pair.npo)


def test_a_clear_gain_is_better_and_noise_is_not():
    made = pairs(3000, {"meaning": 6.0, "words": 3.0})
    flat = Weights(0.0, {code: Part(0.0, 0.5) for code in fitting.PARTS})
    assert fitting.compare(made, flat).is_better
    right = Weights(
        -0.5, {code: Part({"meaning": 6.0, "words": 3.0}.get(code, 0.0), 0.5) for code in fitting.PARTS}
    )
    assert not fitting.compare(made, right).is_better
    chance = random.Random(1)
    noise = [Labelled(p.company, p.npo, p.query, p.parts, chance.choice((0, 3))) for p in made]
    even = Weights(0.0, {code: Part(0.0, 0.5) for code in fitting.PARTS})
    assert not fitting.compare(noise, even).is_better


def test_calibration_is_counted_by_steps_of_the_score():
    made = [Labelled("c", "n", "q", {}, grade) for grade in (0, 3, 3, 0, 2)]
    trial = Trial(tuple(made), (0.05, 0.85, 0.95, 0.15, 1.0))
    assert trial.calibration() == [
        (pytest.approx(0.05), 0.0, 1), (pytest.approx(0.15), 0.0, 1), (pytest.approx(0.85), 1.0, 1),
        (pytest.approx(0.975), 1.0, 2),
    ]  # fmt: skip
    assert trial.calibration_error == pytest.approx((0.05 + 0.15 + 0.15 + 2 * 0.025) / 5)
    assert trial.log_losses[1] == pytest.approx(-math.log(0.85))


def test_ndcg_of_a_trial_is_by_query():
    made = [
        Labelled("c1", "n1", "a", {}, 3),
        Labelled("c2", "n1", "a", {}, 0),
        Labelled("c1", "n2", "b", {}, 0),
    ]
    assert Trial(tuple(made), (0.9, 0.1, 0.5)).ndcg == {"a": 1.0}
    assert Trial(tuple(made), (0.1, 0.9, 0.5)).ndcg["a"] < 1.0
