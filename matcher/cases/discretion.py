"""What of a case's history only the city reads."""

from typing import Final

from matcher.ground import lifecycle
from matcher.ground.permissions import Actor
from matcher.records import AuditEvent

#: Steps of the city's own work, of no use to the two sides.
_OWN_WORK: Final = frozenset({"download", "export_case", "hide_comment"})
#: A no must be free to say, and a judgement free to write down.
_OWN_REASONS: Final = frozenset(
    {
        lifecycle.DECLINE, lifecycle.WITHDRAW, lifecycle.APPROVE, lifecycle.CONFIRM_AGREEMENT,
        lifecycle.CONCLUDE, lifecycle.CLOSE, lifecycle.CLOSE_EARLY, "hide_comment",
    }
)  # fmt: skip


def may_see(actor: Actor, event: AuditEvent) -> bool:
    """Whether the event is of concern to who looks."""
    return actor.is_staff or event.action not in _OWN_WORK


def may_read_reason(actor: Actor, event: AuditEvent) -> bool:
    """Whether the reason that was given is for who looks."""
    return actor.is_staff or event.action not in _OWN_REASONS
