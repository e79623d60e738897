"""Members look for each other: words, meaning, every condition, and the directory, on the demo city's pages."""

import re
import shutil
from datetime import date

import pytest
import time_machine
from sqlalchemy import select

from embeddings.encoder import load_encoder
from matcher.ground.db import Database
from matcher.records import Membership, Need, Organization, User
from matcher.register import folding
from tests import factories
from tests.conftest import NOW
from tests.services.test_suggestions import encode
from tests.web.conftest import login_as
from tests.web.pages import visit
from webapp import Settings, create_app


@pytest.fixture(scope="module")
def city(lived_city, tmp_path_factory):
    """The demo city as the bundled model reads it, with a company and an NPO of it signed in."""
    folder = tmp_path_factory.mktemp("finding")
    shutil.copy(lived_city, folder / "demo.db")
    database = Database(f"sqlite:///{folder / 'demo.db'}")
    with database.write() as session:
        npo = factories.make_npo(
            session, name="ことばの虹", kana="コトバノニジ", corporate_number="5999901377777"
        )
        npo.npo.mission = "外国から来た子どもの学習を支えます。"
        npo.search_text = folding.text_of_organization(npo)
        hidden = factories.make_npo(session, name="ことばの影", visibility="approached")
        hidden.search_text = folding.text_of_organization(hidden)
        company = factories.make_company(session, name="株式会社みおの糸", kana="ミオノイト")
        company.search_text = folding.text_of_organization(company)
        needs = [
            ("紙すき", {"quantity": 12, "unit": "kg", "urgency": "now", "visibility": "public"}),
            ("紙ふぶき", {"quantity": 40, "unit": "kg", "min_useful": None, "urgency": "normal"}),
        ]
        for title, facts in needs:
            need = factories.make_need(
                session, npo, title=title, support_type="goods_new", period_from=date(2026, 12, 1),
                period_to=date(2027, 1, 31) if title == "紙すき" else date(2027, 12, 31), **facts,
            )  # fmt: skip
            need.search_text = folding.text_of_posting(need)
    encode(database, NOW, load_encoder())
    database.dispose()
    settings = Settings.from_environment(
        {
            "DATABASE_URL": f"sqlite:///{folder / 'demo.db'}", "SECRET_KEY": "only-for-tests-" + "x" * 32,
            "VAR_FOLDER": str(folder / "var"), "BASE_URL": "https://enmusubi.city.miohara.example",
            "WORKER": "off",
        }
    )  # fmt: skip
    with time_machine.travel(NOW, tick=False):
        app = create_app(settings)
        yield app
        app.extensions["database"].dispose()


def member(app, kind):
    """A browser in which somebody of an organization of this kind has signed in."""
    with app.extensions["database"].read() as session:
        user = session.scalars(
            select(User)
            .join(Membership, Membership.user_id == User.id)
            .join(Organization, Organization.id == Membership.organization_id)
            .where(Organization.kind == kind, Organization.state == "verified", User.status == "active")
            .order_by(User.id)
        ).first()
    return login_as(app.test_client(), user)


@pytest.fixture
def company(city):
    return member(city, "company")


@pytest.fixture
def npo(city):
    return member(city, "npo")


def listed(page):
    """The titles of what says the words, and of what is near in meaning."""
    exact, _mark, near = page.html.partition('id="near"')
    return tuple([text for text, url in page.links if f'href="{url}"' in part] for part in (exact, near))


def test_a_sentence_finds_what_it_asks_for(company):
    page = visit(company, "/company/needs?q=お米を分けてほしい")
    assert "夕ごはんの会で使うお米" in page.text
    assert "見つかった場所：件名" in page.text


def test_what_else_a_need_asks_for_is_found_by_its_words_and_its_kind(company):
    for asked in ("q=子どもたちが絵を描く場所", "support_type=place&amount=2日"):
        page = visit(company, f"/company/needs?{asked}")
        assert "灯ろうの和紙と、絵を描く子どもたちの場所" in listed(page)[0], asked
    assert "ほかにも必要なもの" in visit(company, "/company/needs?q=子どもたちが絵を描く場所").text


def test_what_is_near_in_meaning_follows_under_its_own_heading_with_its_sentence(company):
    page = visit(company, "/company/needs?q=子ども食堂 野菜")
    exact, near = listed(page)
    assert "意味が近いもの" in page.text
    assert "曲がったきゅうり、大きすぎた大根、歓迎です" in near
    assert "曲がったきゅうり、大きすぎた大根、歓迎です" not in exact
    assert "近い文：「野菜の仕入れが2年前の1.5倍。」" in page.text


@pytest.mark.parametrize("typed", ["宇宙旅行", "ㇷ"])
def test_nothing_is_near_to_what_has_nothing_to_do_with_any_need(company, typed):
    page = visit(company, f"/company/needs?q={typed}")
    assert "意味が近いもの" not in page.text
    assert "条件に合うニーズはありません" in page.text


@pytest.mark.parametrize("path", ["/company/needs", "/company/npos", "/needs"])
def test_particles_alone_find_nothing_and_the_page_says_so(company, path):
    page = visit(company, f"{path}?q=の に を")
    assert "キーワードを入力してください" in page.text
    assert not [url for _text, url in page.links if url.startswith((f"{path}/", "/organizations/"))]


CONDITIONS = [
    ("support_type=goods_new", True, True), ("support_type=food", False, False), ("field=13", True, True),
    ("field=1", False, False), ("area=chuo", True, True), ("area=hama", False, False),
    ("beneficiary=elderly", False, False), ("sdg=17", False, False), ("mode=remote", False, False),
    ("urgency=now", True, False), ("urgency=normal", False, True), ("amount=20kg", True, False),
    ("amount=４０キログラムまで", True, True), ("amount=20食", False, False), ("period_from=2027-02-01", False, True),
    ("period_to=令和8年11月30日", False, False), ("period_from=2026-12-15&period_to=2026-12-20", True, True),
]  # fmt: skip


@pytest.mark.parametrize(("query", "first", "second"), CONDITIONS)
def test_each_condition_narrows_the_needs_and_keeps_what_was_typed(company, query, first, second):
    page = visit(company, f"/company/needs?q=紙&{query}")
    found = [text for text, _url in page.links]
    assert ("紙すき" in found, "紙ふぶき" in found) == (first, second)
    form = page.form(action="/company/needs")
    assert form.values["q"] == "紙"
    for part in query.split("&"):
        name, value = part.split("=")
        assert form.values[name] == value


@pytest.mark.parametrize(
    ("query", "why"),
    [
        ("amount=20", ["提供できる量（この量まで）：単位がありません。"]),
        ("amount=たくさん", ["提供できる量（この量まで）：数として読み取れません。"]),
        ("period_to=いつか&amount=0箱", ["提供できる量（この量まで）：0以下の数です。", "期間の終わり：日付として読み取れません。"]),
        ("urgency=昨日&period_to=いつか", ["急ぎ具合：表示されている中から選び直してください。", "期間の終わり：日付として"]),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_no_condition_and_is_named(company, query, why):
    page = visit(company, f"/company/needs?q=紙&{query}")
    assert "次の条件は使っていません。" in page.text
    for one in why:  # each beside its own name
        assert one in page.text
    assert {"紙すき", "紙ふぶき"} <= {text for text, _url in page.links}


@pytest.mark.parametrize("typed", ["0箱", "０kg", "0.00kg", "ゼロ箱", "0円まで"])
@pytest.mark.parametrize("path", ["/company/needs", "/company/suggestions"])
def test_an_amount_of_nothing_is_no_condition_and_is_refused_beside_it(company, path, typed):
    page = visit(company, f"{path}?amount={typed}&urgency=now")
    assert "次の条件は使っていません。 提供できる量（この量まで）：" in page.text
    assert "読み取れなかった" not in page.text
    assert page.form(action=path).values["amount"] == typed
    beside = "数として読み取れません" if typed == "ゼロ箱" else "0以下の数です。0より大きい数にしてください。"
    assert page.text.count(beside) == 2  # beside the field, and in the line that is replaced as one types
    assert re.search('<details class="(details )?filters" open>', page.html)


def test_conditions_are_read_in_words(company):
    page = visit(company, "/company/needs?amount=1200kg&period_from=2027-02-01&urgency=now")
    for words in ("1,200kgまで", "令和9年2月1日", "1か月以内に必要"):
        assert words in page.text


def test_needs_come_in_the_order_that_was_chosen(company):
    found = [text for text, _url in visit(company, "/company/needs?q=紙&sort=urgent").links]
    assert found.index("紙すき") < found.index("紙ふぶき")


def test_offers_are_wanted_to_be_enough_and_have_no_urgency(city, npo):
    with city.extensions["database"].write() as session:
        company = session.scalars(select(Organization).where(Organization.name == "株式会社みおの糸")).one()
        offer = factories.make_offer(session, company, title="綿の糸", quantity=30, unit="kg")
        offer.search_text = folding.text_of_posting(offer)
    for amount, is_there in (("20kg", True), ("30kg以上", True), ("31kg", False)):
        page = visit(npo, f"/npo/offers?q=糸&amount={amount}")
        assert ("綿の糸" in [text for text, _url in page.links]) is is_there
    assert "urgency" not in page.form(action="/npo/offers").fields
    assert "31kg以上" in page.text


@pytest.mark.parametrize(
    "typed", ["ことば", "ｺﾄﾊﾞ", "にじ", "5-9999-0137-7777", "T5999901377777", "外国から来た子ども"]
)
def test_an_npo_is_found_by_name_reading_number_and_mission(company, typed):
    page = visit(company, f"/company/npos?q={typed}")
    assert "ことばの虹" in listed(page)[0]
    assert "ことばの影" not in page.text


def test_the_directory_knows_meaning_too_and_those_without_a_need(company):
    page = visit(company, "/company/npos?q=外国 児童 勉強")
    assert "ことばの虹" in listed(page)[1]
    assert "所在：" in page.text  # where it has its office is not where it works
    assert "活動：" in page.text
    with_filter = visit(company, "/company/npos?field=1&area=hama")
    assert "ことばの虹" not in with_filter.text


def test_companies_have_a_directory_for_npos(npo):
    assert "株式会社みおの糸" in [text for text, _url in visit(npo, "/npo/companies?q=ミオノ").links]
    visit(npo, "/company/npos", 404)


def test_residents_find_by_meaning_only_what_is_for_everybody(city):
    with city.extensions["database"].write() as session:
        npo = session.scalars(select(Organization).where(Organization.name == "ことばの虹")).one()
        need = session.scalars(
            select(Need).where(Need.organization_id == npo.id, Need.title == "紙ふぶき")
        ).one()
        need.visibility = "members"
    everybody = visit(city.test_client(), "/needs?q=紙")
    assert "紙すき" in everybody.text
    assert "紙ふぶき" not in everybody.text
    assert "紙ふぶき" not in visit(city.test_client(), "/needs?q=ペーパー").text


def test_suggestions_take_every_condition_and_go_on_beyond_ten(company):
    page = visit(company, "/company/suggestions")
    fields = set(page.form(action="/company/suggestions").fields)
    assert {"support_type", "field", "area", "beneficiary", "sdg", "mode", "urgency", "amount", "period_from",
            "period_to"} <= fields  # fmt: skip
    second = visit(company, page.href("次へ"))
    first_names, second_names = (
        {text for text, url in one.links if re.fullmatch("/suggestions/[0-9a-f]{32}", url)}
        for one in (page, second)
    )
    assert len(first_names) == 10
    assert second_names
    assert not first_names & second_names
    assert "合う順に11〜20番目です。" in second.text
    narrowed = visit(company, "/company/suggestions?urgency=now&amount=12kg&period_to=2027-01-31")
    assert "12kgまで" in narrowed.text
    assert "条件に合うのは" in narrowed.text


def test_suggestions_for_a_need_ask_for_enough(city):
    with city.extensions["database"].read() as session:
        need = session.scalars(select(Need).where(Need.state == "open").order_by(Need.id)).first()
        user = session.scalars(
            select(User)
            .join(Membership, Membership.user_id == User.id)
            .where(Membership.organization_id == need.organization_id, User.status == "active")
        ).first()
    page = visit(login_as(city.test_client(), user), f"/npo/needs/{need.public_id}/suggestions?amount=5kg")
    assert "5kg以上" in page.text
    assert "urgency" not in page.form(action="/suggestions").fields
