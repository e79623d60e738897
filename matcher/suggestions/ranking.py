"""How well a company and an NPO fit: one score in [0, 1] and the reasons for and against. Pure.

Inputs are plain facts and text similarities; nothing here reads a database or a vector. Hard conditions
(open, verified, passed, already a case) are applied before, in ``services/suggestions.py``. There is no
popularity and no language model: every part of the score is listed in ``weights.json`` and shown on the page.
"""

import hashlib
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, Literal

from matcher.ground import vocabulary
from matcher.ground.vocabulary import support_label

#: Similarities as measured → [0, 1]: at or below the first figure nothing speaks for it, at the second all.
MEANING_SCALE: Final = (-0.10, 0.80)
WORDS_SCALE: Final = (0.0, 0.40)
SENTENCES_SCALE: Final = (0.10, 0.80)

#: From here on a quote is given as a reason, below as something to check: of marked pairs, two in three were
#: right above it, two in five below (see docs/matching.md).
CLOSE_ENOUGH: Final = 0.20
HIGH, MIDDLE = 0.60, 0.30  #: from here on 適合度 高, 中


@dataclass(frozen=True)
class Part:
    """How one signal counts: by how much, and where it speaks neither for nor against."""

    weight: float
    center: float


@dataclass(frozen=True)
class Weights:
    """All numbers that turn signals into a score. See ``services/fitting.py`` for how they are fitted.

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


Mark = Literal["○", "△", "×"]


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
    """One condition, how it stands (○ fits, △ to be talked about, × does not fit) and in words why."""

    code: str
    mark: Mark
    text: str


@dataclass(frozen=True)
class Fit:
    """The result for one pair; ``parts`` holds every known signal in [0, 1]."""

    score: float
    parts: Mapping[str, float]
    reasons: tuple[Reason, ...]
    improvements: tuple[str, ...]

    @property
    def level(self) -> str:
        """適合度 in one word."""
        return level(self.score)


def level(score: float) -> str:
    """高, 中 or 低 for a score in [0, 1]."""
    return "高" if score >= HIGH else "中" if score >= MIDDLE else "低"


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
    if strength >= CLOSE_ENOUGH:
        return Reason("quote", "○", f"企業の「{quote.company}」と、団体の「{quote.npo}」が対応しています。")
    return Reason(
        "quote", "△",
        f"文章の上でいちばん近いのは、企業の「{quote.company}」と、団体の「{quote.npo}」です。"
        "直接の対応は強くないため、内容を確かめてください。",
    )  # fmt: skip


# ── One judge for each condition: (code, value or None, reason or None) ──────────────────────────────

Judgement = tuple[str, float | None, Reason | None]


def _support(company: Side, npo: Side) -> Judgement:
    code = "support"
    if not npo.support_types:
        return code, None, None
    wanted = support_label(npo.support_types[0])
    if not company.support_types:
        text = f"団体は「{wanted}」を求めていますが、企業の提供メニューに当てはまるものがまだありません。"
        return code, 0.2, Reason(code, "△", text)
    value, need_type, offer_type = max(
        (vocabulary.complement(need_type, offer_type) * (1.0 if place == 0 else 0.8), need_type, offer_type)
        for place, need_type in enumerate(npo.support_types)
        for offer_type in company.support_types
    )
    given = support_label(offer_type)
    if value >= 0.99:
        return code, value, Reason(code, "○", f"団体が求める「{wanted}」を、企業が提供できます。")
    if value > 0 and need_type == offer_type:
        text = f"団体が「あると助かる」とした「{given}」を提供できます。いちばんの希望は「{wanted}」です。"
        return code, value, Reason(code, "○", text)
    if value > 0 and need_type == npo.support_types[0]:
        text = f"団体の希望は「{wanted}」、企業の提供は「{given}」です。代わりになるか相談が必要です。"
        return code, value, Reason(code, "△", text)
    if value > 0:
        near = support_label(need_type)
        text = (
            f"団体のいちばんの希望は「{wanted}」です。あると助かるとした「{near}」に、"
            f"企業の「{given}」が代わりになるか相談が必要です。"
        )
        return code, value, Reason(code, "△", text)
    text = f"団体の希望は「{wanted}」ですが、企業の提供は「{given}」で、種類が異なります。"
    return code, 0.0, Reason(code, "×", text)


def _field(company: Side, npo: Side) -> Judgement:
    if not company.fields or not npo.fields:
        return "field", None, None
    common = company.fields & npo.fields
    if common:
        names = _names(vocabulary.FIELD_SHORT, common)
        return "field", 1.0, Reason("field", "○", f"関心のある分野が同じです（{names}）。")
    return "field", 0.0, Reason("field", "△", "企業が関心を示している分野とは異なります。")


def _beneficiaries(company: Side, npo: Side) -> Judgement:
    if not company.beneficiaries or not npo.beneficiaries:
        return "beneficiaries", None, None
    common = company.beneficiaries & npo.beneficiaries
    if common:
        names = _names(vocabulary.BENEFICIARIES, common)
        return "beneficiaries", 1.0, Reason("beneficiaries", "○", f"支えたい相手が同じです（{names}）。")
    return "beneficiaries", 0.0, None


def _sdgs(company: Side, npo: Side) -> Judgement:
    if not company.sdgs or not npo.sdgs:
        return "sdgs", None, None
    common = company.sdgs & npo.sdgs
    if common:
        goals = "、".join(f"目標{goal}" for goal in sorted(common, key=int)[:3])
        return "sdgs", 1.0, Reason("sdgs", "○", f"SDGsの{goals}が共通しています。")
    return "sdgs", 0.0, None


def _area(company: Side, npo: Side) -> Judgement:
    code = "area"
    if not company.areas or not npo.areas:
        return code, None, None
    if "remote" in (company.mode, npo.mode) and "onsite" not in (company.mode, npo.mode):
        return code, 1.0, Reason(code, "○", "リモートでできるため、場所を問いません。")
    if {company.mode, npo.mode} == {"remote", "onsite"}:
        text = (
            "企業はリモートでの支援、団体は現地での支援を想定しています。"
            if company.mode == "remote"
            else ("団体はリモートでの支援を望み、企業は現地での支援を想定しています。")
        )
        return code, 0.3, Reason(code, "△", f"{text}進め方の相談が必要です。")
    citywide = vocabulary.AREA_CITYWIDE
    if company.areas & npo.areas or citywide in company.areas or citywide in npo.areas:
        return code, 1.0, Reason(code, "○", "活動の地域が合っています。")
    return code, 0.0, Reason(code, "×", "企業が希望する地域と、団体の活動場所が異なります。")


def _period(company: Side, npo: Side) -> Judgement:
    code = "period"
    if not (company.is_open and npo.is_open) or not (npo.period_from or npo.period_to):
        return code, None, None
    if not (company.period_from or company.period_to):
        return code, None, None
    start = max(company.period_from or date.min, npo.period_from or date.min)
    end = min(company.period_to or date.max, npo.period_to or date.max)
    if start > end:
        return code, 0.0, Reason(code, "×", "支援できる期間と、必要な期間が重なっていません。")
    wanted_from, wanted_to = npo.period_from or start, npo.period_to or end
    if start <= wanted_from and end >= wanted_to:
        return code, 1.0, Reason(code, "○", "必要な期間のすべてで支援できます。")
    text = "支援できる期間が、必要な期間の一部と重なっています。始まりと終わりの相談が必要です。"
    return code, 0.6, Reason(code, "△", text)


def _quantity(company: Side, npo: Side) -> Judgement:
    code = "quantity"
    if company.quantity is None or npo.quantity is None or company.unit != npo.unit:
        return code, None, None
    given, wanted = f"{company.quantity:,.15g}{company.unit}", f"{npo.quantity:,.15g}{npo.unit}"
    if company.quantity >= npo.quantity:
        return code, 1.0, Reason(code, "○", f"必要な量（{wanted}）を満たします（提供は{given}）。")
    minimum = npo.min_useful
    if minimum is not None and company.quantity < minimum:
        text = f"提供できる量（{given}）は、最低必要な量（{minimum:,.15g}{npo.unit}）に届きません。"
        return code, 0.0, Reason(code, "×", text)
    text = (
        f"提供できる量（{given}）は、希望（{wanted}）の一部です。ほかの支援との組み合わせを検討してください。"
    )
    return code, company.quantity / npo.quantity, Reason(code, "△", text)


def _names(labels: Mapping[str, str], codes: Iterable[str]) -> str:
    return "、".join(labels.get(code, code) for code in sorted(codes)[:3])


def _improvements(company: Side, npo: Side) -> Iterable[str]:
    """What either side could add so that the fit is known better, most useful first."""
    if npo.support_types and not company.support_types:
        wanted = support_label(npo.support_types[0])
        yield f"企業が「{wanted}」の提供メニューを加えると、条件を詳しく比べられます。"
    if not npo.is_open:
        yield "団体がニーズを公開すると、具体的な支援の内容で比べられます。"
    if not company.fields:
        yield "企業が関心のある分野を選ぶと、分野の近さも考えに入れられます（決まっていなくても構いません）。"
    if company.is_open and npo.is_open and not (company.period_from or company.period_to):
        yield "提供できる期間を入力すると、時期が合うかを確かめられます。"
    if company.is_open and npo.is_open and company.quantity is None and npo.quantity is not None:
        yield "提供できる量を入力すると、足りるかどうかを確かめられます。"


def reasons_as_dicts(fit: Fit, quote: Quote | None) -> list[dict[str, str]]:
    """The reasons as they are kept with a shown suggestion; the quote's two sentences are kept apart too."""
    result: list[dict[str, str]] = []
    for reason in fit.reasons:
        entry = asdict(reason)
        if reason.code == "quote" and quote is not None:
            entry |= {"company": quote.company, "npo": quote.npo}
        result.append(entry)
    result += [{"code": "improve", "mark": "", "text": text} for text in fit.improvements]
    return result


def order(scored: Sequence[tuple[float, int]]) -> list[int]:
    """Positions of (score, stable key) pairs, best first; equal scores by key, so that ties are stable."""
    return sorted(range(len(scored)), key=lambda place: (-scored[place][0], scored[place][1]))
