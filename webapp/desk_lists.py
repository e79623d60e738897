"""The coordinator's lists: which columns each has and what stands in them.

One definition serves the screen and the sheet, so that a saved list is the list that was shown.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from flask import url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _l

from matcher.city.cities import City
from matcher.desk import lists
from matcher.desk.lists import Entry, Listing, Row
from matcher.ground import lifecycle, permissions, vocabulary
from matcher.ground.permissions import Actor
from matcher.imports import columns as import_columns
from matcher.organizations import acts as organization_acts
from matcher.records import Organization
from webapp import audit_text, case_text, filters, import_text, sheets
from webapp.forms import desk as forms


def _(text: str, **facts: Any) -> str:
    """``gettext`` with a type."""
    return str(gettext(text, **facts))


@dataclass(frozen=True)
class Setting:
    """What a value may depend on besides its row."""

    city: City
    actor: Actor
    now: datetime


Value = Callable[[Any, Setting], sheets.Cell]


@dataclass(frozen=True)
class Column:
    """One column. ``sort``: its name in ``?sort=``, empty where the list is not sorted by it."""

    label: Any
    value: Value
    sort: str = ""
    first: str = ""  #: "-" where the first click sorts downwards
    kind: sheets.Kind = "text"
    width: int = 14
    state: str = ""  #: the life-cycle machine whose states it shows
    code: Value | None = None  #: the code behind the value, for the pill
    link: bool = False

    @property
    def is_narrow(self) -> bool:
        """Whether what stands in it is short and is not broken."""
        return self.width <= 17

    @property
    def is_numeric(self) -> bool:
        """Whether the figures stand at the right."""
        return self.kind in {"number", "days"}

    def shown(self, row: Any, setting: Setting) -> str:
        """The value as it stands on the screen; the sheet's formats give the same."""
        found = self.value(row, setting)
        if found is None:
            return ""
        if self.kind == "days":
            return _("今日") if found == 0 else _("%(days)s日", days=found)
        if isinstance(found, datetime):
            return filters.jdatetime(found)
        if isinstance(found, date):
            return filters.jdate(found, False)
        return filters.number(found) if isinstance(found, int | float) else str(found)


@dataclass(frozen=True)
class DeskList:
    """One list: its name in addresses, its heading, its query, its filter and its columns."""

    name: str
    heading: Any
    lead: Any
    fetch: Callable[..., Listing]
    form: type[forms.ListForm]
    columns: Sequence[Column]
    url: Callable[[Any], str | None]
    record_id: Callable[[Any], str]
    empty: Any
    default_sort: str = ""
    selectable: bool = True
    row_label: Callable[[Any], str] = lambda row: ""
    saved: Callable[[Mapping[str, str]], Sequence[Column]] = lambda conditions: ()  #: only in the sheet


# ── Values ───────────────────────────────────────────────────────────────────────────────────────────


def _days(since: datetime | None, setting: Setting) -> int | None:
    return None if since is None else max(0, filters.ago_days(since, setting.now))


def _of(path: str) -> Value:
    """The attribute of the row's record at ``path``."""

    def look(row: Any, _setting: Setting) -> sheets.Cell:
        found: Any = row.record
        for name in path.split("."):
            found = getattr(found, name, None)
        value: sheets.Cell = found
        return value

    return look


def _age(row: Row, setting: Setting) -> int | None:
    return _days(row.since, setting)


def _state(machine: lifecycle.Machine) -> Value:
    return lambda row, _setting: filters.label_of(row.record.state, lifecycle.STATES[machine])


def _kind(row: Any, _setting: Setting) -> str:
    return str(forms.KINDS[row.record.kind])


def _area(row: Any, setting: Setting) -> str:
    return filters.label_of(row.record.area or None, setting.city.area_labels)


def _areas(row: Row, setting: Setting) -> str:
    return filters.labels_of(row.record.areas, setting.city.area_labels)


def _profile(organization: Organization) -> Any:
    return organization.company if organization.kind == "company" else organization.npo


def _fields(row: Row, _setting: Setting) -> str:
    profile = _profile(row.record)
    return filters.labels_of(profile.fields if profile else (), vocabulary.FIELD_SHORT)


def _support(row: Row, _setting: Setting) -> str:
    return vocabulary.support_label(row.record.support_type)


def _amount(row: Row, _setting: Setting) -> str:
    return filters.quantity(row.record.quantity, row.record.unit)


def _terms(row: Row, _setting: Setting) -> str:
    return case_text.terms(row.record)


def _due(row: Row, _setting: Setting) -> sheets.Cell:
    return row.due


def _turn(row: Row, _setting: Setting) -> str:
    words = {"company": _("企業"), "npo": _("団体"), "city": _("市")}
    waited = [words[side] for side in row.turn]
    return _("三者") if len(waited) == len(words) else _("・").join(waited)


def _marks(row: Row, _setting: Setting) -> str:
    words = {"overdue": _("報告の遅れ"), "risk": _("大きいリスク"), "incidents": _("対応中のトラブル")}
    return _("、").join(words[code] for code in row.marks)


def _title(row: Row, _setting: Setting) -> str:
    return row.record.title or _("（件名なし）")


def _count(row: Row, _setting: Setting) -> int:
    return row.count


def _moved(row: Row, setting: Setting) -> int | None:
    return _days(row.moved, setting)


# ── Where the rows lead ──────────────────────────────────────────────────────────────────────────────


def detail_url(endpoint: str, public_id: str) -> str | None:
    """The page of a record, ``None`` where this installation has none."""
    return url_for(endpoint, public_id=public_id) if filters.has_endpoint(endpoint) else None


_AUDIT_PAGES: Final = {
    "organization": "coordinator.organization",
    "need": "coordinator.need",
    "offer": "coordinator.offer",
    "partnership": "cases.show",
    "user": "account.person",
    "importbatch": "imports.show",
}


def audit_url(row: Entry) -> str | None:
    """The page of what an event is about, for those who may open it."""
    endpoint = _AUDIT_PAGES.get(row.event.object_type)
    if endpoint is None or not row.title:
        return None
    return detail_url(endpoint, row.event.object_id)


def _leads_to(endpoint: str) -> Callable[[Any], str | None]:
    return lambda row: detail_url(endpoint, row.record.public_id)


def _public_id(row: Any) -> str:
    found: str = row.record.public_id
    return found


_NAME: Final = Column(_l("名称"), _of("name"), "name", width=32, link=True)
_AGE: Final = Column(_l("経過日数"), _age, "age", "-", "days", 12)


def _posting_columns(owner: Any) -> tuple[Column, ...]:
    return (
        Column(_l("受付番号"), _of("number"), "number", "-", width=14),
        Column(_l("件名"), _title, "title", width=36, link=True),
        Column(owner, _of("organization.name"), "name", width=26),
        Column(_l("状態"), _state("posting"), "state", width=14, state="posting", code=_of("state")),
        Column(_l("支援の種類"), _support, "support_type", width=22),
        Column(_l("量"), _amount, width=10),
        Column(_l("地区"), _areas, width=20),
        Column(_l("公開の期限"), _of("valid_until"), "until", kind="day", width=17),
        Column(_l("おすすめ回数"), _count, "count", kind="number", width=10),
        _AGE,
    )


def _imported(conditions: Mapping[str, str]) -> Sequence[Column]:
    """What an import takes beside the columns of the screen, so that a saved list can come back in."""
    kind = conditions.get("kind", "")
    return [
        Column(column.label, _field(column), width=24)
        for column in import_columns.of_organizations(kind if kind in {"company", "npo"} else "")  # type: ignore[arg-type]
        if column.code not in {"name", "area", "fields", "corporate_number"}
    ]


def _field(column: import_columns.Column) -> Value:
    """A field of an organization, empty for those who may not see how it is reached."""

    def look(row: Any, setting: Setting) -> sheets.Cell:
        organization = row.record
        if column.is_personal and not permissions.may(setting.actor, "organization.contact", organization):
            return None
        if _profile(organization) is None:
            return None
        value = organization_acts.value_of(organization, column.code)
        return import_text.exported(column, value, setting.city)

    return look


LISTS: Final[Mapping[str, DeskList]] = {
    one.name: one
    for one in (
        DeskList(
            "organizations",
            _l("団体・企業の一覧"),
            _l("登録の状態や地区でしぼりこみ、名称から確認の画面に進みます。"),
            lists.organizations,
            forms.OrganizationsForm,
            (
                _NAME,
                Column(_l("区分"), _kind, "kind", width=8),
                Column(
                    _l("状態"), _state("organization"), "state", width=14, state="organization",
                    code=_of("state"),
                ),
                Column(_l("地区"), _area, "area", width=12),
                Column(_l("分野"), _fields, width=30),
                Column(_l("法人番号"), _of("corporate_number"), "number", width=16),
                Column(_l("おすすめ回数"), _count, "count", kind="number", width=10),
                _AGE,
            ),
            _leads_to("coordinator.organization"),
            _public_id,
            _l("条件に合う団体・企業はありません"),
            row_label=lambda row: str(row.record.name),
            saved=_imported,
        ),
        DeskList(
            "needs",
            _l("ニーズの一覧"),
            _l("団体が出したニーズです。件名から確認の画面に進みます。"),
            lists.needs,
            forms.PostingsForm,
            _posting_columns(_l("団体")),
            _leads_to("coordinator.need"),
            _public_id,
            _l("条件に合うニーズはありません"),
            row_label=lambda row: str(row.record.title),
        ),
        DeskList(
            "offers",
            _l("提供メニューの一覧"),
            _l("企業が出した提供メニューです。件名から確認の画面に進みます。"),
            lists.offers,
            forms.PostingsForm,
            _posting_columns(_l("企業")),
            _leads_to("coordinator.offer"),
            _public_id,
            _l("条件に合う提供メニューはありません"),
            row_label=lambda row: str(row.record.title),
        ),
        DeskList(
            "cases",
            _l("案件の一覧"),
            _l("申し出・依頼・推薦から始まったすべての案件です。案件番号から案件の画面に進みます。"),
            lists.cases,
            forms.CasesForm,
            (
                Column(_l("案件番号"), _of("number"), "number", "-", width=14, link=True),
                Column(_l("企業"), _of("company.name"), "company", width=26),
                Column(_l("団体"), _of("npo.name"), "npo", width=26),
                Column(_l("ニーズ"), _of("need.title"), width=30),
                Column(_l("支援の内容"), _terms, "support_type", width=20),
                Column(
                    _l("状態"), _state("partnership"), "state", width=20, state="partnership",
                    code=_of("state"),
                ),
                Column(_l("次の番"), _turn, width=10),
                Column(_l("次の期限"), _due, "until", kind="day", width=17),
                Column(_l("注意点"), _marks, width=26),
                Column(_l("担当"), _of("coordinator.name"), width=12),
                Column(_l("動きなし"), _moved, "age", "-", "days", 12),
            ),
            _leads_to("cases.show"),
            _public_id,
            _l("条件に合う案件はありません"),
            row_label=lambda row: str(row.record.number),
        ),
        DeskList(
            "exposure",
            _l("おすすめに出た回数"),
            _l(
                "確認済みの団体・企業が、相手のおすすめに何回出て、何回くわしく読まれ、何回声をかけられたかの一覧です。"
                "一度も出ていない団体・企業から順に並んでいます。"
            ),
            lists.exposure,
            forms.ExposureForm,
            (
                _NAME,
                Column(_l("区分"), _kind, "kind", width=8),
                Column(_l("地区"), _area, width=12),
                Column(_l("出た回数"), lambda row, _s: row.shown, "shown", "-", "number", 12),
                Column(_l("出た相手の数"), lambda row, _s: row.viewers, "viewers", "-", "number", 12),
                Column(_l("読まれた回数"), lambda row, _s: row.opened, "opened", "-", "number", 12),
                Column(_l("声がかかった回数"), lambda row, _s: row.chosen, "chosen", "-", "number", 12),
                Column(
                    _l("確認からの日数"), lambda row, s: _days(row.record.verified_at, s), "age", "-",
                    "days", 14,
                ),
            ),
            _leads_to("coordinator.organization"),
            _public_id,
            _l("条件に合う団体・企業はありません"),
            default_sort="shown",
            selectable=False,
        ),
        DeskList(
            "audit",
            _l("操作の記録"),
            _l("だれが、いつ、何をしたかの記録です。あとから書きかえることはできません。"),
            lists.audit_events,
            forms.AuditForm,
            (
                Column(_l("日時"), lambda row, _s: row.event.at, "at", width=26),
                Column(_l("した人"), lambda row, _s: audit_text.person(row), width=18),
                Column(_l("役割"), lambda row, _s: audit_text.role(row.event), width=12),
                Column(_l("したこと"), lambda row, _s: audit_text.action(row.event), width=26),
                Column(_l("対象"), lambda row, _s: audit_text.target(row), width=36, link=True),
                Column(_l("状態の変化"), lambda row, _s: audit_text.states(row.event), width=28),
                Column(_l("理由"), lambda row, _s: audit_text.reason(row.event), width=30),
            ),
            audit_url,
            lambda row: str(row.event.id),
            _l("条件に合う記録はありません"),
            default_sort="-at",
            selectable=False,
        ),
    )
}  # fmt: skip


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
        title=str(wanted.heading),
        section=f"{setting.city.name}{setting.city.section}",
        made_at=setting.now,
        columns=[sheets.Heading(str(column.label), column.width, column.kind) for column in columns],
        rows=[[column.value(row, setting) for column in columns] for row in listing.rows],
        conditions="　".join(words),
        notes=notes,
    )
