"""From the introduction on: meetings, named contacts, promises with dates; silence and its end."""

from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from sqlalchemy import and_, exists, func, or_, select, update
from sqlalchemy.orm import Session, joinedload

from matcher.cases import documents, span, telling, turns
from matcher.cases.act import ALIVE, SHARE, WORK, case_act
from matcher.ground import calendar, lifecycle
from matcher.ground.errors import Invalid, Refused
from matcher.ground.permissions import SYSTEM, Actor
from matcher.records import CaseTask, MeetingNote, Membership, Organization, Partnership, User
from matcher.register import moves, notices, wording, wording_work
from matcher.register.act import MOVED_ON, Done, Look, Told, Words

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


@case_act(
    "record_meeting", event="meeting", by=SHARE, open_in=ALIVE,
    words=Words(
        "面談の記録を書く", "面談の記録を残しました。", "面談を記録しました",
        explain="企業・団体・市の三者が読みます。承認のあと、企業または団体が最初の記録を書くと、案件は「相談中」になります。",
    ),
)  # fmt: skip
def record_meeting(look: Look, meeting: Meeting) -> Done:
    """Keep a note of a meeting; the first one of either side moves the case from introduced to talks.

    Raises:
        Invalid: ``held_on`` in the future or before the case began, a next meeting before this one, no
            people, no text.
    """
    session, actor, case, now = look.session, look.actor, look.record, look.now
    wrong = {name: "required" for name in ("people", "text") if not getattr(meeting, name).strip()}
    today, next_on = calendar.tokyo_date(now), meeting.next_at and calendar.tokyo_date(meeting.next_at)
    if meeting.held_on > today:
        wrong["held_on"] = "in_future"
    elif meeting.held_on < calendar.tokyo_date(case.created_at):  # they may have met before the city knew
        wrong["held_on"] = "before_case"
    if next_on is not None and next_on < meeting.held_on:
        wrong["next_on"] = "next_before"
    elif next_on is not None and next_on > span.last_day(case, today):
        wrong["next_on"] = "beyond_case"
    if wrong:
        raise Invalid(**wrong)
    found = MeetingNote(partnership_id=case.id, author_id=actor.user_id, written_at=now, **asdict(meeting))
    session.add(found)
    session.flush()
    documents.note(session, actor, case, "meeting", now, details={"meeting": found.public_id})
    if case.state == "introduced" and not actor.is_staff:
        enter(session, actor, case, lifecycle.MEET, now)
    facts, step, on = {"who": who(actor)}, found.next_step.strip(), wording.day(found.next_at)
    tells: tuple[Told, ...] = (Told("others", "meet", facts),)
    if step or on:
        told = Told("city", "meet_next", {**facts, "what": step, "meeting_on": on})
        tells = (Told(("company", "npo"), "meet", facts), told)
    return Done(found, is_kept=True, tells=tells)


@case_act(
    "add_task", by=SHARE, open_in=ALIVE,
    words=Words(
        "約束を加える", "約束を加えました。", "約束を追加しました",
        explain="口約束を残しておくための欄です。期限が近づくと「次にすること」に出ます。",
    ),
)  # fmt: skip
def add_task(look: Look, text: str, side: str, due_on: date | None) -> Done:
    """Promise something: who does what by when.

    Raises:
        Invalid: no text, no side, a day that has passed or lies beyond the case.
    """
    if not text.strip():
        raise Invalid(text="required")
    if side not in SIDES:
        raise Invalid(side="required")
    if due_on is not None and (fault := span.fault_of_plan(look, due_on)):
        raise Invalid(due_on=fault)
    found = CaseTask(
        partnership_id=look.record.id, text=text.strip(), side=side, due_on=due_on,
        created_by_id=look.actor.user_id, created_at=look.now,
    )  # fmt: skip
    look.session.add(found)
    look.session.flush()
    told = Told(telling.with_side(side), "task", {"who": who(look.actor), "what": found.text[:60]})
    return Done(found, {"task": found.public_id}, tells=(told,))


@case_act(
    "finish_task", by=SHARE, open_in=ALIVE, item=CaseTask,
    guard=lambda look: None if look.item.is_open else MOVED_ON,
    words=Words(
        "済みにする", "済みにしました。", "約束を済みにしました", explain="下の約束を済みにします。",
        submit="済みにする",
        step="%(about)s",
    ),
)  # fmt: skip
def finish_task(look: Look) -> Done:
    """Tick a promise or a milestone off."""
    look.item.done_at, look.item.done_by_id = look.now, look.actor.user_id
    told = Told(
        telling.with_side(look.item.side), "task_done", {"who": who(look.actor), "what": look.item.text[:60]}
    )
    return Done(details={"task": look.item.public_id}, tells=(told,))


@case_act(
    "name_contact", by=WORK, open_in=ALIVE,
    words=Words(
        "自社・自団体の担当者を決める", "この案件の担当者を決めました。", "案件の担当者を指定しました",
        explain="相手と市の画面に、この案件の窓口として名前とメールアドレスを表示します。",
    ),
)  # fmt: skip
def name_contact(look: Look, person: User) -> Done:
    """Name who speaks for one's own organization in this case (K16).

    Raises:
        Invalid: somebody else's colleague, or one who may not sign in.
    """
    serves = exists().where(
        Membership.user_id == person.id,
        Membership.organization_id == look.actor.organization_id,
        Membership.began_at.is_not(None),
        Membership.ended_at.is_(None),
    )
    if person.status != "active" or not look.session.scalar(select(serves)):
        raise Invalid(person="required")
    side = documents.side_of(look.actor, look.record)
    look.session.execute(
        update(Partnership).where(Partnership.id == look.record.id).values({f"{side}_contact_id": person.id})
    )
    facts = {"who": who(look.actor)}
    if person.id != look.actor.user_id:
        said, about = wording_work.event(look.record, "contact", **facts), telling.about(look.record)
        own = look.actor.organization_id
        notices.tell_users(look.session, [person], *said, look.now, about=about, organization_id=own)
    return Done(details={"person": person.public_id}, tells=(Told("others", "contact", facts),))


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
            enter(session, SYSTEM, case, lifecycle.EXPIRE, now, reason_code="silent")
            documents.drop_open(session, SYSTEM, case, now)
            telling.tell(
                session, SYSTEM, case, wording_work.event(case, "stall_ended"), now, "others", "city"
            )
        elif not case.reminders:
            until = calendar.deadline(now, lifecycle.STALL_END_DAYS - lifecycle.STALL_DAYS)
            session.execute(
                update(Partnership).where(Partnership.id == case.id).values(reminders=1, deadline_at=until)
            )
            turns.mark(session, case.id)
            text = wording_work.event(case, "stalled", until=wording.day(until))
            telling.tell(session, SYSTEM, case, text, now, "others", "city")
        else:
            continue
        done += 1
    return done


def remind_dates(session: Session, now: datetime, limit: int = 100) -> int:
    """Before the date on which a case waits for its parties, and once it has passed, those whose turn it is
    hear of it, and the city: the end of a trial, the day to decide on a pause, the outcome report, the
    ratings; returns how many.
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
        whose = turns.whose(turns.steps(session, case, now))
        telling.tell(session, SYSTEM, case, text, now, *dict.fromkeys((*whose, "city")))
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


def who(actor: Actor) -> str:
    """The organization that acts, or the city, as notices name it."""
    return actor.organization_name or wording.CITY
