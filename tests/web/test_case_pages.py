"""A case as three people meet it on their screens, from the first word to the introduction."""

import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import pytest
import time_machine
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from matcher.cases import beginning, deciding, stages
from matcher.cases import reads as case_reads
from matcher.cases.beginning import Terms
from matcher.ground.db import Database
from matcher.ground.errors import TooMany
from matcher.records import (
    AuditEvent,
    CaseMessage,
    DecisionBundle,
    Mail,
    Need,
    Offer,
    Organization,
    Partnership,
    ShownList,
    ShownSuggestion,
    User,
)
from matcher.register import audit, throttle
from tests.conftest import NOW
from tests.factories import (
    actor_for,
    make_company,
    make_coordinator,
    make_need,
    make_npo,
    make_offer,
    make_user,
)
from tests.web.conftest import login_as
from tests.web.pages import Page, csrf_token, post, send, visit
from webapp import clock

HELLO = "規格外の野菜を毎週お届けできます。"


@dataclass
class Town:
    """One company, one NPO with a need, a coordinator; a browser each."""

    records: Database
    company: Organization
    npo: Organization
    need: Need
    offer: Offer
    users: dict[str, User]
    browsers: dict[str, FlaskClient]

    def __getattr__(self, name: str) -> FlaskClient:
        return self.browsers[name]

    def case(self) -> Partnership:
        """The newest case."""
        with self.records.read() as session:
            return (
                session.scalars(select(Partnership).order_by(Partnership.id.desc())).first() or Partnership()
            )

    def count(self, what: type) -> int:
        """How many records there are."""
        with self.records.read() as session:
            return session.scalar(select(func.count()).select_from(what)) or 0

    @property
    def url(self) -> str:
        """The page of the newest case."""
        return f"/cases/{self.case().public_id}"


@pytest.fixture
def town(records: Database, new_client: Callable[[], FlaskClient]) -> Town:
    """Everybody signed in; nothing has begun."""
    with records.write() as session:
        company = make_company(session, name="みお食品株式会社", email="madoguchi@mio-foods.example")
        npo = make_npo(session, name="子ども食堂 ひだまりの会", phone="0000-00-7777")
        need = make_need(session, npo)
        offer = make_offer(session, company)
        stranger = make_company(session, name="よその株式会社")
        users = {
            "firm": make_user(session, company, name="企業 一郎"),
            "group": make_user(session, npo, name="団体 花子"),
            "viewer": make_user(session, npo, name="閲覧 次郎", organization_role="viewer"),
            "desk": make_coordinator(session, name="担当 佐藤"),
            "colleague": make_coordinator(session, name="同僚 鈴木"),
            "manager": make_coordinator(session, name="課長 田中", role="manager"),
            "stranger": make_user(session, stranger),
        }
    browsers = {name: login_as(new_client(), user) for name, user in users.items()}
    return Town(records, company, npo, need, offer, users, browsers)


def propose_url(town: Town) -> str:
    return f"/cases/new?organization={town.npo.public_id}&need={town.need.public_id}&offer={town.offer.public_id}"


def propose(town: Town, message: str = HELLO) -> Page:
    """The company writes, checks and sends an offer."""
    form = visit(town.firm, propose_url(town))
    check = send(town.firm, form, {"message": message, "action": "check"}, 200)
    return send(town.firm, check, {"action": "send"})


def agree(town: Town) -> None:
    """The NPO wants it."""
    propose(town)
    page = visit(town.group, f"{town.url}/accept")
    send(town.group, page, {"answer": "ぜひお願いします。"}, action="/accept")


GOOD = {
    "conflict": "no",
    "city_involved": "no",
    "consulted": "",
    "text": "内容が明確で、地域の子どもの食を支えるため。",
}


def approve(town: Town, who: str = "desk", **changes: str) -> Page:
    page = visit(town.browsers[who], f"{town.url}/approve")
    return send(town.browsers[who], page, GOOD | changes, action="/approve")


# ── The journey ──


def test_an_offer_goes_from_the_first_word_to_the_introduction(town: Town) -> None:
    sent = propose(town)
    received = visit(town.firm, sent.location or "")
    assert town.case().number in received.text
    assert "12月8日" in received.text
    assert "申し出を送りました" in received.text

    asked = visit(town.group, town.url)
    assert "次にすること" in asked.text
    assert "次は貴団体の番です" in asked.text
    assert HELLO in asked.text
    send(town.group, visit(town.group, asked.href("進めたいと返事をする")), action="/accept")

    waiting = visit(town.firm, town.url)
    assert "市の担当が内容を確認しています" in waiting.text
    desk = visit(town.desk, town.url)
    for words in (
        "お互いの担当者の連絡先が画面に表示され",
        "補足が届くともう一度「承認待ち」に入り",
        "承認されなかったことと、下に書く文を読みます",
        town.need.title,
        town.company.company.csr_policy,
    ):
        assert words in desk.text
    send(town.desk, desk, GOOD, action="/approve")

    assert town.case().state == "introduced"
    for browser in (town.firm, town.group, town.desk):
        page = visit(browser, town.url)
        assert "madoguchi@mio-foods.example" in page.text
        assert "0000-00-7777" in page.text
        assert "承認しました" in page.text
    with town.records.read() as session:
        assert audit.verify(session)[1] is None


def test_an_npo_asks_first(town: Town) -> None:
    form = visit(town.group, f"/cases/new?organization={town.company.public_id}&need={town.need.public_id}")
    assert "依頼" in form.title
    check = send(town.group, form, {"message": "ご相談できますか。", "action": "check"}, 200)
    send(town.group, check, {"action": "send"})
    assert (town.case().origin, town.case().need_id) == ("npo", town.need.id)


def test_contacts_are_hidden_until_the_city_approves_and_never_in_between(town: Town) -> None:
    agree(town)
    for browser in (town.firm, town.group):
        page = visit(browser, town.url)
        assert "madoguchi@mio-foods.example" not in page.html
        assert "0000-00-7777" not in page.html
        assert "市が承認すると" in page.text
    assert "企業 一郎" not in visit(town.group, town.url).html
    assert "madoguchi@mio-foods.example" in visit(town.desk, town.url).html


def test_the_check_page_shows_what_the_other_side_will_read_and_leads_back(town: Town) -> None:
    form = visit(town.firm, propose_url(town))
    check = send(town.firm, form, {"message": HELLO, "quantity": "１，２００", "action": "check"}, 200)
    for words in (HELLO, "1,200kg", town.need.title, town.offer.title, "まだ送られていません"):
        assert words in check.text
    assert town.count(Partnership) == 0
    back = send(town.firm, check, {"action": "edit"}, 200)
    assert HELLO in back.html
    assert back.form().values["quantity"] == "１，２００"


def test_a_telephone_number_in_the_message_is_pointed_out_before_it_is_sent_and_to_the_city(
    town: Town,
) -> None:
    form = visit(town.firm, propose_url(town))
    typed = {"message": f"{HELLO} ０９０－１２３４－５６７８", "action": "check"}
    check = send(town.firm, form, typed, 200)
    assert "電話番号に見える文字があります" in check.text
    assert "電話番号に見える" not in send(town.firm, form, {"message": HELLO, "action": "check"}, 200).text
    send(town.firm, check, {"action": "send"})
    assert "電話番号に見える文字があります" in visit(town.desk, town.url).text
    assert "電話番号に見える" not in visit(town.group, town.url).text


def test_the_form_begins_with_what_the_offer_says(town: Town) -> None:
    values = visit(town.firm, propose_url(town)).form("/cases/new").values
    assert (values["support_type"], values["quantity"], values["unit"]) == ("food", "20", "kg")
    assert (values["need"], values["offer"]) == (town.need.public_id, town.offer.public_id)
    assert values["period_to"] == "2027-03-31"


# ── Lists ──


def test_the_list_says_whose_turn_it_is_and_keeps_ended_cases_below(town: Town) -> None:
    assert "進んでいる案件はありません" in visit(town.group, "/cases").text
    propose(town)
    page = visit(town.group, "/cases")
    assert "みお食品株式会社" in page.text
    assert "次は貴団体の番です" in page.text
    assert "終了した案件" not in page.text
    send(town.group, visit(town.group, f"{town.url}/decline"), {"reason_code": "timing"}, action="/decline")
    assert "終了した案件" in visit(town.group, "/cases").text
    assert "子ども食堂" not in visit(town.stranger, "/cases").text


def test_an_npo_compares_the_companies_that_asked(town: Town) -> None:
    compare = f"/npo/needs/{town.need.public_id}/compare"
    assert "まだありません" in visit(town.group, compare).text
    propose(town)
    page = visit(town.group, compare)
    for words in ("みお食品株式会社", "食品 20kg", HELLO):
        assert words in page.text
    visit(town.firm, compare, 404)


# ── Who may see and do what ──


def test_a_stranger_does_not_learn_that_a_case_exists(town: Town) -> None:
    propose(town)
    for path in ("", "/sent", "/accept", "/send_message"):
        visit(town.stranger, town.url + path, 404)
    post(town.stranger, f"{town.url}/send_message", {"text": "こんにちは"}, 404)
    assert town.count(CaseMessage) == 0


def test_a_viewer_reads_but_cannot_answer(town: Town) -> None:
    propose(town)
    page = visit(town.viewer, town.url)
    assert "進めたいと返事をする" not in page.text
    assert "質問・連絡を送る" not in page.text
    visit(town.viewer, f"{town.url}/accept", 403)
    visit(town.viewer, f"/cases/new?organization={town.company.public_id}", 403)


def test_a_member_cannot_decide_for_the_city(town: Town) -> None:
    agree(town)
    visit(town.firm, f"{town.url}/approve", 403)
    post(town.firm, f"{town.url}/approve", GOOD, 403)
    visit(town.desk, f"{town.url}/accept", 403)
    assert town.case().state == "coordinator_review"


def test_an_action_that_is_not_open_leads_back_to_the_case(town: Town) -> None:
    propose(town)
    assert visit(town.firm, f"{town.url}/accept", 302).location == town.url
    visit(town.firm, f"{town.url}/explode", 404)


def test_the_reason_of_a_no_is_for_the_city_only(town: Town) -> None:
    propose(town)
    page = visit(town.group, f"{town.url}/decline")
    send(town.group, page, {"reason_code": "capacity", "reason_text": "人手が足りません"}, action="/decline")
    firm = visit(town.firm, town.url)
    assert "今回は見送りました" in firm.text
    assert "人手が足りません" not in firm.html
    assert "受け入れる体制がない" not in firm.html
    assert "人手が足りません" in visit(town.desk, town.url).text


def test_nobody_asks_somebody_who_does_not_exist_or_is_of_the_same_kind(town: Town) -> None:
    visit(town.firm, "/cases/new", 404)
    visit(town.firm, "/cases/new?organization=nobody", 404)
    visit(town.firm, f"/cases/new?organization={town.company.public_id}", 404)


# ── Refusals keep what was typed ──


def test_errors_stand_beside_their_fields(town: Town) -> None:
    form = visit(town.firm, propose_url(town))
    typed = {"message": "", "quantity": "たくさん", "period_from": "2027-13-01", "action": "check"}
    page = send(town.firm, form, typed, 422)
    for sentence in (
        "相手へのメッセージを入力してください。",
        "数として読み取れません",
        "その日付はありません",
    ):
        assert sentence in page.text
    assert "たくさん" in page.html
    wrong = send(town.firm, form, {"message": HELLO, "unit": "円", "action": "check"}, 422)
    assert "「食品」の単位は、kg・食・箱・個から選んでください。" in wrong.text
    turned = {"message": HELLO, "period_from": "2027-03-01", "period_to": "2027-01-01", "action": "check"}
    assert "終わりの日は" in send(town.firm, form, turned, 422).text
    ages = {"message": HELLO, "period_from": "1868-01-01", "period_to": "2199-12-31", "action": "check"}
    page = send(town.firm, form, ages, 422)
    assert "5年以上前の日付です。" in page.text
    assert "期間は5年以内にしてください。" in page.text


def test_a_message_may_be_as_long_as_people_count_and_not_longer(town: Town) -> None:
    form = visit(town.firm, propose_url(town))
    family = "👨‍👩‍👧" * 1000
    assert send(town.firm, form, {"message": family, "action": "check"}, 200).status == 200
    assert (
        "1000文字までで入力してください。いまは1001文字です。"
        in send(town.firm, form, {"message": family + "あ", "action": "check"}, 422).text
    )


def test_a_pair_that_has_a_case_hears_so_before_and_after_writing(town: Town) -> None:
    form = visit(town.firm, propose_url(town))
    propose(town)
    again = visit(town.firm, propose_url(town))
    assert town.case().number in again.text
    refused = send(town.firm, form, {"message": "もう一度書きました。", "action": "send"}, 409)
    assert "もう一度書きました。" in refused.html
    assert town.count(Partnership) == 1


@pytest.mark.parametrize(
    ("state", "why"),
    [
        ("paused", "受付を休止しています"),
        ("filled", "受付を終了しています"),
        ("expired", "受付を終了しています"),
        ("withdrawn", "受付を終了しています"),
        ("draft", "いま公開されていません"),
        ("in_review", "いま公開されていません"),
        ("returned", "いま公開されていません"),
    ],
)
@pytest.mark.parametrize("posting", ["need", "offer"])
def test_who_begins_with_what_is_not_open_reads_why(town: Town, posting: str, state: str, why: str) -> None:
    def move(to: str) -> None:
        with town.records.write() as session:
            session.get(type(getattr(town, posting)), getattr(town, posting).id).state = to

    word, terms = {"need": "ニーズ", "offer": "提供メニュー"}[posting], {"support_type": "food"}
    for who, other in ((town.firm, town.npo), (town.group, town.company)):
        begun = f"/cases/new?organization={other.public_id}&{posting}={getattr(town, posting).public_id}"
        move("open")
        form = visit(who, begun)
        move(state)
        shown = visit(who, begun)
        assert f"この{word}は" in shown.text
        assert why in shown.text
        late = send(who, form, {"message": HELLO, "action": "send"}, 409)
        assert why in late.text
        assert HELLO in late.html
        about_all = send(who, late, {"message": HELLO, "action": "check", **terms}, 200)
        assert why not in about_all.text, "who has read it may go on without it"
    assert town.count(Partnership) == 0


@pytest.mark.parametrize("posting", ["need", "offer"])
def test_a_pause_is_said_rather_than_the_case_about_everything(town: Town, posting: str) -> None:
    begun = f"/cases/new?organization={town.npo.public_id}"
    terms = {"support_type": "food", "message": HELLO, "action": "send"}
    send(town.firm, visit(town.firm, begun), terms)
    with town.records.write() as session:
        session.get(type(getattr(town, posting)), getattr(town, posting).id).state = "paused"
    for who, address in (
        (town.firm, begun),
        (town.group, f"/cases/new?organization={town.company.public_id}"),
    ):
        shown = visit(who, f"{address}&{posting}={getattr(town, posting).public_id}")
        assert "受付を休止しています" in shown.text
        assert "すでに進んでいます" not in shown.text


def test_a_need_for_those_whom_its_npo_approaches_tells_others_nothing(town: Town) -> None:
    with town.records.write() as session:
        need = session.get(Need, town.need.id)
        need.visibility, need.state = "approached", "paused"
    assert "休止" not in visit(town.firm, propose_url(town)).text


def test_a_form_sent_twice_begins_one_case(town: Town) -> None:
    form = visit(town.firm, propose_url(town))
    check = send(town.firm, form, {"message": HELLO, "action": "check"}, 200)
    first = send(town.firm, check, {"action": "send"})
    second = send(town.firm, check, {"action": "send"})
    assert first.location == second.location
    assert town.count(Partnership) == 1


def test_an_answer_sent_twice_is_taken_once(town: Town) -> None:
    propose(town)
    page = visit(town.group, f"{town.url}/send_message")
    for _ in range(2):
        send(town.group, page, {"text": "配送の曜日を教えてください。"}, action="/send_message")
    assert town.count(CaseMessage) == 1
    assert "配送の曜日を教えてください。" in visit(town.firm, town.url).text


def test_the_second_coordinator_keeps_what_was_typed(town: Town, travel: time_machine.Traveller) -> None:
    agree(town)
    late = visit(town.colleague, f"{town.url}/refuse")
    travel.shift(timedelta(minutes=12))
    approve(town)
    typed = {"reason_code": "scope", "reason_text": "対象外と考えます。どの点を改めればよいかも書きました。"}
    page = send(town.colleague, late, typed, 409, action="/refuse")
    assert "先に市の担当 担当 佐藤さんが10:12に承認しました。" in page.text
    assert "対象外と考えます。どの点を改めればよいかも書きました。" in page.html
    assert "このサービスの対象外" in page.html
    assert town.case().state == "introduced"


def test_a_form_over_an_older_version_is_shown_again_and_then_taken(town: Town) -> None:
    agree(town)
    form = visit(town.desk, f"{town.url}/approve")
    with town.records.write() as session:
        colleague = actor_for(town.users["colleague"])
        case = case_reads.get_case(session, colleague, town.case().public_id)
        deciding.assign(session, colleague, case, town.users["manager"], NOW)
    page = send(town.desk, form, GOOD, 409, action="/approve")
    assert "先に市の担当 同僚 鈴木さんが10:00に担当者を決めました。" in page.text
    assert GOOD["text"] in page.html
    # Radio buttons and text are as typed; the next send is over what the person now knows.
    send(town.desk, page, action="/approve")
    assert town.case().state == "introduced"


def test_a_guard_is_said_as_a_sentence_and_the_form_is_kept(town: Town) -> None:
    agree(town)
    page = visit(town.desk, f"{town.url}/approve")
    conflict = send(town.desk, page, GOOD | {"conflict": "yes"}, 409, action="/approve")
    assert "利益相反があるときは承認できません" in conflict.text
    assert GOOD["text"] in conflict.html
    missing = send(town.desk, page, GOOD | {"city_involved": "yes"}, 422, action="/approve")
    assert "相談した担当課と、その回答を入力してください。" in missing.text
    city = {"city_involved": "yes", "consulted": "こども課：差し支えない。"}
    assert "管理職が承認します" in send(town.desk, page, GOOD | city, 409, action="/approve").text
    assert approve(town, "manager", **city).location == "/desk/cases?state=coordinator_review"


def test_a_post_without_a_token_changes_nothing(town: Town) -> None:
    propose(town)
    assert town.group.post(f"{town.url}/accept", data={"answer": "はい"}).status_code == 400
    assert town.case().state == "interest_one_side"
    assert csrf_token(town.group)


# ── Returning, revising, refusing ──


def test_a_returned_case_says_what_is_missing_and_comes_back_with_a_supplement(town: Town) -> None:
    agree(town)
    page = visit(town.desk, f"{town.url}/return")
    send(
        town.desk,
        page,
        {"reason_code": "conditions", "reason_text": "受け渡しの場所を教えてください。"},
        action="/return",
    )
    asked = visit(town.group, town.url)
    assert "受け渡しの場所を教えてください。" in asked.text
    home = visit(town.group, "/npo")
    assert home.href("補足・変更して送る") == asked.href("補足・変更して送る")
    assert home.href("詳しく聞く")
    assert not {"受けたい", "今回は見送る"} & {text for text, _url in home.links}
    form = visit(town.group, asked.href("補足・変更して送る"))
    send(town.group, form, {"note": "公民館の裏口です。"}, action="/revise")
    assert town.case().state == "coordinator_review"
    assert "公民館の裏口です。" in visit(town.desk, town.url).text


def test_changed_terms_are_put_to_the_other_side(town: Town) -> None:
    propose(town)
    form = visit(town.group, f"{town.url}/revise")
    assert "変更する項目を入力してください" in send(town.group, form, {}, 422, action="/revise").text
    days = {"period_from": "2026-12-01", "period_to": "2027-02-28"}
    send(town.group, form, {"quantity": "10", **days, "note": "半分で足ります。"}, action="/revise")
    page = visit(town.firm, town.url)
    assert "次は貴社の番です" in page.text
    assert "変更前：食品 20kg" in page.text
    assert "変更後：食品 10kg 令和8年12月1日〜令和9年2月28日" in page.text


def test_a_refusal_is_read_by_both_sides(town: Town) -> None:
    agree(town)
    page = visit(town.desk, f"{town.url}/refuse")
    send(town.desk, page, {"reason_code": "scope", "reason_text": ""}, 422, action="/refuse")
    send(
        town.desk, page, {"reason_code": "scope", "reason_text": "営業の活動に当たるため。"}, action="/refuse"
    )
    for browser in (town.firm, town.group):
        assert "営業の活動に当たるため。" in visit(browser, town.url).text


_STEP = re.compile(r'class="step step-(\w+)"')


@pytest.mark.parametrize(
    ("end", "steps"),
    [
        ("decline", ["left", "undone", "undone", "undone"]),
        ("expire", ["left", "undone", "undone", "undone"]),
        ("withdraw", ["done", "done", "left", "undone"]),
        ("refuse", ["done", "done", "left", "undone"]),
    ],
)
def test_a_case_that_came_to_nothing_says_on_which_step(town: Town, end: str, steps: list[str]) -> None:
    if end in {"decline", "expire"}:
        propose(town)
    else:
        agree(town)
    shown = visit(town.group, town.url)
    assert not {"left", "undone"} & set(_STEP.findall(shown.html))
    if end == "expire":
        with town.records.write() as session:
            stages.expire_unanswered(session, clock.now() + timedelta(days=15))
    else:
        who = town.desk if end == "refuse" else town.group
        code = {"decline": "timing", "withdraw": "plans_changed", "refuse": "scope"}[end]
        page = visit(who, f"{town.url}/{end}")
        send(who, page, {"reason_code": code, "reason_text": "事情のため"}, action=f"/{end}")
    shown = visit(town.group, town.url)
    assert _STEP.findall(shown.html) == steps
    assert "ここで終了" in shown.text
    assert "これから" not in shown.html.partition("steps-now")[0]


def test_the_city_names_who_is_in_charge(town: Town) -> None:
    propose(town)
    page = visit(town.desk, f"{town.url}/assign")
    send(town.desk, page, {"coordinator": town.users["colleague"].public_id}, action="/assign")
    assert "同僚 鈴木" in visit(town.firm, town.url).text
    visit(town.firm, f"{town.url}/assign", 403)


# ── Recommending ──


def test_the_city_recommends_a_pair_with_a_reason_and_somebody_else_approves(town: Town) -> None:
    page = visit(town.desk, "/desk/recommend")
    page = visit(town.desk, page.href("みお食品株式会社"))
    page = visit(town.desk, page.href("子ども食堂 ひだまりの会"))
    typed = {"support_type": "food", "quantity": "20", "unit": "kg", "need": town.need.public_id}
    refused = send(town.desk, page, typed, 422, action="/recommend")
    assert "推薦の理由を選んでください。" in refused.text
    typed |= {"reason_code": "local", "reason_text": "地区が同じで量も合うため。"}
    sent = send(town.desk, page, typed, action="/recommend")
    assert "推薦を送りました" in visit(town.desk, sent.location or "").text
    assert send(town.desk, page, typed, action="/recommend").location == sent.location
    for browser in (town.group, town.firm):
        shown = visit(browser, town.url)
        assert "地区が同じで量も合うため。" in shown.text
        send(browser, visit(browser, f"{town.url}/accept"), action="/accept")
    assert "ご自身が推薦した案件は、ほかの担当者が承認します。" in visit(town.desk, town.url).text
    assert visit(town.desk, f"{town.url}/approve", 302).location == town.url
    assert "ほかの担当者が承認します。" in visit(town.desk, town.url).text
    typed = {**GOOD, "version": str(town.case().version)}
    assert "ほかの担当者が承認します。" in post(town.desk, f"{town.url}/approve", typed, 409).text
    approve(town, "colleague")
    assert town.case().state == "introduced"
    visit(town.firm, "/desk/recommend", 404)


def test_a_recommendation_of_a_pair_that_has_a_case_is_refused_and_kept(town: Town) -> None:
    propose(town)
    page = visit(town.desk, f"/desk/recommend?offer={town.offer.public_id}&need={town.need.public_id}")
    assert town.case().number in page.text
    typed = {"reason_code": "local", "reason_text": "書いた理由は残ります。"}
    assert "書いた理由は残ります。" in send(town.desk, page, typed, 409, action="/recommend").html
    # About the activity as a whole the pair is free.
    send(town.desk, page, typed | {"need": ""}, action="/recommend")
    assert town.case().origin == "coordinator"


def test_odd_addresses_are_answered_like_unknown_ones(town: Town) -> None:
    for odd in ("%00", "%F0%9F%98%80", "x" * 5000, "%27%20OR%201%3D1"):
        visit(town.firm, f"/cases/new?organization={odd}", 404)
        visit(town.desk, f"/desk/recommend?company={odd}x", 404)
        visit(town.desk, f"/desk/recommend?q={odd}")


def test_a_search_for_a_pair_says_when_nothing_is_found(town: Town) -> None:
    assert "見つかりませんでした" in visit(town.desk, "/desk/recommend?q=ありえない言葉").text


# ── Reasons as they were shown, frozen decisions ──


def show_suggestion(session: Session, town: Town) -> str:
    """What the company's list of suggestions recorded."""
    shown = ShownList(
        viewer_id=town.users["firm"].id, organization_id=town.company.id, shown_at=NOW, model_id="bundled@1",
        index_version=1, weights_version="w1", filters={},
    )  # fmt: skip
    session.add(shown)
    session.flush()
    item = ShownSuggestion(
        shown_list_id=shown.id, rank=1, candidate_id=town.npo.id, need_id=town.need.id, offer_id=town.offer.id,
        score=0.82, parts={"meaning": 0.9, "support": 1.0},
        reasons=[
            {"code": "quote", "mark": "○", "text": "文章が対応します。", "company": "形のふぞろいな野菜", "npo": "野菜と米が足りません"},
            {"code": "area", "mark": "△", "text": "場所の相談が必要です。"},
            {"code": "improve", "mark": "", "text": "期間を入力すると比べられます。"},
        ],
    )  # fmt: skip
    session.add(item)
    session.flush()
    return item.public_id


def test_a_small_first_step_is_offered_with_the_first_word_and_kept_as_a_promise(town: Town) -> None:
    form = visit(town.firm, propose_url(town))
    check = send(town.firm, form, {"message": HELLO, "first_step": "visit", "action": "check"}, 200)
    assert "活動の場を見学する" in check.text
    send(town.firm, check, {"action": "send"})
    assert "はじめの一歩：活動の場を見学する" in visit(town.group, town.url).text
    page = visit(town.group, f"{town.url}/accept")
    send(town.group, page, {"answer": "ぜひお願いします。"}, action="/accept")
    approve(town)
    promise = visit(town.firm, town.url)
    assert "はじめの一歩：活動の場を見学する" in promise.text
    assert "済みにする" in promise.text


def test_the_reasons_stay_as_they_were_shown(town: Town) -> None:
    with town.records.write() as session:
        suggestion = show_suggestion(session, town)
    form = visit(town.firm, f"{propose_url(town)}&suggestion={suggestion}")
    check = send(town.firm, form, {"message": HELLO, "action": "check"}, 200)
    send(town.firm, check, {"action": "send"})
    page = visit(town.desk, town.url)
    for words in (
        "適合度 高",
        "0.82",
        "形のふぞろいな野菜",
        "野菜と米が足りません",
        "場所の相談が必要です。",
        "文章の内容の近さ",
    ):
        assert words in page.text
    # Somebody else's suggestion is not taken over, and a stale one does no harm.
    visit(town.group, f"/cases/new?organization={town.company.public_id}&suggestion={suggestion}")
    visit(town.firm, f"/cases/new?organization={town.npo.public_id}&suggestion=gone")


def test_a_frozen_decision_is_read_and_downloaded_with_its_hash_and_the_download_is_audited(
    town: Town,
) -> None:
    agree(town)
    approve(town)
    with town.records.read() as session:
        bundle = session.scalars(select(DecisionBundle)).one()
    page = visit(town.desk, f"{town.url}/decisions/{bundle.public_id}")
    assert bundle.sha256 in page.text
    assert "一致しています" in page.text
    for words in (town.need.title, "内容が明確で", "食品", HELLO, "madoguchi"):
        assert (words in page.text) is (words != "madoguchi")
    response = town.desk.get(f"{town.url}/decisions/{bundle.public_id}/file")
    assert hashlib.sha256(response.data).hexdigest() == bundle.sha256
    assert json.loads(response.data)["outcome"] == "approve"
    with town.records.read() as session:
        newest = session.scalars(select(AuditEvent).order_by(AuditEvent.id.desc())).first()
        assert newest is not None
        assert newest.action == "download"
        assert audit.verify(session)[1] is None
    assert "ダウンロード" in visit(town.desk, town.url).text
    assert "ダウンロード" not in visit(town.firm, town.url).text
    for browser in (town.firm, town.group, town.stranger):
        visit(browser, f"{town.url}/decisions/{bundle.public_id}", 404)
    visit(town.desk, f"{town.url}/decisions/nothing", 404)


def test_a_reminder_does_not_outdate_a_form(town: Town, travel: time_machine.Traveller) -> None:
    propose(town)
    page = visit(town.group, f"{town.url}/accept")
    travel.shift(timedelta(days=10))
    with town.records.write() as session:
        assert stages.remind_waiting(session, NOW + timedelta(days=10)) == 1
    fresh = login_as(town.group, town.users["group"])  # ten days later one signs in again
    token = {"csrf_token": csrf_token(fresh)}
    send(fresh, page, token, action="/accept")
    assert town.case().state == "coordinator_review"


def test_a_busy_npo_is_not_asked_a_fourth_time(town: Town) -> None:
    with town.records.write() as session:
        for _ in range(3):
            other = make_company(session)
            actor = actor_for(make_user(session, other), other)
            npo = session.get(Organization, town.npo.id)
            beginning.propose(session, actor, beginning.between(other, npo), Terms("food"), "ぜひ。", NOW)
    page = visit(town.firm, f"/cases/new?organization={town.npo.public_id}")
    assert "受付を一時止めています" in page.text


# ── Faster than people act ──


def _say(town: Town, who: str, number: int, status: int = 302) -> Page:
    page = visit(town.browsers[who], f"{town.url}/send_message")
    return send(town.browsers[who], page, {"text": f"ひとこと{number}"}, status, action="/send_message")


def test_a_person_who_tells_others_too_fast_keeps_what_was_typed(
    town: Town, travel: time_machine.Traveller
) -> None:
    agree(town)  # each has told once in this minute
    mails = town.count(Mail)
    for number in range(11):
        _say(town, "firm", number)
    refused = _say(town, "firm", 60, 409)
    assert "短い時間に続けて送られたため、まだ送っていません。1分ほど" in refused.text
    assert "ひとこと60" in refused.html
    assert town.count(CaseMessage) == 1 + 11
    assert town.count(Mail) - mails <= 2 * 11
    _say(town, "group", 1)  # others are not held up
    travel.shift(timedelta(minutes=1, seconds=1))
    _say(town, "firm", 60)


def test_the_hour_and_the_day_have_their_limits_too(town: Town, travel: time_machine.Traveller) -> None:
    agree(town)
    for minute in range(5):
        for number in range(11 if not minute else 12):
            _say(town, "firm", number)
        travel.shift(timedelta(minutes=1, seconds=1))
    assert "55分ほど" in _say(town, "firm", 60, 409).text


def test_a_recommendation_is_paced_as_well_and_keeps_its_words(town: Town) -> None:
    with town.records.write() as session:
        for _number in range(100):
            try:
                throttle.admit(session, "tell_staff", clock.now(), person=town.users["desk"].public_id)
            except TooMany:
                break
    page = visit(town.desk, f"/desk/recommend?offer={town.offer.public_id}&need={town.need.public_id}")
    typed = {"reason_code": "local", "reason_text": "書いた理由は残ります。"}
    refused = send(town.desk, page, typed, 409, action="/recommend")
    assert "まだ送っていません" in refused.text
    assert "書いた理由は残ります。" in refused.html
    assert town.count(Partnership) == 0


def test_a_request_to_a_partner_is_paced_as_well_and_keeps_its_words(town: Town) -> None:
    with town.records.write() as session:
        for _number in range(12):
            throttle.admit(session, "tell", clock.now(), person=town.users["firm"].public_id)
    form = visit(town.firm, propose_url(town))
    check = send(town.firm, form, {"message": HELLO, "action": "check"}, 200)
    refused = send(town.firm, check, {"action": "send"}, 409)
    assert "まだ送っていません" in refused.text
    assert HELLO in refused.html
    assert town.count(Partnership) == 0


def test_who_may_only_read_is_offered_neither_to_keep_nor_to_pass_on(
    town: Town, new_client: Callable[[], FlaskClient]
) -> None:
    with town.records.write() as session:
        card = f"/suggestions/{show_suggestion(session, town)}"
        company = session.get(Organization, town.company.id)
        assert company is not None
        person = make_user(session, company, organization_role="viewer")
    reader = login_as(new_client(), person)

    def offered(browser: FlaskClient) -> list[bool]:
        page = visit(browser, card)
        return ["見送る…" in page.text, any("/save" in (form.action or "") for form in page.forms)]

    assert offered(town.firm) == [True, True]
    assert offered(reader) == [False, False]
    send(town.firm, visit(town.firm, card), action="/save")
    assert "保存しています" in visit(reader, card).text
    assert "元に戻す" not in visit(reader, card).text
