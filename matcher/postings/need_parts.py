"""The further parts of a need as they are written: what is wrong with one, and keeping them."""

from collections.abc import Iterable, Sequence
from typing import Any, Final

from sqlalchemy import delete
from sqlalchemy.orm import Session

from matcher.cases import takes
from matcher.ground import amounts, limits, vocabulary
from matcher.ground.errors import Invalid
from matcher.ground.parts import Part
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


def keep(session: Session, need: Need, written: Sequence[Part]) -> bool:
    """Keep the parts that were written in the place of those that stood; says whether any differs.

    Raises:
        Invalid: ``part_<place>_<field>`` → code.
    """
    wrong = {
        named(part.place, field): code for part in written for field, code in faults(part).items()
    }  # fmt: skip
    if wrong:
        raise Invalid(**wrong)
    if tuple(written) == further(session, need):
        return False
    session.execute(delete(NeedPart).where(NeedPart.need_id == need.id))
    for part in written:
        session.add(
            NeedPart(
                need_id=need.id, place=part.place, support_type=part.support_type, what=part.what,
                quantity=part.quantity, unit=part.unit, min_useful=part.min_useful,
            )
        )  # fmt: skip
    session.flush()
    return True


def as_facts(rows: Iterable[Part]) -> list[dict[str, Any]]:
    """The parts as JSON values, for what is kept of a version."""
    return [{"place": part.place} | {name: getattr(part, name) for name in FIELDS} for part in rows]
