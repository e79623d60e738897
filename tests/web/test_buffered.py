"""A slow client costs a connection, never a thread: headers, bodies and answers wait outside the threads."""

import errno
import re
import socket
import threading
import time
from types import SimpleNamespace

import pytest
from waitress import wasyncore
from waitress.task import ThreadedTaskDispatcher

from webapp import buffered
from webapp.bodies import FILE as MAX_BODY

THREADS = 2


class Site:
    """A tiny application behind the server, with two threads; the server's clock can be set forward."""

    def __init__(self, folder):
        self.folder, self.handles = folder, []
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=200)
        self.seen, self.names, self.channels = [], [], {}
        self.dispatcher = ThreadedTaskDispatcher()
        self.dispatcher.set_thread_count(THREADS)
        self.server = buffered._listen(self.answer, self.listener, self.channels, self.dispatcher)
        self.server.next_channel_cleanup = time.time() + 1e6  # only when a test says so
        self.ahead = 0.0
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=self.loop, daemon=True)
        self.thread.start()

    def answer(self, environ, start_response):
        body = environ["wsgi.input"].read()
        self.seen.append((environ["PATH_INFO"], int(environ.get("CONTENT_LENGTH") or 0), len(body)))
        self.names.append(environ["SERVER_NAME"])
        if environ["PATH_INFO"] == "/file":
            (self.folder / "file").write_bytes(b"x" * 60_000)
            self.handles.append((self.folder / "file").open("rb"))
            start_response("200 OK", [("Content-Length", "60000")])
            return environ["wsgi.file_wrapper"](self.handles[-1])
        answer = b"x" * 60_000_000 if environ["PATH_INFO"] == "/large" else b"done"
        status = "413 Too Large" if int(environ.get("CONTENT_LENGTH") or 0) > MAX_BODY else "200 OK"
        start_response(status, [("Content-Length", str(len(answer)))])
        return [answer]

    def loop(self):
        while not self.stopping.is_set():
            if self.ahead:
                self.server.maintenance(time.time() + self.ahead)
                self.ahead = 0.0
            wasyncore.loop(timeout=0.02, use_poll=True, map=self.channels, count=1)

    def later(self, seconds):
        """What the server closes ``seconds`` from now is closed."""
        self.ahead = seconds
        while self.ahead:
            time.sleep(0.01)

    def answered(self, count):
        """After ``count`` requests were answered and no thread works."""
        while len(self.seen) < count or any(
            one.requests for one in list(self.server.active_channels.values())
        ):
            time.sleep(0.01)

    def send(self, data=b""):
        """A connection on which ``data`` was sent."""
        client = socket.create_connection(self.listener.getsockname(), timeout=60)
        client.sendall(data)
        return client

    def receiving(self, size=0):
        """The one connection, after a request has begun to arrive, with ``size`` bytes of its body."""
        while True:
            for channel in list(self.server.active_channels.values()):
                if channel.request is not None and channel.request.body_bytes_received >= size:
                    return channel
            time.sleep(0.01)

    def close(self):
        self.stopping.set()
        self.thread.join()
        wasyncore.close_all(self.channels)
        self.dispatcher.shutdown(timeout=1)


@pytest.fixture
def site(tmp_path):
    running = Site(tmp_path)
    yield running
    running.close()


def reply(client):
    """The status line of the next answer, after all of it has come."""
    data = b""
    while b"\r\n\r\n" not in data:
        more = client.recv(1)
        if not more:
            return ""
        data += more
    length = re.search(rb"Content-Length: (\d+)", data, re.IGNORECASE)
    rest = int(length[1]) if length else 0
    while rest:
        rest -= len(client.recv(min(rest, 65536))) or rest
    return data.split(b"\r\n", 1)[0].decode()


def get(site, path="/"):
    client = site.send(b"GET %b HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n" % path.encode())
    return reply(client)


def test_a_request_without_a_host_is_served_under_the_address_on_which_we_listen(site):
    site.send(b"GET / HTTP/1.0\r\n\r\n").recv(1)
    assert site.names == ["127.0.0.1"]


SLOW = {
    "no byte": b"",
    "half a header": b"POST / HTTP/1.1\r\nHost: a\r\nX-Slow: ",
    "half a body": b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\nname=",
    "half a chunk": b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
}


def test_forty_slow_clients_of_each_kind_do_not_stop_the_pages(site):
    waiting = [site.send(data) for data in SLOW.values() for _ in range(40)]
    assert get(site) == "HTTP/1.1 200 OK"
    for client in waiting[:40]:
        client.sendall(b"GET /late HTTP/1.1\r\nHost: a\r\n\r\n")
        assert reply(client) == "HTTP/1.1 200 OK"
    assert {path for path, *_ in site.seen} == {"/", "/late"}


def test_clients_that_do_not_read_their_answers_do_not_stop_the_pages(site):
    waiting = [site.send(b"GET /large HTTP/1.1\r\nHost: a\r\n\r\n") for _ in range(2 * THREADS)]
    site.answered(len(waiting))  # no thread is kept, though nobody has read a byte
    assert get(site) == "HTTP/1.1 200 OK"
    site.later(buffered.IDLE_SECONDS + 1)
    for client in waiting:
        try:
            while client.recv(1 << 20):
                pass
        except ConnectionError:
            pass  # cut off either way


def test_what_is_asked_behind_an_unread_answer_is_answered_when_that_was_read(site):
    asked = ["/large", "/1", "/large", "/2"]
    client = site.send(b"".join(b"GET %b HTTP/1.1\r\nHost: a\r\n\r\n" % path.encode() for path in asked))
    site.answered(1)
    assert get(site) == "HTTP/1.1 200 OK"
    assert [path for path, *_ in site.seen] == ["/large", "/"]
    assert [reply(client) for _ in asked] == ["HTTP/1.1 200 OK"] * 4
    assert [path for path, *_ in site.seen] == ["/large", "/", "/1", "/large", "/2"]


def test_requests_and_bodies_that_come_together_are_answered_in_order(site):
    post = b"POST /%d HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody\r\n"
    client = site.send(b"".join(post % number for number in range(40)) + b"GET /half HTTP/1.1\r\n")
    assert [reply(client) for _ in range(40)] == ["HTTP/1.1 200 OK"] * 40
    client.sendall(b"Host: a\r\n\r\n")
    assert reply(client) == "HTTP/1.1 200 OK"
    assert site.seen == [*((f"/{number}", 4, 4) for number in range(40)), ("/half", 0, 0)]


def test_no_file_is_kept_open_for_an_answer_of_moderate_size(site):
    site.listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1)
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
    client.connect(site.listener.getsockname())
    client.sendall(b"GET /file HTTP/1.1\r\nHost: a\r\n\r\n")
    site.answered(1)
    (channel,) = site.server.active_channels.values()
    assert channel.total_outbufs_len
    assert site.handles[0].closed
    assert reply(client) == "HTTP/1.1 200 OK"


class Crowded:
    """A listening socket for whose connections no file is left a few times."""

    def __init__(self, listener, times):
        self.listener, self.times = listener, times

    def accept(self):
        if self.times:
            self.times -= 1
            raise OSError(errno.EMFILE, "Too many open files")
        return self.listener.accept()

    def __getattr__(self, name):
        return getattr(self.listener, name)


def test_where_no_file_is_left_a_connection_waits_and_the_log_says_it_once(site, monkeypatch, caplog):
    monkeypatch.setattr(buffered, "NO_FILES_SECONDS", 0.1)
    site.server.socket = Crowded(site.server.socket, 3)
    began = time.monotonic()
    assert get(site) == "HTTP/1.1 200 OK"
    assert time.monotonic() - began > 0.25  # it did not ask as fast as it could
    assert [one.getMessage() for one in caplog.records] == [
        "no file is left for a new connection: Too many open files"
    ]


@pytest.mark.parametrize("kind", ["half a header", "half a body", "half a chunk"])
def test_what_does_not_arrive_in_time_is_answered_408(site, kind):
    client = site.send(SLOW[kind])
    site.receiving()
    site.later(buffered.ARRIVAL_SECONDS - 5)
    site.later(buffered.ARRIVAL_SECONDS + 1)
    assert reply(client).endswith(" 408 Request Timeout")
    assert client.recv(1000) == b""
    assert site.seen == []


@pytest.mark.parametrize("head", [b"GET /?q=%b HTTP/1.1\r\n", b"GET / HTTP/1.1\r\nCookie: %b\r\n"])
def test_an_address_that_is_too_long_is_told_in_words(site, head):
    client = site.send(head % (b"a" * buffered.MAX_HEADERS) + b"\r\n")
    answer = b""
    while "もう一度お試しください。".encode() not in answer:
        answer += client.recv(1000) or pytest.fail(answer.decode())
    assert answer.startswith(b"HTTP/1.0 431 ")
    assert b"charset=utf-8" in answer
    assert "アドレスが長すぎて" in answer.decode()
    assert site.seen == []


def test_a_large_body_over_a_slow_line_may_take_its_time(site):
    size = buffered.BYTES_PER_SECOND * 600
    client = site.send(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % size)
    client.sendall(b"x" * (size - 1))
    channel = site.receiving(size - 1)
    channel.last_activity += 400  # the last piece has just come
    site.later(400)
    client.sendall(b"x")
    assert reply(client) == "HTTP/1.1 200 OK"


def test_an_idle_connection_outlives_the_proxys(site):
    client = site.send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
    assert reply(client) == "HTTP/1.1 200 OK"
    site.later(65)
    client.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
    assert reply(client) == "HTTP/1.1 200 OK"
    site.later(buffered.IDLE_SECONDS + 1)
    assert client.recv(1000) == b""


def test_when_all_connections_are_taken_the_slow_ones_go_first(site):
    client = site.send(SLOW["half a body"])
    site.receiving()
    site.server.in_connection_overflow = True
    site.later(buffered.ARRIVAL_SECONDS / buffered.HURRY + 1)
    assert reply(client) == "HTTP/1.1 408 Request Timeout"


def test_a_body_that_is_too_large_is_dropped_and_the_application_answers(site):
    size = MAX_BODY + 1_000_000
    client = site.send(b"POST /big HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % size)
    client.sendall(b"x" * size)
    assert reply(client) == "HTTP/1.1 413 Too Large"
    assert site.seen == [("/big", size, 0)]


def test_who_asks_first_is_told_without_sending_a_body_that_is_too_large(site):
    head = b"POST /big HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: %d\r\n\r\n"
    assert reply(site.send(head % (MAX_BODY + 1))) == "HTTP/1.1 413 Too Large"
    client = site.send(head % 4)
    assert reply(client) == "HTTP/1.1 100 Continue"
    client.sendall(b"body")
    assert reply(client) == "HTTP/1.1 200 OK"
    assert site.seen[-1] == ("/big", 4, 4)


def test_the_largest_body_arrives_whole_and_a_chunked_one_has_the_same_limit(site):
    client = site.send(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % MAX_BODY)
    client.sendall(b"x" * MAX_BODY)
    assert reply(client) == "HTTP/1.1 200 OK"
    assert site.seen == [("/", MAX_BODY, MAX_BODY)]
    client = site.send(
        b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n" % (MAX_BODY + 9)
    )
    try:
        client.sendall(b"x" * (MAX_BODY + 9))
        assert reply(client) == "HTTP/1.1 413 Request Entity Too Large"
    except ConnectionError:
        pass
    assert len(site.seen) == 1


@pytest.mark.parametrize(
    "head",
    [
        b"Content-Length: 4\r\nTransfer-Encoding: chunked",
        b"Content-Length: 4\r\nContent-Length: 5",
        b"Content-Length: +4",
        b"X-A : b",
        b"X-A: b\r\n folded",
    ],
)
def test_what_two_servers_would_read_differently_is_refused(site, head):
    client = site.send(b"POST / HTTP/1.1\r\nHost: a\r\n" + head + b"\r\n\r\n0\r\n\r\n")
    status = reply(client)
    if b"folded" in head:
        assert status == "HTTP/1.1 200 OK"  # joined, as RFC 9112 allows
    else:
        assert status.endswith("400 Bad Request")
        assert site.seen == []


def test_the_open_files_limit_is_respected(monkeypatch):
    limits = SimpleNamespace(now=(1024, 1024))
    monkeypatch.setattr(buffered.resource, "getrlimit", lambda _what: limits.now)
    monkeypatch.setattr(buffered.resource, "setrlimit", lambda _what, wanted: setattr(limits, "now", wanted))
    assert buffered._connections() == (1024 - 300) // 3
    limits.now = (1024, 65536)
    assert buffered._connections() == buffered.CONNECTIONS
    assert limits.now == (3 * buffered.CONNECTIONS + 300, 65536)
