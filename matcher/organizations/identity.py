"""Whether two entries name one organization: by number, name, district and address. Pure.

Two legal persons may bear one name in one district; only their numbers tell them apart.
"""

import re
from dataclasses import dataclass
from functools import cached_property
from typing import Final, Literal

from embeddings.text import fold
from matcher.ground import vocabulary
from matcher.register import folding

Verdict = Literal["same", "maybe", "other"]

_SHORT: Final = "|".join(map(re.escape, sorted(vocabulary.LEGAL_FORMS, key=len, reverse=True)))
_SHORTENED: Final = re.compile(f"^(?:{_SHORT})|(?:{_SHORT})$")
_WRITTEN: Final = "|".join(
    sorted({*vocabulary.LEGAL_FORMS.values(), *vocabulary.COMPANIES_LIMITED}, key=len, reverse=True)
)
_FORM: Final = re.compile(f"^(?:{_SHORT}|{_WRITTEN})|(?:{_SHORT}|{_WRITTEN})$")
#: What the city or the prefecture has granted is no part of who it is.
_GRANTED: Final = re.compile(f"(?:{'|'.join(vocabulary.NPO_GRANTED)})(?={vocabulary.LEGAL_FORMS['(特非)']})")


def spelled(name: str) -> str:
    """A name in one spelling: its legal form written out, without spaces, with the kana that it has."""
    whole = "".join(fold(name).split())
    return _SHORTENED.sub(lambda form: vocabulary.LEGAL_FORMS[form[0]], whole)


def core(name: str) -> str:
    """The longest word of a name without its legal form, as a search for parts of names finds it."""
    words = _FORM.sub("", folding.folded(name)).split()
    return max(words, key=len, default="")


def known_as(name: str) -> str:
    """The same as names are looked for: in one kana, without what was granted to it."""
    return folding.folded(_GRANTED.sub("", spelled(name)))


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
        return known_as(self.name)

    @cached_property
    def spelled_name(self) -> str:
        """The name in one spelling, but with the kana that its register has."""
        return spelled(self.name)

    @cached_property
    def folded_address(self) -> str:
        """The address as addresses are compared."""
        return fold(self.address)


def compare(one: Identity, other: Identity) -> Verdict:
    """``same``, ``other``, or ``maybe`` where only a person can tell.

    A number decides. Without one on both sides, equal names in districts that do not differ are one
    organization if neither has a number and the addresses do not differ, and maybe one otherwise – as are
    names that differ only in their kana (さくら会, サクラ会) or in what was granted to them (認定).
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
