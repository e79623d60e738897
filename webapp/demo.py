"""Demo mode: anybody may enter as one of the demo city's people, so it must never meet real records.

``check`` is for whatever starts a server or a worker; the running application asks again at each request,
because a database can be exchanged underneath it.
"""

import structlog
from flask import Flask, current_app, g, request
from flask_babel import gettext as _

from matcher.city import cities
from matcher.ground.db import Database
from webapp import db, errors
from webapp.config import ConfigurationError, Settings

log = structlog.get_logger()

ROLES = ("npo", "company", "coordinator", "manager")


def check(settings: Settings, database: Database) -> None:
    """Refuse to start in demo mode on the records of a real municipality.

    Raises:
        ConfigurationError: naming the key and the municipality found.
    """
    if not settings.demo_mode:
        return
    with database.read() as session:
        city = cities.get(session)
    if _is_real(city):
        raise ConfigurationError(f"DEMO_MODE: expected the demo city in the database, found {city.name!r}")


def is_on(city: cities.City) -> bool:
    """Whether one may enter as one of the demo city's people."""
    settings: Settings = current_app.config["SETTINGS"]
    return settings.demo_mode and city.is_demo


def init(app: Flask) -> None:
    """Attach the check to every request of an application in demo mode."""
    settings: Settings = app.config["SETTINGS"]
    app.jinja_env.globals["demo_is_on"] = is_on
    if settings.demo_mode:
        app.before_request(_refuse_real_records)


def _is_real(city: cities.City) -> bool:
    # An empty database is not refused: the demo city is loaded into one.
    return city is not cities.UNKNOWN and not city.is_demo


def _refuse_real_records() -> errors.Answer | None:
    if request.endpoint == "static":
        return None
    with db.database().read() as session:
        g.city = cities.get(session)
    if not _is_real(g.city):
        return None
    log.error("demo_mode_on_real_records", key="DEMO_MODE", found=g.city.name)
    message = _(
        "練習用の設定（DEMO_MODE）のまま、実際の記録に接続しています。記録を守るため、画面を表示していません。"
        "運用の担当者が設定を直すまでお待ちください。"
    )
    return errors.page_of(503, message=message)
