"""中断通知書."""

from datetime import date
from typing import Final

from flask_babel import lazy_gettext as _l

from matcher.ground import lifecycle, vocabulary
from matcher.records import AuditEvent
from webapp import filters
from webapp.labels import gettext as _
from webapp.papers.notice import Rows, notice
from webapp.papers.paper import Ask


def _told(_ask: Ask, event: AuditEvent, who: str) -> Rows:
    decide_by = event.details.get("decide_by")
    return [
        (_("中断した日"), filters.jdate(event.at)), (_("申し出た者"), who),
        (_("理由"), filters.label_of(event.reason_code, vocabulary.PAUSE_REASONS)),
        (_("理由の説明"), event.reason_text),
        (_("続け方を決める日"), filters.jdate(date.fromisoformat(decide_by)) if decide_by else ""),
    ]  # fmt: skip


PAPER: Final = notice("suspension", _l("中断通知書"), 5, lifecycle.SUSPEND, _told)
