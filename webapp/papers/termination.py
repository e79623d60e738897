"""途中終了通知書."""

from typing import Final

from flask_babel import lazy_gettext as _l

from matcher.ground import lifecycle, vocabulary
from matcher.records import AuditEvent
from webapp import filters
from webapp.labels import gettext as _
from webapp.papers.notice import Rows, notice
from webapp.papers.paper import Ask


def _told(ask: Ask, event: AuditEvent, who: str) -> Rows:
    return [
        (_("終了した日"), filters.jdate(event.at)), (_("申し出た者"), who),
        (_("理由"), filters.label_of(event.reason_code, vocabulary.TERMINATION_REASONS)),
        (_("理由の説明"), event.reason_text), (_("利用している人への知らせ方"), ask.case.inform_plan),
    ]  # fmt: skip


PAPER: Final = notice("termination", _l("途中終了通知書"), 7, lifecycle.TERMINATE, _told)
