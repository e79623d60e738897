"""おすすめに出た回数: how often each organization was suggested, read, chosen and introduced."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from matcher.cases import reads as case_reads
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
from matcher.records import Organization, Partnership, ShownList, ShownSuggestion
from matcher.register import folding
from matcher.register.paging import Listing


@dataclass(frozen=True)
class Exposure:
    """How often one organization was suggested, its card opened, and chosen."""

    record: Organization
    shown: int
    viewers: int
    opened: int
    chosen: int
    introduced: int


def find(
    session: Session,
    _actor: Actor,
    conditions: Conditions,
    _now: datetime,
    *,
    sort: str,
    page: int | None,
) -> Listing:
    """Verified organizations by how often they were suggested, the never suggested first."""
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
    of_cards = (
        select(func.count())
        .select_from(Partnership)
        .join(ShownSuggestion, ShownSuggestion.id == Partnership.shown_suggestion_id)
        .where(ShownSuggestion.candidate_id == Organization.id)
        .correlate(Organization)
    )
    chosen = of_cards.scalar_subquery()
    introduced = of_cards.where(case_reads.WAS_INTRODUCED).scalar_subquery()
    counts = [func.coalesce(cards.c[name], 0) for name in ("shown", "viewers", "opened")]
    query = (
        select(Organization, *counts, chosen, introduced)
        .outerjoin(cards, cards.c.id == Organization.id)
        .where(
            Organization.state == "verified",
            *worded(conditions, Organization.search_text),
            *equal(conditions, Organization, "kind", "area"),
        )
    )
    columns = {
        "name": folding.reading(Organization), "kind": Organization.kind,
        "shown": counts[0], "viewers": counts[1],
        "opened": counts[2], "chosen": chosen, "introduced": introduced, "age": Organization.verified_at,
    }  # fmt: skip
    order = ordered(sort if sort.removeprefix("-") in columns else "shown", columns, Organization.id)
    total, number, rows = page_of(session, query.order_by(*order), page)
    return Listing([Exposure(*row) for row in rows], total, number, PAGE_SIZE)


EXPOSURE: Final = DeskList(
    "exposure",
    "おすすめに出た回数",
    "確認済みの団体・企業が、相手のおすすめに何回出て、何回詳しく読まれ、何回声をかけられ、何件が紹介まで進んだかの一覧です。"
    "一度も出ていない団体・企業から順に並んでいます。",
    "条件に合う団体・企業はありません",
    find,
    (AREA, Filter("kind", "区分", vocabulary.ORGANIZATION_KINDS)),
    (
        Column("名称", lambda row: row.record.name, "name", width=32, link=True),
        Column("区分", lambda row: row.record.kind, "kind", width=8, codes=vocabulary.ORGANIZATION_KINDS),
        Column("地区", lambda row: row.record.area, width=12, says="area"),
        Column("出た回数", lambda row: row.shown, "shown", "-", "number", 12),
        Column("出た相手の数", lambda row: row.viewers, "viewers", "-", "number", 12),
        Column("読まれた回数", lambda row: row.opened, "opened", "-", "number", 12),
        Column("声がかかった回数", lambda row: row.chosen, "chosen", "-", "number", 12),
        Column("引き合わせまで進んだ数", lambda row: row.introduced, "introduced", "-", "number", 12),
        Column("確認からの日数", lambda row: row.record.verified_at, "age", "-", "days", 14),
    ),
    "coordinator.organization",
    default_sort="shown",
    place=5,
)
