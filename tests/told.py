"""What people are told, as they read it: notices and mails in words."""

from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from matcher.records import Mail, Notice
from matcher.register import sentences
from matcher.register.wording import Said


class Told(NamedTuple):
    """A notice or a mail in words; ``row`` is its record."""

    row: Any
    subject: str
    body: str


def letter(text: str = "本文") -> Said:
    """Some words for tests that are about mail, not about what it says."""
    return Said("organization_returned", {"reason": text})


def of(row: Notice | Mail) -> Told:
    """One of them in words."""
    return Told(row, *sentences.of(row))


def notices(session: Session, words: str = "", *where: Any) -> list[Told]:
    """Notices whose subject holds ``words``, oldest first."""
    rows = [of(row) for row in session.scalars(select(Notice).where(*where).order_by(Notice.id))]
    return [one for one in rows if words in one.subject]


def mails(session: Session, words: str = "", *where: Any) -> list[Told]:
    """Mails whose subject holds ``words``, oldest first."""
    rows = [of(row) for row in session.scalars(select(Mail).where(*where).order_by(Mail.id))]
    return [one for one in rows if words in one.subject]
