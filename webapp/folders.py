"""Nobody but the service's own user reads its data: files, mails, index, database file and keys.

New files are private because every process begins with ``UMASK``; what an earlier version left open to others
is closed at start.
"""

import os
from pathlib import Path
from typing import Final

import structlog
from sqlalchemy import make_url

from webapp.config import Settings

log = structlog.get_logger()

UMASK: Final = 0o077


def protect(settings: Settings) -> None:
    """Close ``VAR_FOLDER`` and an SQLite database to all other users of this machine."""
    folder = settings.folder
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    was_open = folder.stat().st_mode & 0o077
    _close(folder)
    if was_open:  # else nobody could get at what is in it, and a large folder need not be walked
        for one in folder.rglob("*"):
            _close(one)
    address = make_url(settings.database_url)
    if address.get_backend_name() == "sqlite" and address.database:
        for suffix in ("", "-wal", "-shm"):
            _close(Path(address.database + suffix))


def _close(path: Path) -> None:
    try:
        mode = path.stat(follow_symlinks=False).st_mode
        if mode & 0o077 and not path.is_symlink():
            path.chmod(mode & 0o700)
            log.warning("closed_to_others", name=path.name)
    except FileNotFoundError:
        pass
    except OSError as error:
        log.warning("open_to_others", name=path.name, error=type(error).__name__)


def begin_private() -> None:
    """Let this process create nothing that others may read; for the entry points, before all else."""
    os.umask(UMASK)
