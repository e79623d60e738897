"""Why a mail was given up, as ``matcher.register.outbox`` found it, in words for the desk."""

from collections.abc import Mapping
from typing import Any, Final

from flask_babel import lazy_gettext as _l

FAILURES: Final[Mapping[str, Any]] = {
    "address": _l("相手のメールサーバーに、このアドレスがありません。"),
    "content": _l("相手のメールサーバーが、このメールを受け取りません。"),
    "unwritable": _l("アドレスの書き方が正しくないため、メールを作れません。"),
    "delayed": _l("3日間送り続けましたが、相手のメールサーバーが受け取りませんでした。"),
    "policy": _l("3日間送り続けましたが、受け取りを断られました。市のメール設定が原因のこともあります。"),
}
