"""The head of the audit record leaves the database once a day, by file and by mail."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from matcher.ground.db import Database
from matcher.ground.permissions import SYSTEM
from matcher.records import Mail
from matcher.register import audit
from tests import told as tell
from tests.factories import make_city
from webapp import heads
from webapp.config import Settings
from webapp.worker import Worker

#: 23:59 in Tokyo.
LATE = datetime(2026, 11, 24, 14, 59, tzinfo=UTC)


@pytest.fixture
def settings(tmp_path):
    return Settings.from_environment({"VAR_FOLDER": str(tmp_path / "var"), "AUDIT_KEY": "k" * 40})


@pytest.fixture
def records(database, settings):
    found = Database(database.url, audit_keys=settings.audit_keys)
    with found.write() as session:
        make_city(session)
    yield found
    found.dispose()


def _act(records):
    with records.write() as session:
        audit.record(session, SYSTEM, "publish", "need", "n", LATE)
        return audit.newest(session)


def test_one_line_a_day_is_added_in_the_first_round_after_midnight_in_tokyo(records, settings):
    assert not heads.keep_daily(records, settings, LATE)  # nothing was recorded yet
    first = _act(records)
    assert heads.keep_daily(records, settings, LATE)
    second = _act(records)
    assert not heads.keep_daily(records, settings, LATE + timedelta(seconds=50))
    assert heads.keep_daily(records, settings, LATE + timedelta(minutes=2))
    assert settings.audit_heads.read_text().splitlines() == [
        f"2026-11-24T23:59:00+09:00 {first}",
        f"2026-11-25T00:01:00+09:00 {second}",
    ]
    assert settings.audit_heads.stat().st_mode & 0o077 == 0
    assert settings.audit_heads.parent.stat().st_mode & 0o077 == 0
    kept = [audit.read_head(line) for line in settings.audit_heads.read_text().splitlines()]
    with records.read() as session:
        assert list(audit.lost(session, kept)) == []


def test_the_line_is_mailed_once_where_an_address_is_set(records, settings):
    head = _act(records)
    told = replace(settings, audit_heads_to="audit@city.example")
    heads.keep_daily(records, told, LATE)
    settings.audit_heads.unlink()  # as after a stop between the mail and the line
    heads.keep_daily(records, told, LATE)
    with records.read() as session:
        mail = session.scalars(select(Mail)).one()
        assert mail.to == "audit@city.example"
        assert str(head) in tell.of(mail).body
        assert "2026年11月24日" in tell.of(mail).subject


def test_the_worker_keeps_it(records, settings):
    _act(records)
    Worker(settings, records)._tick(LATE)
    assert settings.audit_heads.exists()
