"""What somebody looks for among needs, offers and organizations: words and conditions, as pages, SQL and a
search that is kept take them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Self

from sqlalchemy import ColumnElement, Select, String, and_, cast, exists, false, or_, select

from embeddings import text as texts
from matcher.cases import takes
from matcher.ground import vocabulary
from matcher.records import CompanyProfile, Need, NeedPart, NpoProfile, Offer, Organization
from matcher.register import folding
from matcher.suggestions.conditions import NO_FILTERS, Filters

_MOST_TERMS: Final = 8


@dataclass(frozen=True)
class Term:
    """A folded word to look for; ``parts`` are the nouns of a sentence (お米を分けてほしい): who says all of
    them, says it as well.
    """

    text: str
    parts: tuple[str, ...] = ()

    @property
    def ways(self) -> tuple[tuple[str, ...], ...]:
        """What would do: each time all of some parts."""
        return ((self.text,), self.parts) if self.parts else ((self.text,),)


def _parts(word: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(folding.folded(part) for part in texts.nouns_of_sentence(word)))


@dataclass(frozen=True)
class Wanted:
    """What is looked for. Empty means everything."""

    words: str = ""
    filters: Filters = NO_FILTERS

    def as_dict(self) -> dict[str, str]:
        """As a search is kept, and as addresses have it."""
        return {"q": self.words, **self.filters.as_dict()} if self.words else self.filters.as_dict()

    @classmethod
    def of(cls, stored: Mapping[str, str]) -> Self:
        """From what ``as_dict`` made; what it does not know is left out."""
        return cls(stored.get("q", ""), Filters.of(stored))

    @property
    def terms(self) -> list[Term]:
        """What looks for something among the first eight words."""
        typed = texts.normalize(self.words).split()[:_MOST_TERMS]
        read = ((word, term) for word in typed for term in folding.terms(word))
        return [Term(term, _parts(word)) for word, term in read if not texts.says_nothing(term)]

    @property
    def says_nothing(self) -> bool:
        """Whether words were typed of which none looks for anything (「の に を」): nothing is found."""
        return bool(self.words.strip()) and not self.terms


def listed(kind: type[Need] | type[Offer], *, public: bool = False) -> Select[Any]:
    """SELECT of the open needs or offers that others may find: ``public`` ones for residents, those for
    members as well otherwise.
    """
    visible = ("public",) if public else ("public", "members")
    query = (
        select(kind)
        .join(Organization, Organization.id == kind.organization_id)
        .where(kind.state == "open", Organization.state == "verified", Organization.visibility.in_(visible))
    )
    return query.where(Need.visibility.in_(visible)) if kind is Need else query


def said(wanted: Wanted, kind: type[Need] | type[Offer] | None) -> list[ColumnElement[bool]]:
    """SQL: every word stands in the posting or in its organization (``kind`` ``None``: in that alone)."""
    if wanted.says_nothing:
        return [false()]
    columns = [Organization.search_text] if kind is None else [kind.search_text, Organization.search_text]
    return [_stands(columns, term) for term in wanted.terms]


def _stands(columns: Sequence[Any], term: Term) -> ColumnElement[bool]:
    def holds_part(part: str) -> ColumnElement[bool]:
        return or_(*(column.like(folding.like_pattern(part), escape="\\") for column in columns))

    return or_(*(and_(*map(holds_part, way)) for way in term.ways))


def met(filters: Filters, kind: type[Need] | type[Offer]) -> list[ColumnElement[bool]]:
    """SQL of ``Filters.are_met`` for needs or offers. Of a need any part may be of the kind and the amount of
    which something is missing: kind, unit and amount are those of one part. Suggestions speak of its first.
    """
    found = _listed(filters, kind)
    if kind is Offer:
        found += _given(filters)
    elif filters.support_type or filters.amount is not None:
        further = exists().where(NeedPart.need_id == Need.id, *_missing(filters, NeedPart))
        found.append(or_(and_(*_missing(filters, Need)), further))
    if filters.mode:
        found.append(kind.mode.in_((filters.mode, "either")))
    if filters.urgency:
        found.append(Need.urgency == filters.urgency if kind is Need else false())
    if filters.period_to is not None:
        found.append(or_(kind.period_from.is_(None), kind.period_from <= filters.period_to))
    if filters.period_from is not None:
        found.append(or_(kind.period_to.is_(None), kind.period_to >= filters.period_from))
    return found


def _given(filters: Filters) -> list[ColumnElement[bool]]:
    found = [Offer.support_type == filters.support_type] if filters.support_type else []
    if filters.amount is not None:
        found += [_counted(filters, Offer), Offer.quantity >= filters.amount]
    return found


def _missing(filters: Filters, part: type[Need] | type[NeedPart]) -> list[ColumnElement[bool]]:
    """SQL: something is missing of a part of the kind, and no more than the amount or that is useful.

    A kind that is welcome as well meets the kind alone. Nobody has said how much of it is wanted, and the
    amount of the first part counts something else, so an amount is not met by it.
    """
    left = takes.left(part)
    found: list[ColumnElement[bool]] = []
    if filters.support_type:
        own = part.support_type == filters.support_type
        takes_also = part is Need and filters.amount is None
        found.append(or_(own, holds(Need.also_welcome, filters.support_type)) if takes_also else own)
    if filters.amount is not None:
        is_little = and_(part.quantity.is_not(None), left <= filters.amount + takes.SOME)
        found += [_counted(filters, part), or_(is_little, part.min_useful <= filters.amount)]
    return [*found, left > takes.SOME]


def _counted(filters: Filters, rows: Any) -> ColumnElement[bool]:
    same: ColumnElement[bool] = or_(
        rows.unit == filters.unit, rows.unit.startswith(f"{filters.unit}/", autoescape=True)
    )
    return same


def met_by_profile(
    filters: Filters, kind: type[NpoProfile] | type[CompanyProfile]
) -> list[ColumnElement[bool]]:
    """SQL of the same for what a profile says; of the rest only postings speak."""
    return _listed(filters, kind)


def _listed(filters: Filters, kind: Any) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    for code, column in (
        (filters.field, kind.fields), (filters.beneficiary, kind.beneficiaries), (filters.sdg, kind.sdgs),
    ):  # fmt: skip
        if code:
            found.append(holds(column, code))
    if filters.area:
        found.append(or_(holds(kind.areas, filters.area), holds(kind.areas, vocabulary.AREA_CITYWIDE)))
    return found


def holds(column: Any, code: str) -> ColumnElement[bool]:
    """Whether a JSON list of codes holds ``code``; codes have no quotes, so their text form decides."""
    return cast(column, String).like(f'%"{code}"%')
