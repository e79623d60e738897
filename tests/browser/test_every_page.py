"""Every page, as every role, at four widths and on a dark screen: axe, no sideways scroll, no other origin, no CSP report.

The pages are found by following links from each role's first page; one or two addresses of each kind of page
are enough; the workspace of a case is walked in every state by ``test_workspace.py``. Every GET endpoint of the application must have been met, or stand in ``ELSEWHERE`` with a reason.
"""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from sqlalchemy import func, select
from werkzeug.exceptions import HTTPException

from matcher.desk import unseen
from matcher.desk.lists import LISTS
from matcher.people.accounts import actor_of
from matcher.people.signing_in import demo_user
from matcher.records import Partnership, ShownSuggestion
from tests.browser.conftest import WIDTHS, Demo, Visitor

ROLES = (None, "npo", "company", "coordinator", "manager")
PER_ENDPOINT = 2  #: addresses looked at for each kind of page
#: GET endpoints that are not walked here, and where they are tested instead.
ELSEWHERE: dict[str, str] = {
    "work.act": "tests/browser/test_workspace.py: every form in the states that open it",
    **dict.fromkeys(("public.healthz", "public.healthz_worker"), "tests/contracts: no page"),
    **dict.fromkeys(
        ("account.activate", "account.reset", "account.register_sent", "account.forgot_sent"),
        "tests/web/test_account_pages.py: reached from a mail or after a form",
    ),
    **dict.fromkeys(
        ("cases.sent", "company.offer_sent", "npo.need_sent", "organization.submitted"),
        "tests/browser/test_journeys.py, tests/web: shown after a form was sent",
    ),
    **dict.fromkeys(
        ("coordinator.need_joint", "coordinator.joint_withdraw", "npo.joint_need"),
        "tests/web/test_joint_pages.py: where needs are alike, and once the city has proposed",
    ),
    "cases.need_together": "tests/web/test_need_parts_pages.py: once two companies take part of a need",
    **dict.fromkeys(
        ("company.offer_check", "company.offer_edit", "npo.need_check", "npo.need_step"),
        "tests/browser/test_journeys.py, tests/web/test_posting_pages.py: steps of writing",
    ),
    "organization.submit": "tests/web/test_organization_pages.py: open only to a profile that is a draft",
    **dict.fromkeys(
        ("account.organizations", "account.close", "account.open_as"),
        "tests/web/test_switching.py: nobody in the demo city serves several organizations",
    ),
    **dict.fromkeys(
        ("alerts.search_new", "alerts.search", "alerts.stop"),
        "tests/browser/test_journeys.py: from a list with conditions, or from a mail",
    ),
    **dict.fromkeys(
        ("coordinator.invitation", "coordinator.invitation_paper"),
        "tests/web/test_alert_pages.py: everybody in the demo city has an account",
    ),
    **dict.fromkeys(
        ("suggestions.compare", "coordinator.compare_for_need", "coordinator.compare_for_offer"),
        "tests/browser/test_choosing.py: from boxes on the cards",
    ),
    "coordinator.shown": "tests/web/test_shown_whole.py: by a number, or from a case that began on a card",
    "npo.question": "tests/web/test_question_pages.py: nobody in the demo city has asked anything",
    **dict.fromkeys(("moved.act", "moved.message"), "old addresses, which lead on"),
    "making.show": "tests/web/test_making.py: shown while a paper is being made",
    "plans.show": "tests/browser/test_year_plan.py: there is no plan in the demo city",
    "imports.show": "tests/web/test_import_pages.py: there is no import in the demo city",
    **dict.fromkeys(
        ("cases.bundle_file", "work.file", "work.paper", "work.calendar_file", "desk_work.handover_paper",
         "registration_codes.poster", "public.picture", "public.poster",
         "work.export_file",
         *(f"coordinator.{name}_file" for name in LISTS)),
        "tests/web: files to keep, not pages",
    ),
}  # fmt: skip

_met: set[str] = set()
_done: set[tuple[str | None, int]] = set()


@pytest.fixture(scope="module", autouse=True)
def every_endpoint_was_met(demo: Demo) -> Iterator[None]:
    """Once all have walked, no page may be left that nobody has seen."""
    yield
    if len(_done) < len(ROLES) * len(WIDTHS):
        return
    pages = {
        rule.endpoint
        for rule in demo.app.url_map.iter_rules()
        if "GET" in (rule.methods or ()) and not is_download(rule.rule) and rule.endpoint != "static"
    }
    assert pages - _met - set(ELSEWHERE) == set()


def test_the_demo_city_has_looked_at_its_suggestions(demo: Demo) -> None:
    with demo.database.read() as session:
        official = actor_of(demo_user(session, "coordinator"))
        shown = {one.kind: one.shown for one in unseen.spread(session, official)}
        opened = session.scalar(select(func.count()).where(ShownSuggestion.opened_at.is_not(None)))
    assert shown["company"] > 10
    assert shown["npo"] > 50
    assert opened


def endpoint_of(demo: Demo, path: str) -> tuple[str | None, str]:
    """The endpoint that answers GET on ``path`` (``None`` where there is none), and the kind of page: one
    endpoint serves every section and every form of the workspace.
    """
    adapter = demo.app.url_map.bind("127.0.0.1")
    try:
        endpoint, values = adapter.match(urlsplit(path).path, method="GET")
    except HTTPException:
        return None, ""
    return endpoint, f"{endpoint}:{values.get('section') or values.get('action') or ''}"


def links(person: Visitor) -> list[str]:
    """The paths that the present page links to, downloads left out."""
    found = person.page.eval_on_selector_all(
        "a[href]:not([download])", "links => links.map(link => link.getAttribute('href'))"
    )
    return [link for link in found if link.startswith("/") and not link.startswith("/static")]


def is_download(path: str) -> bool:
    """Addresses that answer with a file rather than a page."""
    return any(part in path for part in (".xlsx", ".csv", ".json", "format=", "/template"))


def others(demo: Demo, role: str | None) -> list[str]:
    """Pages that the first ones of each kind do not lead to."""
    if role is None:
        return ["/terms"]
    with demo.database.read() as session:
        closed = select(Partnership.public_id).where(Partnership.state == "closed")
        case = session.scalars(closed.order_by(Partnership.id)).first()
    return [f"/cases/{case}"] if role in {"coordinator", "manager"} else ["/account/password"]


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("role", ROLES)
def test_every_page_that_links_lead_to(visitor: Callable[..., Visitor], demo: Demo, role, width):
    person = visitor(role, width=width)
    start = urlsplit(person.page.url).path if role else "/"
    waiting, seen, faults = [start, *others(demo, role)], {start}, {}
    counts: dict[str, int] = {}
    while waiting:
        path = waiting.pop(0)
        endpoint, kind = endpoint_of(demo, path)
        enough = 1 if endpoint == "work.section" else PER_ENDPOINT
        if endpoint in {None, "static", *ELSEWHERE} or is_download(path) or counts.get(kind, 0) >= enough:
            continue
        counts[kind] = counts.get(kind, 0) + 1
        person.go(path)
        _met.add(endpoint)
        found = person.faults() + (person.faults_otherwise() if counts[kind] == 1 else [])
        if found:
            faults[path] = found
        _keep_screenshot(person, role, width, kind, counts[kind])
        for link in links(person):
            if link not in seen:
                seen.add(link)
                waiting.append(link)
    _done.add((role, width))
    assert not faults, "\n".join(f"{path}: {line}" for path, lines in faults.items() for line in lines)
    assert counts


def _keep_screenshot(person: Visitor, role: str | None, width: int, endpoint: str, number: int) -> None:
    """Keep a picture of every page where ``SCREENSHOTS`` names a folder, for people to look at."""
    folder = os.environ.get("SCREENSHOTS")
    if folder and number == 1:
        name = f"{role or 'public'}-{width}-{endpoint.replace(':', '-').rstrip('-')}.png"
        person.page.screenshot(path=Path(folder) / name, full_page=True)


def test_a_bad_page_is_found_out(visitor: Callable[..., Visitor]):
    """The checker itself: a page with an unlabelled field, poor contrast, a wide table, a narrow
    column and a mute number must fail.
    """
    person = visitor()
    person.go("/")
    person.page.evaluate(
        """() => { document.body.innerHTML = '<h1>悪い例</h1><h1>二つ目</h1><input><p id="pale">薄い字</p><p id="dim">暗い字</p>'
        + '<table><tr><td id="slim">市全域の地区</td></tr></table><div id="wide">幅</div><footer class="site-footer">電話 <a href="tel:1">1-1</a>、1-1</footer>'; document.getElementById('pale').style.color = '#ddd';
        document.getElementById('dim').style.color = '#333';
        document.getElementById('slim').style.maxWidth = document.getElementById('slim').style.width = '1em';
        document.getElementById('slim').closest('table').style.width = '1em';
        document.getElementById('wide').style.width = '3000px'; }"""
    )
    found = "\n".join(person.faults())
    otherwise = "\n".join(person.faults_otherwise())
    assert "at 768 px: scrolls sideways" in otherwise
    assert "at 768 px: axe label" in otherwise
    assert "dark: axe color-contrast: #dim" in otherwise
    assert "#dim" not in found
    assert "scrolls sideways" in found
    assert "too narrow to read" in found
    assert "2 h1" in found
    assert "does not dial: 、1-1" in found
    assert "axe label" in found
    assert "axe color-contrast" in found
