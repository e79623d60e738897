"""A real Chromium against the real application on the demo city, served from a thread.

Where Chromium is missing these tests say so and are skipped; with ``REQUIRE_BROWSER`` set, as in CI, a
missing browser is a failure.
"""

import faulthandler
import os
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, sync_playwright
from playwright.sync_api import TimeoutError as PlaywrightTimeout
from werkzeug.serving import make_server

from matcher import migrations
from matcher.ground.db import Database
from matcher.register import findable
from seed_data import city as seed_city
from seed_data import visits
from webapp import Settings, clock, create_app
from webapp.cli_index import encode_all
from webapp.db import connect
from webapp.worker import Worker

CHROMIUM = Path(os.environ.get("CHROMIUM", "/usr/bin/chromium"))
AXE = Path(__file__).parent / "vendor" / "axe-core-4.14.1.min.js"
WIDTHS = (1280, 375)
OTHER_WIDTHS = (768, 320)  #: a tablet, and the narrowest that WCAG asks for (1.4.10)
HEAVY = 100_000  #: bytes of a page with its styles and scripts, as they come
_WEIGHT = """performance.getEntriesByType('navigation').concat(performance.getEntriesByType('resource'))
  .filter(one => one.entryType === 'navigation' || /[.](css|js)([?]|$)/.test(one.name))
  .reduce((sum, one) => sum + one.encodedBodySize, 0)"""
_TAGS = {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}
_ALL = {"runOnly": _TAGS}
_ALL_BUT_COLOURS = {"runOnly": _TAGS, "rules": {"color-contrast": {"enabled": False}}}
_COLOURS = {"runOnly": {"type": "rule", "values": ["color-contrast"]}}
FLAGS = (
    "--disable-dev-shm-usage", "--disable-gpu", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--force-color-profile=srgb", "--no-sandbox",
)  # fmt: skip


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark everything here as a browser test, and skip it aloud where there is no browser."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)
            if not CHROMIUM.exists() and not os.environ.get("REQUIRE_BROWSER"):
                item.add_marker(
                    pytest.mark.skip(reason="no Chromium: apt-get install chromium fonts-noto-cjk")
                )


class Demo:
    """The running demo city."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.app = create_app(settings)
        self.database: Database = self.app.extensions["database"]
        self.worker = Worker(settings, self.database)
        self._server = make_server("127.0.0.1", 0, self.app, threaded=True)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def work(self) -> None:
        """Let the worker do what is due; a round that failed is tried again, as a running worker does."""
        for _attempt in range(20):
            while self.worker.once(clock.now()):
                pass
            with self.database.read() as session:
                waiting = findable.waiting_count(session, findable.serving_model(session) or "")
            if not waiting:
                return
            time.sleep(0.5)
        pytest.fail(f"expected every text to be read by the worker, {waiting} still wait")

    def stop(self) -> None:
        """Stop serving."""
        self._server.shutdown()
        self.database.dispose()


def _settings(folder: Path) -> Settings:
    return Settings.from_environment(
        {
            "VAR_FOLDER": str(folder),
            "SECRET_KEY": "only-for-tests-" + "x" * 32,
            "DEMO_MODE": "true",
            "WORKER": "off",
            "SENTENCE_ENCODER": "off",
        }
    )


def load_city(folder: Path) -> Settings:
    """The demo city, loaded and encoded in a folder."""
    settings = _settings(folder)
    database = connect(settings)
    migrations.upgrade(database)
    seed_city.load(database, Path("seed_data"), clock.now())
    encode_all(database, settings)
    visits.load(database, clock.now())
    database.dispose()
    return settings


@pytest.fixture(scope="session")
def demo_template(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """The demo city, loaded and encoded once for this run."""
    return load_city(tmp_path_factory.mktemp("demo"))


@contextmanager
def served(template: Settings, folder: Path) -> Iterator[Demo]:
    """A copy of the demo city in a folder, and its pages."""
    import sqlite3

    source = sqlite3.connect(template.database_url.removeprefix("sqlite:///"))
    target = sqlite3.connect(folder / "enmusubi.db")
    source.backup(target)
    source.close()
    target.close()
    # The key that sealed the record of the city comes with it.
    shutil.copy(template.folder / "audit_key", folder)
    running = Demo(_settings(folder))
    yield running
    running.stop()


@pytest.fixture(scope="module")
def demo(demo_template: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """The demo city of one test module, with a database of its own."""
    with served(demo_template, tmp_path_factory.mktemp("served")) as running:
        yield running


@contextmanager
def browsing() -> Iterator[Browser]:
    """A browser."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=list(FLAGS))
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """One browser for the run."""
    if not CHROMIUM.exists():
        pytest.fail(f"expected Chromium at {CHROMIUM}, found none (REQUIRE_BROWSER is set)")
    with browsing() as browser:
        yield browser


class Visitor:
    """One person at one browser window; notes whatever should not happen on any page."""

    def __init__(self, context: BrowserContext, demo: Demo) -> None:
        self.demo = demo
        self.page: Page = context.new_page()
        self.complaints: list[str] = []
        self._moves: list[str] = []  # pages asked for
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self.complaints.append(f"script error: {error}"))
        self.page.on("request", self._request)
        self.page.on("dialog", self._dialog)

    def _console(self, message: Any) -> None:
        # A page that answers 4xx on purpose is reported by the browser as a failed load.
        if message.type in {"error", "warning"} and "status of 4" not in message.text:
            self.complaints.append(f"console {message.type}: {message.text}")

    def _request(self, request: Any) -> None:
        if request.is_navigation_request():
            self._moves.append(f"{request.method} {request.url}")
        if not request.url.startswith((self.demo.url, "data:", "about:")):
            self.complaints.append(f"request to another origin: {request.url}")

    def _dialog(self, dialog: Any) -> None:
        self.complaints.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def go(self, path: str) -> None:
        """Open a page by its path."""
        self.page.goto(self.demo.url + path)

    def back(self) -> None:
        """Go back, and read on when the page before has been loaded.

        Where a script wrote the address, the browser is back at once and loads the page only then: whatever is
        opened or typed meanwhile is lost with that.
        """
        with self.page.expect_event("load"):
            self.page.go_back()

    def enter(self, role: str) -> None:
        """Enter the demo as one of its people."""
        self.go("/")
        self.press(self.page.locator(f'form:has(input[name="role"][value="{role}"]) button').first)

    def tick(self, name: str, value: object) -> None:
        """Tick one of the choices of a field, after unfolding those that are folded away."""
        one = f'[name="{name}"][value="{value}"]'
        box, fold = (
            self.page.locator(f"main {one}"),
            self.page.locator(f"main details.more-choices:not([open]):has({one})"),
        )
        if fold.count():
            fold.first.locator("summary").click()
        box.first.check()

    def press(self, control: Locator) -> None:
        """Press a button or link that leads to another page, and read on when all of that page is there.

        A click alone returns when the next page begins: what is read then may be half of it, or the page before.
        """
        before = len(self._moves)
        try:
            with self.page.expect_navigation(wait_until="load"):
                control.click()
        except PlaywrightTimeout as error:
            faulthandler.dump_traceback(all_threads=True)  # where the server stands
            raise AssertionError(
                f"expected a page after pressing {control}, found {self._moves[before:]} on {self.page.url}"
            ) from error

    def faults(self) -> list[str]:
        """What is wrong with the present page: axe, sideways scroll, columns too narrow to read, headings, the
        city's number where it does not dial, and complaints so far.
        """
        # Unstyled, everything is too wide.
        self.page.wait_for_load_state("load")
        found = list(self.complaints)
        self.complaints.clear()
        found += self._misfits()
        weight = self.page.evaluate(_WEIGHT)
        found += [f"weighs {weight:,} bytes without pictures"] if weight > HEAVY else []
        dead = self.page.evaluate(
            """[...document.querySelectorAll('button, input[type=submit]')]
            .filter(e => e.type === 'submit' && !e.form).map(e => e.innerText || e.value)"""
        )
        found += [f"a button that sends nothing: {words!r}" for words in dead]
        headings = self.page.locator("h1").count()
        if headings != 1:
            found.append(f"{headings} h1")
        silent = self.page.evaluate(
            """() => {
              const links = [...document.querySelectorAll('.site-footer a[href^="tel:"]')];
              const words = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT), found = [];
              while (words.nextNode()) {
                const node = words.currentNode, around = node.parentElement;
                if (!around.closest('a[href^="tel:"], script, style, textarea')
                  && links.some(link => node.data.includes(link.textContent))) found.push(node.data.trim());
              }
              return found; }"""
        )
        found += [f"touching the number does not dial: {words}" for words in silent]
        return found + self._axe(_ALL)

    def faults_otherwise(self) -> list[str]:
        """What is wrong with the present page in the other window of its kind (320 px on a phone, 768 px else), and
        for somebody whose system asks for dark screens.
        """
        size = self.page.viewport_size or {"width": WIDTHS[0], "height": 900}
        other = OTHER_WIDTHS[size["width"] < OTHER_WIDTHS[0]]
        self.page.set_viewport_size({"width": other, "height": size["height"]})
        found = [f"at {other} px: {one}" for one in (*self._misfits(), *self._axe(_ALL_BUT_COLOURS))]
        self.page.set_viewport_size(size)
        self.page.emulate_media(color_scheme="dark")
        ground = self.page.evaluate("getComputedStyle(document.body).backgroundColor")
        found += ["dark: the ground is as in the light"] if ground == "rgb(255, 255, 255)" else []
        found += [f"dark: {one}" for one in self._axe(_COLOURS)]
        self.page.emulate_media(color_scheme="light")
        return found

    def _misfits(self) -> list[str]:
        found = []
        wide = self.page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        if wide > 0:
            out = self.page.evaluate(
                """[...document.querySelectorAll('body *')]
                .filter(e => e.getBoundingClientRect().right > innerWidth + 1 && !e.closest('svg'))
                .slice(0, 3).map(e => e.tagName + '.' + e.className).join(', ')"""
            )
            found.append(f"scrolls sideways by {wide} px: {out}")
        squeezed = self.page.evaluate(
            """() => [...document.querySelectorAll('td, th')].filter(cell => {
                 const style = getComputedStyle(cell), words = cell.innerText.trim();
                 const inner = cell.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
                 return cell.clientWidth && !cell.querySelector('input') && words.length > 3
                   && inner < 2.5 * parseFloat(style.fontSize);
               }).slice(0, 3).map(cell => cell.innerText.trim())"""
        )
        return found + [f"a column too narrow to read: {words!r}" for words in squeezed]

    def _axe(self, options: dict[str, Any]) -> list[str]:
        self.page.evaluate(AXE.read_text(encoding="utf-8"))
        result = self.page.evaluate(
            """async options => (await axe.run(document, options)).violations
            .map(v => v.id + ': ' + v.nodes.slice(0, 3).map(n => n.target.join(' ')).join(' | '))""",
            options,
        )
        return [f"axe {line}" for line in result]


@pytest.fixture
def visitor(chromium: Browser, demo: Demo) -> Iterator[Callable[..., Visitor]]:
    """Makes visitors: ``visitor("npo", width=375)``; without a role, somebody who did not sign in."""
    contexts: list[BrowserContext] = []

    def make(role: str | None = None, *, width: int = 1280, javascript: bool = True) -> Visitor:
        context = chromium.new_context(
            viewport={"width": width, "height": 900},
            locale="ja-JP",
            timezone_id="Asia/Tokyo",
            java_script_enabled=javascript,
        )
        context.set_default_timeout(45_000)
        contexts.append(context)
        person = Visitor(context, demo)
        if role is not None:
            person.enter(role)
        return person

    yield make
    for context in contexts:
        context.close()
