"""次にすること: the few things that wait for the person looking, most urgent first."""

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from sqlalchemy.orm import Session

from matcher.cases import turns
from matcher.ground.permissions import Actor
from matcher.organizations import profile as organization_profile
from matcher.postings import joint, questions
from matcher.postings import reads as posting_reads
from matcher.records import Organization, Partnership


@dataclass(frozen=True)
class Task:
    """One thing to do: its ``kind`` is worded by the page, ``about`` and ``count`` fill the words."""

    kind: str
    until: date | None = None
    about: str = ""
    public_id: str = ""
    count: int = 0
    step: turns.Step | None = None  #: of a case: what is to be done on it


#: Before the introduction a case asks one thing of a side; its answer comes before everything else.
_ASKED: Final = frozenset({"answer", "supplement"})


def _on_cases(
    actor: Actor, cases: Sequence[Partnership], steps: Mapping[int, Sequence[turns.Step]]
) -> list[Task]:
    """What the actor's side has to do on its cases, one line a case: the late, then the near first."""
    found = []
    for case in cases:
        other = case.npo if actor.organization_kind == "company" else case.company
        own = turns.own(steps[case.id], actor.organization_kind)
        if own:
            first = own[0]
            kind = first.kind if first.kind in _ASKED else "work"
            found.append(Task(kind, first.until, other.name, case.public_id, len(own) - 1, first))
    return sorted(found, key=lambda task: turns.urgency(task.step)[:2] if task.step else (True, date.max))


def next_tasks(
    session: Session,
    actor: Actor,
    organization: Organization,
    cases: Sequence[Partnership],
    steps: Mapping[int, Sequence[turns.Step]],
    limit: int = 3,
    shown_apart: Container[str] = frozenset(),
) -> list[Task]:
    """At most ``limit`` tasks of a member; the organization's profile must be loaded.

    Args:
        cases: the organization's open cases, with both sides.
        steps: what is to be done on them.
        shown_apart: kinds that the page has a place of their own for; they take none here.
    """
    found: list[Task] = []
    if organization.is_being_written:
        lacking = sum(organization_profile.completeness(organization).values())
        found.append(Task("finish_profile" if lacking else "submit_profile", count=lacking))
    on_cases = _on_cases(actor, cases, steps)
    found += [task for task in on_cases if task.kind in _ASKED]
    if organization.kind == "npo":
        waiting = questions.waiting(session, actor)
        found += [
            Task("question", questions.answer_until(one), one.need.title, one.public_id, len(waiting) - 1)
            for one in waiting[:1]  # a line for each would leave no room for what is due on cases
        ]
        proposed = joint.waiting(session, actor)
        found += [
            Task("joint", None, one.need.title, one.joint.public_id, len(proposed) - 1)
            for one in proposed[:1]
        ]
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
    found += [task for task in on_cases if task.kind not in _ASKED]
    if organization.state == "verified" and not any(posting.state == "open" for posting in postings):
        found.append(Task("write_posting"))
    return [task for task in found if task.kind not in shown_apart][:limit]
