"""What is paid for outcomes, in Japanese words: the frame of the contract and its rules."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from matcher.agreements import contract as payment
from matcher.records import Payment
from matcher.work import payments
from webapp import filters, party_text
from webapp.labels import gettext as _
from webapp.labels import vocabulary


def contract(kept: Mapping[str, Any]) -> str:
    """An outcome-linked contract in lines."""
    lines = [f"{label}{_('：')}{words}" for label, words in contract_frame(kept)]
    lines += [rule(row) for row in kept.get("rules", ())]
    lines += [
        _("%(name)s：%(words)s", name=name, words=words)
        for name, words in (scheme(payment.Scheme.from_dict(kept)) if payment.Scheme.is_said(kept) else ())
    ]
    return "\n".join(lines)


def scheme(found: payment.Scheme) -> list[tuple[str, str]]:
    """(name, words) of the scheme of an outcome-linked contract, without what was left empty."""
    rows = [
        (_("しくみ"), filters.label_of(found.kind, vocabulary.OUTCOME_SCHEMES)),
        (_("発注者"), found.commissioner or _("市")),
        (_("中間支援組織"), found.intermediary),
        (_("資金提供者"), "\n".join(funder(row) for row in found.funders)),
        (_("根拠となる法令・要綱"), found.legal_basis),
        (_("支払意思額（WTP）の考え方"), found.wtp_note),
        (_("事前の意見聴取（サウンディング）"), found.sounding_note),
    ]
    return [(name, words) for name, words in rows if words]


def funder(row: payment.Funder) -> str:
    """Who puts up the money of a SIB, how much, and what was agreed on its return."""
    return _(
        "%(name)s（出資額%(yen)s）。返済の条件：%(terms)s",
        name=row.name,
        yen=filters.yen(row.principal_yen),
        terms=row.terms,
    )


def contract_frame(kept: Mapping[str, Any]) -> list[tuple[str, str]]:
    """(name, words) of an outcome-linked contract but for its rules."""
    return [
        (_("事業を行う側"), str(party_text.SIDES.get(kept["provider"], ""))),
        (_("測定を確かめる側"), str(party_text.SIDES.get(kept["evaluator"], ""))),
        (_("支払いの上限額"), filters.yen(kept["budget_cap_yen"])),
        *(
            (_("%(year)sの固定部分", year=filters.nendo(int(year))), filters.yen(amount))
            for year, amount in sorted(kept.get("fixed", {}).items())
        ),
        *(
            (_("%(year)sの限度額", year=filters.nendo(int(year))), filters.yen(amount))
            for year, amount in sorted(kept.get("year_limits", {}).items())
        ),
    ]


def rule_points(row: Mapping[str, Any]) -> list[str]:
    """For which values a payment rule pays what, one sentence each, with its floor and its rounding."""
    down = row.get("direction") == "down"
    beyond = _("以下") if down else _("以上")
    points = [(filters.number(value), filters.yen(yen)) for value, yen in row["points"]]
    if row["shape"] == "per_unit":
        start, price = points[0]
        side = _("下回る") if down else _("上回る")
        lines = [_("%(start)sを%(side)s1単位ごとに%(yen)s", start=start, side=side, yen=price)]
    elif row["shape"] == "linear":
        lines = [_("%(value)sで%(yen)s", value=value, yen=yen) for value, yen in points]
        lines.append(_("その間は比例して増減"))
    else:
        lines = [
            _("%(value)s%(beyond)s：%(yen)s", value=value, beyond=beyond, yen=yen) for value, yen in points
        ]
    if row.get("floor_yen"):
        lines.append(_("支払うときの下限額%(yen)s", yen=filters.yen(row["floor_yen"])))
    if row.get("rounding", 1) > 1:
        lines.append(_("%(yen)s未満は切り捨て", yen=filters.yen(row["rounding"])))
    return lines


def rule_facts(row: Mapping[str, Any]) -> list[tuple[str, str]]:
    """(name, words) of a payment rule, one for each thing that may be changed."""
    return [
        (_("指標"), row["indicator"]),
        (_("支払い方"), filters.label_of(row["shape"], vocabulary.PAYMENT_SHAPES)),
        (_("値と金額"), "\n".join(rule_points({**row, "floor_yen": 0, "rounding": 1}))),
        (_("上限額"), filters.yen(row["cap_yen"])),
        (_("下限額"), filters.yen(row["floor_yen"]) if row.get("floor_yen") else ""),
        (_("端数の切り捨て"), filters.label_of(row.get("rounding", 1), vocabulary.ROUNDINGS)),
        (_("支払いのもとになる測定の日"), filters.isoday(row["measured_on"])),
        (_("支払う年度"), filters.nendo(int(row["fiscal_year"]))),
    ]


def rule(row: Mapping[str, Any]) -> str:
    """A payment rule in one line."""
    return _(
        "条件%(key)s（指標%(indicator)s、%(shape)s）：%(points)s。上限額%(cap)s。%(day)sの測定による（%(year)s払い）",
        key=row["key"],
        indicator=row["indicator"],
        shape=filters.label_of(row["shape"], vocabulary.PAYMENT_SHAPES),
        points=_("、").join(rule_points(row)),
        cap=filters.yen(row["cap_yen"]),
        day=filters.jdate(date.fromisoformat(row["measured_on"]), False),
        year=filters.nendo(row["fiscal_year"]),
    )


def fixed_part(deal: payment.Contract, year: int) -> list[tuple[str, str]]:
    """(name, words) of what is paid for a fiscal year whatever comes of it."""
    return [(_("%(year)sの固定部分", year=filters.nendo(year)), filters.yen(deal.fixed.get(year, 0)))]


def formula(found: Payment) -> str:
    """How a payment was calculated."""
    return payments.formula(found, _)
