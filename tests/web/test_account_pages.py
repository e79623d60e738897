"""Signing in and out, and everything on the account pages."""

from flask.testing import FlaskClient

from matcher.db import Database
from tests.factories import make_coordinator
from tests.web.conftest import login_as
from tests.web.pages import post, visit


def test_a_signed_out_browser_meets_a_404_page(client: FlaskClient) -> None:
    visit(client, "/nowhere", status=404)


def test_logout_ends_the_session(client: FlaskClient, records: Database) -> None:
    with records.write() as session:
        user = make_coordinator(session)
    login_as(client, user)
    assert "ログアウト" in visit(client, "/nowhere", status=404).html
    post(client, "/logout")
    assert "ログアウト" not in visit(client, "/nowhere", status=404).html
