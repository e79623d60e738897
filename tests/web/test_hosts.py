"""Only trusted host names are answered; every other gets 400 in words, and no traceback anywhere."""

from dataclasses import replace

import pytest
from flask.testing import FlaskClient

from tests.factories import make_city
from tests.web.pages import check, read
from webapp import create_app
from webapp.config import Settings

TRUSTED = "Enmusubi.city.example, .intra.example, [2001:db8::1], 192.0.2.7, 縁.example:8443"


@pytest.fixture(params=[0, 1], ids=["direct", "proxied"])
def hops(request):
    return request.param


@pytest.fixture
def guarded(settings: Settings, travel, hops) -> FlaskClient:
    app = create_app(replace(settings, trusted_hosts=TRUSTED, proxy_hops=hops))
    with app.extensions["database"].write() as session:
        make_city(session, is_demo=False)
    return app.test_client()


def ask(client, path, host, hops, method="GET"):
    headers = {"X-Forwarded-Host": host} if hops else {}
    given = "proxy.internal" if hops else host
    return client.open(path, method=method, headers=headers, environ_overrides={"HTTP_HOST": given})


@pytest.mark.parametrize(
    "host",
    [
        "enmusubi.city.example", "ENMUSUBI.City.Example", "enmusubi.city.example:8443", "enmusubi.city.example.",
        "a.intra.example", "intra.example", "[2001:DB8:0::1]", "[2001:db8::1]:80", "192.0.2.7:8000",
        "xn--8h0a.example",
    ],
)  # fmt: skip
def test_a_trusted_host_is_answered_however_it_is_written(guarded, hops, host):
    assert ask(guarded, "/", host, hops).status_code == 200


FOREIGN = [
    "evil.example", "enmusubi.city.example.evil.example", "evilintra.example", "127.0.0.1", "localhost:8000",
    "[::1]", "[2001:db8::2]:80", "[", "]", "a b", "..", ":80", "enmusubi.city.example:0",
    "enmusubi.city.example:99999", "enmusubi.city.example:x", "enmusubi.city.example@evil.example", "<script>",
    "%00", "\x7f", "縁結び", "x" * 5000, "enmusubi.city.example, evil.example",
]  # fmt: skip


#: of these, what is a well-formed name of some host
NAMES = {
    "evil.example", "enmusubi.city.example.evil.example", "evilintra.example", "127.0.0.1", "localhost:8000",
    "[::1]", "[2001:db8::2]:80",
}  # fmt: skip


@pytest.mark.parametrize("host", ["", *FOREIGN])
@pytest.mark.parametrize("path", ["/", "/login", "/static/css/base.css", "/nowhere", "/account", "/npo/%00"])
def test_any_other_host_gets_400_in_words_without_a_traceback(guarded, hops, host, path, capfd):
    if hops and not host:
        return  # a proxy that sends no name is asked for its own
    try:
        answer = ask(guarded, path, host.encode().decode("latin-1"), hops)
    except ValueError:
        return  # the client itself refuses to send this
    assert answer.status_code == 400
    page = read(path, 400, answer.get_data(as_text=True))
    check(page)
    assert "このアドレスではご利用いただけません" in page.h1
    assert "Traceback" not in capfd.readouterr().err


@pytest.mark.parametrize("method", ["POST", "PUT", "OPTIONS", "HEAD"])
def test_no_method_reaches_a_page_by_another_host(guarded, hops, method, capfd):
    assert ask(guarded, "/login", "evil.example", hops, method).status_code == 400
    assert "Traceback" not in capfd.readouterr().err


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost:8000", "[::1]", "", "..", "evil.example"])
def test_monitoring_is_answered_whatever_the_host(guarded, hops, host):
    assert ask(guarded, "/healthz", host, hops).status_code == 200


@pytest.mark.parametrize("host", ["", *FOREIGN])
def test_without_a_list_a_garbled_host_breaks_nothing(client, host, capfd):
    try:
        answer = ask(client, "/login", host.encode().decode("latin-1"), 0)
    except ValueError:
        return  # the client itself refuses to send this
    assert answer.status_code == (200 if host in NAMES else 400)
    assert "Traceback" not in capfd.readouterr().err
