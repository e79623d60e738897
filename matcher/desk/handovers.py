"""引き継ぎ: who takes over which cases on which day, who stands in, what the successor must know (X16)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from sqlalchemy import ColumnElement, Select, exists, select, update
from sqlalchemy.orm import Session, joinedload

from matcher.cases import reads as case_reads
from matcher.cases import telling, turns
from matcher.ground import calendar, lifecycle, permissions
from matcher.ground.errors import Invalid
from matcher.ground.permissions import SYSTEM, Actor
from matcher.records import AuditEvent, CaseTask, Handover, Organization, Partnership, Risk, User
from matcher.register import act, audit, notices, officials, wording_work
from matcher.register.act import Done, Look, Words
from matcher.register.untold import UNTOLD
from matcher.work import reads as work_reads

MOST_DAYS: Final = 366 * 2  #: for which a handover can be planned ahead


def open_cases(session: Session, person: User | None = None) -> Sequence[Partnership]:
    """The cases that are not over – of one official, or of all – with both sides, by number."""
    query = select(Partnership).where(Partnership.state.in_(lifecycle.CASE_OPEN))
    if person is not None:
        query = query.where(Partnership.coordinator_id == person.id)
    return session.scalars(
        query.options(
            joinedload(Partnership.company).joinedload(Organization.company),
            joinedload(Partnership.npo).joinedload(Organization.npo),
            joinedload(Partnership.need),
            joinedload(Partnership.coordinator),
            joinedload(Partnership.deputy),
        ).order_by(Partnership.number)
    ).all()


@dataclass(frozen=True)
class Sheet:
    """One case on the handover page: where it stands, what is open, what happened last, what may go wrong."""

    case: Partnership
    steps: Sequence[turns.Step]
    promises: Sequence[CaseTask]
    risks: Sequence[Risk]
    last: Sequence[AuditEvent]


def sheets(session: Session, actor: Actor, person: User | None, now: datetime) -> list[Sheet]:
    """What a successor reads in five minutes, one entry a case.

    Raises:
        NotPermitted
    """
    permissions.require(actor, "desk.handover")
    found = []
    cases = open_cases(session, person)
    steps = turns.of(session, cases, now)
    for case in cases:
        last = session.scalars(
            select(AuditEvent)
            .where(AuditEvent.object_type == "partnership", AuditEvent.object_id == case.public_id)
            .order_by(AuditEvent.id.desc())
            .limit(3)
        ).all()
        found.append(
            Sheet(
                case,
                steps[case.id],
                [task for task in case_reads.tasks(session, case) if task.is_open],
                [risk for risk in work_reads.risks(session, case) if risk.is_open],
                last,
            )
        )
    return found


def plan(
    session: Session,
    actor: Actor,
    from_user: User,
    to_user: User,
    cases: Sequence[Partnership],
    effective_on: date,
    now: datetime,
    *,
    deputy: User | None = None,
    note: str = "",
) -> Handover:
    """Hand cases over on a day; today's take effect at once, later ones by the clock.

    Raises:
        Invalid: no case, somebody else's case, one that is handed over on that day already, the same person
            (unless another stands in from then on), somebody who does not serve, a day in the past or
            more than two years ahead.
    """
    permissions.require(actor, "desk.handover")
    wrong = {}
    if not cases:
        wrong["cases"] = "required"
    elif any(case.coordinator_id not in {from_user.id, None} for case in cases):
        wrong["cases"] = "not_theirs"
    elif _planned_on(session, effective_on) & {case.public_id for case in cases}:
        wrong["cases"] = "handed_over_already"
    stands_in = deputy.id if deputy else None
    replaces_deputy = any(case.deputy_id not in {None, stands_in} for case in cases)
    if to_user.id == from_user.id and not replaces_deputy:
        wrong["to_user"] = "same_person"
    elif not officials.serves(to_user):
        wrong["to_user"] = "required"
    if deputy is not None and deputy.id == to_user.id:
        wrong["deputy"] = "same_person"
    elif deputy is not None and not officials.serves(deputy):
        wrong["deputy"] = "required"
    if effective_on < calendar.tokyo_date(now):
        wrong["effective_on"] = "over_already"
    elif effective_on > calendar.tokyo_date(now) + timedelta(days=MOST_DAYS):
        wrong["effective_on"] = "handover_far"
    if wrong:
        raise Invalid(**wrong)
    found = Handover(
        from_user_id=from_user.id, to_user_id=to_user.id, deputy_id=deputy.id if deputy else None,
        effective_on=effective_on, cases=[case.public_id for case in cases], note=note.strip(),
        planned_by_id=actor.user_id or 0, planned_at=now,
    )  # fmt: skip
    session.add(found)
    session.flush()
    audit.record(
        session, actor, "plan_handover", "handover", found.public_id, now,
        details={"from": from_user.public_id, "to": to_user.public_id, "cases": len(cases)},
    )  # fmt: skip
    run_due(session, now)
    return found


def _planned_on(session: Session, day: date) -> set[str]:
    """The public ids of the cases that are to be handed over on a day."""
    planned = session.scalars(
        select(Handover.cases).where(
            Handover.effective_on == day, Handover.done_at.is_(None), Handover.cancelled_at.is_(None)
        )
    )
    return {public_id for cases in planned for public_id in cases}


@act.act(
    "cancel_handover", record=Handover, way=UNTOLD, by="desk.handover", whose=lambda look: None,
    open_in=frozenset({"planned"}),
    words=Words("取り消す", "引き継ぎの予定を取り消しました。", "引き継ぎの予定を取り消しました"),
)  # fmt: skip
def cancel(look: Look) -> Done:
    """Take a planned handover back; one that took effect stays."""
    look.record.cancelled_at = look.now
    return Done()


def planned(session: Session) -> Sequence[Handover]:
    """The handovers, newest first."""
    return session.scalars(
        select(Handover)
        .options(joinedload(Handover.from_user), joinedload(Handover.to_user), joinedload(Handover.deputy))
        .order_by(Handover.id.desc())
        .limit(20)
    ).all()


def get(session: Session, public_id: str) -> Handover | None:
    """One handover."""
    return session.scalar(select(Handover).where(Handover.public_id == public_id))


def is_blocked(found: Handover, now: datetime) -> bool:
    """Whether its day has come and the successor does not serve (any more); ``to_user`` must be loaded."""
    is_due = found.state == "planned" and found.effective_on <= calendar.tokyo_date(now)
    return is_due and not officials.serves(found.to_user)


def notes_on(session: Session, cases: Sequence[Partnership]) -> list[Handover]:
    """What was written to successors on any of these cases, newest first; nothing that was cancelled."""
    named = {case.public_id for case in cases}
    rows = session.scalars(
        select(Handover)
        .where(Handover.cancelled_at.is_(None), Handover.note != "")
        .options(joinedload(Handover.from_user), joinedload(Handover.to_user), joinedload(Handover.deputy))
        .order_by(Handover.id.desc())
    )
    return [found for found in rows if named & set(found.cases)]


def _due(now: datetime) -> Select[Handover]:
    people = (Handover.from_user, Handover.to_user, Handover.deputy)
    return (
        select(Handover)
        .where(
            Handover.done_at.is_(None),
            Handover.cancelled_at.is_(None),
            Handover.effective_on <= calendar.tokyo_date(now),
        )
        .options(*(joinedload(person) for person in people))
        .order_by(Handover.id)
    )


def _successor_serves() -> ColumnElement[bool]:
    return Handover.to_user.has(officials.serve())


def _tell_blocked(session: Session, now: datetime, limit: int) -> int:
    """The desk hears once of a handover whose successor does not serve; it stays open."""
    known = exists().where(
        AuditEvent.object_type == "handover",
        AuditEvent.object_id == Handover.public_id,
        AuditEvent.action == "block_handover",
    )
    rows = session.scalars(_due(now).where(~_successor_serves(), ~known).limit(limit)).all()
    for found in rows:
        audit.record(session, SYSTEM, "block_handover", "handover", found.public_id, now)
        text = wording_work.handover_blocked(found)
        notices.tell_staff(session, *text, now, about=("handover", found.public_id))
    return len(rows)


def run_due(session: Session, now: datetime, limit: int = 20) -> int:
    """Give the cases over whose day has come; returns how many handovers.

    The successor and who stands in hear of it with the note. Where the successor does not serve any more,
    nothing changes hands; a stand-in who has left is dropped.
    """
    told = _tell_blocked(session, now, limit)
    rows = session.scalars(_due(now).where(_successor_serves()).limit(limit)).all()
    for found in rows:
        deputy = found.deputy if found.deputy is not None and officials.serves(found.deputy) else None
        cases = session.scalars(
            select(Partnership)
            .where(Partnership.public_id.in_(found.cases))
            .options(joinedload(Partnership.company), joinedload(Partnership.npo))
            .order_by(Partnership.number)
        ).all()
        # Whose case has gone to somebody else meanwhile keeps them.
        cases = [case for case in cases if case.coordinator_id in {found.from_user_id, None}]
        for case in cases:
            session.execute(
                update(Partnership)
                .where(Partnership.id == case.id)
                .values(coordinator_id=found.to_user_id, deputy_id=deputy.id if deputy else None)
            )
            audit.record(
                session, SYSTEM, "hand_over", "partnership", case.public_id, now,
                object_version=case.version,
                details={"handover": found.public_id, "coordinator": found.to_user.public_id},
            )  # fmt: skip
            if case.state in lifecycle.CASE_OPEN and found.to_user_id != found.from_user_id:
                text = wording_work.event(case, "handover", what=found.to_user.name)
                telling.tell(session, SYSTEM, case, text, now, "others")
        found.done_at = now
        for person, text in (
            (found.to_user, wording_work.handover_received(found, cases, deputy)),
            (deputy, wording_work.handover_deputy(found, cases)),
        ):
            if person is not None:
                notices.tell_users(session, [person], *text, now, about=("handover", found.public_id))
    session.flush()
    return len(rows) + told
