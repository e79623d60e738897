"""The vector index of this process, brought level with the database at each request that asks for it."""

from flask import Flask, current_app, g, request
from threadpoolctl import threadpool_limits

from matcher.suggestions import pairs
from matcher.suggestions.indexing import LiveIndex
from webapp import db
from webapp.config import Settings


def init(app: Flask, settings: Settings) -> None:
    """Attach an empty index; it fills at the first request, after a fork. By it what begins and is decided
    keeps its reasons.
    """
    app.extensions["live_index"] = LiveIndex(settings.index_folder)
    pairs.judge_with(app.extensions["database"], app.extensions["live_index"])
    # The threads of a product of matrices keep a processor busy for a while after it: with them a page of
    # suggestions takes as long and costs twice as much, at the expense of whoever asks beside.
    threadpool_limits(limits=1, user_api="blas")


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
