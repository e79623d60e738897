"""What is like a need, as its NPO meets it before sending and the city before publishing. Nothing is blocked."""

from datetime import date

import pytest

from matcher.postings import alike
from matcher.records import Need
from tests import factories
from tests.conftest import NOW
from tests.services.test_suggestions import ENCODER, TOPICS, encode
from tests.web.conftest import login_as
from tests.web.pages import send, visit

DOUBLE, REPEAT, TOGETHER = "似たニーズがあります", "前回のニーズがあります", "いっしょに頼めるかもしれません"


class City:
    """An NPO with a draft about vegetables that could be sent, and an official."""

    def __init__(self, records, new_client):
        self.records = records
        with records.write() as session:
            self.npo = factories.make_npo(session)
            self.draft = self.need(
                session, "下書き", state="draft", contact_name="海野", valid_until=date(2027, 1, 31)
            )
            people = factories.make_user(session, self.npo), factories.make_coordinator(session)
        self.owner, self.official = (login_as(new_client(), person) for person in people)

    def need(self, session, title, npo=None, **changes):
        said = {"situation": f"毎週の夕食の野菜が足りません（{title}）。", "wanted_change": "よくなる。"}
        return factories.make_need(session, npo or session.merge(self.npo), title=title, **said | changes)

    def post(self, title, npo=None, **changes):
        with self.records.write() as session:
            found = self.need(session, title, npo, **changes)
        encode(self.records, NOW)
        return found

    def check(self):
        return visit(self.owner, f"/npo/needs/{self.draft.public_id}/check")


@pytest.fixture
def city(records, new_client, monkeypatch):
    def read(said):
        return ENCODER.encode([said], "text")[0] if any(topic in said for topic in TOPICS) else None

    monkeypatch.setattr(alike.typed, "reader_of", lambda _model_id: read)
    return City(records, new_client)


def test_before_sending_one_sees_a_double_with_both_sentences_and_can_send_all_the_same(city):
    other = city.post("野菜の便")
    page = city.check()
    assert DOUBLE in page.text
    assert REPEAT not in page.text
    assert f"/npo/needs/{other.public_id}" in page.html
    assert "このニーズ「毎週の夕食の野菜が足りません（下書き）。」" in page.text
    assert "そのニーズ「毎週の夕食の野菜が足りません（野菜の便）。」" in page.text
    assert DOUBLE in visit(city.owner, f"/npo/needs/{city.draft.public_id}/step/5").text
    assert DOUBLE not in visit(city.owner, f"/npo/needs/{city.draft.public_id}/step/4").text
    assert send(city.owner, page, button="市に送る").location.endswith("/sent")
    read = visit(city.official, f"/desk/needs/{city.draft.public_id}")
    assert DOUBLE in read.text
    assert f"/desk/needs/{other.public_id}" in read.html
    assert TOGETHER not in read.text
    send(city.official, read, {"action": "publish"}, button="公開する")
    with city.records.read() as session:
        assert session.get(Need, city.draft.id).state == "open"


def test_what_is_over_is_a_repeat_and_no_double(city):
    city.post("去年の便", state="expired", period_from=date(2025, 12, 1), period_to=date(2026, 3, 31))
    page = city.check()
    assert REPEAT in page.text
    assert DOUBLE not in page.text
    step = visit(city.owner, f"/npo/needs/{city.draft.public_id}/step/5")
    assert REPEAT in step.text
    # What is offered there has a form of its own, which once cut off this one.
    send(city.owner, step, {"contact_name": "海野 次郎"}, button="保存して確認へ")
    with city.records.read() as session:
        assert session.get(Need, city.draft.id).contact_name == "海野 次郎"


def test_the_city_sees_before_publishing_what_others_ask_for_and_the_npo_does_not(city):
    with city.records.write() as session:
        other = factories.make_npo(session, name="山の食堂")
    city.post("山の野菜", npo=other)
    page = city.check()
    assert TOGETHER not in page.text
    assert "山の野菜" not in page.text
    send(city.owner, page, button="市に送る")
    read = visit(city.official, f"/desk/needs/{city.draft.public_id}")
    assert TOGETHER in read.text
    assert "山の食堂" in read.text
    assert DOUBLE not in read.text


def test_what_has_nothing_to_do_with_it_is_not_spoken_of(city):
    city.post("音楽会", situation="音楽の先生を探しています。")
    page = city.check()
    assert DOUBLE not in page.text
    assert REPEAT not in page.text
