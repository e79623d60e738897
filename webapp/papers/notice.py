"""What notices of a pause, a resumption and an early end share: they tell of one move, as the audit keeps it.

Of several pauses the newest is told. What came after it changes nothing: agreement and parties are those of
its day.
"""

from collections.abc import Callable
from datetime import date
from typing import Any

from matcher.cases import reads as case_reads
from matcher.ground import vocabulary
from matcher.records import AuditEvent
from webapp import filters, party_text
from webapp.labels import gettext as _
from webapp.papers.paper import Ask, Paper, head

Rows = list[tuple[str, str]]
#: (ask, the move, who made it) → (name, words) of what is told of the move itself
Told = Callable[[Ask, AuditEvent, str], Rows]


def notice(name: str, title: Any, place: int, action: str, told: Told) -> Paper:
    """The notice of the newest move ``action``."""
    return Paper(
        name, title, place, lambda ask: ask.history.event(action) is not None,
        lambda ask: _facts(ask, action, told), template="notice.html",
    )  # fmt: skip


def _facts(ask: Ask, action: str, told: Told) -> dict[str, Any]:
    happened = case_reads.last_move(ask.session, ask.case, action)
    assert happened is not None, f"expected a move {action}, found none"
    event = happened.event
    named = ask.history.on(event)
    side = party_text.side_name(named, happened.side)
    person = ask.history.person(event.actor_id, event, happened.person)
    who = _("%(side)s　%(person)s", side=side, person=person) if person else side
    rows = [(_("案件番号"), ask.case.number), (_("企業"), named.company.name), (_("団体"), named.npo.name)]
    rows += [*_agreement(ask, event), *told(ask, event, who)]
    return {
        "rows": [(label, words) for label, words in rows if words], "action": action,
        **head(ask.case, ask.history.on(event, event.actor_id), event.at),
    }  # fmt: skip


def _agreement(ask: Ask, event: AuditEvent) -> Rows:
    found = case_reads.agreement_at(ask.session, ask.case, ask.history, event)
    if found is None:
        return []
    kind = filters.label_of(found.content["type"], vocabulary.AGREEMENT_TYPES)
    first, last = (
        filters.jdate(date.fromisoformat(found.content[name]), False) for name in ("from_on", "to_on")
    )
    return [
        (_("協定"), _("%(kind)s（第%(number)s版）", kind=kind, number=found.number)),
        (_("協定の期間"), _("%(first)sから%(last)sまで", first=first, last=last)),
    ]
