"""Needs of other organizations that ask for much the same."""

from datetime import date

import pytest

from matcher.ground import calendar
from matcher.postings import alike
from matcher.records import Need
from matcher.suggestions.indexing import LiveIndex
from tests import factories
from tests.services.test_suggestions import encode


class Words:
    """One NPO that needs vegetables for the winter, encoded with whatever else there is."""

    def __init__(self, database, now):
        self.database, self.now = database, now
        with database.write() as session:
            self.npo = factories.make_npo(session)
            self.need = self.post("野菜", npo=self.npo, session=session)

    def post(self, topic, *, session, npo=None, **changes):
        """One more need about a topic."""
        said = {
            "title": f"{topic}のこと",
            "situation": f"{topic}で困っています。",
            "wanted_change": "よくなる。",
        }
        return factories.make_need(session, npo or factories.make_npo(session), **said | changes)

    def alike(self) -> list[str]:
        """Titles of what is alike, with what is to be seen of the organization."""
        encode(self.database, self.now)
        live = LiveIndex()
        with self.database.read() as session:
            live.level(session)
            need = session.get(Need, self.need.id)
            found = alike.needs_like(session, live, need, calendar.tokyo_date(self.now))
            assert all(row.need.organization.name and row.likeness >= alike.ALIKE for row in found)
            return [row.need.title for row in found]


@pytest.fixture
def words(database, now):
    return Words(database, now)


def test_what_another_organization_asks_for_in_the_same_words_is_found(words):
    with words.database.write() as session:
        words.post("野菜", session=session)
        words.post("音楽", session=session)
    assert words.alike() == ["野菜のこと"]


@pytest.mark.parametrize(
    "changes",
    [
        {"support_type": "goods_new", "unit": "箱"},
        {"period_from": date(2028, 4, 1), "period_to": date(2028, 5, 1)},
        {"state": "withdrawn"},
        {"visibility": "approached"},
    ],
)
def test_another_kind_another_time_and_what_is_not_open_to_all_are_not(words, changes):
    with words.database.write() as session:
        words.post("野菜", session=session, **changes)
    assert words.alike() == []


def test_ones_own_need_of_last_year_is_no_other_organizations(words):
    with words.database.write() as session:
        words.post("野菜", session=session, npo=session.merge(words.npo))
    assert words.alike() == []


def test_a_need_that_is_not_encoded_yet_is_like_nothing(words):
    live = LiveIndex()
    with words.database.read() as session:
        live.level(session)
        assert alike.needs_like(session, live, session.get(Need, words.need.id), date(2026, 11, 24)) == []
