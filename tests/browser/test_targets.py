"""On a phone no two links touch: they stand apart, or are as high as a thumb needs."""

import pytest
from sqlalchemy import select

from matcher.records import Partnership

_TOUCHING = """() => {
  const seen = [...document.querySelectorAll('a, button, summary')].filter(e => {
    const box = e.getBoundingClientRect();
    return box.width > 1 && box.height > 1 && e.checkVisibility({visibilityProperty: true});
  });
  const found = [];
  for (const one of seen) for (const other of seen) {
    if (one === other || one.contains(other) || other.contains(one)) continue;
    const a = one.getBoundingClientRect(), b = other.getBoundingClientRect();
    const across = Math.max(a.left - b.right, b.left - a.right), down = b.top - a.bottom;
    const isBelow = b.top >= a.top;
    if (isBelow && across < 8 && down < 8 && Math.min(a.height, b.height) < 44)
      found.push(one.textContent.trim().slice(0, 20) + ' / ' + other.textContent.trim().slice(0, 20));
  }
  return found; }"""


@pytest.mark.browser
def test_links_that_touch_are_as_high_as_a_thumb_needs(demo, visitor):
    person = visitor("coordinator", width=375)
    with demo.database.read() as session:
        running = session.scalars(select(Partnership).where(Partnership.agreement_type == "outcome_linked"))
        case = f"/cases/{running.one().public_id}"
    for path in ("/desk", case, f"{case}/progress", f"{case}/agreement", "/no-such-page"):
        person.go(path)
        assert person.page.evaluate(_TOUCHING) == [], path


@pytest.mark.browser
def test_a_card_on_a_phone_says_the_whole_name_of_who_it_is_about(demo, visitor):
    person = visitor("company", width=375)
    person.go("/company/suggestions")
    names = person.page.locator(".suggestion-who")
    assert names.count() == 10
    assert (
        names.evaluate_all(
            "names => names.filter(one => one.scrollWidth > one.clientWidth).map(one => one.textContent)"
        )
        == []
    )
