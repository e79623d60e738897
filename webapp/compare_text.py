"""Up to three candidates side by side: each criterion with its mark and sentence, then the terms of each."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from matcher.city.cities import City
from matcher.postings import drafts
from matcher.records import Need, Offer
from webapp import card_text, case_text, filters, posting_text
from webapp.labels import gettext as _
from webapp.reason_text import reason_sentence

LEAST: Final = 2
MOST: Final = 3  #: more cannot be read beside each other
#: What is told of a posting beside its support and its period; only what one of the columns has.
_TERMS: Final = ("areas", "mode", "conditions")


@dataclass(frozen=True)
class Candidate:
    """One column."""

    name: str  #: the organization
    title: str  #: what it needs or offers, else its name again
    url: str
    level: str
    score: float
    reasons: Sequence[Mapping[str, Any]]  #: as they are kept
    posting: Need | Offer | None
    act_url: str = ""  #: empty where whoever reads may not go on from here


@dataclass(frozen=True)
class Row:
    """One line: for each column what is said there, with marks (``yes``, ``partly``, ``no`` or empty)."""

    label: str
    cells: Sequence[Sequence[tuple[str, str]]]


def rows(found: Sequence[Candidate], city: City, reader: str = "") -> list[Row]:
    """The criteria in the order of the cards, then the terms, then what would help."""
    lines = [
        Row(str(label), [_said(one.reasons, code, reader) for one in found])
        for code, label in card_text.CRITERIA.items()
    ]
    said: list[tuple[str, Callable[[Need | Offer], str]]] = [
        (_("支援の内容"), case_text.terms),
        (_("期間"), case_text.period),
    ]
    lines += [Row(label, [_told(one.posting, say) for one in found]) for label, say in said]
    lines += [_term(name, found, partial(_plain, name, city)) for name in _TERMS]
    lines.append(_term("min_useful", found, _least))
    lines.append(Row(_("もっと合うには"), [_said(one.reasons, "improve", reader) for one in found]))
    return [line for line in lines if any(line.cells)]


def _said(kept: Sequence[Mapping[str, Any]], code: str, reader: str) -> list[tuple[str, str]]:
    return [
        (card_text.VALUES.get(one["mark"], ""), reason_sentence(one, reader))
        for one in kept
        if one["code"] == code
    ]


def _told(posting: Need | Offer | None, say: Callable[[Need | Offer], str]) -> list[tuple[str, str]]:
    words = say(posting) if posting is not None else ""
    return [("", words)] if words else []


def _term(name: str, found: Sequence[Candidate], say: Callable[[Need | Offer], str]) -> Row:
    kinds = [drafts.kind_of(one.posting) for one in found if one.posting is not None]
    label = next((labels[name] for kind in kinds if name in (labels := posting_text.labels(kind))), "")
    return Row(label, [_told(one.posting, say) for one in found])


def _plain(name: str, city: City, posting: Need | Offer) -> str:
    value = getattr(posting, name, None)
    return posting_text.plain(drafts.kind_of(posting), name, value, city) if value else ""


def _least(posting: Need | Offer) -> str:
    return filters.quantity(posting.min_useful, posting.unit) if isinstance(posting, Need) else ""
