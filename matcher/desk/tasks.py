"""次にすること: the few things that wait for the person looking, most urgent first."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.orm import Session

from matcher.desk import steps as casework
from matcher.ground import lifecycle
from matcher.ground.permissions import Actor
from matcher.organizations import acts as organization_acts
from matcher.postings import reads as posting_reads
from matcher.records import Organization, Partnership


@dataclass(frozen=True)
class Task:
    """One thing to do: its ``kind`` is worded by the page, ``about`` and ``count`` fill the words."""

    kind: str
    until: datetime | date | None = None
    about: str = ""
    public_id: str = ""
    count: int = 0
    step: casework.Step | None = None  #: where ``kind`` is ``work``: what is to be done on the case


def waiting_cases(actor: Actor, cases: Sequence[Partnership]) -> list[Partnership]:
    """Those of the open cases in which it is the actor's turn to answer, earliest deadline first."""
    mine = [
        case
        for case in cases
        if actor.organization_kind in case.waiting_on and case.state not in lifecycle.CASE_WORK
    ]
    return sorted(mine, key=lambda case: (case.deadline_at is None, case.deadline_at))


Steps = Mapping[int, Sequence[casework.Step]]


def steps_of(session: Session, cases: Sequence[Partnership], now: datetime) -> Steps:
    """case id → everything to be done on each partnership at work, the most urgent first."""
    return {
        case.id: casework.steps(session, case, now) for case in cases if case.state in lifecycle.CASE_WORK
    }


def _work(actor: Actor, cases: Sequence[Partnership], steps: Steps) -> list[Task]:
    """What the actor's side has to do on its partnerships, one line a case: the late, then the near first."""
    found = []
    for case in cases:
        other = case.npo if actor.organization_kind == "company" else case.company
        own = casework.steps_of(steps.get(case.id, ()), actor.organization_kind)
        if own:
            first = own[0]
            found.append(Task("work", first.until, other.name, case.public_id, len(own) - 1, first))
    return sorted(found, key=_urgency)


def _urgency(task: Task) -> tuple[bool, date]:
    step = task.step
    return (step is None or not step.is_late, (step.until if step else None) or date.max)


def next_tasks(
    session: Session,
    actor: Actor,
    organization: Organization,
    cases: Sequence[Partnership],
    steps: Steps,
    limit: int = 3,
) -> list[Task]:
    """At most ``limit`` tasks of a member; the organization's profile must be loaded.

    Args:
        cases: the organization's open cases, with both sides.
        steps: what ``steps_of`` found for them.
    """
    found: list[Task] = []
    if organization.state in {"draft", "returned"}:
        lacking = sum(organization_acts.completeness(organization).values())
        found.append(Task("finish_profile" if lacking else "submit_profile", count=lacking))
    for case in waiting_cases(actor, cases):
        other = case.npo if actor.organization_kind == "company" else case.company
        kind = "supplement" if case.state == "interest_both" else "answer"
        found.append(Task(kind, case.deadline_at, other.name, case.public_id))
    postings = (
        posting_reads.own_offers(session, actor)
        if organization.kind == "company"
        else posting_reads.own_needs(session, actor)
    )
    found += [
        Task("mend_posting", about=posting.title, public_id=posting.public_id)
        for posting in postings
        if posting.state == "returned"
    ]
    found += _work(actor, cases, steps)
    if organization.state == "verified" and not any(posting.state == "open" for posting in postings):
        found.append(Task("write_posting"))
    return found[:limit]
