"""What every form shares: hidden version and form id, cleaned text, and errors from the domain.

Typed text is kept as typed (NFC, line ends unified); nothing is folded before it is stored.
"""

import unicodedata
import uuid
from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import Field, HiddenField

from matcher import errors
from webapp import text

REQUIRED = _l("入力してください。")


def clean(value: Any) -> Any:
    """Stored form of typed text: NFC, LF line ends, no NUL, no surrounding white space."""
    if not isinstance(value, str):
        return value
    value = value.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "")
    return unicodedata.normalize("NFC", value).strip()


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

    @property
    def shown_version(self) -> int | None:
        """The version of the record over which the person typed."""
        value = self.version.data or ""
        return int(value) if str(value).isdecimal() and len(str(value)) < 16 else None

    def take(self, error: errors.Invalid) -> None:
        """Put the domain's field errors beside their fields."""
        for name, code in error.facts.items():
            if name in self:
                field = self[name]
                field.errors = [*field.errors, text.field_sentence(code)]
