"""The list that is made of who was ranked: its first places, and those kept for newcomers."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from matcher.records import Organization
from matcher.suggestions import newcomers, ranking, reaching
from matcher.suggestions.candidates import Candidates
from matcher.suggestions.conditions import Marks
from matcher.suggestions.explaining import Suggestion
from matcher.suggestions.newcomers import Draw
from matcher.suggestions.reaching import Reached

SHOWN: Final = 10


class Shortlist(list[Suggestion]):
    """What is shown, best first; with how the newcomers' places were drawn, where they were."""

    draw: Draw | None = None
    near: int = 0  #: organizations near enough to be looked at, before the person's own filters
    fitting: int = 0  #: how many of them meet the filters
    page: int = 1
    size: int = SHOWN  #: how many stand on a page
    weights_version: str = ""  #: of those by which it was ranked

    @property
    def pages(self) -> int:
        """How many pages there are, at least one."""
        return max(1, -(-self.fitting // self.size))

    @property
    def first(self) -> int:
        """The place of the first that is shown, counted from one."""
        return (self.page - 1) * self.size + 1


@dataclass
class Ranking:
    """Organizations with their scores, best first, what makes them suggestions, and how many there are."""

    ranked: Sequence[tuple[int, float]]
    suggestions: Callable[[Sequence[int]], Mapping[int, Suggestion]]
    near: int
    fitting: int


def ranking_of(scored: Sequence[Suggestion], found: Candidates) -> Ranking:
    """Of those that were all made suggestions."""
    best = {item.candidate.id: item for item in _one_each(scored)}
    ranked = [(key, item.fit.score) for key, item in best.items()]
    return Ranking(ranked, lambda _wanted: best, len(found.near), len(found.fitting))


def ranking_reached(
    reached: Reached, score: Callable[[Sequence[int], Sequence[int]], list[Suggestion]]
) -> Ranking:
    """Of those of which only what is shown is made a suggestion, with all that is said of it."""

    def suggestions(wanted: Sequence[int]) -> Mapping[int, Suggestion]:
        postings = [number for key in wanted for number in reached.best[key].postings]
        alone = [key for key in wanted if reached.best[key].alone]
        return {item.candidate.id: item for item in _one_each(score(postings, alone))}

    return Ranking(reached.ranked(), suggestions, len(reached.near | reached.fitting), len(reached.fitting))


def _one_each(scored: Sequence[Suggestion]) -> list[Suggestion]:
    """The best suggestion of each organization, best first; ties by the organization's key."""
    best: dict[int, Suggestion] = {}
    for place in ranking.order([(item.fit.score, item.need.id if item.need else 0) for item in scored]):
        best.setdefault(scored[place].candidate.id, scored[place])
    items = list(best.values())
    return [items[place] for place in ranking.order([(s.fit.score, s.candidate.id) for s in items])]


def made_of(
    session: Session, asker: Organization, about: int, found: Ranking,
    marks: Marks, limit: int, now: datetime | None,
) -> Shortlist:  # fmt: skip
    """The first ``limit``, the newcomers' places given, with ranks and marks."""
    last = found.ranked[limit - 1][1] - reaching.MARGIN if len(found.ranked) > limit else -math.inf
    first = [key for key, score in found.ranked if score >= last]
    items = dict(found.suggestions(first))
    # Scores that differ only by the order in which they were added up are told apart by the exact ones.
    best = sorted((items[key] for key in first), key=lambda item: (-item.fit.score, item.candidate.id))
    result = Shortlist(best[:limit])
    result.near, result.fitting, result.size = found.near, found.fitting, limit
    if now is not None and len(found.ranked) > limit:
        ranked = [(one.candidate.id, one.fit.score) for one in best] + list(found.ranked[len(best) :])
        result.draw = newcomers.draw(session, asker, about, ranked, limit, now)
        items |= found.suggestions([key for key in result.draw.chosen if key not in items])
        chosen = sorted((items[number] for number in result.draw.chosen), key=lambda item: -item.fit.score)
        for place, item in zip(newcomers.places_of(limit, len(chosen)), chosen, strict=True):
            item.is_newcomer = True
            result[place] = item
    for rank, item in enumerate(result, start=1):
        item.rank = rank
        need_id = about or (item.need.id if item.need else 0)
        item.saved = bool({(item.candidate.id, need_id), (item.candidate.id, 0)} & marks.saved)
    return result
