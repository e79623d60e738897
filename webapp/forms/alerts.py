"""Forms about what is new: how one wants to hear of it, and the name of saved conditions."""

from collections.abc import Mapping
from typing import Any, Final

from flask_babel import lazy_gettext as _l
from wtforms import RadioField, StringField

from matcher.alerts.searches import NAME
from webapp.forms.account import NOTIFY_LABELS, one_line
from webapp.forms.base import Form, Within, choices
from webapp.forms.needed import Needed

BAR_LABELS: Final[Mapping[str, Any]] = {
    "high": _l("適合度が「高」のものだけ"),
    "middle": _l("適合度が「中」以上のもの"),
    "none": _l("受け取らない（保存した条件に合うものだけ）"),
}
RHYTHM_LABELS: Final[Mapping[str, Any]] = {
    **{rhythm: NOTIFY_LABELS[rhythm] for rhythm in ("daily", "weekly", "biweekly")},
    "none": _l("メールは受け取らない（画面の「新しく合うもの」だけ）"),
}


class AlertsForm(Form):
    """From which fit on, and how often by mail."""

    bar = RadioField(
        _l("登録の内容に合うもの"),
        choices=choices(BAR_LABELS),
        validators=[Needed()],
    )
    rhythm = RadioField(
        _l("メールで受け取る回数"),
        choices=choices(RHYTHM_LABELS),
        validators=[Needed()],
    )


class SearchNameForm(Form):
    """What saved conditions are called."""

    name = StringField(
        _l("条件の名前"),
        validators=[Needed(), Within(NAME)],
        filters=[one_line],
    )
