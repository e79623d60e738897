"""How much of a screen a job takes: pages, pixels, inputs, and what lies in one sight, measured in Chromium.

``make look`` serves the demo city as it is on ``DAY``, walks through it as its people do, and prints what was found
beside what is wanted. How each is measured:

- *px* of a page is the height of its document in a window of the width said, at least one window high; of several
  pages their sum, each counted every time that it is shown on the way.
- *pages* are those that are shown on the way, from the first to the one that says it is done.
- *inputs* are the controls of ``main`` that can be seen, each box and each circle counted; *blanks* the same by their
  names: a question with five circles is one. What lies in a closed fold, or is there for robots, is not
  counted; a question whose choices are folded away is a name.
- *y* is where the upper edge lies as the page opens, from the top of the document.
- *in one sight* is what lies wholly in the window as the page opens, and in no box that would have to be scrolled.

On the way only what must be answered is (``NEED``, ``ORGANIZATION``): what a page offers beside it costs no key, but
room. A way is walked by the names of the fields and the chief button of each page, not by the order of pages, so it
survives that pages are joined or divided. A wish that is not fulfilled yet stands with the figure of today in
``SO_FAR``, which may only get better: whoever betters it writes the new figure down, and takes the row out once the
wish is fulfilled. Pixels depend on the fonts (Noto Sans CJK here); two in a hundred are let pass.
"""

import logging
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from playwright.sync_api import Browser
from sqlalchemy import select

from matcher.agreements import acts as agreement_acts
from matcher.desk.lists import LISTS
from matcher.desk.lists.listing import DeskList
from matcher.people import accounts
from matcher.people.signing_in import demo_user
from matcher.records import CaseDocument, Membership, Organization, Partnership, User
from tests.browser.conftest import Demo, Visitor, browsing, load_city, served
from webapp import clock, filters

#: A Wednesday, ten o'clock in Tokyo.
DAY: Final = datetime(2026, 11, 25, 1, 0, tzinfo=UTC)
PHONE, DESK, WIDE = (375, 812), (1366, 768), (1440, 900)
ROWS = 10  #: of a list, that are wanted in one sight
NEAR = 160  #: px: what lies so near is read together
SLACK = 1.02  #: of pixels, for other fonts

NEED: Final[Mapping[str, str]] = {
    "title": "冷凍のおかずを受け取れる団体です（見守り弁当）",
    "situation": "一人暮らしの方へ月に二度、冷凍惣菜を温めて届けています。納品期限切れの冷凍惣菜があれば助かります。",
    "wanted_change": "届ける回数を月四回に増やせます。",
    "support_type": "food", "quantity": "10", "unit": "箱",
    "period_from": "2027-01-05", "period_to": "2027-10-31", "areas": "citywide", "valid_until": "2027-06-30",
    "fields": "1", "beneficiaries": "elderly_alone", "safety_contact": "no",
    "if_unmet": "月二度のまま続けます。", "contact_name": "髙橋 久美",
}  # fmt: skip
ORGANIZATION: Final[Mapping[str, str]] = {
    "kind": "npo", "organization_name": "浜のごはん会", "name": "浜のごはん会", "email": "hama@hama.example",
    "password": "nami-to-gohan-to-akari-7", "again": "nami-to-gohan-to-akari-7",
    "kana": "ハマノゴハンカイ", "no_number_reason": "unincorporated", "org_type": "nini", "area": "citywide",
    "address": "中央町1-2-3", "representative": "海野 凪", "mission": "子どもがひとりで夕食をとらない町にします。",
    "activities": "毎週水曜に夕食をつくっています。", "fields": "1", "beneficiaries": "children", "areas": "citywide",
    "disclosure": "charter", "contact_name": "海野 凪", "phone": "0000-00-0001", "visibility": "public",
    "declared": "y", "agreed": "y",
}  # fmt: skip

#: What is not fulfilled yet, as it stands today.
SO_FAR: Final[dict[str, float]] = {
    "Approve a case (1366×768): decision y": 898,
    "Approve a case (1366×768): decision and facts in one sight": 0,
    "Agreement form (375): blanks": 33,
    "List exposure (1366×768): first row y": 588,
    "List exposure (1366×768): rows in one sight": 5,
    "List audit (1366×768): first row y": 506,
    "List audit (1366×768): rows in one sight": 7,
    "Case (375): px": 9_612,
    "Case (375): turn y": 1_143,
    "Public story (375): comment y": 2_633,
    "Write a need (375): px": 15_060,
    "Write a need (375): inputs": 41,
    "Register, profile, submit (375): pages": 18,
    "Register, profile, submit (375): px": 41_236,
    "Register, profile, submit (375): inputs": 38,
}


@dataclass(frozen=True)
class Figure:
    """One figure of a job: what was found, and what is wanted (at most, or at least; ``None``: only told)."""

    job: str
    name: str
    found: float
    wanted: float | None = None
    at_least: bool = False
    note: str = ""

    @property
    def key(self) -> str:
        """Its name in ``SO_FAR``."""
        return f"{self.job}: {self.name}"

    @property
    def is_there(self) -> bool:
        """Whether the wish is fulfilled."""
        return self.wanted is None or self._is_within(self.wanted)

    @property
    def holds(self) -> bool:
        """Whether it is at least as good as it must be now."""
        return self.is_there or (self.key in SO_FAR and self._is_within(SO_FAR[self.key]))

    @property
    def is_better(self) -> bool:
        """Whether ``SO_FAR`` says less than was reached."""
        known = SO_FAR.get(self.key)
        if known is None:
            return False
        return self.found > known if self.at_least else self.found * self._slack < known

    @property
    def _slack(self) -> float:
        return SLACK if "px" in self.name or " y" in self.name else 1

    def _is_within(self, bound: float) -> bool:
        return self.found >= bound if self.at_least else self.found <= bound * self._slack

    def row(self, before: str) -> str:
        """As ``make look`` prints it and ``docs/screens.md`` keeps it."""
        wanted = "" if self.wanted is None else f"{'≥' if self.at_least else '≤'} {self.wanted:,g}"
        sign = "" if self.wanted is None else "✓" if self.is_there else "✗"
        return f"| {self.job} | {self.name} | {before} | {self.found:,g} | {wanted} | {sign} | {self.note} |"


# ── Walking ──────────────────────────────────────────────────────────────────────────────────────────

_PAGE: Final = """() => {
  const seen = e => {
    const box = e.getBoundingClientRect();
    return e.checkVisibility({visibilityProperty: true}) && box.width > 2 && box.height > 2
      && !e.closest('.visually-hidden, [aria-hidden="true"]');
  };
  const shown = [...document.querySelectorAll('main input, main select, main textarea')]
    .filter(e => !['hidden', 'submit', 'button', 'reset', 'image'].includes(e.type))
    .filter(e => seen(e) || [...e.labels || []].some(seen));
  const folded = [...document.querySelectorAll('main details.more-choices input')];
  return {px: document.documentElement.scrollHeight, inputs: shown.length,
    names: [...new Set([...shown, ...folded].map(e => e.name))]};
}"""
#: Whether all of these lie in the window and in no box whose content is scrolled away, as the page stands.
_IN_SIGHT: Final = """elements => elements.length > 0 && elements.every(e => {
  const box = e.getBoundingClientRect();
  let [top, bottom] = [0, innerHeight];
  for (let up = e.parentElement; up && up !== document.documentElement; up = up.parentElement)
    if (getComputedStyle(up).overflowY !== 'visible') {
      const around = up.getBoundingClientRect();
      [top, bottom] = [Math.max(top, around.top), Math.min(bottom, around.bottom)];
    }
  return box.height > 0 && box.top >= top - 1 && box.bottom <= bottom + 1;
})"""


@dataclass
class Walk:
    """Somebody at a window, and what was shown on the way."""

    person: Visitor
    pages: int = 0
    px: int = 0
    inputs: int = 0
    names: set[str] = field(default_factory=set)
    heights: list[int] = field(default_factory=list)

    def note(self) -> dict[str, Any]:
        """Count the page that is shown."""
        page = self.person.page
        page.wait_for_load_state("load")
        found: dict[str, Any] = page.evaluate(_PAGE)
        self.pages += 1
        self.px += found["px"]
        self.inputs += found["inputs"]
        self.names |= set(found["names"])
        self.heights.append(found["px"])
        return found

    def open(self, path: str) -> dict[str, Any]:
        """Go to a page and count it."""
        self.person.go(path)
        return self.note()

    @property
    def path(self) -> str:
        """Where one is."""
        return urlsplit(self.person.page.url).path

    def y(self, selector: str) -> float | None:
        """Where the first such thing that can be seen begins; ``None`` where there is none."""
        for one in self.person.page.locator(selector).all():
            box = one.bounding_box()
            if box and box["height"] > 0:
                return round(box["y"] + self.person.page.evaluate("scrollY"))
        return None

    def fill(self, answers: Mapping[str, str], names: list[str]) -> None:
        """Answer what the page asks for and ``answers`` know."""
        page = self.person.page
        for name in [one for one in names if one in answers]:
            found, value = page.locator(f'main [name="{name}"]'), answers[name]
            kind = found.first.evaluate("node => node.tagName + ':' + (node.type || '')")
            if kind in {"INPUT:radio", "INPUT:checkbox"}:
                self.person.tick(name, value)
            elif kind == "SELECT:select-one":
                found.first.select_option(value)
            else:
                found.first.fill(value)

    def press(self) -> None:
        """Press the chief button of the page's form."""
        forms = self.person.page.locator("main form[method=post]")
        chief = forms.locator("button.button-primary:visible, button[type=submit]:visible")
        self.person.press(forms.locator("button.button-primary:visible").or_(chief).first)


@dataclass
class Town:
    """The demo city that is served, and the browser in which it is looked at."""

    demo: Demo
    browser: Browser

    @contextmanager
    def walk(self, role: str | None, window: tuple[int, int], *, dark: bool = False) -> Iterator[Walk]:
        """Somebody of the demo city at a window of this size."""
        context = self.browser.new_context(
            viewport={"width": window[0], "height": window[1]}, locale="ja-JP", timezone_id="Asia/Tokyo",
            color_scheme="dark" if dark else "light",
        )  # fmt: skip
        context.set_default_timeout(45_000)
        person = Visitor(context, self.demo)
        if role is not None:
            person.enter(role)
        yield Walk(person)
        context.close()

    def case(self, *states: str, published: bool = False) -> list[str]:
        """The cases in these states, by number."""
        with self.demo.database.read() as session:
            wanted = select(Partnership.public_id).order_by(Partnership.number)
            wanted = wanted.where(Partnership.state.in_(states)) if states else wanted
            return list(
                session.scalars(wanted.where(Partnership.published_at.is_not(None)) if published else wanted)
            )

    def cases_of(self, role: str) -> list[str]:
        """The cases that go on of the organization of one of the demo city's people."""
        with self.demo.database.read() as session:
            own = accounts.actor_of(demo_user(session, role)).organization_id
            cases = session.scalars(select(Partnership).order_by(Partnership.number))
            return [one.public_id for one in cases if own in {one.company_id, one.npo_id} and not one.is_over]

    @contextmanager
    def lending(self, role: str, case: str) -> Iterator[None]:
        """Let whoever enters in this role be of the company or NPO of this case (of their own without a case)."""
        if not case:
            yield
            return
        with self.demo.database.read() as session:
            found = session.scalars(select(Partnership).where(Partnership.public_id == case)).one()
            side = found.company_id if role == "company" else found.npo_id
            own = demo_user(session, role).id
            other = session.scalars(
                select(Membership.user_id).where(
                    Membership.organization_id == side, Membership.role == "owner"
                )
            ).first()
        assert other is not None
        if other == own:
            yield
            return
        self._change_addresses(own, other)
        yield
        self._change_addresses(own, other)

    def _change_addresses(self, one: int, other: int) -> None:
        with self.demo.database.write() as session:
            first, second = session.get_one(User, one), session.get_one(User, other)
            mine, theirs = first.email, second.email
            first.email = "changing@demo.example"
            session.flush()
            second.email = mine
            session.flush()
            first.email = theirs


@contextmanager
def on_the_day() -> Iterator[None]:
    """The program's time is ``DAY``."""
    real, clock.now = clock.now, lambda: DAY
    try:
        yield
    finally:
        clock.now = real


# ── The jobs ─────────────────────────────────────────────────────────────────────────────────────────


def register(town: Town) -> Iterator[Figure]:
    """A new group on a phone: from the form of registration over the mail and all parts of the profile to the page
    that says that the city was asked.
    """
    job = "Register, profile, submit (375)"
    with town.walk(None, PHONE) as walk:
        walk.fill(ORGANIZATION | {"name": "海野 凪"}, walk.open("/register")["names"])
        walk.press()
        walk.note()
        town.demo.work()
        link = _mailed(town, ORGANIZATION["email"], "/activate/")
        found, been = walk.open(urlsplit(link).path), set[str]()
        while walk.path != "/profile/submitted":
            assert walk.pages < 60, walk.path
            been.add(walk.path)
            if set(found["names"]) & set(ORGANIZATION):
                walk.fill(ORGANIZATION, found["names"])
                walk.press()
            else:
                links = walk.person.page.locator("main a[href^='/profile']")
                paths = [str(urlsplit(one.get_attribute("href") or "").path) for one in links.all()]
                ahead = [
                    one
                    for one in paths
                    if one.count("/") == 2 and one not in been and not one.endswith(("/leave", "/submit"))
                ]
                onward = next(iter([*ahead, *(one for one in paths if one.endswith("/submit")), *paths]))
                walk.person.press(walk.person.page.locator(f"main a[href^='{onward}']").first)
            found = walk.note()
        yield Figure(job, "pages", walk.pages, 12)
        yield Figure(job, "px", walk.px, 12_000)
        yield Figure(job, "inputs", walk.inputs, 35, note=f"{len(walk.names)} blanks")


def _mailed(town: Town, to: str, part: str) -> str:
    letters = [
        one.read_text(encoding="utf-8") for one in sorted(town.demo.settings.mail_folder.glob("*.eml"))
    ]
    found = [word for one in letters if f"To: {to}" in one for word in one.split() if part in word]
    assert found, f"expected a letter to {to} with {part}, found {len(letters)} letters"
    return found[-1]


def need(town: Town) -> Iterator[Figure]:
    """A director on a phone: from the first question to the receipt."""
    job = "Write a need (375)"
    with town.walk("npo", PHONE) as walk:
        walk.person.go("/npo/needs")
        walk.person.press(walk.person.page.get_by_role("button", name="ニーズを書く"))
        while not walk.path.endswith("/sent"):
            assert walk.pages < 60, walk.path
            walk.fill(NEED, walk.note()["names"])
            walk.press()
        walk.note()
        yield Figure(job, "px", walk.px, 7_000, note=f"{walk.pages} pages")
        yield Figure(job, "inputs", walk.inputs, 25, note=f"{len(walk.names)} blanks")


def suggestions(town: Town) -> Iterator[Figure]:
    """A company's first ten cards; *said on every card* are the lines of lists that can be seen, word for word the
    same on all ten.
    """
    job = "Suggestions, ten cards"
    for window, wanted in ((PHONE, 3_500), (WIDE, 2_400)):
        with town.walk("company", window) as walk:
            found = walk.open("/company/suggestions")
            cards = walk.person.page.locator("article.suggestion, .suggestion-card")
            yield Figure(job, f"px at {window[0]}", found["px"], wanted, note=f"{cards.count()} cards")
            if window == WIDE:
                lines = cards.evaluate_all(
                    """cards => cards.map(card => [...card.querySelectorAll('li:not(.strip li)')]
                      .filter(line => line.checkVisibility()).map(line => line.textContent.trim()))"""
                )
                same = set(lines[0]).intersection(*lines[1:]) - {""}
                yield Figure(job, "said on every card", len(same), 0, note="、".join(sorted(same))[:60])


def approve(town: Town) -> Iterator[Figure]:
    """An official approves the oldest case that both agreed to: from its page to the button that decides. *In one
    sight* are the button, and as facts both names, the amount and the period.
    """
    job = "Approve a case (1366×768)"
    case = town.case("coordinator_review")[0]
    with town.demo.database.read() as session:
        found = session.scalars(select(Partnership).where(Partnership.public_id == case)).one()
        company, npo = (session.get_one(Organization, one).name for one in (found.company_id, found.npo_id))
        facts = [
            company,
            npo,
            *([f"{found.quantity:g}{found.unit}"] if found.quantity else []),
            *_days(found.period_from, found.period_to),
        ]
    with town.walk("coordinator", DESK) as walk:
        walk.open(f"/cases/{case}")
        page = walk.person.page
        button = "main form[action*='approve'] button[type=submit]:visible"
        fold = page.locator("main details:not([open]):has(form[action*='approve']) > summary")
        if fold.count():
            fold.first.click()
        if not page.locator(button).count():
            walk.open(f"/cases/{case}/approve")
        end = page.locator(button).first.bounding_box() or {}
        yield Figure(job, "pages", walk.pages, 1)
        yield Figure(job, "px", walk.px, None, note=" + ".join(f"{one:,}" for one in walk.heights))
        yield Figure(job, "decision y", round(end["y"]), DESK[1])
        yield Figure(
            job,
            "decision and facts in one sight",
            _together(walk, button, facts),
            1,
            at_least=True,
            note="、".join(facts),
        )


def _together(walk: Walk, button: str, facts: list[str]) -> int:
    page = walk.person.page
    page.evaluate("scrollTo(0, 0)")
    sight = page.locator(button).first.evaluate(f"e => ({_IN_SIGHT})([e])")
    for words in facts:
        found = page.locator("main").get_by_text(words)
        sight = sight and any(one.evaluate(f"e => ({_IN_SIGHT})([e])") for one in found.all())
    return int(sight)


def _days(*days: Any) -> list[str]:
    return [str(filters.jdate(day, False)) for day in days if day is not None]


def confirm(town: Town) -> Iterator[Figure]:
    """A manager confirms an agreement: of the first day, the last day and the yen, how many stand within ``NEAR`` of
    the box that says that they are right.
    """
    case = town.case("agreement_review")[0]
    with town.demo.database.read() as session:
        wanted = select(CaseDocument).join(Partnership, CaseDocument.partnership_id == Partnership.id)
        wanted = wanted.where(Partnership.public_id == case, CaseDocument.kind == "agreement")
        content = session.scalars(wanted.order_by(CaseDocument.number.desc())).first().content
    days = [str(filters.isoday(content[name])) for name in ("from_on", "to_on")]
    with town.walk("manager", DESK) as walk:
        found = walk.open(f"/cases/{case}/do/{agreement_acts.confirm.name}")
        stands = sum(
            _is_near(walk, box, words) for box, words in (*(("period", day) for day in days), ("money", "円"))
        )
        yield Figure(
            "Confirm an agreement (1366×768)",
            "of 3 facts, beside their tick",
            stands,
            3,
            at_least=True,
            note="、".join((*days, "円")),
        )
        yield Figure("Confirm an agreement (1366×768)", "px", found["px"])


def _is_near(walk: Walk, box: str, words: str) -> bool:
    tick = walk.person.page.locator(f'main [name="checked"][value="{box}"]').first.bounding_box() or {}
    places = [one.bounding_box() for one in walk.person.page.locator("main").get_by_text(words).all()]
    return any(place and abs(place["y"] - tick["y"]) <= NEAR for place in places)


def agreement(town: Town) -> Iterator[Figure]:
    """A company writes the agreement of a gift on a phone: what it would have to fill in."""
    case = town.case("agreement_draft")[0]
    with town.lending("company", case), town.walk("company", PHONE) as walk:
        found = walk.open(f"/cases/{case}/do/{agreement_acts.draft.name}")
        yield Figure(
            "Agreement form (375)", "blanks", len(found["names"]), 8, note=f"{found['inputs']} inputs"
        )
        yield Figure("Agreement form (375)", "px", found["px"])


def waiting_organization(town: Town) -> str:
    """The organization that has waited longest to be checked."""
    with town.demo.database.read() as session:
        waiting = select(Organization.public_id).where(Organization.state == "submitted")
        return session.scalars(waiting.order_by(Organization.submitted_at)).first() or ""


def verification(town: Town) -> Iterator[Figure]:
    """An official checks the organization that has waited longest."""
    with town.walk("coordinator", DESK) as walk:
        found = walk.open(f"/desk/organizations/{waiting_organization(town)}")
        empty = walk.person.page.locator("main").inner_text().count("未記入")
        yield Figure(
            "Organization's verification (1366×768)", "px", found["px"], 1_500, note=f"未記入 {empty}"
        )


def notices(town: Town) -> Iterator[Figure]:
    """What an official was told in two years, and an NPO."""
    for role, window in (("coordinator", DESK), ("coordinator", PHONE), ("npo", PHONE)):
        with town.walk(role, window) as walk:
            yield Figure("お知らせ", f"px, {role}, {window[0]}", walk.open("/notices")["px"], 2_000)


def lists(town: Town) -> Iterator[Figure]:
    """Every list of the desk in which something stands, narrowed by the choice that leaves the most rows (unnarrowed
    where it has none).
    """
    with town.walk("manager", DESK) as walk:
        for one in LISTS.values():
            query, total = _narrowed(town, one)
            if not total:
                continue
            walk.open(f"/desk/{one.name.replace('_', '-')}{query}")
            rows = walk.person.page.locator("main tbody tr")
            sight = rows.evaluate_all(f"rows => rows.filter(row => ({_IN_SIGHT})([row])).length")
            job = f"List {one.name} (1366×768)"
            yield Figure(job, "first row y", walk.y("main tbody tr") or 0, 330, note=query)
            yield Figure(
                job, "rows in one sight", sight, min(ROWS, total), at_least=True, note=f"{total} rows"
            )


def _narrowed(town: Town, one: DeskList) -> tuple[str, int]:
    with town.demo.database.read() as session:
        actor = accounts.actor_of(demo_user(session, "manager"))
        counts = {
            f"?{narrow.name}={code}": one.fetch(session, actor, {narrow.name: code}, DAY).total
            for narrow in one.filters
            if not isinstance(narrow.options, str)
            for code in narrow.options
        } or {"": one.fetch(session, actor, {}, DAY).total}
    return max(counts.items(), key=lambda found: found[1])


def case(town: Town) -> Iterator[Figure]:
    """The cases of the demo city's NPO and company on a phone; of each figure the worst."""
    px, turns = {}, {}
    for role in ("npo", "company"):
        with town.walk(role, PHONE) as walk:
            for public_id in town.cases_of(role):
                px[f"{role} {public_id}"] = walk.open(f"/cases/{public_id}")["px"]
                turn = walk.y("main :text-is('次にすること')")
                if turn is not None:
                    turns[f"{role} {public_id}"] = turn
    assert turns, "expected a case in which it is somebody's turn"
    yield Figure(
        "Case (375)",
        "px",
        max(px.values()),
        2_500,
        note=f"{min(px.values()):,} to {max(px.values()):,}, {len(px)} pages",
    )
    yield Figure("Case (375)", "turn y", max(turns.values()), 300, note=f"{len(turns)} pages")


def story(town: Town) -> Iterator[Figure]:
    """The published records on a phone; of each figure the worst. *Comment* is the field, or a link to it."""
    px, comments, pictures = [], [], []
    with town.walk(None, PHONE) as walk:
        for public_id in town.case(published=True):
            px.append(walk.open(f"/partnerships/{public_id}")["px"])
            ways = [
                walk.y(one)
                for one in ("main textarea[name=text]", "main a[href*='#comment']", "main a[href*='#voice']")
            ]
            comments.append(min(way for way in ways if way is not None))
            drawn = walk.person.page.locator("main img, main svg")
            pictures.append(drawn.evaluate_all(f"all => all.filter(one => ({_IN_SIGHT})([one])).length"))
    yield Figure(
        "Public story (375)", "px", max(px), 3_500, note=f"{min(px):,} to {max(px):,}, {len(px)} pages"
    )
    yield Figure("Public story (375)", "comment y", max(comments), PHONE[1])
    yield Figure("Public story (375)", "pictures in one sight", min(pictures), 1, at_least=True)


#: What only reads comes first: who writes a need or registers changes what others see.
JOBS: Final[tuple[Callable[[Town], Iterator[Figure]], ...]] = (
    suggestions, approve, confirm, agreement, verification, notices, lists, case, story, need, register,
)  # fmt: skip


def measured(town: Town) -> list[Figure]:
    """Every figure of the city."""
    return [one for job in JOBS for one in job(town)]


@contextmanager
def town(browser: Browser) -> Iterator[Town]:
    """The demo city on ``DAY``, served from a folder of its own."""
    with tempfile.TemporaryDirectory() as folder, on_the_day():
        template, place = Path(folder, "city"), Path(folder, "served")
        place.mkdir()
        with served(load_city(template), place) as demo, demo.app.test_request_context():
            yield Town(demo, browser)


HEAD: Final = "| Job | Figure | Before | Now | Wanted | | |\n|---|---|--:|--:|--:|---|---|"
KEPT: Final = Path("docs/screens.md")


def before() -> dict[tuple[str, str], str]:
    """Job and figure → what was found before the screens were made anew, as the page keeps it."""
    rows = [line.strip("| ").split(" | ") for line in KEPT.read_text(encoding="utf-8").splitlines()]
    return {(row[0], row[1]): row[2] for row in rows if len(row) > 3}


def main() -> int:
    """Print every figure, and where one fails or may be written down better."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    with browsing() as browser, town(browser) as found:
        figures = measured(found)
    known = before()
    print(HEAD, *(one.row(known.get((one.job, one.name), "")) for one in figures), sep="\n")
    for one in figures:
        if not one.holds:
            print(f"not as good as it must be: {one.key}: {one.found:g}")
        elif one.is_better or (one.key in SO_FAR and one.is_there):
            print(f"better than SO_FAR says: {one.key}: {one.found:g}")
    return 0 if all(one.holds for one in figures) else 1


if __name__ == "__main__":
    sys.exit(main())
