"""Filters of the coordinator's lists. Sent by GET; an unknown code counts as no condition."""

from collections.abc import Mapping
from typing import Any, Final

from flask_babel import lazy_gettext as _l
from wtforms import SelectField, StringField
from wtforms.validators import Optional

from matcher.city.cities import City
from matcher.ground import lifecycle, limits, vocabulary
from webapp.forms.base import SearchForm, Within
from webapp.forms.case import choices as one_by_one
from webapp.forms.values import DayField

_ANY: Final = _l("すべて")
KINDS: Final[Mapping[str, Any]] = {"company": _l("企業"), "npo": _l("団体")}


def _select(label: Any, choices: Mapping[str, Any] | None = None) -> SelectField:
    # The choices of areas and fields are the city's own; they come in ``offer_choices``.
    return SelectField(
        label, choices=one_by_one(choices or {}, _ANY), validators=[Optional()], validate_choice=False
    )


class ListForm(SearchForm):
    """What all lists can be narrowed by."""

    area = _select(_l("地区"))
    field = _select(_l("分野"))

    def offer_choices(self, city: City) -> None:
        """Fill the lists from the city's own districts and fields."""
        if "area" in self:
            self["area"].choices = one_by_one(city.area_labels, _ANY)
        if "field" in self:
            labels = {code: vocabulary.FIELD_SHORT[code] for code in city.fields}
            self["field"].choices = one_by_one(labels, _ANY)

    @property
    def conditions_in_words(self) -> str:
        """The chosen conditions on one line: 「状態：公開中　地区：中央」."""
        return "　".join(f"{one.label}：{one.words}" for one in self.in_words)


class OrganizationsForm(ListForm):
    """団体・企業."""

    kind = _select(_l("区分"), KINDS)
    state = _select(_l("状態"), lifecycle.STATES["organization"])
    support_type = _select(_l("公開中の支援の種類"), vocabulary.SUPPORT_LABELS)
    late = _select(
        _l("気をつけるもの"),
        {"over": _l("確認の目安を過ぎている"), "never": _l("一度もおすすめに出ていない")},
    )


class PostingsForm(ListForm):
    """ニーズ, 提供メニュー."""

    state = _select(_l("状態"), lifecycle.STATES["posting"])
    support_type = _select(_l("支援の種類"), vocabulary.SUPPORT_LABELS)
    late = _select(
        _l("気をつけるもの"),
        {"over": _l("確認の目安を過ぎている"), "never": _l("だれのおすすめにも出ていない")},
    )


class CasesForm(ListForm):
    """案件."""

    state = _select(_l("状態"), lifecycle.STATES["partnership"])
    support_type = _select(_l("支援の種類"), vocabulary.SUPPORT_LABELS)
    late = _select(
        _l("気をつけるもの"),
        {
            "over": _l("動きが止まっている"),
            "quiet": _l("引き合わせのあと30日動きがない"),
            "running": _l("引き合わせの前の手続き中"),
            "at_work": _l("引き合わせのあと進行中"),
            "city": _l("市の番になっている"),
            "to_read": _l("報告・測定が確認待ち"),
            "to_accept": _l("変更・公表の同意待ち"),
            "to_pay": _l("支払いの承認・記録待ち"),
            "to_conclude": _l("評価・完了の手続き待ち"),
            "overdue": _l("中間報告の期限が過ぎている"),
            "risk": _l("大きいリスクがある"),
            "incidents": _l("対応中のトラブルがある"),
        },
    )
    mine = _select(_l("担当"), {"1": _l("自分が担当の案件")})


class ExposureForm(ListForm):
    """おすすめに出た回数."""

    field = None
    kind = _select(_l("区分"), KINDS)


OBJECTS: Final[Mapping[str, Any]] = {
    "organization": _l("団体・企業"),
    "need": _l("ニーズ"),
    "offer": _l("提供メニュー"),
    "partnership": _l("案件"),
    "user": _l("利用者"),
    "importbatch": _l("取り込み"),
    "list": _l("一覧の保存"),
    "casefile": _l("案件のファイル"),
    "handover": _l("引き継ぎ"),
    "indicatordefinition": _l("共通指標"),
    "municipality": _l("自治体"),
    "audit": _l("操作の記録"),
    "mail": _l("メール"),
    "contact": _l("連絡先"),
}


class AuditForm(ListForm):
    """操作の記録."""

    area = None
    field = None
    q = StringField(_l("人の名前、受付番号、団体・企業の名前"), validators=[Optional(), Within(limits.SHORT)])
    object_type = _select(_l("対象"), OBJECTS)
    since = DayField(_l("この日から"), validators=[Optional()], render_kw={"type": "date"})
    until = DayField(_l("この日まで"), validators=[Optional()], render_kw={"type": "date"})
    object_id = StringField(_l("対象の記録番号"), validators=[Optional()])
