"""Who did something to a record, and who was faster, in words."""

from datetime import datetime

from matcher.ground import calendar
from matcher.ground.permissions import Actor
from matcher.records import AuditEvent
from matcher.register.doers import Doer
from webapp import filters
from webapp.labels import gettext as _


def who(user: Doer | None) -> str:
    """Who did it, by name and for whom; what the clock does has no name."""
    if user is None:
        return _("自動の処理")
    if user.organization is None:
        return _("市の担当 %(name)sさん", name=user.name)
    return _("%(organization)s %(name)sさん", organization=user.organization, name=user.name)


def overtaken(actor: Actor, event: AuditEvent | None, by: str, what: str, now: datetime) -> str:
    """「先に○○さんが14:32に承認しました。入力された内容は下に残しています。」

    Args:
        event: the newest of the record, if any.
        by: who did it, as ``actor`` may read it.
        what: what was done, in words.
    """
    if event is None:
        return _("ほかの人が先に更新しました。入力された内容は下に残しています。")
    local = event.at.astimezone(calendar.TOKYO)
    moment = f"{local.hour}:{local.minute:02d}"
    if local.date() != calendar.tokyo_date(now):
        moment = f"{filters.jmonthday(event.at)}{moment}"
    if event.actor_id == actor.user_public_id:
        by = _("ご自身（別の画面）")
    return _(
        "先に%(who)sが%(moment)sに%(what)s。入力された内容は下に残しています。",
        who=by, moment=moment, what=what,
    )  # fmt: skip
