"""What was typed by somebody who has been signed out, from the login page back to the form."""

from datetime import timedelta

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import delete, func, select

from matcher.ground.db import Database
from matcher.people import passwords
from matcher.records import Attempt, AuditEvent, Need, User, UserSession
from tests.factories import make_need, make_npo, make_user
from tests.web.pages import Page, post, read, send, visit
from webapp import kept

GOOD = "紫陽花と古い灯台の地図帳"
STEP = f"/npo/needs/{'1' * 32}/step/1"
TITLE, BACK = "お米を<分けて>ください", "入力した画面に戻る"


@pytest.fixture
def people(records: Database) -> tuple[User, User]:
    """The owners of two NPOs."""
    stored = passwords.hashed(GOOD)
    with records.write() as session:
        npos = [make_npo(session), make_npo(session)]
        made = [
            make_user(session, npo, email=f"{name}@npo.example", password_hash=stored)
            for npo, name in zip(npos, ("nagisa", "minato"), strict=True)
        ]
        make_need(session, npos[0], state="draft", number=None, public_id="1" * 32, title="まだない")
    return made[0], made[1]


def log_in(client: FlaskClient, page: Page, email: str, status: int, password: str = GOOD) -> Page:
    return send(client, page, {"email": email, "password": password}, status, action="/login")


def half_typed(client: FlaskClient, person: User) -> dict[str, str]:
    """The first form of a need as the person would send it."""
    log_in(client, visit(client, "/login"), person.email, 302)
    return visit(client, STEP).form(action=STEP).values | {"title": TITLE}


def send_typed(client: FlaskClient, typed: dict[str, str], status: int) -> Page:
    answer = client.post(STEP, data=typed)
    assert answer.status_code == status
    return read(STEP, status, answer.get_data(as_text=True))


def sign_out_everywhere(records: Database) -> None:
    with records.write() as session:
        session.execute(delete(UserSession))


def test_a_form_comes_back_after_signing_in_and_is_not_sent_by_itself(
    client: FlaskClient, records: Database, people: tuple[User, User]
) -> None:
    typed = half_typed(client, people[0])
    sign_out_everywhere(records)
    page = send_typed(client, typed, 401)
    assert "入力した内容が残った元の画面に戻ります" in page.text
    # Nobody at the same screen reads it there.
    assert "お米" not in page.html
    page = log_in(client, page, people[0].email, 422, "まちがい")
    page = log_in(client, page, people[0].email, 200)
    assert "まだ保存されていません" in page.text
    page = send(client, page, {}, 200, button=BACK)
    form = page.form(action=STEP)
    assert form.values["title"] == TITLE
    with records.read() as session:
        assert session.scalars(select(Need)).one().title == "まだない"
    send(client, page, {}, 302, action=STEP)
    with records.read() as session:
        assert session.scalars(select(Need)).one().title == TITLE


def test_it_comes_back_in_a_browser_without_its_cookie(
    app: Flask, client: FlaskClient, people: tuple[User, User]
) -> None:
    typed, bare = half_typed(client, people[0]), app.test_client()
    page = log_in(bare, send_typed(bare, typed, 401), people[0].email, 200)
    assert send(bare, page, {}, 200, button=BACK).form(action=STEP).values["title"] == TITLE


def test_it_comes_back_where_the_person_signed_in_anew_in_another_tab(
    client: FlaskClient, people: tuple[User, User]
) -> None:
    typed = half_typed(client, people[0])
    post(client, "/logout")
    log_in(client, visit(client, "/login"), people[0].email, 302)
    page = send_typed(client, typed, 400)
    assert send(client, page, {}, 200, button=BACK).form(action=STEP).values["title"] == TITLE


def test_nobody_else_sees_it(client: FlaskClient, records: Database, people: tuple[User, User]) -> None:
    typed = half_typed(client, people[0])
    sign_out_everywhere(records)
    page = send_typed(client, typed, 401)
    log_in(client, page, people[1].email, 302)
    sealed = page.form(action="/login").values[kept.FIELD]
    token = visit(client, "/account").form(action="/logout").values["csrf_token"]
    answer = client.post(STEP, data={"csrf_token": token, kept.FIELD: sealed})
    assert answer.status_code == 302
    assert "お見せできません" in visit(client, "/npo").text
    # Nor where the other signed in before it was sent.
    page = send_typed(client, typed, 400)
    assert BACK not in page.html
    assert "お米" not in page.html


def test_it_is_forgotten_after_a_day(
    client: FlaskClient,
    records: Database,
    people: tuple[User, User],
    travel: time_machine.Traveller,
) -> None:
    typed = half_typed(client, people[0])
    sign_out_everywhere(records)
    page = send_typed(client, typed, 401)
    travel.shift(timedelta(hours=24, seconds=1))
    log_in(client, page, people[0].email, 302)
    assert "お見せできません" in visit(client, "/npo").text


def test_it_is_not_lost_where_too_many_tries_are_refused(
    client: FlaskClient, records: Database, people: tuple[User, User]
) -> None:
    typed = half_typed(client, people[0])
    sign_out_everywhere(records)
    page = send_typed(client, typed, 401)
    sealed = page.form(action="/login").values[kept.FIELD]
    for _try in range(10):
        page = log_in(client, page, people[0].email, 422, "まちがい")
    page = log_in(client, page, people[0].email, 429)
    page = send(client, page, {}, 200, button="同じ内容をもう一度送る")
    assert page.form(action="/login").values[kept.FIELD] == sealed
    with records.read() as session:
        assert session.scalar(select(func.count()).select_from(Attempt))


def test_nothing_is_stored_of_it(client: FlaskClient, records: Database, people: tuple[User, User]) -> None:
    typed = half_typed(client, people[0])
    sign_out_everywhere(records)
    with records.read() as session:
        before = session.scalar(select(func.count()).select_from(AuditEvent))
    send_typed(client, typed, 401)
    with records.read() as session:
        assert session.scalar(select(func.count()).select_from(AuditEvent)) == before
    with client.session_transaction() as cookie:
        assert TITLE not in str(dict(cookie))


def test_a_token_that_nobody_gave_keeps_nothing(app: Flask, people: tuple[User, User]) -> None:
    for token in ("", "x", "ImFiYyI.x.y"):
        answer = app.test_client().post(STEP, data={"csrf_token": token, "title": TITLE})
        assert answer.status_code == 400
        assert TITLE not in answer.get_data(as_text=True)
        assert f'name="{kept.FIELD}"' not in answer.get_data(as_text=True)


def test_a_text_as_long_as_its_page_takes_fits_on_the_way(
    app: Flask, client: FlaskClient, people: tuple[User, User]
) -> None:
    typed, bare = half_typed(client, people[0]), app.test_client()
    letters = "".join(chr(0x4E00 + (one * 7919) % 20000) for one in range(110_000))
    page = log_in(bare, send_typed(bare, typed | {"situation": letters}, 401), people[0].email, 200)
    assert letters in send(bare, page, {}, 200, button=BACK).html
