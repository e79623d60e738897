"""Filters of suggestions narrow what stands without them, over the demo city."""

import shutil

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from embeddings.encoder import WordsOnly
from matcher.ground import vocabulary
from matcher.ground.db import Database
from matcher.records import Need, Organization
from matcher.suggestions import suggest
from matcher.suggestions.conditions import Filters
from matcher.suggestions.indexing import LiveIndex
from tests.conftest import NOW
from tests.services.test_suggestions import encode

EVERYBODY = 1_000  #: a list so long that nobody is left out of it


@pytest.fixture(scope="module")
def demo(lived_city, tmp_path_factory):
    """The demo city, its index, and a company and a need of it."""
    path = tmp_path_factory.mktemp("filters") / "demo.db"
    shutil.copy(lived_city, path)
    database = Database(f"sqlite:///{path}")
    encode(database, NOW, WordsOnly())
    yield database, LiveIndex()
    database.dispose()


def suggested(demo, direction, filters, limit):
    """The list for the first company, or for its first open need of the first NPO."""
    database, live = demo
    with database.read() as session:
        live.level(session)
        if direction == "company":
            company = session.scalar(
                select(Organization)
                .where(Organization.kind == "company", Organization.state == "verified")
                .order_by(Organization.id)
                .options(joinedload(Organization.company))
                .limit(1)
            )
            found = suggest.for_company(session, live, company, filters=filters, limit=limit, quoted=False)
        else:
            need = session.scalar(
                select(Need)
                .where(Need.state == "open")
                .order_by(Need.id)
                .options(joinedload(Need.organization).joinedload(Organization.npo))
                .limit(1)
            )
            found = suggest.for_need(session, live, need, filters=filters, limit=limit, quoted=False)
        return found.near, found.fitting, [item.candidate.id for item in found]


FILTERS = st.builds(
    Filters,
    field=st.sampled_from(["", "2", "7", "13"]),
    area=st.sampled_from(["", "chuo", vocabulary.AREA_CITYWIDE]),
    support_type=st.sampled_from(["", *vocabulary.SUPPORT_TYPES]),
)


@pytest.mark.parametrize("direction", ["company", "need"])
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(filters=FILTERS)
def test_a_filter_narrows_what_stands_without_it(demo, direction, filters):
    base, _fitting, everybody = suggested(demo, direction, Filters(), EVERYBODY)
    for left_out in ("field", "area", "support_type"):
        wider = Filters(**{**vars(filters), left_out: ""})
        near, fitting, found = suggested(demo, direction, filters, EVERYBODY)
        _near, fitting_wider, found_wider = suggested(demo, direction, wider, EVERYBODY)
        assert near == base
        assert len(found) == fitting <= fitting_wider
        assert set(found) <= set(found_wider) <= set(everybody)


@pytest.mark.parametrize("direction", ["company", "need"])
def test_a_page_of_ten_says_the_same_of_how_many_they_are(demo, direction):
    for filters in (Filters(), Filters(field="2"), Filters(support_type="training")):
        near, fitting, found = suggested(demo, direction, filters, 10)
        assert (near, fitting) == suggested(demo, direction, filters, EVERYBODY)[:2]
        assert len(found) == min(10, fitting)
