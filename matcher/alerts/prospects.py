"""Whom to invite: organizations that nobody serves here yet, and what of the others they fit well."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, and_, exists, func, or_, select
from sqlalchemy.orm import Session, aliased, joinedload

from matcher.alerts.bars import Found, chunks
from matcher.ground import permissions
from matcher.ground.errors import NotFound
from matcher.ground.permissions import Actor
from matcher.records import Membership, Need, Offer, Organization, Prospect
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


@dataclass(frozen=True)
class Invitable:
    """An organization worth inviting: what it fits best, whose that is, and how many it fits in all."""

    record: Organization
    prospect: Prospect
    posting: Need | Offer
    count: int


def standing() -> Select[Any]:
    """Each organization that nobody serves, with the best of what still stands open and that it fits: its
    record, the prospect, the need or the offer, and how many there are.

    A need that only members may read is not told to one that is none yet.
    """
    owner = aliased(Organization)
    served = exists().where(
        Membership.organization_id == Prospect.organization_id, Membership.ended_at.is_(None)
    )
    need_stands = and_(
        Prospect.owner_type == "need", Need.state == "open", Need.visibility == "public",
        owner.visibility == "public",
    )  # fmt: skip
    offer_stands = and_(Prospect.owner_type == "offer", Offer.state == "open")
    best = (
        select(
            Prospect.id,
            func.row_number()
            .over(partition_by=Prospect.organization_id, order_by=(Prospect.score.desc(), Prospect.id))
            .label("place"),
            func.count().over(partition_by=Prospect.organization_id).label("count"),
        )
        .outerjoin(Need, and_(Prospect.owner_type == "need", Need.id == Prospect.owner_id))
        .outerjoin(Offer, and_(Prospect.owner_type == "offer", Offer.id == Prospect.owner_id))
        .join(owner, owner.id == func.coalesce(Need.organization_id, Offer.organization_id))
        .where(or_(need_stands, offer_stands), owner.state == "verified", ~served)
        .subquery()
    )
    return (
        select(Organization, Prospect, Need, Offer, best.c.count)
        .join(Prospect, Prospect.organization_id == Organization.id)
        .join(best, and_(best.c.id == Prospect.id, best.c.place == 1))
        .outerjoin(Need, and_(Prospect.owner_type == "need", Need.id == Prospect.owner_id))
        .outerjoin(Offer, and_(Prospect.owner_type == "offer", Offer.id == Prospect.owner_id))
        .where(Organization.state == "verified")
        .options(joinedload(Need.organization), joinedload(Offer.organization))
    )


def of_row(row: Any) -> Invitable:
    """A row of ``standing``."""
    record, prospect, need, offer, count = row
    return Invitable(record, prospect, need if need is not None else offer, count)


def get(session: Session, actor: Actor, public_id: str) -> Invitable:
    """One organization worth inviting.

    Raises:
        NotPermitted: for others than staff. NotFound: there is nothing to invite it with any more.
    """
    permissions.require(actor, "desk.view")
    row = session.execute(standing().where(Organization.public_id == public_id)).first()
    if row is None:
        raise NotFound("organization")
    return of_row(row)
