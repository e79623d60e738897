"""Fields that read a value from what people type: days, numbers, yen, people, mail addresses.

How each is read stands in ``days``, ``numerals`` and ``addresses`` of ``matcher.ground``; imports read by the
same. What was typed is kept and shown again; ``reading`` says how it was understood where that is not plain.
"""

from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import Any, Final

from flask_babel import gettext as _
from wtforms import DateField, Field, StringField, ValidationError
from wtforms.validators import InputRequired, StopValidation

from matcher.ground import addresses, days, numerals, phones, vocabulary
from matcher.ground.typed import Unclear, seen
from webapp import value_text
from webapp.forms.needed import asked_for

MAX_QUANTITY: Final = 10**11  #: what the column holds; nothing that people give comes near it
MAX_YEN: Final = 10**12


class Typed(InputRequired):  # type: ignore[misc]
    """Something that can be seen was typed; whether it can be read is said by the field."""

    def __call__(self, form: Any, field: Any) -> None:
        """Refuse what is blank."""
        if not (field.raw_data and seen(str(field.raw_data[0]))):
            field.errors = []
            raise StopValidation(str(self.message) if self.message else asked_for(field))


class _ReadField(Field):  # type: ignore[misc]
    """``data`` is what ``read`` makes of the typed text, ``None`` where nothing was typed."""

    data: Any
    reading = ""

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read what was typed.

        Raises:
            ValueError: it cannot be read; WTForms puts the sentence beside the field.
        """
        self.data, self.reading = None, ""
        typed = seen((valuelist or [""])[0])
        if not typed:
            return
        try:
            self.data = self.read(typed)
        except Unclear as unclear:
            raise ValueError(value_text.sentence(unclear)) from None

    def read(self, typed: str) -> Any:
        """The value of ``typed``.

        Raises:
            Unclear
        """
        raise NotImplementedError


class DayField(_ReadField, DateField):  # type: ignore[misc]
    """A day in any usual spelling."""

    def read(self, typed: str) -> Any:
        """The day."""
        found = days.read(typed)
        self.reading = value_text.reading_of_day(typed, found)
        return found.day


def read_number(
    typed: str, units: Collection[str], bounds: Mapping[str, int], *, takes_about: bool = False
) -> numerals.Number:
    """A number of a form; 約 changes what a measured value or an amount of money says, so few fields take it.

    Raises:
        Unclear
    """
    found = numerals.read(typed, units, **bounds)
    if found.is_about and not takes_about:
        raise Unclear("number_near", typed)
    return found


class _NumeralField(_ReadField, StringField):  # type: ignore[misc]
    """A number. Subclasses say which units may stand behind it, and within what bounds it is."""

    units: Collection[str] = ()
    bounds: Mapping[str, int] = MappingProxyType({})
    takes_about = False  #: whether 「約20」 may be written for 20
    unit = ""  #: what stood behind the number
    unit_field = "unit"  #: in which the unit is chosen
    fixed_unit = ""  #: in which it is counted, where nobody chooses

    def __init__(self, *args: Any, unit_field: str = "unit", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.unit_field = unit_field

    def read(self, typed: str) -> Any:
        """The number."""
        found = read_number(typed, self.units, self.bounds, takes_about=self.takes_about)
        self.unit, self.reading = found.unit, value_text.reading_of_number(typed, found)
        return self.kept(found)

    def kept(self, found: numerals.Number) -> Any:
        """The number in the type in which it is stored."""
        return float(found.value)

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        return "" if self.data is None else f"{self.data:.15g}"

    def pre_validate(self, form: Any) -> None:
        """Refuse a unit other than the one chosen beside the field; where none is, the typed one is it."""
        if self.fixed_unit and not numerals.same_unit(self.unit, self.fixed_unit):
            raise ValidationError(_("%(unit)sで数えた量を入力してください。", unit=self.fixed_unit))
        if self.fixed_unit or self.unit_field not in form:
            return
        chosen = form[self.unit_field]
        if self.unit and not chosen.data and self.unit in {choice.value for choice in chosen.iter_choices()}:
            chosen.data, chosen.raw_data = self.unit, [self.unit]
            chosen.reading = value_text.reading_of_unit(self.raw_data[0], self.unit)
        if not numerals.same_unit(self.unit, chosen.data or ""):
            raise ValidationError(value_text.sentence(Unclear("unit_differs")))


class QuantityField(_NumeralField):
    """An amount with up to two decimals; its unit is chosen beside it and may be typed as well."""

    units = vocabulary.SUPPORT_UNITS
    bounds = MappingProxyType({"decimals": 2, "below": MAX_QUANTITY})
    takes_about = True


class NumberField(_NumeralField):
    """A measured number with up to four decimals, also below zero."""

    units = vocabulary.INDICATOR_UNITS
    bounds = MappingProxyType({"decimals": 4, "below": MAX_QUANTITY, "least": -MAX_QUANTITY})


class YenField(_NumeralField):
    """Whole yen."""

    units = (numerals.YEN,)
    bounds = MappingProxyType({"decimals": 0, "below": MAX_YEN})

    def kept(self, found: numerals.Number) -> Any:
        """Whole yen."""
        return int(found.value)

    def pre_validate(self, form: Any) -> None:
        """Yen are yen, whatever is chosen for the amount of something else."""


class CountField(_NumeralField):
    """A number of people, or of what else ``units`` names; ``most`` is the greatest that is taken."""

    takes_about = True

    def __init__(
        self,
        *args: Any,
        units: Collection[str] = numerals.PEOPLE,
        most: int = 1_000_000,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.units, self.bounds = units, {"decimals": 0, "below": most + 1}

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read the number; where the field was not sent, what is saved stays."""
        if valuelist:
            super().process_formdata(valuelist)

    def kept(self, found: numerals.Number) -> Any:
        """Whole people."""
        return int(found.value)

    def pre_validate(self, form: Any) -> None:
        """People are people, whatever is chosen for the amount of something else."""


class _WordField(_ReadField, StringField):  # type: ignore[misc]
    """A value that is stored as a text; shown as it was typed."""

    def _value(self) -> str:
        return str(self.raw_data[0]) if self.raw_data else self.data or ""


class AddressField(_WordField):
    """One mail address that mail reaches."""

    def read(self, typed: str) -> Any:
        """The address as it is stored."""
        return addresses.read(typed)


class PhoneField(_WordField):
    """One telephone number that can be dialled."""

    def read(self, typed: str) -> Any:
        """The number as it is stored."""
        return phones.read(typed)


def address(label: Any) -> AddressField:
    """A compulsory mail address."""
    return AddressField(label, validators=[Typed()])
