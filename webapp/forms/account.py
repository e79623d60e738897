"""Forms for signing in, registering, and for one's own and other people's accounts."""

from collections.abc import Mapping
from typing import Any, Final

from flask_babel import lazy_gettext as _l
from wtforms import PasswordField, RadioField, StringField
from wtforms.validators import EqualTo, InputRequired, Optional, ValidationError

from matcher.ground import limits, names
from matcher.ground.typed import Unclear
from webapp import value_text
from webapp.forms.base import Form, Within
from webapp.forms.needed import Needed
from webapp.forms.values import address

ROLE_LABELS: Final[Mapping[str, Any]] = {
    "owner": _l("管理者"),
    "editor": _l("編集者"),
    "viewer": _l("閲覧者"),
}
ROLE_MEANINGS: Final[Mapping[str, Any]] = {
    "owner": _l("管理者（すべての操作、利用者の招待と停止）"),
    "editor": _l("編集者（プロフィール・ニーズ・提供メニュー・案件の作成と返事）"),
    "viewer": _l("閲覧者（見るだけ）"),
}
STAFF_LABELS: Final[Mapping[str, Any]] = {
    "coordinator": _l("担当職員"),
    "manager": _l("管理職"),
    "operator": _l("運用担当"),
}
STAFF_MEANINGS: Final[Mapping[str, Any]] = {
    "coordinator": _l("担当職員（団体・企業・ニーズの確認、協働の承認）"),
    "manager": _l("管理職（担当職員の操作に加えて、利用停止、市の予算や名義を使う協働の承認、利用者の管理）"),
    "operator": _l("運用担当（システムの運用と利用者の管理。案件は扱いません）"),
}
STATUS_LABELS: Final[Mapping[str, Any]] = {
    "invited": _l("招待中"),
    "active": _l("利用中"),
    "deactivated": _l("停止"),
}
NOTIFY_LABELS: Final[Mapping[str, Any]] = {
    "at_once": _l("その都度メールで受け取る"),
    "daily": _l("1日1回、朝8時にまとめてメールで受け取る"),
    "weekly": _l("週に1回、月曜の朝8時にまとめてメールで受け取る"),
    "biweekly": _l("2週間に1回、月曜の朝8時にまとめてメールで受け取る"),
    "none": _l("メールは受け取らない（画面の「お知らせ」だけ）"),
}
KIND_LABELS: Final[Mapping[str, Any]] = {
    "npo": _l("団体（NPO法人、ボランティア団体、自治会など）"),
    "company": _l("企業（会社、個人事業、組合など）"),
}


class _Secret(PasswordField):  # type: ignore[misc]
    """A password, exactly as typed: neither trimmed nor otherwise cleaned, and never sent back."""

    def process(self, formdata: Any, *args: Any, **kwargs: Any) -> None:
        super().process(formdata, *args, **kwargs)
        if self.raw_data:
            self.data = self.raw_data[0]


def _a_name(_form: Form, field: StringField) -> None:
    """Names go into mails, where whom they mean must be plain and nobody is led to a page of their own."""
    try:
        names.read(field.data or "")
    except Unclear as unclear:
        raise ValidationError(value_text.sentence(unclear)) from None


def _person(label: Any) -> StringField:
    return StringField(
        label,
        validators=[
            Needed(),
            Within(80),
            _a_name,
        ],
        filters=[one_line],
    )


def one_line(value: Any) -> Any:
    """Names go into mail subjects and lists, so a line break in them becomes a space."""
    return " ".join(value.split()) if isinstance(value, str) else value


class LoginForm(Form):
    """Address and password; neither is checked for its form, so that every failure looks the same."""

    is_repeatable = True

    email = StringField(
        _l("メールアドレス"),
        validators=[Needed(), Within(254)],
    )
    password = _Secret(
        _l("パスワード"), validators=[InputRequired(_l("パスワードを入力してください。")), Within(1000)]
    )


class RegisterForm(Form):
    """An organization and the person who registers it."""

    kind = RadioField(
        _l("どちらとして登録しますか"),
        choices=list(KIND_LABELS.items()),
        validators=[InputRequired(_l("団体か企業かを選んでください。"))],
    )
    organization_name = StringField(
        _l("団体・企業の名前"),
        validators=[
            Needed(),
            Within(limits.NAME),
            _a_name,
        ],
        filters=[one_line],
    )
    name = _person(_l("登録する方のお名前"))
    email = address(_l("メールアドレス"))
    registration_code = StringField(
        _l("登録会のコード"), validators=[Optional(), Within(40)], filters=[one_line]
    )
    #: A trap: people are told to leave it empty and do not see it, programs fill it in.
    homepage = StringField(_l("この欄は空のままにしてください"))


class ForgotForm(Form):
    """To which address the link goes."""

    email = address(_l("登録したメールアドレス"))


class PasswordForm(Form):
    """A new password, twice."""

    password = _Secret(
        _l("新しいパスワード"), validators=[InputRequired(_l("新しいパスワードを入力してください。"))]
    )
    again = _Secret(
        _l("新しいパスワード（確認のためもう一度）"),
        validators=[
            InputRequired(_l("確認のため、同じパスワードをもう一度入力してください。")),
            EqualTo("password", _l("2つのパスワードが違います。同じものを入力してください。")),
        ],
    )


class ChangePasswordForm(PasswordForm):
    """The present password before the new one."""

    current = _Secret(
        _l("いまのパスワード"),
        validators=[InputRequired(_l("いまのパスワードを入力してください。")), Within(1000)],
    )


class SettingsForm(Form):
    """One's own name, and how one hears of things."""

    name = _person(_l("お名前"))
    notify = RadioField(
        _l("お知らせの受け取り方"),
        choices=list(NOTIFY_LABELS.items()),
        validators=[Needed()],
    )


class RoleForm(Form):
    """What a member of an organization may do."""

    role = RadioField(
        _l("役割"),
        choices=list(ROLE_MEANINGS.items()),
        validators=[Needed()],
    )


class InviteForm(RoleForm):
    """A new member of an organization."""

    name = _person(_l("お名前"))
    email = address(_l("メールアドレス"))


class StaffForm(Form):
    """A new member of the city's staff; the view narrows the roles to what the actor may give."""

    name = _person(_l("お名前"))
    email = address(_l("メールアドレス"))
    role = RadioField(
        _l("役割"),
        choices=list(STAFF_MEANINGS.items()),
        validators=[Needed()],
    )


class CloseForm(Form):
    """Yes, close this account: nothing to fill in."""
