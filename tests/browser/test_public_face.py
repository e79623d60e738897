"""What the town shows residents, in a real browser: the story, the first page and the list of stories."""

import pytest
from sqlalchemy import select

from matcher.records import Partnership, PublicComment
from tests.browser.conftest import Demo
from tests.browser.test_targets import _TOUCHING

pytestmark = pytest.mark.browser

PHONE = {"width": 375, "height": 812}
MOST_HIGH = 3_500  #: of a story on a phone, folded


def stories(demo: Demo) -> list[str]:
    with demo.database.read() as session:
        found = session.scalars(select(Partnership.public_id).where(Partnership.published_at.is_not(None)))
        return [f"/partnerships/{public_id}" for public_id in found]


@pytest.mark.parametrize("width", [320, 375, 1366])
def test_the_public_face_has_no_fault_at_any_width(demo, visitor, width):
    person = visitor(width=width)
    faults = {}
    for path in ("/", "/partnerships", *stories(demo)):
        person.go(path)
        for _folded in range(2):
            if found := person.faults():
                faults[path] = found
            person.page.evaluate("document.querySelectorAll('main details').forEach(one => one.open = true)")
    assert faults == {}


def test_on_a_phone_picture_and_result_are_seen_at_once_and_the_page_is_short(demo, visitor):
    person = visitor(width=375)
    person.page.set_viewport_size(PHONE)
    heights = {}
    for path in stories(demo):
        person.go(path)
        bar = person.page.locator(".say-bar").bounding_box()
        for part in (".story-picture img", ".story-figure-now", "h1"):
            box = person.page.locator(part).first.bounding_box()
            assert box["y"] + box["height"] <= bar["y"], (path, part)
        assert bar["y"] + bar["height"] == pytest.approx(PHONE["height"], abs=1)
        heights[path] = person.page.evaluate("document.documentElement.scrollHeight")
    assert len(heights) == 5
    assert max(heights.values()) <= MOST_HIGH, heights


def test_no_two_links_touch_on_a_phone(demo, visitor):
    person = visitor(width=375)
    for path in ("/", "/partnerships", *stories(demo)):
        person.go(path)
        assert person.page.evaluate(_TOUCHING) == [], path


def test_the_way_to_the_comment_stays_in_sight_and_never_covers_what_has_the_focus(demo, visitor):
    person = visitor(width=375)
    page = person.page
    page.set_viewport_size(PHONE)
    person.go(stories(demo)[0])
    page.evaluate("document.querySelectorAll('main details').forEach(one => one.open = true)")
    page.evaluate("scrollTo(0, 1500)")
    assert page.locator(".say-bar a").evaluate("one => one.getBoundingClientRect().bottom <= innerHeight")
    page.evaluate("scrollTo(0, 0)")
    page.locator("h1").click()
    covered = []
    for _step in range(40):
        page.keyboard.press("Tab")
        found = page.evaluate(
            """() => { const one = document.activeElement, bar = document.querySelector('.say-bar').getBoundingClientRect();
              if (!one.closest('main') || one.closest('.say-bar')) return '';
              const box = one.getBoundingClientRect();
              return box.bottom > bar.top + 1 && box.top < bar.bottom - 1 && box.bottom <= innerHeight + 1
                ? one.outerHTML.slice(0, 80) : ''; }"""
        )
        covered += [found] if found else []
    assert covered == []
    page.locator(".say-bar a").click()
    box = page.locator("textarea").bounding_box()
    bar = page.locator(".say-bar").bounding_box()
    assert 0 <= box["y"] <= PHONE["height"] - box["height"]
    assert bar["y"] + bar["height"] <= box["y"], "the bar has come to rest above the form"


def test_a_resident_without_scripts_sends_a_comment(demo, visitor):
    person = visitor(width=375, javascript=False)
    person.go(stories(demo)[0])
    person.page.locator(".say-bar a").click()
    person.page.fill("textarea", "スクリプトなしで書きました。")
    person.press(person.page.get_by_role("button", name="送る", exact=True))
    assert "声を受け取りました" in person.page.inner_text("main")
    with demo.database.read() as session:
        assert (
            session.scalars(
                select(PublicComment.state).where(PublicComment.text == "スクリプトなしで書きました。")
            ).one()
            == "waiting"
        )


def test_no_letter_of_a_chart_is_below_twelve_pixels_on_a_phone(demo, visitor):
    person = visitor(width=375)
    seen = 0
    for path in stories(demo):
        person.go(path)
        person.page.evaluate("document.querySelectorAll('main details').forEach(one => one.open = true)")
        sizes = person.page.evaluate(
            """() => [...document.querySelectorAll('main svg text')].filter(one => one.checkVisibility()).map(one =>
              parseFloat(one.getAttribute('font-size')) * one.ownerSVGElement.getBoundingClientRect().width
              / one.ownerSVGElement.viewBox.baseVal.width)"""
        )
        seen += len(sizes)
        assert min(sizes, default=12) >= 12, (path, min(sizes))
    assert seen > 20


def test_what_lays_out_cards_side_by_side_keeps_its_own_distances(demo, visitor):
    """One card lower than its neighbours was the first thing that one saw of the town."""
    shifted = """() => [...document.querySelectorAll('.card, .story-card')].filter(one => {
      const around = getComputedStyle(one.parentElement).display;
      return (around === 'grid' || around === 'flex') && parseFloat(getComputedStyle(one).marginTop) !== 0;
    }).map(one => one.parentElement.className + ': ' + one.innerText.slice(0, 20))"""
    for role, paths in {
        None: ("/", "/partnerships", "/needs", "/about"),
        "company": ("/company", "/company/suggestions", "/company/offers"),
        "npo": ("/npo", "/npo/needs", "/npo/suggestions"),
        "coordinator": ("/desk",),
    }.items():
        person = visitor(role, width=1366)
        for path in paths:
            person.go(path)
            assert person.page.evaluate(shifted) == [], path
    person.go("/?top=1")
    tops = person.page.locator(".doors > .door").evaluate_all(
        "doors => doors.map(one => one.getBoundingClientRect().top)"
    )
    assert len(tops) == 3
    assert len(set(tops)) == 1
