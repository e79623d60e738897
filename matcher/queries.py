"""Every SELECT that pages use, by name, scoped to who is asking; eager loading is stated here.

``get_…`` raises ``NotFound`` for what does not exist and for what the actor may not know of.
"""

from collections.abc import Sequence

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session, joinedload, selectinload
from sqlalchemy.sql.base import ExecutableOption

from matcher import lifecycle, permissions, search
from matcher.errors import NotFound
from matcher.models import (
    AuditEvent,
    CaseMessage,
    ChecklistAnswer,
    DecisionBundle,
    Need,
    Offer,
    Organization,
    Partnership,
    ShownSuggestion,
    User,
)
from matcher.permissions import Actor


def get_organization(session: Session, actor: Actor, public_id: str) -> Organization:
    """An organization with its profile, if ``actor`` may see it (own, listed, party of a case, staff).

    Raises:
        NotFound
    """
    found = session.scalar(
        select(Organization)
        .where(Organization.public_id == public_id)
        .options(joinedload(Organization.company), joinedload(Organization.npo))
    )
    if found is None:
        raise NotFound("organization")
    if not permissions.may(actor, "organization.view", found) and not _share_a_case(session, actor, found):
        raise NotFound("organization")
    return found


def own_organization(session: Session, actor: Actor) -> Organization:
    """The organization of the signed-in member, with its profile."""
    found = session.scalar(
        select(Organization)
        .where(Organization.id == (actor.organization_id or 0))
        .options(joinedload(Organization.company), joinedload(Organization.npo))
    )
    if found is None:
        raise NotFound("organization")
    return found


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
    if found is None or found.organization.state != "verified" or found.organization.visibility != "public":
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
    return own or posting.organization.is_listed


def _case_parties(actor: Actor) -> Select[Partnership]:
    own = actor.organization_id or 0
    return select(Partnership).where((Partnership.company_id == own) | (Partnership.npo_id == own))


def _share_a_case(session: Session, actor: Actor, other: Organization) -> bool:
    """Whoever was approached may see who approached, also where the profile is not listed (N15)."""
    if actor.role != "member":
        return False
    query = _case_parties(actor).where(
        (Partnership.company_id == other.id) | (Partnership.npo_id == other.id)
    )
    return session.scalar(select(query.exists())) or False


def _in_a_case_about(session: Session, actor: Actor, need: Need) -> bool:
    if actor.role != "member":
        return False
    return (
        session.scalar(select(_case_parties(actor).where(Partnership.need_id == need.id).exists())) or False
    )


# ── Partnership cases ────────────────────────────────────────────────────────────────────────────────


def get_case(session: Session, actor: Actor, public_id: str) -> Partnership:
    """A case with both organizations and profiles, need, offer and the people on it."""
    found = session.scalar(
        select(Partnership).where(Partnership.public_id == public_id).options(*_case_loads())
    )
    if found is None or not permissions.may(actor, "partnership.view", found):
        raise NotFound("partnership")
    return found


def _case_loads() -> tuple[ExecutableOption, ...]:
    return (
        joinedload(Partnership.company).joinedload(Organization.company),
        joinedload(Partnership.npo).joinedload(Organization.npo),
        joinedload(Partnership.need),
        joinedload(Partnership.offer),
        joinedload(Partnership.started_by),
        joinedload(Partnership.company_contact),
        joinedload(Partnership.npo_contact),
        joinedload(Partnership.coordinator),
        joinedload(Partnership.deputy),
    )


def own_cases(session: Session, actor: Actor, *, open_only: bool = False) -> Sequence[Partnership]:
    """The cases of the actor's organization: what waits for its answer, soonest first; then the newest."""
    query = _case_parties(actor).options(
        joinedload(Partnership.company), joinedload(Partnership.npo), joinedload(Partnership.need)
    )
    if open_only:
        query = query.where(Partnership.state.in_(lifecycle.CASE_OPEN))
    cases = session.scalars(query.order_by(Partnership.moved_at.desc(), Partnership.id.desc())).all()
    mine = actor.organization_kind
    asked = [case for case in cases if mine in case.waiting_on and case.deadline_at is not None]
    rest = [case for case in cases if case not in asked]
    return sorted(asked, key=lambda case: case.deadline_at or case.moved_at) + rest


def find_open_case(session: Session, company_id: int, npo_id: int, need_id: int | None) -> Partnership | None:
    """The case that already occupies this company and need (or this pair where no need is named)."""
    query = select(Partnership).where(
        Partnership.company_id == company_id, Partnership.state.in_(lifecycle.CASE_OPEN)
    )
    if need_id is None:
        query = query.where(Partnership.npo_id == npo_id, Partnership.need_id.is_(None))
    else:
        query = query.where(Partnership.need_id == need_id)
    return session.scalar(query)


def unanswered_count(session: Session, npo_id: int) -> int:
    """How many proposals wait for this NPO's answer (X7)."""
    return (
        session.scalar(
            select(func.count())
            .select_from(Partnership)
            .where(
                Partnership.npo_id == npo_id,
                Partnership.state.in_(("recommended", "interest_one_side")),
                Partnership.npo_agreed_at.is_(None),
            )
        )
        or 0
    )


def interested_in_need(session: Session, need: Need) -> Sequence[Partnership]:
    """Open cases about one need, with the companies, for the comparison side by side (N10)."""
    return session.scalars(
        select(Partnership)
        .where(Partnership.need_id == need.id, Partnership.state.in_(lifecycle.CASE_OPEN))
        .options(
            joinedload(Partnership.company).joinedload(Organization.company), joinedload(Partnership.offer)
        )
        .order_by(Partnership.created_at)
    ).all()


def messages_of_case(session: Session, case: Partnership) -> Sequence[CaseMessage]:
    """The questions and answers of a case, oldest first."""
    return session.scalars(
        select(CaseMessage)
        .where(CaseMessage.partnership_id == case.id)
        .options(joinedload(CaseMessage.author).joinedload(User.organization))
        .order_by(CaseMessage.id)
    ).all()


def decision_bundles(session: Session, case: Partnership) -> Sequence[DecisionBundle]:
    """The frozen decisions on a case, newest first."""
    return session.scalars(
        select(DecisionBundle)
        .where(DecisionBundle.partnership_id == case.id)
        .order_by(DecisionBundle.id.desc())
    ).all()


def get_decision_bundle(session: Session, case: Partnership, public_id: str) -> DecisionBundle:
    """One frozen decision on a case that the caller may see.

    Raises:
        NotFound
    """
    found = session.scalar(
        select(DecisionBundle).where(
            DecisionBundle.partnership_id == case.id, DecisionBundle.public_id == public_id
        )
    )
    if found is None:
        raise NotFound("decision_bundle")
    return found


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


def verified_organizations(
    session: Session, kind: str, text: str = "", limit: int = 20
) -> Sequence[Organization]:
    """Verified companies or NPOs with their profiles whose text holds all words of ``text``, by reading."""
    query = select(Organization).where(Organization.kind == kind, Organization.state == "verified")
    for term in search.terms(text):
        query = query.where(Organization.search_text.like(search.like_pattern(term), escape="\\"))
    return session.scalars(
        query.options(joinedload(Organization.company), joinedload(Organization.npo))
        .order_by(Organization.kana, Organization.id)
        .limit(limit)
    ).all()


def shown_suggestion(session: Session, suggestion_id: int | None) -> ShownSuggestion | None:
    """A suggestion as it was shown, with its list."""
    if suggestion_id is None:
        return None
    return session.scalar(
        select(ShownSuggestion)
        .where(ShownSuggestion.id == suggestion_id)
        .options(joinedload(ShownSuggestion.shown_list))
    )


# ── The city's look at an organization ───────────────────────────────────────────────────────────────


def checklist_rounds(
    session: Session, organization: Organization
) -> Sequence[tuple[Sequence[ChecklistAnswer], User]]:
    """The rounds of answers to the verification checklist with who gave them, newest round first."""
    rows = session.execute(
        select(ChecklistAnswer, User)
        .join(User, User.id == ChecklistAnswer.answered_by_id)
        .where(ChecklistAnswer.organization_id == organization.id)
        .order_by(ChecklistAnswer.round.desc(), ChecklistAnswer.id)
    )
    rounds: dict[int, tuple[list[ChecklistAnswer], User]] = {}
    for answer, user in rows:
        rounds.setdefault(answer.round, ([], user))[0].append(answer)
    return list(rounds.values())


def open_cases_of(session: Session, organization: Organization) -> Sequence[Partnership]:
    """The cases of an organization that have not ended, with both sides, newest first."""
    return session.scalars(
        select(Partnership)
        .where(
            (Partnership.company_id == organization.id) | (Partnership.npo_id == organization.id),
            Partnership.state.in_(lifecycle.CASE_OPEN),
        )
        .options(joinedload(Partnership.company), joinedload(Partnership.npo), joinedload(Partnership.need))
        .order_by(Partnership.moved_at.desc(), Partnership.id.desc())
    ).all()


def lookalikes(session: Session, organization: Organization, limit: int = 10) -> Sequence[Organization]:
    """Other organizations with the same name, telephone, mail address or website: perhaps a double."""
    same = [
        column == value
        for column, value in (
            (Organization.name, organization.name),
            (Organization.phone, organization.phone),
            (Organization.email, organization.email),
            (Organization.website, organization.website),
        )
        if value
    ]
    if not same:
        return []
    return session.scalars(
        select(Organization)
        .where(or_(*same), Organization.id != organization.id)
        .order_by(Organization.kana, Organization.id)
        .limit(limit)
    ).all()


# ── History ──────────────────────────────────────────────────────────────────────────────────────────


def history(session: Session, object_type: str, public_id: str) -> Sequence[tuple[AuditEvent, User | None]]:
    """All audit events of one record with the people behind them, newest first."""
    rows = session.execute(
        select(AuditEvent, User)
        .outerjoin(User, User.public_id == AuditEvent.actor_id)
        .options(selectinload(User.organization))
        .where(AuditEvent.object_type == object_type, AuditEvent.object_id == public_id)
        .order_by(AuditEvent.id.desc())
    )
    return [(event, user) for event, user in rows]


def active_staff(session: Session) -> Sequence[User]:
    """The coordinators and managers who can be put in charge of a case."""
    return session.scalars(
        select(User)
        .where(User.role.in_(("coordinator", "manager")), User.status == "active")
        .order_by(User.name, User.id)
    ).all()


def active_staff_count(session: Session) -> int:
    """How many coordinators and managers can decide on cases."""
    return (
        session.scalar(
            select(func.count())
            .select_from(User)
            .where(User.role.in_(("coordinator", "manager")), User.status == "active")
        )
        or 0
    )
