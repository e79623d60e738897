"""次にすること: the few things that wait for the person looking, most urgent first."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.orm import Session

from matcher import lifecycle, queries, queries_postings
from matcher.models import Organization, Partnership
from matcher.permissions import Actor
from matcher.services import casework, organizations


@dataclass(frozen=True)
class Task:
    """One thing to do: its ``kind`` is worded by the page, ``about`` and ``count`` fill the words."""

    kind: str
    until: datetime | date | None = None
    about: str = ""
    public_id: str = ""
    count: int = 0
    step: casework.Step | None = None  #: where ``kind`` is ``work``: what is to be done on the case


def waiting_cases(session: Session, actor: Actor) -> Sequence[Partnership]:
    """The open cases in which it is the actor's turn to answer, earliest deadline first."""
    side = actor.organization_kind
    mine = [
        case
        for case in queries.own_cases(session, actor, open_only=True)
        if side in case.waiting_on and case.state not in lifecycle.CASE_WORK
    ]
    return sorted(mine, key=lambda case: (case.deadline_at is None, case.deadline_at))


def _work(session: Session, actor: Actor, now: datetime) -> list[Task]:
    """What the actor's side has to do on its partnerships, one line a case: the late, then the near first."""
    found = []
    for case in queries.own_cases(session, actor, open_only=True):
        if case.state not in lifecycle.CASE_WORK:
            continue
        other = case.npo if actor.organization_kind == "company" else case.company
        steps = casework.steps_of(casework.steps(session, case, now), actor.organization_kind)
        if steps:
            first = steps[0]
            found.append(Task("work", first.until, other.name, case.public_id, len(steps) - 1, first))
    return sorted(found, key=_urgency)


def _urgency(task: Task) -> tuple[bool, date]:
    step = task.step
    return (step is None or not step.is_late, (step.until if step else None) or date.max)


def next_tasks(
    session: Session, actor: Actor, organization: Organization, now: datetime, limit: int = 3
) -> list[Task]:
    """At most ``limit`` tasks of a member; the organization's profile must be loaded."""
    found: list[Task] = []
    if organization.state in {"draft", "returned"}:
        lacking = sum(organizations.completeness(organization).values())
        found.append(Task("finish_profile" if lacking else "submit_profile", count=lacking))
    for case in waiting_cases(session, actor):
        other = case.npo if actor.organization_kind == "company" else case.company
        kind = "supplement" if case.state == "interest_both" else "answer"
        found.append(Task(kind, case.deadline_at, other.name, case.public_id))
    postings = (
        queries_postings.own_offers(session, actor)
        if organization.kind == "company"
        else queries_postings.own_needs(session, actor)
    )
    found += [
        Task("mend_posting", about=posting.title, public_id=posting.public_id)
        for posting in postings
        if posting.state == "returned"
    ]
    found += _work(session, actor, now)
    if organization.state == "verified" and not any(posting.state == "open" for posting in postings):
        found.append(Task("write_posting"))
    return found[:limit]
