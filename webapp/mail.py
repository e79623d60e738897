"""Sends the outbox: by SMTP, or to files in development. A dead mail server only delays mail."""

import re
import smtplib
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from email.headerregistry import BaseHeader, HeaderRegistry, UnstructuredHeader
from email.message import EmailMessage
from email.policy import SMTP, Policy
from email.utils import format_datetime
from pathlib import Path
from typing import Final

import structlog

from matcher.city import cities
from matcher.ground.db import Database
from matcher.records import Mail
from matcher.register import outbox, sentences
from webapp import alert_text
from webapp.config import Settings

log = structlog.get_logger()

BATCH_SECONDS: Final = 60.0  #: for a whole conversation with the server, far less than a mail's lease
ANSWER_SECONDS: Final = 20.0  #: for one answer of the server

SIGNATURE = (
    "\n\n――――――\n{city}　{section}\n電話 {phone}\n"
    "縁むすび {url}\nこのメールは自動でお送りしています。同じ内容を、ログイン後の「お知らせ」でも読めます。\n"
)

FOR = "{name}さま宛てのお知らせです。次のアドレスで開けます。"


class _Whole(UnstructuredHeader, BaseHeader):
    """An address that a mail program reads: on one line as it is, where Python would encode what is long."""

    def fold(self, *, policy: Policy) -> str:
        return f"{self.name}: {self}{policy.linesep}"


_HEADERS: Final = HeaderRegistry()
_HEADERS.map_to_type("list-unsubscribe", _Whole)

#: Hands one composed mail over; raises what the transport raises.
Send = Callable[[Mail, bytes], None]


def send_due(
    database: Database,
    settings: Settings,
    now: datetime,
    is_stopping: Callable[[], bool] = lambda: False,
) -> int:
    """Send a batch of what is due; returns how many went out.

    At least once: a process killed between sending and noting it sends again, with the same Message-ID.
    """
    with database.read() as session:
        if not outbox.has_due(session, now):
            return 0
    with database.write() as session:
        mails = outbox.lease(session, now)
        city = cities.get(session)
        session.expunge_all()
    letters = []
    for mail in mails:
        try:
            letters.append((mail, compose(mail, city, settings, now)))
        except Exception as problem:  # whatever is wrong with this one, the others are written
            _note_failure(database, mail, "unwritable", type(problem).__name__, now)
    return _send(database, settings, letters, now, is_stopping) if letters else 0


def compose(mail: Mail, city: cities.City, settings: Settings, now: datetime) -> bytes:
    """The message as it is sent: plain text, readable without its links.

    Raises:
        ValueError: no mail can be made of it, for example since its address would be read as another one.
    """
    message = EmailMessage(SMTP.clone(header_factory=_HEADERS))
    message["From"] = settings.mail_from
    message["To"] = mail.to
    if [one.addr_spec for one in message["To"].addresses] != [mail.to] or not mail.to.isascii():
        raise ValueError("expected one plain address, found what would be read as another")
    letters = outbox.letters(mail)
    subject, body = sentences.bundle([_told(letter, settings) for letter in letters])
    message["Subject"] = subject
    message["Date"] = format_datetime(now)
    # The newest names it: what was refused and goes again with others is not taken for the one before.
    message["Message-ID"] = f"<{letters[-1].key}@enmusubi.{message['From'].addresses[0].domain}>"
    message["Auto-Submitted"] = "auto-generated"
    if mail.code == alert_text.CODE:
        for name, value in alert_text.headers(mail.facts, settings).items():
            message[name] = value
    signature = SIGNATURE.format(
        city=city.name, section=city.section, phone=city.phone, url=settings.public_url
    )
    message.set_content(body + signature, charset="utf-8", cte="8bit")
    return message.as_bytes(policy=SMTP)


def _told(mail: Mail, settings: Settings) -> tuple[str, str]:
    """Subject and body of one thing that a mail tells, with the address of its page."""
    if mail.code == alert_text.CODE:
        return alert_text.letter(mail.facts, settings)
    public_url = settings.public_url
    subject, body = sentences.of(mail)
    told_for = mail.facts.get("organization") if mail.code == "digest" else None
    if mail.notice is None and told_for is None:
        return subject, body
    page = "/notices"
    if mail.notice is not None:
        if mail.notice.object_type == "partnership" and mail.notice.object_id:
            page = f"/cases/{mail.notice.object_id}"
        if mail.notice.organization is not None:
            told_for = {
                "public_id": mail.notice.organization.public_id,
                "name": mail.notice.organization.name,
            }
    if told_for is None:
        return subject, f"{body}\n\n{public_url}{page}"
    # The page opens in the name of whom the mail is for, also for a person who serves several.
    said = FOR.format(name=told_for["name"])
    return subject, f"{body}\n\n{said}\n{public_url}/as/{told_for['public_id']}?next={page}"


def _send(
    database: Database,
    settings: Settings,
    letters: list[tuple[Mail, bytes]],
    now: datetime,
    is_stopping: Callable[[], bool],
) -> int:
    sent, left, is_connected = 0, list(letters), False
    try:
        with _transport(settings) as send:
            is_connected = True
            while left and not is_stopping():
                mail, letter = left[0]
                try:
                    send(mail, letter)
                except (smtplib.SMTPRecipientsRefused, smtplib.SMTPDataError) as refusal:
                    failure, error = _judge(refusal)
                    if failure == "server":
                        raise
                    left.pop(0)
                    _note_failure(database, mail, failure, error, now)
                else:
                    left.pop(0)
                    sent += 1
                    with database.write() as session:
                        outbox.note_sent(session, mail.id, now)
    except (OSError, smtplib.SMTPException) as trouble:
        # Without a server all wait. Else only the one on which it broke: it must not stop those behind it.
        broken = left[:1] if is_connected else list(left)
        for mail, _letter in broken:
            _note_failure(database, mail, "broken" if is_connected else "server", _describe(trouble), now)
        del left[: len(broken)]
    if left:
        with database.write() as session:
            outbox.release(session, [mail.id for mail, _letter in left])
    return sent


def _note_failure(database: Database, mail: Mail, failure: outbox.Failure, error: str, now: datetime) -> None:
    log.warning("mail_not_sent", mail=mail.id, attempts=mail.attempts, failure=failure, error=error)
    with database.write() as session:
        outbox.note_failure(session, mail.id, failure, error, now)


def _judge(
    refusal: smtplib.SMTPRecipientsRefused | smtplib.SMTPDataError,
) -> tuple[outbox.Failure, str]:
    """Whose fault a refusal is, and the answer's code; what the server says may hold the address."""
    if isinstance(refusal, smtplib.SMTPRecipientsRefused):
        ((code, words),) = refusal.recipients.values()
        permanent: outbox.Failure = "policy" if re.match(rb"5\.7\.", words) else "address"
    else:
        code, permanent = refusal.smtp_code, "content"
    error = f"{type(refusal).__name__} {code}"
    if code == 421 or 530 <= code < 540:  # it closes, or wants to know first who we are
        return "server", error
    return (permanent if code >= 500 else "delayed"), error


def _describe(trouble: Exception) -> str:
    code = getattr(trouble, "smtp_code", None)
    return f"{type(trouble).__name__} {code}" if code else type(trouble).__name__


# ── Transports ───────────────────────────────────────────────────────────────────────────────────────


@contextmanager
def _transport(settings: Settings) -> Iterator[Send]:
    if settings.mail_backend == "files":
        settings.mail_folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        yield lambda mail, letter: _write(settings.mail_folder, mail, letter)
        return
    server = _Conversation(BATCH_SECONDS)
    try:
        code, words = server.connect(settings.smtp_host, settings.smtp_port)
        if code != 220:
            raise smtplib.SMTPConnectError(code, words)
        if settings.smtp_starttls:
            server.starttls()
        if settings.smtp_user:
            server.login(settings.smtp_user, settings.smtp_password)
        yield lambda mail, letter: _hand_over(server, settings, mail, letter)
        with suppress(OSError, smtplib.SMTPException):
            server.quit()
    finally:
        server.close()


def _write(folder: Path, mail: Mail, letter: bytes) -> None:
    temporary = folder / f".{mail.id:06d}.tmp"
    temporary.touch(mode=0o600)
    temporary.write_bytes(letter.replace(b"\r\n", b"\n"))
    temporary.replace(folder / f"{mail.id:06d}.eml")


def _hand_over(server: smtplib.SMTP, settings: Settings, mail: Mail, letter: bytes) -> None:
    server.sendmail(settings.mail_from, [mail.to], letter)


class _Conversation(smtplib.SMTP):
    """One connection for a batch, cut from outside when its time is over, whatever it waits for then.

    A timeout of the socket alone holds for each piece received, so that a server could drip for hours.
    """

    def __init__(self, seconds: float) -> None:
        super().__init__(timeout=min(ANSWER_SECONDS, seconds))
        self._twin: socket.socket | None = None
        self._is_over = False
        self._timer = threading.Timer(seconds, self._cut)
        self._timer.daemon = True
        self._timer.start()

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        # smtplib's own hook for other sockets. TLS takes over the first descriptor, so the timer has another.
        found: socket.socket = super()._get_socket(host, port, timeout)  # type: ignore[misc]
        self._twin = found.dup()
        if self._is_over:
            self._cut()
        return found

    def _cut(self) -> None:
        self._is_over = True
        if self._twin is not None:
            with suppress(OSError):
                self._twin.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Close the connection and forget the timer."""
        self._timer.cancel()
        super().close()
        if self._twin is not None:
            self._twin.close()
