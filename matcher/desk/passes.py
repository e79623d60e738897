"""Who did not want whom, and why: read by the city alone, as the page on which one passes promises."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session, aliased

from matcher.ground import permissions, vocabulary
from matcher.ground.permissions import Actor
from matcher.records import Mark, Need, Organization, User

MOST: Final = 50  #: so many of the newest are read one by one; all are counted


@dataclass(frozen=True)
class Pass:
    """One 見送り as it stands now: whoever takes it back takes the reason back too."""

    mark: Mark
    by: Organization
    target: Organization
    need: Need | None
    person: str


@dataclass(frozen=True)
class Passes:
    """How often which reason was given, in the order of the list, and the newest of them one by one."""

    counts: Sequence[tuple[str, int]] = ()
    newest: Sequence[Pass] = ()

    @property
    def total(self) -> int:
        """How many there are."""
        return sum(count for _code, count in self.counts)


def of_need(session: Session, actor: Actor, need: Need) -> Passes:
    """By companies on this need, and by its NPO on companies that were suggested for it.

    Raises:
        NotPermitted: for others than the city.
    """
    return _passes(session, actor, Mark.need_id == need.id)


def on_organization(session: Session, actor: Actor, organization: Organization) -> Passes:
    """By others on this organization or one of its needs; as ``of_need``."""
    return _passes(session, actor, Mark.target_id == organization.id)


def by_organization(session: Session, actor: Actor, organization: Organization) -> Passes:
    """By this organization on others; as ``of_need``."""
    return _passes(session, actor, Mark.organization_id == organization.id)


def _passes(session: Session, actor: Actor, condition: ColumnElement[bool]) -> Passes:
    permissions.require(actor, "desk.view")
    passed = (Mark.kind == "passed", condition)
    counted = Counter(session.scalars(select(Mark.reason_code).where(*passed)))
    by, target = aliased(Organization), aliased(Organization)
    rows = session.execute(
        select(Mark, by, target, Need, User.name)
        .join(by, by.id == Mark.organization_id)
        .join(target, target.id == Mark.target_id)
        .join(User, User.id == Mark.marked_by_id)
        .outerjoin(Need, Need.id == Mark.need_id)
        .where(*passed)
        .order_by(Mark.marked_at.desc(), Mark.id.desc())
        .limit(MOST)
    )
    counts = [(code, counted[code]) for code in vocabulary.PASS_REASONS if counted[code]]
    return Passes(counts, [Pass(*row) for row in rows])
