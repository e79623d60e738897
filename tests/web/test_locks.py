"""The write lock: what is answered while it is held, when a commit fails, and when nothing can be written."""

import errno
import io
import os
import sqlite3
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask, g
from flask.testing import FlaskClient
from sqlalchemy import event, func, select
from sqlalchemy.exc import OperationalError
from structlog.testing import capture_logs
from wtforms import PasswordField

from matcher.ground import db as records_db
from matcher.ground.db import Database
from matcher.ground.permissions import ANONYMOUS, Actor
from matcher.records import (
    AuditEvent,
    Mark,
    Need,
    Organization,
    ShownList,
    ShownSuggestion,
    User,
    UserSession,
)
from matcher.register import audit
from tests.conftest import NOW
from tests.factories import make_city, make_company, make_need, make_npo, make_user
from tests.web.conftest import login_as
from tests.web.pages import csrf_token, post, read, send, visit
from webapp import Settings, create_app, db, kept, traces
from webapp.forms import account
from webapp.views import suggestions


@pytest.fixture
def npo_client(records: Database, client: FlaskClient) -> FlaskClient:
    """An NPO's browser."""
    with records.write() as session:
        user = make_user(session, make_npo(session))
    return login_as(client, user)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits longer than a moment for the write lock."""
    monkeypatch.setattr(records_db, "PATIENCE_SECONDS", 0.01)


@contextmanager
def somebody_writes(database: Database) -> Iterator[None]:
    """Another program holds the write lock."""
    other = sqlite3.connect(str(database.engine.url.database), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    yield
    other.execute("ROLLBACK")
    other.close()


def count(database: Database, model: type) -> int:
    with database.read() as session:
        return session.scalar(select(func.count()).select_from(model)) or 0


# ── Busy ─────────────────────────────────────────────────────────────────────────────────────────────


def test_a_post_that_found_no_turn_keeps_what_was_typed(
    npo_client: FlaskClient, records: Database, impatient: None
) -> None:
    post(npo_client, "/npo/needs/new")
    with records.read() as session:
        need = session.scalars(select(Need)).one()
    url = f"/npo/needs/{need.public_id}/step/1?from=here"
    typed = {
        "title": "お米を<分けて>",
        "situation": "毎週\n30人",
        "version": str(need.version),
        "form_id": "f" * 32,
    }
    with somebody_writes(records):
        answer = npo_client.post(url, data={"csrf_token": csrf_token(npo_client), **typed})
        assert answer.headers["Retry-After"] == "5"
        page = read(url, answer.status_code, answer.get_data(as_text=True))
    form = page.form(button="同じ内容をもう一度送る")
    assert (page.status, form.action) == (503, url)
    assert {name: value for name, value in form.values.items() if name != "csrf_token"} == typed
    again = npo_client.post(form.action or "", data=form.values)
    assert again.status_code == 302
    with records.read() as session:
        assert session.scalars(select(Need)).one().title == "お米を<分けて>"


def test_a_login_that_found_no_turn_shows_the_password_to_nobody(
    client: FlaskClient, records: Database, impatient: None
) -> None:
    typed = {"email": "a@example.jp", "password": "ひみつのことば12345"}
    with somebody_writes(records):
        page = post(client, "/login", typed, 503)
    assert typed["password"] not in page.html
    assert "同じ内容をもう一度送る" not in page.html


def test_no_secret_field_is_sent_back(app: Flask) -> None:
    forms = [one for one in vars(account).values() if isinstance(one, type) and issubclass(one, account.Form)]
    with app.test_request_context():
        secret = {field.name for form in forms for field in form() if isinstance(field, PasswordField)}
    assert secret == kept.SECRET_FIELDS


def test_a_refused_upload_says_that_the_file_is_chosen_again(
    client: FlaskClient, records: Database, impatient: None
) -> None:
    with records.write() as session:
        officer = make_user(session, role="coordinator")
    login_as(client, officer)
    values = {"kind": "npos", "file": (io.BytesIO(b"name"), "団体.csv")}
    with somebody_writes(records):
        page = post(client, "/desk/imports", values, 503, content_type="multipart/form-data")
    # A file that is no table is refused before anybody waits; see there. Here the whole form comes again.
    assert "ファイルだけは、次の画面でもう一度選んでください。" in page.text


# ── A commit that fails ──────────────────────────────────────────────────────────────────────────────


def test_a_full_disk_is_told_in_words_and_nothing_is_half_saved(
    npo_client: FlaskClient, records: Database
) -> None:
    url = (post(npo_client, "/npo/needs/new").location or "") + "?from=here"

    def version() -> int:
        with records.read() as session:
            return session.scalars(select(Need.version)).one()

    def fill(connection, _record) -> None:
        connection.execute(f"PRAGMA max_page_count={connection.execute('PRAGMA page_count').fetchone()[0]}")

    event.listen(records.engine, "connect", fill)
    records.dispose()
    with capture_logs() as lines:
        for number in range(200):
            typed = {
                "csrf_token": csrf_token(npo_client),
                "version": str(version()),
                "form_id": uuid.uuid4().hex,
                "title": f"{number}回目",
                "situation": "困った。" * 60,
            }
            answer = npo_client.post(url, data=typed)
            if answer.status_code != 302:
                break
    page = read(url, answer.status_code, answer.get_data(as_text=True))
    assert (page.status, answer.headers["Retry-After"]) == (503, "60")
    assert "いま、記録を保存できない状態です。" in page.text
    assert [(line["event"], line["kind"]) for line in lines] == [("database_unavailable", "SQLITE_FULL")]
    visit(npo_client, "/npo")
    with records.read() as session:
        assert session.scalars(select(Need)).one().title == f"{number - 1}回目"
        assert audit.verify(session)[1] is None


@pytest.mark.parametrize(
    ("name", "is_full"),
    [
        ("SQLITE_FULL", True),
        ("SQLITE_READONLY_DBMOVED", True),
        ("SQLITE_IOERR_FSYNC", True),
        ("SQLITE_BUSY", False),
    ],
)
def test_a_commit_that_fails_becomes_a_page_without_a_word_of_success(
    npo_client: FlaskClient, records: Database, name: str, is_full: bool
) -> None:
    def fail(_connection) -> None:
        raised = sqlite3.OperationalError("it failed")
        raised.sqlite_errorname = name
        raise OperationalError("COMMIT", None, raised)

    with records.read() as session:
        user = session.scalars(select(User)).one()
    event.listen(records.engine, "commit", fail)
    values = {"name": "別の名前", "notify": "none", "version": str(user.version)}
    page = post(npo_client, "/account", values, 503)
    event.remove(records.engine, "commit", fail)
    assert page.h1 == ["ただいま利用できません" if is_full else "ただいま混み合っています"]
    assert "変更を保存しました" not in page.html
    again = visit(npo_client, "/account")
    assert "変更を保存しました" not in again.html
    with records.read() as session:
        assert session.scalars(select(User)).one().name == user.name


@pytest.mark.parametrize(
    "code", [errno.ENOSPC, errno.EROFS, errno.EMFILE, errno.EACCES, errno.ENOTDIR, errno.EEXIST]
)
def test_a_machine_without_room_is_told_in_words(
    app: Flask, npo_client: FlaskClient, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    def fail(*_given: object) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr("webapp.views.own_account.accounts.own_account", fail)
    with capture_logs() as lines:
        visit(npo_client, "/account", 503)
    assert [(line["event"], line["kind"]) for line in lines] == [
        ("machine_unavailable", errno.errorcode[code])
    ]


# ── What reading leaves behind ───────────────────────────────────────────────────────────────────────


def note(number: int) -> audit.Note:
    who = Actor("coordinator", user_public_id="0" * 32, request_id=f"r{number}")
    return audit.Note(
        who, "export", "list", "needs", NOW + timedelta(seconds=number), details={"count": number}
    )


def counts(database: Database) -> list[int]:
    with database.read() as session:
        rows = session.scalars(
            select(AuditEvent).where(AuditEvent.action == "export").order_by(AuditEvent.id)
        )
        return [row.details["count"] for row in rows]


def test_an_audit_event_survives_a_killed_process_and_is_written_once(
    records: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(traces.Traces, "_start", lambda left: None)
    killed = traces.Traces(records, tmp_path / "traces")
    for number in range(3):
        killed.leave_note(note(number))
    kept = {path.name: path.read_bytes() for path in killed.folder.iterdir()}
    (killed.folder / "1.part").write_text("{")
    (killed.folder / "1.json").write_text("{")
    assert traces.Traces(records, killed.folder).flush()
    # Killed between the commit and the removal of the files: they come again.
    for name, content in kept.items():
        (killed.folder / name).write_bytes(content)
    assert traces.Traces(records, killed.folder).flush()
    assert counts(records) == [0, 1, 2]
    assert sorted(path.suffix for path in killed.folder.iterdir()) == [".part", ".unreadable"]
    with records.read() as session:
        assert audit.verify(session)[1] is None


def test_a_list_that_cannot_be_noted_does_not_leave(
    app: Flask, client: FlaskClient, records: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    with records.write() as session:
        officer = make_user(session, role="coordinator")
    login_as(client, officer)

    def fail(_handle: int) -> None:
        raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr("webapp.traces.os.fsync", fail)
    visit(client, "/desk/needs.csv", 503)
    assert counts(records) == []


def test_traces_are_bounded_and_one_that_cannot_be_written_takes_no_other_with_it(
    records: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(traces.Traces, "_start", lambda left: None)
    monkeypatch.setattr(traces, "MOST_WAITING", 3)
    left = traces.Traces(records, tmp_path / "traces")
    done: list[int] = []
    for number in range(5):
        left.leave(f"seen:{number}", lambda _session, number=number: done.append(number))
    left.leave("seen:4", lambda _session: done.append(99))
    left.leave(
        "wrong:1", lambda session: session.connection().exec_driver_sql("INSERT INTO nowhere VALUES (1)")
    )
    with somebody_writes(records):
        assert not left.flush(0.01)
    with capture_logs() as lines:
        assert left.flush()
    assert done == [3, 4]
    assert [line["event"] for line in lines] == ["trace_dropped"]


def test_the_thread_of_the_traces_ends_when_nothing_is_left(
    records: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()
    left = traces.Traces(records, tmp_path / "traces")
    written = threading.Event()
    left.leave("seen:1", lambda _session: written.set())
    assert written.wait(30)
    thread = left._thread
    if thread is not None:
        thread.join(30)
    left.leave_note(note(1))
    while left._thread is not None:
        left._thread and left._thread.join(30)
    assert counts(records) == [1]


def test_a_card_shown_a_moment_ago_opens_though_it_is_not_written_yet(
    app: Flask, npo_client: FlaskClient, records: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(traces.Traces, "_start", lambda left: None)
    with records.read() as session:
        npo = session.scalars(select(Organization)).one()
    with records.write() as session:
        company = make_company(session)
        need = make_need(session, npo)
    card = ShownSuggestion(
        public_id="a" * 32, rank=1, candidate_id=company.id, need_id=need.id, score=0.5, parts={}, reasons=[]
    )
    shown = ShownList(
        organization_id=npo.id, need_id=need.id, shown_at=NOW, model_id="m", index_version=1, weights_version="w",
        items=[card],
    )  # fmt: skip
    app.extensions["traces"].leave("shown:1", lambda later: later.add(shown))
    visit(npo_client, f"/suggestions/{'a' * 32}")
    visit(npo_client, f"/suggestions/{'b' * 32}", 404)


def test_a_card_opens_that_another_process_showed_and_is_about_to_write(
    npo_client: FlaskClient, records: Database, tmp_path: Path
) -> None:
    with records.read() as session:
        npo = session.scalars(select(Organization)).one()
    with records.write() as session:
        company = make_company(session)
    card = ShownSuggestion(
        public_id="a" * 32, rank=1, candidate_id=company.id, need_id=None, score=0.5, parts={}, reasons=[]
    )
    shown = ShownList(
        organization_id=npo.id, shown_at=NOW, model_id="m", index_version=1, weights_version="w", items=[card]
    )
    other = traces.Traces(records, tmp_path / "traces of another process")
    late = threading.Timer(0.3, lambda: other.leave("shown:1", lambda later: later.add(shown)))
    late.start()
    visit(npo_client, f"/suggestions/{'a' * 32}")
    late.join()


def test_guessed_cards_do_not_take_the_threads_of_others(npo_client: FlaskClient) -> None:
    with suggestions._looking, suggestions._looking:
        visit(npo_client, f"/suggestions/{'b' * 32}", 503)
    visit(npo_client, f"/suggestions/{'b' * 32}", 404)


def test_a_card_that_waits_to_be_written_is_asked_for_again_and_not_lost(
    app: Flask,
    npo_client: FlaskClient,
    records: Database,
    monkeypatch: pytest.MonkeyPatch,
    impatient: None,
) -> None:
    monkeypatch.setattr(traces.Traces, "_start", lambda left: None)
    monkeypatch.setattr(suggestions, "_FLUSH_SECONDS", 0.01)
    with records.read() as session:
        npo = session.scalars(select(Organization)).one()
    with records.write() as session:
        company = make_company(session)
    card = ShownSuggestion(
        public_id="a" * 32, rank=1, candidate_id=company.id, need_id=None, score=0.5, parts={}, reasons=[]
    )
    shown = ShownList(
        organization_id=npo.id, shown_at=NOW, model_id="m", index_version=1, weights_version="w", items=[card]
    )
    app.extensions["traces"].leave("shown:1", lambda later: later.add(shown))
    url = f"/suggestions/{'a' * 32}"
    with somebody_writes(records):
        for page in (url, f"{url}/pass"):
            visit(npo_client, page, 503)
        busy = post(npo_client, f"{url}/save", status=503)
        # The list may lie with another process, which waits for the same lock.
        visit(npo_client, f"/suggestions/{'b' * 32}", 503)
    send(npo_client, busy, button="同じ内容をもう一度送る")
    assert count(records, Mark) == 1
    visit(npo_client, f"/suggestions/{'b' * 32}", 404)


# ── The session of a request ─────────────────────────────────────────────────────────────────────────


def test_what_was_loaded_stays_usable_and_what_was_written_is_gone_when_a_page_is_made(
    app: Flask, records: Database
) -> None:
    with records.write() as session:
        user_id = make_user(session, make_company(session, name="一社")).id
    with app.test_request_context(method="POST"):
        g.actor = ANONYMOUS
        session = db.session()
        user = session.get(User, user_id)
        made = make_npo(session, name="消える会")
        user.name = "別の人"
        session.flush()
        assert records_db.is_writing()
        db.settle()
        assert not records_db.is_writing()
        assert (user.name, made.name) == ("別の人", "消える会")
        session.refresh(user)
        assert user.name != "別の人"
        user.name = "また別の人"
        with pytest.raises(RuntimeError, match="only reads"):
            session.flush()


@pytest.mark.parametrize("kept", [True, False])
def test_only_what_was_to_be_kept_stays_when_a_page_is_made(
    app: Flask, records: Database, kept: bool
) -> None:
    with app.test_request_context(method="POST"):
        g.actor = ANONYMOUS
        make_npo(db.session())
        if kept:
            db.keep()
        db.settle()
    with records.read() as session:
        assert session.scalar(select(func.count()).select_from(User.__table__)) == 0
    assert count(records, Organization) == kept


def test_slow_work_comes_before_the_transaction(app: Flask) -> None:
    with app.test_request_context(method="POST"):
        g.actor = ANONYMOUS
        with db.reading() as session:
            assert db.session() is session
            assert not records_db.is_writing()
        db.session().connection()
        assert records_db.is_writing()
        with pytest.raises(RuntimeError, match="before the request's transaction"), db.reading():
            pass


# ── Reading, on both databases ───────────────────────────────────────────────────────────────────────


def test_pages_are_read_while_another_program_writes(
    database: Database, settings: Settings, travel: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All pages on SQLite: ``test_reading_waits_for_nobody``. Those that leave something behind, on both."""
    with database.write() as session:
        make_city(session, is_demo=False)
        company, npo = make_company(session), make_npo(session)
        need = make_need(session, npo)
        users = [make_user(session, company), make_user(session, npo), make_user(session, role="coordinator")]
    application = create_app(replace(settings, database_url=database.url))
    browsers = [login_as(application.test_client(), user) for user in users]
    monkeypatch.setattr(records_db, "PATIENCE_SECONDS", 0.01)
    monkeypatch.setattr(traces.Traces, "_start", lambda left: None)
    travel.shift(timedelta(minutes=2))  # type: ignore[attr-defined]
    stranger = Database(database.url, pooled=False)
    stranger.engine.update_execution_options(queue=records_db._Queue())
    with stranger.write_session() as session:
        session.connection()
        pages = [
            (browsers[0], ["/healthz", "/company", "/company/suggestions"]),
            (browsers[1], ["/npo", f"/npo/needs/{need.public_id}/suggestions"]),
            (browsers[2], ["/desk", "/desk/needs.csv", "/desk/needs.xlsx"]),
        ]
        found = {path: browser.get(path).status_code for browser, paths in pages for path in paths}
        assert set(found.values()) == {200}, found
        refused = browsers[1].post("/npo/needs/new", data={"csrf_token": csrf_token(browsers[1])})
        assert refused.status_code == 503
        assert not application.extensions["traces"].flush(0.01)
        session.rollback()
    assert application.extensions["traces"].flush()
    assert counts(database) == [1, 1]
    with database.read() as session:
        assert len(session.scalars(select(ShownList.id)).all()) == 3
        assert set(session.scalars(select(UserSession.last_seen_at))) == {NOW + timedelta(minutes=2)}
    application.extensions["database"].dispose()
    stranger.dispose()


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_a_connection_lost_at_the_commit_becomes_a_page(
    database: Database, settings: Settings, travel: object
) -> None:
    with database.write() as session:
        make_city(session, is_demo=False)
        user = make_user(session, make_npo(session))
    application = create_app(replace(settings, database_url=database.url))
    engine = application.extensions["database"].engine
    browser = login_as(application.test_client(), user)

    def cut(connection) -> None:
        pid = connection.connection.dbapi_connection.info.backend_pid
        with database.engine.connect() as other:
            other.exec_driver_sql(f"SELECT pg_terminate_backend({pid}, 10000)")

    event.listen(engine, "commit", cut)
    page = post(browser, "/npo/needs/new", status=503)
    event.remove(engine, "commit", cut)
    assert page.h1 == ["ただいま混み合っています"]
    assert count(database, Need) == 0
    post(browser, "/npo/needs/new")
    application.extensions["database"].dispose()
