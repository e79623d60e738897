"""The workspace in every state of a case: each page and section, and every form filled, empty and with errors."""

import os
import re
import shutil
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from matcher.agreements import indicators, plans
from matcher.cases import talks
from matcher.ground.db import Database
from matcher.results import outcome_reports, ratings
from matcher.work import contributions, incidents, payments, reports, risks
from matcher.work import reads as work_reads
from tests.browser.conftest import Visitor
from tests.browser.test_stories import begin
from tests.partners import SCORES, Partners
from webapp.views.work_acts import ACTS
from webapp.views.work_sections import SECTIONS

ROLES = ("npo", "company", "coordinator", "manager")


def _contracted(partners: Partners) -> None:
    """Outcome-linked and past its day: one amount calculated, one approved, one still to be calculated."""
    partners.introduce()
    partners.meet()
    partners.write_plan(*({"linked_to_payment": True} for _place in range(3)))
    rules = [
        partners.outcome()["rules"][0] | {"key": f"P{n}", "indicator": f"I{n}", "cap_yen": 100_000,
                                          "points": [[30, 100_000]]}
        for n in (1, 2, 3)
    ]  # fmt: skip
    year = str(rules[0]["fiscal_year"])
    partners.draft_agreement(type="outcome_linked", outcome=partners.outcome(*rules, fixed={year: 50_000}))
    partners.sign()
    partners.confirm()
    partners.start()
    gift = contributions.Gift("food", 5, "kg", partners.today)
    for actor in partners.sides:
        contributions.record_contribution(partners.session, actor, partners.case, gift, partners.at)
    partners.publish("purpose")
    incidents.report_incident(
        partners.session, partners.npo_actor, partners.case, partners.today, "指を切った。", "手当てした。",
        partners.at,
    )  # fmt: skip
    risk = risks.RiskFacts("雪", 2, 2, "前日に決める", "npo")
    risks.add_risk(partners.session, partners.npo_actor, partners.case, risk, partners.at)
    partners.later(days=partners.days)
    for indicator in indicators.of(partners.session, partners.case):
        partners.measure(indicator, 31.0, partners.ends_on)
    for rule in payments.rules(partners.session, partners.case)[:2]:
        payments.calculate(partners.session, partners.coordinator, partners.case, rule, partners.at)
    found = payments.all_of(partners.session, partners.case)[0]
    payments.approve(partners.session, partners.manager, partners.case, found, partners.at, version=None)


def _reported_quarter(partners: Partners) -> None:
    """Running, with a report that waits for the city, one to be written, a value that waits, an amendment."""
    partners.run_quarterly()
    partners.later(days=95)
    report = work_reads.reports(partners.session, partners.case)[0]
    for actor in partners.sides:
        facts = {"text": "届けた。", "setbacks": "雪。", "next_step": ""}
        reports.write_report(
            partners.session, actor, partners.case, report, facts, partners.at, submit=True, version=None
        )
    partners.later(days=5)
    partners.measure(partners.only_indicator(), 31.0, partners.ends_on, accept=False)
    partners.draft_agreement(frequency="quarterly", method="週に1回届ける。", why_changed="増やすため。")


def _reported_late(partners: Partners) -> None:
    """Running, with a report that nobody has written."""
    partners.run_quarterly()
    partners.later(days=95)


def _rated(partners: Partners) -> None:
    """Reported, and the sides see each other so differently that they have to talk."""
    partners.bring("reported")
    for actor, side in zip(partners.sides, ("npo", "company"), strict=True):
        ratings.rate(partners.session, actor, partners.case, side, SCORES, "", partners.at)
    low = dict.fromkeys(SCORES, 2)
    ratings.rate(partners.session, partners.npo_actor, partners.case, "company", low, "", partners.at)
    ratings.rate(partners.session, partners.company_actor, partners.case, "npo", low, "", partners.at)


def _outcome_drafted(partners: Partners) -> None:
    """Ended, and the outcome report lies there for both to accept."""
    partners.bring("ended")
    partners.measure(partners.only_indicator(), 31.0, partners.ends_on)
    facts = {"sentences": [], "narrative": "続いた。", "setbacks": "雪。", "harm": "", "next_step": ""}
    outcome_reports.draft_report(
        partners.session, partners.npo_actor, partners.case, facts, partners.at, version=None
    )


def _plan_drafted(partners: Partners) -> None:
    partners.bring("negotiation")
    logic = {key: ["食品"] for key in ("resource", "activity", "output", "early", "middle", "long")}
    plans.write_logic(partners.session, partners.npo_actor, partners.case, logic, partners.at, version=None)
    link = {"source": "activity0", "target": "early0", "evidence": "proven", "assumption": "続けて来るため"}
    plans.save_link(partners.session, partners.npo_actor, partners.case, link, partners.at, version=None)
    partners.indicator()
    talks.add_task(
        partners.session,
        partners.npo_actor,
        partners.case,
        "冷凍庫を測る",
        "both",
        partners.today,
        partners.at,
    )


def _rated_alike(partners: Partners) -> None:
    """All that the evaluation needs is there."""
    partners.bring("reported")
    partners.rate_alike()


def _settled(partners: Partners) -> None:
    """All that the end needs is there."""
    partners.bring("evaluated")
    partners.make_closable()


STATES = {
    **{
        state: (lambda partners, state=state: partners.bring(state))
        for state in (
            "introduced", "negotiation", "trial", "agreement_draft", "agreement_review", "agreed", "running",
            "suspended", "ended", "terminated", "reported", "evaluated", "closed",
        )
    },
    "plan drafted": _plan_drafted, "contracted": _contracted, "quarter reported": _reported_quarter,
    "quarter late": _reported_late, "rated": _rated, "outcome drafted": _outcome_drafted,
    "rated alike": _rated_alike, "settled": _settled,
}  # fmt: skip
_met: set[str] = set()
_walked: set[str] = set()


@pytest.fixture(scope="module", autouse=True)
def every_form_was_met() -> Iterator[None]:
    """Once every state was walked through, no form may be left that nobody has seen."""
    yield
    if len(_walked) == len(STATES):
        assert set(ACTS) - _met == {"accept_document"}, "it is a button of the document's page"


def _keep(person: Visitor, name: str) -> None:
    if folder := os.environ.get("SCREENSHOTS"):
        person.page.screenshot(path=Path(folder) / f"work-{name}.png".replace(" ", "-"), full_page=True)


def send_empty(person: Visitor) -> bool:
    """Send the form of the page as it stands, if it asks for anything; whether it came back with errors."""
    form = person.page.locator("main form.section")
    if form.count() != 1 or "必須" not in form.inner_text():
        return False
    person.press(form.locator("button[type=submit]").first)
    return person.page.locator(".error-summary").count() == 1


@pytest.mark.parametrize("state", STATES)
def test_every_page_and_form(monkeypatch, sqlite_template, tmp_path, chromium: Browser, state):
    shutil.copy(sqlite_template, tmp_path / "test.db")
    database = Database(f"sqlite:///{tmp_path / 'test.db'}")
    story = begin(monkeypatch, database, tmp_path, chromium, state, STATES[state])
    faults: dict[str, list[str]] = {}

    def look(person: Visitor, name: str) -> None:
        found = person.faults()
        if found:
            faults[f"{name} {person.page.url}"] = found
        _keep(person, name)

    walker = ROLES[list(STATES).index(state) % 3]
    for role in ROLES:
        person = story.people[role]
        forms: dict[str, str] = {}
        for section in ("", *SECTIONS):
            if role == walker:
                story.open(role, section)
                look(person, f"{state}-{role}-{section or 'show'}")
            answer = person.page.context.request.get(
                f"{story.demo.url}/cases/{story.id}/{section}".rstrip("/")
            )
            for link in re.findall(r'href="(/cases/[^"]+/do/[^"]+)"', answer.text()):
                forms.setdefault(link.split("/do/")[1].split("?")[0], unescape(link))
        for action, link in forms.items():
            if action in _met:
                continue
            _met.add(action)
            person.go(link)
            look(person, f"{action}-{role}")
            if send_empty(person):
                look(person, f"{action}-{role}-empty")
    story.stop()
    database.dispose()
    _walked.add(state)
    assert not faults, "\n".join(f"{where}: {line}" for where, lines in faults.items() for line in lines)
