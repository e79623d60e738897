"""What is done with a plan: asked for and adopted. Adopting drafts recommendations and sends nothing."""

from collections.abc import Callable, Collection
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from matcher.ground import permissions
from matcher.ground.errors import Invalid, Refused
from matcher.ground.permissions import Actor
from matcher.jobs import tickets
from matcher.planning.gathering import MOST_PLACES, Settings
from matcher.planning.task import Plan
from matcher.records import Need, Offer, RecommendationDraft, YearPlan, YearPlanEdit
from matcher.records.base import new_public_id
from matcher.register import act, audit
from matcher.register.act import Done, Look, Words
from matcher.register.untold import UNTOLD

Pairs = Collection[tuple[str, str]]  #: (public id of a need, of an offer)


def ask(
    session: Session,
    actor: Actor,
    settings: Settings,
    now: datetime,
    *,
    title: str,
    address: Callable[[str], str],
    based_on: YearPlan | None = None,
    locked: Pairs = (),
    forbidden: Pairs = (),
) -> YearPlan:
    """Put a plan in line; ``running.run`` makes it.

    Args:
        title: what people read while they wait. address: of the page of a plan, by its public id.
        based_on: the plan that is edited.
        locked: to be in the new plan whatever else is. forbidden: not to be in it.

    Raises:
        Invalid: a setting that cannot be meant; a pair that is both fixed and ruled out.
        tickets.Crowded: too many plans of this person wait.
    """
    permissions.require(actor, "desk.recommend")
    _check(settings)
    if set(locked) & set(forbidden):
        raise Invalid(locked="locked_and_forbidden")
    plan = YearPlan(
        asked_by_id=actor.user_id or 0, asked_at=now, settings=settings.as_dict(),
        based_on_id=based_on.id if based_on else None, inputs={}, result={}, without_floors={}, whys={},
    )  # fmt: skip
    session.add(plan)
    session.flush()
    for kind, pairs in (("locked", locked), ("forbidden", forbidden)):
        for need, offer in _found(session, pairs):
            session.add(YearPlanEdit(plan_id=plan.id, need_id=need.id, offer_id=offer.id, kind=kind))
    tickets.ask(
        session, actor, "plan", plan.public_id, now, public_id=new_public_id(), title=title,
        address=address(plan.public_id), about=("yearplan", plan.public_id),
    )  # fmt: skip
    audit.record(
        session, actor, "ask_plan", "yearplan", plan.public_id, now,
        details={**settings.as_dict(), "locked": len(locked), "forbidden": len(forbidden)},
    )  # fmt: skip
    return plan


def _check(settings: Settings) -> None:
    least = {"most_of_company": 1, "newcomers": 0, "of_each_district": 0, "most_of_field": 1}
    wrong = {
        name: "plan_places"
        for name, value in settings.as_dict().items()
        if value is not None and not least[name] <= value <= MOST_PLACES
    }
    if wrong:
        raise Invalid(**wrong)


def _found(session: Session, pairs: Pairs) -> list[tuple[Need, Offer]]:
    """The needs and offers that are meant; what there is not is left out."""
    needs = session.scalars(select(Need).where(Need.public_id.in_({need for need, _offer in pairs})))
    offers = session.scalars(select(Offer).where(Offer.public_id.in_({offer for _need, offer in pairs})))
    need_of = {need.public_id: need for need in needs}
    offer_of = {offer.public_id: offer for offer in offers}
    return [
        (need_of[need], offer_of[offer])
        for need, offer in sorted(pairs)
        if need in need_of and offer in offer_of
    ]


@act.act(
    "adopt_plan", record=YearPlan, way=UNTOLD, by="desk.recommend", whose=lambda look: None,
    open_in=frozenset({"solved"}),
    words=Words(
        "推薦の下書きにする", "推薦の下書きを作りました。まだだれにも送っていません。",
        "組み合わせ案から推薦の下書きを作りました",
    ),
)  # fmt: skip
def adopt(look: Look, pairs: Pairs) -> Done:
    """Draft a recommendation for each chosen row, with the planned amount; somebody opens and sends it.

    Raises:
        Refused: none of the rows is one of the plan.
    """
    session, plan = look.session, look.record
    rows = {row.key: row for row in Plan.of(plan.result).chosen}
    known = select(RecommendationDraft.need_id, RecommendationDraft.offer_id)
    drafted = {
        (need_id, offer_id)
        for need_id, offer_id in session.execute(known.where(RecommendationDraft.plan_id == plan.id))
    }
    chosen = [
        (need, offer)
        for need, offer in _found(session, pairs)
        if (need.public_id, offer.public_id) in rows
    ]  # fmt: skip
    if not chosen:
        raise Refused("plan_nothing_chosen")
    made = 0
    for need, offer in chosen:
        if (need.id, offer.id) in drafted:
            continue
        session.add(
            RecommendationDraft(
                plan_id=plan.id, need_id=need.id, offer_id=offer.id,
                quantity=rows[need.public_id, offer.public_id].amount,
                drafted_by_id=look.actor.user_id or 0, drafted_at=look.now,
            )
        )  # fmt: skip
        made += 1
    return Done(made, {"drafts": made}, is_quiet=made == 0)
