"""A form that was already taken is not taken twice: the second click gets the first answer."""

import hashlib
import re
import uuid
from datetime import datetime

from sqlalchemy.orm import Session

from matcher.ground.permissions import Actor
from matcher.records import Receipt


def new_form_id() -> str:
    """The number of one form on one page; whatever is sent under it is done once."""
    return uuid.uuid4().hex


def is_form_id(text: str) -> bool:
    """Whether ``text`` could be the number that a page gave a form."""
    return re.fullmatch(r"[0-9a-f]{32}", text) is not None


def earlier(session: Session, actor: Actor, form_id: str | None) -> str | None:
    """Where the first send of this form led, or ``None`` if it is new."""
    if not form_id or not is_form_id(form_id):
        return None
    row = session.get(Receipt, _key(actor, form_id))
    return None if row is None else row.location


def keep(session: Session, actor: Actor, form_id: str | None, location: str, now: datetime) -> None:
    """Remember the answer. The primary key refuses a second send that ran at the same time.

    Raises:
        ValueError: there is no form id under which a second send could be known.
    """
    if not form_id or not is_form_id(form_id):
        raise ValueError(f"expected a form id, found {form_id!r}")
    session.add(Receipt(key=_key(actor, form_id), created_at=now, location=location))
    session.flush()


def _key(actor: Actor, form_id: str) -> str:
    return hashlib.sha256(f"{actor.user_public_id or ''}:{form_id}".encode()).hexdigest()
