"""The digest of what is new: one mail a person, organization and rhythm, of at most five; or none.

What was withdrawn, paused, closed or has become a case by the time it is sent is left out.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from matcher.alerts import reads
from matcher.alerts.reads import Fresh
from matcher.city import cities
from matcher.ground.calendar import TOKYO
from matcher.records import Hit, Membership, Organization, User
from matcher.register import notices, wording

LISTED: Final = 5  #: in one mail; the rest is counted


def make(session: Session, now: datetime) -> int:
    """Write the digests that are due; returns how many mails."""
    rows = session.execute(
        select(Hit, Membership, User, Organization)
        .join(User, User.id == Hit.user_id)
        .join(Organization, Organization.id == Hit.organization_id)
        .join(
            Membership,
            and_(Membership.user_id == Hit.user_id, Membership.organization_id == Hit.organization_id),
        )
        .where(
            Hit.mailed_at.is_(None),
            Membership.began_at.is_not(None),
            Membership.ended_at.is_(None),
            User.status == "active",
            or_(
                *(
                    and_(Membership.alert_rhythm == rhythm, Hit.found_at < notices.digest_time(rhythm, now))
                    for rhythm in notices.DIGESTS
                )
            ),
        )
        .order_by(Membership.id, Hit.id)
    ).all()
    gathered: dict[int, tuple[Membership, User, Organization, list[Hit]]] = {}
    for hit, seat, user, organization in rows:
        gathered.setdefault(seat.id, (seat, user, organization, []))[3].append(hit)
        hit.mailed_at = now
    return sum(_send(session, *one, now) for one in gathered.values())


def _send(
    session: Session, seat: Membership, user: User, organization: Organization, hits: Sequence[Hit],
    now: datetime,
) -> bool:  # fmt: skip
    # Who has seen it on the screen, or wants no mail at all, is told nothing again.
    unseen = [hit for hit in hits if hit.seen_at is None]
    if user.notify == "none" or not organization.is_verified or not unseen:
        return False
    fresh = reads.standing(session, organization.id, unseen)
    if not fresh:
        return False
    areas = cities.get(session).area_labels
    searches = reads.names_of(session, fresh)
    said = wording.fits_digest(
        organization,
        [_item(one, areas) for one in reads.with_parts(session, fresh[:LISTED])],
        len(fresh),
        bar=seat.alert_bar if any(one.hit.search_id is None for one in fresh) else "",
        searches=[
            {"public_id": one.public_id, "name": one.name}
            for one in sorted(searches.values(), key=lambda one: one.id)
        ],
        person=user.public_id,
    )
    day = now.astimezone(TOKYO)
    key = f"fits-{user.public_id}-{day:%Y%m%d}-{organization.id}"
    notices.send_mail(session, user.email, *said, now, key=key)
    return True


def _item(fresh: Fresh, areas: dict[str, str]) -> dict[str, Any]:
    posting, other, part = fresh.posting, fresh.other, fresh.part
    places = (posting.areas if posting is not None else None) or [other.area]
    start, end = (posting.period_from, posting.period_to) if posting is not None else (None, None)
    return {
        "kind": fresh.hit.owner_type,
        "public_id": posting.public_id if posting is not None else other.public_id,
        "title": posting.title if posting is not None else "",
        "organization": other.name,
        "areas": [areas[code] for code in places if code in areas],
        "from": start.isoformat() if start else "",
        "to": end.isoformat() if end else "",
        "level": fresh.level,
        "why": fresh.hit.why,
        "part": {name: value for name, value in vars(part.part).items() if name != "place"} if part else {},
        "taken": {"decided": part.decided, "talked": part.talked} if part else {},
        "own_need": fresh.need.title if fresh.need is not None and fresh.hit.owner_type != "need" else "",
        "own_need_id": fresh.need.public_id
        if fresh.need is not None and fresh.hit.owner_type != "need"
        else "",
    }
