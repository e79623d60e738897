"""What every form shares: hidden version and form id, cleaned text, and errors from the domain.

Typed text is kept as typed (NFC, line ends unified); nothing is folded before it is stored.
"""

import uuid
from collections.abc import Mapping
from functools import cache
from typing import Any, NamedTuple

from flask import flash
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import Field, HiddenField, SelectField
from wtforms.fields.choices import SelectChoice
from wtforms.fields.core import UnboundField

from embeddings.normal import nfc
from matcher import errors
from webapp import text

REQUIRED = _l("入力してください。")


def clean(value: Any) -> Any:
    """Stored form of typed text: NFC, LF line ends, no NUL, no surrounding white space."""
    if not isinstance(value, str):
        return value
    value = value.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "")
    return nfc(value).strip()


class _WholeLabels:
    """Choices given as a mapping, at any time, are code → label.

    WTForms takes the values of a mapping for groups unless all of them are plain ``str``; a translated label
    is none, and its letters became the options.
    """

    @property
    def choices(self) -> Any:
        """The options one by one."""
        found = super().choices  # type: ignore[misc]
        if isinstance(found, Mapping):
            return [SelectChoice(code, label) for code, label in found.items()]
        return found

    @choices.setter
    def choices(self, value: Any) -> None:
        SelectField.choices.fset(self, value)


@cache
def _with_whole_labels(kind: type[Field]) -> type[Field]:
    return type(kind.__name__, (_WholeLabels, kind), {})


class Form(FlaskForm):  # type: ignore[misc]
    """Base of all forms. ``version`` is the record's version as shown, ``form_id`` stops double sends."""

    version = HiddenField()
    form_id = HiddenField(default=lambda: uuid.uuid4().hex)

    class Meta:
        """All string fields are cleaned the same way, all lists of options are read the same way."""

        def bind_field(self, form: Any, unbound_field: Any, options: dict[str, Any]) -> Field:
            """Add ``clean`` as the first filter of every field, and ``_WholeLabels`` to every select."""
            filters = [clean, *unbound_field.kwargs.get("filters", [])]
            if issubclass(unbound_field.field_class, SelectField):
                kind = _with_whole_labels(unbound_field.field_class)
                unbound_field = UnboundField(kind, *unbound_field.args, **unbound_field.kwargs)
            return unbound_field.bind(form=form, filters=filters, **options)

    def validate(self, extra_validators: Any = None) -> bool:
        """As every form; what was read from words is said on the page that follows."""
        is_valid = bool(super().validate(extra_validators))
        if is_valid:
            for field in self:
                if reading := getattr(field, "reading", ""):
                    flash(f"{field.label.text}：{reading}", "information")
        return is_valid

    @property
    def shown_version(self) -> int | None:
        """The version of the record over which the person typed."""
        value = self.version.data or ""
        return int(value) if str(value).isdecimal() and len(str(value)) < 16 else None

    @property
    def typed_words(self) -> list[tuple[str, str]]:
        """What a person put in: label and value in the words of the page; without hidden and empty fields."""
        return [(field.label.text, words) for field in self if (words := _in_words(field))]

    def take(self, error: errors.Invalid) -> None:
        """Put the domain's field errors beside their fields."""
        for name, code in error.facts.items():
            if name in self:
                field = self[name]
                field.errors = [*field.errors, text.field_sentence(code)]


class Condition(NamedTuple):
    """One chosen condition of a list: the field's name and label, and the choice as it is read."""

    name: str
    label: str
    words: str


class ConditionsForm(Form):
    """What narrows a list. Sent by GET; a code that is not on the list is no condition, and is named."""

    class Meta(Form.Meta):
        """Nothing is changed, so no token is needed."""

        csrf = False

    #: Fields that order the list rather than narrow it.
    orders: tuple[str, ...] = ()

    @property
    def shown_fields(self) -> list[Any]:
        """The fields as they stand on the page."""
        return [field for field in self if field.name not in {"version", "form_id"}]

    @property
    def conditions(self) -> dict[str, str]:
        """The chosen conditions: name → code, or typed text."""
        chosen = {field.name: str(field.data or "")[:200] for field in self._narrowing}
        return {
            name: value for name, value in chosen.items() if value and value in _options(self[name], value)
        }

    @property
    def in_words(self) -> list[Condition]:
        """The chosen conditions as they are read."""
        return [
            Condition(name, self[name].label.text, str(_options(self[name], value)[value]))
            for name, value in self.conditions.items()
        ]

    @property
    def not_understood(self) -> list[str]:
        """The labels of the fields for which something was sent that is not on their list."""
        return [
            field.label.text
            for field in self.shown_fields
            if field.data and str(field.data) not in _options(field, str(field.data))
        ]

    @property
    def _narrowing(self) -> list[Any]:
        return [field for field in self.shown_fields if field.name not in self.orders]


def _options(field: Field, typed: str) -> dict[str, Any]:
    """code → label of a field with a list; in a field for words, whatever is typed stands for itself."""
    if isinstance(field, SelectField):
        return {str(choice.value): choice.label for choice in field.iter_choices()}
    return {typed: typed}


def _in_words(field: Field) -> str:
    if field.type in {"HiddenField", "CSRFTokenField", "FileField"} or not field.raw_data:
        return ""
    labels = (
        {choice.value: str(choice.label) for choice in field.iter_choices()}
        if hasattr(field, "choices")
        else {}
    )
    return "、".join(labels.get(str(typed), str(typed)) for typed in field.raw_data if typed)
