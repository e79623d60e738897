"""gunicorn configuration: ``gunicorn -c python:webapp.server wsgi:app``.

Two processes with threads by default, as Python works in one thread of each at a time. The worker's threads,
the model and the index are started after the fork (forking after those threads exist is a known deadlock).
"""

from typing import Any

from webapp import db, demo, folders, live
from webapp.config import Settings
from webapp.worker import Worker

folders.begin_private()
umask = folders.UMASK
_settings = Settings.from_environment()
_worker: Worker | None = None

bind = f"{_settings.host}:{_settings.port}"
workers = _settings.web_workers
worker_class = "webapp.buffered.BufferedWorker"
threads = 8
timeout = 60
graceful_timeout = 30
accesslog = None
preload_app = False
control_socket_disable = True  # it would write outside this checkout


def on_starting(_server: Any) -> None:
    """Refuse to start in demo mode on real records, before any page is served."""
    database = db.connect(_settings)
    demo.check(_settings, database)
    database.dispose()


def post_worker_init(process: Any) -> None:
    """Read the index, and offer to do the worker's work from this web process too, unless a worker runs by
    itself.
    """
    global _worker  # noqa: PLW0603
    live.begin(process.wsgi)
    if _settings.worker == "thread":
        _worker = Worker(_settings)
        _worker.start()


def worker_exit(_server: Any, _process: Any) -> None:
    """Give the work back when this web process stops, so that another goes on at once."""
    if _worker is not None:
        _worker.stop()
