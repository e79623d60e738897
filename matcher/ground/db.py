"""Engines and sessions for SQLite (default) and PostgreSQL, behaving alike.

A ``Database`` gives two kinds of session: ``write`` takes the write lock at BEGIN, ``read`` never
writes and never waits for writers. Measured on SQLite with four writers, deferred BEGIN gave hundreds of
thousands of lock failures in seconds and BEGIN IMMEDIATE none, so every writing transaction begins
IMMEDIATE. PostgreSQL does the same with an advisory lock: the audit chain needs one writer at a time
anyway, and serial writers cannot deadlock on the order in which they touch rows.

SQLite lets whoever polls at the right moment in, so threads of one process stand in a queue first; other
processes are waited for as before. Nobody waits longer than ``PATIENCE_SECONDS``.
"""

import sqlite3
import threading
import time
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Final
from weakref import WeakValueDictionary

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session, sessionmaker
from sqlalchemy.pool import NullPool

PATIENCE_SECONDS: Final = 5.0  #: a writing transaction that cannot begin within this fails
#: Where the writer in front takes longer than this, no more than so many wait behind it: a thread that
#: waits answers nobody, and pages that only read need threads, too.
_LONG_SECONDS: Final = 2.0
_MOST_WAITING: Final = 3

_PRAGMAS = (
    "journal_mode=WAL",
    "synchronous=FULL",
    f"busy_timeout={int(PATIENCE_SECONDS * 1000)}",
    "foreign_keys=ON",
    "trusted_schema=OFF",
    "journal_size_limit=67108864",
    "temp_store=MEMORY",
    "cache_size=-16000",
)

#: Any constant that no other program uses on this database.
_WRITER_LOCK = 4_627_315_098


class Database:
    """One database address and the sessions on it."""

    def __init__(self, url: str, *, pooled: bool = True, audit_keys: Sequence[str] = ()) -> None:
        """Open lazily: nothing is connected before the first session is used.

        Args:
            url: ``sqlite:///path`` or ``postgresql://…`` (psycopg 3 is used for the latter).
            pooled: keep connections between sessions; tests that fork or drop databases do not.
            audit_keys: what ``matcher.register.audit`` seals with (the first) and verifies with (all).
        """
        self.url = _with_driver(url)
        self.engine = _create(self.url, pooled)
        self._carried: dict[str, Any] = {"audit_keys": tuple(audit_keys)}
        self._write = sessionmaker(self.engine, expire_on_commit=False, info=self._carried)
        self._reading = self.engine.execution_options(
            read_only=True, **({"postgresql_readonly": True} if self.is_postgresql else {})
        )
        self._read = sessionmaker(self._reading, expire_on_commit=False, autoflush=False, info=self._carried)

    def carry(self, name: str, value: object) -> None:
        """Let every session from now on know ``value``, as its ``info[name]``."""
        self._carried[name] = value

    @property
    def is_postgresql(self) -> bool:
        """Whether this is the real-deployment database."""
        return self.url.startswith("postgresql")

    def write_session(self, patience_seconds: float | None = None) -> Session:
        """A session whose transaction takes the write lock first; the caller commits and closes.

        Args:
            patience_seconds: how long its transaction may wait to begin, if not ``PATIENCE_SECONDS``.
        """
        if patience_seconds is None:
            return self._write()
        return self._write(bind=self.engine.execution_options(patience_seconds=patience_seconds))

    def read_session(self) -> Session:
        """A session that must not write; on SQLite it never waits for writers."""
        return self._read()

    def only_reads(self, session: Session) -> bool:
        """Whether a session of this database was made, or turned, to read."""
        return session.bind is self._reading

    def turn_to_reading(self, session: Session) -> None:
        """Let a writing session, whose transaction has ended, read from now on; a flush is then a mistake."""
        session.bind = self._reading
        session.autoflush = False
        event.listen(session, "before_flush", _refuse_flush)

    @contextmanager
    def write(self) -> Iterator[Session]:
        """One transaction: committed at the end of the block, rolled back on any error."""
        with self._write() as session, session.begin():
            yield session

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A reading transaction, always rolled back."""
        with self._read() as session:
            yield session

    def dispose(self) -> None:
        """Close pooled connections, for example after a fork."""
        self.engine.dispose()


def _refuse_flush(*_given: object) -> None:
    raise RuntimeError("expected a session that only reads, found changes to write")


# ── Taking turns ─────────────────────────────────────────────────────────────────────────────────────


class _Turn:
    """One writer's place in the queue."""

    def __init__(self) -> None:
        self.thread = threading.get_ident()
        self.called = threading.Event()


class _Queue:
    """Who of this process writes next: first come, first served."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: deque[_Turn] = deque()
        self._holder: _Turn | None = None
        self._since = 0.0

    @property
    def holder_thread(self) -> int | None:
        """The thread whose turn it is."""
        holder = self._holder
        return None if holder is None else holder.thread

    def enter(self, patience_seconds: float) -> _Turn:
        """Wait for one's turn.

        Raises:
            TimeoutError: it did not come in time, or cannot.
        """
        turn = _Turn()
        with self._lock:
            if self._holder is None:
                self._call(turn)
                return turn
            if self._holder.thread == turn.thread:
                raise TimeoutError("expected one writing transaction a thread, found a second")
            takes_long = time.monotonic() - self._since > _LONG_SECONDS
            if takes_long and len(self._waiting) >= _MOST_WAITING:
                raise TimeoutError("expected few writers waiting, found a crowd")
            self._waiting.append(turn)
        if not turn.called.wait(patience_seconds):
            with self._lock:
                # Called at the last moment is called: the turn must not be lost.
                if self._holder is not turn:
                    self._waiting.remove(turn)
                    raise TimeoutError("expected a turn to write, found none in time")
        return turn

    def leave(self, turn: _Turn) -> None:
        """Let the next one write."""
        with self._lock:
            if self._holder is not turn:
                return
            self._holder = None
            if self._waiting:
                self._call(self._waiting.popleft())

    def _call(self, turn: _Turn) -> None:
        self._holder, self._since = turn, time.monotonic()
        turn.called.set()


_queues: WeakValueDictionary[str, _Queue] = WeakValueDictionary()
_queues_lock = threading.Lock()


def _queue_named(name: str) -> _Queue:
    """The one queue of this process for a database, however many ``Database`` objects there are."""
    with _queues_lock:
        return _queues.setdefault(name, _Queue())


def is_writing() -> bool:
    """Whether this thread is in a writing transaction of any database: the time for nothing slow."""
    with _queues_lock:
        queues = list(_queues.values())
    return any(queue.holder_thread == threading.get_ident() for queue in queues)


def _take_turn(connection: Connection) -> float:
    """Stand in the queue; returns for how many more seconds one may wait for other processes."""
    options = connection.get_execution_options()
    patience: float = options.get("patience_seconds", PATIENCE_SECONDS)
    # The record outlives the driver's connection, so the turn is given back even where that was lost.
    kept = connection.connection.record_info
    if kept is None or "turn" in kept:
        return patience
    started = time.monotonic()
    try:
        kept["turn"] = options["queue"].enter(patience)
    except TimeoutError as error:
        raise OperationalError(
            "BEGIN", None, sqlite3.OperationalError(f"database is locked: {error}")
        ) from error
    return max(patience - (time.monotonic() - started), 0.01)


def _give_turn_back(queue: _Queue, _driver_connection: Any, record: Any) -> None:
    # At check-in and no sooner: the event "commit" comes before the commit.
    turn = record.record_info.pop("turn", None)
    if turn is not None:
        queue.leave(turn)


# ── Engines ──────────────────────────────────────────────────────────────────────────────────────────


def _with_driver(url: str) -> str:
    for prefix in ("postgres://", "postgresql://"):
        if url.startswith(prefix):
            return "postgresql+psycopg://" + url.removeprefix(prefix)
    return url


def _create(url: str, pooled: bool) -> Engine:
    options: dict[str, Any] = {} if pooled else {"poolclass": NullPool}
    parsed = make_url(url)
    # Parameters are what people typed: they belong neither in logs nor in error texts.
    if parsed.get_backend_name() != "sqlite":
        queue = _queue_named(url)
        engine = create_engine(
            url, pool_pre_ping=pooled, hide_parameters=True, execution_options={"queue": queue}, **options
        )
        event.listen(engine, "begin", _begin_postgresql)
    else:
        in_memory = not parsed.database or parsed.database == ":memory:"
        if in_memory:
            queue = _Queue()
        else:
            path = Path(str(parsed.database))
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            path.touch(mode=0o600)  # SQLite gives -wal and -shm the same
            queue = _queue_named(str(path.resolve()))
        engine = create_engine(
            url,
            connect_args={"timeout": PATIENCE_SECONDS},
            hide_parameters=True,
            execution_options={"queue": queue},
            **options,
        )
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    event.listen(engine, "checkin", partial(_give_turn_back, queue))
    return engine


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    # The driver must not begin transactions by itself, or ours come too late.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in _PRAGMAS:
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    if connection.get_execution_options().get("read_only", False):
        connection.exec_driver_sql("BEGIN")
        return
    left = _take_turn(connection)
    connection.exec_driver_sql(f"PRAGMA busy_timeout={int(left * 1000)}")
    try:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    finally:
        connection.exec_driver_sql(f"PRAGMA busy_timeout={int(PATIENCE_SECONDS * 1000)}")


def _begin_postgresql(connection: Connection) -> None:
    if connection.get_execution_options().get("read_only", False):
        return
    left = _take_turn(connection)
    connection.exec_driver_sql(f"SET LOCAL lock_timeout = {max(int(left * 1000), 1)}")
    connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_WRITER_LOCK})")
