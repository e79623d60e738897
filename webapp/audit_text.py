"""An audit event in Japanese words: who, as what, did what, to what, why."""

from collections.abc import Mapping
from typing import Any, Final

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from matcher.desk.lists import LISTS
from matcher.desk.lists.audit import Entry
from matcher.ground import lifecycle, reasons
from matcher.records import (
    AuditEvent,
    Handover,
    ImportBatch,
    Mail,
    Membership,
    Need,
    Offer,
    Organization,
    RegistrationCode,
    User,
    YearPlan,
)
from matcher.records.base import Base
from matcher.register import act
from webapp import act_text, filters
from webapp.forms.account import STAFF_LABELS, STATUS_LABELS
from webapp.labels import said, vocabulary

_ROLES: Final[Mapping[str, Any]] = {
    **STAFF_LABELS,
    "member": _l("団体・企業の利用者"),
    "system": _l("システム"),
    "anonymous": _l("ログイン前"),
}

#: What was done, where no act says it.
ACTIONS: Final[Mapping[str, Any]] = {
    # accounts
    "login": _l("ログインした"),
    "logout": _l("ログアウトした"),
    "login_failed": _l("ログインに失敗した"),
    "end_other_sessions": _l("ほかの端末からログアウトした"),
    "invite": _l("招待した"),
    "activate": _l("利用を始めた"),
    "join": _l("団体・企業への参加を確かめた"),
    "activate_link": _l("利用開始のリンクを発行した"),
    "reset_password": _l("パスワードを再設定した"),
    "change_password": _l("パスワードを変えた"),
    "change_alerts": _l("新しく合うもののお知らせの受け取り方を変えた"),
    "save_search": _l("探す条件を保存した"),
    "rename_search": _l("保存した条件の名前を変えた"),
    "pause_search": _l("保存した条件のお知らせを止めた"),
    "resume_search": _l("保存した条件のお知らせを再開した"),
    "delete_search": _l("保存した条件を消した"),
    "change_settings": _l("自分の名前や通知の受け取り方を変えた"),
    "register": _l("登録を始めた"),
    "read_contact": _l("連絡先を見た"),
    "begin_sealing": _l("操作の記録に改ざん検知の印を付け始めた"),
    # organizations, needs, offers
    "create": _l("新しく作った"),
    "take_over": _l("前回を引き継いだ"),
    "edit": _l("内容を書いた"),
    "edit_profile": _l("プロフィールを変えた"),
    "import": _l("取り込みで登録した"),
    lifecycle.EXPIRE: _l("期限切れとなった"),
    "saved": _l("保存した"),
    "passed": _l("見送った"),
    "unmark": _l("保存・見送りを取り消した"),
    # needs that are asked for together
    "agree_joint": _l("いっしょに頼むことに賛成した"),
    "decline_joint": _l("いっしょに頼むことを見合わせた"),
    "withdraw_joint": _l("いっしょに頼むことの提案を取り下げた"),
    # questions on a need
    "answer_question": _l("質問に回答した"),
    "merge_question": _l("質問をほかの質問にまとめた"),
    "refuse_question": _l("質問に回答しないこととした"),
    # cases
    lifecycle.SEND_FOR_REVIEW: _l("市の確認に進んだ"),
    "download": _l("決定時の記録を保存した"),
    # the desk
    "change_city": _l("自治体の名称・担当課などを変えた"),
    "export": _l("一覧をファイルに保存した"),
    "upload": _l("取り込むファイルを送った"),
    "confirm": _l("取り込みを確定した"),
    "adopt": _l("おすすめの重みを採用した"),
    "read_file": _l("案件のファイルを開いた"),
    "plan_handover": _l("引き継ぎを予定した"),
    "block_handover": _l("引き継ぎ先が担当できず、引き継がなかった"),
    "make_registration_code": _l("登録会のコードを作った"),
    "ask_plan": _l("年間の組み合わせ案の計算を頼んだ"),
    "solve_plan": _l("年間の組み合わせ案を計算した"),
    "fail_plan": _l("年間の組み合わせ案を計算できなかった"),
    "give_up_mail": _l("メールが届かなかった"),
    "add_definition": _l("共通指標を加えた"),
    "change_definition": _l("共通指標を変えた"),
}

#: Object of the record → whose acts are kept as done to it.
_KINDS: Final[Mapping[str, tuple[type[Base], ...]]] = {
    "organization": (Organization,), "need": (Need,), "offer": (Offer,), "user": (User, Membership, Mail),
    "handover": (Handover,), "registration_code": (RegistrationCode,), "importbatch": (ImportBatch,),
    "mail": (Mail,), "yearplan": (YearPlan,), "question": (Need,),
}  # fmt: skip
_STATES: Final[Mapping[str, str]] = {
    "organization": "organization",
    "need": "posting",
    "offer": "posting",
    "partnership": "partnership",
}


def person(entry: Entry) -> str:
    """The name of who did it; what the clock does has none."""
    if entry.user is not None:
        return entry.user.name
    return str(_("システム")) if entry.event.role == "system" else ""


def role(event: AuditEvent) -> str:
    """As what it was done."""
    return filters.label_of(event.role, _ROLES)


def action(event: AuditEvent) -> str:
    """What was done."""
    return done(event.object_type, event.action)


def done(kind: str, action: str) -> str:
    """What was done to a kind of record, in the plain form: where an act says 「送りました」, 「送った」."""
    words = _happened(kind, action)
    return (
        words.replace("りました", "った").replace("ました", "た")
        if words
        else filters.label_of(action, ACTIONS)
    )


def _happened(kind: str, action: str) -> str | None:
    if kind == "partnership":
        return act_text.event_words(action)
    deeds = (act.by_event(one, action) for one in _KINDS.get(kind, ()))
    return next((str(_(deed.words.happened)) for deed in deeds if deed is not None), None)


def target(entry: Entry) -> str:
    """To what it was done: its kind, and its name for those who may read it."""
    event = entry.event
    if event.object_type == "list":
        return filters.label_of(event.object_id, {one.name: one.heading for one in LISTS.values()})
    kind = filters.label_of(event.object_type, vocabulary.AUDIT_OBJECTS)
    return f"{kind}「{entry.title}」" if entry.title else kind


def states(event: AuditEvent) -> str:
    """「市の確認待ち → 公開中」."""
    if event.to_state is None:
        return ""
    machine = _STATES.get(event.object_type)
    labels = lifecycle.STATES[machine] if machine else STATUS_LABELS  # type: ignore[index]
    before, after = (filters.label_of(state, labels) for state in (event.from_state, event.to_state))
    return f"{before} → {after}" if before else after


def reason(event: AuditEvent) -> str:
    """The coded reason and the sentence, if any."""
    if not event.reason_code and not event.reason_text:
        return ""
    labels = said(reasons.of_action(event.object_type, event.action))
    words = filters.label_of(event.reason_code, labels)
    return "：".join(part for part in (words, event.reason_text) if part)
