"""No screen takes more than it took: the figures of ``make look``, and what measures finds what has grown."""

import pytest
from playwright.sync_api import Browser

from tests.browser import look
from tests.browser.look import SO_FAR, Figure


@pytest.fixture(scope="module")
def figures(chromium: Browser) -> list[Figure]:
    with look.town(chromium) as town:
        return look.measured(town)


def test_no_figure_gets_worse(figures: list[Figure]) -> None:
    assert [f"{one.key}: {one.found:g}, {one.note}" for one in figures if not one.holds] == []
    assert set(SO_FAR) <= {one.key for one in figures}


def test_what_is_as_wanted_is_no_longer_excused(figures: list[Figure]) -> None:
    assert [one.key for one in figures if one.key in SO_FAR and one.is_there] == []


def test_the_page_keeps_every_figure(figures: list[Figure]) -> None:
    assert {(one.job, one.name) for one in figures} <= set(look.before())


def test_a_figure_of_today_may_only_get_better(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(SO_FAR, "Lists: px", 1_000)
    monkeypatch.setitem(SO_FAR, "Lists: rows in one sight", 4)
    assert Figure("Lists", "px", 1_000, 300).holds
    assert not Figure("Lists", "px", 1_030, 300).holds
    assert Figure("Lists", "px", 900, 300).is_better
    assert not Figure("Lists", "px", 990, 300).is_better
    assert not Figure("Lists", "rows in one sight", 3, 10, at_least=True).holds
    assert Figure("Lists", "rows in one sight", 10, 10, at_least=True).is_there
    assert not Figure("Lists", "y", 400, 330).holds
    assert Figure("Lists", "px, told only", 9_000).holds


PAGE = """<main>
  <input name="a"><input name="a" type="radio"><input type="hidden" name="b">
  <div class="visually-hidden" style="position:absolute;clip-path:inset(50%)"><input name="robots"></div>
  <details><summary>more</summary><input name="folded"></details>
  <div style="height:2000px"></div>
  <div id="box" style="height:50px;overflow:auto;position:fixed;top:0"><p id="in">in</p>
    <p id="out" style="margin-top:100px">out</p></div>
  <p id="below">below</p></main>"""


def test_what_is_measured_is_what_can_be_seen(chromium: Browser) -> None:
    context = chromium.new_context(viewport={"width": 375, "height": 812})
    page = context.new_page()
    page.set_content(PAGE)
    found = page.evaluate(look._PAGE)
    assert found["px"] > 2_000
    assert (found["inputs"], found["names"]) == (2, ["a"])
    sight = {
        one: page.locator(f"#{one}").evaluate(f"e => ({look._IN_SIGHT})([e])")
        for one in ("in", "out", "below")
    }
    assert sight == {"in": True, "out": False, "below": False}
    context.close()
