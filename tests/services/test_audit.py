"""The audit record is append-only, chained, and names the first row that does not hold."""

from datetime import timedelta

import pytest
from sqlalchemy import select, sql, text
from sqlalchemy.exc import DBAPIError

from matcher.ground.db import Database
from matcher.ground.permissions import SYSTEM
from matcher.records import AuditEvent, Counter
from matcher.register import audit
from tests.conftest import NOW


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


#: Of an event: what it says, and something else that it might say instead.
FACTS = {
    "at": NOW + timedelta(days=1), "actor_id": "u1", "actor_organization_id": "o1", "role": "manager",
    "action": "withdraw", "object_type": "offer", "object_id": "n9", "object_version": 7, "from_state": "draft",
    "to_state": "closed", "reason_code": "other", "reason_text": "not so", "details": {"by": "somebody"},
    "request_id": "r1",
}  # fmt: skip


@pytest.mark.parametrize("fact", FACTS)
def test_no_fact_of_an_event_changes_unnoticed(session, now, fact):
    _three(session, now)
    _unprotect(session)
    event = session.get(AuditEvent, 2)
    assert getattr(event, fact) != FACTS[fact]
    setattr(event, fact, FACTS[fact])
    session.flush()
    session.expire_all()
    assert audit.verify(session) == (1, audit.Broken(2, "content"))


def test_every_fact_of_an_event_is_tried():
    assert {*FACTS, "id", "previous_hash", "hash", "seal"} == set(AuditEvent.__table__.columns.keys())


@pytest.mark.parametrize(
    "change",
    [
        "details = 'not json'",
        "at = 'yesterday'",
        "at = 7",
        "reason_text = CAST(X'ff' AS TEXT)",
        "reason_text = X'ff'",
        "seal = X'ff'",
    ],
)
def test_an_event_in_which_nothing_can_be_read_is_named_as_well(session, now, change):
    if session.get_bind().dialect.name != "sqlite":
        return  # PostgreSQL itself takes no such values
    _three(session, now)
    _unprotect(session)
    session.execute(text(f"UPDATE audit_event SET {change} WHERE id = 2"))
    session.expire_all()
    assert audit.verify(session) == (1, audit.Broken(2, "content"))


def test_where_the_counter_is_gone_it_is_said_and_the_numbers_go_on_from_the_events(session, now):
    _three(session, now)
    session.execute(text("DELETE FROM counter WHERE name = 'audit'"))
    session.expire_all()
    assert audit.verify(session) == (3, audit.Broken(3, "head"))
    audit.record(session, SYSTEM, "publish", "need", "n9", now)
    assert audit.verify(session) == (4, None)


# ── Seals: what a keyless chain cannot show ──────────────────────────────────────────────────────────

KEY, OTHER_KEY = "a" * 40, "b" * 40


@pytest.fixture
def sealed(database):
    """Opens a writing session with these keys on the test's database; one before it is committed."""
    opened = []

    def make(*keys):
        for earlier in opened:
            earlier.commit()
        found = Database(database.url, pooled=False, audit_keys=keys)
        opened.append(session := found.write_session())
        return session

    yield make
    for session in opened:
        session.close()


def _rewrite(session, seal=None):
    """What somebody with the whole database in hand does: other content, all hashes and the head made anew."""
    _unprotect(session)
    previous = audit.GENESIS
    for event in session.scalars(select(AuditEvent).order_by(AuditEvent.id)).all():
        event.reason_text = "not so"
        event.previous_hash = previous
        event.hash = previous = audit._hash(event)
        if seal is not None:
            event.seal = seal(event)
        session.flush()
    session.get(Counter, "audit").text = previous
    session.flush()
    session.expire_all()


def test_a_sealed_chain_holds_and_says_its_head(sealed, now):
    session = sealed(KEY)
    _three(session, now)
    assert audit.verify(session) == (3, None)
    head = audit.newest(session)
    assert head.number == 3
    assert audit.read_head(f"2026-11-24T00:00:01+09:00 {head}") == audit.read_head(str(head)) == head


def test_a_chain_rewritten_without_the_key_is_found_at_its_first_event(sealed, session, now):
    sealed_session = sealed(KEY)
    _three(sealed_session, now)
    _rewrite(sealed_session)
    assert audit.verify(sealed_session) == (0, audit.Broken(1, "seal"))


@pytest.mark.parametrize(
    ("seal", "broken"),
    [
        (lambda event: sql.null(), audit.Broken(3, "unsealed")),  # all seals stripped
        (lambda event: sql.null() if event.id > 1 else event.seal, audit.Broken(1, "seal")),
        (lambda event: audit._seal(OTHER_KEY, event.hash), audit.Broken(1, "key")),
    ],
)
def test_a_rewritten_chain_with_stripped_or_foreign_seals_is_found(sealed, now, seal, broken):
    session = sealed(KEY)
    _three(session, now)
    _rewrite(session, seal)
    assert audit.verify(session) == (0, broken)


@pytest.mark.parametrize(
    ("stripped", "found"), [(1, (1, 1)), (2, (1, 2)), (3, (2, 3))], ids=["first", "middle", "last"]
)
def test_a_seal_taken_from_one_event_is_found(sealed, now, stripped, found):
    session = sealed(KEY)
    _three(session, now)
    _unprotect(session)
    session.execute(text("UPDATE audit_event SET seal = NULL WHERE id = :id"), {"id": stripped})
    session.expire_all()
    assert audit.verify(session) == (found[0], audit.Broken(found[1], "unsealed"))


def test_a_stripped_chain_is_not_made_whole_by_going_on(sealed, now):
    session = sealed(KEY)
    _three(session, now)
    _rewrite(session, lambda event: sql.null())
    audit.record(session, SYSTEM, "publish", "need", "n9", now)
    assert audit.verify(session) == (3, audit.Broken(3, "unsealed"))
    assert not audit.begin_sealing(session, now)


def test_a_record_from_before_the_seals_is_fixed_by_the_event_that_begins_them(database, sealed, now):
    with database.write() as keyless:
        _three(keyless, now)
    session = sealed(KEY)
    assert audit.verify(session) == (0, audit.Broken(3, "unsealed"))
    assert audit.begin_sealing(session, now)
    assert not audit.begin_sealing(session, now)
    audit.record(session, SYSTEM, "publish", "need", "n9", now)
    assert audit.verify(session) == (5, None)
    _rewrite(session)
    assert audit.verify(session) == (3, audit.Broken(4, "seal"))


def test_an_empty_record_needs_no_beginning(sealed, now):
    session = sealed(KEY)
    assert not audit.begin_sealing(session, now)
    assert audit.verify(session) == (0, None)
    assert audit.newest(session) is None


def test_keys_can_be_changed_and_an_earlier_one_seals_nothing_new(sealed, now):
    session = sealed(KEY)
    _three(session, now)
    both = sealed(OTHER_KEY, KEY)
    audit.record(both, SYSTEM, "publish", "need", "n9", now)
    assert audit.verify(both) == (4, None)
    assert audit.verify(sealed(OTHER_KEY)) == (0, audit.Broken(1, "key"))
    # Who stole the earlier key still cannot write the newest events.
    thief = sealed(KEY)
    audit.record(thief, SYSTEM, "publish", "need", "n10", now)
    assert audit.verify(sealed(OTHER_KEY, KEY)) == (4, audit.Broken(5, "key"))


def test_who_has_no_key_cannot_add_to_a_sealed_record(database, sealed, now):
    session = sealed(KEY)
    _three(session, now)
    session.commit()
    with database.write_session() as keyless, pytest.raises(RuntimeError, match="audit key"):
        audit.record(keyless, SYSTEM, "publish", "need", "n9", now)


def test_a_kept_head_shows_what_was_cut_off_or_rewritten(sealed, now):
    session = sealed(KEY)
    _three(session, now)
    kept = audit.newest(session)
    audit.record(session, SYSTEM, "publish", "need", "n9", now)
    assert list(audit.lost(session, [kept, audit.newest(session)])) == []
    _unprotect(session)
    session.execute(text("DELETE FROM audit_event WHERE id > 2"))
    previous = session.scalar(text("SELECT hash FROM audit_event WHERE id = 2"))
    session.execute(
        text("UPDATE counter SET value = 2, text = :hash WHERE name = 'audit'"), {"hash": previous}
    )
    session.expire_all()
    assert audit.verify(session) == (2, None)  # the chain alone cannot know
    assert list(audit.lost(session, [kept])) == [(kept, "absent")]
    audit.record(session, SYSTEM, "publish", "need", "another", now)
    assert audit.verify(session) == (3, None)
    assert list(audit.lost(session, [kept])) == [(kept, "other")]


def test_an_altered_line_of_the_kept_heads_is_told_from_an_altered_record(sealed, now):
    session = sealed(KEY)
    _three(session, now)
    head = audit.newest(session)
    forged = audit.Head(head.number, "0" * 64, head.seal)
    assert list(audit.lost(session, [forged])) == [(forged, "forged")]
    for line in ("", "3 abc", f"{head} more", f"0 {head.hash} {head.seal}", f"3 {head.hash}"):
        with pytest.raises(ValueError, match="expected"):
            audit.read_head(line)
