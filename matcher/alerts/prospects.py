"""Whom to invite: organizations that nobody serves here yet, and what of the others they fit well."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from matcher.alerts.bars import Found, chunks
from matcher.records import Membership, Prospect
from matcher.suggestions import ranking


def keep(session: Session, found: Sequence[Found], served: Collection[int], now: datetime) -> None:
    """Keep those whom something new fits well, each pair once; ``served`` are known to have an account."""
    best = {
        (one.organization_id, *one.key): one
        for one in sorted(found, key=lambda one: one.score)
        if one.organization_id not in served and ranking.level(one.score) == "high"
        and one.owner_type != "company"
    }  # fmt: skip
    for some in chunks({key[0] for key in best}):
        awaited = set(
            session.scalars(
                select(Membership.organization_id).where(
                    Membership.organization_id.in_(some), Membership.ended_at.is_(None)
                )
            )
        )
        kept = {
            tuple(row)
            for row in session.execute(
                select(Prospect.organization_id, Prospect.owner_type, Prospect.owner_id).where(
                    Prospect.organization_id.in_(some)
                )
            )
        }
        session.add_all(
            Prospect(
                organization_id=key[0], owner_type=one.owner_type, owner_id=one.owner_id,
                score=round(one.score, 4), why=one.why, found_at=now,
            )
            for key, one in best.items()
            if key[0] in some and key[0] not in awaited and key not in kept
        )  # fmt: skip
    session.flush()
