"""What every form shares: hidden version and form id, cleaned text, and errors from the domain.

Typed text is kept as typed (NFC, line ends unified); nothing is folded before it is stored.
"""

import uuid
from typing import Any

from flask import flash
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import Field, HiddenField

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


class Form(FlaskForm):  # type: ignore[misc]
    """Base of all forms. ``version`` is the record's version as shown, ``form_id`` stops double sends."""

    version = HiddenField()
    form_id = HiddenField(default=lambda: uuid.uuid4().hex)

    class Meta:
        """All string fields are cleaned the same way."""

        def bind_field(self, form: Any, unbound_field: Any, options: dict[str, Any]) -> Field:
            """Add ``clean`` as the first filter of every field."""
            filters = [clean, *unbound_field.kwargs.get("filters", [])]
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


def _in_words(field: Field) -> str:
    if field.type in {"HiddenField", "CSRFTokenField", "FileField"} or not field.raw_data:
        return ""
    labels = (
        {choice.value: str(choice.label) for choice in field.iter_choices()}
        if hasattr(field, "choices")
        else {}
    )
    return "、".join(labels.get(str(typed), str(typed)) for typed in field.raw_data if typed)
