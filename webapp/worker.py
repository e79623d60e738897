"""The worker: encodes what waits, sends mail, and does what time brings. Threads of a web process, or a
process of its own.

Every process may have one; each piece of work is done by whichever process holds its lease (see
``matcher.jobs.leases``). The pieces do not wait for one another: each has its thread, its lease and its
failures. It is the only part of a running service that loads the embedding model. Every piece of its work is
found again in the database after a crash, so it may be killed at any moment.
"""

import os
import secrets
import socket
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import structlog

from embeddings.encoder import ModelUnavailable, WordsOnly, e5_model_id, load_e5, load_encoder, model_id_for
from matcher import clock as clockwork
from matcher.alerts import matching
from matcher.ground.db import Database
from matcher.jobs import leases
from matcher.people import beginning
from matcher.register import findable
from matcher.suggestions import contextual, encoding, indexing
from webapp import clock, db, heads, mail
from webapp.config import Settings
from webapp.runner import Runner

log = structlog.get_logger()

STOP_SECONDS: Final = 8.0  #: how long a stopping worker waits for the rounds in progress
STUCK_SECONDS: Final = 600.0  #: a round that takes longer loses its lease, so that another process may try
WATCH_SECONDS: Final = 0.5  #: how soon a piece's thread notices that it is due, or its lease taken
PROBE_BYTES: Final = 256 * 1024  #: more than a file system finds room for between others
RETRY_SECONDS: Final = 2.0  #: how soon leases that could not be renewed are asked for again


@dataclass(frozen=True)
class Piece:
    """One kind of work, with a thread and a lease of its own.

    ``work(worker, now)`` does one round and says whether there may be more to do at once. A round should be
    short, or made of short ones: a worker that stops waits for it, and one that never ends is given away.
    """

    name: str
    work: Callable[["Worker", datetime], bool]
    pause_seconds: float = 1.0  #: rest after a round that left nothing to do


class Worker:
    """One worker: ``start`` and ``stop`` its threads, or let it work ``once``."""

    def __init__(
        self, settings: Settings, database: Database | None = None, pieces: Sequence[Piece] | None = None
    ) -> None:
        self.settings = settings
        self.database = database or db.connect(settings)
        self.pieces = PIECES if pieces is None else tuple(pieces)
        self.holder = f"{socket.gethostname()[:40]}:{os.getpid()}:{secrets.token_hex(4)}"
        self._stopping = threading.Event()
        self._encoder: encoding.Encoder | None = None
        self._sentence_encoder: encoding.Encoder | None = None
        self._told_unavailable: set[str] = set()
        self._index = indexing.LiveIndex(settings.index_folder)
        self._runner = Runner(settings, self.database, self._index)
        self._threads: dict[str, threading.Thread] = {}
        # By piece, on the monotonic clock: until when it is held, since when a round is in progress, and when
        # it was last seen at work. A piece whose rounds all fail is not at work.
        self._held: dict[str, float] = {}
        self._began: dict[str, float] = {}
        self._well: dict[str, float] = {}

    def start(self) -> None:
        """Start a thread for each piece, and one that keeps the leases."""
        for piece in self.pieces:
            self._threads[piece.name] = threading.Thread(
                target=self._repeat, args=(piece,), name=f"worker-{piece.name}", daemon=True
            )
        self._keeper = threading.Thread(target=self._keep_leases, name="worker-leases", daemon=True)
        for thread in (self._keeper, *self._threads.values()):
            thread.start()

    def stop(self) -> None:
        """Let the rounds in progress end and give the leases back; a longer round's lease runs out."""
        self._stopping.set()
        deadline = time.monotonic() + STOP_SECONDS
        for thread in (*self._threads.values(), self._keeper):
            thread.join(max(0.0, deadline - time.monotonic()))
        self._give_back(name for name, thread in self._threads.items() if not thread.is_alive())

    def once(self, now: datetime) -> bool:
        """One round of each piece, in order; returns whether there may be more to do at once.

        A piece that another process holds is left to it.
        """
        held = self._take(piece.name for piece in self.pieces)
        rounds = [self._round(piece, now) for piece in self.pieces if piece.name in held]
        self._give_back(held)
        return any(rounds)

    def outlast_the_killed(self) -> None:
        """Wait until the leases of others, as they are now, have run out; who lives has then renewed them."""
        with self.database.read() as session:
            now = leases.database_time(session)
            until = leases.held_until(session, self.holder, (piece.name for piece in self.pieces))
        if until is not None and until > now:
            self._stopping.wait((until - now).total_seconds())

    # ── Threads and leases ───────────────────────────────────────────────────────────────────────────

    def _repeat(self, piece: Piece) -> None:
        due, is_well = 0.0, True
        while not self._stopping.is_set():
            if not self._holds(piece.name):
                self._stopping.wait(WATCH_SECONDS)
            elif time.monotonic() < due:
                if is_well:
                    self._well[piece.name] = time.monotonic()  # nothing is due, and somebody is there
                self._stopping.wait(min(WATCH_SECONDS, piece.pause_seconds))
            else:
                busy = self._round(piece, clock.now())
                is_well = busy is not None
                if not busy:
                    due = time.monotonic() + piece.pause_seconds

    def _round(self, piece: Piece, now: datetime) -> bool | None:
        """One round: whether there may be more to do at once, ``None`` where it failed.

        A failure is logged and the piece tried again after its pause; the others go on.
        """
        self._began[piece.name] = time.monotonic()
        try:
            busy = piece.work(self, now)
        except Exception:
            log.exception("worker_piece_failed", piece=piece.name)
            return None
        finally:
            del self._began[piece.name]
        self._well[piece.name] = time.monotonic()
        return busy

    def _holds(self, name: str) -> bool:
        return time.monotonic() < self._held.get(name, 0.0)

    def _keep_leases(self) -> None:
        wait = 0.0
        while not self._stopping.wait(wait):
            try:
                self._take(piece.name for piece in self.pieces if not self._is_stuck(piece.name))
                wait = leases.RENEWAL.total_seconds()
            except Exception:
                # What is held runs out by itself, and others take it if they can.
                log.exception("leases_not_renewed")
                wait = RETRY_SECONDS

    def _is_stuck(self, name: str) -> bool:
        began = self._began.get(name)
        return began is not None and time.monotonic() - began > STUCK_SECONDS

    def _take(self, names: Iterable[str]) -> set[str]:
        """Take or renew what is open; until when is counted from before the question."""
        wanted, asked = list(names), time.monotonic()
        with self.database.read() as session:
            if not leases.may_take(session, self.holder, wanted, leases.database_time(session)):
                return set()
        with self.database.write() as session:
            now = leases.database_time(session)
            held = leases.take(session, self.holder, {name: self._seen(name, now) for name in wanted}, now)
        self._held.update(dict.fromkeys(held, asked + leases.LEASE.total_seconds()))
        return held

    def _seen(self, name: str, now: datetime) -> datetime | None:
        well = self._well.get(name)
        return None if well is None else now - timedelta(seconds=time.monotonic() - well)

    def _give_back(self, names: Iterable[str]) -> None:
        given = [name for name in names if self._held.pop(name, None) is not None]
        if not given:
            return
        try:
            with self.database.write() as session:
                now = leases.database_time(session)
                seen = {name: self._seen(name, now) for name in given}
                leases.give_back(session, self.holder, seen, now)
        except Exception:
            log.exception("leases_not_given_back")

    # ── The pieces ───────────────────────────────────────────────────────────────────────────────────

    def do_jobs(self, lane: str, now: datetime) -> bool:
        """The jobs of a lane that wait; returns whether there were any."""
        return self._runner.once(lane, now)

    def _encode(self, now: datetime) -> bool:
        name = self.settings.embedding_model or None
        try:
            return self._encode_with(model_id_for(name), lambda: load_encoder(name), now)
        except ModelUnavailable as error:
            # Words in common still find partners; the pages say that meaning is missing.
            self._tell_unavailable(error)
            with self.database.read() as session:
                serving = findable.serving_model(session)
            if serving not in {None, WordsOnly.model_id}:
                return False
            return self._encode_with(WordsOnly.model_id, WordsOnly, now)

    def _tell_unavailable(self, error: ModelUnavailable) -> None:
        """Once for each: a round comes each second."""
        if str(error) not in self._told_unavailable:
            log.error("model_unavailable", error=str(error))
            self._told_unavailable.add(str(error))

    def _read_in_context(self, now: datetime) -> bool:
        """Read some of what waits with the sentence encoder, behind the table of words."""
        if self.settings.sentence_encoder == "off":
            return False
        try:
            contextual_id = e5_model_id()
            contextual.begin(self.database, contextual_id)
            with self.database.read() as session:
                model_id = findable.worked_model(session)
                # By words all is found within seconds: that comes first.
                if not model_id or findable.waiting_count(session, model_id):
                    return False
                if not findable.contextual_waiting_count(session):
                    return False
            if self._sentence_encoder is None or self._sentence_encoder.model_id != contextual_id:
                # Pages are made beside it: half of the processors stay theirs.
                self._sentence_encoder = load_e5(max(1, (os.cpu_count() or 2) // 2))
        except ModelUnavailable as error:
            self._tell_unavailable(error)
            return False
        contextual.encode_waiting(
            self.database,
            self._sentence_encoder,
            on_failure=lambda row_id, error: log.error("text_not_read", row=row_id, exc_info=error),
        )
        return True

    def _encode_with(self, model_id: str, load: Callable[[], encoding.Encoder], now: datetime) -> bool:
        """Encode what waits under ``model_id``, and let it serve once nothing waits."""
        with self.database.read() as session:
            serving, waiting = findable.serving_model(session), findable.waiting_count(session, model_id)
            is_told = findable.worked_model(session) == model_id
        if not is_told:
            encoding.work_on(self.database, model_id)
        # After a change of model the old vectors serve until the new ones are complete.
        if serving != model_id:
            waiting += encoding.add_missing_rows(self.database, model_id)
        if waiting:
            if self._encoder is None or self._encoder.model_id != model_id:
                self._encoder = load()
            encoding.encode_waiting(
                self.database,
                self._encoder,
                now,
                on_failure=lambda row_id, error: log.error("text_not_encoded", row=row_id, exc_info=error),
            )
            return True
        if serving != model_id:
            encoding.serve(self.database, model_id)
        return False

    def _match(self, now: datetime) -> bool:
        """Tell whom it fits what was newly encoded; a bounded round, the rest at once after it."""
        return matching.match_new(self.database, self._index, now)

    def _answer(self, now: datetime) -> bool:
        with self.database.read() as session:
            if not beginning.has_requests(session, now):
                return False
        with self.database.write() as session:
            beginning.answer_requests(
                session,
                now,
                self.settings.public_url,
                lambda error: log.error("request_not_answered", exc_info=error),
            )
        return True

    def _mail(self, now: datetime) -> bool:
        return mail.send_due(self.database, self.settings, now, self._stopping.is_set) > 0

    def _tick(self, now: datetime) -> bool:
        failed: list[str] = []

        def note(name: str, error: Exception) -> None:
            failed.append(name)
            log.error("clock_piece_failed", piece=name, exc_info=error)

        clockwork.tick(self.database, now, note)
        clockwork.sweep(self.database, now)
        heads.keep_daily(self.database, self.settings, now)
        self._runner.sweep(now)
        if failed:
            raise RuntimeError(
                f"expected all of what time brings to be done, found failed: {', '.join(failed)}"
            )
        return False

    def _try_folders(self, _now: datetime) -> bool:
        """Fails where no file could be kept; the piece is then silent, which monitoring is told."""
        ours = self.settings
        for folder in (ours.folder, ours.files_folder, ours.papers_folder, ours.traces_folder):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            path = folder / ".probe"
            try:
                path.write_bytes(b"0" * PROBE_BYTES)
            finally:
                path.unlink(missing_ok=True)
        return False

    def _snapshot(self, _now: datetime) -> bool:
        before = self._index.applied_version
        with self.database.read() as session:
            self._index.level(session)
        if self._index.applied_version != before:
            self._index.save_snapshot()
        return False


#: All pieces, in the order in which ``once`` does them.
PIECES: Final = (
    Piece("answer", Worker._answer),
    Piece("encode", Worker._encode),
    Piece("context", Worker._read_in_context, pause_seconds=5),
    Piece("match", Worker._match, pause_seconds=30),
    Piece("mail", Worker._mail),
    Piece("clock", Worker._tick, pause_seconds=60),
    Piece("folders", Worker._try_folders, pause_seconds=60),
    Piece("snapshot", Worker._snapshot, pause_seconds=300),
    Piece("press", lambda worker, now: worker.do_jobs("press", now)),
    Piece("import", lambda worker, now: worker.do_jobs("import", now)),
    Piece("plan", lambda worker, now: worker.do_jobs("plan", now)),
)
PIECE_NAMES: Final = tuple(piece.name for piece in PIECES)
