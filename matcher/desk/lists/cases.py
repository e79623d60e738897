"""案件の一覧: cases with both sides, need and officer: whose turn it is, until when, and what to mind."""

from datetime import datetime
from typing import Any, Final

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, aliased, joinedload

from matcher.cases import turns
from matcher.desk import watches
from matcher.desk.lists.listing import (
    AREA,
    FIELD,
    YEAR,
    Column,
    Conditions,
    DeskList,
    Filter,
    Row,
    equal,
    listed,
    numbered_in,
    ordered,
    worded,
)
from matcher.ground import lifecycle, vocabulary
from matcher.ground.permissions import Actor
from matcher.postings.wanted import holds
from matcher.records import Need, Organization, Partnership
from matcher.register import folding
from matcher.register.paging import Listing


def find(
    session: Session,
    actor: Actor,
    conditions: Conditions,
    now: datetime,
    *,
    sort: str,
    page: int | None,
) -> Listing:
    """Cases with both sides, need and officer, and their last movement. ``page=None``: all, for a sheet."""
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
            *worded(conditions, model.number, company.search_text, npo.search_text, Need.search_text),
            *equal(conditions, model, "state", "support_type"),
            *numbered_in(conditions, model.number),
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
    return listed(
        session, query, conditions, model, page,
        ordered(sort, {
            "number": model.number, "company": folding.reading(company), "npo": folding.reading(npo),
            "state": model.state,
            "support_type": model.support_type, "until": due, "age": moved,
        }, model.id),
        _row,
    )  # fmt: skip


def _row(found: Any) -> Row:
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


CASES: Final = DeskList(
    "cases",
    "案件の一覧",
    "申し出・依頼・推薦から始まったすべての案件です。案件番号から案件の画面に進みます。",
    "条件に合う案件はありません",
    find,
    (
        AREA,
        FIELD,
        Filter("state", "状態", lifecycle.STATES["partnership"]),
        Filter("support_type", "支援の種類", vocabulary.SUPPORT_LABELS),
        Filter("late", "要確認", vocabulary.CASE_WATCHES),
        Filter("mine", "担当", {"1": "自分が担当の案件"}),
        YEAR,
    ),
    (
        Column("案件番号", lambda row: row.record.number, "number", "-", link=True),
        Column("企業", lambda row: row.record.company.name, "company", width=26),
        Column("団体", lambda row: row.record.npo.name, "npo", width=26),
        Column("ニーズ", lambda row: row.record.need and row.record.need.title, width=30),
        Column("支援の内容", lambda row: row.record, "support_type", width=20, says="terms"),
        Column("状態", lambda row: row.record.state, "state", width=20, machine="partnership"),
        Column("次の番", lambda row: row.turn, width=10, says="sides"),
        Column("次の期限", lambda row: row.due, "until", kind="day", width=17),
        Column("注意点", lambda row: row.marks, width=26, codes=vocabulary.CASE_MARKS),
        Column("担当", lambda row: row.record.coordinator and row.record.coordinator.name, width=12),
        Column("動きなし", lambda row: row.moved, "age", "-", "days", 12),
    ),
    "cases.show",
    label=lambda row: str(row.record.number),
    menu="案件",
    place=4,
)
