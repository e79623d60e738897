"""Why somebody passed: the city reads it, as counts and one by one; nobody else does."""

import pytest
from sqlalchemy import select

from matcher.desk import passes
from matcher.ground.errors import NotPermitted
from matcher.records import Mark, Need, Organization
from tests.conftest import NOW
from tests.factories import actor_for, make_company, make_user
from tests.web.conftest import login_as
from tests.web.pages import send, visit
from tests.web.test_case_pages import Town, propose, town  # noqa: F401 – a fixture

SECRET = "冷凍の設備がないと聞いたため"


@pytest.fixture
def passed(town: Town) -> Town:  # noqa: F811
    """Three companies passed on the need, one of them with words; its NPO passed on one."""
    send(
        town.stranger,
        visit(town.stranger, f"/company/needs/{town.need.public_id}/pass"),
        {"reason_code": "capacity", "note": SECRET},
        action="/pass",
    )
    with town.records.write() as session:
        other = make_company(session, name="ほかの株式会社")
        person = make_user(session, other, name="ほか 次郎")
        rows = [
            (other.id, town.npo.id, town.need.id, "distance", ""),
            (town.npo.id, other.id, town.need.id, "distance", "遠いため"),
            (town.npo.id, other.id, 0, "policy", ""),
        ]
        for organization, target, need, code, note in rows:
            session.add(
                Mark(
                    organization_id=organization, target_id=target, need_id=need, kind="passed",
                    reason_code=code, note=note, marked_by_id=person.id, marked_at=NOW,
                )
            )  # fmt: skip
        session.add(
            Mark(
                organization_id=town.company.id, target_id=town.npo.id, need_id=town.need.id, kind="saved",
                marked_by_id=person.id, marked_at=NOW,
            )
        )  # fmt: skip
    return town


def test_the_city_reads_counts_and_words_on_the_page_of_the_need(passed: Town) -> None:
    page = visit(passed.desk, f"/desk/needs/{passed.need.public_id}")
    for words in (
        "場所が遠い 2件",
        "受け入れる体制がない 1件",
        SECRET,
        "よその株式会社",
        "遠いため",
        "ほか 次郎さん",
    ):
        assert words in page.text, words
    assert "方針に合わない" not in page.text


def test_and_on_the_pages_of_both_organizations(passed: Town) -> None:
    page = visit(passed.desk, f"/desk/organizations/{passed.npo.public_id}")
    on, _by, by = page.text.partition("こちらが見送ったもの")
    assert "場所が遠い 1件 受け入れる体制がない 1件" in on
    assert "場所が遠い 1件 方針に合わない 1件" in by
    with passed.records.read() as session:
        other = session.scalars(select(Organization).where(Organization.name == "よその株式会社")).one()
    page = visit(passed.desk, f"/desk/organizations/{other.public_id}")
    assert SECRET in page.text
    assert passed.need.title in page.text


def test_what_is_taken_back_is_gone(passed: Town) -> None:
    with passed.records.write() as session:
        for mark in session.scalars(select(Mark).where(Mark.note == SECRET)):
            session.delete(mark)
    assert SECRET not in visit(passed.desk, f"/desk/needs/{passed.need.public_id}").text


def test_no_member_reads_a_word_of_it(passed: Town) -> None:
    propose(passed)
    with passed.records.read() as session:
        needs = session.scalars(select(Need.public_id)).all()
        organizations = session.scalars(select(Organization.public_id)).all()
    paths = ["/", "/company", "/npo", "/cases", passed.url, "/company/needs", "/npo/needs", "/company/saved"]
    paths += [f"/organizations/{one}" for one in organizations]
    paths += [f"{place}/{one}{part}" for place in ("/company/needs", "/npo/needs", "/needs")
              for one in needs for part in ("", "/suggestions", "/compare", "/pass")]  # fmt: skip
    paths += [
        f"/desk/{kind}/{one}" for kind in ("needs", "organizations") for one in (*needs, *organizations)
    ]
    read = 0
    for name in ("firm", "group", "viewer", "stranger"):
        for path in paths:
            answer = passed.browsers[name].get(path)
            read += answer.status_code == 200
            assert "/desk" not in path or answer.status_code == 404
            if not path.endswith("/pass"):
                html = answer.get_data(as_text=True)
                assert SECRET not in html, (name, path)
                assert "場所が遠い" not in html, (name, path)
    assert read > 30


def test_nobody_else_may_ask_for_it(passed: Town) -> None:
    with passed.records.read() as session:
        for name, own in (("firm", passed.company), ("group", passed.npo)):
            actor = actor_for(passed.users[name], own)
            for ask, about in (
                (passes.of_need, passed.need), (passes.on_organization, own), (passes.by_organization, own),
            ):  # fmt: skip
                with pytest.raises(NotPermitted):
                    ask(session, actor, about)


def test_a_manager_reads_it_too(passed: Town) -> None:
    page = visit(login_as(passed.manager, passed.users["manager"]), f"/desk/needs/{passed.need.public_id}")
    assert SECRET in page.text
