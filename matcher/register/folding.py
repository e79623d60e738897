"""The folded copies of texts that free-text search looks through, and the order of names.

Folding makes ㈱/(株)/株式会社, 髙/高, full and half width equal; search is by parts of words, so that
two-character words such as 福祉 are found without any index of trigrams.
"""

from typing import Any

from sqlalchemy import ColumnElement, func

from embeddings.text import fold
from matcher.ground import profile
from matcher.ground.vocabulary import support_label
from matcher.records import Need, Offer, Organization


def text_of_posting(posting: Need | Offer) -> str:
    """What a search for a need or an offer looks through."""
    body = (posting.situation, posting.wanted_change) if isinstance(posting, Need) else (posting.description,)
    parts = (posting.number, posting.title, *body, support_label(posting.support_type))
    return fold("\n".join(part for part in parts if part))


def text_of_organization(organization: Organization) -> str:
    """What a search for an organization looks through; its profile must be loaded."""
    # Only the profile of its own kind is sure to be loaded.
    held = organization.company if organization.kind == "company" else organization.npo
    searched = [one.code for one in profile.FIELDS[organization.kind] if one.is_searched]
    owners = (organization if hasattr(organization, code) else held for code in searched)
    parts = [getattr(owner, code) for owner, code in zip(owners, searched, strict=True) if owner is not None]
    return fold("\n".join(part for part in parts if part))


def terms(query: str, limit: int = 8) -> list[str]:
    """The folded words of a query, at most ``limit`` of them; all must be found."""
    return fold(query).split()[:limit]


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
