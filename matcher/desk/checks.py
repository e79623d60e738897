"""What the program can tell of something that waits for the city's decision: a row each, ○ × −.

``known_of_…`` ask the record alone, so that every line of a queue is marked by the same rule; the page of one
record asks for the rest besides.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from matcher.cases import talks
from matcher.desk import watches
from matcher.ground import lifecycle, personal
from matcher.postings import drafts, terms
from matcher.postings.terms import Figures
from matcher.records import AuditEvent, Need, Offer, Organization, Partnership, PublicComment, User
from matcher.register.doers import Doer

Mark = Literal["yes", "no", "none"]
History = Sequence[tuple[AuditEvent, Doer | None]]


@dataclass(frozen=True)
class Check:
    """One thing that was compared: how it stands; ``none`` where there was nothing to compare."""

    code: str
    mark: Mark

    @property
    def needs_care(self) -> bool:
        """Whether somebody should look before they decide."""
        return self.mark == "no"


def _check(code: str, *, holds: bool) -> Check:
    return Check(code, "yes" if holds else "no")


def known_of_case(case: Partnership, now: datetime) -> list[Check]:
    """Of a case with both sides, need and offer loaded."""
    return [
        _check("verified", holds=not talks.unverified(case)),
        _check("terms", holds=not differences(case)) if case.need or case.offer else Check("terms", "none"),
        _in_time(case.moved_at, now),
    ]


def of_case(
    case: Partnership, now: datetime, *, on_both_sides: Collection[User], hints: Collection[str]
) -> list[Check]:
    """The same, with what other records say.

    Args:
        on_both_sides: who serves both (``conflicts.on_both_sides``).
        hints: the texts that may hold personal data (``personal.kinds_by``).
    """
    return [
        *known_of_case(case, now),
        _check("both_sides", holds=not on_both_sides),
        _check("personal", holds=not hints),
    ]


def differences(case: Partnership) -> Sequence[terms.Note]:
    """Where a case goes beyond its need or its offer."""
    asked = Figures.of(case.need).beside_part(case.part) if case.need else None
    return terms.differences(Figures.of(case), asked, Figures.of(case.offer) if case.offer else None)


def since_returned(events: History) -> History:
    """What has happened since the city last gave the case back, newest first; nothing where it never did.

    Args:
        events: the history of the case, newest first.
    """
    found = next((place for place, (one, _doer) in enumerate(events) if one.action == lifecycle.RETURN), 0)
    return events[:found]


def known_of_agreement(case: Partnership, now: datetime) -> list[Check]:
    """Of a case whose agreement both have signed."""
    return [_check("verified", holds=not talks.unverified(case)), _in_time(case.moved_at, now)]


def known_of_posting(posting: Need | Offer, now: datetime) -> list[Check]:
    """Of a need or an offer with its organization loaded."""
    return [
        _check("verified", holds=posting.organization.is_verified),
        _check("personal", holds=not drafts.personal_data_hints(posting)),
        _in_time(posting.submitted_at, now),
    ]


def known_of_organization(organization: Organization, now: datetime) -> list[Check]:
    """Of an application."""
    return [_in_time(organization.submitted_at, now)]


def known_of_comment(comment: PublicComment, now: datetime) -> list[Check]:
    """Of a resident's words."""
    return [_check("personal", holds=not personal.kinds_in(comment.text)), _in_time(comment.written_at, now)]


def _in_time(since: datetime | None, now: datetime) -> Check:
    return Check("in_time", "none") if since is None else _check(
        "in_time", holds=since > watches.promise_limit(now)
    )  # fmt: skip
