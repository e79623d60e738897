"""Who is suggested how often, by size, time since verification, field and district (X3, K17)."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from matcher.cases import reads as case_reads
from matcher.ground import permissions, vocabulary
from matcher.ground.permissions import Actor
from matcher.records import Organization, Partnership, ShownList, ShownSuggestion

WINDOW: Final = timedelta(days=90)
FEW, MANY = (
    0.5,
    2.0,
)  #: a share of the cards below or above so many times the share of organizations stands out
TOP: Final = 5
NO_VALUE: Final = "-"


@dataclass
class Group:
    """Verified organizations with something in common, and what became of them on the pages."""

    code: str
    organizations: int = 0
    cards: int = 0
    newcomer_cards: int = 0
    opened: int = 0
    cases: int = 0
    introduced: int = 0  #: of these cases, how many the city brought together
    organizations_share: float = 0.0
    cards_share: float = 0.0

    @property
    def mark(self) -> str:
        """``few`` or ``many`` where the cards are far from the group's share, else empty."""
        if not self.organizations_share:
            return ""
        ratio = self.cards_share / self.organizations_share
        return "few" if ratio < FEW else "many" if ratio > MANY else ""


@dataclass
class Panel:
    """One kind of organization: its groups by dimension, and how much the most shown took."""

    kind: str
    cards: int
    top_share: float  #: of all cards, what the five most shown organizations took
    dimensions: Mapping[str, Sequence[Group]] = field(default_factory=dict)

    @property
    def is_narrow(self) -> bool:
        """Whether five organizations took more than half of all cards."""
        return self.top_share > 0.5


def panel(session: Session, actor: Actor, now: datetime) -> list[Panel]:
    """For companies and for NPOs: who was shown, read and chosen in the last ninety days.

    An organization counts in each of its fields. Shares of cards are marked where they are far from the
    shares of organizations.

    Raises:
        NotPermitted: for anyone but staff.
    """
    permissions.require(actor, "desk.view")
    since = now - WINDOW
    counts = _counts(session, since)
    organizations = session.scalars(
        select(Organization)
        .where(Organization.state == "verified")
        .options(joinedload(Organization.company), joinedload(Organization.npo))
    ).all()
    return [
        _panel(kind, [one for one in organizations if one.kind == kind], counts, now)
        for kind in ("company", "npo")
    ]


#: cards, cards on a newcomer's place, cards that were opened, cases that came of them, introductions
_Figures = tuple[int, int, int, int, int]
_NOTHING: Final[_Figures] = (0, 0, 0, 0, 0)


def _counts(session: Session, since: datetime) -> Mapping[int, _Figures]:
    """organization → its figures; of a card on which several cases began, one card."""
    card = func.distinct(ShownSuggestion.id)
    shown = (
        select(
            ShownSuggestion.candidate_id,
            func.count(card),
            func.count(card).filter(ShownSuggestion.is_newcomer),
            func.count(card).filter(ShownSuggestion.opened_at.is_not(None)),
            func.count(Partnership.id),
            func.count(Partnership.id).filter(case_reads.WAS_INTRODUCED),
        )
        .join(ShownList, ShownList.id == ShownSuggestion.shown_list_id)
        .outerjoin(Partnership, Partnership.shown_suggestion_id == ShownSuggestion.id)
        .where(ShownList.shown_at >= since)
        .group_by(ShownSuggestion.candidate_id)
    )
    return {candidate: tuple(figures) for candidate, *figures in session.execute(shown)}  # type: ignore[misc]


def _panel(
    kind: str,
    organizations: Sequence[Organization],
    counts: Mapping[int, _Figures],
    now: datetime,
) -> Panel:
    cards = sorted((counts.get(one.id, _NOTHING)[0] for one in organizations), reverse=True)
    total = sum(cards)
    dimensions: dict[str, Callable[[Organization], Iterable[str]]] = {
        "size": _size,
        "age": lambda one: [_age(one, now)],
        "field": _fields,
        "area": lambda one: [one.area or NO_VALUE],
    }
    groups = {}
    for name, codes_of in dimensions.items():
        found: dict[str, Group] = defaultdict(lambda: Group(""))
        for one in organizations:
            shown, fresh, opened, cases, introduced = counts.get(one.id, _NOTHING)
            for code in codes_of(one):
                group = found[code]
                group.code = code
                group.organizations += 1
                group.cards += shown
                group.newcomer_cards += fresh
                group.opened += opened
                group.cases += cases
                group.introduced += introduced
        for group in found.values():
            group.organizations_share = group.organizations / len(organizations)
            group.cards_share = group.cards / total if total else 0.0
        groups[name] = sorted(found.values(), key=lambda group: _order(name, group.code))
    return Panel(kind, total, sum(cards[:TOP]) / total if total else 0.0, groups)


def _size(one: Organization) -> Iterable[str]:
    profile = one.company.employees_band if one.company else one.npo.budget_band if one.npo else ""
    return [profile or NO_VALUE]


def _fields(one: Organization) -> Iterable[str]:
    profile = one.company or one.npo
    return (profile.fields if profile else []) or [NO_VALUE]


def _age(one: Organization, now: datetime) -> str:
    if one.verified_at is None:
        return NO_VALUE
    days = (now - one.verified_at).days
    return "new" if days <= WINDOW.days else "year" if days <= 365 else "old"


AGES: Final = vocabulary.VERIFIED_SINCE
_ORDERS: Final[Mapping[str, Sequence[str]]] = {
    "size": [*vocabulary.EMPLOYEE_BANDS, *vocabulary.NPO_BUDGET_BANDS],
    "age": list(vocabulary.VERIFIED_SINCE),
    "field": list(vocabulary.FIELDS),
    "area": [],
}


def _order(dimension: str, code: str) -> tuple[int, str]:
    known = _ORDERS[dimension]
    return (known.index(code) if code in known else len(known) + (code == NO_VALUE), code)
