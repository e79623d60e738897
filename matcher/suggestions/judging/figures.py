"""What rankers reach on the queries of a folder, and whether one is better than another."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from matcher.suggestions.judging import measures
from matcher.suggestions.judging.folders import Query, Ranker

RELEVANT: Final = 2  #: from this grade on a judged candidate counts as good


@dataclass(frozen=True)
class Figures:
    """What a ranker reached: measure → query id with direction → value."""

    name: str
    values: Mapping[str, Mapping[tuple[str, str], float]]


#: name, which queries it is taken over, and what it makes of the grades in ranked order and the good ones
_MEASURES: Final[tuple[tuple[str, Callable[[Query], bool], Callable[[Sequence[int], int], float]], ...]] = (
    ("c→n MRR@10", lambda q: not q.is_judged and q.direction == "company_to_npo", lambda g, _n: _mrr(g)),
    ("n→c MRR@10", lambda q: not q.is_judged and q.direction == "npo_to_company", lambda g, _n: _mrr(g)),
    ("hit@1", lambda q: not q.is_judged, lambda g, _n: float(bool(g) and g[0] >= RELEVANT)),
    ("Recall@10", lambda q: not q.is_judged, lambda g, n: sum(x >= RELEVANT for x in g[:10]) / n),
    ("graded MRR@10", lambda q: q.is_judged, lambda g, _n: _mrr(g)),
    ("graded nDCG@10", lambda q: q.is_judged, lambda g, _n: measures.ndcg(g)),
)
MEASURES: Final = tuple(name for name, _which, _measure in _MEASURES)
#: One figure for each query over all tasks, by which rankers are compared in pairs.
TASKS: Final = ("c→n MRR@10", "n→c MRR@10", "graded nDCG@10")


def figures(
    name: str, ranker: Ranker, queries: Sequence[Query]
) -> tuple[Figures, dict[tuple[str, str], list[str]]]:
    """Rank every query and measure; also gives the ranked ids by (query id, direction)."""
    ranked: dict[tuple[str, str], list[str]] = {
        (query.id, query.direction): list(ranker(query)) for query in queries
    }
    values: dict[str, dict[tuple[str, str], float]] = {}
    for query in queries:
        grades = [query.grades.get(key, 0) for key in ranked[query.id, query.direction]]
        good = sum(grade >= RELEVANT for grade in query.grades.values())
        if not any(query.grades.values()) or (not query.is_judged and not good):
            continue
        for measure, which, value in _MEASURES:
            if which(query):
                values.setdefault(measure, {})[query.id, query.direction] = value(grades, good)
    return Figures(name, values), ranked


def _mrr(grades: Sequence[int]) -> float:
    return next((1 / place for place, grade in enumerate(grades[:10], start=1) if grade >= RELEVANT), 0.0)


def over_all_tasks(a: Figures, b: Figures, seed: int = 0) -> tuple[float, float, float]:
    """Mean of a − b over the queries of all tasks together, with its 95 % bootstrap interval."""
    differences = [
        a.values[task][query] - b.values[task][query] for task in TASKS for query in a.values.get(task, {})
    ]
    return measures.interval(differences, seed)
