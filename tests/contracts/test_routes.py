"""Every route × every kind of person × own, foreign and draft records, against a written expectation.

A row says for each of ``ACTORS`` what happens, by GET and by POST where both are answered:
``+`` may (200, a form error, or a redirect that is not the login), ``-`` not found (404: one may not know
of it), ``x`` seen but not allowed (403), ``L`` sent to the login. A route without a row fails.
"""

import re
from urllib.parse import urlencode

import pytest
from sqlalchemy import select
from werkzeug.routing import IntegerConverter

from matcher.records import AuditEvent, Organization
from tests.contracts.expectations import EXPECTATIONS
from tests.contracts.world import ACTORS, GUESTS, World
from webapp import access


def outcome(response) -> str:
    """One letter for an answer."""
    if response.status_code == 404:
        return "-"
    if response.status_code == 403:
        return "x"
    if response.status_code in {301, 302, 303} and re.match(
        r"(https?://[^/]+)?/login", response.headers["Location"]
    ):
        return "L"
    assert response.status_code < 500, response.status_code
    return "+"


def rules(world: World):
    """endpoint → (methods, rule) of the application."""
    return {rule.endpoint: rule for rule in world.app.url_map.iter_rules() if rule.endpoint != "static"}


def address(world: World, endpoint: str, record: str, extra: dict[str, object]) -> str:
    """The path of an endpoint for one record of the world."""
    rule = rules(world)[endpoint]
    words = {"action", "section", "paper"}  # parts of an address that are no records
    values: dict[str, object] = {
        name: value if name in words else world.ids.get(str(value), value) for name, value in extra.items()
    }
    asked = {name[1:]: values.pop(name) for name in tuple(values) if name.startswith("?")}
    if "public_id" in rule.arguments:
        values["public_id"] = world.ids[record]
    if "bundle_id" in rule.arguments:
        values["bundle_id"] = world.ids["bundle"]
    with world.app.test_request_context():
        path = world.app.url_map.bind("localhost").build(endpoint, values)
    return f"{path}?{urlencode(asked)}" if asked else path


def row(world: World, endpoint: str, record: str, extra: dict[str, object], method: str) -> str:
    """What happens to each actor."""
    path = address(world, endpoint, record, extra)
    letters = []
    world.reset()
    for actor in (*ACTORS, *(f"{name}_guest" for name in GUESTS)):
        if method == "POST":
            world.reset()
        client = world.browser(actor)
        response = client.get(path) if method == "GET" else client.post(path, data={})
        letters.append(outcome(response))
        if method == "GET":
            assert response.status_code in {200, 301, 302, 303, 404, 403}, (path, actor, response.status_code)
    found, guests = "".join(letters[: len(ACTORS)]), "".join(letters[len(ACTORS) :])
    assert guests == "".join(found[ACTORS.index(name)] for name in GUESTS), (path, found, guests)
    return found


CASES = [
    (endpoint, record, tuple(sorted(extra.items())), method, expected)
    for endpoint, rows in EXPECTATIONS.items()
    for record, extra, methods in rows
    for method, expected in methods.items()
]


@pytest.mark.parametrize(("endpoint", "record", "extra", "method", "expected"), CASES)
def test_who_gets_where(world, endpoint, record, extra, method, expected):
    assert row(world, endpoint, record, dict(extra), method) == expected


def test_every_route_has_a_row_and_every_row_a_route(world):
    assert set(EXPECTATIONS) == set(rules(world))


def test_every_method_of_every_route_is_expected(world):
    for endpoint, rule in rules(world).items():
        methods = rule.methods - {"HEAD", "OPTIONS"}
        assert {method for *_rest, answers in EXPECTATIONS[endpoint] for method in answers} == methods, (
            endpoint
        )


def test_every_view_declares_a_known_audience(world):
    for endpoint, view in world.app.view_functions.items():
        if endpoint != "static":
            assert view.audience in access.AUDIENCES


def test_a_number_that_no_record_can_have_is_not_found(world):
    """Longer than a column of numbers holds, in every part of every address that is a number."""
    found = set()
    for endpoint, rule in rules(world).items():
        numbers = [name for name, kind in rule._converters.items() if isinstance(kind, IntegerConverter)]
        for name in numbers:
            found.add(endpoint)
            record, extra, _answers = EXPECTATIONS[endpoint][0]
            path = address(world, endpoint, record, extra | {name: 7_777_777})
            for actor in ACTORS:
                for method in sorted(rule.methods & {"GET", "POST"}):
                    long = path.replace("7777777", "9" * 20)
                    assert world.browser(actor).open(long, method=method).status_code == 404, (actor, long)
    assert found == {"coordinator.send_mail_again", "coordinator.settle_mail", "npo.need_step"}


@pytest.mark.parametrize("method", ["POST"])
def test_every_post_without_a_token_is_refused(world, method):
    world.app.config["WTF_CSRF_ENABLED"] = True
    try:
        for endpoint, rule in rules(world).items():
            if method not in rule.methods:
                continue
            record, extra, _answers = EXPECTATIONS[endpoint][0]
            response = world.browser("manager").post(address(world, endpoint, record, extra), data={})
            assert response.status_code in {400, 404}, endpoint
            response = world.browser("company_a").post(address(world, endpoint, record, extra), data={})
            assert response.status_code in {400, 404}, endpoint
    finally:
        world.app.config["WTF_CSRF_ENABLED"] = False


def test_every_answer_carries_the_security_headers(world):
    for path in ("/", "/login", "/needs", "/nowhere", "/healthz"):
        headers = world.browser("anonymous").get(path).headers
        policy = re.sub(r"'nonce-[\w-]+'", "'nonce-…'", headers["Content-Security-Policy"])
        assert policy == (
            "default-src 'none'; script-src 'self' 'nonce-…'; style-src 'self'; img-src 'self' data:; "
            "font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
        )
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "same-origin"
        assert headers["Cache-Control"] == "no-store"
        assert "charset=utf-8" in headers["Content-Type"]


READERS = ("company_a", "npo_a", "coordinator", "manager", "operator")


@pytest.mark.parametrize("reader", READERS)
def test_no_page_shows_anothers_contact_data_without_its_line_in_the_record(world, reader):
    """Whoever reads it, on whichever page (T20); what is downloaded is recorded by its own act."""
    with world.database.read() as session:
        organizations = session.scalars(select(Organization)).all()
    found = set()
    for endpoint, rows in EXPECTATIONS.items():
        introduced = [("decided", {}, {"GET": ""})] if endpoint.startswith("cases.show") else []
        for record, extra, answers in [*rows, *introduced]:
            if "GET" not in answers:
                continue
            world.reset()
            path = address(world, endpoint, record, dict(extra))
            response = world.browser(reader).get(path)
            if response.status_code != 200 or response.mimetype != "text/html":
                continue
            html = response.get_data(as_text=True)
            for organization in organizations:
                if organization.id == world.actors[reader].organization_id or organization.email not in html:
                    continue
                found.add(endpoint)
                assert world.app.extensions["traces"].flush()
                with world.database.read() as session:
                    noted = session.scalars(
                        select(AuditEvent.object_id).where(
                            AuditEvent.action == "read_contact",
                            AuditEvent.actor_id == world.people[reader].public_id,
                        )
                    ).all()
                assert organization.public_id in noted, (path, organization.name)
    assert found or reader == "operator"
