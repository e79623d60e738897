"""One search in the head: everybody finds what they may see, by words, kana and numbers, and nothing else."""

from datetime import timedelta
from typing import NamedTuple

import pytest
from flask.testing import FlaskClient

from matcher.ground.db import Database
from matcher.records import Partnership, User
from matcher.register import folding
from tests.conftest import NOW
from tests.factories import make_company, make_coordinator, make_need, make_npo, make_offer, make_user
from tests.web.conftest import login_as
from tests.web.pages import visit


class Town(NamedTuple):
    """Two on each side, with a case between the first two, a draft, and a need for members only."""

    company: User
    npo: User
    other: User
    staff: User
    new: User


@pytest.fixture
def town(records: Database) -> Town:
    with records.write() as session:
        npo, others = make_npo(session, name="朝顔の会"), make_npo(session, name="夕顔の会")
        company = make_company(session, name="株式会社朝顔堂")
        new = make_company(session, name="新しい会社", state="draft", verified_at=None)
        for body in (npo, others, company, new):
            body.search_text = folding.text_of_organization(body)
        needs = [
            make_need(session, npo, title="朝顔の苗がほしい", number="N-2026-0012", visibility="public"),
            make_need(
                session, npo, title="朝顔の鉢（会員だけに）", number="N-2026-0013", visibility="members"
            ),
            make_need(session, others, title="朝顔の下書き", number="N-2026-0014", state="draft"),
        ]
        offer = make_offer(session, company, title="朝顔の種を分けます", number="T-2026-0007")
        for posting in (*needs, offer):
            posting.search_text = folding.text_of_posting(posting)
        staff, asker = make_coordinator(session), make_user(session, company)
        case = Partnership(
            number="E-2026-0003", company_id=company.id, npo_id=npo.id, need_id=needs[0].id, state="introduced",
            origin="company", created_at=NOW, moved_at=NOW - timedelta(days=1), support_type="goods_new", started_by_id=asker.id,
        )  # fmt: skip
        session.add(case)
        session.flush()
        return Town(
            asker, make_user(session, npo), make_user(session, others), staff, make_user(session, new),
        )  # fmt: skip


def found(client: FlaskClient, words: str) -> set[str]:
    """The titles of what was found."""
    page = visit(client, f"/search?q={words}")
    return {
        text.split("\n")[0].strip() for text, url in page.links if f'class="hit" href="{url}"' in page.html
    }


def titles(client: FlaskClient, words: str) -> str:
    return " | ".join(sorted(found(client, words)))


def test_a_resident_finds_public_needs_only(client: FlaskClient, town: Town) -> None:
    seen = titles(client, "朝顔")
    assert "朝顔の苗がほしい" in seen
    assert not any(word in seen for word in ("鉢", "下書き", "種", "E-2026"))


def test_a_company_finds_its_case_its_offer_and_what_npos_show(client: FlaskClient, town: Town) -> None:
    seen = titles(login_as(client, town.company), "朝顔")
    assert all(word in seen for word in ("E-2026-0003", "朝顔の種", "朝顔の苗", "朝顔の鉢", "朝顔の会"))
    assert "下書き" not in seen


def test_an_npo_finds_its_own_needs_and_the_offers(client: FlaskClient, town: Town) -> None:
    seen = titles(login_as(client, town.npo), "朝顔")
    assert all(word in seen for word in ("E-2026-0003", "朝顔の苗", "朝顔の鉢", "朝顔の種", "株式会社朝顔堂"))


def test_another_npo_finds_its_draft_and_not_the_case_of_others(client: FlaskClient, town: Town) -> None:
    seen = titles(login_as(client, town.other), "朝顔")
    assert "朝顔の下書き" in seen
    assert not any(word in seen for word in ("E-2026", "朝顔の苗", "朝顔の鉢"))


def test_who_is_not_verified_finds_nothing_of_others(client: FlaskClient, town: Town) -> None:
    assert titles(login_as(client, town.new), "朝顔") == ""


def test_the_city_finds_all_of_it(client: FlaskClient, town: Town) -> None:
    seen = titles(login_as(client, town.staff), "朝顔")
    words = ("E-2026-0003", "朝顔の苗", "朝顔の鉢", "朝顔の下書き", "朝顔の種", "朝顔の会", "株式会社朝顔堂")
    assert all(word in seen for word in words)


@pytest.mark.parametrize("typed", ["E-2026-0003", "ｅ２０２６－３", "e2026-3", "E‐2026‐03"])
def test_a_number_is_found_as_people_write_it(client: FlaskClient, town: Town, typed: str) -> None:
    assert "E-2026-0003" in titles(login_as(client, town.staff), typed)
    assert "E-2026-0003" not in titles(login_as(client, town.other), typed)


@pytest.mark.parametrize("typed", ["", "の に を", "%", "_", "x" * 500, "\x00", "E-2026-99999"])
def test_what_finds_nothing_says_so(client: FlaskClient, town: Town, typed: str) -> None:
    login_as(client, town.staff)
    assert titles(client, typed) == ""
    if typed.strip("\x00") and len(typed) < 120:
        assert "見つかりませんでした" in visit(client, f"/search?q={typed}").text


def test_every_page_has_the_search_in_its_head(client: FlaskClient, town: Town) -> None:
    for path in ("/", "/needs", "/about"):
        assert visit(client, path).form(action="/search").fields == ["q"]
    login_as(client, town.staff)
    page = visit(client, "/desk")
    assert page.form(action="/search").method == "get"
