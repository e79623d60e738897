"""Who may write when: in the order of asking, nobody waits for ever, and reading waits for nobody."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from matcher import migrations
from matcher.ground import db
from matcher.ground.db import Database
from matcher.register import numbers


def queue_of(database: Database):
    return database.engine.get_execution_options()["queue"]


def wait_until(met: Callable[[], bool]) -> None:
    """Until another thread has come so far."""
    moment = threading.Event()
    for _try in range(20_000):
        if met():
            return
        moment.wait(0.001)
    raise AssertionError("expected the other thread to come so far, found it did not")


@contextmanager
def another_program_writes(database: Database) -> Iterator[None]:
    """The write lock is held by somebody who does not stand in this process's queue."""
    stranger = Database(database.url, pooled=False)
    stranger.engine.update_execution_options(queue=db._Queue())
    with stranger.write_session() as session:
        session.connection()
        yield
        session.rollback()
    stranger.dispose()


def writes(database: Database) -> bool:
    """Whether a writing transaction begins."""
    try:
        with database.write_session() as session:
            session.connection()
            session.rollback()
    except OperationalError:
        return False
    return True


def in_a_thread(work: Callable[[], object]) -> threading.Thread:
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    return thread


def test_writers_of_a_process_take_turns_in_the_order_of_asking(database: Database) -> None:
    order: list[int] = []

    def write(number: int) -> None:
        with database.write() as session:
            numbers.counter(session, "turns").value += 1
            order.append(number)

    # Another ``Database`` object of the process, as the worker thread has one.
    with Database(database.url, pooled=False).write() as first:
        first.connection()
        threads = []
        for number in range(6):
            threads.append(in_a_thread(lambda number=number: write(number)))
            wait_until(lambda number=number: len(queue_of(database)._waiting) == number + 1)
    for thread in threads:
        thread.join(60)
    assert order == list(range(6))
    with database.read() as session:
        assert numbers.peek(session, "turns").value == 6


def test_nobody_waits_longer_than_the_patience_and_the_queue_goes_on(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(db, "PATIENCE_SECONDS", 0.05)
    found: list[bool] = []
    with database.write_session() as session:
        session.connection()
        in_a_thread(lambda: found.append(writes(database))).join(60)
        session.rollback()
    assert found == [False]
    assert not queue_of(database)._waiting
    assert writes(database)


def test_nobody_waits_longer_for_another_program(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(db, "PATIENCE_SECONDS", 0.05)
    with another_program_writes(database):
        assert not writes(database)
        assert not writes(database)  # the first gave its turn back
    assert writes(database)


def test_behind_somebody_who_takes_long_stands_no_crowd(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(db, "_LONG_SECONDS", -1.0)
    monkeypatch.setattr(db, "_MOST_WAITING", 1)
    waited: list[bool] = []
    with database.write_session() as session:
        session.connection()
        waiting = in_a_thread(lambda: waited.append(writes(database)))
        wait_until(lambda: len(queue_of(database)._waiting) == 1)
        at_once: list[bool] = []
        in_a_thread(lambda: at_once.append(writes(database))).join(60)
        assert at_once == [False]
        session.rollback()
    waiting.join(60)
    assert waited == [True]


def test_a_turn_comes_back_from_a_lost_connection(database: Database) -> None:
    with database.write_session() as session:
        session.connection().invalidate()
    with database.write_session() as session:
        with pytest.raises(Exception, match="nowhere"):
            session.execute(text("INSERT INTO nowhere VALUES (1)"))
        session.rollback()
    assert not db.is_writing()
    assert writes(database)


def test_a_thread_does_not_wait_for_itself(database: Database) -> None:
    with database.write_session() as session:
        session.connection()
        assert db.is_writing()
        assert not writes(database)
        assert numbers.counter(session, "turns").value == 0
    assert not db.is_writing()


def test_reading_waits_for_nobody(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(db, "PATIENCE_SECONDS", 0.01)
    with another_program_writes(database):
        assert migrations.is_current(database)
        with database.read() as session:
            assert numbers.peek(session, "turns") is None


def test_who_has_no_turn_takes_nobody_elses_by_leaving():
    queue = db._Queue()
    mine = queue.enter(1)
    queue.leave(db._Turn())
    assert queue.holder_thread == threading.get_ident()
    queue.leave(mine)
    assert queue.holder_thread is None
