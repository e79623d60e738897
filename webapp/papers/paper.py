"""What a paper of a case is, and what it is asked for with."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import Any

from sqlalchemy.orm import Session

from matcher.cases import reads as case_reads
from matcher.ground.permissions import Actor
from matcher.records import CaseDocument, Partnership
from matcher.register import parties
from webapp import party_text


@dataclass(frozen=True)
class Ask:
    """Who asks for the papers of which case, and when; what several papers need is read once.

    Args:
        number: of the version, for a paper that prints a document; without it the one in force.
    """

    session: Session
    actor: Actor
    case: Partnership
    now: datetime
    number: int | None = None

    @cached_property
    def history(self) -> parties.History:
        """The parties on the days of the case's acts."""
        return parties.History(self.session, self.case)

    @cached_property
    def documents(self) -> Sequence[CaseDocument]:
        """Every version of every document, newest first."""
        return case_reads.versions(self.session, self.case)

    def versions(self, kind: str) -> list[CaseDocument]:
        """The versions of one document, newest first."""
        return [row for row in self.documents if row.kind == kind]

    def has(self, kind: str) -> bool:
        """Whether there is a version that was not withdrawn."""
        return any(row.state != "withdrawn" for row in self.versions(kind))


@dataclass(frozen=True)
class Paper:
    """One paper: a module of this package, and a template under ``pdf/``.

    Args:
        name: as its address names it; its template is called so, too, unless it has another.
        title: what stands on it and on the links to it.
        place: among the links.
        is_ready: whether the records can fill it now.
        facts: what it says, plain values only; ``head`` is among them.
        prints: the kind of document of which it prints one version.
    """

    name: str
    title: Any
    place: int
    is_ready: Callable[[Ask], bool]
    facts: Callable[[Ask], Mapping[str, Any]]
    prints: str = ""
    template: str = ""


@dataclass(frozen=True)
class OfCase:
    """What a paper may say of its case besides its records: nothing that is registered anew."""

    number: str
    starts_on: date | None
    ends_on: date | None
    was_terminated: bool


def head(case: Partnership, named: parties.Parties, made_at: datetime) -> dict[str, Any]:
    """The head of a paper about a day: who the parties were on it. It joins no present registration and bears
    its own day, not the one on which it happens to be printed.
    """
    return {
        "case": OfCase(case.number, case.starts_on, case.ends_on, case.was_terminated),
        "parties": named, "city": named.city, "doubts": party_text.doubts(named), "made_at": made_at,
    }  # fmt: skip
