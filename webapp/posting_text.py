"""Words for what happened to a need or an offer, shared by the pages of both sides and the city."""

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import Any, Final

from flask_babel import lazy_gettext as _l

from matcher.city.cities import City
from matcher.ground import lifecycle, profile
from matcher.ground import posting as posting_fields
from matcher.ground.calendar import TOKYO
from matcher.ground.permissions import Actor
from matcher.postings.finding import Why
from matcher.records import AuditEvent, Need, Offer, Organization
from matcher.register import act, moves
from matcher.register.doers import Doer
from webapp import asked_text, db, filters, text
from webapp.labels import gettext as _
from webapp.labels import vocabulary

#: What the history says, where no act says it.
ACTIONS: Final = {
    "create": _l("書き始めました"),
    "take_over": _l("前回を引き継いで書き始めました"),
    "edit": _l("内容を保存しました"),
    lifecycle.EXPIRE: _l("公開の期限が過ぎました"),
    "import": _l("一覧から取り込みました"),
    "agree_joint": _l("いっしょに頼むことに賛成しました"),
    "decline_joint": _l("いっしょに頼むことを見合わせました"),
    "withdraw_joint": _l("いっしょに頼むことの提案を取り下げました"),
    "answer_question": _l("質問に回答しました"),
    "merge_question": _l("質問を、同じ内容の質問にまとめました"),
    "refuse_question": _l("質問に回答しないこととしました"),
}


_CHOSEN: Final = frozenset({"code", "codes", "area", "areas", "fields", "yes_no"})  #: kinds of fields


def labels(kind: posting_fields.Kind) -> dict[str, str]:
    """What each field of a need or an offer is called."""
    return {one.code: _(one.label) for one in posting_fields.FIELDS[kind]}


def problem(kind: posting_fields.Kind, name: str, code: str) -> str:
    """What to do about a field before the text can be sent."""
    if code != "required":
        return text.field_sentence(code)
    field = next(one for one in posting_fields.FIELDS[kind] if one.code == name)
    return asked_text.asked_for(_(field.label), is_chosen=name == "unit" or field.kind in _CHOSEN)


def others(posting: Need | Offer, count: int) -> str:
    """How many others have shown interest, in words."""
    if isinstance(posting, Need):
        return _("関心を寄せている企業 %(count)s社", count=count)
    return _("関心を寄せている団体 %(count)s団体", count=count)


#: Where words stand that are no field of the text itself.
_PLACES: Final = {
    "organization": _l("団体・企業の紹介"), "number": _l("受付番号"), "support_type": _l("支援の種類"),
    "parts": _l("ほかにも必要なもの"),
}  # fmt: skip


def why(kind: posting_fields.Kind, found: Why | None) -> str:
    """Why a search found it."""
    return _why_found(found, lambda: {**labels(kind), **_PLACES})


def why_organization(organization: Organization, found: Why | None) -> str:
    """Why a search of the directory found it."""
    return _why_found(found, lambda: {one.code: _(one.label) for one in profile.FIELDS[organization.kind]})


def _why_found(found: Why | None, called: Callable[[], Mapping[str, Any]]) -> str:
    if found is not None and found.sentence:
        return _("近い文：「%(sentence)s」", sentence=found.sentence)
    if found is None or not found.places:
        return ""
    names = called()
    return _("見つかった場所：%(places)s", places="、".join(str(names[code]) for code in found.places))


def history_line(action: str) -> str:
    """What the history says of an audit action."""
    deed = act.by_event(Need, action)
    return _(deed.words.happened) if deed is not None else str(ACTIONS.get(action, action))


def timeline(actor: Actor, events: Iterable[tuple[AuditEvent, Doer | None]]) -> list[dict[str, Any]]:
    """What happened, newest first. Names of officials are for officials, of members for their own."""
    return [
        {"at": event.at, "who": _who(actor, event, user), "text": history_line(event.action),
         "reason": event.reason_text, "detail": ""}
        for event, user in events
    ]  # fmt: skip


def _who(actor: Actor, event: AuditEvent, user: Doer | None) -> str:
    if event.role == "system":
        return _("自動")
    side = (user.organization if user is not None else None) or _("市の担当")
    if user is not None and (actor.is_staff or user.organization_id == actor.organization_id):
        return _("%(side)s　%(name)s", side=side, name=user.name)
    return side


def overtaken(posting: Need | Offer) -> str:
    """Who was faster, and that nothing typed is lost; ``posting`` is the record as it is now."""
    error = moves.moved_on(db.session(), posting)
    at, action = error.facts["at"], error.facts["action"]
    if not error.facts["by"] or at is None:
        return _("ほかの操作が先に行われました。入力された内容は下に残しています。")
    return _(
        "先に%(name)sさんが%(time)sに%(action)s。入力された内容は下に残しています。",
        name=error.facts["by"],
        time=at.astimezone(TOKYO).strftime("%H:%M"),
        action=history_line(action),
    )


def plain(kind: posting_fields.Kind, name: str, value: Any, city: City) -> str:
    """A kept value of one field as people read it: labels for codes, dates of the era."""
    if value in (None, "", []):
        return _("（空欄）")
    field = posting_fields.find(kind, name)
    match field.kind:
        case "yes_no":
            return _("接する") if value else _("接しない")
        case "date":
            return filters.jdate(date.fromisoformat(value), False)
        case "code" | "codes" | "areas" | "fields":
            labels = {"areas": city.area_labels, "fields": vocabulary.FIELD_SHORT}.get(
                field.kind, field.labels
            )
            return filters.labels_of(value if isinstance(value, list) else [value], labels)
    return filters.number(value) if isinstance(value, int | float) else str(value)
