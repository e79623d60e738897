"""招待したい団体・企業: organizations that nobody serves here yet, and what of the others they fit well."""

from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from matcher.alerts import prospects
from matcher.desk.lists.listing import (
    AREA,
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
from matcher.records import Organization, Prospect
from matcher.register import folding
from matcher.register.paging import Listing


def find(
    session: Session,
    _actor: Actor,
    conditions: Conditions,
    _now: datetime,
    *,
    sort: str,
    page: int | None,
) -> Listing:
    """Organizations without an account that fit something open, the best fit first."""
    model = Organization
    query = prospects.standing().where(
        *worded(conditions, model.search_text), *equal(conditions, model, "kind", "area")
    )
    columns = {
        "name": folding.reading(model), "kind": model.kind, "score": Prospect.score, "age": Prospect.found_at,
    }  # fmt: skip
    order = ordered(sort if sort.removeprefix("-") in columns else "-score", columns, model.id)
    total, number, rows = page_of(session, query.order_by(*order), page)
    return Listing([prospects.of_row(row) for row in rows], total, number, PAGE_SIZE)


INVITATIONS: Final = DeskList(
    "invitations",
    "招待したい団体・企業",
    "取り込んだ名簿などにあり、まだ利用者のいない団体・企業のうち、公開中のニーズや提供メニューに適合度「高」で合うものです。"
    "名称から、お送りする文書の案を開けます。この画面から自動で送られることはありません。",
    "招待したい団体・企業は、いまはありません",
    find,
    (AREA, Filter("kind", "区分", vocabulary.ORGANIZATION_KINDS)),
    (
        Column("名称", lambda row: row.record.name, "name", width=32, link=True),
        Column("区分", lambda row: row.record.kind, "kind", width=8, codes=vocabulary.ORGANIZATION_KINDS),
        Column("地区", lambda row: row.record.area, width=12, says="area"),
        Column("合うもの", lambda row: row.posting.title, width=32),
        Column("公開している団体・企業", lambda row: row.posting.organization.name, width=26),
        Column("適合度", lambda row: round(row.prospect.score, 2), "score", "-", "number", 10),
        Column("合う点", lambda row: row.prospect.why, width=36, says="reason"),
        Column("合うものの数", lambda row: row.count, kind="number", width=12),
        Column("見つかってからの日数", lambda row: row.prospect.found_at, "age", "-", "days", 16),
    ),
    "coordinator.invitation",
    default_sort="-score",
    place=7,
    fills="取り込んだ名簿に、公開中のニーズや提供メニューと合う団体・企業があると、ここに表示されます。",
)
