"""ニーズの一覧, 提供メニューの一覧: with whose they are, how often each was shown, how much else it asks."""

from datetime import datetime
from functools import partial
from typing import Final

from sqlalchemy import case, exists, func, literal, or_, select
from sqlalchemy.orm import Session, joinedload

from matcher.desk import unseen, watches
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
from matcher.postings import joint_reads
from matcher.postings.wanted import holds
from matcher.records import JointNeed, Need, NeedPart, Offer, Organization
from matcher.register import folding
from matcher.register.paging import Listing


def _find(
    model: type[Need] | type[Offer],
    session: Session,
    _actor: Actor,
    conditions: Conditions,
    now: datetime,
    *,
    sort: str,
    page: int | None,
) -> Listing:
    """Needs or offers with whose they are, and how often each was shown. ``page=None``: all, for a sheet."""
    since = func.coalesce(
        case(
            (model.state == "in_review", model.submitted_at),
            (model.state == "open", model.published_at),
            else_=model.updated_at,
        ),
        model.created_at,
    )
    shown = select(func.count()).where(*unseen.shown_to_others(model)).correlate(model).scalar_subquery()
    parts = select(func.count()).where(NeedPart.need_id == Need.id).correlate(Need).scalar_subquery()
    further = parts if model is Need else literal(0)
    query = (
        select(model, since.label("since"), shown.label("count"), further.label("further"))
        .join(Organization, Organization.id == model.organization_id)
        .where(
            *worded(conditions, model.search_text, Organization.search_text),
            *equal(conditions, model, "state"),
            *numbered_in(conditions, model.number),
        )
        .options(joinedload(model.organization))
    )
    if kind := conditions.get("support_type"):
        of_kind = [model.support_type == kind]
        if model is Need:
            of_kind.append(exists().where(NeedPart.need_id == Need.id, NeedPart.support_type == kind))
        query = query.where(or_(*of_kind))
    for name, codes in (("area", model.areas), ("field", model.fields)):
        if code := conditions.get(name):
            query = query.where(holds(codes, code))
    if conditions.get("late") == "over":
        query = query.where(model.state == "in_review", model.submitted_at <= watches.promise_limit(now))
    if conditions.get("late") == "never":
        query = query.where(model.state == "open", unseen.never_shown(model))
    if conditions.get("late") == "at_rest" and model is Need:
        query = query.where(exists().where(JointNeed.need_id == Need.id, *joint_reads.resting()))
    return listed(
        session, query, conditions, model, page,
        ordered(sort, {
            "number": model.number, "title": model.title, "name": folding.reading(Organization),
            "state": model.state,
            "support_type": model.support_type, "until": model.valid_until, "count": shown, "age": since,
        }, model.id),
        row_of=lambda found: Row(found[0], found[1], found[2], further=found[3]),
    )  # fmt: skip


_FILTERS: Final = (
    AREA, FIELD, Filter("state", "状態", lifecycle.STATES["posting"]),
    Filter("support_type", "支援の種類", vocabulary.SUPPORT_LABELS), YEAR,
)  # fmt: skip


def _columns(owner: str) -> tuple[Column, ...]:
    return (
        Column("受付番号", lambda row: row.record.number, "number", "-"),
        Column("件名", lambda row: row.record.title, "title", width=36, says="title", link=True),
        Column(owner, lambda row: row.record.organization.name, "name", width=26),
        Column("状態", lambda row: row.record.state, "state", machine="posting"),
        Column("支援の種類", lambda row: row.record.support_type, "support_type", width=22, says="support"),
        Column("量", lambda row: row, width=17, says="quantity"),
        Column("地区", lambda row: row.record.areas, width=20, says="areas"),
        Column("公開の期限", lambda row: row.record.valid_until, "until", kind="day", width=17),
        Column("おすすめ回数", lambda row: row.count, "count", kind="number", width=10),
        Column("経過日数", lambda row: row.since, "age", "-", "days", 12),
    )


NEEDS: Final = DeskList(
    "needs",
    "ニーズの一覧",
    "団体が出したニーズです。件名から確認の画面に進みます。",
    "条件に合うニーズはありません",
    partial(_find, Need),
    (
        *_FILTERS,
        Filter(
            "late",
            "要確認",
            {
                "over": "確認の目安を過ぎている",
                "never": "だれのおすすめにも出ていない",
                "at_rest": "公開が止まり、いっしょに頼む提案が残っている",
            },
        ),
    ),
    _columns("団体"),
    "coordinator.need",
    label=lambda row: str(row.record.title),
    menu="ニーズ",
    place=2,
)
OFFERS: Final = DeskList(
    "offers",
    "提供メニューの一覧",
    "企業が出した提供メニューです。件名から確認の画面に進みます。",
    "条件に合う提供メニューはありません",
    partial(_find, Offer),
    (
        *_FILTERS,
        Filter("late", "要確認", {"over": "確認の目安を過ぎている", "never": "だれのおすすめにも出ていない"}),
    ),
    _columns("企業"),
    "coordinator.offer",
    label=lambda row: str(row.record.title),
    menu="提供メニュー",
    place=3,
)
