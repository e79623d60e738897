"""Filters of the coordinator's lists. Sent by GET; an unknown code counts as no condition."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

from flask_babel import lazy_gettext as _l
from wtforms import Field, SelectField, StringField
from wtforms.validators import Optional

from matcher.city.cities import City
from matcher.desk.lists import LISTS
from matcher.desk.lists.listing import YEARS, Filter
from matcher.ground import limits, vocabulary
from matcher.ground.calendar import fiscal_year
from webapp import clock, filters
from webapp.forms.base import SearchForm, Within
from webapp.forms.base import choices as one_by_one
from webapp.forms.values import DayField

_ANY: Final = _l("すべて")


class ListForm(SearchForm):
    """What a list can be narrowed by; ``form_of`` gives it the fields that the list declares."""

    def offer_choices(self, city: City) -> None:
        """Fill the lists from the city's own districts and fields, and with the latest years."""
        if "area" in self:
            self["area"].choices = one_by_one(city.area_labels, _ANY)
        if "field" in self:
            labels = {code: vocabulary.FIELD_SHORT[code] for code in city.fields}
            self["field"].choices = one_by_one(labels, _ANY)
        if "year" in self:
            latest = fiscal_year(clock.now())
            years = {str(year): filters.nendo(year) for year in range(latest, latest - YEARS, -1)}
            self["year"].choices = one_by_one(years, _ANY)

    @property
    def conditions_in_words(self) -> str:
        """The chosen conditions on one line: 「状態：公開中　地区：中央」."""
        return "　".join(f"{one.label}：{one.words}" for one in self.in_words)


@lru_cache(maxsize=len(LISTS))
def form_of(name: str) -> type[ListForm]:
    """The filter of a list, with a field for each of its conditions."""
    fields = {one.name: _field(one) for one in LISTS[name].filters}
    return type(f"{name.title()}Form", (ListForm,), fields)


def _field(one: Filter) -> Field:
    label = _l(one.label)
    match one.options:
        case "text":
            return StringField(label, validators=[Optional(), Within(limits.SHORT)])
        case "hidden":
            return StringField(label, validators=[Optional()])
        case "day":
            return DayField(label, validators=[Optional()], render_kw={"type": "date"})
        case "areas" | "fields" | "years":
            return _select(label, {})  # the city's own, and those of today; they come in ``offer_choices``
        case options:
            return _select(label, options)


def _select(label: Any, options: Mapping[str, Any]) -> SelectField:
    return SelectField(
        label, choices=one_by_one(options, _ANY), validators=[Optional()], validate_choice=False
    )
