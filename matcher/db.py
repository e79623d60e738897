"""Engines and sessions for SQLite (default) and PostgreSQL, behaving alike.

A ``Database`` gives two kinds of session: ``write`` takes the write lock at BEGIN, ``read`` never
writes. Measured on SQLite with four writers, deferred BEGIN gave hundreds of thousands of lock
failures in seconds and BEGIN IMMEDIATE none, so every writing transaction begins IMMEDIATE.
PostgreSQL does the same with an advisory lock: the audit chain needs one writer at a time anyway, and
serial writers cannot deadlock on the order in which they touch rows.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.orm import Session, sessionmaker
from sqlalchemy.pool import NullPool

_PRAGMAS = (
    "journal_mode=WAL",
    "synchronous=FULL",
    "busy_timeout=5000",
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
            audit_keys: what ``matcher.services.audit`` seals with (the first) and verifies with (all).
        """
        self.url = _with_driver(url)
        self.engine = _create(self.url, pooled)
        known = {"audit_keys": tuple(audit_keys)}
        self._write = sessionmaker(self.engine, expire_on_commit=False, info=known)
        reading = self.engine.execution_options(
            read_only=True, **({"postgresql_readonly": True} if self.is_postgresql else {})
        )
        self._read = sessionmaker(reading, expire_on_commit=False, autoflush=False, info=known)

    @property
    def is_postgresql(self) -> bool:
        """Whether this is the real-deployment database."""
        return self.url.startswith("postgresql")

    def write_session(self) -> Session:
        """A session whose transaction takes the write lock first; the caller commits and closes."""
        return self._write()

    def read_session(self) -> Session:
        """A session that must not write; on SQLite it never waits for writers."""
        return self._read()

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


def _with_driver(url: str) -> str:
    for prefix in ("postgres://", "postgresql://"):
        if url.startswith(prefix):
            return "postgresql+psycopg://" + url.removeprefix(prefix)
    return url


def _create(url: str, pooled: bool) -> Engine:
    options: dict[str, Any] = {} if pooled else {"poolclass": NullPool}
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite":
        engine = create_engine(url, pool_pre_ping=pooled, hide_parameters=True, **options)
        event.listen(engine, "begin", _begin_postgresql)
        return engine
    if parsed.database and parsed.database != ":memory:":
        file = Path(parsed.database)
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        file.touch(mode=0o600)  # SQLite gives -wal and -shm the same
    # Parameters are what people typed: they belong neither in logs nor in error texts.
    engine = create_engine(url, connect_args={"timeout": 5.0}, hide_parameters=True, **options)
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    # The driver must not begin transactions by itself, or ours come too late.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in _PRAGMAS:
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    reading = connection.get_execution_options().get("read_only", False)
    connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")


def _begin_postgresql(connection: Connection) -> None:
    if not connection.get_execution_options().get("read_only", False):
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_WRITER_LOCK})")
