"""The way of records of which nobody hears by notice: accounts, and what stands only on the desk."""

from typing import Final

from matcher.register import audit, moves
from matcher.register.act import Done, Look, Told


class _Untold:
    """See ``register.act.Way``."""

    def keep(self, look: Look, event: str, done: Done) -> None:
        """Audit it."""
        if done.is_quiet or done.is_kept:
            return
        kind, public_id = moves.kept_as(look.record)
        audit.record(
            look.session, look.actor, event, kind, public_id, look.now,
            object_version=getattr(look.record, "version", None), details=dict(done.details),
        )  # fmt: skip

    def tell(self, _look: Look, told: Told) -> None:
        """Nobody.

        Raises:
            ValueError: an act of such a record tells somebody.
        """
        raise ValueError(f"expected an act that tells nobody, found {told.event!r}")


UNTOLD: Final = _Untold()
