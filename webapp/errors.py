"""Error pages: 400, 403, 404, 409, 413, 429, 500, 503, each with a way on; domain errors become them."""

import structlog
from flask import Flask, current_app, g, render_template, request
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm.exc import StaleDataError
from werkzeug.exceptions import HTTPException

from matcher import errors as domain
from webapp import bodies, text

log = structlog.get_logger()

Answer = tuple[str, int] | tuple[str, int, dict[str, str]]


def init(app: Flask) -> None:
    """Attach the error handlers to the application."""
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(CSRFError, _csrf)
    app.register_error_handler(domain.NotFound, lambda error: _page(404))
    app.register_error_handler(domain.NotPermitted, lambda error: _page(403))
    app.register_error_handler(domain.MovedOn, _moved_on)
    app.register_error_handler(StaleDataError, lambda error: _page(409))
    app.register_error_handler(domain.Refused, _refused)
    app.register_error_handler(domain.TooMany, _too_many)
    app.register_error_handler(OperationalError, _database)
    app.register_error_handler(Exception, _unexpected)


def _page(status: int, **facts: object) -> Answer:
    known = status if status in {400, 403, 404, 409, 413, 429, 500, 503} else (400 if status < 500 else 500)
    return render_template(f"errors/{known}.html", request_id=g.get("request_id", ""), **facts), status


def _http(error: HTTPException) -> Answer | HTTPException:
    if error.code is None or error.code < 400:
        return error
    if error.code == 413:
        return _page(413, most=bodies.limit_of(_view(), request.view_args or {}))
    return _page(error.code)


def _view() -> object:
    return current_app.view_functions.get(request.endpoint or "")


def _csrf(_error: CSRFError) -> Answer:
    return _page(400, expired_form=True)


def _moved_on(error: domain.MovedOn) -> Answer:
    return _page(409, facts=error.facts)


def _refused(error: domain.Refused) -> Answer:
    return _page(409, message=text.sentence(error.code, error.facts))


def _too_many(error: domain.TooMany) -> Answer:
    log.warning("throttled", request_id=g.get("request_id", ""), endpoint=request.endpoint)
    minutes = error.facts["minutes"]
    body, status = _page(429, message=text.sentence(error.code, error.facts))[:2]
    return body, status, {"Retry-After": str(minutes * 60)}


def _database(error: OperationalError) -> Answer:
    log.error("database_unavailable", request_id=g.get("request_id", ""), kind=type(error.orig).__name__)
    body, status = _page(503)[:2]
    return body, status, {"Retry-After": "5"}


def _unexpected(error: Exception) -> Answer:
    log.exception("unexpected_error", request_id=g.get("request_id", ""), kind=type(error).__name__)
    return _page(500)
