"""Why the two of a case fit, kept as it was computed when the case began and at every decision of the city.

What computes it stands above (``suggestions/pairs.py``) and hangs on an index that a process holds: the
sessions of its database carry it (``Database.carry``). What was not known at that moment stays unknown:
nothing is filled in afterwards, and what is kept is never changed.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from matcher.records import CaseFit, Partnership
from matcher.records.base import new_public_id
from matcher.register import snapshots

JUDGE: Final = "judge_of_pairs"  #: in a session's ``info``
Moment = Literal["begun", "decided"]


@dataclass(frozen=True)
class Judged:
    """How a pair fits, or why that is not known: ``not_encoded``, ``no_index``; empty where it is."""

    unknown: str = ""
    score: float | None = None
    parts: Mapping[str, float] = field(default_factory=dict)
    reasons: Sequence[Mapping[str, Any]] = ()
    texts: Mapping[str, Any] = field(default_factory=dict)
    model_id: str = ""
    index_version: int = 0
    weights_version: str = ""


Judge = Callable[[Session, Partnership], Judged]


def judged(session: Session, case: Partnership) -> Judged:
    """How the two fit now; both sides must be loaded with their profiles, need and offer."""
    judge: Judge | None = session.info.get(JUDGE)
    return Judged("no_index") if judge is None else judge(session, case)


def make(session: Session, case: Partnership, moment: Moment, event: str, now: datetime) -> CaseFit:
    """How the two fit at this moment, as it would be kept.

    Args:
        event: as the audit record names what is done.
    """
    found = judged(session, case)
    return CaseFit(
        public_id=new_public_id(), partnership_id=case.id, moment=moment, event=event, computed_at=now,
        unknown=found.unknown, score=found.score, parts=dict(found.parts),
        reasons=[dict(one) for one in found.reasons], texts=dict(found.texts), model_id=found.model_id,
        index_version=found.index_version, weights_version=found.weights_version,
    )  # fmt: skip


def keep(session: Session, case: Partnership, moment: Moment, event: str, now: datetime) -> None:
    """Keep how the two fit at this moment; as ``make``."""
    session.add(make(session, case, moment, event, now))
    session.flush()


def facts(kept: CaseFit) -> dict[str, Any]:
    """What a frozen decision and a bundle of the case say of it."""
    return snapshots.facts_of(kept) | {"model_id": kept.model_id}


def of(session: Session, case: Partnership) -> Sequence[CaseFit]:
    """What was kept of a case, oldest first; nothing of a case that began before it was kept."""
    return session.scalars(
        select(CaseFit).where(CaseFit.partnership_id == case.id).order_by(CaseFit.id)
    ).all()


def begun(session: Session, case: Partnership) -> CaseFit | None:
    """How the two fitted when the case began."""
    return session.scalar(select(CaseFit).where(CaseFit.partnership_id == case.id, CaseFit.moment == "begun"))
