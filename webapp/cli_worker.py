"""``enmusubi worker``: encode, mail and keep time in a process of its own."""

import signal
from typing import Any

import click
from flask import current_app
from flask.cli import with_appcontext

from webapp import clock, demo
from webapp.runner import LANES
from webapp.worker import Worker


@click.command("worker")
@click.option("--once", is_flag=True, help="Do what is due now, then stop.")
@with_appcontext
def command(once: bool) -> None:
    """Run the worker until it is stopped (SIGTERM or Ctrl-C). It may be killed at any moment."""
    worker = Worker(current_app.config["SETTINGS"])
    demo.check(worker.settings, worker.database)
    if once:
        while worker.once(clock.now()) or any(worker.do_jobs(lane, clock.now()) for lane in LANES):
            pass
        return

    def stop(_signal: int, _frame: Any) -> None:
        worker.stopping.set()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    worker.run()
