"""What anybody may fetch of a published page, made on the server: a picture to share, a poster to hang up.

The public has no place in the line for papers (``making``). There is little to make: one picture and one
poster a published text, kept under the hash of what they are made from. So they are made at once, one at a
time, by a press of their own, and whoever comes meanwhile comes again.
"""

import io
import threading
import time
from functools import cache
from typing import Final

import structlog
from flask import Response as FlaskResponse
from flask import send_file
from werkzeug.exceptions import ServiceUnavailable
from werkzeug.wrappers import Response

from webapp import clock, db, layout, making, sheets
from webapp.press import Broke, Press

log = structlog.get_logger()

SECONDS: Final = 20  #: for one of them
AGAIN_SECONDS: Final = 3
BROKEN_SECONDS: Final = 600  #: so long nobody holds the one seat for what cannot be made
_seat = threading.BoundedSemaphore(1)
MOST_BROKEN: Final = 1_000
_broken: dict[str, float] = {}  #: key → when it may be tried again


class Unavailable(Exception):
    """Another is being made: come again."""


class Broken(Exception):
    """It could not be made, and is not tried again for a while."""


@cache
def _press() -> Press:
    return Press(SECONDS)


def picture(source: str) -> Response:
    """A picture of 1200 × 630; 503 where it is not there yet, since a service that asks reads no page."""
    try:
        content = _made("picture", source)
    except (Unavailable, Broken) as error:
        seconds = AGAIN_SECONDS if isinstance(error, Unavailable) else BROKEN_SECONDS
        return FlaskResponse(status=503, headers={"Retry-After": str(seconds)}, content_type="text/plain")
    return send_file(io.BytesIO(content), mimetype="image/png", max_age=0)


def paper(name: str, source: str) -> Response:
    """A PDF as an attachment, or a page that asks again by itself."""
    try:
        return sheets.attachment(_made("paper", source), f"{name}.pdf", making.PDF)
    except Unavailable as error:
        raise making.Busy(AGAIN_SECONDS) from error
    except Broken as error:
        raise ServiceUnavailable from error


def _made(kind: str, source: str) -> bytes:
    """What is kept under the hash of its source, made first where it is not.

    Raises:
        Unavailable: not now.
        Broken: not for a while.
    """
    shelf = making.runner().shelf
    key = shelf.put(kind, layout.paper_source(source))
    kept = shelf.fetch(kind, key, clock.now())
    if kept is not None:
        return kept
    if _broken.get(key, 0.0) > time.monotonic():
        raise Broken
    db.release()
    if not _seat.acquire(blocking=False):
        raise Unavailable
    try:
        fault = _press().lay_out(kind, shelf.source(kind, key), shelf.path(kind, key), lambda: None, 1.0)
    except Broke as error:
        log.warning("print_broke", kind=kind, error=str(error))
        _give_up(key)
        raise Broken from error
    finally:
        _seat.release()
    made = shelf.fetch(kind, key, clock.now())  # also where another process was faster and took the source
    if made is None:
        log.warning("print_failed", kind=kind, error=fault)
        _give_up(key)
        raise Broken
    shelf.forget_source(kind, key)
    return made


def _give_up(key: str) -> None:
    if len(_broken) >= MOST_BROKEN:
        _broken.clear()
    _broken[key] = time.monotonic() + BROKEN_SECONDS
