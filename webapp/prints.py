"""What anybody may fetch of a published page, made on the server: a picture to share, a poster to hang up.

The public has no place in the line for papers (``making``). There is little to make: one picture and one
poster a published text, kept under the hash of what they are made from. So they are made at once, one at a
time, by a press of their own, and whoever comes meanwhile comes again.
"""

import io
import threading
from functools import cache
from typing import Final

import structlog
from flask import Response as FlaskResponse
from flask import send_file
from werkzeug.wrappers import Response

from webapp import clock, db, layout, making, sheets
from webapp.press import Broke, Press

log = structlog.get_logger()

SECONDS: Final = 20  #: for one of them
AGAIN_SECONDS: Final = 3
_seat = threading.BoundedSemaphore(1)


class Unavailable(Exception):
    """Another is being made, or the press could not make this one: come again."""


@cache
def _press() -> Press:
    return Press(SECONDS)


def picture(source: str) -> Response:
    """A picture of 1200 × 630; 503 where it is not there yet, since a service that asks reads no page."""
    try:
        content = _made("picture", source)
    except Unavailable:
        return FlaskResponse(
            status=503, headers={"Retry-After": str(AGAIN_SECONDS)}, content_type="text/plain"
        )
    return send_file(io.BytesIO(content), mimetype="image/png", max_age=0)


def paper(name: str, source: str) -> Response:
    """A PDF as an attachment, or a page that asks again by itself."""
    try:
        return sheets.attachment(_made("paper", source), f"{name}.pdf", making.PDF)
    except Unavailable as error:
        raise making.Busy(AGAIN_SECONDS) from error


def _made(kind: str, source: str) -> bytes:
    """What is kept under the hash of its source, made first where it is not.

    Raises:
        Unavailable: not now.
    """
    shelf = making.runner().shelf
    key = shelf.put(kind, layout.paper_source(source))
    kept = shelf.fetch(kind, key, clock.now())
    if kept is not None:
        return kept
    db.release()
    if not _seat.acquire(blocking=False):
        raise Unavailable
    try:
        fault = _press().lay_out(kind, shelf.source(kind, key), shelf.path(kind, key), lambda: None, 1.0)
    except Broke as error:
        log.warning("print_broke", kind=kind, error=str(error))
        raise Unavailable from error
    finally:
        _seat.release()
    made = shelf.fetch(kind, key, clock.now())  # also where another process was faster and took the source
    if made is None:
        log.warning("print_failed", kind=kind, error=fault)
        raise Unavailable
    shelf.forget_source(kind, key)
    return made
