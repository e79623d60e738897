"""Asking together in Japanese words: why what was typed about a proposal is not taken (any more)."""

from collections.abc import Mapping
from typing import Any, Final

from flask_babel import lazy_gettext as _l

from matcher.records import JointNeed, JointPartner
from webapp.labels import gettext as _
from webapp.labels import vocabulary

#: Why an answer comes too late (``joint.why_late``).
_LATE: Final[Mapping[str, Any]] = {
    "withdrawn": _l("この提案は、市が取り下げました。お返事は要りません。"),
    "declined": _l(
        "この間に、ほかの団体がお返事を見合わせとしたため、提案は終わりました。お返事は要りません。"
    ),
    "agreed": _l("貴団体のお返事も含めて全員が賛成し、いっしょに頼むことになりました。"),
    "answered": _l("貴団体からは、先に「%(answer)s」のお返事が送られています。"),
    "lead_over": _l("この間に、代表のニーズの公開が終わりました。いまはお返事を送れません。"),
    "lead_away": _l(
        "代表のニーズは、いま公開されていません（書き直しているか、市が確認しています）。"
        "もう一度公開されると、お返事を送れます。"
    ),
    "other_kind": _l(
        "提案のあとに、どれかのニーズの支援の種類か単位が変わり、量を合わせられなくなりました。"
        "賛成のお返事はできません。見合わせのお返事は送れます。"
    ),
    "elsewhere": _l(
        "提案のあとに、どれかのニーズに、別のいっしょに頼む提案ができました。"
        "賛成のお返事はできません。見合わせのお返事は送れます。"
    ),
    "more_parts": _l(
        "提案のあとに、どれかのニーズに「ほかにも必要なもの」が加わりました。"
        "賛成のお返事はできません。見合わせのお返事は送れます。"
    ),
    "other_amount": _l(
        "提案のあとに、どれかのニーズの量か残りの量が変わり、提案の量と合わなくなりました。"
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


#: Why a proposal comes too late (``joint.why_unproposable``).
_UNPROPOSABLE: Final[Mapping[str, Any]] = {
    "closed": _l("いまは提案できません。このニーズの公開が止まっています。"),
    "proposed": _l("いまは提案できません。このニーズには、いっしょに頼む提案がもうあります。"),
    "agreed": _l("いまは提案できません。このニーズは、もうほかの団体といっしょに頼んでいます。"),
    "meanwhile": _l("この間に、このニーズが更新されました。内容を確かめて、もう一度送ってください。"),
}


def unproposable(code: str) -> str:
    """To the city, of its proposal by a need."""
    return str(_UNPROPOSABLE[code])


#: Why a need cannot be asked for together with another (``joint.considered``).
_UNFIT: Final[Mapping[str, Any]] = {
    "proposed": _l("いっしょに頼む提案に入っています。"),
    "agreed": _l("もうほかの団体といっしょに頼んでいます。"),
    "closed": _l("公開が止まっています。"),
    "other_kind": _l("支援の種類か単位が違います。"),
    "more_parts": _l("ほかにも必要なものがあるため、このニーズだけを休止できません。"),
    "taken": _l("残りの量がありません。"),
}


def unfit(code: str) -> str:
    """To the city, of a need that is alike."""
    return str(_UNFIT[code])
