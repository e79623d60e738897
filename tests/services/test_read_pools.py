"""Lists beside the grades of their whole pool: who is counted, as a partner and as missed."""

import pytest

from matcher.suggestions.judging import pools
from tests import factories
from tests.services.test_suggestions import Town, encode, need_of


@pytest.fixture
def town(database, now):
    return Town(database, now)


def read(town, grades):
    with town.database.read() as session:
        town.live.level(session)
        companies = {"c1": town.reload(session, town.company)}
        needs = {topic: need_of(session, town, topic) for topic in town.needs}
        return {one.asker: one for one in pools.read(session, town.live, grades, companies, needs)}


GRADES = {"c1": {"野菜": 3, "清掃": 2}, "野菜": {"c1": 3}}


def test_who_has_a_case_with_the_asker_is_neither_shown_nor_missed(town, now):
    before = read(town, GRADES)
    assert (len(before["c1"].pool), len(before["野菜"].pool)) == (2, 1)
    town.change(lambda session: town.propose(session, now))
    after = read(town, GRADES)
    assert after["c1"].pool == (2,)
    assert "野菜" not in [key for key, _score, _grade in after["c1"].shown]
    assert (after["野菜"].pool, after["野菜"].missed) == ((), ())


def test_a_partner_counts_once_by_the_best_of_its_needs(town, now):
    def second(session):
        return factories.make_need(
            session,
            town.npos["野菜"],
            title="音楽も",
            situation="音楽で困っています。",
            wanted_change="よくなる。",
        )

    town.needs["音楽も"] = town.change(second)
    encode(town.database, now)
    found = read(town, {"c1": {"野菜": 2, "音楽も": 2}})["c1"]
    assert found.pool == (2,)
    assert (found.ndcg > 0, found.missed) == (True, ())
    # The card speaks of the need that fits better by its text, though readers found another good.
    assert read(town, {"c1": {"音楽も": 3}})["c1"].missed == (("音楽も", 3),)
