"""What to do about a field that was left empty, said from the field's own label."""

import re
from typing import Final

from webapp.labels import gettext as _

_QUESTION: Final = re.compile(r"(?:(?:ます|です|ました)か|した)$")
_ENDS_IN_HIRAGANA: Final = re.compile(r"[ぁ-ゖ]$")


def asked_for(label: str, *, is_chosen: bool) -> str:
    """「件名を入力してください。」, 「支援の種類を選んでください。」.

    A label that is no plain noun stands in brackets (「だれが」を選んでください。); a question is answered.
    """
    if _QUESTION.search(label):
        return _("「%(label)s」に答えてください。", label=label)
    if "「" in label:
        label = _("『%(label)s』", label=label)
    elif _ENDS_IN_HIRAGANA.search(label):
        label = _("「%(label)s」", label=label)
    if is_chosen:
        return _("%(label)sを選んでください。", label=label)
    return _("%(label)sを入力してください。", label=label)


def named(label: str, message: str) -> str:
    """A message with the name of its field before it, where it does not say the name itself."""
    label, message = str(label), str(message)
    if message.startswith((label, f"「{label}")):
        return message
    return _("%(label)s：%(message)s", label=label, message=message)
