"""Why two sides were suggested to each other, and what either could add: the sentences of the ranking."""

from collections.abc import Mapping
from typing import Any, Final

from flask_babel import lazy_gettext as _l

from matcher.ground import figures
from webapp.labels import gettext as _
from webapp.labels import vocabulary

SENTENCES: Final[Mapping[str, Any]] = {
    "quote_close": _l("企業の「%(company)s」と、団体の「%(npo)s」が対応しています。"),
    "quote_far": _l(
        "文章の上でいちばん近いのは、企業の「%(company)s」と、団体の「%(npo)s」です。"
        "直接の対応は強くないため、内容を確かめてください。"
    ),
    "support_not_offered": _l(
        "団体は「%(wanted)s」を求めていますが、企業の提供メニューに当てはまるものがまだありません。"
    ),
    "support_wanted": _l("団体が求める「%(wanted)s」を、企業が提供できます。"),
    "support_welcome": _l(
        "団体が「あると助かる」とした「%(given)s」を提供できます。いちばんの希望は「%(wanted)s」です。"
    ),
    "support_instead": _l(
        "団体の希望は「%(wanted)s」、企業の提供は「%(given)s」です。代わりになるか相談が必要です。"
    ),
    "support_instead_of_welcome": _l(
        "団体のいちばんの希望は「%(wanted)s」です。あると助かるとした「%(welcome)s」に、"
        "企業の「%(given)s」が代わりになるか相談が必要です。"
    ),
    "support_other": _l("団体の希望は「%(wanted)s」ですが、企業の提供は「%(given)s」で、種類が異なります。"),
    "field_same": _l("関心のある分野が同じです（%(fields)s）。"),
    "field_other": _l("企業が関心を示している分野とは異なります。"),
    "beneficiaries_same": _l("支えたい相手が同じです（%(beneficiaries)s）。"),
    "sdgs_same": _l("SDGsの%(goals)sが共通しています。"),
    "area_remote": _l("リモートでできるため、場所を問いません。"),
    "area_company_remote": _l(
        "企業はリモートでの支援、団体は現地での支援を想定しています。進め方の相談が必要です。"
    ),
    "area_npo_remote": _l(
        "団体はリモートでの支援を望み、企業は現地での支援を想定しています。進め方の相談が必要です。"
    ),
    "area_same": _l("活動の地域が合っています。"),
    "area_other": _l("企業が希望する地域と、団体の活動場所が異なります。"),
    "period_other": _l("支援できる期間と、必要な期間が重なっていません。"),
    "period_whole": _l("必要な期間のすべてで支援できます。"),
    "period_part": _l("支援できる期間が、必要な期間の一部と重なっています。始まりと終わりの相談が必要です。"),
    "quantity_enough": _l("必要な量（%(needed)s）を満たします（提供は%(offered)s）。"),
    "quantity_too_little": _l("提供できる量（%(offered)s）は、最低必要な量（%(least)s）に届きません。"),
    "quantity_part": _l(
        "提供できる量（%(offered)s）は、希望（%(needed)s）の一部です。ほかの支援との組み合わせを検討してください。"
    ),
    "offer_support": _l("企業が「%(wanted)s」の提供メニューを加えると、条件を詳しく比べられます。"),
    "publish_need": _l("団体がニーズを公開すると、具体的な支援の内容で比べられます。"),
    "choose_fields": _l(
        "企業が関心のある分野を選ぶと、分野の近さも考えに入れられます（決まっていなくても構いません）。"
    ),
    "say_period": _l("提供できる期間を入力すると、時期が合うかを確かめられます。"),
    "say_quantity": _l("提供できる量を入力すると、足りるかどうかを確かめられます。"),
}
_LISTS: Final[Mapping[str, Mapping[str, str]]] = {
    "fields": vocabulary.FIELD_SHORT, "beneficiaries": vocabulary.BENEFICIARIES,
}  # fmt: skip
_SUPPORT: Final = frozenset({"wanted", "given", "welcome"})
_QUANTITIES: Final = frozenset({"offered", "needed", "least"})


def reason_sentence(kept: Mapping[str, Any]) -> str:
    """The sentence of a kept reason; one of before codes were kept has its own ``text``."""
    if "says" not in kept:
        return str(kept["text"])
    sentence = str(SENTENCES[kept["says"]])
    return sentence % {name: _fact(name, kept) for name in kept}


def _fact(name: str, kept: Mapping[str, Any]) -> str:
    value = kept[name]
    if name in _SUPPORT:
        return str(vocabulary.support_label(value))
    if name in _QUANTITIES:
        return f"{figures.number(value)}{kept['unit']}"
    if name in _LISTS:
        return "、".join(_LISTS[name].get(code, code) for code in value)
    if name == "goals":
        return "、".join(_("目標%(goal)s", goal=goal) for goal in value)
    return str(value)
