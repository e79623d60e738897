"""From the introduction to the agreement: meetings, the trial, named contacts, promises with dates."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from types import MappingProxyType
from typing import Any, Final

from sqlalchemy import and_, func, or_, select, update
from sqlalchemy.orm import Session, joinedload

from matcher.cases import documents
from matcher.ground import calendar, lifecycle, permissions, vocabulary
from matcher.ground.errors import Invalid, Refused
from matcher.ground.permissions import SYSTEM, Actor
from matcher.records import CaseDocument, CaseTask, Lesson, MeetingNote, Organization, Partnership, User
from matcher.register import moves, wording, wording_work

TRIAL_LEAD_DAYS: Final = 31  #: a trial begins within a month of its plan
SIDES: Final = ("company", "npo", "city", "both")


# ── Meetings, promises, people ───────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Meeting:
    """面談: what the note keeps. ``next_at`` is aware; three lines of text are enough."""

    held_on: date
    people: str
    text: str
    next_step: str = ""
    next_at: datetime | None = None
    next_place: str = ""


def record_meeting(
    session: Session, actor: Actor, case: Partnership, meeting: Meeting, now: datetime
) -> MeetingNote:
    """Keep a note of a meeting; the first one of either side moves the case from introduced to talks.

    Raises:
        Invalid: ``held_on`` in the future, no people, no text.
        Refused: ``case_closed``.
    """
    permissions.require(actor, "partnership.share", case)
    _alive(case)
    wrong = {}
    if meeting.held_on > calendar.tokyo_date(now):
        wrong["held_on"] = "in_future"
    if not meeting.people.strip():
        wrong["people"] = "required"
    if not meeting.text.strip():
        wrong["text"] = "required"
    if wrong:
        raise Invalid(**wrong)
    found = MeetingNote(partnership_id=case.id, author_id=actor.user_id, written_at=now, **asdict(meeting))
    session.add(found)
    session.flush()
    documents.note(session, actor, case, "meeting", now, details={"meeting": found.public_id})
    if case.state == "introduced" and not actor.is_staff:
        enter(session, actor, case, "meet", now)
    documents.tell_others(session, actor, case, _words(actor, case, "meet"), now)
    coming = [found.next_step.strip(), _meeting_day(found.next_at)]
    if any(coming):
        text = _words(actor, case, "meet_next", what="\n".join(part for part in coming if part))
        documents.tell_city(session, actor, case, text, now)
    return found


def add_task(
    session: Session,
    actor: Actor,
    case: Partnership,
    text: str,
    side: str,
    due_on: date | None,
    now: datetime,
) -> CaseTask:
    """Promise something: who does what by when."""
    permissions.require(actor, "partnership.share", case)
    _alive(case)
    if not text.strip():
        raise Invalid(text="required")
    if side not in SIDES:
        raise Invalid(side="required")
    found = CaseTask(
        partnership_id=case.id, text=text.strip(), side=side, due_on=due_on,
        created_by_id=actor.user_id, created_at=now,
    )  # fmt: skip
    session.add(found)
    session.flush()
    documents.note(session, actor, case, "add_task", now, details={"task": found.public_id})
    words = _words(actor, case, "task", what=text.strip()[:60])
    documents.tell_others(session, actor, case, words, now)
    if side == "city":
        documents.tell_city(session, actor, case, words, now)
    return found


def finish_task(
    session: Session, actor: Actor, case: Partnership, task: CaseTask, now: datetime, *, version: int | None
) -> None:
    """Tick a promise or a milestone off."""
    permissions.require(actor, "partnership.share", case)
    _alive(case)
    if task.done_at is not None or (version is not None and version != task.version):
        raise moves.moved_on(session, case)
    task.done_at, task.done_by_id = now, actor.user_id
    session.flush()
    documents.note(session, actor, case, "finish_task", now, details={"task": task.public_id})


def name_contact(session: Session, actor: Actor, case: Partnership, person: User, now: datetime) -> None:
    """Name who speaks for one's own organization in this case (K16)."""
    permissions.require(actor, "partnership.work", case)
    _alive(case)
    if person.organization_id != actor.organization_id or person.status != "active":
        raise Invalid(person="required")
    side = documents.side_of(actor, case)
    session.execute(
        update(Partnership).where(Partnership.id == case.id).values({f"{side}_contact_id": person.id})
    )
    documents.note(session, actor, case, "name_contact", now, details={"person": person.public_id})


# ── The trial (X8) ───────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class TrialPlan:
    """お試し on one page: what for, what is done, until when, and when one stops at once."""

    goal: str
    content: str
    from_on: date
    to_on: date
    money_yen: int = 0
    stop_when: str = ""
    roles: str = ""

    def faults(self) -> dict[str, str]:
        """Field → code of what a trial may not be: at most three months and little money."""
        found = {}
        for name in ("goal", "content", "stop_when"):
            if not getattr(self, name).strip():
                found[name] = "required"
        if self.to_on < self.from_on:
            found["to_on"] = "before_start"
        elif self.to_on > calendar.last_of_months(self.from_on, lifecycle.TRIAL_MONTHS):
            found["to_on"] = "trial_too_long"
        if not 0 <= self.money_yen <= lifecycle.TRIAL_MONEY_YEN:
            found["money_yen"] = "trial_too_dear"
        return found


def draft_trial(
    session: Session, actor: Actor, case: Partnership, plan: TrialPlan, now: datetime, *, version: int | None
) -> CaseDocument:
    """Write the plan of a trial for both to accept.

    Raises:
        Invalid: longer than three months, begun too late or over already, or more money than a trial may
            move.
    """
    permissions.require(actor, "partnership.work", case)
    in_state(session, case, "negotiation")
    wrong = plan.faults()
    today = calendar.tokyo_date(now)
    # The trial begins when both have accepted, so its first day cannot lie far off, nor its last behind.
    if plan.from_on > today + timedelta(days=TRIAL_LEAD_DAYS):
        wrong.setdefault("from_on", "trial_from_far")
    if plan.to_on < today:
        wrong.setdefault("to_on", "in_past")
    if wrong:
        raise Invalid(**wrong)
    found = documents.save(session, actor, case, "trial", asdict(plan), now, version=version)
    documents.tell_others(session, actor, case, _words(actor, case, "trial_draft"), now)
    return found


def begin_trial(session: Session, case: Partnership, plan: CaseDocument, now: datetime) -> None:
    """Both have accepted: the trial runs until its last day.

    Raises:
        MovedOn: the case is no longer in talks. Refused: ``not_verified``.
    """
    in_state(session, case, "negotiation")
    require_verified(case)
    documents.put_in_force(session, case, plan, now)
    enter(session, SYSTEM, case, "begin_trial", now, details={"document": plan.public_id})
    case.deadline_at = calendar.end_of_day(date.fromisoformat(plan.content["to_on"]))
    session.flush()
    documents.tell_others(session, SYSTEM, case, wording_work.event(case, "trial_begun"), now)


def draft_trial_result(
    session: Session, actor: Actor, case: Partnership, outcome: str, learned: str, now: datetime,
    *, version: int | None,
) -> CaseDocument:  # fmt: skip
    """The joint note at the end of a trial: 続ける・変える・やめる, and what was learned.

    Raises:
        Invalid: no outcome, or nothing learned.
    """
    permissions.require(actor, "partnership.work", case)
    in_state(session, case, "trial")
    wrong = {}
    if outcome not in vocabulary.TRIAL_OUTCOMES:
        wrong["outcome"] = "required"
    if not learned.strip():
        wrong["learned"] = "required"
    if wrong:
        raise Invalid(**wrong)
    content = {"outcome": outcome, "learned": learned.strip()}
    found = documents.save(session, actor, case, "trial_result", content, now, version=version)
    documents.tell_others(session, actor, case, _words(actor, case, "trial_result_draft"), now)
    return found


_AFTER_TRIAL: Final[Mapping[str, str]] = MappingProxyType(
    {"adopt": "adopt_trial", "change": "change_trial", "stop": "stop_trial"}
)


def end_trial(session: Session, case: Partnership, result: CaseDocument, now: datetime) -> None:
    """Both have accepted the note: the case goes where it says, and what was learned is kept (E9)."""
    in_state(session, case, "trial")
    outcome = str(result.content["outcome"])
    documents.put_in_force(session, case, result, now)
    lesson = Lesson(
        partnership_id=case.id, text=str(result.content["learned"]), support_type=case.support_type,
        is_public=False, written_by_id=result.drafted_by_id, written_at=now,
    )  # fmt: skip
    session.add(lesson)
    session.flush()
    documents.note(session, SYSTEM, case, "add_lesson", now, details={"lesson": lesson.public_id})
    enter(session, SYSTEM, case, _AFTER_TRIAL[outcome], now, details={"document": result.public_id})
    documents.tell_others(session, SYSTEM, case, wording_work.event(case, f"trial_{outcome}"), now)


# ── The clock ────────────────────────────────────────────────────────────────────────────────────────


def last_sign(case: Partnership) -> datetime:
    """When anybody last did anything on the case."""
    return max(case.moved_at, case.touched_at or case.moved_at)


def end_stalled(session: Session, now: datetime, limit: int = 100) -> int:
    """Talks silent for 30 days are reminded of, and 30 days after that end kindly; returns how many."""
    silent = func.coalesce(Partnership.touched_at, Partnership.moved_at)
    query = (
        select(Partnership)
        .where(
            Partnership.state.in_(documents.STALLING),
            Partnership.moved_at <= now - timedelta(days=lifecycle.STALL_DAYS),
            silent <= now - timedelta(days=lifecycle.STALL_DAYS),
            (Partnership.reminders == 0) | (Partnership.deadline_at <= now),
        )
        .options(joinedload(Partnership.company), joinedload(Partnership.npo))
        .order_by(Partnership.id)
        .limit(limit)
    )
    done = 0
    for case in session.scalars(query):
        if case.reminders and case.deadline_at is not None and case.deadline_at <= now:
            enter(session, SYSTEM, case, "expire", now)
            documents.tell_others(session, SYSTEM, case, wording_work.event(case, "stall_ended"), now)
        elif not case.reminders:
            until = calendar.deadline(now, lifecycle.STALL_END_DAYS - lifecycle.STALL_DAYS)
            session.execute(
                update(Partnership).where(Partnership.id == case.id).values(reminders=1, deadline_at=until)
            )
            text = wording_work.event(case, "stalled", until=wording.day(until))
            documents.tell_others(session, SYSTEM, case, text, now)
        else:
            continue
        done += 1
    return done


def remind_dates(session: Session, now: datetime, limit: int = 100) -> int:
    """Before the date on which a case waits for its parties, and once it has passed, all three hear of it:
    the end of a trial, the day to decide on a pause, the outcome report, the ratings; returns how many.
    """
    today = calendar.tokyo_date(now)
    near = [
        and_(
            Partnership.state == state,
            Partnership.deadline_at <= calendar.end_of_day(today + timedelta(days=days)),
        )
        for state, days in lifecycle.REMIND_BEFORE.items()
    ]
    passed = Partnership.deadline_at < now
    # Whoever was told leaves the query: nobody is told twice, and nobody holds up the others.
    query = (
        select(Partnership)
        .where(
            Partnership.state.in_(lifecycle.REMIND_BEFORE),
            or_(
                and_(Partnership.reminders == 0, or_(*near)),
                and_(Partnership.reminders < 2, passed),
            ),
        )
        .options(joinedload(Partnership.company), joinedload(Partnership.npo))
        .order_by(Partnership.id)
        .limit(limit)
    )
    cases = session.scalars(query).all()
    for case in cases:
        assert case.deadline_at is not None
        is_past = case.deadline_at < now
        # Not through the record: a reminder must not outdate a form that somebody is filling in.
        session.execute(
            update(Partnership).where(Partnership.id == case.id).values(reminders=2 if is_past else 1)
        )
        name = f"{case.state}_{'past' if is_past else 'near'}"
        text = wording_work.event(case, name, until=wording.day(case.deadline_at))
        documents.tell_others(session, SYSTEM, case, text, now)
        documents.tell_city(session, SYSTEM, case, text, now)
    return len(cases)


# ── Shared by the services of a case ─────────────────────────────────────────────────────────────────


def enter(
    session: Session,
    actor: Actor,
    case: Partnership,
    action: str,
    now: datetime,
    *,
    version: int | None = None,
    reason_code: str | None = None,
    reason_text: str = "",
    details: dict[str, Any] | None = None,
) -> None:
    """Move the case; a new state begins without a deadline and without reminders."""
    moves.check_version(session, case, version)
    case.moved_at, case.touched_at, case.deadline_at, case.reminders = now, now, None, 0
    moves.move(
        session, actor, case, action, now,
        reason_code=reason_code, reason_text=reason_text, details=details,
    )  # fmt: skip


def in_state(session: Session, case: Partnership, *states: str) -> None:
    """Refuse what belongs to another stretch of the case's life.

    Raises:
        MovedOn: the case is in another state.
    """
    if case.state not in states:
        raise moves.moved_on(session, case)


def unverified(case: Partnership) -> list[Organization]:
    """The parties that the city has stopped or that have left: nothing begins, nothing is paid."""
    return [side for side in (case.company, case.npo) if side.state != "verified"]


def require_verified(case: Partnership) -> None:
    """Let pass where both parties are verified (both must be loaded).

    Raises:
        Refused: ``not_verified``.
    """
    if unverified(case):
        raise Refused("not_verified")


def _alive(case: Partnership) -> None:
    if case.state in lifecycle.CASE_EXITS or case.state not in lifecycle.CASE_WORK:
        raise Refused("case_closed")


def _meeting_day(moment: datetime | None) -> str:
    return f"次の面談：{wording.day(moment)}" if moment is not None else ""


def _words(actor: Actor, case: Partnership, name: str, **facts: object) -> tuple[str, str]:
    return wording_work.event(case, name, who=who(actor), **facts)


def who(actor: Actor) -> str:
    """The organization that acts, or the city, as notices name it."""
    return actor.organization_name or "市の担当"
