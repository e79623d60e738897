"""The city reads needs and offers: corrects, publishes, returns or takes down."""

from typing import Any

from flask import abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from matcher.city import cities
from matcher.ground.calendar import tokyo_date
from matcher.ground.errors import Invalid, MovedOn, Refused
from matcher.postings import acts as posting_acts
from matcher.postings import drafts as posting_drafts
from matcher.postings import reads as posting_reads
from matcher.postings import revisions as posting_revisions
from matcher.records import Need, Offer
from matcher.register import act, audit
from webapp import access, clock, db, posting_text
from webapp.forms.posting import ReviewForm
from webapp.views.coordinator import blueprint

Page = str | Response | tuple[str, int]


@blueprint.route("/desk/needs/<public_id>", methods=["GET", "POST"])
@access.allow("staff")
def need(public_id: str) -> Page:
    """One need, to be read and decided upon."""
    return _review(posting_reads.get_need(db.session(), access.actor(), public_id))


@blueprint.route("/desk/offers/<public_id>", methods=["GET", "POST"])
@access.allow("staff")
def offer(public_id: str) -> Page:
    """One offer, to be read and decided upon."""
    return _review(posting_reads.get_offer(db.session(), access.actor(), public_id))


def _review(found: Need | Offer) -> Page:
    form = ReviewForm(obj=None if request.method == "POST" else found)
    action = request.form.get("action", "")
    if action == "withdraw" or (request.method == "GET" and found.state != "in_review"):
        form.ask_for_withdrawal()
    if request.method == "GET":
        form.version.data, form.reason_code.data, form.reason_text.data = str(found.version), None, ""
        return _page(found, form)
    if not form.validate():
        return _page(found, form), 422
    try:
        done = _decide(found, form, action)
    except Invalid as error:
        found = _again(found)
        form.take(error)
        return _page(found, form), 422
    except (MovedOn, Refused, db.Overtaken) as error:
        found = _again(found)
        banner = posting_text.refusal(db.session(), found, error)
        form.version.data = str(found.version)
        if found.state != "in_review":
            form.ask_for_withdrawal()
        return _page(found, form, banner), 409
    flash(done, "success")
    return redirect(url_for(f"coordinator.{posting_drafts.kind_of(found)}s"))


def _again(found: Need | Offer) -> Need | Offer:
    """The record as it is now, nothing of this request in it."""
    public_id, is_need = found.public_id, isinstance(found, Need)
    db.undo()
    get = posting_reads.get_need if is_need else posting_reads.get_offer
    again: Need | Offer = get(db.session(), access.actor(), public_id)
    return again


def _decide(found: Need | Offer, form: ReviewForm, action: str) -> str:
    worded: str
    session, actor, now = db.session(), access.actor(), clock.now()
    if action == "publish":
        posting_acts.publish(session, actor, found, now, version=form.shown_version, edits=form.corrections())
        worded = _("「%(title)s」を公開しました。", title=found.title)
        return worded
    if action not in {"return", "withdraw"}:
        abort(400)
    decide = posting_acts.withdraw if action == "withdraw" else posting_acts.return_
    decide(
        session, actor, found, form.reason_code.data or "", form.reason_text.data or "", now,
        version=form.shown_version,
    )  # fmt: skip
    if action == "withdraw":
        worded = _("「%(title)s」の公開を終了しました。", title=found.title)
    else:
        worded = _("「%(title)s」を差し戻しました。", title=found.title)
    return worded


def _page(found: Need | Offer, form: ReviewForm, banner: str = "") -> str:
    session = db.session()
    city = cities.get(session)
    if isinstance(found, Need) and found.contact_name:
        access.note_contacts(found.organization)
    return render_template(
        "postings/review.html",
        posting=found,
        kind=posting_drafts.kind_of(found),
        form=form,
        banner=banner,
        **_context(found),
        changes=[
            (name, posting_text.plain(name, before, city), posting_text.plain(name, now, city))
            for name, before, now in posting_revisions.changes_since_read(session, found)
        ],
        typed=_typed(found, form) if banner else [],
        history=audit.history(session, posting_drafts.kind_of(found), found.public_id),
    )


def _typed(found: Need | Offer, form: ReviewForm) -> list[tuple[str, str]]:
    """What this person had written when somebody else was faster: (column, text)."""
    written = {name: text for name, text in form.corrections().items() if text != getattr(found, name, "")}
    if form.reason_text.data:
        written["reason_text"] = form.reason_text.data
    return list(written.items())


def _context(found: Need | Offer) -> dict[str, Any]:
    return {
        "hints": posting_drafts.personal_data_hints(found),
        "actions": act.open_to(db.session(), access.actor(), found, clock.now()),
        "editable": [name for name in posting_drafts.STAFF_EDITABLE if hasattr(found, name)],
        "may_publish": found.organization.state == "verified",
        "waiting_days": (tokyo_date(clock.now()) - tokyo_date(found.submitted_at)).days
        if found.submitted_at
        else 0,
    }
