"""gunicorn configuration: ``gunicorn -c python:webapp.server wsgi:app``.

One process with threads by default; the worker thread, the model and the index are started after the
fork (forking after those threads exist is a known deadlock).
"""

from typing import Any

from matcher.db import Database
from webapp import demo
from webapp.config import Settings

_settings = Settings.from_environment()

bind = f"{_settings.host}:{_settings.port}"
workers = _settings.web_workers
worker_class = "gthread"
threads = 8
timeout = 60
limit_request_line = 8190  #: the most that there is: a search of 900 letters of Japanese is answered in words
graceful_timeout = 20
accesslog = None
preload_app = False
control_socket_disable = True  # it would write outside this checkout


def on_starting(_server: Any) -> None:
    """Refuse to start in demo mode on real records, before any page is served."""
    database = Database(_settings.database_url)
    demo.check(_settings, database)
    database.dispose()


def post_worker_init(worker: Any) -> None:
    """Start the worker thread in the first web process, unless a worker runs by itself."""
    if _settings.worker == "thread" and worker.age == 1:
        from webapp.worker import start_thread

        start_thread(_settings)
