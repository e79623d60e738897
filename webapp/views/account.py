"""Signing in and out, one's own account, the members of an organization, the city's staff."""

from flask import Blueprint, redirect
from werkzeug.wrappers import Response

from matcher.services import accounts
from webapp import access, clock, db
from webapp.context import home_url

blueprint = Blueprint("account", __name__)


@blueprint.get("/login")
@access.allow("public")
def login() -> str:
    """The login page."""
    return ""


@blueprint.post("/logout")
@access.allow("signed_in")
def logout() -> Response:
    """Sign this browser out."""
    accounts.end_session(db.session(), access.actor(), access.session_id() or "", clock.now())
    access.sign_out()
    return redirect(home_url(access.actor()))
