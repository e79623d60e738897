"""The line in which people wait for what takes long: who may stand in it, whose turn it is, who does it.

A job is one thing to make; everybody who asked for the same thing has a ticket for the same job. A lane does
one job at a time. Whoever does it holds a lease and renews it; a holder that was killed is noticed when the
lease runs out, and the job is done again, so doing one twice must do no harm; unlike the worker's pieces, a
job may therefore be held by the clock of whoever takes it. What is made is no business of this module.
"""

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session, joinedload

from matcher.ground.errors import DomainError, NotFound, NotPermitted
from matcher.ground.permissions import Actor
from matcher.jobs.leases import LEASE
from matcher.records import Job, Ticket

#: kind → lane. Papers, tables and bundles share one: together they must leave the machine to the pages.
LANES: Final[Mapping[str, str]] = {
    "paper": "press", "book": "press", "bundle": "press", "import": "import", "plan": "plan",
}  # fmt: skip
#: Of these one waits on the page of the record that is made, which says how far it is.
WAIT_AT_HOME: Final = frozenset({"import", "plan"})
MOST_WAITING: Final = 5  #: jobs of one person in one lane at a time
MOST_TRIES: Final = 3  #: a job that takes its process along this often is given up
KEEP: Final = timedelta(days=7)  #: what has ended is forgotten after this, with what was made for it
_ALIVE: Final = ("waiting", "running")


class Crowded(DomainError):
    """So much of this person's waits already that the next must wait outside: the web answers 429."""

    def __init__(self, count: int) -> None:
        super().__init__("crowded", count=count)


class Lost(Exception):
    """The lease ran out and somebody else does the job: what was done since the last renewal is void."""


# ── Asking ───────────────────────────────────────────────────────────────────────────────────────────


def check_room(session: Session, actor: Actor, lane: str) -> None:
    """Refuse before anything is prepared.

    Raises:
        Crowded: ``MOST_WAITING`` of this person's wait already.
    """
    waiting = session.scalar(
        select(func.count())
        .select_from(Ticket)
        .join(Job)
        .where(Ticket.user_id == actor.user_id, Job.lane == lane, Job.state.in_(_ALIVE))
    )
    if (waiting or 0) >= MOST_WAITING:
        raise Crowded(waiting or 0)


def ask(
    session: Session,
    actor: Actor,
    kind: str,
    key: str,
    now: datetime,
    *,
    public_id: str,
    title: str,
    address: str,
    about: tuple[str, str] = ("", ""),
    details: Mapping[str, Any] | None = None,
) -> Ticket:
    """A ticket for a job, which is made unless the same already waits or is being done.

    Args:
        key: what is the same has the same key.
        public_id: of the ticket, so that ``address`` may hold it; an own earlier ticket is returned instead.
        about: type and public id of the record that it is made from.

    Raises:
        NotPermitted: nobody is signed in.
        Crowded: ``MOST_WAITING`` of this person's wait already.
    """
    if actor.user_id is None:
        raise NotPermitted("jobs.ask")
    job = find_alive(session, kind, key)
    if job is not None:
        own = session.scalar(select(Ticket).where(Ticket.job_id == job.id, Ticket.user_id == actor.user_id))
        if own is not None:
            own.job, own.organization_id = job, actor.organization_id
            return own
    check_room(session, actor, LANES[kind])
    if job is None:
        job = Job(
            kind=kind, lane=LANES[kind], key=key, state="waiting", asked_at=now, holder="", tries=0, error="",
            details=dict(details or {}),
        )  # fmt: skip
    ticket = Ticket(
        public_id=public_id, job=job, user_id=actor.user_id, organization_id=actor.organization_id,
        asked_at=now, title=title, address=address, object_type=about[0], object_id=about[1],
    )  # fmt: skip
    session.add(ticket)
    session.flush()
    return ticket


def find_alive(session: Session, kind: str, key: str) -> Job | None:
    """The job that makes this and has not ended."""
    return session.scalar(select(Job).where(Job.kind == kind, Job.key == key, Job.state.in_(_ALIVE)))


def alive_keys(session: Session, kind: str) -> frozenset[str]:
    """Of what a job of this kind has not ended."""
    return frozenset(session.scalars(select(Job.key).where(Job.kind == kind, Job.state.in_(_ALIVE))))


def find_newest(session: Session, kind: str, key: str) -> Job | None:
    """The last job that made this or is to make it."""
    query = select(Job).where(Job.kind == kind, Job.key == key).order_by(Job.id.desc()).limit(1)
    return session.scalar(query)


def get_ticket(session: Session, actor: Actor, public_id: str) -> Ticket:
    """One's own ticket for the organization in whose name one is, with its job.

    Raises:
        NotFound: there is none, or it is somebody else's.
    """
    query = select(Ticket).where(Ticket.public_id == public_id).options(joinedload(Ticket.job))
    found = session.scalar(query)
    asker = (actor.user_id, actor.organization_id)
    if found is None or actor.user_id is None or (found.user_id, found.organization_id) != asker:
        raise NotFound("ticket")
    return found


def waiting_of(session: Session, actor: Actor) -> Sequence[Ticket]:
    """One's own tickets for the same organization whose jobs have not ended, the oldest first."""
    query = (
        select(Ticket)
        .join(Ticket.job)
        .where(
            Ticket.user_id == actor.user_id,
            Ticket.organization_id.is_not_distinct_from(actor.organization_id),
            Job.state.in_(_ALIVE),
        )
        .options(joinedload(Ticket.job))
        .order_by(Ticket.id)
    )
    return session.scalars(query).all()


def tickets_about(session: Session, kind: str, object_type: str, object_id: str) -> Sequence[Ticket]:
    """Everybody's tickets of one kind about a record, the newest first, with job and person.

    The caller has checked that the one who asks may see what was made of this record.
    """
    query = (
        select(Ticket)
        .join(Ticket.job)
        .where(Ticket.object_type == object_type, Ticket.object_id == object_id, Job.kind == kind)
        .options(joinedload(Ticket.job), joinedload(Ticket.user))
        .order_by(Ticket.id.desc())
    )
    return session.scalars(query).all()


# ── Whose turn it is ─────────────────────────────────────────────────────────────────────────────────


def in_turn(waiting: Iterable[tuple[int, int]], served: Mapping[int, int]) -> list[int]:
    """The jobs in the order in which they are done: people take turns, whoever was served longest ago first.

    Args:
        waiting: (job, person) in the order in which they asked.
        served: person → number of the turn in which something of theirs was last begun.
    """
    queues: dict[int, deque[tuple[int, int]]] = {}
    for place, (job, person) in enumerate(waiting):
        queues.setdefault(person, deque()).append((place, job))
    last = {person: served.get(person, -1) for person in queues}
    turn, order, placed = max([-1, *last.values()]), [], set()
    while queues:
        person = min(queues, key=lambda one: (last[one], queues[one][0][0]))
        _place, job = queues[person].popleft()
        if not queues[person]:
            del queues[person]
        if job in placed:  # made for somebody else's turn already: costs this person none
            continue
        turn += 1
        last[person] = turn
        placed.add(job)
        order.append(job)
    return order


def line(session: Session, lane: str, now: datetime) -> tuple[Job | None, list[Job]]:
    """The job that is being done, and those that wait in the order in which they will be."""
    alive = session.scalars(
        select(Job).where(Job.lane == lane, Job.state.in_(_ALIVE)).order_by(Job.id)
    ).all()  # fmt: skip
    running = next((job for job in alive if _is_held(job, now)), None)
    # What was broken off comes first: its people had their turn.
    again = [job for job in alive if job.state == "running" and not _is_held(job, now)]
    waiting = {job.id: job for job in alive if job.state == "waiting"}
    # Of these only: a job that is committed between the two questions is in line from the next look on.
    tickets = session.execute(
        select(Ticket.job_id, Ticket.user_id).where(Ticket.job_id.in_(waiting)).order_by(Ticket.id)
    ).all()
    served = session.execute(
        select(Ticket.user_id, func.max(Job.turn).label("turn"))
        .join(Job)
        .where(Job.lane == lane, Job.turn.is_not(None), Ticket.user_id.in_({row.user_id for row in tickets}))
        .group_by(Ticket.user_id)
    ).all()
    order = in_turn(((row.job_id, row.user_id) for row in tickets), {row.user_id: row.turn for row in served})
    return running, [*again, *(waiting[job] for job in order)]


def place(session: Session, job: Job, now: datetime) -> int:
    """How many jobs of its lane are done before it, the one being done included; 0 once it is being done."""
    running, waiting = line(session, job.lane, now)
    ahead = [] if running is None else [running.id]
    order = [*ahead, *(one.id for one in waiting)]
    return order.index(job.id) if job.id in order else 0


def _is_held(job: Job, now: datetime) -> bool:
    return job.state == "running" and job.leased_until is not None and job.leased_until > now


# ── Doing ────────────────────────────────────────────────────────────────────────────────────────────


def is_open(session: Session, lane: str, now: datetime, patience: timedelta = timedelta()) -> bool:
    """Whether ``take`` would give something that waits for longer than ``patience``; cheap to ask."""
    if _is_busy(session, lane, now):
        return False
    waited = Job.asked_at <= now - patience
    found = select(Job.id).where(Job.lane == lane, Job.state.in_(_ALIVE), waited).limit(1)
    return session.scalar(found) is not None


def take(session: Session, lane: str, holder: str, now: datetime) -> Job | None:
    """The next job of a lane, leased; ``None`` where nothing waits or another holder does one."""
    if _is_busy(session, lane, now):
        return None
    for job in line(session, lane, now)[1]:
        if job.tries >= MOST_TRIES:
            _end(job, now, "gave_up")
            continue
        job.state, job.holder, job.leased_until, job.tries = "running", holder, now + LEASE, job.tries + 1
        job.turn = (session.scalar(select(func.max(Job.turn)).where(Job.lane == lane)) or 0) + 1
        session.flush()
        return job
    session.flush()
    return None


def _is_busy(session: Session, lane: str, now: datetime) -> bool:
    held = select(Job.id).where(Job.lane == lane, Job.state == "running", Job.leased_until > now).limit(1)
    return session.scalar(held) is not None


def renew(
    session: Session, job_id: int, holder: str, now: datetime, details: Mapping[str, Any] | None = None
) -> None:
    """Go on holding a job; ``details`` are what is known of it by now.

    Raises:
        Lost: somebody else has taken it meanwhile.
    """
    job = _held_by(session, job_id, holder)
    job.leased_until = now + LEASE
    if details is not None:
        job.details = {**job.details, **details}


def finish(session: Session, job_id: int, holder: str, now: datetime, error: str = "") -> None:
    """Say that a job is done, or, with the code of an error, that it never will be.

    Raises:
        Lost: somebody else has taken it meanwhile.
    """
    _end(_held_by(session, job_id, holder), now, error)
    session.flush()


def give_back(session: Session, job_id: int, holder: str, now: datetime) -> None:
    """Let a job be tried again that broke off, at most ``MOST_TRIES`` times.

    Raises:
        Lost: somebody else has taken it meanwhile.
    """
    job = _held_by(session, job_id, holder)
    if job.tries >= MOST_TRIES:
        _end(job, now, "gave_up")
    else:
        job.state, job.holder, job.leased_until = "waiting", "", None
    session.flush()


def _held_by(session: Session, job_id: int, holder: str) -> Job:
    job = session.get(Job, job_id, populate_existing=True)
    if job is None or job.state != "running" or job.holder != holder:
        raise Lost
    return job


def _end(job: Job, now: datetime, error: str) -> None:
    job.state, job.error, job.finished_at = "failed" if error else "done", error, now
    job.holder, job.leased_until = "", None


def sweep(session: Session, now: datetime) -> int:
    """Forget what ended long ago, and what nobody did; returns how many jobs."""
    ended = Job.finished_at < now - KEEP
    undone = (Job.finished_at.is_(None)) & (Job.asked_at < now - KEEP)
    old = select(Job.id).where(ended | undone)
    session.execute(delete(Ticket).where(Ticket.job_id.in_(old)))
    return int(session.execute(delete(Job).where(ended | undone)).rowcount)  # type: ignore[attr-defined]
