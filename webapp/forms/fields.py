"""Fields of the forms of a partnership: numbers, yen, days and lines as people type them.

Each field carries its hint as ``description`` and its example in ``render_kw``; one template draws them all.
"""

import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import (
    Field,
    RadioField,
    SelectField,
    StringField,
    TextAreaField,
    ValidationError,
)
from wtforms.validators import DataRequired, InputRequired, Optional

from embeddings.normal import nfkc
from matcher import import_cells, limits
from webapp.forms.base import Form, Within
from webapp.forms.case import DayField, QuantityField, choices

CHOOSE: Final = _l("選んでください")
_REQUIRED: Final = _l("入力してください。")


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
        validators=[DataRequired(_REQUIRED) if need else Optional(), Within(limit)],
        description=hint,
        render_kw={"example": example, "rows": rows},
    )


def line(
    label: Any, limit: int = limits.SHORT, *, need: bool = True, hint: Any = "", example: Any = ""
) -> StringField:
    """A text of one line."""
    return StringField(
        label,
        validators=[DataRequired(_REQUIRED) if need else Optional(), Within(limit)],
        description=hint,
        render_kw={"example": example},
    )


def _within_reach(_form: Form, field: Field) -> None:
    """No day before 1868 or after 2199: a slip of the finger, and past what calendars can reckon with."""
    if field.data is not None and not 1868 <= field.data.year <= 2199:
        raise ValidationError(_("年が離れすぎています。年をもう一度ご確認ください。"))


def day(label: Any, *, need: bool = True, hint: Any = "", example: Any = "2027-03-31") -> DayField:
    """A day."""
    first = InputRequired(_l("日付を入力してください。")) if need else Optional()
    return DayField(
        label,
        validators=[first, _within_reach],
        description=hint,
        render_kw={"example": example},
    )


def pick(label: Any, labels: Mapping[str, Any], *, need: bool = True, hint: Any = "") -> SelectField:
    """One of a list."""
    return SelectField(
        label,
        choices=choices(labels, CHOOSE if need else _l("指定しない")),
        validators=[DataRequired(_l("選んでください。"))] if need else [Optional()],
        description=hint,
    )


def radio(label: Any, labels: Mapping[str, Any], *, hint: Any = "") -> RadioField:
    """One of a few."""
    return RadioField(
        label,
        choices=choices(labels),
        validators=[InputRequired(_l("選んでください。"))],
        description=hint,
    )


class NumberField(QuantityField):
    """A number with up to four decimals, full-width digits taken, also below zero."""

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read the number.

        Raises:
            ValueError: it is none, or far too large.
        """
        typed = nfkc((valuelist or [""])[0] or "").strip().replace(",", "")
        self.data = None
        if typed:
            self.data = read_number(typed.rstrip("%"))


class YenField(QuantityField):
    """Whole yen."""

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read the amount.

        Raises:
            ValueError: it is no whole number of yen.
        """
        typed = nfkc((valuelist or [""])[0] or "").strip()
        typed = typed.replace(",", "").removesuffix("円").removeprefix("¥")
        self.data = None
        if not typed:
            return
        if not typed.isdecimal() or len(typed) > 12:
            raise ValueError(_("金額は、1円単位の数字で入力してください。"))
        self.data = int(typed)


def number(label: Any, *, need: bool = True, hint: Any = "", example: Any = "") -> NumberField:
    """A number."""
    first = InputRequired(_l("数字を入力してください。")) if need else Optional()
    return NumberField(label, validators=[first], description=hint, render_kw={"example": example})


def money(label: Any, *, need: bool = False, hint: Any = "", example: Any = "") -> YenField:
    """An amount of money."""
    first = InputRequired(_l("金額を入力してください。")) if need else Optional()
    return YenField(label, validators=[first], description=hint, render_kw={"example": example})


class LinesField(TextAreaField):  # type: ignore[misc]
    """One entry a line; empty lines are dropped. ``data`` is a list."""

    def process_formdata(self, valuelist: list[str]) -> None:
        """Split the lines.

        Raises:
            ValueError: too many lines, or one too long.
        """
        typed = (valuelist or [""])[0].replace("\r", "")
        self.data = [part.strip() for part in typed.split("\n") if part.strip()]
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

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read the days.

        Raises:
            ValueError: one of them is no day.
        """
        typed = re.split(r"[\n,、，]", (valuelist or [""])[0].replace("\r", ""))
        found = set()
        self.data = []
        for part in typed:
            if not part.strip():
                continue
            try:
                read = import_cells.read_day(part.strip())
            except import_cells.Unclear:
                read = None
            if read is None:
                raise ValueError(
                    _("「%(text)s」は日付として読み取れません（例：2027-03-31）。", text=part.strip()[:20])
                )
            found.add(read.isoformat())
        if len(found) > 60:
            raise ValueError(_("日付は60個までにしてください。"))
        self.data = sorted(found)


class PairsField(TextAreaField):  # type: ignore[misc]
    """「名前：数字」, one a line; ``data`` is a list of (name, number)."""

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read the pairs.

        Raises:
            ValueError: a line is not of that form.
        """
        self.data = []
        typed = [part.strip() for part in (valuelist or [""])[0].splitlines() if part.strip()]
        if len(typed) > 20:
            raise ValueError(_("20行までで入力してください。"))
        found: list[tuple[str, float]] = []
        for part in typed:
            name, colon, value = nfkc(part).rpartition(":")
            if not colon or not name.strip():
                raise ValueError(_("「%(text)s」は「名前：数字」の形で入力してください。", text=part[:20]))
            found.append((name.strip(), read_number(value.strip().replace(",", "").rstrip("円%"))))
        self.data = found

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        return "\n".join(f"{name}：{value:.15g}" for name, value in self.data or ())


class FundersField(TextAreaField):  # type: ignore[misc]
    """「名称：出資額：返済の条件」, one funder a line; ``data`` as the contract keeps them."""

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read the funders.

        Raises:
            ValueError: a line is not of that form, too long, or there are too many.
        """
        self.data = []
        typed = [part.strip() for part in (valuelist or [""])[0].splitlines() if part.strip()]
        if len(typed) > 20:
            raise ValueError(_("20行までで入力してください。"))
        for part in typed:
            name, _first, rest = part.replace(":", "：").partition("：")
            amount, _second, terms = rest.partition("：")
            yen = nfkc(amount).strip().replace(",", "").removesuffix("円")
            if not (name.strip() and terms.strip() and yen.isdecimal() and len(yen) <= 12):
                raise ValueError(
                    _("「%(text)s」は「名称：出資額：返済の条件」の形で入力してください。", text=part[:20])
                )
            if limits.is_too_long(part, limits.NOTE):
                raise ValueError(_("1行は%(limit)s文字までで入力してください。", limit=limits.NOTE))
            self.data.append({"name": name.strip(), "principal_yen": int(yen), "terms": terms.strip()})

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        return "\n".join(f"{row['name']}：{row['principal_yen']}：{row['terms']}" for row in self.data or ())


def read_number(typed: str) -> float:
    """A number with up to four decimals.

    Raises:
        ValueError: it is none, too large or too fine; the sentence says which.
    """
    try:
        value = Decimal(typed)
    except InvalidOperation:
        raise ValueError(_("「%(text)s」は数字として読み取れません。", text=typed[:20])) from None
    if not value.is_finite() or value.copy_abs() >= 10**11:
        raise ValueError(_("大きすぎる数です。けたをもう一度ご確認ください。"))
    if value != round(value, 4):
        raise ValueError(_("数字は小数第4位までで入力してください。"))
    return float(value)
