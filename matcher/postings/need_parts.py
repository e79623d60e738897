"""The further parts of a need as they are written: what is wrong with one, and keeping them."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import delete
from sqlalchemy.orm import Session

from matcher.cases import takes
from matcher.ground import amounts, limits, vocabulary
from matcher.ground.errors import Invalid
from matcher.ground.parts import FIRST, Part
from matcher.records import Need, NeedPart
from matcher.records.base import column_length

#: What is typed of each.
FIELDS: Final = ("support_type", "what", "quantity", "unit", "min_useful")


def named(place: int, field: str) -> str:
    """What the field of a part is called in forms."""
    return f"part_{place}_{field}"


def further(session: Session, need: Need) -> tuple[Part, ...]:
    """What a need asks for besides its first part."""
    return takes.parts_of(session, [need])[need.id][1:]


def counts(session: Session, needs: Iterable[Need]) -> dict[int, int]:
    """need id → how many further parts it has."""
    return {key: len(found) - 1 for key, found in takes.parts_of(session, needs).items()}


def faults(part: Part) -> dict[str, str]:
    """Field → code of what cannot be meant."""
    found = vocabulary.SUPPORT_TYPES.get(part.support_type)
    wrong = {} if found is not None else {"support_type": "required"}
    if limits.is_too_long(part.what, limits.TITLE) or len(part.what) > column_length(NeedPart, "what"):
        wrong["what"] = "too_long"
    for name, amount in (("quantity", part.quantity), ("min_useful", part.min_useful)):
        if amount is not None and (fault := amounts.fault(amount, part.unit)):
            wrong[name] = fault
    if part.min_useful is not None and part.quantity is not None and part.min_useful > part.quantity:
        wrong.setdefault("min_useful", "more_than_quantity")
    is_counted = part.quantity is not None or part.min_useful is not None
    if is_counted and found is not None and part.unit not in found.units:
        wrong["unit"] = "required"
    return wrong


def keep(session: Session, need: Need, written: Sequence[Part]) -> None:
    """Keep the parts that were written in the place of those that stood; who calls it flushes.

    Raises:
        Invalid: ``part_<place>_<field>`` → code.
    """
    wrong = {
        named(part.place, field): code for part in written for field, code in faults(part).items()
    }  # fmt: skip
    if wrong:
        raise Invalid(**wrong)
    if tuple(written) == further(session, need):
        return
    session.execute(delete(NeedPart).where(NeedPart.need_id == need.id))
    for part in written:
        session.add(
            NeedPart(
                need_id=need.id, place=part.place, support_type=part.support_type, what=part.what,
                quantity=part.quantity, unit=part.unit, min_useful=part.min_useful,
            )
        )  # fmt: skip


def taken_parts(session: Session, need: Need) -> dict[int, Part]:
    """Place → the part, of those of which companies whom the city has introduced take something."""
    held = {one.place for one in takes.taken(session, [need.id])[need.id]}
    return {one.place: one for one in takes.parts_of(session, [need])[need.id] if one.place in held}


def require_kept(need: Need, written: Sequence[Part], before: Mapping[int, Part]) -> None:
    """Let what is taken remain what it was: what cases take is kept by place, and counted in its unit.

    Args:
        written: its further parts as they are to be.
        before: ``taken_parts`` as they stood.

    Raises:
        Invalid: a part was taken out, or is of another kind or unit.
    """
    now = {one.place: one for one in (takes.first_part(need), *written)}
    wrong = {}
    for place, part in before.items():
        field = "support_type" if place == FIRST else named(place, "support_type")
        if place not in now or _counted(now[place]) != _counted(part):
            wrong[field] = "part_taken"
    if wrong:
        raise Invalid(**wrong)


def _counted(part: Part) -> tuple[str, str]:
    return part.support_type, "" if part.quantity is None else part.unit


def as_facts(rows: Iterable[Part]) -> list[dict[str, Any]]:
    """The parts as JSON values, for what is kept of a version."""
    return [{"place": part.place} | {name: getattr(part, name) for name in FIELDS} for part in rows]
