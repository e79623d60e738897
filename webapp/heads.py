"""Once a day the head of the audit record leaves the database: a line in a file, and a mail where one is set.

Whoever rewrites the database cannot reach what lies elsewhere; ``enmusubi audit verify`` looks each kept
head up again.
"""

import fcntl
import os
from datetime import datetime

from sqlalchemy.orm import Session

from matcher.city import cities
from matcher.ground.calendar import TOKYO
from matcher.ground.db import Database
from matcher.register import audit, notices, wording_registration
from webapp.config import Settings


def keep_daily(database: Database, settings: Settings, now: datetime) -> bool:
    """Write today's line, in the first round after midnight in Tokyo; returns whether it was written now."""
    today = now.astimezone(TOKYO)
    if _last_day(settings) == f"{today:%Y-%m-%d}":
        return False
    with database.read() as session:
        head = audit.newest(session)
    if head is None:
        return False
    if settings.audit_heads_to:
        with database.write() as session:
            _mail(session, settings, head, now)
    return _append(settings, head, today)


def _last_day(settings: Settings) -> str:
    try:
        lines = settings.audit_heads.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return ""
    return lines[-1][:10] if lines else ""


def _append(settings: Settings, head: audit.Head, today: datetime) -> bool:
    settings.audit_heads.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(settings.audit_heads, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    with os.fdopen(descriptor, "a", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)  # two workers may meet here at midnight
        if _last_day(settings) == f"{today:%Y-%m-%d}":
            return False
        file.write(f"{today.isoformat(timespec='seconds')} {head}\n")
        file.flush()
        os.fsync(file.fileno())
    return True


def _mail(session: Session, settings: Settings, head: audit.Head, now: datetime) -> None:
    today = now.astimezone(TOKYO)
    said = wording_registration.audit_head(cities.get(session).name, today.date(), str(head))
    # Before the line in the file: what is killed between them mails once, since the key is of the day.
    key = f"audit-head-{today:%Y%m%d}"
    notices.send_mail(session, settings.audit_heads_to, *said, now, key=key)
