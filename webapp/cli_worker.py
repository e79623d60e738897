"""``enmusubi worker``: encode, mail and keep time in a process of its own."""

import queue
import signal

import click
from flask import current_app
from flask.cli import with_appcontext

from webapp import clock, demo
from webapp.worker import Worker


@click.command("worker")
@click.option("--once", is_flag=True, help="Do what is due now, then stop.")
@with_appcontext
def command(once: bool) -> None:
    """Run the worker until it is stopped (SIGTERM or Ctrl-C). It may be killed at any moment.

    Any number of workers may run: each piece of work is done by one of them. With --once, a piece that
    another worker holds is left to it.
    """
    worker = Worker(current_app.config["SETTINGS"])
    demo.check(worker.settings, worker.database)
    if once:
        worker.outlast_the_killed()
        while worker.once(clock.now()):
            pass
        return
    # Only a SimpleQueue may be filled from a signal handler while the same thread waits for it.
    told: queue.SimpleQueue[None] = queue.SimpleQueue()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _signal, _frame: told.put(None))
    worker.start()
    told.get()
    worker.stop()
