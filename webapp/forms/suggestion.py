"""The form of the suggestion pages with which one passes on a partner, with a coded reason."""

from flask_babel import lazy_gettext as _l
from wtforms import RadioField, TextAreaField
from wtforms.validators import Optional

from matcher.ground import limits, vocabulary
from webapp.forms.base import Form, Within, choices
from webapp.forms.needed import Needed


class PassForm(Form):
    """見送り: private, with one coded reason."""

    reason_code = RadioField(
        _l("見送る理由"),
        choices=choices(vocabulary.PASS_REASONS),
        validators=[Needed()],
    )
    note = TextAreaField(
        _l("補足"),
        validators=[Optional(), Within(limits.NOTE)],
        description=_l("「その他」を選んだときは必ず書いてください。"),
    )
