"""What happened in a case, for its pages."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from matcher.cases.reads import meetings, tasks
from matcher.records import CaseFile, Contribution, Incident, Partnership, PeriodReport, Risk


def reports(session: Session, case: Partnership) -> Sequence[PeriodReport]:
    """The periodic reports of a case by their date."""
    return session.scalars(
        select(PeriodReport).where(PeriodReport.partnership_id == case.id).order_by(PeriodReport.due_on)
    ).all()


def contributions(session: Session, case: Partnership) -> Sequence[Contribution]:
    """The ledger of a case, newest first."""
    return session.scalars(
        select(Contribution)
        .where(Contribution.partnership_id == case.id)
        .options(joinedload(Contribution.evidence))
        .order_by(Contribution.given_on.desc(), Contribution.id.desc())
    ).all()


def given(session: Session, case: Partnership, giver: str) -> Sequence[Contribution]:
    """What one party gave, without what was cancelled, newest first."""
    rows = contributions(session, case)
    return [row for row in rows if row.giver == giver and row.state != "cancelled"]


def risks(session: Session, case: Partnership) -> Sequence[Risk]:
    """The risks of a case: open and grave ones first."""
    rows = session.scalars(select(Risk).where(Risk.partnership_id == case.id)).all()
    return sorted(rows, key=lambda row: (row.closed_at is not None, -row.likelihood * row.impact, row.id))


def incidents(session: Session, case: Partnership) -> Sequence[Incident]:
    """What went wrong in a case, newest first."""
    return session.scalars(
        select(Incident)
        .where(Incident.partnership_id == case.id)
        .order_by(Incident.happened_on.desc(), Incident.id.desc())
    ).all()


def texts(session: Session, case: Partnership) -> dict[str, str]:
    """public id → text of what the events of a case name: notes, promises, files, risks."""
    found = {note.public_id: note.text for note in meetings(session, case)}
    found |= {task.public_id: task.text for task in tasks(session, case)}
    found |= {risk.public_id: risk.text for risk in risks(session, case)}
    rows = session.execute(
        select(CaseFile.public_id, CaseFile.name).where(CaseFile.partnership_id == case.id)
    )
    return found | {row.public_id: row.name for row in rows}
