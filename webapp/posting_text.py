"""Words for what happened to a need or an offer, shared by the pages of both sides and the city."""

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from matcher.city.cities import City
from matcher.ground.calendar import TOKYO
from matcher.ground.errors import MovedOn, Refused
from matcher.records import Need, Offer
from matcher.register import moves
from webapp import filters, text
from webapp.db import Session
from webapp.labels import vocabulary

_DONE: Final = {
    "pause": _l("受付を休止しました。いつでも再開できます。"),
    "resume": _l("受付を再開しました。"),
    "renew": _l("公開の期限を延長しました。"),
    "fill": _l("充足したことを記録し、公開を終了しました。"),
    "rework": _l("下書きに戻しました。直したあと、もう一度市に送ってください。"),
    "withdraw": _l("取り下げました。"),
    "publish": _l("公開しました。"),
    "return": _l("差し戻しました。"),
}

#: audit action → what the history says
ACTIONS: Final = {
    "create": _l("書き始めました"),
    "edit": _l("内容を保存しました"),
    "submit": _l("市に送りました"),
    "publish": _l("市が確認し、公開しました"),
    "return": _l("市が差し戻しました"),
    "pause": _l("受付を休止しました"),
    "resume": _l("受付を再開しました"),
    "renew": _l("公開の期限を延長しました"),
    "fill": _l("充足しました"),
    "rework": _l("下書きに戻しました"),
    "expire": _l("公開の期限が過ぎました"),
    "withdraw": _l("取り下げました"),
    "import": _l("一覧から取り込みました"),
}

#: column → how the form calls it
LABELS: Final = {
    "title": _l("件名"),
    "situation": _l("いまの状況"),
    "wanted_change": _l("どう変えたいか"),
    "description": _l("提供できる内容"),
    "support_type": _l("支援の種類"),
    "quantity": _l("量"),
    "unit": _l("単位"),
    "min_useful": _l("最低これだけ"),
    "also_welcome": _l("ほかにも、あると助かる支援"),
    "skills": _l("技能"),
    "period_from": _l("始まりの日"),
    "period_to": _l("終わりの日"),
    "urgency": _l("急ぎ具合"),
    "repeat": _l("回数"),
    "areas": _l("地域"),
    "mode": _l("進め方"),
    "place_note": _l("場所や受け取り方の補足"),
    "conditions": _l("条件"),
    "valid_until": _l("公開の期限"),
    "fields": _l("活動の分野"),
    "sdgs": _l("関係するSDGs"),
    "beneficiaries": _l("だれのためか"),
    "beneficiary_number": _l("およその人数"),
    "safety_contact": _l("子どもや配慮の必要な人と接するか"),
    "safety_note": _l("安全のために決めていること"),
    "what_we_give": _l("企業にお返しできること"),
    "if_unmet": _l("支援が見つからないとき"),
    "contact_name": _l("窓口になる人"),
    "visibility": _l("見せる相手"),
    "reason_text": _l("書いた人への説明"),
}


#: audit action → what a colleague or the city did while one was typing
_OVERTOOK: Final = {
    "edit": _l("内容を保存しました"),
    "submit": _l("市に送りました"),
    "publish": _l("公開しました"),
    "return": _l("差し戻しました"),
    "pause": _l("受付を休止しました"),
    "resume": _l("受付を再開しました"),
    "renew": _l("公開の期限を延長しました"),
    "fill": _l("「充足」にしました"),
    "rework": _l("下書きに戻しました"),
    "withdraw": _l("取り下げました"),
}
_CODES: Final[Mapping[str, Mapping[str, str]]] = {
    "support_type": vocabulary.SUPPORT_LABELS,
    "also_welcome": vocabulary.SUPPORT_LABELS,
    "skills": vocabulary.PRO_BONO_SKILLS,
    "urgency": vocabulary.URGENCIES,
    "repeat": vocabulary.REPEATS,
    "mode": vocabulary.MODES,
    "fields": vocabulary.FIELD_SHORT,
    "sdgs": vocabulary.SDGS,
    "beneficiaries": vocabulary.BENEFICIARIES,
    "visibility": vocabulary.VISIBILITIES,
}


def done(action: str) -> str:
    """What the person reads after a move."""
    return str(_DONE[action])


def history_line(action: str) -> str:
    """What the history says of an audit action."""
    return str(ACTIONS.get(action, action))


def refusal(session: Session, posting: Need | Offer, error: Exception) -> str:
    """What stood in the way, in one sentence; ``posting`` is the record as it is now.

    Any error that is no refusal of the domain is the database's word that somebody else saved first.
    """
    if isinstance(error, Refused):
        return text.sentence(error.code, error.facts)
    return moved_on(error if isinstance(error, MovedOn) else moves.moved_on(session, posting))


def moved_on(error: MovedOn) -> str:
    """Who was faster, and that nothing typed is lost."""
    at, action = error.facts["at"], error.facts["action"]
    worded: str
    if not error.facts["by"] or at is None:
        worded = _("ほかの操作が先に行われました。入力された内容は下に残しています。")
        return worded
    worded = _(
        "先に%(name)sさんが%(time)sに%(action)s。入力された内容は下に残しています。",
        name=error.facts["by"],
        time=at.astimezone(TOKYO).strftime("%H:%M"),
        action=_OVERTOOK.get(action, _("更新しました")),
    )
    return worded


def plain(name: str, value: Any, city: City) -> str:
    """A kept value of one field as people read it: labels for codes, dates of the era."""
    if value in (None, "", []):
        return str(_("（空欄）"))
    if isinstance(value, bool):
        return str(_("接する") if value else _("接しない"))
    labels = _CODES.get(name) or (city.area_labels if name == "areas" else None)
    if labels is not None:
        codes = value if isinstance(value, list) else [value]
        return "、".join(labels.get(code, code) for code in codes)
    if name.startswith("period_") or name == "valid_until":
        return filters.jdate(date.fromisoformat(value), False)
    return filters.number(value) if isinstance(value, int | float) else str(value)
