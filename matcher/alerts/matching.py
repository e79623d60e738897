"""What was newly encoded and whom it fits, by the ranking that serves; a bounded piece of it at a time.

Only the worker asks: a page that waited for this would be slow on the day on which much is published. How far
it has come is kept as the version of the embedding table and the number of its row.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session, joinedload

from matcher.alerts import searches, telling
from matcher.alerts.bars import Found
from matcher.ground.db import Database
from matcher.records import Embedding, Need, Offer, Organization, ShownList, ShownSuggestion
from matcher.register import numbers
from matcher.suggestions import ranking, suggest
from matcher.suggestions.indexing import LiveIndex

BATCH: Final = 50  #: records looked at in one round
REACH: Final = 100  #: so many companies hear of one need at most, those whom it fits best
NEW_TO_ONE: Final = 20  #: and a company with a new offer or profile of so many needs, or they of it
NEWS: Final = timedelta(days=30)  #: what was published longer ago is no news, whatever happens to it
_COUNTER: Final = "alerts"


@dataclass(frozen=True)
class _Place:
    """How far matching has come: everything up to this row of this version was looked at."""

    version: int = 0
    row: int = 0


@dataclass
class _Round:
    """What one round has found."""

    place: _Place
    found: list[Found] = field(default_factory=list)
    needs: list[int] = field(default_factory=list)  #: new needs and offers, for the saved searches
    offers: list[int] = field(default_factory=list)


def match_new(database: Database, live: LiveIndex, now: datetime, limit: int = BATCH) -> bool:
    """Look at up to ``limit`` newly encoded records and tell whom they fit; whether there may be more.

    Nothing is held while it is worked out; what was found is written in one transaction with how far it is.
    """
    with database.read() as session:
        live.level(session)
        before = _place(session)
        rows = _next(session, live, before, limit)
        if not rows:
            return False
        round_ = _Round(_Place(rows[-1].version, rows[-1].id))
        for row in rows:
            _look_at(session, live, row, now, round_)
        met = [
            *searches.met(session, live, "need", round_.needs),
            *searches.met(session, live, "offer", round_.offers),
        ]
    with database.write() as session:
        if _place(session) != before:
            return True  # another process was faster
        telling.tell(session, round_.found, searches.still_kept(session, met), now)
        counter = numbers.counter(session, _COUNTER)
        counter.value, counter.text = round_.place.version, str(round_.place.row)
    return len(rows) == limit


def _place(session: Session) -> _Place:
    row = numbers.peek(session, _COUNTER)
    return _Place() if row is None else _Place(row.value, int(row.text or 0))


def _next(session: Session, live: LiveIndex, after: _Place, limit: int) -> Sequence[Any]:
    newer = or_(
        Embedding.version > after.version,
        and_(Embedding.version == after.version, Embedding.id > after.row),
    )
    return session.execute(
        select(Embedding.id, Embedding.version, Embedding.owner_type, Embedding.owner_id)
        .where(
            Embedding.model_id == (live.model_id or ""),
            Embedding.vector.is_not(None),
            Embedding.version <= live.applied_version,
            newer,
        )
        .order_by(Embedding.version, Embedding.id)
        .limit(limit)
    ).all()


def _look_at(session: Session, live: LiveIndex, row: Any, now: datetime, round_: _Round) -> None:
    if row.owner_type == "need":
        need = _posting(session, Need, row.owner_id)
        if is_news(need.published_at, now) and need.is_listed and need.organization.is_listed:
            round_.needs.append(need.id)
            round_.found += _of_need(session, live, need)
    elif row.owner_type == "offer":
        offer = _posting(session, Offer, row.owner_id)
        if is_news(offer.published_at, now) and offer.is_open and offer.organization.is_verified:
            if offer.organization.is_listed:
                round_.offers.append(offer.id)
            round_.found += _of_company(session, live, offer.organization, offer, now)
    elif row.owner_type == "company":
        company = session.scalars(
            select(Organization)
            .where(Organization.id == row.owner_id)
            .options(joinedload(Organization.company))
        ).one()
        if company.is_verified:
            round_.found += _of_company(session, live, company, None, now)


def is_news(since: datetime | None, now: datetime) -> bool:
    """Whether what has stood open since then may be told as new."""
    return since is not None and now - since <= NEWS


def _posting(session: Session, kind: Any, number: int) -> Any:
    profiles = joinedload(kind.organization)
    return session.scalars(
        select(kind)
        .where(kind.id == number)
        .options(profiles.joinedload(Organization.npo), profiles.joinedload(Organization.company))
    ).one()


def _of_need(session: Session, live: LiveIndex, need: Need) -> Iterator[Found]:
    """The companies that a new need fits."""
    for item in suggest.for_need(session, live, need, limit=REACH, quoted=False):
        if item.fit.level != "low":
            yield Found(
                item.candidate.id,
                need.organization_id,
                "need",
                need.id,
                need.id,
                item.fit.score,
                why(item.fit),
            )


def _of_company(
    session: Session, live: LiveIndex, company: Organization, offer: Offer | None, now: datetime
) -> Iterator[Found]:
    """The needs that are new to a company whose profile or offer is new, and the NPOs to which it is."""
    known = _shown_to(session, company)
    is_new = offer is not None or is_news(company.verified_at, now)
    for item in suggest.for_company(session, live, company, limit=NEW_TO_ONE, quoted=False):
        npo, need, fit = item.candidate, item.need, item.fit
        if fit.level == "low":
            continue
        if need is not None and need.id not in known:
            yield Found(company.id, npo.id, "need", need.id, need.id, fit.score, why(fit))
        # What the card speaks of is what is told: the new offer, or the company as a whole.
        if is_new and company.is_listed and item.offer is offer:
            kind, number = ("company", company.id) if offer is None else ("offer", offer.id)
            yield Found(npo.id, company.id, kind, number, need.id if need else 0, fit.score, why(fit))


def _shown_to(session: Session, company: Organization) -> set[int]:
    """The needs that stood in a company's suggestions: they are not new to it."""
    return set(
        session.scalars(
            select(ShownSuggestion.need_id)
            .join(ShownList, ShownList.id == ShownSuggestion.shown_list_id)
            .where(ShownList.organization_id == company.id, ShownSuggestion.need_id.is_not(None))
            .distinct()
        )
    )


def why(fit: ranking.Fit) -> dict[str, Any]:
    """The first reason that speaks for a pair, as it is kept; empty where none does."""
    return next((one for one in ranking.reasons_as_dicts(fit) if one["mark"] == "○"), {})
