"""Who is asking, and which audience each page is for. The only module that knows Flask-Login.

Every view declares its audience with ``@access.allow(...)``; ``check_declared`` refuses to start an
application with a view that does not. What one may do to a *record* is decided in
``matcher.ground.permissions``, not here.
"""

import hmac
import ipaddress
import re
import secrets
from collections.abc import Callable
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit

import flask
import flask_login
from flask import Flask, abort, current_app, g, redirect, request, url_for
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RoutingException
from werkzeug.wrappers import Response as BaseResponse

from matcher.ground.permissions import ANONYMOUS, Actor
from matcher.organizations import readings
from matcher.people import accounts, sessions
from matcher.records import Organization, User
from webapp import bodies, clock, db, kept, traces

_CHOSEN: Final = "organization"  #: in the cookie: in whose name this browser works

View = TypeVar("View", bound=Callable[..., Any])

#: audience → who belongs to it
AUDIENCES: Final[dict[str, Callable[[Actor], bool]]] = {
    "public": lambda actor: True,
    "signed_in": lambda actor: actor.is_authenticated,
    "member": lambda actor: actor.role == "member",
    "company": lambda actor: actor.role == "member" and actor.organization_kind == "company",
    "npo": lambda actor: actor.role == "member" and actor.organization_kind == "npo",
    "case_party": lambda actor: actor.role == "member" or actor.is_staff,
    "staff": lambda actor: actor.is_staff,
    "manager": lambda actor: actor.role == "manager",
    "account_admin": lambda actor: actor.role in {"manager", "operator"},
}


def allow(audience: str, *, body: bodies.Limit | None = None) -> Callable[[View], View]:
    """Declare for whom a view is, and how much it takes. Anonymous visitors are sent to the login, all others
    get 404.

    Args:
        body: the most bytes of a request, or a function of the arguments of the path that says so. Without
            it, few where everybody may send something, and a long text where people are known.
    """
    if audience not in AUDIENCES:
        raise ValueError(f"expected one of {sorted(AUDIENCES)}, found {audience!r}")

    def declare(view: View) -> View:
        view.audience = audience  # type: ignore[attr-defined]
        view.body = body or (bodies.SMALL if audience == "public" else bodies.TEXT)  # type: ignore[attr-defined]
        return view

    return declare


def actor() -> Actor:
    """Who is asking in this request."""
    found: Actor = g.actor
    return found


class _Login(flask_login.UserMixin):  # type: ignore[misc]
    """What Flask-Login carries around: the session row's id, never the user's."""

    def __init__(self, session_id: str, user: User) -> None:
        self.id = session_id
        self.user = user


def sign_in(session_id: str, user: User) -> None:
    """Put a fresh session id into the cookie (the old cookie's content is dropped)."""
    flask.session.clear()
    flask_login.login_user(_Login(session_id, user))
    act_as(user)


def act_as(user: User, organization: str | None = None) -> None:
    """Let this request and those that follow, and the forms that this browser opens, be in the name of the
    organization with this public id; of the one that was last chosen, where the person may not act for it.
    """
    seat = next((one for one in user.seats if one.organization.public_id == organization), None)
    g.actor = accounts.actor_of(user, seat.organization_id if seat is not None else None, g.request_id)
    if flask.session.get(_CHOSEN) != g.actor.organization_public_id:
        flask.session[_CHOSEN] = g.actor.organization_public_id
    kept.mark_session(g.actor)


def sign_out() -> None:
    """Forget the cookie; the row is deleted by ``sessions.end_session``."""
    flask_login.logout_user()
    flask.session.clear()
    g.actor = ANONYMOUS


def session_id() -> str | None:
    """The id in this browser's cookie, if it is signed in."""
    current = flask_login.current_user
    return current.id if current.is_authenticated else None


def network() -> str:
    """Where the request came from, keyed so that no table ever holds an address.

    ``remote_addr`` is the peer, or what exactly ``PROXY_HOPS`` trusted proxies say; a forged
    X-Forwarded-For changes nothing. An IPv6 subscriber has a whole /64, so that is what counts.
    """
    try:
        address = ipaddress.ip_address(request.remote_addr or "")
    except ValueError:
        named = "unknown"
    else:
        named = str(address)
        if address.version == 6:
            named = str(ipaddress.ip_network((address, 64), strict=False))
    key = str(current_app.config["SECRET_KEY"])
    return hmac.new(key.encode(), named.encode(), "sha256").hexdigest()


def note_contacts(*organizations: Organization) -> None:
    """Keep that whoever is asking reads these organizations' contact data on this page (T20).

    Also on a page that refuses what was sent: it need not have been read before.
    """
    now = clock.now()
    found = readings.unnoted(db.session(), g.actor, organizations, now)
    for note in readings.notes(g.actor, found, now, page=request.endpoint or "", network=network()):
        traces.leave_note(note)


def local_path(wanted: str | None) -> str | None:
    """``wanted``, if it is the path of one of our own pages that the actor may open; else ``None``."""
    if not wanted or not re.fullmatch(r"/(?![/\\])[^\s\\\x00-\x1f\x7f]*", wanted):
        return None
    try:
        parts = urlsplit(wanted)
        routes = current_app.url_map.bind("localhost")
        endpoint, _arguments = routes.match(parts.path, method="GET")
    except (ValueError, HTTPException, RoutingException):
        return None
    audience = getattr(current_app.view_functions.get(endpoint), "audience", None)
    if parts.scheme or parts.netloc or audience is None or not AUDIENCES[audience](g.actor):
        return None
    return wanted


def init(app: Flask) -> None:
    """Attach to the application who is asking."""
    manager = flask_login.LoginManager()
    manager.session_protection = None  # the session row is the truth, not the client's address
    manager.init_app(app)
    manager.user_loader(_load)
    app.before_request(_refuse_nul)
    app.before_request(_identify)


def guard(app: Flask) -> None:
    """Attach the check of each view's audience."""
    app.before_request(_check_audience)


def check_declared(app: Flask) -> None:
    """Refuse an application with a view that declares no audience.

    Raises:
        RuntimeError: naming the endpoint.
    """
    for endpoint, view in app.view_functions.items():
        if endpoint != "static" and not hasattr(view, "audience"):
            raise RuntimeError(f"expected an audience on every view, found none on {endpoint}")


def _load(session_id: str) -> _Login | None:
    settings = current_app.config["SETTINGS"]
    # A reading session of its own: asking who it is must not take the write lock of a POST.
    with db.database().read() as reading:
        now = clock.now()
        user = sessions.find_session_user(
            reading, session_id, now, idle_minutes=settings.session_idle_minutes, hours=settings.session_hours
        )
        g.needs_touch = user is not None and sessions.needs_touch(reading, session_id, now)
    return None if user is None else _Login(session_id, user)


def _refuse_nul() -> None:
    """Nothing has a NUL in its name; PostgreSQL cannot even be asked for it."""
    if any("\x00" in str(value) for value in (request.view_args or {}).values()):
        g.actor, g.request_id = ANONYMOUS, secrets.token_hex(8)
        abort(404)


def _identify() -> None:
    g.actor = ANONYMOUS
    g.request_id = secrets.token_hex(8)
    if request.endpoint == "static":
        return
    current = flask_login.current_user
    if current.is_authenticated:
        act_as(current.user, flask.session.get(_CHOSEN))
        if g.get("needs_touch"):
            session_id, now = current.id, clock.now()
            traces.leave(f"seen:{session_id}", lambda later: sessions.touch_session(later, session_id, now))


def _check_audience() -> BaseResponse | None:  # noqa: RET503 – abort() does not return
    view = current_app.view_functions.get(request.endpoint or "")
    audience = getattr(view, "audience", None)
    if audience is None or AUDIENCES[audience](g.actor):
        return None
    if not g.actor.is_authenticated:
        if kept.ticket(g.actor):
            abort(401)  # the login page, which carries what was typed
        wanted = request.full_path.rstrip("?") if request.method == "GET" else None
        return redirect(url_for("account.login", next=wanted))
    abort(404)
