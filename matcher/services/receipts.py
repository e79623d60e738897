"""A form that was already taken is not taken twice: the second click gets the first answer."""

import hashlib
from datetime import datetime

from sqlalchemy.orm import Session

from matcher.models import Receipt
from matcher.permissions import Actor


def earlier(session: Session, actor: Actor, form_id: str | None) -> str | None:
    """Where the first send of this form led, or ``None`` if it is new."""
    if not form_id:
        return None
    row = session.get(Receipt, _key(actor, form_id))
    return None if row is None else row.location


def keep(session: Session, actor: Actor, form_id: str | None, location: str, now: datetime) -> None:
    """Remember the answer. The primary key refuses a second send that ran at the same time."""
    if form_id:
        session.add(Receipt(key=_key(actor, form_id), created_at=now, location=location))
        session.flush()


def _key(actor: Actor, form_id: str) -> str:
    return hashlib.sha256(f"{actor.user_public_id or ''}:{form_id}".encode()).hexdigest()
