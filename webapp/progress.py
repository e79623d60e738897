"""Progress of long work: a bar on a terminal, one plain line otherwise."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

Step = Callable[[int, int], None]


@contextmanager
def progress(label: str) -> Iterator[Step]:
    """Give a ``step(done, total)`` function for the block of work called ``label``."""
    console = Console(stderr=True)
    if not console.is_terminal:
        click.echo(f"{label} …")
        yield lambda done, total: None
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task(label, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
