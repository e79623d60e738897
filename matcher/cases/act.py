"""Acts of a case: how what happens to it is kept in the audit record, and who of its parties hears of it."""

from collections.abc import Callable
from functools import partial
from typing import Any, Final

from matcher.cases import documents, telling
from matcher.ground import lifecycle
from matcher.records import Partnership
from matcher.register import act, wording_work
from matcher.register.act import Done, Look, Told

SHARE: Final = "partnership.share"  #: either side, or the city
WORK: Final = "partnership.work"  #: either side
REVIEW: Final = "partnership.review"  #: the city

ALIVE: Final = frozenset(lifecycle.CASE_WORK) - {"closed"}
BEGUN: Final = frozenset(lifecycle.CASE_BEGUN)


class _CaseWay:
    """See ``register.act.Way``."""

    def keep(self, look: Look, event: str, done: Done) -> None:
        """Audit it; the case is no longer silent."""
        if done.is_kept:
            return
        if done.is_quiet:
            documents.touch(look.session, look.record, look.now)
            return
        documents.note(
            look.session, look.actor, look.record, event, look.now,
            text=done.text, reason_code=done.reason_code, details=dict(done.details),
        )  # fmt: skip

    def tell(self, look: Look, told: Told) -> None:
        """By notice and mail, with the number, the parties and what to do."""
        said = wording_work.event(look.record, told.event, **told.facts)
        telling.tell(look.session, look.actor, look.record, said, look.now, *told.to)


_CASE_WAY: Final = _CaseWay()


def case_act(name: str, *, writes: str = "", **declared: Any) -> Callable[[Callable[..., Done]], act.Act]:
    """Declare an act of a case (see ``register.act.Act``); what drafts a text is shown its open draft."""
    if writes:
        declared.setdefault("shown", partial(_edition, writes))
    return act.act(name, record=Partnership, way=_CASE_WAY, writes=writes, **declared)


def _edition(kind: str, look: Look) -> int:
    draft = documents.find_draft(look.session, look.record, kind)
    return draft.edition if draft is not None else 0
