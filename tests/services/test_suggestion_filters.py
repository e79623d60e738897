"""Filters of suggestions narrow what stands without them, over the demo city."""

import dataclasses
import shutil
from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from embeddings.encoder import WordsOnly
from matcher.ground import vocabulary
from matcher.ground.db import Database
from matcher.postings import reads
from matcher.postings.wanted import Wanted
from matcher.records import Need, Offer, Organization
from matcher.suggestions import suggest
from matcher.suggestions.conditions import Filters, facts_of_posting
from matcher.suggestions.indexing import LiveIndex
from tests import factories
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


POSTED = {
    "small": {"quantity": 10, "unit": "kg", "period_from": date(2026, 10, 1), "period_to": date(2026, 10, 31)},
    "large": {"quantity": 50, "unit": "kg", "period_from": date(2026, 11, 1), "period_to": None, "mode": "remote"},
    "yearly": {"quantity": 30, "unit": "円/年", "period_from": None, "period_to": None, "mode": "either"},
    "silent": {"quantity": None, "unit": "", "period_from": None, "period_to": date(2026, 12, 31)},
}  # fmt: skip
DAY = date.fromisoformat
CHOSEN = [
    (Filters(amount=20.0, unit="kg"), {"small", "partly"}, {"large"}),
    (Filters(amount=50.0, unit="kg"), {"small", "large", "partly"}, {"large"}),
    (Filters(amount=30.0, unit="円"), {"yearly"}, {"yearly"}),
    (Filters(amount=99.0, unit="食"), set(), set()),
    (Filters(period_to=DAY("2026-10-15")), {"small", "yearly", "silent", "partly"}, {"small", "yearly", "silent"}),
    (Filters(period_from=DAY("2026-12-01")), {"large", "yearly", "silent"}, {"large", "yearly", "silent"}),
    (Filters(period_from=DAY("2026-10-31"), period_to=DAY("2026-10-31")), {"small", "yearly", "silent", "partly"},
     {"small", "yearly", "silent"}),
    (Filters(mode="remote"), {"large", "yearly"}, {"large", "yearly"}),
    (Filters(urgency="now"), {"partly"}, set()),
    (Filters(support_type="goods_new"), {"partly"}, set()),
    (Filters(support_type="goods_new", amount=100.0, unit="kg"), set(), set()),  # of its food
    (Filters(support_type="food", amount=100.0, unit="kg"), {"small", "large", "partly"}, set()),
    (Filters(beneficiary="elderly"), {"partly"}, set()),
    (Filters(sdg="2", area="hama"), {"partly"}, set()),
]  # fmt: skip


@pytest.mark.parametrize(("filters", "needs", "offers"), CHOSEN)
def test_what_meets_a_filter_does_so_in_a_list_and_among_suggestions(session, filters, needs, offers):
    factories.make_city(session)
    npo, company = factories.make_npo(session), factories.make_company(session)
    for title, facts in POSTED.items():
        factories.make_need(session, npo, title=title, **facts)
        factories.make_offer(session, company, title=title, **facts)
    factories.make_need(
        session, npo, title="partly", quantity=80, min_useful=20, unit="kg", urgency="now", sdgs=["2"],
        also_welcome=["goods_new"], beneficiaries=["elderly"], areas=["hama"],
        period_from=DAY("2026-10-01"), period_to=DAY("2026-10-31"),
    )  # fmt: skip
    assert Filters.of(filters.as_dict()) == filters
    conditions = Wanted(filters=filters).as_dict()
    listed = {
        "needs": reads.open_needs(session, conditions, public=True).rows,
        "offers": reads.open_offers(session, conditions).rows,
    }
    assert {one.title for one in listed["needs"]} == needs
    assert {one.title for one in listed["offers"]} == offers
    for kind, name in ((Need, "needs"), (Offer, "offers")):
        met = [
            one.title
            for one in session.scalars(select(kind))
            if filters.are_met(facts_of_posting(one), asked=kind is Need)
        ]
        assert set(met) == {one.title for one in listed[name]}


@pytest.mark.parametrize("name", [one.name for one in dataclasses.fields(Filters)])
def test_a_stored_filter_is_read_again_and_what_is_unknown_is_left_out(name):
    value = {"amount": 2.5, "period_from": DAY("2026-10-01"), "period_to": DAY("2027-03-31")}.get(name, "x")
    stored = Wanted("野菜", Filters(**{name: value})).as_dict()
    assert Wanted.of(stored | {"gone": "1"}) == Wanted("野菜", Filters(**{name: value}))
