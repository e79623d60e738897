"""What a resident sees of a published partnership: the story, its picture for sharing, its poster."""

import hashlib
import io
import re
from datetime import timedelta

import pytest
from PIL import Image
from pypdf import PdfReader
from sqlalchemy import func, select

from matcher.cases import reads as case_reads
from matcher.ground import limits, vocabulary
from matcher.records import CaseDocument, Job, Organization, PublicComment
from tests.web.pages import send, visit
from tests.web.test_published_page import publish
from tests.web.test_published_page import town as _town
from webapp import sharing

town = _town  # the fixture
EMOJI = "🍚👨‍👩‍👧‍👦"
LONG = f"髙﨑さんちの夕ごはん{EMOJI}「𠮷野家」と〈つじ〉辻󠄀の会、毎月つづける規格外野菜と惣菜の食卓づくりをみんなで"


def rewrite(records, **facts):
    """The frozen text of the page, as some other partnership would have it."""
    with records.write() as session:
        page = session.scalars(
            select(CaseDocument).where(CaseDocument.kind == "publication", CaseDocument.state == "agreed")
        ).one()
        page.content = {**page.content, "view": {**page.content["view"], **facts}}


def indicator(number, **facts):
    return {
        "name": f"{number}：" + "子どもが大人とゆっくり話せた回数の平均"[: limits.TITLE], "definition": "数えた数。",
        "unit": "人", "direction": "up", "kind": "outcome", "baseline": 38, "target": 50, "is_retired": False,
        "points": [{"on": f"2026-{month:02d}-21", "value": 40 + month, "breakdown": {}} for month in range(4, 12)],
    } | facts  # fmt: skip


def everything(records, **facts):
    """The longest of all."""
    voice = {"beneficiary": "children", "text": "「おかわり」の声が増えた。" * 30, "people": 24}
    rewrite(
        records,
        title=LONG[: limits.TITLE], summary="惣菜が夕食会に月2回届いています。" * 20,
        company="株式会社" + "長" * 36, npo="特定非営利活動法人" + "永" * 31,
        indicators=[indicator(number) for number in range(5)], voices=[voice, voice], setbacks="届かなかった。" * 40,
        **facts,
    )  # fmt: skip


def of(html, name):
    """The contents of a meta element."""
    found = re.search(rf'<meta (?:property|name)="{name}" content="([^"]*)"', html)
    return found and found[1]


def test_the_result_stands_first_in_words_and_what_failed_is_not_folded_away(town):
    partners, records, browsers = town
    address = publish(partners, records, *vocabulary.PUBLIC_FIELDS)
    rewrite(records, indicators=[indicator(1)], fields=["13"], support_type="food")
    page = visit(browsers["resident"], address)
    open_part = re.sub(r"<details.*?</details>", "", page.html, flags=re.DOTALL)
    words = re.sub(r"<[^>]+>", "", open_part)
    for said in (
        "はじめの38人から、令和8年11月には51人になりました。",
        "目標の50人に届きました。",
        "うまくいかなかったこと",
    ):
        assert said in words, said
    order = [open_part.index(mark) for mark in ("story-picture", "story-result", "story-summary", "story-hands", "story-dots", "story-setbacks", "say-bar", 'id="say"')]  # fmt: skip
    assert order == sorted(order)
    assert "scenes/children.svg" in open_part
    assert "<table" not in open_part, "figures and tables are folded"
    assert page.html.count("<table") >= 5
    assert page.href("感想・意見を送る") == "#say"


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({"points": [{"on": "2026-05-01", "value": 30, "breakdown": {}}]}, "望んだ向きとは逆に動きました。目標は50人です。"),
        ({"points": [{"on": "2026-05-01", "value": 38, "breakdown": {}}]}, "はじめの38人から変わらず、"),
        ({"points": [{"on": "2026-05-01", "value": 47, "breakdown": {}}]}, "目標の50人まで、あと3人です。"),
        ({"unit": "%", "points": [{"on": "2026-05-01", "value": 47.5, "breakdown": {}}]}, "あと2.5ポイントです。"),
        ({"kind": "output", "baseline": 0}, "は、令和8年11月に51人でした。"),
    ],
)  # fmt: skip
def test_it_is_said_as_plainly_where_it_did_not_go_well(town, facts, said):
    partners, records, browsers = town
    address = publish(partners, records, "indicators")
    rewrite(records, indicators=[indicator(1, **facts)])
    assert said in visit(browsers["resident"], address).text


@pytest.mark.parametrize("shape", ["smallest", "longest"])
def test_the_smallest_and_the_longest_text_make_a_page_a_picture_and_one_sheet(town, shape):
    partners, records, browsers = town
    address = publish(partners, records, *([] if shape == "smallest" else vocabulary.PUBLIC_FIELDS))
    if shape == "longest":
        everything(records)
    page = visit(browsers["resident"], address)
    assert ("story-figure" in page.html) == (shape == "longest")
    assert page.html.count("<svg") == (5 + 1 if shape == "longest" else 0), (
        "a chart each, and the logic model"
    )
    picture = browsers["resident"].get(f"{address}/picture.png")
    assert (picture.status_code, picture.mimetype) == (200, "image/png")
    assert Image.open(io.BytesIO(picture.data)).size == (sharing.WIDTH, sharing.HEIGHT)
    assert len(picture.data) < 150_000
    poster = browsers["resident"].get(f"{address}/poster.pdf")
    assert poster.mimetype == "application/pdf"
    assert partners.case.number not in poster.headers["Content-Disposition"], (
        "no number that the page does not say"
    )
    sheets = PdfReader(io.BytesIO(poster.data)).pages
    assert len(sheets) == 1
    text = "".join(sheets[0].extract_text().split())
    assert f"{address.rpartition('/')[2]}" in text
    assert "感想をお寄せください" in text
    if shape == "longest":
        assert "目標の50人に届きました" in text
        assert "永永。" not in text
        assert "長" * 36 in text, "no name is cut"


def test_who_is_to_agree_to_a_page_sees_all_of_it_unfolded(town):
    partners, records, browsers = town
    publish(partners, records, *vocabulary.PUBLIC_FIELDS)
    page = visit(browsers["npo"], f"/cases/{partners.case.public_id}/publication")
    preview = page.html[page.html.index('id="preview"') :]
    assert preview.count("<details") == preview.count('story-fold" open') >= 5
    assert "css/story.css" in page.html


def test_a_picture_says_how_large_it_is_and_its_drawing_is_no_riddle_for_listeners(town):
    partners, records, browsers = town
    address = publish(partners, records, "indicators")
    for path in (address, "/", "/partnerships"):
        html = visit(browsers["resident"], path).html
        pictures = re.findall(r"<img\b[^>]*>", html)
        assert len(pictures) >= 2
        for one in pictures:
            assert re.search(r'\bwidth="\d+"', one), one
            assert re.search(r'\bheight="\d+"', one), one
            assert re.search(r'\balt="', one), one


def test_what_is_shared_carries_title_words_and_a_whole_address(town):
    partners, records, browsers = town
    address = publish(partners, records, "purpose")
    rewrite(records, title='「いただきます」<b>&"', summary="一行目\n二行目" + "あ" * 200)
    page = visit(browsers["resident"], address)
    assert of(page.html, "og:title") == "「いただきます」&lt;b&gt;&amp;&#34;"
    assert of(page.html, "og:description").startswith("一行目 二行目")
    assert of(page.html, "og:description").endswith("…")
    assert of(page.html, "description") == of(page.html, "og:description")
    assert of(page.html, "og:image").startswith("http")
    assert of(page.html, "og:image").endswith(f"{address}/picture.png")
    assert of(page.html, "og:url").endswith(address)
    assert of(page.html, "twitter:card") == "summary_large_image"
    assert of(visit(browsers["resident"], "/").html, "og:title").endswith("縁むすび")


def test_a_withdrawn_story_has_no_page_no_picture_and_no_poster_any_more(town):
    partners, records, browsers = town
    address = publish(partners, records, "purpose")
    paths = [address, f"{address}/picture.png", f"{address}/poster.pdf"]
    assert [browsers["resident"].get(path).status_code for path in paths] == [200, 200, 200]
    paper = f"/cases/{partners.case.public_id}/papers/poster.pdf"
    assert browsers["npo"].get(paper).status_code == 200
    form = visit(browsers["npo"], f"/cases/{partners.case.public_id}/do/unpublish")
    send(
        browsers["npo"],
        form,
        {"reason_code": next(iter(vocabulary.PUBLISH_REFUSALS)), "reason_text": "取り下げる。"},
        action="/unpublish",
    )
    assert [browsers["resident"].get(path).status_code for path in paths] == [404, 404, 404]
    assert browsers["npo"].get(paper).status_code == 404
    assert "poster.pdf" not in visit(browsers["npo"], f"/cases/{partners.case.public_id}/files").html


def test_what_was_published_stays_letter_by_letter_when_a_party_is_renamed(town):
    partners, records, browsers = town
    address = publish(partners, records, *vocabulary.PUBLIC_FIELDS)

    def shown():
        page = re.sub(r'(?s)<form.*?</form>|nonce="[^"]*"', "", visit(browsers["resident"], address).html)
        picture = browsers["resident"].get(f"{address}/picture.png").data
        return page.split("<main")[1], hashlib.sha256(picture).hexdigest()

    before = shown()
    with records.write() as session:
        for organization in session.scalars(select(Organization)):
            organization.name = f"改名{organization.id}"
    assert shown() == before


def test_they_are_made_once_and_stand_in_nobodys_line(town):
    partners, records, browsers = town
    address = publish(partners, records, "purpose")
    folder = browsers["resident"].application.config["SETTINGS"].papers_folder
    for _again in range(2):
        for path in ("picture.png", "poster.pdf"):
            browsers["resident"].get(f"{address}/{path}")
        assert sorted(one.suffix for one in folder.iterdir()) == [".pdf", ".png"]
    with records.read() as session:
        assert session.scalar(select(func.count()).select_from(Job)) == 0


def test_while_another_is_made_a_service_is_told_when_to_come_and_a_person_waits_on_a_page(town, monkeypatch):
    from webapp import prints

    partners, records, browsers = town
    address = publish(partners, records, "purpose")
    assert prints._seat.acquire(blocking=False)
    try:
        picture = browsers["resident"].get(f"{address}/picture.png")
        poster = browsers["resident"].get(f"{address}/poster.pdf")
    finally:
        prints._seat.release()
    assert (picture.status_code, picture.headers["Retry-After"], picture.data) == (503, "3", b"")
    assert (poster.status_code, poster.headers["Refresh"]) == (202, "3")
    assert browsers["resident"].get(f"{address}/picture.png").status_code == 200


def test_a_hundred_voices_keep_the_page_short_and_the_next_fifty_are_a_page_away(town):
    partners, records, browsers = town
    address = publish(partners, records, "purpose")
    assert "掲載している声は、まだありません。" in visit(browsers["resident"], address).text
    with records.write() as session:
        case = case_reads.get_case(session, partners.coordinator, partners.case.public_id)
        for number in range(100):
            at = partners.at + timedelta(minutes=number)
            session.add(
                PublicComment(
                    partnership_id=case.id, text=f"声{number:03d}。" + "あ" * 300, written_at=at, state="shown",
                    answer="お答えします。", answer_reason="決まりのため。", answered_at=at,
                )
            )  # fmt: skip
    page = visit(browsers["resident"], address)
    open_part = re.sub(r"<details.*?</details>", "", page.html, flags=re.DOTALL)
    assert re.findall(r"声(\d{3})。", open_part) == ["099", "098"]
    assert len(re.findall(r"声(\d{3})。", page.html)) == 50
    assert "ほかの声を読む 48件" in page.text
    second = visit(browsers["resident"], f"{address}?page=2")
    assert '<details class="details story-fold" open>' in second.html


def test_a_page_and_all_that_it_loads_weigh_little(town):
    partners, records, browsers = town
    address = publish(partners, records, *vocabulary.PUBLIC_FIELDS)
    everything(records)
    for path, most in ((address, 420_000), ("/", 400_000)):
        html = visit(browsers["resident"], path).html
        parts = set(re.findall(r'(?:href|src)="(/static/[^"]+)"', html))
        drawings = [part for part in parts if ".svg" in part]
        weight = len(html.encode()) + sum(len(browsers["resident"].get(part).data) for part in parts)
        assert weight < most, (path, weight)
        assert sum(len(browsers["resident"].get(part).data) for part in drawings) < 40_000


def test_the_poster_stands_among_the_papers_of_a_published_case(town):
    partners, records, browsers = town
    publish(partners, records, "purpose")
    page = visit(browsers["company"], f"/cases/{partners.case.public_id}/files")
    assert page.href("掲示用のポスター（PDF）").endswith("/papers/poster.pdf")
