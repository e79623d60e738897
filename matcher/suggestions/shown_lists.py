"""Lists as they were shown, and what people made of them: opened, saved, passed.

What was shown is recorded as it was shown (M9): rank, score, parts and reasons never change afterwards.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, cast

from sqlalchemy import Insert, Table, func, insert, select
from sqlalchemy.orm import Session, joinedload

from matcher.ground import permissions, vocabulary
from matcher.ground.errors import Invalid, NotFound
from matcher.ground.permissions import Actor
from matcher.organizations import reads as organization_reads
from matcher.records import Mark, Need, Offer, Organization, ShownList, ShownSuggestion
from matcher.records.base import new_public_id
from matcher.register import audit
from matcher.suggestions import weights
from matcher.suggestions.conditions import Filters
from matcher.suggestions.indexing import LiveIndex
from matcher.suggestions.shortlist import Shortlist

#: Of the tables themselves: a unit of work for eleven rows that nobody reads again costs much more.
_OF_LIST: Final = insert(cast(Table, ShownList.__table__)).returning(ShownList.id)
_OF_CARD: Final = insert(cast(Table, ShownSuggestion.__table__))


def record(
    session: Session,
    live: LiveIndex,
    actor: Actor,
    organization: Organization,
    suggestions: Shortlist,
    now: datetime,
    *,
    need: Need | None = None,
    filters: Filters | None = None,
) -> ShownList:
    """``compose`` and ``write`` in one, for a session that writes."""
    shown = compose(session, live, actor, organization, suggestions, now, need=need, filters=filters)
    shown.id = write(session, shown)
    return shown


def write(session: Session, shown: ShownList) -> int:
    """Write a list that was composed, perhaps by a session that only reads, all its cards in one statement.

    Returns:
        the key of the list.
    """
    number: int = session.scalars(_OF_LIST, _values(_OF_LIST, shown)).one()
    cards = [_values(_OF_CARD, card) | {"shown_list_id": number} for card in shown.items]
    if cards:
        session.execute(_OF_CARD, cards)
    return number


def _values(insertion: Insert, row: ShownList | ShownSuggestion) -> dict[str, Any]:
    held = vars(row)
    return {column.key: held[column.key] for column in insertion.table.columns if column.key in held}


def compose(
    session: Session,
    live: LiveIndex,
    actor: Actor,
    organization: Organization,
    suggestions: Shortlist,
    now: datetime,
    *,
    need: Need | None = None,
    filters: Filters | None = None,
) -> ShownList:
    """The list as it is shown, not yet kept: ``session`` is only read, and every card has its public id.

    Raises:
        NotFound, NotPermitted: the organization is another's.
    """
    permissions.require(actor, "suggestions.view", organization)
    for suggestion in suggestions:
        suggestion.public_id = new_public_id()
    return ShownList(
        public_id=new_public_id(),
        viewer_id=actor.user_id,
        organization_id=organization.id,
        need_id=need.id if need else None,
        shown_at=now,
        model_id=live.model_id or "",
        index_version=live.applied_version,
        weights_version=suggestions.weights_version or weights.serving(session, live.model_id).version,
        filters=filters.as_dict() if filters else {},
        draw=suggestions.draw.as_dict() if suggestions.draw else {},
        items=[
            ShownSuggestion(
                public_id=suggestion.public_id,
                rank=suggestion.rank,
                candidate_id=suggestion.candidate.id,
                need_id=suggestion.need.id if suggestion.need else None,
                offer_id=suggestion.offer.id if suggestion.offer else None,
                score=round(suggestion.fit.score, 4),
                parts={code: round(value, 4) for code, value in suggestion.fit.parts.items()},
                reasons=suggestion.reasons,
                is_newcomer=suggestion.is_newcomer,
            )
            for suggestion in suggestions
        ],
    )


def get(session: Session, actor: Actor, public_id: str) -> ShownSuggestion:
    """A suggestion as it was shown, for members of the organization it was shown to and for staff.

    Raises:
        NotFound
    """
    found = session.scalar(
        select(ShownSuggestion)
        .where(ShownSuggestion.public_id == public_id)
        .options(joinedload(ShownSuggestion.shown_list), joinedload(ShownSuggestion.candidate))
    )
    if found is None or not (actor.is_staff or actor.organization_id == found.shown_list.organization_id):
        raise NotFound("suggestion")
    return found


@dataclass(frozen=True)
class Page:
    """What the detail page shows beside the suggestion as it was recorded."""

    company: Organization
    npo: Organization
    need: Need | None
    offer: Offer | None
    quotes: tuple[str, str] | None
    shown_to_others: int  #: to how many other organizations this need was shown; a count, no names
    mark: str  #: saved, passed or empty


def page_of(session: Session, shown: ShownSuggestion) -> Page:
    """The two sides of a shown suggestion with their texts as they stand now."""
    viewer_id = shown.shown_list.organization_id
    found = session.scalars(
        select(Organization)
        .where(Organization.id.in_((viewer_id, shown.candidate_id)))
        .options(joinedload(Organization.company), joinedload(Organization.npo))
    ).all()
    sides = {organization.kind: organization for organization in found}
    need, offer = need_of(session, shown), session.get(Offer, shown.offer_id or 0)
    # Where no two sentences carry the fit, the reason says so and quotes nobody.
    quote = next((one for one in shown.reasons if one["code"] == "quote" and "company" in one), None)
    others = select(func.count(ShownList.organization_id.distinct())).join(
        ShownSuggestion, ShownSuggestion.shown_list_id == ShownList.id
    )
    about = (
        ShownSuggestion.need_id == shown.need_id
        if shown.need_id is not None
        else ShownSuggestion.candidate_id == shown.candidate_id
    )
    own = _mark_row(session, viewer_id, shown.candidate_id, need)
    return Page(
        sides["company"],
        sides["npo"],
        need,
        offer,
        (quote["company"], quote["npo"]) if quote else None,
        session.scalar(others.where(about, ShownList.organization_id != viewer_id)) or 0,
        own.kind if own else "",
    )


def need_of(session: Session, shown: ShownSuggestion) -> Need | None:
    """The need that a shown suggestion speaks of."""
    return None if shown.need_id is None else session.get(Need, shown.need_id)


def mark(
    session: Session,
    actor: Actor,
    target: Organization,
    need: Need | None,
    kind: str,
    now: datetime,
    *,
    reason_code: str | None = None,
    note: str = "",
) -> None:
    """Save (保存) or pass (見送り, with a coded reason that only the coordinator reads).

    Raises:
        Invalid: a pass without a reason of the list, or for another reason without a word.
    """
    own = organization_reads.own_organization(session, actor)
    permissions.require(actor, "suggestions.mark", own)
    if kind == "passed" and reason_code not in vocabulary.PASS_REASONS:
        raise Invalid(reason_code="required")
    if kind == "passed" and reason_code == "other" and not note.strip():
        raise Invalid(note="required")
    row = _mark_row(session, own.id, target.id, need)
    if row is None:
        row = Mark(organization_id=own.id, target_id=target.id, need_id=need.id if need else 0)
        session.add(row)
    if (row.kind, row.reason_code, row.note) == (kind, reason_code, note.strip()):
        return  # a second click
    row.kind, row.reason_code, row.note = kind, reason_code, note.strip()
    row.marked_by_id, row.marked_at = actor.user_id or 0, now
    audit.record(
        session, actor, kind, "organization", target.public_id, now,
        reason_code=reason_code, details={"need": need.public_id} if need else {},
    )  # fmt: skip


def mark_of(session: Session, actor: Actor, target_id: int, need: Need | None) -> str:
    """What the actor's organization made of a target: ``saved``, ``passed`` or empty."""
    row = _mark_row(session, actor.organization_id or 0, target_id, need)
    return row.kind if row else ""


def unmark(session: Session, actor: Actor, target: Organization, need: Need | None, now: datetime) -> None:
    """Take a mark back: the organization may be suggested again."""
    own = organization_reads.own_organization(session, actor)
    permissions.require(actor, "suggestions.mark", own)
    row = _mark_row(session, own.id, target.id, need)
    if row is not None:
        session.delete(row)
        audit.record(
            session, actor, "unmark", "organization", target.public_id, now,
            details={"need": need.public_id} if need else {},
        )  # fmt: skip


def _mark_row(session: Session, own_id: int, target_id: int, need: Need | None) -> Mark | None:
    return session.scalar(
        select(Mark).where(
            Mark.organization_id == own_id,
            Mark.target_id == target_id,
            Mark.need_id == (need.id if need else 0),
        )
    )
