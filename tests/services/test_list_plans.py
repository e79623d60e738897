"""How the database finds the big lists: in their order and counted by an index, not by reading all of them."""

from contextlib import contextmanager

import pytest
from sqlalchemy import event

from matcher.ground.permissions import Actor
from matcher.postings import reads
from tests import factories

STAFF = Actor(role="coordinator")


@contextmanager
def plans_of(session):
    """How each statement that is asked inside is carried out, in one text each."""
    asked = []

    def note(_connection, _cursor, statement, parameters, _context, _many):
        asked.append((statement, parameters))

    engine = session.get_bind()
    event.listen(engine, "before_cursor_execute", note)
    plans: list[str] = []
    try:
        yield plans
    finally:
        event.remove(engine, "before_cursor_execute", note)
    connection = session.connection()
    if connection.dialect.name == "postgresql":  # a few rows are read at once, whatever indexes there are
        for way in ("seqscan", "bitmapscan", "hashjoin", "mergejoin", "material", "memoize"):
            connection.exec_driver_sql(f"SET LOCAL enable_{way} = off")
    explain = "EXPLAIN QUERY PLAN " if connection.dialect.name == "sqlite" else "EXPLAIN "
    for statement, parameters in asked:
        rows = connection.exec_driver_sql(explain + statement, parameters)
        plans.append("\n".join(str(row[-1]) for row in rows))


@pytest.fixture
def postings(session):
    """Some needs and offers, open and not."""
    npo, company = factories.make_npo(session), factories.make_company(session)
    for state in ("open", "open", "draft"):
        factories.make_need(session, npo, state=state)
        factories.make_offer(session, company, state=state)
    session.flush()
    return npo, company


@pytest.mark.parametrize("kind", ["need", "offer"])
def test_a_list_is_read_newest_first_by_an_index(session, postings, kind):
    with plans_of(session) as plans:
        found = (
            reads.open_needs(session, {}, public=False) if kind == "need" else reads.open_offers(session, {})
        )
    assert found.total == len(found.rows) == 2
    _counted, rows = plans
    assert f"ix_{kind}_state_published_at_id" in rows
    assert "ORDER BY" not in rows  # SQLite sorts
    assert "Sort" not in rows  # PostgreSQL sorts


@pytest.mark.parametrize("kind", ["need", "offer"])
def test_a_list_is_counted_without_its_texts(session, postings, kind):
    if session.get_bind().dialect.name == "postgresql":
        pytest.skip("which index counts with fewer pages it decides by how many rows there are")
    with plans_of(session) as plans:
        if kind == "need":
            reads.open_needs(session, {}, public=False)
        else:
            reads.open_offers(session, {})
    counted, _rows = plans
    assert f"COVERING INDEX ix_{kind}_state_organization_id" in counted


def test_those_of_one_organization_are_found_by_it(session, postings):
    npo, company = postings
    with plans_of(session) as plans:
        assert reads.open_needs_of(session, STAFF, npo)
        assert reads.open_offers_of(session, company)
    for kind, plan in zip(("need", "offer"), plans, strict=True):
        assert f"ix_{kind}_state_organization_id" in plan
        assert "ORDER BY" not in plan
        assert "Sort" not in plan
