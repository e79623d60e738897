"""Forms of a case: what would be given, the answers of the two sides, and the city's decision."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, Final

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, Field, RadioField, SelectField, TextAreaField, ValidationError
from wtforms.validators import DataRequired, InputRequired, Optional

from matcher.cases.beginning import Terms
from matcher.cases.deciding import Decision
from matcher.ground import calendar, limits, parts, vocabulary
from matcher.ground.errors import Invalid
from matcher.ground.parts import Standing
from matcher.records import Need, Offer, User
from webapp import clock, parts_text
from webapp.forms.base import Form, Within, choices
from webapp.forms.needed import Needed
from webapp.forms.values import DayField, QuantityField

YES_NO: Final[Mapping[str, Any]] = {"no": _l("いいえ"), "yes": _l("はい")}

_CHOOSE = _l("選んでください")


def _text(label: Any, limit: int, *, required: Any = None) -> TextAreaField:
    first = DataRequired(required) if required is not None else Optional()
    return TextAreaField(label, validators=[first, Within(limit)])


class TermsForm(Form):
    """What is given, how much, and when."""

    support_type = SelectField(
        _l("支援の種類"),
        choices=choices(vocabulary.SUPPORT_LABELS, _CHOOSE),
        validators=[Needed()],
    )
    quantity = QuantityField(_l("量・金額"), validators=[Optional()])
    unit = SelectField(_l("単位"), choices=[], default="")
    period_from = DayField(_l("始まりの日"), validators=[Optional()])
    period_to = DayField(_l("終わりの日"), validators=[Optional()])

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        found = vocabulary.SUPPORT_TYPES.get(self.support_type.data or "")
        units = dict.fromkeys(found.units if found else ())
        for other in vocabulary.SUPPORT_TYPES.values():
            units |= dict.fromkeys(other.units)
        self.unit.choices = choices({unit: unit for unit in units}, _("単位なし"))

    def validate_unit(self, field: Field) -> None:
        """Each type of support is counted in its own units; the sentence names them."""
        found = vocabulary.SUPPORT_TYPES.get(self.support_type.data or "")
        if self.quantity.data is None or found is None or field.data in found.units:
            return
        units = _("・").join(found.units)
        raise ValidationError(
            _("「%(label)s」の単位は、%(units)sから選んでください。", label=found.label, units=units)
        )

    def validate(self, extra_validators: Any = None) -> bool:
        """Each field by itself, then what the terms together must not contradict."""
        if not super().validate(extra_validators):
            return False
        try:
            self.check()
        except Invalid as error:
            self.take(error)
            return False
        return True

    def check(self) -> None:
        """Refuse terms that cannot be meant.

        Raises:
            Invalid: naming the field.
        """
        self.terms.check()

    @property
    def take_fields(self) -> list[Field]:
        """The fields of what is taken of a need besides; of what has no parts there are none."""
        return []

    @property
    def terms(self) -> Terms:
        """The typed terms; a unit without an amount says nothing and is dropped."""
        quantity = self.quantity.data
        return Terms(
            support_type=self.support_type.data,
            quantity=quantity,
            unit=(self.unit.data or "") if quantity is not None else "",
            period_from=self.period_from.data,
            period_to=self.period_to.data,
        )


class PartsForm(TermsForm):
    """Terms about a need, which may have several parts; of one alone nothing is asked."""

    part = SelectField(_l("どの部分を引き受けるか"), choices=[], validators=[Optional()])
    is_named = BooleanField(_l("ほかの企業といっしょにかなえるとき、会社の名前を出してよい"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.rows: tuple[Standing, ...] = ()

    def offer_parts(self, rows: Iterable[Standing], *, asks_for_name: bool) -> None:
        """Ask of which parts of the chosen need these terms are.

        Args:
            rows: how far each part is filled; none where there is no need.
            asks_for_name: whether whoever fills it in speaks for the company.
        """
        self.rows = tuple(rows)
        if not (self.rows and asks_for_name):
            del self.is_named
        several = len(self.rows) > 1
        if several:
            self.part.choices = choices({str(row.part.place): parts_text.choice(row) for row in self.rows})
        else:
            del self.part
        for place in range(parts.FIRST, parts.MOST + 1):
            row = next((one for one in self.rows if several and one.part.place == place), None)
            self._offer_take(f"take_{place}", f"whole_{place}", row)

    def _offer_take(self, amount: str, whole: str, row: Standing | None) -> None:
        for name, is_asked in ((amount, row and row.is_counted), (whole, row and not row.is_counted)):
            if row is None or not is_asked:
                del self[name]
            else:
                self[name].label.text = parts_text.name(row.part)
                self[name].description = parts_text.said(row)
                self[name].fixed_unit = row.part.unit

    @property
    def place(self) -> int | None:
        """The part that was chosen; ``None`` where none of those that are offered was."""
        chosen = self.part.data if "part" in self else None
        return next((row.part.place for row in self.rows if str(row.part.place) == chosen), None)

    @property
    def part_words(self) -> str:
        """What was chosen of the need's parts."""
        chosen = (row.part for row in self.rows if row.part.place == self.place)
        return next((parts_text.whole(part) for part in chosen), "")

    @property
    def take_fields(self) -> list[Field]:
        """The fields of what is taken besides."""
        return [field for field in self if field.name.startswith(("take_", "whole_"))]

    @property
    def terms(self) -> Terms:
        """The typed terms, with the parts that they are of; what is chosen above is not taken twice."""
        place = self.place or parts.FIRST
        taken = [
            (int(field.name.rsplit("_", 1)[1]), field.data if field.name.startswith("take_") else None)
            for field in self.take_fields
            if field.data
        ]
        also = tuple((other, amount) for other, amount in taken if other != place)
        return replace(super().terms, part=place, also=also)

    def take(self, error: Invalid) -> None:
        """Say beside the field how much is left, where others have taken the rest."""
        rest = dict(error.facts)
        left = {row.part.place: row for row in self.rows}
        for name in [one for one in rest if rest[one] == "more_than_missing"]:
            place = self.terms.part if name == "quantity" else int(name.rsplit("_", 1)[1])
            field = name if name in self else f"whole_{place}"
            if place in left and field in self:
                del rest[name]
                self[field].errors = [*self[field].errors, parts_text.full(left[place])]
        super().take(Invalid(**rest))


for _place in range(parts.FIRST, parts.MOST + 1):
    setattr(PartsForm, f"take_{_place}", QuantityField("", validators=[Optional()]))
    setattr(PartsForm, f"whole_{_place}", BooleanField(""))


class _PairForm(PartsForm):
    """Terms between two named sides, about a need and from an offer of theirs, if any."""

    need = SelectField(
        _l("どのニーズについてですか"),
        choices=choices({}, _l("特定のニーズではなく、活動全体について")),
        default="",
    )
    offer = SelectField(
        _l("どの提供メニューを使いますか"), choices=choices({}, _l("提供メニューは指定しない")), default=""
    )

    def offer_choices(self, needs: Iterable[Need], offers: Iterable[Offer]) -> None:
        """Let the person choose among these needs and offers."""
        self.need.choices = [*self.need.choices, *choices({need.public_id: need.title for need in needs})]
        self.offer.choices = [
            *self.offer.choices,
            *choices({offer.public_id: offer.title for offer in offers}),
        ]

    def check(self) -> None:
        """Before they are shown once more, the days too."""
        super().check()
        self.terms.check_days(calendar.tokyo_date(clock.now()))

    def begin_with(self, values: Mapping[str, Any]) -> None:
        """Put these terms in place of the typed ones."""
        for name, value in values.items():
            self[name].data, self[name].raw_data, self[name].process_errors = value, None, []


class ProposeForm(_PairForm):
    """申し出 or 依頼: terms and a message that the other side reads."""

    message = _text(
        _l("相手へのメッセージ"), limits.MESSAGE, required=_l("相手へのメッセージを入力してください。")
    )
    first_step = RadioField(
        _l("はじめの一歩"),
        choices=choices(vocabulary.FIRST_STEPS, _l("あとで相談して決める")),
        default="",
        validators=[Optional()],
    )


class RecommendForm(_PairForm):
    """推薦: terms, and the reason that both sides read."""

    reason_code = RadioField(
        _l("推薦の理由"),
        choices=choices(vocabulary.RECOMMEND_REASONS),
        validators=[Needed()],
    )
    reason_text = _text(
        _l("推薦の理由の説明"), limits.NOTE, required=_l("推薦の理由を、両者に伝わるように入力してください。")
    )


class AcceptForm(Form):
    """Yes, with a word to the other side."""

    answer = _text(_l("相手へのひとこと"), limits.MESSAGE)
    is_named = BooleanField(_l("ほかの企業といっしょにかなえるとき、会社の名前を出してよい"))


class ReasonForm(Form):
    """A coded reason from the list that the life-cycle table names for the move, and a sentence."""

    reason_code = RadioField(_l("理由"), choices=[], validators=[Needed()])
    reason_text = _text(_l("理由の説明"), limits.NOTE)

    def offer_reasons(self, reasons: Mapping[str, str] | None) -> None:
        """Let the person choose among ``reasons``."""
        self.reason_code.choices = choices(reasons or {})


class ExplainedForm(ReasonForm):
    """A coded reason with a sentence that both sides read, hence compulsory."""

    reason_text = _text(
        _l("両者に伝える文"),
        limits.NOTE,
        required=_l("どうすれば進められるかが伝わるように入力してください。"),
    )


class ReviseForm(PartsForm):
    """Other terms, or a supplement."""

    note = _text(_l("説明・補足"), limits.MESSAGE)


class MessageForm(Form):
    """A question or an answer between the three parties."""

    text = _text(_l("質問・連絡"), limits.MESSAGE, required=_l("質問や連絡の内容を入力してください。"))


class ApproveForm(Form):
    """The questions that the city answers before it introduces two sides."""

    conflict = RadioField(
        _l("ご自身や近い親族が、この企業または団体の役員・職員であるなど、利益相反がありますか"),
        choices=choices(YES_NO),
        validators=[InputRequired(_l("利益相反の有無を選んでください。"))],
    )
    city_involved = RadioField(
        _l("市の予算または市の名義（後援・共催など）を使いますか"),
        choices=choices(YES_NO),
        validators=[InputRequired(_l("市の予算・名義を使うかどうかを選んでください。"))],
    )
    consulted = TextAreaField(_l("相談した担当課と、その回答"), validators=[Within(limits.NOTE)])
    text = _text(_l("承認の理由"), limits.NOTE, required=_l("承認の理由を入力してください。"))

    def validate_consulted(self, field: Field) -> None:
        """Compulsory where the city's money or name is used."""
        if self.city_involved.data == "yes" and not field.data:
            raise ValidationError(_("相談した担当課と、その回答を入力してください。"))

    @property
    def decision(self) -> Decision:
        """The answers as the service takes them."""
        return Decision(
            text=self.text.data or "",
            conflict_of_interest=self.conflict.data == "yes",
            city_involved=self.city_involved.data == "yes",
            consulted=self.consulted.data or "",
        )


class AssignForm(Form):
    """Who is in charge of the case."""

    coordinator = SelectField(_l("担当者"), choices=[], validators=[Needed()])

    def offer_staff(self, staff: Iterable[User]) -> None:
        """Let the person choose among ``staff``."""
        self.coordinator.choices = choices({user.public_id: user.name for user in staff}, _CHOOSE)
