"""SELECTs of the lists of needs and offers: browsing by other members and residents, and one's own."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, case, func, select
from sqlalchemy.orm import Session, joinedload

from matcher.cases.reads import cases_of_party
from matcher.ground import calendar, lifecycle, permissions, vocabulary
from matcher.ground.errors import NotFound
from matcher.ground.permissions import Actor
from matcher.postings import wanted
from matcher.postings.wanted import Wanted
from matcher.records import Mark, Need, Offer, Organization, Partnership, ShownList, ShownSuggestion
from matcher.register.paging import Listing, page_of

PAGE_SIZE = 20


def open_needs(
    session: Session, conditions: Mapping[str, str], *, public: bool, sort: str = "newest", page: int = 1
) -> Listing:
    """Open needs that others may see: ``public`` ones for residents, those for members as well otherwise.

    Args:
        conditions: as ``Wanted`` keeps them.
    """
    query = wanted.listed(Need, public=public).options(
        joinedload(Need.organization).joinedload(Organization.npo)
    )
    return _page(session, query, Need, conditions, sort, page)


def open_offers(
    session: Session, conditions: Mapping[str, str], *, sort: str = "newest", page: int = 1
) -> Listing:
    """Open offers of verified companies, for members."""
    query = wanted.listed(Offer).options(joinedload(Offer.organization).joinedload(Organization.company))
    return _page(session, query, Offer, conditions, sort, page)


def _page(
    session: Session, query: Select[Any], kind: Any, conditions: Mapping[str, str], sort: str, page: int
) -> Listing:
    looked_for = Wanted.of(conditions)
    query = query.where(*wanted.said(looked_for, kind), *wanted.met(looked_for.filters, kind))
    order = [kind.published_at.desc(), kind.id.desc()]
    if sort == "closing":
        order = [kind.valid_until.asc(), kind.id.desc()]
    elif sort == "urgent" and kind is Need:
        places = {code: place for place, code in enumerate(vocabulary.URGENCIES)}
        order = [case(places, value=Need.urgency), *order]
    return page_of(session, query.order_by(*order), page, PAGE_SIZE).of_first()


def own_needs(session: Session, actor: Actor) -> Sequence[Need]:
    """All needs of the actor's NPO: what is alive first, then the newest."""
    return _own(session, actor, Need)


def own_offers(session: Session, actor: Actor) -> Sequence[Offer]:
    """All offers of the actor's company: what is alive first, then the newest."""
    return _own(session, actor, Offer)


def _own(session: Session, actor: Actor, kind: Any) -> Sequence[Any]:
    rows = session.scalars(
        select(kind)
        .where(kind.organization_id == (actor.organization_id or 0))
        .options(joinedload(kind.organization))
        .order_by(kind.updated_at.desc(), kind.id.desc())
    ).all()
    order = {state: place for place, state in enumerate(("returned", "open", "paused", "in_review", "draft"))}
    return sorted(rows, key=lambda row: order.get(row.state, 9))


def shown_to_companies(session: Session, needs: Sequence[Need]) -> dict[int, int]:
    """need id → to how many companies it has been suggested, in either direction."""
    ids = [need.id for need in needs]
    company = func.count(func.distinct(ShownList.organization_id))
    rows = session.execute(
        select(ShownSuggestion.need_id, company)
        .join(ShownList, ShownList.id == ShownSuggestion.shown_list_id)
        .where(ShownSuggestion.need_id.in_(ids), ShownList.need_id.is_(None))
        .group_by(ShownSuggestion.need_id)
    )
    return {need_id: count for need_id, count in rows if need_id is not None}


@dataclass(frozen=True)
class Saved:
    """One saved row: ``need`` only while its text may be read; ``closed`` is why nothing can be opened
    (as ``lifecycle.POSTING_CLOSED`` says), empty where something can.
    """

    mark: Mark
    organization: Organization
    need: Need | None
    closed: str


def saved(session: Session, actor: Actor) -> list[Saved]:
    """What the actor's organization has saved, newest first."""
    rows = session.execute(
        select(Mark, Organization, Need)
        .join(Organization, Organization.id == Mark.target_id)
        .outerjoin(Need, Need.id == Mark.need_id)
        .where(Mark.organization_id == (actor.organization_id or 0), Mark.kind == "saved")
        .order_by(Mark.marked_at.desc(), Mark.id.desc())
    )
    return [_saved_row(actor, *row) for row in rows]


def _saved_row(actor: Actor, mark: Mark, organization: Organization, need: Need | None) -> Saved:
    is_seen = permissions.may(actor, "organization.view", organization)
    if need is None:
        return Saved(mark, organization, None, "ended" if mark.need_id != 0 or not is_seen else "")
    if is_seen and permissions.may(actor, "posting.view", need):
        return Saved(mark, organization, need, "")
    return Saved(
        mark, organization, None, lifecycle.POSTING_CLOSED.get(need.state, "ended") if is_seen else "ended"
    )


def waiting_days(posting: Need | Offer, now: datetime) -> int:
    """For how many days the city has had it; 0 on the first."""
    if posting.submitted_at is None:
        return 0
    return (calendar.tokyo_date(now) - calendar.tokyo_date(posting.submitted_at)).days


def figures(session: Session) -> dict[str, int]:
    """What the first page says in numbers: open public needs, cases under way, introductions."""
    needs = open_needs(session, {}, public=True).total
    states = dict(session.execute(select(Partnership.state, func.count()).group_by(Partnership.state)).all())
    under_way = sum(count for state, count in states.items() if state in lifecycle.CASE_OPEN)
    introduced = sum(count for state, count in states.items() if state in lifecycle.CASE_WORK)
    return {"needs": needs, "under_way": under_way - introduced, "introduced": introduced}


def get_need(session: Session, actor: Actor, public_id: str) -> Need:
    """A need with its NPO, if ``actor`` may see it."""
    found = session.scalar(
        select(Need)
        .where(Need.public_id == public_id)
        .options(joinedload(Need.organization).joinedload(Organization.npo))
    )
    if found is None or not _may_see_posting(session, actor, found):
        raise NotFound("need")
    return found


def find_public_need(session: Session, public_id: str) -> Need | None:
    """An open need that everybody may read, with its NPO."""
    found = session.scalar(
        select(Need)
        .where(Need.public_id == public_id, Need.state == "open", Need.visibility == "public")
        .options(joinedload(Need.organization).joinedload(Organization.npo))
    )
    if found is None or not found.organization.is_verified or found.organization.visibility != "public":
        return None
    return found


def get_offer(session: Session, actor: Actor, public_id: str) -> Offer:
    """An offer with its company, if ``actor`` may see it."""
    found = session.scalar(
        select(Offer)
        .where(Offer.public_id == public_id)
        .options(joinedload(Offer.organization).joinedload(Organization.company))
    )
    if found is None or not _may_see_posting(session, actor, found):
        raise NotFound("offer")
    return found


def _may_see_posting(session: Session, actor: Actor, posting: Need | Offer) -> bool:
    if not permissions.may(actor, "posting.view", posting):
        # What is being rewritten has not been read by the city yet: not even a partner sees it.
        is_read = posting.state in lifecycle.POSTING_READ
        return isinstance(posting, Need) and is_read and _in_a_case_about(session, actor, posting)
    own = actor.is_staff or actor.organization_id == posting.organization_id
    # Who is listed nowhere is seen by those whom it approached, or who have had a case with it.
    owner = posting.organization
    return own or owner.is_listed or (owner.is_verified and _in_a_case_with(session, actor, owner))


def _in_a_case_about(session: Session, actor: Actor, need: Need) -> bool:
    if actor.role != "member":
        return False
    return (
        session.scalar(select(cases_of_party(actor).where(Partnership.need_id == need.id).exists())) or False
    )


def _in_a_case_with(session: Session, actor: Actor, organization: Organization) -> bool:
    if actor.role != "member":
        return False
    side = Partnership.npo_id if organization.kind == "npo" else Partnership.company_id
    return session.scalar(select(cases_of_party(actor).where(side == organization.id).exists())) or False


def open_needs_of(session: Session, actor: Actor, npo: Organization) -> Sequence[Need]:
    """The open needs of one NPO about which ``actor`` may begin a case, newest first."""
    query = select(Need).where(Need.organization_id == npo.id, Need.state == "open")
    if not actor.is_staff and actor.organization_id != npo.id:
        query = query.where(Need.visibility != "approached")
    return session.scalars(query.order_by(Need.published_at.desc(), Need.id.desc())).all()


def open_offers_of(session: Session, company: Organization) -> Sequence[Offer]:
    """The open offers of one company, newest first."""
    return session.scalars(
        select(Offer)
        .where(Offer.organization_id == company.id, Offer.state == "open")
        .order_by(Offer.published_at.desc(), Offer.id.desc())
    ).all()


def why_closed(
    session: Session, actor: Actor, owner: Organization, kind: type[Need] | type[Offer], public_id: str
) -> str:
    """Why nobody can be approached about a need or an offer of ``owner``, one of the words of
    ``lifecycle.POSTING_CLOSED``; empty where it is open, or where ``actor`` may not know of it.
    """
    query = select(kind.state).where(kind.public_id == public_id, kind.organization_id == owner.id)
    if kind is Need and not actor.is_staff and actor.organization_id != owner.id:
        query = query.where(Need.visibility != "approached")
    return lifecycle.POSTING_CLOSED.get(session.scalar(query) or "", "")
