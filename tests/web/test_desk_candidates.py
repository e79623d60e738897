"""The city sees whom it could bring together, why, and what is known of the two; a recommendation in two clicks."""

import re
from datetime import date, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from embeddings.encoder import WordsOnly
from matcher.desk import partners
from matcher.ground.errors import NotPermitted
from matcher.records import Mark, Need, Offer, Organization, Partnership
from matcher.register import findable
from matcher.suggestions.indexing import LiveIndex
from tests.conftest import NOW
from tests.factories import actor_for, make_company, make_need, make_npo, make_offer
from tests.services.test_suggestions import encode
from tests.web.pages import send, visit
from tests.web.test_case_pages import Town, propose, town  # noqa: F401 – a fixture


@pytest.fixture
def ready(town: Town) -> Town:  # noqa: F811
    """The town, two more companies, of which one fits less well and one not at all, and all is encoded."""
    with town.records.write() as session:
        far = make_company(session, name="会計事務所みお", profile={"fields": ["1"]})
        make_offer(
            session, far, title="会計の相談", description="帳簿の付け方の相談に応じます。",
            support_type="pro_bono", quantity=5, unit="時間", period_from=date(2027, 1, 10),
            period_to=date(2027, 2, 10),
        )  # fmt: skip
    encode(town.records, NOW, WordsOnly())
    return town


def loaded(session, kind, key):
    """A need or an offer with its organization and the profile."""
    of = kind.organization
    profiles = [joinedload(of).joinedload(Organization.company), joinedload(of).joinedload(Organization.npo)]
    one = session.get(kind, key, options=profiles, populate_existing=True)
    assert one is not None
    return one


def cards(page) -> list[str]:
    """The companies or NPOs whose candidates stand on a page, in order."""
    return [text for text, url in page.links if "/desk/organizations/" in url and "推薦" not in text][1:]


def test_a_need_lists_the_companies_that_fit_with_score_reasons_load_and_what_was(ready: Town) -> None:
    with ready.records.write() as session:
        past = Partnership(
            number="E-2025-0001", company_id=ready.company.id, npo_id=ready.npo.id, origin="npo",
            state="declined", reason_code="distance", support_type="food", started_by_id=ready.users["group"].id,
            created_at=NOW, moved_at=NOW,
        )  # fmt: skip
        session.add(past)
        need = session.merge(ready.need)
        need.situation = "形のふぞろいな野菜を毎週20kgほど使います。"
        findable.touch(session, need)
    encode(ready.records, NOW)  # a model that knows meaning, or no two sentences are close enough
    page = visit(ready.desk, f"/desk/needs/{ready.need.public_id}")
    assert cards(page)[0] == "みお食品株式会社"
    assert "会計事務所みお" in cards(page)
    first = page.text.partition("会計事務所みお")[0]
    for words in (
        "適合度", "団体が求める「食品」を、企業が提供できます。",
        "規格外の野菜を届けます", "進行中の案件0件、お返事待ち0件", "E-2025-0001：見送り（", "（上限3件）",
    ):  # fmt: skip
        assert words in first, words


def test_candidates_quote_both_sides_unless_one_refuses_what_the_other_names(ready: Town) -> None:
    wished, given = "規格外の野菜と果物を水曜の夕食に", "規格外の野菜と果物を水曜の夕食に届けます"

    def say(conditions: str) -> None:
        with ready.records.write() as session:
            need, offer = session.get(Need, ready.need.id), session.get(Offer, ready.offer.id)
            need.title, offer.title, offer.description = wished, given, "畑でお渡しします。"
            offer.conditions = conditions
            findable.touch(session, need)
            findable.touch(session, offer)
        encode(ready.records, NOW)

    def quotes() -> list[tuple[str, str]]:
        live = LiveIndex()
        with ready.records.read() as session:
            live.level(session)
            coordinator = actor_for(ready.users["desk"])
            of_need = partners.of_need(session, coordinator, live, loaded(session, Need, ready.need.id))
            of_offer = partners.of_offer(session, coordinator, live, loaded(session, Offer, ready.offer.id))
        return [
            (reason["company"], reason["npo"])
            for found in (of_need, of_offer)
            for partner in found.partners
            for reason in partner.suggestion.reasons
            if reason["says"] == "quote_close"
        ]

    say("コンテナは返却のこと。")
    assert quotes() == [(given, wished), (given, wished)]
    page = visit(ready.desk, f"/desk/needs/{ready.need.public_id}")
    assert page.text.count(given) > 1
    say("規格外の野菜は個人の方にはお渡しできません。")
    assert quotes() == []
    page = visit(ready.desk, f"/desk/needs/{ready.need.public_id}")
    assert "企業は「規格外の野菜は個人の方にはお渡しできません。」としています。" in page.text


def test_a_candidate_is_read_at_a_glance_as_on_the_cards_of_the_two_sides(ready: Town) -> None:
    page = visit(ready.desk, f"/desk/needs/{ready.need.public_id}")
    cards_of_page = re.findall(r'<article class="card suggestion">.*?</article>', page.html, re.DOTALL)
    assert len(cards_of_page) == len(cards(page)) > 1
    for card in cards_of_page:
        outside = re.sub(r"<details.*?</details>", "", card, flags=re.DOTALL)
        assert card.count('class="strip"') == 1
        assert outside.count("。") <= 4, outside  # a remark, what either has on its hands: no wall of reasons
        assert "合う点と確かめる点（" in card
    assert page.html.count("● 合う　◐ 相談が必要　○ 合わない　－ 分からない") == 1


def test_an_offer_lists_the_needs_that_it_fits(ready: Town) -> None:
    with ready.records.write() as session:
        other = make_npo(session, name="会計に困る会", profile={"fields": ["1"]})
        make_need(
            session,
            other,
            title="帳簿の相談",
            situation="帳簿の付け方の相談に乗ってほしい。",
            support_type="pro_bono",
        )
    encode(ready.records, NOW, WordsOnly())
    page = visit(ready.desk, f"/desk/offers/{ready.offer.public_id}")
    assert cards(page) == ["子ども食堂 ひだまりの会", "会計に困る会"]
    assert "合いそうなニーズ" in page.text


def test_who_is_in_a_case_about_it_or_has_passed_is_said_and_not_offered_again(ready: Town) -> None:
    propose(ready)
    with ready.records.write() as session:
        passed = session.scalars(select(Mark)).all()
        assert not passed
        other = make_npo(session, name="よその会")
        need = make_need(session, other, title="よその野菜")
        session.add(
            Mark(
                organization_id=other.id, target_id=ready.company.id, need_id=0, kind="saved",
                marked_by_id=ready.users["group"].id, marked_at=NOW,
            )
        )  # fmt: skip
        session.add(
            Mark(
                organization_id=ready.company.id, target_id=other.id, need_id=need.id, kind="passed",
                reason_code="distance", marked_by_id=ready.users["firm"].id, marked_at=NOW,
            )
        )  # fmt: skip
    encode(ready.records, NOW, WordsOnly())
    page = visit(ready.desk, f"/desk/needs/{ready.need.public_id}")
    assert "みお食品株式会社" not in cards(page)
    assert f"{ready.case().number} みお食品株式会社と子ども食堂 ひだまりの会" in page.text
    page = visit(ready.desk, f"/desk/needs/{need.public_id}")
    assert "進行中の案件1件" in page.text
    assert "みお食品株式会社が見送りました（場所が遠い）" in page.text


def test_a_recommendation_takes_two_clicks_and_begins_with_the_overlap(ready: Town) -> None:
    with ready.records.write() as session:
        for one, first, last, amount in (
            (session.merge(ready.need), date(2026, 12, 1), date(2027, 2, 28), 50),
            (session.merge(ready.offer), date(2027, 1, 1), date(2027, 6, 30), 20),
        ):
            one.period_from, one.period_to, one.quantity = first, last, amount
    page = visit(ready.desk, f"/desk/needs/{ready.need.public_id}")
    form = visit(ready.desk, page.href("推薦する（みお食品株式会社と子ども食堂 ひだまりの会）"))
    values = form.form(action="/recommend").values
    assert (values["need"], values["offer"]) == (ready.need.public_id, ready.offer.public_id)
    assert (values["support_type"], values["quantity"], values["unit"]) == ("food", "20", "kg")
    assert (values["period_from"], values["period_to"]) == ("2027-01-01", "2027-02-28")
    assert values["reason_code"] == "time"
    assert "団体が求める「食品」を、企業が提供できます。" in values["reason_text"]
    assert "適合度" in form.text
    sent = send(ready.desk, form, action="/recommend")
    assert "推薦を送りました" in visit(ready.desk, sent.location or "").text
    case = ready.case()
    assert (case.origin, case.need_id, case.offer_id) == ("coordinator", ready.need.id, ready.offer.id)
    assert (case.quantity, case.period_from, case.period_to) == (20, date(2027, 1, 1), date(2027, 2, 28))


def test_a_recommendation_begins_from_a_need_or_an_offer(ready: Town) -> None:
    page = visit(ready.desk, "/desk/recommend")
    assert page.h1 == ["推薦するニーズを選ぶ"]
    page = visit(ready.desk, page.href(ready.need.title))
    assert page.href("推薦する（みお食品株式会社と子ども食堂 ひだまりの会）")
    page = visit(ready.desk, f"/desk/recommend?offer={ready.offer.public_id}")
    assert page.href("推薦する（みお食品株式会社と子ども食堂 ひだまりの会）")
    assert (
        "ありえない"
        not in visit(ready.desk, "/desk/recommend?q=ありえない").text.partition("名前から探す")[0]
    )
    assert ready.need.title not in [
        text for text, _url in visit(ready.desk, "/desk/recommend?q=ありえない").links
    ]


def test_a_need_about_which_a_case_goes_on_is_not_among_those_that_wait(ready: Town) -> None:
    propose(ready)
    assert ready.need.title not in [text for text, _url in visit(ready.desk, "/desk/recommend").links]


def test_what_is_not_encoded_yet_is_said(town: Town) -> None:  # noqa: F811
    page = visit(town.desk, f"/desk/needs/{town.need.public_id}")
    assert "文章の読み取りがまだ済んでいません" in page.text


def test_nobody_else_asks_for_candidates(ready: Town) -> None:
    live = LiveIndex()
    with ready.records.read() as session:
        live.level(session)
        for name in ("firm", "group", "stranger"):
            organization = {"firm": ready.company, "group": ready.npo}.get(name)
            actor = actor_for(ready.users[name], organization)
            with pytest.raises(NotPermitted):
                partners.of_need(session, actor, live, ready.need)
            with pytest.raises(NotPermitted):
                partners.of_offer(session, actor, live, ready.offer)


def test_the_nearest_reason_is_chosen_by_what_is_known() -> None:
    today = date(2026, 11, 24)
    done, left = Partnership(state="closed"), Partnership(state="declined")
    assert partners.likely_reason([left, done], ["area_same"], today, today) == "continuity"
    assert partners.likely_reason([left], ["area_same"], today + timedelta(days=30), today) == "time"
    assert partners.likely_reason([], ["area_same"], today + timedelta(days=31), today) == "local"
    assert partners.likely_reason([], ["support_wanted"], None, today) == ""


def test_an_npo_with_three_unanswered_is_shown_as_full(ready: Town) -> None:
    with ready.records.write() as session:
        for _one in range(3):
            session.add(
                Partnership(
                    number=f"E-2026-90{_one}", company_id=make_company(session).id, npo_id=ready.npo.id,
                    origin="company", state="interest_one_side", company_agreed_at=NOW, support_type="food",
                    started_by_id=ready.users["firm"].id, created_at=NOW, moved_at=NOW,
                )
            )  # fmt: skip
        findable.touch(session, session.merge(ready.need))
    page = visit(ready.desk, f"/desk/offers/{ready.offer.public_id}")
    assert "お返事待ち3件（上限3件）。いまは推薦できません" in page.text


def test_needs_that_nobody_saw_stand_with_their_best_three_ten_at_a_time(ready: Town) -> None:
    with ready.records.write() as session:
        for number in range(2):
            make_offer(session, make_company(session, name=f"八百屋{number}"), title=f"野菜{number}")
        for number in range(11):
            npo = make_npo(session, name=f"会{number}")
            make_need(session, npo, title=f"米{number}", published_at=NOW - timedelta(days=20 - number))
    encode(ready.records, NOW, WordsOnly())
    page = visit(ready.desk, visit(ready.desk, "/desk").href("いちばん合いそうな3社と並べて見る"))
    titles = [text for text, url in page.links if url.startswith("/desk/needs/")]
    assert titles == [f"米{number}" for number in range(10)]
    buttons = [text for text, _url in page.links if text.startswith("推薦する（")]
    assert len(buttons) == 30
    assert "会計事務所みお" not in page.text
    assert "団体が求める「食品」を、企業が提供できます。" in page.text
    form = visit(ready.desk, page.href("推薦する（みお食品株式会社と会0）"))
    assert form.form(action="/recommend").values["offer"] == ready.offer.public_id
    last = visit(ready.desk, "/desk/unseen?page=2")
    assert [text for text, url in last.links if url.startswith("/desk/needs/")] == ["米10", ready.need.title]


def test_the_list_of_its_own_npo_shows_a_need_to_nobody(ready: Town) -> None:
    visit(ready.group, f"/npo/needs/{ready.need.public_id}/suggestions")
    assert ready.group.application.extensions["traces"].flush()
    assert ready.need.title in visit(ready.desk, "/desk/unseen").text
    visit(ready.firm, "/company/suggestions")
    assert ready.firm.application.extensions["traces"].flush()
    assert ready.need.title not in visit(ready.desk, "/desk/unseen").text
    assert "公開中のニーズは、どれも1社以上のおすすめに出ています。" in visit(ready.desk, "/desk").text


def test_a_need_that_none_can_fill_alone_is_proposed_to_several(ready: Town) -> None:
    with ready.records.write() as session:
        need = session.merge(ready.need)
        need.quantity = 60
        other = make_company(session, name="となりの青果店")
        make_offer(session, other, title="形のふぞろいな野菜があります", quantity=30)
    encode(ready.records, NOW, WordsOnly())
    url = f"/desk/needs/{ready.need.public_id}"
    page = visit(ready.desk, url)
    proposed = page.text.partition("何社かでかなえる案（4社まで）")[2]
    for words in (
        "となりの青果店",
        "食品 30kg",
        "みお食品株式会社",
        "食品 20kg",
        "それでも足りないもの：食品 10kg",
    ):
        assert words in proposed, words
    asked = [link for _text, link in page.links if "part=1" in link]
    assert len(asked) == 2
    assert visit(ready.desk, asked[0]).form(action="/recommend").values["quantity"] == "30"
    with ready.records.write() as session:
        session.get_one(Need, ready.need.id).quantity = 30
    assert "何社かでかなえる案" not in visit(ready.desk, url).text
