"""Home pages: what they say of each case is what its own page says, and they cost the same with many cases."""

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from flask import Flask
from sqlalchemy import event, select
from sqlalchemy.orm import joinedload

from matcher.ground import calendar
from matcher.ground.db import Database
from matcher.records import Membership, Organization, User
from tests import factories
from tests.conftest import NOW
from tests.partners import Partners
from tests.web.conftest import login_as
from tests.web.pages import visit
from webapp import Settings, create_app

MOST = 17  #: statements of a home page, the session and the person included


@contextmanager
def statements_of(database: Database) -> Iterator[list[str]]:
    """What the database is asked while the block runs."""
    seen: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        if not statement.startswith(("PRAGMA", "BEGIN", "SAVEPOINT", "RELEASE")):
            seen.append(statement)

    event.listen(database.engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(database.engine, "before_cursor_execute", note)


@pytest.mark.parametrize(("who", "address"), [("company", "/company"), ("npo", "/npo"), ("city", "/desk")])
def test_a_home_page_asks_as_little_with_twenty_cases_as_with_two(
    settings: Settings, travel: time_machine.Traveller, tmp_path: Path, who: str, address: str
) -> None:
    app = create_app(settings)
    records: Database = app.extensions["database"]

    def live(cases: int) -> None:
        for number in range(cases):
            partners.need = factories.make_need(partners.session, partners.npo)
            partners.today = calendar.tokyo_date(partners.at)
            partners.starts_on = partners.today + timedelta(days=1)
            partners.bring(("negotiation", "running")[number % 2])

    def asked() -> list[str]:
        travel.move_to(partners.at)
        browser = login_as(app.test_client(), user)
        visit(browser, address)
        with statements_of(records) as seen:
            page = visit(browser, address)
        assert page.status == 200
        return seen

    with records.write() as session:
        partners = Partners(session, NOW, tmp_path)
        live(2)
        user_id = {
            "company": partners.company_user.id, "npo": partners.npo_user.id, "city": partners.coordinator.user_id,
        }[who]  # fmt: skip
        user = session.get_one(User, user_id)
    few = asked()
    with records.write() as session:
        partners.session = session
        partners.company, partners.npo = (
            session.scalars(
                select(Organization).where(Organization.id == found.id)
                .options(joinedload(Organization.company), joinedload(Organization.npo))
            ).one()
            for found in (partners.company, partners.npo)
        )  # fmt: skip
        live(18)
    many = asked()
    assert len(many) == len(few), "\n\n".join(many)
    assert len(many) <= MOST, "\n\n".join(many)


# ── The demo city ────────────────────────────────────────────────────────────────────────────────────

_LINE = re.compile(r'case-line-title" href="([^"]+)".*?case-line-turn">(.*?)</span>\s*</li>', re.DOTALL)
_NOW = re.compile(r'class="steps-now">(.*?)</p>', re.DOTALL)
_WHO = re.compile(r"次は(.*?)の番です")


@pytest.fixture(scope="module")
def demo(lived_city: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """The application with the demo city."""
    folder = tmp_path_factory.mktemp("demo")
    shutil.copy(lived_city, folder / "demo.db")
    settings = Settings.from_environment(
        {
            "DATABASE_URL": f"sqlite:///{folder / 'demo.db'}", "SECRET_KEY": "only-for-tests-" + "x" * 32,
            "VAR_FOLDER": str(folder / "var"), "WORKER": "off",
        }
    )  # fmt: skip
    with time_machine.travel(NOW, tick=False):
        app = create_app(settings)
        database: Database = app.extensions["database"]
        with database.write() as session:
            factories.let_worker_be_seen(session, NOW + timedelta(days=1))
        yield app
    database.dispose()


@pytest.mark.parametrize("kind", ["company", "npo"])
def test_lists_and_cases_of_the_demo_city_name_the_same_sides(demo: Flask, kind: str) -> None:
    database: Database = demo.extensions["database"]
    with database.read() as session:
        owners = session.scalars(
            select(User).join(Membership).join(Organization)
            .where(Organization.kind == kind, Membership.role == "owner")
        ).all()  # fmt: skip
    compared = 0
    for owner in owners:
        browser = login_as(demo.test_client(), owner)
        lines = dict(_LINE.findall(visit(browser, "/cases").html))
        for address, words in lines.items():
            said = _NOW.search(visit(browser, address).html)
            here = _WHO.search(said.group(1)) if said else None
            there = _WHO.search(words)
            assert (here.group(1) if here else "") == (there.group(1) if there else ""), (address, words)
            compared += 1
    assert compared > 25, compared
