"""How two sides meet, criterion by criterion: support, amount, time, place, field, people. Pure.

Each judge gives the value of its signal in [0, 1] – ``None`` where one side says nothing – and the reason
that is shown: ○ only for what holds, △ for what has to be talked about, × for what does not fit.
"""

from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import astuple, dataclass, field
from datetime import date
from typing import Any, Final, Literal

from matcher.ground import vocabulary

Mark = Literal["○", "△", "×", ""]

_NAMED: Final = 3  #: so many of what both sides have in common are named

#: Of the support that is asked for first; each is a part of the value of what is given.
WELCOME: Final = 0.8  #: what the need names as also welcome
ELSEWHERE: Final = 0.9  #: what another open offer of the company gives
PROFILE: Final = 0.7  #: what the company's profile says, without an offer
AREA_NAMED: Final = 0.6  #: 市全域 by its field, another district by its text
SKILL_UNKNOWN: Final = 0.6  #: skills that one side does not name
SKILL_OTHER: Final = 0.1  #: skills of which none is asked for: of 33 graded pairs of such, one was good


@dataclass(frozen=True)
class Elsewhere:
    """A kind of support that the company gives beside what the card speaks of."""

    support_type: str
    title: str = ""  #: of the open offer; empty where its profile says so


@dataclass(frozen=True)
class Side:
    """What one side says of itself; empty collections mean that it says nothing on the point."""

    support_types: tuple[str, ...] = ()
    quantity: float | None = None
    min_useful: float | None = None
    unit: str = ""
    period_from: date | None = None
    period_to: date | None = None
    areas: frozenset[str] = frozenset()
    mode: str = "either"
    fields: frozenset[str] = frozenset()
    sdgs: frozenset[str] = frozenset()
    beneficiaries: frozenset[str] = frozenset()
    skills: frozenset[str] = frozenset()
    is_open: bool = False  #: a need or an offer stands behind it, not a profile alone
    elsewhere: tuple[Elsewhere, ...] = ()  #: of a company
    refused: Mapping[str, str] = field(
        default_factory=dict
    )  #: kind of support → the sentence that refuses it
    sizes: Mapping[str, tuple[float, str]] = field(default_factory=dict)  #: unit → what one of it holds
    named: Mapping[str, str] = field(default_factory=dict)  #: districts that its text names: code → name
    hours: int = 0  #: of the week, that its text names: a bit for each; 0 where it names none
    hours_said: tuple[str, ...] = ()  #: and the sentences in which it does


@dataclass(frozen=True)
class Reason:
    """One condition, how it stands (○ fits, △ to be talked about, × does not fit) and why.

    ``says`` is the code of a sentence (``webapp/reason_text.py``), which ``facts`` fill in: codes of lists,
    numbers and the two sides' own words. What could be improved has no mark.
    """

    code: str
    mark: Mark
    says: str
    facts: Mapping[str, Any] = field(default_factory=dict)


#: code, value or None, reason or None
Judgement = tuple[str, float | None, Reason | None]


def judgements(company: Side, npo: Side) -> list[Judgement]:
    """What every judge says of a pair, in the order in which reasons are shown."""
    return [judge(company, npo) for judge, _reads in _JUDGES.values()]


def value_of(code: str, company: Side, npo: Side) -> float | None:
    """What one judge makes of a pair."""
    return _JUDGES[code][0](company, npo)[1]


def read_of(code: str, side: Side) -> Side:
    """All of a side that counts for the value of one judge: sides of which this is equal are equal to it."""
    return Side(**_read(code, side))


def _read(code: str, side: Side) -> dict[str, Any]:
    kept = {name: getattr(side, name) for name in _JUDGES[code][1]}
    for name, plain in (("elsewhere", _plain_elsewhere), ("refused", _plain_refused)):
        if kept.get(name):
            kept[name] = plain(kept[name])
    return kept


# ── The kind of support ──────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class _Way:
    """One kind of support that the company gives, beside one that the need names."""

    value: float
    wanted: str
    given: str
    title: str = ""  #: of the other offer that gives it
    from_profile: bool = False
    skill: str = ""  #: "" no skill asked for or the same · unknown · other


def _support(company: Side, npo: Side) -> Judgement:
    code = "support"
    if not npo.support_types:
        return code, None, None
    first = npo.support_types[0]
    given = {*company.support_types, *(other.support_type for other in company.elsewhere)}
    if first in company.refused and first not in given:
        said = company.refused[first]
        if not said:
            return code, 0.0, Reason(code, "×", "support_no_budget", {"wanted": first})
        return code, 0.0, Reason(code, "×", "support_refused", {"wanted": first, "sentence": said})
    ways = list(_ways(company, npo))
    if not ways:
        return code, 0.2, Reason(code, "△", "support_not_offered", {"wanted": first})
    best = max(ways, key=lambda way: way.value)
    return code, best.value, _said_of(best, first, company, npo)


def _ways(company: Side, npo: Side) -> Iterable[_Way]:
    given = [(kind, "", not company.is_open) for kind in company.support_types]
    given += [(other.support_type, other.title, not other.title) for other in company.elsewhere]
    for place, wanted in enumerate(npo.support_types):
        for kind, title, from_profile in given:
            value = vocabulary.complement(wanted, kind) * (1.0 if place == 0 else WELCOME)
            value *= PROFILE if from_profile else ELSEWHERE if title else 1.0
            skill = _skill(company, npo, kind)
            value *= {"unknown": SKILL_UNKNOWN, "other": SKILL_OTHER}.get(skill, 1.0)
            yield _Way(value, wanted, kind, title, from_profile, skill)


def _skill(company: Side, npo: Side, given: str) -> str:
    """Skills are compared where a skill is what is given."""
    if given != "pro_bono":
        return ""
    if not npo.skills or not company.skills:
        return "unknown"
    return "" if npo.skills & company.skills else "other"


def _said_of(way: _Way, first: str, company: Side, npo: Side) -> Reason:
    code, facts = "support", {"wanted": first, "given": way.given}
    if way.value <= 0:
        return Reason(code, "×", "support_other", facts)
    if way.skill == "other":
        skills = {"skills": sorted(npo.skills), "their_skills": sorted(company.skills)}
        return Reason(code, "×", "skill_other", {**facts, **skills})
    if way.given != way.wanted:
        if way.title:
            return Reason(code, "△", "support_instead_elsewhere", {**facts, "title": way.title})
        # What a profile merely mentions is not what the company offers.
        where = "_in_profile" if way.from_profile else ""
        if way.wanted == first:
            return Reason(code, "△", f"support_instead{where}", facts)
        return Reason(code, "△", f"support_instead_of_welcome{where}", {**facts, "welcome": way.wanted})
    if way.skill == "unknown":
        return Reason(code, "△", "skill_unknown", facts)
    if way.title:
        says = "support_elsewhere" if way.wanted == first else "support_welcome_elsewhere"
        return Reason(code, "○", says, {**facts, "title": way.title})
    if way.from_profile:
        if way.given == "pro_bono":
            return Reason(
                code, "○", "support_skills", {**facts, "skills": sorted(npo.skills & company.skills)}
            )
        return Reason(code, "△", "support_in_profile", facts)
    return Reason(code, "○", "support_wanted" if way.wanted == first else "support_welcome", facts)


# ── What both are about ──────────────────────────────────────────────────────────────────────────────


def _field(company: Side, npo: Side) -> Judgement:
    code = "field"
    if not company.fields or not npo.fields:
        return code, None, None
    common = company.fields & npo.fields
    if common:
        return code, 1.0, Reason(code, "○", "field_same", {"fields": sorted(common)[:_NAMED]})
    return code, 0.0, None  # another field helps nobody to decide


def _beneficiaries(company: Side, npo: Side) -> Judgement:
    code = "beneficiaries"
    if not company.beneficiaries or not npo.beneficiaries:
        return code, None, None
    common = company.beneficiaries & npo.beneficiaries
    if common:
        facts = {"beneficiaries": sorted(common)[:_NAMED]}
        return code, 1.0, Reason(code, "○", "beneficiaries_same", facts)
    return code, 0.0, None


def _sdgs(company: Side, npo: Side) -> Judgement:
    code = "sdgs"
    if not company.sdgs or not npo.sdgs:
        return code, None, None
    common = company.sdgs & npo.sdgs
    if common:
        return code, 1.0, Reason(code, "○", "sdgs_same", {"goals": sorted(common, key=int)[:_NAMED]})
    return code, 0.0, None


# ── Where, when, how much ────────────────────────────────────────────────────────────────────────────


def _area(company: Side, npo: Side) -> Judgement:
    code = "area"
    ours, theirs = (company.areas or frozenset(company.named)), (npo.areas or frozenset(npo.named))
    if not ours or not theirs:
        return code, None, None
    if "remote" in (company.mode, npo.mode) and "onsite" not in (company.mode, npo.mode):
        return code, 1.0, Reason(code, "○", "area_remote")
    if {company.mode, npo.mode} == {"remote", "onsite"}:
        says = "area_company_remote" if company.mode == "remote" else "area_npo_remote"
        return code, 0.3, Reason(code, "△", says)
    citywide = vocabulary.AREA_CITYWIDE
    if ours & theirs - {citywide}:
        return code, 1.0, Reason(code, "○", "area_same")
    if citywide in ours | theirs:
        elsewhere = _named_elsewhere(company, npo)
        if not elsewhere:
            return code, 1.0, Reason(code, "○", "area_same")
        return code, AREA_NAMED, Reason(code, "△", "area_named", {"places": elsewhere})
    return code, 0.0, Reason(code, "×", "area_other")


def _named_elsewhere(company: Side, npo: Side) -> list[str]:
    """The districts that the text of a side names, citywide by its field, where the other is elsewhere."""
    wide = [vocabulary.AREA_CITYWIDE in side.areas for side in (company, npo)]
    ours, theirs = (
        set(side.named) if is_wide or not side.areas else set(side.areas)
        for side, is_wide in zip((company, npo), wide, strict=True)
    )
    if not ours or not theirs or ours & theirs:
        return []
    named = (side.named.values() for side, is_wide in zip((company, npo), wide, strict=True) if is_wide)
    return list(dict.fromkeys(name for names in named for name in names))


def _period(company: Side, npo: Side) -> Judgement:
    code = "period"
    if not (company.is_open and npo.is_open) or not (npo.period_from or npo.period_to):
        return code, None, None
    if not (company.period_from or company.period_to):
        return code, None, None
    start = max(company.period_from or date.min, npo.period_from or date.min)
    end = min(company.period_to or date.max, npo.period_to or date.max)
    if start > end:
        return code, 0.0, Reason(code, "×", "period_other")
    wanted_from, wanted_to = npo.period_from or start, npo.period_to or end
    if start <= wanted_from and end >= wanted_to:
        return code, 1.0, Reason(code, "○", "period_whole")
    return code, 0.6, Reason(code, "△", "period_part")


def _hours(company: Side, npo: Side) -> Judgement:
    """Days of the week and hours of the day. Only what is apart counts: of pairs that name an hour in common
    no more were good than of those that name none, and nobody shall gain by naming many.
    """
    code = "hours"
    if not (company.is_open and npo.is_open):
        return code, None, None
    in_money = vocabulary.SUPPORT_IN_MONEY & {*company.support_types, *npo.support_types[:1]}
    if in_money or not company.hours or not npo.hours or company.hours & npo.hours:
        return code, 1.0, None
    facts = {"company": "".join(company.hours_said), "npo": "".join(npo.hours_said)}
    return code, 0.0, Reason(code, "△", "hours_other", facts)


def _quantity(company: Side, npo: Side) -> Judgement:
    code = "quantity"
    if company.quantity is None or npo.quantity is None or not _counts_the_same(company, npo):
        return code, None, None
    offered = _in_unit(company, npo.unit)
    facts: dict[str, Any] = {"offered": company.quantity, "needed": npo.quantity, "unit": npo.unit}
    if offered is None:
        return code, None, Reason(code, "△", "quantity_units", {**facts, "offered_unit": company.unit})
    facts["offered"] = offered
    if company.unit != npo.unit:
        facts |= {"as_offered": company.quantity, "offered_unit": company.unit}
    if offered >= npo.quantity:
        return code, 1.0, Reason(code, "○", "quantity_enough", facts)
    if npo.min_useful is not None and offered < npo.min_useful:
        return code, 0.0, Reason(code, "×", "quantity_too_little", {**facts, "least": npo.min_useful})
    return code, offered / npo.quantity, Reason(code, "△", "quantity_part", facts)


def _counts_the_same(company: Side, npo: Side) -> bool:
    """Whether the amount of the offer can be set against that of the need, which counts what it asks for
    first: not sixty people for an afternoon against six places to work, which another offer has.
    """
    if not set(company.support_types) & set(npo.support_types):
        return False
    first = npo.support_types[0]
    if first in company.support_types:
        return True
    if any(other.title and other.support_type == first for other in company.elsewhere):
        return False
    stands_in = any(vocabulary.complement(first, kind) > 0 for kind in company.support_types)
    return stands_in and _in_unit(company, npo.unit) is not None


def _in_unit(company: Side, unit: str) -> float | None:
    """The offered quantity in the need's unit, where it is the same or its size is known."""
    assert company.quantity is not None
    if company.unit == unit:
        return company.quantity
    amount, held = company.sizes.get(company.unit, (0.0, ""))
    return company.quantity * amount if held == unit and amount else None


#: code → the judge, and what of both sides it looks at
_JUDGES: Final[Mapping[str, tuple[Callable[[Side, Side], Judgement], tuple[str, ...]]]] = {
    "support": (_support, ("support_types", "skills", "is_open", "elsewhere", "refused")),
    "quantity": (_quantity, ("support_types", "quantity", "min_useful", "unit", "sizes")),
    "period": (_period, ("is_open", "period_from", "period_to")),
    "hours": (_hours, ("is_open", "support_types", "hours")),
    "area": (_area, ("areas", "mode", "named")),
    "field": (_field, ("fields",)),
    "beneficiaries": (_beneficiaries, ("beneficiaries",)),
    "sdgs": (_sdgs, ("sdgs",)),
}
CODES: Final = tuple(_JUDGES)


def key_of(side: Side) -> Hashable:
    """What tells a side from others: equal sides have equal keys."""
    return tuple(_plain(value) for value in vars(side).values())


def key_read(code: str, side: Side) -> Hashable:
    """What tells a side from others that are not equal to it for the value of one judge (``read_of``)."""
    return tuple(_plain(value) for value in _read(code, side).values())


_PLAIN: Final = (tuple, frozenset, str, float, bool)


def _plain(value: Any) -> Hashable:
    # By the type itself: all sides of a city are asked, and is it a Mapping? takes a microsecond.
    is_plain = type(value) in _PLAIN or not isinstance(value, Mapping)
    plain: Hashable = value if is_plain else frozenset(value.items())
    return plain


# A title and a refusing sentence are said in the reason; the value asks only whether there is one.
def _plain_elsewhere(others: Iterable[Elsewhere]) -> tuple[Elsewhere, ...]:
    return tuple(sorted({Elsewhere(one.support_type, one.title and "-") for one in others}, key=astuple))


def _plain_refused(refused: Mapping[str, str]) -> Mapping[str, str]:
    return dict.fromkeys(sorted(refused), "")
