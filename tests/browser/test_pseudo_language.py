"""The demo city in a language that nobody speaks: what is still Japanese was typed, is a name, or was decided."""

import html
import json
import re
from collections import Counter, deque

import pytest
from babel import support
from flask import request
from flask_babel import Domain
from sqlalchemy import inspect, select, text

from matcher.ground import vocabulary
from matcher.people import accounts
from matcher.records import User
from tests.web.conftest import login_as

JAPANESE = re.compile(r"[\u3041-\u30fa\u30fc-\u30ff\u4e00-\u9fff々〆ヶ]")
RUN = re.compile(r"[\u3041-\u30fa\u30fc-\u30ff\u4e00-\u9fff々〆ヶ]+")
ELSEWHERE = re.compile(r"/(logout|static|making|healthz)|\.(pdf|xlsx|csv|ics|zip|json|svg)|ticket=")
#: An era has a first year in every language; a legal form is a part of a name, also where it is shortened.
NAMES = {"縁むすび", "令和元年", *(brief.strip("()") for brief in vocabulary.BRIEF_FORMS.values())}
MOST_OF_A_KIND = 4  #: pages of one view


class Nobodys(support.NullTranslations):
    """Every Japanese letter of a catalogue's text becomes an x; facts and marks stay."""

    def ugettext(self, message: str) -> str:
        """See ``gettext``."""
        return JAPANESE.sub("x", message)

    gettext = ugettext

    def ungettext(self, singular: str, plural: str, num: int) -> str:
        """Japanese has no plural."""
        return JAPANESE.sub("x", plural if num > 1 else singular)


def kept(database) -> str:
    """All Japanese that the database holds: typed, imported, frozen."""
    found: set[str] = set()

    def add(value: object) -> None:
        if isinstance(value, str):
            found.update(RUN.findall(value))
        elif isinstance(value, dict):
            for name, inner in value.items():
                add(name)
                add(inner)
        elif isinstance(value, list):
            for inner in value:
                add(inner)

    with database.read() as session:
        for table in inspect(session.connection()).get_table_names():
            for row in session.execute(text(f'select * from "{table}"')):
                for value in row:
                    add(json.loads(value) if isinstance(value, str) and value[:1] in {"[", "{"} else value)
    return "\n".join(found)


def pages(client, app):
    """(address, page) of what a person reaches by links, a few of each view."""
    queue, seen, views = deque(["/"]), {"/"}, Counter()
    while queue:
        address = queue.popleft()
        with app.test_request_context(address):
            endpoint = request.endpoint
        views[endpoint] += 1
        if endpoint is None or views[endpoint] > MOST_OF_A_KIND:
            continue
        answer = client.get(address)
        page = answer.get_data(as_text=True) if "html" in (answer.content_type or "") else ""
        yield address, re.sub(r"(?s)<(script|style).*?</\1>", " ", page)
        links = [answer.location] if answer.location else re.findall(r'href="(/[^"#]*)', page)
        for link in map(html.unescape, links):
            if link.startswith("/") and link not in seen and not ELSEWHERE.search(link):
                seen.add(link)
                queue.append(link)


@pytest.mark.parametrize("who", ["", "company", "npo", "coordinator", "manager", "operator"])
def test_what_is_still_japanese_was_typed(demo, monkeypatch, who):
    monkeypatch.setattr(Domain, "get_translations", lambda _self: Nobodys())
    client = demo.app.test_client()
    with demo.database.read() as session:
        users = session.scalars(select(User).options(accounts.loaded()).order_by(User.id)).all()
    if who:
        login_as(
            client,
            next(one for one in users if who in {one.role, *(seat.organization.kind for seat in one.seats)}),
        )
    known, left, count = kept(demo.database), {}, 0
    for address, page in pages(client, demo.app):
        count += 1
        for run in set(RUN.findall(html.unescape(page))) - left.keys():
            if run not in known and run not in NAMES:
                left[run] = address
    assert count > 10, count
    assert left == {}
