"""An audit event in Japanese words: who, as what, did what, to what, why."""

from collections.abc import Mapping
from typing import Any, Final

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from matcher.desk.lists.audit import OBJECTS, Entry
from matcher.ground import lifecycle, reasons
from matcher.records import AuditEvent
from webapp import filters, work_text
from webapp.forms.account import STAFF_LABELS, STATUS_LABELS
from webapp.labels import said

_ROLES: Final[Mapping[str, Any]] = {
    **STAFF_LABELS,
    "member": _l("団体・企業の利用者"),
    "system": _l("システム"),
    "anonymous": _l("ログイン前"),
}

ACTIONS: Final[Mapping[str, Any]] = {
    # accounts
    "login": _l("ログインした"),
    "logout": _l("ログアウトした"),
    "login_failed": _l("ログインに失敗した"),
    "end_other_sessions": _l("ほかの端末からログアウトした"),
    "invite": _l("招待した"),
    "activate": _l("利用を始めた"),
    "activate_link": _l("利用開始のリンクを発行した"),
    "reset_link": _l("パスワード再設定のリンクを発行した"),
    "reset_password": _l("パスワードを再設定した"),
    "change_password": _l("パスワードを変えた"),
    "change_settings": _l("自分の名前や通知の受け取り方を変えた"),
    "change_role": _l("役割を変えた"),
    "register": _l("登録を始めた"),
    "read_contact": _l("連絡先を見た"),
    "begin_sealing": _l("操作の記録に改ざん検知の印を付け始めた"),
    # organizations, needs, offers
    "create": _l("新しく作った"),
    "edit": _l("内容を書いた"),
    "edit_profile": _l("プロフィールを変えた"),
    "import": _l("取り込みで登録した"),
    "submit": _l("市に確認を依頼した"),
    "verify": _l("確認済みとした"),
    "return": _l("差し戻した"),
    "suspend": _l("利用を停止した"),
    "reinstate": _l("利用停止を解除した"),
    "deactivate": _l("利用を終了した"),
    "publish": _l("公開した"),
    "pause": _l("受付を休止した"),
    "resume": _l("受付を再開した"),
    "fill": _l("充足とした"),
    "expire": _l("期限切れとなった"),
    "rework": _l("下書きに戻した"),
    "renew": _l("公開の期限を延ばした"),
    "withdraw": _l("取り下げた"),
    "saved": _l("保存した"),
    "passed": _l("見送った"),
    "unmark": _l("保存・見送りを取り消した"),
    # cases
    "propose": _l("声をかけた"),
    "recommend": _l("推薦した"),
    "accept": _l("進めたいと返事をした"),
    "decline": _l("今回は見送ると返事をした"),
    "revise": _l("条件を変えて提案した"),
    "send_for_review": _l("市の確認に進んだ"),
    "approve": _l("承認した"),
    "refuse": _l("不承認とした"),
    "message": _l("質問・連絡を送った"),
    "assign": _l("担当者を決めた"),
    "download": _l("決定時の記録を保存した"),
    # the desk
    "change_city": _l("自治体の名称・担当課などを変えた"),
    "export": _l("一覧をファイルに保存した"),
    "upload": _l("取り込むファイルを送った"),
    "confirm": _l("取り込みを確定した"),
    "discard": _l("取り込みを取りやめた"),
    "adopt": _l("おすすめの重みを採用した"),
    "read_file": _l("案件のファイルを開いた"),
    "plan_handover": _l("引き継ぎを予定した"),
    "block_handover": _l("引き継ぎ先が担当できず、引き継がなかった"),
    "cancel_handover": _l("引き継ぎの予定を取り消した"),
    "give_up_mail": _l("メールが届かなかった"),
    "send_mail_again": _l("届かなかったメールをもう一度送った"),
    "settle_mail": _l("届かなかったメールを対応済みにした"),
    "add_definition": _l("共通指標を加えた"),
    "change_definition": _l("共通指標を変えた"),
}

_LISTS: Final[Mapping[str, Any]] = {
    "organizations": _l("団体・企業の一覧"),
    "needs": _l("ニーズの一覧"),
    "offers": _l("提供メニューの一覧"),
    "cases": _l("案件の一覧"),
    "exposure": _l("おすすめに出た回数"),
    "audit": _l("操作の記録"),
}
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
    if event.object_type == "partnership" and work_text.event_words(event.action) is not None:
        return work_text.plain_event(event.action)
    return filters.label_of(event.action, ACTIONS)


def target(entry: Entry) -> str:
    """To what it was done: its kind, and its name for those who may read it."""
    event = entry.event
    if event.object_type == "list":
        return filters.label_of(event.object_id, _LISTS)
    kind = filters.label_of(event.object_type, OBJECTS)
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
