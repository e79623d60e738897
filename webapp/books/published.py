"""The published partnerships as a list: only what their pages show."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from matcher.ground import vocabulary
from matcher.records import Partnership
from webapp import filters
from webapp.labels import gettext as _
from webapp.sheets import Cell, Heading, Sheet


def public_sheet(rows: Sequence[tuple[Partnership, Mapping[str, Any]]], section: str, now: datetime) -> Sheet:
    """The published partnerships as a list: only what their pages show."""
    cells: list[Sequence[Cell]] = [
        (
            view["title"], view["company"], view["npo"], vocabulary.support_label(view["support_type"]),
            filters.labels_of(view["fields"], vocabulary.FIELD_SHORT),
            _day(view.get("agreement", {}).get("from_on")), _day(view.get("agreement", {}).get("to_on")),
            view["summary"],
        )
        for _case, view in rows
    ]  # fmt: skip
    return Sheet(
        _("協働の記録"), section, now,
        (Heading(_("題名"), 36), Heading(_("企業"), 28), Heading(_("団体"), 28),
         Heading(_("支援の種類"), 24), Heading(_("分野"), 24), Heading(_("始まりの日"), 18, "day"),
         Heading(_("終わりの日"), 18, "day"), Heading(_("紹介"), 60)),
        cells,
    )  # fmt: skip


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
