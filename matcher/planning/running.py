"""Makes a plan that waits in line: gathers, solves it with and without floors, says why not, and keeps it.

It takes up to a minute or two, so it is only done by whoever has taken the job; while the solver runs, a
thread beside it says that the holder is still there.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime

from sqlalchemy.orm import Session

from matcher.ground.db import Database
from matcher.ground.permissions import SYSTEM
from matcher.jobs import leases, tickets
from matcher.planning import explaining, gathering, reads, solving
from matcher.planning.explaining import Ruled
from matcher.planning.gathering import Settings
from matcher.planning.task import Plan, Task, without_groups
from matcher.records import Job, YearPlan
from matcher.register import audit, snapshots
from matcher.suggestions import weights
from matcher.suggestions.indexing import LiveIndex


def run(
    database: Database, live: LiveIndex, job: Job, watch: Callable[[], None], clock: Callable[[], datetime]
) -> None:
    """Make the plan that ``job`` names; one that is made already stays as it is.

    Args:
        watch: says that the job is still held.

    Raises:
        solving.Unsolvable: no plan can be made; the plan says so, too.
    """
    with database.read() as session:
        plan = reads.get(session, SYSTEM, job.key)
        if not plan.is_waiting:
            return
        live.level(session)
        with _held(watch):
            gathered = gathering.gather(
                session, live, Settings(**plan.settings), clock(),
                locked=reads.fixed(plan, "locked"), forbidden=reads.fixed(plan, "forbidden"),
            )  # fmt: skip
        versions = (
            live.model_id or "",
            live.applied_version,
            weights.serving(session, live.model_id).version,
        )
    try:
        with _held(watch):
            found = solving.solve(gathered.task)
            is_free = not gathered.task.groups
            beside = found if is_free else solving.solve(without_groups(gathered.task))
    except solving.Unsolvable as error:
        with database.write() as session:
            _fail(session, job.key, error.code, clock())
        raise
    with database.write() as session:
        _keep(session, job.key, gathered.task, found, beside, gathered.ruled, versions, clock())


@contextmanager
def _held(watch: Callable[[], None]) -> Iterator[None]:
    """Call ``watch`` every few seconds until the block is over, or somebody else has taken the job: whoever
    is done first keeps the plan.
    """
    is_over = threading.Event()

    def go_on() -> None:
        with suppress(tickets.Lost):
            while not is_over.wait(leases.RENEWAL.total_seconds()):
                watch()

    thread = threading.Thread(target=go_on, name="plan-watch", daemon=True)
    thread.start()
    try:
        yield
    finally:
        is_over.set()
        thread.join()


def _fail(session: Session, public_id: str, code: str, now: datetime) -> None:
    plan = reads.get(session, SYSTEM, public_id)
    if plan.is_waiting:
        plan.failure = code
        audit.record(session, SYSTEM, "fail_plan", "yearplan", public_id, now, reason_code=code)


def _keep(
    session: Session,
    public_id: str,
    task: Task,
    found: Plan,
    beside: Plan,
    ruled: tuple[Ruled, ...],
    versions: tuple[str, int, str],
    now: datetime,
) -> None:
    plan = reads.get(session, SYSTEM, public_id)
    if not plan.is_waiting:
        return
    _fill(plan, task, found, beside, ruled, versions)
    plan.solved_at = now
    audit.record(
        session, SYSTEM, "solve_plan", "yearplan", public_id, now,
        details={"rows": len(found.chosen), "gap": found.gap, "sha256": plan.sha256},
    )  # fmt: skip


def _fill(
    plan: YearPlan,
    task: Task,
    found: Plan,
    beside: Plan,
    ruled: tuple[Ruled, ...],
    versions: tuple[str, int, str],
) -> None:
    plan.model_id, plan.index_version, plan.weights_version = versions
    plan.inputs, plan.result, plan.without_floors = task.as_dict(), found.as_dict(), beside.as_dict()
    whys = explaining.whys(task, found, ruled)
    plan.whys = {key: why.as_dict() for key, why in sorted(whys.items())}
    kept = (plan.settings, plan.inputs, plan.result, plan.without_floors, plan.whys, list(versions))
    plan.sha256 = snapshots.sha256({"plan": kept})
