"""再開通知書."""

from typing import Final

from flask_babel import lazy_gettext as _l

from matcher.ground import lifecycle, vocabulary
from matcher.records import AuditEvent
from webapp import filters
from webapp.labels import gettext as _
from webapp.papers.notice import Rows, notice
from webapp.papers.paper import Ask


def _told(ask: Ask, event: AuditEvent, who: str) -> Rows:
    paused = ask.history.event(lifecycle.SUSPEND, before=event)
    why = filters.label_of(paused.reason_code, vocabulary.PAUSE_REASONS) if paused else ""
    return [
        (_("再開した日"), filters.jdate(event.at)), (_("手続をした者"), who),
        (_("決めたこと"), event.reason_text),
        (_("中断した日と理由"), f"{filters.jdate(paused.at)}（{why}）" if paused else ""),
    ]  # fmt: skip


PAPER: Final = notice("resumption", _l("再開通知書"), 6, lifecycle.RESUME, _told)
