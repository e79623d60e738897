"""The page client: every page that a test visits is also checked as HTML.

``visit`` reads a page, ``send`` submits one of its forms as a browser would (hidden fields included),
``post`` sends a form to an address directly. All three return a ``Page``.
"""

import re
import uuid
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

from flask.testing import FlaskClient
from itsdangerous import URLSafeTimedSerializer

_VOID = {"area", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
#: Telephone links, what nobody reads or may touch, and tags.
_NOT_WORDS = re.compile(r'<a href="tel:[^>]*>[^<]*</a>|<(script|style|textarea)\b.*?</\1>|<[^>]*>', re.DOTALL)
_UNLABELLED = {"hidden", "submit", "button"}


@dataclass
class Form:
    """One form of a page: where it goes and what a browser would send unchanged."""

    action: str | None
    method: str
    values: dict[str, Any] = field(default_factory=dict)
    buttons: list[str] = field(default_factory=list)
    fields: list[str] = field(default_factory=list)
    choices: dict[str, list[str]] = field(default_factory=dict)


@dataclass
class Page:
    """What came back, taken apart."""

    status: int
    url: str
    html: str
    location: str | None = None
    title: str = ""
    lang: str = ""
    h1: list[str] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    links: list[tuple[str, str]] = field(default_factory=list)
    forms: list[Form] = field(default_factory=list)
    astray: list[str] = field(default_factory=list)
    labels: set[str] = field(default_factory=set)
    inputs: list[dict[str, Any]] = field(default_factory=list)
    text: str = ""

    def form(self, action: str | None = None, button: str | None = None) -> Form:
        """The form whose action ends with ``action`` or that has a button of this name.

        Without either: the first form that is not the frame's own (search, logout).
        """
        for found in self.forms:
            if button is not None and button not in found.buttons:
                continue
            if action is not None and not (found.action or self.url).split("?")[0].endswith(action):
                continue
            if action is None and button is None and (found.action or "").endswith(("/logout", "/search")):
                continue
            return found
        raise AssertionError(f"expected a form {action=} {button=} on {self.url}, found {self.forms}")

    def href(self, label: str) -> str:
        """Where the link with this text leads."""
        for text, url in self.links:
            if text == label:
                return url
        raise AssertionError(f"expected a link {label!r} on {self.url}, found {[t for t, _ in self.links]}")


class _Reader(HTMLParser):
    def __init__(self, page: Page) -> None:
        super().__init__(convert_charrefs=True)
        self.page = page
        self.form: Form | None = None
        self.open: list[tuple[str, dict[str, Any], list[str]]] = []
        self.select: dict[str, Any] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values: dict[str, Any] = {name: value if value is not None else "" for name, value in attrs}
        page = self.page
        if "id" in values:
            page.ids.append(values["id"])
        if tag == "html":
            page.lang = values.get("lang", "")
        if tag == "form":
            if self.form is not None:  # a browser ends the outer one with it: what follows sends nothing
                page.astray.append(f"a form {values.get('action')} in the form {self.form.action}")
            self.form = Form(values.get("action"), values.get("method", "get").lower())
            page.forms.append(self.form)
        if tag == "button" and self.form is None and values.get("type", "submit") == "submit":
            page.astray.append(f"a button that sends nothing: {values}")
        if tag == "label":
            page.labels.add(values.get("for", ""))
        if tag in {"input", "textarea", "select"}:
            wrapped = any(name == "label" for name, _, _ in self.open)
            page.inputs.append({"tag": tag, "wrapped": wrapped, **values})
            self._note_field(tag, values)
        if tag == "option" and self.select is not None and self.form is not None:
            name = self.select.get("name", "")
            self.form.choices.setdefault(name, []).append(values.get("value", ""))
            if "selected" in values or name not in self.form.values:
                self.form.values[name] = values.get("value", "")
        if tag not in _VOID:
            self.open.append((tag, values, []))

    def _note_field(self, tag: str, values: dict[str, Any]) -> None:
        if tag == "select":
            self.select = values
        name = values.get("name")
        if self.form is None or not name:
            return
        self.form.fields.append(name)
        kind = values.get("type", "text")
        if tag != "input" or kind in {"submit", "file"}:
            return
        if kind in {"radio", "checkbox"}:
            self.form.choices.setdefault(name, []).append(values.get("value", "on"))
        if kind == "checkbox":
            if "checked" in values:
                self.form.values.setdefault(name, []).append(values.get("value", "on"))
        elif kind != "radio" or "checked" in values:
            self.form.values[name] = values.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        while self.open:
            name, values, parts = self.open.pop()
            text = "".join(parts)
            if self.open:
                self.open[-1][2].append(text)
            if name == "title" and not any(n == "svg" for n, _, _ in self.open):
                self.page.title = text.strip()
            elif name == "h1":
                self.page.h1.append(" ".join(text.split()))
            elif name == "a" and "href" in values:
                self.page.links.append((" ".join(text.split()), values["href"]))
            elif name == "button" and self.form is not None:
                self.form.buttons.append(" ".join(text.split()))
            elif name == "textarea" and self.form is not None:
                self.form.values[values.get("name", "")] = text.removeprefix("\n")
            elif name == "select":
                self.select = None
            elif name == "form":
                self.form = None
            elif name == "main":
                self.page.text = " ".join(text.split())
            if name == tag:
                return

    def handle_data(self, data: str) -> None:
        if self.open:
            self.open[-1][2].append(data)


def read(url: str, status: int, html: str, location: str | None = None) -> Page:
    """Take a page apart."""
    page = Page(status=status, url=url, html=html, location=location)
    _Reader(page).feed(html)
    return page


def check(page: Page) -> None:
    """What holds on every page: language, one heading equal to the title, labels, unique ids, forms that are sent, csrf,
    numbers that dial.
    """
    assert page.lang == "ja", f"{page.url}: expected lang=ja, found {page.lang!r}"
    assert len(page.h1) == 1, f"{page.url}: expected one h1, found {page.h1}"
    heading = page.title.removeprefix("エラー：").split("｜")[0]
    assert "".join(heading.split()) == "".join(page.h1[0].split()), (
        f"{page.url}: title {page.title!r} does not begin with the heading {page.h1[0]!r}"
    )
    doubled = sorted({one for one in page.ids if page.ids.count(one) > 1})
    assert not doubled, f"{page.url}: ids given twice: {doubled}"
    for found in page.inputs:
        labelled = (
            found.get("type") in _UNLABELLED
            or found["wrapped"]
            or "aria-label" in found
            or "aria-labelledby" in found
            or (found.get("id") and found["id"] in page.labels)
        )
        assert labelled, f"{page.url}: no label for {found}"
    words = _NOT_WORDS.sub(" ", page.html)
    for number in (text for text, url in page.links if url.startswith("tel:")):
        assert number not in words, f"{page.url}: {number} stands where touching it does not dial"
    assert not page.astray, f"{page.url}: {page.astray}"
    for form in page.forms:
        assert form.action != "", f"{page.url}: a form with an empty action: {form}"
        if form.method == "post":
            assert form.values.get("csrf_token"), f"{page.url}: a POST form without csrf_token: {form}"


def visit(client: FlaskClient, url: str, status: int = 200) -> Page:
    """GET a page, assert its status and check its HTML (unless it is a redirect or no HTML)."""
    return _answer(client.get(url), url, status)


def assert_leads_to_field(client: FlaskClient, page: Page, label: str, name: str) -> None:
    """The link that begins with this name leads to the very control, on whichever page it stands."""
    link = next((text for text, _url in page.links if text.lstrip("「").startswith(label)), label)
    path, _sharp, fragment = page.href(link).partition("#")
    assert fragment == name, page.href(link)
    found = visit(client, path) if path else page
    assert fragment in found.ids, f"expected a control {name!r} on {path}"
    assert any(name in form.fields for form in found.forms), f"expected a field {name!r} on {path}"


def post(
    client: FlaskClient, url: str, values: dict[str, Any] | None = None, status: int = 302, **options: Any
) -> Page:
    """POST with a valid csrf token and a new form id, as every page of ours gives them; a refused form (422)
    is checked as a page like any other."""
    hidden = {"csrf_token": csrf_token(client), "form_id": uuid.uuid4().hex}
    return _answer(client.post(url, data={**hidden, **(values or {})}, **options), url, status)


def send(
    client: FlaskClient,
    page: Page,
    values: dict[str, Any] | None = None,
    status: int = 302,
    content_type: str | None = None,
    **which: Any,
) -> Page:
    """Fill in and send a form of a visited page (``action=`` or ``button=`` choose it)."""
    form = page.form(**which)
    unknown = sorted(set(values or {}) - set(form.fields) - {"action"})
    assert not unknown, f"{page.url}: the form has no field {unknown}, only {form.fields}"
    url = form.action or page.url
    sent = client.post(url, data={**form.values, **(values or {})}, content_type=content_type)
    return _answer(sent, url, status)


def csrf_token(client: FlaskClient) -> str:
    """A token that the application accepts from this client."""
    with client.session_transaction() as cookie:
        raw = cookie.setdefault("csrf_token", "0" * 40)
    serializer = URLSafeTimedSerializer(client.application.secret_key, salt="wtf-csrf-token")
    token = serializer.dumps(raw)
    return token if isinstance(token, str) else token.decode()


def _answer(response: Any, url: str, status: int) -> Page:
    html = response.get_data(as_text=True) if response.mimetype == "text/html" else ""
    page = read(url, response.status_code, html, response.headers.get("Location"))
    assert response.status_code == status, (
        f"{url}: expected {status}, found {response.status_code} {page.location or ''} {page.text[:400]}"
    )
    if html and not 300 <= status < 400:
        check(page)
    return page
