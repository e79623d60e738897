"""Asking together in Japanese words: why what was typed about a proposal is not taken (any more)."""

from collections.abc import Mapping
from typing import Any, Final

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from matcher.ground import vocabulary
from matcher.records import JointNeed, JointPartner, Need

#: Why an answer comes too late (``joint.why_late``).
_LATE: Final[Mapping[str, Any]] = {
    "withdrawn": _l("この提案は、市が取り下げました。お返事は要りません。"),
    "declined": _l(
        "この間に、ほかの団体がお返事を見合わせとしたため、提案は終わりました。お返事は要りません。"
    ),
    "agreed": _l("この団体のお返事も含めて全員が賛成し、いっしょに頼むことになりました。"),
    "answered": _l("この団体からは、先に「%(answer)s」のお返事が送られています。"),
    "lead_over": _l("この間に、代表のニーズの公開が終わりました。お返事は、もう求めていません。"),
    "lead_away": _l("代表の団体が、ニーズを書き直しています。もう一度公開されると、お返事を送れます。"),
    "other_kind": _l(
        "提案のあとに、どれかのニーズの支援の種類か単位が変わり、量を合わせられなくなりました。"
        "賛成のお返事はできません。見合わせのお返事は送れます。"
    ),
    "elsewhere": _l(
        "提案のあとに、どれかのニーズに、別のいっしょに頼む提案ができました。"
        "賛成のお返事はできません。見合わせのお返事は送れます。"
    ),
    "meanwhile": _l(
        "この間に、ほかの団体からお返事がありました。下の内容を確かめて、もう一度送ってください。"
    ),
}


def late(code: str, own: JointPartner | None) -> str:
    """To an NPO, of its answer; ``own`` is its part of the proposal."""
    return str(_LATE[code]) % {"answer": vocabulary.JOINT_ANSWERS[own.answer] if own else ""}


def not_taken_back(found: JointNeed) -> str:
    """To the city that takes a proposal back too late, or before it has seen an answer."""
    says: str = _("この間に、団体からお返事がありました。最新の状況をご確認ください。")
    if found.is_withdrawn:
        says = _("この提案は、先に取り下げられました。")
    elif found.is_declined:
        says = _("団体がお返事を見合わせとしたため、この提案は終わっています。")
    elif found.is_agreed:
        says = _("この間に全員が賛成し、いっしょに頼むことになりました。")
    return says


def unproposable(need: Need) -> str:
    """To the city, of a need with which no more can be proposed."""
    says: str = _("いまは提案できません。このニーズの公開が止まっています。")
    if need.is_open:
        says = _("いまは提案できません。このニーズには、いっしょに頼む提案がもうあります。")
    return says
