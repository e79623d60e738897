"""Signing in and out, registering, and everything on the account pages, as a person meets it."""

import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import delete, func, select
from sqlalchemy.orm import joinedload

from matcher.ground.db import Database
from matcher.ground.errors import TooFast
from matcher.people import beginning, passwords
from matcher.records import (
    AuditEvent,
    Handover,
    Mail,
    Membership,
    Municipality,
    Notice,
    Organization,
    User,
    UserSession,
)
from matcher.register import notices
from tests import told as tell
from tests.conftest import NOW
from tests.factories import make_city, make_company, make_coordinator, make_need, make_npo, make_user
from tests.web.conftest import login_as
from tests.web.pages import check, csrf_token, post, read, send, visit
from webapp import Settings, clock, create_app, demo
from webapp.config import ConfigurationError

GOOD = "紫陽花と古い灯台の地図帳"
OTHER = "turnip lantern gravel 41 orbit"


@pytest.fixture
def owner(records: Database) -> User:
    """The owner of a verified NPO."""
    with records.write() as session:
        npo = make_npo(session, name="浜のごはん会")
        return make_user(
            session, npo, email="nagisa@npo.example", name="海野 渚", password_hash=passwords.hashed(GOOD)
        )


@pytest.fixture
def manager(records: Database) -> User:
    """A manager of the city."""
    with records.write() as session:
        return make_coordinator(
            session, role="manager", email="kanri@city.example", password_hash=passwords.hashed(GOOD)
        )


def log_in(client: FlaskClient, email: str, password: str, status: int = 302, url: str = "/login") -> Any:
    return send(client, visit(client, url), {"email": email, "password": password}, status, action="/login")


def is_signed_in(client: FlaskClient) -> bool:
    return 'action="/logout"' in client.get("/nowhere").get_data(as_text=True)


def answer_requests(records: Database) -> None:
    """As the worker does."""
    with records.write() as session:
        while beginning.has_requests(session, clock.now()):
            beginning.answer_requests(session, clock.now(), "https://enmusubi.city.miohara.example")


def newest_mail(records: Database) -> tell.Told:
    answer_requests(records)
    with records.read() as session:
        return next(reversed(tell.mails(session)), tell.Told(Mail(to=""), "", ""))


def link_in(mail: tell.Told) -> str:
    return re.findall(r"https://enmusubi\.city\.miohara\.example(/\S+)", mail.body)[0]


def audited(records: Database) -> list[str]:
    with records.read() as session:
        return list(session.scalars(select(AuditEvent.action).order_by(AuditEvent.id)))


# ── Signing in and out ──


def test_a_person_signs_in_and_out(client: FlaskClient, owner: User, records: Database) -> None:
    log_in(client, owner.email, GOOD)
    page = visit(client, "/account")
    assert "海野 渚" in page.html
    assert "浜のごはん会" in page.html
    post(client, "/logout")
    assert not is_signed_in(client)
    assert audited(records) == ["login", "logout"]


def test_the_session_id_is_new_at_login_and_the_old_cookie_is_worth_nothing(
    client: FlaskClient, owner: User, records: Database
) -> None:
    visit(client, "/login")
    with client.session_transaction() as cookie:
        cookie["_user_id"] = "chosen-by-the-attacker"
        cookie["planted"] = "value"
    log_in(client, owner.email, GOOD)
    with client.session_transaction() as cookie:
        first = cookie["_user_id"]
        assert first != "chosen-by-the-attacker"
        assert "planted" not in cookie
    # Signing in again gives another id, and the first session is gone.
    post(client, "/login", {"email": owner.email, "password": GOOD})
    with client.session_transaction() as cookie:
        assert cookie["_user_id"] != first
    with records.read() as session:
        assert session.scalar(select(func.count()).select_from(UserSession)) == 1


def test_the_cookie_is_for_http_only_and_same_site(client: FlaskClient, owner: User) -> None:
    response = client.post(
        "/login", data={"csrf_token": csrf_token(client), "email": owner.email, "password": GOOD}
    )
    cookie = response.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert GOOD not in cookie


def test_behind_https_the_cookie_is_secure_and_bound_to_the_host(settings: Settings) -> None:
    config = create_app(replace(settings, https=True)).config
    assert config["SESSION_COOKIE_NAME"].startswith("__Host-")
    assert config["SESSION_COOKIE_SECURE"] is True


def test_a_cookie_kept_from_before_logout_does_not_work_again(
    client: FlaskClient, owner: User, new_client: Callable[[], FlaskClient]
) -> None:
    log_in(client, owner.email, GOOD)
    kept = client.get_cookie("enmusubi")
    assert kept is not None
    thief = new_client()
    thief.set_cookie("enmusubi", kept.value)
    assert is_signed_in(thief)
    post(client, "/logout")
    assert not is_signed_in(thief)


def test_changing_the_password_signs_out_every_other_browser(
    client: FlaskClient, owner: User, new_client: Callable[[], FlaskClient], records: Database
) -> None:
    log_in(client, owner.email, GOOD)
    other = login_as(new_client(), owner)
    page = visit(client, "/account/password")
    refused = send(
        client, page, {"current": "wrong", "password": OTHER, "again": OTHER}, 422, action="/account/password"
    )
    assert "いまのパスワードが違います" in refused.text
    assert "パスワードはもう一度入力してください。次の項目を直して" in refused.text
    assert "入力された内容は残っています" not in refused.text, "of passwords nothing is kept"
    assert is_signed_in(other)
    send(client, page, {"current": GOOD, "password": OTHER, "again": OTHER}, action="/account/password")
    assert is_signed_in(client)
    assert not is_signed_in(other)
    assert "パスワードが変更されました" in newest_mail(records).subject


def test_guessing_the_present_password_is_throttled(client: FlaskClient, owner: User) -> None:
    login_as(client, owner)
    values = {"current": "wrong", "password": OTHER, "again": OTHER}
    for _ in range(10):
        post(client, "/account/password", values, 422)
    post(client, "/account/password", {**values, "current": GOOD}, 429)


def test_a_refused_new_password_is_counted_before_it_is_estimated(client: FlaskClient, owner: User) -> None:
    login_as(client, owner)
    for typed in ["password1234"] * 9 + ["。" * 12]:
        post(client, "/account/password", {"current": GOOD, "password": typed, "again": typed}, 422)
    post(client, "/account/password", {"current": GOOD, "password": OTHER, "again": OTHER}, 429)


def test_other_browsers_are_signed_out_from_the_settings(
    client: FlaskClient, owner: User, new_client: Callable[[], FlaskClient]
) -> None:
    log_in(client, owner.email, GOOD)
    other = login_as(new_client(), owner)
    page = visit(client, "/account")
    assert page.text.count("（この端末）") == 1
    send(client, page, button="ほかの端末をログアウトする")
    assert is_signed_in(client)
    assert not is_signed_in(other)


def test_a_deactivated_person_is_signed_out_at_once(
    client: FlaskClient, owner: User, records: Database, new_client: Callable[[], FlaskClient]
) -> None:
    with records.write() as session:
        editor = make_user(
            session,
            session.get(Organization, owner.memberships[0].organization_id),
            organization_role="editor",
        )
    login_as(client, owner)
    other = login_as(new_client(), editor)
    assert is_signed_in(other)
    page = visit(client, f"/account/people/{editor.public_id}/close")
    send(client, page, action="/close")
    assert not is_signed_in(other)


def test_thirty_silent_minutes_sign_out_and_each_visit_begins_them_anew(
    client: FlaskClient, owner: User, travel: time_machine.Traveller
) -> None:
    log_in(client, owner.email, GOOD)
    for _ in range(3):
        travel.shift(timedelta(minutes=29))
        visit(client, "/account")
    travel.shift(timedelta(minutes=31))
    assert visit(client, "/account", 302).location == "/login?next=/account"


def test_after_twelve_hours_even_a_busy_browser_is_signed_out(
    client: FlaskClient, owner: User, travel: time_machine.Traveller
) -> None:
    log_in(client, owner.email, GOOD)
    for _ in range(12 * 3 - 1):
        travel.shift(timedelta(minutes=20))
        visit(client, "/account")
    travel.shift(timedelta(minutes=20))
    visit(client, "/account", 302)


def test_a_failed_login_says_the_same_for_wrong_and_unknown(
    client: FlaskClient, owner: User, records: Database
) -> None:
    pages = []
    for email in (owner.email, "nobody@npo.example"):
        page = log_in(client, email, "wrong", 422)
        pages.append(re.sub(r'value="[^"]*"|nonce="[^"]*"', "", page.html))
    assert pages[0] == pages[1]
    assert "メールアドレスまたはパスワードが違います" in pages[0]
    assert audited(records) == ["login_failed", "login_failed"]


def test_what_was_typed_is_kept_but_never_the_password(client: FlaskClient, owner: User) -> None:
    page = log_in(client, owner.email, "wrong-and-secret", 422)
    assert owner.email in page.html
    assert "入力された内容は残っています。パスワードはもう一度入力してください。" in page.text
    assert "wrong-and-secret" not in page.html


def test_a_password_is_taken_as_typed_with_its_spaces(client: FlaskClient, records: Database) -> None:
    with records.write() as session:
        user = make_coordinator(session, password_hash=passwords.hashed("  two spaces around  "))
    log_in(client, user.email, "two spaces around", 422)
    log_in(client, user.email, "  two spaces around  ")


def test_the_throttle_is_not_dodged_by_forged_addresses(client: FlaskClient, owner: User) -> None:
    values = {"email": owner.email, "password": "wrong"}
    for number in range(10):
        post(client, "/login", values, 422, headers={"X-Forwarded-For": f"192.0.2.{number}"})
    page = post(
        client, "/login", {**values, "password": GOOD}, 429, headers={"X-Forwarded-For": "192.0.2.99"}
    )
    assert page.h1 == ["しばらくお待ちください"]
    assert "15分ほど" in page.text


def _guess_from_everywhere(client: FlaskClient, email: str) -> None:
    for number in range(100):
        post(
            client, "/login", {"email": email, "password": "wrong"}, 422,
            environ_overrides={"REMOTE_ADDR": f"198.51.{number // 10}.7"},
        )  # fmt: skip


def test_strangers_cannot_shut_out_a_browser_that_signed_in_before(
    client: FlaskClient, owner: User, new_client: Callable[[], FlaskClient]
) -> None:
    values, elsewhere = {"email": owner.email, "password": GOOD}, {"REMOTE_ADDR": "203.0.113.5"}
    post(client, "/login", values)
    post(client, "/logout")
    cookie = client.get_cookie("enmusubi-device")
    assert cookie is not None
    assert cookie.http_only
    assert owner.email not in cookie.value
    _guess_from_everywhere(new_client(), owner.email)
    stranger = new_client()
    page = post(stranger, "/login", values, 429, environ_overrides=elsewhere)
    assert "パスワードを決め直す" in page.text
    stranger.set_cookie("enmusubi-device", cookie.value[:-3] + "AAA")
    post(stranger, "/login", values, 429, environ_overrides=elsewhere)
    assert post(client, "/login", values, environ_overrides=elsewhere).location == "/npo"


def test_who_is_shut_out_of_a_new_browser_gets_in_by_a_link_from_the_mailbox(
    client: FlaskClient, owner: User, records: Database, new_client: Callable[[], FlaskClient]
) -> None:
    _guess_from_everywhere(new_client(), owner.email)
    elsewhere = {"REMOTE_ADDR": "203.0.113.5"}
    post(client, "/login", {"email": owner.email, "password": GOOD}, 429, environ_overrides=elsewhere)
    post(client, "/reset", {"email": owner.email}, environ_overrides=elsewhere)
    link = link_in(newest_mail(records))
    post(client, link, {"password": OTHER, "again": OTHER}, environ_overrides=elsewhere)
    post(client, "/login", {"email": owner.email, "password": OTHER}, environ_overrides=elsewhere)


def test_one_network_is_throttled_over_many_addresses_whatever_it_forges(client: FlaskClient) -> None:
    for number in range(50):
        headers = {"X-Forwarded-For": f"192.0.2.{number}", "X-Real-IP": f"192.0.2.{number}"}
        post(client, "/login", {"email": f"a{number}@npo.example", "password": "x"}, 422, headers=headers)
    post(
        client,
        "/login",
        {"email": "b@npo.example", "password": "x"},
        429,
        headers={"Forwarded": "for=192.0.2.99"},
    )


def test_behind_one_proxy_only_its_own_word_about_the_address_counts(settings: Settings) -> None:
    app = create_app(replace(settings, proxy_hops=1))
    with app.extensions["database"].write() as session:
        make_city(session, is_demo=False)
    client = app.test_client()
    values = {"email": "a@npo.example", "password": "x"}
    for number in range(50):
        values["email"] = f"a{number}@npo.example"
        # The client forges the first part, the proxy appends what it saw.
        post(client, "/login", values, 422, headers={"X-Forwarded-For": f"192.0.2.{number}, 198.51.100.7"})
    values["email"] = "last@npo.example"
    post(client, "/login", values, 429, headers={"X-Forwarded-For": "203.0.113.1, 198.51.100.7"})
    post(client, "/login", values, 422, headers={"X-Forwarded-For": "203.0.113.1, 198.51.100.8"})


# ── Where a login leads ──


@pytest.mark.parametrize(
    "wanted",
    [
        "//evil.example", "///evil.example", "////evil.example", "\\\\evil.example", "/\\evil.example", "\\/evil.example",
        "https:evil.example", "https://evil.example/account", "http:///evil.example", "javascript:alert(1)", "evil.example",
        "/%0d%0aLocation:%20https://evil.example", "/\r\nLocation: https://evil.example", "/account\n", " /account", "/\t/evil.example",
        "/nowhere", "/static/css/base.css", "/logout", "/account/../../evil", "//evil.example/account", "/account@evil.example",
        "", "/staff",
    ],
)  # fmt: skip
def test_a_login_leads_nowhere_but_to_pages_of_our_own(client: FlaskClient, owner: User, wanted: str) -> None:
    response = client.post(
        "/login", query_string={"next": wanted},
        data={"csrf_token": csrf_token(client), "email": owner.email, "password": GOOD},
    )  # fmt: skip
    assert response.status_code == 302
    assert response.headers["Location"] in {"/", "/npo"}


@pytest.mark.parametrize("wanted", ["/account", "/notices?page=2", "/account/members"])
def test_a_login_leads_back_to_the_page_that_was_wanted(
    client: FlaskClient, owner: User, wanted: str
) -> None:
    location = visit(client, wanted, 302).location
    assert location is not None
    assert log_in(client, owner.email, GOOD, url=location).location == wanted


# ── Registering and resetting ──


REGISTRATION = {
    "kind": "npo", "organization_name": "里山を歩く会", "name": "山野 歩", "email": "ayumi@satoyama.example", "homepage": "",
}  # fmt: skip


def test_an_organization_registers_confirms_and_signs_in(client: FlaskClient, records: Database) -> None:
    sent = send(client, visit(client, "/register"), REGISTRATION)
    assert "メール" in visit(client, sent.location or "").text
    mail = newest_mail(records)
    assert mail.row.to == "ayumi@satoyama.example"
    assert "里山を歩く会" in mail.body
    link = link_in(mail)
    page = visit(client, link)
    refused = send(client, page, {"password": "satoyama2026", "again": "satoyama2026"}, 422)
    assert "推測されやすいパスワード" in refused.text
    refused = send(client, page, {"password": OTHER, "again": OTHER + "x"}, 422)
    assert "2つのパスワードが違います" in refused.text
    assert send(client, page, {"password": OTHER, "again": OTHER}).location == "/login"
    log_in(client, "ayumi@satoyama.example", OTHER)
    assert "里山を歩く会" in visit(client, "/account").html
    assert visit(client, link, 404).h1 == ["このリンクは使えなくなっています"]
    assert audited(records) == ["register", "register", "activate", "login"]


def test_whoever_said_who_they_are_finds_it_chosen(client: FlaskClient, records: Database) -> None:
    with records.write() as session:
        need = make_need(session, make_npo(session), visibility="public")
    found = {}
    for path in ("/", f"/needs/{need.public_id}"):
        for label, url in visit(client, path).links:
            if url.startswith("/register"):
                found[label] = visit(client, url).form(action="/register").values.get("kind")
    assert found == {"団体として登録する": "npo", "企業として登録する": "company"}
    assert "kind" not in visit(client, "/register").form(action="/register").values
    assert "kind" not in visit(client, "/register?kind=city").form(action="/register").values


def test_registering_a_known_address_answers_the_same(
    client: FlaskClient, owner: User, records: Database
) -> None:
    fresh = post(client, "/register", REGISTRATION)
    known = post(client, "/register", {**REGISTRATION, "email": owner.email})
    assert (fresh.status, fresh.location) == (known.status, known.location)
    answer_requests(records)
    with records.read() as session:
        # The owner's first, the fresh one, and the owner's second, which waits for its confirmation.
        assert session.scalar(select(func.count()).select_from(Organization)) == 3


def test_a_program_that_fills_in_the_trap_gets_the_same_answer_and_leaves_nothing(
    client: FlaskClient, records: Database
) -> None:
    page = post(client, "/register", {**REGISTRATION, "homepage": "https://spam.example"})
    assert page.location == "/register/sent"
    answer_requests(records)
    with records.read() as session:
        assert session.scalar(select(func.count()).select_from(Organization)) == 0
        assert session.scalar(select(func.count()).select_from(Mail)) == 0


def test_many_registrations_from_one_network_are_stopped(client: FlaskClient, records: Database) -> None:
    for number in range(10):
        post(client, "/register", {**REGISTRATION, "email": f"a{number}@spam.example"})
    for number in range(10, 60):
        post(client, "/register", {**REGISTRATION, "email": f"a{number}@spam.example"}, 429)
    answer_requests(records)
    with records.read() as session:
        assert session.scalar(select(func.count()).select_from(Organization)) == 10


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("kind", "city", "団体か企業かを選んでください"), ("organization_name", "　", "名前を入力してください"),
        ("name", "", "お名前を入力してください"), ("email", "ayumi＠", "メールアドレスの形になっていません"),
        ("email", "ayumi@satoyama.example\nBcc: x@evil.example", "メールアドレスの形になっていません"),
    ],
)  # fmt: skip
def test_a_refused_registration_says_what_to_do_and_keeps_the_rest(
    client: FlaskClient, field: str, value: str, message: str
) -> None:
    page = post(client, "/register", {**REGISTRATION, field: value}, 422)
    assert page.title.startswith("エラー：") or message in page.text
    if field != "organization_name":
        assert "里山を歩く会" in page.html


def test_a_line_break_in_a_name_becomes_no_mail_header(client: FlaskClient, records: Database) -> None:
    post(client, "/register", {**REGISTRATION, "organization_name": "里山\r\nBcc: evil"})
    answer_requests(records)
    with records.read() as session:
        assert session.scalars(select(Organization.name)).one() == "里山 Bcc: evil"
    assert "\n" not in newest_mail(records).subject


def test_a_reset_link_carries_the_configured_address_whatever_host_was_claimed(
    client: FlaskClient, owner: User, records: Database
) -> None:
    token, bare = csrf_token(client), client.application.test_client(use_cookies=False)
    for headers in (
        {"Host": "evil.example"},
        {"X-Forwarded-Host": "evil.example"},
        {"X-Forwarded-Proto": "ftp"},
    ):
        with records.write() as session:
            session.query(Mail).delete()
        cookie = client.get_cookie("enmusubi")
        assert cookie is not None
        response = bare.post(
            "/reset", data={"csrf_token": token, "form_id": "0" * 32, "email": owner.email},
            headers={**headers, "Cookie": f"enmusubi={cookie.value}"},
        )  # fmt: skip
        assert response.status_code == 302
        body = newest_mail(records).body
        assert "evil.example" not in body
        assert "https://enmusubi.city.miohara.example/reset/" in body


def test_a_reset_answers_the_same_for_nobody_and_works_once(
    client: FlaskClient, owner: User, records: Database, new_client: Callable[[], FlaskClient]
) -> None:
    other = login_as(new_client(), owner)
    unknown = post(client, "/reset", {"email": "nobody@npo.example"})
    known = post(client, "/reset", {"email": owner.email})
    assert (unknown.status, unknown.location) == (known.status, known.location) == (302, "/reset/sent")
    visit(client, "/reset/sent")
    link = link_in(newest_mail(records))
    send(client, visit(client, link), {"password": OTHER, "again": OTHER})
    assert not is_signed_in(other)
    visit(client, link, 404)
    log_in(client, owner.email, GOOD, 422)
    log_in(client, owner.email, OTHER)


def test_a_reset_link_expires_after_two_hours(
    client: FlaskClient, owner: User, records: Database, travel: time_machine.Traveller
) -> None:
    post(client, "/reset", {"email": owner.email})
    link = link_in(newest_mail(records))
    travel.shift(timedelta(minutes=119))
    visit(client, link)
    travel.shift(timedelta(minutes=2))
    visit(client, link, 404)
    post(client, link, {"password": OTHER, "again": OTHER}, 404)


# ── Every form ──


def test_every_post_without_a_token_is_refused(app: Flask, client: FlaskClient, owner: User) -> None:
    login_as(client, owner)
    paths = [
        re.sub(r"<[^>]+>", "x", rule.rule)
        for rule in app.url_map.iter_rules()
        if rule.endpoint.startswith("account.") and "POST" in (rule.methods or set())
    ]
    assert len(paths) >= 12
    for path in paths:
        response = client.post(path, data={"email": owner.email, "password": GOOD})
        assert response.status_code == 400, path
    assert is_signed_in(client)


def test_fields_that_a_form_does_not_have_change_nothing(
    client: FlaskClient, owner: User, records: Database
) -> None:
    extra = {
        "role": "operator", "organization_id": "1", "organization_role": "owner", "status": "active", "id": "1",
        "public_id": "x", "is_demo": "1", "password_hash": "x", "state": "verified", "verified_at": "2026-01-01",
    }  # fmt: skip
    post(client, "/register", {**extra, **REGISTRATION})
    answer_requests(records)
    login_as(client, owner)
    post(client, "/account", {**extra, "name": "新しい名前", "notify": "daily", "version": owner.version})
    with records.read() as session:
        saved = session.get(User, owner.id)
        assert saved is not None
        assert (saved.name, saved.notify) == ("新しい名前", "daily")
        assert (saved.role, saved.status, saved.public_id) == ("member", "active", owner.public_id)
        seats = session.scalars(select(Membership).where(Membership.user_id == owner.id)).all()
        own = owner.memberships[0].organization_id
        assert [(seat.organization_id, seat.role) for seat in seats] == [(own, "owner")]
        assert saved.password_hash == owner.password_hash
        fresh = session.scalars(select(Organization).where(Organization.name == "里山を歩く会")).one()
        assert (fresh.state, fresh.verified_at) == ("draft", None)
        query = select(Membership).where(Membership.organization_id == fresh.id)
        seat = session.scalars(query.options(joinedload(Membership.user))).one()
        assert (seat.user.role, seat.role, seat.user.status) == ("member", "owner", "invited")


def test_the_settings_say_after_how_long_one_is_signed_out(
    settings: Settings, owner: User, travel: time_machine.Traveller
) -> None:
    app = create_app(replace(settings, session_idle_minutes=45))
    page = visit(login_as(app.test_client(), owner), "/account")
    app.extensions["database"].dispose()
    assert "45分使わないと、自動でログアウトされます。" in page.text


def test_settings_typed_over_an_outdated_page_are_refused(client: FlaskClient, owner: User) -> None:
    login_as(client, owner)
    page = visit(client, "/account")
    send(client, page, {"name": "一つ目の窓"}, action="/account")
    send(client, page, {"name": "二つ目の窓"}, 409, action="/account")
    assert "一つ目の窓" in visit(client, "/account").html


# ── Members and staff ──


def test_an_owner_invites_changes_the_role_and_closes(
    client: FlaskClient, owner: User, records: Database
) -> None:
    login_as(client, owner)
    page = visit(client, visit(client, "/account/members").href("利用者を招待する"))
    send(client, page, {"name": "磯野 潮", "email": "ushio@npo.example", "role": "editor"}, action="/invite")
    mail = newest_mail(records)
    assert (mail.row.to, "浜のごはん会" in mail.subject) == ("ushio@npo.example", True)
    refused = send(
        client,
        page,
        {"name": "別の人", "email": "ushio@npo.example", "role": "viewer"},
        422,
        action="/invite",
    )
    assert "すでに登録されています" in refused.text
    members = visit(client, "/account/members")
    assert "招待中" in members.text
    url = members.href("磯野 潮")
    send(client, visit(client, url), {"role": "viewer"}, action=url)
    send(client, visit(client, url), button="招待のメールをもう一度送る")
    assert newest_mail(records).row.id > mail.row.id
    send(client, visit(client, f"{url}/close"), action="/close")
    assert "磯野" not in visit(client, "/account/members").html
    assert audited(records)[1:] == ["invite", "change_role", "activate_link", "deactivate"]


def test_the_last_owner_is_told_why_leaving_is_refused(client: FlaskClient, owner: User) -> None:
    login_as(client, owner)
    page = visit(client, f"/account/people/{owner.public_id}/close")
    assert "管理者が1人もいなくなる" in send(client, page, {}, 409, action="/close").text
    assert is_signed_in(client)


def test_a_member_leaves_and_is_forgotten(client: FlaskClient, owner: User, records: Database) -> None:
    with records.write() as session:
        npo = session.get(Organization, owner.memberships[0].organization_id)
        viewer = make_user(
            session, npo, organization_role="viewer", email="leaving@npo.example", name="去る人"
        )
    login_as(client, viewer)
    page = visit(client, visit(client, "/account").href("退会の手続きへ"))
    assert send(client, page, {}, action="/close").location == "/login"
    assert not is_signed_in(client)
    with records.read() as session:
        assert (
            session.scalars(select(User.email).where(User.id == viewer.id)).one()
            == f"{viewer.public_id}@left.invalid"
        )


def test_settings_that_were_changed_meanwhile_keep_what_was_typed(client: FlaskClient, owner: User) -> None:
    login_as(client, owner)
    late = visit(client, "/account")
    send(client, visit(client, "/account"), {"name": "先の名前"}, action="/account")
    page = send(client, late, {"name": "あとの名前"}, 409, action="/account")
    assert page.form(action="/account").values["name"] == "あとの名前"
    send(client, page, action="/account")
    assert visit(client, "/account").form(action="/account").values["name"] == "あとの名前"


def test_a_search_of_six_hundred_letters_is_answered_beside_its_field(client: FlaskClient) -> None:
    typed = "あ" * 600
    page = visit(client, f"/needs?q={typed}")
    assert "120文字までで入力してください。いまは600文字です。" in page.text
    assert page.form(action="/needs").values["q"] == typed


def test_editors_see_the_members_but_do_not_manage_them(
    client: FlaskClient, owner: User, records: Database
) -> None:
    with records.write() as session:
        editor = make_user(
            session,
            session.get(Organization, owner.memberships[0].organization_id),
            organization_role="editor",
        )
    login_as(client, editor)
    page = visit(client, "/account/members")
    assert "海野 渚" in page.text
    assert not any("invite" in url for _text, url in page.links)
    visit(client, "/account/members/invite", 403)
    visit(client, f"/account/people/{owner.public_id}")
    post(client, f"/account/people/{owner.public_id}", {"role": "viewer", "version": owner.version}, 403)
    post(client, f"/account/people/{owner.public_id}/link", status=403)
    post(client, f"/account/people/{owner.public_id}/close", {"version": owner.version}, 403)


def test_a_manager_is_offered_to_close_neither_an_operators_account_nor_their_own(
    client: FlaskClient, manager: User, records: Database
) -> None:
    with records.write() as session:
        operator, colleague = (make_coordinator(session, role=role) for role in ("operator", "coordinator"))
    login_as(client, manager)
    for person, is_offered in ((colleague, True), (operator, False), (manager, False)):
        page = visit(client, f"/account/people/{person.public_id}")
        assert ("停止の手続きへ" in {text for text, _url in page.links}) is is_offered, person.role


def test_foreign_accounts_do_not_exist(client: FlaskClient, owner: User, records: Database) -> None:
    with records.write() as session:
        stranger = make_user(session, make_company(session))
        coordinator = make_coordinator(session)
    for actor in (stranger, coordinator):
        login_as(client, actor)
        visit(client, f"/account/people/{owner.public_id}", 404)
        visit(client, f"/account/people/{owner.public_id}/close", 404)
        for path in ("", "/link", "/close"):
            post(client, f"/account/people/{owner.public_id}{path}", {"role": "viewer"}, 404)
        visit(client, "/staff", 404)
        visit(client, "/staff/invite", 404)


def test_a_manager_invites_staff_and_helps_members(
    client: FlaskClient, owner: User, manager: User, records: Database
) -> None:
    login_as(client, manager)
    page = visit(client, visit(client, "/staff").href("職員を招待する"))
    assert "運用担当" not in page.text
    send(
        client,
        page,
        {"name": "新任 職員", "email": "shin@city.example", "role": "coordinator"},
        action="/staff/invite",
    )
    post(client, "/staff/invite", {"name": "x", "email": "y@city.example", "role": "operator"}, 422)
    found = visit(client, "/staff?q=浜のごはん")
    send(client, visit(client, found.href("海野 渚")), button="パスワード再設定のメールを送る")
    assert newest_mail(records).row.to == owner.email
    assert "条件に合う利用者はいません" in visit(client, "/staff?q=いない人&page=3").text
    visit(client, f"/account/people/{manager.public_id}")
    closing = {"version": manager.version}
    refused = post(client, f"/account/people/{manager.public_id}/close", closing, 409)
    assert "ご自分では停止できません" in refused.text


# ── Notices ──


def test_notices_are_listed_counted_and_marked_as_read(
    client: FlaskClient, owner: User, records: Database
) -> None:
    login_as(client, owner)
    assert "お知らせはまだありません" in visit(client, "/notices").text
    with records.write() as session:
        user = session.get(User, owner.id)
        assert user is not None
        own = owner.memberships[0].organization_id
        notices.tell_users(
            session, [user], *tell.letter("<b>本文</b>"), NOW, about=("need", "a" * 32), organization_id=own
        )
    page = visit(client, "/notices")
    assert "未読" in page.text
    assert "&lt;b&gt;本文&lt;/b&gt;" in page.html
    send(client, page, button="すべて既読にする")
    assert "未読" not in visit(client, "/notices").text
    with records.read() as session:
        assert session.scalars(select(Notice.read_at)).one() is not None


def hears(records: Database, owner: User, about: tuple[str, str], count: int = 1) -> None:
    with records.write() as session:
        user = session.get(User, owner.id)
        assert user is not None
        own = owner.memberships[0].organization_id
        for number in range(count):
            letter = tell.letter(f"本文{number}")
            notices.tell_users(session, [user], *letter, NOW, about=about, organization_id=own)


def test_notices_of_one_record_are_one_line_and_all_of_them_a_page(
    client: FlaskClient, owner: User, records: Database
) -> None:
    hears(records, owner, ("need", "a" * 32), 5)
    hears(records, owner, ("need", "b" * 32))
    login_as(client, owner)
    page = visit(client, "/notices")
    assert page.html.count("inbox-group") == 2
    assert "全5件" in page.text
    assert "本文4" in page.text
    assert "本文1" not in page.text
    rest = visit(client, next(url for words, url in page.links if "この件のお知らせをすべて見る" in words))
    assert all(f"本文{number}" in rest.text for number in range(5))


def test_one_record_is_read_without_the_others(client: FlaskClient, owner: User, records: Database) -> None:
    hears(records, owner, ("need", "a" * 32), 2)
    hears(records, owner, ("need", "b" * 32))
    login_as(client, owner)
    page = visit(client, "/notices")
    assert "未読3件" in page.text
    send(client, page, button="既読にする")
    assert "未読2件" in visit(client, "/notices").text


def test_who_opens_a_record_has_seen_what_was_told_of_it(
    client: FlaskClient, owner: User, records: Database
) -> None:
    own = owner.memberships[0].organization.public_id
    hears(records, owner, ("organization", own), 2)
    hears(records, owner, ("need", "b" * 32))
    login_as(client, owner)
    assert "未読3件" in visit(client, "/notices").text
    visit(client, "/profile")
    assert "未読1件" in visit(client, "/notices").text


def test_nobody_reads_the_notices_of_others(
    client: FlaskClient, owner: User, manager: User, records: Database
) -> None:
    with records.write() as session:
        user = session.get(User, owner.id)
        assert user is not None
        own = owner.memberships[0].organization_id
        notices.tell_users(session, [user], *tell.letter("ひみつの件名"), NOW, organization_id=own)
    login_as(client, manager)
    assert "ひみつ" not in visit(client, "/notices").html


# ── The demo ──


@pytest.fixture
def demo_client(settings: Settings, travel: time_machine.Traveller) -> FlaskClient:
    """A browser on a demo city in demo mode."""
    app = create_app(replace(settings, demo_mode=True))
    with app.extensions["database"].write() as session:
        make_city(session, is_demo=True)
        make_user(session, make_npo(session), email="demo-npo@demo.example", name="団体 花子")
        make_user(session, make_company(session), email="demo-company@demo.example", name="企業 太郎")
        make_coordinator(session, email="demo-coordinator@demo.example", name="市 職員")
        make_coordinator(session, role="manager", email="demo-manager@demo.example", name="市 課長")
    return app.test_client()


def test_one_click_enters_the_demo_city_in_each_role(demo_client: FlaskClient) -> None:
    doors = {
        "団体の代表として入る": "団体 花子", "企業のCSR担当として入る": "企業 太郎",
        "市の担当職員として入る": "市 職員", "市の管理職として入る": "市 課長",
    }  # fmt: skip
    for button, name in doors.items():
        page = visit(demo_client, "/login")
        send(demo_client, page, button=button)
        page = visit(demo_client, "/account")
        assert name in page.html
        assert "練習用の画面です" in page.html
        post(demo_client, "/logout")


def test_the_demo_enters_nobody_else(demo_client: FlaskClient) -> None:
    for role in ("operator", "", "demo-npo@demo.example", "npo\x00"):
        post(demo_client, "/demo/enter", {"role": role}, 404)
    assert not is_signed_in(demo_client)


def test_without_demo_mode_there_is_no_demo_entry_even_in_a_demo_city(
    client: FlaskClient, records: Database
) -> None:
    with records.write() as session:
        city = session.get(Municipality, 1)
        assert city is not None
        city.is_demo = True
        make_user(session, make_npo(session), email="demo-npo@demo.example")
    assert "練習用の入口" not in visit(client, "/login").html
    post(client, "/demo/enter", {"role": "npo"}, 404)


def test_demo_mode_on_a_real_citys_records_serves_nothing(settings: Settings) -> None:
    wrong = replace(settings, demo_mode=True)
    app = create_app(wrong)
    with app.extensions["database"].write() as session:
        make_city(session, is_demo=False)
        make_user(session, make_npo(session), email="demo-npo@demo.example")
    client = app.test_client()
    for path in ("/login", "/register", "/account"):
        page = visit(client, path, 503)
        assert "DEMO_MODE" in page.text
    post(client, "/demo/enter", {"role": "npo"}, 503)
    with pytest.raises(
        ConfigurationError, match=r"DEMO_MODE: expected the demo city in the database, found '澪原市'"
    ):
        demo.check(wrong, app.extensions["database"])


def test_demo_mode_may_start_on_an_empty_database_and_on_the_demo_city(
    settings: Settings, demo_client: FlaskClient, tmp_path: Path, sqlite_template: Path
) -> None:
    demo.check(replace(settings, demo_mode=True), demo_client.application.extensions["database"])
    shutil.copy(sqlite_template, tmp_path / "empty.db")
    empty = Database(f"sqlite:///{tmp_path / 'empty.db'}")
    demo.check(replace(settings, demo_mode=True), empty)
    empty.dispose()


# ── Error pages ──


@pytest.mark.parametrize("code", [400, 403, 404, 409, 413, 429, 500, 503])
def test_every_error_page_has_a_way_on_and_a_telephone(app: Flask, code: int) -> None:
    from werkzeug.exceptions import HTTPException

    class Wrong(HTTPException):
        pass

    Wrong.code = code

    def fail() -> str:
        raise Wrong

    fail.audience = "public"  # type: ignore[attr-defined]
    app.add_url_rule("/wrong", "wrong", fail)
    page = visit(app.test_client(), "/wrong", code)
    assert "0000-00-1000" in page.text
    assert ("トップページへ", "/") in page.links
    assert re.search(r"番号：[0-9a-f]{16}", page.text)


def test_a_telephone_number_that_does_not_dial_is_found_out(app: Flask) -> None:
    page = visit(app.test_client(), "/login")
    mute = read(page.url, 200, page.html.replace("</main>", "<p>電話 0000-00-1000</p></main>"))
    with pytest.raises(AssertionError, match="0000-00-1000 stands where"):
        check(mute)


def test_the_page_for_who_is_too_fast_keeps_what_was_typed(app: Flask) -> None:
    def fail() -> str:
        raise TooFast(1)

    fail.audience = "public"  # type: ignore[attr-defined]
    app.add_url_rule("/wrong", "wrong", fail, methods=["POST"])
    page = post(app.test_client(), "/wrong", {"text": "ひとこと"}, 429)
    assert page.form(button="同じ内容をもう一度送る").values["text"] == "ひとこと"
    assert "password" not in post(app.test_client(), "/wrong", {"password": "x" * 12}, 429).html


def test_an_unexpected_error_shows_a_number_and_no_detail(app: Flask) -> None:
    def fail() -> str:
        raise RuntimeError("secret detail")

    fail.audience = "public"  # type: ignore[attr-defined]
    app.add_url_rule("/wrong", "wrong", fail)
    page = visit(app.test_client(), "/wrong", 500)
    assert "secret" not in page.html
    assert "RuntimeError" not in page.html


def test_the_page_says_what_an_official_still_holds_and_closes_nothing(
    client: FlaskClient, manager: User, records: Database
) -> None:
    with records.write() as session:
        leaving = make_coordinator(session, email="idou@city.example", name="異動 する人")
        session.add(
            Handover(
                from_user_id=manager.id, to_user_id=leaving.id, effective_on=NOW.date() + timedelta(days=9),
                cases=["0" * 32], planned_by_id=manager.id, planned_at=NOW,
            )
        )  # fmt: skip
        public_id = leaving.public_id
    login_as(client, manager)
    url = f"/account/people/{public_id}/close"
    page = visit(client, url)
    assert "受け持ちが1件残っています" in page.text
    assert page.href("引き継ぎの画面で、予定を取り消す") == "/desk/handover"
    assert "停止する" not in [button for form in page.forms for button in form.buttons]
    refused = post(client, url, {"version": "1"}, 409)
    assert "受け持ちが1件残っています" in refused.text
    with records.read() as session:
        assert session.scalars(select(User.status).where(User.public_id == public_id)).one() == "active"
        session.rollback()
    with records.write() as session:
        session.execute(delete(Handover))
    send(client, visit(client, url), action="/close")
    with records.read() as session:
        assert session.scalars(select(User.status).where(User.public_id == public_id)).one() == "deactivated"


@pytest.mark.parametrize("field", ["organization_name", "name"])
def test_nobody_registers_under_an_address(client: FlaskClient, records: Database, field: str) -> None:
    typed = "当選 https://evil.example/win"
    page = post(client, "/register", {**REGISTRATION, field: typed}, 422)
    assert "アドレスを消して" in page.text
    assert typed in page.html
    with records.read() as session:
        assert session.scalars(select(Mail)).all() == []
