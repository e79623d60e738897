"""How far a list reaches: until nobody who was not looked at closely can stand among those that are shown.

Every record of a kind has a ceiling (``promise.py``). In the order of their ceilings records are looked at
closely, until so many organizations as are asked for stand above the highest ceiling that is left: they are
the best of all, whatever the others' sentences say.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from matcher.suggestions.candidates import NEAR, Candidates
from matcher.suggestions.conditions import NO_FILTERS, Filters
from matcher.suggestions.promise import Pool

Places = NDArray[np.int64]
#: ids of postings, and of organizations by their profile → which of them may be suggested
Check = Callable[[Sequence[int], Sequence[int], Filters], Candidates]

#: So many ceilings are lowered at a time, by what is in memory and by what has to be read; of that the fourth
#: part before anybody is looked at closely.
TIGHTENED, SHARPENED, BEGUN = 2_400, 300, 4
STEP: Final = 40  #: records looked at closely at a time
#: A ceiling and a score are added up in another order.
MARGIN: Final = 1e-4


@dataclass
class Best:
    """What speaks best for one organization: one of its postings, or its profile (0)."""

    score: float
    postings: list[int] = field(default_factory=list)
    alone: bool = False


@dataclass
class Reached:
    """Organizations with their best, as far as was looked, and how many come into question."""

    best: dict[int, Best] = field(default_factory=dict)
    near: set[int] = field(default_factory=set)
    fitting: set[int] = field(default_factory=set)

    def ranked(self) -> list[tuple[int, float]]:
        """Organizations with their scores in [0, 1], best first."""
        scores = ((key, 1 / (1 + math.exp(-one.score))) for key, one in self.best.items())
        return sorted(scores, key=lambda item: (-item[1], item[0]))


def reach(postings: Pool, alone: Pool | None, check: Check, filters: Filters, limit: int) -> Reached:
    """Look until the ``limit`` best organizations are known, and at least at the most promising.

    Args:
        postings, alone: all that can be suggested, by what is posted and by the profile.
        check: which of some records no hard condition rules out.
    """
    walk = _Walk([pool for pool in (postings, alone) if pool is not None], check, filters)
    wanted = min(limit, NEAR)
    walk.begin()
    walk.look_around()
    while walk.is_left and not walk.knows_the_best(wanted):
        walk.step(max(STEP, 2 * wanted))
    if limit > NEAR:
        walk.finish()
    return walk.reached


class _Walk:
    def __init__(self, pools: Sequence[Pool], check: Check, filters: Filters) -> None:
        self.reached = Reached()
        self._pools, self._check, self._filters = pools, check, filters
        everything = [pool.ceilings if filters == NO_FILTERS else _narrowed(pool, filters) for pool in pools]
        self._pool = np.concatenate([np.full(len(c), place) for place, c in enumerate(everything)])
        self._row = np.concatenate([np.arange(len(ceilings)) for ceilings in everything])
        ceilings = np.concatenate(everything)
        order = np.argsort(-ceilings, kind="stable")
        self._order = order[: np.count_nonzero(ceilings > -np.inf)]
        self._ceilings = ceilings
        self._ways = [
            (way, np.zeros(len(ceilings), bool), at_once)
            for way, at_once in ((Pool.tighten, TIGHTENED), (Pool.sharpen, SHARPENED))
        ]
        self._done = 0
        self._heads: set[int] = set()  # places that were checked
        self._allowed: set[int] = set()  # and those that may be suggested

    @property
    def is_left(self) -> bool:
        """Whether anybody is left."""
        return self._done < len(self._order)

    def knows_the_best(self, wanted: int) -> bool:
        """Whether nobody who is left can be among the ``wanted`` best."""
        if self._done == 0:
            return False
        last = self._last_of(wanted)
        for lower, is_lowered, at_once in self._ways:
            if not self.is_left or last > self._ceilings[self._order[self._done]] + MARGIN:
                return True
            self._lower(lower, is_lowered, at_once, last)
        return not self.is_left or last > self._ceilings[self._order[self._done]] + MARGIN

    def _last_of(self, wanted: int) -> float:
        scores = np.array([one.score for one in self.reached.best.values()])
        return float(np.partition(scores, -wanted)[-wanted]) if len(scores) >= wanted else -np.inf

    def begin(self) -> None:
        """Look first at those whose sentences promise most, too."""
        for lower, is_lowered, at_once in self._ways:
            head = self._order[: at_once // BEGUN]
            if head.size:
                self._lower(lower, is_lowered, at_once, float(self._ceilings[head[-1]]))

    def _lower(
        self, lower: Callable[[Pool, Places], None], is_lowered: NDArray[np.bool_], at_once: int, last: float
    ) -> None:
        """Lower the ceilings of those who may still stand above ``last``, and put them in order again."""
        left = self._order[self._done :]
        loose = left[(self._ceilings[left] + MARGIN >= last) & ~is_lowered[left]][:at_once]
        if not loose.size:
            return
        for number, pool in enumerate(self._pools):
            places = loose[self._pool[loose] == number]
            if places.size:
                lower(pool, self._row[places])
                self._ceilings[places] = pool.ceilings[self._row[places]]
        is_lowered[loose] = True
        self._order[self._done :] = left[np.argsort(-self._ceilings[left], kind="stable")]

    def look_around(self) -> None:
        """Check the most promising of each kind: they are the near ones."""
        if self._filters != NO_FILTERS:
            heads = [_head(pool.ceilings) for pool in self._pools]
            self.reached.near |= self._checked(heads, NO_FILTERS).near
        pools = self._pool[self._order]
        self._look_at(np.concatenate([self._order[pools == n][:NEAR] for n in range(len(self._pools))]))

    def step(self, count: int) -> None:
        """Look closely at the next so many."""
        places = self._order[self._done : self._done + count]
        self._done += len(places)
        unseen = np.array([place for place in places.tolist() if place not in self._heads], int)
        if unseen.size:
            self._look_at(unseen)
        self._score(places)

    def finish(self) -> None:
        """Look closely at all that were checked."""
        rest = [place for place in self._order[self._done :].tolist() if place in self._heads]
        self._score(np.array(rest, int))

    def _look_at(self, places: NDArray[np.int64]) -> None:
        rows = [self._row[places[self._pool[places] == number]] for number in range(len(self._pools))]
        found = self._checked(rows, self._filters)
        self.reached.near |= found.near
        self.reached.fitting |= found.fitting
        allowed = [set(found.postings), set(found.alone)]
        self._heads |= set(places.tolist())
        for place in places.tolist():
            pool = self._pool[place]
            if int(self._pools[pool].table.ids[self._row[place]]) in allowed[pool]:
                self._allowed.add(place)

    def _checked(self, rows: Sequence[NDArray[np.int64]], filters: Filters) -> Candidates:
        ids = [pool.table.ids[chosen].tolist() for pool, chosen in zip(self._pools, rows, strict=True)]
        return self._check(ids[0], ids[1] if len(ids) > 1 else [], filters)

    def _score(self, places: NDArray[np.int64]) -> None:
        for number, pool in enumerate(self._pools):
            chosen = [
                place for place in places.tolist() if self._pool[place] == number and place in self._allowed
            ]
            if not chosen:
                continue
            rows = self._row[chosen]
            keys = zip(pool.table.ids[rows].tolist(), pool.table.owners[rows].tolist(), strict=True)
            for (owner_id, organization_id), score in zip(keys, pool.scores(rows).tolist(), strict=True):
                self._put(organization_id, 0 if number else owner_id, score)

    def _put(self, organization_id: int, posting: int, score: float) -> None:
        best = self.reached.best.get(organization_id)
        if best is None or score > best.score + MARGIN:
            best = self.reached.best[organization_id] = Best(score)
        elif score < best.score - MARGIN:
            return
        # What is as good to the last figure is told apart where the score is made with its reasons.
        best.score = max(best.score, score)
        if posting:
            best.postings.append(posting)
        else:
            best.alone = True


def _head(ceilings: NDArray[np.float64]) -> NDArray[np.int64]:
    order = np.argsort(-ceilings, kind="stable")[:NEAR]
    return order[ceilings[order] > -np.inf]


def _narrowed(pool: Pool, filters: Filters) -> NDArray[np.float64]:
    meets = np.array([filters.are_met(facts, asked=pool.is_asked) for facts in pool.table.facts], bool)
    return np.where(meets, pool.ceilings, -np.inf)
