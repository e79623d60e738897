"""The vector index of this process, brought level with the database at each request that asks for it."""

from flask import Flask, current_app
from threadpoolctl import threadpool_limits

from matcher.suggestions.indexing import LiveIndex
from webapp import db
from webapp.config import Settings


def init(app: Flask, settings: Settings) -> None:
    """Attach an empty index; it fills at the first request, after a fork."""
    app.extensions["live_index"] = LiveIndex(settings.index_folder)
    # The threads of a product of matrices keep a processor busy for a while after it: with them a page of
    # suggestions takes as long and costs twice as much, at the expense of whoever asks beside.
    threadpool_limits(limits=1, user_api="blas")


def index() -> LiveIndex:
    """The index, level with what this request's session sees."""
    found: LiveIndex = current_app.extensions["live_index"]
    found.level(db.session())
    return found
