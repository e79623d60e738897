"""200 races on each decision point, on both databases."""

import pytest

from tests.services.test_races import race_of_decisions, race_of_proposals

pytestmark = pytest.mark.soak


def test_two_hundred_decisions(database, now):
    race_of_decisions(database, 200, now)


def test_two_hundred_beginnings(database, now):
    race_of_proposals(database, 200, now)
