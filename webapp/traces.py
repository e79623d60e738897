"""What reading leaves behind, written after the answer: reading never waits for writing.

Two kinds. What may be lost with the process (that a browser is still in use, that a card was opened, which
list was shown) waits in memory, a bounded number of writes. What must not be lost (who took which file or
list: an audit event) is put on the disk before the answer leaves, and a process that was killed is
survived: whoever writes next finds it there. Both are tried again until the database takes them.
"""

import atexit
import json
import os
import secrets
import threading
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Final

import structlog
from flask import Flask, current_app
from sqlalchemy.exc import OperationalError, SQLAlchemyError
from sqlalchemy.orm import Session

from matcher.ground.db import Database
from matcher.register import audit
from webapp.config import Settings

log = structlog.get_logger()

Write = Callable[[Session], object]

MOST_WAITING: Final = 1_000  #: writes in memory; the oldest go first
BATCH: Final = 50  #: writes a transaction
#: A trace has its place in the queue of writers: what is written after it may rest on it.
PATIENCE_SECONDS: Final = 4.0
LAST_SECONDS: Final = 1.0  #: for what waits when the process ends
PAUSE_SECONDS: Final = 0.5  #: between two tries


class Traces:
    """The traces of one process that are still to be written, and the thread that writes them."""

    def __init__(self, database: Database, folder: Path) -> None:
        self.folder = folder
        self._database = database
        self._waiting: deque[tuple[str, Write]] = deque()
        self._lock = threading.Lock()
        self._writing = threading.Lock()
        self._thread: threading.Thread | None = None
        self._has_more = False
        self._count = 0
        self._is_registered = False

    def leave(self, name: str, write: Write) -> None:
        """Write soon. Of several with one name the first is enough until it is written."""
        with self._lock:
            if any(waiting == name for waiting, _write in self._waiting):
                return
            if len(self._waiting) >= MOST_WAITING:
                dropped, _write = self._waiting.popleft()
                log.warning("trace_dropped", name=dropped.partition(":")[0])
            self._waiting.append((name, write))
        self._start()

    def leave_note(self, note: audit.Note) -> None:
        """Write soon and surely: on the disk when this returns.

        Raises:
            OSError: it cannot be kept, so what it tells of must not happen.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        # In the order of time, so that the chain tells it in that order.
        with self._lock:
            self._count += 1
            name = f"{time.time_ns():020}-{self._count:06}-{secrets.token_hex(8)}"
        path = self.folder / f"{name}.json"
        fresh = path.with_suffix(".part")
        with fresh.open("x", encoding="utf-8") as handle:
            json.dump(note.as_dict(), handle)
            handle.flush()
            os.fsync(handle.fileno())
        fresh.rename(path)
        _make_durable(self.folder)
        self._start()

    def flush(self, patience_seconds: float = PATIENCE_SECONDS) -> bool:
        """Write what waits; returns whether nothing waits any more."""
        if not self._writing.acquire(timeout=patience_seconds):
            return False
        try:
            return self._write_notes(patience_seconds) and self._write_waiting(patience_seconds)
        except SQLAlchemyError as error:
            log.info("traces_wait", kind=type(error).__name__)
            return False
        finally:
            self._writing.release()

    def have_all_arrived(self, patience_seconds: float) -> bool:
        """Whether what this process left is written, and nobody holds up what another one has left."""
        if not self.flush(patience_seconds):
            return False
        with self._database.write_session(patience_seconds) as session:
            try:
                session.connection()
            except OperationalError:
                return False
        return True

    def _write_notes(self, patience_seconds: float) -> bool:
        paths = sorted(self.folder.glob("*.json"))[:BATCH] if self.folder.is_dir() else []
        if not paths:
            return True
        with self._database.write_session(patience_seconds) as session:
            session.connection()
            for path in paths:
                try:
                    note = audit.Note.from_dict(json.loads(path.read_text(encoding="utf-8")))
                except FileNotFoundError:
                    continue  # another process was faster
                except (ValueError, TypeError, KeyError):
                    log.error("trace_unreadable", name=path.name)
                    path.rename(path.with_suffix(".unreadable"))
                    continue
                audit.write(session, note)
            session.commit()
        for path in paths:
            path.unlink(missing_ok=True)
        return self._write_notes(patience_seconds)

    def _write_waiting(self, patience_seconds: float) -> bool:
        while True:
            with self._lock:
                batch = list(self._waiting)[:BATCH]
            if not batch:
                return True
            with self._database.write_session(patience_seconds) as session:
                session.connection()  # the lock, before anything of the batch is touched
                for name, write in batch:
                    _write_one(session, name, write)
                session.commit()
            with self._lock:
                for one in batch:
                    if one in self._waiting:  # not where it had to give way meanwhile
                        self._waiting.remove(one)

    def _start(self) -> None:
        with self._lock:
            self._has_more = True
            if not self._is_registered:
                atexit.register(self.flush, LAST_SECONDS)
                self._is_registered = True
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name="traces", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        """Write until nothing is left; the next trace starts a thread of its own."""
        while True:
            with self._lock:
                self._has_more = False
            is_done = self.flush()
            with self._lock:
                if is_done and not self._has_more:
                    self._thread = None
                    return
            if not is_done:
                time.sleep(PAUSE_SECONDS)


def _make_durable(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _write_one(session: Session, name: str, write: Write) -> None:
    """One of a batch; what cannot be written (its record is gone) takes no other with it."""
    try:
        with session.begin_nested():
            write(session)
    except SQLAlchemyError as error:
        if not session.is_active:
            raise
        log.warning("trace_dropped", name=name.partition(":")[0], kind=type(error).__name__)


def init(app: Flask, database: Database, settings: Settings) -> None:
    """Attach the traces to the application; nothing is written before the first one."""
    app.extensions["traces"] = Traces(database, settings.traces_folder)


def traces() -> Traces:
    """The traces of the running application."""
    found: Traces = current_app.extensions["traces"]
    return found


def leave(name: str, write: Write) -> None:
    """Write soon what may be lost (``Traces.leave``)."""
    traces().leave(name, write)


def leave_note(note: audit.Note) -> None:
    """Write soon what must not be lost (``Traces.leave_note``)."""
    traces().leave_note(note)
