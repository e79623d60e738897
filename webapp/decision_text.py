"""A frozen decision in Japanese words: the facts of its JSON, named and worded for the page."""

from collections.abc import Mapping, Set
from datetime import date, datetime
from typing import Any, Final

from flask_babel import lazy_gettext as _l

from matcher.ground import lifecycle, posting, profile, reasons
from matcher.ground.field import Field
from matcher.records import Partnership
from matcher.register import act
from webapp import case_text, filters
from webapp.labels import gettext as _
from webapp.labels import said, vocabulary

#: Consent of the city to a text, by its kind; what else it decides has its word itself (``Words.decided``).
_CONSENTS: Final[Mapping[str, Any]] = {
    "accept_plan": _l("計画の変更の確認"),
    "accept_agreement": _l("協定の変更の確認"),
    "accept_publication": _l("公表の確認"),
}

#: Names of the facts in a frozen decision that no table of fields describes (see ``names``).
FACTS: Final[Mapping[str, Any]] = {
    "public_id": _l("記録番号"),
    "version": _l("版"),
    "number": _l("番号"),
    "origin": _l("始まり方"),
    "state": _l("状態"),
    "support_type": _l("支援の種類"),
    "quantity": _l("量・金額"),
    "unit": _l("単位"),
    "part": _l("ニーズの何番目のものか"),
    "is_named": _l("企業の名前を出してよい"),
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
    "terms_version": _l("同意した規約"),
    "declared_at": _l("誓約の日時"),
    "submitted_at": _l("申請日時"),
    "verified_at": _l("確認日時"),
    "verification_expires_on": _l("確認の有効期限"),
    "updated_at": _l("更新日時"),
    "expiry_notices": _l("期限のお知らせ"),
    "pause_cause": _l("休止の理由"),
    "published_at": _l("公開日時"),
    "steps_done": _l("入力の進み"),
    "rank": _l("順位"),
    "score": _l("適合度"),
    "shown_at": _l("表示日時"),
    "opened_at": _l("詳しい説明を開いた日時"),
    "is_newcomer": _l("はじめて紹介される枠"),
    "model_id": _l("文章の比較に使ったモデル"),
    "index_version": _l("索引の版"),
    "weights_version": _l("重みの版"),
    "filters": _l("しぼりこみ"),
    "text": _l("理由"),
    "conflict_of_interest": _l("利益相反"),
    "on_both_sides": _l("企業と団体の両方に所属する人の記録番号"),
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
    "recommend_code": vocabulary.RECOMMEND_REASONS,
    "agreement_type": vocabulary.AGREEMENT_TYPES,
    "unpublished_reason": vocabulary.PUBLISH_REFUSALS,
    "kind": {"company": _l("企業"), "npo": _l("団体")},
    "pause_cause": {
        "owner": _l("団体の都合"),
        "capacity": _l("お返事待ちが3件あるため"),
        "joint": _l("共同のニーズにまとめたため"),
    },
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


_DAYS: Final = frozenset({"period_from", "period_to", "starts_on", "ends_on", "decide_by"})


def outcomes() -> dict[str, str]:
    """What each kind of decision is called."""
    decided = {deed.event: _(deed.words.decided) for deed in act.of(Partnership) if deed.words.decided}
    return decided | {code: str(label) for code, label in _CONSENTS.items()}


def moment(kept: str) -> str:
    """A kept moment (ISO) as pages show it."""
    return filters.jdatetime(datetime.fromisoformat(kept))


def facts(content: Mapping[str, Any] | None, areas: Mapping[str, str]) -> list[tuple[str, str]]:
    """(name, value in words) of the plain facts in a frozen record, without the empty ones."""
    content = content or {}
    found = []
    called, labels = names(content), {**_VALUES, **_choices(content, areas), **_of_record(content)}
    days = _DAYS | {one.code for one in _fields_of(content) if one.kind == "date"}
    for key, value in content.items():
        words = "" if isinstance(value, dict) else _value(key, value, labels.get(key, {}), days)
        if words:
            found.append((str(called.get(key, key)), words))
    return found


def names(content: Mapping[str, Any]) -> dict[str, Any]:
    """Code → name of the facts of a frozen record. Every column of what is frozen has one; a fact of before
    that has none any more is shown by its key, never hidden.
    """
    return {**FACTS, **{one.code: _(one.label) for one in _fields_of(content)}}


def _fields_of(content: Mapping[str, Any]) -> tuple[Field, ...]:
    """The fields of the kind of record that this is, by what only it says."""
    if "corporate_number" in content:
        # Both kinds share a table; what only an NPO is asked stands empty for a company.
        return (*profile.FIELDS["npo"], *profile.FIELDS.get(content.get("kind", ""), ()))
    by_mark = {
        "situation": posting.FIELDS["need"],
        "description": posting.FIELDS["offer"],
        "business": profile.FIELDS["company"],
        "mission": profile.FIELDS["npo"],
    }
    return next((fields for mark, fields in by_mark.items() if mark in content), ())


def _choices(content: Mapping[str, Any], areas: Mapping[str, str]) -> dict[str, Mapping[str, Any]]:
    of_city = {"area": areas, "areas": areas, "fields": vocabulary.FIELD_SHORT}
    return {one.code: of_city.get(one.kind, one.labels) for one in _fields_of(content)}


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


def _value(key: str, value: Any, labels: Mapping[str, Any], days: Set[str]) -> str:
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
    if isinstance(value, str) and key in days:
        return filters.jdate(date.fromisoformat(value))
    return filters.label_of(value, labels)
