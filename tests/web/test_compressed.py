"""Pages, styles and scripts go out compressed, but nothing whose length another site could make use of."""

import gzip
import io
from pathlib import Path

import pytest
from flask import send_file

from tests.factories import make_coordinator
from tests.web.conftest import login_as
from webapp import sheets

ASKED = {"Accept-Encoding": "gzip, br"}
OURS = {**ASKED, "Sec-Fetch-Site": "same-origin"}


@pytest.fixture
def official(client, records):
    with records.write() as session:
        user = make_coordinator(session)
    return login_as(client, user)


def encoding(answer):
    assert "Accept-Encoding" in answer.headers["Vary"]
    return answer.headers.get("Content-Encoding")


def test_a_page_is_compressed_for_whoever_takes_it(client):
    packed, plain = client.get("/login", headers=ASKED), client.get("/login")
    assert (encoding(packed), encoding(plain)) == ("gzip", None)
    assert "ログイン" in gzip.decompress(packed.data).decode()
    assert int(packed.headers["Content-Length"]) == len(packed.data) < len(plain.data) / 2
    assert encoding(client.get("/login", headers={"Accept-Encoding": "gzip;q=0"})) is None


@pytest.mark.parametrize("site", ["same-origin", "none"])
def test_what_somebody_asks_for_who_is_signed_in_is_compressed(official, site):
    answer = official.get("/desk", headers={**ASKED, "Sec-Fetch-Site": site})
    assert encoding(answer) == "gzip"
    assert "今日の仕事" in gzip.decompress(answer.data).decode()


@pytest.mark.parametrize("site", ["cross-site", "same-site", "", None])
@pytest.mark.parametrize("path", ["/desk/needs?q=a", "/desk", "/no-such-page"])
def test_what_another_site_asks_for_in_their_name_is_not(official, path, site):
    """It could put words into the page, and learn from its length whether they stand there already."""
    headers = ASKED if site is None else {**ASKED, "Sec-Fetch-Site": site}
    answer = official.get(path, headers=headers)
    assert answer.status_code in {200, 404}
    assert encoding(answer) is None


def test_another_site_leads_residents_to_compressed_pages(client):
    answer = client.get("/needs?q=a", headers={**ASKED, "Sec-Fetch-Site": "cross-site"})
    assert encoding(answer) == "gzip"


def test_pages_of_faults_and_of_what_was_refused_are_compressed_too(official):
    missing = official.get("/no-such-page", headers=OURS)
    assert (missing.status_code, encoding(missing)) == (404, "gzip")


def test_styles_and_scripts_are_compressed_and_still_asked_for_once(client):
    for address, kind in (("css/components.css", "text/css"), ("js/app.js", "text/javascript")):
        plain = client.get(f"/static/{address}")
        packed = client.get(f"/static/{address}", headers=ASKED)
        assert (packed.mimetype, encoding(packed)) == (kind, "gzip")
        assert gzip.decompress(packed.data) == plain.data
        again = client.get(f"/static/{address}", headers={**ASKED, "If-None-Match": packed.headers["ETag"]})
        assert (again.status_code, again.data, encoding(again)) == (304, b"", None)
        assert client.get(f"/static/{address}", headers=ASKED).data == packed.data
        part = client.get(f"/static/{address}", headers={**ASKED, "Range": "bytes=0-99"})
        assert (part.status_code, part.data, encoding(part)) == (206, plain.data[:100], None)


def test_a_head_says_nothing_of_compression(client):
    assert encoding(client.head("/login", headers=ASKED)) is None


def test_parts_are_offered_of_the_file_as_it_is_alone(client):
    address = "/static/css/components.css"
    assert client.get(address).headers["Accept-Ranges"] == "bytes"
    packed = client.get(address, headers=ASKED)
    assert encoding(packed) == "gzip"
    assert "Accept-Ranges" not in packed.headers


def answered(app, make):
    """What the application makes of a view's answer to somebody who takes compressed ones."""
    with app.test_request_context("/needs", headers=OURS):
        app.preprocess_request()
        return app.process_response(make())


def test_no_picture_is_compressed_twice(app):
    content = Path("docs/images/npo-375.png").read_bytes()
    answer = answered(app, lambda: send_file(io.BytesIO(content), mimetype="image/png"))
    assert "Content-Encoding" not in answer.headers
    answer.direct_passthrough = False
    assert answer.data == content


@pytest.mark.parametrize("kind", ["text/html", "image/svg+xml"])
def test_a_file_goes_out_as_it_is(app, kind):
    """Even of a kind that is compressed as a page or picture of ours."""
    content = b"<p>" + b"a" * 5000
    shown = answered(app, lambda: send_file(io.BytesIO(content), mimetype=kind))
    assert encoding(shown) == "gzip"
    taken = answered(app, lambda: sheets.attachment(content, "a", kind))
    assert "Content-Encoding" not in taken.headers
    taken.direct_passthrough = False
    assert taken.data == content


def test_a_list_goes_out_as_it_is(official):
    answer = official.get("/desk/organizations.csv", headers=OURS, follow_redirects=True)
    assert (answer.status_code, answer.mimetype) == (200, "text/csv")
    assert "Content-Encoding" not in answer.headers
