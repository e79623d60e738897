"""A database goes back to an earlier version of the service and comes forward again, and every page says the same."""

import html
import re
from collections import deque
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import delete, select, update

from matcher.ground.db import Database
from matcher.people import accounts
from matcher.records import NeedPart, Notice, User
from seed_data import city
from tests import factories
from tests.conftest import NOW
from tests.web.conftest import login_as
from webapp import Settings, create_app
from webapp.cli import enmusubi

EARLIER = "0004"  #: the first version of which other databases than today's are known
#: What no version before 0021 keeps: why the two of a case fit. What goes back loses it, and says so.
_NOT_KEPT_THEN = re.compile(r'<section[^>]*aria-labelledby="reasons".*?</section>', re.DOTALL)
MOST_PAGES = 60  #: of each person
#: Files, what changes by being looked at (sessions, the record of who signed in), what is written when asked for,
#: and notices: their lines are made of codes, of which earlier versions kept the sentences alone.
_NO_PAGE = re.compile(
    r"/(account|notices|desk/audit|logout|static|making|healthz|files|suggestions)|\.(pdf|xlsx|csv|ics|zip|json|png|svg|md)\b|ticket="
)


@pytest.fixture
def demo(settings: Settings) -> Iterator[Flask]:
    """The application with the demo city."""
    app = create_app(settings)
    database: Database = app.extensions["database"]
    with time_machine.travel(NOW, tick=False):
        city.load(database, Path("seed_data"), NOW)
        yield app


def people(database: Database) -> dict[str, User]:
    """One of each kind of person."""
    with database.read() as session:
        users = session.scalars(
            select(User).where(User.status == "active").options(accounts.loaded()).order_by(User.id)
        ).all()  # fmt: skip
    found: dict[str, User] = {}
    for user in users:
        kind = user.seats[0].organization.kind if user.seats else user.role
        found.setdefault(kind, user)
    return found


def said(client: FlaskClient) -> dict[str, str]:
    """Address → what the page says, of the pages that links lead to."""
    found: dict[str, str] = {}
    waiting, known = deque(["/"]), {"/"}
    while waiting and len(found) < MOST_PAGES:
        address = waiting.popleft()
        answer = client.get(address)
        body = answer.text if "html" in answer.content_type else ""
        found[address] = f"{answer.status_code} {_words(body)} {answer.headers.get('Location', '')}"
        links = (
            [answer.headers["Location"]]
            if "Location" in answer.headers
            else re.findall(r'href="(/[^"#]*)', body)
        )
        for link in map(html.unescape, links):
            if link.startswith("/") and link not in known and not _NO_PAGE.search(link):
                known.add(link)
                waiting.append(link)
    return found


def _words(body: str) -> str:
    body = _NOT_KEPT_THEN.sub(" ", body)
    body = re.sub(r"<(script|style|head)\b.*?</\1>", " ", body, flags=re.DOTALL)
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", body))).strip()


def test_what_was_kept_says_the_same_after_going_back_and_forward(demo: Flask) -> None:
    database: Database = demo.extensions["database"]
    users = people(database)

    def everything() -> dict[tuple[str, str], str]:
        with database.write() as session:
            factories.let_worker_be_seen(session, NOW + timedelta(days=1))
        return {
            (who, address): words
            for who, user in users.items()
            for address, words in said(login_as(demo.test_client(), user)).items()
        }

    for user in users.values():
        login_as(demo.test_client(), user)  # a list of the desk says when each was last there
    with database.write() as session:
        session.execute(
            update(Notice).values(read_at=NOW)
        )  # whoever opens a record has read what was told of it
        session.execute(delete(NeedPart))  # what a need asks for besides has no place in the earlier schema
    before = everything()
    assert len(before) > 150, len(before)
    shell = demo.test_cli_runner()
    for arguments in (["db", "downgrade", EARLIER, "--yes"], ["db", "upgrade"], ["audit", "verify"]):
        done = shell.invoke(enmusubi, arguments)
        assert done.exit_code == 0, (arguments, done.output, done.exception)
    after = everything()
    differences = {place: (before.get(place), after.get(place)) for place in before | after
                   if before.get(place) != after.get(place)}  # fmt: skip
    assert not [(place, *first_difference(*two)) for place, two in differences.items()]


def first_difference(one: str | None, other: str | None) -> tuple[str, str]:
    """A piece of both from where they part."""
    one, other = one or "", other or ""
    at = next(
        (n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other))
    )
    return one[max(at - 40, 0) : at + 80], other[max(at - 40, 0) : at + 80]
