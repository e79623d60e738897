"""Files that commands read and write: no more than is needed, and what cannot be is said in one line."""

import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Final, TypeVar

import click

from matcher.ground.errors import Invalid

_Table = TypeVar("_Table")

MOST: Final = 50 * 1024 * 1024  #: bytes of a file that only who runs the machine makes


def first_bytes(path: Path, most: int) -> bytes:
    """The file, or ``most`` bytes and one more of it where it is larger.

    Raises:
        ClickException: it is no regular file (a pipe, a device), or cannot be read.
    """
    try:
        # Opening a pipe that nobody writes to would wait for ever.
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK), "rb") as file:
            if stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                return file.read(most + 1)
    except OSError as error:
        raise _refusal("a file that can be read", path, error) from None
    raise click.ClickException(f"expected a regular file, found {path}")


def text_of(path: Path, most: int = MOST) -> str:
    """The whole text of a file.

    Raises:
        ClickException: as ``first_bytes``, or it is larger than ``most`` bytes or no UTF-8.
    """
    content = first_bytes(path, most)
    if len(content) > most:
        raise click.ClickException(f"expected at most {most // 1024 // 1024} MB, found more in {path}")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise click.ClickException(f"expected a text in UTF-8 that can be read, found {path}") from None


def table_of(read: Callable[[str], _Table], path: Path) -> _Table:
    """What ``read`` makes of the text of a table.

    Raises:
        ClickException: as ``text_of``, or naming the row that cannot be read.
    """
    try:
        return read(text_of(path))
    except Invalid as error:
        raise click.ClickException(f"row {error.facts['row']} of {path} cannot be read") from None


def write(path: Path, content: bytes | str) -> None:
    """Write the file.

    Raises:
        ClickException: there is no such folder, or it cannot be written.
    """
    try:
        path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
    except OSError as error:
        raise _refusal("a path that can be written", path, error) from None


def _refusal(wanted: str, path: Path, error: OSError) -> click.ClickException:
    return click.ClickException(f"expected {wanted}, found {path} ({error.strerror})")
