"""What becomes of a mail: sent once, delayed by a dead server, given up where nobody can ever receive it."""

import email
import email.policy
import itertools
import re
import socket
import threading
from datetime import timedelta

import pytest
from sqlalchemy import select

from matcher.city import cities
from matcher.ground.errors import MovedOn, NotFound, NotPermitted, Refused
from matcher.ground.permissions import ANONYMOUS
from matcher.people import links
from matcher.records import AuditEvent, Mail, Municipality, User
from matcher.register import notices, outbox
from tests import factories
from tests import told as tell
from tests.conftest import NOW
from webapp import Settings, mail

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)


class Server:
    """A mail server of a few lines. ``answer(command)``: its answer, or ``None`` to say nothing any more."""

    def __init__(self, answer=lambda _command: ""):
        self.answer, self.connections, self.received = answer, 0, []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.over = threading.Event()
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self):
        while True:
            try:
                connection, _address = self.listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._talk, args=(connection,), daemon=True).start()

    def _talk(self, connection):
        file = connection.makefile("rb")

        def say(command, usual):
            words = self.answer(command)
            if words is None:
                self.over.wait(60)
                return False
            if words == "hang up":
                connection.shutdown(socket.SHUT_RDWR)
                return False
            connection.sendall(f"{words or usual}\r\n".encode())
            return True

        if not say("connect", "220 here"):
            return
        for line in file:
            command = line.decode().strip()
            if not say(command, "354 go on" if command.upper() == "DATA" else "250 yes"):
                return
            if command.upper() == "DATA":
                text = b""
                while not text.endswith(b"\r\n.\r\n"):
                    text += file.readline()
                if not say("text", "250 taken"):
                    return
                if not self.answer("text"):
                    self.received.append(text.decode())

    def close(self):
        self.over.set()
        self.listener.close()


@pytest.fixture
def serve():
    running = []

    def start(answer=lambda _command: ""):
        running.append(Server(answer))
        return running[-1]

    yield start
    for server in running:
        server.close()


def settings_for(database, tmp_path, server=None):
    smtp = (
        {
            "MAIL_BACKEND": "smtp",
            "SMTP_HOST": "127.0.0.1",
            "SMTP_PORT": str(server.port),
            "SMTP_STARTTLS": "0",
        }
        if server
        else {}
    )
    base = {"DATABASE_URL": database.url, "SECRET_KEY": "x" * 40, "VAR_FOLDER": str(tmp_path / "var")}
    return Settings.from_environment({**base, **smtp})


def write(database, *addresses, key="notice", now=NOW):
    with database.write() as session:
        for number, address in enumerate(addresses):
            notices.send_mail(session, address, *tell.letter(), now, key=f"{key}-{number}")


def mails(database):
    with database.read() as session:
        return {one.to: one for one in session.scalars(select(Mail).order_by(Mail.id))}


def refuse(address, answer):
    """The answers of a server that refuses one recipient."""
    return lambda command: answer if command.lower() == f"rcpt to:<{address}>" else ""


def test_a_batch_goes_over_one_connection(database, tmp_path, serve):
    server = serve()
    write(database, "a@x.example", "b@x.example", "c@x.example")
    assert mail.send_due(database, settings_for(database, tmp_path, server), NOW) == 3
    assert (server.connections, len(server.received)) == (1, 3)
    assert all(one.sent_at for one in mails(database).values())
    assert mail.send_due(database, settings_for(database, tmp_path, server), NOW) == 0
    assert server.connections == 1


@pytest.mark.parametrize(
    "bad", ["=?utf-8?q?a?=@x.example", "山田@x.example", "a@x.example, b@x.example", "a b@x.example"]
)
def test_a_mail_that_cannot_be_written_stops_no_other_and_is_given_up_in_the_end(
    database, tmp_path, serve, bad
):
    server, now = serve(), NOW
    settings = settings_for(database, tmp_path, server)
    write(database, bad, "good@x.example")
    mail.send_due(database, settings, now)
    assert [one.to for one in mails(database).values() if one.sent_at] == ["good@x.example"]
    first = mails(database)[bad]
    assert (first.failure, first.given_up_at) == ("unwritable", None)
    assert first.send_after == NOW + MINUTE
    for _hour in range(12):
        now += timedelta(hours=1)
        mail.send_due(database, settings, now)
    last = mails(database)[bad]
    assert last.given_up_at is not None
    assert last.attempts == 8
    assert len(server.received) == 1


@pytest.mark.parametrize(
    ("answer", "failure", "given_up"),
    [
        ("550 5.1.1 no such user", "address", True),
        ("553 what is that", "address", True),
        ("450 4.2.0 later", "delayed", False),
        ("554 5.7.1 relay access denied", "policy", False),
    ],
)
def test_one_recipients_refusal_is_that_mails_alone(database, tmp_path, serve, answer, failure, given_up):
    server = serve(refuse("b@x.example", answer))
    write(database, "a@x.example", "b@x.example", "c@x.example")
    assert mail.send_due(database, settings_for(database, tmp_path, server), NOW) == 2
    found = mails(database)["b@x.example"]
    assert (found.failure, found.given_up_at is not None) == (failure, given_up)
    assert found.last_error == f"SMTPRecipientsRefused {answer[:3]}"  # never the server's words
    assert server.connections == 1


def test_what_is_delayed_for_three_days_is_given_up(database, tmp_path, serve):
    settings = settings_for(database, tmp_path, serve(refuse("a@x.example", "452 mailbox full")))
    write(database, "a@x.example")
    for hour in range(72):
        mail.send_due(database, settings, NOW + hour * timedelta(hours=1))
    assert mails(database)["a@x.example"].given_up_at is None
    mail.send_due(database, settings, NOW + 3 * DAY)
    assert mails(database)["a@x.example"].given_up_at == NOW + 3 * DAY


@pytest.mark.parametrize("answer", ["421 too busy", "530 sign in first", "hang up"])
def test_a_mail_on_which_the_conversation_breaks_does_not_stop_those_behind_it(
    database, tmp_path, serve, answer
):
    settings = settings_for(database, tmp_path, serve(refuse("a@x.example", answer)))
    write(database, "a@x.example", "b@x.example")
    mail.send_due(database, settings, NOW)
    assert mail.send_due(database, settings, NOW) == 1
    found = mails(database)
    assert (found["a@x.example"].failure, found["a@x.example"].given_up_at) == ("broken", None)
    assert (found["b@x.example"].sent_at, found["b@x.example"].attempts) == (NOW, 1)


@pytest.mark.parametrize("silent", ["connect", "ehlo", "mail", "rcpt", "data", "text"])
def test_a_server_that_says_nothing_holds_a_batch_for_its_time_only(
    database, tmp_path, serve, monkeypatch, silent
):
    monkeypatch.setattr(mail, "BATCH_SECONDS", 0.3)
    server = serve(lambda command: None if command.lower().startswith(silent) else "")
    write(database, *(f"{number}@x.example" for number in range(5)))
    assert mail.send_due(database, settings_for(database, tmp_path, server), NOW) == 0
    found = mails(database).values()
    assert server.connections == 1
    assert all(one.leased_until is None for one in found)
    assert {one.failure for one in found} <= {"server", "broken", ""}
    assert all(one.given_up_at is None for one in found)


def test_a_server_that_drips_is_cut_off_too(database, tmp_path, serve, monkeypatch):
    """Each byte would start a timeout of the socket anew."""
    monkeypatch.setattr(mail, "BATCH_SECONDS", 0.5)
    listener = socket.create_server(("127.0.0.1", 0))
    cut = threading.Event()

    def drip():
        connection, _address = listener.accept()
        try:
            while True:
                connection.sendall(b"2")
                threading.Event().wait(0.02)
        except OSError:
            cut.set()

    threading.Thread(target=drip, daemon=True).start()
    server = type("Dripping", (), {"port": listener.getsockname()[1]})
    write(database, "a@x.example")
    assert mail.send_due(database, settings_for(database, tmp_path, server), NOW) == 0
    assert cut.wait(60)
    listener.close()


def test_a_batch_is_over_long_before_its_mails_come_back():
    assert outbox.LEASE.total_seconds() > mail.BATCH_SECONDS * 3


def test_a_dead_server_only_delays_for_however_long(database, tmp_path, serve):
    write(database, "a@x.example")
    with socket.socket() as dead:  # bound, so that nobody else listens there meanwhile, and never listening
        dead.bind(("127.0.0.1", 0))
        nobody = type("Nobody", (), {"port": dead.getsockname()[1]})
        settings = settings_for(database, tmp_path, nobody)
        for day in range(20):
            mail.send_due(database, settings, NOW + day * DAY)
    found = mails(database)["a@x.example"]
    assert (found.given_up_at, found.failure) == (None, "server")
    assert found.send_after - (NOW + 19 * DAY) == 10 * MINUTE
    again = settings_for(database, tmp_path, serve())
    assert mail.send_due(database, again, NOW + 20 * DAY) == 1


def test_a_worker_that_stops_puts_the_rest_of_the_batch_back(database, tmp_path, serve):
    server = serve()
    write(database, "a@x.example", "b@x.example")
    settings = settings_for(database, tmp_path, server)
    asked = itertools.count()
    assert mail.send_due(database, settings, NOW, lambda: next(asked) > 0) == 1
    assert mail.send_due(database, settings, NOW) == 1
    assert {one.attempts for one in mails(database).values()} == {1}


def test_no_write_lock_is_taken_where_nothing_is_due(database, tmp_path, monkeypatch):
    monkeypatch.setattr(database, "write", None)
    assert mail.send_due(database, settings_for(database, tmp_path), NOW) == 0


def test_a_link_does_not_stay_in_the_outbox_when_its_mail_is_given_up(database, tmp_path, serve):
    server = serve(refuse("a@x.example", "550 no"))
    write(database, "a@x.example", key="link")
    mail.send_due(database, settings_for(database, tmp_path, server), NOW)
    found = mails(database)["a@x.example"]
    assert (found.body, found.given_up_at) == ("", NOW)


@pytest.mark.parametrize("end", ["sent", "given up"])
def test_no_link_can_be_read_in_the_outbox_once_its_mail_has_gone_or_is_given_up(session, end):
    factories.make_city(session)
    links.mail_link(
        session, factories.make_user(session, factories.make_npo(session)), NOW, "http://x.example"
    )
    (one,) = outbox.lease(session, NOW)
    assert "http://x.example" in tell.of(one).body
    if end == "sent":
        outbox.note_sent(session, one.id, NOW)
    else:
        outbox.note_failure(session, one.id, "address", "550", NOW)
    session.flush()
    session.refresh(one)
    assert "http" not in f"{one.facts}{one.body}"


# ── Several things told in one mail ──────────────────────────────────────────────────────────────────


@pytest.fixture
def hear(database):
    """Tell a person of an organization something at a time after ``NOW``; their address."""
    with database.write() as session:
        factories.make_city(session)
        organization = factories.make_npo(session)
        ids = [factories.make_user(session, organization).id for _number in range(2)]

    def tell_one(text, after=timedelta(), person=0, case="", urgent=False):
        with database.write() as session:
            user = session.get_one(User, ids[person])
            said = tell.letter(text)
            if urgent:
                notices.send_mail(session, user.email, *said, NOW + after, key="password-1")
            else:
                about = ("partnership", case) if case else ("", "")
                notices.tell_users(session, [user], *said, NOW + after, about=about)
            return user.email

    return tell_one


def texts(server):
    """Subject and body of what a server received."""
    found = [email.message_from_bytes(one.encode(), policy=email.policy.SMTP) for one in server.received]
    return [(one["Subject"], one.get_content()) for one in found]


def subjects(server):
    return [subject for subject, _body in texts(server)]


def test_the_first_goes_at_once_and_what_comes_within_a_quarter_of_an_hour_as_one(
    database, tmp_path, serve, hear
):
    server = serve()
    settings = settings_for(database, tmp_path, server)
    hear("その1")
    assert mail.send_due(database, settings, NOW) == 1
    hear("その2", 1 * MINUTE, case="c" * 32)
    hear("その3", 14 * MINUTE + 59 * SECOND, case="d" * 32)
    assert mail.send_due(database, settings, NOW + 14 * MINUTE + 59 * SECOND) == 0
    assert mail.send_due(database, settings, NOW + 15 * MINUTE) == 1
    assert mail.send_due(database, settings, NOW + 16 * MINUTE) == 0
    single = "【縁むすび】登録の内容について確認のお願い"
    assert subjects(server) == [single, "【縁むすび】新しいお知らせ（2件）"]
    body = texts(server)[1][1]
    parts = [f"■ {single}", "その2", f"/cases/{'c' * 32}", "その3", f"/cases/{'d' * 32}", "――"]
    assert re.search(".+".join(map(re.escape, parts)), body, re.DOTALL)
    assert "その1" not in body
    with database.read() as session:
        assert {one.sent_at for one in session.scalars(select(Mail).where(Mail.id > 1))} == {
            NOW + 15 * MINUTE
        }


@pytest.mark.parametrize(
    ("after", "now", "sent"),
    [
        (14 * MINUTE + 59 * SECOND, 14 * MINUTE + 59 * SECOND, 0),
        (15 * MINUTE, 15 * MINUTE, 1),
        (16 * MINUTE, 16 * MINUTE, 1),
    ],
)
def test_a_quarter_of_an_hour_is_counted_from_the_last_mail(
    database, tmp_path, serve, hear, after, now, sent
):
    settings = settings_for(database, tmp_path, serve())
    hear("その1")
    mail.send_due(database, settings, NOW)
    hear("その2", after)
    assert mail.send_due(database, settings, NOW + now) == sent


def test_each_mail_of_several_begins_the_next_quarter_of_an_hour(database, tmp_path, serve, hear):
    server = serve()
    settings = settings_for(database, tmp_path, server)
    for minute in range(61):
        hear(f"その{minute}。", minute * MINUTE)
        mail.send_due(database, settings, NOW + minute * MINUTE)
    assert len(server.received) == 5
    said = "".join(body for _subject, body in texts(server))
    assert [said.count(f"その{minute}。") for minute in range(61)] == [1] * 61


def test_others_and_what_is_urgent_are_not_held(database, tmp_path, serve, hear):
    server = serve()
    settings = settings_for(database, tmp_path, server)
    hear("その1")
    mail.send_due(database, settings, NOW)
    hear("その2", MINUTE)
    hear("別の人", MINUTE, person=1)
    hear("急ぎ", MINUTE, urgent=True)
    assert mail.send_due(database, settings, NOW + MINUTE) == 2
    assert sorted(body.splitlines()[2] for _subject, body in texts(server)) == ["その1", "別の人", "急ぎ"]


def test_a_mail_at_once_does_not_begin_a_quarter_of_an_hour(database, tmp_path, serve, hear):
    settings = settings_for(database, tmp_path, serve())
    hear("急ぎ", urgent=True)
    mail.send_due(database, settings, NOW)
    hear("その1", MINUTE)
    assert mail.send_due(database, settings, NOW + MINUTE) == 1


def test_the_mailbox_of_the_section_has_them_in_one_mail_too(database, tmp_path, serve, hear):
    server = serve()
    settings = settings_for(database, tmp_path, server)
    with database.write() as session:
        factories.make_user(session, role="coordinator")
    for minute in range(3):
        with database.write() as session:
            notices.tell_staff(session, *tell.letter(f"その{minute}"), NOW + minute * MINUTE)
        mail.send_due(database, settings, NOW + minute * MINUTE)
    mail.send_due(database, settings, NOW + 15 * MINUTE)
    assert subjects(server)[1:] == ["【縁むすび】新しいお知らせ（2件）"]


@pytest.mark.parametrize("answer", ["450 4.2.0 later", "421 too busy", "hang up"])
def test_what_could_not_go_goes_with_what_came_meanwhile(database, tmp_path, serve, hear, answer):
    address = hear("その1")
    refusing = serve(refuse(address, answer))
    assert mail.send_due(database, settings_for(database, tmp_path, refusing), NOW) == 0
    hear("その2", MINUTE)
    hear("その3", MINUTE)
    server = serve()
    settings = settings_for(database, tmp_path, server)
    assert mail.send_due(database, settings, NOW + MINUTE) == 1
    assert mail.send_due(database, settings, NOW + 60 * MINUTE) == 0
    assert subjects(server) == ["【縁むすび】新しいお知らせ（3件）"]


@pytest.mark.parametrize("poison", ["その2", "その3"])
def test_one_that_cannot_be_said_does_not_keep_its_company_back(
    database, tmp_path, serve, hear, poison, monkeypatch
):
    server = serve()
    settings = settings_for(database, tmp_path, server)
    hear("その1")
    mail.send_due(database, settings, NOW)
    hear("その2", MINUTE)
    hear("その3", MINUTE)
    with database.write() as session:
        rows = session.scalars(select(Mail)).all()
        (bad,) = [row for row in rows if row.facts["reason"] == poison]
        bad.facts = {}
    for minute in range(15, 24 * 60, 5):
        mail.send_due(database, settings, NOW + minute * MINUTE)
    assert len(server.received) == 2
    assert ("その3" if poison == "その2" else "その2") in texts(server)[1][1]
    with database.read() as session:
        assert [one.id for one in session.scalars(select(Mail).where(Mail.given_up_at.is_not(None)))] == [
            bad.id
        ]


def test_a_mail_that_another_process_sends_holds_what_comes_meanwhile(database, hear):
    hear("その1")
    with database.write() as session:
        (first,) = outbox.lease(session, NOW)
        assert outbox.lease(session, NOW) == []
    hear("その2", SECOND)
    with database.write() as session:
        assert outbox.lease(session, NOW + SECOND) == []
        outbox.note_sent(session, first.id, NOW + SECOND)
    with database.read() as session:
        assert not outbox.has_due(session, NOW + 15 * MINUTE)
        assert outbox.has_due(session, NOW + 15 * MINUTE + SECOND)


def test_after_a_crash_the_same_goes_again_under_the_same_name_and_what_came_later_waits(
    database, tmp_path, serve, hear
):
    server = serve()
    settings = settings_for(database, tmp_path, server)
    hear("その1")
    mail.send_due(database, settings, NOW)
    hear("その2", MINUTE)
    hear("その3", MINUTE)
    crashed = NOW + 15 * MINUTE
    with database.write() as session:
        (taken,) = outbox.lease(session, crashed)
        city = cities.get(session)
        before = mail.compose(taken, city, settings, crashed)
    hear("その4", 16 * MINUTE)
    assert mail.send_due(database, settings, crashed + outbox.LEASE) == 0
    again = crashed + outbox.LEASE + SECOND
    with database.write() as session:
        (taken,) = outbox.lease(session, again)
        after = mail.compose(taken, city, settings, crashed)
    assert before == after
    third = again + outbox.LEASE + SECOND
    assert mail.send_due(database, settings, third) == 1
    assert mail.send_due(database, settings, third + 15 * MINUTE) == 1
    names = [email.message_from_string(one)["Message-ID"] for one in server.received]
    assert len(set(names)) == 3
    assert "その4" not in texts(server)[1][1]
    assert "その4" in texts(server)[2][1]


def test_what_is_given_up_together_is_sent_once_more_together(database, tmp_path, serve, hear):
    address = hear("その1")
    hear("その2")
    refusing = settings_for(database, tmp_path, serve(refuse(address, "550 5.1.1 no such user")))
    assert mail.send_due(database, refusing, NOW) == 0
    with database.write() as session:
        staff = factories.actor_for(factories.make_user(session, role="coordinator"))
        _count, (found,) = outbox.undeliverable(session, staff)
        assert found.count == 2
        outbox.send_again(session, staff, found.mail, NOW + DAY)
    server = serve()
    assert mail.send_due(database, settings_for(database, tmp_path, server), NOW + DAY) == 1
    assert subjects(server) == ["【縁むすび】新しいお知らせ（2件）"]


def test_what_is_held_does_not_count_as_standing_still(database, tmp_path, serve, hear):
    settings = settings_for(database, tmp_path, serve())
    hear("その1")
    mail.send_due(database, settings, NOW)
    hear("その2", SECOND)

    def late(now):
        with database.read() as session:
            return outbox.standing(session, now).late_since

    assert late(NOW + 15 * MINUTE + SECOND) is None
    assert late(NOW + 30 * MINUTE - SECOND) is None
    assert late(NOW + 30 * MINUTE) == NOW + SECOND


# ── What was given up ────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def staff(session):
    factories.make_city(session)
    return factories.actor_for(factories.make_user(session))


def give_up(session, address, key="notice-1", now=NOW):
    notices.send_mail(session, address, *tell.letter(), now, key=key)
    session.flush()
    (one,) = outbox.lease(session, now)
    outbox.note_failure(session, one.id, "address", "SMTPRecipientsRefused 550", now)
    session.flush()
    return one


def test_the_mailbox_of_the_section_is_told_from_unknown_ones(session, staff):
    city = session.get_one(Municipality, 1)
    give_up(session, city.email)
    give_up(session, "gone@x.example", "notice-3")
    _total, found = outbox.undeliverable(session, staff)
    assert [(one.mail.to, one.is_office) for one in found] == [("gone@x.example", False), (city.email, True)]


def test_the_staff_sees_whom_no_mail_reaches_until_it_is_settled(session, staff):
    user = factories.make_user(session, factories.make_npo(session))
    give_up(session, user.email)
    newest = give_up(session, user.email, "notice-2")
    give_up(session, "gone@x.example", "notice-3")
    total, found = outbox.undeliverable(session, staff)
    assert total == 2
    assert [(one.mail.to, one.count, one.user) for one in found] == [
        ("gone@x.example", 1, None), (user.email, 2, user),
    ]  # fmt: skip
    assert not any(one.is_office for one in found)
    assert set(outbox.unreached(session, [user.email, "other@x.example"])) == {user.email}
    outbox.settle(session, staff, newest, NOW)
    session.flush()
    assert outbox.undeliverable(session, staff)[0] == 1
    assert outbox.standing(session, NOW).undeliverable == 1
    actions = session.execute(
        select(AuditEvent.action, AuditEvent.object_type, AuditEvent.object_id).order_by(AuditEvent.id)
    ).all()
    assert actions[-1] == ("settle_mail", "user", user.public_id)
    assert ("give_up_mail", "user", user.public_id) in actions
    assert [action for action, kind, _id in actions if kind == "mail"] == ["give_up_mail"]


def test_what_was_given_up_can_be_sent_once_more(session, staff):
    one = give_up(session, "a@x.example")
    outbox.send_again(session, staff, one, NOW + DAY)
    session.flush()
    assert outbox.undeliverable(session, staff)[0] == 0
    assert outbox.lease(session, NOW + DAY) == [one]
    for act in (outbox.send_again, outbox.settle):
        with pytest.raises(MovedOn):
            act(session, staff, one, NOW + DAY)
    with pytest.raises(NotFound):
        outbox.get(session, staff, one.id + 1)


def test_what_was_given_up_after_the_page_was_shown_stays_on_the_list(session, staff):
    shown = give_up(session, "a@x.example")
    later = give_up(session, "a@x.example", "notice-2")
    outbox.settle(session, staff, shown, NOW)
    session.flush()
    assert [one.mail for one in outbox.undeliverable(session, staff)[1]] == [later]


def test_a_link_is_made_anew_and_not_sent_again(session, staff):
    one = give_up(session, "a@x.example", "link-1")
    with pytest.raises(Refused, match="mail_link_gone"):
        outbox.send_again(session, staff, one, NOW)


def test_only_staff_may(session, staff):
    member = factories.actor_for(factories.make_user(session, factories.make_npo(session)))
    one = give_up(session, "a@x.example")
    for actor in (member, ANONYMOUS):
        for act in (outbox.send_again, outbox.settle):
            with pytest.raises(NotPermitted):
                act(session, actor, one, NOW)
        with pytest.raises(NotPermitted):
            outbox.undeliverable(session, actor)
        with pytest.raises(NotPermitted):
            outbox.get(session, actor, one.id)


def test_mail_stands_still_when_the_server_is_away_and_not_when_one_mailbox_is_full(session):
    def late(now):
        session.flush()
        return outbox.standing(session, now).late_since

    notices.send_mail(session, "a@x.example", *tell.letter(), NOW, key="notice-1")
    assert late(NOW + 14 * MINUTE) is None
    assert late(NOW + 15 * MINUTE) == NOW
    (one,) = outbox.lease(session, NOW)
    outbox.note_failure(session, one.id, "server", "TimeoutError", NOW)
    assert late(NOW + 15 * MINUTE) == NOW
    outbox.note_failure(session, one.id, "delayed", "SMTPRecipientsRefused 450", NOW)
    assert late(NOW + 15 * MINUTE) is None
    assert outbox.standing(session, NOW).waiting == 1
    outbox.note_sent(session, one.id, NOW)
    assert outbox.standing(session, NOW) == outbox.Standing(0, None, None, 0)
