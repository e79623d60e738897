"""Does the jobs that wait: papers and tables in the press, imports, plans. One at a time of each lane.

Whoever holds a job's lease does it: the process in which it was asked for, so that a small paper comes at
once and comes without a worker, or the worker, which also takes up what a killed process left.
"""

import os
import secrets
import socket
import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final, Protocol

import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from matcher.ground.db import Database
from matcher.ground.errors import DomainError
from matcher.imports import acts as import_acts
from matcher.jobs import leases, tickets
from matcher.records import Job
from matcher.suggestions.indexing import LiveIndex
from webapp import clock
from webapp.config import Settings
from webapp.press import Broke, Shelf, press

log = structlog.get_logger()

LANES: Final = ("press", "import", "plan")
LOOK_SECONDS: Final = 0.2  #: how often one who waits looks for what another process does
MOST_REST_SECONDS: Final = 3.0  #: of the press, between two papers
SWEEP: Final = timedelta(hours=1)
_PATIENCE: Final = (0.5, 1.0, 2.0)  #: pauses between tries to note what was done


def _breathe(lane: str, began: float) -> None:
    """After something was laid out, pages have the machine for as long as that took."""
    if lane == "press":
        time.sleep(min(time.monotonic() - began, MOST_REST_SECONDS))


class LaysOut(Protocol):
    """What a runner needs of a press."""

    def lay_out(self, kind: str, source: Path, target: Path, watch: Callable[[], None], every: float) -> str:
        """See ``Press.lay_out``."""
        ...


class Runner:
    """The jobs that this process does, and the threads in which it does them."""

    def __init__(self, settings: Settings, database: Database, live: LiveIndex) -> None:
        """``live``: the index of this process."""
        self.shelf = Shelf(settings.papers_folder)
        self.press: LaysOut = press()
        self.holder = f"{socket.gethostname()[:40]}:{os.getpid()}:{secrets.token_hex(4)}"
        self._database, self._live = database, live
        self._work: dict[str, Callable[[Job], str]] = {
            "press": self._lay_out, "import": self._import, "plan": self._plan,
        }  # fmt: skip
        self._changed = threading.Condition()
        self._doing: set[int] = set()
        self._swept: datetime | None = None

    # ── For the worker ───────────────────────────────────────────────────────────────────────────────

    def once(self, lane: str, now: datetime) -> bool:
        """Do the next job of a lane, if none is being done elsewhere; returns whether there was one."""
        with self._database.read() as session:
            if not tickets.is_open(session, lane, now):
                return False
        with self._database.write() as session:
            job = tickets.take(session, lane, self.holder, now)
        if job is None:
            return False
        began = time.monotonic()
        self._do(job, self._note)
        _breathe(lane, began)
        return True

    def sweep(self, now: datetime) -> None:
        """Once an hour: forget jobs that ended long ago and delete papers that nobody fetched for days."""
        if self._swept is not None and now - self._swept < SWEEP:
            return
        self._swept = now
        self.shelf.sweep(now)
        with self._database.write() as session:
            tickets.sweep(session, now)

    # ── For those who ask ────────────────────────────────────────────────────────────────────────────

    def start(self, job: Job) -> None:
        """Do a job that was taken in this process, and those that wait behind it, in a thread."""
        with self._changed:
            self._doing.add(job.id)
        threading.Thread(target=self._do_and_go_on, args=(job,), name=f"jobs-{job.lane}", daemon=True).start()

    def nudge(self, lane: str, now: datetime, patience: timedelta = timedelta()) -> None:
        """See to it that what has waited longer than ``patience`` is done, by this process if by no other.

        Returns at once: who only looks must not wait for a writer.
        """
        with self._database.read() as session:
            if tickets.is_open(session, lane, now, patience):
                threading.Thread(
                    target=self._do_what_waits, args=(lane, now), name=f"jobs-{lane}", daemon=True
                ).start()

    def _do_what_waits(self, lane: str, now: datetime) -> None:
        try:
            while self.once(lane, now):
                now = clock.now()
        except SQLAlchemyError as error:
            log.warning("job_not_taken", lane=lane, error=type(error).__name__)

    def wait(self, job_id: int, seconds: float) -> Job | None:
        """A job once it has ended, or as it is after so many seconds. Holds no connection meanwhile."""
        deadline = time.monotonic() + seconds
        while True:
            with self._database.read() as session:
                job = session.get(Job, job_id)
            left = deadline - time.monotonic()
            if job is None or job.state in {"done", "failed"} or left <= 0:
                return job
            with self._changed:
                self._changed.wait(min(left, LOOK_SECONDS) if job_id not in self._doing else left)

    def rest(self, seconds: float) -> bool:
        """Wait until no job is being done in this process; returns whether that came about in time."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._doing, seconds)

    # ── Doing ────────────────────────────────────────────────────────────────────────────────────────

    def _do_and_go_on(self, first: Job) -> None:
        job: Job | None = first
        while job is not None:
            began = time.monotonic()
            job = self._do(job, self._note_and_take)
            if job is not None:
                _breathe(job.lane, began)

    def _do(self, job: Job, note: Callable[[Session, Job, str | None], Job | None]) -> Job | None:
        """Do a job and keep what became of it; returns what ``note`` took to be done next."""
        with self._changed:
            self._doing.add(job.id)
        following = None
        try:
            following = self._keep(job, self._attempt(job), note)
        except tickets.Lost:
            log.warning("job_lost", job=job.id, kind=job.kind)
        except SQLAlchemyError as error:
            # The lease runs out, and whoever takes the job then finds it done or does it again.
            log.error("job_not_noted", job=job.id, kind=job.kind, error=type(error).__name__)
        finally:
            with self._changed:
                self._doing.discard(job.id)
                if following is not None:
                    self._doing.add(following.id)
                self._changed.notify_all()
        return following

    def _attempt(self, job: Job) -> str | None:
        """The code of an error, nothing where the job is done, ``None`` where it may be tried again."""
        try:
            return self._work[job.lane](job)
        except tickets.Lost:
            raise
        except DomainError as error:
            return error.code
        except Broke as error:
            log.warning("press_broke", job=job.id, tries=job.tries, error=str(error))
            return None
        except Exception:
            log.exception("job_failed", job=job.id, kind=job.kind)
            return None

    def _keep(
        self, job: Job, error: str | None, note: Callable[[Session, Job, str | None], Job | None]
    ) -> Job | None:
        for pause in (*_PATIENCE, None):
            try:
                with self._database.write() as session:
                    following = note(session, job, error)
                break
            except SQLAlchemyError:
                if pause is None:
                    raise
                time.sleep(pause)
        if error is not None and job.lane == "press":
            self.shelf.forget_source(job.kind, job.key)
        return following

    def _note(self, session: Session, job: Job, error: str | None) -> None:
        if error is None:
            tickets.give_back(session, job.id, self.holder, clock.now())
        else:
            tickets.finish(session, job.id, self.holder, clock.now(), error)

    def _note_and_take(self, session: Session, job: Job, error: str | None) -> Job | None:
        """In one transaction, so that no other process finds the lane free in between."""
        self._note(session, job, error)
        return tickets.take(session, job.lane, self.holder, clock.now())

    def _lay_out(self, job: Job) -> str:
        shelf = self.shelf
        if shelf.holds(job.kind, job.key):
            return ""  # made by one who was killed before it could be noted
        source = shelf.source(job.kind, job.key)
        if not source.exists():
            return "paper_source_gone"
        return self.press.lay_out(
            job.kind, source, shelf.path(job.kind, job.key), lambda: self._renew(job),
            leases.RENEWAL.total_seconds(),
        )  # fmt: skip

    def _renew(self, job: Job) -> None:
        try:
            with self._database.write() as session:
                tickets.renew(session, job.id, self.holder, clock.now())
        except SQLAlchemyError as error:
            log.warning("job_not_renewed", job=job.id, error=type(error).__name__)

    def _import(self, job: Job) -> str:
        import_acts.run(self._database, job, self.holder, clock.now)
        return ""

    def _plan(self, job: Job) -> str:
        from matcher.planning import running  # brings the solver, which pages do without

        running.run(self._database, self._live, job, lambda: self._renew(job), clock.now)
        return ""
