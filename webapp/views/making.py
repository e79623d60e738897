"""The page on which one waits for a paper, a table or a bundle, and the one that says that enough waits."""

from flask import Blueprint, redirect, render_template
from werkzeug.wrappers import Response

from matcher.services import jobs
from webapp import access, clock, db, making

blueprint = Blueprint("making", __name__)


@blueprint.get("/making/<public_id>")
@access.allow("signed_in")
def show(public_id: str) -> Response:
    """Where one's own ticket stands; the last look leads to what was made."""
    ticket = jobs.get_ticket(db.session(), access.actor(), public_id)
    if ticket.job.kind == "import":
        return redirect(ticket.address)
    if ticket.job.finished_at is None:
        making.runner().nudge(ticket.job.lane, clock.now())
        making.wait_for(ticket)
    return making.page_of(ticket)


@blueprint.app_errorhandler(jobs.Crowded)
def crowded(_error: jobs.Crowded) -> tuple[str, int, dict[str, str]]:
    """What waits already, before more can be asked for."""
    tickets = jobs.waiting_of(db.session(), access.actor())
    page = render_template("making/crowded.html", tickets=tickets)
    return page, 429, {"Retry-After": str(making.REFRESH_SECONDS)}
