"""Who opens the home page has the lists that come next measured meanwhile: one at a time, never in the way."""

import re
import shutil
import threading

import pytest
from sqlalchemy import event, select

from embeddings.encoder import load_encoder
from matcher.people import sessions
from matcher.records import Membership, Need, Organization, User
from matcher.records.base import new_public_id
from matcher.suggestions import beforehand, explaining, promise
from matcher.suggestions.promise import Pool
from tests.conftest import NOW
from tests.factories import make_membership
from tests.services.test_suggestions import encode
from webapp import Settings, clock, create_app, live


@pytest.fixture(scope="module")
def encoded_city(lived_city, tmp_path_factory):
    """The invented city with its vectors."""
    path = tmp_path_factory.mktemp("encoded") / "city.db"
    shutil.copy(lived_city, path)
    app = _app(path, path.parent)
    encode(app.extensions["database"], NOW, load_encoder())
    app.extensions["database"].dispose()
    return path


def _app(path, folder):
    environment = {
        "VAR_FOLDER": str(folder / "var"), "WORKER": "off", "DATABASE_URL": f"sqlite:///{path}",
        "DEMO_MODE": "true",
    }  # fmt: skip
    return create_app(Settings.from_environment(environment))


@pytest.fixture
def app(encoded_city, tmp_path):
    """A process that has begun as the server begins it."""
    shutil.copy(encoded_city, tmp_path / "city.db")
    found = _app(tmp_path / "city.db", tmp_path)
    live.begin(found).join()
    yield found
    found.extensions["database"].dispose()


@pytest.fixture
def measured(monkeypatch):
    """In which threads records were measured for somebody."""
    threads = []
    measure = Pool._measured

    def noted(pool, mission):
        threads.append(threading.current_thread().name)
        return measure(pool, mission)

    monkeypatch.setattr(promise.Pool, "_measured", noted)
    return threads


def browser(app, kind):
    """Somebody of a verified organization, of an NPO with an open need."""
    with app.extensions["database"].write() as session:
        query = select(Organization).where(Organization.kind == kind, Organization.state == "verified")
        if kind == "npo":
            query = query.where(Organization.id.in_(select(Need.organization_id).where(Need.state == "open")))
        organization = session.scalars(query.order_by(Organization.id)).first()
        user = User(
            email=f"{new_public_id()}@people.example", name="海野", role="member", status="active",
            created_at=clock.now(), memberships=[],
        )  # fmt: skip
        session.add(user)
        make_membership(session, user, organization, now=clock.now())
        cookie = sessions.start_session(session, user, clock.now())
        found = select(Need.public_id).where(Need.organization_id == organization.id, Need.state == "open")
        need = session.scalars(found.order_by(Need.updated_at.desc(), Need.id.desc())).first()
        assert session.scalar(select(Membership.id).where(Membership.user_id == user.id))
    client = app.test_client()
    with client.session_transaction() as held:
        held["_user_id"], held["_fresh"] = cookie, True
    return client, organization.id, need


def wait(app):
    """Until nothing is measured any more: it is begun when the answer is closed, and holds what it is busy with."""
    busy = app.extensions["beforehand"]._busy
    assert busy.acquire(timeout=60)
    busy.release()


@pytest.mark.parametrize("kind", ["company", "npo"])
def test_the_list_after_the_home_page_is_measured_already(app, measured, kind):
    client, _organization, need = browser(app, kind)
    client.get(f"/{kind}").close()
    wait(app)
    assert "beforehand" in measured or kind == "company", "a company's home page measured it itself"
    measured.clear()
    page = client.get("/company/suggestions" if kind == "company" else f"/npo/needs/{need}/suggestions")
    assert page.status_code == 200
    assert measured == []


@pytest.mark.parametrize("kind", ["company", "npo"])
def test_what_the_list_will_say_is_said_already(app, monkeypatch, kind):
    """But of newcomers, who are drawn when the list is shown."""
    client, organization, need = browser(app, kind)
    asked = app.extensions["beforehand"]
    asked.ask(organization).join()
    explained = []
    explain = explaining.explained
    monkeypatch.setattr(explaining, "explained", lambda *given: explained.append(given) or explain(*given))
    page = client.get("/company/suggestions" if kind == "company" else f"/npo/needs/{need}/suggestions")
    assert page.text.count('class="card suggestion"') == 10
    assert len(explained) == page.text.count("はじめて紹介される枠")


def test_what_is_measured_beforehand_is_measured_once(app, measured):
    _client, organization, _need = browser(app, "npo")
    asked = app.extensions["beforehand"]
    asked.ask(organization).join()
    assert measured
    assert asked.ask(organization) is None


def test_what_another_thread_has_overtaken_is_measured_again(app, monkeypatch):
    _client, organization, _need = browser(app, "npo")
    asked, live = app.extensions["beforehand"], app.extensions["live_index"]
    with monkeypatch.context() as patch:
        patch.setattr(beforehand, "measure", lambda *_given: patch.setattr(live, "applied_version", 10**6))
        asked.ask(organization).join()
        assert asked.ask(organization) is not None
        wait(app)


def test_nobody_waits_for_another_and_one_is_measured_at_a_time(app):
    client, organization, _need = browser(app, "npo")
    asked = app.extensions["beforehand"]
    with asked._busy:
        assert asked.ask(organization) is None
        assert client.get("/npo").status_code == 200
    asked.ask(organization).join()


def test_what_fails_beforehand_fails_no_page_and_is_tried_again(app, monkeypatch):
    client, organization, _need = browser(app, "npo")
    asked, tried = app.extensions["beforehand"], []

    def broken(*_given):
        tried.append(1)
        raise ValueError("broken")

    with monkeypatch.context() as patch:
        patch.setattr(beforehand, "measure", broken)
        page = client.get("/npo")
        page.close()
        wait(app)
        asked.ask(organization).join()
    assert (page.status_code, len(tried)) == (200, 2)
    asked.ask(organization).join()


def test_nothing_is_begun_where_the_server_did_not_begin(encoded_city, tmp_path, measured):
    shutil.copy(encoded_city, tmp_path / "city.db")
    app = _app(tmp_path / "city.db", tmp_path)
    client, _organization, _need = browser(app, "npo")
    client.get("/npo").close()
    assert "beforehand" not in app.extensions
    assert measured == []
    app.extensions["database"].dispose()


def test_a_page_of_suggestions_asks_nothing_twice_and_nothing_for_nothing(app):
    client, _organization, _need = browser(app, "company")
    client.get("/company/suggestions")
    asked = []

    def note(_connection, _cursor, statement, parameters, _context, _many):
        if threading.current_thread() is threading.main_thread():  # others write what was shown
            asked.append((statement, str(parameters)))

    event.listen(app.extensions["database"].engine, "before_cursor_execute", note)
    assert client.get("/company/suggestions").status_code == 200
    reads = [one for one in asked if one[0].startswith("SELECT")]
    assert reads
    # Brought level for the page, the index is set against what the session sees where lists are measured; and
    # before any page of the demo it is asked whether this is one.
    often = {"counter": 2, "municipality": 2}
    twice = {one for one in reads if reads.count(one) > often.get(re.findall(r"FROM (\w+)", one[0])[0], 1)}
    assert not twice
    assert not [statement for statement, _given in reads if "1!=1" in statement], (
        "looks through a table for none"
    )
    (listed,) = [
        statement for statement, _given in reads if "NOT (EXISTS" in statement and "need.id IN" in statement
    ]
    assert "also_welcome" not in listed, (
        "where nothing narrows the list, nothing is read by which it would be"
    )
