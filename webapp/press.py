"""The press: a process beside this one that lays out papers and tables, one at a time, with low priority.

It is started when first wanted, kept while there is work, and started again when it fell. Where its files
lie is decided here, too: under the hash of what they were made from, so that the same is not made twice.
"""

import hashlib
import json
import os
import secrets
import select
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import fields
from datetime import datetime, timedelta
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Final

import structlog

from webapp import layout
from webapp.config import Settings

log = structlog.get_logger()

SECONDS: Final = 180  #: for one paper, also on a busy machine
PAPERS_A_PROCESS: Final = 200  #: then a fresh one is started, so that nothing piles up in it
KEEP: Final = timedelta(days=7)  #: what nobody has fetched for so long is deleted
_OURS: Final = frozenset(one.name.upper() for one in fields(Settings))  #: no business of the press
_ENDINGS: Final = {"paper": "pdf", "picture": "png", "book": "xlsx", "bundle": "zip"}


# ── The process ──────────────────────────────────────────────────────────────────────────────────────


class Broke(Exception):
    """The press fell or took too long, and the paper may be tried again."""


class Press:
    """One process that lays out; its callers wait for one another."""

    def __init__(self, seconds: float = SECONDS) -> None:
        self.seconds = seconds
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._made = 0

    def lay_out(self, kind: str, source: Path, target: Path, watch: Callable[[], None], every: float) -> str:
        """Make ``target``; returns the code of an error, or nothing.

        Args:
            watch: called about every so many seconds meanwhile; what it raises ends the press.

        Raises:
            Broke: the process fell, or it took longer than ``seconds``.
        """
        with self._lock:
            process = self._started()
            try:
                return self._ask(process, [kind, str(source), str(target)], watch, every)
            except BaseException:
                self._end()
                raise

    def _ask(
        self, process: subprocess.Popen[bytes], order: list[str], watch: Callable[[], None], every: float
    ) -> str:
        assert process.stdin is not None
        assert process.stdout is not None
        deadline = time.monotonic() + self.seconds
        try:
            process.stdin.write(json.dumps(order).encode() + b"\n")
            process.stdin.flush()
        except OSError as error:
            raise Broke("expected a press that listens, found none") from error
        while not select.select([process.stdout], [], [], every)[0]:
            if time.monotonic() > deadline:
                raise Broke(f"expected a paper within {self.seconds} s, found none")
            watch()
        answer = process.stdout.readline()
        if not answer:
            raise Broke("expected an answer of the press, found its end")
        self._made += 1
        if self._made >= PAPERS_A_PROCESS:
            self._end()
        return str(json.loads(answer))

    def _started(self) -> subprocess.Popen[bytes]:
        if self._process is not None and self._process.poll() is not None:
            self._end()
        if self._process is None:
            # Isolated, and by its path: it must find the installed libraries and none of our packages.
            self._process = subprocess.Popen(  # noqa: S603 – our own program, nothing that was typed
                [sys.executable, "-I", layout.__file__],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env={name: value for name, value in os.environ.items() if name not in _OURS},
            )
            self._made = 0
        return self._process

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    pipe.close()


@cache
def press() -> Press:
    """The press of this process."""
    return Press()


# ── Its files ────────────────────────────────────────────────────────────────────────────────────────


@cache
def _edition() -> bytes:
    """What a paper depends on beside its source; a new version of the layouter makes new papers."""
    program = hashlib.sha256(Path(layout.__file__).read_bytes()).hexdigest()
    return f"{program} {version('weasyprint')} {version('xlsxwriter')} {version('pypdfium2')}".encode()


class Shelf:
    """The folder of what was made and of what it is to be made from; only our own pages send it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def put(self, kind: str, source: Iterable[bytes]) -> str:
        """Keep a source for the press; returns the key of what is made from it."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        digest = hashlib.sha256(kind.encode() + b"\0" + _edition() + b"\0")
        fresh = self.folder / f"{secrets.token_hex(16)}.part"
        try:
            with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as handle:
                for part in source:
                    digest.update(part)
                    handle.write(part)
            key = digest.hexdigest()
            if self.holds(kind, key):
                fresh.unlink()
            else:
                fresh.rename(self.source(kind, key))
        except BaseException:
            fresh.unlink(missing_ok=True)
            raise
        return key

    def path(self, kind: str, key: str) -> Path:
        """Where it lies once it is made."""
        return self.folder / f"{key}.{_ENDINGS[kind]}"

    def source(self, kind: str, key: str) -> Path:
        """Where that lies from which it is made."""
        return self.folder / f"{key}.{kind}"

    def holds(self, kind: str, key: str) -> bool:
        """Whether it has been made and is still there."""
        return self.path(kind, key).exists()

    def fetch(self, kind: str, key: str, now: datetime) -> bytes | None:
        """What was made, kept for some more days from ``now``; ``None`` where it is not there."""
        path = self.path(kind, key)
        try:
            content = path.read_bytes()
            os.utime(path, (now.timestamp(), now.timestamp()))
        except FileNotFoundError:
            return None
        return content

    def forget_source(self, kind: str, key: str) -> None:
        """Delete what something was made from."""
        self.source(kind, key).unlink(missing_ok=True)

    def sweep(self, now: datetime) -> int:
        """Delete what nobody has fetched for ``KEEP``, and what was left behind; returns how many files."""
        count = 0
        for path in self.folder.glob("*") if self.folder.is_dir() else ():
            try:
                if path.stat().st_mtime < (now - KEEP).timestamp():
                    path.unlink()
                    count += 1
            except FileNotFoundError:
                continue  # another process was faster
        return count
