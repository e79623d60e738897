"""Every version of a need or an offer that was submitted or published, and what differs between them."""

from datetime import datetime
from typing import Any, Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from matcher.ground.permissions import Actor
from matcher.postings import need_parts
from matcher.postings.drafts import NEED_STEPS, OFFER_FIELDS, kind_of
from matcher.records import Need, Offer, Revision
from matcher.register import snapshots

PARTS: Final = "parts"  #: in a version of a need: what it asks for besides its first part


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
            content=snapshots.facts_of(posting) | _parts(session, posting),
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
    before, now = rows[1].content, snapshots.facts_of(posting) | _parts(session, posting)
    is_need = isinstance(posting, Need)
    names = [*(name for step in NEED_STEPS for name in step), PARTS] if is_need else OFFER_FIELDS
    return [
        (name, before.get(name), now.get(name))
        for name in names
        if name in before and before.get(name) != now.get(name)
    ]


def _parts(session: Session, posting: Need | Offer) -> dict[str, Any]:
    if not isinstance(posting, Need):
        return {}
    return {PARTS: need_parts.as_facts(need_parts.further(session, posting))}
