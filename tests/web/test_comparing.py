"""Two or three candidates side by side: chosen on the cards of either side and of the desk, read in one table."""

import re

import pytest

from embeddings.encoder import WordsOnly
from matcher.records import Organization
from tests.conftest import NOW
from tests.factories import make_company, make_need, make_npo, make_offer, make_user
from tests.services.test_suggestions import encode
from tests.web.conftest import login_as
from tests.web.pages import visit
from tests.web.test_case_pages import Town, town  # noqa: F401 – a fixture


@pytest.fixture
def ready(town: Town) -> Town:  # noqa: F811
    """Four needs that fit the company, two companies that fit the need."""
    with town.records.write() as session:
        for place in range(3):
            npo = make_npo(session, name=f"野菜の会{place}")
            make_need(
                session, npo, title=f"野菜がほしい{place}", quantity=50 + place, min_useful=10, unit="kg"
            )
        other = make_company(session, name="となりの農園")
        make_offer(session, other, title="土の付いた野菜", conditions="箱は持参してください。")
    encode(town.records, NOW, WordsOnly())
    return town


def boxes(page) -> list[str]:
    """What can be chosen on the cards of a page, in order."""
    return [str(one["value"]) for one in page.inputs if one.get("name") == "one"]


def table(page) -> dict[str, list[str]]:
    """Heading of each line → its cells in words."""
    lines = re.findall(r'<tr>\s*<th scope="row">(.*?)</th>(.*?)</tr>', page.html, re.DOTALL)
    return {
        label: [
            re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", cell)).strip()
            for cell in re.findall(r"<td.*?>(.*?)</td>", cells, re.DOTALL)
        ]
        for label, cells in lines
    }


def compare(client, found, path="/suggestions/compare", status=200):
    return visit(client, path + "?" + "&".join(f"one={one}" for one in found), status)


def test_a_company_reads_its_suggestions_side_by_side(ready: Town) -> None:
    listed = visit(ready.firm, "/company/suggestions")
    assert listed.form(action="/suggestions/compare").buttons == ["選んだ相手を並べて比べる"]
    chosen = boxes(listed)[:2]
    page = compare(ready.firm, chosen)
    lines = table(page)
    assert lines["支援の種類"] == ["○ 合う 団体が求める「食品」を、貴社が提供できます。"] * 2
    assert {"件名", "適合度", "時期", "地域", "支援の内容", "期間", "進める"} <= set(lines)
    assert all(len(cells) == 2 for cells in lines.values())
    titles = [text for text, url in listed.links if re.fullmatch("/suggestions/[0-9a-f]{32}", url)]
    assert lines["件名"] == titles[:2]
    assert any("kg" in cell for cell in lines["最低これだけあれば助かる量"])
    assert page.href("一覧に戻る") == "/company/suggestions"
    acts = [url for text, url in page.links if text.startswith("話を聞いてみたい")]
    assert [url.split("suggestion=")[1].split("&")[0] for url in acts] == chosen


def test_a_card_says_what_its_day_is_and_that_there_is_more_than_what_to_check(ready: Town) -> None:
    asked, given = (
        visit(ready.firm, "/company/suggestions"),
        visit(ready.group, f"/npo/needs/{ready.need.public_id}/suggestions"),
    )
    for page, words, others in ((asked, "まで必要", "まで提供"), (given, "まで提供", "まで必要")):
        # A day alone among the facts of a call reads as the day on which it closes.
        days = re.findall(r"<li>([^<]*日まで[^<]*)</li>", page.html)
        assert days
        assert all(day.endswith(words) for day in days)
        assert others not in page.text
        said = set(re.findall(r'class="suggestion-narrow">([^<]+)<', page.html))
        assert said == {"詳しく"}
        assert "2つか3つ選べます。" in page.text


def test_one_is_too_few_and_a_fourth_is_left_out_aloud(ready: Town) -> None:
    chosen = boxes(visit(ready.firm, "/company/suggestions"))
    assert len(chosen) > 3
    for few in ([], chosen[:1], [chosen[0], chosen[0]]):
        page = compare(ready.firm, few)
        assert "相手を2つか3つ選んでください" in page.text
        assert page.href("一覧に戻る") == "/company/suggestions"
    page = compare(ready.firm, chosen)
    assert "先の3つを表示しています" in page.text
    assert len(table(page)["適合度"]) == 3
    assert "先の3つ" not in compare(ready.firm, chosen[:3]).text


def test_what_was_shown_to_others_is_not_found(ready: Town) -> None:
    own = boxes(visit(ready.firm, "/company/suggestions"))
    of_npo = boxes(visit(ready.group, f"/npo/needs/{ready.need.public_id}/suggestions"))
    compare(ready.group, [*of_npo, own[0]], status=404)
    compare(ready.firm, [own[0], "0" * 32], status=404)
    compare(ready.desk, own[:2], status=404)


def test_an_npo_reads_the_conditions_of_the_companies(ready: Town) -> None:
    chosen = boxes(visit(ready.group, f"/npo/needs/{ready.need.public_id}/suggestions"))[:2]
    page = compare(ready.group, chosen)
    assert "箱は持参してください。" in " ".join(table(page)["条件"])
    assert page.href("一覧に戻る") == f"/npo/needs/{ready.need.public_id}/suggestions"


def test_who_may_only_read_compares_and_is_offered_no_act(ready: Town, new_client) -> None:
    with ready.records.write() as session:
        company = session.get_one(Organization, ready.company.id)
        person = make_user(session, company, organization_role="viewer")
    reader = login_as(new_client(), person)
    page = compare(reader, boxes(visit(reader, "/company/suggestions"))[:2])
    assert len(table(page)["適合度"]) == 2
    assert "進める" not in table(page)


def test_the_city_compares_the_candidates_of_a_need_and_of_an_offer(ready: Town) -> None:
    for kind, posting, act in (("needs", ready.need, "company"), ("offers", ready.offer, "need")):
        listed = visit(ready.desk, f"/desk/{kind}/{posting.public_id}")
        path = f"/desk/{kind}/{posting.public_id}/candidates"
        assert listed.form(action=path).buttons == ["選んだ相手を並べて比べる"]
        page = compare(ready.desk, [*boxes(listed)[:2], "0" * 32], path)
        lines = table(page)
        assert [len(cells) for cells in (lines["適合度"], lines["進める"])] == [2, 2]
        assert page.href("一覧に戻る").endswith("#candidates")
        assert all(f"{act}=" in url for text, url in page.links if text.startswith("推薦する"))
        assert "相手を2つか3つ選んでください" in compare(ready.desk, [], path).text
        compare(ready.firm, boxes(listed)[:2], path, 404)


def test_those_that_nobody_saw_are_compared_each_with_its_own(ready: Town) -> None:
    page = visit(ready.desk, "/desk/unseen")
    bars = [one for one in page.forms if (one.action or "").endswith("/candidates")]
    assert len(bars) > 1
    assert len({one["form"] for one in page.inputs if one.get("name") == "one"}) == len(bars)
