"""Whole journeys in a real browser: from a need to an introduction, by keyboard alone, and without JavaScript."""

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from sqlalchemy import delete, select, update

from matcher.alerts import digests
from matcher.people.signing_in import demo_user
from matcher.records import Hit, Mail, Notice, Organization, SavedSearch, User
from tests.browser.conftest import Demo, Visitor, served
from webapp import Settings, alert_text, clock

Visitors = Callable[..., Visitor]

NEED = {
    "title": "冷凍のおかずを受け取れる団体です（見守り弁当）",
    "situation": "一人暮らしの方へ月に二度、冷凍惣菜を温めて届けています。納品期限切れの冷凍惣菜やレトルト食品があれば助かります。",
    "wanted_change": "届ける回数を月四回に増やせます。",
}


@pytest.fixture
def demo(demo_template: Settings, tmp_path: Path) -> Iterator[Demo]:
    """A city for each journey: of an NPO only one need stands in a list, and another journey's might."""
    with served(demo_template, tmp_path) as running:
        yield running


def fill_need(person: Visitor, title: str = NEED["title"]) -> str:
    """Write the need through the five pages and send it; returns the receipt number."""
    page = person.page
    person.go("/npo/needs")
    person.press(page.get_by_role("button", name="ニーズを書く"))
    for name, text in (NEED | {"title": title}).items():
        page.locator(f'[name="{name}"]').fill(text)
    person.press(page.get_by_role("button", name="保存して次へ"))
    page.locator('[name="support_type"]').select_option("food")
    page.locator('[name="quantity"]').fill("１０")
    page.locator('[name="unit"]').select_option("箱")
    person.press(page.get_by_role("button", name="保存して次へ"))
    page.locator('[name="period_from"]').fill("2027-01-05")
    page.locator('[name="period_to"]').fill("2027-10-31")
    person.tick("areas", "citywide")
    page.locator('[name="valid_until"]').fill("2027-06-30")
    person.press(page.get_by_role("button", name="保存して次へ"))
    person.tick("fields", "1")
    person.tick("beneficiaries", "elderly_alone")
    page.locator('[name="safety_contact"][value="no"]').check()
    person.press(page.get_by_role("button", name="保存して次へ"))
    page.locator('[name="if_unmet"]').fill("月二度のまま続けます。")
    page.locator('[name="contact_name"]').fill("髙橋 久美")
    person.press(page.get_by_role("button", name="保存して確認へ"))
    person.press(page.get_by_role("button", name="市に送る"))
    found = re.search(r"N-\d{4}-\d{4}", page.inner_text("main"))
    assert found, page.inner_text("main")
    return found[0]


def path_of(person: Visitor) -> str:
    """The path of the page that the person sees."""
    return urlsplit(person.page.url).path


def test_from_a_need_to_an_introduction(visitor: Visitors, demo: Demo):
    """団体 → 市 → 企業 → 団体 → 市: the main job of the service, each in a browser of their own."""
    director = visitor("npo", width=375)
    number = fill_need(director)
    assert director.faults() == []

    coordinator = visitor("coordinator")
    coordinator.go("/desk/needs")
    coordinator.press(coordinator.page.get_by_role("link", name=NEED["title"]))
    assert number in coordinator.page.inner_text("main")
    coordinator.page.locator("summary", has_text="公開する").first.click()
    coordinator.press(coordinator.page.get_by_role("button", name="公開する", exact=True))
    demo.work()

    officer = visitor("company")
    officer.go("/company/suggestions")
    assert NEED["title"] in officer.page.inner_text("main")
    card = officer.page.locator("article.suggestion").filter(has_text=NEED["title"]).first
    assert card.locator(".strip").count() == 1
    officer.press(card.get_by_role("link", name="話を聞いてみたい"))
    officer.page.locator('[name="message"]').fill("冷凍惣菜を月に10箱お渡しできます。")
    officer.press(officer.page.get_by_role("button", name="確認画面へ進む"))
    officer.press(officer.page.get_by_role("button", name="この内容で送る"))
    assert re.search(r"E-\d{4}-\d{4}", officer.page.inner_text("main"))
    case = re.sub(r"/sent$", "", path_of(officer))
    assert officer.faults() == []

    director.go(case)
    assert "sustainability@shioka-foods.example" not in director.page.content()
    director.go(f"{case}/accept")
    director.press(director.page.locator("main form button[type=submit], main form button").last)
    director.go(case)
    assert "市" in director.page.inner_text("main")

    coordinator.go(f"{case}/approve")
    page = coordinator.page
    page.locator('[name="conflict"]').first.wait_for()
    page.locator('[name="conflict"][value="no"]').check()
    page.locator('[name="city_involved"][value="no"]').check()
    page.locator("#approve-text").fill("量と時期が合い、費用の負担はない。")
    coordinator.press(page.get_by_role("button", name="承認する", exact=True))
    assert path_of(coordinator) != case  # the next that waits
    assert coordinator.faults() == []

    director.go(case)
    assert "sustainability@shioka-foods.example" in director.page.content()
    assert director.faults() == []


def test_the_company_passes_by_keyboard_alone(visitor: Visitors):
    """Tab, space and Enter only; the focus is always to be seen."""
    officer = visitor("company")
    officer.go("/company/suggestions")
    headline = officer.page.locator("main article h2").first.inner_text()
    press, page = officer.page.keyboard.press, officer.page
    press("Tab")
    assert page.evaluate("document.activeElement.textContent").strip().startswith("本文")
    press("Enter")
    _tab_to(officer, "見送る")
    press("Enter")
    page.wait_for_url("**/pass")
    _tab_to(officer, "", kind="radio")
    press("Space")
    _tab_to(officer, "見送る", kind="submit")
    press("Enter")
    page.wait_for_url("**/company/suggestions")
    assert headline not in page.inner_text("main")
    assert officer.faults() == []


def _tab_to(person: Visitor, text: str, kind: str = "", limit: int = 80) -> None:
    """Press Tab until an element with this text (or input of this type) has the focus, visibly."""
    for _ in range(limit):
        person.page.keyboard.press("Tab")
        found = person.page.evaluate(
            """() => { const e = document.activeElement, s = getComputedStyle(e);
            return {text: e.textContent.trim(), type: e.type || '',
            seen: s.outlineStyle !== 'none' || s.boxShadow !== 'none'}; }"""
        )
        assert found["seen"], found
        if found["text"].startswith(text) and (not kind or found["type"] == kind):
            return
    pytest.fail(f"expected {text or kind!r} within {limit} tabs")


def test_a_need_is_written_without_javascript(visitor: Visitors):
    director = visitor("npo", javascript=False)
    assert fill_need(director, "冷凍のおかずを運ぶ人も探しています").startswith("N-")


def test_markup_that_people_type_is_shown_as_text(visitor: Visitors):
    payload = "<img src=x onerror=alert(1)><script>alert(2)</script>"
    director = visitor("npo")
    director.go("/npo/needs")
    director.press(director.page.get_by_role("button", name="ニーズを書く"))
    director.page.locator('[name="title"]').fill(payload)
    director.page.locator('[name="situation"]').fill(payload)
    director.press(director.page.get_by_role("button", name="下書きに保存して終わる"))
    assert payload in director.page.inner_text("h1")
    assert director.page.locator("main img, main script").count() == 0
    director.go("/npo/needs")
    assert payload in director.page.inner_text("main")
    assert director.faults() == []


def test_who_asks_for_a_paper_sees_at_once_that_it_is_being_made(visitor: Visitors):
    official = visitor("coordinator")
    official.go("/desk/handover")
    page = official.page
    page.route("**/desk/handover.pdf*", lambda route: route.fulfill(status=204))  # the page stays
    link = page.get_by_role("link", name="事務引継書（PDF）")
    link.click(no_wait_after=True)
    sign = page.get_by_role("status").filter(has_text="作成しています")
    sign.wait_for(state="visible", timeout=1_000)
    assert link.get_attribute("aria-busy") == "true"
    sign.wait_for(state="detached", timeout=6_000)
    assert link.get_attribute("aria-busy") is None
    assert official.faults() == []


def told(demo: Demo, email: str) -> list[str]:
    """The titles in the digests that are in the outbox for somebody, mail by mail."""
    with demo.database.read() as session:
        mails = session.scalars(
            select(Mail).where(Mail.to == email, Mail.code == "fits_digest").order_by(Mail.id)
        )
        return [one["title"] for mail in mails for one in mail.facts["listed"]]


def publish(visitor: Visitors, demo: Demo, title: str) -> None:
    """An NPO writes the need, the city publishes it, and the worker does what is due."""
    fill_need(visitor("npo"), title)
    coordinator = visitor("coordinator")
    coordinator.go("/desk/needs")
    coordinator.press(coordinator.page.get_by_role("link", name=title))
    coordinator.page.locator("summary", has_text="公開する").first.click()
    coordinator.press(coordinator.page.get_by_role("button", name="公開する", exact=True))
    demo.work()


def test_a_published_need_reaches_the_fitting_company_once_and_a_withdrawn_one_does_not(
    visitor: Visitors, demo: Demo
):
    """On the screen at once, by mail in the chosen rhythm; withdrawn before that, in no mail."""
    demo.work()
    with demo.database.write() as session:
        email = demo_user(session, "company").email
        # What the demo city has published lately is told and seen before this begins.
        session.execute(delete(Notice).where(Notice.code == "fits_found"))
        session.execute(update(Hit).values(mailed_at=clock.now(), seen_at=clock.now()))
    officer = visitor("company", width=375)
    officer.go("/account/alerts")
    officer.page.locator('[name="bar"][value="middle"]').check()
    officer.page.locator('[name="rhythm"][value="daily"]').check()
    officer.press(officer.page.get_by_role("button", name="変更を保存する"))
    staying, going = "冷凍のおかずを月に十箱ほしい", "冷凍のおかずを倉庫に置きたい"
    publish(visitor, demo, staying)
    publish(visitor, demo, going)
    officer.go("/notices")
    assert "新しく合うニーズが2件あります" in officer.page.inner_text("main")
    heard = officer.page.locator(".inbox-group").filter(has_text="新しく合うニーズが2件")
    heard.locator("summary").first.click()
    officer.press(heard.get_by_role("link", name=re.compile("詳しく見る")))
    assert path_of(officer) == "/fits"
    assert officer.faults() == []
    said = officer.page.inner_text("main")
    assert staying in said
    assert going in said

    director = visitor("npo")
    director.go("/npo/needs")
    director.press(director.page.get_by_role("link", name=going))
    director.press(director.page.get_by_role("link", name="取り下げる…"))
    director.page.locator('[name="reason_code"]').first.check()
    director.page.locator('[name="reason_text"]').fill("ほかで足りました。")
    director.press(director.page.locator("main form button").last)
    assert told(demo, email) == []
    for day in (1, 2):
        with demo.database.write() as session:
            digests.make(session, clock.now() + timedelta(days=day))
    assert told(demo, email) == [staying]
    officer.go("/fits")
    assert going not in officer.page.inner_text("main")


def test_conditions_are_saved_and_a_digest_is_stopped_on_a_phone(visitor: Visitors, demo: Demo):
    """The pages that are reached from a list with conditions, or from a mail."""
    officer = visitor("company", width=375)
    officer.go("/company/needs?support_type=food&area=citywide")
    officer.press(officer.page.get_by_role("link", name=re.compile("^この条件を保存する")))
    assert officer.faults() == []
    officer.press(officer.page.get_by_role("button", name="保存する"))
    assert path_of(officer) == "/account/alerts"
    assert officer.faults() == []
    officer.press(officer.page.get_by_role("link", name="名前を変える").first)
    assert officer.faults() == []
    with demo.database.read() as session:
        kept = session.scalars(select(SavedSearch).order_by(SavedSearch.id.desc())).first()
        assert kept is not None
        person, body = (
            session.get_one(User, kept.user_id),
            session.get_one(Organization, kept.organization_id),
        )
        stop = alert_text.Stop(person.public_id, body.public_id, kept.public_id)
    reader = visitor(width=375)
    reader.go(f"/alerts/stop/{alert_text.token(demo.settings.secret_key, stop)}")
    assert reader.faults() == []
    reader.press(reader.page.get_by_role("button", name="止める"))
    assert "止めました" in reader.page.inner_text("h1")
    assert reader.faults() == []
    officer.go("/account/alerts")
    assert officer.page.get_by_text("停止中").count() == 1
