"""The folded copies of texts that free-text search looks through, and the order of names.

Folding makes ㈱/(株)/株式会社, 髙/高, full and half width, hiragana and katakana equal; search is by parts of
words, so that two-character words such as 福祉 are found without any index of trigrams. A 法人番号 is found
as people write it: with its dashes, in any width, with the T of an invoice issuer; so is the number of a
case, a need or an offer (E2025-3 for E-2025-0003).
"""

import re
from collections.abc import Iterable
from typing import Any, Final

from sqlalchemy import ColumnElement, func

from embeddings.text import fold
from matcher.ground import posting, profile
from matcher.ground.parts import Part
from matcher.ground.vocabulary import support_label
from matcher.records import Need, Offer, Organization

_HIRAGANA: Final = {code: code - 0x60 for code in (*range(0x30A1, 0x30F7), 0x30FD, 0x30FE)}
_RECEIPT_NUMBER: Final = re.compile(r"([ent])-?(20[0-9]{2})-?([0-9]{1,4})")
_CORPORATE_NUMBER: Final = re.compile(r"t?([0-9])-?([0-9]{4})-?([0-9]{4})-?([0-9]{4})")


def folded(text: str) -> str:
    """A text as it is searched and compared as a name: in one spelling and one kana."""
    return fold(text).translate(_HIRAGANA)


def text_of_posting(owner: Need | Offer, further: Iterable[Part] = ()) -> str:
    """What a search for a need (``further``: its further parts) or an offer looks through."""
    fields = posting.FIELDS["need" if isinstance(owner, Need) else "offer"]
    body = (getattr(owner, one.code) for one in fields if one.is_searched)
    parts = (owner.number, *body, support_label(owner.support_type), text_of_parts(further))
    return folded("\n".join(part for part in parts if part))


def text_of_parts(further: Iterable[Part]) -> str:
    """What of it the further parts of a need say, not folded."""
    return "\n".join(f"{support_label(one.support_type)} {one.what}".rstrip() for one in further)


def text_of_organization(organization: Organization) -> str:
    """What a search for an organization looks through; its profile must be loaded."""
    # Only the profile of its own kind is sure to be loaded.
    held = organization.company if organization.kind == "company" else organization.npo
    searched = [one.code for one in profile.FIELDS[organization.kind] if one.is_searched]
    owners = (organization if hasattr(organization, code) else held for code in searched)
    parts = [getattr(owner, code) for owner, code in zip(owners, searched, strict=True) if owner is not None]
    if number := _CORPORATE_NUMBER.fullmatch(organization.corporate_number or ""):
        parts.append(f"T{number[0]} {'-'.join(number.groups())}")  # for those who type a part of it
    return folded("\n".join(part for part in parts if part))


def terms(query: str, limit: int = 8) -> list[str]:
    """The folded words of a query, at most ``limit`` of them."""
    return [_term(word) for word in folded(query).split()[:limit]]


def _term(word: str) -> str:
    if receipt := _RECEIPT_NUMBER.fullmatch(word):
        prefix, year, running = receipt.groups()
        return f"{prefix}-{year}-{running:0>4}"
    number = _CORPORATE_NUMBER.fullmatch(word)
    return "".join(number.groups()) if number else word


def like_pattern(term: str) -> str:
    """A LIKE pattern for one term, with its wildcards escaped by a backslash."""
    escaped = term.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"


def reading(organization: Any) -> tuple[ColumnElement[Any], ColumnElement[Any]]:
    """By what names are sorted: the kana, missing where there are none, and then the name."""
    return func.nullif(organization.kana, ""), organization.name


def by_reading(organization: Any) -> list[ColumnElement[Any]]:
    """ORDER BY of names: by their kana; those without any at the end, by name."""
    kana, name = reading(organization)
    return [kana.is_(None), kana, name]
