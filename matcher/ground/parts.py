"""A need in parts, what several companies take of them, and what is still missing. Pure.

What a need asks for in its own columns is its first part. A part without an amount is one whole, which one
company fills. Amounts are rounded to hundredths, as they are kept.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from matcher.ground import vocabulary

FIRST: Final = 1  #: the place of what the need itself says
MOST: Final = 5  #: parts of one need
PLACES: Final = tuple(range(FIRST + 1, MOST + 1))  #: of its further parts


@dataclass(frozen=True)
class Part:
    """One thing that a need asks for. It keeps its place, whatever becomes of the others."""

    place: int
    support_type: str
    quantity: float | None = None
    unit: str = ""
    min_useful: float | None = None
    what: str = ""  #: in the NPO's words; the first part is said by the need's own text


@dataclass(frozen=True)
class Taken:
    """What one case takes of a part. ``is_decided``: agreed upon, and not only talked about."""

    place: int
    support_type: str
    quantity: float | None
    unit: str
    is_decided: bool
    case_id: int = 0

    def amount_of(self, part: Part) -> float:
        """How much of ``part`` it is; nothing where it is of another kind, or counted in another unit."""
        if self.place != part.place or not vocabulary.complement(part.support_type, self.support_type):
            return 0.0
        if part.quantity is None:
            return 1.0
        return self.quantity if self.quantity is not None and self.unit == part.unit else 0.0


@dataclass(frozen=True)
class Standing:
    """How far a part is filled; of a whole, 1 is all of it."""

    part: Part
    decided: float = 0.0  #: agreed upon
    talked: float = 0.0  #: of those whom the city has introduced and who have no agreement yet

    @property
    def is_counted(self) -> bool:
        """Whether it has an amount, of which there can be a part."""
        return self.part.quantity is not None

    @property
    def wanted(self) -> float:
        """All that it asks for."""
        return 1.0 if self.part.quantity is None else self.part.quantity

    @property
    def missing(self) -> float:
        """What nobody has taken. Whoever only talks about a whole does not keep others from asking."""
        held = self.decided + (self.talked if self.is_counted else 0.0)
        return max(0.0, round(self.wanted - held, 2))

    @property
    def is_filled(self) -> bool:
        """Whether all of it is agreed upon."""
        return round(self.decided - self.wanted, 2) >= 0

    @property
    def is_taken(self) -> bool:
        """Whether nothing of it is missing."""
        return self.missing == 0

    @property
    def is_untouched(self) -> bool:
        """Whether nobody has taken anything of it."""
        return not self.decided and not self.talked

    def would_exceed(self, amount: float) -> bool:
        """Whether so much is more than others have left. More than is asked for, where nobody has taken
        anything yet, is for the two to talk about.
        """
        return not self.is_untouched and amount > self.missing


def standing(parts: Iterable[Part], taken: Iterable[Taken]) -> tuple[Standing, ...]:
    """How far each part is filled, in their order."""
    rows = list(taken)
    return tuple(
        Standing(
            part,
            round(sum(one.amount_of(part) for one in rows if one.is_decided), 2),
            round(sum(one.amount_of(part) for one in rows if not one.is_decided), 2),
        )
        for part in parts
    )


def is_filled(rows: Iterable[Standing]) -> bool:
    """Whether every part is agreed upon."""
    return all(one.is_filled for one in rows)


def is_taken(rows: Iterable[Standing]) -> bool:
    """Whether nothing of any part is missing."""
    return all(one.is_taken for one in rows)
