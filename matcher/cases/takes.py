"""What the cases about a need take of its parts: kept with each case, summed up from the cases themselves.

No sum is kept: what a case takes counts from the introduction on, and no longer once the case has ended
without an agreement, or its agreement was broken off. Writers come one after the other (``ground/db.py``), so
whoever asks in the transaction in which something is taken hears what is left at that moment.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import ColumnElement, delete, exists, func, or_, select, tuple_
from sqlalchemy import case as sql_case
from sqlalchemy.orm import Session

from matcher.ground import amounts, lifecycle, parts, vocabulary
from matcher.ground.parts import Part, Standing, Taken
from matcher.records import CaseTake, Need, NeedPart, Partnership

#: Once the agreement is confirmed.
DECIDED: Final = lifecycle.CASE_WORK - lifecycle.CASE_TALKS

#: Amounts are kept in hundredths: so much of one is more than a rest of counting.
SOME: Final = 0.004

Further = Sequence[tuple[int, float | None]]  #: (place of a further part, how much of it)


def first_part(need: Need) -> Part:
    """What a need itself asks for."""
    return Part(parts.FIRST, need.support_type, need.quantity, need.unit, need.min_useful)


def parts_of(session: Session, needs: Iterable[Need]) -> dict[int, tuple[Part, ...]]:
    """need id → its parts, the need's own amount first; one query."""
    found = {need.id: [first_part(need)] for need in needs}
    if not found:
        return {}
    rows = session.scalars(
        select(NeedPart).where(NeedPart.need_id.in_(found)).order_by(NeedPart.need_id, NeedPart.place)
    )
    for row in rows:
        found[row.need_id].append(
            Part(row.place, row.support_type, row.quantity, row.unit, row.min_useful, row.what)
        )
    return {key: tuple(rows) for key, rows in found.items()}


def taken(session: Session, need_ids: Iterable[int]) -> dict[int, list[Taken]]:
    """need id → what its cases take, from the introduction on; two queries, and one where there are none."""
    found: dict[int, list[Taken]] = {key: [] for key in need_ids}
    counted = (
        Partnership.need_id.in_(found),
        Partnership.state.in_(lifecycle.CASE_WORK),
        Partnership.was_terminated.is_(False),
    )
    for case in session.scalars(select(Partnership).where(*counted).order_by(Partnership.id)):
        own = Taken(case.part, case.support_type, case.quantity, case.unit, case.state in DECIDED, case.id)
        found[case.need_id or 0].append(own)
    if not any(found.values()):
        return found
    rows = session.execute(
        select(CaseTake, Partnership.need_id, Partnership.state)
        .join(Partnership, Partnership.id == CaseTake.partnership_id)
        .where(*counted)
        .order_by(CaseTake.id)
    )
    for take, need_id, state in rows:
        found[need_id or 0].append(
            Taken(
                take.place, take.support_type, take.quantity, take.unit, state in DECIDED, take.partnership_id
            )
        )
    return found


def standing(session: Session, needs: Iterable[Need]) -> dict[int, tuple[Standing, ...]]:
    """need id → how far each of its parts is filled; three queries, however many they are."""
    rows = list(needs)
    if not rows:
        return {}
    return _standing(session, rows, taken(session, [need.id for need in rows]))


def _standing(
    session: Session, needs: Iterable[Need], given: Mapping[int, list[Taken]]
) -> dict[int, tuple[Standing, ...]]:
    return {key: parts.standing(found, given[key]) for key, found in parts_of(session, needs).items()}


def missing(session: Session, needs: Iterable[Need]) -> dict[int, float]:
    """need id → what is left of its first part, of those of which some is taken and some is left."""
    asked = list(needs)
    given = taken(session, [need.id for need in asked])
    standing_of = _standing(session, [need for need in asked if given[need.id]], given)
    found = {key: rows[0] for key, rows in standing_of.items()}
    return {
        key: row.missing
        for key, row in found.items()
        if row.is_counted and not row.is_untouched and not row.is_taken
    }


def left(part: type[Need] | type[NeedPart]) -> ColumnElement[float]:
    """SQL of ``Standing.missing`` for the first part of a need, or for its further ones; of nothing at most
    ``SOME`` is left.
    """
    is_first = part is Need
    need_id, place = (Need.id, parts.FIRST) if is_first else (NeedPart.need_id, NeedPart.place)
    own = (Partnership.need_id == need_id, Partnership.part == place, *_of_kind(part, Partnership))
    more = (
        CaseTake.partnership_id == Partnership.id, Partnership.need_id == need_id, CaseTake.place == place,
        *_of_kind(part, CaseTake),
    )  # fmt: skip
    decided = Partnership.state.in_(DECIDED)
    is_decided = or_(exists().where(*own, decided), exists().where(*more, decided))

    def held(rows: type[Partnership] | type[CaseTake], which: Any) -> Any:
        amount = select(func.coalesce(func.sum(rows.quantity), 0)).where(*which, rows.unit == part.unit)
        return amount.correlate(part).scalar_subquery()

    counted = part.quantity - held(Partnership, own) - held(CaseTake, more)
    return sql_case((part.quantity.is_(None), sql_case((is_decided, 0), else_=1)), else_=counted)


def _of_kind(part: Any, rows: Any) -> tuple[ColumnElement[bool], ...]:
    """SQL: what counts of a part (``parts.Taken.amount_of``), of a case from the introduction on."""
    beside = tuple_(part.support_type, rows.support_type).in_(list(vocabulary.COMPLEMENTS))
    return (
        or_(part.support_type == rows.support_type, beside),
        Partnership.state.in_(lifecycle.CASE_WORK),
        Partnership.was_terminated.is_(False),
    )


def of(session: Session, need: Need, *, without: Partnership | None = None) -> tuple[Standing, ...]:
    """How far each part of one need is filled.

    Args:
        without: a case that does not count: what is left is asked for it.
    """
    given = taken(session, [need.id])[need.id]
    others = (one for one in given if without is None or one.case_id != without.id)
    return parts.standing(parts_of(session, [need])[need.id], others)


def further(session: Session, case: Partnership) -> tuple[tuple[int, float | None], ...]:
    """What a case takes of further parts, besides its own terms."""
    rows = session.execute(
        select(CaseTake.place, CaseTake.quantity)
        .where(CaseTake.partnership_id == case.id)
        .order_by(CaseTake.place)
    )
    return tuple((place, quantity) for place, quantity in rows)


def faults(
    session: Session, need: Need, own: Taken, also: Further, *, without: Partnership | None = None
) -> Mapping[str, str]:
    """Field → code of what cannot be taken of a need.

    Args:
        own: what the terms themselves are of.
        also: of further parts.
    """
    rows = {one.part.place: one for one in of(session, need, without=without)}
    if own.place not in rows:
        return {"part": "required"}
    wrong = {}
    for place, quantity in also:
        if place not in rows or place == own.place:
            wrong[f"take_{place}"] = "required"
        elif quantity is not None and (fault := amounts.fault(quantity, rows[place].part.unit)):
            wrong[f"take_{place}"] = fault
    for one in _beyond(rows, [own, *_of_further(rows, also)]):
        name = "quantity" if one.part.place == own.place else f"take_{one.part.place}"
        wrong.setdefault(name, "more_than_missing")
    return wrong


def short(session: Session, case: Partnership) -> Standing | None:
    """The first part of which a case would take more than others have left; ``None`` where there is none."""
    if case.need is None:
        return None
    rows = {one.part.place: one for one in of(session, case.need, without=case)}
    own = Taken(case.part, case.support_type, case.quantity, case.unit, is_decided=False)
    return next(_beyond(rows, [own, *_of_further(rows, further(session, case))]), None)


def _of_further(rows: Mapping[int, Standing], also: Further) -> list[Taken]:
    asked = [(rows[place].part, quantity) for place, quantity in also if place in rows]
    return [
        Taken(part.place, part.support_type, quantity, part.unit, is_decided=False)
        for part, quantity in asked
    ]


def _beyond(rows: Mapping[int, Standing], own: Iterable[Taken]) -> Iterator[Standing]:
    """The parts of which more would be taken than is left."""
    for one in own:
        found = rows.get(one.place)
        if found is not None and (amount := one.amount_of(found.part)) and found.would_exceed(amount):
            yield found


def facts(session: Session, case: Partnership) -> list[dict[str, Any]]:
    """How far others fill each part of the need, and what the case would take of it, as JSON values."""
    if case.need is None:
        return []
    rows = {one.part.place: one for one in of(session, case.need, without=case)}
    own = Taken(case.part, case.support_type, case.quantity, case.unit, is_decided=False)
    taken = {one.place: one.quantity for one in (own, *_of_further(rows, further(session, case)))}
    return [
        {
            "place": place, "support_type": row.part.support_type, "part_what": row.part.what,
            "quantity": row.part.quantity, "unit": row.part.unit, "part_decided": row.decided,
            "part_talked": row.talked, "part_taken": taken.get(place),
        }
        for place, row in rows.items()
    ]  # fmt: skip


def keep(session: Session, case: Partnership, part: int, also: Further) -> None:
    """Keep with a case of which part its terms are, and what it takes of others."""
    case.part = part
    session.execute(delete(CaseTake).where(CaseTake.partnership_id == case.id))
    if not also or case.need is None:
        return
    known = {one.place: one for one in parts_of(session, [case.need])[case.need.id]}
    for place, quantity in also:
        asked = known[place]
        session.add(
            CaseTake(
                partnership_id=case.id, place=place, support_type=asked.support_type, quantity=quantity,
                unit=asked.unit if quantity is not None else "",
            )
        )  # fmt: skip
