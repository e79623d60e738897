"""What is typed survives a reload and a dropped connection, for whoever typed it and no longer than they are here."""

import json
from collections.abc import Callable

import pytest
from playwright.sync_api import Route

from tests.browser.conftest import Visitor

Visitors = Callable[..., Visitor]
TITLE, SITUATION = "冷凍のおかずを受け取れます", "月に二度、\n一人暮らしの方へ届けています。"
AGAIN = "入力の途中だった内容を戻しました。"
STORED = "Object.entries(sessionStorage).filter(([name]) => name.startsWith('typed:'))"


#: What is kept of the first form, unsealed with the key of the page.
UNSEALED = """async () => {
  const bytes = text => Uint8Array.from(atob(text), letter => letter.charCodeAt(0));
  const entry = JSON.parse(Object.entries(sessionStorage).find(([name]) => name.startsWith('typed:'))[1]);
  const key = await crypto.subtle.importKey('raw', bytes(document.body.dataset.key), 'AES-GCM', false, ['decrypt']);
  const plain = await crypto.subtle.decrypt({name: 'AES-GCM', iv: bytes(entry.iv)}, key, bytes(entry.sealed));
  return JSON.parse(new TextDecoder().decode(plain)); }"""


@pytest.fixture
def director(visitor: Visitors) -> Visitor:
    """An NPO's director, who leaves pages although something is typed there."""
    person = visitor("npo", width=375)
    person.page.remove_listener("dialog", person._dialog)
    person.page.on("dialog", lambda dialog: dialog.accept())
    return person


def begin(person: Visitor) -> str:
    """Begin a need; the address of its first page."""
    person.go("/npo/needs")
    person.press(person.page.get_by_role("button", name="ニーズを書く"))
    return person.page.url


def write(person: Visitor, **fields: str) -> None:
    """Type, and wait until it is kept."""
    for name, text in fields.items():
        person.page.locator(f'main [name="{name}"]').fill(text)
    kept(person, 1)


def kept(person: Visitor, count: int) -> list[list[str]]:
    """What the tab keeps, once it is so many forms."""
    person.page.wait_for_function(f"{STORED}.length === {count}")
    found: list[list[str]] = person.page.evaluate(STORED)
    return found


def value(person: Visitor, name: str) -> str:
    """What stands in a field."""
    return person.page.locator(f'main [name="{name}"]').input_value()


def comes_back(person: Visitor) -> None:
    """Wait until what was typed stands there again."""
    person.page.get_by_text(AGAIN).wait_for()


def test_a_reload_brings_back_what_was_typed_and_it_can_be_dropped(director: Visitor) -> None:
    begin(director)
    version = value(director, "version")
    write(director, title=TITLE, situation=SITUATION)
    director.page.reload()
    comes_back(director)
    assert (value(director, "title"), value(director, "situation")) == (TITLE, SITUATION)
    assert value(director, "version") == version
    assert director.faults() == []
    director.page.get_by_role("button", name="戻した内容を消す").click()
    assert (value(director, "title"), value(director, "situation")) == ("", "")
    assert kept(director, 0) == []
    director.page.reload()
    assert value(director, "title") == ""


def test_choices_and_ticks_come_back_too(director: Visitor) -> None:
    step = begin(director).rsplit("/", 1)[0]
    director.page.goto(f"{step}/4")
    page = director.page
    ticked = page.locator('[name="beneficiaries"]:checked')
    taken = str(ticked.first.get_attribute("value"))  # as in the profile
    ticked.first.uncheck()
    page.locator('[name="beneficiaries"][value="elderly_alone"]').check()
    page.locator('[name="safety_contact"][value="no"]').check()
    kept(director, 1)
    before = ticked.count()
    page.reload()
    comes_back(director)
    assert ticked.count() == before
    assert not page.locator(f'[name="beneficiaries"][value="{taken}"]').is_checked()
    assert page.locator('[name="beneficiaries"][value="elderly_alone"]').is_checked()
    assert page.locator('[name="safety_contact"][value="no"]').is_checked()


def test_what_was_sent_into_a_dead_line_comes_back_and_once_sent_is_kept_no_more(director: Visitor) -> None:
    address, page = begin(director), director.page
    write(director, title=TITLE, situation=SITUATION)
    page.context.set_offline(True)
    page.get_by_role("button", name="保存して次へ").click()
    page.wait_for_url("chrome-error://**")
    page.context.set_offline(False)
    page.goto(address)
    comes_back(director)
    assert value(director, "situation") == SITUATION
    director.press(page.get_by_role("button", name="保存して次へ"))
    assert page.url.endswith("/2")
    assert kept(director, 0) == []
    page.goto(address)
    assert page.get_by_text(AGAIN).count() == 0
    assert value(director, "title") == TITLE  # as saved
    director.complaints.clear()  # of the dead line


def test_what_was_refused_is_shown_by_the_page_and_kept_on(director: Visitor) -> None:
    page = director.page
    director.go("/profile/contact")
    page.locator('main [name="contact_name"]').fill("海野 凪")
    page.locator('main [name="email"]').fill("no address")
    kept(director, 1)
    director.press(page.get_by_role("button", name="保存する"))
    assert page.locator(".error-summary").count() == 1
    assert page.get_by_text(AGAIN).count() == 0
    assert value(director, "email") == "no address"
    director.go("/profile/contact")
    comes_back(director)
    assert value(director, "contact_name") == "海野 凪"


def test_nothing_outlives_signing_out_in_any_tab(director: Visitor) -> None:
    address, page = begin(director), director.page
    write(director, title=TITLE, situation=SITUATION)
    stored = kept(director, 1)
    assert TITLE not in json.dumps(stored, ensure_ascii=False)  # sealed
    other = page.context.new_page()
    other.goto(f"{director.demo.url}/npo")
    other.get_by_role("button", name="ログアウト").click()
    other.wait_for_url("**/login")
    assert kept(director, 0) == []
    # Were the tab brought back as it was, whoever comes next could not read it.
    page.goto(f"{director.demo.url}/login")
    page.evaluate("entries => entries.forEach(([name, text]) => sessionStorage.setItem(name, text))", stored)
    director.enter("npo")
    page.goto(address)
    page.wait_for_function(f"{STORED}.length === 0")
    assert value(director, "title") == ""
    assert page.get_by_text(AGAIN).count() == 0


def test_pages_without_a_person_forget_what_was_kept(director: Visitor) -> None:
    begin(director)
    write(director, title=TITLE)
    director.page.context.clear_cookies()  # as when the session has run out
    director.page.goto(f"{director.demo.url}/npo")
    assert director.page.url.startswith(f"{director.demo.url}/login")
    assert kept(director, 0) == []


def test_no_form_with_a_secret_is_kept_whatever_it_says(director: Visitor) -> None:
    page = director.page
    page.route("**/account/password", _say_keep)
    director.go("/account/password")
    assert page.locator("form[data-keep] input[type=password]").count()
    for box in page.locator("main input[type=password]").all():
        box.fill("nami-to-akari-77")
    page.locator("main").click()
    assert page.evaluate(STORED) == []


def _say_keep(route: Route) -> None:
    answer = route.fetch()
    route.fulfill(response=answer, body=answer.text().replace('method="post"', 'method="post" data-keep'))


def test_no_token_is_kept(director: Visitor) -> None:
    begin(director)
    write(director, title=TITLE)
    found = director.page.evaluate(UNSEALED)
    assert {name for name, _value, _hidden in found} == {
        "title",
        "situation",
        "wanted_change",
        "version",
        "form_id",
    }
