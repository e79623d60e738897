"""While somebody writes, every page that is only read is answered at once, and what reading leaves comes later."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import event, func, select

from matcher.records import AuditEvent, ShownList, ShownSuggestion, UserSession
from matcher.register import audit
from tests.conftest import NOW
from tests.contracts.expectations import EXPECTATIONS
from tests.contracts.test_routes import address
from tests.contracts.world import ACTORS, World
from webapp.traces import Traces

READ = [
    (endpoint, record, extra, letters["GET"])
    for endpoint, rows in EXPECTATIONS.items()
    for record, extra, letters in rows
    if "+" in letters.get("GET", "") and endpoint != "public.healthz_worker"  # 503 is its word for no worker
]


@pytest.fixture(scope="module")
def world(served_world: World) -> World:
    return served_world


@contextmanager
def somebody_writes(world: World) -> Iterator[None]:
    """Another program holds the write lock."""
    other = sqlite3.connect(world.file, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    yield
    other.execute("ROLLBACK")
    other.close()


def readers(letters: str, endpoint: str) -> list[str]:
    """Everybody who may; of what takes seconds to lay out, one is enough."""
    found = [actor for actor, letter in zip(ACTORS, letters, strict=True) if letter == "+"]
    return found[:1] if "paper" in endpoint else found


def test_no_page_waits_for_somebody_who_writes(world, monkeypatch):
    monkeypatch.setattr(Traces, "_start", lambda left: None)
    world.reset()
    app = world.app
    begun: set[str] = set()
    here = [""]

    def note_writing(connection) -> None:
        if not connection.get_execution_options().get("read_only"):
            begun.add(here[0])

    engine = app.extensions["database"].engine
    event.listen(engine, "begin", note_writing)
    answers = {}
    # Two minutes after the login: it is time to note that the browser is still in use.
    with time_machine.travel(NOW + timedelta(minutes=2), tick=True), somebody_writes(world):
        for endpoint, record, extra, letters in READ:
            for actor in readers(letters, endpoint):
                here[0] = address(world, endpoint, record, dict(extra))
                answers[here[0], actor] = world.browser(actor).get(here[0]).status_code
    event.remove(engine, "begin", note_writing)
    # Whoever asks for what takes long asks for a place in line, and is told to come again.
    asking = {path for (path, _actor), status in answers.items() if status == 202}
    assert asking
    assert all(path.split("?")[0].endswith(".pdf") or "format=pdf" in path for path in asking)
    assert begun <= asking
    assert {key: status for key, status in answers.items() if status not in {200, 202, 301, 302, 303}} == {}
    assert len({path for path, _actor in answers}) >= len({endpoint for endpoint, *_rest in READ})
    assert app.extensions["traces"].flush()
    with world.database.read() as session:
        actions = set(session.scalars(select(AuditEvent.action)))
        assert {"read_file", "export", "download"} <= actions
        assert session.scalar(select(func.count()).select_from(ShownList)) >= 4
        assert session.scalar(select(func.count(ShownSuggestion.opened_at))) == 2
        assert session.scalar(select(func.max(UserSession.last_seen_at))) > NOW
        assert audit.verify(session)[1] is None
    world.reset()
