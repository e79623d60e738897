"""200 races on each decision point, on both databases."""

import pytest

from tests.services.test_races import race_of_decisions, race_of_proposals
from tests.services.test_work_races import POINTS, race

pytestmark = pytest.mark.soak


def test_two_hundred_decisions(database, now):
    race_of_decisions(database, 200, now)


def test_two_hundred_beginnings(database, now):
    race_of_proposals(database, 200, now)


@pytest.mark.parametrize("name", POINTS)
def test_two_hundred_on_each_decision_point_of_a_partnership(database, now, tmp_path, name):
    race(database, POINTS[name], 200, now, tmp_path)
