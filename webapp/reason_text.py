"""Why two sides were suggested to each other, and what either could add: the sentences of the ranking."""

from collections.abc import Mapping
from typing import Any, Final

from flask_babel import lazy_gettext as _l

from matcher.ground import figures, personal
from webapp.labels import gettext as _
from webapp.labels import vocabulary

#: Who the two sides are to whom it is said: to one of them, or to anybody else, as the city and papers.
_READ_BY: Final[Mapping[str, Mapping[str, Any]]] = {
    "company": {"the_company": _l("貴社"), "the_npo": _l("団体")},
    "npo": {"the_company": _l("企業"), "the_npo": _l("貴団体")},
}
_READ_BY_OTHERS: Final = {"the_company": _l("企業"), "the_npo": _l("団体")}
SENTENCES: Final[Mapping[str, Any]] = {
    "quote_close": _l("%(the_company)sの「%(company)s」と、%(the_npo)sの「%(npo)s」が対応しています。"),
    "quote_far": _l(
        "文章の上でいちばん近いのは、%(the_company)sの「%(company)s」と、%(the_npo)sの「%(npo)s」です。"
        "直接の対応は強くないため、内容を確かめてください。"
    ),
    "quote_none": _l("文章どうしの結び付きは弱めです。内容をご確認ください。"),
    "support_not_offered": _l(
        "%(the_npo)sは「%(wanted)s」を求めていますが、%(the_company)sの提供メニューに当てはまるものがまだありません。"
    ),
    "support_wanted": _l("%(the_npo)sが求める「%(wanted)s」を、%(the_company)sが提供できます。"),
    "support_welcome": _l(
        "%(the_npo)sが「あると助かる」とした「%(given)s」を提供できます。いちばんの希望は「%(wanted)s」です。"
    ),
    "support_instead": _l(
        "%(the_npo)sの希望は「%(wanted)s」、%(the_company)sの提供は「%(given)s」です。代わりになるか相談が必要です。"
    ),
    "support_instead_of_welcome": _l(
        "%(the_npo)sのいちばんの希望は「%(wanted)s」です。あると助かるとした「%(welcome)s」に、"
        "%(the_company)sの「%(given)s」が代わりになるか相談が必要です。"
    ),
    "support_instead_in_profile": _l(
        "%(the_npo)sの希望は「%(wanted)s」です。%(the_company)sがプロフィールで触れている「%(given)s」が代わりになるか、"
        "相談が必要です。"
    ),
    "support_instead_of_welcome_in_profile": _l(
        "%(the_npo)sのいちばんの希望は「%(wanted)s」です。あると助かるとした「%(welcome)s」に、"
        "%(the_company)sがプロフィールで触れている「%(given)s」が代わりになるか、相談が必要です。"
    ),
    "support_other": _l(
        "%(the_npo)sの希望は「%(wanted)s」ですが、%(the_company)sの提供は「%(given)s」で、種類が異なります。"
    ),
    "support_elsewhere": _l(
        "%(the_npo)sが求める「%(wanted)s」は、%(the_company)sの提供メニュー「%(title)s」にあります。"
    ),
    "support_welcome_elsewhere": _l(
        "%(the_npo)sが「あると助かる」とした「%(given)s」は、%(the_company)sの提供メニュー「%(title)s」にあります。"
        "いちばんの希望は「%(wanted)s」です。"
    ),
    "support_instead_elsewhere": _l(
        "%(the_npo)sの希望は「%(wanted)s」です。%(the_company)sの提供メニュー「%(title)s」（%(given)s）が"
        "代わりになるか、相談が必要です。"
    ),
    "support_refused": _l(
        "%(the_company)sは「%(sentence)s」としています。%(the_npo)sの希望は「%(wanted)s」です。"
    ),
    "support_no_budget": _l(
        "%(the_company)sは、資金の支援は考えていないとしています。%(the_npo)sの希望は「%(wanted)s」です。"
    ),
    "support_in_profile": _l(
        "%(the_company)sはプロフィールで「%(given)s」に触れています。その提供メニューはまだないため、できることの確認が必要です。"
    ),
    "support_skills": _l("%(the_npo)sが求める技能（%(skills)s）を、%(the_company)sが挙げています。"),
    "skill_other": _l(
        "%(the_npo)sが求める技能は「%(skills)s」、%(the_company)sが挙げる技能は「%(their_skills)s」で、異なります。"
    ),
    "skill_unknown": _l(
        "プロボノ（専門技能）ですが、求める技能か出せる技能が書かれていません。技能が合うかを確かめてください。"
    ),
    "field_same": _l("関心のある分野が同じです（%(fields)s）。"),
    "field_other": _l("%(the_company)sが関心を示している分野とは異なります。"),
    "beneficiaries_same": _l("支えたい相手が同じです（%(beneficiaries)s）。"),
    "sdgs_same": _l("SDGsの%(goals)sが共通しています。"),
    "area_remote": _l("リモートでできるため、場所を問いません。"),
    "area_company_remote": _l(
        "%(the_company)sはリモートでの支援、%(the_npo)sは現地での支援を想定しています。進め方の相談が必要です。"
    ),
    "area_npo_remote": _l(
        "%(the_npo)sはリモートでの支援を望み、%(the_company)sは現地での支援を想定しています。進め方の相談が必要です。"
    ),
    "area_same": _l("活動の地域が合っています。"),
    "area_named": _l("市全域としていますが、文章には「%(places)s」とあります。場所を確かめてください。"),
    "area_other": _l("%(the_company)sが希望する地域と、%(the_npo)sの活動場所が異なります。"),
    "period_other": _l("支援できる期間と、必要な期間が重なっていません。"),
    "period_whole": _l("必要な期間を通して支援できます。"),
    "period_part": _l("支援できる期間が、必要な期間の一部と重なっています。始まりと終わりの相談が必要です。"),
    "hours_other": _l(
        "曜日や時間帯が合わないようです。%(the_company)sの文章には「%(company)s」、%(the_npo)sの文章には「%(npo)s」とあります。"
    ),
    "quantity_enough": _l("必要な量（%(needed)s）を満たします（提供は%(offered)s）。"),
    "quantity_units": _l(
        "数え方が違うため、足りるかどうかは確かめてください（提供は%(offered)s、必要は%(needed)s）。"
    ),
    "quantity_too_little": _l("提供できる量（%(offered)s）は、最低必要な量（%(least)s）に届きません。"),
    "quantity_part": _l(
        "提供できる量（%(offered)s）は、希望（%(needed)s）の一部です。ほかの支援との組み合わせを検討してください。"
    ),
    "check_company": _l(
        "%(the_company)sの条件%(conditions)s。%(the_npo)sの文章からは、応じられるか分かりません。"
    ),
    "check_both": _l("%(the_company)sの条件「%(company)s」。%(the_npo)sの文章には「%(npo)s」とあります。"),
    "check_against_company": _l(
        "%(the_company)sは「%(company)s」としています。%(the_npo)sの文章には「%(npo)s」とあります。"
    ),
    "check_no_go": _l(
        "%(the_company)sは、応じられないこと・条件として%(conditions)sを挙げています。当てはまらないか確かめてください。"
    ),
    "check_against_no_go": _l(
        "%(the_company)sは、応じられないこと・条件として「%(company)s」を挙げています。"
        "%(the_npo)sの文章には「%(npo)s」とあります。"
    ),
    "check_npo": _l("%(the_npo)sからの補足%(conditions)s。応じられるか確かめてください。"),
    "check_against_npo": _l(
        "%(the_npo)sは「%(npo)s」としています。%(the_company)sの文章には「%(company)s」とあります。"
    ),
    "offer_support": _l(
        "%(the_company)sが「%(wanted)s」の提供メニューを加えると、条件を詳しく比べられます。"
    ),
    "publish_need": _l("%(the_npo)sがニーズを公開すると、具体的な支援の内容で比べられます。"),
    "choose_fields": _l(
        "%(the_company)sが関心のある分野を選ぶと、分野の近さも考えに入れられます（決まっていなくても構いません）。"
    ),
    "say_period": _l("提供できる期間が分かると、時期が合うかを確かめられます。"),
    "say_quantity": _l("提供できる量が分かると、足りるかどうかを確かめられます。"),
    "say_needed_quantity": _l("%(the_npo)sに必要な量が分かると、足りるかどうかを確かめられます。"),
    "say_unit": _l("同じ単位（%(unit)s）での量が分かると、足りるかどうかを確かめられます。"),
    "say_skills": _l("%(the_npo)sが求める技能を選ぶと、%(the_company)sの技能と比べられます。"),
    "say_own_skills": _l("%(the_company)sが出せる技能を選ぶと、%(the_npo)sの求める技能と比べられます。"),
    "say_area": _l("活動や提供の地域が分かると、場所が合うかを確かめられます。"),
    "combine": _l("足りない分は、ほかの支援と組み合わせると満たせます。"),
    "settle_period": _l("始まりと終わりをずらせるかを話し合うと、時期が合うことがあります。"),
    "settle_hours": _l("曜日や時間をずらせるかを話し合うと、都合が合うことがあります。"),
    "settle_area": _l("届ける・来てもらうなどの方法が決まると、地域の違いを埋められることがあります。"),
    "say_more": _l("品目や作業、場面などの具体的な言葉が両方の文章にあると、対応するところが分かります。"),
    "answer_condition": _l("%(the_company)sの条件に応じられるかをニーズに書くと、確かめやすくなります。"),
    "says_words": _l("「%(words)s」の言葉に合いました。"),
    "near_words": _l("「%(words)s」に意味が近い文があります（「%(sentence)s」）。"),
    "talk": _l("面談や見学など、小さな一歩から始めると、細かな条件を確かめられます。"),
}
#: The same in one line, of what tells a pair from the others; conditions by the first of them.
BRIEFLY: Final[Mapping[str, Any]] = {
    "quote_none": _l("文章どうしの結び付きは弱めです。"),
    "support_not_offered": _l("「%(wanted)s」の提供メニューがまだありません。"),
    "support_welcome": _l("いちばんの希望は「%(wanted)s」です。"),
    "support_instead": _l("希望は「%(wanted)s」、提供は「%(given)s」です。"),
    "support_instead_of_welcome": _l("いちばんの希望は「%(wanted)s」、提供は「%(given)s」です。"),
    "support_instead_in_profile": _l("希望は「%(wanted)s」です。「%(given)s」が代わりになるか要相談です。"),
    "support_instead_of_welcome_in_profile": _l("いちばんの希望は「%(wanted)s」です。"),
    "support_other": _l("希望は「%(wanted)s」、提供は「%(given)s」です。"),
    "support_elsewhere": _l("提供メニュー「%(title)s」にあります。"),
    "support_welcome_elsewhere": _l("提供メニュー「%(title)s」にあります。"),
    "support_instead_elsewhere": _l("希望は「%(wanted)s」、提供は「%(given)s」です。"),
    "support_refused": _l("%(the_company)sの文章に「%(sentence)s」とあります。"),
    "support_no_budget": _l("%(the_company)sは、資金の支援は考えていないとしています。"),
    "support_in_profile": _l("「%(given)s」の提供メニューはまだありません。"),
    "skill_other": _l("求める技能は「%(skills)s」です。"),
    "skill_unknown": _l("技能が、どちらかに書かれていません。"),
    "area_named": _l("文章には「%(places)s」とあります。"),
    "area_company_remote": _l("%(the_company)sはリモート、%(the_npo)sは現地を想定しています。"),
    "area_npo_remote": _l("%(the_npo)sはリモート、%(the_company)sは現地を想定しています。"),
    "area_other": _l("希望する地域と、活動場所が異なります。"),
    "period_other": _l("支援できる期間が重なっていません。"),
    "period_part": _l("必要な期間の一部で支援できます。"),
    "hours_other": _l("曜日や時間帯が合わないようです。"),
    "quantity_units": _l("数え方が違います（提供%(offered)s、必要%(needed)s）。"),
    "quantity_too_little": _l("提供は、最低必要な量（%(least)s）に届きません。"),
    "quantity_part": _l("提供は、希望（%(needed)s）のうち%(offered)sまでです。"),
    "check_company": _l("%(the_company)sの条件%(conditions)s"),
    "check_both": _l("%(the_company)sの条件「%(company)s」"),
    "check_against_company": _l("%(the_company)sは「%(company)s」としています。"),
    "check_no_go": _l("応じられないこと・条件%(conditions)s"),
    "check_against_no_go": _l("応じられないこと・条件「%(company)s」"),
    "check_npo": _l("%(the_npo)sからの補足%(conditions)s"),
    "check_against_npo": _l("%(the_npo)sは「%(npo)s」としています。"),
}
_LISTS: Final[Mapping[str, Mapping[str, str]]] = {
    "fields": vocabulary.FIELD_SHORT, "beneficiaries": vocabulary.BENEFICIARIES,
    "skills": vocabulary.PRO_BONO_SKILLS, "their_skills": vocabulary.PRO_BONO_SKILLS,
}  # fmt: skip
_SUPPORT: Final = frozenset({"wanted", "given", "welcome"})
_CODES: Final = frozenset({"code", "mark", "says"})  #: of a kept reason, beside its facts
_QUANTITIES: Final = frozenset({"offered", "needed", "least"})


def reason_sentence(kept: Mapping[str, Any], reader: str = "") -> str:
    """The sentence of a kept reason, as it is said to a company, an NPO, or to all alike; one of before codes
    were kept has its own ``text``.
    """
    if "says" not in kept:
        return str(kept["text"])
    return _filled(SENTENCES[kept["says"]], kept, reader)


def briefly(kept: Mapping[str, Any], reader: str = "") -> str:
    """The same in one line, where it has one; of several conditions the first."""
    brief = BRIEFLY.get(kept.get("says", ""))
    if brief is None:
        return reason_sentence(kept, reader)
    first = {**kept, "conditions": kept["conditions"][:1]} if "conditions" in kept else kept
    return _filled(brief, first, reader)


def _filled(sentence: Any, kept: Mapping[str, Any], reader: str) -> str:
    facts = {name: fact(name, kept) for name in kept if name not in _CODES}
    return str(sentence) % {**_READ_BY.get(reader, _READ_BY_OTHERS), **facts}


def fact(name: str, kept: Mapping[str, Any]) -> str:
    """One fact of a kept reason, as its sentence has it."""
    value = kept[name]
    if name in _SUPPORT:
        return str(vocabulary.support_label(value))
    if name == "offered" and kept["says"] == "quantity_units" and value != personal.MASK:
        return f"{figures.number(value)}{kept['offered_unit']}"
    if name in _QUANTITIES and value != personal.MASK:
        return f"{figures.number(value)}{kept['unit']}"
    if name in _LISTS:
        return "、".join(_LISTS[name].get(code, code) for code in value)
    if name == "conditions":
        return "".join(f"「{condition}」" for condition in value)
    if name == "places":
        return "」「".join(value)
    if name == "goals":
        return "、".join(_("目標%(goal)s", goal=goal) for goal in value)
    return str(value)
