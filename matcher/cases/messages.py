"""Messages between the three parties of a case."""

from datetime import datetime

from sqlalchemy.orm import Session

from matcher.ground.permissions import Actor
from matcher.records import CaseMessage, Partnership
from matcher.register import audit


def add(session: Session, actor: Actor, case: Partnership, text: str, now: datetime) -> CaseMessage:
    """Keep a message; the audit record names it, its text stands with the case."""
    message = CaseMessage(partnership_id=case.id, author_id=actor.user_id, written_at=now, text=text.strip())
    session.add(message)
    session.flush()
    audit.record(
        session, actor, "message", "partnership", case.public_id, now,
        object_version=case.version, details={"message": message.public_id},
    )  # fmt: skip
    return message
