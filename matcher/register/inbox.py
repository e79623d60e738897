"""What a person was told, by the record that it is about: the record told of last stands first."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import and_, case, func, or_, select
from sqlalchemy.orm import Session

from matcher.ground.permissions import Actor
from matcher.records import Notice
from matcher.register.notices import of_record, own
from matcher.register.paging import Listing, page_of

GROUPS: Final = 20  #: records a page
LATEST: Final = 3  #: of each so many notices stand on the page, the others on one of their own
NOTICES: Final = 50  #: of one record a page

#: What is about no record stands by itself.
_APART: Final = case((Notice.object_type == "", Notice.id), else_=0)


@dataclass(frozen=True)
class Group:
    """All that was told of one record."""

    latest: Sequence[Notice]  #: newest first, at least one
    count: int
    unread: int

    @property
    def about(self) -> tuple[str, str]:
        """Object type and public id; both are empty where it is about no record."""
        return self.latest[0].object_type, self.latest[0].object_id

    @property
    def more(self) -> int:
        """How many there are beside the latest."""
        return self.count - len(self.latest)


def groups(session: Session, actor: Actor, page: int = 1) -> Listing:
    """The ``Group``s of the signed-in person, in two queries for however many notices."""
    unread = func.sum(case((Notice.read_at.is_(None), 1), else_=0))
    key = (Notice.object_type, Notice.object_id, _APART)
    told = (
        select(*key, func.max(Notice.id).label("last"), func.count(), unread)
        .where(own(actor))
        .group_by(*key)
        .order_by(func.max(Notice.id).desc())
    )
    listing = page_of(session, told, page, GROUPS)
    latest = _latest(session, actor, listing.rows)
    rows = [
        Group(latest[object_type, object_id, apart], count, int(unread))
        for object_type, object_id, apart, _last, count, unread in listing.rows
    ]
    return Listing(rows, listing.total, listing.page, listing.size)


def _latest(session: Session, actor: Actor, rows: Sequence[Any]) -> dict[tuple[str, str, int], list[Notice]]:
    if not rows:
        return {}
    place = func.row_number().over(
        partition_by=(Notice.object_type, Notice.object_id, _APART), order_by=Notice.id.desc()
    )
    wanted = or_(*(and_(of_record(row[0], row[1]), row[2] == _APART) for row in rows))
    ranked = select(Notice.id, place.label("place")).where(own(actor), wanted).subquery()
    query = select(Notice).join(ranked, ranked.c.id == Notice.id).where(ranked.c.place <= LATEST)
    found: dict[tuple[str, str, int], list[Notice]] = {}
    for notice in session.scalars(query.order_by(Notice.id.desc())):
        apart = 0 if notice.object_type else notice.id
        found.setdefault((notice.object_type, notice.object_id, apart), []).append(notice)
    return found


def told_of(session: Session, actor: Actor, object_type: str, object_id: str, page: int = 1) -> Listing:
    """The notices of one record, newest first."""
    query = select(Notice).where(own(actor), of_record(object_type, object_id))
    return page_of(session, query.order_by(Notice.id.desc()), page, NOTICES).of_first()
