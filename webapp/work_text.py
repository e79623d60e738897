"""The workspace of a case in Japanese words: buttons, what was done, what is next, names of facts.

The one place for these sentences; templates use them as ``work_text``.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from functools import cache
from typing import Any, Final

from flask import url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from markupsafe import Markup

from matcher.agreements import contract as payment
from matcher.agreements import plans
from matcher.cases import turns
from matcher.ground import calendar, lifecycle, personal
from matcher.records import (
    CaseDocument,
    CaseFile,
    CaseTask,
    Contribution,
    Incident,
    Indicator,
    Measurement,
    Partnership,
    Payment,
    PaymentRule,
    PeriodReport,
    Risk,
)
from matcher.register import act, parties
from matcher.work import reports
from webapp import filters
from webapp.drawing import logic as drawn
from webapp.labels import vocabulary


def _(text: str, **facts: Any) -> str:
    """``gettext`` with a type."""
    return str(gettext(text, **facts))


#: audit action → what happened, for the timeline; each ends in 「しました」.
EVENTS: Final[Mapping[str, Any]] = {
    "meet": _l("相談を開始しました"),
    "accept_trial": _l("お試しの計画に同意しました"),
    "drop_trial": _l("お試しの計画の案を取り消しました"),
    "begin_trial": _l("お試しを開始しました"),
    "accept_trial_result": _l("お試しのまとめに同意しました"),
    "drop_trial_result": _l("お試しのまとめの案を取り消しました"),
    "adopt_trial": _l("お試しを終え、協定の作成に移行しました"),
    "change_trial": _l("お試しを終え、相談を再開しました"),
    "stop_trial": _l("お試しを終え、案件を終了しました"),
    "accept_plan": _l("協働計画に同意しました"),
    "drop_plan": _l("協働計画の案を取り消しました"),
    "accept_agreement": _l("協定の案に同意しました"),
    "drop_agreement": _l("協定の案を取り消しました"),
    "submit_agreement": _l("協定の案を市に提出しました"),
    "start": _l("協働を開始しました"),
    "end": _l("協働の期間が終了しました"),
    "accept_measurement": _l("測定の結果を確認しました"),
    "return_measurement": _l("測定の結果を差し戻しました"),
    "set_baseline": _l("指標のはじめの値を記録しました"),
    "submit_report": _l("中間報告（両者の分）を提出しました"),
    "accept_report": _l("中間報告を確認しました"),
    "return_report": _l("中間報告を差し戻しました"),
    "accept_outcome_report": _l("成果報告に同意しました"),
    "drop_outcome_report": _l("成果報告の案を取り消しました"),
    "report": _l("成果報告を確定しました"),
    "accept_publication": _l("公表の案に同意しました"),
    "drop_publication": _l("公表の案を取り消しました"),
    "publish": _l("公表しました"),
    "close_early": _l("案件を完了としました"),
    "hand_over": _l("市の担当者を変更しました"),
    "comment": _l("住民の声を受領しました"),
    "show_comment": _l("住民の声に回答しました"),
    "hide_comment": _l("住民の声を非表示にしました"),
    "export_case": _l("記録一式を保存しました"),
}
#: Steps of the city's own work, of no use to the two sides.
STAFF_EVENTS: Final = frozenset({"export_case", "hide_comment"})

DOCUMENTS: Final[Mapping[str, Any]] = {
    "trial": _l("お試しの計画"),
    "trial_result": _l("お試しのまとめ"),
    "plan": _l("協働計画"),
    "agreement": _l("協定・協働契約"),
    "outcome_report": _l("成果報告"),
    "publication": _l("公表する内容"),
}
DOCUMENT_STATES: Final[Mapping[str, Any]] = {
    "draft": _l("案"),
    "agreed": _l("有効"),
    "superseded": _l("前の版"),
    "withdrawn": _l("取り下げ"),
}
SIDES: Final[Mapping[str, Any]] = {
    "company": _l("企業"),
    "npo": _l("団体"),
    "city": _l("市"),
    "both": _l("両者"),
    "third_party": _l("第三者"),
    "whole": _l("協働の全体"),
    "outside": _l("外部の評価者"),
}
REPORT_STATES: Final[Mapping[str, Any]] = {
    "not_yet": _l("まだ先です"),
    "due": _l("提出の時期です"),
    "overdue": _l("期限を過ぎています"),
    "submitted": _l("市の確認待ち"),
    "sent_back": _l("差し戻し"),
    "accepted": _l("確認済み"),
}
MEASUREMENT_STATES: Final[Mapping[str, Any]] = {
    "submitted": _l("確認待ち"),
    "sent_back": _l("差し戻し"),
    "accepted": _l("確認済み"),
    "superseded": _l("差し替え前"),
}
VERDICTS: Final[Mapping[str, Any]] = {
    "reached": _l("達成"),
    "missed": _l("未達"),
    "open": _l("目標の日はこれから"),
}
COMMENT_STATES: Final[Mapping[str, Any]] = {
    "waiting": _l("確認待ち"),
    "shown": _l("掲載"),
    "hidden": _l("載せない"),
}
CONTRIBUTION_STATES: Final[Mapping[str, Any]] = {
    "recorded": _l("相手方の確認待ち"),
    "confirmed": _l("確認済み"),
    "cancelled": _l("取り消し"),
}

#: kind of record that a drafted sentence rests on → section of the case where it stands.
SOURCES: Final[Mapping[str, str]] = {
    "contribution": "progress",
    "measurement": "progress",
    "report": "progress",
    "incident": "progress",
    "payment": "payment",
}

#: Names of the facts of a document, in the order in which it is read.
FACTS: Final[Mapping[str, Any]] = {
    "goal": _l("確かめたいこと"),
    "content": _l("すること"),
    "from_on": _l("始まりの日"),
    "to_on": _l("終わりの日"),
    "money_yen": _l("やり取りする金額"),
    "roles": _l("役割"),
    "stop_when": _l("すぐにやめる条件"),
    "outcome": _l("これからの進め方"),
    "learned": _l("学んだこと"),
    "purpose": _l("目的"),
    "logic": _l("ロジックモデル"),
    "links": _l("つながり"),
    "indicators": _l("指標"),
    "milestones": _l("節目"),
    "lessons": _l("生かす学び"),
    "type": _l("文書の種類"),
    "method": _l("進め方"),
    "roles_company": _l("企業の役割"),
    "roles_npo": _l("団体の役割"),
    "roles_city": _l("市の役割"),
    "city_is_party": _l("市も当事者になる"),
    "costs": _l("費用の分担"),
    "money_company_yen": _l("企業が負担する金額"),
    "money_city_yen": _l("市が負担する金額"),
    "liability": _l("責任の分担"),
    "rights": _l("権利の帰属"),
    "privacy": _l("個人情報の扱い"),
    "frequency": _l("中間報告"),
    "publication": _l("公表の範囲"),
    "termination": _l("解除・終了の条件"),
    "signer_company": _l("企業の代表者"),
    "signer_npo": _l("団体の代表者"),
    "signer_city": _l("市の代表者"),
    "plan_number": _l("もとになる計画の版"),
    "narrative": _l("成果のまとめ"),
    "sentences": _l("記録から作った文"),
    "setbacks": _l("うまくいかなかったこと"),
    "harm": _l("悪い影響や心配なこと"),
    "next_step": _l("これから"),
    "fields": _l("公表する項目"),
    "view": _l("公開ページの内容"),
}
#: An agreement is read in the order in which it is printed.
_AGREEMENT: Final = (
    "type", "purpose", "method", "from_on", "to_on", "roles_company", "roles_npo", "roles_city",
    "city_is_party", "costs", "money_company_yen", "money_city_yen", "liability", "outcome", "rights",
    "privacy", "frequency", "publication", "termination", "signer_company", "signer_npo", "signer_city",
    "plan_number",
)  # fmt: skip
_CODES: Final[Mapping[str, Mapping[str, Any]]] = {
    "outcome": vocabulary.TRIAL_OUTCOMES,
    "type": vocabulary.AGREEMENT_TYPES,
    "frequency": vocabulary.REPORT_FREQUENCIES,
}
#: Facts that a page shows in a form of its own, or not at all.
HIDDEN: Final = frozenset({"plan_sha256", "view", "sentences", "parties"})
#: What stands on papers of a party.
_PARTY: Final[Mapping[str, Any]] = {
    "name": _l("名称"),
    "kana": _l("フリガナ"),
    "corporate_number": _l("法人番号"),
    "address": _l("所在地"),
    "representative": _l("代表者"),
    "section": _l("担当課"),
}

_STEPS: Final[Mapping[str, Any]] = {
    "answer": _l("進めたいか、今回は見送るかを返事する"),
    "supplement": _l("市の担当からのお願いに答えて、内容を補う"),
    "decide": _l("内容を確かめて、承認・差し戻し・不承認のどれかを選ぶ"),
    "meet": _l("面談をして、記録を書く"),
    "write_plan": _l("協働計画を書く（お試しから始めることもできます）"),
    "write_agreement": _l("協定の案を書く"),
    "write_trial_result": _l("お試しのまとめを書く"),
    "confirm_agreement": _l("協定を確認する"),
    "decide_suspension": _l("中断のあとの続け方を決める"),
    "write_outcome_report": _l("成果報告を書く"),
    "accept_trial": _l("お試しの計画を確かめて、同意する"),
    "accept_trial_result": _l("お試しのまとめを確かめて、同意する"),
    "accept_plan": _l("協働計画の案を確かめて、同意する"),
    "accept_agreement": _l("協定の案を確かめて、同意する"),
    "accept_outcome_report": _l("成果報告の案を確かめて、同意する"),
    "accept_publication": _l("公表する内容の見本を確かめて、同意する"),
    "write_report": _l("中間報告（%(about)s）を提出する"),
    "review_report": _l("中間報告（%(about)s）を確かめる"),
    "measure": _l("「%(about)s」を測って、結果を提出する"),
    "measure_baseline": _l("「%(about)s」のはじめの値を測って、結果を提出する"),
    "review_measurement": _l("「%(about)s」の測定の結果を確かめる"),
    "confirm_contribution": _l("相手方の実績を確かめる"),
    "finish_task": _l("%(about)s"),
    "review_risk": _l("リスク「%(about)s」を見直す"),
    "rate": _l("評価を書く"),
    "discuss": _l("差のある評価について話し合い、記録する"),
    "conclude": _l("評価をまとめる"),
    "close": _l("案件を完了する"),
    "calculate": _l("「%(about)s」の支払額を計算する"),
    "calculate_fixed": _l("%(about)sの支払額を計算する"),
    "approve_payment": _l("「%(about)s」の支払いを承認する（管理職）"),
    "record_paid": _l("「%(about)s」を支払い、支払った日を記録する"),
    "unpaid": _l("支払いを済ませる"),
    "uncalculated": _l("支払額を計算する"),
    "money_unconfirmed": _l("お金の実績の確認を両者にお願いする"),
    "no_lesson": _l("学びを書く"),
    "not_published_yet": _l("公開ページを公表するか、公表しない理由を記録する"),
    "publication_outdated": _l("公開ページを最新の内容にする（%(about)s）"),
    "money_short": _l("約束した金額との差の理由を書いて、案件を完了する"),
}
#: step → (action with the step's record, or section of the case)
_STEP_LINKS: Final[Mapping[str, tuple[str, str]]] = {
    "meet": ("act", "meeting"),
    "write_plan": ("section", "plan"),
    "write_agreement": ("act", "agreement"),
    "write_trial_result": ("act", "trial_result"),
    "confirm_agreement": ("act", "confirm_agreement"),
    "decide_suspension": ("section", "agreement"),
    "write_outcome_report": ("act", "outcome_report"),
    "write_report": ("act", "report"),
    "review_report": ("act", "review_report"),
    "measure": ("act", "measure"),
    "measure_baseline": ("act", "measure"),
    "review_measurement": ("act", "review_measurement"),
    "confirm_contribution": ("section", "progress"),
    "finish_task": ("act", "finish_task"),
    "review_risk": ("act", "change_risk"),
    "rate": ("act", "rate"),
    "discuss": ("section", "evaluation"),
    "conclude": ("act", "conclude"),
    "close": ("act", "close"),
    "calculate": ("act", "calculate"),
    "calculate_fixed": ("act", "calculate_fixed"),
    # To the page of the amount, not the form: a coordinator reads it there, a manager finds the button.
    "approve_payment": ("section", "payment"),
    "record_paid": ("act", "paid"),
    "unpaid": ("section", "payment"),
    "uncalculated": ("section", "payment"),
    "money_unconfirmed": ("section", "progress"),
    "no_lesson": ("act", "lesson"),
    "not_published_yet": ("section", "publication"),
    "publication_outdated": ("section", "publication"),
    "money_short": ("act", "close"),
}

SECTIONS: Final[Mapping[str, Any]] = {
    "plan": _l("計画と指標"),
    "agreement": _l("協定"),
    "progress": _l("実績と報告"),
    "payment": _l("支払い"),
    "evaluation": _l("評価と学び"),
    "publication": _l("公表"),
    "files": _l("ファイル"),
}


def label(action: str) -> str:
    """The button of an action, and the heading of its page."""
    return _(act.get(Partnership, action).words.button)


def steps() -> list[str]:
    """The way of a case from the introduction on."""
    return [_("引き合わせ・相談"), _("計画・協定"), _("実施"), _("成果報告・評価"), _("完了")]


def present_step(case: Partnership) -> int | None:
    """Which of ``steps`` is the present one; ``None`` once the case has ended on the way."""
    for number, states in enumerate(lifecycle.WORK_STEPS):
        if case.state in states:
            return number
    return None


def ending(case: Partnership, trial_result: CaseDocument | None) -> str:
    """How a case that is over has ended; empty while it goes on."""
    if case.state == "closed":
        return _("この案件は完了しました。")
    if case.state == "withdrawn" and trial_result is not None and trial_result.content["outcome"] == "stop":
        return _("お試しのあと、両者で「やめる」と決め、この案件を終了しました。")
    if case.state == "withdrawn":
        return _("引き合わせのあとで取り下げられ、この案件は終了しました。")
    if case.state == "expired":
        return _("長いあいだ動きがなかったため、いったん終了しました。どちらの評価にも影響しません。")
    return ""


def step(found: turns.Step) -> str:
    """What is to be done, in words."""
    about = found.about
    if found.kind in {"write_report", "review_report"}:
        first, last = about.split("/")
        about = calendar.period(date.fromisoformat(first), date.fromisoformat(last))
    elif found.kind == "publication_outdated":
        about = filters.labels_of(about.split(","), vocabulary.PAGE_PARTS)
    return str(_STEPS[found.kind]) % {"about": about}


def step_link(found: turns.Step) -> tuple[str, str, str]:
    """(``act``, ``section`` or ``document``; name; item) of the page where a step is done."""
    if found.kind.startswith("accept_"):
        return ("document", "", found.item)
    kind, name = _STEP_LINKS[found.kind]
    return (kind, name, found.item if kind == "act" else "")


def side_name(case: Partnership | parties.Parties, side: str) -> str:
    """The name of a party: of the case as it is registered now, or of the parties of a day."""
    names = {"company": case.company.name, "npo": case.npo.name}
    return names.get(side) or str(SIDES.get(side, side))


def party_facts(found: Mapping[str, Mapping[str, str]]) -> list[tuple[str, str]]:
    """(side and fact, words) of the parties that a text names, without what is empty."""
    return [
        (_("%(side)sの%(fact)s", side=SIDES[side], fact=label), found[side][key])
        for side in ("company", "npo", "city")
        for key, label in _PARTY.items()
        if found.get(side, {}).get(key)
    ]


def doubts(found: parties.Parties) -> str:
    """Which facts of the parties no record proves for the day of a paper, and of which day they are; else
    nothing.
    """
    return _doubts((doubt.side, doubt.facts, doubt.seen_on) for doubt in found.doubts)


def doubts_of(kept: Sequence[Mapping[str, Any]]) -> str:
    """The same of the records of a case as they are disclosed."""
    return _doubts((row["side"], row["facts"], date.fromisoformat(row["seen_on"])) for row in kept)


def _doubts(found: Iterable[tuple[str, Iterable[str], date]]) -> str:
    days: dict[date, list[str]] = {}
    for side, facts, seen_on in found:
        names = days.setdefault(seen_on, [])
        if side != "person":
            names += (_("%(side)sの%(fact)s", side=SIDES[side], fact=_PARTY[fact]) for fact in facts)
        elif (person := _("記載した人の氏名")) not in names:
            names.append(person)
    return " ".join(
        _(
            "%(what)sは、%(day)s時点の登録によるものです（その当時の登録は記録から確かめられませんでした）。",
            what=_("・").join(names),
            day=filters.jdate(day, False),
        )
        for day, names in days.items()
    )


def facts(document: CaseDocument) -> list[tuple[str, str]]:
    """(name, value in words) of what a document says, in the order of reading, without the empty."""
    return facts_of(document.content)


def facts_of(content: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The same of a frozen content."""
    order = _AGREEMENT if "termination" in content else tuple(FACTS)
    keys = [key for key in order if key in content and key not in HIDDEN]
    found = [(name(key, content[key]), value(key, content[key])) for key in keys if key != "links"]
    if content.get("links"):
        found.append((name("links"), "\n".join(links(content))))
    return [(label, words) for label, words in found if words]


def name(key: str, *kept: Any) -> str:
    """The name of a fact; what a trial came to and what an outcome is paid share one key."""
    if key == "outcome" and not any(isinstance(found, str) for found in kept):
        return _("成果連動の支払い")
    return str(FACTS.get(key, key))


def value(key: str, kept: Any) -> str:
    """One fact of a document in words; lists one entry a line."""
    if kept is None or kept in ("", [], {}):
        return ""
    if kept == personal.MASK:
        return personal.MASK
    if isinstance(kept, bool):
        return _("はい") if kept else _("いいえ")
    if key == "fields":
        return filters.labels_of(kept, vocabulary.PUBLIC_FIELDS)
    if key == "outcome" and isinstance(kept, Mapping):
        return contract(kept)
    if key in _CODES:
        return filters.label_of(kept, _CODES[key])
    if key.endswith("_yen"):
        return filters.yen(kept)
    if key.endswith("_on"):
        return filters.jdate(date.fromisoformat(kept), False)
    if key == "logic":
        return "\n".join(f"{name}：{_('、').join(texts)}" for name, texts in logic_columns(kept))
    if key == "indicators":
        return "\n".join(indicator(row) for row in kept)
    if key == "milestones":
        return "\n".join(
            f"{filters.jdate(date.fromisoformat(row['on']), False)} {row['text']}" for row in kept
        )
    if key == "lessons":
        return _("%(count)s件", count=len(kept))
    if key == "plan_number":
        return _("第%(number)s版", number=kept)
    return str(kept)


def logic_columns(logic: Mapping[str, Any]) -> list[tuple[str, list[str]]]:
    """(name of the column, its entries) of a logic model, as a plan or a public page keeps it."""
    return [
        (str(vocabulary.LOGIC_KINDS[kind]), list(column.values()))
        for kind, column in plans.columns({"logic": logic}).items()
        if column
    ]


def link(row: Mapping[str, Any], names: Mapping[str, str]) -> str:
    """An arrow of a logic model in one sentence; ``names`` are the texts of the entries."""
    words = _(
        "%(source)s → %(target)s（%(level)s）",
        source=names.get(row["source"], row["source"]),
        target=names.get(row["target"], row["target"]),
        level=filters.label_of(row["evidence"], vocabulary.EVIDENCE_LEVELS),
    )
    return _("%(link)s：%(why)s", link=words, why=row["assumption"]) if row.get("assumption") else words


def links(plan: Mapping[str, Any]) -> list[str]:
    """Every arrow of a plan's logic model in words."""
    names = plans.nodes(plan)
    return [link(row, names) for row in plan.get("links") or ()]


def public_links(logic: Mapping[str, Any]) -> list[str]:
    """The arrows of a published logic model in words; their reasons where all three have seen them."""
    rows = logic["links"]
    if not logic.get("with_reasons"):
        rows = [{**row, "assumption": ""} for row in rows]
    return links({"logic": logic["columns"], "links": rows})


def indicator(row: Mapping[str, Any]) -> str:
    """An indicator of a plan in one line."""
    return _(
        "%(name)s（%(kind)s）：はじめ %(course)s",
        name=row["name"],
        kind=filters.label_of(row["kind"], vocabulary.INDICATOR_KINDS),
        course=course(row),
    )


def indicator_facts(row: Mapping[str, Any], names: Mapping[str, str]) -> list[tuple[str, str]]:
    """(name, words) of everything that a plan says of one indicator, without the empty.

    Args:
        names: the texts of the plan's logic model, by their keys.
    """
    unit = row["unit"]
    start = filters.quantity(row["baseline"], unit) if row["baseline"] is not None else _("まだ測っていない")
    axis = filters.label_of(row.get("axis"), vocabulary.AXES)
    found = [
        (_("指標の名前"), row["name"]),
        (_("ロジックモデルのどれを測るか"), names.get(row.get("node") or "", "")),
        (_("定義"), row["definition"]),
        (_("種類"), filters.label_of(row["kind"], vocabulary.INDICATOR_KINDS)),
        (_("単位"), unit),
        (_("よい方向"), filters.label_of(row["direction"], vocabulary.INDICATOR_DIRECTIONS)),
        (_("はじめの値"), start),
        (_("はじめの値を測った日（測る日）"), filters.isoday(row.get("baseline_on"))),
        (_("目標の値"), filters.quantity(row["target"], unit)),
        (_("目標の日"), filters.isoday(row.get("target_on"))),
        (_("測り方"), filters.label_of(row["method"], vocabulary.INDICATOR_METHODS)),
        (_("測る日"), _("、").join(filters.isoday(day) for day in row["measure_on"])),
        (_("だれが測るか"), filters.label_of(row["measurer"], vocabulary.MEASURERS)),
        (_("根拠になる資料"), row.get("evidence") or ""),
        (_("内訳の分け方"), axis or _("内訳は求めない")),
        (_("内訳を非表示にする数"), _("%(count)s未満", count=row.get("min_cell", 5))),
        (_("支払いとの連動"), _("連動させる") if row.get("linked_to_payment") else _("連動させない")),
        (_("実績の公表"), _("公表してよい") if row.get("is_public") else _("公表しない")),
        (_("市の共通指標"), row.get("shared") or ""),
    ]
    return [(label, words) for label, words in found if words]


def course(row: Mapping[str, Any]) -> str:
    """「58% → 目標 75%」: where an indicator starts and where it is to go."""
    start = row["baseline"]
    unit = row["unit"]
    before = (
        _("%(value)s%(unit)s", value=filters.number(start), unit=unit)
        if start is not None
        else _("未測定（%(day)sに測る）", day=filters.jdate(date.fromisoformat(row["baseline_on"]), False))
    )
    return _(
        "%(before)s → 目標 %(target)s%(unit)s",
        before=before,
        target=filters.number(row["target"]),
        unit=unit,
    )


def contract(kept: Mapping[str, Any]) -> str:
    """An outcome-linked contract in lines."""
    lines = [f"{label}{_('：')}{words}" for label, words in contract_frame(kept)]
    lines += [rule(row) for row in kept.get("rules", ())]
    lines += [
        _("%(name)s：%(words)s", name=name, words=words)
        for name, words in (scheme(payment.Scheme.from_dict(kept)) if payment.Scheme.is_said(kept) else ())
    ]
    return "\n".join(lines)


def scheme(found: payment.Scheme) -> list[tuple[str, str]]:
    """(name, words) of the scheme of an outcome-linked contract, without what was left empty."""
    rows = [
        (_("しくみ"), filters.label_of(found.kind, vocabulary.OUTCOME_SCHEMES)),
        (_("発注者"), found.commissioner or _("市")),
        (_("中間支援組織"), found.intermediary),
        (_("資金提供者"), "\n".join(funder(row) for row in found.funders)),
        (_("根拠となる法令・要綱"), found.legal_basis),
        (_("支払意思額（WTP）の考え方"), found.wtp_note),
        (_("事前の意見聴取（サウンディング）"), found.sounding_note),
    ]
    return [(name, words) for name, words in rows if words]


def funder(row: payment.Funder) -> str:
    """Who puts up the money of a SIB, how much, and what was agreed on its return."""
    return _(
        "%(name)s（出資額%(yen)s）。返済の条件：%(terms)s",
        name=row.name,
        yen=filters.yen(row.principal_yen),
        terms=row.terms,
    )


def contract_frame(kept: Mapping[str, Any]) -> list[tuple[str, str]]:
    """(name, words) of an outcome-linked contract but for its rules."""
    return [
        (_("事業を行う側"), str(SIDES.get(kept["provider"], ""))),
        (_("測定を確かめる側"), str(SIDES.get(kept["evaluator"], ""))),
        (_("支払いの上限額"), filters.yen(kept["budget_cap_yen"])),
        *(
            (_("%(year)sの固定部分", year=filters.nendo(int(year))), filters.yen(amount))
            for year, amount in sorted(kept.get("fixed", {}).items())
        ),
        *(
            (_("%(year)sの限度額", year=filters.nendo(int(year))), filters.yen(amount))
            for year, amount in sorted(kept.get("year_limits", {}).items())
        ),
    ]


def rule_points(row: Mapping[str, Any]) -> list[str]:
    """For which values a payment rule pays what, one sentence each, with its floor and its rounding."""
    down = row.get("direction") == "down"
    beyond = _("以下") if down else _("以上")
    points = [(filters.number(value), filters.yen(yen)) for value, yen in row["points"]]
    if row["shape"] == "per_unit":
        start, price = points[0]
        side = _("下回る") if down else _("上回る")
        lines = [_("%(start)sを%(side)s1単位ごとに%(yen)s", start=start, side=side, yen=price)]
    elif row["shape"] == "linear":
        lines = [_("%(value)sで%(yen)s", value=value, yen=yen) for value, yen in points]
        lines.append(_("その間は比例して増減"))
    else:
        lines = [
            _("%(value)s%(beyond)s：%(yen)s", value=value, beyond=beyond, yen=yen) for value, yen in points
        ]
    if row.get("floor_yen"):
        lines.append(_("支払うときの下限額%(yen)s", yen=filters.yen(row["floor_yen"])))
    if row.get("rounding", 1) > 1:
        lines.append(_("%(yen)s未満は切り捨て", yen=filters.yen(row["rounding"])))
    return lines


def rule_facts(row: Mapping[str, Any]) -> list[tuple[str, str]]:
    """(name, words) of a payment rule, one for each thing that may be changed."""
    return [
        (_("指標"), row["indicator"]),
        (_("支払い方"), filters.label_of(row["shape"], vocabulary.PAYMENT_SHAPES)),
        (_("値と金額"), "\n".join(rule_points({**row, "floor_yen": 0, "rounding": 1}))),
        (_("上限額"), filters.yen(row["cap_yen"])),
        (_("下限額"), filters.yen(row["floor_yen"]) if row.get("floor_yen") else ""),
        (_("端数の切り捨て"), filters.label_of(row.get("rounding", 1), vocabulary.ROUNDINGS)),
        (_("支払いのもとになる測定の日"), filters.isoday(row["measured_on"])),
        (_("支払う年度"), filters.nendo(int(row["fiscal_year"]))),
    ]


def rule(row: Mapping[str, Any]) -> str:
    """A payment rule in one line."""
    return _(
        "条件%(key)s（指標%(indicator)s、%(shape)s）：%(points)s。上限額%(cap)s。%(day)sの測定による（%(year)s払い）",
        key=row["key"],
        indicator=row["indicator"],
        shape=filters.label_of(row["shape"], vocabulary.PAYMENT_SHAPES),
        points=_("、").join(rule_points(row)),
        cap=filters.yen(row["cap_yen"]),
        day=filters.jdate(date.fromisoformat(row["measured_on"]), False),
        year=filters.nendo(row["fiscal_year"]),
    )


def report_state(report: Any, today: date) -> str:
    """A periodic report's state in words."""
    return str(REPORT_STATES[reports.status(report, today)])


def event_words(action: str) -> str | None:
    """What happened, where it is an event of the workspace."""
    found = EVENTS.get(action) or _happened().get(action)
    return None if found is None else _(str(found))


@cache
def _happened() -> Mapping[str, str]:
    """event → its words, of the acts that say them themselves."""
    return {deed.event: deed.words.happened for deed in act.of(Partnership) if deed.words.happened}


def risk_change(details: Mapping[str, Any]) -> str:
    """What a second look at a risk has changed, one fact a line; empty where nothing or no risk."""
    before, after = details.get("before"), details.get("after")
    if "risk" not in details or not before or not after:
        return ""
    names = {
        "likelihood": _("起こりやすさ"), "impact": _("影響"), "mitigation": _("備え"),
        "side": _("だれが備えるか"), "review_on": _("次に見直す日"),
    }  # fmt: skip
    words = {"likelihood": vocabulary.LEVELS, "impact": vocabulary.LEVELS, "side": SIDES}
    lines = []
    for key, name in names.items():
        if before.get(key) != after.get(key):
            old, new = (
                filters.label_of(str(kept), words[key])
                if key in words and kept
                else value(key, kept) or _("なし")
                for kept in (before.get(key), after.get(key))
            )
            lines.append(_("%(name)s：%(before)s → %(after)s", name=name, before=old, after=new))
    return "\n".join(lines)


def plain_event(action: str) -> str:
    """The same in the plain form of the audit's page."""
    return str(event_words(action)).replace("しました", "した")


# ── Pages that ask ───────────────────────────────────────────────────────────────────────────────────


def explain(action: str, case: Partnership, key: str) -> str:
    """The sentence under the heading of an action's page; ``key`` names the part that it is about."""
    words = act.get(Partnership, action).words
    if not words.explain:
        return ""
    return _(words.explain, who=side_name(case, key), item=vocabulary.EVALUATION_ITEMS.get(key, ""))


def submit_label(action: str) -> str:
    """The button that does it."""
    own = act.get(Partnership, action).words.submit
    return _(own) if own else _("保存する")


def is_grave(action: str) -> bool:
    """Whether its button warns."""
    return act.get(Partnership, action).words.is_grave


def _evidence_link(case: Partnership, item: Measurement) -> list[Markup]:
    """The file on which a value rests, to be opened beside the decision."""
    file = item.evidence
    if file is None:
        return []
    address = url_for("work.file", public_id=case.public_id, file_id=file.public_id)
    return [Markup('<a href="{}">{}</a>').format(address, file.name)]


def item_facts(action: str, case: Partnership, item: Any) -> list[tuple[str, Any]]:
    """(name, words) of the record that an action is about, so that one sees what one decides on."""
    if isinstance(item, Contribution):
        amount = filters.quantity(item.quantity, item.unit)
        return [
            (_("提供した側"), side_name(case, item.giver)),
            (_("内容"), f"{vocabulary.support_label(item.support_type)} {amount}"),
            (_("日"), filters.jdate(item.given_on)),
            (_("金額（換算額）"), amount_of(item.yen, item.estimate_method, (item.estimate_note,))),
            (_("メモ"), item.note or _("なし")),
        ]
    if isinstance(item, Measurement):
        unit = item.indicator.unit
        return [
            (_("指標"), item.indicator.name),
            (
                _("はじめの値を測った日") if item.indicator.is_start(item.measured_on) else _("測定日"),
                filters.jdate(item.measured_on),
            ),
            (_("値"), filters.quantity(item.value, unit) if item.value is not None else item.missing_reason),
            (_("測り方"), filters.label_of(item.indicator.method, vocabulary.INDICATOR_METHODS)),
            (_("対象の人数・件数"), filters.number(item.sample_size) if item.sample_size else _("なし")),
            (
                _("内訳"),
                [f"{name}{_('：')}{filters.quantity(part, unit)}" for name, part in item.breakdown.items()]
                or _("なし"),
            ),
            (_("根拠資料"), _evidence_link(case, item) or _("なし")),
            (_("説明"), item.comment or _("なし")),
        ]
    if isinstance(item, Indicator):
        axis = filters.label_of(item.axis, vocabulary.AXES)
        found = [(_("指標"), item.name), (_("定義"), item.definition), (_("単位"), item.unit)]
        return [*found, (_("内訳の分け方"), axis)] if axis else found
    if isinstance(item, PeriodReport):
        found = [(_("期間"), reports.period_words(item)), (_("期限"), filters.jdate(item.due_on))]
        if action == "review_report":
            found += [
                (_("企業の分"), item.company_text),
                (_("団体の分"), item.npo_text),
                (_("うまくいかなかったこと"), item.setbacks),
                (_("次の期間にすること"), item.next_step or _("なし")),
            ]
        if item.review_text:
            found.append((_("市からのお願い"), item.review_text))
        return found
    if isinstance(item, Payment):
        return [(_("支払額"), filters.yen(item.amount_yen)), (_("計算"), item.formula)]
    if isinstance(item, PaymentRule):
        return [(_("条件"), rule(item.terms))]
    if isinstance(item, Risk | CaseTask):
        return [(_("内容"), item.text)]
    if isinstance(item, Incident):
        return [(_("起きたこと"), item.text), (_("対応"), item.measures)]
    if isinstance(item, CaseFile):
        return [(_("差し替えるファイル"), item.name)]
    if isinstance(item, CaseDocument):
        return [(_("文書"), f"{DOCUMENTS[item.kind]} {_('第%(number)s版', number=item.number)}")]
    return []


def amount_of(yen: int | None, method: str, notes: Sequence[str] = ()) -> str:
    """「16,800円（時間単価：…）」: an amount is not said without how it was found (E11)."""
    if yen is None:
        return _("換算しない")
    how = filters.label_of(method, vocabulary.ESTIMATE_METHODS)
    why = _("、").join(note for note in notes if note)
    return f"{filters.yen(yen)}{_('（')}{how}{_('：') if why else ''}{why}{_('）')}"


def nobody_approves() -> str:
    """Before the only manager calculates what nobody else could approve."""
    return _(
        "あなたが計算すると、承認できる人がいません。計算した本人は承認できないため、ほかの職員が計算するか、もう1人の管理職の利用登録を済ませてから計算してください。"
    )


def closing(code: str) -> str:
    """What is missing before a case can be closed."""
    if code == "publication_outdated":
        return _("公開ページを最新の内容にする")
    return str(_STEPS[code])


def page_parts(parts: Sequence[str]) -> list[str]:
    """The parts of a public page that are outdated, in words."""
    return [str(vocabulary.PAGE_PARTS[part]) for part in parts]


def points(indicator: Indicator, rows: Sequence[Measurement]) -> list[tuple[date, float]]:
    """The course of an indicator for its chart; where it starts is the chart's own line."""
    return [
        (row.measured_on, row.value)
        for row in rows
        if row.value is not None and not indicator.is_start(row.measured_on)
    ]


def short_day(day: date) -> str:
    """「2027/3/31」 on an axis."""
    return f"{day.year}/{day.month}/{day.day}"


def plan_drawing(content: Mapping[str, Any], number: int, name: str = "") -> Any:
    """The logic model of a plan as SVG."""
    nodes = [drawn.Node(key, plans.kind_of(key), text) for key, text in plans.nodes(content).items()]
    links = [drawn.Link(row["source"], row["target"], row["evidence"]) for row in content["links"]]
    return drawn.logic_model(
        nodes, links, vocabulary.LOGIC_KINDS,
        title=_("ロジックモデル（計画 第%(number)s版）", number=number),
        description=_("左から右へ、資源から長期成果までのつながり"), name=name,
    )  # fmt: skip


# ── The public pages ─────────────────────────────────────────────────────────────────────────────────


def public_state(state: str) -> str:
    """A state as residents read it."""
    words = {
        "agreed": _("まもなく始まります"),
        "running": _("実施中"),
        "suspended": _("中断中"),
        "ended": _("終了（成果をまとめています）"),
        "terminated": _("途中で終了"),
        "reported": _("終了（評価中）"),
        "evaluated": _("終了"),
        "closed": _("終了"),
    }
    return words.get(state, "")


def public_points(row: Mapping[str, Any]) -> list[tuple[date, float]]:
    """The course of a published indicator for its chart."""
    return [
        (date.fromisoformat(point["on"]), point["value"])
        for point in row["points"]
        if point["value"] is not None
    ]


def public_logic(logic: Mapping[str, Any]) -> Any:
    """The published logic model as SVG."""
    nodes = [
        drawn.Node(key, plans.kind_of(key), text)
        for key, text in plans.nodes({"logic": logic["columns"]}).items()
    ]
    links = [drawn.Link(row["source"], row["target"], row["evidence"]) for row in logic["links"]]
    return drawn.logic_model(
        nodes,
        links,
        vocabulary.LOGIC_KINDS,
        title=_("ロジックモデル"),
        description=_("左から右へ、資源から長期成果までのつながり"),
    )
