"""What is done with an upload: kept for the preview, thrown away, or confirmed and saved.

An upload is kept as an ``ImportBatch`` of rows that could be read; nothing else is written before somebody
confirms.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from matcher.ground import permissions
from matcher.ground.db import Database
from matcher.ground.errors import Invalid, NotFound, NotPermitted, Refused
from matcher.ground.permissions import Actor
from matcher.imports import cells as import_cells
from matcher.imports import saving, tables
from matcher.imports.columns import COLUMNS, Kind
from matcher.imports.findings import Checked
from matcher.imports.saving import START, STATES, Progress, Result, Within
from matcher.jobs import tickets
from matcher.people import accounts
from matcher.records import ImportBatch, Job, Ticket, User
from matcher.records.base import new_public_id
from matcher.register import act, audit
from matcher.register.act import Done, Look, Words
from matcher.register.untold import UNTOLD

KEEP_DAYS: Final = 7  #: an upload that nobody confirms or discards is emptied after this
MAX_NOTES: Final = 2_000  #: of the notes on rows that are taken; everything else is kept


def keep(session: Session, actor: Actor, filename: str, checked: Checked, now: datetime) -> ImportBatch:
    """Keep a checked upload for the preview, and empty those that nobody came back to."""
    permissions.require(actor, "desk.import")
    _forget_old(session, now)
    notes = [problem for problem in checked.problems if problem.level == "note"]
    told = [problem for problem in checked.problems if problem.level != "note"] + notes[:MAX_NOTES]
    batch = ImportBatch(
        public_id=new_public_id(),
        kind=checked.kind,
        filename=tables.clean(filename)[-200:],
        uploaded_by_id=actor.user_id,
        uploaded_at=now,
        rows=checked.rows + checked.doubtful,
        problems=[asdict(problem) for problem in told],
        dropped_columns=checked.dropped,
        result={
            "total": checked.total,
            "ready": len(checked.rows),
            "errors": checked.count("error"),
            "doubtful": len(checked.doubtful),
            "duplicates": checked.count("duplicate"),
            "unknown": checked.unknown,
            "sheets": checked.sheets,
            "merged": checked.merged,
            "hidden_rows": checked.hidden_rows,
            "hidden_columns": checked.hidden_columns,
            "hidden_sheets": checked.hidden_sheets,
            "more_notes": max(0, len(notes) - MAX_NOTES),
        },
    )
    session.add(batch)
    session.flush()
    audit.record(
        session, actor, "upload", "importbatch", batch.public_id, now,
        details={"kind": batch.kind, "rows": checked.total, "dropped_columns": len(checked.dropped)},
    )  # fmt: skip
    return batch


def _forget_old(session: Session, now: datetime) -> None:
    session.execute(
        update(ImportBatch)
        .where(
            ImportBatch.uploaded_at < now - timedelta(days=KEEP_DAYS),
            ImportBatch.confirmed_at.is_(None),
            ImportBatch.discarded_at.is_(None),
            ImportBatch.public_id.not_in(
                select(Job.key).where(Job.kind == "import", Job.finished_at.is_(None))
            ),
        )
        .values(rows=[], problems=[], discarded_at=now)
    )


def get_batch(session: Session, actor: Actor, public_id: str) -> ImportBatch:
    """An upload, for city staff.

    Raises:
        NotFound
    """
    found = session.scalar(select(ImportBatch).where(ImportBatch.public_id == public_id))
    if found is None or not permissions.may(actor, "desk.import"):
        raise NotFound("importbatch")
    return found


def recent(session: Session, actor: Actor, limit: int = 20) -> Sequence[ImportBatch]:
    """The newest uploads."""
    permissions.require(actor, "desk.import")
    return session.scalars(select(ImportBatch).order_by(ImportBatch.id.desc()).limit(limit)).all()


def _running(look: Look) -> str | None:
    alive = tickets.find_alive(look.session, "import", look.record.public_id)
    return None if alive is None else "import_running"


@act.act(
    "discard", record=ImportBatch, way=UNTOLD, by="desk.import", whose=lambda look: None,
    open_in=frozenset({"waiting"}), guard=_running,
    words=Words(
        "取り込みをやめる", "取り込みを取りやめました。ファイルの内容は残っていません。",
        "取り込みを取りやめました",
    ),
)  # fmt: skip
def discard(look: Look) -> Done:
    """Throw an upload away, with all that it held."""
    batch = look.record
    batch.rows, batch.problems, batch.discarded_at = [], [], look.now
    return Done()


def _require_open(batch: ImportBatch) -> None:
    if not batch.is_waiting:
        raise Refused("import_closed")


def ask_to_save(
    session: Session,
    actor: Actor,
    public_id: str,
    state: str,
    now: datetime,
    address: str,
    others: Collection[int] = (),
) -> Ticket:
    """Put the saving of an upload in line (``run`` does it); a second click gets the same ticket.

    Args:
        address: of the page that shows the upload.
        others: as for ``confirm``.

    Raises:
        Invalid: ``state`` is none in which such records may begin.
        Refused: ``import_closed`` where it was confirmed or discarded before; ``import_running`` while its
            rows are being saved by another decision.
        jobs.Crowded: too many imports of this person are waiting.
    """
    batch = get_batch(session, actor, public_id)
    _require_open(batch)
    if state not in STATES[_kind(batch.kind)]:
        raise Invalid(state="required")
    last = tickets.find_newest(session, "import", public_id)
    decision = {"state": state, "others": sorted(others)}
    if last is not None and any(last.details[name] != chosen for name, chosen in decision.items()):
        if last.finished_at is None:
            raise Refused("import_running")
        last = None  # what is saved is found again, row by row
    before = START if last is None else Progress(last.details["done"], last.details["saved"])
    return tickets.ask(
        session, actor, "import", public_id, now, public_id=new_public_id(), title=batch.filename,
        address=address, about=("importbatch", public_id),
        details={
            **decision, "total": len(_wanted(batch, others)), "request": actor.request_id, **asdict(before),
        },
    )  # fmt: skip


def run(database: Database, job: Job, holder: str, clock: Callable[[], datetime]) -> None:
    """Save the rows of an upload whose job ``holder`` has taken, from where an interruption left it.

    Raises:
        NotPermitted: the person who confirmed it may not import any more.
        jobs.Lost: somebody else has taken the job meanwhile.
    """
    with database.read() as session:
        actor = _asker(session, job)
        if get_batch(session, actor, job.key).confirmed_at is not None:
            return  # killed between the last row and the note that the job is done

    def keep_progress(session: Session, progress: Progress) -> None:
        tickets.renew(session, job.id, holder, clock(), asdict(progress))

    begin = Progress(job.details["done"], job.details["saved"])
    confirm(
        database, actor, job.key, job.details["state"], clock(), others=job.details["others"], begin=begin,
        within=keep_progress,
    )  # fmt: skip


def _asker(session: Session, job: Job) -> Actor:
    user = session.scalar(
        select(User)
        .join(Ticket, Ticket.user_id == User.id)
        .where(Ticket.job_id == job.id)
        .order_by(Ticket.id)
        .options(accounts.loaded())
        .limit(1)
    )
    if user is None or user.status != "active":
        raise NotPermitted("desk.import")
    actor = accounts.actor_of(user, request_id=job.details.get("request", ""))
    permissions.require(actor, "desk.import")
    return actor


def confirm(
    database: Database,
    actor: Actor,
    public_id: str,
    state: str,
    now: datetime,
    *,
    others: Collection[int] = (),
    begin: Progress = START,
    within: Within | None = None,
) -> Result:
    """Save the rows of an upload, in short transactions of its own.

    Args:
        others: of the doubtful rows those that name another organization, as somebody has decided.
        begin, within: as for ``saving.save``.

    Raises:
        Invalid: ``state`` is none in which such records may begin.
        Refused: ``import_closed`` where it was confirmed or discarded before.
    """
    with database.read() as session:
        batch = get_batch(session, actor, public_id)
        _require_open(batch)
        kind, rows = _kind(batch.kind), _wanted(batch, others)
    result = saving.save(database, actor, kind, rows, state, now, about=public_id, begin=begin, within=within)
    with database.write() as session:
        batch = get_batch(session, actor, public_id)
        if batch.confirmed_at is None:
            # What was read from the file is now in the records; a second copy of it serves nobody. How
            # numbers and days were understood stays, since only the file says what was typed.
            batch.rows, batch.confirmed_at = [], now
            batch.problems = [
                one if one["code"] in import_cells.READINGS else {**one, "value": ""}
                for one in batch.problems
            ]
            batch.result = {**batch.result, "state": state, "saved": result.saved, "skipped": result.skipped}
            decided = [row["row"] for row in rows if "beside" in row]
            saving.note_confirmed(session, actor, kind, public_id, state, result, now, decided)
        if within is not None:
            within(session, Progress(len(rows), result.saved))
    return result


def _wanted(batch: ImportBatch, others: Collection[int]) -> list[dict[str, Any]]:
    """The rows to save: of the doubtful ones those that somebody has decided on."""
    return [row for row in batch.rows if "beside" not in row or row["row"] in others]


def _kind(text: str) -> Kind:
    return next(kind for kind in COLUMNS if kind == text)
