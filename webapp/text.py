"""Japanese sentences for domain errors: what happened and what to do next, without blame.

A code that has no sentence here fails a test, so nobody meets a bare code on a screen.
"""

from collections.abc import Mapping
from typing import Any, Final

from flask_babel import lazy_gettext as _l

#: ``DomainError.code`` → sentence; ``%(…)s`` placeholders are the error's facts.
SENTENCES: Final[Mapping[str, Any]] = {
    "not_found": _l("お探しのページは見つかりませんでした。"),
    "not_permitted": _l(
        "この操作は、あなたの役割では行えません。必要なときは、団体の管理者または市の担当にご相談ください。"
    ),
    "invalid": _l("入力された内容をご確認ください。"),
    "moved_on": _l(
        "ほかの人が先に更新しました。最新の内容をご確認ください。入力された内容は下に残しています。"
    ),
}

#: error code of a field (``Invalid.facts`` values) → sentence beside the field.
FIELD_SENTENCES: Final[Mapping[str, Any]] = {
    "required": _l("入力または選択してください。"),
}


def sentence(code: str, facts: Mapping[str, Any] | None = None) -> str:
    """The sentence of a domain error."""
    text = str(SENTENCES[code])
    return text % facts if facts else text


def field_sentence(code: str) -> str:
    """The sentence beside a field."""
    return str(FIELD_SENTENCES[code])
