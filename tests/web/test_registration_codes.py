"""A registration evening as the city prepares it and as people in the hall meet it."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from matcher.people import registration_codes as codes
from matcher.records import AccountRequest, RegistrationCode
from tests import factories
from tests.web.conftest import login_as
from tests.web.pages import post, send, visit
from webapp import pdf
from webapp.views import registration_codes as pages

REGISTRATION = {
    "kind": "npo", "organization_name": "里山を歩く会", "name": "山野 歩", "email": "ayumi@satoyama.example", "homepage": "",
}  # fmt: skip
HERE = "/desk/registration-codes"


@pytest.fixture
def staff(client, records):
    with records.write() as session:
        user = factories.make_user(session)
    return login_as(client, user)


@pytest.fixture
def code(staff, records):
    """The code that an official made on the page for today."""
    send(staff, visit(staff, HERE), {"valid_on": "2026-11-24", "most_uses": "12"}, action=HERE)
    with records.read() as session:
        return session.scalars(select(RegistrationCode)).one()


def test_an_official_makes_sees_and_ends_a_code(staff, code):
    page = visit(staff, HERE)
    assert codes.readable(code) in page.text
    assert "0／12件" in page.text
    assert page.href(f"掲示用のPDF（{codes.readable(code)}）") == f"{HERE}/{code.public_id}.pdf"
    post(staff, f"{HERE}/{code.public_id}/end", {})
    page = visit(staff, HERE)
    assert "終えました" in page.text
    assert "掲示用のPDF" not in page.text
    post(staff, f"{HERE}/{code.public_id}/end", {})
    assert "すでに実施または取り消しになっています" in visit(staff, HERE).text


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ({"valid_on": "2026-11-23", "most_uses": "10"}, "今日から90日後までの日を入力してください"),
        ({"valid_on": "2026-11-24", "most_uses": "0"}, "1から1000までの数を入力してください"),
        ({"valid_on": "", "most_uses": "10"}, "使える日を入力してください"),
    ],
)
def test_a_day_or_a_number_that_cannot_be_is_refused_at_its_field(staff, records, typed, message):
    page = send(staff, visit(staff, HERE), typed, 422, action=HERE)
    assert message in page.text
    with records.read() as session:
        assert session.scalars(select(RegistrationCode)).all() == []


def test_a_hall_registers_with_the_code(code, new_client, records):
    for number in range(12):
        typed = {"email": f"a{number}@x.example", "registration_code": codes.readable(code).lower()}
        post(new_client(), "/register", {**REGISTRATION, **typed})
    with records.read() as session:
        assert len(session.scalars(select(AccountRequest)).all()) == 12
    page = post(new_client(), "/register", {**REGISTRATION, "registration_code": code.code}, 422)
    assert "このコードで登録できる数に達しました" in page.text


@pytest.mark.parametrize(
    ("days", "typed", "message"),
    [(0, "WRNG-WRNG", "このコードはありません"), (1, "", "このコードの使える日は過ぎました")],
)
def test_a_code_that_is_not_taken_says_why_and_keeps_what_was_typed(
    code, new_client, records, travel, days, typed, message
):
    travel.shift(timedelta(days=days))
    page = post(new_client(), "/register", {**REGISTRATION, "registration_code": typed or code.code}, 422)
    assert message in page.text
    for kept in ("里山を歩く会", "山野 歩", "ayumi@satoyama.example", typed or code.code):
        assert kept in page.html
    with records.read() as session:
        assert session.scalars(select(AccountRequest)).all() == []


def test_who_guesses_is_stopped_and_may_still_register_without_a_code(code, new_client, records):
    client = new_client()
    for number in range(20):
        post(client, "/register", {**REGISTRATION, "registration_code": f"WRNG{number}"}, 422)
    page = post(client, "/register", {**REGISTRATION, "registration_code": code.code}, 422)
    assert "違うコードの入力が続いたため" in page.text
    post(client, "/register", {**REGISTRATION, "registration_code": ""})


def test_the_poster_names_code_day_and_page(app, staff, code, monkeypatch):
    made = {}
    monkeypatch.setattr(pages.pdf, "download", lambda *facts: made.update(facts=facts) or ("", 200))
    staff.get(f"{HERE}/{code.public_id}.pdf")
    _name, template, facts = made["facts"]
    with app.test_request_context():
        html = pdf.source(template, facts)
    for words in (codes.readable(code), "令和8年11月24日", "/register</strong>", "登録会のコード"):
        assert words in html
