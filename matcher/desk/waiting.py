"""What waits for the city's decision, in the order in which it is worked through, and what comes next.

What has waited longest comes first. After a decision the one behind it is next, and after the last one the
first that was left; whoever cannot decide on one is not led to it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, case, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session, joinedload
from sqlalchemy.sql.base import ExecutableOption

from matcher.desk import checks
from matcher.ground import permissions
from matcher.ground.permissions import Actor
from matcher.records import CaseDocument, Need, Offer, Organization, Partnership, PublicComment

SHOWN: Final = 10  #: so many of a queue stand beside what is decided on
_BEFORE: Final = 2  #: of them, so many that have waited longer
_TRIED: Final = 30  #: so many behind the decided one are looked at, who may decide on them


@dataclass(frozen=True)
class Kind:
    """One queue of records that wait for a decision: the state in which they do, and since when.

    Args:
        about: what a record is about, in its own words; empty where in nothing particular.
        who: whose it is.
        known: what can be told of a record as it was loaded (``loads``).
    """

    code: str
    record: Any
    state: str
    since: InstrumentedAttribute[Any]
    loads: Sequence[ExecutableOption]
    about: Callable[[Any], str]
    who: Callable[[Any], str]
    known: Callable[[Any, datetime], Sequence[checks.Check]]


_SIDES: Final = (
    joinedload(Partnership.company), joinedload(Partnership.npo), joinedload(Partnership.need),
    joinedload(Partnership.offer),
)  # fmt: skip


def _about_case(found: Partnership) -> str:
    posting = found.need or found.offer
    return posting.title if posting is not None else ""


def _posting(code: str, record: Any) -> Kind:
    return Kind(
        code, record, "in_review", record.submitted_at, (joinedload(record.organization),),
        lambda found: str(found.title), lambda found: str(found.organization.name),
        checks.known_of_posting,
    )  # fmt: skip


KINDS: Final[Mapping[str, Kind]] = {
    kind.code: kind
    for kind in (
        Kind(
            "organizations", Organization, "submitted", Organization.submitted_at, (),
            lambda found: str(found.name), lambda found: "", checks.known_of_organization,
        ),
        _posting("needs", Need),
        _posting("offers", Offer),
        Kind(
            "cases", Partnership, "coordinator_review", Partnership.moved_at, _SIDES, _about_case,
            lambda found: str(found.npo.name), checks.known_of_case,
        ),
        Kind(
            "agreements", Partnership, "agreement_review", Partnership.moved_at, _SIDES, _about_case,
            lambda found: str(found.npo.name), checks.known_of_agreement,
        ),
        Kind(
            "comments", PublicComment, "waiting", PublicComment.written_at, (),
            lambda found: str(found.text), lambda found: "", checks.known_of_comment,
        ),
    )
}  # fmt: skip


@dataclass(frozen=True)
class Row:
    """One that waits: what it is about, whose it is, since when, and whether to look more closely."""

    public_id: str
    about: str
    who: str
    since: datetime | None
    needs_care: bool
    is_here: bool


@dataclass(frozen=True)
class Line:
    """The part of a queue around one record, and how many others wait in all."""

    code: str
    rows: Sequence[Row]
    others: int

    @property
    def beyond(self) -> int:
        """How many of them are not among the rows."""
        return self.others - sum(not row.is_here for row in self.rows)


@dataclass(frozen=True)
class Place:
    """Where a record stands in its queue; kept while a decision takes it out."""

    since: datetime | None
    id: int


def place(code: str, record: Any) -> Place:
    """Where a record stands in its queue."""
    return Place(getattr(record, KINDS[code].since.key), record.id)


def around(session: Session, actor: Actor, code: str, record: Any, now: datetime) -> Line:
    """The queue around a record; two queries, however long it is."""
    permissions.require(actor, "desk.view")
    kind, here = KINDS[code], place(code, record)
    earlier = func.coalesce(func.sum(case((~_behind(kind, here), 1), else_=0)), 0)
    itself = func.coalesce(func.sum(case((kind.record.id == record.id, 1), else_=0)), 0)
    total, before, is_in = session.execute(
        select(func.count(), earlier, itself).where(kind.record.state == kind.state)
    ).one()
    start = max(0, min(before - is_in - _BEFORE, total - SHOWN))
    found = session.scalars(_waiting(kind).offset(start).limit(SHOWN)).all()
    return Line(
        code,
        [
            Row(
                one.public_id, kind.about(one), kind.who(one), getattr(one, kind.since.key),
                any(check.needs_care for check in kind.known(one, now)), one.id == record.id,
            )
            for one in found
        ],
        total - is_in,
    )  # fmt: skip


def next_after(session: Session, actor: Actor, code: str, decided: Place) -> Any | None:
    """The record to decide on next, or ``None`` where nothing of this kind waits for the actor."""
    permissions.require(actor, "desk.view")
    kind = KINDS[code]
    first = case((_behind(kind, decided), 0), else_=1)
    rest = _waiting(kind).where(kind.record.id != decided.id).order_by(None)
    found = session.scalars(rest.order_by(first, *_order(kind)).limit(_TRIED)).all()
    barred = _for_managers(session, found) if code == "agreements" and actor.role != "manager" else set()
    return next((one for one in found if one.id not in barred), None)


def _for_managers(session: Session, cases: Sequence[Partnership]) -> set[int]:
    """The cases whose agreement a manager confirms."""
    signed = session.scalars(
        select(CaseDocument).where(
            CaseDocument.partnership_id.in_([one.id for one in cases]),
            CaseDocument.kind == "agreement",
            CaseDocument.state == "draft",
        )
    )
    return {document.partnership_id for document in signed if document.needs_manager}


def _waiting(kind: Kind) -> Any:
    return (
        select(kind.record)
        .where(kind.record.state == kind.state)
        .options(*kind.loads)
        .order_by(*_order(kind))
    )


def _order(kind: Kind) -> tuple[Any, ...]:
    return kind.since.is_not(None), kind.since, kind.record.id


def _behind(kind: Kind, here: Place) -> ColumnElement[bool]:
    """Whether a row stands behind a place in the order of ``_order``."""
    if here.since is None:
        return or_(kind.since.is_not(None), kind.record.id > here.id)
    later = func.coalesce(kind.since > here.since, False)
    at_once = func.coalesce(kind.since == here.since, False)
    return or_(later, and_(at_once, kind.record.id > here.id))
