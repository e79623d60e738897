"""Organizations as somebody may see them."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, joinedload

from matcher.cases.reads import cases_of_party
from matcher.ground import permissions
from matcher.ground.errors import NotFound
from matcher.ground.permissions import Actor
from matcher.organizations import identity
from matcher.records import ChecklistAnswer, Organization, Partnership, User
from matcher.register import folding

_TELLING: Final = ("phone", "email", "website")  #: what two organizations do not share
_COMPARED: Final = 500  #: whose text holds a name, of which those that bear it are told


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


def _share_a_case(session: Session, actor: Actor, other: Organization) -> bool:
    """Whoever was approached may see who approached, also where the profile is not listed (N15)."""
    if actor.role != "member":
        return False
    query = cases_of_party(actor).where(
        (Partnership.company_id == other.id) | (Partnership.npo_id == other.id)
    )
    return session.scalar(select(query.exists())) or False


def verified_organizations(
    session: Session, kind: str, text: str = "", limit: int = 20
) -> Sequence[Organization]:
    """Verified companies or NPOs with their profiles whose text holds all words of ``text``, by reading."""
    query = select(Organization).where(Organization.kind == kind, Organization.state == "verified")
    for term in folding.terms(text):
        query = query.where(Organization.search_text.like(folding.like_pattern(term), escape="\\"))
    return session.scalars(
        query.options(joinedload(Organization.company), joinedload(Organization.npo))
        .order_by(*folding.by_reading(Organization), Organization.id)
        .limit(limit)
    ).all()


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


def lookalikes(session: Session, organization: Organization, limit: int = 10) -> Sequence[Organization]:
    """Other organizations with the same name (in any spelling), telephone, mail address or website: perhaps a
    double.
    """
    name, word = identity.known_as(organization.name), identity.core(organization.name)
    kept = {one: value for one in _TELLING if (value := getattr(organization, one))}
    same = [getattr(Organization, one) == value for one, value in kept.items()]
    if word:
        same.append(Organization.name == organization.name)
        same.append(Organization.search_text.like(folding.like_pattern(word), escape="\\"))
    if not same:
        return []
    found = session.scalars(
        select(Organization)
        .where(or_(*same), Organization.id != organization.id)
        .order_by(*folding.by_reading(Organization), Organization.id)
        .limit(_COMPARED)
    )
    alike = [
        other
        for other in found
        if identity.known_as(other.name) == name
        or any(getattr(other, one) == value for one, value in kept.items())
    ]
    return alike[:limit]
