"""The reasons of a suggestion as a card tells them: at a glance first, the rest on demand."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from flask_babel import lazy_gettext as _l

from webapp.reason_text import briefly, fact, reason_sentence

VALUES: Final = {"○": "yes", "△": "partly", "×": "no"}
#: The cells of a card's strip: code of the reason → its short name, in the order of their weight.
_CELLS: Final[Mapping[str, Any]] = {
    "support": _l("種類"), "quantity": _l("量"), "period": _l("時期"), "area": _l("地域"),
    "field": _l("分野"), "beneficiaries": _l("相手"), "quote": _l("文章"),
}  # fmt: skip
#: The same in full, in the order in which a page tells them, with what the two still have to ask each other.
CRITERIA: Final[Mapping[str, Any]] = {
    "quote": _l("文章の対応"), "support": _l("支援の種類"), "quantity": _l("量"), "period": _l("時期"),
    "hours": _l("曜日・時間帯"), "area": _l("地域"), "field": _l("分野"),
    "beneficiaries": _l("対象者"), "sdgs": _l("SDGs"), "check": _l("確かめること"),
}  # fmt: skip
#: What tells a card from the others, the most telling first.
_REMARKS: Final = (
    "check_against_npo", "check_against_company", "check_against_no_go",
    "support_refused", "support_no_budget",
    "skill_other", "support_other", "period_other", "hours_other", "quantity_too_little", "quantity_part",
    "quantity_units", "area_other", "support_instead", "support_instead_elsewhere",
    "support_instead_of_welcome", "support_instead_in_profile", "support_instead_of_welcome_in_profile",
    "skill_unknown", "support_in_profile", "support_not_offered",
    "check_both", "area_named", "area_company_remote", "area_npo_remote", "period_part", "support_elsewhere",
    "support_welcome", "support_welcome_elsewhere", "check_company", "quote_none", "check_npo",
    "check_no_go",
)  # fmt: skip


@dataclass(frozen=True)
class Cell:
    """One criterion at a glance: how it stands (``yes``, ``partly``, ``no`` or empty: not known)."""

    label: str
    value: str
    amounts: tuple[str, ...] = ()  #: what is offered, and what is needed


@dataclass(frozen=True)
class Told:
    """The reasons of a suggestion as a card tells them: at a glance first, the rest on demand."""

    quote: Mapping[str, Any] | None
    cells: Sequence[Cell]
    remark: str  #: one sentence on what tells it from the others
    pros: Sequence[Mapping[str, str]]  #: each with its ``text``
    cons: Sequence[Mapping[str, str]]
    improvements: Sequence[Mapping[str, str]]

    @property
    def has_amounts(self) -> bool:
        """Whether the strip tells how much is wanted."""
        return any(cell.amounts for cell in self.cells)


def told(kept: Sequence[Mapping[str, Any]], reader: str = "") -> Told:
    """The kept reasons, sorted for a card that a company, an NPO or the city reads."""
    by_code = {reason["code"]: reason for reason in reversed(kept)}
    by_says = {reason.get("says"): reason for reason in reversed(kept)}
    quote = by_code.get("quote")
    quote = quote if quote is not None and quote.get("company") and quote["mark"] == "○" else None
    telling = next((by_says[says] for says in _REMARKS if says in by_says), None)
    rest = [reason for reason in kept if reason is not quote]
    return Told(
        quote,
        [_cell(code, str(label), _graver(code, by_code)) for code, label in _CELLS.items()],
        briefly(telling, reader) if telling is not None else "",
        [_plain(reason, reader) for reason in rest if reason["mark"] == "○"],
        [_plain(reason, reader) for reason in rest if reason["mark"] in ("△", "×")],
        [_plain(reason, reader) for reason in rest if reason["code"] == "improve"],
    )


def compared(kept: Sequence[Mapping[str, Any]], reader: str = "") -> list[tuple[str, str, str]]:
    """Every kept reason that has a mark: criterion, how it stands, its sentence."""
    return [
        (
            str(CRITERIA.get(reason["code"], reason["code"])),
            VALUES[reason["mark"]],
            reason_sentence(reason, reader),
        )
        for reason in kept
        if reason["mark"]
    ]


def _plain(reason: Mapping[str, Any], reader: str) -> Mapping[str, str]:
    return {"text": reason_sentence(reason, reader), "own_quote": "", "other_quote": ""}


def _graver(code: str, by_code: Mapping[str, Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """The reason that a cell shows: of 時期 the period, or hours that are apart while the periods meet."""
    found = by_code.get(code)
    if code == "period" and "hours" in by_code and (found is None or found["mark"] != "×"):
        return by_code["hours"]
    return found


def _cell(code: str, label: str, reason: Mapping[str, Any] | None) -> Cell:
    if reason is None:
        return Cell(label, "")
    told_amounts = code == "quantity" and "needed" in reason
    amounts = (fact("offered", reason), fact("needed", reason)) if told_amounts else ()
    return Cell(label, VALUES.get(reason["mark"], ""), amounts)
