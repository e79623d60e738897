"""Forms of an import: the file, and the state in which its records begin."""

from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf.file import FileField, FileRequired
from wtforms import RadioField, SelectMultipleField
from wtforms.validators import InputRequired

from matcher.imports import tables
from webapp import import_text
from webapp.forms.base import Form, choices
from webapp.forms.fields import taking
from webapp.forms.needed import Needed


class UploadForm(Form):
    """What is imported, from which file."""

    kind = RadioField(
        _l("取り込むもの"),
        choices=choices(import_text.KINDS),
        validators=[Needed()],
    )
    file = FileField(
        _l("ファイル"),
        render_kw=taking(tables.ACCEPT),
        validators=[FileRequired(_l("ファイルを選んでください。"))],
    )


class RowsField(SelectMultipleField):  # type: ignore[misc]
    """Rows of an upload, up to all of them."""

    most_values = tables.MAX_ROWS


class ConfirmForm(Form):
    """In which state the records begin, and which doubtful rows name another organization."""

    state = RadioField(
        _l("登録するときの状態"), choices=[], validators=[InputRequired(_l("状態を選んでください。"))]
    )

    others = RowsField(
        _l("別のものとして登録する行"),
        choices=[],
        description=_l(
            "同じ名称のものがほかにあり、同じ団体・企業か分からない行です。別のものと確かめた行だけを選んでください。"
            "選ばない行は登録しません。"
        ),
    )

    def offer_others(self, labels: Any) -> None:
        """Let the person decide about the doubtful rows; where there are none, nothing is asked."""
        if labels:
            self.others.choices = choices(labels)
        else:
            del self.others

    @property
    def decided(self) -> set[int]:
        """The rows that name another organization."""
        return {int(row) for row in self.others.data or ()} if "others" in self else set()

    def offer_states(self, states: Any) -> None:
        """Fill the choices; the first is the default."""
        self.state.choices = choices(import_text.state_choices(states))
        if self.state.data is None:
            self.state.data = states[0]
