"""Needs and offers as NPOs, companies, residents and the city meet them on their screens."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
import time_machine
from flask import current_app
from flask.testing import FlaskClient
from sqlalchemy import func, select
from wtforms import Form, SelectMultipleField

from matcher.cases import beginning
from matcher.cases.beginning import Terms
from matcher.ground import posting as posting_fields
from matcher.ground.db import Database
from matcher.postings import acts as posting_acts
from matcher.postings import alike
from matcher.postings import drafts as posting_drafts
from matcher.records import AuditEvent, Mark, Need, Offer, Organization, Receipt, User
from matcher.register import act, folding
from tests.conftest import NOW
from tests.edge_inputs import EDGE_INPUTS
from tests.factories import (
    actor_for,
    make_company,
    make_coordinator,
    make_need,
    make_npo,
    make_offer,
    make_user,
)
from tests.services.test_suggestions import ENCODER, encode
from tests.web.conftest import login_as
from tests.web.pages import Page, assert_leads_to_field, post, send, visit
from webapp import posting_text, text
from webapp.forms.base import clean

LONG = "あ" * 100_000
ANSWERS: tuple[dict[str, Any], ...] = (
    {"title": "夏休みの昼ごはんに使う米", "situation": "毎日20人分をつくります。", "wanted_change": "休まず続けられます。"},
    {"support_type": "food", "quantity": "３０．５", "unit": "kg", "min_useful": "１０", "also_welcome": ["cash_donation"]},
    {"period_from": "２０２６－１２－０１", "period_to": "令和９年３月３１日", "areas": ["hama"], "mode": "onsite", "valid_until": "2027/3/1"},
    {"fields": ["13"], "beneficiaries": ["children"], "beneficiary_number": "２０人", "safety_contact": "yes"},
    {"what_we_give": "活動報告", "if_unmet": "日数を減らします。", "contact_name": "海野 渚", "visibility": "public"},
)  # fmt: skip


@dataclass
class Town:
    """One NPO, one company and the city, a browser each."""

    records: Database
    npo: Organization
    company: Organization
    people: dict[str, User]
    browsers: dict[str, FlaskClient]

    def __getattr__(self, name: str) -> FlaskClient:
        return self.browsers[name]

    def need(self, **changes: Any) -> Need:
        with self.records.write() as session:
            found = make_need(session, self.npo, **changes)
            found.search_text = folding.text_of_posting(found)
        return found

    def offer(self, **changes: Any) -> Offer:
        with self.records.write() as session:
            found = make_offer(session, self.company, **changes)
            found.search_text = folding.text_of_posting(found)
        return found

    def again(self, record: Need | Offer) -> Any:
        """The record as it is stored now."""
        with self.records.read() as session:
            return session.get(type(record), record.id)

    def only_need(self) -> Need:
        with self.records.read() as session:
            return session.scalars(select(Need)).one()

    def change(self, record: Any, **values: Any) -> None:
        with self.records.write() as session:
            found = session.get(type(record), record.id)
            for name, value in values.items():
                setattr(found, name, value)

    def write(self) -> str:
        """Write a need through all five pages; returns its address."""
        begun = send(self.owner, visit(self.owner, "/npo/needs"), button="ニーズを書く")
        address = (begun.location or "").rsplit("/step/", 1)[0]
        for step, answers in enumerate(ANSWERS, start=1):
            page = visit(self.owner, f"{address}/step/{step}")
            send(self.owner, page, answers, button="保存して次へ" if step < 5 else "保存して確認へ")
        return address


@pytest.fixture
def town(records: Database, new_client: Callable[[], FlaskClient]) -> Town:
    with records.write() as session:
        npo = make_npo(session, name="浜のごはん会")
        company = make_company(session, name="株式会社みおフーズ")
        people = {
            "owner": make_user(session, npo, name="海野 渚"),
            "editor": make_user(session, npo, name="浜 陽子", organization_role="editor"),
            "viewer": make_user(session, npo, name="監事 次郎", organization_role="viewer"),
            "officer": make_user(session, company, name="髙橋 誠"),
            "city": make_coordinator(session, name="市川 正"),
            "other_city": make_coordinator(session, name="東 良子"),
        }
        for organization in (npo, company):
            organization.search_text = folding.text_of_organization(organization)
    browsers = {name: login_as(new_client(), user) for name, user in people.items()}
    return Town(records, npo, company, people, browsers | {"stranger": new_client()})


# ── Writing a need ───────────────────────────────────────────────────────────────────────────────────


def test_a_need_is_written_in_five_pages_checked_and_sent(town: Town) -> None:
    address = town.write()
    page = visit(town.owner, f"{address}/check")
    for words in (
        "食品 30.5kg",
        "令和8年12月1日から令和9年3月31日まで",
        "浜",
        "子どもの健全育成",
        "20人",
        "接する",
        "海野 渚",
    ):
        assert words in page.text
    assert "この内容で市に送ります" in page.text
    done = send(town.owner, page, button="市に送る")
    page = visit(town.owner, done.location or "")
    need = town.only_need()
    assert page.h1 == ["ニーズを受け付けました"]
    assert f"受付番号 {need.number} で受け付けました。市の担当が3営業日以内に確認します。" in page.text
    assert (need.state, need.quantity, need.min_useful) == ("in_review", 30.5, 10)
    assert (need.period_from, need.valid_until) == (date(2026, 12, 1), date(2027, 3, 1))
    assert need.safety_contact is True


def test_what_was_left_empty_is_named_on_the_next_page_and_saved_all_the_same(town: Town) -> None:
    begun = send(town.owner, visit(town.owner, "/npo/needs"), button="ニーズを書く")
    first = visit(town.owner, begun.location or "")
    assert "まだ空いている項目" not in first.text
    done = send(town.owner, first, {"title": "野菜が足りません"}, button="保存して次へ")
    page = visit(town.owner, done.location or "")
    assert "前のページで、まだ空いている項目が" in page.text
    assert page.href("いまの状況") == f"{begun.location}#situation"
    assert town.only_need().title == "野菜が足りません"
    filled = dict.fromkeys(("title", "situation", "wanted_change"), "野菜が足りません")
    done = send(town.owner, visit(town.owner, begun.location or ""), filled, button="保存して次へ")
    assert "まだ空いている項目" not in visit(town.owner, done.location or "").text


def test_of_many_choices_only_those_that_are_chosen_are_in_sight(town: Town) -> None:
    address = f"{town.write()}/step/4"
    page = visit(town.owner, address)
    group = page.html.partition('id="fields-group"')[2].partition("</fieldset>")[0]
    seen, _fold, folded = group.partition('<details class="more-choices">')
    assert seen.count("checked") == seen.count('type="checkbox"') == 1
    assert "子どもの健全育成" in seen
    assert folded.count('type="checkbox"') > 10
    assert "checked" not in folded


def test_choices_that_are_refused_are_unfolded(town: Town) -> None:
    class Choosing(Form):
        areas = SelectMultipleField("地域", choices=[(str(n), f"地区{n}") for n in range(9)])

    with town.owner.application.test_request_context():
        form = Choosing()
        macros = current_app.jinja_env.get_template("components/forms.html").module
        assert '<details class="more-choices">' in macros.field(form.areas)
        form.areas.errors = ("地域を選んでください。",)
        assert '<details class="more-choices" open>' in macros.field(form.areas)


def test_a_telephone_number_in_a_text_is_pointed_out_before_it_is_sent(town: Town) -> None:
    address = town.write()
    assert "電話番号に見える" not in visit(town.owner, f"{address}/check").text
    town.change(town.only_need(), situation="連絡は090 1234 5678まで。")
    page = visit(town.owner, f"{address}/check")
    assert "いまの状況：電話番号に見える文字があります" in page.text
    assert_leads_to_field(town.owner, page, "いまの状況", "situation")
    offer = town.offer(state="draft", description="お電話は０７８（１２３）４５６７へ。")
    page = visit(town.officer, f"/company/offers/{offer.public_id}/check")
    assert "電話番号に見える文字" in page.text
    assert_leads_to_field(town.officer, page, posting_text.labels("offer")["description"], "description")


def test_whatever_is_missing_leads_to_its_field(town: Town) -> None:
    begun = send(town.owner, visit(town.owner, "/npo/needs"), button="ニーズを書く")
    missing = posting_drafts.missing(town.only_need())
    assert len(missing) > 5
    page = visit(town.owner, f"{(begun.location or '').rsplit('/step/', 1)[0]}/check")
    for name in missing:
        assert_leads_to_field(town.owner, page, posting_fields.find("need", name).label, name)
    offer = town.offer(state="draft", title="", support_type="", period_from=date(2200, 1, 1), period_to=None)
    page = visit(town.officer, f"/company/offers/{offer.public_id}/check")
    for name in ("title", "support_type", "period_from"):
        assert_leads_to_field(town.officer, page, posting_fields.find("offer", name).label, name)


def test_a_second_click_on_send_is_the_same_receipt(town: Town) -> None:
    address = town.write()
    page = visit(town.owner, f"{address}/check")
    first = send(town.owner, page, button="市に送る")
    assert send(town.owner, page, button="市に送る").location == first.location
    with town.records.read() as session:
        kept = select(func.count()).select_from(Receipt).where(Receipt.location == first.location)
        assert session.scalar(kept) == 1
        sent = select(func.count()).select_from(AuditEvent).where(AuditEvent.action == "submit")
        assert session.scalar(sent) == 1


def test_a_second_click_on_the_button_begins_no_second_draft(town: Town) -> None:
    page = visit(town.owner, "/npo/needs")
    first = send(town.owner, page, action="/needs/new")
    assert send(town.owner, page, action="/needs/new").location == first.location
    assert town.only_need().state == "draft"
    assert "もう一度お試しください" in post(town.owner, "/npo/needs/new", {"form_id": "x"}, 400).text


def test_each_page_begins_with_what_was_saved(town: Town) -> None:
    address = town.write()
    for step, answers in enumerate(ANSWERS, start=1):
        values = visit(town.owner, f"{address}/step/{step}").form(button="下書きに保存して終わる").values
        for name in {"situation", "support_type", "unit", "areas", "safety_contact", "visibility"} & set(
            answers
        ):
            assert values[name] == answers[name]
    assert visit(town.owner, f"{address}/step/3").form().values["period_to"] == "2027-03-31"


def test_a_new_need_begins_with_what_the_profile_says(town: Town) -> None:
    begun = send(town.owner, visit(town.owner, "/npo/needs"), button="ニーズを書く")
    address = (begun.location or "").rsplit("/step/", 1)[0]
    assert visit(town.owner, f"{address}/step/3").form().values["areas"] == ["chuo"]
    assert visit(town.owner, f"{address}/step/4").form().values["fields"] == ["13"]
    assert visit(town.owner, f"{address}/step/5").form().values["contact_name"] == "窓口 太郎"
    assert town.only_need().areas == []  # shown is not yet saved


def test_a_half_written_page_is_saved_and_what_is_missing_is_said_at_the_end(town: Town) -> None:
    begun = send(town.owner, visit(town.owner, "/npo/needs"), button="ニーズを書く")
    page = visit(town.owner, begun.location or "")
    saved = send(town.owner, page, {"title": "件名だけ", "action": "save"}, button="下書きに保存して終わる")
    page = visit(town.owner, saved.location or "")
    assert "下書きに保存しました。" in page.html
    page = visit(town.owner, f"{saved.location}/check")
    assert "送る前に、次の項目を入力または修正してください" in page.text
    refused = send(town.owner, page, status=422, button="市に送る")
    assert "いまの状況を入力してください。" in refused.text
    assert refused.href("いまの状況を入力してください。").endswith("/step/1#situation")
    assert refused.href("「だれのための支援か」を選んでください。").endswith("/step/4#beneficiaries")
    assert town.only_need().state == "draft"


@pytest.mark.parametrize(
    ("step", "typed", "sentence"),
    [
        (1, {"title": "あ" * 61}, "件名：60文字までで入力してください。いまは61文字です。"),
        (1, {"title": "👨‍👩‍👧‍👦" * 60}, "件名：文字数の上限を超えています。短くしてください。"),
        (2, {"quantity": "20人34"}, "ほしい量：数として読み取れません。「1500」「1,500」「5千万」のように、1つの数だけを入力してください。"),
        (2, {"quantity": "20～30"}, "ほしい量：数に幅があります。「20～30」ではなく「20」のように、1つの数だけを入力してください。"),
        (2, {"quantity": "20以上"}, "ほしい量：「以上」「約」などの言葉は、この欄では読み取れません。1つの数だけを入力し、言葉は説明の欄に書いてください。"),
        (2, {"quantity": "20羽"}, "ほしい量：数のうしろに、この欄では使えない単位や言葉があります。数だけを入力してください。"),
        (2, {"support_type": "food", "quantity": "20箱", "unit": "kg"}, "ほしい量：数のうしろの単位と、単位の欄が違います。どちらかを直して、同じ単位にしてください。"),
        (2, {"quantity": "1億2,00万"}, "ほしい量：数として読み取れません。「1500」「1,500」「5千万」のように、1つの数だけを入力してください。"),
        (2, {"quantity": "1E+999999999"}, "ほしい量：数として読み取れません。「1500」「1,500」「5千万」のように、1つの数だけを入力してください。"),
        (2, {"quantity": "1千億"}, "ほしい量：大きすぎる数です。けたをもう一度ご確認ください。"),
        (2, {"quantity": "NaN"}, "ほしい量：数として読み取れません。「1500」「1,500」「5千万」のように、1つの数だけを入力してください。"),
        (2, {"quantity": "0.001"}, "ほしい量：小数第2位までの数で入力してください。"),
        (2, {"support_type": "food", "quantity": "-1", "unit": "kg"}, "ほしい量：0より小さい数は入力できません。マイナスの付かない数を入力してください。"),
        (2, {"support_type": "food", "quantity": "5", "unit": "円"}, "単位：この支援の種類で使える単位（kg、食、箱、個）から選んでください。"),
        (2, {"support_type": "food", "quantity": "5", "unit": ""}, "単位：この支援の種類で使える単位（kg、食、箱、個）から選んでください。"),
        (2, {"support_type": "宇宙船"}, "いちばんほしい支援：表示されている中から選び直してください。"),
        (2, {"also_welcome": ["food", "宇宙船"]}, "ほかにも、あると助かる支援：表示されている中から選び直してください。"),
        (3, {"period_to": "2027-02-30"}, "終わりの日：その日付はありません。年・月・日をもう一度ご確認ください。"),
        (3, {"period_from": "", "period_to": "2026-11-01"}, "終わりの日：過ぎた日付です。今日より後の日付を入力してください。"),
        (3, {"period_from": "0001-01-01"}, "始まりの日：年が離れすぎています。年をもう一度ご確認ください。"),
        (3, {"valid_until": "2029-01-01"}, "公開の期限は、今日から400日以内にしてください。"),
        (3, {"areas": ["' OR 1=1"]}, "地域（小学校区）：表示されている中から選び直してください。"),
        (4, {"beneficiary_number": "たくさん"}, "およその人数：数として読み取れません。「1500」「1,500」「5千万」のように、1つの数だけを入力してください。"),
        (4, {"beneficiary_number": "9" * 400}, "およその人数：長すぎます。余分な文字を消して、短くしてください。"),
        (4, {"beneficiary_number": "1千万人"}, "およその人数：大きすぎる数です。けたをもう一度ご確認ください。"),
        (4, {"safety_contact": "maybe"}, "企業の人が、子どもや配慮の必要な人と接しますか：表示されている中から選び直してください。"),
        (5, {"what_we_give": "あ" * 401}, "企業にお返しできること：400文字までで入力してください。いまは401文字です。"),
    ],
)  # fmt: skip
def test_what_cannot_be_saved_is_said_in_words_and_kept(
    town: Town, step: int, typed: dict[str, Any], sentence: str
) -> None:
    need = town.need(state="draft")
    url = f"/npo/needs/{need.public_id}/step/{step}"
    page = post(town.owner, url, {"version": str(need.version), **typed}, status=422)
    assert page.title.startswith("エラー：")
    assert sentence in page.text
    kept = page.form(button="下書きに保存して終わる").values
    for name, value in typed.items():
        if isinstance(value, str) and name not in {"support_type", "safety_contact"}:
            assert kept[name] == value
    assert town.again(need).version == need.version


def test_a_unit_typed_where_none_is_chosen_is_taken_and_said(town: Town) -> None:
    need = town.need(state="draft", support_type=None, quantity=None, unit="")
    page = visit(town.owner, f"/npo/needs/{need.public_id}/step/2")
    typed = {"support_type": "food", "quantity": "20kg", "unit": ""}
    said = send(town.owner, page, typed, button="下書きに保存して終わる")
    assert "単位：「20kg」から「kg」と読み取りました。" in visit(town.owner, said.location or "").text
    assert (town.again(need).quantity, town.again(need).unit) == (20, "kg")
    offer = town.offer(state="draft", support_type="food", quantity=None, unit="")
    page = visit(town.officer, f"/company/offers/{offer.public_id}/edit")
    send(town.officer, page, {"quantity": "3箱", "unit": ""}, action="/edit")
    assert (town.again(offer).quantity, town.again(offer).unit) == (3, "箱")


def test_a_hundred_thousand_characters_come_back_with_a_message(town: Town) -> None:
    need = town.need(state="draft")
    url = f"/npo/needs/{need.public_id}/step/1"
    page = post(town.owner, url, {"title": "件名", "situation": LONG, "version": "1"}, status=422)
    assert "いまの状況：2000文字までで入力してください。いまは100000文字です。" in page.text
    assert page.form(button="下書きに保存して終わる").values["situation"] == LONG
    assert town.again(need).situation == need.situation


@pytest.mark.parametrize("typed", EDGE_INPUTS)
def test_what_was_typed_is_stored_and_shown_as_typed(town: Town, typed: str) -> None:
    need = town.need(state="draft")
    url = f"/npo/needs/{need.public_id}/step/1"
    body = typed.encode("utf-8", "surrogatepass")
    token = visit(town.owner, url).form(action="/step/1").values["csrf_token"]
    sent = urlencode({"csrf_token": token, "situation": body, "title": "件名"})
    answer = town.owner.post(url, data=sent, content_type="application/x-www-form-urlencoded")
    assert answer.status_code in {302, 400, 422}
    if answer.status_code != 302 or "\ud800" in typed:  # half a character is no text: never stored as one
        assert "\ud800" not in town.again(need).situation
        return
    kept = clean(body.decode("utf-8", "replace"))
    assert town.again(need).situation == kept
    assert visit(town.owner, url).form(action="/step/1").values["situation"] == kept
    town.change(need, state="open", published_at=NOW)
    for browser, page_url in (
        (town.owner, f"/npo/needs/{need.public_id}"),
        (town.officer, f"/company/needs/{need.public_id}"),
        (town.stranger, f"/needs/{need.public_id}"),
        (town.city, f"/desk/needs/{need.public_id}"),
        (town.stranger, "/needs"),
    ):
        page = visit(browser, page_url)
        if page_url != "/needs":
            assert "".join(kept.split()) in "".join(page.text.split())
        assert "<script>alert" not in page.html
        assert "<img src=x" not in page.html


def test_similar_needs_of_ones_own_stand_beside_the_first_page(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        alike.typed, "reader_of", lambda _model_id: lambda said: ENCODER.encode([said], "text")[0]
    )
    supper = town.need(title="夕ごはんの会で使う野菜", situation="", wanted_change="")
    town.need(title="音楽の道具", situation="棚が", wanted_change="楽に")
    encode(town.records, NOW)
    begun = send(town.owner, visit(town.owner, "/npo/needs"), button="ニーズを書く")
    page = visit(town.owner, f"{begun.location}?title=昼ごはんに使う野菜")
    assert page.href("夕ごはんの会で使う野菜").endswith(supper.public_id)
    assert "音楽の道具" not in page.text
    assert "音楽の道具" in visit(town.owner, begun.location).text  # nothing typed yet: the newest


def test_two_colleagues_at_once_the_second_keeps_what_was_typed_and_may_send_it_again(town: Town) -> None:
    need = town.need(state="draft")
    url = f"/npo/needs/{need.public_id}/step/1"
    late = visit(town.editor, url)
    send(town.owner, visit(town.owner, url), {"title": "先に直した件名"}, action="/step/1")
    page = send(town.editor, late, {"title": "あとから書いた件名"}, status=409, action="/step/1")
    assert "先に海野 渚さんが10:00に内容を保存しました。入力された内容は下に残しています。" in page.text
    assert page.form(action="/step/1").values["title"] == "あとから書いた件名"
    assert town.again(need).title == "先に直した件名"
    send(town.editor, page, action="/step/1")
    assert town.again(need).title == "あとから書いた件名"


def test_what_is_open_is_not_edited_by_an_old_link(town: Town) -> None:
    need = town.need()
    for path in ("step/1", "check"):
        assert (visit(town.owner, f"/npo/needs/{need.public_id}/{path}", 302).location or "").endswith(
            need.public_id
        )
    page = post(
        town.owner,
        f"/npo/needs/{need.public_id}/step/1",
        {"title": "こっそり", "version": need.version},
        status=409,
    )
    assert text.sentence("not_a_draft") in page.text
    assert town.again(need).title == need.title


def test_a_viewer_reads_and_writes_nothing(town: Town) -> None:
    need, draft = town.need(), town.need(state="draft")
    page = visit(town.viewer, f"/npo/needs/{need.public_id}")
    assert "受付を休止する" not in page.html
    visit(town.viewer, f"/npo/needs/{draft.public_id}/step/1", 403)
    visit(town.viewer, f"/npo/needs/{draft.public_id}/check", 403)
    post(town.viewer, f"/npo/needs/{need.public_id}/pause", status=403)
    post(town.viewer, "/npo/needs/new", status=403)


def test_a_returned_need_says_why_on_every_page_of_the_form(town: Town) -> None:
    need = town.need(state="returned", reason_code="quantity", reason_text="何kgほしいかを書いてください。")
    for path in ("", "/step/2"):
        page = visit(town.owner, f"/npo/needs/{need.public_id}{path}")
        assert "市からのお願い：量・期間・場所がはっきりしない" in page.text
        assert "何kgほしいかを書いてください。" in page.text


# ── Living needs ─────────────────────────────────────────────────────────────────────────────────────


def test_the_owner_pauses_resumes_and_fills_with_one_click_each(town: Town) -> None:
    need = town.need()
    url = f"/npo/needs/{need.public_id}"
    for button, state, flash in (
        ("受付を休止する", "paused", "受付を休止しました。"),
        ("受付を再開する", "open", "受付を再開しました。"),
        ("支援がそろった", "filled", "受付を終え、公開を終了しました。"),
        ("内容を直す", "draft", "下書きに戻しました。"),
    ):
        send(town.owner, visit(town.owner, url), button=button)
        page = visit(town.owner, url)
        assert town.again(need).state == state
        assert flash in page.html
    assert "海野 渚" in page.text  # the history, for one's own people


def test_an_expired_need_is_open_again_with_one_click(town: Town) -> None:
    need = town.need(state="expired", valid_until=date(2026, 11, 1))
    page = visit(town.owner, f"/npo/needs/{need.public_id}")
    assert "公開の期限が過ぎました" in page.text
    send(town.owner, page, button="公開を延長する")
    assert town.again(need).state == "open"
    assert town.again(need).valid_until == need.period_to  # half a year would outlive the need


def test_what_is_over_offers_a_new_period_instead_of_renewing(town: Town) -> None:
    over = {
        "state": "expired",
        "period_from": None,
        "period_to": date(2026, 11, 1),
        "valid_until": date(2026, 11, 1),
    }
    need, offer = town.need(**over), town.offer(**over)
    for browser, path in (
        (town.owner, f"/npo/needs/{need.public_id}"),
        (town.officer, f"/company/offers/{offer.public_id}"),
    ):
        page = visit(browser, path)
        assert "公開を延長する" not in page.text
        assert "「内容を直す」を押して、新しい期間を入力してください。" in page.text
        send(browser, page, button="内容を直す")


def test_withdrawing_asks_for_a_reason(town: Town) -> None:
    need = town.need()
    page = visit(town.owner, f"/npo/needs/{need.public_id}/withdraw")
    page = send(town.owner, page, status=422, button="取り下げる")
    assert "取り下げる理由を選んでください。" in page.text
    send(town.owner, page, {"reason_code": "other_partner"}, button="取り下げる")
    assert town.again(need).state == "withdrawn"
    visit(town.owner, f"/npo/needs/{need.public_id}/withdraw", 302)


def test_a_click_on_an_old_page_changes_nothing_and_says_who_was_faster(town: Town) -> None:
    need = town.need()
    old = visit(town.owner, f"/npo/needs/{need.public_id}")
    send(town.editor, visit(town.editor, old.url), button="受付を休止する")
    page = send(town.owner, old, status=409, button="支援がそろった")
    assert "先に浜 陽子さんが10:00に受付を休止しました" in page.text
    assert town.again(need).state == "paused"


def test_the_home_page_shows_what_waits_first_and_says_when_it_is_too_much(town: Town) -> None:
    need = town.need()
    with town.records.write() as session:
        npo = session.get(Organization, town.npo.id)
        assert npo is not None
        for number in range(3):
            company = make_company(session, name=f"株式会社みぎわ{number}")
            officer = actor_for(make_user(session, company), company)
            terms = Terms(support_type="food")
            beginning.propose(
                session, officer, beginning.between(company, npo), terms, "お手伝いできます。", NOW
            )
    page = visit(town.owner, "/npo")
    assert "お返事を待っている案件（3件）" in page.text
    assert "受付を一時止めています" in page.text
    assert page.html.index("お返事を待っている案件") < page.html.index(">ニーズ</h2>")
    for words in ("受けたい", "詳しく聞く", "今回は見送る", "おすすめの企業を見る"):
        assert page.href(words)
    assert "ニーズを書く" in page.html
    assert town.again(need).pause_cause == "capacity"


# ── Offers ───────────────────────────────────────────────────────────────────────────────────────────


def test_an_offer_is_written_checked_sent_read_and_found(town: Town) -> None:
    begun = send(town.officer, visit(town.officer, "/company/offers"), button="提供メニューを書く")
    page = visit(town.officer, begun.location or "")
    assert page.form(action="/edit").values["areas"] == ["citywide"]
    typed = {
        "title": "古いノートパソコン", "description": "初期化して10台お渡しします。", "support_type": "goods_used",
        "quantity": "１０", "unit": "台", "mode": "onsite", "period_to": "",
    }  # fmt: skip
    checked = send(town.officer, page, typed, action="/edit")
    page = visit(town.officer, checked.location or "")
    assert "物品・資材・機材（中古品） 10台" in page.text
    done = send(town.officer, page, button="市に送る")
    with town.records.read() as session:
        offer = session.scalars(select(Offer)).one()
    assert f"受付番号 {offer.number}" in visit(town.officer, done.location or "").text
    visit(town.owner, f"/npo/offers/{offer.public_id}", 404)
    review = visit(town.city, f"/desk/offers/{offer.public_id}")
    send(town.city, review, {"action": "publish"}, action=offer.public_id)
    assert "古いノートパソコン" in visit(town.owner, "/npo/offers").text
    assert "初期化して10台お渡しします。" in visit(town.owner, f"/npo/offers/{offer.public_id}").text


def test_the_offer_form_keeps_what_was_typed_when_it_is_refused(town: Town) -> None:
    offer = town.offer(state="draft")
    url = f"/company/offers/{offer.public_id}/edit"
    page = send(
        town.officer,
        visit(town.officer, url),
        {"description": LONG, "quantity": "たくさん"},
        status=422,
        action="/edit",
    )
    assert page.form(action="/edit").values["description"] == LONG
    assert page.form(action="/edit").values["quantity"] == "たくさん"
    assert "提供できる内容：2000文字までで入力してください。いまは100000文字です。" in page.text


def test_an_offer_lives_as_a_need_does(town: Town) -> None:
    offer = town.offer()
    url = f"/company/offers/{offer.public_id}"
    for button, state in (
        ("受付を休止する", "paused"),
        ("受付を再開する", "open"),
        ("提供を終えた", "filled"),
    ):
        send(town.officer, visit(town.officer, url), button=button)
        assert town.again(offer).state == state
    other = town.offer()
    page = visit(town.officer, f"/company/offers/{other.public_id}/withdraw")
    page = send(town.officer, page, {"reason_code": "other"}, status=422, button="取り下げる")
    send(
        town.officer,
        page,
        {"reason_code": "other", "reason_text": "在庫がなくなりました。"},
        button="取り下げる",
    )
    assert town.again(other).state == "withdrawn"


# ── Browsing ─────────────────────────────────────────────────────────────────────────────────────────


def found(page: Page, *titles: str) -> list[str]:
    labels = [label for label, _url in page.links]
    return [title for title in titles if title in labels]


def test_two_characters_are_enough_to_search(town: Town) -> None:
    town.need(title="地域の福祉まつり")
    town.need(title="川の清掃")
    for browser, url in ((town.stranger, "/needs"), (town.officer, "/company/needs")):
        page = visit(browser, f"{url}?q=福祉")
        assert found(page, "地域の福祉まつり", "川の清掃") == ["地域の福祉まつり"]
        assert page.form(action="needs").values["q"] == "福祉"


@pytest.mark.parametrize(
    "typed",
    ["㈱髙﨑商店", "株式会社高崎商店", "(株)高崎商店", "（株）髙崎商店", "株式会社　高崎商店", "高﨑商店", "ﾐﾄﾞﾘ", "ミドリ", "ミト\u3099リ", "みどり便 高崎"],
)  # fmt: skip
def test_spellings_of_one_name_find_each_other(town: Town, records: Database, typed: str) -> None:
    with records.write() as session:
        company = make_company(session, name="㈱髙﨑商店", kana="タカサキショウテン")
        company.search_text = folding.text_of_organization(company)
        offer = make_offer(session, company, title="ミドリのみどり便")
        offer.search_text = folding.text_of_posting(offer)
    town.offer(title="別の会社の品")
    page = visit(town.owner, f"/npo/offers?q={typed}")
    listed = [text for text, _url in page.links if text in {"ミドリのみどり便", "別の会社の品"}]
    assert listed == ["ミドリのみどり便"]


@pytest.mark.parametrize("typed", [*EDGE_INPUTS, "%", "_", "\\", "' OR 1=1 --"])
def test_no_search_breaks_a_list(town: Town, typed: str) -> None:
    town.need(title="野菜がほしい")
    town.offer()
    query = urlencode(
        {"q": typed[:2000], "page": "−1", "sort": typed[:20], "field": typed[:20]}, errors="surrogatepass"
    )
    for browser, url in (
        (town.stranger, "/needs"),
        (town.officer, "/company/needs"),
        (town.owner, "/npo/offers"),
    ):
        answer = browser.get(url, query_string=query)
        assert answer.status_code == 200
    if typed in {"%", "_", "%_\\", "' OR 1=1 --"}:
        assert "野菜がほしい" not in town.stranger.get("/needs", query_string={"q": typed}).get_data(
            as_text=True
        )


def test_unknown_conditions_are_no_conditions_and_known_ones_narrow(town: Town) -> None:
    town.need(title="食堂の野菜", sdgs=["2"])
    town.need(
        title="名簿づくり",
        support_type="pro_bono",
        mode="remote",
        areas=["hama"],
        fields=["14"],
        beneficiaries=["elderly"],
    )
    both = ("食堂の野菜", "名簿づくり")
    for query, titles in (
        ("field=99&area=moon&support_type=x", both),
        ("sdg=2", ("食堂の野菜",)),
        ("mode=remote", ("名簿づくり",)),
        ("area=hama&beneficiary=elderly&field=14&support_type=pro_bono", ("名簿づくり",)),
        ("sort=closing&page=999", both),
    ):
        page = visit(town.officer, f"/company/needs?{query}")
        assert set(found(page, *both)) == set(titles), query
    page = visit(town.officer, "/company/needs?sdg=5")
    assert "条件に合うニーズはありません" in page.text
    assert page.href("条件を外す") == "/company/needs"


def test_long_lists_have_pages_that_keep_the_conditions(town: Town) -> None:
    for number in range(21):
        town.need(title=f"野菜がほしい {number}")
    page = visit(town.stranger, "/needs?q=野菜")
    assert "21件のうち 1〜20件目" in page.text
    page = visit(town.stranger, page.href("次へ"))
    assert "21件のうち 21〜21件目" in page.text
    assert found(page, "野菜がほしい 0")


def test_drafts_and_closed_needs_do_not_exist_for_others(town: Town) -> None:
    for state in ("draft", "in_review", "returned", "paused", "filled", "expired", "withdrawn"):
        need = town.need(state=state, title=f"見えない {state}")
        visit(town.stranger, f"/needs/{need.public_id}", 404)
        visit(town.officer, f"/company/needs/{need.public_id}", 404)
        offer = town.offer(state=state, title=f"見えない {state}")
        visit(town.owner, f"/npo/offers/{offer.public_id}", 404)
    members = town.need(visibility="members", title="会員だけ")
    visit(town.stranger, f"/needs/{members.public_id}", 404)
    visit(town.officer, f"/company/needs/{members.public_id}")
    for browser, url in (
        (town.stranger, "/needs"),
        (town.officer, "/company/needs"),
        (town.owner, "/npo/offers"),
    ):
        assert "見えない" not in visit(browser, url).text


def test_others_read_no_personal_data(town: Town) -> None:
    need = town.need(contact_name="窓口 太郎", if_unmet="会をたたみます。")
    for browser, url in (
        (town.stranger, f"/needs/{need.public_id}"),
        (town.stranger, "/needs"),
        (town.stranger, "/"),
        (town.officer, f"/company/needs/{need.public_id}"),
    ):
        html = visit(browser, url).html
        for secret in ("窓口 太郎", "会をたたみます。", "代表 花子", town.npo.email, town.npo.phone, "1-2-3"):
            assert secret not in html, (url, secret)


def test_an_unverified_company_sees_no_members_texts(town: Town) -> None:
    need = town.need(visibility="members")
    town.change(town.company, state="submitted")
    page = visit(town.officer, "/company/needs")
    assert "市の確認が終わると、団体のニーズを見られます" in page.text
    visit(town.officer, f"/company/needs/{need.public_id}", 404)
    visit(town.officer, "/company")
    town.change(town.npo, state="draft")
    assert "市の確認が終わると、企業の提供メニューを見られます" in visit(town.owner, "/npo/offers").text


def test_saving_passing_and_taking_it_back(town: Town) -> None:
    need = town.need()
    url = f"/company/needs/{need.public_id}"
    send(town.officer, visit(town.officer, url), button="保存")
    assert visit(town.officer, "/company/saved").href(need.title).endswith(need.public_id)
    send(town.officer, visit(town.officer, url), button="保存を外す")
    page = visit(town.officer, f"{url}/pass")
    page = send(town.officer, page, status=422, button="見送る")
    assert "見送る理由を選んでください。" in page.text
    page = send(town.officer, page, {"reason_code": "other", "note": " "}, status=422, button="見送る")
    assert 'id="note-error"' in page.html
    assert page.form(button="見送る").values["reason_code"] == "other"
    send(town.officer, page, {"reason_code": "timing"}, button="見送る")
    page = visit(town.officer, url)
    assert "見送り中のため、おすすめには表示していません。" in page.text
    with town.records.read() as session:
        assert session.scalars(select(Mark)).one().kind == "passed"
    send(town.officer, page, button="見送りを取り消す")
    with town.records.read() as session:
        assert session.scalar(select(func.count()).select_from(Mark)) == 0


def test_a_saved_need_that_ended_says_so_without_its_text(town: Town) -> None:
    need = town.need(title="あとで直される件名")
    send(town.officer, visit(town.officer, f"/company/needs/{need.public_id}"), button="保存")
    town.change(need, state="draft", title="まだ読まれていない件名")
    page = visit(town.officer, "/company/saved")
    assert "内容を直しているニーズ" in page.text
    assert "まだ読まれていない件名" not in page.text
    town.change(need, state="paused")
    assert "休止しています" in visit(town.officer, "/company/saved").text
    town.change(need, state="expired")
    assert "終了しました" in visit(town.officer, "/company/saved").text


# ── The public pages ─────────────────────────────────────────────────────────────────────────────────


def test_the_first_page_has_three_doors_figures_with_lists_and_newest_needs(town: Town) -> None:
    town.need(title="いちばん新しいニーズ")
    page = visit(town.stranger, "/")
    for words in ("団体の方", "企業の方", "協働の記録を読む", "公開中のニーズ", "4つの段階で進みます"):
        assert words in page.text
    assert "結ぶかどうかは、両者と市の職員が決めます。自動で決まることはありません。" in page.text
    assert page.href("いちばん新しいニーズ")
    assert page.href("1件") == "/needs"
    assert visit(town.owner, "/", 302).location == "/npo"


@pytest.mark.parametrize("url", ["/about", "/privacy", "/terms", "/accessibility", "/contact", "/needs"])
def test_everybody_reads_the_fine_print(town: Town, url: str) -> None:
    visit(town.stranger, url)
    visit(town.owner, url)


def test_about_lists_the_official_names_and_weights_that_sum_up(town: Town) -> None:
    page = visit(town.stranger, "/about")
    assert "特定非営利活動促進法" in page.text
    assert "保健、医療又は福祉の増進を図る活動" in page.text
    assert "都道府県又は指定都市の条例で定める活動" not in page.text  # no ordinance here


def test_healthz_is_200_when_the_first_page_can_be_served_and_503_otherwise(town: Town) -> None:
    assert town.stranger.get("/healthz").status_code == 200
    with town.records.write() as session:
        session.connection().exec_driver_sql("UPDATE alembic_version SET version_num = '0000'")
    answer = town.stranger.get("/healthz")
    assert (answer.status_code, answer.json) == (
        503,
        {"pages": "the database is not ready", "worker": "unknown"},
    )


# ── The city reads ───────────────────────────────────────────────────────────────────────────────────


def review_url(record: Need | Offer) -> str:
    return f"/desk/{'needs' if isinstance(record, Need) else 'offers'}/{record.public_id}"


def test_the_city_reads_everything_with_its_age_and_hints(town: Town, travel: time_machine.Traveller) -> None:
    need = town.need(
        state="in_review", situation="連絡は090-1234-5678まで", submitted_at=NOW - timedelta(days=4)
    )
    page = visit(town.city, review_url(need))
    assert "受付から4日" in page.text
    assert "個人が分かる情報が含まれているかもしれません" in page.text
    assert "電話番号に見える文字があります" in page.text
    assert_leads_to_field(town.city, page, "いまの状況", "situation")
    assert page.href("浜のごはん会")
    assert "窓口 太郎" in page.text


def test_the_city_corrects_and_publishes(town: Town) -> None:
    need = town.need(state="in_review")
    page = visit(town.city, review_url(need))
    send(town.city, page, {"title": "整えた件名", "action": "publish"}, button="公開する")
    assert (town.again(need).state, town.again(need).title) == ("open", "整えた件名")
    assert "整えた件名" in visit(town.stranger, f"/needs/{need.public_id}").text


def test_the_city_returns_with_a_coded_reason_and_a_sentence(town: Town) -> None:
    need = town.need(state="in_review")
    page = visit(town.city, review_url(need))
    page = send(
        town.city,
        page,
        {"reason_text": "量を書いてください。", "action": "return"},
        status=422,
        button="差し戻す",
    )
    assert "差し戻しの理由を選んでください。" in page.text
    assert page.form(button="差し戻す").values["reason_text"] == "量を書いてください。"
    page = send(
        town.city,
        page,
        {"reason_code": "quantity", "reason_text": " ", "action": "return"},
        status=422,
        button="差し戻す",
    )
    assert "「どう直せばよいか」を入力してください。" in page.text
    send(
        town.city,
        page,
        {"reason_code": "quantity", "reason_text": "量を書いてください。", "action": "return"},
        button="差し戻す",
    )
    assert (town.again(need).state, town.again(need).reason_code) == ("returned", "quantity")
    assert "量を書いてください。" in visit(town.owner, "/npo").text


@pytest.mark.parametrize("is_sent", [False, True])
def test_who_reads_a_needs_contact_person_leaves_a_line(town: Town, is_sent: bool) -> None:
    need = town.need(state="in_review", contact_name="窓口 花子")
    url = review_url(need)
    typed = {"action": "return", "version": str(need.version)}
    page = post(town.city, url, typed, 422) if is_sent else visit(town.city, url)
    assert "窓口 花子" in page.text
    with town.records.read() as session:
        noted = session.scalars(select(AuditEvent.object_id).where(AuditEvent.action == "read_contact")).all()
    assert noted == [town.npo.public_id]


def test_the_second_reader_keeps_what_was_typed(town: Town) -> None:
    need = town.need(state="in_review")
    late = visit(town.other_city, review_url(need))
    send(town.city, visit(town.city, review_url(need)), {"action": "publish"}, button="公開する")
    typed = {
        "title": "私の直した件名",
        "reason_text": "消えてはいけない文",
        "reason_code": "unclear",
        "action": "return",
    }
    page = send(town.other_city, late, typed, status=409, button="差し戻す")
    assert "先に市川 正さんが10:00に公開しました。入力された内容は下に残しています。" in page.text
    assert "私の直した件名" in page.text
    assert "消えてはいけない文" in page.text
    assert (town.again(need).state, town.again(need).title) == ("open", need.title)


def test_an_unverified_organizations_text_cannot_be_published_yet(town: Town) -> None:
    need = town.need(state="in_review")
    town.change(town.npo, state="submitted")
    page = visit(town.city, review_url(need))
    assert "まだ公開できません" in page.text
    assert "公開する" not in [button for form in page.forms for button in form.buttons]
    page = post(town.city, review_url(need), {"action": "publish", "version": need.version}, status=409)
    assert text.sentence("not_verified") in page.text


def test_changes_since_the_last_reading_are_shown_in_words(town: Town, records: Database) -> None:
    need = town.need(state="draft")
    owner, city = actor_for(town.people["owner"], town.npo), actor_for(town.people["city"])
    with records.write() as session:
        from matcher.postings import reads as posting_reads

        again = posting_reads.get_need(session, owner, need.public_id)
        posting_acts.submit(session, owner, again, NOW, version=None)
        posting_acts.publish(session, city, again, NOW, version=None)
        posting_acts.rework(session, owner, again, NOW, version=None)
        changes = {"fields": ["13", "1"], "safety_contact": True, "beneficiary_number": 1200}
        posting_drafts.save_need_step(session, owner, again, 4, changes, NOW, version=None)
        posting_drafts.save_need_step(
            session,
            owner,
            again,
            3,
            {"period_to": date(2027, 2, 1), "valid_until": date(2027, 2, 1)},
            NOW,
            version=None,
        )
        posting_acts.submit(session, owner, again, NOW, version=None)
    page = visit(town.city, review_url(need))
    assert "前に確認した内容からの変更" in page.text
    for words in ("子どもの健全育成、保健・医療・福祉", "令和9年3月31日", "令和9年2月1日", "接する", "1,200"):
        assert words in page.text


def test_the_city_takes_a_published_text_down(town: Town) -> None:
    offer = town.offer()
    page = visit(town.city, review_url(offer))
    page = send(
        town.city, page, {"reason_code": "other", "action": "withdraw"}, status=422, button="公開を終了する"
    )
    assert "書いた人への説明を入力してください。" in page.text
    send(
        town.city,
        page,
        {"reason_code": "other", "reason_text": "対象外のため", "action": "withdraw"},
        button="公開を終了する",
    )
    assert town.again(offer).state == "withdrawn"
    assert "対象外のため" in visit(town.officer, f"/company/offers/{offer.public_id}").text


def test_an_unknown_decision_changes_nothing(town: Town) -> None:
    need = town.need(state="in_review")
    assert post(town.city, review_url(need), {"action": "burn"}, status=400).status == 400
    assert town.again(need).state == "in_review"


def test_every_action_and_column_has_its_words() -> None:
    from matcher.ground import lifecycle

    actions = {move.action for move in lifecycle.TRANSITIONS if move.machine == "posting"}
    assert [one for one in sorted(actions) if posting_text.history_line(one) == one] == []
    assert actions - {"expire"} == {found.move for found in act.of(Need) if found.move and found.words.done}
