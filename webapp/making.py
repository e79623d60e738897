"""What takes long to make, for the one who asks for it: at once, or a place in line and a page that waits.

What is made keeps the address at which it was asked for, so its check of who may see it applies each time. A
paper's HTML is made in the scope of whoever asks, and its hash is the name under which the press keeps the
PDF: a kept paper is sent only to those for whom the same would be made now. Who waited comes back with the
ticket and gets what was made for it, as it stood when it was asked for: a record that changes meanwhile, or
every second, must not send anybody to the end of the line.
"""

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, Final
from urllib.parse import urlencode

from flask import Flask, current_app, g, make_response, render_template, request, url_for
from sqlalchemy.exc import OperationalError
from werkzeug.wrappers import Response

from matcher.ground.errors import NotFound
from matcher.jobs import tickets
from matcher.records import Ticket
from matcher.records.base import new_public_id
from matcher.register import audit
from webapp import access, clock, db, layout, sheets, text, traces
from webapp.config import Settings
from webapp.db import Session
from webapp.runner import Runner

PDF: Final = "application/pdf"
ZIP: Final = "application/zip"
_TYPES: Final = {"paper": PDF, "book": sheets.XLSX, "bundle": ZIP}

ASK_SECONDS: Final = 0.2  #: how long a place in line is waited for
WAIT_SECONDS = 3.0  #: how long a request may wait for what is made soon
SOON = 1 / 3  #: of it, until who has just asked sees the page on which one waits
WAITING_REQUESTS: Final = 2  #: of a process; a thread that waits answers nobody else
NEAR: Final = 1  #: jobs ahead with which it is worth waiting
REFRESH_SECONDS: Final = 3
NEXT_SECONDS: Final = 1  #: between two of those who are told to come again
TURN_SECONDS: Final = 5  #: for so long, who had a turn lets those go first who were told to come again
MOST_REFRESH_SECONDS: Final = 15
PAPER_STANDS: Final = timedelta(hours=1)  #: who comes with an older ticket wants the paper of today
MOST_CELLS: Final = 20_000  #: a bigger table is written in the press


def init(app: Flask, settings: Settings) -> None:
    """Attach a runner to the application; it starts nothing before it is asked."""
    app.extensions["runner"] = Runner(settings, app.extensions["database"], app.extensions["live_index"])
    app.extensions["preparing"] = Preparing()
    app.teardown_request(_prepared)
    app.extensions["seats"] = threading.BoundedSemaphore(WAITING_REQUESTS)


def runner() -> Runner:
    """The runner of this process."""
    found: Runner = current_app.extensions["runner"]
    return found


# ── Asking ───────────────────────────────────────────────────────────────────────────────────────────


class Busy(Exception):
    """Something is prepared for another, or somebody writes: who asks comes again, as pages come first."""

    def __init__(self, seconds: int = REFRESH_SECONDS) -> None:
        super().__init__(f"expected room to prepare, found none for {seconds} s")
        self.seconds = seconds


class Preparing:
    """What this process prepares, one thing at a time, for one person after the other.

    Those who find it taken are told to come again one after the other: fifty who come back together every few
    seconds would cost more than what they wait for. Who has just had a turn lets the others go first.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._next = 0.0
        self._told: dict[int | None, float] = {}  #: person → when they were told to come again
        self._began: dict[int | None, float] = {}  #: person → when they last had a turn
        self.is_taken = False

    def begin(self, person: int | None) -> None:
        """Begin to prepare for a person; ``end`` it soon.

        Raises:
            Busy: others come first; it says when to come again.
        """
        with self._lock:
            now = time.monotonic()
            self._told = {one: due for one, due in self._told.items() if due > now - MOST_REFRESH_SECONDS}
            self._began = {one: began for one, began in self._began.items() if began > now - TURN_SECONDS}
            others_wait = any(one != person for one in self._told)
            if self.is_taken or (others_wait and person in self._began):
                raise Busy(self._tell(person, now))
            self._told.pop(person, None)
            self._began[person] = now
            self.is_taken = True

    def _tell(self, person: int | None, now: float) -> int:
        """In how many seconds to come again; who asks once more meanwhile is told the same."""
        due = self._told.get(person, 0.0)
        if due <= now:
            self._next += NEXT_SECONDS
            if not now + REFRESH_SECONDS <= self._next <= now + MOST_REFRESH_SECONDS:
                self._next = now + REFRESH_SECONDS
            due = self._told[person] = self._next
        return max(1, round(due - now))

    def end(self) -> None:
        """Let another begin."""
        self.is_taken = False


def begin() -> None:
    """Ask whether something may be prepared now: gathering the records takes this process's time, too.

    Raises:
        jobs.Crowded: the person has enough waiting.
        Busy: another is being prepared.
    """
    tickets.check_room(db.session(), access.actor(), "press")
    if "is_preparing" not in g:
        current_app.extensions["preparing"].begin(access.actor().user_id)
        g.is_preparing = True


def _prepared(_error: BaseException | None = None) -> None:
    if g.pop("is_preparing", False):
        current_app.extensions["preparing"].end()


def deliver(kind: str, source: Iterable[bytes], name: str, note: audit.Note | None = None) -> Response:
    """What is made from ``source`` as an attachment, or the page on which one waits for it.

    It is fetched at the address at which it was asked for, with the ticket (``fetched``).

    Args:
        note: what is recorded with the place in line, or before the answer leaves: once, however often the
            page had to ask.

    Raises:
        jobs.Crowded: the person has enough waiting.
    """
    shelf, now = runner().shelf, clock.now()
    key = shelf.put(kind, source)
    kept = shelf.fetch(kind, key, now)
    if kept is not None:
        _leave(note)
        return sheets.attachment(kept, name, _TYPES[kind])
    ticket = _ask(kind, key, name, _with_ticket, note=lambda session: _write(session, note))
    _prepared()
    place = wait_for(ticket, WAIT_SECONDS * SOON)
    made = _made_for(ticket)
    if made is not None:
        return made
    answer = page_of(ticket, place, is_first=True)
    if ticket.job.has_failed:
        answer.status_code = 409
    return answer


def _leave(note: audit.Note | None) -> None:
    if note is not None:
        traces.leave_note(note)


def _write(session: Session, note: audit.Note | None) -> None:
    if note is not None:
        audit.write(session, note)


def order(
    kind: str,
    source: Iterable[bytes],
    name: str,
    about: tuple[str, str],
    details: Mapping[str, Any],
    address: Callable[[str], str],
    note: Callable[[Session], None],
) -> str:
    """Have something made that is fetched elsewhere; returns the address of the page on which one waits.

    Args:
        about: type and public id of the record it is made from.
        address: of the page that checks and sends it, from the public id of the ticket.
        note: what is recorded in the same transaction.

    Raises:
        jobs.Crowded: the person has enough waiting.
    """
    shelf = runner().shelf
    key = shelf.put(kind, source)
    try:
        ticket = _ask(kind, key, name, address, about, details, note)
    except Exception:
        shelf.forget_source(kind, key)
        raise
    return url_for("making.show", public_id=ticket.public_id)


def _ask(
    kind: str,
    key: str,
    name: str,
    address: Callable[[str], str],
    about: tuple[str, str] = ("", ""),
    details: Mapping[str, Any] | None = None,
    note: Callable[[Session], None] = lambda _session: None,
) -> Ticket:
    """A ticket; where its lane is free, this process begins at once.

    Raises:
        Busy: somebody writes just now, and who asks only reads.
    """
    public_id, now = new_public_id(), clock.now()
    db.release()
    with _asking() as session:
        ticket = tickets.ask(
            session, access.actor(), kind, key, now, public_id=public_id, title=name,
            address=address(public_id), about=about, details=details,
        )  # fmt: skip
        if ticket.public_id == public_id:  # not for what this person waits for already
            note(session)
        taken = tickets.take(session, "press", runner().holder, now)
    if taken is not None:
        runner().start(taken)
    return ticket


@contextmanager
def _asking() -> Iterator[Session]:
    """A short writing transaction. Reading waits for nobody: a page that finds the lock taken asks again."""
    if request.method == "POST":
        with db.aside() as session:
            yield session
        return
    with db.database().write_session(ASK_SECONDS) as session:
        try:
            session.connection()
        except OperationalError as error:
            raise Busy from error
        yield session
        session.commit()


def _with_ticket(ticket: str) -> str:
    asked = [pair for pair in request.args.items(multi=True) if pair[0] not in {"ticket", "still"}]
    return f"{request.path}?{urlencode([*asked, ('ticket', ticket)])}"


def book(name: str, *made: sheets.Sheet, note: audit.Note | None = None) -> Response:
    """Tables as one Excel file: a small one at once, a big one from the press; ``note`` as in ``deliver``.

    Who is not signed in has no place in line; what the public may save is written at once.
    """
    cells = sum(len(sheet.rows) * len(sheet.columns) for sheet in made)
    if cells <= MOST_CELLS or not access.actor().is_authenticated:
        content = sheets.workbook(*made)
        _leave(note)
        return sheets.attachment(content, name, sheets.XLSX)
    source = layout.book_source(made[0].title, made[0].section, sheets.pages(made))
    return deliver("book", source, name, note)


def fetched() -> Response | None:
    """What was made for the ticket with which one comes back to this page.

    ``None`` where one comes without, or what was made is gone or failed: then it is made anew.

    Raises:
        NotFound: the ticket is none of one's own for this page.
    """
    public_id = request.args.get("ticket")
    if public_id is None:
        return None
    ticket = tickets.get_ticket(db.session(), access.actor(), public_id)
    if ticket.address.partition("?")[0] != request.path:
        raise NotFound("ticket")
    ended = ticket.job.finished_at
    if ticket.job.kind == "paper" and ended is not None and ended < clock.now() - PAPER_STANDS:
        return None
    return _made_for(ticket)


def send(ticket: Ticket) -> Response:
    """What was made for a ticket; the caller has checked who asks.

    Raises:
        NotFound: it is gone, or not made yet.
    """
    answer = _made_for(ticket)
    if answer is None:
        raise NotFound("ticket")
    return answer


def _made_for(ticket: Ticket) -> Response | None:
    job = ticket.job
    content = runner().shelf.fetch(job.kind, job.key, clock.now()) if job.is_done else None
    return None if content is None else sheets.attachment(content, ticket.title, _TYPES[job.kind])


# ── Waiting ──────────────────────────────────────────────────────────────────────────────────────────


def wait_for(ticket: Ticket, seconds: float | None = None) -> int:
    """Wait a little, where its turn is near and few others wait so; then ``ticket.job`` is as it is now.

    Args:
        seconds: how long at most, without it ``WAIT_SECONDS``.

    Returns how many jobs are done before it.
    """
    with db.database().read() as session:
        place = tickets.place(session, ticket.job, clock.now())
    db.release()
    seats: threading.BoundedSemaphore = current_app.extensions["seats"]
    if place <= NEAR and seats.acquire(blocking=False):
        try:
            found = runner().wait(ticket.job_id, WAIT_SECONDS if seconds is None else seconds)
        finally:
            seats.release()
        if found is not None:
            ticket.job = found
    return place


def page_of(ticket: Ticket, place: int, *, is_first: bool = False) -> Response:
    """Where a ticket stands: its place in line (202), done, or failed; it looks again by itself.

    Args:
        is_first: whether it was asked for just now: what is next in line may be made any moment.
    """
    job = ticket.job
    is_still = "still" in request.args
    page = render_template(
        "making/ticket.html", ticket=ticket, job=job, place=place + 1, is_still=is_still,
        sentence=text.sentence(job.error) if job.error else "",
    )  # fmt: skip
    answer = make_response(page, 202 if job.is_alive else 200)
    # Whose turn is far away looks less often.
    least = NEXT_SECONDS if is_first and place == 0 else REFRESH_SECONDS
    seconds = min(max(place, least), MOST_REFRESH_SECONDS) if job.is_alive else 0
    if job.is_alive:
        answer.headers["Retry-After"] = str(seconds)
    if not is_still and not job.has_failed:
        there = url_for("making.show", public_id=ticket.public_id) if job.is_alive else ticket.address
        # Understood by every browser without JavaScript, and by the address bar's "stop".
        answer.headers["Refresh"] = f"{seconds};url={there}"
    return answer
