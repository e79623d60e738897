"""How the worker is: which pieces are seen, what waits for each, whether mail stands still. Reads only."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from matcher.jobs import leases
from matcher.jobs.leases import Sighting
from matcher.register import findable, outbox


@dataclass(frozen=True)
class Waiting:
    """What waits for a piece: how many, and since when the oldest does, where that is known."""

    count: int
    oldest: datetime | None = None


@dataclass(frozen=True)
class State:
    """How the worker is as a whole."""

    pieces: Sequence[tuple[Sighting, Waiting | None]]
    mail: outbox.Standing
    silent: tuple[str, ...]  #: pieces that nobody was seen at for minutes
    silent_since: datetime | None  #: since when the longest of them, ``None`` also for "never seen"

    @property
    def is_well(self) -> bool:
        """Whether everything is worked on, and mail goes out."""
        return not self.silent and self.mail.late_since is None


def _texts(session: Session) -> Waiting:
    # Rows of a model that served before are brought up to date by nobody.
    model_id = findable.worked_model(session)
    return Waiting(findable.waiting_count(session, model_id) if model_id else 0)


def state(session: Session, pieces: Sequence[str]) -> State:
    """How the worker is now, by the clock by which its leases are measured."""
    now = leases.database_time(session)
    seen = leases.sightings(session, pieces, now)
    silent = [one for one in seen if one.is_silent]
    since = [one.seen_at for one in silent]
    mail = outbox.standing(session, now)
    # A piece that only watches the clock has nothing to count.
    waiting = {
        "encode": _texts(session),
        "context": Waiting(findable.contextual_waiting_count(session)),
        "mail": Waiting(mail.waiting, mail.oldest),
    }
    return State(
        pieces=[(one, waiting.get(one.piece)) for one in seen],
        mail=mail,
        silent=tuple(one.piece for one in silent),
        silent_since=None if None in since else min((at for at in since if at), default=None),
    )
