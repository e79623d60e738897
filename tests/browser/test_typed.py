"""What is typed survives a reload and a dropped connection, for whoever typed it and no longer than they are here."""

import json
from collections.abc import Callable

import pytest
from playwright.sync_api import Route
from sqlalchemy import select

from matcher.people import signing_in
from matcher.records import Organization, Partnership
from tests.browser.conftest import Demo, Visitor
from tests.factories import make_membership
from webapp import clock

Visitors = Callable[..., Visitor]
TITLE, SITUATION = "冷凍のおかずを受け取れます", "月に二度、\n一人暮らしの方へ届けています。"
AGAIN = "入力の途中だった内容を戻しました。"
STORED = "Object.entries(sessionStorage).filter(([name]) => name.startsWith('typed:'))"


#: Looks again with each frame; what Playwright waits with is forbidden by our policy from the second look on.
WAIT = f"""count => new Promise((done, fail) => {{
  const until = performance.now() + 15000;
  const look = () => {STORED}.length === count ? done() : performance.now() > until
    ? fail(new Error(`expected ${{count}} kept, found ${{{STORED}.length}}`)) : requestAnimationFrame(look);
  look(); }})"""
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
    return leaving(visitor("npo", width=375))


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
    person.page.evaluate(WAIT, count)
    found: list[list[str]] = person.page.evaluate(STORED)
    return found


def value(person: Visitor, name: str) -> str:
    """What stands in a field."""
    return person.page.locator(f'main [name="{name}"]').input_value()


#: Seal as often as there are forms and more: what was being sealed before is stored by then.
SEAL = """async () => {
  const key = await crypto.subtle.generateKey({name: 'AES-GCM', length: 256}, false, ['encrypt']);
  for (let turn = 0; turn < 20; turn += 1) {
    const iv = crypto.getRandomValues(new Uint8Array(12));
    await crypto.subtle.encrypt({name: 'AES-GCM', iv}, key, new Uint8Array(10000));
  } }"""


def leaving(person: Visitor) -> Visitor:
    """Somebody who leaves pages although something is typed there."""
    person.page.remove_listener("dialog", person._dialog)
    person.page.on("dialog", lambda dialog: dialog.accept())
    return person


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


def test_what_was_dropped_is_not_kept_again_by_what_was_being_sealed(director: Visitor) -> None:
    page = director.page
    step = begin(director).rsplit("/", 1)[0]
    page.goto(f"{step}/4")
    page.locator('[name="beneficiary_number"]').fill("30")
    page.locator("details.more-choices", has=page.locator('[name="sdgs"]')).locator("summary").click()
    page.locator('details.more-choices [name="sdgs"]').last.check()  # after all that is written
    kept(director, 1)
    page.reload()
    comes_back(director)
    page.get_by_role("button", name="戻した内容を消す").click()
    page.evaluate(SEAL)
    assert page.evaluate(STORED) == []


def test_what_comes_back_into_a_fold_unfolds_it(director: Visitor) -> None:
    page = director.page
    step = begin(director).rsplit("/", 1)[0]
    page.goto(f"{step}/2")
    folded = page.locator("main details details textarea, main details details input[type=text]").first
    page.locator("main details:has(> div details) > summary").click()
    page.locator("main details details > summary").first.click()
    folded.fill("調理の場所")
    kept(director, 1)
    page.reload()
    comes_back(director)
    assert folded.is_visible()
    assert folded.input_value() == "調理の場所"
    assert page.locator("main details details[open]").count() == 1


def test_a_choice_that_is_folded_away_comes_back_in_sight(director: Visitor) -> None:
    page = director.page
    step = begin(director).rsplit("/", 1)[0]
    page.goto(f"{step}/4")
    page.locator("details.more-choices", has=page.locator('[name="sdgs"]')).locator("summary").click()
    box = page.locator('details.more-choices [name="sdgs"]').last
    box.check()
    kept(director, 1)
    page.reload()
    comes_back(director)
    assert box.is_checked()
    assert box.is_visible()


def test_words_of_a_decision_come_back_in_sight_and_of_two_both_are_told_of(
    visitor: Visitors, demo: Demo
) -> None:
    person = leaving(visitor("coordinator"))
    page = person.page
    with demo.database.read() as session:
        waits = session.scalars(
            select(Partnership.public_id).where(Partnership.state == "coordinator_review")
        ).first()
    person.go(f"/cases/{waits}")
    acts = page.locator("details.bench-act:has(form[data-keep] textarea)")
    words = 'textarea:is([name="text"], [name="reason_text"])'
    for place in range(2):
        if acts.nth(place).get_attribute("open") is None:
            acts.nth(place).locator("summary").first.click()
        acts.nth(place).locator(words).first.fill("担当の部署に確かめています。")
        kept(person, place + 1)
    page.reload()
    notices = page.get_by_text(AGAIN)
    notices.nth(1).wait_for()
    assert [notices.nth(place).is_visible() for place in range(notices.count())] == [True, True]
    assert [acts.nth(place).locator(words).first.is_visible() for place in range(2)] == [True, False]
    assert person.faults() == []


def test_choices_and_ticks_come_back_too(director: Visitor) -> None:
    step = begin(director).rsplit("/", 1)[0]
    director.page.goto(f"{step}/4")
    page = director.page
    ticked = page.locator('[name="beneficiaries"]:checked')
    taken = str(ticked.first.get_attribute("value"))  # as in the profile
    ticked.first.uncheck()
    page.locator("details.more-choices", has=page.locator('[value="elderly_alone"]')).locator(
        "summary"
    ).click()
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


def test_a_page_that_leads_on_by_itself_is_no_sign_that_words_arrived(director: Visitor) -> None:
    address, page = begin(director), director.page
    write(director, title=TITLE, situation=SITUATION)
    page.context.set_offline(True)
    page.get_by_role("button", name="保存して次へ").click()
    page.wait_for_url("chrome-error://**")
    page.context.set_offline(False)
    director.go("/")  # leads home
    assert page.url.endswith("/npo")
    page.goto(address)
    comes_back(director)
    assert value(director, "situation") == SITUATION
    director.complaints.clear()  # of the dead line


def open_talk(person: Visitor, demo: Demo) -> str:
    """Open a case in which one may write; its path."""
    with demo.database.read() as session:
        cases = list(session.scalars(select(Partnership.public_id)))
    for one in cases:
        person.go(f"/cases/{one}")
        if person.page.locator('form[action$="/send_message"]').count():
            return f"/cases/{one}"
    raise AssertionError("expected a case in which a message may be sent, found none")


def lose_the_answer(person: Visitor) -> None:
    """Send the message; the city takes it, its answer is lost on the way."""

    page = person.page
    held = page.context.cookies()

    def lose(route: Route) -> None:
        route.fetch(max_redirects=0)
        page.context.clear_cookies()
        page.context.add_cookies(held)  # type: ignore[arg-type]  # as they were: nothing came
        route.abort()

    page.route("**/send_message*", lose)
    page.locator('form[action$="/send_message"] button[type=submit]').click()
    page.wait_for_url("chrome-error://**")
    page.unroute("**/send_message*")


def test_other_words_are_sent_after_those_whose_answer_was_lost(director: Visitor, demo: Demo) -> None:
    case, page = open_talk(director, demo), director.page
    form = page.locator('form[action$="/send_message"]')
    first, second = "冷凍庫は二台あります。", "冷凍庫は三台に増えました。"
    write(director, text=first)
    lose_the_answer(director)
    director.go(case)
    comes_back(director)
    assert "まだ送れていないかもしれません" in page.inner_text("main")
    director.press(form.locator("button[type=submit]"))  # the same again: it is there once
    assert page.locator("main").inner_text().count(first) == 1
    assert kept(director, 0) == []

    write(director, text=first + "?")
    lose_the_answer(director)
    director.go(case)
    comes_back(director)
    page.locator('main [name="text"]').fill(second)
    director.press(form.locator("button[type=submit]"))
    assert second in page.locator("main").inner_text()
    assert kept(director, 0) == []
    director.complaints.clear()  # of the lost answers


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
    director.enter("npo")
    page.evaluate("entries => entries.forEach(([name, text]) => sessionStorage.setItem(name, text))", stored)
    page.goto(address)
    page.locator('main [name="wanted_change"]').fill("毎週")
    kept(director, 2)  # and what was tried before has been tried
    assert value(director, "title") == ""
    assert page.get_by_text(AGAIN).count() == 0


def test_whoever_turns_to_another_name_finds_their_words_when_they_turn_back(
    visitor: Visitors, demo: Demo
) -> None:
    with demo.database.write() as session:
        who = signing_in.demo_user(session, "company")
        other = session.scalars(
            select(Organization).where(
                Organization.kind == "company",
                Organization.state == "verified",
                Organization.id != who.seats[0].organization_id,
            )
        ).first()
        assert other is not None
        make_membership(session, who, other, now=clock.now())
        names = [who.seats[0].organization.name, other.name]
    person = leaving(visitor("company"))
    page = person.page

    def turn_to(name: str) -> None:
        if name in page.inner_text("header"):
            return
        person.go("/account/organizations")
        person.press(page.locator("main form", has_text=name).get_by_role("button"))

    turn_to(names[0])
    person.go("/profile/contact")
    page.locator('main [name="contact_name"]').fill("海野 凪")
    kept(person, 1)
    turn_to(names[1])
    person.go("/profile/contact")
    page.locator('main [name="contact_name"]').fill("岬 汐里")
    kept(person, 2)
    turn_to(names[0])
    person.go("/profile/contact")
    comes_back(person)
    assert value(person, "contact_name") == "海野 凪"
    page.get_by_role("button", name="ログアウト").click()
    page.wait_for_url("**/login")
    assert kept(person, 0) == []


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
    page.locator("#beside").fill(TITLE)
    stored = kept(director, 1)
    page.evaluate(SEAL)
    assert [name for name, _entry in page.evaluate(STORED)] == [stored[0][0]]
    assert stored[0][0].endswith(":/beside")


def _say_keep(route: Route) -> None:
    answer = route.fetch()
    body = answer.text().replace('method="post"', 'method="post" data-keep')
    other = '<form method="post" action="/beside" data-keep><input id="beside" name="title"></form>'
    route.fulfill(response=answer, body=body.replace("</main>", f"{other}</main>"))


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
