"""Every control that changes nothing, on every page, as every kind of visitor: operated, not only looked at.

Over HTTP, as a browser without scripts sends it: every option of every list, box, radio button and text
field of every GET form, and every link that changes the query. In the real browser: one control of each kind
on each page. The result is a list of sentences that say page, control and what is wrong.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlencode, urljoin, urlsplit

import pytest
from flask.testing import FlaskClient

from matcher.city import cities
from matcher.people.signing_in import demo_user
from matcher.records import Organization
from tests.browser import controls
from tests.browser.conftest import Demo, Visitor
from tests.browser.controls import Control, Form, Reading
from tests.browser.test_every_page import ELSEWHERE, endpoint_of, is_download, others
from tests.factories import make_user
from tests.web.conftest import login_as

#: Who walks, and how many addresses of each kind of page they look at.
ROLES: dict[str, int] = {
    "anonymous": 2, "npo": 2, "company": 2, "coordinator": 2, "manager": 1,
    "npo editor": 1, "npo viewer": 1, "company viewer": 1, "operator": 1,
}  # fmt: skip
#: Typed into fields for words and days; nothing in the demo city is called so.
NOWHERE = "ぬかるみ橋"
TYPED = {"date": "2026-01-05", "decimal": "82"}  # people are counted whole
#: Fields whose every value leaves the list as it is, with the reason. Everything else must change something.
UNCHANGING: dict[tuple[str, str], str] = {
    (
        "coordinator.shown_lists:",
        "number",
    ): "an unknown number is said at its field: tests/web/test_shown_whole.py",
}
#: Addresses that are walked elsewhere only because they are forms of a POST.
_SKIPPED = {None, "static", *ELSEWHERE} - {"cases.sent"}


@dataclass
class Met:
    """One page as somebody met it: its kind, its address, and what stood on it."""

    kind: str
    path: str
    page: Reading


@dataclass
class Walk:
    """One visitor's way through all pages over HTTP, with what was found wrong."""

    demo: Demo
    client: FlaskClient
    role: str
    districts: frozenset[str]
    operated: set[tuple[str, str, str]]
    met: list[Met] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)  #: links that lead to no page
    faults: list[str] = field(default_factory=list)

    def get(self, path: str) -> tuple[int, str, Reading | None]:
        """Follow ``path``: status, the address where one arrives, and the page where it is one."""
        answer = self.client.get(path, follow_redirects=True)
        arrived = answer.request.full_path.rstrip("?")
        page = controls.read(answer.get_data(as_text=True)) if answer.mimetype == "text/html" else None
        answer.close()
        return answer.status_code, arrived, page

    def walk(self) -> None:
        """All pages that links lead to, some addresses of each kind."""
        waiting = ["/"]
        if ROLES[self.role] > 1:
            waiting += others(self.demo, None if self.role == "anonymous" else self.role)
        seen, counts = set(waiting), dict[str, int]()
        while waiting:
            path = waiting.pop(0)
            endpoint, kind = endpoint_of(self.demo, path)
            if endpoint in _SKIPPED or is_download(path) or counts.get(kind, 0) >= ROLES[self.role]:
                continue
            counts[kind] = counts.get(kind, 0) + 1
            status, arrived, page = self.get(path)
            if status >= 400 or page is None:
                self.lost.append(f"{path}: {status}")
                continue
            self.met.append(Met(kind, arrived, page))
            for link in page.links:
                target = urljoin(path, link.href)
                if target.startswith("/") and not link.is_download and target not in seen:
                    seen.add(target)
                    waiting.append(target)

    def operate(self, kind: str, path: str, page: Reading) -> None:
        """Everything on one page."""
        for form in page.forms:
            for control in form.controls.values():
                self.faults += [f"{path}: {fault}" for fault in control.faults(self.districts)]
            if form.method == "get":
                if not form.buttons:
                    self.faults.append(f"{path}: a form without a button")
                for control in form.controls.values():
                    if control.kind != "hidden":
                        self.try_control(kind, path, page, form, control)
        for link in page.changing(path):
            self.try_link(kind, path, page, link)

    def try_control(self, kind: str, path: str, page: Reading, form: Form, control: Control) -> None:
        """Each option once for each kind of page; for further visitors one option is enough."""
        once = (kind, urlsplit(form.action).path.rsplit("/", 1)[-1], control.name)
        known = once in self.operated
        self.operated.add(once)
        choices = _choices(control)
        if known:
            choices = choices[:1]
        changed = not choices
        for chosen in choices:
            target = form.address(path, **{control.name: chosen})
            status, arrived, after = self.get(target)
            about = f"{path}: {control.label}（{control.name}）= {'、'.join(chosen)}"
            if status >= 400:
                self.faults.append(f"{about}: {status}")
                continue
            if after is None:  # a file to keep
                changed = True
                continue
            if urlencode({control.name: chosen[0]}) not in arrived:
                self.faults.append(f"{about}: the address does not say so ({arrived})")
            twin = after.twin(form)
            if twin is None or twin.controls[control.name].sent != chosen:
                found = twin.controls[control.name].sent if twin else "no such form"
                self.faults.append(f"{about}: does not stay chosen (found {found})")
            changed = changed or after.words != page.words
        if not changed and not known and (kind, control.name) not in UNCHANGING:
            self.faults.append(f"{path}: {control.label}（{control.name}）: no choice changes the page")

    def try_link(self, kind: str, path: str, page: Reading, link: controls.Link) -> None:
        """A sort head, a page number, a tab or a chip."""
        wanted = controls.query_of(link.href)
        changes = sorted(name for name in wanted if wanted[name] != controls.query_of(path).get(name))
        value = wanted.get("sort", "") if changes == ["sort"] else ""
        once = (kind, "link", ",".join([*changes, value]))
        if once in self.operated:
            return
        self.operated.add(once)
        status, _arrived, after = self.get(urljoin(path, link.href))
        if status >= 400:
            self.faults.append(f"{path}: the link {link.text!r} to {link.href}: {status}")
        elif after is not None and after.words == page.words and not _marked(after, changes, wanted):
            self.faults.append(f"{path}: the link {link.text!r} to {link.href} changes nothing")


def _choices(control: Control) -> list[list[str]]:
    """What can be chosen that is not chosen now, each as it is sent."""
    if control.kind in {"select", "radio"}:
        return [[option.value] for option in control.options if [option.value] != control.sent]
    if control.kind in {"checkbox", "select-multiple"}:
        values = [option.value for option in control.options]
        return [values[:1], values[-1:], values] if len(values) > 1 else [values]
    if control.kind == "decimal":  # also what is no number stays as it was typed
        return [[TYPED["decimal"]], [NOWHERE]]
    return [[TYPED.get(control.kind, NOWHERE)]]


def _marked(page: Reading, changes: list[str], wanted: Mapping[str, str]) -> bool:
    """Whether the page says which order it is in, where equal rows look the same in both."""
    return changes == ["sort"] and any(
        link.mark and controls.query_of(link.href).get("sort", "").lstrip("-") == wanted["sort"].lstrip("-")
        for link in page.links
    )


@pytest.fixture(scope="module")
def walk_of(demo: Demo) -> Callable[[str], Walk]:
    """Each visitor's way through the pages, walked once for all tests of this module."""
    with demo.database.read() as session:
        districts = frozenset(cities.get(session).area_labels.values())
    walks: dict[str, Walk] = {}
    operated: set[tuple[str, str, str]] = set()

    def walk(role: str) -> Walk:
        if role not in walks:
            walks[role] = Walk(demo, _enter(demo, role), role, districts, operated)
            walks[role].walk()
        return walks[role]

    return walk


def _enter(demo: Demo, role: str) -> FlaskClient:
    client = demo.app.test_client()
    if role == "anonymous":
        return client
    name, _space, place = role.partition(" ")
    with demo.database.write() as session:
        user = make_user(session, role="operator") if name == "operator" else demo_user(session, name)
        if place:
            user = make_user(
                session, session.get_one(Organization, user.seats[0].organization_id), organization_role=place
            )
        session.expunge_all()
    return login_as(client, user)


@pytest.mark.parametrize("role", ROLES)
def test_every_control_that_changes_nothing_works(walk_of: Callable[[str], Walk], role: str):
    walk = walk_of(role)
    for met in walk.met:
        walk.operate(met.kind, met.path, met.page)
    faults = [*walk.lost, *walk.faults]
    assert not faults, "\n".join([f"{len(faults)} faults", *faults])
    assert walk.met


@pytest.mark.parametrize("role", ["anonymous", "npo", "company", "coordinator"])
def test_one_control_of_each_kind_works_in_the_browser(
    visitor: Callable[..., Visitor], walk_of: Callable[[str], Walk], role: str
):
    person = visitor(None if role == "anonymous" else role)
    pages = {met.kind: met for met in walk_of(role).met if met.page.get_forms}
    faults = [fault for met in pages.values() for fault in _operated_by_hand(person, met)]
    assert not faults, "\n".join([f"{len(faults)} faults", *faults])
    assert pages


def _operated_by_hand(person: Visitor, met: Met) -> Iterator[str]:
    """One control of each kind on a page: opened, chosen, sent, gone back from."""
    done: set[str] = set()
    for form in met.page.get_forms:
        for control in form.controls.values():
            chosen = _choices(control)
            if control.kind in {*done, "hidden"} or not chosen or is_download(form.action):
                continue
            done.add(control.kind)
            about = f"{met.path}: {control.label}（{control.name}）"
            yield from (f"{about}: {fault}" for fault in _used(person, met.path, form, control, chosen[-1]))


def _used(person: Visitor, path: str, form: Form, control: Control, chosen: list[str]) -> Iterator[str]:
    page = person.page
    person.go(path)
    before = page.url
    place = page.locator(f'form[method="get"] [name="{control.name}"]').first
    fold = page.locator(f'details:has([name="{control.name}"])')
    if fold.count() and fold.first.get_attribute("open") is None:
        fold.first.locator("summary").first.click()
    if control.kind == "select":
        place.select_option(chosen[0])
    elif control.kind in {"radio", "checkbox"}:
        page.locator(f'[name="{control.name}"][value="{chosen[0]}"]').first.check()
    else:
        place.fill(chosen[0])
        place.blur()  # what is typed counts once one leaves the field
    said = urlencode({control.name: chosen[0]})
    if place.evaluate("control => control.form.hasAttribute('hx-get')"):
        page.wait_for_url(lambda url: said in url)
    else:
        place.evaluate("control => control.form.querySelector('button[type=submit]').click()")
        page.wait_for_url(lambda url: said in url)
    page.wait_for_load_state("load")
    kept = page.locator(f'form[method="get"] [name="{control.name}"]').first.evaluate(
        "control => [...new FormData(control.form).getAll(control.name)]"
    )
    if kept != chosen:
        yield f"chose {chosen}, found {kept} afterwards"
    person.back()
    if page.url != before:
        yield f"going back leads to {page.url}"
    yield from person.complaints
    person.complaints.clear()


def test_a_choice_shows_at_once_and_stays_without_leaving_the_field(
    visitor: Callable[..., Visitor], walk_of: Callable[[str], Walk]
):
    person = visitor("company")
    person.go("/company/suggestions")
    page = person.page
    page.locator("details.filters > summary").click()
    line = page.locator("#suggested-line")
    before = line.inner_text()
    page.locator('[name="support_type"]').focus()
    page.locator('[name="support_type"]').select_option("food")
    page.wait_for_url("**support_type=food**")
    page.wait_for_function(
        "before => document.querySelector('#suggested-line').innerText !== before", arg=before
    )
    assert "支援の種類：食品" in line.inner_text()
    assert "条件に合うのは" in line.inner_text()
    assert page.evaluate("document.activeElement.name") == "support_type"
    line.get_by_role("link").first.click()
    page.wait_for_url(lambda url: "support_type" not in url)
    assert "支援の種類" not in page.locator("#suggested-line").inner_text()
    assert not person.faults()


def test_a_bad_page_is_found_out():
    """The reader itself: letters as options, bare codes, no label, nothing to press."""
    page = controls.read(
        """<main><form method="get"><select name="a"><option value="す">す</option></select>
        <label for="b">種類</label><select id="b" name="b"><option value="food">food</option></select>
        <fieldset><legend>担当</legend><label><input type="radio" name="c" value="1" checked>市</label>
        <label><input type="radio" name="c" value="2">市の担当</label></fieldset></form>
        <a href="?page=2">2</a><a href="/elsewhere?page=2">よそ</a></main>"""
    )
    (form,) = page.get_forms
    found = [fault for control in form.controls.values() for fault in control.faults()]
    assert found == [
        "select 'a' has no label",
        "select 'a': an option reads 'す' (sends 'す')",
        "select 'b': an option reads 'food' (sends 'food')",
    ]
    assert form.buttons == []
    assert form.sent(c=["2"]) == [("a", "す"), ("b", "food"), ("c", "2")]
    assert [link.text for link in page.changing("/list?page=1")] == ["2"]
