"""A company's pages: home, the needs of NPOs, what it saved, and its own offers."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from matcher.alerts import reads as alert_reads
from matcher.cases import beginning, takes, together
from matcher.cases import reads as case_reads
from matcher.city import cities
from matcher.desk import tasks as desk_tasks
from matcher.ground import calendar, permissions
from matcher.ground.errors import Invalid
from matcher.ground.profile import SECTIONS
from matcher.organizations import profile as organization_profile
from matcher.organizations import reads as organization_reads
from matcher.postings import acts as posting_acts
from matcher.postings import again, finding, joint_reads, questions
from matcher.postings import drafts as posting_drafts
from matcher.postings import reads as posting_reads
from matcher.records import Offer
from matcher.register import audit
from matcher.register.act import Look
from matcher.suggestions import shortlist, shown_lists, suggest
from webapp import access, asked, beforehand, clock, db, directory, live, own_postings, traces
from webapp.forms import posting as forms
from webapp.forms.finding import BrowseForm
from webapp.forms.suggestion import PassForm
from webapp.labels import said

blueprint = Blueprint("company", __name__, url_prefix="/company")

Page = str | Response | tuple[str, int]

HOME_CARDS = 5
HOME_FRESH = 3


@blueprint.get("")
@access.allow("company")
def home() -> Page:
    """What to do next, five suggested NPOs, and the running cases."""
    session, actor = db.session(), access.actor()
    company = organization_reads.own_organization(session, actor)
    index = live.index()
    found = shortlist.Shortlist()
    if company.is_verified:
        found = suggest.for_company(session, index, company, limit=HOME_CARDS, now=clock.now())
        shown = shown_lists.compose(session, index, actor, company, found, clock.now())
        traces.leave(f"shown:{shown.public_id}", lambda later: shown_lists.write(later, shown))
    cases, steps = case_reads.own_cases(session, actor, clock.now(), open_only=True)
    offers = posting_reads.own_offers(session, actor)
    beforehand.measure_after(actor.organization_id)
    return render_template(
        "company/home.html",
        company=company,
        tasks=desk_tasks.next_tasks(session, actor, company, cases, steps),
        found=found,
        fresh=alert_reads.unseen(session, actor, HOME_FRESH),
        index=index,
        lacking=[
            said(part.label) for part in SECTIONS["company"] if organization_profile.missing(company, part)
        ],
        cases=cases,
        steps=steps,
        due=again.due(offers, calendar.tokyo_date(clock.now())),
        has_offer=any(offer.is_open for offer in offers),
    )


@blueprint.get("/needs")
@access.allow("company")
def needs() -> Page:
    """Browse and filter all open needs."""
    session = db.session()
    form = BrowseForm(request.args)
    form.offer_choices(cities.get(session))
    own = organization_reads.own_organization(session, access.actor())
    found = None
    if own.is_verified:
        found = finding.needs(
            session,
            live.index(),
            access.actor(),
            form.wanted,
            public=False,
            sort=form.sort.data or "newest",
            page=asked.page(),
        )
    return render_template("company/needs.html", form=form, found=found, own=own)


@blueprint.get("/npos")
@access.allow("company")
def npos() -> Page:
    """The directory of NPOs that want to be found, with or without an open need."""
    return directory.page("npo", "company/npos.html")


@blueprint.get("/needs/<public_id>")
@access.allow("company")
def need(public_id: str) -> Page:
    """One need as other members see it."""
    found = posting_reads.get_need(db.session(), access.actor(), public_id)
    mark = shown_lists.mark_of(db.session(), access.actor(), found.organization_id, found)
    may_propose = beginning.may_approach(db.session(), access.actor(), found.organization, clock.now())
    return render_template(
        "company/need.html",
        need=found,
        rows=takes.of(db.session(), found),
        is_together=together.is_there(db.session(), access.actor(), found),
        mark=mark,
        may_propose=may_propose,
        answered=questions.answered(db.session(), found),
        together=joint_reads.asked_together(db.session(), found),
        own=questions.own_questions(db.session(), access.actor(), found),
        may_ask=questions.ask_question.may(Look(db.session(), access.actor(), found, clock.now())),
    )


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
    if form.validate_on_submit():
        try:
            shown_lists.mark(
                session, actor, found.organization, found, "passed", clock.now(),
                reason_code=form.reason_code.data, note=form.note.data or "",
            )  # fmt: skip
        except Invalid as error:
            form.take(error)
        else:
            flash(_("「%(title)s」を見送りました。団体には伝わりません。", title=found.title), "success")
            return redirect(url_for("company.needs"))
    page = render_template("company/need_pass.html", need=found, form=form)
    return page, 422 if form.is_submitted() else 200


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
    followers = again.followers(db.session(), [one for one in found if one.is_over])
    return render_template("company/offers.html", offers=found, followers=followers)


@blueprint.post("/offers/new")
@access.allow("company")
def offer_new() -> Page:
    """Begin a draft."""
    return own_postings.begin(
        posting_drafts.new_offer, lambda public_id: url_for("company.offer_edit", public_id=public_id)
    )


@blueprint.post("/offers/<public_id>/again")
@access.allow("company")
def offer_again(public_id: str) -> Page:
    """前回を引き継ぐ: begin a draft with all that an offer that is over says."""
    before = own_postings.offer(public_id)
    return own_postings.begin(
        lambda session, actor, _company, now: again.take_over(session, actor, before, now),
        lambda public_id: url_for("company.offer_edit", public_id=public_id),
    )


@blueprint.get("/offers/<public_id>")
@access.allow("company")
def offer(public_id: str) -> Page:
    """One of one's own offers: the text, what can be done, its history."""
    return _offer_page(own_postings.offer(public_id))


def _offer_page(found: Offer, banner: str = "") -> str:
    return render_template(
        "company/offer.html",
        offer=found,
        banner=banner,
        actions=own_postings.open_acts(found),
        may_write=posting_drafts.may_write(access.actor(), found),
        history=audit.history(db.session(), "offer", found.public_id),
        before=again.forerunner(db.session(), found),
        follower=again.followers(db.session(), [found]).get(found.id),
    )


@blueprint.route("/offers/<public_id>/edit", methods=["GET", "POST"])
@access.allow("company")
def offer_edit(public_id: str) -> Page:
    """Write the offer."""
    session, actor = db.session(), access.actor()
    found = own_postings.offer(public_id)
    home = url_for("company.offer", public_id=public_id)
    permissions.require(actor, "posting.edit", found)
    if request.method == "GET" and not found.is_editable:
        return redirect(home)
    form = forms.OfferForm(data=None if request.method == "POST" else _shown(found))
    form.offer_choices(cities.get(session))
    return own_postings.save(
        form,
        lambda: own_postings.offer(public_id),
        lambda found, banner: render_template(
            "company/offer_edit.html",
            offer=found,
            form=form,
            banner=banner,
            before=again.forerunner(session, found),
        ),
        lambda found: posting_drafts.save_offer(
            session, actor, found, form.typed, clock.now(), version=form.shown_version
        ),
        lambda _made: (
            home
            if request.form.get("action") == "save"
            else url_for("company.offer_check", public_id=public_id)
        ),
    )


def _shown(found: Offer) -> dict[str, Any]:
    """What stands in the fields: what was saved, and in a new text what the profile says."""
    values = {name: getattr(found, name) for name in posting_drafts.OFFER_FIELDS}
    if not found.title and not found.description:
        company = organization_reads.own_organization(db.session(), access.actor())
        values |= posting_drafts.prefilled(found, company, clock.now())
    return values | {"version": str(found.version)}


@blueprint.route("/offers/<public_id>/check", methods=["GET", "POST"])
@access.allow("company")
def offer_check(public_id: str) -> Page:
    """Check the answers, then send them to the city."""
    return own_postings.send(
        lambda: own_postings.offer(public_id),
        lambda found, **facts: render_template(
            "company/offer_check.html",
            offer=found,
            urls={
                name: url_for("company.offer_edit", public_id=public_id, _anchor=name)
                for name in posting_drafts.OFFER_FIELDS
            },
            before=again.forerunner(db.session(), found),
            **facts,
        ),
        home=url_for("company.offer", public_id=public_id),
        sent=url_for("company.offer_sent", public_id=public_id),
    )


@blueprint.get("/offers/<public_id>/sent")
@access.allow("company")
def offer_sent(public_id: str) -> Page:
    """The receipt number and what happens next."""
    found = own_postings.offer(public_id)
    if found.number is None:
        return redirect(url_for("company.offer", public_id=public_id))
    return render_template("company/offer_sent.html", offer=found)


@blueprint.post("/offers/<public_id>/<any(pause, resume, renew, fill, rework):action>")
@access.allow("company")
def offer_act(public_id: str, action: str) -> Page:
    """One-click moves of one's own offer."""
    return own_postings.move(
        lambda: own_postings.offer(public_id),
        action,
        _offer_page,
        home=url_for("company.offer", public_id=public_id),
        onward=url_for("company.offer_edit", public_id=public_id)
        if action == posting_acts.rework.name
        else "",
    )


@blueprint.route("/offers/<public_id>/withdraw", methods=["GET", "POST"])
@access.allow("company")
def offer_withdraw(public_id: str) -> Page:
    """Take the offer down, with a reason."""
    home = url_for("company.offer", public_id=public_id)
    return own_postings.withdraw(lambda: own_postings.offer(public_id), home)
