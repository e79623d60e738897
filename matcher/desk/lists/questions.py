"""回答のない質問: what companies asked about needs, with who asked, the longest waiting first."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from matcher.desk.lists.listing import (
    PAGE_SIZE,
    Column,
    Conditions,
    DeskList,
    Filter,
    equal,
    ordered,
    page_of,
    worded,
)
from matcher.ground import vocabulary
from matcher.ground.permissions import Actor
from matcher.postings import questions
from matcher.records import Need, Organization, Question
from matcher.register.paging import Listing


@dataclass(frozen=True)
class Asked:
    """One question; ``record`` is the need that its row leads to."""

    record: Need
    question: Question
    asker: Organization


def find(
    session: Session,
    _actor: Actor,
    conditions: Conditions,
    now: datetime,
    *,
    sort: str,
    page: int | None,
) -> Listing:
    """Questions, also what became of them."""
    query = (
        select(Need, Question, Organization)
        .join(Question, Question.need_id == Need.id)
        .join(Organization, Organization.id == Question.asker_id)
        .options(joinedload(Need.organization))
        .where(
            *worded(conditions, Need.search_text, Organization.search_text),
            *equal(conditions, Question, "state"),
        )
    )
    if conditions.get("late"):
        query = query.where(questions.is_overdue(now))
    columns = {
        "state": Question.state,
        "age": Question.asked_at,
        "need": Need.title,
        "asker": Organization.name,
    }
    known = sort if sort.removeprefix("-") in columns else "-age"
    total, number, rows = page_of(session, query.order_by(*ordered(known, columns, Question.id)), page)
    return Listing([Asked(*row) for row in rows], total, number, PAGE_SIZE)


QUESTIONS: Final = DeskList(
    "questions",
    "ニーズへの質問",
    "企業がニーズについて団体にした質問です。質問した企業の名前は、市だけが見られます。",
    "条件に合う質問はありません",
    find,
    (Filter("state", "状態", vocabulary.QUESTION_STATES), Filter("late", "遅れ", "hidden")),
    (
        Column("ニーズ", lambda row: row.record.title, "need", width=30, link=True),
        Column("団体", lambda row: row.record.organization.name, width=22),
        Column("質問", lambda row: row.question.text, width=40),
        Column("質問した企業", lambda row: row.asker.name, "asker", width=22),
        Column("状態", lambda row: row.question.state, "state", width=12, codes=vocabulary.QUESTION_STATES),
        Column("質問からの日数", lambda row: row.question.asked_at, "age", "-", "days", 12),
    ),
    "coordinator.need",
    default_sort="-age",
    menu="質問",
    place=5,
    fills="企業がニーズについて質問すると、ここに表示されます。",
)
