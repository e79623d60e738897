"""What a plan is made from: all open needs and offers, how well they fit, what rules them out.

Who comes near a need, and how well, is asked of the suggestions; which amounts and periods meet, of the rule
that fills in the form of a recommendation. A need counts by its first part, less what is taken of it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased, joinedload

from matcher.cases import reads as case_reads
from matcher.cases import takes
from matcher.ground import calendar, lifecycle, vocabulary
from matcher.ground.parts import Standing
from matcher.planning.explaining import Ruled
from matcher.planning.task import Group, Pair, Part, Source, Task
from matcher.postings import terms
from matcher.postings.terms import Figures
from matcher.records import Mark, Membership, Need, Offer, Organization
from matcher.suggestions import conditions, newcomers, ranking, suggest
from matcher.suggestions.indexing import LiveIndex

NEAREST: Final = 20  #: of each need, so many companies are looked at, each with the offer that fits best
MOST_PLACES: Final = 100  #: of what one may set: at least, or at most, so many

#: Notes of ``terms.begin`` for which a need and an offer cannot be planned together → code of the reason.
_APART: Final[Mapping[str, str]] = {
    "unrelated_types": "other_support",
    "no_overlap": "other_period",
    "units_differ": "other_unit",
}


@dataclass(frozen=True)
class Settings:
    """What the city wants of a plan, besides a good fit.

    Args:
        most_of_company: so many new cases one company is asked to begin.
        newcomers: at least so many companies whom nobody has seen lately.
        of_each_district: at least so many needs of each district that has needs.
        most_of_field: at most so many needs of one field; ``None`` for no cap.
    """

    most_of_company: int = 3
    newcomers: int = 0
    of_each_district: int = 0
    most_of_field: int | None = None

    def as_dict(self) -> dict[str, Any]:
        """The form that is kept."""
        return asdict(self)


@dataclass(frozen=True)
class Gathered:
    """The task, and what came near without becoming a candidate."""

    task: Task
    ruled: tuple[Ruled, ...]


Fixed = frozenset[tuple[str, str]]


def gather(
    session: Session,
    live: LiveIndex,
    settings: Settings,
    now: datetime,
    *,
    locked: Fixed = frozenset(),
    forbidden: Fixed = frozenset(),
    watch: Callable[[], None] = lambda: None,
) -> Gathered:
    """The task of now, in a stable order.

    Args:
        locked, forbidden: (public id of need, of offer); what is not open any more is left out.
        watch: called between needs, so that whoever does this can say that it is still at work.
    """
    offers = _offers(session)
    open_needs = _needs(session)
    first = {key: rows[0] for key, rows in takes.standing(session, open_needs).items()}
    needs = [need for need in open_needs if not first[need.id].is_taken]
    passed, both = _passed(session), _on_both_sides(session)
    by_id = {offer.id: offer for offer in offers}
    pairs: dict[tuple[str, str], Pair] = {}
    ruled: list[Ruled] = []
    today = calendar.tokyo_date(now)
    for need in needs:
        watch()
        for found in suggest.for_need(session, live, need, limit=NEAREST, quoted=False):
            offer = by_id.get(found.offer.id) if found.offer else None
            if offer is None:
                continue
            key = (need.public_id, offer.public_id)
            code = _ruled_out(need, offer, found.fit, today, passed, both)
            if code and key not in locked:
                ruled.append(Ruled(*key, round(found.fit.score, 4), code))
            else:
                pairs[key] = _pair(need, offer, found.fit.score)
    _add_locked(session, live, locked - set(pairs), needs, offers, pairs)
    return Gathered(
        Task(
            tuple(_part(need, first[need.id]) for need in needs),
            tuple(Source(offer.public_id, offer.organization.public_id, offer.quantity) for offer in offers),
            tuple(pairs[key] for key in sorted(pairs)),
            {offer.organization.public_id: settings.most_of_company for offer in offers},
            _room(session, needs),
            tuple(_groups(session, settings, needs, offers, now)),
            frozenset(key for key in locked if key in pairs),
            frozenset(forbidden),
        ),
        tuple(ruled),
    )  # fmt: skip


def _needs(session: Session) -> Sequence[Need]:
    return session.scalars(
        select(Need)
        .join(Organization, Organization.id == Need.organization_id)
        .where(*conditions.listed_needs())
        .options(joinedload(Need.organization).joinedload(Organization.npo))
        .order_by(Need.id)
    ).all()


def _offers(session: Session) -> Sequence[Offer]:
    return session.scalars(
        select(Offer)
        .join(Organization, Organization.id == Offer.organization_id)
        .where(Offer.state == "open", *conditions.listed_organizations("company"))
        .options(joinedload(Offer.organization).joinedload(Organization.company))
        .order_by(Offer.id)
    ).all()


def _passed(session: Session) -> set[tuple[int, int, int]]:
    """(company, NPO, need or 0) on which a company has passed; the NPO's own marks the suggestions know."""
    query = (
        select(Mark.organization_id, Mark.target_id, Mark.need_id)
        .join(Organization, Organization.id == Mark.organization_id)
        .where(Mark.kind == "passed", Organization.kind == "company")
    )
    return {(company, npo, need) for company, npo, need in session.execute(query)}


def _on_both_sides(session: Session) -> set[tuple[int, int]]:
    """(organization, other) that one person serves."""
    one, other = aliased(Membership), aliased(Membership)
    query = (
        select(one.organization_id, other.organization_id)
        .join(other, (other.user_id == one.user_id) & (other.organization_id != one.organization_id))
        .where(*(side.began_at.is_not(None) for side in (one, other)))
        .where(*(side.ended_at.is_(None) for side in (one, other)))
    )
    return {(first, second) for first, second in session.execute(query)}


def _ruled_out(
    need: Need,
    offer: Offer,
    fit: ranking.Fit,
    today: date,
    passed: set[tuple[int, int, int]],
    both: set[tuple[int, int]],
) -> str | None:
    """Why they are no candidates: the code, or ``None``."""
    company, npo = offer.organization_id, need.organization_id
    if {(company, npo, need.id), (company, npo, 0)} & passed:
        return "passed"
    if (company, npo) in both:
        return "on_both_sides"
    begun = terms.begin(Figures.of(need), Figures.of(offer), today)
    for note in begun.notes:
        if note.code in _APART:
            return _APART[note.code]
    if any(reason.code == "area" and reason.mark == "×" for reason in fit.reasons):
        return "other_area"
    return "below_bar" if fit.score < ranking.MIDDLE else None


def _pair(need: Need, offer: Offer, score: float) -> Pair:
    is_measured = (
        need.quantity is not None and offer.quantity is not None and need.unit == offer.unit
        and terms.is_comparable(need.support_type, offer.support_type)
    )  # fmt: skip
    is_whole = is_measured and need.unit in vocabulary.WHOLE_SUPPORT
    return Pair(need.public_id, offer.public_id, round(score, 4), is_measured, is_whole)


def _part(need: Need, row: Standing) -> Part:
    if not row.is_counted:
        return Part(need.public_id, need.organization.public_id)
    # What is left may be less than the least that was any help: then all of it is.
    least = need.min_useful if row.is_untouched else None
    return Part(need.public_id, need.organization.public_id, row.missing, least)


def _add_locked(
    session: Session,
    live: LiveIndex,
    locked: Fixed,
    needs: Sequence[Need],
    offers: Sequence[Offer],
    pairs: dict[tuple[str, str], Pair],
) -> None:
    """What somebody has fixed stays a candidate, also where other offers have come nearer since."""
    need_of = {need.public_id: need for need in needs}
    offer_of = {offer.public_id: offer for offer in offers}
    for key in sorted(locked):
        need, offer = need_of.get(key[0]), offer_of.get(key[1])
        if need is None or offer is None:
            continue
        score = suggest.score_pair(session, live, offer.organization, need).score
        pairs[key] = _pair(need, offer, score)


def _room(session: Session, needs: Sequence[Need]) -> dict[str, int]:
    """How many more proposals each NPO is asked to bear at once (X7)."""
    owners = {need.organization_id: need.organization.public_id for need in needs}
    return {
        public_id: max(0, lifecycle.UNANSWERED_LIMIT - case_reads.unanswered_count(session, key))
        for key, public_id in owners.items()
    }


def _groups(
    session: Session, settings: Settings, needs: Sequence[Need], offers: Sequence[Offer], now: datetime
) -> list[Group]:
    found = []
    if settings.newcomers:
        companies = list({offer.organization_id: offer.organization for offer in offers}.values())
        unseen = newcomers.unseen_of(session, [one.id for one in companies], now)
        members = tuple(sorted(one.public_id for one in companies if one.id in unseen))
        found.append(Group("newcomers", "companies", members, at_least=min(settings.newcomers, len(members))))
    if settings.of_each_district:
        for area, members in sorted(_by_code(needs, "areas").items()):
            if area != vocabulary.AREA_CITYWIDE:
                least = min(settings.of_each_district, len(members))
                found.append(Group(f"district:{area}", "needs", members, at_least=least))
    if settings.most_of_field is not None:
        for code, members in sorted(_by_code(needs, "fields").items()):
            found.append(Group(f"field:{code}", "needs", members, at_most=settings.most_of_field))
    return found


def _by_code(needs: Sequence[Need], name: str) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for need in needs:
        for code in getattr(need, name):
            found[str(code)] = (*found.get(str(code), ()), need.public_id)
    return found
