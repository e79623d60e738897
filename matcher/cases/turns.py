"""Whose turn it is on a case: its steps, written whenever it changes and read wherever somebody asks.

``desk.steps`` derives them from the record. They are written in the transaction of the change: before it is
committed, and before anybody reads them in it. What time alone brings needs no writing – a step that is not
one yet says from which day on it is, one that ends by itself until which day.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, delete, event, insert, or_, select, true
from sqlalchemy.orm import Session, SessionTransaction, joinedload

from matcher.ground import calendar, lifecycle, permissions
from matcher.ground.permissions import Actor
from matcher.records import (
    CaseMessage,
    CaseStep,
    Indicator,
    Measurement,
    Need,
    NpoProfile,
    Organization,
    Partnership,
)
from matcher.records.base import Base
from matcher.register import act, once

SIDES: Final = ("company", "npo", "city")


@dataclass(frozen=True)
class Step:
    """One thing that a party has to do now. ``kind`` is what the page offers, ``item`` its record."""

    side: str  #: company, npo or city
    kind: str
    until: date | None = None
    about: str = ""
    item: str = ""
    is_late: bool = False


# ── Reading ──────────────────────────────────────────────────────────────────────────────────────────


def of(session: Session, cases: Iterable[Partnership], now: datetime) -> Mapping[int, Sequence[Step]]:
    """case id → everything that somebody has to do on it now, the late and the near first; one query."""
    settle(session)
    today = calendar.tokyo_date(now)
    found: dict[int, list[Step]] = {case.id: [] for case in cases}
    rows = session.execute(
        select(
            CaseStep.partnership_id, CaseStep.side, CaseStep.kind, CaseStep.until, CaseStep.about,
            CaseStep.item,
        )
        .where(CaseStep.partnership_id.in_(found), is_open(now))
        .order_by(CaseStep.id)
    )  # fmt: skip
    for case_id, side, kind, until, about, item in rows:
        is_late = until is not None and until < today
        found[case_id].append(Step(side, kind, until, about, item, is_late))
    for steps in found.values():
        steps.sort(key=urgency)
    return found


def steps(session: Session, case: Partnership, now: datetime) -> Sequence[Step]:
    """The same of one case."""
    return of(session, [case], now)[case.id]


def own(found: Iterable[Step], side: str | None) -> list[Step]:
    """The steps of one side."""
    return [step for step in found if step.side == side]


def is_for(step: Step, actor: Actor, case: Partnership) -> bool:
    """Whether a step of the actor's side is the actor's: some of the city's are for a manager alone."""
    deed = act.find(Partnership, step.kind)
    return not actor.is_staff or deed is None or permissions.may(actor, deed.by, case)


def has(found: Iterable[Step], side: str, *kinds: str) -> bool:
    """Whether a side is to do any of these kinds of thing."""
    return any(step.side == side and step.kind in kinds for step in found)


def whose(found: Iterable[Step]) -> tuple[str, ...]:
    """Whose turn it is: the sides that have something to do, in the order of ``SIDES``."""
    sides = {step.side for step in found}
    return tuple(side for side in SIDES if side in sides)


def waited_for(session: Session, case: Partnership, *kinds: str, item: str = "") -> tuple[str, ...]:
    """The sides that are to do any of these kinds of thing (with ``item``), now or on a day to come."""
    settle(session)
    sides = set(
        session.scalars(
            select(CaseStep.side).where(
                CaseStep.partnership_id == case.id,
                CaseStep.kind.in_(kinds),
                CaseStep.item == item if item else true(),
            )
        )
    )
    return tuple(side for side in SIDES if side in sides)


def urgency(step: Step) -> tuple[bool, date, str]:
    """What is late comes first, then what is near."""
    return (not step.is_late, step.until or date.max, step.kind)


def is_open(now: datetime) -> ColumnElement[bool]:
    """Whether a kept step is one by now, for a query over ``CaseStep``."""
    today = calendar.tokyo_date(now)
    return and_(
        or_(CaseStep.opens_on.is_(None), CaseStep.opens_on <= today),
        or_(CaseStep.closes_on.is_(None), CaseStep.closes_on >= today),
    )


# ── Writing ──────────────────────────────────────────────────────────────────────────────────────────

_CHANGED: Final = "changed_cases"
_derivers: list[Callable[[Session, Partnership], list[CaseStep]]] = []
_WRITTEN: Final = ("side", "kind", "opens_on", "closes_on", "until", "since", "about", "item")


def derived_by(derive: Callable[[Session, Partnership], list[CaseStep]]) -> None:
    """Say what derives the steps of a case with both sides and its need loaded."""
    _derivers[:] = [derive]


def mark(session: Session, case_id: int) -> None:
    """The case has changed past its record (by an UPDATE): its steps are to be written anew."""
    _changed(session)["cases"].add(case_id)


def settle(session: Session) -> None:
    """Write the steps of every case that this transaction has changed so far."""
    if session.autoflush:
        session.flush()
    changed = session.info.get(_CHANGED)
    if changed is None:
        return
    # What is written within a savepoint may be undone with it, and is then to be written once more.
    if not session.in_nested_transaction():
        del session.info[_CHANGED]
    write(session, _cases_of(session, changed))


def write(session: Session, ids: Iterable[int]) -> None:
    """Write the steps of these cases, where they are no longer what they were."""
    if not (wanted := sorted(ids)):
        return
    if not _derivers:
        raise RuntimeError("expected matcher.desk.steps to be loaded where cases change")
    cases = session.scalars(
        select(Partnership)
        .where(Partnership.id.in_(wanted))
        .options(
            joinedload(Partnership.company),
            joinedload(Partnership.npo).joinedload(Organization.npo),
            joinedload(Partnership.need),
        )
    ).all()
    kept: dict[int, list[tuple[Any, ...]]] = {case.id: [] for case in cases}
    columns = [getattr(CaseStep, name) for name in _WRITTEN]
    for case_id, *values in session.execute(
        select(CaseStep.partnership_id, *columns)
        .where(CaseStep.partnership_id.in_(kept))
        .order_by(CaseStep.id)
    ):
        kept[case_id].append(tuple(values))
    for case in cases:
        with once.unchanged(session):
            derived = _derivers[0](session, case)
        found = [tuple(getattr(step, name) for name in _WRITTEN) for step in derived]
        if found == kept[case.id]:
            continue
        session.execute(delete(CaseStep).where(CaseStep.partnership_id == case.id))
        if found:
            rows = [dict(zip(_WRITTEN, values, strict=True), partnership_id=case.id) for values in found]
            session.execute(insert(CaseStep), rows)


def _changed(session: Session) -> dict[str, set[int]]:
    empty: dict[str, set[int]] = {"cases": set(), "indicators": set(), "organizations": set(), "needs": set()}
    changed: dict[str, set[int]] = session.info.setdefault(_CHANGED, empty)
    return changed


def _cases_of(session: Session, changed: Mapping[str, set[int]]) -> set[int]:
    found = set(changed["cases"])
    if changed["indicators"]:
        query = select(Indicator.partnership_id).where(Indicator.id.in_(changed["indicators"]))
        found.update(session.scalars(query))
    if changed["organizations"] or changed["needs"]:
        # What an organization or its need says stands on the public page, which the city keeps true; of whom
        # the city has stopped nothing is accepted.
        is_theirs = or_(
            Partnership.company_id.in_(changed["organizations"]),
            Partnership.npo_id.in_(changed["organizations"]),
        )
        query = select(Partnership.id).where(
            or_(
                and_(Partnership.state.in_(lifecycle.CASE_WORK), is_theirs),
                and_(
                    Partnership.published_at.is_not(None),
                    or_(is_theirs, Partnership.need_id.in_(changed["needs"])),
                ),
            )
        )
        found.update(session.scalars(query))
    return found


def _note_changes(session: Session, _context: object) -> None:
    for record in (*session.new, *session.dirty, *session.deleted):
        found = _changed_by(record)
        if found is not None and found[1] is not None:
            _changed(session)[found[0]].add(found[1])


def _changed_by(record: object) -> tuple[str, int | None] | None:
    match record:
        case Partnership():
            return "cases", record.id
        case Measurement():
            return "indicators", record.indicator_id
        case Organization():
            return "organizations", record.id
        case NpoProfile():
            return "organizations", record.organization_id
        case Need():
            return "needs", record.id
        case CaseMessage():
            return None  # what is said is nothing to be done; nor is it on the public page
        case Base() if hasattr(record, "partnership_id"):
            return "cases", record.partnership_id
    return None


def _settle_at_the_end(session: Session) -> None:
    if not session.in_nested_transaction():
        settle(session)


def _forget(session: Session, ended: SessionTransaction) -> None:
    if not ended.nested:
        session.info.pop(_CHANGED, None)


event.listen(Session, "after_flush", _note_changes)
event.listen(Session, "before_commit", _settle_at_the_end)
event.listen(Session, "after_soft_rollback", _forget)
