"""What is to be planned and what came of it: plain values, which are kept as they are with the plan. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Final, Literal

#: What one more partnership costs: it is agreed, visited and reported on. Two partial gifts are therefore
#: worth it only where together they bring 5 % of a need more than one.
SETUP_COST: Final = 0.05
#: Of an amount of which there is a half, no partnership is begun for less than this share of the need.
LEAST_SHARE: Final = 0.05


@dataclass(frozen=True)
class Part:
    """What one need asks for. A need without ``quantity`` is filled by one offer as a whole."""

    key: str
    owner: str  #: the NPO
    quantity: float | None = None
    least: float | None = None  #: less than this is no help, all together
    value: float = 1.0  #: how much it counts; amounts of different kinds cannot be compared, needs can


@dataclass(frozen=True)
class Source:
    """What one offer can give. Of an offer without ``quantity`` nobody knows more than that it serves one."""

    key: str
    owner: str  #: the company
    quantity: float | None = None


@dataclass(frozen=True)
class Pair:
    """A need and an offer that may meet.

    ``is_measured``: both name amounts in one unit, so that a share of either can be given; otherwise the
    offer is used up by the need, and fills it. ``is_whole``: there is no half of the unit.
    """

    part: str
    source: str
    fit: float
    is_measured: bool = False
    is_whole: bool = False

    @property
    def key(self) -> tuple[str, str]:
        """Need and offer."""
        return self.part, self.source


@dataclass(frozen=True)
class Group:
    """How many of some companies, or of some needs, are to be in the plan. A floor that nothing can reach
    does not make the plan impossible: what is missing is said.
    """

    code: str
    counts: Literal["companies", "needs"]
    members: tuple[str, ...]
    at_least: int = 0
    at_most: int | None = None


@dataclass(frozen=True)
class Task:
    """All that a plan is made from; the same task gives the same plan."""

    parts: tuple[Part, ...]
    sources: tuple[Source, ...]
    pairs: tuple[Pair, ...]
    most_of_company: Mapping[str, int] = field(default_factory=dict)
    most_of_npo: Mapping[str, int] = field(default_factory=dict)
    groups: tuple[Group, ...] = ()
    locked: frozenset[tuple[str, str]] = frozenset()
    forbidden: frozenset[tuple[str, str]] = frozenset()

    @property
    def open_pairs(self) -> tuple[Pair, ...]:
        """Those that nobody has forbidden."""
        return tuple(pair for pair in self.pairs if pair.key not in self.forbidden)

    def as_dict(self) -> dict[str, Any]:
        """The form that is kept with the plan."""
        kept = asdict(self)
        kept["locked"], kept["forbidden"] = sorted(self.locked), sorted(self.forbidden)
        return kept

    @classmethod
    def of(cls, kept: Mapping[str, Any]) -> "Task":
        """What ``as_dict`` gave."""
        return cls(
            tuple(Part(**one) for one in kept["parts"]),
            tuple(Source(**one) for one in kept["sources"]),
            tuple(Pair(**one) for one in kept["pairs"]),
            kept["most_of_company"],
            kept["most_of_npo"],
            tuple(Group(**{**one, "members": tuple(one["members"])}) for one in kept["groups"]),
            frozenset((part, source) for part, source in kept["locked"]),
            frozenset((part, source) for part, source in kept["forbidden"]),
        )


@dataclass(frozen=True)
class Chosen:
    """One row of a plan: how much of the need it fills, and by what amount, where both are measured."""

    part: str
    source: str
    fit: float
    share: float
    amount: float | None = None

    @property
    def key(self) -> tuple[str, str]:
        """Need and offer."""
        return self.part, self.source


@dataclass(frozen=True)
class Plan:
    """What was found: ``gap`` is how far at most, as a share, the best plan can be above it."""

    chosen: tuple[Chosen, ...]
    gap: float
    seconds: float
    missing: Mapping[str, int] = field(default_factory=dict)  #: group → by how many its floor was missed

    @property
    def total_fit(self) -> float:
        """The sum of fit times the share that is filled: a need filled perfectly counts as one."""
        return sum(row.fit * row.share for row in self.chosen)

    def filled(self) -> dict[str, float]:
        """Need → the share of it that is filled, in (0, 1]."""
        found: dict[str, float] = {}
        for row in self.chosen:
            found[row.part] = min(1.0, found.get(row.part, 0.0) + row.share)
        return found

    def as_dict(self) -> dict[str, Any]:
        """The form that is kept."""
        return asdict(self)

    @classmethod
    def of(cls, kept: Mapping[str, Any]) -> "Plan":
        """What ``as_dict`` gave."""
        return cls(
            tuple(Chosen(**row) for row in kept["chosen"]), kept["gap"], kept["seconds"], kept["missing"]
        )


def without_groups(task: Task) -> Task:
    """The same without floors and caps: what stands beside every plan, so that people see what they cost."""
    return Task(
        task.parts, task.sources, task.pairs, task.most_of_company, task.most_of_npo, (), task.locked,
        task.forbidden,
    )  # fmt: skip


def by_part(rows: Sequence[Chosen]) -> dict[str, list[Chosen]]:
    """Need → its rows."""
    found: dict[str, list[Chosen]] = {}
    for row in rows:
        found.setdefault(row.part, []).append(row)
    return found
