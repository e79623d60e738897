"""Finds the year's plan: a mixed-integer program, solved by HiGHS (Huangfu and Hall 2018) through scipy.

Variables: for each pair y ∈ {0, 1}, whether it is in the plan, and, where it is measured, the amount x; for
each need with a least useful amount z ∈ {0, 1}; for each member of a group u ∈ [0, 1], whether it is reached;
for each floor s ≥ 0, what is missing. With Q the amount that a need asks for, a solution maximises

    Σ value · fit · x/Q (or · y)  -  SETUP_COST · Σ y  -  FLOOR_WEIGHT · Σ s

subject to

    need:     Σ x/Q + Σ y(unmeasured) ≤ 1;  Σ x ≥ least · z  and  y ≤ z for all of its pairs
    offer:    Σ x/C + Σ y(unmeasured) ≤ 1   with C the amount that it can give
    pair:     grain · y ≤ x ≤ min(Q, C) · y;  at most one offer of a company for one need
    sides:    Σ y ≤ what a company, and an NPO, can begin
    groups:   y ≤ u ≤ Σ y;  Σ u + s ≥ at_least;  Σ u ≤ at_most

What is locked has y ≥ 1, and raises a limit that it would break by itself.

A program of more than ``EXACT`` pairs is first solved without whole numbers. What that uses, and the best few
offers for each need, are the pairs among which the plan is then sought; how far it can be from the best of
all is measured on the value without whole numbers, which no plan can exceed. Pure: nothing is read or kept.
"""

import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.optimize import Bounds, LinearConstraint, linprog, milp

from matcher.ground.errors import DomainError
from matcher.planning.task import LEAST_SHARE, SETUP_COST, Chosen, Pair, Plan, Task

TIME_LIMIT: Final = 30.0  #: seconds for the search of one plan; two stand on a page
GAP: Final = 0.002  #: a plan is good enough that is within two thousandths of the best possible
EXACT: Final = 800  #: pairs that are sought through as they are, in a second or two
KEPT: Final = 2  #: of more, each need keeps its best so many, whatever the value without whole numbers uses
FLOOR_WEIGHT: Final = 10.0  #: of one that a floor lacks: as much as ten needs filled perfectly
_TINY: Final = 1e-6

Floats = NDArray[np.float64]


class Unsolvable(DomainError):
    """What is locked cannot stand in one plan, or no plan was found in time."""


class _Rows:
    """The constraints, a row each: low ≤ Σ factor · variable ≤ high."""

    def __init__(self) -> None:
        self._row: list[int] = []
        self._column: list[int] = []
        self._factor: list[float] = []
        self._low: list[float] = []
        self._high: list[float] = []

    def add(self, terms: Iterable[tuple[int, float]], low: float = -np.inf, high: float = np.inf) -> None:
        """One more row."""
        number = len(self._low)
        for column, factor in terms:
            self._row.append(number)
            self._column.append(column)
            self._factor.append(factor)
        self._low.append(low)
        self._high.append(high)

    def constraint(self, columns: int) -> LinearConstraint:
        """All rows as one matrix."""
        shape = (len(self._low), columns)
        matrix = sparse.csr_array((self._factor, (self._row, self._column)), shape=shape)
        return LinearConstraint(matrix, self._low, self._high)


class _Model:
    """The program of one task; variables stand in the order in which they are added."""

    def __init__(self, task: Task) -> None:
        self.pairs = sorted(task.open_pairs, key=lambda pair: pair.key)
        self._task = task
        self._parts = {part.key: part for part in task.parts}
        self._sources = {source.key: source for source in task.sources}
        self._rows = _Rows()
        self._cost: list[float] = []
        self._low: list[float] = []
        self._high: list[float] = []
        self._whole: list[int] = []
        self.pick: list[int] = []  #: y of each pair
        self.amount: dict[int, tuple[int, float]] = {}  #: place of a pair → its x, and what one of it means
        self.missing: dict[str, int] = {}
        self._add_pairs()
        self._add_parts()
        self._add_sources()
        self._add_loads()
        self._add_groups()

    def relaxed(self) -> tuple[Floats, float]:
        """The values of all variables where none need be whole, and the least cost.

        Raises:
            Unsolvable: ``plan_locked``.
        """
        rows = self._rows.constraint(len(self._cost))
        below, above = np.isfinite(rows.ub), np.isfinite(rows.lb)
        found = linprog(
            self._cost,
            A_ub=sparse.vstack([rows.A[below], -rows.A[above]]),
            b_ub=np.concatenate([rows.ub[below], -rows.lb[above]]),
            bounds=np.column_stack([self._low, self._high]),
            method="highs-ipm",
        )
        if found.x is None:
            raise Unsolvable("plan_locked")
        return found.x, float(found.fun)

    def solve(self, seconds: float, gap: float) -> tuple[Floats, float, float]:
        """The values of all variables, their cost, and how far at most that is from the least, as a share.

        Raises:
            Unsolvable
        """
        found = milp(
            np.array(self._cost),
            integrality=np.array(self._whole),
            bounds=Bounds(np.array(self._low), np.array(self._high)),
            constraints=self._rows.constraint(len(self._cost)),
            options={"time_limit": seconds, "mip_rel_gap": gap},
        )
        if found.x is None:
            raise Unsolvable("plan_locked" if found.status == 2 else "plan_no_time")
        return found.x, float(found.fun), max(0.0, float(found.mip_gap or 0.0))

    def _variable(self, cost: float, low: float, high: float, *, whole: bool) -> int:
        self._cost.append(cost)
        self._low.append(low)
        self._high.append(high)
        self._whole.append(int(whole))
        return len(self._cost) - 1

    def _add_pairs(self) -> None:
        for place, pair in enumerate(self.pairs):
            part, source = self._parts[pair.part], self._sources[pair.source]
            is_locked = float(pair.key in self._task.locked)
            gain = part.value * pair.fit
            if not pair.is_measured or part.quantity is None or source.quantity is None:
                self.pick.append(self._variable(SETUP_COST - gain, is_locked, 1, whole=True))
                continue
            pick = self._variable(SETUP_COST, is_locked, 1, whole=True)
            self.pick.append(pick)
            # In units where there is no half, else as a share of the need: yen would be numbers of a size
            # that the solver's tolerances are not made for.
            one = 1.0 if pair.is_whole else part.quantity
            most = min(part.quantity, source.quantity) / one
            grain = min(most, 1.0 if pair.is_whole else LEAST_SHARE)
            amount = self._variable(-gain * one / part.quantity, 0, most, whole=pair.is_whole)
            self.amount[place] = amount, one
            self._rows.add([(amount, 1.0), (pick, -most)], high=0)
            self._rows.add([(amount, 1.0), (pick, -grain)], low=0)

    def _share(self, place: int, of: float) -> tuple[int, float]:
        """The term by which a pair counts, as a share of an amount; as a whole where it is not measured."""
        if place not in self.amount:
            return self.pick[place], 1.0
        amount, one = self.amount[place]
        return amount, one / of

    def _places(self, name: str) -> Mapping[str, list[int]]:
        found: dict[str, list[int]] = {}
        for place, pair in enumerate(self.pairs):
            found.setdefault(getattr(pair, name), []).append(place)
        return found

    def _add_parts(self) -> None:
        for key, places in self._places("part").items():
            part = self._parts[key]
            terms = [self._share(place, part.quantity or 1.0) for place in places]
            self._rows.add(terms, high=1)
            if part.least is not None and part.quantity is not None:
                is_begun = self._variable(0, 0, 1, whole=True)
                # A whole one fills the need, so it is never too little.
                self._rows.add([*terms, (is_begun, -part.least / part.quantity)], low=0)
                self._rows.add([*terms, (is_begun, -1.0)], high=0)
                for place in places:
                    self._rows.add([(self.pick[place], 1.0), (is_begun, -1.0)], high=0)
            by_company: dict[str, list[int]] = {}
            for place in places:
                by_company.setdefault(self._sources[self.pairs[place].source].owner, []).append(place)
            for several in by_company.values():
                if len(several) > 1:
                    self._rows.add([(self.pick[place], 1.0) for place in several], high=1)

    def _add_sources(self) -> None:
        for key, places in self._places("source").items():
            self._rows.add(
                [self._share(place, self._sources[key].quantity or 1.0) for place in places], high=1
            )

    def _add_loads(self) -> None:
        task = self._task
        company_of = {source.key: source.owner for source in task.sources}
        npo_of = {part.key: part.owner for part in task.parts}
        owners = (
            (task.most_of_company, [company_of[pair.source] for pair in self.pairs]),
            (task.most_of_npo, [npo_of[pair.part] for pair in self.pairs]),
        )
        for limits, owner_of in owners:
            of_owner: dict[str, list[int]] = {}
            for place, owner in enumerate(owner_of):
                of_owner.setdefault(owner, []).append(place)
            for owner, places in of_owner.items():
                if owner in limits:
                    locked = sum(self.pairs[place].key in task.locked for place in places)
                    terms = [(self.pick[place], 1.0) for place in places]
                    self._rows.add(terms, high=max(limits[owner], locked))

    def _add_groups(self) -> None:
        for group in self._task.groups:
            reached = []
            for places in self._members(group.counts, group.members):
                one = self._variable(0, 0, 1, whole=False)
                reached.append((one, 1.0))
                if group.at_least:
                    self._rows.add([(one, 1.0), *((self.pick[place], -1.0) for place in places)], high=0)
                if group.at_most is not None:
                    for place in places:
                        self._rows.add([(self.pick[place], 1.0), (one, -1.0)], high=0)
                    if group.counts == "needs":  # follows from the others; without it the bound is weak
                        needed = self._parts[self.pairs[places[0]].part].quantity or 1.0
                        self._rows.add(
                            [*(self._share(place, needed) for place in places), (one, -1.0)], high=0
                        )
            if group.at_least:
                lack = self._variable(FLOOR_WEIGHT, 0, group.at_least, whole=False)
                self.missing[group.code] = lack
                self._rows.add([*reached, (lack, 1.0)], low=group.at_least)
            if group.at_most is not None:
                self._rows.add(reached, high=max(group.at_most, self._locked_in(group.counts, group.members)))

    def _owner(self, counts: str, pair: Pair) -> str:
        return self._sources[pair.source].owner if counts == "companies" else pair.part

    def _members(self, counts: str, members: Iterable[str]) -> Iterator[list[int]]:
        of_member: dict[str, list[int]] = {}
        for place, pair in enumerate(self.pairs):
            of_member.setdefault(self._owner(counts, pair), []).append(place)
        return (of_member[key] for key in members if key in of_member)

    def _locked_in(self, counts: str, members: Iterable[str]) -> int:
        locked = {self._owner(counts, pair) for pair in self.pairs if pair.key in self._task.locked}
        return len(locked & set(members))


def solve(task: Task, *, seconds: float = TIME_LIMIT, gap: float = GAP) -> Plan:
    """The best plan, or the best that was found in time, its rows by need and offer.

    Args:
        seconds: after which the search ends with what it has.
        gap: the search ends within this share of the best possible.

    Raises:
        Unsolvable: ``plan_locked`` where what is locked cannot stand together; ``plan_no_time``.
    """
    began = time.monotonic()
    if not task.open_pairs:
        lacking = {group.code: group.at_least for group in task.groups if group.at_least}
        return Plan((), 0.0, time.monotonic() - began, lacking)
    model = _Model(task)
    if len(model.pairs) <= EXACT:
        values, _cost, reached = model.solve(seconds, gap)
    else:
        loose, bound = model.relaxed()
        model = _Model(_narrowed(task, model, loose))
        values, cost, _reached = model.solve(seconds, gap)
        reached = max(0.0, cost - bound) / max(abs(cost), _TINY)
    quantity_of = {part.key: part.quantity for part in task.parts}
    chosen = []
    for place, pair in enumerate(model.pairs):
        if values[model.pick[place]] < 0.5:
            continue
        if place not in model.amount:
            chosen.append(Chosen(pair.part, pair.source, pair.fit, 1.0))
            continue
        variable, one = model.amount[place]
        amount = _rounded(values[variable] * one, pair)
        needed = quantity_of[pair.part] or 1.0
        chosen.append(Chosen(pair.part, pair.source, pair.fit, amount / needed, amount))
    missing = {
        code: lack for code, place in model.missing.items() if (lack := round(values[place])) > 0
    }  # fmt: skip
    return Plan(tuple(chosen), reached, time.monotonic() - began, missing)


def _narrowed(task: Task, model: _Model, loose: Floats) -> Task:
    """The same with fewer pairs (see above)."""
    used = {
        pair.key for pair, place in zip(model.pairs, model.pick, strict=True) if loose[place] > _TINY
    }  # fmt: skip
    kept, count = used | task.locked, Counter[str]()
    for pair in sorted(model.pairs, key=lambda pair: (-pair.fit, pair.key)):
        count[pair.part] += 1
        if count[pair.part] <= KEPT:
            kept.add(pair.key)
    return replace(task, pairs=tuple(pair for pair in model.pairs if pair.key in kept))


def _rounded(amount: float, pair: Pair) -> float:
    """As it is counted: whole, or down to a hundredth, so that no offer gives more than it has."""
    if pair.is_whole:
        return float(round(amount))
    return float(np.floor(amount * 100 + _TINY * 100) / 100)
