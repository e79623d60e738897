"""The bench of the city in a real browser: three decisions in a row, by mouse, thumb and keyboard, whatever the names."""

from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page
from sqlalchemy import select, update

from matcher.records import Need, Organization, Partnership, PublicComment
from tests.browser.conftest import Demo, Visitor, served
from webapp import Settings

Visitors = Callable[..., Visitor]
SCREENS = ((1366, 768), (375, 812))


@pytest.fixture
def demo(demo_template: Settings, tmp_path: Path) -> Iterator[Demo]:
    """A city for each test: what is decided in one waits in another."""
    with served(demo_template, tmp_path) as running:
        yield running


def waiting(demo: Demo, state: str = "coordinator_review") -> list[str]:
    """Addresses of what waits, oldest first."""
    with demo.database.read() as session:
        query = select(Partnership.public_id).where(Partnership.state == state)
        return [f"/cases/{one}" for one in session.scalars(query.order_by(Partnership.moved_at))]


def path_of(page: Page) -> str:
    return urlsplit(page.url).path


def decide(person: Visitor, title: str, **typed: str) -> None:
    """Open one decision, fill it in, send it."""
    page = person.page
    act = page.locator("details.bench-act").filter(has=page.get_by_text(title, exact=True)).first
    if act.get_attribute("open") is None:
        act.locator("summary").click()
    for name, value in typed.items():
        control = act.locator(f'[name="{name}"]')
        if control.first.get_attribute("type") == "radio":
            act.locator(f'[name="{name}"][value="{value}"]').check()
        else:
            control.fill(value)
    person.press(act.locator("form > .actions button"))


def is_in_sight(page: Page, selector: str) -> bool:
    return bool(
        page.locator(selector).first.evaluate(
            "e => { const r = e.getBoundingClientRect(); return r.top >= 0 && r.bottom <= innerHeight; }"
        )
    )


@pytest.mark.parametrize("screen", SCREENS)
def test_three_cases_are_decided_in_a_row(visitor: Visitors, demo: Demo, screen: tuple[int, int]) -> None:
    first, second, third = waiting(demo)
    person = visitor("coordinator", width=screen[0])
    page = person.page
    page.set_viewport_size({"width": screen[0], "height": screen[1]})
    person.go(first)
    assert person.faults() == []
    decide(person, "承認する", conflict="no", city_involved="no", text="量と時期が合うため。")
    assert path_of(page) == second
    decide(person, "差し戻す", reason_code="conditions", reason_text="量を教えてください。")
    assert path_of(page) == third
    assert "ほかに0件" in page.inner_text("main")
    decide(
        person,
        "不承認とする",
        reason_code="scope",
        reason_text="対象外のためです。条件を改めれば申し出られます。",
    )
    assert path_of(page) == "/desk/cases"
    assert person.faults() == []
    assert waiting(demo) == []
    with demo.database.read() as session:
        ids = [one.rpartition("/")[2] for one in (first, second, third)]
        states = {
            one.public_id: one.state
            for one in session.scalars(select(Partnership).where(Partnership.public_id.in_(ids)))
        }
    assert [states[one] for one in ids] == ["introduced", "interest_both", "refused"]


def test_the_decision_stays_in_sight_on_a_desk(visitor: Visitors, demo: Demo) -> None:
    person = visitor("coordinator", width=1366)
    page = person.page
    page.set_viewport_size({"width": 1366, "height": 768})
    person.go(waiting(demo)[0])
    for summary in page.locator("details.fold > summary").all():
        summary.click()
    for share in (0, 0.5, 0.9):
        page.evaluate(
            "share => scrollTo(0, (document.querySelector('main').scrollHeight - innerHeight) * share)", share
        )
        assert is_in_sight(page, ".bench-act-primary > summary"), share
    page.evaluate("scrollTo(0, 0)")
    page.locator(".bench-act-primary > summary").click()
    assert page.locator("details.bench-act[open]").count() == 1
    page.locator(".bench-act-danger > summary").click()
    assert page.locator("details.bench-act[open]").count() == 1  # one at a time


def test_an_application_is_short_and_its_decisions_are_in_sight(visitor: Visitors, demo: Demo) -> None:
    with demo.database.read() as session:
        (first, *_rest) = session.scalars(
            select(Organization.public_id)
            .where(Organization.state == "submitted")
            .order_by(Organization.submitted_at)
        ).all()
    person = visitor("manager", width=1366)
    page = person.page
    page.set_viewport_size({"width": 1366, "height": 768})
    person.go(f"/desk/organizations/{first}")
    assert page.evaluate("document.querySelector('main').getBoundingClientRect().bottom") <= 1500
    for share in (0, 0.5, 0.9):
        page.evaluate("share => scrollTo(0, document.querySelector('main').scrollHeight * share)", share)
        assert is_in_sight(page, ".bench-foot > .bench-act > summary"), share
    page.evaluate("scrollTo(0, 0)")
    for question in page.locator(".bench-ask").all():
        question.locator('[value="yes"]').check()
    page.locator(".bench-foot > .bench-act-primary > summary").click()
    person.press(page.get_by_role("button", name="確認済みにする"))
    assert path_of(page).startswith("/desk/organizations/")
    assert first not in page.url
    assert person.faults() == []


def test_on_a_phone_the_way_to_the_decision_is_at_the_foot(visitor: Visitors, demo: Demo) -> None:
    person = visitor("coordinator", width=375)
    page = person.page
    page.set_viewport_size({"width": 375, "height": 812})
    person.go(waiting(demo)[0])
    assert is_in_sight(page, ".bench-bar a")
    page.locator(".bench-bar a").click()
    page.wait_for_function(
        "document.querySelector('#decision').getBoundingClientRect().top < innerHeight / 2"
    )
    assert is_in_sight(page, ".bench-act-primary > summary")


def test_by_keyboard_one_reads_then_decides_then_goes_on(visitor: Visitors, demo: Demo) -> None:
    person = visitor("coordinator", width=1366)
    page = person.page
    person.go(waiting(demo)[0])
    page.locator("#main").focus()
    places: list[str] = []
    for _step in range(40):
        page.keyboard.press("Tab")
        place = page.evaluate(
            """() => { const e = document.activeElement.closest('.bench-document, .bench-decision, .bench-queue');
            return e ? e.classList[0] : ''; }"""
        )
        if place and (not places or places[-1] != place):
            places.append(place)
        if page.evaluate("document.activeElement.matches('.bench-act-primary > summary')"):
            page.keyboard.press("Enter")
            assert page.locator(".bench-act-primary[open]").count() == 1
            page.keyboard.press("Tab")
            assert page.evaluate("document.activeElement.name") == "conflict"
    assert places == ["bench-document", "bench-decision", "bench-queue"]


def lengthen(demo: Demo) -> None:
    """The longest that people write."""
    with demo.database.write() as session:
        for one in session.scalars(select(Organization)):
            one.name = ("株式会社" if one.kind == "company" else "特定非営利活動法人") + "長" * 31
        session.execute(update(Need).values(title="長い件名" * 15, situation="長い文が続きます。" * 120))


@pytest.mark.parametrize("width", [320, 375, 768, 1366])
def test_long_names_wrap_and_nothing_overflows(visitor: Visitors, demo: Demo, width: int) -> None:
    lengthen(demo)
    person = visitor("coordinator", width=width)
    agreements = [f"{one}/do/confirm_agreement" for one in waiting(demo, "agreement_review")]
    assert agreements
    with demo.database.read() as session:
        applied = select(Organization.public_id).where(Organization.state == "submitted").limit(1)
        read = select(Need.public_id).where(Need.state == "in_review").limit(1)
        others = [f"/desk/organizations/{one}" for one in session.scalars(applied)]
        others += [f"/desk/needs/{one}" for one in session.scalars(read)]
        said = select(PublicComment.public_id).where(PublicComment.state == "waiting").limit(1)
        others += [f"/desk/comments/{one}" for one in session.scalars(said)]
    assert len(others) == 3
    for address in [*waiting(demo)[:2], *agreements, *others]:
        person.go(address)
        assert person.faults() == [], (width, address)
    person.go(f"{waiting(demo)[0]}/approve")
    assert person.faults() == [], width
    person.page.locator("details.bench-act[open] form > .actions button").click()
    person.page.wait_for_load_state("load")
    assert person.faults() == [], width
