"""Every component, drawn once in the gallery: labels, ids, descriptions, one heading, no inline code."""

import re
import threading
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from werkzeug.serving import make_server

from tests.web.component_gallery import NOW, create_gallery
from webapp import clock

AXE = Path(__file__).resolve().parents[1] / "browser/vendor/axe-core-4.14.1.min.js"
CHROMIUM = Path("/usr/bin/chromium")
PAGES = ("/", "/?refused=1", "/wizard", "/confirmed")
VOID = {"area", "br", "col", "hr", "img", "input", "link", "meta", "source", "wbr"}


class Page(HTMLParser):
    """The elements of a page in order, as (tag, attributes), and faults in their nesting."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.faults: list[str] = []
        self._open: list[str] = []
        self.html = html
        self.feed(html)
        self.faults += [f"never closed: {tag}" for tag in self._open]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self._open or self._open[-1] != tag:
            self.faults.append(f"closed out of order: {tag} at {self.getpos()}")
        else:
            self._open.pop()

    def all(self, *tags: str) -> list[dict[str, str]]:
        return [attributes for tag, attributes in self.elements if tag in tags]


def faults(page: Page) -> list[str]:
    """What would keep somebody from using the page, or the browser from showing it under the CSP."""
    found = list(page.faults)
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    found += [f"id used twice: {i}" for i in sorted({i for i in ids if ids.count(i) > 1})]
    for name in ("aria-describedby", "aria-labelledby"):
        for _, attributes in page.elements:
            found += [f"{name} to nowhere: {i}" for i in attributes.get(name, "").split() if i not in ids]
    labelled = {attributes.get("for") for attributes in page.all("label")}
    for control in page.all("input", "select", "textarea"):
        wrapped = control.get("type") in ("hidden",) or "id" not in control
        if not wrapped and control["id"] not in labelled:
            found.append(f"no label: {control['id']}")
    for tag, attributes in page.elements:
        found += [f"{tag} has {name}" for name in attributes if name == "style" or name.startswith("on")]
        if tag == "a" and attributes.get("href", "#").startswith("#") and len(attributes.get("href", "")) > 1:
            target = attributes["href"][1:]
            if target in ids or target not in LINKED_IN_THE_FORM:
                continue
            found.append(f"link to nowhere: {target}")
        if tag == "form" and "action" not in attributes:
            found.append("form without action")
        if tag == "script" and "src" not in attributes:
            found.append("inline script")
    if len(page.all("h1")) != 1:
        found.append(f"{len(page.all('h1'))} h1")
    return found


LINKED_IN_THE_FORM = {
    "title",
    "situation",
    "support_type",
    "quantity",
    "period_from",
    "repeat",
    "areas",
    "agreed",
}


@pytest.fixture(scope="module")
def pages() -> dict[str, Page]:
    client = create_gallery().test_client()
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(clock, "now", lambda: NOW)
        return {path: Page(client.get(path).get_data(as_text=True)) for path in PAGES}


@pytest.mark.parametrize("path", PAGES)
def test_every_page_of_the_gallery_is_sound(pages: dict[str, Page], path: str) -> None:
    assert faults(pages[path]) == []


def test_a_bad_page_is_found_out() -> None:
    bad = Page(
        '<p style="x"><input id="a"><i id="a" aria-describedby="b"></p></i><form></form><script>1</script>'
    )
    found = "\n".join(faults(bad))
    for fault in (
        "closed out of order: p",
        "id used twice: a",
        "aria-describedby to nowhere: b",
        "no label: a",
        "p has style",
        "form without action",
        "inline script",
        "0 h1",
    ):
        assert fault in found


def test_the_title_repeats_the_heading_and_says_when_a_form_was_refused(pages: dict[str, Page]) -> None:
    assert "<title>部品の見本帳｜澪原市 縁むすび</title>" in pages["/"].html
    assert "<title>エラー：部品の見本帳｜澪原市 縁むすび</title>" in pages["/?refused=1"].html


def test_fields_say_in_words_whether_they_must_be_filled(pages: dict[str, Page]) -> None:
    html = pages["/wizard"].html
    assert re.search(r'<label class="field-label" for="quantity">量<span class="required">※必須</span>', html)
    assert re.search(
        r'<label class="field-label" for="support_type">ほしい支援<span class="optional">任意</span>', html
    )


def test_hints_examples_errors_counter_and_unit_are_tied_to_their_field(pages: dict[str, Page]) -> None:
    by_id = {a["id"]: a for a in pages["/?refused=1"].all("input", "textarea", "select") if "id" in a}
    assert by_id["title"]["aria-describedby"] == "title-hint title-example title-error"
    assert by_id["situation"]["aria-describedby"] == "situation-hint situation-error situation-count"
    assert by_id["situation"]["data-limit"] == "400"
    assert by_id["quantity"]["aria-describedby"] == "quantity-error quantity-unit"
    assert by_id["title"]["aria-invalid"] == "true"
    assert "aria-invalid" not in by_id["email"]
    assert by_id["email"]["type"] == "email"
    assert by_id["email"]["autocomplete"] == "email"


def test_the_browser_never_cuts_or_blocks_what_is_typed(pages: dict[str, Page]) -> None:
    for control in pages["/"].all("input", "textarea", "select"):
        assert not {"maxlength", "required", "pattern", "placeholder", "disabled"} & control.keys()


def test_the_error_summary_links_to_each_refused_field(pages: dict[str, Page]) -> None:
    html = pages["/?refused=1"].html
    summary = html[html.index('class="error-summary"') : html.index('class="page-heading"')]
    assert re.findall(r'href="#([\w]+)"', summary) == [
        "title",
        "situation",
        "support_type",
        "quantity",
        "repeat",
        "agreed",
    ]
    assert "ひとことで言うと：困っていることをひとことで書いてください。" in summary
    assert "token" not in summary


def test_choices_stand_in_a_fieldset_and_the_first_bears_the_id_of_the_field(pages: dict[str, Page]) -> None:
    page = pages["/"]
    assert {"repeat-group", "areas-group"} <= {a.get("id") for a in page.all("fieldset")}
    radios = [a["id"] for a in page.all("input") if a.get("type") == "radio"]
    assert radios == ["repeat", "repeat-1", "repeat-2"]
    ticked = [a["value"] for a in page.all("input") if a.get("name") == "areas" and "checked" in a]
    assert ticked == ["minato"]


def test_typed_text_comes_back_escaped_in_its_field(pages: dict[str, Page]) -> None:
    assert "&lt;b&gt;毎週水曜の夕食づくりに、野菜が足りません。&lt;/b&gt;</textarea>" in pages["/"].html


def test_hidden_fields_carry_no_ids_so_that_several_forms_fit_on_a_page(pages: dict[str, Page]) -> None:
    hidden = [a for a in pages["/"].all("input") if a.get("type") == "hidden"]
    assert {"csrf_token", "idempotency_key", "version"} <= {a["name"] for a in hidden}
    assert not any("id" in a for a in hidden)


def test_sortable_headings_tell_and_turn_the_direction(pages: dict[str, Page]) -> None:
    html = pages["/"].html
    assert re.search(r'aria-sort="descending">\s*<a class="sort" href="/\?sort=age">いちばん古い', html)
    assert re.search(r'<th scope="col" class="numeric">\s*<a class="sort" href="/\?sort=-count">件数', html)


def test_the_pager_marks_the_present_page(pages: dict[str, Page]) -> None:
    current = [a for a in pages["/"].all("span") if a.get("aria-current") == "page"]
    assert len(current) == 1
    assert 'rel="next" href="/?page=4"' in pages["/"].html


def test_the_present_page_is_marked_once_in_the_menu(pages: dict[str, Page]) -> None:
    menu = pages["/"].html.split('class="menu"')[1].split("</details>")[0]
    assert menu.count('aria-current="page"') == 1


def test_logging_out_is_a_post_with_a_token(pages: dict[str, Page]) -> None:
    form = re.search(
        r'<form class="inline-form" method="post" action="/logout">(.*?)</form>', pages["/"].html, re.S
    )
    assert form
    assert 'name="csrf_token"' in form[1]


def test_states_deadlines_and_fit_are_said_in_words(pages: dict[str, Page]) -> None:
    html = pages["/"].html
    assert "公開中</span>" in html
    assert '<time datetime="2026-11-25">11月25日（水）</time>まで（あと2日）' in html
    assert "まで（3日過ぎています）" in html
    assert "適合度 <strong>高</strong>" in html
    assert "（0.82）" in html


def test_the_steps_name_the_present_one(pages: dict[str, Page]) -> None:
    assert [
        a["class"] for a in pages["/"].all("li") if "aria-current" in a and "step" in a.get("class", "")
    ] == ["step step-present"]
    assert "5つのうち2つめ" in pages["/wizard"].html


def test_the_receipt_number_stands_under_the_heading(pages: dict[str, Page]) -> None:
    assert "<strong>N-2026-0142</strong>" in pages["/confirmed"].html


# --- In a real browser ------------------------------------------------------------------------------

needs_chromium = pytest.mark.skipif(
    not CHROMIUM.exists(), reason="Chromium is missing: apt-get install chromium fonts-noto-cjk"
)


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    server = make_server("127.0.0.1", 0, create_gallery(), threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()


@needs_chromium
def test_the_gallery_is_accessible_fits_and_obeys_the_csp_at_both_widths(address: str) -> None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=str(CHROMIUM),
            args=["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--no-first-run"],
        )
        for width in (1280, 375):
            context = browser.new_context(
                locale="ja-JP", timezone_id="Asia/Tokyo", viewport={"width": width, "height": 900}
            )
            page = context.new_page()
            said: list[str] = []
            asked: list[str] = []
            page.on("console", lambda message, said=said: said.append(message.text))
            page.on("pageerror", lambda error, said=said: said.append(str(error)))
            page.on("request", lambda request, asked=asked: asked.append(request.url))
            for path in PAGES:
                page.goto(address + path)
                page.evaluate(AXE.read_text())
                tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
                result = page.evaluate("tags => axe.run(document, {runOnly: tags})", tags)
                assert [(v["id"], v["nodes"][0]["html"]) for v in result["violations"]] == []
                assert page.evaluate("document.documentElement.scrollWidth") <= width
                # At the foot of a card, of which ten stand on a page, they are as high as a thumb needs.
                low = page.evaluate(
                    """() => [...document.querySelectorAll('.input, .button')].filter(e => e.checkVisibility()
                        && e.getBoundingClientRect().height < (e.closest('.suggestion-foot') ? 44 : 48))
                        .map(e => e.outerHTML)"""
                )
                assert low == []
            assert said == []
            assert [url for url in asked if not url.startswith(address)] == []
            context.close()
        browser.close()


@needs_chromium
def test_small_comforts_work_and_the_menu_is_open_on_a_wide_screen(address: str) -> None:
    from playwright.sync_api import expect, sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=str(CHROMIUM), args=["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"]
        )
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.goto(f"{address}/?refused=1")
        assert page.evaluate("document.activeElement.className") == "error-summary"
        expect(page.get_by_role("link", name="おすすめの団体")).to_be_visible()

        # A family of three and a が in two code points are two characters to whoever types them.
        page.get_by_label("いまの状況").fill("\U0001f468\u200d\U0001f469\u200d\U0001f467か\u3099")
        expect(page.locator("#situation-count")).to_have_text("あと398文字（400文字まで）")
        page.get_by_label("いまの状況").fill("あ" * 401)
        expect(page.locator("#situation-count")).to_have_text("1文字こえています（400文字まで）")

        page.get_by_label("すべて選ぶ").check()
        assert page.locator("tbody .select-cell input:checked").count() == 4
        expect(page.get_by_role("button", name="印刷する").first).to_be_visible()

        page.set_viewport_size({"width": 375, "height": 800})
        expect(page.get_by_role("link", name="団体をさがす")).to_be_hidden()
        page.get_by_text("メニュー", exact=True).click()
        expect(page.get_by_role("link", name="団体をさがす")).to_be_visible()
        browser.close()
