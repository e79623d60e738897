"""A gunicorn worker that hands a request to a thread only when all of it has arrived.

gunicorn supervises (master, children, watchdog); waitress receives and sends. Its loop reads headers and
bodies of all connections and sends the answers, so a client that is slow in any of these costs a
connection, never one of the few threads. What gunicorn's own threads do was measured: ten connections with
slow bodies stop a site of eight threads.
"""

import errno
import logging
import os
import resource
import socket
import time
from typing import Any, Final

from gunicorn.workers.base import Worker
from waitress import wasyncore
from waitress.adjustments import Adjustments
from waitress.buffers import ReadOnlyFileBasedBuffer
from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser, ParsingError
from waitress.server import TcpWSGIServer, UnixWSGIServer
from waitress.task import ThreadedTaskDispatcher
from waitress.utilities import Error, RequestEntityTooLarge, RequestHeaderFieldsTooLarge

from webapp.bodies import FILE as MAX_BODY

log = logging.getLogger("waitress")

CONNECTIONS: Final = 1000  #: open at once in one process; further ones wait to be accepted
IDLE_SECONDS: Final = 120  #: an idle connection is kept open for longer than proxies keep theirs (60 s)
ARRIVAL_SECONDS: Final = 30  #: in which a request must have arrived …
BYTES_PER_SECOND: Final = 1000  #: … and longer only while its body comes at least this fast
LAST_ARRIVAL_SECONDS: Final = 3  #: in which what is arriving must be there when the process stops
HURRY: Final = 6  #: times less patience while all connections are taken
MAX_HEADERS: Final = 64 * 1024  #: also a search of thousands of letters of Japanese is answered in words
IN_MEMORY: Final = 64 * 1024  #: of a body or an answer; a larger one waits in a file
NO_FILES: Final = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})
NO_FILES_SECONDS: Final = 1.0  #: until a connection is accepted again after there was no file left for one …
NO_FILES_SILENCE: Final = 60.0  #: … and until the log says so again


class _InWords(Error):  # type: ignore[misc]
    """An answer to people, given where there is no application yet to make a page."""

    def to_response(self, ident: str | None = None) -> tuple[str, list[tuple[str, str]], bytes]:
        """Status, headers and body."""
        status, headers, _body = super().to_response(ident)
        return status, headers, f"{self.body}\r\n".encode()


class RequestTimeout(_InWords):
    """The request did not arrive in time."""

    code = 408
    reason = "Request Timeout"


class AddressTooLong(_InWords):
    """The address, or what a browser sends with it, is longer than ``MAX_HEADERS``."""

    code = 431
    reason = "Request Header Fields Too Large"


class Request(HTTPRequestParser):  # type: ignore[misc]
    """A request as it arrives. Of a body that is too large only the length reaches the application.

    The application then answers with its own page; the body is read and thrown away first, since browsers
    show a broken connection instead of an answer that comes while they still send.
    """

    completed: bool = False
    error: Error | None = None
    expect_continue: bool = False
    _to_drop = 0

    def received(self, data: bytes) -> int:
        """Take what belongs to this request; returns how many bytes that were."""
        if self._to_drop and not self.completed:
            dropped = min(len(data), self._to_drop)
            self._to_drop -= dropped
            self.body_bytes_received += dropped
            self.completed = not self._to_drop
            return dropped
        taken: int = super().received(data)
        if isinstance(self.error, RequestHeaderFieldsTooLarge):
            self.error = AddressTooLong(
                "アドレスが長すぎて、受け取れませんでした。ブラウザの「戻る」で前の画面に戻り、"
                "探す言葉や条件を短くして、もう一度お試しください。"
            )
        if isinstance(self.error, RequestEntityTooLarge) and not self.chunked:
            self.error, self.connection_close, self.body_rcv = None, True, None
            if self.expect_continue:
                self.expect_continue = False  # it has not begun to send, and need not
            else:
                self._to_drop, self.completed = self.content_length, False
        return taken

    def parse_header(self, header_plus: bytes) -> None:
        """Read the headers.

        Raises:
            ParsingError: also for two lengths of one body, over which a proxy and we might disagree.
        """
        super().parse_header(header_plus)
        if self.chunked and "CONTENT_LENGTH" in self.headers:
            raise ParsingError("Both Content-Length and Transfer-Encoding found")


class Channel(HTTPChannel):  # type: ignore[misc]
    """One connection, with a clock for the request that is arriving, and one answer at a time.

    What is sent behind a request (pipelining) waits as it came until the answer has gone: a reader who never
    reads would otherwise make us keep, with their files, all answers to what fits into one ``recv``.
    """

    parser_class = Request
    request: Request | None = None
    sent_continue: bool = False
    _began = 0.0
    _behind = b""

    def readable(self) -> bool:
        """Whether more is wanted; goes on with what lies behind a request whose answer has gone."""
        if self._behind and not (self.requests or self.total_outbufs_len):
            self.received(b"")
        result: bool = super().readable()
        return result

    def received(self, data: bytes) -> bool:
        """Take what has just arrived, up to the end of the first whole request."""
        with self.requests_lock:
            data, self._behind = self._behind + data, b""
            if self.will_close or self.close_when_flushed:
                return False
            while data and not self.requests:
                if self.request is None:
                    self.request, self._began = Request(self.adj), time.time()
                request = self.request
                data = data[request.received(data) :]
                if request.expect_continue and request.headers_finished and not self.sent_continue:
                    self.send_continue()
                if request.completed:
                    self.request, self.sent_continue = None, False
                    if not request.empty:
                        self.requests.append(request)
                        self.server.add_task(self)
            self._behind = data
        return True

    def write_soon(self, data: Any) -> int:
        """Send, or keep until it can be sent; a file of moderate size is not kept open for it."""
        if isinstance(data, ReadOnlyFileBasedBuffer) and len(data) < IN_MEMORY:
            whole = data.get()
            data.close()
            data = whole
        result: int = super().write_soon(data)
        return result

    def is_too_slow(self, now: float, seconds: float) -> bool:
        """Whether a request has begun to arrive, and takes longer than ``seconds`` and its length allow."""
        request = self.request
        if request is None or self.requests:
            return False
        patience: float = seconds + request.body_bytes_received / BYTES_PER_SECOND
        return now - self._began > patience

    def give_up(self) -> None:
        """Answer 408 and close."""
        with self.requests_lock:
            request, self.request = self.request, None
            if request is None or self.requests:
                return
            if not request.headers_finished:
                request.parse_header(b"GET / HTTP/1.0\r\n")
            request.error = RequestTimeout(
                "時間内に届かなかったため、受け取れませんでした。もう一度お試しください。"
            )
            request.completed = True
            self.requests.append(request)
        self.server.add_task(self)

    @property
    def is_at_rest(self) -> bool:
        """Whether nothing is being received, worked on or sent."""
        return not (self.requests or self.request or self._behind or self.total_outbufs_len)


class _Patience:
    """What both kinds of listening sockets share: how long a connection is waited for."""

    channel_class = Channel
    active_channels: dict[int, Channel]
    in_connection_overflow: bool
    _accepts_from = 0.0
    _complained_at = -NO_FILES_SILENCE

    def readable(self) -> bool:
        """Whether a connection may be accepted now."""
        result: bool = super().readable()  # type: ignore[misc]
        return result and not self._has_no_files

    @property
    def _has_no_files(self) -> bool:
        return time.monotonic() < self._accepts_from

    def accept(self) -> tuple[socket.socket, Any] | None:
        """The next connection. Where no file is left for it, it waits, and the loop does not spin."""
        try:
            result: tuple[socket.socket, Any] | None = super().accept()  # type: ignore[misc]
        except OSError as error:
            if error.errno not in NO_FILES:
                raise
            now = time.monotonic()
            self._accepts_from = now + NO_FILES_SECONDS
            if now >= self._complained_at + NO_FILES_SILENCE:
                self._complained_at = now
                log.error("no file is left for a new connection: %s", error.strerror)
            return None
        return result

    def maintenance(self, now: float) -> None:
        """Close what is idle, answer what arrives too slowly, cut off what reads its answer too slowly."""
        hurry = HURRY if self.in_connection_overflow or self._has_no_files else 1
        for channel in list(self.active_channels.values()):
            quiet = now - channel.last_activity
            if channel.is_too_slow(now, ARRIVAL_SECONDS / hurry):
                channel.give_up()
            elif quiet > IDLE_SECONDS / hurry and (not channel.requests or channel.total_outbufs_len):
                channel.will_close = True


class _TcpServer(_Patience, TcpWSGIServer):  # type: ignore[misc]
    pass


class _UnixServer(_Patience, UnixWSGIServer):  # type: ignore[misc]
    pass


class BufferedWorker(Worker):  # type: ignore[misc]
    """What ``worker_class`` names in ``webapp.server``."""

    def run(self) -> None:
        """Serve until told to stop or orphaned; then finish what has begun."""
        logging.getLogger("waitress.queue").setLevel(logging.ERROR)  # a queue is no fault
        channels: dict[int, Any] = {}
        dispatcher = ThreadedTaskDispatcher()
        dispatcher.set_thread_count(self.cfg.threads)
        servers = [_listen(self.wsgi, listener.sock, channels, dispatcher) for listener in self.sockets]
        while self.alive and self.ppid == os.getppid():
            self.notify()
            wasyncore.loop(timeout=1.0, use_poll=True, map=channels, count=1)
        for server in servers:
            server.accepting = False
            server.del_channel()
            server.socket.close()
        self._finish(servers, channels)
        dispatcher.shutdown(timeout=0)

    def _finish(self, servers: list[Any], channels: dict[int, Any]) -> None:
        """Answer what has arrived; for the rest of a request that is arriving we wait a moment only."""
        began = time.monotonic()
        # Less than the master's patience, so that the exit hooks have their time.
        while time.monotonic() < began + max(1.0, self.cfg.graceful_timeout - 10):
            open_channels = [channel for server in servers for channel in server.active_channels.values()]
            if not open_channels:
                return
            for channel in open_channels:
                late = time.monotonic() > began + LAST_ARRIVAL_SECONDS and not channel.requests
                if channel.is_at_rest or (late and not channel.total_outbufs_len):
                    channel.will_close = True
            self.notify()
            wasyncore.loop(timeout=0.1, use_poll=True, map=channels, count=1)


def _address(listener: socket.socket) -> str:
    """Under which name a request is served that names no host (HTTP/1.0): the address on which we listen."""
    if listener.family == socket.AF_UNIX:
        return "localhost"
    host: str = listener.getsockname()[0]
    return f"[{host}]" if listener.family == socket.AF_INET6 else host


def _listen(
    application: Any, listener: socket.socket, channels: dict[int, Any], dispatcher: ThreadedTaskDispatcher
) -> Any:
    adjustments = Adjustments(
        connection_limit=_connections(),
        cleanup_interval=2,
        channel_timeout=IDLE_SECONDS,
        max_request_header_size=MAX_HEADERS,
        max_request_body_size=MAX_BODY + 1,
        inbuf_overflow=IN_MEMORY,
        outbuf_overflow=IN_MEMORY,
        outbuf_high_watermark=1 << 30,  # an answer is never waited for by the thread that made it
        clear_untrusted_proxy_headers=False,  # which of them are believed is PROXY_HOPS' to say
        log_socket_errors=False,
        ident=None,
        server_name=_address(listener),
    )
    kind = _UnixServer if listener.family == socket.AF_UNIX else _TcpServer
    return kind(
        application,
        channels,
        _sock=listener,
        dispatcher=dispatcher,
        adj=adjustments,
        sockinfo=(listener.family, listener.type, listener.proto, listener.getsockname()),
        bind_socket=False,
    )


def _connections() -> int:
    """As many connections as the open-files limit allows, three files each, which is raised if it may be."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 3 * CONNECTIONS + 300
    allowed = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < allowed:
        resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))
        soft = allowed
    return CONNECTIONS if soft == resource.RLIM_INFINITY else max(50, min(CONNECTIONS, (soft - 300) // 3))
