"""Forms of the city around its partnerships: residents' words, shared indicators, handover, disclosure."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from flask_babel import lazy_gettext as _l
from wtforms import (
    BooleanField,
    SelectField,
    SelectMultipleField,
)
from wtforms.validators import DataRequired, Optional

from matcher.ground import limits, vocabulary
from matcher.people import registration_codes
from matcher.records import User
from webapp.forms.base import Form, choices
from webapp.forms.fields import (
    CHOOSE,
    day,
    line,
    pick,
    radio,
    words,
)
from webapp.forms.needed import Needed
from webapp.forms.values import CountField, Typed


class TreatCommentForm(Form):
    """市の回答."""

    decision = radio(_l("どうしますか"), {"show": _l("回答をつけて載せる"), "hide": _l("載せない")})
    text = words(_l("市の回答"), limits.MESSAGE, need=False)
    reason = words(_l("そのように回答する理由"), limits.MESSAGE, need=False, rows=3)
    hide_reason = pick(_l("載せない理由"), vocabulary.COMMENT_HIDE_REASONS, need=False)
    hide_text = words(_l("載せない理由の説明"), limits.NOTE, need=False, rows=2)


class DefinitionForm(Form):
    """共通指標."""

    code = line(_l("記号"), 20, example="CH-01")
    name = line(_l("名前"))
    definition = words(_l("定義"))
    unit = pick(_l("単位"), {unit: unit for unit in vocabulary.INDICATOR_UNITS})
    kind = pick(_l("種類"), vocabulary.INDICATOR_KINDS)
    direction = pick(_l("望ましい変化の向き"), vocabulary.INDICATOR_DIRECTIONS)
    method = pick(_l("測り方"), vocabulary.INDICATOR_METHODS)
    evidence = words(_l("根拠になる資料"), need=False, rows=2)
    field = pick(
        _l("活動の分野"), {str(code): label for code, label in vocabulary.FIELD_SHORT.items()}, need=False
    )
    is_active = BooleanField(_l("計画で選べるようにする"), default=True)

    @property
    def facts(self) -> dict[str, Any]:
        """The entry as the service takes it."""
        names = ("code", "name", "definition", "unit", "kind", "direction", "method", "evidence")
        found: dict[str, Any] = {name: getattr(self, name).data or "" for name in names}
        found["field"] = int(self.field.data) if self.field.data else None
        found["is_active"] = bool(self.is_active.data)
        return found


class RegistrationCodeForm(Form):
    """登録会のコード."""

    valid_on = day(
        _l("使える日"),
        hint=_l(
            "この1日だけ使えます。今日から%(days)s日後までの日を選べます。",
            days=registration_codes.AHEAD.days,
        ),
    )
    most_uses = CountField(
        _l("登録できる数（上限）"),
        validators=[Typed()],
        default=registration_codes.USUAL_USES,
        units=(),
        description=_l("参加する団体・企業の数より、少し多めにしてください。"),
    )


class HandoverForm(Form):
    """引き継ぎ."""

    from_user = SelectField(_l("前任（いまの担当者）"), choices=[], validators=[Needed()])
    to_user = SelectField(_l("後任（新しい担当者）"), choices=[], validators=[Needed()])
    deputy = SelectField(_l("代理（不在のとき）"), choices=[], validators=[Optional()])
    effective_on = day(_l("引き継ぐ日"), example="2027-04-01")
    note = words(_l("後任への申し送り"), limits.TEXT, need=False, rows=5)
    cases = SelectMultipleField(
        _l("引き継ぐ案件"),
        choices=[],
        validators=[DataRequired(_l("引き継ぐ案件を1件以上選んでください。"))],
        description=_l("引き継がない案件は、チェックを外してください。"),
    )

    def offer(self, staff: Iterable[User], cases: Mapping[str, str]) -> None:
        """Let the person choose among colleagues and cases."""
        labels = {user.public_id: user.name for user in staff}
        self.from_user.choices = choices(labels, CHOOSE)
        self.to_user.choices = choices(labels, CHOOSE)
        self.deputy.choices = choices(labels, _l("置かない"))
        self.cases.choices = choices(cases)


MASKS: Final[Mapping[str, Any]] = {
    "people": _l("人の名前"),
    "contacts": _l("メールアドレスと電話番号"),
    "messages": _l("やり取りと面談記録の本文"),
    "money": _l("金額"),
}


class ExportForm(Form):
    """墨消し."""

    masks = SelectMultipleField(
        _l("黒く塗るもの（墨消し）"),
        choices=choices(MASKS),
        validators=[Optional()],
        default=["people", "contacts"],
    )
