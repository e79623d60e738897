"""The city reads needs and offers: corrects, publishes, returns or takes down."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from matcher import queries, vocabulary
from matcher.calendar import tokyo_date
from matcher.errors import Invalid, MovedOn, Refused
from matcher.models import Need, Offer
from matcher.services import moves, postings
from webapp import access, clock, db, posting_text, text
from webapp.forms.case import choices
from webapp.forms.posting import ReviewForm
from webapp.views.coordinator import blueprint

Page = str | Response | tuple[str, int]


@blueprint.route("/desk/needs/<public_id>", methods=["GET", "POST"])
@access.allow("staff")
def need(public_id: str) -> Page:
    """One need, to be read and decided upon."""
    return _review(queries.get_need(db.session(), access.actor(), public_id))


@blueprint.route("/desk/offers/<public_id>", methods=["GET", "POST"])
@access.allow("staff")
def offer(public_id: str) -> Page:
    """One offer, to be read and decided upon."""
    return _review(queries.get_offer(db.session(), access.actor(), public_id))


def _review(found: Need | Offer) -> Page:
    form = ReviewForm(obj=None if request.method == "POST" else found)
    withdrawing = request.form.get("action") == "withdraw"
    if withdrawing or found.state in {"open", "paused"}:
        form.reason_code.choices = choices(vocabulary.WITHDRAW_REASONS)
    if request.method == "GET":
        form.version.data, form.reason_code.data, form.reason_text.data = str(found.version), None, ""
        return _page(found, form, "")
    if not form.validate():
        return _page(found, form, ""), 422
    try:
        done = _decide(found, form, request.form.get("action", ""))
    except Invalid as error:
        form.take(error)
        return _page(found, form, ""), 422
    except MovedOn as error:
        return _page(found, form, posting_text.moved_on(error)), 409
    except Refused as error:
        return _page(found, form, text.sentence(error.code, error.facts)), 409
    flash(done, "success")
    return redirect(url_for(f"coordinator.{postings.kind_of(found)}s"))


def _decide(found: Need | Offer, form: ReviewForm, action: str) -> str:
    worded: str
    session, actor, now = db.session(), access.actor(), clock.now()
    if action == "publish":
        edits = {name: form[name].data or "" for name in postings.STAFF_EDITABLE if name in request.form}
        postings.publish(session, actor, found, now, version=form.shown_version, edits=edits)
        worded = _("「%(title)s」を公開しました。", title=found.title)
        return worded
    act = postings.withdraw if action == "withdraw" else postings.return_
    act(
        session, actor, found, form.reason_code.data or "", form.reason_text.data or "", now,
        version=form.shown_version,
    )  # fmt: skip
    if action == "withdraw":
        worded = _("「%(title)s」の公開を終了しました。", title=found.title)
    else:
        worded = _("「%(title)s」を差し戻しました。", title=found.title)
    return worded


def _page(found: Need | Offer, form: ReviewForm, banner: str) -> str:
    session = db.session()
    return render_template(
        "postings/review.html",
        posting=found,
        kind=postings.kind_of(found),
        form=form,
        banner=banner,
        **_context(found),
        changes=postings.changes_since_published(session, found),
        history=queries.history(session, postings.kind_of(found), found.public_id),
    )


def _context(found: Need | Offer) -> dict[str, Any]:
    return {
        "hints": postings.personal_data_hints(found),
        "actions": moves.available(access.actor(), found),
        "editable": [name for name in postings.STAFF_EDITABLE if hasattr(found, name)],
        "waiting_days": (tokyo_date(clock.now()) - tokyo_date(found.submitted_at)).days
        if found.submitted_at
        else 0,
    }
