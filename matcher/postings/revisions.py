"""Every version of a need or an offer that was submitted or published, and what differs between them."""

from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from matcher.ground.permissions import Actor
from matcher.postings.drafts import NEED_STEPS, OFFER_FIELDS, kind_of
from matcher.records import Need, Offer, Revision
from matcher.register import snapshots


def keep(session: Session, posting: Need | Offer, actor: Actor, now: datetime) -> None:
    """Keep the text as it stands, so that every version that was submitted or published can be shown."""
    kind = kind_of(posting)
    count = session.scalar(
        select(func.count())
        .select_from(Revision)
        .where(Revision.owner_type == kind, Revision.owner_id == posting.id)
    )
    session.add(
        Revision(
            owner_type=kind,
            owner_id=posting.id,
            number=(count or 0) + 1,
            made_by_id=actor.user_id,
            made_at=now,
            content=snapshots.facts_of(posting),
        )
    )


def changes_since_read(session: Session, posting: Need | Offer) -> list[tuple[str, Any, Any]]:
    """What differs from the version that was read before: (field, then, now), empty for a first reading."""
    rows = session.scalars(
        select(Revision)
        .where(Revision.owner_type == kind_of(posting), Revision.owner_id == posting.id)
        .order_by(Revision.number.desc())
        .limit(2)
    ).all()
    if len(rows) < 2:
        return []
    before, now = rows[1].content, snapshots.facts_of(posting)
    names = [name for step in NEED_STEPS for name in step] if isinstance(posting, Need) else OFFER_FIELDS
    return [
        (name, before.get(name), now.get(name))
        for name in names
        if name in before and before.get(name) != now.get(name)
    ]
