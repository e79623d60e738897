"""保存した条件: conditions of the list of needs or of offers that a person keeps, and what meets them.

Nobody else sees them, and nobody is told. They are asked as the list asks them – conditions, and
words by part of a word or by meaning –, so that what is told as new is what the list would show.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, Literal

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from matcher.alerts.bars import Met
from matcher.ground import limits, permissions
from matcher.ground.errors import Invalid, NotFound
from matcher.ground.permissions import Actor
from matcher.organizations import reads as organization_reads
from matcher.postings import finding
from matcher.postings.wanted import Wanted
from matcher.records import Hit, Organization, SavedSearch
from matcher.register import audit
from matcher.suggestions.indexing import LiveIndex

MOST: Final = 20  #: of one person in the name of one organization
NAME: Final = 60


def own(session: Session, actor: Actor) -> Sequence[SavedSearch]:
    """The actor's own, the oldest first."""
    return session.scalars(
        select(SavedSearch)
        .where(
            SavedSearch.user_id == (actor.user_id or 0),
            SavedSearch.organization_id == (actor.organization_id or 0),
        )
        .order_by(SavedSearch.id)
    ).all()


def get(session: Session, actor: Actor, public_id: str) -> SavedSearch:
    """One of the actor's own.

    Raises:
        NotFound
    """
    found = next((one for one in own(session, actor) if one.public_id == public_id), None)
    if found is None:
        raise NotFound("saved_search")
    return found


def hits_of(session: Session, searches: Sequence[SavedSearch]) -> Mapping[int, int]:
    """Search id → how often it has found something so far."""
    rows = session.execute(
        select(Hit.search_id, func.count())
        .where(Hit.search_id.in_([one.id for one in searches]))
        .group_by(Hit.search_id)
    )
    return {search_id: count for search_id, count in rows if search_id is not None}


def save(
    session: Session, actor: Actor, name: str, conditions: Mapping[str, str], now: datetime
) -> SavedSearch:
    """Keep conditions under a name; the same conditions are kept once.

    Raises:
        Invalid: no name, too long a one, no condition, or there are too many already.
    """
    organization = organization_reads.own_organization(session, actor)
    permissions.require(actor, "suggestions.mark", organization)
    name = _named(name)
    if not conditions:
        raise Invalid(name="search_without_conditions")
    kept = own(session, actor)
    same = next((one for one in kept if one.conditions == dict(conditions)), None)
    if same is not None:
        return same
    if len(kept) >= MOST:
        raise Invalid(name="too_many_searches")
    made = SavedSearch(
        user_id=actor.user_id, organization_id=organization.id, name=name, conditions=dict(conditions),
        is_paused=False, created_at=now,
    )  # fmt: skip
    session.add(made)
    session.flush()
    _record(session, actor, "save_search", made, now)
    return made


def rename(session: Session, actor: Actor, search: SavedSearch, name: str, now: datetime) -> None:
    """Give it another name.

    Raises:
        Invalid: none, or too long a one.
    """
    name = _named(name)
    if name != search.name:
        search.name = name
        _record(session, actor, "rename_search", search, now)


def pause(session: Session, actor: Actor, search: SavedSearch, now: datetime) -> None:
    """Let it find nothing for a while."""
    if not search.is_paused:
        search.is_paused = True
        _record(session, actor, "pause_search", search, now)


def resume(session: Session, actor: Actor, search: SavedSearch, now: datetime) -> None:
    """Let it find again what is new from now on."""
    if search.is_paused:
        search.is_paused = False
        _record(session, actor, "resume_search", search, now)


def delete(session: Session, actor: Actor, search: SavedSearch, now: datetime) -> None:
    """Forget it; what it has found stays in the list."""
    _record(session, actor, "delete_search", search, now)
    session.delete(search)
    session.flush()


def met(
    session: Session, live: LiveIndex, owner_type: Literal["need", "offer"], ids: Collection[int]
) -> list[Met]:
    """The searches that are met by some of these needs or offers, each with what meets it and why."""
    if not ids:
        return []
    side = "company" if owner_type == "need" else "npo"
    searches = session.scalars(
        select(SavedSearch)
        .join(Organization, Organization.id == SavedSearch.organization_id)
        .where(SavedSearch.is_paused.is_(False), Organization.kind == side, Organization.state == "verified")
        .order_by(SavedSearch.id)
    ).all()
    # What many people ask is asked once.
    asked: dict[str, Mapping[int, dict[str, Any]]] = {}
    result = []
    for search in searches:
        key = json.dumps(search.conditions, sort_keys=True)
        if key not in asked:
            looked_for = Wanted.of(search.conditions)
            found = finding.meeting(session, live, owner_type, ids, looked_for)
            asked[key] = {number: reason(looked_for, why) for number, why in found.items()}
        result += [Met(search, owner_type, number, why) for number, why in asked[key].items()]
    return result


def still_kept(session: Session, met: Sequence[Met]) -> list[Met]:
    """Those whose search was neither forgotten nor paused while it was asked."""
    ids = {one.search.id for one in met}
    rows = session.scalars(
        select(SavedSearch).where(SavedSearch.id.in_(ids), SavedSearch.is_paused.is_(False))
    )
    kept = {one.id: one for one in rows}
    return [one._replace(search=kept[one.search.id]) for one in met if one.search.id in kept]


def reason(looked_for: Wanted, why: finding.Why) -> dict[str, Any]:
    """Why typed words found something, as a hit keeps it; empty where only conditions were met."""
    if not looked_for.words:
        return {}
    said = {"says": "near_words", "sentence": why.sentence} if why.sentence else {"says": "says_words"}
    return {"code": "search", "mark": "○", "words": looked_for.words, **said}


def _named(name: str) -> str:
    name = " ".join(name.split())
    if not name:
        raise Invalid(name="required")
    if limits.is_too_long(name, NAME):
        raise Invalid(name="too_long")
    return name


def _record(session: Session, actor: Actor, action: str, search: SavedSearch, now: datetime) -> None:
    audit.record(
        session, actor, action, "user", actor.user_public_id or "", now, details={"search": search.public_id}
    )
