"""Files of a case: checked, kept under random names outside of what is served, versioned, readings noted."""

import os
import secrets
import shlex
import subprocess
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Final

from sqlalchemy import event, func, select
from sqlalchemy.orm import Session, joinedload

from matcher.cases import talks, uploads
from matcher.cases.act import ALIVE, SHARE, case_act
from matcher.ground import vocabulary
from matcher.ground.errors import Invalid, NotFound, Refused
from matcher.ground.permissions import Actor
from matcher.records import AuditEvent, CaseFile, Partnership, User
from matcher.records.base import new_public_id
from matcher.register import audit, doers
from matcher.register.act import Done, Look, Told, Words
from matcher.register.doers import Doer

SCAN_SECONDS: Final = 20
WAIT_SECONDS: Final = 10  #: for a place among the uploads that are looked at
MOST_FILES: Final = 200  #: versions a case


class Store:
    """A folder of files under random names, and the scanner that looks at them first."""

    def __init__(self, folder: Path, scan_command: str = "") -> None:
        """Args: ``scan_command`` gets the path as its last argument; 0 is clean, 1 is infected."""
        self.folder = folder
        self.scan_command = scan_command

    def put(self, content: bytes) -> str:
        """Keep the bytes, and return the random name under which they lie.

        Raises:
            Invalid: ``file_infected``. Refused: ``scanner_away``.
        """
        name = secrets.token_hex(16)
        path = self.path(name)
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        fresh = path.with_suffix(".part")
        try:
            fresh.touch(mode=0o600)
            with fresh.open("wb") as handle:
                handle.write(content)
                handle.flush()
                os.fsync(handle.fileno())
            self._scan(fresh)
            fresh.rename(path)
        except BaseException:
            fresh.unlink(missing_ok=True)
            raise
        return name

    def read(self, name: str) -> bytes:
        """The bytes under a name.

        Raises:
            NotFound: they are gone.
        """
        try:
            return self.path(name).read_bytes()
        except OSError as error:
            raise NotFound("file") from error

    def forget(self, name: str) -> None:
        """Remove the bytes under a name that no row bears."""
        self.path(name).unlink(missing_ok=True)

    def path(self, name: str) -> Path:
        """Where a name lies: two letters a folder keep folders small."""
        return self.folder / name[:2] / name

    def _scan(self, path: Path) -> None:
        if not self.scan_command:
            return
        command = [*shlex.split(self.scan_command), str(path)]
        try:
            done = subprocess.run(command, capture_output=True, timeout=SCAN_SECONDS, check=False)  # noqa: S603
        except (OSError, subprocess.TimeoutExpired) as error:
            raise Refused("scanner_away") from error
        if done.returncode == 1:
            raise Invalid(file="file_infected")
        if done.returncode:
            raise Refused("scanner_away")


class Prepared:
    """A file that was checked and lies in the store, before any row names it."""

    def __init__(self, store: Store, checked: uploads.Checked) -> None:
        self.checked = checked
        self.stored_name = store.put(checked.content)
        self._store = store
        self._is_bound = False

    def bind(self, session: Session) -> None:
        """From here on the bytes go where the transaction goes: a rollback removes them.

        They stay once a commit was tried: whether a commit that broke off took effect cannot be known, and
        bytes without a row are better than evidence without bytes. What becomes of a savepoint alone
        decides nothing.
        """
        settled = False

        def keep(session: Session) -> None:
            nonlocal settled
            settled = settled or not session.in_nested_transaction()

        def undo(session: Session) -> None:
            if not settled and not session.in_nested_transaction():
                self._store.forget(self.stored_name)

        session.connection()  # a transaction that never began could not be rolled back, either
        event.listen(session, "before_commit", keep)
        event.listen(session, "after_rollback", undo)
        self._is_bound = True

    def discard_unless_bound(self) -> None:
        """Remove the bytes if no transaction has taken charge of them."""
        if not self._is_bound:
            self._store.forget(self.stored_name)


class _Places:
    """How many uploads of this process are looked at together, and how many more wait for a place.

    A picture of 40 megapixels is some hundred megabytes while it is drawn anew, and a scanner may take long:
    uploads must neither fill the memory nor all the threads that answer.
    """

    def __init__(self, at_once: int, waiting: int) -> None:
        self._inside = threading.BoundedSemaphore(at_once + waiting)
        self._working = threading.BoundedSemaphore(at_once)

    @contextmanager
    def place(self) -> Iterator[None]:
        """Take a place.

        Raises:
            Refused: ``uploads_busy``.
        """
        if not self._inside.acquire(blocking=False):
            raise Refused("uploads_busy")
        try:
            if not self._working.acquire(timeout=WAIT_SECONDS):
                raise Refused("uploads_busy")
            try:
                yield
            finally:
                self._working.release()
        finally:
            self._inside.release()


_places: Final = _Places(at_once=2, waiting=1)


def prepare(store: Store, name: str, content: bytes) -> Prepared:
    """Check, draw anew, scan and store an uploaded file: all that takes long, so outside of any transaction.

    Raises:
        Invalid: the file cannot be taken (``uploads.check``), ``file_infected``.
        Refused: ``scanner_away``, ``uploads_busy``.
    """
    with _places.place():
        return Prepared(store, uploads.check(name, content))


@case_act(
    "add_file", by=SHARE, open_in=ALIVE, item=CaseFile, may_lack_item=True, home="files",
    guard=lambda look: "too_many_files" if len(of_case(look.session, look.record)) >= MOST_FILES else None,
    shown=lambda look: None,
    words=Words(
        "ファイルを追加する", "ファイルを追加しました。", "ファイルを追加しました",
        explain="三者だけが開けます。だれがいつ開いたかを残します。", submit="追加する",
    ),
)  # fmt: skip
def add_file(look: Look, upload: Prepared, purpose: str) -> Done:
    """Add a prepared file to a case, or a newer version of the item.

    Raises:
        Invalid: no purpose.
    """
    session, replaces, checked = look.session, look.item, upload.checked
    upload.bind(session)
    if purpose not in vocabulary.FILE_PURPOSES:
        raise Invalid(purpose="required")
    public_id = new_public_id()
    series = replaces.series if replaces else public_id
    newest = session.scalar(select(func.max(CaseFile.number)).where(CaseFile.series == series)) or 0
    found = CaseFile(
        public_id=public_id, partnership_id=look.record.id, series=series, number=newest + 1, purpose=purpose,
        name=checked.name, media_type=checked.media_type, size_bytes=len(checked.content),
        sha256=checked.sha256, stored_name=upload.stored_name,
        uploaded_by_id=look.actor.user_id, uploaded_at=look.now,
    )  # fmt: skip
    session.add(found)
    session.flush()
    told = Told("others", "file", {"who": talks.who(look.actor), "what": checked.name})
    return Done(found, {"file": public_id, "sha256": checked.sha256}, tells=(told,))


def of_case(session: Session, case: Partnership) -> Sequence[CaseFile]:
    """Every version of every file, newest first."""
    return session.scalars(
        select(CaseFile)
        .where(CaseFile.partnership_id == case.id)
        .options(joinedload(CaseFile.uploaded_by))
        .order_by(CaseFile.id.desc())
    ).all()


def get(session: Session, case: Partnership, public_id: str) -> CaseFile:
    """One file of the case.

    Raises:
        NotFound
    """
    found = session.scalar(
        select(CaseFile).where(CaseFile.partnership_id == case.id, CaseFile.public_id == public_id)
    )
    if found is None:
        raise NotFound("file")
    return found


def reading_note(actor: Actor, case: Partnership, file: CaseFile, now: datetime) -> audit.Note:
    """Who takes which file when."""
    return audit.Note(actor, "read_file", "casefile", file.public_id, now, details={"case": case.public_id})


def added_by(session: Session, case: Partnership, found: Sequence[CaseFile]) -> dict[int, str]:
    """id of a file → the name of who added it; in a case that is over, as it was then."""
    names = {file.id: file.uploaded_by.name for file in found if file.uploaded_by is not None}
    if not case.is_over:
        return names
    query = doers.select_events().where(
        AuditEvent.object_type == "partnership",
        AuditEvent.object_id == case.public_id,
        AuditEvent.action == add_file.event,
    )
    events = doers.as_called(session, doers.events(session, query))
    then = {event.details["file"]: doer.name for event, doer in events if doer is not None}
    return {file.id: then.get(file.public_id, names[file.id]) for file in found if file.id in names}


def readings(session: Session, case: Partnership, file: CaseFile) -> list[tuple[datetime, Doer]]:
    """Who took the file when, newest first; of a case that is over, by the names of then."""
    query = doers.select_events().where(
        AuditEvent.object_type == "casefile", AuditEvent.object_id == file.public_id, User.id.is_not(None)
    )
    found = doers.events(session, query.order_by(AuditEvent.id.desc()).limit(50))
    found = doers.as_called(session, found) if case.is_over else found
    return [(event.at, doer) for event, doer in found if doer is not None]
