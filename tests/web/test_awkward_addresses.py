"""Addresses that no page ever makes: a page not found on both databases, never an error of ours."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient

from matcher.ground.db import Database
from matcher.records import User
from tests import factories
from tests.conftest import NOW
from tests.web.conftest import login_as
from webapp import Settings, create_app


@pytest.fixture
def app(database: Database, tmp_path: Path) -> Iterator[Flask]:
    """The application on either database."""
    url = database.url.replace("postgresql+psycopg", "postgresql")
    settings = Settings.from_environment(
        {
            "DATABASE_URL": url,
            "SECRET_KEY": "only-for-tests-" + "x" * 32,
            "VAR_FOLDER": str(tmp_path / "var"),
            "WORKER": "off",
        }
    )
    with time_machine.travel(NOW, tick=False):
        made = create_app(settings)
        made.config["WTF_CSRF_ENABLED"] = False
        yield made
        made.extensions["database"].dispose()


@pytest.fixture
def people(app: Flask) -> dict[str, FlaskClient]:
    """Browsers of nobody, an official, a company's and an NPO's owner."""
    with app.extensions["database"].write() as session:
        factories.make_city(session, is_demo=False)
        users: dict[str, User] = {
            "coordinator": factories.make_coordinator(session),
            "company": factories.make_user(session, factories.make_company(session)),
            "npo": factories.make_user(session, factories.make_npo(session)),
        }
    found = {name: login_as(app.test_client(), user) for name, user in users.items()}
    return {"nobody": app.test_client(), **found}


def test_a_nul_in_an_address_names_nothing(app: Flask, people: dict[str, FlaskClient]) -> None:
    addresses = []
    for rule in app.url_map.iter_rules():
        strings = {name: "\x00" for name in rule.arguments if name.endswith("_id") or name == "token"}
        if strings:
            values = dict.fromkeys(rule.arguments, "\x00") | strings
            try:
                path = app.url_map.bind("localhost").build(rule.endpoint, values)
            except ValueError:
                continue  # the other parts of this address are closed lists
            addresses.append((rule.endpoint, path, "GET" if "GET" in (rule.methods or ()) else "POST"))
    assert len(addresses) > 40
    for who, client in people.items():
        for endpoint, path, method in addresses:
            answer = client.open(path, method=method)
            assert answer.status_code in {404, 400}, (who, endpoint, path, answer.status_code)


@pytest.mark.parametrize("typed", ["\x00", "a\x00b", "x" * 5000, "\ud800"])
def test_what_is_compared_may_be_anything_typed(
    app: Flask, people: dict[str, FlaskClient], typed: str
) -> None:
    with app.extensions["database"].write() as session:
        need = factories.make_need(session, factories.make_npo(session))
    typed = typed.encode(errors="surrogatepass").decode(errors="replace")
    for who, path in (
        ("company", "/suggestions/compare"), ("npo", "/suggestions/compare"),
        ("coordinator", f"/desk/needs/{need.public_id}/candidates"),
        ("coordinator", "/desk/partnerships.csv"),
    ):  # fmt: skip
        answer = people[who].get(path, query_string={"one": typed, "selected": typed})
        assert answer.status_code in {200, 404}, (who, path, answer.status_code)


def test_an_endless_year_is_no_year(people: dict[str, FlaskClient]) -> None:
    for typed in ("1" * 5000, "²", "-1", "0", "9999", "٢٠٢٦"):
        assert people["company"].get("/company/evidence", query_string={"year": typed}).status_code == 200, (
            typed
        )
