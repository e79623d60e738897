"""Error pages: 400, 403, 404, 409, 413, 429, 500, 503, each with a way on; domain errors become them."""

import errno
from collections.abc import Mapping
from typing import Any, Final

import structlog
from flask import Flask, current_app, g, render_template, request
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import DBAPIError, InterfaceError, InternalError, OperationalError, TimeoutError
from sqlalchemy.orm.exc import StaleDataError
from werkzeug.exceptions import HTTPException

from matcher.ground import errors as domain
from webapp import bodies, kept, text
from webapp.forms.account import LoginForm

log = structlog.get_logger()

Answer = tuple[str, int] | tuple[str, int, dict[str, str]]

#: Nothing can be written until somebody makes room, or lets the disk or the server be written again.
_FULL: Final = frozenset(
    {"SQLITE_FULL", "SQLITE_READONLY", "SQLITE_IOERR", "DiskFull", "OutOfMemory", "ReadOnlySqlTransaction"}
)
_NOT_OUR_FOLDER: Final = frozenset({errno.EACCES, errno.ENOTDIR, errno.EEXIST})
_NO_ROOM: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO}) | _NOT_OUR_FOLDER
_NO_HANDLES: Final = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EAGAIN})


def init(app: Flask) -> None:
    """Attach the error handlers to the application."""
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(CSRFError, _csrf)
    app.register_error_handler(domain.NotFound, lambda error: page_of(404))
    app.register_error_handler(domain.NotPermitted, lambda error: page_of(403))
    app.register_error_handler(domain.MovedOn, _moved_on)
    app.register_error_handler(StaleDataError, lambda error: page_of(409))
    app.register_error_handler(domain.Refused, _refused)
    app.register_error_handler(domain.TooMany, _too_many)
    app.register_error_handler(domain.TooFast, _too_many)
    for kind in (OperationalError, InterfaceError, InternalError, TimeoutError):
        app.register_error_handler(kind, _database)
    app.register_error_handler(OSError, _machine)
    app.register_error_handler(Exception, _unexpected)


#: What an error page may leave unsaid.
_UNSAID: Final[Mapping[str, object]] = {
    "message": "", "facts": {"by": "", "at": None}, "expired_form": False, "foreign_host": False,
    "sealed": "", "typed": (), "here": "", "had_files": False, "is_full": False, "takes_file": False,
    "size": "",
}  # fmt: skip


def page_of(status: int, **facts: object) -> Answer:
    """The page of an error, with what it says of this one."""
    known = status if status in {400, 403, 404, 409, 413, 429, 500, 503} else (400 if status < 500 else 500)
    said = {**_UNSAID, "request_id": g.get("request_id", ""), **facts}
    return render_template(f"errors/{known}.html", **said), status


def _http(error: HTTPException) -> Answer | HTTPException:
    if error.code is None or error.code < 400:
        return error
    if error.code == 401:
        return _sign_in(kept.ticket(g.actor))
    if error.code == 413:
        most = bodies.limit_of(_view(), request.view_args or {})
        return page_of(413, takes_file=most >= bodies.FILE, size=bodies.in_words(most))
    if error.code == 503:
        return _unavailable(is_full=False)
    return page_of(error.code, foreign_host=g.get("foreign_host", False))


def _view() -> object:
    return current_app.view_functions.get(request.endpoint or "")


def _csrf(_error: CSRFError) -> Answer:
    actor = g.actor
    sealed = kept.ticket(actor)
    if (seat := kept.other_name(actor)) is not None:
        page = render_template(
            "errors/other_name.html", seat=seat, sealed=sealed, here=request.full_path.rstrip("?"),
            request_id=g.get("request_id", ""),
        )  # fmt: skip
        return page, 409
    if sealed and not actor.is_authenticated and not kept.is_strangers():
        return _sign_in(sealed)
    return page_of(400, expired_form=True, sealed=sealed, **_sent_again())


def _sign_in(sealed: str) -> Answer:
    """The login page, which carries what was typed."""
    page = render_template(
        "account/login.html", form=LoginForm(formdata=None), next=None, sealed=sealed, had_files=_had_files()
    )
    return page, 401


def _moved_on(error: domain.MovedOn) -> Answer:
    return page_of(409, facts=error.facts)


def _refused(error: domain.Refused) -> Answer:
    return page_of(409, message=text.sentence(error.code, error.facts))


def _too_many(error: domain.TooMany | domain.TooFast) -> Answer:
    log.warning("throttled", request_id=g.get("request_id", ""), endpoint=request.endpoint)
    minutes = error.facts["minutes"]
    body, status = page_of(429, message=text.sentence(error.code, error.facts), **_sent_again())[:2]
    return body, status, {"Retry-After": str(minutes * 60)}


def _database(error: Exception) -> Answer:
    found = _kind(error)
    if isinstance(error, InternalError) and found not in _FULL:
        return _unexpected(error)
    log.error("database_unavailable", request_id=g.get("request_id", ""), kind=found)
    return _unavailable(is_full=any(found.startswith(name) for name in _FULL))


def _kind(error: Exception) -> str:
    """The database's own name for what happened; its sentence might hold what somebody typed."""
    found: Any = error.orig if isinstance(error, DBAPIError) else error
    return getattr(found, "sqlite_errorname", None) or type(found).__name__


def _machine(error: OSError) -> Answer:
    if error.errno not in _NO_ROOM | _NO_HANDLES:
        return _unexpected(error)
    name = errno.errorcode.get(error.errno or 0, "")
    log.error("machine_unavailable", request_id=g.get("request_id", ""), kind=name)
    return _unavailable(is_full=error.errno in _NO_ROOM)


def _unavailable(*, is_full: bool) -> Answer:
    """503, with a button that sends the same again: nobody types twice because the database was busy."""
    body, status = page_of(503, is_full=is_full, **_sent_again())[:2]
    return body, status, {"Retry-After": "60" if is_full else "5"}


def _sent_again() -> dict[str, object]:
    """What the button needs that sends the same again."""
    typed = kept.typed_fields()
    if not typed and (carried := kept.carried()):
        typed = [(kept.FIELD, carried)]
    return {
        "typed": typed,
        "here": request.full_path.rstrip("?"),
        "had_files": _had_files() if typed else False,
    }


def _had_files() -> bool:
    return any(upload.filename for upload in request.files.values())


def _unexpected(error: Exception) -> Answer:
    log.exception("unexpected_error", request_id=g.get("request_id", ""), kind=type(error).__name__)
    return page_of(500)
