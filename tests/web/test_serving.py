"""The service as it is started, in the default mode: what is killed comes back, and its work goes on."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid
from http.cookiejar import CookieJar
from pathlib import Path

import pytest

from matcher.jobs import leases
from tests import factories
from webapp import Settings
from webapp.bodies import FILE as MAX_BODY

TOKEN = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')
PATIENCE = 600  #: turns of a tenth of a second


def wait_until(condition, what):
    for _ in range(PATIENCE):
        if condition():
            return
        time.sleep(0.1)
    raise AssertionError(f"expected {what} within a minute")


class Service:
    """gunicorn with the README's command."""

    def __init__(self, database, folder, **more):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.environment = {
            **{key: value for key, value in os.environ.items() if key not in {"WORKER", "WEB_WORKERS"}},
            "DATABASE_URL": database.url,
            "SECRET_KEY": "only-for-tests-" + "x" * 32,
            "VAR_FOLDER": str(folder),
            "PORT": str(self.port),
            "HOST": "127.0.0.1",
            **more,
        }
        self.base = f"http://127.0.0.1:{self.port}"
        self.browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
        self.settings = Settings.from_environment(self.environment)
        self.database = database
        self.master = self.run("gunicorn", "-c", "python:webapp.server", "wsgi:app")
        wait_until(self.answers, "an answer")

    def run(self, *command):
        binary = Path(sys.executable).parent / command[0]
        return subprocess.Popen(
            [binary, *command[1:]], env=self.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )

    def answers(self):
        try:
            return self.get("/healthz")
        except OSError:
            return None

    def children(self):
        path = Path(f"/proc/{self.master.pid}/task/{self.master.pid}/children")
        return {int(pid) for pid in path.read_text().split()}

    def get(self, path):
        with self.browser.open(self.base + path, timeout=60) as answer:
            return answer.read().decode()

    def post(self, path, **values):
        token = TOKEN.search(self.get(path))
        hidden = {"csrf_token": token[1], "form_id": uuid.uuid4().hex}
        data = urllib.parse.urlencode({**hidden, **values}).encode()
        with self.browser.open(self.base + path, data, timeout=60) as answer:
            return answer.read().decode()

    def mails(self):
        return sorted(self.settings.mail_folder.glob("*.eml"))

    def sightings(self):
        with self.database.read() as session:
            return leases.sightings(session, ("mail", "clock"), leases.database_time(session))

    def close(self):
        self.master.terminate()
        self.master.wait(60)


@pytest.fixture
def serve(database, tmp_path):
    with database.write() as session:
        factories.make_city(session, is_demo=False)
        factories.make_user(session, factories.make_npo(session), email="hana@npo.example")
    running = []

    def start(**more):
        running.append(Service(database, tmp_path / "var", **more))
        return running[-1]

    yield start
    for service in running:
        if service.master.poll() is None:
            service.close()


def test_mail_goes_on_after_the_web_processes_were_killed(serve):
    service = serve()
    wait_until(lambda: all(one.holder for one in service.sightings()), "a holder")
    killed = service.children()
    for process in killed:
        os.kill(process, signal.SIGKILL)
    wait_until(lambda: service.children() - killed and service.answers(), "another web process")
    service.post("/reset", email="hana@npo.example")
    wait_until(service.mails, "the mail")
    assert "hana@npo.example" in service.mails()[0].read_text()


def test_of_several_processes_one_works_and_a_stopped_one_hands_over_at_once(serve):
    service = serve(WEB_WORKERS="3")
    other = service.run("enmusubi", "worker")
    try:
        wait_until(lambda: all(one.holder for one in service.sightings()), "a holder")
        holders = {one.holder for one in service.sightings()}
        assert len(holders) == 1
        service.close()  # politely: what it held is free, though its lease would have run on
        left = {one.holder for one in service.sightings()} - {""}
        assert all(f":{other.pid}:" in holder for holder in left)
        wait_until(lambda: all(f":{other.pid}:" in one.holder for one in service.sightings()), "the other")
        service.master = service.run("gunicorn", "-c", "python:webapp.server", "wsgi:app")
        wait_until(service.answers, "an answer")
        service.post("/reset", email="hana@npo.example")
        wait_until(service.mails, "the mail")
        assert len(service.mails()) == 1
    finally:
        other.terminate()
        other.wait(60)
    assert [one.holder for one in service.sightings() if f":{other.pid}:" in one.holder] == []


def test_slow_bodies_and_headers_leave_the_pages_alone_and_a_large_body_gets_our_page(serve):
    service = serve()
    slow = (
        b"POST /login HTTP/1.1\r\nHost: a\r\nContent-Length: 5000\r\n\r\nemail=",
        b"POST /login HTTP/1.1\r\nHost: a\r\nX-Slow:",
        b"",
    )
    waiting = []
    for data in slow * 40:
        client = socket.create_connection(("127.0.0.1", service.port), timeout=60)
        client.sendall(data)
        waiting.append(client)
    assert "<h1" in service.get("/")
    request = urllib.request.Request(service.base + "/login", b"x" * (MAX_BODY + 3_000_000))
    with pytest.raises(urllib.error.HTTPError) as refused:
        service.browser.open(request, timeout=60)
    assert refused.value.code == 413
    assert "縁むすび" in refused.value.read().decode()
    for client in waiting:
        client.close()
