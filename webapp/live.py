"""The vector index of this process, brought level with the database at each request that asks for it."""

import threading

import structlog
from flask import Flask, current_app, g, request
from sqlalchemy.exc import SQLAlchemyError
from threadpoolctl import threadpool_limits

from matcher.city import cities
from matcher.suggestions import pairs
from matcher.suggestions.encoding import OWNER_TYPES
from matcher.suggestions.indexing import LiveIndex
from webapp import beforehand, db
from webapp.config import Settings

log = structlog.get_logger()


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
    app.extensions["beforehand"] = beforehand.Beforehand(app)
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
