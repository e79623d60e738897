"""Forms of the profile (one a section), of the application, and of the city's check.

The required mark means "needed before the city is asked"; a section can be saved half filled.
"""

from collections.abc import Mapping
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
    ValidationError,
)
from wtforms.validators import DataRequired, InputRequired, Optional

from matcher.city.cities import City
from matcher.ground import limits, vocabulary
from matcher.organizations import acts as organization_acts
from matcher.organizations import profile as organization_profile
from matcher.organizations.profile import Section
from matcher.records import Organization
from webapp import organization_text
from webapp.forms.account import one_line
from webapp.forms.base import Form, Within
from webapp.forms.case import choices
from webapp.forms.values import AddressField, CountField, DayField, PhoneField


def _line(name: str) -> StringField:
    return StringField(
        filters=[one_line],
        validators=[Optional(), Within(organization_profile.TEXT_LIMITS.get(name, limits.SHORT))],
    )


def _text(name: str) -> TextAreaField:
    return TextAreaField(validators=[Optional(), Within(organization_profile.TEXT_LIMITS[name])])


def _several() -> SelectMultipleField:
    return SelectMultipleField(choices=[])


def _one_of() -> SelectField:
    return SelectField(choices=[], default="")


class SectionForm(Form):
    """One section: labels, choices and required marks come from the section itself."""

    def prepare(self, organization: Organization, part: Section, city: City) -> None:
        """Name the fields, fill their lists, and mark what the city needs."""
        kind = organization.kind
        for name in part.fields:
            field = self[name]
            field.label.text = organization_text.label(kind, name)
            field.flags.required = name in part.required or bool(field.flags.required)
            if isinstance(field, SelectMultipleField | RadioField):
                field.choices = choices(organization_text.choices_of(kind, name, city))
            elif isinstance(field, SelectField):
                none = _l("法人番号がある") if name == "no_number_reason" else _l("選んでください")
                field.choices = choices(organization_text.choices_of(kind, name, city), none)
            if field.type in {"SelectField", "RadioField"} and field.data is None:
                field.data = ""

    def values(self, part: Section) -> dict[str, Any]:
        """What may be saved: the fields of the section, and nothing else that was sent."""
        found = {name: self[name].data for name in part.fields}
        if "no_number_reason" in found:
            found["no_number_reason"] = found["no_number_reason"] or None
        return {
            name: "" if value is None and _is_text(self[name]) else value for name, value in found.items()
        }


def _is_text(field: Field) -> bool:
    return isinstance(field, StringField) and not isinstance(field, CountField)


class _BasicForm(SectionForm):
    name = StringField(
        filters=[one_line],
        validators=[
            DataRequired(_l("名称を入力してください。")),
            Within(organization_profile.TEXT_LIMITS["name"]),
        ],
    )
    kana = _line("kana")
    corporate_number = StringField(filters=[one_line], validators=[Optional(), Within(limits.TITLE)])
    no_number_reason = _one_of()
    area = _one_of()
    address = _line("address")
    website = _line("website")
    representative = _line("representative")


class CompanyBasicForm(_BasicForm):
    """会社の基本."""

    industry = _one_of()
    employees_band = _one_of()


class NpoBasicForm(_BasicForm):
    """団体の基本."""

    org_type = _one_of()
    established_on = DayField(validators=[Optional()])


class BusinessForm(SectionForm):
    """事業とCSR・ESGの考え."""

    business = _text("business")
    csr_policy = _text("csr_policy")
    expected_returns = _several()


class InterestForm(SectionForm):
    """関わりたい分野・対象・地域. No field need be chosen (C14)."""

    fields = _several()
    fields_undecided = BooleanField()
    sdgs = _several()
    beneficiaries = _several()
    areas = _several()

    def validate_fields_undecided(self, field: Field) -> None:
        """Undecided and decided at once is a slip that only the person can mend."""
        if field.data and self["fields"].data:
            raise ValidationError(
                _("分野を選んでいるときは、「分野は決まっていない」のチェックを外してください。")
            )


class ResourcesForm(SectionForm):
    """出せるもの・できないこと."""

    pro_bono_skills = _several()
    budget_band = _one_of()
    volunteering = _text("volunteering")
    no_go = _text("no_go")
    no_go_fields = _several()
    naming = RadioField(choices=[], validators=[Optional()])
    past_partnerships = _text("past_partnerships")


class MissionForm(SectionForm):
    """目的と活動."""

    mission = _text("mission")
    activities = _text("activities")
    strengths = _text("strengths")


class FieldForm(SectionForm):
    """分野・対象・地域."""

    fields = _several()
    sdgs = _several()
    beneficiaries = _several()
    areas = _several()


class CapacityForm(SectionForm):
    """体制と情報公開."""

    staff_full_time = CountField()
    staff_part_time = CountField()
    volunteers = CountField()
    budget_band = _one_of()
    reach_number = CountField()
    capacity = _text("capacity")
    disclosure = _several()


class ContactForm(SectionForm):
    """連絡の窓口, and who may see the profile (N15)."""

    contact_department = _line("contact_department")
    contact_name = _line("contact_name")
    email = AddressField(validators=[Optional()])
    phone = PhoneField(validators=[Optional()])
    visibility = RadioField(
        choices=[], validators=[InputRequired(_l("プロフィールを見られる人を選んでください。"))]
    )


_FORMS: Final[Mapping[tuple[str, str], type[SectionForm]]] = {
    ("company", "basic"): CompanyBasicForm,
    ("company", "business"): BusinessForm,
    ("company", "interest"): InterestForm,
    ("company", "resources"): ResourcesForm,
    ("company", "contact"): ContactForm,
    ("npo", "basic"): NpoBasicForm,
    ("npo", "mission"): MissionForm,
    ("npo", "field"): FieldForm,
    ("npo", "capacity"): CapacityForm,
    ("npo", "contact"): ContactForm,
}


def section_form(organization: Organization, part: Section, city: City) -> SectionForm:
    """The form of one section, filled with what is saved."""
    saved = {name: organization_profile.value_of(organization, name) for name in part.fields}
    form = _FORMS[organization.kind, part.code](data={"version": organization.version, **saved})
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
    reason_code = RadioField(_l("理由"), choices=[], validators=[InputRequired(_l("理由を選んでください。"))])

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

    @property
    def answers(self) -> dict[str, tuple[str, str]]:
        """Item → (yes | no | na, comment) of what was answered so far."""
        return {
            item: (self[item].data, self[f"{item}_comment"].data or "")
            for item in self.items
            if self[item].data
        }

    def check_return(self) -> bool:
        """Going back needs a reason and a sentence; verifying does not."""
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
