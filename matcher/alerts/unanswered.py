"""見られたが返事がない (M13): the owner of a need that was seen and not answered hears once what may help.

From what companies said when they passed – never who, and nothing that only one of them said – and from what
the need leaves unsaid.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import and_, case, func, or_, select, update
from sqlalchemy.orm import Session

from matcher.ground.vocabulary import CAUSES
from matcher.postings.drafts import NEED_STEPS
from matcher.records import Mark, Need, Organization, Partnership, ShownList, ShownSuggestion
from matcher.register import notices, wording

AFTER: Final = timedelta(days=21)  #: of standing open without an answer
SHOWN: Final = 8  #: to so many companies, or
OPENED: Final = 3  #: read by so many
SAID_BY: Final = 2  #: companies must have given a reason: one alone would be known by it
_SHORT_TITLE: Final = 8  #: characters; in so few stands what is meant, not how much and what for
_BATCH: Final = 100

#: Cause → the field by which it is mended.
FIELDS: Final[Mapping[str, str]] = {
    "timing": "period_from", "quantity": "min_useful", "skill": "skills", "field": "fields",
    "distance": "mode", "information": "situation", "no_quantity": "quantity",
    "no_period": "period_from", "vague_title": "title", "no_return": "what_we_give",
}  # fmt: skip


@dataclass(frozen=True)
class Quiet:
    """A need that was seen and not answered: by how many companies, for how long, and why that may be."""

    shown: int
    opened: int
    for_days: int
    causes: tuple[str, ...]


def step_of(cause: str) -> int:
    """The page of the guided form on which a cause is mended."""
    return next(number for number, names in enumerate(NEED_STEPS, 1) if FIELDS[cause] in names)


def of(session: Session, need: Need, now: datetime) -> Quiet | None:
    """How quiet it is about a need, and why that may be; ``None`` where nothing is to be said."""
    found = _quiet(session, {need.id}, now)
    return _with_causes(session, need, found[need.id], now) if need.id in found else None


def tell_owners(session: Session, now: datetime) -> int:
    """Tell each owner once; returns how many needs."""
    due = session.scalars(
        select(Need)
        .where(Need.state == "open", Need.quiet_told_at.is_(None), Need.published_at <= now - AFTER)
        .order_by(Need.published_at, Need.id)
    ).all()
    told = 0
    for start in range(0, len(due), _BATCH):
        some = due[start : start + _BATCH]
        found = _quiet(session, {need.id for need in some}, now)
        for need in some:
            quiet = _with_causes(session, need, found[need.id], now) if need.id in found else None
            if quiet is None:
                continue
            # Not through the record: hearing of it must not outdate a form that somebody fills in.
            session.execute(update(Need).where(Need.id == need.id).values(quiet_told_at=now))
            said = wording.need_unanswered(
                need, quiet.shown, quiet.opened, quiet.for_days, list(quiet.causes)
            )
            notices.tell_organization(
                session, need.organization_id, *said, now, about=("need", need.public_id)
            )
            told += 1
    return told


def _quiet(session: Session, ids: Collection[int], now: datetime) -> dict[int, tuple[int, int]]:
    """Need id → to how many companies it was shown, and how many have read it; of those that have stood open
    for long enough, were shown to or read by enough, and are in no case.
    """
    company = ShownList.organization_id
    shown = func.count(func.distinct(company))
    opened = func.count(func.distinct(case((ShownSuggestion.opened_at.is_not(None), company))))
    answered = select(Partnership.id).where(Partnership.need_id == Need.id)
    rows = session.execute(
        select(Need.id, shown, opened)
        .join(ShownSuggestion, ShownSuggestion.need_id == Need.id)
        .join(ShownList, and_(ShownList.id == ShownSuggestion.shown_list_id, ShownList.need_id.is_(None)))
        .join(Organization, and_(Organization.id == company, Organization.kind == "company"))
        .where(Need.id.in_(ids), Need.state == "open", Need.published_at <= now - AFTER, ~answered.exists())
        .group_by(Need.id)
        .having(or_(shown >= SHOWN, opened >= OPENED))
    )
    return {row[0]: (row[1], row[2]) for row in rows}


def _with_causes(session: Session, need: Need, counts: tuple[int, int], now: datetime) -> Quiet | None:
    causes = (*_said(session, need), *_unsaid(need))
    if not causes or need.published_at is None:
        return None
    return Quiet(*counts, (now - need.published_at).days, causes)


def _said(session: Session, need: Need) -> list[str]:
    """What several companies gave as their reason, the most frequent first."""
    companies = func.count(func.distinct(Mark.organization_id))
    rows = session.execute(
        select(Mark.reason_code, companies)
        .where(Mark.kind == "passed", Mark.need_id == need.id, Mark.reason_code.in_(list(CAUSES)))
        .group_by(Mark.reason_code)
        .having(companies >= SAID_BY)
        .order_by(companies.desc(), Mark.reason_code)
    )
    return [str(row[0]) for row in rows]


def _unsaid(need: Need) -> list[str]:
    found = {
        "no_quantity": need.quantity is None,
        "no_period": need.period_from is None and need.period_to is None,
        "vague_title": len(need.title) < _SHORT_TITLE,
        "no_return": not need.what_we_give.strip(),
    }
    return [cause for cause, is_so in found.items() if is_so]
