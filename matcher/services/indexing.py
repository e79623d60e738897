"""Keeps the embedding table in step with the texts, and the index in step with the table."""

from datetime import datetime

from sqlalchemy.orm import Session

from matcher.models import Need, Offer, Organization


def touch(session: Session, owner: Need | Offer | Organization, now: datetime) -> None:
    """Note in this transaction that the text or the findability of ``owner`` changed."""
