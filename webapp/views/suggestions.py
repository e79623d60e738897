"""Suggestions in both directions: the list, the detail of one as it was shown, saving and passing."""

import threading
import time
from typing import Final

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from matcher.city import cities
from matcher.desk import noted
from matcher.ground import permissions
from matcher.ground.errors import Invalid, NotFound
from matcher.organizations import reads as organization_reads
from matcher.postings import reads as posting_reads
from matcher.records import Need, Offer, Organization, ShownSuggestion
from matcher.suggestions import pages, ranking, shortlist, shown_lists
from webapp import access, asked, clock, compare_text, db, live, own_postings, traces
from webapp.forms.finding import FilterForm
from webapp.forms.suggestion import PassForm
from webapp.labels import vocabulary

blueprint = Blueprint("suggestions", __name__)

_FLUSH_SECONDS: Final = 1.0  #: how long a page waits for what was shown a moment ago to be written
_LOOK_SECONDS: Final = 0.1  #: between two looks for it
_looking: Final = threading.BoundedSemaphore(2)  #: a thread that looks answers nobody else


@blueprint.get("/company/suggestions")
@access.allow("company")
def for_company() -> str:
    """Suggested NPOs for the own company."""
    session, actor = db.session(), access.actor()
    company = organization_reads.own_organization(session, actor)
    form = _filter_form()
    index = live.index()
    found = shortlist.Shortlist()
    if company.is_verified:
        found = pages.for_company(session, index, company, form.filters, asked.page(), clock.now())
        shown = shown_lists.compose(session, index, actor, company, found, clock.now(), filters=form.filters)
        traces.leave(f"shown:{shown.public_id}", lambda later: shown_lists.write(later, shown))
    return render_template(
        "suggestions/for_company.html", form=form, found=found, company=company, index=index
    )


@blueprint.get("/npo/needs/<public_id>/suggestions")
@access.allow("npo")
def for_need(public_id: str) -> str:
    """Suggested companies for one of the own needs."""
    session, actor = db.session(), access.actor()
    need = own_postings.need(public_id)
    npo = organization_reads.own_organization(session, actor)
    form = _filter_form()
    index = live.index()
    found = shortlist.Shortlist()
    if npo.is_verified and need.is_current:
        found = pages.for_need(session, index, need, form.filters, asked.page(), clock.now())
        shown = shown_lists.compose(
            session, index, actor, npo, found, clock.now(), need=need, filters=form.filters
        )
        traces.leave(f"shown:{shown.public_id}", lambda later: shown_lists.write(later, shown))
    return render_template(
        "suggestions/for_need.html", form=form, found=found, need=need, npo=npo, index=index
    )


@blueprint.get("/suggestions/<public_id>")
@access.allow("case_party")
def detail(public_id: str) -> str:
    """One suggestion as it was shown: both texts side by side, every condition, what would help."""
    shown = _shown(public_id)
    page = shown_lists.page_of(db.session(), shown)
    if shown.opened_at is None:
        actor, now = access.actor(), clock.now()
        traces.leave(f"opened:{public_id}", lambda later: noted.note_opened(later, actor, public_id, now))
    return render_template(
        "suggestions/detail.html", shown=shown, page=page, level=ranking.level(shown.score),
        need_url=_page_of(page.need), offer_url=_page_of(page.offer),
        back=() if access.actor().is_staff else (_list_of(shown),),
    )  # fmt: skip


@blueprint.get("/suggestions/compare")
@access.allow("member")
def compare() -> str:
    """Two or three of the suggestions that one was shown, side by side."""
    session, actor = db.session(), access.actor()
    asked_for = [_shown(one) for one in dict.fromkeys(asked.several("one", compare_text.MOST + 1))]
    found = [_column(one) for one in asked_for[: compare_text.MOST]]
    return render_template(
        "suggestions/compare.html",
        found=found,
        rows=compare_text.rows(found, cities.get(session), access.actor().organization_kind or ""),
        too_many=len(asked_for) > compare_text.MOST,
        back=_list_of(asked_for[0]) if asked_for else _start(actor),
    )


def _column(shown: ShownSuggestion) -> compare_text.Candidate:
    page, may_go_on = (
        shown_lists.page_of(db.session(), shown),
        permissions.may(access.actor(), "partnership.propose"),
    )
    posting = page.need if access.actor().organization_kind == "company" else page.offer
    return compare_text.Candidate(
        shown.candidate.name,
        posting.title if posting is not None else shown.candidate.name,
        url_for("suggestions.detail", public_id=shown.public_id),
        ranking.level(shown.score),
        shown.score,
        shown.reasons,
        posting,
        url_for(
            "cases.propose", organization=shown.candidate.public_id, suggestion=shown.public_id,
            need=page.need.public_id if page.need else None,
            offer=page.offer.public_id if page.offer else None,
        )
        if may_go_on
        else "",
    )  # fmt: skip


def _start(actor: permissions.Actor) -> tuple[str, str]:
    if actor.organization_kind == "company":
        return vocabulary.SUGGESTED["company"], url_for("suggestions.for_company")
    return _("ニーズ"), url_for("npo.needs")


def _page_of(posting: Need | Offer | None) -> str | None:
    """Where whoever is asking reads the need or the offer itself, while it may be read."""
    if posting is None:
        return None
    session, actor = db.session(), access.actor()
    get = posting_reads.get_need if posting.is_need else posting_reads.get_offer
    try:
        get(session, actor, posting.public_id)
    except NotFound:
        return None
    side = "coordinator" if actor.is_staff else actor.organization_kind
    return url_for(f"{side}.{'need' if posting.is_need else 'offer'}", public_id=posting.public_id)


@blueprint.post("/suggestions/<public_id>/save")
@access.allow("member")
def save(public_id: str) -> Response:
    """保存: keep it in the own list."""
    target, need, _shown = _target(public_id)
    shown_lists.mark(db.session(), access.actor(), target, need, "saved", clock.now())
    flash(_("「%(name)s」を保存しました。", name=target.name), "success")
    return redirect(_back())


@blueprint.post("/suggestions/<public_id>/unmark")
@access.allow("member")
def unmark(public_id: str) -> Response:
    """Take a save or a pass back."""
    target, need, _shown = _target(public_id)
    shown_lists.unmark(db.session(), access.actor(), target, need, clock.now())
    flash(_("元に戻しました。"), "success")
    return redirect(_back())


@blueprint.route("/suggestions/<public_id>/pass", methods=["GET", "POST"])
@access.allow("member")
def pass_(public_id: str) -> str | Response | tuple[str, int]:
    """見送り with one coded reason."""
    target, need, shown = _target(public_id)
    form = PassForm()
    if form.validate_on_submit():
        try:
            shown_lists.mark(
                db.session(), access.actor(), target, need, "passed", clock.now(),
                reason_code=form.reason_code.data, note=form.note.data or "",
            )  # fmt: skip
        except Invalid as error:
            form.take(error)
        else:
            flash(_("「%(name)s」を見送りました。相手には伝わりません。", name=target.name), "success")
            return redirect(_back())
    status = 422 if request.method == "POST" else 200
    page = render_template("suggestions/pass.html", form=form, target=target, need=need, shown=shown)
    return page, status


def _filter_form() -> FilterForm:
    form = FilterForm(request.args, prefix="")
    form.offer_choices(cities.get(db.session()))
    if access.actor().organization_kind == "npo":
        form.ask_for_offers()
    return form


def _shown(public_id: str) -> ShownSuggestion:
    """A card as it was shown; one that was shown a moment ago may still have to be written.

    Raises:
        NotFound: nobody ever saw it.
        ServiceUnavailable: it may be among what waits to be written; it is asked for again.
    """
    try:
        return shown_lists.get(db.session(), access.actor(), public_id)
    except NotFound:
        # What was read saw the records of before, and what is sent holds the lock for which the list waits.
        db.session().rollback()
        db.release()
        if not traces.traces().have_all_arrived(_FLUSH_SECONDS):
            abort(503)
        return _shown_elsewhere(public_id)


def _shown_elsewhere(public_id: str) -> ShownSuggestion:
    """A card that another process of ours may have shown, and may be about to write.

    Raises:
        NotFound: nobody ever saw it.
        ServiceUnavailable: as many as may wait for such a card do already; it is asked for again.
    """
    if not _looking.acquire(blocking=False):
        abort(503)
    try:
        looking_until = time.monotonic() + _FLUSH_SECONDS
        while True:
            try:
                return shown_lists.get(db.session(), access.actor(), public_id)
            except NotFound:
                if time.monotonic() > looking_until:
                    raise
            db.session().rollback()
            db.release()
            time.sleep(_LOOK_SECONDS)
    finally:
        _looking.release()


def _target(public_id: str) -> tuple[Organization, Need | None, ShownSuggestion]:
    shown = _shown(public_id)
    if shown.shown_list.organization_id != access.actor().organization_id:
        abort(404)
    return shown.candidate, shown_lists.need_of(db.session(), shown), shown


def _back() -> str:
    """The list from which one came: the own need's suggestions, or the company's."""
    shown = shown_lists.get(db.session(), access.actor(), request.view_args["public_id"])  # type: ignore[index]
    return _list_of(shown)[1]


def _list_of(shown: ShownSuggestion) -> tuple[str, str]:
    """The list on which a card stood, as its viewer finds it: the own need's, or the company's."""
    need = shown_lists.need_of(db.session(), shown)
    if access.actor().organization_kind == "company" or need is None:
        return _start(access.actor())
    return _("「%(title)s」のおすすめの企業", title=need.title), url_for(
        "suggestions.for_need", public_id=need.public_id
    )
