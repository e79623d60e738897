"""Somebody who serves two organizations works in the name of one, and switches in the header."""

import re

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from matcher.ground.db import Database
from matcher.people import beginning, memberships, passwords
from matcher.records import AuditEvent, Need, Organization, User
from matcher.register import notices
from tests import told as tell
from tests.conftest import NOW
from tests.factories import (
    actor_for,
    make_company,
    make_membership,
    make_need,
    make_npo,
    make_user,
)
from tests.web.conftest import login_as
from tests.web.pages import Page, read, send, visit
from webapp import clock

STEP = "/npo/needs/{}/step/1"
URL = "https://enmusubi.city.miohara.example"


class Both:
    """A person of an NPO with a draft of a need, and of another NPO and a company."""

    def __init__(self, client: FlaskClient, records: Database) -> None:
        self.client, self.records = client, records
        with records.write() as session:
            self.npo, self.other = make_npo(session, name="浜の会"), make_npo(session, name="里山の会")
            self.company = make_company(session, name="みお食品")
            self.person = make_user(session, self.npo, name="海野 渚")
            for one in (self.other, self.company):
                make_membership(session, self.person, one)
            self.need = make_need(session, self.npo, state="draft", number=None, title="まだない")
        login_as(client, self.person)
        self.switch(self.npo)

    def switch(self, organization: Organization) -> Page:
        """On the page to which the header leads."""
        page = visit(self.client, "/account/organizations")
        if f"{organization.name} 管理者 いま使っています" in page.text:
            return page
        answer = self.client.post(
            "/account/switch",
            data={
                "organization": organization.public_id,
                "csrf_token": page.form(action="/account/switch").values["csrf_token"],
            },
        )
        assert answer.status_code == 302
        return visit(self.client, answer.headers["Location"])


@pytest.fixture
def both(client: FlaskClient, records: Database) -> Both:
    return Both(client, records)


def header(both: Both) -> str:
    """What stands in the header."""
    html = visit(both.client, "/account").html.split("</header>")[0]
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def send_typed(both: Both, url: str, typed: dict[str, str], status: int) -> Page:
    answer = both.client.post(url, data=typed)
    assert answer.status_code == status
    return read(url, status, answer.get_data(as_text=True))


def test_the_header_says_in_whose_name_one_is_and_how_much_is_unread_elsewhere(both: Both) -> None:
    with both.records.write() as session:
        notices.tell_organization(session, both.company.id, *tell.letter(), NOW)
        notices.tell_organization(session, both.other.id, *tell.letter(), NOW)
    assert "浜の会 切り替え （団体・企業） 2 件の未読" in header(both)
    assert visit(both.client, "/account").href("切り替え（団体・企業）2件の未読") == "/account/organizations"
    both.switch(both.company)
    assert "みお食品 切り替え （団体・企業） 1 件の未読" in header(both)
    assert visit(both.client, "/company").status == 200
    visit(both.client, "/npo", 404)


def test_who_serves_one_organization_has_nothing_to_switch(both: Both, new_client) -> None:
    with both.records.write() as session:
        alone = make_user(session, both.npo)
    assert "切り替え" not in visit(login_as(new_client(), alone), "/account").text


def test_the_account_ends_with_the_last_organization_that_can_be_worked_for(both: Both) -> None:
    with both.records.write() as session:
        make_user(session, both.npo)
        for one in (both.other, both.company):
            session.get_one(Organization, one.id).state = "deactivated"
    url = f"/account/people/{both.person.public_id}/close"
    page = visit(both.client, url)
    assert page.h1 == ["退会の確認"]
    send(both.client, page, {}, 302, action="/close")
    with both.records.read() as session:
        assert session.get_one(User, both.person.id).status == "deactivated"


def test_a_form_begun_in_one_name_is_not_sent_in_another_and_comes_back(both: Both) -> None:
    url = STEP.format(both.need.public_id)
    typed = visit(both.client, url).form(action=url).values | {"title": "お米がほしい"}
    for other in (both.company, both.other):
        both.switch(other)
        page = send_typed(both, url, typed, 409)
        assert page.h1 == ["「浜の会」として開いた画面です"]
        assert f"いまは「{other.name}」として操作する設定のため" in page.text
        with both.records.read() as session:
            assert session.get_one(Need, both.need.id).title == "まだない"
    page = send(both.client, page, {}, 200, button="「浜の会」に切り替える")
    page = send(both.client, page, {}, 200, button="入力した画面に戻る")
    assert page.form(action=url).values["title"] == "お米がほしい"
    send(both.client, page, {}, 302, action=url)
    with both.records.read() as session:
        assert session.get_one(Need, both.need.id).title == "お米がほしい"
        event = session.scalars(select(AuditEvent).order_by(AuditEvent.id.desc())).first()
        assert event is not None
        assert event.actor_organization_id == both.npo.public_id


def test_a_form_is_good_again_once_its_writer_has_switched_back(both: Both) -> None:
    url = STEP.format(both.need.public_id)
    typed = visit(both.client, url).form(action=url).values | {"title": "お米がほしい"}
    both.switch(both.other)
    both.switch(both.npo)
    assert both.client.post(url, data=typed).status_code == 302


def test_what_was_typed_comes_back_in_its_name_after_signing_in_anew(both: Both) -> None:
    url = STEP.format(both.need.public_id)
    typed = visit(both.client, url).form(action=url).values | {"title": "お米がほしい"}
    both.switch(both.company)  # where the next login begins
    both.client.delete_cookie("enmusubi")
    page = send_typed(both, url, typed, 401)
    with both.records.write() as session:
        session.get_one(User, both.person.id).password_hash = passwords.hashed("紫陽花と古い灯台の地図帳")
    page = send(
        both.client,
        page,
        {"email": both.person.email, "password": "紫陽花と古い灯台の地図帳"},
        200,
        action="/login",
    )
    page = send(both.client, page, {}, 200, button="入力した画面に戻る")
    assert page.form(action=url).values["title"] == "お米がほしい"


def test_nobody_switches_to_an_organization_of_others(both: Both) -> None:
    with both.records.write() as session:
        foreign = make_npo(session, name="よその会")
    token = visit(both.client, "/account/organizations").form(action="/account/switch").values["csrf_token"]
    data = {"organization": foreign.public_id, "csrf_token": token}
    assert both.client.post("/account/switch", data=data).status_code == 404
    answer = both.client.get(f"/as/{foreign.public_id}?next=/account")
    assert answer.headers["Location"] == "/account"
    assert "浜の会" in header(both)


def test_the_link_of_a_mail_opens_its_page_in_the_name_of_whom_it_is_for(both: Both) -> None:
    answer = both.client.get(f"/as/{both.company.public_id}?next=/company/offers")
    assert answer.headers["Location"] == "/company/offers"
    assert "みお食品" in header(both)
    stranger = both.client.application.test_client()
    asked = stranger.get(f"/as/{both.company.public_id}?next=/company/offers")
    assert asked.headers["Location"].startswith("/login?next=/as/")


def test_an_invitation_is_taken_or_refused_after_signing_in(both: Both, new_client) -> None:
    with both.records.write() as session:
        joined, refused = make_npo(session, name="入る会"), make_npo(session, name="断る会")
        for one in (joined, refused):
            owner = actor_for(make_user(session, one), one)
            memberships.invite_member(
                session, owner, email=both.person.email, name="うみの", role="viewer", now=NOW, public_url=URL
            )
    page = visit(both.client, visit(both.client, "/account").href("所属する団体・企業と招待を見る"))
    action = f"/organizations/{refused.public_id}/decline"
    page = visit(both.client, send(both.client, page, {}, action=action).location or "")
    assert "「断る会」には参加しません。" in page.text
    assert "「入る会」" not in page.text
    home = send(both.client, page, {}, action=f"/organizations/{joined.public_id}/join").location
    assert home == "/npo"
    assert "入る会" in header(both)


def test_an_invitation_is_confirmed_by_its_link_without_a_password(both: Both, new_client) -> None:
    with both.records.write() as session:
        inviting = make_npo(session, name="招く会")
        memberships.invite_member(
            session, actor_for(make_user(session, inviting), inviting), email=both.person.email, name="うみの",
            role="viewer", now=NOW, public_url=URL,
        )  # fmt: skip
        link = re.findall(rf"{URL}(/activate/\S+)", tell.mails(session)[-1].body)[0]
    browser = new_client()
    page = visit(browser, link)
    assert page.h1 == ["「招く会」への参加の確認"]
    assert send(browser, page, {}, action=link).location == "/login"
    visit(browser, link, 404)
    assert "招く会" in visit(both.client, "/account/organizations").text


def test_a_second_organization_is_registered_and_confirmed_from_the_mail(both: Both) -> None:
    with both.records.write() as session:
        beginning.register_organization(
            session, kind="npo", organization_name="三つ目の会", name="海野", email=both.person.email, now=clock.now(),
            network="n",
        )  # fmt: skip
        beginning.answer_requests(session, clock.now(), URL)
        link = re.findall(rf"{URL}(/activate/\S+)", tell.mails(session)[-1].body)[0]
    home = send(both.client, visit(both.client, link), {}, action=link).location
    assert home == "/npo"
    assert "三つ目の会" in header(both)


def test_one_membership_is_ended_and_the_browser_goes_on_in_another_name(both: Both) -> None:
    with both.records.write() as session:
        make_user(session, both.npo)
    page = visit(both.client, visit(both.client, "/account").href("「浜の会」の利用を終わる手続きへ"))
    page = visit(both.client, send(both.client, page, {}, action="/close").location or "")
    assert "「浜の会」の利用を終わりました。" in page.text
    assert "浜の会" not in visit(both.client, "/account/organizations").text


def test_the_whole_account_is_closed_where_every_organization_keeps_an_owner(both: Both) -> None:
    page = visit(both.client, visit(both.client, "/account").href("退会の手続きへ"))
    assert "管理者が1人もいなくなる" in send(both.client, page, {}, 409, action="/account/close").text
    with both.records.write() as session:
        for one in (both.npo, both.other, both.company):
            make_user(session, session.get_one(Organization, one.id))
    assert send(both.client, page, {}, action="/account/close").location == "/login"
    with both.records.read() as session:
        assert session.get_one(User, both.person.id).status == "deactivated"
