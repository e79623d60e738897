"""Sends the outbox: by SMTP, or to files in development. A dead mail server only delays mail."""

import smtplib
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path

import structlog

from matcher.db import Database
from matcher.models import Mail
from matcher.services import cities, notices
from webapp.config import Settings

log = structlog.get_logger()

SIGNATURE = (
    "\n\n――――――\n{city}　{section}\n電話 {phone}\n"
    "縁むすび {url}\nこのメールは自動でお送りしています。同じ内容を、ログイン後の「お知らせ」でも読めます。\n"
)


def send_due(database: Database, settings: Settings, now: datetime) -> int:
    """Send what is due; returns how many went out.

    At least once: a process killed between sending and noting it sends again, with the same Message-ID.
    """
    with database.write() as session:
        mails = notices.lease_mails(session, now)
        city = cities.get(session)
        for mail in mails:
            session.expunge(mail)
    sent = 0
    for mail in mails:
        message = compose(mail, city, settings, now)
        error = ""
        try:
            _deliver(message, mail, settings)
        except (OSError, smtplib.SMTPException) as problem:
            error = f"{type(problem).__name__}"
            log.warning("mail_delayed", mail=mail.id, attempts=mail.attempts, error=error)
        with database.write() as session:
            notices.note_delivery(session, mail.id, now, error)
        sent += not error
    return sent


def compose(mail: Mail, city: cities.City, settings: Settings, now: datetime) -> EmailMessage:
    """The message: plain text, readable without its link."""
    message = EmailMessage()
    message["From"] = settings.mail_from
    message["To"] = mail.to
    message["Subject"] = mail.subject
    message["Date"] = format_datetime(now)
    message["Message-ID"] = f"<{mail.key}@enmusubi.{settings.mail_from.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"
    signature = SIGNATURE.format(
        city=city.name, section=city.section, phone=city.phone, url=settings.public_url
    )
    message.set_content(mail.body + signature, charset="utf-8", cte="8bit")
    return message


def _deliver(message: EmailMessage, mail: Mail, settings: Settings) -> None:
    if settings.mail_backend == "files":
        folder: Path = settings.mail_folder
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        temporary = folder / f".{mail.id:06d}.tmp"
        temporary.touch(mode=0o600)
        temporary.write_bytes(message.as_bytes())
        temporary.replace(folder / f"{mail.id:06d}.eml")
        return
    with smtplib.SMTP(settings.smtp_host, settings.smtp_port, timeout=20) as server:
        if settings.smtp_starttls:
            server.starttls()
        if settings.smtp_user:
            server.login(settings.smtp_user, settings.smtp_password)
        server.send_message(message)
