"""A plan of the year as a workbook: its rows, and what it leaves out with why."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from matcher.city.cities import City
from matcher.planning.task import Plan
from matcher.records import Need, Offer, YearPlan
from webapp import plan_text
from webapp.labels import gettext as _
from webapp.sheets import Cell, Heading, Sheet


def plan_sheets(
    plan: YearPlan, needs: Mapping[str, Need], offers: Mapping[str, Offer], city: City, now: datetime
) -> list[Sheet]:
    """Two sheets, as on the page."""
    rows: list[Sequence[Cell]] = [
        (
            row.need.number, row.need.title, row.need.organization.name, row.offer.number, row.offer.title,
            row.offer.organization.name, row.amount, round(row.share * 100), row.score,
        )
        for row in plan_text.rows(Plan.of(plan.result), needs, offers)
    ]  # fmt: skip
    without, unused = plan_text.left(plan, needs, offers, city)
    rest: list[Sequence[Cell]] = [
        (kind, one.record.number, one.record.title, one.record.organization.name, one.why)
        for kind, found in ((_("ニーズ"), without), (_("提供メニュー"), unused))
        for one in found
    ]
    return [
        Sheet(
            _("年間の組み合わせ案"), city.section, now,
            (Heading(_("ニーズの受付番号"), 16), Heading(_("ニーズ"), 40), Heading(_("団体"), 26),
             Heading(_("提供メニューの受付番号"), 16), Heading(_("提供メニュー"), 40), Heading(_("企業"), 26),
             Heading(_("量"), 16), Heading(_("満たす割合（％）"), 12, "number"),
             Heading(_("適合度"), 10, "number")),
            rows,
        ),
        Sheet(
            _("組み合わせのないもの"), city.section, now,
            (Heading(_("種類"), 16), Heading(_("受付番号"), 16), Heading(_("件名"), 40),
             Heading(_("団体・企業"), 26), Heading(_("理由"), 80)),
            rest,
        ),
    ]  # fmt: skip
