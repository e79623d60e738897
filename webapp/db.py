"""One request, one transaction: reading for GET, writing for the rest; services never commit.

A writing request is committed inside the dispatch, so that a failing commit becomes a page like any other
error, and only if the answer is a success or a redirect. A refusal (4xx) rolls back, so a form with errors
leaves no trace, unless ``keep()`` was called for what must stay (a counted login attempt).

The write lock is never held while a page is made: a request that renders has finished writing. What it
wrote is committed before the first template if it said ``keep()``, and undone otherwise; from then on its
session only reads. What takes long (hashing, scanning, laying out) is done before ``session()`` is first
asked for, with ``reading()`` to ask whether it may be done at all.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Final

import flask
from flask import Flask, Response, current_app, g, has_request_context, request
from flask.typing import ResponseReturnValue
from sqlalchemy import event, make_url
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

from matcher.ground.db import Database
from matcher.register import audit, notices
from webapp.config import ConfigurationError, Settings, kept_secret

#: What flushing raises when somebody else saved between reading and writing; views know it by this name.
Overtaken = StaleDataError

_READING: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_INSERTED: Final = "inserted"  #: in a session's ``info``: ids of the objects whose rows go with a rollback


class Application(Flask):
    """A Flask application whose requests are committed where an error can still be answered."""

    def dispatch_request(self) -> ResponseReturnValue:
        """Run the view, and commit before its answer counts as made."""
        response = self.make_response(super().dispatch_request())
        _finish(response)
        return response


def init(app: Flask, database: Database) -> None:
    """Attach the database to the application."""
    app.extensions["database"] = database
    # The first of the context processors, which ask the database themselves, and so before every template.
    app.context_processor(_before_rendering)
    app.teardown_request(_close)


def connect(settings: Settings) -> Database:
    """The configured database, with the keys that seal its audit record; opened at the first use, or to ask
    whether a key may be made.

    Raises:
        ConfigurationError: the key is missing.
    """
    if not settings.audit_keys:
        if not settings.audit_key_file.exists() and _is_sealed(settings.database_url):
            raise ConfigurationError(
                "AUDIT_KEY: expected the key that has sealed this database's audit record, found none in the "
                f"setting nor in {settings.audit_key_file}. Put back the one that was kept apart from the "
                "backup. If it is lost, set a new one; 'enmusubi audit verify' can then no longer check what "
                "was sealed before"
            )
        settings = replace(settings, audit_key=kept_secret(settings.audit_key_file))
    return Database(settings.database_url, audit_keys=settings.audit_keys)


def _is_sealed(url: str) -> bool:
    address = make_url(url)
    if address.get_backend_name() == "sqlite" and not Path(address.database or "").is_file():
        return False  # which asking would make
    asked = Database(url, pooled=False)
    try:
        with asked.read() as session:
            return audit.is_sealed(session)
    except SQLAlchemyError as error:
        raise ConfigurationError(
            "AUDIT_KEY: expected a database that tells whether a key has sealed it already, "
            f"found none that answers ({type(error).__name__})"
        ) from None
    finally:
        asked.dispose()


def database() -> Database:
    """The database of the running application."""
    found: Database = current_app.extensions["database"]
    return found


def session() -> Session:
    """The session of this request."""
    if "session" not in g:
        reading = request.method in _READING or g.get("has_settled")
        g.session = database().read_session() if reading else database().write_session()
        if not reading:
            event.listen(g.session, "pending_to_persistent", _note_inserted)
            if g.actor.is_authenticated:
                notices.pace(g.session, g.actor)
    found: Session = g.session
    return found


@contextmanager
def reading() -> Iterator[Session]:
    """What a writing request asks or renders first: inside, ``session()`` reads; afterwards it writes."""
    if "session" in g:
        raise RuntimeError("expected slow work before the request's transaction, found it begun")
    with database().read() as found:
        g.session = found
        try:
            yield found
        finally:
            g.pop("session", None)


def release() -> None:
    """Let go of the connection of a request that only reads, before it waits for something else."""
    opened: Session | None = g.pop("session", None)
    if opened is not None:
        opened.close()


def keep() -> None:
    """Commit this request's writes even if the answer is a refusal."""
    g.keep = True


def undo() -> None:
    """Take back what this request wrote; its session reads from now on, and reads everything anew."""
    opened = session()
    g.has_settled = True
    if not database().only_reads(opened):
        opened.rollback()
        database().turn_to_reading(opened)


@contextmanager
def aside() -> Iterator[Session]:
    """A short writing transaction of its own, for what a writing request leaves even if it is refused."""
    with database().write() as other:
        yield other


def _before_rendering() -> dict[str, object]:
    if has_request_context():
        settle()
    return {}


def settle() -> None:
    """End the writing of this request: kept writes are committed, others undone; what is loaded stays so."""
    opened: Session | None = g.get("session")
    if opened is not None and database().only_reads(opened):
        return
    g.has_settled = True
    if opened is None:
        return
    try:
        if g.pop("keep", False):
            opened.commit()
        else:
            _roll_back_but_stay_loaded(opened)
    except BaseException:
        g.pop("session", None)
        with suppress(SQLAlchemyError):
            opened.close()
        raise
    database().turn_to_reading(opened)


def _roll_back_but_stay_loaded(opened: Session) -> None:
    """A rollback lets go of everything that was read; the page that is still to be made needs it."""
    inserted = opened.info.get(_INSERTED, set())
    loaded = [one for one in opened.identity_map.values() if id(one) not in inserted]
    opened.expunge_all()
    opened.rollback()
    opened.add_all(loaded)


def _note_inserted(opened: Session, one: object) -> None:
    opened.info.setdefault(_INSERTED, set()).add(id(one))


def _finish(response: Response) -> None:
    opened: Session | None = g.get("session")
    if opened is None or database().only_reads(opened):
        return
    if response.status_code < 400:
        keep()
    try:
        settle()
    except Exception:
        # "Saved." must not stand above the page that says that nothing was.
        flask.session.pop("_flashes", None)
        raise


def _close(_error: BaseException | None) -> None:
    opened: Session | None = g.pop("session", None)
    if opened is not None:
        # A close alone would not tell those who wait for the end of the transaction.
        with suppress(SQLAlchemyError):
            opened.rollback()
        opened.close()


__all__ = [
    "Application", "Overtaken", "Session", "aside", "connect", "current_app", "database", "init", "keep",
    "reading", "release", "session", "settle", "undo",
]  # fmt: skip
