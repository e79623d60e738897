"""Forms of an import: the file, and the state in which its records begin."""

from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf.file import FileField, FileRequired
from wtforms import RadioField
from wtforms.validators import InputRequired

from matcher import tables
from webapp import import_text
from webapp.forms.base import Form
from webapp.forms.case import choices


class UploadForm(Form):
    """What is imported, from which file."""

    kind = RadioField(
        _l("取り込むもの"),
        choices=choices(import_text.KINDS),
        validators=[InputRequired(_l("取り込むものを選んでください。"))],
    )
    file = FileField(
        _l("ファイル"),
        render_kw={"accept": tables.ACCEPT},
        validators=[FileRequired(_l("ファイルを選んでください。"))],
    )


class ConfirmForm(Form):
    """In which state the records begin."""

    state = RadioField(
        _l("登録するときの状態"), choices=[], validators=[InputRequired(_l("状態を選んでください。"))]
    )

    def offer_states(self, states: Any) -> None:
        """Fill the choices; the first is the default."""
        self.state.choices = choices(import_text.state_choices(states))
        if self.state.data is None:
            self.state.data = states[0]
