"""One request, one transaction: reading for GET, writing for the rest; services never commit.

A writing request is committed before the answer leaves, and only if the answer is a success or a
redirect. A refusal (4xx) rolls back, so a form with errors leaves no trace, unless ``keep()`` was
called for what must stay (a counted login attempt).
"""

from collections.abc import Iterator
from contextlib import contextmanager

from flask import Flask, Response, current_app, g, request
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

from matcher.db import Database
from matcher.services import notices
from webapp.config import Settings

#: What flushing raises when somebody else saved between reading and writing; views know it by this name.
Overtaken = StaleDataError


def init(app: Flask, database: Database) -> None:
    """Attach the database to the application."""
    app.extensions["database"] = database
    app.after_request(_finish)
    app.teardown_request(_close)


def connect(settings: Settings) -> Database:
    """The configured database, with the keys that seal its audit record; opened at the first use."""
    return Database(settings.database_url, audit_keys=settings.audit_keys)


def database() -> Database:
    """The database of the running application."""
    found: Database = current_app.extensions["database"]
    return found


def session() -> Session:
    """The session of this request."""
    if "session" not in g:
        reading = request.method in {"GET", "HEAD", "OPTIONS"}
        g.session = database().read_session() if reading else database().write_session()
        if not reading and g.actor.is_authenticated:
            notices.pace(g.session, g.actor)
    found: Session = g.session
    return found


def keep() -> None:
    """Commit this request's writes even if the answer is a refusal."""
    g.keep = True


@contextmanager
def aside() -> Iterator[Session]:
    """A short writing transaction of its own, for what a page view leaves behind (exposure, last seen)."""
    with database().write() as other:
        yield other


def _finish(response: Response) -> Response:
    opened: Session | None = g.get("session")
    if opened is not None and request.method not in {"GET", "HEAD", "OPTIONS"}:
        if response.status_code < 400 or g.get("keep"):
            opened.commit()
        else:
            opened.rollback()
    return response


def _close(_error: BaseException | None) -> None:
    opened: Session | None = g.pop("session", None)
    if opened is not None:
        opened.close()


__all__ = ["Overtaken", "Session", "aside", "connect", "current_app", "database", "init", "keep", "session"]
