"""The demo city's people look at their suggestions, so that its desk has something to be fair about."""

from datetime import datetime, timedelta
from random import Random
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from matcher.desk import noted
from matcher.ground.db import Database
from matcher.ground.permissions import Actor
from matcher.people import accounts
from matcher.records import Membership, Need, Organization, ShownList, ShownSuggestion, User
from matcher.suggestions import shown_lists, suggest
from matcher.suggestions.indexing import LiveIndex

VISITS: Final = 45  #: lists that were looked at in the weeks before
WEEKS: Final = 8


def load(database: Database, now: datetime) -> int:
    """Let members look at their lists on some of the days before ``now``; returns how many lists.

    Always the same ones. The vectors must be encoded and serve. Each list is recorded as of its day, though
    ranked over the texts as they stand now.
    """
    random = Random(20261001)  # noqa: S311 – a demo that is always the same
    live = LiveIndex()
    with database.write() as session:
        live.level(session)
        members = session.scalars(
            select(Membership)
            .join(Membership.organization)
            .join(Membership.user)
            .where(
                Organization.state == "verified", User.status == "active",
                Membership.role == "owner", Membership.began_at.is_not(None), Membership.ended_at.is_(None),
            )
            .options(
                joinedload(Membership.user).options(accounts.loaded()),
                joinedload(Membership.organization).options(
                    joinedload(Organization.company), joinedload(Organization.npo)
                ),
            )
            .order_by(User.id, Membership.id)
        ).all()  # fmt: skip
        chosen = random.sample(list(members), min(VISITS, len(members)))
        days = sorted(random.uniform(1, WEEKS * 7) for _ in chosen)
        for member, days_ago in zip(chosen, reversed(days), strict=True):
            _look(session, live, member, now - timedelta(days=days_ago), random)
    return len(chosen)


def _look(session: Session, live: LiveIndex, member: Membership, at: datetime, random: Random) -> None:
    own = member.organization
    actor = accounts.actor_of(member.user, own.id)
    if own.kind == "company":
        found = suggest.for_company(session, live, own, limit=5, now=at)
        shown = shown_lists.record(session, live, actor, own, found, at)
    else:
        need = session.scalar(
            select(Need)
            .where(Need.organization_id == own.id, Need.state == "open")
            .options(joinedload(Need.organization).joinedload(Organization.npo))
            .order_by(Need.id)
            .limit(1)
        )
        if need is None:
            return
        found = suggest.for_need(session, live, need, limit=5, now=at)
        shown = shown_lists.record(session, live, actor, own, found, at, need=need)
    _read_some(session, shown, actor, at, random)


def _read_some(session: Session, shown: ShownList, actor: Actor, at: datetime, random: Random) -> None:
    cards = session.scalars(
        select(ShownSuggestion.public_id)
        .where(ShownSuggestion.shown_list_id == shown.id)
        .order_by(ShownSuggestion.rank)
    ).all()
    for place, card in enumerate(cards):
        if random.random() < 0.5 / (place + 1):
            noted.note_opened(session, actor, card, at + timedelta(minutes=1 + place))
