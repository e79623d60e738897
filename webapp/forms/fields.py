"""Fields of the forms of a partnership: numbers, yen, days and lines as people type them.

Each field carries its hint as ``description`` and its example in ``render_kw``; one template draws them all.
"""

import re
from collections.abc import Collection, Mapping
from typing import Any, Final

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import (
    RadioField,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.validators import Optional

from matcher.ground import days, limits
from matcher.ground.typed import Unclear, seen
from webapp import value_text
from webapp.forms.base import Within, choices
from webapp.forms.needed import Needed
from webapp.forms.values import CountField, DayField, NumberField, Typed, YenField, read_number

CHOOSE: Final = _l("選んでください")
SIDES: Final[Mapping[str, Any]] = {
    "company": _l("企業"),
    "npo": _l("団体"),
    "city": _l("市"),
    "both": _l("両者"),
}


def words(
    label: Any,
    limit: int = limits.NOTE,
    *,
    need: bool = True,
    hint: Any = "",
    example: Any = "",
    rows: int = 4,
) -> TextAreaField:
    """A text of several lines."""
    return TextAreaField(
        label,
        validators=[Needed() if need else Optional(), Within(limit)],
        description=hint,
        render_kw={"example": example, "rows": rows},
    )


def line(
    label: Any, limit: int = limits.SHORT, *, need: bool = True, hint: Any = "", example: Any = ""
) -> StringField:
    """A text of one line."""
    return StringField(
        label,
        validators=[Needed() if need else Optional(), Within(limit)],
        description=hint,
        render_kw={"example": example},
    )


def day(label: Any, *, need: bool = True, hint: Any = "", example: Any = "2027-03-31") -> DayField:
    """A day."""
    first = Typed() if need else Optional()
    return DayField(
        label,
        validators=[first],
        description=hint,
        render_kw={"example": example},
    )


def pick(label: Any, labels: Mapping[str, Any], *, need: bool = True, hint: Any = "") -> SelectField:
    """One of a list."""
    return SelectField(
        label,
        choices=choices(labels, CHOOSE if need else _l("指定しない")),
        validators=[Needed()] if need else [Optional()],
        description=hint,
    )


def radio(label: Any, labels: Mapping[str, Any], *, hint: Any = "") -> RadioField:
    """One of a few."""
    return RadioField(
        label,
        choices=choices(labels),
        validators=[Needed()],
        description=hint,
    )


def number(label: Any, *, need: bool = True, hint: Any = "", example: Any = "") -> NumberField:
    """A number."""
    first = Typed() if need else Optional()
    return NumberField(label, validators=[first], description=hint, render_kw={"example": example})


def count(label: Any, units: Collection[str], *, need: bool = True) -> CountField:
    """A whole number of ``units``."""
    first = Typed() if need else Optional()
    return CountField(label, validators=[first], units=units)


def money(label: Any, *, need: bool = False, hint: Any = "", example: Any = "") -> YenField:
    """An amount of money."""
    first = Typed() if need else Optional()
    return YenField(label, validators=[first], description=hint, render_kw={"example": example})


class LinesField(TextAreaField):  # type: ignore[misc]
    """One entry a line; empty lines are dropped. ``data`` is a list."""

    def process_formdata(self, valuelist: list[str]) -> None:
        """Split the lines.

        Raises:
            ValueError: too many lines, or one too long.
        """
        typed = (valuelist or [""])[0].replace("\r", "")
        self.data = [part for line in typed.split("\n") if (part := seen(line))]
        if len(self.data) > 20:
            raise ValueError(_("20行までで入力してください。"))
        if any(limits.is_too_long(part, limits.SHORT) for part in self.data):
            raise ValueError(_("1行は%(limit)s文字までで入力してください。", limit=limits.SHORT))

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        return "\n".join(str(part) for part in self.data or ())


class DaysField(LinesField):
    """Days, one a line or separated by commas; ``data`` is a sorted list of ISO days."""

    reading = ""

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read the days.

        Raises:
            ValueError: one of them is no day.
        """
        self.data, self.reading = [], ""
        typed = re.split(r"[\n,、，]", (valuelist or [""])[0].replace("\r", ""))
        parts = [part for one in typed if (part := seen(one))]
        if len(parts) > 60:
            raise ValueError(_("日付は60個までにしてください。"))
        found = set()
        for part in parts:
            try:
                read = days.read(part)
            except Unclear as unclear:
                raise _line_error(part, unclear) from None
            self.reading += value_text.reading_of_day(part, read)
            found.add(read.day.isoformat())
        self.data = sorted(found)


class PairsField(TextAreaField):  # type: ignore[misc]
    """「名前：数字」, one a line; ``data`` is a list of (name, number).

    What could be a time of day (月曜10：30) or a second pair (男子 3：2 would be one of a name that ends in a
    figure) is refused where names are words.
    """

    units: Collection[str] = NumberField.units
    bounds = NumberField.bounds
    kept: type[int] | type[float] = float
    reading = ""
    typed_units: Collection[str] = ()  #: what stood behind the numbers
    are_words = True  #: what stands before the colon: words, no figures

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read the pairs.

        Raises:
            ValueError: a line is not of that form, or two have the same name.
        """
        self.data, self.reading, self.typed_units = [], "", ()
        found: dict[str, int | float] = {}
        for part in _parts(valuelist):
            name, colon, value = part.replace(":", "：").partition("：")
            name = seen(name)
            if not colon or not name or "：" in value:
                raise ValueError(_("「%(text)s」は「名前：数字」の形で入力してください。", text=part[:20]))
            if self.are_words and name[-1].isdecimal():
                raise ValueError(_(
                    "「%(text)s」は、どこまでが名前か分かりません。"
                    "名前の終わりを数字以外にしてください（例 小学6年生：12）。", text=part[:20],
                ))  # fmt: skip
            if name in found:
                raise ValueError(_("「%(name)s」が2つあります。1つにしてください。", name=name[:20]))
            try:
                read = read_number(value, self.units, self.bounds)
            except Unclear as unclear:
                raise _line_error(part, unclear) from None
            found[name] = self.kept(read.value)
            self.reading += value_text.reading_of_number(value.strip(), read)
            self.typed_units = {*self.typed_units, read.unit}
        self.data = list(found.items())

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        return "\n".join(f"{name}：{value:.15g}" for name, value in self.data or ())


class YenPairsField(PairsField):
    """「名前：金額」 in whole yen, one a line."""

    units = YenField.units
    bounds = YenField.bounds
    kept = int
    are_words = False


class FundersField(TextAreaField):  # type: ignore[misc]
    """「名称：出資額：返済の条件」, one funder a line; ``data`` as the contract keeps them."""

    reading = ""

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read the funders.

        Raises:
            ValueError: a line is not of that form, too long, or there are too many.
        """
        self.data, self.reading = [], ""
        for part in _parts(valuelist):
            if limits.is_too_long(part, limits.NOTE):
                raise ValueError(_("1行は%(limit)s文字までで入力してください。", limit=limits.NOTE))
            typed, _first, rest = part.replace(":", "：").partition("：")
            amount, _second, typed_terms = rest.partition("：")
            name, terms = seen(typed), seen(typed_terms)
            if not (name and seen(amount) and terms):
                raise ValueError(
                    _("「%(text)s」は「名称：出資額：返済の条件」の形で入力してください。", text=part[:20])
                )
            try:
                read = read_number(amount, YenField.units, YenField.bounds)
            except Unclear as unclear:
                raise _line_error(part, unclear) from None
            self.reading += value_text.reading_of_number(amount.strip(), read)
            self.data.append({"name": name, "principal_yen": int(read.value), "terms": terms})

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        return "\n".join(f"{row['name']}：{row['principal_yen']}：{row['terms']}" for row in self.data or ())


def _parts(valuelist: list[str]) -> list[str]:
    found = [part for line in (valuelist or [""])[0].splitlines() if (part := seen(line))]
    if len(found) > 20:
        raise ValueError(_("20行までで入力してください。"))
    return found


def _line_error(part: str, unclear: Unclear) -> ValueError:
    """Which of the lines is meant, and what is wrong with it."""
    return ValueError(_("「%(text)s」：%(sentence)s", text=part[:20], sentence=value_text.sentence(unclear)))


def why_changed() -> TextAreaField:
    """The last field of whatever opens or goes on with a change of what is in force; gone otherwise."""
    return words(
        _l("変更の理由"),
        hint=_l("実施中の計画・協定を変えるための案になります。相手方と市も読みます。"),
        rows=2,
    )


def taking(kinds: str) -> dict[str, str]:
    """What the window for choosing a file offers: these kinds."""
    return {"accept": kinds}
