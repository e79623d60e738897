"""The weights of the ranking, fitted on labelled pairs and adopted only where they prove better.

The model is a logistic regression without negative weights (a signal that fits may never speak against a
pair) and with a floor under those that the pages name as reasons. A grade of 2 or 3 counts as good, 0 and 1
as not. Pairs are held aside by organization: companies and NPOs are each drawn into two groups, weights are
fitted on the pairs of two groups and tried on the pairs of the other two, so that no organization of a trial
was seen in fitting.

Labels come from graded pairs, and from what people did with suggestions (M6): a case that was introduced is
good; one declined or refused, and a pass because of timing, quantity, skill, field or distance, is not.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from types import MappingProxyType
from typing import Final

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select
from sqlalchemy.orm import Session

from matcher.ground import lifecycle
from matcher.ground.errors import Refused
from matcher.ground.permissions import Actor
from matcher.ground.typed import seen
from matcher.records import Mark, Partnership, RankingWeights, ShownList, ShownSuggestion
from matcher.register import audit
from matcher.suggestions import weights
from matcher.suggestions.judging import measures
from matcher.suggestions.ranking import CONTEXTUAL, Part, Weights

Floats = NDArray[np.float64]

PARTS: Final = (
    "meaning", "words", "sentences", "mission", "support", "field", "beneficiaries", "sdgs", "area", "period",
    "hours", "quantity", "contextual", "maxsim",
)  # fmt: skip
GOOD: Final = 2  #: from this grade on
RIDGE: Final = 0.02  #: how strongly weights are held small, against chance in a few hundred pairs
#: What the pages name as a reason must count: no weight is fitted below these. That the kinds of support meet
#: is what tells partners from two who want the same; few labelled pairs say so, since graders saw hard cases.
#: They also saw only pairs that a ranking by words had found; what a sentence encoder finds beside them shows
#: where partners are sought among all (docs/matching.md).
FLOORS: Final[Mapping[str, float]] = MappingProxyType(
    {"support": 1.0, "field": 0.25, "beneficiaries": 0.15, "sdgs": 0.1, "contextual": 2.0}
)
FEWEST: Final = 100  #: labelled pairs without which nothing is fitted
_FIT_PASSES: Final = frozenset({"timing", "quantity", "skill", "field", "distance"})
_GOOD_STATES: Final = lifecycle.CASE_WORK
_BAD_STATES: Final = frozenset({"declined", "refused"})


@dataclass(frozen=True)
class Labelled:
    """One pair with its signals (each in [0, 1], the unknown left out) and what people said of it."""

    company: str
    npo: str
    query: str  #: with which others it stands in a list
    parts: Mapping[str, float]
    grade: int

    @property
    def is_good(self) -> bool:
        """Whether it counts as a good pair."""
        return self.grade >= GOOD


@dataclass(frozen=True)
class Trial:
    """Weights on pairs that they were not fitted on: score and label of each, in the order of the pairs."""

    pairs: tuple[Labelled, ...]
    scores: tuple[float, ...]

    @property
    def log_losses(self) -> Floats:
        """−ln of the probability given to what was the case, by pair."""
        good = np.array([pair.is_good for pair in self.pairs])
        scores = np.clip(self.scores, 1e-9, 1 - 1e-9)
        losses: Floats = -np.where(good, np.log(scores), np.log(1 - scores))
        return losses

    @property
    def ndcg(self) -> Mapping[str, float]:
        """nDCG@10 of every query that has something good."""
        lists: dict[str, list[tuple[float, str, int]]] = {}
        for pair, score in zip(self.pairs, self.scores, strict=True):
            lists.setdefault(pair.query, []).append((-score, f"{pair.company} {pair.npo}", pair.grade))
        return {
            query: measures.ndcg([grade for *_rest, grade in sorted(rows)])
            for query, rows in lists.items()
            if any(grade for *_rest, grade in rows)
        }

    def calibration(self, bins: int = 10) -> list[tuple[float, float, int]]:
        """(mean score, share of good pairs, how many) of equal steps of the score; empty steps left out."""
        scores = np.array(self.scores)
        good = np.array([pair.is_good for pair in self.pairs])
        step = np.minimum((scores * bins).astype(int), bins - 1)
        return [
            (float(scores[step == n].mean()), float(good[step == n].mean()), int((step == n).sum()))
            for n in range(bins)
            if (step == n).any()
        ]

    @property
    def calibration_error(self) -> float:
        """Expected calibration error over ten steps (Naeini, Cooper, Hauskrecht 2015)."""
        steps = self.calibration()
        return sum(abs(score - share) * count for score, share, count in steps) / len(self.pairs)


def fit_weights(pairs: Sequence[Labelled], source: str, model_id: str, ridge: float = RIDGE) -> Weights:
    """Maximum likelihood with a ridge, no weight below its floor (L-BFGS-B).

    Where a sentence encoder read any of the pairs, there are two sets: one of all signals, and one for pairs
    that it has not read yet.

    Raises:
        Refused: too few pairs, or all of one kind.
    """
    by_words = _fitted(pairs, [code for code in PARTS if code not in CONTEXTUAL], source, model_id, ridge)
    if not any(pair.parts.keys() & CONTEXTUAL for pair in pairs):
        return by_words
    return replace(_fitted(pairs, PARTS, source, model_id, ridge), by_words=by_words)


def _fitted(
    pairs: Sequence[Labelled], codes: Sequence[str], source: str, model_id: str, ridge: float
) -> Weights:
    from scipy.optimize import minimize  # noqa: PLC0415 - a tenth of a second that no page should pay

    good = np.array([pair.is_good for pair in pairs], dtype=np.float64)
    if len(pairs) < FEWEST or not 0 < good.sum() < len(pairs):
        raise Refused("too_few_pairs", found=len(pairs), wanted=FEWEST)
    centers = {
        code: float(np.mean([pair.parts[code] for pair in pairs if code in pair.parts] or [0.5]))
        for code in codes
    }
    signals = np.array(
        [[pair.parts.get(code, centers[code]) - centers[code] for code in codes] for pair in pairs]
    )

    def loss(numbers: Floats) -> tuple[float, Floats]:
        totals = numbers[0] + signals @ numbers[1:]
        share = 1 / (1 + np.exp(-totals))
        value = np.mean(np.logaddexp(0, totals) - good * totals) + ridge * np.mean(numbers[1:] ** 2) / 2
        slope = np.concatenate([[np.mean(share - good)], signals.T @ (share - good) / len(good)])
        slope[1:] += ridge * numbers[1:] / len(codes)
        return float(value), slope

    floors = [FLOORS.get(code, 0.0) for code in codes]
    bounds = [(None, None), *((floor, None) for floor in floors)]
    found = minimize(loss, np.array([0.0, *floors]), jac=True, method="L-BFGS-B", bounds=bounds).x
    parts = {
        code: Part(round(float(weight), 4), round(centers[code], 4))
        for code, weight in zip(codes, found[1:], strict=True)
    }
    return Weights(round(float(found[0]), 4), MappingProxyType(parts), source, model_id)


def held_aside(pairs: Sequence[Labelled], given: Weights | None = None) -> Trial:
    """Every pair within the two groups, scored by weights fitted on the pairs within the other two.

    Args:
        given: try these as they are, instead of fitting.
    """
    tried: list[Labelled] = []
    scores: list[float] = []
    for group in (0, 1):
        trial = [pair for pair in pairs if _group(pair.company) == _group(pair.npo) == group]
        fitted = given
        if fitted is None:
            rest = [pair for pair in pairs if _group(pair.company) == _group(pair.npo) != group]
            fitted = fit_weights(rest, "", "")
        tried += trial
        scores += [fitted.score(pair.parts) for pair in trial]
    return Trial(tuple(tried), tuple(scores))


def _group(organization: str) -> int:
    return hashlib.sha256(organization.encode()).digest()[0] % 2


@dataclass(frozen=True)
class Comparison:
    """New weights against those that serve, on pairs held aside; each with its 95 % interval."""

    new: Trial
    serving: Trial
    log_loss: tuple[float, float, float]  #: serving − new: above zero the new ones are better
    ndcg: tuple[float, float, float]  #: new − serving, by query

    @property
    def is_better(self) -> bool:
        """The guard: surely the better probability, and not surely the worse order."""
        return self.log_loss[1] > 0 and self.ndcg[2] >= 0


def compare(pairs: Sequence[Labelled], serving: Weights) -> Comparison:
    """Fit in halves and compare with what serves, pair by pair."""
    new, old = held_aside(pairs), held_aside(pairs, serving)
    better = measures.interval((old.log_losses - new.log_losses).tolist())
    ranked, before = new.ndcg, old.ndcg
    order = measures.interval([ranked[query] - before[query] for query in ranked])
    return Comparison(new, old, better, order)


def recorded(session: Session) -> list[Labelled]:
    """Pairs labelled by what people did with suggestions, with the signals as they were when shown."""
    found = []
    cases = select(Partnership, ShownSuggestion).join(
        ShownSuggestion, ShownSuggestion.id == Partnership.shown_suggestion_id
    )
    for case, shown in session.execute(cases.where(Partnership.state.in_(_GOOD_STATES | _BAD_STATES))):
        grade = 3 if case.state in _GOOD_STATES else 0
        found.append(_labelled(case.company_id, case.npo_id, shown, grade))
    passes = (
        select(Mark, ShownSuggestion, ShownList.organization_id)
        .join(ShownList, ShownList.organization_id == Mark.organization_id)
        .join(ShownSuggestion, ShownSuggestion.shown_list_id == ShownList.id)
        .where(
            Mark.kind == "passed",
            Mark.reason_code.in_(_FIT_PASSES),
            ShownSuggestion.candidate_id == Mark.target_id,
            ShownList.shown_at <= Mark.marked_at,
        )
        .order_by(ShownList.shown_at)
    )
    latest = {(mark.organization_id, mark.target_id): shown for mark, shown, _id in session.execute(passes)}
    found += [_labelled(viewer, target, shown, 0) for (viewer, target), shown in latest.items()]
    return found


def _labelled(company: int, npo: int, shown: ShownSuggestion, grade: int) -> Labelled:
    return Labelled(str(company), str(npo), f"shown {shown.shown_list_id}", shown.parts, grade)


def adopt(
    session: Session, actor: Actor, fitted: Weights, comparison: Comparison, reason: str, now: datetime
) -> RankingWeights:
    """Let fitted weights serve from now on, with the evidence and in the audit record.

    Raises:
        Refused: they are not better on the pairs held aside, or no reason was given.
    """
    if not comparison.is_better:
        raise Refused("not_better", log_loss=comparison.log_loss, ndcg=comparison.ndcg)
    if not seen(reason):
        raise Refused("reason_required")
    before = weights.serving(session, fitted.model_id).version
    row = RankingWeights(
        model_id=fitted.model_id,
        version_name=fitted.version,
        numbers=fitted.as_dict(),
        evidence={
            "pairs": len(comparison.new.pairs),
            "log_loss_gain": list(comparison.log_loss),
            "ndcg_gain": list(comparison.ndcg),
        },
        reason=reason.strip(),
        adopted_at=now,
    )
    session.add(row)
    session.flush()
    audit.record(
        session, actor, "adopt", "ranking_weights", fitted.version, now,
        from_state=before, to_state=fitted.version, reason_text=reason.strip(),
    )  # fmt: skip
    return row
