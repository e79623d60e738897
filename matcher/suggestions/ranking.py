"""How well a company and an NPO fit: one score in [0, 1] and the reasons for and against. Pure.

Inputs are plain facts and text similarities; nothing here reads a database or a vector. Hard conditions
(open, verified, passed, already a case) are applied before, in ``suggest.py``. There is no
popularity and no language model: every part of the score is listed in ``weights.json`` and shown on the page.
"""

import hashlib
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, Literal

from matcher.ground import vocabulary

#: Similarities as measured → [0, 1]: at or below the first figure nothing speaks for it, at the second all.
MEANING_SCALE: Final = (-0.10, 0.80)
WORDS_SCALE: Final = (0.0, 0.40)
SENTENCES_SCALE: Final = (0.10, 0.80)

#: From here on a quote is given as a reason, below as something to check: of marked pairs, two in three were
#: right above it, two in five below (see docs/matching.md).
CLOSE_ENOUGH: Final = 0.20
HIGH, MIDDLE = 0.60, 0.30  #: from here on 適合度 高, 中
_NAMED: Final = 3  #: so many of what both sides have in common are named


@dataclass(frozen=True)
class Part:
    """How one signal counts: by how much, and where it speaks neither for nor against."""

    weight: float
    center: float


@dataclass(frozen=True)
class Weights:
    """All numbers that turn signals into a score. See ``judging/fitting.py`` for how they are fitted.

    The score is the logistic function of ``bias`` plus, for every known signal, its weight times its distance
    from its center. A signal that is unknown therefore counts neither way, and the score reads as the share
    of such pairs that were judged good.
    """

    bias: float
    parts: Mapping[str, Part]
    source: str = ""  #: what they were fitted on, for people
    model_id: str = ""  #: the model whose similarities they were fitted on

    def score(self, parts: Mapping[str, float]) -> float:
        """The score in [0, 1] of known signals, each in [0, 1]; 0 where nothing is known."""
        if not parts:
            return 0.0
        total = self.bias + sum(
            self.parts[code].weight * (value - self.parts[code].center)
            for code, value in parts.items()
            if code in self.parts
        )
        return 1 / (1 + math.exp(-total))

    @property
    def shares(self) -> Mapping[str, float]:
        """Each weight as a share of all, largest first: how far a signal can move the score."""
        total = sum(part.weight for part in self.parts.values()) or 1.0
        ordered = sorted(self.parts.items(), key=lambda item: -item[1].weight)
        return {code: part.weight / total for code, part in ordered}

    @property
    def version(self) -> str:
        """A short name of all numbers that make the score, kept with every shown list."""
        stand_in = sorted(vocabulary.COMPLEMENTS.items())
        numbers = (self.as_dict(), stand_in, MEANING_SCALE, WORDS_SCALE, SENTENCES_SCALE)
        return hashlib.sha256(repr(numbers).encode()).hexdigest()[:12]

    def as_dict(self) -> dict[str, Any]:
        """The form of ``weights.json``."""
        return {
            "bias": self.bias,
            "parts": {code: asdict(part) for code, part in sorted(self.parts.items())},
            "source": self.source,
            "model_id": self.model_id,
        }

    @classmethod
    def of(cls, numbers: Mapping[str, Any]) -> "Weights":
        """What ``as_dict`` gave."""
        parts = {code: Part(**part) for code, part in numbers["parts"].items()}
        return cls(numbers["bias"], MappingProxyType(parts), numbers["source"], numbers["model_id"])


@cache
def shipped_weights() -> Weights:
    """The weights that come with the bundled model: ``weights.json``, written by ``enmusubi match fit``."""
    return Weights.of(json.loads((Path(__file__).parent / "weights.json").read_text(encoding="utf-8")))


Mark = Literal["○", "△", "×", ""]


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


@dataclass(frozen=True)
class Texts:
    """Text similarities of the pair: cosines of meaning and of rare words, ``None`` where unknown."""

    meaning: float | None = None
    words: float | None = None
    sentences: float | None = None  #: closeness of the closest pair of sentences
    mission_meaning: float | None = None
    mission_words: float | None = None


@dataclass(frozen=True)
class Quote:
    """The sentence of each side that carried the similarity, in their own words."""

    company: str
    npo: str


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


@dataclass(frozen=True)
class Fit:
    """The result for one pair; ``parts`` holds every known signal in [0, 1]."""

    score: float
    parts: Mapping[str, float]
    reasons: tuple[Reason, ...]
    improvements: tuple[Reason, ...]

    @property
    def level(self) -> str:
        """適合度 in one word: its code."""
        return level(self.score)


def level(score: float) -> str:
    """``high``, ``middle`` or ``low`` for a score in [0, 1]."""
    return "high" if score >= HIGH else "middle" if score >= MIDDLE else "low"


def fit(
    company: Side, npo: Side, texts: Texts, quote: Quote | None = None, weights: Weights | None = None
) -> Fit:
    """Score one pair and say why.

    Args:
        company: its offer together with its profile, or the profile alone.
        npo: its need together with its profile, or the profile alone.
        texts: similarities of offer (or profile) with need (or mission).
        quote: the sentence pair that carried the similarity, if it is to be shown.
        weights: the shipped ones when ``None``.
    """
    judged = [
        judge(company, npo) for judge in (_support, _field, _beneficiaries, _sdgs, _area, _period, _quantity)
    ]
    parts = {code: value for code, value in text_parts(texts).items() if value is not None}
    parts |= {code: value for code, value, _reason in judged if value is not None}
    reasons = [reason for _code, _value, reason in judged if reason is not None]
    if quote is not None:
        reasons.insert(0, quote_reason(quote, parts.get("sentences", 0.0)))
    return Fit(
        (weights or shipped_weights()).score(parts), parts, tuple(reasons), tuple(_improvements(company, npo))
    )


def scaled(value: float | None, scale: tuple[float, float]) -> float | None:
    """A measured similarity on its scale, in [0, 1]."""
    if value is None:
        return None
    low, high = scale
    return min(1.0, max(0.0, (value - low) / (high - low)))


def text_parts(texts: Texts) -> dict[str, float | None]:
    """The signals of the texts, each in [0, 1]; ``None`` where it is unknown."""
    mission = [
        part
        for part in (
            scaled(texts.mission_meaning, MEANING_SCALE),
            scaled(texts.mission_words, WORDS_SCALE),
        )
        if part is not None
    ]
    return {
        "meaning": scaled(texts.meaning, MEANING_SCALE),
        "words": scaled(texts.words, WORDS_SCALE),
        "sentences": scaled(texts.sentences, SENTENCES_SCALE),
        "mission": sum(mission) / len(mission) if mission else None,
    }


def quote_reason(quote: Quote, strength: float) -> Reason:
    """The reason that quotes both sides; ``strength`` is the *sentences* part of the score."""
    facts = {"company": quote.company, "npo": quote.npo}
    if strength >= CLOSE_ENOUGH:
        return Reason("quote", "○", "quote_close", facts)
    return Reason("quote", "△", "quote_far", facts)


# ── One judge for each condition: (code, value or None, reason or None) ──────────────────────────────

Judgement = tuple[str, float | None, Reason | None]


def _support(company: Side, npo: Side) -> Judgement:
    code = "support"
    if not npo.support_types:
        return code, None, None
    wanted = npo.support_types[0]
    if not company.support_types:
        return code, 0.2, Reason(code, "△", "support_not_offered", {"wanted": wanted})
    value, need_type, given = max(
        (vocabulary.complement(need_type, offer_type) * (1.0 if place == 0 else 0.8), need_type, offer_type)
        for place, need_type in enumerate(npo.support_types)
        for offer_type in company.support_types
    )
    facts = {"wanted": wanted, "given": given}
    if value >= 0.99:
        return code, value, Reason(code, "○", "support_wanted", facts)
    if value > 0 and need_type == given:
        return code, value, Reason(code, "○", "support_welcome", facts)
    if value > 0 and need_type == wanted:
        return code, value, Reason(code, "△", "support_instead", facts)
    if value > 0:
        return code, value, Reason(code, "△", "support_instead_of_welcome", {**facts, "welcome": need_type})
    return code, 0.0, Reason(code, "×", "support_other", facts)


def _field(company: Side, npo: Side) -> Judgement:
    code = "field"
    if not company.fields or not npo.fields:
        return code, None, None
    common = company.fields & npo.fields
    if common:
        return code, 1.0, Reason(code, "○", "field_same", {"fields": sorted(common)[:_NAMED]})
    return code, 0.0, Reason(code, "△", "field_other")


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


def _area(company: Side, npo: Side) -> Judgement:
    code = "area"
    if not company.areas or not npo.areas:
        return code, None, None
    if "remote" in (company.mode, npo.mode) and "onsite" not in (company.mode, npo.mode):
        return code, 1.0, Reason(code, "○", "area_remote")
    if {company.mode, npo.mode} == {"remote", "onsite"}:
        says = "area_company_remote" if company.mode == "remote" else "area_npo_remote"
        return code, 0.3, Reason(code, "△", says)
    citywide = vocabulary.AREA_CITYWIDE
    if company.areas & npo.areas or citywide in company.areas or citywide in npo.areas:
        return code, 1.0, Reason(code, "○", "area_same")
    return code, 0.0, Reason(code, "×", "area_other")


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


def _quantity(company: Side, npo: Side) -> Judgement:
    code = "quantity"
    if company.quantity is None or npo.quantity is None or company.unit != npo.unit:
        return code, None, None
    facts = {"offered": company.quantity, "needed": npo.quantity, "unit": npo.unit}
    if company.quantity >= npo.quantity:
        return code, 1.0, Reason(code, "○", "quantity_enough", facts)
    if npo.min_useful is not None and company.quantity < npo.min_useful:
        return code, 0.0, Reason(code, "×", "quantity_too_little", {**facts, "least": npo.min_useful})
    return code, company.quantity / npo.quantity, Reason(code, "△", "quantity_part", facts)


def _improvements(company: Side, npo: Side) -> Iterable[Reason]:
    """What either side could add so that the fit is known better, most useful first."""
    if npo.support_types and not company.support_types:
        yield Reason("improve", "", "offer_support", {"wanted": npo.support_types[0]})
    if not npo.is_open:
        yield Reason("improve", "", "publish_need")
    if not company.fields:
        yield Reason("improve", "", "choose_fields")
    if company.is_open and npo.is_open and not (company.period_from or company.period_to):
        yield Reason("improve", "", "say_period")
    if company.is_open and npo.is_open and company.quantity is None and npo.quantity is not None:
        yield Reason("improve", "", "say_quantity")


def reasons_as_dicts(fit: Fit) -> list[dict[str, Any]]:
    """The reasons, and what could be added, as they are kept with a shown suggestion: codes and facts."""
    return [
        {"code": reason.code, "mark": reason.mark, "says": reason.says, **reason.facts}
        for reason in (*fit.reasons, *fit.improvements)
    ]


def order(scored: Sequence[tuple[float, int]]) -> list[int]:
    """Positions of (score, stable key) pairs, best first; equal scores by key, so that ties are stable."""
    return sorted(range(len(scored)), key=lambda place: (-scored[place][0], scored[place][1]))
