"""The worker: encodes what waits, sends mail, and does what time brings. A thread or a process of its own.

It is the only part of a running service that loads the embedding model. Every piece of its work is found
again in the database after a crash, so it may be killed at any moment.
"""

import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta

import structlog

from embeddings.encoder import ModelUnavailable, WordsOnly, load_encoder, model_id_for
from matcher.db import Database
from matcher.services import accounts, clockwork, indexing
from webapp import clock, db, heads, mail
from webapp.config import Settings

log = structlog.get_logger()

PAUSE_SECONDS = 1.0
TICK = timedelta(minutes=1)
SNAPSHOT = timedelta(minutes=5)


class Worker:
    """One worker; ``run`` loops until ``stop`` is set."""

    def __init__(self, settings: Settings, database: Database | None = None) -> None:
        self.settings = settings
        self.database = database or db.connect(settings)
        self.stopping = threading.Event()
        self._encoder: indexing.Encoder | None = None
        self._told_unavailable = False
        self._ticked: datetime | None = None
        self._saved: datetime | None = None
        self._index = indexing.LiveIndex(settings.index_folder)

    def run(self) -> None:
        """Work until stopped. A failing piece is logged and tried again, the others go on."""
        while not self.stopping.is_set():
            busy = self.once(clock.now())
            if not busy:
                self.stopping.wait(PAUSE_SECONDS)

    def once(self, now: datetime) -> bool:
        """One round; returns whether there may be more to do at once."""
        busy = False
        for piece in (self._answer, self._encode, self._mail, self._tick, self._snapshot):
            try:
                busy = piece(now) or busy
            except Exception:
                log.exception("worker_piece_failed", piece=piece.__name__)
                time.sleep(0.2)
        return busy

    def _encode(self, now: datetime) -> bool:
        name = self.settings.embedding_model or None
        try:
            return self._encode_with(model_id_for(name), lambda: load_encoder(name), now)
        except ModelUnavailable as error:
            # Words in common still find partners; the pages say that meaning is missing.
            if not self._told_unavailable:
                log.error("model_unavailable", error=str(error))
                self._told_unavailable = True
            with self.database.read() as session:
                serving = indexing.serving_model(session)
            if serving not in {None, WordsOnly.model_id}:
                return False
            return self._encode_with(WordsOnly.model_id, WordsOnly, now)

    def _encode_with(self, model_id: str, load: Callable[[], indexing.Encoder], now: datetime) -> bool:
        """Encode what waits under ``model_id``, and let it serve once nothing waits."""
        with self.database.read() as session:
            serving, waiting = indexing.serving_model(session), indexing.waiting_count(session, model_id)
        # After a change of model the old vectors serve until the new ones are complete.
        if serving != model_id:
            waiting += indexing.add_missing_rows(self.database, model_id)
        if waiting:
            if self._encoder is None or self._encoder.model_id != model_id:
                self._encoder = load()
            indexing.encode_waiting(self.database, self._encoder, now)
            return True
        if serving != model_id:
            indexing.serve(self.database, model_id)
        return False

    def _answer(self, now: datetime) -> bool:
        with self.database.read() as session:
            if not accounts.has_requests(session, now):
                return False
        with self.database.write() as session:
            accounts.answer_requests(
                session,
                now,
                self.settings.public_url,
                lambda error: log.error("request_not_answered", exc_info=error),
            )
        return True

    def _mail(self, now: datetime) -> bool:
        return mail.send_due(self.database, self.settings, now) > 0

    def _tick(self, now: datetime) -> bool:
        if self._ticked is not None and now - self._ticked < TICK:
            return False
        self._ticked = now
        clockwork.tick(
            self.database,
            now,
            lambda piece, error: log.error("clock_piece_failed", piece=piece, exc_info=error),
        )
        clockwork.sweep(self.database, now)
        heads.keep_daily(self.database, self.settings, now)
        return False

    def _snapshot(self, now: datetime) -> bool:
        if self._saved is not None and now - self._saved < SNAPSHOT:
            return False
        before = self._index.applied_version
        with self.database.read() as session:
            self._index.level(session)
        if self._index.applied_version != before:
            self._index.save_snapshot()
        self._saved = now
        return False


def start_thread(settings: Settings) -> Worker:
    """Start a worker as a daemon thread of this process."""
    worker = Worker(settings)
    threading.Thread(target=worker.run, name="worker", daemon=True).start()
    return worker
