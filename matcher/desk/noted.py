"""What reading leaves behind for the desk: a suggestion that was opened, a list that was saved."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from matcher.desk.lists import LISTS
from matcher.ground import permissions
from matcher.ground.permissions import Actor
from matcher.records import ShownSuggestion
from matcher.register import audit

#: Conditions whose value may be what somebody typed, so that only their use is noted.
_TYPED = frozenset({"q", "selected"})


def note_opened(session: Session, actor: Actor, public_id: str, now: datetime) -> None:
    """Note that the organization to which a suggestion was shown read its detail, the first time only."""
    shown = session.scalar(
        select(ShownSuggestion)
        .where(ShownSuggestion.public_id == public_id)
        .options(joinedload(ShownSuggestion.shown_list))
    )
    if shown is None or shown.opened_at is not None:
        return
    if actor.organization_id is not None and shown.shown_list.organization_id == actor.organization_id:
        shown.opened_at = now


def export_note(
    actor: Actor,
    name: str,
    count: int,
    conditions: Mapping[str, str],
    now: datetime,
    *,
    form: str = "xlsx",
) -> audit.Note:
    """That a list leaves the service as a file: which, how long, by what filter.

    Raises:
        NotPermitted: for whoever may not take this list home.
    """
    permissions.require(actor, LISTS[name].saved)
    chosen = {key: "typed" if key in _TYPED else value for key, value in conditions.items() if value}
    details = {"count": count, "format": form, "conditions": chosen}
    return audit.Note(actor, "export", "list", name, now, details=details)
