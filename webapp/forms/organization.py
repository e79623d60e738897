"""Forms of the profile (one a section), of the application, and of the city's check.

The required mark means "needed before the city is asked"; a section can be saved half filled.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import (
    BooleanField,
    Field,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.validators import DataRequired, Optional

from matcher.city.cities import City
from matcher.ground import limits, numerals, profile, vocabulary
from matcher.ground.field import Field as Described
from matcher.ground.profile import Section
from matcher.organizations import acts as organization_acts
from matcher.organizations import profile as organization_profile
from matcher.records import Organization
from webapp import organization_text
from webapp.forms.account import one_line
from webapp.forms.base import Form, Within, choices
from webapp.forms.needed import Needed
from webapp.forms.values import AddressField, CountField, DayField, PhoneField
from webapp.labels import said


def _form_field(one: Described) -> Field:
    """The field in which one of the profile is typed; its label and choices come in ``prepare``."""
    match one.kind:
        case "date":
            return DayField(validators=[Optional()])
        case "integer":
            return CountField(units=numerals.PEOPLE if one.unit in numerals.PEOPLE else (one.unit,))
        case "email":
            return AddressField(validators=[Optional()])
        case "phone":
            return PhoneField(validators=[Optional()])
        case "yes_no":
            return BooleanField()
        case "codes" | "areas" | "fields":
            return SelectMultipleField(choices=[])
        case "code" if one.is_set:
            asked = Needed() if one.needed else Optional()
            return RadioField(choices=[], validators=[asked])
        case "code" | "area":
            return SelectField(choices=[], default="")
    asked = Needed() if one.required else Optional()
    if _is_long(one):
        return TextAreaField(validators=[asked, Within(one.limit)])
    return StringField(filters=[one_line], validators=[asked, Within(one.limit)])


def _is_long(one: Described) -> bool:
    return one.kind == "text" and one.limit >= limits.NOTE


class SectionForm(Form):
    """One section: labels, choices and required marks come from the section itself."""

    def prepare(self, organization: Organization, part: Section, city: City) -> None:
        """Name the fields, fill their lists, and mark what the city needs."""
        kind = organization.kind
        for one in part.fields:
            name, field = one.code, self[one.code]
            field.label.text = _l(one.label)
            field.flags.required = one.needed
            if isinstance(field, SelectMultipleField | RadioField):
                field.choices = choices(organization_text.choices_of(kind, name, city))
            elif isinstance(field, SelectField):
                none = _l(one.nothing) if one.nothing else _l("選んでください")
                field.choices = choices(organization_text.choices_of(kind, name, city), none)
            if field.type in {"SelectField", "RadioField"} and field.data is None:
                field.data = ""

    def values(self, part: Section) -> dict[str, Any]:
        """What may be saved: the fields of the section, and nothing else that was sent."""
        found = {
            one.code: (self[one.code].data or None) if one.nothing else self[one.code].data
            for one in part.fields
        }
        return {
            name: "" if value is None and _is_text(self[name]) else value for name, value in found.items()
        }


def _is_text(field: Field) -> bool:
    return isinstance(field, StringField) and not isinstance(field, CountField)


@lru_cache(maxsize=64)  # a form for each section of each kind
def form_of(kind: str, code: str) -> type[SectionForm]:
    """The form of the section ``code`` of this kind of organization, made from its fields."""
    part = next(one for one in profile.SECTIONS[kind] if one.code == code)
    return type("SectionForm", (SectionForm,), {one.code: _form_field(one) for one in part.fields})


#: kind of value → how its field looks (arguments of ``field`` in ``components/forms.html``)
_LOOKS: Final[Mapping[str, Mapping[str, Any]]] = {
    "code": {"size": "medium"},
    "area": {"size": "medium"},
    **{kind: {"columns": True} for kind in ("codes", "areas", "fields")},
    "integer": {"inputmode": "numeric", "size": "short"},
    "number13": {"inputmode": "numeric", "size": "medium"},
    "url": {"type": "url", "inputmode": "url", "autocomplete": "url"},
    "email": {"type": "email", "autocomplete": "email"},
    "phone": {"type": "tel", "autocomplete": "tel", "size": "medium"},
}
_AUTOCOMPLETE: Final = {"name": "organization", "address": "street-address"}


def looks(one: Described) -> dict[str, Any]:
    """How the field of a profile looks in its form: its help and example, and what its kind brings along."""
    found = dict(_LOOKS.get(one.kind, {}))
    if one.kind == "text" and one.limit <= limits.TITLE:
        found["size"] = "medium"
    elif _is_long(one) and one.limit < limits.TEXT:
        found["rows"] = 3
    if one.code in _AUTOCOMPLETE:
        found["autocomplete"] = _AUTOCOMPLETE[one.code]
    words = {"hint": one.help, "example": one.sample, "unit": one.unit}
    return found | {name: said(text) for name, text in words.items() if text}


def section_form(organization: Organization, part: Section, city: City) -> SectionForm:
    """The form of one section, filled with what is saved."""
    saved = {name: organization_profile.value_of(organization, name) for name in part.codes}
    form = form_of(organization.kind, part.code)(data={"version": organization.version, **saved})
    form.prepare(organization, part, city)
    return form


class SubmitForm(Form):
    """The declarations and the consent under which the city is asked to verify."""

    declared = BooleanField(
        _l(
            "当団体（当社）と役員は、暴力団、暴力団員または暴力団と密接な関係にある者ではありません。"
            "将来にわたっても該当しないことを誓約します。"
        ),
        validators=[DataRequired(_l("誓約の内容を確かめて、チェックを入れてください。"))],
    )
    taxes = BooleanField(
        _l("市税を滞納していません。"),
        validators=[DataRequired(_l("市税の滞納がないことを確かめて、チェックを入れてください。"))],
    )
    agreed = BooleanField(
        _l("利用規約と、個人情報の取り扱いに同意します。"),
        validators=[DataRequired(_l("利用規約と個人情報の取り扱いを確かめて、チェックを入れてください。"))],
    )


class _ReasonForm(Form):
    reason_code = RadioField(_l("理由"), choices=[], validators=[Needed()])

    def offer_reasons(self, reasons: Mapping[str, str]) -> None:
        """Let the person choose among ``reasons``."""
        self.reason_code.choices = choices(reasons)


class LeaveForm(_ReasonForm):
    """The end of the use, with one coded reason."""

    reason_text = TextAreaField(_l("理由の補足"), validators=[Optional(), Within(limits.NOTE)])


class DecisionForm(_ReasonForm):
    """A suspension or its end: the organization reads the sentence."""

    reason_text = TextAreaField(
        _l("相手に伝える文"),
        validators=[DataRequired(_l("理由が伝わるように入力してください。")), Within(limits.NOTE)],
    )


class ReviewForm(Form):
    """The verification checklist, and what to say where the application goes back.

    The questions are those of the kind of organization, so the fields are made by ``review_form``.
    """

    reason_code = RadioField(
        _l("差し戻しの理由"), choices=choices(vocabulary.ORGANIZATION_RETURN_REASONS), validators=[Optional()]
    )
    reason_text = TextAreaField(_l("申請者に伝える文"), validators=[Optional(), Within(limits.NOTE)])

    items: tuple[str, ...] = ()
    goes_back = False  #: whether the application does, and not through

    @property
    def answers(self) -> dict[str, tuple[str, str]]:
        """Item → (yes | no | na, comment) of what was answered so far."""
        return {
            item: (self[item].data, self[f"{item}_comment"].data or "")
            for item in self.items
            if self[item].data
        }

    def validate(self, extra_validators: Any = None) -> bool:
        """Each field by itself; going back needs a reason and a sentence, verifying does not."""
        is_valid = super().validate(extra_validators)
        if not self.goes_back:
            return is_valid
        if self.reason_code.data not in vocabulary.ORGANIZATION_RETURN_REASONS:
            self.reason_code.errors = [_("差し戻しの理由を選んでください。")]
        if not self.reason_text.data:
            self.reason_text.errors = [_("どこを直せばよいかが伝わるように入力してください。")]
        return not self.errors


def review_form(organization: Organization) -> ReviewForm:
    """The checklist of this kind of organization, empty for a new round."""
    questions = organization_acts.checklist(organization)
    fields: dict[str, Any] = {"items": tuple(questions)}
    for item, question in questions.items():
        fields[item] = RadioField(_l(question), choices=choices(vocabulary.ANSWERS), validators=[Optional()])
        fields[f"{item}_comment"] = StringField(
            _("「%(question)s」のメモ", question=question),
            filters=[one_line],
            validators=[Optional(), Within(limits.NOTE)],
        )
    found: ReviewForm = type("ReviewForm", (ReviewForm,), fields)(data={"version": organization.version})
    # Each is needed for one of the two decisions; the page says for which.
    for name in (*questions, "reason_code", "reason_text"):
        found[name].flags.required = True
    return found
