"""The vector index of this process, brought level with the database at each request that asks for it."""

import threading
from collections import deque
from functools import partial
from typing import Final

import structlog
from flask import Flask, Response, after_this_request, current_app, g, request
from sqlalchemy.exc import SQLAlchemyError
from threadpoolctl import threadpool_limits

from matcher.city import cities
from matcher.suggestions import beforehand, pairs
from matcher.suggestions.encoding import OWNER_TYPES
from matcher.suggestions.indexing import LiveIndex, State
from webapp import db
from webapp.config import Settings

log = structlog.get_logger()

_REMEMBERED: Final = 20  #: for so many who came last it is known that their lists were measured


def init(app: Flask, settings: Settings) -> None:
    """Attach an empty index; it fills after a fork (``begin``), or at the first request. By it what begins
    and is decided keeps its reasons.
    """
    app.extensions["live_index"] = LiveIndex(settings.index_folder)
    pairs.judge_with(app.extensions["database"], app.extensions["live_index"])
    # The threads of a product of matrices keep a processor busy for a while after it: with them a page of
    # suggestions takes as long and costs twice as much, at the expense of whoever asks beside.
    threadpool_limits(limits=1, user_api="blas")


def begin(app: Flask) -> threading.Thread:
    """Read in a thread what lists need, when a process starts: else whoever asks first waits for it all. From
    now on lists are measured beforehand for those who come.
    """
    app.extensions["beforehand"] = Beforehand(app)
    thread = threading.Thread(target=_read, args=(app,), name="index", daemon=True)
    thread.start()
    return thread


def _read(app: Flask) -> None:
    live: LiveIndex = app.extensions["live_index"]
    try:
        with app.extensions["database"].read() as session:
            live.level(session)
            if live.is_ready:
                for owner_type in OWNER_TYPES:
                    live.table(session, owner_type, cities.get(session).areas)
    except SQLAlchemyError:  # the first list reads it, or says what is wrong
        log.warning("index_not_read", exc_info=True)


class Beforehand:
    """Measures in a thread what the first lists of those need who just came, one after the other.

    Where it is busy, who comes is not waited for: their list takes a moment longer.
    """

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._busy = threading.Lock()
        self._done: deque[tuple[int, State]] = deque(maxlen=_REMEMBERED)

    def ask(self, organization_id: int) -> threading.Thread | None:
        """Begin for one organization, unless it was done already or another is being done."""
        state = self._app.extensions["live_index"].state
        if (organization_id, state) in self._done or not self._busy.acquire(blocking=False):
            return None
        thread = threading.Thread(
            target=self._measure, args=(organization_id,), name="beforehand", daemon=True
        )
        try:
            thread.start()
        except RuntimeError:  # there are too many threads
            self._busy.release()
            return None
        return thread

    def _measure(self, organization_id: int) -> None:
        live: LiveIndex = self._app.extensions["live_index"]
        try:
            with self._app.extensions["database"].read() as session:
                live.level(session)
                if live.is_ready:
                    beforehand.measure(session, live, organization_id)
                    self._done.append((organization_id, live.state))
        except Exception:  # nobody asked for it yet; whoever does is told what is wrong
            log.warning("not_measured_beforehand", exc_info=True)
        finally:
            self._busy.release()


def measure_after(organization_id: int | None) -> None:
    """Once this page is sent, measure what the first lists of an organization need."""
    measuring: Beforehand | None = current_app.extensions.get("beforehand")
    if measuring is None or organization_id is None:
        return

    @after_this_request
    def later(response: Response) -> Response:
        response.call_on_close(partial(measuring.ask, organization_id))
        return response


def index() -> LiveIndex:
    """The index, level with what this request's session sees."""
    found: LiveIndex = current_app.extensions["live_index"]
    found.level(db.session())
    return found


def prepare() -> None:
    """Bring the index level before a writing request takes the write lock: the first time it takes long."""
    if request.method == "POST" and "session" not in g:
        with db.reading():
            index()
