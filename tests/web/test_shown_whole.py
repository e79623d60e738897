"""The city reads a list of suggestions as it was shown, whole, by its record number."""

import re

import pytest
from sqlalchemy import select

from embeddings.encoder import WordsOnly
from matcher.desk import shown
from matcher.ground import vocabulary
from matcher.ground.errors import NotFound, NotPermitted
from matcher.records import DecisionBundle, Need, ShownList, ShownSuggestion
from tests.conftest import NOW
from tests.factories import actor_for, make_need, make_npo
from tests.services.test_suggestions import encode
from tests.web.pages import send, visit
from tests.web.test_case_pages import HELLO, Town, approve, town  # noqa: F401 – a fixture

TITLES = ("水曜の夕食に使う野菜がほしい", "野菜の置き場", "会計の相談")


@pytest.fixture
def looked(town: Town) -> tuple[Town, list[ShownSuggestion]]:  # noqa: F811
    """The company has looked at its list: three cards."""
    with town.records.write() as session:
        for title in TITLES[1:]:
            npo = make_npo(session, name=f"{title}の会")
            make_need(session, npo, title=title, situation=f"{title}で困っています。")
    encode(town.records, NOW, WordsOnly())
    visit(town.firm, "/company/suggestions?area=chuo")
    assert town.firm.application.extensions["traces"].flush()
    with town.records.read() as session:
        items = session.scalars(select(ShownSuggestion).order_by(ShownSuggestion.rank)).all()
    assert len(items) == 3
    return town, list(items)


def test_the_whole_list_stands_around_every_card_in_its_order(looked) -> None:
    place, items = looked
    with place.records.read() as session:
        whole = session.scalars(select(ShownList)).one()
    for number in (whole.public_id, *(one.public_id for one in items)):
        page = visit(place.desk, f"/desk/shown/{number}")
        assert page.h1 == ["みお食品株式会社に表示された一覧"]
        places = [page.text.index(f"{rank}番目") for rank in (1, 2, 3)]
        assert places == sorted(places)
        for one in items:
            assert f"（{one.score:.2f}）" in page.text
            assert one.public_id in page.text
        for words in (*TITLES, "企業 一郎さん", "中央", whole.model_id, whole.weights_version, "合う点"):
            assert words in page.text
        assert ("お探しの記録番号" in page.text) is (number != whole.public_id)


def test_it_says_by_what_it_was_narrowed_whatever_that_was(looked) -> None:
    place, items = looked
    narrowed = {
        "area": "gone", "beneficiary": "children", "sdg": "2", "mode": "onsite", "urgency": "normal",
        "amount": "5", "unit": "kg", "period_from": "2026-12-01",
    }  # fmt: skip
    with place.records.write() as session:
        session.get_one(ShownList, items[0].shown_list_id).filters = narrowed
    page = visit(place.desk, f"/desk/shown/{items[0].public_id}")
    labels = [vocabulary.BENEFICIARIES["children"], f"2 {vocabulary.SDGS['2']}", vocabulary.MODES["onsite"]]
    for words in ("gone", *labels, vocabulary.URGENCIES["normal"], "5kgまで", "令和8年12月1日"):
        assert words in page.text


def test_it_stays_as_it_was_shown_whatever_the_texts_say_since(looked) -> None:
    place, items = looked
    before = visit(place.desk, f"/desk/shown/{items[0].public_id}").text
    with place.records.write() as session:
        need, offer = session.merge(place.need), session.merge(place.offer)
        need.situation = offer.description = "書き直した。"
        need.support_type = offer.support_type = "space"
    assert visit(place.desk, f"/desk/shown/{items[0].public_id}").text == before


def test_it_is_found_by_typing_the_number_as_it_stands_on_a_paper(looked) -> None:
    place, items = looked
    number = items[1].public_id
    page = visit(place.desk, visit(place.desk, "/desk/exposure").href("表示された一覧を記録番号で探す"))
    for typed in (number, f"  {number[:16]} {number[16:]}", number.upper(), number.translate(
        {ord(one): ord(one) + 0xFEE0 for one in "0123456789abcdef"}
    )):  # fmt: skip
        found = send_get(place, page, typed)
        assert found.location == f"/desk/shown/{number}"
    assert "見つかりませんでした" in visit(place.desk, "/desk/shown?number=0123").text
    visit(place.desk, "/desk/shown/0123", 404)


def send_get(place: Town, page, typed: str):
    assert "number" in page.form(action="/desk/shown").fields
    return visit(place.desk, f"/desk/shown?number={typed}", 302)


def test_the_case_its_decision_and_the_card_lead_to_it(looked) -> None:
    place, items = looked
    first = next(one for one in items if one.need_id == place.need.id)
    form = visit(
        place.firm,
        f"/cases/new?organization={place.npo.public_id}&need={place.need.public_id}&suggestion={first.public_id}",
    )
    check = send(place.firm, form, {"message": HELLO, "action": "check"}, 200)
    send(place.firm, check, {"action": "send"})
    send(place.group, visit(place.group, f"{place.url}/accept"), {"answer": ""}, action="/accept")
    approve(place)
    with place.records.read() as session:
        bundle = session.scalars(select(DecisionBundle)).one()
    for path in (place.url, f"{place.url}/decisions/{bundle.public_id}", f"/suggestions/{first.public_id}"):
        page = visit(place.desk, path)
        assert page.href("そのとき表示された一覧をすべて見る") == f"/desk/shown/{first.public_id}", path
    whole = visit(place.desk, f"/desk/shown/{first.public_id}")
    assert whole.href(f"このおすすめから始まった案件 {place.case().number}") == place.url
    for path in (place.url, f"/suggestions/{first.public_id}"):
        assert "/desk/shown" not in visit(place.firm, path).html


def test_the_draw_of_a_newcomers_place_can_be_repeated_from_it(looked) -> None:
    place, items = looked
    with place.records.write() as session:
        whole = session.scalars(select(ShownList)).one()
        whole.draw = {"seed": 4711, "pool": {str(place.npo.id): 0.4567}, "places": 1}
    page = visit(place.desk, f"/desk/shown/{items[0].public_id}")
    for words in ("4711", "0.46", place.npo.name, "抽選の対象"):
        assert words in page.text


def test_nobody_but_the_city_reads_it(looked) -> None:
    place, items = looked
    visit(place.firm, f"/desk/shown/{items[0].public_id}", 404)
    with place.records.read() as session:
        with pytest.raises(NotPermitted):
            shown.whole(session, actor_for(place.users["firm"], place.company), items[0].public_id)
        with pytest.raises(NotFound):
            shown.whole(session, actor_for(place.users["desk"]), "0" * 32)


def test_a_card_opens_the_need_with_its_questions_and_leads_back_to_its_list(looked) -> None:
    place, items = looked
    card = next(one for one in items if one.need_id == place.need.id)
    page = visit(place.firm, f"/suggestions/{card.public_id}")
    need = page.href("ニーズのページ（質問と回答）")
    assert need == f"/company/needs/{place.need.public_id}"
    assert "このニーズについて質問する" in visit(place.firm, need).text
    assert ("おすすめの団体", "/company/suggestions") in page.links
    seen = visit(place.desk, f"/suggestions/{card.public_id}")
    assert seen.href("ニーズのページ（質問と回答）") == f"/desk/needs/{place.need.public_id}"
    with place.records.write() as session:
        session.get(Need, place.need.id).visibility = "approached"
    page = visit(place.firm, f"/suggestions/{card.public_id}")
    assert "ニーズのページ" not in page.text


def test_a_card_says_first_what_was_compared_then_what_to_do_and_folds_the_rest(looked) -> None:
    place, items = looked
    card = next(one for one in items if one.need_id == place.need.id)
    page = visit(place.firm, f"/suggestions/{card.public_id}")
    order = [
        "条件ごとの合い方",
        "話を聞いてみたい",
        "両者の文章",
        "おすすめに出るための条件",
        "このおすすめの記録",
    ]
    places = [page.html.index(words) for words in order]
    assert places == sorted(places)
    assert page.h1 == [place.need.title]
    folded = " ".join(re.findall(r"<details class=\"details\">.*?</details>", page.html, re.DOTALL))
    for words in (place.need.situation, "同じ内容の案件が", card.public_id, "ほかに紹介した企業"):
        assert words in folded, words
    assert "企業のプロフィール" not in page.text  # one's own
    assert page.href("団体のプロフィール") == f"/organizations/{place.npo.public_id}"
    both = visit(place.desk, f"/suggestions/{card.public_id}")
    assert both.h1 == [f"{place.company.name}と{place.npo.name}"]
    assert "企業のプロフィール" in both.text
