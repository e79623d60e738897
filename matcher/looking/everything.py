"""One search in the head of every page: over cases, needs, offers and organizations, as far as who asks may
see them, by number, by parts of words and by meaning.

Each kind is asked as its own list asks it, so that what is found here is found there, too, and nothing is
found that no list would show.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Literal

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, aliased, joinedload

from matcher.cases import reads as case_reads
from matcher.desk.lists import LISTS
from matcher.desk.lists.listing import worded
from matcher.ground.permissions import Actor
from matcher.postings import finding
from matcher.postings.finding import Found, Why
from matcher.postings.wanted import Wanted
from matcher.records import Need, Offer, Organization, Partnership
from matcher.register.paging import Listing, page_of
from matcher.suggestions.indexing import LiveIndex

MOST: Final = 5  #: of each kind; its list has the others
MOST_OWN: Final = 20  #: of one's own, whose lists are short and take no words

Kind = Literal["case", "own_need", "own_offer", "need", "offer", "npo", "company", "organization"]


@dataclass(frozen=True)
class Hits:
    """What was found of one kind."""

    kind: Kind
    rows: Sequence[Any]  #: the first ones that say the words
    total: int
    near: Sequence[Any] = ()  #: of needs, offers and organizations: what is near in meaning
    why: Mapping[int, Why] = field(default_factory=dict)  #: by the key of the record, where it is known

    @property
    def more(self) -> int:
        """How many more its list has."""
        return self.total - len(self.rows)


def find(session: Session, live: LiveIndex, actor: Actor, words: str, now: datetime) -> list[Hits]:
    """What of each kind says ``words`` or is near to them; kinds of which nothing was found are left out.

    Empty where no word looks for anything.
    """
    looked_for = Wanted(words)
    if not words.strip() or looked_for.says_nothing:
        return []
    if actor.is_staff:
        found: Iterable[Hits] = _by_lists(session, live, actor, looked_for, now)
    elif actor.organization_id is not None:
        found = _by_member(session, live, actor, looked_for)
    else:
        found = [_hits("need", finding.needs(session, live, actor, looked_for, public=True))]
    return [one for one in found if one.rows or one.near]


def _by_lists(
    session: Session, live: LiveIndex, actor: Actor, looked_for: Wanted, now: datetime
) -> Iterable[Hits]:
    """The city: as the lists of the desk find it."""
    near: dict[str, Callable[[], Found]] = {
        "needs": lambda: finding.needs(session, live, actor, looked_for, public=False),
        "offers": lambda: finding.offers(session, live, actor, looked_for),
    }
    kinds: tuple[tuple[Kind, str], ...] = (
        ("case", "cases"), ("organization", "organizations"), ("need", "needs"), ("offer", "offers"),
    )  # fmt: skip
    for kind, name in kinds:
        listing = LISTS[name].fetch(session, actor, {"q": looked_for.words}, now)
        rows = [row.record for row in listing.rows[:MOST]]
        also = near[name]() if name in near else Found(listing)
        known = {row.record.id for row in listing.rows}
        nearest = [one for one in also.near if one.id not in known][:MOST]
        yield Hits(kind, rows, listing.total, nearest, also.why)


def _by_member(session: Session, live: LiveIndex, actor: Actor, looked_for: Wanted) -> Iterable[Hits]:
    """A company or an NPO: its own cases and postings, and – once it is verified – what others show."""
    yield _listed("case", page_of(session, _own_cases(actor, looked_for), 1, MOST_OWN))
    own: type[Need] | type[Offer] = Offer if actor.organization_kind == "company" else Need
    query = select(own).where(own.organization_id == actor.organization_id)
    query = query.where(*worded({"q": looked_for.words}, own.search_text)).order_by(own.id.desc())
    yield _listed("own_offer" if own is Offer else "own_need", page_of(session, query, 1, MOST_OWN))
    if actor.organization_state != "verified":
        return
    if own is Offer:
        yield _hits("need", finding.needs(session, live, actor, looked_for, public=False))
        yield _hits("npo", finding.organizations(session, live, actor, "npo", looked_for))
    else:
        yield _hits("offer", finding.offers(session, live, actor, looked_for))
        yield _hits("company", finding.organizations(session, live, actor, "company", looked_for))


def _own_cases(actor: Actor, looked_for: Wanted) -> Select[Any]:
    company, npo = aliased(Organization), aliased(Organization)
    columns = (Partnership.number, company.search_text, npo.search_text, Need.search_text)
    return (
        case_reads.cases_of_party(actor)
        .join(company, company.id == Partnership.company_id)
        .join(npo, npo.id == Partnership.npo_id)
        .outerjoin(Need, Need.id == Partnership.need_id)
        .where(*worded({"q": looked_for.words}, *columns))
        .options(
            joinedload(Partnership.company), joinedload(Partnership.npo), joinedload(Partnership.need)
        )
        .order_by(Partnership.moved_at.desc(), Partnership.id.desc())
    )  # fmt: skip


def _listed(kind: Kind, listing: Listing) -> Hits:
    return Hits(kind, listing.of_first().rows, listing.total)


def _hits(kind: Kind, found: Found) -> Hits:
    return Hits(kind, found.listing.rows[:MOST], found.listing.total, found.near[:MOST], found.why)
