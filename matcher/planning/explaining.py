"""Why a need or an offer is not in a plan: codes with facts, said in ``webapp/plan_text.py``. Pure.

What is asked of a need without a partner is asked of its best pair: what stands against adding it to the plan
as it is. The dearest answer is the one that people ask about: the offer serves another need better.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from matcher.planning.task import Group, Pair, Part, Plan, Source, Task

_LEFT: Final = 0.01  #: a share of an amount below this is nothing that could still be given


@dataclass(frozen=True)
class Ruled:
    """A need and an offer near each other that were no candidates: why (a code), and how well they fit."""

    part: str
    source: str
    fit: float
    code: str


@dataclass(frozen=True)
class Why:
    """A code and the facts of its sentence: keys of needs and offers, amounts, scores."""

    code: str
    facts: Mapping[str, Any] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """The form that is kept."""
        return asdict(self)


class _Board:
    """A plan as it stands: what is left of everything."""

    def __init__(self, task: Task, plan: Plan) -> None:
        self.task = task
        self.parts: dict[str, Part] = {part.key: part for part in task.parts}
        self.sources: dict[str, Source] = {source.key: source for source in task.sources}
        self.pairs_of: dict[str, list[Pair]] = {}
        for pair in sorted(task.open_pairs, key=lambda pair: (-pair.fit, pair.key)):
            self.pairs_of.setdefault(pair.part, []).append(pair)
            self.pairs_of.setdefault(pair.source, []).append(pair)
        self.filled: dict[str, float] = defaultdict(float)
        self.used: dict[str, float] = defaultdict(float)
        self.load: Counter[str] = Counter()
        self.rows_of: dict[str, list[Any]] = {}
        for row in plan.chosen:
            source = self.sources[row.source]
            self.filled[row.part] += row.share
            # An offer without an amount, or one that is not measured in the need's unit, is used up.
            given, whole = row.amount, source.quantity
            self.used[row.source] += 1.0 if given is None or whole is None else given / whole
            self.load[self.parts[row.part].owner] += 1
            self.load[source.owner] += 1
            self.rows_of.setdefault(row.part, []).append(row)
            self.rows_of.setdefault(row.source, []).append(row)
        self.reached = {"needs": {row.part for row in plan.chosen}}
        self.reached["companies"] = {self.sources[row.source].owner for row in plan.chosen}

    def left(self, pair: Pair) -> float:
        """What of the offer is left, in the need's unit where it is measured, else 1 or 0."""
        share = max(0.0, 1.0 - self.used[pair.source])
        source = self.sources[pair.source]
        if pair.is_measured and source.quantity is not None:
            return share * source.quantity
        return float(share >= 1.0 - _LEFT)

    def is_used_up(self, pair: Pair) -> bool:
        """Whether nothing of the offer is left for it."""
        left = 1.0 - self.used[pair.source]
        return left < (_LEFT if pair.is_measured else 1.0 - _LEFT)

    def full_group(self, pair: Pair) -> Group | None:
        """The group whose cap is reached without it."""
        for group in self.task.groups:
            key = self.sources[pair.source].owner if group.counts == "companies" else pair.part
            if group.at_most is None or key not in group.members:
                continue
            reached = self.reached[group.counts]
            if key not in reached and len(reached.intersection(group.members)) >= group.at_most:
                return group
        return None


def whys(task: Task, plan: Plan, ruled: Sequence[Ruled]) -> dict[str, Why]:
    """Key of each need that is not filled at all, and of each offer that gives nothing → why."""
    board = _Board(task, plan)
    ruled_of: dict[str, list[Ruled]] = {}
    for one in sorted(ruled, key=lambda one: (-one.fit, one.part, one.source)):
        ruled_of.setdefault(one.part, []).append(one)
        ruled_of.setdefault(one.source, []).append(one)
    barred = {key for pair in task.forbidden for key in pair}
    found = {}
    for key in (*board.parts, *board.sources):
        if key not in board.rows_of:
            is_need = key in board.parts
            pairs = board.pairs_of.get(key, [])
            if not pairs:
                found[key] = _without_pairs(ruled_of.get(key, []), is_barred=key in barred, is_need=is_need)
            else:
                found[key] = _of_need(board, key, pairs) if is_need else _of_offer(board, pairs)
    return found


def _without_pairs(ruled: Sequence[Ruled], *, is_barred: bool, is_need: bool) -> Why:
    if is_barred:
        return Why("forbidden")
    if not ruled:
        return Why("nobody")
    best = ruled[0]
    facts = {"other": best.source if is_need else best.part, "count": len(ruled), "score": best.fit}
    return Why(best.code, facts)


def _of_need(board: _Board, key: str, pairs: Sequence[Pair]) -> Why:
    part = board.parts[key]
    if part.least is not None and all(pair.is_measured for pair in pairs):
        most = sum(board.sources[pair.source].quantity or 0.0 for pair in pairs)
        if most < part.least:
            return Why("too_little", {"least": part.least, "most": most})
    best = pairs[0]
    if (why := _limits(board, best)) is not None:
        return why
    if board.is_used_up(best):
        return _used_elsewhere(board, best)
    if part.least is not None and best.is_measured:
        left = sum(board.left(pair) for pair in pairs)
        if left < part.least:
            return Why("too_little_left", {"least": part.least, "most": left, "other": best.source})
    return Why("not_worth", {"other": best.source, "score": best.fit})


def _of_offer(board: _Board, pairs: Sequence[Pair]) -> Why:
    best = pairs[0]
    if (why := _limits(board, best)) is not None:
        return why
    if board.filled[best.part] > 1 - _LEFT:
        row = max(board.rows_of[best.part], key=lambda row: row.share)
        return Why(
            "filled_by_other",
            {"need": best.part, "other": row.source, "score": best.fit, "chosen": row.fit},
        )
    part = board.parts[best.part]
    if part.least is not None and best.is_measured and board.left(best) < part.least:
        return Why("too_little", {"least": part.least, "most": board.left(best), "need": best.part})
    return Why("not_worth", {"other": best.part, "score": best.fit})


def _limits(board: _Board, pair: Pair) -> Why | None:
    """What would be exceeded: what one side can begin at once, or the cap of a group."""
    task, company, npo = board.task, board.sources[pair.source].owner, board.parts[pair.part].owner
    if company in task.most_of_company and board.load[company] >= task.most_of_company[company]:
        return Why("company_full", {"offer": pair.source, "most": task.most_of_company[company]})
    if npo in task.most_of_npo and board.load[npo] >= task.most_of_npo[npo]:
        return Why("npo_full", {"need": pair.part, "most": task.most_of_npo[npo]})
    group = board.full_group(pair)
    return None if group is None else Why("group_full", {"group": group.code, "most": group.at_most})


def _used_elsewhere(board: _Board, pair: Pair) -> Why:
    """The offer serves another need; by how much the fit there is better is what would be lost."""
    row = max(board.rows_of[pair.source], key=lambda row: (row.fit * row.share, row.part))
    return Why(
        "used_elsewhere",
        {"other": pair.source, "need": row.part, "score": pair.fit, "chosen": row.fit},
    )
