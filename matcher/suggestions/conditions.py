"""Hard conditions: who may be suggested to whom at all, and what the person wants to see of it."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, select
from sqlalchemy.orm import Session

from matcher.ground import lifecycle, vocabulary
from matcher.records import Mark, Need, Organization, Partnership


@dataclass(frozen=True)
class Filters:
    """Hard conditions that the person chose; empty means no condition."""

    field: str = ""
    area: str = ""
    support_type: str = ""

    def as_dict(self) -> dict[str, str]:
        """The chosen conditions, for the record of the shown list."""
        return {name: value for name, value in vars(self).items() if value}

    def are_met(self, fields: Iterable[str], areas: Iterable[str], types: Iterable[str]) -> bool:
        """Whether a need, an offer or a profile (``types`` is empty) meets all of them."""
        if self.field and self.field not in fields:
            return False
        if self.area and not {self.area, vocabulary.AREA_CITYWIDE} & set(areas):
            return False
        return not self.support_type or self.support_type in types


NO_FILTERS: Final = Filters()


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
