"""Who comes into question for a list is on one of its pages, and on one alone."""

import shutil

import pytest
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from embeddings.encoder import WordsOnly
from matcher.ground.db import Database
from matcher.ground.permissions import Actor
from matcher.records import Need, Organization, ShownList, ShownSuggestion
from matcher.suggestions import pages, shown_lists, suggest
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


def test_a_list_is_written_as_a_unit_of_work_would_write_its_records(demo):
    live = LiveIndex()
    with demo.write() as session:
        live.level(session)
        company = company_of(session)
        found = pages.for_company(session, live, company, Filters(area="chuo"), 1, NOW)
        actor = Actor(role="member", user_id=None, organization_id=company.id, organization_kind="company")
        asked = Filters(area="chuo")
        recorded = shown_lists.record(session, live, actor, company, found, NOW, filters=asked)
        composed = shown_lists.compose(session, live, actor, company, found, NOW, filters=asked)
        session.add(composed)
        session.flush()
        assert session.get_one(ShownList, recorded.id).public_id == recorded.public_id
        public_ids = composed.public_id, recorded.public_id
        session.expunge_all()

        def kept(public_id):
            one = session.scalars(select(ShownList).where(ShownList.public_id == public_id)).one()
            cards = session.scalars(
                select(ShownSuggestion)
                .where(ShownSuggestion.shown_list_id == one.id)
                .order_by(ShownSuggestion.rank)
            ).all()
            return [
                {key: value for key, value in vars(row).items() if key not in own} for row in (one, *cards)
            ]

        own = {"_sa_instance_state", "id", "public_id", "shown_list_id"}
        added, written = (kept(public_id) for public_id in public_ids)
        assert len(added) == 1 + len(found) > 1
        assert written == added
        session.rollback()
