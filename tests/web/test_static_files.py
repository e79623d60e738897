"""Static files carry their version, so that a browser asks once; downloads act nowhere."""

import re

from flask import url_for

from tests.factories import make_coordinator
from tests.web.conftest import login_as

FOREVER = "public, max-age=31536000, immutable"


def test_every_static_address_of_a_page_carries_its_version_and_is_kept_for_good(client):
    found = re.findall(r'(?:href|src)="(/static/[^"]+)"', client.get("/login").get_data(as_text=True))
    assert len(found) >= 8
    for address in found:
        answer = client.get(address.replace("&amp;", "&"))
        assert (answer.status_code, answer.headers["Cache-Control"]) == (200, FOREVER), address


def test_another_content_has_another_address(app, client, tmp_path):
    app.static_folder = str(tmp_path)
    (tmp_path / "a.css").write_text("a {}")
    (tmp_path / "b.css").write_text("b {}")
    with app.test_request_context():
        a, b = url_for("static", filename="a.css"), url_for("static", filename="b.css")
        assert url_for("static", filename="missing.css") == "/static/missing.css"
    assert a.partition("v=")[2] != b.partition("v=")[2]


def test_an_outdated_or_no_version_is_served_but_not_kept(client):
    for address in (
        "/static/css/base.css",
        "/static/css/base.css?v=0123456789abcdef",
        "/static/css/base.css?v=",
    ):
        answer = client.get(address)
        assert answer.status_code == 200
        assert answer.headers["Cache-Control"] == "no-cache"


def test_no_spelling_of_a_static_address_is_kept(app, client):
    for address in ("css/base.css", "css/none.css"):  # the page of a missing file names files, too
        client.get(f"/static/{address}?v=1")
    kept = dict(app.extensions["asset_versions"])
    assert "css/base.css" in kept
    for spelling in (
        "css/./base.css",
        "css/../css/base.css",
        "css//base.css",
        "./css/base.css",
        "css/none.css",
    ):
        client.get(f"/static/{spelling}?v=1")
    assert app.extensions["asset_versions"] == kept


def test_a_missing_file_is_not_kept(client):
    assert client.get("/static/css/none.css?v=").headers["Cache-Control"] == "no-store"


def test_every_attachment_is_sandboxed_and_pages_are_not(app, client, records):
    with records.write() as session:
        manager = make_coordinator(session)
    login_as(client, manager)
    answer = client.get("/desk/organizations.xlsx")
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert answer.headers["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert "script-src" in client.get("/desk/organizations").headers["Content-Security-Policy"]
