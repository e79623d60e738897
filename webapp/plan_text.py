"""The year's plan in words: its rows, how two plans compare, and why something is not in it."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from flask_babel import lazy_gettext as _l

from matcher.city.cities import City
from matcher.planning.task import Chosen, Plan
from matcher.records import Need, Offer, YearPlan
from matcher.suggestions import ranking
from webapp import filters
from webapp.forms.plans import key_of
from webapp.labels import gettext as _
from webapp.labels import vocabulary

#: Why a need or an offer is not in the plan. ``%(other)s`` is the nearest of the other side.
WHYS: Final[Mapping[str, Any]] = {
    "nobody": _l("近い相手が見つかりませんでした。"),
    "forbidden": _l("候補は、すべて「外す」に指定されています。"),
    "below_bar": _l("いちばん近い「%(other)s」でも、適合度が低めです（%(score)s）。"),
    "other_support": _l("いちばん近い「%(other)s」とは、支援の種類が合いません。"),
    "other_period": _l("いちばん近い「%(other)s」とは、期間が重なりません。"),
    "other_unit": _l("いちばん近い「%(other)s」とは、量の数え方（単位）が違います。"),
    "other_area": _l("いちばん近い「%(other)s」とは、地区が合いません。"),
    "passed": _l("いちばん近い「%(other)s」は、企業が見送っています。"),
    "on_both_sides": _l("いちばん近い「%(other)s」とは、同じ人が両方に所属しています。"),
    "too_little": _l(
        "候補をすべて合わせても%(most)sで、最低これだけあれば助かる量（%(least)s）に届きません。"
    ),
    "too_little_left": _l(
        "ほかのニーズに使ったあとの残りは、候補を合わせても%(most)sで、"
        "最低これだけあれば助かる量（%(least)s）に届きません。"
    ),
    "company_full": _l("いちばん合う「%(offer)s」の企業は、上限の%(most)s件に達しています。"),
    "npo_full": _l("「%(need)s」の団体は、同時に返事を待てる件数に達しています（あと%(most)s件）。"),
    "group_full": _l("%(group)sの上限（%(most)s件）に達しています。"),
    "used_elsewhere": _l(
        "いちばん合う「%(other)s」（適合度%(score)s）は、「%(need)s」（適合度%(chosen)s）に使うほうが、"
        "全体の適合度が高くなります。"
    ),
    "filled_by_other": _l(
        "いちばん合う「%(need)s」（適合度%(score)s）は、「%(other)s」（適合度%(chosen)s）で満たされています。"
    ),
    "not_worth": _l("いちばん合う「%(other)s」との組み合わせは、手間に見合うほどの量になりません。"),
}


#: The same as the heading over all that stay out for one reason.
WHY_HEADINGS: Final[Mapping[str, Any]] = {
    "nobody": _l("近い相手がいない"),
    "forbidden": _l("候補をすべて外した"),
    "below_bar": _l("適合度が低い"),
    "other_support": _l("支援の種類が合わない"),
    "other_period": _l("期間が重ならない"),
    "other_unit": _l("量の単位が違う"),
    "other_area": _l("地区が合わない"),
    "passed": _l("企業が見送っている"),
    "on_both_sides": _l("同じ人が両方に所属している"),
    "too_little": _l("候補を合わせても量が足りない"),
    "too_little_left": _l("ほかに使った残りでは量が足りない"),
    "company_full": _l("企業が件数の上限に達している"),
    "npo_full": _l("団体がお返事待ちの上限に達している"),
    "group_full": _l("分野などの上限に達している"),
    "used_elsewhere": _l("合う提供メニューを、ほかのニーズに使う"),
    "filled_by_other": _l("合うニーズが、ほかの提供メニューで満たされる"),
    "not_worth": _l("手間に見合う量にならない"),
}


@dataclass(frozen=True)
class Row:
    """One row of the table: a need and what one offer gives to it."""

    key: str
    need: Need
    offer: Offer
    amount: str
    share: float
    score: float
    level: str
    together: str  #: on the first row of a need that several fill: what they give together
    label: str


@dataclass(frozen=True)
class Left:
    """What is not in the plan, and why."""

    record: Need | Offer
    code: str
    why: str


@dataclass(frozen=True)
class Fold:
    """Some rows under one heading, folded away until somebody opens it."""

    heading: str
    rows: Sequence[Any]

    @property
    def count(self) -> int:
        """How many."""
        return len(self.rows)


def rows(plan: Plan, needs: Mapping[str, Need], offers: Mapping[str, Offer]) -> list[Row]:
    """The rows by the needs' numbers; on the first of several for one need stands what they give together."""
    count: dict[str, int] = {}
    for one in plan.chosen:
        count[one.part] = count.get(one.part, 0) + 1
    filled, found, seen = plan.filled(), [], set()
    for need, offer, one in _in_order(plan, needs, offers):
        together = ""
        if count[one.part] > 1 and one.part not in seen:
            together = _(
                "%(count)s件を合わせて%(share)s％", count=count[one.part], share=round(filled[one.part] * 100)
            )
        seen.add(one.part)
        label = _("%(need)sと%(offer)s", need=need.title, offer=offer.title)
        found.append(
            Row(
                key_of(one.part, one.source), need, offer, _amount(one.amount, need), one.share, one.fit,
                ranking.level(one.fit), together, label,
            )
        )  # fmt: skip
    return found


def _in_order(
    plan: Plan, needs: Mapping[str, Need], offers: Mapping[str, Offer]
) -> list[tuple[Need, Offer, Chosen]]:
    known = [
        (needs[row.part], offers[row.source], row)
        for row in plan.chosen
        if row.part in needs and row.source in offers
    ]
    return sorted(known, key=lambda found: (found[0].number or "", found[0].id, -found[2].share))


def _amount(amount: float | None, need: Need) -> str:
    """「20／50kg」; what is not measured is given as a whole."""
    if amount is None:
        return _("全部")
    return _(
        "%(given)s／%(needed)s",
        given=filters.number(amount),
        needed=filters.quantity(need.quantity, need.unit),
    )


def left(
    plan: YearPlan, needs: Mapping[str, Need], offers: Mapping[str, Offer], city: City
) -> tuple[list[Left], list[Left]]:
    """Needs without a partner, and offers that give nothing, each with why."""
    titles = {key: need.title for key, need in needs.items()} | {
        key: offer.title for key, offer in offers.items()
    }
    without = [
        Left(needs[key], why["code"], _why(why, key, titles, needs, city))
        for key, why in plan.whys.items()
        if key in needs
    ]
    unused = [
        Left(offers[key], why["code"], _why(why, key, titles, needs, city))
        for key, why in plan.whys.items()
        if key in offers
    ]
    return without, unused


def by_kind(found: Sequence[Row]) -> list[Fold]:
    """The rows by the kind of support that is needed, in the order of the list of kinds."""
    order = list(vocabulary.SUPPORT_TYPES)
    kinds = sorted({row.need.support_type for row in found}, key=order.index)
    return [
        Fold(vocabulary.support_label(kind), [row for row in found if row.need.support_type == kind])
        for kind in kinds
    ]


def by_reason(found: Sequence[Left]) -> list[Fold]:
    """What stays out, by why, the most frequent reason first."""
    counts = Counter(one.code for one in found)
    return [
        Fold(str(WHY_HEADINGS[code]), [one for one in found if one.code == code])
        for code, _count in counts.most_common()
    ]


def standing(plan: Plan, total: int) -> str:
    """How much the plan does, and whether a better one may exist."""
    done = _(
        "公開中のニーズ%(total)s件のうち%(filled)s件に、%(count)s件の組み合わせで相手が見つかりました。",
        total=total, filled=len(plan.filled()), count=len(plan.chosen),
    )  # fmt: skip
    gap = f"{plan.gap * 100:.1f}"
    if gap == "0.0":
        return done + _("この条件では、これ以上よい組み合わせはありません。")
    return done + _("適合度の合計がこれより高い案があるとしても、その差は最大%(gap)s％です。", gap=gap)


def _why(
    why: Mapping[str, Any], key: str, titles: Mapping[str, str], needs: Mapping[str, Need], city: City
) -> str:
    facts = dict(why["facts"])
    about = needs.get(key) or needs.get(facts.get("need", ""))
    for name in ("other", "need", "offer"):
        if name in facts:
            facts[name] = titles.get(facts[name], "")
    for name in ("score", "chosen"):
        if name in facts:
            facts[name] = f"{facts[name]:.2f}"
    if "least" in facts and about is not None:
        facts["least"] = filters.quantity(facts["least"], about.unit)
        facts["most"] = filters.quantity(facts["most"], about.unit)
    if "group" in facts:
        facts["group"] = group(facts["group"], city)
    return _(str(WHYS[why["code"]]), **facts)


def group(code: str, city: City) -> str:
    """A floor or a cap by name."""
    kind, _colon, part = code.partition(":")
    if kind == "district":
        return _("地区「%(name)s」", name=filters.label_of(part, city.area_labels))
    if kind == "field":
        return _("分野「%(name)s」", name=filters.label_of(part, vocabulary.FIELD_SHORT))
    return _("しばらく紹介のない企業")


def missing(plan: Plan, city: City) -> list[str]:
    """The floors that nothing could reach."""
    return [
        _("%(group)sは、下限に%(count)s件足りません。", group=group(code, city), count=count)
        for code, count in sorted(plan.missing.items())
    ]


@dataclass(frozen=True)
class Compared:
    """One line beside the other plan: what, in this plan, without floors and caps."""

    label: str
    here: str
    beside: str


def compared(
    plans: Sequence[Plan], needs: Mapping[str, Need], offers: Mapping[str, Offer], total: int
) -> list[Compared]:
    """This plan and the one without floors and caps, figure by figure."""
    lines: list[tuple[str, Callable[[Plan], str]]] = [
        (_("組み合わせ"), lambda plan: _("%(count)s件", count=len(plan.chosen))),
        (_("適合度の合計"), lambda plan: f"{plan.total_fit:.1f}"),
        (_("相手のいるニーズ"), lambda plan: _("%(count)s件", count=len(plan.filled()))),
        (_("相手のいないニーズ"), lambda plan: _("%(count)s件", count=total - len(plan.filled()))),
        (_("企業の数"), lambda plan: _("%(count)s社", count=_owners(plan, offers, "source"))),
        (_("団体の数"), lambda plan: _("%(count)s団体", count=_owners(plan, needs, "part"))),
        (_("地区の数"), lambda plan: _("%(count)s地区", count=_districts(plan, needs))),
    ]
    return [Compared(label, *(say(plan) for plan in plans)) for label, say in lines]


def _owners(plan: Plan, records: Mapping[str, Any], name: str) -> int:
    keys = {getattr(row, name) for row in plan.chosen}
    return len({records[key].organization_id for key in keys if key in records})


def _districts(plan: Plan, needs: Mapping[str, Need]) -> int:
    keys = {row.part for row in plan.chosen if row.part in needs}
    return len({area for key in keys for area in needs[key].areas})
