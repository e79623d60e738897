"""The records of a case in words, for the paper of a disclosure request: names of facts, codes as labels.

Numbers of records, versions and hashes stand in the JSON beside the paper and are left out here.
"""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Final

from flask_babel import lazy_gettext as _l

from matcher.ground import personal
from webapp import audit_text, decision_text, filters, party_text, work_text
from webapp.labels import gettext as _
from webapp.labels import vocabulary

SECTIONS: Final[Mapping[str, Any]] = {
    "messages": _l("質問・連絡"),
    "meetings": _l("面談の記録"),
    "tasks": _l("約束と節目"),
    "indicators": _l("指標"),
    "measurements": _l("測定"),
    "contributions": _l("実績"),
    "reports": _l("中間報告"),
    "report_versions": _l("中間報告の版"),
    "risks": _l("リスク"),
    "incidents": _l("トラブル"),
    "payments": _l("支払い"),
    "evaluations": _l("評価"),
    "voices": _l("受け手の声"),
    "lessons": _l("学び"),
    "files": _l("ファイルの一覧"),
}
#: Facts in the order in which they are read; what is not named here is not printed.
_NAMES: Final[Mapping[str, Any]] = {
    "key": _l("記号"), "name": _l("名称"), "giver": _l("提供した側"), "support_type": _l("支援の種類"),
    "part_what": _l("なにを"), "quantity": _l("量・金額"), "unit": _l("単位"),
    "part_decided": _l("ほかの案件で決まった量"), "part_talked": _l("ほかの案件で相談中の量"),
    "part_taken": _l("この案件の量"), "given_on": _l("提供した日"), "held_on": _l("面談の日"),
    "happened_on": _l("起きた日"), "people": _l("人"), "beneficiary": _l("だれの声"), "method": _l("方法"),
    "rater": _l("評価した側"), "about": _l("評価された側"), "evaluator": _l("評価者"),
    "period_from": _l("始まりの日"), "period_to": _l("終わりの日"), "due_on": _l("期限"),
    "measured_on": _l("測定日"), "value": _l("値"), "missing_reason": _l("測れなかった理由"),
    "sample_size": _l("対象の数"), "breakdown": _l("内訳"), "definition": _l("定義"), "kind": _l("種類"),
    "direction": _l("望ましい変化の向き"), "baseline": _l("基準値"), "target": _l("目標の値"),
    "text": _l("内容"),
    "next_step": _l("次にすること"), "next_at": _l("次の面談"), "next_place": _l("場所"),
    "side": _l("だれが"), "likelihood": _l("起こりやすさ"), "impact": _l("影響"), "mitigation": _l("備え"),
    "measures": _l("対応"), "public_text": _l("公表した文"), "resolution": _l("結果"),
    "npo_text": _l("団体の報告"), "company_text": _l("企業の報告"), "setbacks": _l("うまくいかなかったこと"),
    "company_setbacks": _l("うまくいかなかったこと（企業）"),
    "times": _l("回数"), "promised_yen": _l("約束した金額"), "recorded_yen": _l("記録された金額"),
    "fiscal_year": _l("年度"), "amount_yen": _l("金額"), "formula": _l("計算"), "yen": _l("金額（換算額）"),
    "estimate_method": _l("金額の出し方"), "estimate_note": _l("換算の説明"), "note": _l("メモ"),
    "scores": _l("点数"), "final_scores": _l("話し合いのあとの点数"), "discussion": _l("話し合ったこと"),
    "is_declined": _l("評価の辞退"), "comment": _l("ひとこと"), "evidence": _l("根拠になる資料"),
    "state": _l("状態"), "review_text": _l("市のコメント"), "purpose": _l("何のファイルか"),
    "is_milestone": _l("節目"), "is_public": _l("公表してよい"), "closed_text": _l("解消の説明"),
    "written_at": _l("書いた日時"), "recorded_at": _l("記録した日時"), "submitted_at": _l("提出した日時"),
    "reviewed_at": _l("確かめた日時"), "confirmed_at": _l("確認した日時"), "done_at": _l("済んだ日時"),
    "closed_at": _l("解消した日時"), "reported_at": _l("報告した日時"), "resolved_at": _l("解決した日時"),
    "published_at": _l("公表した日時"), "calculated_at": _l("計算した日時"),
    "approved_at": _l("承認した日時"), "paid_on": _l("支払日"), "rated_at": _l("評価した日時"),
    "uploaded_at": _l("追加した日時"), "made_at": _l("作成した日時"),
}  # fmt: skip
_CODES: Final[Mapping[str, Mapping[str, Any]]] = {
    "support_type": vocabulary.SUPPORT_LABELS,
    "giver": party_text.SIDES, "side": party_text.SIDES, "rater": party_text.SIDES, "about": party_text.SIDES,
    "beneficiary": vocabulary.BENEFICIARIES, "kind": vocabulary.INDICATOR_KINDS,
    "direction": vocabulary.INDICATOR_DIRECTIONS, "method": vocabulary.INDICATOR_METHODS,
    "estimate_method": vocabulary.ESTIMATE_METHODS, "purpose": vocabulary.FILE_PURPOSES,
    "likelihood": vocabulary.LEVELS, "impact": vocabulary.LEVELS,
    "state": {
        **work_text.REPORT_STATES, **work_text.MEASUREMENT_STATES, **work_text.CONTRIBUTION_STATES,
        "open": _l("まだ提出されていません"),
    },
}  # fmt: skip


def rows(found: Mapping[str, Any]) -> list[tuple[str, str]]:
    """(name, value in words) of one record, without what is empty."""
    pairs = [(str(label), _word(key, found[key])) for key, label in _NAMES.items() if key in found]
    return [(name, words) for name, words in pairs if words]


def _word(key: str, kept: Any) -> str:
    if kept is None or kept in ("", [], {}):
        return ""
    if isinstance(kept, bool):
        return _("はい") if kept else _("いいえ")
    if isinstance(kept, Mapping):
        return "\n".join(
            f"{filters.label_of(str(name), vocabulary.EVALUATION_ITEMS)}{_('：')}{part}"
            for name, part in kept.items()
        )
    if kept == personal.MASK:
        return personal.MASK
    if key == "yen" or key.endswith("_yen"):
        return filters.yen(kept)
    if key == "fiscal_year":
        return filters.nendo(kept)
    if key.endswith("_at") and isinstance(kept, str):
        return filters.jdatetime(datetime.fromisoformat(kept))
    if key in {"period_from", "period_to"} or key.endswith("_on"):
        return filters.jdate(date.fromisoformat(kept), False)
    if isinstance(kept, int | float):
        return filters.label_of(str(kept), _CODES[key]) if key in _CODES else filters.number(kept)
    return filters.label_of(str(kept), _CODES.get(key, {}))


def history(found: list[Mapping[str, Any]]) -> list[tuple[str, str, str]]:
    """(when, what, why) of every event of the audit record."""
    return [
        (
            filters.jdatetime(datetime.fromisoformat(str(event["at"]))),
            audit_text.done("partnership", str(event["action"])),
            str(event.get("reason_text") or ""),
        )
        for event in found
    ]


plain = decision_text.facts
moment = decision_text.moment


def said_at(content: Mapping[str, Any], message: Mapping[str, Any]) -> str:
    """When a message was written, and by which side; decisions did not always keep the side."""
    sides = {"company": content["company"]["name"], "npo": content["npo"]["name"], "city": _("市")}
    return " ".join(part for part in (moment(message["at"]), sides.get(message.get("side", ""))) if part)
