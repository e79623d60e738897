"""The vector index of this process, brought level with the database at each request that asks for it."""

from flask import Flask, current_app

from matcher.suggestions.indexing import LiveIndex
from webapp import db
from webapp.config import Settings


def init(app: Flask, settings: Settings) -> None:
    """Attach an empty index; it fills at the first request, after a fork."""
    app.extensions["live_index"] = LiveIndex(settings.index_folder)


def index() -> LiveIndex:
    """The index, level with what this request's session sees."""
    found: LiveIndex = current_app.extensions["live_index"]
    found.level(db.session())
    return found
