"""Pages, styles and scripts go out compressed, where nobody can learn from their length what is in them.

Somebody who sees how long an answer is, and can have it asked for again and again with words of their own
in it, can guess what else is in it: a token, an address (BREACH). For that they must make the reader's
browser ask, with the reader's cookie. So what is said to somebody who is signed in is compressed only if
the browser says that it asks by itself or from one of our pages (``Sec-Fetch-Site``, which no page can
forge); browsers that do not say so get it as it is. Whoever did not sign in is told nothing that others are
not, apart from a token that lets them do what anybody may. Words that a partner stores stand once on a page
that its reader chose to open.

Files that were brought or made are sent as they are: they are compressed already, or read once.
"""

import gzip
from typing import Final

from flask import Flask, Response, current_app, g, request

from matcher.ground.permissions import ANONYMOUS

KINDS: Final = frozenset({"text/html", "text/css", "text/javascript", "image/svg+xml"})
LEAST_BYTES: Final = 1000  #: below, the head is longer than what is saved
#: Of a page it takes a millisecond or two; what is the same for everybody is compressed once, and better.
LEVEL, STATIC_LEVEL = 6, 9
_FROM_US: Final = frozenset({"same-origin", "none"})


def init(app: Flask) -> None:
    """Attach it; before all that changes an answer, since what is attached first comes last."""
    app.extensions["compressed_files"] = {}
    app.after_request(_compress)


def _compress(response: Response) -> Response:
    if response.mimetype not in KINDS or response.headers.get("Content-Disposition", "").startswith(
        "attachment"
    ):
        return response
    response.vary.add("Accept-Encoding")
    is_static = request.endpoint == "static"
    if response.status_code != 200 and (is_static or response.status_code < 400):
        return response  # nothing in it, or a part of a file
    if request.method == "HEAD" or not request.accept_encodings["gzip"] or not (is_static or _may_be_short()):
        return response
    response.direct_passthrough = False
    content = response.get_data()
    if len(content) < LEAST_BYTES:
        return response
    response.set_data(_of_file(content) if is_static else gzip.compress(content, LEVEL, mtime=0))
    response.headers["Content-Encoding"] = "gzip"
    response.headers.pop("Accept-Ranges", None)  # parts are of the file as it is, not of these bytes
    etag, _is_weak = response.get_etag()
    if etag is not None:
        response.set_etag(etag, weak=True)  # the same file, in other bytes
    return response


def _may_be_short() -> bool:
    """Whether the length of what is said may tell something of what is in it."""
    return not g.get("actor", ANONYMOUS).is_authenticated or request.headers.get("Sec-Fetch-Site") in _FROM_US


def _of_file(content: bytes) -> bytes:
    known: dict[bytes, bytes] = current_app.extensions["compressed_files"]
    if content not in known:
        known[content] = gzip.compress(content, STATIC_LEVEL, mtime=0)
    return known[content]
