"""団体・企業の一覧: companies and NPOs with their profiles."""

from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, case, exists, func, or_, select
from sqlalchemy.orm import Session, joinedload

from matcher.desk import unseen, watches
from matcher.desk.lists.listing import (
    AREA,
    FIELD,
    Column,
    Conditions,
    DeskList,
    Filter,
    Row,
    equal,
    listed,
    ordered,
    worded,
)
from matcher.ground import lifecycle, vocabulary
from matcher.ground.permissions import Actor
from matcher.postings.wanted import holds
from matcher.records import CompanyProfile, Need, NpoProfile, Offer, Organization, ShownSuggestion
from matcher.register import folding
from matcher.register.paging import Listing


def find(
    session: Session,
    _actor: Actor,
    conditions: Conditions,
    now: datetime,
    *,
    sort: str,
    page: int | None,
) -> Listing:
    """Companies and NPOs with their profiles. ``page=None``: all, for a sheet."""
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
        .where(*worded(conditions, model.search_text), *equal(conditions, model, "state", "kind"))
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
        query = query.where(model.state == "verified", unseen.never_suggested())
    return listed(
        session, query, conditions, model, page,
        ordered(sort, {
            "name": folding.reading(model), "kind": model.kind, "state": model.state, "area": model.area,
            "number": model.corporate_number, "count": shown, "age": since,
        }, model.id),
    )  # fmt: skip


def _has(kind: type[Need] | type[Offer], support_type: str) -> ColumnElement[bool]:
    return exists().where(
        kind.organization_id == Organization.id, kind.support_type == support_type, kind.state == "open"
    )


def _fields(row: Row) -> Any:
    organization = row.record
    profile = organization.company if organization.kind == "company" else organization.npo
    return profile.fields if profile else ()


ORGANIZATIONS: Final = DeskList(
    "organizations",
    "団体・企業の一覧",
    "登録の状態や地区でしぼりこみ、名称から確認の画面に進みます。",
    "条件に合う団体・企業はありません",
    find,
    (
        AREA,
        FIELD,
        Filter("kind", "区分", vocabulary.ORGANIZATION_KINDS),
        Filter("state", "状態", lifecycle.STATES["organization"]),
        Filter("support_type", "公開中の支援の種類", vocabulary.SUPPORT_LABELS),
        Filter(
            "late",
            "要確認",
            {"over": "確認の目安を過ぎている", "never": "一度もおすすめに出ていない"},
        ),
    ),
    (
        Column("名称", lambda row: row.record.name, "name", width=32, link=True),
        Column("区分", lambda row: row.record.kind, "kind", width=8, codes=vocabulary.ORGANIZATION_KINDS),
        Column("状態", lambda row: row.record.state, "state", machine="organization"),
        Column("地区", lambda row: row.record.area, "area", width=12, says="area"),
        Column("分野", _fields, width=30, codes=vocabulary.FIELD_SHORT),
        Column("法人番号", lambda row: row.record.corporate_number, "number", width=16),
        Column("おすすめ回数", lambda row: row.count, "count", kind="number", width=10),
        Column("経過日数", lambda row: row.since, "age", "-", "days", 12),
    ),
    "coordinator.organization",
    label=lambda row: str(row.record.name),
    menu="団体・企業",
    place=1,
)
