"""Forms for residents: their words on a published partnership, and what narrows the list."""

from flask_babel import lazy_gettext as _l
from wtforms import (
    SelectField,
    StringField,
)
from wtforms.validators import Optional

from matcher.city.cities import City
from matcher.ground import limits, vocabulary
from webapp import filters
from webapp.forms.base import ConditionsForm, Form, choices
from webapp.forms.fields import (
    pick,
    words,
)


class CommentForm(Form):
    """住民の声."""

    text = words(
        _l("ご意見・ご感想"),
        limits.NOTE,
        hint=_l("お名前や連絡先など、個人が分かることは書かないでください。"),
    )
    website = StringField(_l("ここには何も入力しないでください"), validators=[Optional()])


class PublishedForm(ConditionsForm):
    """しぼりこみ of the public list."""

    state = pick(
        _l("段階"),
        {"running": _l("実施中"), "finished": _l("終了・成果報告あり")},
        need=False,
    )
    field = pick(_l("分野"), {str(code): label for code, label in vocabulary.FIELD_SHORT.items()}, need=False)
    area = SelectField(_l("地区"), choices=[], validators=[Optional()])
    year = SelectField(_l("始まった年度"), choices=[], validators=[Optional()])

    def offer(self, city: City) -> None:
        """The city's districts, and the years that there can be."""
        self.area.choices = choices(city.area_labels, _l("指定しない"))
        years = {str(year): filters.nendo(year) for year in range(2035, 2019, -1)}
        self.year.choices = choices(years, _l("指定しない"))
