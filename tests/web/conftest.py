"""Fixtures of the page tests: an application on SQLite at a fixed time, a client, and who is signed in."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from matcher.ground.db import Database
from matcher.people import accounts, sessions
from matcher.records import User
from tests.conftest import NOW
from tests.factories import let_worker_be_seen, make_city
from webapp import Settings, clock, create_app, kept


@pytest.fixture
def travel() -> Iterator[time_machine.Traveller]:
    """The clock, standing at ``NOW``; ``travel.shift(timedelta(…))`` moves it."""
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def settings(tmp_path: Path, sqlite_template: Path) -> Settings:
    """Settings of a first run without demo and worker, on a migrated SQLite file."""
    path = tmp_path / "web.db"
    shutil.copy(sqlite_template, path)
    return Settings.from_environment(
        {
            "DATABASE_URL": f"sqlite:///{path}",
            "SECRET_KEY": "only-for-tests-" + "x" * 32,
            "VAR_FOLDER": str(tmp_path / "var"),
            "BASE_URL": "https://enmusubi.city.miohara.example",
            "WORKER": "off",
            "SENTENCE_ENCODER": "off",
        }
    )


@pytest.fixture
def app(settings: Settings, travel: time_machine.Traveller) -> Iterator[Flask]:
    """The application with the invented city, nobody and nothing else in it."""
    application = create_app(settings)
    records: Database = application.extensions["database"]
    with records.write() as session:
        make_city(session, is_demo=False)
        let_worker_be_seen(session)
    yield application
    records.dispose()


@pytest.fixture
def records(app: Flask) -> Database:
    """The application's database: ``with records.write() as session: make_npo(session) …``."""
    found: Database = app.extensions["database"]
    return found


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """One browser, signed out."""
    return app.test_client()


@pytest.fixture
def new_client(app: Flask) -> Callable[[], FlaskClient]:
    """Makes further browsers."""
    return app.test_client


def login_as(client: FlaskClient, user: User) -> FlaskClient:
    """Sign ``user`` in on this browser, past the login page."""
    database: Database = client.application.extensions["database"]
    with database.write() as session:
        known = session.scalars(select(User).where(User.id == user.id).options(accounts.loaded())).one()
        session_id = sessions.start_session(session, known, clock.now())
        with client.application.app_context():
            secret = kept.secret_for(accounts.actor_of(known))
    with client.session_transaction() as cookie:
        cookie.clear()
        cookie["_user_id"] = session_id
        cookie["_fresh"] = True
        cookie["csrf_token"] = secret
    return client
