"""A company's pages: home, the needs of NPOs, what it saved, and its own offers."""

from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from matcher.cases import reads as case_reads
from matcher.city import cities
from matcher.desk import tasks as desk_tasks
from matcher.ground import permissions
from matcher.ground.errors import Invalid, MovedOn, Refused
from matcher.organizations import profile as organization_profile
from matcher.organizations import reads as organization_reads
from matcher.postings import acts as posting_acts
from matcher.postings import drafts as posting_drafts
from matcher.postings import reads as posting_reads
from matcher.records import Offer
from matcher.register import act, audit, receipts
from matcher.suggestions import shown_lists, suggest
from webapp import access, asked, clock, db, live, posting_text, text, traces
from webapp.forms import posting as forms
from webapp.forms.base import Form
from webapp.forms.suggestion import PassForm

blueprint = Blueprint("company", __name__, url_prefix="/company")

Page = str | Response | tuple[str, int]

HOME_CARDS = 5
_WRITTEN = frozenset({"draft", "returned"})  #: states in which the text may be changed


@blueprint.get("")
@access.allow("company")
def home() -> Page:
    """What to do next, five suggested NPOs, and the running cases."""
    session, actor = db.session(), access.actor()
    company = organization_reads.own_organization(session, actor)
    index = live.index()
    found = suggest.Shortlist()
    if company.state == "verified":
        found = suggest.for_company(session, index, company, limit=HOME_CARDS, now=clock.now())
        shown = shown_lists.compose(session, index, actor, company, found, clock.now())
        traces.leave(f"shown:{shown.public_id}", lambda later: later.add(shown))
    cases, steps = case_reads.own_cases(session, actor, clock.now(), open_only=True)
    return render_template(
        "company/home.html",
        company=company,
        tasks=desk_tasks.next_tasks(session, actor, company, cases, steps),
        found=found,
        index=index,
        lacking=[
            part.label
            for part in organization_profile.SECTIONS["company"]
            if organization_profile.missing(company, part)
        ],
        cases=cases,
        steps=steps,
        has_offer=any(offer.state == "open" for offer in posting_reads.own_offers(session, actor)),
    )


@blueprint.get("/needs")
@access.allow("company")
def needs() -> Page:
    """Browse and filter all open needs."""
    session = db.session()
    form = forms.BrowseForm(request.args)
    form.offer_choices(cities.get(session))
    own = organization_reads.own_organization(session, access.actor())
    listing = None
    if own.state == "verified":
        listing = posting_reads.open_needs(
            session,
            form.conditions,
            public=False,
            sort=form.sort.data or "newest",
            page=asked.page(),
        )
    return render_template("company/needs.html", form=form, listing=listing, own=own)


@blueprint.get("/needs/<public_id>")
@access.allow("company")
def need(public_id: str) -> Page:
    """One need as other members see it."""
    found = posting_reads.get_need(db.session(), access.actor(), public_id)
    mark = shown_lists.mark_of(db.session(), access.actor(), found.organization_id, found)
    return render_template("company/need.html", need=found, mark=mark)


@blueprint.post("/needs/<public_id>/<any(save, unmark):action>")
@access.allow("company")
def need_mark(public_id: str, action: str) -> Page:
    """保存 from the browsing pages, and taking it back."""
    session, actor = db.session(), access.actor()
    found = posting_reads.get_need(session, actor, public_id)
    if action == "save":
        shown_lists.mark(session, actor, found.organization, found, "saved", clock.now())
        flash(_("「%(title)s」を保存しました。", title=found.title), "success")
    else:
        shown_lists.unmark(session, actor, found.organization, found, clock.now())
        flash(_("元に戻しました。"), "success")
    return redirect(url_for("company.need", public_id=public_id))


@blueprint.route("/needs/<public_id>/pass", methods=["GET", "POST"])
@access.allow("company")
def need_pass(public_id: str) -> Page:
    """見送り from the browsing pages, with one coded reason that only the city reads."""
    session, actor = db.session(), access.actor()
    found = posting_reads.get_need(session, actor, public_id)
    form = PassForm()
    if not form.validate_on_submit():
        page = render_template("company/need_pass.html", need=found, form=form)
        return page, 422 if form.is_submitted() else 200
    shown_lists.mark(
        session, actor, found.organization, found, "passed", clock.now(),
        reason_code=form.reason_code.data, note=form.note.data or "",
    )  # fmt: skip
    flash(_("「%(title)s」を見送りました。団体には伝わりません。", title=found.title), "success")
    return redirect(url_for("company.needs"))


@blueprint.get("/saved")
@access.allow("company")
def saved() -> Page:
    """What the company has saved."""
    return render_template("company/saved.html", saved=posting_reads.saved(db.session(), access.actor()))


@blueprint.get("/offers")
@access.allow("company")
def offers() -> Page:
    """One's own offers with their state in words."""
    found = posting_reads.own_offers(db.session(), access.actor())
    return render_template("company/offers.html", offers=found)


@blueprint.post("/offers/new")
@access.allow("company")
def offer_new() -> Page:
    """Begin a draft."""
    session, actor, form = db.session(), access.actor(), Form()
    if (earlier := receipts.earlier(session, actor, form.form_id.data)) is not None:
        return redirect(earlier)
    if not form.validate():
        abort(400)
    company = organization_reads.own_organization(session, actor)
    found = posting_drafts.new_offer(session, actor, company, clock.now())
    written = url_for("company.offer_edit", public_id=found.public_id)
    receipts.keep(session, actor, form.form_id.data, written, clock.now())
    return redirect(written)


@blueprint.get("/offers/<public_id>")
@access.allow("company")
def offer(public_id: str) -> Page:
    """One of one's own offers: the text, what can be done, its history."""
    return render_template("company/offer.html", **_facts(_own(public_id)))


def _facts(found: Offer) -> dict[str, Any]:
    return {
        "offer": found,
        "actions": act.open_to(db.session(), access.actor(), found, clock.now()),
        "history": audit.history(db.session(), "offer", found.public_id),
    }


@blueprint.route("/offers/<public_id>/edit", methods=["GET", "POST"])
@access.allow("company")
def offer_edit(public_id: str) -> Page:
    """Write the offer."""
    session, actor = db.session(), access.actor()
    found = _own(public_id)
    permissions.require(actor, "posting.edit", found)
    if request.method == "GET" and found.state not in _WRITTEN:
        return redirect(url_for("company.offer", public_id=public_id))
    form = forms.OfferForm(data=None if request.method == "POST" else _shown(found))
    form.offer_choices(cities.get(session))
    if not form.is_submitted():
        return _edit_page(found, form)
    if not form.validate():
        return _edit_page(found, form), 422
    try:
        posting_drafts.save_offer(session, actor, found, form.typed, clock.now(), version=form.shown_version)
    except Invalid as error:
        db.undo()
        form.take(error)
        return _edit_page(_own(public_id), form), 422
    except (MovedOn, Refused, db.Overtaken) as error:
        found, banner = _overtaken(public_id, form, error)
        return _edit_page(found, form, banner), 409
    if request.form.get("action") == "save":
        flash(_("下書きに保存しました。"), "success")
        return redirect(url_for("company.offer", public_id=public_id))
    return redirect(url_for("company.offer_check", public_id=public_id))


def _overtaken(public_id: str, form: Form, error: Exception) -> tuple[Offer, str]:
    """The offer as it is now, and why nothing was saved; the form may be sent again over it."""
    db.undo()
    found = _own(public_id)
    form.version.data = str(found.version)
    return found, posting_text.refusal(db.session(), found, error)


def _shown(found: Offer) -> dict[str, Any]:
    """What stands in the fields: what was saved, and in a new text what the profile says."""
    values = {name: getattr(found, name) for name in posting_drafts.OFFER_FIELDS}
    if not found.title and not found.description:
        company = organization_reads.own_organization(db.session(), access.actor())
        values |= posting_drafts.prefilled(found, company, clock.now())
    return values | {"version": str(found.version)}


def _edit_page(found: Offer, form: Form, banner: str = "") -> str:
    return render_template("company/offer_edit.html", offer=found, form=form, banner=banner)


@blueprint.route("/offers/<public_id>/check", methods=["GET", "POST"])
@access.allow("company")
def offer_check(public_id: str) -> Page:
    """Check the answers, then send them to the city."""
    session, actor = db.session(), access.actor()
    found = _own(public_id)
    permissions.require(actor, "posting.submit", found)
    form = Form()
    if not form.is_submitted():
        if found.state not in _WRITTEN:
            return redirect(url_for("company.offer", public_id=public_id))
        form.version.data = str(found.version)
        return _check_page(found, form)
    if (earlier := receipts.earlier(session, actor, form.form_id.data)) is not None:
        return redirect(earlier)
    if not form.validate():
        banner = _("画面を開いてから時間がたっています。内容を確かめて、もう一度送ってください。")
        return _check_page(found, form, banner=banner), 422
    sent = url_for("company.offer_sent", public_id=public_id)
    try:
        posting_acts.submit(session, actor, found, clock.now(), version=form.shown_version)
        receipts.keep(session, actor, form.form_id.data, sent, clock.now())
    except Invalid as error:
        db.undo()
        return _check_page(_own(public_id), form, problems=dict(error.facts)), 422
    except (MovedOn, Refused, db.Overtaken) as error:
        found, banner = _overtaken(public_id, form, error)
        if found.state not in _WRITTEN:
            flash(banner, "warning")
            return redirect(url_for("company.offer", public_id=public_id))
        return _check_page(found, form, banner=banner), 409
    return redirect(sent)


def _check_page(found: Offer, form: Form, problems: dict[str, str] | None = None, banner: str = "") -> str:
    if problems is None:
        problems = posting_drafts.problems(found, clock.now())
    worded = {name: text.field_sentence(code) for name, code in problems.items()}
    return render_template(
        "company/offer_check.html",
        offer=found,
        form=form,
        problems=worded,
        banner=banner,
        refused=form.is_submitted(),
    )


@blueprint.get("/offers/<public_id>/sent")
@access.allow("company")
def offer_sent(public_id: str) -> Page:
    """The receipt number and what happens next."""
    found = _own(public_id)
    if found.number is None:
        return redirect(url_for("company.offer", public_id=public_id))
    return render_template("company/offer_sent.html", offer=found)


@blueprint.post("/offers/<public_id>/<any(pause, resume, renew, fill, rework):action>")
@access.allow("company")
def offer_act(public_id: str, action: str) -> Page:
    """One-click moves of one's own offer."""
    found = _own(public_id)
    form = Form()
    try:
        getattr(posting_acts, action)(
            db.session(), access.actor(), found, clock.now(), version=form.shown_version
        )
    except (MovedOn, Refused, db.Overtaken) as error:
        found, banner = _overtaken(public_id, form, error)
        return render_template("company/offer.html", banner=banner, **_facts(found)), 409
    flash(posting_text.done(action), "success")
    target = "company.offer_edit" if action == "rework" else "company.offer"
    return redirect(url_for(target, public_id=public_id))


@blueprint.route("/offers/<public_id>/withdraw", methods=["GET", "POST"])
@access.allow("company")
def offer_withdraw(public_id: str) -> Page:
    """Take the offer down, with a reason."""
    session, actor = db.session(), access.actor()
    found = _own(public_id)
    permissions.require(actor, "posting.withdraw", found)
    form = forms.WithdrawForm()
    back = url_for("company.offer", public_id=public_id)
    facts: dict[str, Any] = {"form": form, "back": back}
    if not form.is_submitted():
        if "withdraw" not in act.open_to(session, actor, found, clock.now()):
            return redirect(back)
        form.version.data = str(found.version)
        return render_template("postings/withdraw.html", posting=found, **facts)
    if not form.validate():
        return render_template("postings/withdraw.html", posting=found, **facts), 422
    try:
        posting_acts.withdraw(
            session, actor, found, form.reason_code.data or "", form.reason_text.data or "",
            clock.now(), version=form.shown_version,
        )  # fmt: skip
    except Invalid as error:
        db.undo()
        form.take(error)
        return render_template("postings/withdraw.html", posting=_own(public_id), **facts), 422
    except (MovedOn, Refused, db.Overtaken) as error:
        found, banner = _overtaken(public_id, form, error)
        return render_template("postings/withdraw.html", posting=found, banner=banner, **facts), 409
    flash(posting_text.done("withdraw"), "success")
    return redirect(back)


def _own(public_id: str) -> Offer:
    found = posting_reads.get_offer(db.session(), access.actor(), public_id)
    if found.organization_id != access.actor().organization_id:
        abort(404)
    return found
