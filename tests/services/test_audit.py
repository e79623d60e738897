"""The audit record is append-only, chained, and names the first row that does not hold."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from matcher.permissions import SYSTEM
from matcher.services import audit


def _three(session, now):
    for number in range(3):
        audit.record(session, SYSTEM, "publish", "need", f"n{number}", now, to_state="open")


def test_an_untouched_chain_holds(session, now):
    _three(session, now)
    assert audit.verify(session) == (3, None)


@pytest.mark.parametrize("statement", ["UPDATE audit_event SET role = 'x'", "DELETE FROM audit_event"])
def test_the_database_itself_refuses_to_change_an_event(session, now, statement):
    _three(session, now)
    with pytest.raises(DBAPIError):
        session.execute(text(statement))


def _unprotect(session):
    if session.get_bind().dialect.name == "sqlite":
        session.execute(text("DROP TRIGGER audit_event_no_update"))
        session.execute(text("DROP TRIGGER audit_event_no_delete"))
    else:
        session.execute(text("DROP TRIGGER audit_event_append_only ON audit_event"))


@pytest.mark.parametrize(
    ("statement", "row", "why"),
    [
        ("UPDATE audit_event SET to_state = 'opem' WHERE id = 2", 2, "content"),
        ("UPDATE audit_event SET previous_hash = hash WHERE id = 2", 2, "link"),
        ("DELETE FROM audit_event WHERE id = 2", 2, "missing"),
        ("DELETE FROM audit_event WHERE id = 3", 3, "head"),
    ],
)
def test_tampering_is_found_at_its_row(session, now, statement, row, why):
    _three(session, now)
    _unprotect(session)
    session.execute(text(statement))
    session.expire_all()
    assert audit.verify(session)[1] == audit.Broken(row, why)
