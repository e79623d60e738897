"""操作の記録: who did what when (managers and operators only)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any, Final

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session

from matcher.desk.lists.listing import PAGE_SIZE, Column, Conditions, DeskList, Filter, equal, page_of
from matcher.ground import calendar, vocabulary
from matcher.ground.permissions import Actor
from matcher.records import (
    AuditEvent,
    CaseFile,
    ImportBatch,
    IndicatorDefinition,
    Need,
    Offer,
    Organization,
    Partnership,
    User,
)
from matcher.register import folding
from matcher.register.paging import Listing


@dataclass(frozen=True)
class Entry:
    """One audit event, who did it, and what the record is called (staff only)."""

    event: AuditEvent
    user: User | None
    title: str = ""


def find(
    session: Session,
    actor: Actor,
    conditions: Conditions,
    _now: datetime,
    *,
    sort: str,
    page: int | None,
) -> Listing:
    """The record of who did what, newest first.

    Conditions: ``object_type``, ``object_id`` (public id), ``action``, ``q`` (the name of a person or a
    receipt number), ``since`` and ``until`` (days).
    """
    query = (
        select(AuditEvent, User)
        .outerjoin(User, User.public_id == AuditEvent.actor_id)
        .where(*equal(conditions, AuditEvent, "object_type", "object_id", "action"))
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
    total, number, rows = page_of(
        session, query.order_by(AuditEvent.id if rising else AuditEvent.id.desc()), page
    )
    titles = _titles(session, [event for event, _user in rows]) if actor.is_staff else {}
    entries = [
        Entry(event, user, titles.get((event.object_type, event.object_id), "")) for event, user in rows
    ]
    return Listing(entries, total, number, PAGE_SIZE)


def _day(text: str | None) -> date | None:
    # Forms read what people type, and no day at the ends of the calendar, where Tokyo's midnight is no moment
    # in UTC.
    return date.fromisoformat(text) if text else None


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


AUDIT: Final = DeskList(
    "audit",
    "操作の記録",
    "だれが、いつ、何をしたかの記録です。あとから書き換えることはできません。",
    "条件に合う記録はありません",
    find,
    (
        Filter("q", "人の名前、受付番号、団体・企業の名前", "text"),
        Filter("object_type", "対象", vocabulary.AUDIT_OBJECTS),
        Filter("since", "この日から", "day"),
        Filter("until", "この日まで", "day"),
        Filter("object_id", "対象の記録番号", "hidden"),
    ),
    (
        Column("日時", lambda row: row.event.at, "at", width=26),
        Column("した人", lambda row: row, width=18, says="audit_person"),
        Column("役割", lambda row: row.event, width=12, says="audit_role"),
        Column("したこと", lambda row: row.event, width=26, says="audit_action"),
        Column("対象", lambda row: row, width=36, says="audit_target", link=True),
        Column("状態の変化", lambda row: row.event, width=28, says="audit_states"),
        Column("理由", lambda row: row.event, width=30, says="audit_reason"),
    ),
    default_sort="-at",
    menu="操作の記録",
    place=6,
    seen="audit.view",
    saved="audit.view",
)
