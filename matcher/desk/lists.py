"""SELECTs of the coordinator's desk: queues with their age, the four lists, gaps, deadlines, exposure, audit.

Each list has one query that the screen (a page of it) and the sheet (all of it) share, so that what is
saved is what was shown. Conditions come as a mapping of codes; unknown names are ignored.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from statistics import median
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, and_, case, exists, func, or_, select
from sqlalchemy.orm import Session, aliased, joinedload

from matcher.cases import turns
from matcher.cases.reads import DOCUMENT_WORK
from matcher.desk import watches
from matcher.ground import calendar, permissions
from matcher.ground.permissions import Actor
from matcher.postings.reads import holds
from matcher.records import (
    AuditEvent,
    CaseFile,
    CaseStep,
    CompanyProfile,
    ImportBatch,
    IndicatorDefinition,
    Need,
    NpoProfile,
    Offer,
    Organization,
    Partnership,
    PublicComment,
    ShownList,
    ShownSuggestion,
    User,
)
from matcher.register import folding

PAGE_SIZE: Final = 50
SHEET_LIMIT: Final = 20_000  #: rows of a saved list; a sheet that a person can still use
DEADLINE_DAYS: Final = 7  #: how far "this week's deadlines" look ahead
#: Queues over cases, in the order in which they are worked through.
WATCHED: Final = (
    "to_read", "to_accept", "to_pay", "to_conclude", "overdue", "incidents", "over", "quiet",
)  # fmt: skip

Conditions = Mapping[str, str]


@dataclass(frozen=True)
class Listing:
    """One page of a list (or all of it), and how many rows there are in all."""

    rows: Sequence[Any]
    total: int
    page: int = 1
    size: int = PAGE_SIZE

    @property
    def pages(self) -> int:
        """How many pages there are, at least one."""
        return max(1, -(-self.total // self.size))

    @property
    def first(self) -> int:
        """Number of the first row shown, counted from one."""
        return (self.page - 1) * self.size + 1 if self.total else 0

    @property
    def last(self) -> int:
        """Number of the last row shown."""
        return min(self.page * self.size, self.total)


@dataclass(frozen=True)
class Row:
    """One record of a list, since when it stands as it stands, and a count where the list has one."""

    record: Any
    since: datetime
    count: int = 0
    moved: datetime | None = None
    due: date | None = None  #: of a case: the next day on which something is due
    marks: tuple[str, ...] = ()  #: of a case: overdue, risk, incidents
    turn: tuple[str, ...] = ()  #: of a case: whose turn it is


@dataclass(frozen=True)
class Queue:
    """What waits for the city: how much of it, since when, and how many are over the promised time."""

    code: str
    count: int
    oldest: datetime | None
    late: int = 0


# ── The desk ─────────────────────────────────────────────────────────────────────────────────────────


def queues(session: Session, actor: Actor, now: datetime) -> list[Queue]:
    """What waits for the city today, in the order in which it is worked through."""
    permissions.require(actor, "desk.view")
    turns.settle(session)
    limit = watches.promise_limit(now)
    result = []
    for code, kind, state, since in (
        ("organizations", Organization, "submitted", Organization.submitted_at),
        ("needs", Need, "in_review", Need.submitted_at),
        ("offers", Offer, "in_review", Offer.submitted_at),
        ("cases", Partnership, "coordinator_review", Partnership.moved_at),
        ("agreements", Partnership, "agreement_review", Partnership.moved_at),
        ("comments", PublicComment, "waiting", PublicComment.written_at),
    ):
        late = func.sum(case((since <= limit, 1), else_=0))
        query = select(func.count(), func.min(since), late).select_from(kind).where(kind.state == state)
        count, oldest, over = session.execute(query).one()
        result.append(Queue(code, count, oldest, over or 0))
    for code in WATCHED:
        condition, waits_since = watches.watch(code, now)
        watched = select(func.count(), func.min(waits_since)).select_from(Partnership).where(condition)
        count, oldest = session.execute(watched).one()
        result.append(Queue(code, count, watches.moment(oldest)))
    return result


def needs_shown_to_nobody(session: Session, actor: Actor, limit: int = 5) -> tuple[int, Sequence[Need]]:
    """Open needs that stood in nobody's suggestions: how many, and the oldest of them."""
    permissions.require(actor, "desk.view")
    query = select(Need).where(Need.state == "open", _never_shown(Need))
    total = session.scalar(query.with_only_columns(func.count())) or 0
    rows = session.scalars(
        query.options(joinedload(Need.organization)).order_by(Need.published_at, Need.id).limit(limit)
    ).all()
    return total, rows


def organizations_never_suggested(
    session: Session, actor: Actor, limit: int = 5
) -> tuple[int, Sequence[Organization]]:
    """Verified organizations that were never suggested to anybody: how many, and the longest verified."""
    permissions.require(actor, "desk.view")
    query = select(Organization).where(Organization.state == "verified", _never_suggested())
    total = session.scalar(query.with_only_columns(func.count())) or 0
    return total, session.scalars(
        query.order_by(Organization.verified_at, Organization.id).limit(limit)
    ).all()


def _never_shown(kind: type[Need] | type[Offer]) -> ColumnElement[bool]:
    column = ShownSuggestion.need_id if kind is Need else ShownSuggestion.offer_id
    return ~exists().where(column == kind.id)


def _never_suggested() -> ColumnElement[bool]:
    return ~exists().where(ShownSuggestion.candidate_id == Organization.id)


@dataclass(frozen=True)
class Deadline:
    """A date within the next days. ``kind``: need, offer or verification; of a case what ends on it: answer,
    agreement, trial, decision, outcome, silence, report, promise, measure, rating, risk, payment, start, end.
    """

    kind: str
    on: date
    title: str
    about: str
    public_id: str


#: Step → what the day by which it is to be done is called among the deadlines; others are not.
_STEP_DAYS: Final[Mapping[str, str]] = {
    **dict.fromkeys(("answer", "supplement", "decide"), "answer"),
    "confirm_agreement": "agreement",
    "write_trial_result": "trial",
    "decide_suspension": "decision",
    "write_outcome_report": "outcome",
    **dict.fromkeys(("meet", "write_plan", "write_agreement"), "silence"),
    **dict.fromkeys((f"accept_{kind}" for kind in DOCUMENT_WORK), "silence"),
    "write_report": "report",
    "finish_task": "promise",
    "measure": "measure",
    "measure_baseline": "measure",
    "rate": "rating",
    "review_risk": "risk",
    **dict.fromkeys(("calculate", "calculate_fixed", "approve_payment", "record_paid"), "payment"),
}


def deadlines(session: Session, actor: Actor, now: datetime) -> list[Deadline]:
    """What ends within the next seven days, today included, soonest first."""
    permissions.require(actor, "desk.view")
    turns.settle(session)
    today = calendar.tokyo_date(now)
    last = today + timedelta(days=DEADLINE_DAYS)
    found: list[Deadline] = []
    posted: tuple[Any, ...] = (Need, Offer)
    for kind in posted:
        query = (
            select(kind)
            .where(kind.state.in_(("open", "paused")), kind.valid_until.between(today, last))
            .options(joinedload(kind.organization))
        )
        found += [
            Deadline(kind.__tablename__, one.valid_until, one.title, one.organization.name, one.public_id)
            for one in session.scalars(query)
        ]
    ending = select(Organization).where(
        Organization.state == "verified", Organization.verification_expires_on.between(today, last)
    )
    found += [
        Deadline("verification", one.verification_expires_on or today, one.name, "", one.public_id)
        for one in session.scalars(ending)
    ]
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
            and_(Partnership.state.in_(watches.RUNNING), Partnership.ends_on.between(today, last)),
        )
    )
    for one in session.scalars(edges):
        kind, edge = ("start", one.starts_on) if one.state == "agreed" else ("end", one.ends_on)
        if edge is not None:
            yield kind, edge, one


@dataclass(frozen=True)
class Spread:
    """How evenly one kind of organization was suggested."""

    kind: str
    verified: int
    never: int
    shown: int
    middle: float
    most: int


def spread(session: Session, actor: Actor) -> list[Spread]:
    """For companies and for NPOs: how many, how many never suggested, and how the rest was suggested."""
    permissions.require(actor, "desk.view")
    shown = (
        select(ShownSuggestion.candidate_id, func.count().label("times"))
        .group_by(ShownSuggestion.candidate_id)
        .subquery()
    )
    query = (
        select(Organization.kind, func.coalesce(shown.c.times, 0))
        .outerjoin(shown, shown.c.candidate_id == Organization.id)
        .where(Organization.state == "verified")
    )
    counts: dict[str, list[int]] = {"company": [], "npo": []}
    for kind, times in session.execute(query):
        counts[kind].append(times)
    return [
        Spread(
            kind, len(times), times.count(0), sum(times), float(median(times or [0])), max(times, default=0)
        )
        for kind, times in counts.items()
    ]


# ── Lists ────────────────────────────────────────────────────────────────────────────────────────────


def organizations(
    session: Session,
    actor: Actor,
    conditions: Conditions,
    now: datetime,
    *,
    sort: str = "",
    page: int | None = 1,
) -> Listing:
    """Companies and NPOs with their profiles. ``page=None``: all, for a sheet."""
    permissions.require(actor, "desk.view")
    model = Organization
    since = func.coalesce(
        case(
            (model.state == "submitted", model.submitted_at),
            (model.state == "verified", model.verified_at),
            else_=model.updated_at,
        ),
        model.created_at,
    )
    shown = (
        select(func.count())
        .where(ShownSuggestion.candidate_id == model.id)
        .correlate(model)
        .scalar_subquery()
    )
    query = (
        select(model, since.label("since"), shown.label("count"))
        .outerjoin(CompanyProfile, CompanyProfile.organization_id == model.id)
        .outerjoin(NpoProfile, NpoProfile.organization_id == model.id)
        .where(*_words(conditions, model.search_text), *_equal(conditions, model, "state", "kind"))
        .options(joinedload(model.company), joinedload(model.npo))
    )
    if code := conditions.get("area"):
        query = query.where(
            or_(model.area == code, holds(CompanyProfile.areas, code), holds(NpoProfile.areas, code))
        )
    if code := conditions.get("field"):
        query = query.where(or_(holds(CompanyProfile.fields, code), holds(NpoProfile.fields, code)))
    if code := conditions.get("support_type"):
        query = query.where(or_(_has(Need, code), _has(Offer, code)))
    if conditions.get("late") == "over":
        query = query.where(model.state == "submitted", model.submitted_at <= watches.promise_limit(now))
    if conditions.get("late") == "never":
        query = query.where(model.state == "verified", _never_suggested())
    return _listed(
        session, query, conditions, model, page,
        _order(sort, {
            "name": folding.reading(model), "kind": model.kind, "state": model.state, "area": model.area,
            "number": model.corporate_number, "count": shown, "age": since,
        }, model.id),
    )  # fmt: skip


def _has(kind: type[Need] | type[Offer], support_type: str) -> ColumnElement[bool]:
    return exists().where(
        kind.organization_id == Organization.id, kind.support_type == support_type, kind.state == "open"
    )


def needs(
    session: Session,
    actor: Actor,
    conditions: Conditions,
    now: datetime,
    *,
    sort: str = "",
    page: int | None = 1,
) -> Listing:
    """Needs with their NPOs, and how often each was shown. ``page=None``: all, for a sheet."""
    return _postings(session, actor, Need, conditions, now, sort, page)


def offers(
    session: Session,
    actor: Actor,
    conditions: Conditions,
    now: datetime,
    *,
    sort: str = "",
    page: int | None = 1,
) -> Listing:
    """Offers with their companies, and how often each was shown. ``page=None``: all, for a sheet."""
    return _postings(session, actor, Offer, conditions, now, sort, page)


def _postings(
    session: Session,
    actor: Actor,
    model: Any,
    conditions: Conditions,
    now: datetime,
    sort: str,
    page: int | None,
) -> Listing:
    permissions.require(actor, "desk.view")
    since = func.coalesce(
        case(
            (model.state == "in_review", model.submitted_at),
            (model.state == "open", model.published_at),
            else_=model.updated_at,
        ),
        model.created_at,
    )
    column = ShownSuggestion.need_id if model is Need else ShownSuggestion.offer_id
    shown = select(func.count()).where(column == model.id).correlate(model).scalar_subquery()
    query = (
        select(model, since.label("since"), shown.label("count"))
        .join(Organization, Organization.id == model.organization_id)
        .where(
            *_words(conditions, model.search_text, Organization.search_text),
            *_equal(conditions, model, "state", "support_type"),
        )
        .options(joinedload(model.organization))
    )
    for name, codes in (("area", model.areas), ("field", model.fields)):
        if code := conditions.get(name):
            query = query.where(holds(codes, code))
    if conditions.get("late") == "over":
        query = query.where(model.state == "in_review", model.submitted_at <= watches.promise_limit(now))
    if conditions.get("late") == "never":
        query = query.where(model.state == "open", _never_shown(model))
    return _listed(
        session, query, conditions, model, page,
        _order(sort, {
            "number": model.number, "title": model.title, "state": model.state,
            "name": folding.reading(Organization),
            "support_type": model.support_type, "until": model.valid_until, "count": shown, "age": since,
        }, model.id),
    )  # fmt: skip


def cases(
    session: Session,
    actor: Actor,
    conditions: Conditions,
    now: datetime,
    *,
    sort: str = "",
    page: int | None = 1,
) -> Listing:
    """Cases with both sides, need and officer, and their last movement. ``page=None``: all, for a sheet."""
    permissions.require(actor, "desk.view")
    turns.settle(session)
    model = Partnership
    company, npo = aliased(Organization), aliased(Organization)
    moved, due = watches.last_sign(), watches.next_day(now)
    marks = [condition.label(code) for code, condition in watches.marks(now).items()]
    sides = [condition.label(side) for side, condition in watches.sides(now).items()]
    query = (
        select(model, model.moved_at.label("since"), moved.label("moved"), due.label("due"), *marks, *sides)
        .join(company, company.id == model.company_id)
        .join(npo, npo.id == model.npo_id)
        .outerjoin(Need, Need.id == model.need_id)
        .where(
            *_words(conditions, model.number, company.search_text, npo.search_text, Need.search_text),
            *_equal(conditions, model, "state", "support_type"),
        )
        .options(
            joinedload(model.company),
            joinedload(model.npo),
            joinedload(model.need),
            joinedload(model.coordinator),
        )
    )
    if code := conditions.get("area"):
        query = query.where(or_(company.area == code, npo.area == code, holds(Need.areas, code)))
    if code := conditions.get("field"):
        query = query.where(holds(Need.fields, code))
    if conditions.get("mine"):
        query = query.where(model.coordinator_id == (actor.user_id or 0))
    if (code := conditions.get("late", "")) in watches.WATCHES:
        query = query.where(watches.watch(code, now)[0])
    return _listed(
        session, query, conditions, model, page,
        _order(sort, {
            "number": model.number, "company": folding.reading(company), "npo": folding.reading(npo),
            "state": model.state,
            "support_type": model.support_type, "until": due, "age": moved,
        }, model.id),
    )  # fmt: skip


@dataclass(frozen=True)
class Exposure:
    """How often one organization was suggested, its card opened, and chosen."""

    record: Organization
    shown: int
    viewers: int
    opened: int
    chosen: int


def exposure(
    session: Session,
    actor: Actor,
    conditions: Conditions,
    _now: datetime,
    *,
    sort: str = "",
    page: int | None = 1,
) -> Listing:
    """Verified organizations by how often they were suggested, the never suggested first."""
    permissions.require(actor, "desk.view")
    cards = (
        select(
            ShownSuggestion.candidate_id.label("id"),
            func.count().label("shown"),
            func.count(func.distinct(ShownList.organization_id)).label("viewers"),
            func.sum(case((ShownSuggestion.opened_at.is_not(None), 1), else_=0)).label("opened"),
        )
        .join(ShownList, ShownList.id == ShownSuggestion.shown_list_id)
        .group_by(ShownSuggestion.candidate_id)
        .subquery("cards")
    )
    chosen = (
        select(func.count())
        .select_from(Partnership)
        .join(ShownSuggestion, ShownSuggestion.id == Partnership.shown_suggestion_id)
        .where(ShownSuggestion.candidate_id == Organization.id)
        .correlate(Organization)
        .scalar_subquery()
    )
    counts = [func.coalesce(cards.c[name], 0) for name in ("shown", "viewers", "opened")]
    query = (
        select(Organization, *counts, chosen)
        .outerjoin(cards, cards.c.id == Organization.id)
        .where(
            Organization.state == "verified",
            *_words(conditions, Organization.search_text),
            *_equal(conditions, Organization, "kind", "area"),
        )
    )
    columns = {
        "name": folding.reading(Organization), "kind": Organization.kind,
        "shown": counts[0], "viewers": counts[1], "opened": counts[2], "chosen": chosen,
        "age": Organization.verified_at,
    }  # fmt: skip
    order = _order(sort if sort.removeprefix("-") in columns else "shown", columns, Organization.id)
    total, number, rows = _page(session, query.order_by(*order), page)
    return Listing([Exposure(*row) for row in rows], total, number)


@dataclass(frozen=True)
class Entry:
    """One audit event, who did it, and what the record is called (staff only)."""

    event: AuditEvent
    user: User | None
    title: str = ""


def audit_events(
    session: Session,
    actor: Actor,
    conditions: Conditions,
    _now: datetime,
    *,
    sort: str = "",
    page: int | None = 1,
) -> Listing:
    """The record of who did what, newest first; managers and operators only.

    Conditions: ``object_type``, ``object_id`` (public id), ``action``, ``q`` (the name of a person or a
    receipt number), ``since`` and ``until`` (days).
    """
    permissions.require(actor, "audit.view")
    query = (
        select(AuditEvent, User)
        .outerjoin(User, User.public_id == AuditEvent.actor_id)
        .where(*_equal(conditions, AuditEvent, "object_type", "object_id", "action"))
    )
    since, until = _day(conditions.get("since")), _day(conditions.get("until"))
    if since is not None:
        query = query.where(AuditEvent.at >= datetime.combine(since, time(), calendar.TOKYO))
    if until is not None:
        query = query.where(AuditEvent.at <= calendar.end_of_day(until))
    if words := conditions.get("q", "").strip():
        pattern = folding.like_pattern(words)
        query = query.where(
            or_(
                User.name.like(pattern, escape="\\"),
                AuditEvent.object_id.in_(_ids_of(words)),
            )
        )
    rising = sort == "at"
    total, number, rows = _page(
        session, query.order_by(AuditEvent.id if rising else AuditEvent.id.desc()), page
    )
    titles = _titles(session, [event for event, _user in rows]) if actor.is_staff else {}
    entries = [
        Entry(event, user, titles.get((event.object_type, event.object_id), "")) for event, user in rows
    ]
    return Listing(entries, total, number)


def _ids_of(words: str) -> Select[Any]:
    """Public ids of what bears this number or name."""
    number = words.upper()
    named = folding.like_pattern(folding.terms(words)[0]) if folding.terms(words) else "%"
    found = [select(kind.public_id).where(kind.number == number) for kind in (Need, Offer, Partnership)]
    found.append(select(Organization.public_id).where(Organization.search_text.like(named, escape="\\")))
    union = found[0].union(*found[1:]).subquery()
    return select(union.c.public_id)


def _titles(session: Session, events: Sequence[AuditEvent]) -> dict[tuple[str, str], str]:
    titles: dict[tuple[str, str], str] = {}
    for object_type, kind, title in (
        ("organization", Organization, Organization.name),
        ("contact", Organization, Organization.name),
        ("need", Need, Need.title),
        ("offer", Offer, Offer.title),
        ("partnership", Partnership, Partnership.number),
        ("user", User, User.name),
        ("indicatordefinition", IndicatorDefinition, IndicatorDefinition.name),
        ("casefile", CaseFile, CaseFile.name),
        ("importbatch", ImportBatch, ImportBatch.filename),
    ):
        ids = sorted({event.object_id for event in events if event.object_type == object_type})
        for start in range(0, len(ids), 500):
            query = select(kind.public_id, title).where(kind.public_id.in_(ids[start : start + 500]))
            titles |= {(object_type, public_id): name for public_id, name in session.execute(query)}
    return titles


# ── Shared pieces ────────────────────────────────────────────────────────────────────────────────────


def _words(conditions: Conditions, *columns: Any) -> list[ColumnElement[bool]]:
    return [
        or_(*(column.ilike(folding.like_pattern(term), escape="\\") for column in columns))
        for term in folding.terms(conditions.get("q", ""))
    ]


def _equal(conditions: Conditions, model: Any, *names: str) -> list[ColumnElement[bool]]:
    return [getattr(model, name) == conditions[name] for name in names if conditions.get(name)]


def _day(text: str | None) -> date | None:
    # Forms read what people type, and no day at the ends of the calendar, where Tokyo's midnight is no moment
    # in UTC.
    return date.fromisoformat(text) if text else None


def _order(sort: str, columns: Mapping[str, Any], tie: Any) -> list[Any]:
    """ORDER BY of ``?sort=``. "age" rising means youngest first.

    A column may be several, of which the later ones count where the first ones are equal.

    Without a known ``sort``: what waits for the city, then what waits for others, then the rest, and of
    each the oldest first.
    """
    falling, key = sort.startswith("-"), sort.removeprefix("-")
    if key not in columns:
        state = columns["state"]
        rank = case(
            (state.in_(("submitted", "in_review", "coordinator_review")), 0),
            (state.in_(watches.ON_THE_WAY), 1),
            (state.in_(("verified", "open", *watches.AT_WORK)), 2),
            else_=3,
        )
        return [rank, columns["age"], tie]
    if key == "age":
        falling = not falling
    parts = columns[key] if isinstance(columns[key], tuple) else (columns[key],)
    # What is missing comes at the end, whichever way one sorts.
    return [parts[0].is_(None), *(part.desc() if falling else part.asc() for part in parts), tie]


def _page(session: Session, query: Any, page: int | None) -> tuple[int, int, Sequence[Any]]:
    counted = query.with_only_columns(func.count(), maintain_column_froms=True).order_by(None)
    total = session.scalar(counted) or 0
    if page is None:
        return total, 1, session.execute(query.limit(SHEET_LIMIT)).all()
    page = max(1, min(page, -(-total // PAGE_SIZE) or 1))
    rows = session.execute(query.offset((page - 1) * PAGE_SIZE).limit(PAGE_SIZE)).all()
    return total, page, rows


def _case_row(found: Any) -> Row:
    facts = found._mapping
    record = facts[Partnership]
    return Row(
        record,
        facts["since"],
        moved=facts["moved"],
        due=facts["due"],
        marks=tuple(code for code in watches.MARKS if facts[code]),
        turn=tuple(side for side in turns.SIDES if facts[side]),
    )


def _listed(
    session: Session,
    query: Any,
    conditions: Conditions,
    model: Any,
    page: int | None,
    order: list[Any],
) -> Listing:
    if chosen := [one for one in conditions.get("selected", "").split(",") if one]:
        query = query.where(model.public_id.in_(chosen))
    total, number, rows = _page(session, query.order_by(*order), page)
    if model is Partnership:
        found = [_case_row(row) for row in rows]
    else:
        found = [Row(record, since, count) for record, since, count in rows]
    return Listing(found, total, number)
