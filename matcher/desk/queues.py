"""What waits for the city today, with its age, and what ends within a week."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from sqlalchemy import Date, Select, and_, case, cast, func, literal, null, or_, select, union_all
from sqlalchemy.orm import Session, joinedload

from matcher.agreements import acts as agreement_acts
from matcher.cases import talks, trials, turns
from matcher.cases.reads import DOCUMENT_WORK
from matcher.desk import waiting, watches
from matcher.desk.steps import COMPLETED_BY
from matcher.desk.watches import PAYING
from matcher.ground import calendar, lifecycle, permissions
from matcher.ground.permissions import Actor
from matcher.postings import joint_reads, questions
from matcher.records import (
    CaseStep,
    JointNeed,
    Need,
    Offer,
    Organization,
    Partnership,
    Question,
)
from matcher.results import outcome_reports, ratings
from matcher.work import reports

DEADLINE_DAYS: Final = 7  #: how far "this week's deadlines" look ahead
#: Queues over cases, in the order in which they are worked through.
WATCHED: Final = (
    "to_read", "to_accept", "to_pay", "to_conclude", "overdue", "incidents", "over", "quiet",
)  # fmt: skip
#: Of which nothing is promised within working days.
UNPROMISED: Final = ("at_rest", *WATCHED)


@dataclass(frozen=True)
class Queue:
    """What waits for the city: how much of it, since when, and how many are over the promised time."""

    code: str
    count: int
    oldest: datetime | None
    late: int = 0


def queues(session: Session, actor: Actor, now: datetime) -> list[Queue]:
    """What waits for the city today, in the order in which it is worked through; one query."""
    permissions.require(actor, "desk.view")
    turns.settle(session)
    limit = watches.promise_limit(now)
    asked: list[Select[Any]] = []
    for kind in waiting.KINDS.values():
        since = kind.since
        late = func.coalesce(func.sum(case((since <= limit, 1), else_=0)), 0)
        row = _row(kind.code, func.min(since), cast(null(), Date), late, kind.record)
        asked.append(row.where(kind.record.state == kind.state))
    late_questions = _row(
        "questions", func.min(Question.asked_at), cast(null(), Date), func.count(), Question
    )
    asked.append(late_questions.where(questions.is_overdue(now)))
    at_rest = _row("at_rest", func.min(JointNeed.proposed_at), cast(null(), Date), literal(0), JointNeed)
    asked.append(at_rest.join(Need, Need.id == JointNeed.need_id).where(*joint_reads.resting()))
    no_moment = cast(null(), CaseStep.since.type)
    for code in WATCHED:
        condition, waits_since = watches.watch(code, now)
        is_day = isinstance(waits_since.type, Date)
        moment, day = (
            (no_moment, func.min(waits_since)) if is_day else (func.min(waits_since), cast(null(), Date))
        )
        asked.append(_row(code, moment, day, literal(0), Partnership).where(condition))
    found = {code: row for code, *row in session.execute(union_all(*asked))}
    return [
        Queue(code, count, watches.moment(day or oldest), late)
        for code, (count, oldest, day, late) in found.items()
    ]


def _row(code: str, moment: Any, day: Any, late: Any, kind: Any) -> Select[Any]:
    return select(
        literal(code).label("code"), func.count().label("count"), moment.label("moment"), day.label("day"),
        late.label("late"),
    ).select_from(kind)  # fmt: skip


@dataclass(frozen=True)
class Deadline:
    """A date within the next days. ``kind``: need, offer or verification; of a case what ends on it: answer,
    approval, agreement, trial, decision, outcome, silence, report, promise, measure, rating, risk, payment,
    start, end.
    """

    kind: str
    on: date
    title: str
    about: str
    public_id: str


#: Step → what the day by which it is to be done is called among the deadlines; others are not.
_STEP_DAYS: Final[Mapping[str, str]] = {
    **dict.fromkeys(("answer", "supplement"), "answer"),
    "decide": "approval",
    agreement_acts.confirm.name: "agreement",
    trials.draft_trial_result.name: "trial",
    "decide_suspension": "decision",
    **dict.fromkeys((outcome_reports.draft_report.name, "measurements_open"), "outcome"),
    **dict.fromkeys(("meet", "write_plan", agreement_acts.draft.name), "silence"),
    **dict.fromkeys((f"accept_{kind}" for kind in DOCUMENT_WORK), "silence"),
    **dict.fromkeys(COMPLETED_BY, "silence"),
    reports.write_report.name: "report",
    talks.finish_task.name: "promise",
    "measure": "measure",
    "measure_baseline": "measure",
    ratings.rate.name: "rating",
    "review_risk": "risk",
    **dict.fromkeys((one.name for one in PAYING), "payment"),
}


def deadlines(session: Session, actor: Actor, now: datetime) -> list[Deadline]:
    """What ends within the next seven days, today included, soonest first."""
    permissions.require(actor, "desk.view")
    turns.settle(session)
    today = calendar.tokyo_date(now)
    last = today + timedelta(days=DEADLINE_DAYS)
    posted: tuple[Any, ...] = (Need, Offer)
    ending = [
        select(
            literal(kind.__tablename__), kind.valid_until, kind.title, Organization.name, kind.public_id
        )
        .join(Organization, Organization.id == kind.organization_id)
        .where(kind.state.in_(lifecycle.POSTING_CURRENT), kind.valid_until.between(today, last))
        for kind in posted
    ]  # fmt: skip
    ending.append(
        select(
            literal("verification"), Organization.verification_expires_on, Organization.name, literal(""),
            Organization.public_id,
        ).where(
            Organization.state == "verified", Organization.verification_expires_on.between(today, last)
        )
    )  # fmt: skip
    found = [Deadline(*row) for row in session.execute(union_all(*ending))]
    found += [
        Deadline(kind, on, one.number, f"{one.company.name} × {one.npo.name}", one.public_id)
        for kind, on, one in _case_days(session, now, last)
    ]
    return sorted(found, key=lambda one: (one.on, one.kind, one.title))


def _case_days(session: Session, now: datetime, last: date) -> Iterator[tuple[str, date, Partnership]]:
    """(kind, day, case) of what is due on the cases from today to ``last``: steps, first and last days."""
    today = calendar.tokyo_date(now)
    cases = select(Partnership).options(joinedload(Partnership.company), joinedload(Partnership.npo))
    steps = cases.join(CaseStep, CaseStep.partnership_id == Partnership.id).where(
        CaseStep.kind.in_(_STEP_DAYS), CaseStep.until.between(today, last)
    )
    found = session.execute(steps.add_columns(CaseStep.kind, CaseStep.until)).all()
    yield from {(_STEP_DAYS[kind], day, one) for one, kind, day in found}
    edges = cases.where(
        or_(
            and_(Partnership.state == "agreed", Partnership.starts_on.between(today, last)),
            and_(Partnership.state.in_(lifecycle.CASE_RUNNING), Partnership.ends_on.between(today, last)),
        )
    )
    for one in session.scalars(edges):
        kind, edge = ("start", one.starts_on) if one.state == "agreed" else ("end", one.ends_on)
        if edge is not None:
            yield kind, edge, one
