"""The web front end: start-up wiring happens here and nowhere else."""

from flask import Flask
from flask_wtf.csrf import CSRFProtect
from werkzeug.middleware.proxy_fix import ProxyFix

from webapp import (
    access,
    assets,
    bodies,
    clock,
    compressed,
    context,
    db,
    demo,
    devices,
    errors,
    filters,
    folders,
    frozen,
    headers,
    hosts,
    kept,
    languages,
    live,
    logs,
    making,
    noticed,
    traces,
)
from webapp.config import Settings


def create_app(settings: Settings | None = None) -> Flask:
    """Build the application: config → db → access → views → errors. Opens no connection, unless
    to ask whether the audit key may be made.

    Raises:
        ConfigurationError: a setting cannot be used.
    """
    settings = settings or Settings.from_environment()
    logs.configure(settings.log_level)
    folders.protect(settings)
    app = db.Application(__name__)
    app.config.update(
        SETTINGS=settings,
        SECRET_KEY=settings.secret_key,
        SESSION_COOKIE_NAME="__Host-enmusubi" if settings.https else "enmusubi",
        SESSION_COOKIE_SECURE=settings.https,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        WTF_CSRF_TIME_LIMIT=None,  # a form left open over lunch must still be accepted
    )
    hosts.init(app, settings)  # first, and inside of ProxyFix
    if settings.proxy_hops:
        hops = settings.proxy_hops
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]
    compressed.init(app)  # what is attached first comes last: all of an answer is there
    database = db.connect(settings)
    db.init(app, database)
    traces.init(app, database, settings)
    live.init(app, settings)
    making.init(app, settings)
    languages.init(app)
    bodies.init(app)
    demo.init(app)
    access.init(app)  # before the tokens: whoever was signed out is asked to sign in, whatever the token
    tokens = CSRFProtect(app)
    access.guard(app)
    kept.init(app)
    noticed.init(app)
    devices.init(app)
    filters.register(app)
    context.init(app)
    headers.init(app)
    assets.init(app)
    errors.init(app)
    _register_views(app)
    # A mail program that stops a digest (RFC 8058) has seen no page: its address is signed.
    tokens.exempt("webapp.views.alerts.stop")
    frozen.init(app)
    access.check_declared(app)
    return app


def _register_views(app: Flask) -> None:
    from webapp.views import BLUEPRINTS

    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)


__all__ = ["Settings", "clock", "create_app"]
