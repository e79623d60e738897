"""What pages ask of plans: one, the newest, what was fixed in one, and what became of its drafts."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload, selectinload

from matcher.cases import reads as case_reads
from matcher.ground import permissions
from matcher.ground.errors import NotFound
from matcher.ground.permissions import Actor
from matcher.records import Need, Offer, Partnership, RecommendationDraft, YearPlan, YearPlanEdit
from matcher.register import audit

LISTED: Final = 20


@dataclass(frozen=True)
class Drafted:
    """A draft, and the case that has come of it since."""

    draft: RecommendationDraft
    case: Partnership | None


def get(session: Session, actor: Actor, public_id: str) -> YearPlan:
    """One plan with its edits.

    Raises:
        NotPermitted, NotFound
    """
    permissions.require(actor, "desk.recommend")
    found = session.scalar(
        select(YearPlan)
        .where(YearPlan.public_id == public_id)
        .options(
            joinedload(YearPlan.asked_by),
            selectinload(YearPlan.edits).joinedload(YearPlanEdit.need),
            selectinload(YearPlan.edits).joinedload(YearPlanEdit.offer),
        )
    )
    if found is None:
        raise NotFound("yearplan")
    return found


def recent(session: Session, actor: Actor) -> Sequence[YearPlan]:
    """The newest plans, with who asked for them.

    Raises:
        NotPermitted
    """
    permissions.require(actor, "desk.recommend")
    newest = select(YearPlan).options(joinedload(YearPlan.asked_by)).order_by(YearPlan.id.desc())
    return session.scalars(newest.limit(LISTED)).all()


def fixed(plan: YearPlan, kind: str) -> frozenset[tuple[str, str]]:
    """What was ``locked`` or ``forbidden`` before it was made; its edits must be loaded."""
    return frozenset((edit.need.public_id, edit.offer.public_id) for edit in plan.edits if edit.kind == kind)


def drafts(session: Session, actor: Actor, plan: YearPlan) -> list[Drafted]:
    """The drafts that were made of a plan, and the open case that each has become.

    Raises:
        NotPermitted
    """
    permissions.require(actor, "desk.recommend")
    rows = session.scalars(
        select(RecommendationDraft)
        .where(RecommendationDraft.plan_id == plan.id)
        .options(
            joinedload(RecommendationDraft.need).joinedload(Need.organization),
            joinedload(RecommendationDraft.offer).joinedload(Offer.organization),
        )
        .order_by(RecommendationDraft.id)
    ).all()
    return [
        Drafted(
            row,
            case_reads.find_open_case(
                session, row.offer.organization_id, row.need.organization_id, row.need_id
            ),
        )
        for row in rows
    ]


def drafted_amount(session: Session, actor: Actor, need: Need, offer: Offer) -> float | None:
    """The amount of the newest draft for these two; ``None`` where there is none, or it names none."""
    permissions.require(actor, "desk.recommend")
    query = (
        select(RecommendationDraft.quantity)
        .where(RecommendationDraft.need_id == need.id, RecommendationDraft.offer_id == offer.id)
        .order_by(RecommendationDraft.id.desc())
        .limit(1)
    )
    return session.scalar(query)


def named(session: Session, keys: Collection[str]) -> tuple[dict[str, Need], dict[str, Offer]]:
    """Needs and offers by public id, with their organizations."""
    needs = session.scalars(
        select(Need).where(Need.public_id.in_(keys)).options(joinedload(Need.organization))
    )
    offers = session.scalars(
        select(Offer).where(Offer.public_id.in_(keys)).options(joinedload(Offer.organization))
    )
    return {need.public_id: need for need in needs}, {offer.public_id: offer for offer in offers}


def export_note(actor: Actor, plan: YearPlan, now: datetime) -> audit.Note:
    """That a plan leaves the service as a file.

    Raises:
        NotPermitted
    """
    permissions.require(actor, "desk.export")
    return audit.Note(actor, "export", "yearplan", plan.public_id, now, details={"format": "xlsx"})
