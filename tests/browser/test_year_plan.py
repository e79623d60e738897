"""The year's plan of the demo city, asked for, read and edited in a real browser, on a screen and on a phone."""

from collections.abc import Callable

import pytest

from matcher.jobs import tickets
from tests.browser.conftest import WIDTHS, Demo, Visitor
from webapp import clock

#: How much of the page one has to scroll, with every fold closed: about 170 needs by 105 offers.
HEIGHTS = {1280: 3_200, 375: 8_000}


def asked(person: Visitor) -> str:
    """Ask for a plan on its page; the path at which it waits."""
    person.go("/desk/plans")
    person.page.fill("[name=of_each_district]", "2")
    person.press(person.page.get_by_role("button", name="計算する", exact=True))
    return person.page.url.removeprefix(person.demo.url)


def make(demo: Demo) -> None:
    """Let the worker make what waits, if no page has had it made."""
    runner = demo.app.extensions["runner"]
    while not runner.rest(0) or runner.once("plan", clock.now()):
        runner.rest(120)


@pytest.mark.parametrize("width", WIDTHS)
def test_a_plan_is_waited_for_read_and_adopted(
    visitor: Callable[..., Visitor], demo: Demo, width: int
) -> None:
    person = visitor("coordinator", width=width)
    path = asked(person)
    person.go(f"{path}?still=1")
    waiting = person.faults()
    assert person.page.get_by_text("計算中です").is_visible()
    make(demo)
    person.go(path)
    assert person.page.get_by_text("下限・上限を付けない案との比較").first.is_visible()
    assert waiting + person.faults() == []
    assert person.page.evaluate("document.documentElement.scrollHeight") < HEIGHTS[width]
    person.page.locator(".fold:has([name=chosen]) > summary").first.click()
    assert person.faults() == []
    person.page.locator("input[name=chosen]").first.check()
    person.press(person.page.get_by_role("button", name="推薦の下書きにする"))
    assert person.page.get_by_text("まだだれにも送っていません").is_visible()
    assert person.faults() == []
    person.press(person.page.get_by_role("link", name="推薦の画面を開く").first)
    assert person.page.locator("h1").inner_text() == "推薦する"
    with demo.database.read() as session:
        assert tickets.alive_keys(session, "plan") == frozenset()
