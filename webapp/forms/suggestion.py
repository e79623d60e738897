"""Forms of the suggestion pages: filters, and passing with a coded reason."""

from flask_babel import lazy_gettext as _l
from wtforms import RadioField, SelectField, TextAreaField
from wtforms.validators import DataRequired, Optional

from matcher.city.cities import City
from matcher.ground import limits, vocabulary
from matcher.suggestions.conditions import Filters
from webapp.forms.base import ConditionsForm, Form, Within, choices

_ANY = _l("すべて")


class FilterForm(ConditionsForm):
    """Hard conditions, chosen by the person. Sent by GET."""

    field = SelectField(_l("分野"), choices=[], default="")
    area = SelectField(_l("地域"), choices=[], default="")
    support_type = SelectField(
        _l("支援の種類"),
        choices=choices(vocabulary.SUPPORT_LABELS, _ANY),
        default="",
    )

    def offer_choices(self, city: City) -> None:
        """Fill the lists from the city's own districts and fields."""
        self.field.choices = choices({code: vocabulary.FIELD_SHORT[code] for code in city.fields}, _ANY)
        self.area.choices = choices(city.area_labels, _ANY)

    @property
    def filters(self) -> Filters:
        """The chosen conditions; an unknown code counts as none."""
        return Filters.of(self.conditions)


class PassForm(Form):
    """見送り: private, with one coded reason."""

    reason_code = RadioField(
        _l("見送る理由"),
        choices=choices(vocabulary.PASS_REASONS),
        validators=[DataRequired(_l("理由を1つ選んでください。"))],
    )
    note = TextAreaField(
        _l("補足"),
        validators=[Optional(), Within(limits.NOTE)],
        description=_l("「その他」を選んだときは必ず書いてください。"),
    )
