"""Forms of the suggestion pages: filters, and passing with a coded reason."""

from flask_babel import lazy_gettext as _l
from wtforms import RadioField, SelectField, TextAreaField
from wtforms.validators import DataRequired, Optional

from matcher import limits, vocabulary
from matcher.services.cities import City
from matcher.services.suggestions import Filters
from webapp.forms.base import Form, Within

_ANY = {"": _l("すべて")}


class FilterForm(Form):
    """Hard conditions, chosen by the person. Sent by GET."""

    class Meta(Form.Meta):
        """Nothing is changed, so no token is needed."""

        csrf = False

    field = SelectField(_l("分野"), validators=[Optional()])
    area = SelectField(_l("地域"), validators=[Optional()])
    support_type = SelectField(_l("支援の種類"), validators=[Optional()])

    def offer_choices(self, city: City) -> None:
        """Fill the lists from the city's own districts and the vocabulary."""
        self.field.choices = _ANY | {code: vocabulary.FIELD_SHORT[code] for code in city.fields}
        self.area.choices = _ANY | city.area_labels
        self.support_type.choices = _ANY | {code: s.label for code, s in vocabulary.SUPPORT_TYPES.items()}

    @property
    def filters(self) -> Filters:
        """The chosen conditions; an unknown code counts as none."""
        chosen = {
            name: self[name].data or ""
            for name in ("field", "area", "support_type")
            if (self[name].data or "") in self[name].choices
        }
        return Filters(**chosen)


class PassForm(Form):
    """見送り: private, with one coded reason."""

    reason_code = RadioField(
        _l("見送る理由"),
        choices=dict(vocabulary.PASS_REASONS),
        validators=[DataRequired(_l("理由を1つ選んでください。"))],
    )
    note = TextAreaField(
        _l("補足"),
        validators=[Optional(), Within(limits.NOTE)],
    )
