"""What a search finds among needs, offers and organizations: what says the words first, then what is near in
meaning, each with why. Who may see it is asked in SQL of everything that the index names.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, Literal

from sqlalchemy import Select, and_, func, not_, select
from sqlalchemy.orm import Session, joinedload

from matcher.cases import takes
from matcher.ground import lifecycle, parts, vocabulary
from matcher.ground import posting as posting_fields
from matcher.ground import profile as profile_fields
from matcher.ground.parts import Part, Standing
from matcher.ground.permissions import Actor
from matcher.postings import reads, wanted
from matcher.postings.nearness import Meaning
from matcher.postings.wanted import Wanted
from matcher.records import CompanyProfile, Need, NpoProfile, Offer, Organization, Partnership
from matcher.register import findable, folding
from matcher.register.paging import Listing, page_of
from matcher.suggestions.conditions import Facts, Filters, listed_organizations
from matcher.suggestions.indexing import LiveIndex

Kind = Literal["need", "offer", "npo", "company"]

#: So many are looked at, before it is asked who may see them and what meets the conditions.
_REACH: Final = 300
NEAR_MOST: Final = 20  #: and so many are shown


@dataclass(frozen=True)
class Why:
    """Why something was found: ``places`` (codes of its fields, ``organization``, ``number``, ``parts`` or
    ``support_type``) say the words, or ``sentence`` is near to them in meaning.
    """

    places: tuple[str, ...] = ()
    sentence: str = ""


@dataclass(frozen=True)
class Found:
    """A page of what was looked for, and what is near in meaning, the nearest first."""

    listing: Listing
    near: Sequence[Any] = ()
    why: Mapping[int, Why] = field(default_factory=dict)  #: by the key of the record
    others: Mapping[int, int] = field(
        default_factory=dict
    )  #: by the key of a need or offer, where there are any
    standing: Mapping[int, tuple[Standing, ...]] = field(default_factory=dict)  #: by the key of a need
    says_nothing: bool = False  #: words were typed, but none that looks for anything


def needs(
    session: Session,
    live: LiveIndex,
    actor: Actor,
    looked_for: Wanted,
    *,
    public: bool,
    sort: str = "newest",
    page: int = 1,
) -> Found:
    """Open needs: ``public`` ones for residents, those for members as well otherwise."""
    listing = reads.open_needs(session, looked_for.as_dict(), public=public, sort=sort, page=page)
    query = wanted.listed(Need, public=public).where(*wanted.met(looked_for.filters, Need))
    query = query.options(joinedload(Need.organization).joinedload(Organization.npo))
    found = _found(session, live, actor, "need", looked_for, listing, query)
    return replace(found, standing=takes.standing(session, [*listing.rows, *found.near]))


def offers(
    session: Session,
    live: LiveIndex,
    actor: Actor,
    looked_for: Wanted,
    *,
    sort: str = "newest",
    page: int = 1,
) -> Found:
    """Open offers of verified companies."""
    listing = reads.open_offers(session, looked_for.as_dict(), sort=sort, page=page)
    query = wanted.listed(Offer).where(*wanted.met(looked_for.filters, Offer))
    query = query.options(joinedload(Offer.organization).joinedload(Organization.company))
    return _found(session, live, actor, "offer", looked_for, listing, query)


def organizations(
    session: Session,
    live: LiveIndex,
    actor: Actor,
    kind: Literal["npo", "company"],
    looked_for: Wanted,
    *,
    page: int = 1,
) -> Found:
    """The directory: NPOs or companies that want to be found, with or without an open posting, by reading."""
    profile = NpoProfile if kind == "npo" else CompanyProfile
    loaded = Organization.npo if kind == "npo" else Organization.company
    query = (
        select(Organization)
        .join(profile, profile.organization_id == Organization.id)
        .where(*listed_organizations(kind), *wanted.met_by_profile(looked_for.filters, profile))
        .options(joinedload(loaded))
    )
    said = query.where(*wanted.said(looked_for, None)).order_by(
        *folding.by_reading(Organization), Organization.id
    )
    listing = page_of(session, said, page, reads.PAGE_SIZE).of_first()
    return _found(session, live, actor, kind, looked_for, listing, query)


def _found(
    session: Session,
    live: LiveIndex,
    actor: Actor,
    kind: Kind,
    looked_for: Wanted,
    listing: Listing,
    query: Select[Any],
) -> Found:
    if looked_for.says_nothing:
        return Found(listing, says_nothing=True)
    why = _places(session, listing.rows, looked_for) if looked_for.words else {}
    near: Sequence[Any] = ()
    # What is near follows everything that says the words.
    if looked_for.words and listing.page == listing.pages:
        near, sentences = _near(session, live, kind, looked_for, query)
        why |= sentences
    shown = [*listing.rows, *near]
    others = interested(session, actor, shown)
    return Found(listing, near, why, others)


def _near(
    session: Session, live: LiveIndex, kind: Kind, looked_for: Wanted, query: Select[Any]
) -> tuple[list[Any], dict[int, Why]]:
    meaning = Meaning.of(live, kind, looked_for.words)
    if meaning is None:
        return [], {}
    place = {number: at for at, number in enumerate(meaning.nearest(session, _REACH))}
    record: Any = {"need": Need, "offer": Offer}.get(kind, Organization)
    column = None if record is Organization else record
    said = select(record.id).where(record.id.in_(place), *wanted.said(looked_for, column))
    if column is not None:
        said = said.join(Organization, Organization.id == record.organization_id)
    rows = session.scalars(query.where(record.id.in_(place), record.id.not_in(said))).all()
    near = sorted(rows, key=lambda row: place[row.id])[:NEAR_MOST]
    sentences = meaning.sentences(session, [row.id for row in near])
    return near, {number: Why(sentence=sentence) for number, sentence in sentences.items()}


def meeting(
    session: Session,
    live: LiveIndex,
    kind: Literal["need", "offer"],
    ids: Collection[int],
    looked_for: Wanted,
) -> dict[int, Why]:
    """Those of ``ids`` that members find in the list or among what is near, each with why."""
    record = Need if kind == "need" else Offer
    may_be = (
        wanted.listed(record)
        .where(*wanted.met(looked_for.filters, record))
        .options(joinedload(record.organization))
        .order_by(record.id)
    )
    said = session.scalars(may_be.where(record.id.in_(ids), *wanted.said(looked_for, record))).all()
    why = _places(session, said, looked_for)
    meaning = None if looked_for.says_nothing else Meaning.of(live, kind, looked_for.words)
    if meaning is not None:
        near = meaning.near_among(session, set(ids) - why.keys())
        rows = session.scalars(may_be.where(record.id.in_(near))).all()
        sentences = meaning.sentences(session, near)
        why |= {one.id: Why(sentence=sentences.get(one.id, one.title)) for one in rows}
    return why


def part_met(looked_for: Wanted, need: Need, rows: Sequence[Standing]) -> Standing | None:
    """The further part by which a need is found, where its first part does not meet what is looked for.

    As the list asks in SQL (``wanted.met``): by kind and amount where they are asked for, else by the words.
    ``None`` where the first part, or what the need and its organization say, would do.

    Args:
        rows: how far its parts are filled; its organization must be loaded.
    """
    filters = looked_for.filters
    if filters.support_type or filters.amount is not None:
        met = next((row for row in rows if _meets(filters, row, need)), None)
        return None if met is None or met.part.place == parts.FIRST else met
    words = _words(looked_for)
    said = {code for code, text in _searched(need, [row.part for row in rows[1:]]) if _says(text, words)}
    if said != {"parts"}:
        return None
    return next(row for row in rows[1:] if _says(folding.folded(folding.text_of_parts([row.part])), words))


def _meets(filters: Filters, row: Standing, need: Need) -> bool:
    """Whether something is missing of a part of the kind and the amount that are looked for."""
    part = row.part
    amounts = (row.missing if row.is_counted else None, part.min_useful)
    facts = Facts(
        support_type=part.support_type, also=need.also_welcome if part.place == parts.FIRST else (),
        amounts=[one for one in amounts if one is not None], unit=part.unit,
    )  # fmt: skip
    asked = Filters(support_type=filters.support_type, amount=filters.amount, unit=filters.unit)
    return not row.is_taken and asked.are_met(facts, asked=True)


def _places(session: Session, rows: Sequence[Any], looked_for: Wanted) -> dict[int, Why]:
    """Where the words stand: the searched fields that say any of them, in the order of the form."""
    words = _words(looked_for)
    further = takes.parts_of(session, [one for one in rows if isinstance(one, Need)])
    searched = {one.id: _searched(one, further.get(one.id, ())[1:]) for one in rows}
    return {
        key: Why(tuple(code for code, text in found if _says(text, words))) for key, found in searched.items()
    }


def _words(looked_for: Wanted) -> list[str]:
    return [part for term in looked_for.terms for way in term.ways for part in way]


def _says(text: str, words: Sequence[str]) -> bool:
    return any(word in text for word in words)


def _searched(record: Need | Offer | Organization, further: Sequence[Part]) -> list[tuple[str, str]]:
    if isinstance(record, Organization):
        held = record.npo if record.kind == "npo" else record.company
        codes = [one.code for one in profile_fields.FIELDS[record.kind] if one.is_searched]
        owned = {code: record if hasattr(record, code) else held for code in codes}
        return [
            (code, folding.folded(str(getattr(owner, code, None) or ""))) for code, owner in owned.items()
        ]
    own = posting_fields.FIELDS[findable.type_of(record)]  # type: ignore[index]
    return [
        *((one.code, folding.folded(getattr(record, one.code))) for one in own if one.is_searched),
        ("support_type", folding.folded(vocabulary.support_label(record.support_type))),
        ("parts", folding.folded(folding.text_of_parts(further))),
        ("number", folding.folded(record.number or "")),
        ("organization", record.organization.search_text),
    ]


def interested(session: Session, actor: Actor, postings: Sequence[Any]) -> dict[int, int]:
    """key of a need → how many other companies have an open case about it, and of an offer, how many other
    NPOs: numbers for members, no names. Who was only asked or recommended has not shown any interest yet.
    """
    if not postings or isinstance(postings[0], Organization) or actor.role != "member":
        return {}
    is_need = isinstance(postings[0], Need)
    about = Partnership.need_id if is_need else Partnership.offer_id
    side = Partnership.company_id if is_need else Partnership.npo_id
    only_asked = and_(
        Partnership.state == "interest_one_side", Partnership.origin == ("npo" if is_need else "company")
    )
    rows = session.execute(
        select(about, func.count(side.distinct()))
        .where(
            about.in_([one.id for one in postings]),
            Partnership.state.in_(lifecycle.CASE_OPEN - {"recommended"}),
            not_(only_asked),
            side != (actor.organization_id or 0),
        )
        .group_by(about)
    )
    return {key: count for key, count in rows if key is not None}
