"""Hard conditions: who may be suggested to whom at all, and what the person wants to see of it."""

import dataclasses
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, select
from sqlalchemy.orm import Session

from matcher.ground import lifecycle, numerals, vocabulary
from matcher.records import Mark, Need, Organization, Partnership


@dataclass(frozen=True)
class Facts:
    """What a need, an offer or a profile says of what people filter by."""

    fields: Collection[str] = ()
    areas: Collection[str] = ()
    beneficiaries: Collection[str] = ()
    sdgs: Collection[str] = ()
    support_type: str = ""  #: of which ``amounts`` are
    also: Collection[str] = ()  #: other kinds that are welcome; of them no amount is known
    mode: str = ""
    urgency: str = ""
    amounts: Collection[float] = ()  #: each of which alone would do
    unit: str = ""
    period: tuple[date | None, date | None] | None = None  #: an open end is ``None``; ``None`` for a profile


@dataclass(frozen=True)
class Filters:
    """Hard conditions that the person chose; empty means no condition."""

    field: str = ""
    area: str = ""
    support_type: str = ""
    beneficiary: str = ""
    sdg: str = ""
    mode: str = ""
    urgency: str = ""
    amount: float | None = None  #: what the asker can give at most, or needs at least
    unit: str = ""
    period_from: date | None = None
    period_to: date | None = None

    def as_dict(self) -> dict[str, str]:
        """The chosen conditions, for the record of the shown list and for a search that is kept."""
        chosen = ((name, value) for name, value in vars(self).items() if value not in {"", None})
        return {name: f"{value:.15g}" if name == "amount" else str(value) for name, value in chosen}

    @classmethod
    def of(cls, stored: Mapping[str, str]) -> "Filters":
        """From what ``as_dict`` made; what it does not know is left out."""
        known = {one.name: stored[one.name] for one in dataclasses.fields(cls) if stored.get(one.name)}
        read: dict[str, Any] = dict(known)
        if "amount" in known:
            read["amount"] = float(known["amount"])
        for name in known.keys() & {"period_from", "period_to"}:
            read[name] = date.fromisoformat(known[name])
        return cls(**read)

    def are_met(self, facts: Facts, *, asked: bool) -> bool:
        """Whether a need (``asked``), an offer or a profile meets all of them. What it does not say, it does
        not meet: of what is only welcome as well no amount is known, and the one that it states counts
        something else.
        """
        kinds = {facts.support_type, *(facts.also if self.amount is None else ())}
        listed = (
            (self.field, facts.fields), (self.beneficiary, facts.beneficiaries), (self.sdg, facts.sdgs),
            (self.support_type, kinds), (self.urgency, (facts.urgency,)),
        )  # fmt: skip
        if any(code and code not in codes for code, codes in listed):
            return False
        if self.area and not {self.area, vocabulary.AREA_CITYWIDE} & set(facts.areas):
            return False
        if self.mode and facts.mode not in {self.mode, "either"}:
            return False
        return self._is_enough(facts, asked) and self._is_in_time(facts)

    def _is_enough(self, facts: Facts, asked: bool) -> bool:
        if self.amount is None:
            return True
        if not numerals.same_unit(self.unit, facts.unit):
            return False
        return any(one <= self.amount if asked else one >= self.amount for one in facts.amounts)

    def _is_in_time(self, facts: Facts) -> bool:
        if self.period_from is None and self.period_to is None:
            return True
        if facts.period is None:
            return False
        begins, ends = facts.period
        starts_late = self.period_to is not None and begins is not None and begins > self.period_to
        ends_early = self.period_from is not None and ends is not None and ends < self.period_from
        return not starts_late and not ends_early


NO_FILTERS: Final = Filters()


def facts_of_posting(row: Any) -> Facts:
    """What a need or an offer, or a row of its columns, says of what people filter by."""
    amounts = (row.quantity, getattr(row, "min_useful", None))
    return Facts(
        row.fields, row.areas, row.beneficiaries, row.sdgs,
        support_type=row.support_type, also=getattr(row, "also_welcome", ()),
        mode=row.mode, urgency=getattr(row, "urgency", ""),
        amounts=[one for one in amounts if one is not None], unit=row.unit,
        period=(row.period_from, row.period_to),
    )  # fmt: skip


def facts_of_profile(row: Any) -> Facts:
    """What a profile, or a row of its columns, says of the same."""
    return Facts(row.fields, row.areas, row.beneficiaries, row.sdgs)


def completed(offer: Facts, profile: Facts) -> Facts:
    """An offer speaks for itself first, and where it says nothing, its company's profile does."""
    names = ("fields", "areas", "beneficiaries", "sdgs")
    return replace(offer, **{name: getattr(offer, name) or getattr(profile, name) for name in names})


@dataclass
class Marks:
    """What the asking organization has passed or saved: (organization, need or 0)."""

    passed: set[tuple[int, int]] = field(default_factory=set)
    saved: set[tuple[int, int]] = field(default_factory=set)

    def has_passed(self, organization_id: int, need_id: int) -> bool:
        """Whether it passed on the organization as a whole, or on it for this need."""
        return bool({(organization_id, need_id), (organization_id, 0)} & self.passed)


def open_need() -> tuple[ColumnElement[bool], ...]:
    """SQL conditions of a need that stands open to everybody."""
    return (Need.state == "open", Need.visibility != "approached")


def listed_organizations(kind: str) -> tuple[ColumnElement[bool], ...]:
    """SQL conditions under which an organization may be found by other members."""
    return (
        Organization.kind == kind,
        Organization.state == "verified",
        Organization.visibility != "approached",
    )


def listed_needs() -> tuple[ColumnElement[bool], ...]:
    """SQL conditions under which a need (joined with its NPO) may be found by other members."""
    return (*open_need(), *listed_organizations("npo"))


def no_case(company_id: Any, npo_id: Any, need_id: Any) -> ColumnElement[bool]:
    """No open case of this company about this need, or with this NPO about none in particular."""
    same = Partnership.need_id == need_id if need_id is not None else Partnership.need_id.is_(None)
    occupied = select(Partnership.id).where(
        Partnership.company_id == company_id,
        Partnership.npo_id == npo_id,
        same,
        Partnership.state.in_(lifecycle.CASE_OPEN),
    )
    return ~occupied.exists()


def no_case_of_need(need: Need, company_id: Any) -> ColumnElement[bool]:
    """No open case of this need with this company."""
    occupied = select(Partnership.id).where(
        Partnership.company_id == company_id,
        and_(Partnership.need_id == need.id, Partnership.state.in_(lifecycle.CASE_OPEN)),
    )
    return ~occupied.exists()


def is_no_go(no_go: Iterable[str], fields: Iterable[str]) -> bool:
    """Whether a company's no-go fields hold all that the other side stands in, and it stands in some."""
    fields = set(fields)
    return bool(fields) and fields <= set(no_go)


def marks_of(session: Session, organization_id: int) -> Marks:
    """The marks of an organization."""
    marks = Marks()
    for mark in session.scalars(select(Mark).where(Mark.organization_id == organization_id)):
        (marks.passed if mark.kind == "passed" else marks.saved).add((mark.target_id, mark.need_id))
    return marks
