"""Forms of needs (five short pages) and offers."""

from collections.abc import Iterable
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import Field, RadioField, SelectField, SelectMultipleField, StringField, TextAreaField
from wtforms.validators import Optional, ValidationError

from matcher.city.cities import City
from matcher.ground import errors, limits, parts, vocabulary
from matcher.ground import posting as posting_fields
from matcher.postings import drafts as posting_drafts
from matcher.postings import need_parts
from webapp.forms.base import Form, Within, choices
from webapp.forms.values import CountField, DayField, QuantityField

_CHOOSE = _l("選んでください")


def _line(kind: posting_fields.Kind, code: str) -> StringField:
    return StringField(
        _label(kind, code), validators=[Optional(), Within(posting_fields.find(kind, code).limit)]
    )


def _text(kind: posting_fields.Kind, code: str) -> TextAreaField:
    return TextAreaField(
        _label(kind, code), validators=[Optional(), Within(posting_fields.find(kind, code).limit)]
    )


def _label(kind: posting_fields.Kind, code: str) -> Any:
    return _l(posting_fields.find(kind, code).label)


def _note(label: Any) -> TextAreaField:
    return TextAreaField(label, validators=[Optional(), Within(limits.NOTE)])


class _Known:
    """Only what is on the list; WTForms' own sentence does not say what to do."""

    def __call__(self, _form: Form, field: Field) -> None:
        known = {choice.value for choice in field.choices}
        given = field.data if isinstance(field.data, list) else [field.data or ""]
        if any(code not in known | {""} for code in given):
            raise ValidationError(_("表示されている中から選び直してください。"))


def _choice(kind: type[Field], label: Any, **options: Any) -> Field:
    return kind(label, validators=[_Known()], validate_choice=False, **options)


def _units(support_type: str | None) -> list[Any]:
    found = vocabulary.SUPPORT_TYPES.get(support_type or "")
    units = dict.fromkeys(found.units if found else ())
    for other in vocabulary.SUPPORT_TYPES.values():
        units |= dict.fromkeys(other.units)
    return choices({unit: unit for unit in units}, _l("単位なし"))


class _CityForm(Form):
    """A form whose lists come from the city: its districts, and field 20 where an ordinance fills it."""

    required: tuple[str, ...] = posting_drafts.NEED_REQUIRED

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Marked as compulsory, asked for at submission: every page may be saved half-filled.
        for name in self.required:
            if name in self:
                self[name].flags.required = True
        if "unit" in self:
            self["unit"].choices = _units(self["support_type"].data)

    def offer_choices(self, city: City) -> None:
        """Fill the lists of districts and fields."""
        if "areas" in self:
            self["areas"].choices = choices(city.area_labels)
        if "fields" in self:
            self["fields"].choices = choices({code: vocabulary.FIELD_SHORT[code] for code in city.fields})

    def take(self, error: errors.Invalid) -> None:
        """Put the domain's field errors beside their fields; which units are meant is said in full."""
        rest = dict(error.facts)
        for name in [one for one in rest if one.endswith("unit") and one in self]:
            del rest[name]
            units = vocabulary.SUPPORT_TYPES[self[name.removesuffix("unit") + "support_type"].data].units
            sentence = _(
                "この支援の種類で使える単位（%(units)s）から選んでください。", units="、".join(units)
            )
            self[name].errors = [*self[name].errors, sentence]
        super().take(errors.Invalid(**rest))

    @property
    def typed(self) -> dict[str, Any]:
        """The fields that were sent, by name; a list of boxes of which none was ticked is empty."""
        skipped = {"csrf_token", "version", "form_id"}
        return {
            name: field.data
            for name, field in self._fields.items()
            if name not in skipped and (field.raw_data or isinstance(field, SelectMultipleField))
        }


class TroubleForm(_CityForm):
    """① 困っていること."""

    title = _line("need", "title")
    situation = _text("need", "situation")
    wanted_change = _text("need", "wanted_change")


class SupportForm(_CityForm):
    """② ほしい支援."""

    support_type = _choice(
        SelectField, _label("need", "support_type"), choices=choices(vocabulary.SUPPORT_LABELS, _CHOOSE)
    )
    quantity = QuantityField(_label("need", "quantity"), validators=[Optional()])
    unit = _choice(SelectField, _label("need", "unit"), choices=[], default="")
    min_useful = QuantityField(_label("need", "min_useful"), validators=[Optional()])
    also_welcome = _choice(
        SelectMultipleField, _label("need", "also_welcome"), choices=choices(vocabulary.SUPPORT_LABELS)
    )
    skills = _choice(
        SelectMultipleField, _label("need", "skills"), choices=choices(vocabulary.PRO_BONO_SKILLS)
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for place in parts.PLACES:
            kind = self[need_parts.named(place, "support_type")]
            self[need_parts.named(place, "unit")].choices = _units(kind.data)

    @property
    def places(self) -> list[tuple[int, list[Field]]]:
        """The further parts, each with its fields."""
        return [
            (place, [self[need_parts.named(place, name)] for name in need_parts.FIELDS])
            for place in parts.PLACES
        ]

    @property
    def further(self) -> list[parts.Part] | None:
        """What was written of further parts; of which nothing was, is none. ``None`` where none was sent."""
        if not any(field.raw_data for _place, fields in self.places for field in fields):
            return None
        return [
            parts.Part(
                place, kind.data or "", quantity.data,
                unit.data or "" if quantity.data is not None or least.data is not None else "",
                least.data, what.data or "",
            )
            for place, (kind, what, quantity, unit, least) in self.places
            if any(field.data for field in (kind, what, quantity, least))
        ]  # fmt: skip

    @staticmethod
    def values_of(further: Iterable[parts.Part]) -> dict[str, Any]:
        """What stands in the fields."""
        return {
            need_parts.named(part.place, name): getattr(part, name)
            for part in further
            for name in need_parts.FIELDS
        }


def _part_fields(place: int) -> dict[str, Any]:
    unit = need_parts.named(place, "unit")
    return {
        "support_type": _choice(
            SelectField, _l("支援の種類"), choices=choices(vocabulary.SUPPORT_LABELS, _l("なし"))
        ),
        "what": StringField(_l("なにを"), validators=[Optional(), Within(limits.TITLE)]),
        "quantity": QuantityField(_label("need", "quantity"), validators=[Optional()], unit_field=unit),
        "unit": _choice(SelectField, _label("need", "unit"), choices=[], default=""),
        "min_useful": QuantityField(_label("need", "min_useful"), validators=[Optional()], unit_field=unit),
    }


for _place in parts.PLACES:
    for _name, _field in _part_fields(_place).items():
        setattr(SupportForm, need_parts.named(_place, _name), _field)


class WhenWhereForm(_CityForm):
    """③ いつ・どこで."""

    period_from = DayField(_label("need", "period_from"), validators=[Optional()])
    period_to = DayField(_label("need", "period_to"), validators=[Optional()])
    urgency = _choice(
        RadioField, _label("need", "urgency"), choices=choices(vocabulary.URGENCIES), default="normal"
    )
    repeat = _choice(
        RadioField, _label("need", "repeat"), choices=choices(vocabulary.REPEATS), default="once"
    )
    areas = _choice(SelectMultipleField, _label("need", "areas"), choices=[])
    mode = _choice(RadioField, _label("need", "mode"), choices=choices(vocabulary.MODES), default="onsite")
    place_note = _text("need", "place_note")
    valid_until = DayField(_label("need", "valid_until"), validators=[Optional()])


class ForWhomForm(_CityForm):
    """④ だれのため・安全."""

    fields = _choice(SelectMultipleField, _label("need", "fields"), choices=[])
    beneficiaries = _choice(
        SelectMultipleField, _label("need", "beneficiaries"), choices=choices(vocabulary.BENEFICIARIES)
    )
    beneficiary_number = CountField(
        _label("need", "beneficiary_number"), most=9_999_999, validators=[Optional()]
    )
    sdgs = _choice(
        SelectMultipleField,
        _label("need", "sdgs"),
        choices=choices({code: f"{code} {label}" for code, label in vocabulary.SDGS.items()}),
    )
    safety_contact = _choice(
        RadioField,
        _label("need", "safety_contact"),
        choices=choices({"yes": _l("接する"), "no": _l("接しない")}),
    )
    safety_note = _text("need", "safety_note")


class ReturnForm(_CityForm):
    """⑤ お返しできること."""

    what_we_give = _text("need", "what_we_give")
    if_unmet = _text("need", "if_unmet")
    contact_name = _line("need", "contact_name")
    visibility = _choice(
        RadioField, _label("need", "visibility"), choices=choices(vocabulary.VISIBILITIES), default="public"
    )


NEED_FORMS: tuple[type[_CityForm], ...] = (TroubleForm, SupportForm, WhenWhereForm, ForWhomForm, ReturnForm)


class OfferForm(_CityForm):
    """提供メニュー on one page."""

    required = posting_drafts.OFFER_REQUIRED

    title = _line("offer", "title")
    description = _text("offer", "description")
    support_type = _choice(
        SelectField, _label("offer", "support_type"), choices=choices(vocabulary.SUPPORT_LABELS, _CHOOSE)
    )
    quantity = QuantityField(_label("offer", "quantity"), validators=[Optional()])
    unit = _choice(SelectField, _label("offer", "unit"), choices=[], default="")
    period_from = DayField(_label("offer", "period_from"), validators=[Optional()])
    period_to = DayField(_label("offer", "period_to"), validators=[Optional()])
    areas = _choice(SelectMultipleField, _label("offer", "areas"), choices=[])
    mode = _choice(RadioField, _label("offer", "mode"), choices=choices(vocabulary.MODES), default="onsite")
    conditions = _text("offer", "conditions")
    skills = _choice(
        SelectMultipleField, _label("offer", "skills"), choices=choices(vocabulary.PRO_BONO_SKILLS)
    )
    fields = _choice(SelectMultipleField, _label("offer", "fields"), choices=[])
    beneficiaries = _choice(
        SelectMultipleField, _label("offer", "beneficiaries"), choices=choices(vocabulary.BENEFICIARIES)
    )
    sdgs = _choice(
        SelectMultipleField,
        _label("offer", "sdgs"),
        choices=choices({code: f"{code} {label}" for code, label in vocabulary.SDGS.items()}),
    )
    valid_until = DayField(_label("offer", "valid_until"), validators=[Optional()])


class WithdrawForm(Form):
    """取り下げ with one coded reason."""

    reason_code = _choice(RadioField, _l("取り下げる理由"), choices=choices(vocabulary.WITHDRAW_REASONS))
    reason_text = _note(_l("補足"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.reason_code.flags.required = True


class ReviewForm(Form):
    """The city's reading: corrections, and the reason where it is returned or taken down."""

    title = _line("need", "title")
    situation = _text("need", "situation")
    wanted_change = _text("need", "wanted_change")
    description = _text("offer", "description")
    place_note = _text("need", "place_note")
    conditions = _text("offer", "conditions")
    reason_code = _choice(RadioField, _l("差し戻しの理由"), choices=choices(vocabulary.NEED_RETURN_REASONS))
    reason_text = _note(_l("どう直せばよいか"))
    goes_back = False  #: whether it is returned, and not published

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Compulsory for returning and taking down, which is what these two fields are for.
        self.reason_code.flags.required = self.reason_text.flags.required = True

    def ask_for_withdrawal(self) -> None:
        """Word the reason for taking a published text down."""
        self.reason_code.choices = choices(vocabulary.WITHDRAW_REASONS)
        self.reason_code.label.text = _("公開を終了する理由")
        self.reason_text.label.text = _("書いた人への説明")

    def corrections(self) -> dict[str, str]:
        """The texts that were sent along, whatever they say."""
        return {name: self[name].data or "" for name in posting_drafts.STAFF_EDITABLE if self[name].raw_data}
