"""The lists that come next are measured while the home page is read: in a thread, one organization at a time,
never in the way of a page. Begins where the server begins the index (``live.begin``).
"""

import threading
from collections import deque
from functools import partial
from typing import Final

import structlog
from flask import Flask, Response, after_this_request, current_app

from matcher.suggestions import beforehand
from matcher.suggestions.indexing import LiveIndex, State

log = structlog.get_logger()

_REMEMBERED: Final = 20  #: for so many who came last it is known that their lists were measured


class Beforehand:
    """Measures in a thread what the first lists of those need who just came, one after the other.

    Where it is busy, who comes is not waited for: their list takes a moment longer.
    """

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._busy = threading.Lock()
        self._done: deque[tuple[int, State]] = deque(maxlen=_REMEMBERED)

    def ask(self, organization_id: int) -> threading.Thread | None:
        """Begin for one organization, unless it was done already or another is being done."""
        state = self._app.extensions["live_index"].state
        if (organization_id, state) in self._done or not self._busy.acquire(blocking=False):
            return None
        thread = threading.Thread(
            target=self._measure, args=(organization_id,), name="beforehand", daemon=True
        )
        try:
            thread.start()
        except RuntimeError:  # there are too many threads
            self._busy.release()
            return None
        return thread

    def _measure(self, organization_id: int) -> None:
        live: LiveIndex = self._app.extensions["live_index"]
        try:
            with self._app.extensions["database"].read() as session:
                live.level(session)
                state = live.state
                if live.is_ready:
                    beforehand.measure(session, live, organization_id)
                    if live.holds(state):  # else another thread has gone on, and it counts for nothing
                        self._done.append((organization_id, state))
        except Exception:  # nobody asked for it yet; whoever does is told what is wrong
            log.warning("not_measured_beforehand", exc_info=True)
        finally:
            self._busy.release()


def measure_after(organization_id: int | None) -> None:
    """Once this page is sent, measure what the first lists of an organization need."""
    measuring: Beforehand | None = current_app.extensions.get("beforehand")
    if measuring is None or organization_id is None:
        return

    @after_this_request
    def later(response: Response) -> Response:
        response.call_on_close(partial(measuring.ask, organization_id))
        return response
