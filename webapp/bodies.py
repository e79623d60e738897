"""How many bytes a request may bring: declared at each view beside its audience; more is answered 413.

The limit holds before the form is read, hence before the check of its token, and for bodies of an unsaid
length too. A hundred thousand characters of Japanese in one field are 900 kB on the way: on the pages on
which people write, the sentence beside the field says that they are too many.
"""

import io
from collections.abc import Callable
from typing import Any, Final

from flask import Flask, abort, current_app, request

SMALL: Final = 64 * 1024  #: pages that everybody may open: a name, an address, a comment
TEXT: Final = 1024 * 1024  #: pages for people who are known
FILE: Final = 6 * 1024 * 1024  #: a file may have 5 MB
_MAX_PARTS: Final = 500  #: fields of a form that brings a file; the longest has about thirty
_MAX_FIELDS: Final = 5_500  #: of a form without a file; the longest is an upload whose rows are ticked
_URLENCODED: Final = "application/x-www-form-urlencoded"

Limit = int | Callable[..., int]


def init(app: Flask) -> None:
    """Set the limits; before whatever else reads a request."""
    app.config.update(MAX_CONTENT_LENGTH=SMALL, MAX_FORM_MEMORY_SIZE=TEXT, MAX_FORM_PARTS=_MAX_PARTS)
    app.before_request(_limit)


def limit_of(view: Any, arguments: dict[str, Any]) -> int:
    """The limit of a view that was declared with ``access.allow``."""
    declared: Limit = getattr(view, "body", SMALL)
    return declared(**arguments) if callable(declared) else declared


def in_words(most: int) -> str:
    """A limit as people count: megabytes of a file, else letters of Japanese in a round number, each of which
    is nine bytes on the way.
    """
    if most >= FILE:
        return f"{most // 1024**2}MB"
    letters = str(most // 9)
    return f"{int(letters[0]) * 10 ** (len(letters) - 1):,}文字"


def _limit() -> None:
    if request.endpoint is None:
        return
    view = current_app.view_functions[request.endpoint]
    most = request.max_content_length = limit_of(view, request.view_args or {})
    length, source = request.content_length, request.environ["wsgi.input"]
    if length is None and not request.environ.get("wsgi.input_terminated"):
        return  # no body
    if length is not None and length > most:
        abort(413)
    if length is not None and request.mimetype != _URLENCODED:
        return  # read piece by piece by Werkzeug, within its own limits
    # Werkzeug takes any number of fields, and of a body of unsaid length as much as it may for the whole.
    body = source.read(most + 1 if length is None else length)
    if len(body) > most or (request.mimetype == _URLENCODED and body.count(b"&") > _MAX_FIELDS):
        abort(413)
    request.environ["wsgi.input"] = io.BytesIO(body)
