"""The page on which one waits for a paper, a table or a bundle, and the one that says that enough waits."""

from flask import Blueprint, redirect, render_template, request
from werkzeug.wrappers import Response

from matcher.jobs import tickets as jobs
from webapp import access, clock, db, making

blueprint = Blueprint("making", __name__)


@blueprint.get("/making/<public_id>")
@access.allow("signed_in")
def show(public_id: str) -> Response:
    """Where one's own ticket stands; the last look leads to what was made."""
    ticket = jobs.get_ticket(db.session(), access.actor(), public_id)
    if ticket.job.kind in jobs.WAIT_AT_HOME:
        return redirect(ticket.address)
    place = 0
    if ticket.job.finished_at is None:
        making.runner().nudge(ticket.job.lane, clock.now())
        place = making.wait_for(ticket)
    return making.page_of(ticket, place)


@blueprint.app_errorhandler(jobs.Crowded)
def crowded(_error: jobs.Crowded) -> tuple[str, int, dict[str, str]]:
    """What waits already, before more can be asked for."""
    db.settle()
    tickets = jobs.waiting_of(db.session(), access.actor())
    page = render_template("making/crowded.html", tickets=tickets, most=jobs.MOST_WAITING)
    return page, 429, {"Retry-After": str(making.REFRESH_SECONDS)}


@blueprint.app_errorhandler(making.Busy)
def busy(error: making.Busy) -> tuple[str, int, dict[str, str]]:
    """Nothing is prepared for this person yet; the same address is asked for again by itself."""
    seconds = str(error.seconds)
    is_still = "still" in request.args
    again = {"Retry-After": seconds} | ({} if is_still else {"Refresh": seconds})
    return render_template("making/busy.html", is_still=is_still), 202, again
