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

Limit = int | Callable[..., int]


def init(app: Flask) -> None:
    """Set the limits; before whatever else reads a request."""
    app.config.update(MAX_CONTENT_LENGTH=SMALL, MAX_FORM_MEMORY_SIZE=TEXT, MAX_FORM_PARTS=_MAX_PARTS)
    app.before_request(_limit)


def limit_of(view: Any, arguments: dict[str, Any]) -> int:
    """The limit of a view that was declared with ``access.allow``."""
    declared: Limit = getattr(view, "body", SMALL)
    return declared(**arguments) if callable(declared) else declared


def _limit() -> None:
    view = current_app.view_functions.get(request.endpoint or "")
    most = request.max_content_length = limit_of(view, request.view_args or {})
    if request.content_length is None and request.environ.get("wsgi.input_terminated"):
        # Of a body of unsaid length Werkzeug would read as much as it may, and take that for all of it.
        body = request.environ["wsgi.input"].read(most + 1)
        if len(body) > most:
            abort(413)
        request.environ["wsgi.input"] = io.BytesIO(body)
