"""Why the two of a case fit, as all three and the city read it: at the beginning, at decisions, and in between."""

import pytest
from sqlalchemy import select

from embeddings.encoder import WordsOnly
from matcher.cases import reads as case_reads
from matcher.desk import disclosure
from matcher.records import CaseFit, DecisionBundle, Need
from matcher.register import findable
from tests.conftest import NOW
from tests.factories import actor_for
from tests.services.test_suggestions import encode
from tests.web.pages import send, visit
from tests.web.test_case_pages import GOOD, agree, approve, propose, town  # noqa: F401 – a fixture
from webapp import fit_text

QUOTE = "形のふぞろいな野菜を毎週20kgほどお渡しできます。"


@pytest.fixture
def ready(town):  # noqa: F811
    """The town with its texts encoded."""
    encode(town.records, NOW, WordsOnly())
    return town


def test_a_case_without_a_card_shows_its_reasons_to_all_three(ready):
    propose(ready)
    for browser, said in (
        (ready.firm, "団体が求める「食品」を、貴社が提供できます。"),
        (ready.group, "貴団体が求める「食品」を、企業が提供できます。"),
        (ready.desk, "団体が求める「食品」を、企業が提供できます。"),
    ):
        page = visit(browser, ready.url)
        assert "案件が始まったとき" in page.text
        for words in ("適合度", said, QUOTE, "適合度の内訳"):
            assert words in page.text
        assert "直接始まりました" not in page.text


def test_before_it_decides_the_city_reads_them_as_they_stand_now_beside_the_beginning(ready):
    agree(ready)
    with ready.records.write() as session:
        need = session.scalars(select(Need).where(Need.id == ready.need.id)).one()
        need.situation, need.support_type = "会計のことで困っています。", "space"
        findable.touch(session, need)
    encode(ready.records, NOW, WordsOnly())
    for path in (ready.url, *(f"{ready.url}/{act}" for act in ("approve", "return", "refuse"))):
        page = visit(ready.desk, path)
        for words in (
            "いま", "始まったときとの違い", "適合度：", "団体の文章が書き直されました",
            "なくなった点：○ 団体が求める「食品」を、企業が提供できます。",
            "加わった点：× 団体の希望は", "案件が始まったとき",
        ):  # fmt: skip
            assert words in page.text, (path, words)
    assert "始まったときとの違い" not in visit(ready.group, ready.url).text


def test_after_the_decision_both_moments_stand_and_only_the_city_reads_the_second(ready):
    agree(ready)
    approve(ready)
    assert "市の決定のとき：承認しました" in visit(ready.desk, ready.url).text
    for browser in (ready.firm, ready.group):
        page = visit(browser, ready.url)
        assert "案件が始まったとき" in page.text
        assert "市の決定のとき" not in page.text
    with ready.records.read() as session:
        bundle = session.scalars(select(DecisionBundle)).one()
        numbers = session.scalars(select(CaseFit.public_id)).all()
    frozen = visit(ready.desk, f"{ready.url}/decisions/{bundle.public_id}")
    for words in ("案件が始まったとき", "市の決定のとき：承認しました", QUOTE, *numbers):
        assert words in frozen.text


def test_what_was_not_encoded_is_said_to_whoever_reads_the_case(town):  # noqa: F811
    agree(town)
    page = visit(town.desk, f"{town.url}/approve")
    assert "適合度と理由は計算していません" in page.text
    send(town.desk, page, GOOD, action="/approve")
    encode(town.records, NOW, WordsOnly())
    assert "あとから計算し直すことはありません" in visit(town.desk, town.url).text


def test_a_case_of_before_says_that_nothing_was_kept(ready):
    propose(ready)
    with ready.records.write() as session:
        session.delete(session.scalars(select(CaseFit)).one())
    assert "記録を始める前の案件です" in visit(ready.desk, ready.url).text


def test_the_paper_of_a_case_says_them_and_blackens_money_in_them(ready, app):
    propose(ready)
    with ready.records.write() as session:
        kept = session.scalars(select(CaseFit)).one()
        kept.reasons = [
            {"code": "quantity", "mark": "△", "says": "quantity_part", "offered": 30_000, "needed": 50_000,
             "unit": "円"},
        ]  # fmt: skip
        case = case_reads.get_case(session, actor_for(ready.users["desk"]), ready.case().public_id)
        whole = [disclosure.gather(session, actor_for(ready.users["desk"]), case, masks, NOW)
                 for masks in ((), ("money",))]  # fmt: skip
    with app.test_request_context():
        open_, black = ("\n".join(words for _n, words in fit_text.rows(one["fits"][0])) for one in whole)
    assert "提供できる量（30,000円）は、希望（50,000円）の一部です" in open_
    assert "30,000" not in black
    assert "50,000" not in black
    assert "■■■" in black
