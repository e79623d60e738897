"""Whether two entries name one organization: by number, name, district and address. Pure.

Two legal persons may bear one name in one district; only their numbers tell them apart.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from embeddings.text import fold
from matcher.register import folding

Verdict = Literal["same", "maybe", "other"]


@dataclass(frozen=True)
class Identity:
    """What an entry says of who it is; what it does not say is empty."""

    name: str
    number: str = ""
    area: str = ""
    address: str = ""

    # Folded once: in a long list every entry is compared with all others of its name.
    @cached_property
    def folded_name(self) -> str:
        """The name as it is looked for."""
        return folding.folded(self.name)

    @cached_property
    def spelled_name(self) -> str:
        """The name in one spelling, but with the kana that its register has."""
        return fold(self.name)

    @cached_property
    def folded_address(self) -> str:
        """The address as addresses are compared."""
        return fold(self.address)


def compare(one: Identity, other: Identity) -> Verdict:
    """``same``, ``other``, or ``maybe`` where only a person can tell.

    A number decides. Without one on both sides, equal names in districts that do not differ are one
    organization if neither has a number and the addresses do not differ, and maybe one otherwise – as are
    names that differ only in their kana (さくら会, サクラ会).
    """
    if one.number and other.number:
        return "same" if one.number == other.number else "other"
    if one.folded_name != other.folded_name or _differ(one.area, other.area):
        return "other"
    if one.number or other.number or one.spelled_name != other.spelled_name:
        return "maybe"
    if _differ(one.folded_address, other.folded_address):
        return "maybe"
    return "same"


def _differ(one: str, other: str) -> bool:
    return bool(one and other and one != other)
