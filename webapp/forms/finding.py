"""What narrows the lists in which people look for each other: one set of conditions for needs, offers,
suggestions and the directory.
"""

from collections.abc import Mapping
from typing import Any

from flask_babel import lazy_gettext as _l
from werkzeug.datastructures import MultiDict
from wtforms import SelectField, StringField
from wtforms.validators import Optional

from matcher.city.cities import City
from matcher.ground import limits, numerals, vocabulary
from matcher.ground.typed import Unclear
from matcher.postings.wanted import Wanted
from matcher.suggestions.conditions import Filters
from webapp import filters
from webapp.forms.base import ConditionsForm, SearchForm, Within, choices
from webapp.forms.values import DayField, QuantityField
from webapp.labels import gettext as _

_ANY = _l("すべて")


class _DayCondition(DayField):
    """A day that narrows a list."""

    @property
    def in_words(self) -> str:
        """The day as it is read."""
        return filters.jdate(self.data, False)


class _AmountCondition(QuantityField):
    """An amount with its unit, typed together: 20kg, 5万円まで. ``data`` is the number, ``unit`` the unit."""

    is_least = False  #: whether it is wanted at least, and not given at most

    def read(self, typed: str) -> Any:
        """The number; without a unit it says nothing, and nobody gives or needs nothing of a thing.

        Raises:
            Unclear
        """
        found = super().read(numerals.without_bound(typed))
        if not found > 0:
            raise Unclear("positive", typed)
        if not self.unit:
            raise Unclear("unit_missing", typed)
        return found

    @property
    def in_words(self) -> str:
        """The limit as it is read."""
        amount = filters.quantity(self.data, self.unit)
        return _("%(amount)s以上", amount=amount) if self.is_least else _("%(amount)sまで", amount=amount)


def as_typed(kept: Mapping[str, str]) -> MultiDict[str, str]:
    """Conditions that were kept (``Wanted.as_dict``) as they would be typed: the unit behind its amount."""
    typed = {name: value for name, value in kept.items() if name != "unit"}
    if "amount" in typed:
        typed["amount"] += kept.get("unit", "")
    return MultiDict(typed)


class FilterForm(ConditionsForm):
    """Hard conditions, chosen by the person. Sent by GET."""

    field = SelectField(_l("分野"), choices=[], default="")
    support_type = SelectField(_l("支援の種類"), choices=choices(vocabulary.SUPPORT_LABELS, _ANY), default="")
    area = SelectField(_l("地域"), choices=[], default="")
    beneficiary = SelectField(_l("対象者"), choices=choices(vocabulary.BENEFICIARIES, _ANY), default="")
    sdg = SelectField(
        _l("SDGs"),
        choices=choices({code: f"{code} {label}" for code, label in vocabulary.SDGS.items()}, _ANY),
        default="",
    )
    mode = SelectField(_l("進め方"), choices=choices(vocabulary.MODES, _ANY), default="")
    urgency = SelectField(_l("急ぎ具合"), choices=choices(vocabulary.URGENCIES, _ANY), default="")
    amount = _AmountCondition(_l("提供できる量（この量まで）"), validators=[Optional()])
    period_from = _DayCondition(_l("期間の始まり"), validators=[Optional()])
    period_to = _DayCondition(_l("期間の終わり"), validators=[Optional()])

    def offer_choices(self, city: City) -> None:
        """Fill the lists from the city's own districts and fields."""
        self.field.choices = choices({code: vocabulary.FIELD_SHORT[code] for code in city.fields}, _ANY)
        self.area.choices = choices(city.area_labels, _ANY)

    def ask_for_offers(self) -> None:
        """Offers have no urgency, and are wanted to be enough."""
        del self.urgency
        self.amount.is_least = True
        self.amount.label.text = _("必要な量（この量以上）")

    @property
    def conditions(self) -> dict[str, str]:
        """The chosen conditions as an address has them: an amount stands with its unit."""
        found = super().conditions
        if "amount" in found:
            found |= as_typed({"amount": f"{self.amount.data:.15g}", "unit": self.amount.unit})
        return found

    @property
    def filters(self) -> Filters:
        """The chosen conditions; an unknown code or what cannot be read counts as none."""
        found = self.conditions
        if "amount" in found:
            found |= {"amount": f"{self.amount.data:.15g}", "unit": self.amount.unit}
        return Filters.of(found)


class BrowseForm(FilterForm, SearchForm):
    """The same with words, over needs or offers."""

    orders = ("sort",)

    q = StringField(_l("キーワードで探す"), validators=[Optional(), Within(limits.SHORT)])
    sort = SelectField(
        _l("並び順"),
        choices=choices(
            {"newest": _l("新しい順"), "closing": _l("締め切りが近い順"), "urgent": _l("急ぎの順")}
        ),
        default="newest",
    )

    def ask_for_offers(self) -> None:
        """Offers are not in a hurry."""
        super().ask_for_offers()
        self.sort.choices = [one for one in self.sort.choices if one.value != "urgent"]

    @property
    def wanted(self) -> Wanted:
        """What is looked for."""
        return Wanted(self.words, self.filters)


class DirectoryForm(SearchForm):
    """Words, and what a profile says, over organizations."""

    q = StringField(_l("キーワードで探す"), validators=[Optional(), Within(limits.SHORT)])
    field = SelectField(_l("分野"), choices=[], default="")
    area = SelectField(_l("地域"), choices=[], default="")
    beneficiary = SelectField(_l("対象者"), choices=choices(vocabulary.BENEFICIARIES, _ANY), default="")
    sdg = SelectField(
        _l("SDGs"),
        choices=choices({code: f"{code} {label}" for code, label in vocabulary.SDGS.items()}, _ANY),
        default="",
    )

    def offer_choices(self, city: City) -> None:
        """Fill the lists from the city's own districts and fields."""
        self.field.choices = choices({code: vocabulary.FIELD_SHORT[code] for code in city.fields}, _ANY)
        self.area.choices = choices(city.area_labels, _ANY)

    @property
    def wanted(self) -> Wanted:
        """What is looked for."""
        return Wanted(self.words, Filters.of(self.conditions))
