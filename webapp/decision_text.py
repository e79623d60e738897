"""A frozen decision in Japanese words: the facts of its JSON, named and worded for the page."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Final

from flask_babel import gettext
from flask_babel import lazy_gettext as _l

from matcher.ground import lifecycle, profile, reasons
from webapp import case_text, filters
from webapp.labels import said, vocabulary


def _(text: str, **facts: Any) -> str:
    """``gettext`` with a type."""
    return str(gettext(text, **facts))


OUTCOMES: Final[Mapping[str, Any]] = {
    "approve": _l("承認"),
    "refuse": _l("不承認"),
    "confirm_agreement": _l("協定の確認"),
    "conclude": _l("評価のまとめ"),
    "close": _l("完了"),
    "accept_plan": _l("計画の変更の確認"),
    "accept_agreement": _l("協定の変更の確認"),
    "accept_publication": _l("公表の確認"),
    "return_agreement": _l("協定の案の差し戻し"),
    "suspend": _l("中断"),
    "resume": _l("再開"),
    "terminate": _l("途中終了"),
    "calculate_payment": _l("支払額の計算"),
    "approve_payment": _l("支払いの承認"),
}

#: Names of the facts in a frozen decision. Every column of what is frozen has one; a fact of before that has
#: none any more is shown by its key, never hidden.
FACTS: Final[Mapping[str, Any]] = {
    **{code: _l(label) for code, label in profile.labels()},
    "public_id": _l("記録番号"),
    "version": _l("版"),
    "number": _l("番号"),
    "origin": _l("始まり方"),
    "state": _l("状態"),
    "support_type": _l("支援の種類"),
    "quantity": _l("量・金額"),
    "unit": _l("単位"),
    "period_from": _l("始まりの日"),
    "period_to": _l("終わりの日"),
    "message": _l("はじめのメッセージ"),
    "answer": _l("返事のひとこと"),
    "recommend_code": _l("推薦の理由"),
    "recommend_text": _l("推薦の理由の説明"),
    "company_agreed_at": _l("企業の合意"),
    "npo_agreed_at": _l("団体の合意"),
    "created_at": _l("作成日時"),
    "moved_at": _l("いまの状態になった日時"),
    "deadline_at": _l("期限"),
    "reminders": _l("お知らせの回数"),
    "reason_code": _l("直前の理由"),
    "reason_text": _l("直前の理由の説明"),
    "decided_at": _l("決定日時"),
    "kind": _l("企業・団体の別"),
    "name": _l("名称"),
    "kana": _l("フリガナ"),
    "visibility": _l("公開の範囲"),
    "terms_version": _l("同意した規約"),
    "declared_at": _l("誓約の日時"),
    "submitted_at": _l("申請日時"),
    "verified_at": _l("確認日時"),
    "verification_expires_on": _l("確認の有効期限"),
    "updated_at": _l("更新日時"),
    "fields": _l("分野"),
    "sdgs": _l("SDGs"),
    "beneficiaries": _l("支える相手"),
    "areas": _l("地域"),
    "budget_band": _l("予算の規模"),
    "title": _l("件名"),
    "mode": _l("進め方"),
    "skills": _l("技能"),
    "valid_until": _l("公開の期限"),
    "expiry_notices": _l("期限のお知らせ"),
    "pause_cause": _l("休止の理由"),
    "published_at": _l("公開日時"),
    "situation": _l("困っていること"),
    "wanted_change": _l("めざす変化"),
    "min_useful": _l("最低これだけ"),
    "also_welcome": _l("ほかに助かる支援"),
    "urgency": _l("急ぎの度合い"),
    "repeat": _l("くり返し"),
    "place_note": _l("場所"),
    "beneficiary_number": _l("人数"),
    "safety_contact": _l("子どもや配慮の要る人と接する"),
    "safety_note": _l("安全への配慮"),
    "what_we_give": _l("お返し"),
    "if_unmet": _l("足りないとき"),
    "steps_done": _l("入力の進み"),
    "description": _l("内容"),
    "conditions": _l("条件"),
    "rank": _l("順位"),
    "score": _l("適合度"),
    "shown_at": _l("表示日時"),
    "opened_at": _l("くわしい説明を開いた日時"),
    "is_newcomer": _l("はじめて紹介される枠"),
    "model_id": _l("文章の比較に使ったモデル"),
    "index_version": _l("索引の版"),
    "weights_version": _l("重みの版"),
    "filters": _l("しぼりこみ"),
    "text": _l("理由"),
    "conflict_of_interest": _l("利益相反"),
    "city_involved": _l("市の予算・名義"),
    "consulted": _l("相談した担当課と回答"),
    "decided_by": _l("決定者の記録番号"),
    "role": _l("決定者の役割"),
    "parts": _l("適合度の内訳"),
    "reasons": _l("理由"),
    "profile": _l("プロフィール"),
    "touched_at": _l("最後の動き"),
    "agreement_type": _l("協定の種類"),
    "starts_on": _l("協定の始まりの日"),
    "ends_on": _l("協定の終わりの日"),
    "decide_by": _l("続け方を決める日"),
    "was_terminated": _l("途中で終了した"),
    "inform_plan": _l("知らせ方"),
    "unpublished_reason": _l("公表しない理由"),
    "year_number": _l("何期目か"),
    "checks": _l("確かめたこと"),
    "document": _l("文書の記録番号"),
    "payment": _l("支払いの記録番号"),
    "yen": _l("金額"),
    "formula": _l("計算"),
    "money_note": _l("約束した金額との差の理由"),
    "return_reason": _l("差し戻しの理由"),
    "pause_reason": _l("中断の理由"),
    "termination_reason": _l("途中終了の理由"),
}

_VALUES: Final[Mapping[str, Mapping[str, Any]]] = {
    "origin": case_text.ORIGINS,
    "support_type": vocabulary.SUPPORT_LABELS,
    "also_welcome": vocabulary.SUPPORT_LABELS,
    "recommend_code": vocabulary.RECOMMEND_REASONS,
    "industry": vocabulary.INDUSTRIES,
    "fields": vocabulary.FIELD_SHORT,
    "no_go_fields": vocabulary.FIELD_SHORT,
    "sdgs": vocabulary.SDGS,
    "beneficiaries": vocabulary.BENEFICIARIES,
    "pro_bono_skills": vocabulary.PRO_BONO_SKILLS,
    "skills": vocabulary.PRO_BONO_SKILLS,
    "expected_returns": vocabulary.EXPECTED_RETURNS,
    "budget_band": {**vocabulary.BUDGET_BANDS, **vocabulary.NPO_BUDGET_BANDS},
    "employees_band": vocabulary.EMPLOYEE_BANDS,
    "naming": vocabulary.NAMING,
    "org_type": vocabulary.ORG_TYPES,
    "disclosure": vocabulary.DISCLOSURE_ITEMS,
    "mode": vocabulary.MODES,
    "urgency": vocabulary.URGENCIES,
    "repeat": vocabulary.REPEATS,
    "visibility": vocabulary.VISIBILITIES,
    "no_number_reason": vocabulary.NO_NUMBER_REASONS,
    "agreement_type": vocabulary.AGREEMENT_TYPES,
    "unpublished_reason": vocabulary.PUBLISH_REFUSALS,
    "kind": {"company": _l("企業"), "npo": _l("団体")},
    "pause_cause": {"owner": _l("団体の都合"), "capacity": _l("お返事待ちが3件あるため")},
    "role": {"coordinator": _l("担当職員"), "manager": _l("管理職")},
    "checks": {
        "period": _l("期間"),
        "money": _l("金額・予算"),
        "indicators": _l("指標"),
        "publication": _l("公表の範囲"),
    },
    "return_reason": vocabulary.AGREEMENT_RETURN_REASONS,
    "pause_reason": vocabulary.PAUSE_REASONS,
    "termination_reason": vocabulary.TERMINATION_REASONS,
}


_DAYS: Final = frozenset(
    {"period_from", "period_to", "valid_until", "established_on", "starts_on", "ends_on", "decide_by"}
)


def moment(kept: str) -> str:
    """A kept moment (ISO) as pages show it."""
    return filters.jdatetime(datetime.fromisoformat(kept))


def facts(content: Mapping[str, Any] | None, areas: Mapping[str, str]) -> list[tuple[str, str]]:
    """(name, value in words) of the plain facts in a frozen record, without the empty ones."""
    found = []
    labels = {"area": areas, "areas": areas, **_VALUES, **_of_record(content or {})}
    for key, value in (content or {}).items():
        words = "" if isinstance(value, dict) else _value(key, value, labels.get(key, {}))
        if words:
            found.append((str(FACTS.get(key, key)), words))
    return found


def _of_record(content: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """The labels of codes that each kind of record has of its own: its states, and the reasons for them."""
    machine = "posting"
    if "origin" in content:
        machine = "partnership"
    elif "corporate_number" in content:
        machine = "organization"
    return {
        "state": said(lifecycle.STATES[machine]),  # type: ignore[index]
        "reason_code": said(reasons.of_state(machine, content.get("state"))),
    }


def _value(key: str, value: Any, labels: Mapping[str, Any]) -> str:
    if value is None or value in ("", []):
        return ""
    if isinstance(value, bool):
        return _("はい") if value else _("いいえ")
    if key == "yen":
        return filters.yen(value)
    if isinstance(value, list):
        if any(isinstance(item, dict) for item in value):
            return ""
        return filters.labels_of(value, labels)
    if isinstance(value, str) and key.endswith("_at"):
        return moment(value)
    if isinstance(value, str) and key in _DAYS:
        return filters.jdate(date.fromisoformat(value))
    return filters.label_of(value, labels)
