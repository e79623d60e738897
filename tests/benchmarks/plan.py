"""How long the year's plan takes, and how far it can be from the best: run by hand, asserts nothing.

    python -m tests.benchmarks.plan [DATABASE]

The demo city (its SQLite file, brought to the newest migration) is gathered and solved; then invented cities,
from a seed, of the demo city's size and of 2,000 needs by 1,000 offers. Figures stand in docs/benchmarks.md.
"""

import os
import platform
import random
import sys
import time
from typing import Final

import scipy
from sqlalchemy import func, select
from threadpoolctl import threadpool_limits

from matcher.ground.db import Database
from matcher.planning import explaining, gathering
from matcher.planning.gathering import Settings
from matcher.planning.solving import solve
from matcher.planning.task import Group, Pair, Part, Source, Task, without_groups
from matcher.records import Need
from matcher.suggestions.indexing import LiveIndex

SEED: Final = 1
NEAR: Final = 15  #: offers that come into question for each need of an invented city
SIZES: Final = ((170, 105), (2_000, 1_000))
DEMO: Final = Settings(newcomers=5, of_each_district=3, most_of_field=15)


def invented(needs: int, offers: int, seed: int = SEED) -> Task:
    """A city in which every need has ``NEAR`` offers: half of it more wanting than the demo city."""
    draw = random.Random(seed)
    parts, sources, pairs = [], [], []
    for place in range(needs):
        quantity = draw.choice([None, 5.0, 10.0, 20.0, 50.0, 100.0])
        least = quantity * 0.3 if quantity and draw.random() < 0.6 else None
        parts.append(Part(f"n{place}", f"npo{place // 2}", quantity, least))
    for place in range(offers):
        amount = draw.choice([None, 2.0, 5.0, 10.0, 30.0, 80.0])
        sources.append(Source(f"s{place}", f"company{place // 2}", amount))
    for part in parts:
        for source in draw.sample(sources, NEAR):
            is_measured = part.quantity is not None and source.quantity is not None
            is_whole = is_measured and draw.random() < 0.6
            pairs.append(Pair(part.key, source.key, round(draw.uniform(0.3, 0.95), 4), is_measured, is_whole))
    new = tuple(f"company{place}" for place in range(0, offers // 2, 7))
    groups = [Group("newcomers", "companies", new, at_least=offers // 20)]
    for place in range(8):
        members = tuple(f"n{one}" for one in range(place, needs, 8))
        groups.append(Group(f"district:{place}", "needs", members, at_least=5))
    for place in range(10):
        members = tuple(f"n{one}" for one in range(place, needs, 10))
        groups.append(Group(f"field:{place}", "needs", members, at_most=needs // 15))
    companies, npos = {one.owner: 3 for one in sources}, {one.owner: 3 for one in parts}
    return Task(tuple(parts), tuple(sources), tuple(pairs), companies, npos, tuple(groups))


def gathered(url: str) -> gathering.Gathered:
    """The demo city's task, and how long it took to gather."""
    database, live = Database(url), LiveIndex()
    with database.read() as session:
        live.level(session)
        now = session.scalar(select(func.max(Need.updated_at)))
        assert now is not None
        began, busy = time.perf_counter(), time.process_time()
        found = gathering.gather(session, live, DEMO, now)
    took, used = time.perf_counter() - began, time.process_time() - busy
    print(f"gathered: {took:.1f} s ({used:.1f} s of processor)")
    return found


def measure(name: str, task: Task, ruled: tuple[explaining.Ruled, ...] = ()) -> None:
    """Solve with and without floors and caps, and say what came of it."""
    print(f"{name}: {len(task.parts)} needs, {len(task.sources)} offers, {len(task.pairs)} pairs")
    for kind, one in (("floors and caps", task), ("without", without_groups(task))):
        began, busy = time.perf_counter(), time.process_time()
        plan = solve(one)
        took, used = time.perf_counter() - began, time.process_time() - busy
        explaining.whys(one, plan, ruled)
        print(
            f"  {kind:16} {took:6.1f} s ({used:.1f} s of processor)  {len(plan.chosen)} rows, "
            f"total fit {plan.total_fit:.1f}, gap ≤ {plan.gap:.2%}, floors missed {sum(plan.missing.values())}",
            flush=True,
        )


def main() -> None:
    """Everything, one after the other."""
    print(
        f"{platform.machine()}, {os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}; scipy {scipy.__version__}"
    )
    threadpool_limits(limits=1, user_api="blas")
    if len(sys.argv) > 1:
        found = gathered(sys.argv[1])
        measure("demo city", found.task, found.ruled)
    for needs, offers in SIZES:
        measure(f"invented, seed {SEED}", invented(needs, offers))


if __name__ == "__main__":
    main()
