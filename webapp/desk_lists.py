"""The desk's lists in words: what stands in a column on the screen and in the sheet, and where a row leads.

The lists declare themselves in ``matcher/desk/lists``; nothing here knows one of them.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from typing import Any, Final

from flask import url_for

from matcher.city.cities import City
from matcher.desk.lists import LISTS
from matcher.desk.lists.audit import Entry
from matcher.desk.lists.listing import Column, DeskList, Row
from matcher.ground import lifecycle, permissions
from matcher.ground.field import Field
from matcher.ground.permissions import Actor
from matcher.imports import columns as import_columns
from matcher.organizations import profile as organization_profile
from matcher.records import Organization
from matcher.register.paging import Listing
from webapp import audit_text, case_text, filters, import_text, parts_text, sheets
from webapp.labels import gettext as _
from webapp.labels import vocabulary
from webapp.reason_text import reason_sentence


@dataclass(frozen=True)
class Setting:
    """What a value may depend on besides its row."""

    city: City
    actor: Actor
    now: datetime


def _sides(sides: tuple[str, ...], _setting: Setting) -> str:
    words = {"company": _("企業"), "npo": _("団体"), "city": _("市")}
    return _("三者") if len(sides) == len(words) else _("・").join(words[side] for side in sides)


def _imported(found: tuple[Field, Organization], setting: Setting) -> sheets.Cell:
    """A field of an organization, empty for those who may not see how it is reached."""
    column, organization = found
    if column.is_personal and not permissions.may(setting.actor, "organization.contact", organization):
        return None
    profile = organization.company if organization.kind == "company" else organization.npo
    if profile is None:
        return None
    value = organization_profile.value_of(organization, column.code)
    return import_text.exported(column, value, setting.city)


#: ``Column.says`` → how the value is said
_SAYS: Final[Mapping[str, Callable[[Any, Setting], sheets.Cell]]] = {
    "area": lambda code, setting: filters.label_of(code or None, setting.city.area_labels),
    "areas": lambda codes, setting: filters.labels_of(codes, setting.city.area_labels),
    "support": lambda code, _setting: vocabulary.support_label(code),
    "quantity": lambda row, _setting: parts_text.first(row.record, row.further),
    "terms": lambda record, _setting: case_text.terms(record),
    "reason": lambda kept, _setting: reason_sentence(kept) if kept else "",
    "title": lambda title, _setting: title or _("（件名なし）"),
    "sides": _sides,
    "imported": _imported,
    "audit_person": lambda entry, _setting: audit_text.person(entry),
    "audit_role": lambda event, _setting: audit_text.role(event),
    "audit_action": lambda event, _setting: audit_text.action(event),
    "audit_target": lambda entry, _setting: audit_text.target(entry),
    "audit_states": lambda event, _setting: audit_text.states(event),
    "audit_reason": lambda event, _setting: audit_text.reason(event),
}


def value(column: Column, row: Any, setting: Setting) -> sheets.Cell:
    """What stands in a column of a row, as the sheet keeps it."""
    found: Any = column.value(row)
    if column.says:
        return _SAYS[column.says](found, setting)
    codes = lifecycle.STATES[column.machine] if column.machine else column.codes
    if codes is not None:
        return filters.labels_of((found,) if isinstance(found, str) else found, codes)
    if column.kind == "days":
        return None if found is None else max(0, filters.ago_days(found, setting.now))
    cell: sheets.Cell = found
    return cell


def shown(column: Column, row: Any, setting: Setting) -> str:
    """The value as it stands on the screen; the sheet's formats give the same, days with their year."""
    found = value(column, row, setting)
    if found is None:
        return ""
    if column.kind == "days":
        return _("今日") if found == 0 else _("%(days)s日", days=found)
    if isinstance(found, datetime):
        return filters.jmoment_brief(found)
    if isinstance(found, date):
        return filters.jday_brief(found)
    return filters.number(found) if isinstance(found, int | float) else str(found)


def is_numeric(column: Column) -> bool:
    """Whether the figures stand at the right."""
    return column.kind in {"number", "days"}


def is_narrow(column: Column) -> bool:
    """Whether what stands in it is short and is not broken."""
    return column.width <= 17


# ── Where the rows lead ──────────────────────────────────────────────────────────────────────────────


def detail_url(endpoint: str, public_id: str) -> str | None:
    """The page of a record, ``None`` where this installation has none."""
    return url_for(endpoint, public_id=public_id) if filters.has_endpoint(endpoint) else None


def row_url(wanted: DeskList, row: Any) -> str | None:
    """The page to which a row leads, for those who may open it."""
    return _audit_url(row) if isinstance(row, Entry) else detail_url(wanted.page, row.record.public_id)


_AUDIT_PAGES: Final = {
    "organization": "coordinator.organization",
    "need": "coordinator.need",
    "offer": "coordinator.offer",
    "partnership": "cases.show",
    "user": "account.person",
    "importbatch": "imports.show",
}


def _audit_url(row: Entry) -> str | None:
    endpoint = _AUDIT_PAGES.get(row.event.object_type)
    if endpoint is None or not row.title:
        return None
    return detail_url(endpoint, row.event.object_id)


# ── The sheet ────────────────────────────────────────────────────────────────────────────────────────


def saved_columns(wanted: DeskList, conditions: Mapping[str, str]) -> Sequence[Column]:
    """The columns of the sheet: those of the screen, and of a list of organizations what an import takes
    beside them, so that what was saved can come back in.
    """
    if wanted is not LISTS["organizations"]:
        return wanted.columns
    kind = conditions.get("kind", "")
    more = import_columns.of_organizations(kind if kind in {"company", "npo"} else "")  # type: ignore[arg-type]
    return [
        *wanted.columns,
        *(
            Column(column.heading, partial(_with_record, column), width=24, says="imported")
            for column in more
            if column.code not in {"name", "area", "fields", "corporate_number"}
        ),
    ]


def _with_record(column: Field, row: Row) -> tuple[Field, Organization]:
    return column, row.record


def as_sheet(
    wanted: DeskList, columns: Sequence[Column], listing: Listing, setting: Setting, conditions: str,
    *, selected: bool = False,
) -> sheets.Sheet:  # fmt: skip
    """The list as a file: same rows, same order, its ``columns`` with those that are only saved."""
    words = [_("条件：%(words)s", words=conditions)] if conditions else []
    if selected:
        words.append(_("画面で選んだものだけ"))
    notes = []
    if listing.total > len(listing.rows):
        notes.append(
            _(
                "%(total)s件のうち、はじめの%(count)s件です。条件でしぼりこむと、残りも保存できます。",
                total=listing.total,
                count=len(listing.rows),
            )
        )
    return sheets.Sheet(
        title=_(wanted.heading),
        section=f"{setting.city.name}{setting.city.section}",
        made_at=setting.now,
        columns=[sheets.Heading(_(column.label), column.width, column.kind) for column in columns],
        rows=[[value(column, row, setting) for column in columns] for row in listing.rows],
        conditions="　".join(words),
        notes=notes,
    )
