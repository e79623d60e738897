"""What must be filled in: a field left empty is asked for by its own label."""

from typing import Any

from wtforms import BooleanField, Field, FileField, SelectField
from wtforms.validators import DataRequired, StopValidation

from webapp import asked_text


def asked_for(field: Field) -> str:
    """What to do about a field that was left empty: its name, and whether one types or chooses there."""
    chosen = isinstance(field, SelectField | BooleanField | FileField)
    return asked_text.asked_for(str(field.label.text), is_chosen=chosen)


class Needed(DataRequired):  # type: ignore[misc]
    """Something was typed or chosen; a field left empty is asked for by its own label."""

    def __call__(self, form: Any, field: Field) -> None:
        """Refuse what is empty."""
        try:
            super().__call__(form, field)
        except StopValidation:
            raise StopValidation(asked_for(field)) from None
