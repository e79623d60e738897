"""Who comes into question for a list is on one of its pages, and on one alone."""

import shutil

import pytest
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from embeddings.encoder import WordsOnly
from matcher.ground.db import Database
from matcher.records import Need, Organization
from matcher.suggestions import pages, suggest
from matcher.suggestions.conditions import Filters
from matcher.suggestions.indexing import LiveIndex
from tests.conftest import NOW
from tests.services.test_suggestions import encode


@pytest.fixture(scope="module")
def demo(lived_city, tmp_path_factory):
    path = tmp_path_factory.mktemp("pages") / "demo.db"
    shutil.copy(lived_city, path)
    database = Database(f"sqlite:///{path}")
    encode(database, NOW, WordsOnly())
    yield database
    database.dispose()


def company_of(session):
    return session.scalars(
        select(Organization)
        .where(Organization.kind == "company", Organization.state == "verified")
        .order_by(Organization.id)
        .options(joinedload(Organization.company))
    ).first()


def need_of(session):
    return session.scalars(
        select(Need)
        .where(Need.state == "open")
        .order_by(Need.id)
        .options(joinedload(Need.organization).joinedload(Organization.npo))
    ).first()


@pytest.mark.parametrize("filters", [Filters(), Filters(area="chuo")])
@pytest.mark.parametrize(
    ("asker", "first", "page_of"),
    [(company_of, suggest.for_company, pages.for_company), (need_of, suggest.for_need, pages.for_need)],
)
def test_everybody_is_on_one_page_and_the_first_is_as_ever(demo, asker, first, page_of, filters):
    live = LiveIndex()
    with demo.read() as session:
        live.level(session)
        asking = asker(session)
        before = first(session, live, asking, filters=filters, now=NOW)
        assert before.pages > 1
        found = [page_of(session, live, asking, filters, page, NOW) for page in range(1, before.pages + 1)]
        beyond = page_of(session, live, asking, filters, 99, NOW)
    assert [(one.candidate.id, one.fit.score) for one in found[0]] == [
        (one.candidate.id, one.fit.score) for one in before
    ]
    everybody = [one.candidate.id for page in found for one in page]
    assert len(everybody) == len(set(everybody)) == before.fitting
    assert [one.rank for page in found for one in page] == list(range(1, before.fitting + 1))
    for page in found[1:]:
        scores = [one.fit.score for one in page]
        assert scores == sorted(scores, reverse=True)
    assert (beyond.page, [one.candidate.id for one in beyond]) == (
        before.pages,
        [one.candidate.id for one in found[-1]],
    )
