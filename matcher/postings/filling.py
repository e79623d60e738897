"""A need closes by itself once every part of it is agreed upon; its owner hears of it."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from matcher.cases import reads as case_reads
from matcher.cases import stages, takes
from matcher.ground import lifecycle, parts
from matcher.ground.permissions import SYSTEM
from matcher.records import Need, Partnership
from matcher.register import findable, moves, notices, wording


def close_if_filled(session: Session, case: Partnership, now: datetime) -> bool:
    """Close the need of ``case`` where nothing of it is left to be agreed upon, in the same transaction.

    Where two others have agreed on it and wait for the city, it stays: their case would end with it.
    """
    need = session.scalar(
        select(Need).where(Need.id == (case.need_id or 0)).options(joinedload(Need.organization))
    )
    if need is None or not need.is_current or case_reads.is_agreed_upon(session, need):
        return False
    if not parts.is_filled(takes.of(session, need)):
        return False
    need.pause_cause = None
    moves.move(session, SYSTEM, need, lifecycle.FILL, now, details={"case": case.public_id})
    findable.touch(session, need)
    stages.end_about(session, SYSTEM, need, now)
    text = wording.need_filled(need)
    notices.tell_organization(session, need.organization_id, *text, now, about=("need", need.public_id))
    return True
