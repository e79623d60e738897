"""How well a company and an NPO fit: one score in [0, 1] and the reasons for and against. Pure.

Inputs are plain facts and text similarities; nothing here reads a database or a vector. Hard conditions
(open, verified, passed, already a case) are applied before, in ``suggest.py``. There is no
popularity and no language model: every part of the score is listed in ``weights.json`` and shown on the page.
"""

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache, cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from matcher.ground import vocabulary
from matcher.suggestions import criteria
from matcher.suggestions.criteria import Reason, Side

__all__ = ["Fit", "Part", "Quote", "Reason", "Side", "Texts", "Weights"]

#: Similarities as measured → [0, 1]: at or below the first figure nothing speaks for it, at the second all.
MEANING_SCALE: Final = (-0.10, 0.80)
WORDS_SCALE: Final = (0.0, 0.40)
SENTENCES_SCALE: Final = (0.10, 0.80)
CONTEXTUAL_SCALE: Final = (-0.10, 0.50)
MAXSIM_SCALE: Final = (0.0, 0.35)
SAYS_NOTHING: Final = -1.0  #: the meaning of a text without a known word, beside any other
#: What is taken off that one: ``SPREAD``, ``USUAL`` and ``FEWEST`` of ``embeddings.pairs``.
MAXSIM_LESS: Final = (0.25, 5, 3)
#: The signals of the sentence encoder, which reads a text later than the table of words.
CONTEXTUAL: Final = frozenset({"contextual", "maxsim"})

#: From this strength on a pair of sentences is quoted, where the support is what is asked for first and the
#: fit as a whole is fair: the lowest by which nine in ten of what the cards of the invented city then quoted
#: carried the fit, as read one by one; chosen on all of these, none held aside. The two others were chosen on
#: one half of the pairs that were judged (see docs/matching.md).
QUOTABLE, QUOTABLE_SUPPORT, QUOTABLE_SCORE = 0.82, 0.99, 0.50
HIGH, MIDDLE = 0.60, 0.30  #: from here on 適合度 高, 中


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
    by_words: "Weights | None" = None  #: serve instead of these for a pair that was not read in context yet

    def score(self, parts: Mapping[str, float]) -> float:
        """The score in [0, 1] of known signals, each in [0, 1]; 0 where nothing is known."""
        if not parts:
            return 0.0
        if self.by_words is not None and not parts.keys() & CONTEXTUAL:
            return self.by_words.score(parts)
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

    @cached_property
    def version(self) -> str:
        """A short name of all numbers that make the score, kept with every shown list."""
        stand_in = sorted(vocabulary.COMPLEMENTS.items())
        shares = (
            criteria.WELCOME,
            criteria.ELSEWHERE,
            criteria.PROFILE,
            criteria.SKILL_UNKNOWN,
            criteria.SKILL_OTHER,
            criteria.AREA_NAMED,
        )
        scales = (MEANING_SCALE, WORDS_SCALE, SENTENCES_SCALE, CONTEXTUAL_SCALE, MAXSIM_SCALE)
        numbers = (self.as_dict(), stand_in, shares, scales, MAXSIM_LESS)
        return hashlib.sha256(repr(numbers).encode()).hexdigest()[:12]

    def as_dict(self) -> dict[str, Any]:
        """The form of ``weights.json``."""
        return {
            "bias": self.bias,
            "parts": {code: asdict(part) for code, part in sorted(self.parts.items())},
            "source": self.source,
            "model_id": self.model_id,
            "by_words": self.by_words.as_dict() if self.by_words is not None else None,
        }

    @classmethod
    def of(cls, numbers: Mapping[str, Any]) -> "Weights":
        """What ``as_dict`` gave."""
        parts = {code: Part(**part) for code, part in numbers["parts"].items()}
        by_words = numbers.get("by_words")  # weights adopted before there was a sentence encoder have none
        return cls(
            numbers["bias"], MappingProxyType(parts), numbers["source"], numbers["model_id"],
            cls.of(by_words) if by_words else None,
        )  # fmt: skip


@cache
def shipped_weights() -> Weights:
    """The weights that come with the bundled model: ``weights.json``, written by ``enmusubi match fit``."""
    return Weights.of(json.loads((Path(__file__).parent / "weights.json").read_text(encoding="utf-8")))


@dataclass(frozen=True)
class Texts:
    """Text similarities of the pair: cosines of meaning and of rare words, ``None`` where unknown."""

    meaning: float | None = None
    words: float | None = None
    sentences: float | None = None  #: closeness of the closest pair of sentences
    mission_meaning: float | None = None
    mission_words: float | None = None
    contextual: float | None = None  #: cosine by the sentence encoder
    maxsim: float | None = None  #: and of each sentence with its best partner, averaged


@dataclass(frozen=True)
class Quote:
    """The sentence of each side that carried the similarity, in their own words."""

    company: str
    npo: str
    strength: float = 1.0  #: how surely the two answer each other (``quotes.py``)


@dataclass(frozen=True)
class Fit:
    """The result for one pair; ``parts`` holds every known signal in [0, 1].

    What could be added is looked for only where the pair is shown (``explaining.py``).
    """

    score: float
    parts: Mapping[str, float]
    reasons: tuple[Reason, ...]
    improvements: tuple[Reason, ...] = ()

    @property
    def level(self) -> str:
        """適合度 in one word: its code."""
        return level(self.score)


def level(score: float) -> str:
    """``high``, ``middle`` or ``low`` for a score in [0, 1]."""
    return "high" if score >= HIGH else "middle" if score >= MIDDLE else "low"


def fit(company: Side, npo: Side, texts: Texts, weights: Weights | None = None) -> Fit:
    """Score one pair and say why.

    Args:
        company: its offer together with its profile, or the profile alone.
        npo: its need together with its profile, or the profile alone.
        texts: similarities of offer (or profile) with need (or mission).
        weights: the shipped ones when ``None``.
    """
    judged = criteria.judgements(company, npo)
    parts = {code: value for code, value in text_parts(texts).items() if value is not None}
    parts |= {code: value for code, value, _reason in judged if value is not None}
    reasons = tuple(reason for _code, _value, reason in judged if reason is not None)
    return Fit((weights or shipped_weights()).score(parts), parts, reasons)


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
    contextual, maxsim = texts.contextual, texts.maxsim
    if contextual is None and texts.meaning is not None and texts.meaning <= SAYS_NOTHING:
        # Not merely unread, which would speak neither for nor against it.
        contextual = maxsim = SAYS_NOTHING
    return {
        "meaning": scaled(texts.meaning, MEANING_SCALE),
        "words": scaled(texts.words, WORDS_SCALE),
        "sentences": scaled(texts.sentences, SENTENCES_SCALE),
        "mission": sum(mission) / len(mission) if mission else None,
        "contextual": scaled(contextual, CONTEXTUAL_SCALE),
        "maxsim": scaled(maxsim, MAXSIM_SCALE),
    }


def quote_reason(quote: Quote | None, fit: Fit) -> Reason | None:
    """The reason that quotes both sides; ``None`` where the two sentences do not carry the fit."""
    if quote is None or quote.strength < QUOTABLE:
        return None
    if fit.parts.get("support", 0.0) < QUOTABLE_SUPPORT or fit.score < QUOTABLE_SCORE:
        return None  # sentences about one thing carry nothing where another kind of support is asked for
    return Reason("quote", "○", "quote_close", {"company": quote.company, "npo": quote.npo})


def reasons_as_dicts(fit: Fit) -> list[dict[str, Any]]:
    """The reasons, and what could be added, as they are kept with a shown suggestion: codes and facts."""
    return [
        {"code": reason.code, "mark": reason.mark, "says": reason.says, **reason.facts}
        for reason in (*fit.reasons, *fit.improvements)
    ]


def order(scored: Sequence[tuple[float, int]]) -> list[int]:
    """Positions of (score, stable key) pairs, best first; equal scores by key, so that ties are stable."""
    return sorted(range(len(scored)), key=lambda place: (-scored[place][0], scored[place][1]))
