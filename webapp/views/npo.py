"""An NPO's pages: home, its needs in five short steps, and the offers of companies."""

from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from matcher import queries, queries_postings
from matcher.errors import Invalid, MovedOn, Refused
from matcher.models import Need
from matcher.services import cities, moves, postings, receipts, tasks
from webapp import access, clock, db, posting_text, text
from webapp.forms import posting as forms
from webapp.forms.base import Form

blueprint = Blueprint("npo", __name__, url_prefix="/npo")
blueprint.record_once(lambda setup: setup.app.jinja_env.globals.update(posting_text=posting_text))

Page = str | Response | tuple[str, int]


@blueprint.get("")
@access.allow("npo")
def home() -> Page:
    """What waits for an answer, one's own needs, and the way to write one."""
    session, actor = db.session(), access.actor()
    npo = queries.own_organization(session, actor)
    needs = queries_postings.own_needs(session, actor)
    return render_template(
        "npo/home.html",
        npo=npo,
        tasks=[task for task in tasks.next_tasks(session, actor, npo, 6) if task.kind not in {"answer"}][:3],
        waiting=tasks.waiting_cases(session, actor),
        cases=queries.own_cases(session, actor, open_only=True),
        needs=needs[:5],
        more=len(needs) > 5,
        shown=queries_postings.shown_to_companies(session, needs),
        is_busy=queries.unanswered_count(session, npo.id) >= 3,
    )


@blueprint.get("/needs")
@access.allow("npo")
def needs() -> Page:
    """All of one's own needs with their state in words."""
    found = queries_postings.own_needs(db.session(), access.actor())
    shown = queries_postings.shown_to_companies(db.session(), found)
    return render_template("npo/needs.html", needs=found, shown=shown)


@blueprint.get("/needs/<public_id>")
@access.allow("npo")
def need(public_id: str) -> Page:
    """One of one's own needs: the text, what can be done, and its history."""
    found = _own(public_id)
    return render_template("npo/need.html", **_facts(found))


def _facts(found: Need) -> dict[str, Any]:
    session = db.session()
    return {
        "need": found,
        "city_areas": cities.get(session).area_labels,
        "actions": moves.available(access.actor(), found),
        "missing": postings.missing(found),
        "history": queries.history(session, "need", found.public_id),
        "shown": queries_postings.shown_to_companies(session, [found]).get(found.id, 0),
    }


@blueprint.post("/needs/new")
@access.allow("npo")
def need_new() -> Page:
    """Begin a draft."""
    session, actor = db.session(), access.actor()
    npo = queries.own_organization(session, actor)
    found = postings.new_need(session, actor, npo, clock.now())
    return redirect(url_for("npo.need_step", public_id=found.public_id, step=1))


@blueprint.route("/needs/<public_id>/step/<int:step>", methods=["GET", "POST"])
@access.allow("npo")
def need_step(public_id: str, step: int) -> Page:
    """One of the five pages of the guided form; each saves."""
    found = _own(public_id)
    if not 1 <= step <= len(forms.NEED_FORMS):
        abort(404)
    form = _step_form(found, step)
    banner = ""
    if form.is_submitted() and form.validate():
        try:
            postings.save_need_step(
                db.session(),
                access.actor(),
                found,
                step,
                _values(form),
                clock.now(),
                version=form.shown_version,
            )
            return redirect(_after_step(public_id, step))
        except Invalid as error:
            form.take(error)
        except MovedOn as error:
            return _step_page(found, form, step, posting_text.moved_on(error)), 409
        except Refused as error:
            return _step_page(found, form, step, text.sentence(error.code, error.facts)), 409
    return _step_page(found, form, step, banner), 422 if form.is_submitted() else 200


def _step_form(found: Need, step: int) -> Any:
    form_class = forms.NEED_FORMS[step - 1]
    form = form_class(obj=None if request.method == "POST" else found, data=_shown(found))
    form.offer_choices(cities.get(db.session()))
    if request.method == "GET":
        form.version.data = str(found.version)
    return form


def _shown(found: Need) -> dict[str, Any]:
    contact = {None: None, True: "yes", False: "no"}[found.safety_contact]
    return {"safety_contact": contact}


def _values(form: Any) -> dict[str, Any]:
    values: dict[str, Any] = form.typed
    if "safety_contact" in values:
        values["safety_contact"] = {"yes": True, "no": False}.get(values["safety_contact"])
    return values


def _after_step(public_id: str, step: int) -> str:
    if request.form.get("action") == "save":
        flash(_("下書きに保存しました。"), "success")
        return url_for("npo.need", public_id=public_id)
    if step == len(forms.NEED_FORMS) or request.form.get("action") == "check":
        return url_for("npo.need_check", public_id=public_id)
    return url_for("npo.need_step", public_id=public_id, step=step + 1)


def _step_page(found: Need, form: Form, step: int, banner: str) -> str:
    similar = []
    if step == 1:
        similar = [
            other
            for other in queries_postings.own_needs(db.session(), access.actor())
            if other.id != found.id and other.state in {"open", "paused", "in_review"}
        ][:3]
    return render_template(
        f"npo/step{step}.html", need=found, form=form, step=step, banner=banner, similar=similar
    )


@blueprint.route("/needs/<public_id>/check", methods=["GET", "POST"])
@access.allow("npo")
def need_check(public_id: str) -> Page:
    """Check the answers, then send them to the city."""
    session, actor = db.session(), access.actor()
    found = _own(public_id)
    form = Form()
    if form.is_submitted():
        earlier = receipts.earlier(session, actor, form.form_id.data)
        if earlier is not None:
            return redirect(earlier)
        if form.validate():
            try:
                postings.submit(session, actor, found, clock.now(), version=form.shown_version)
                sent = url_for("npo.need_sent", public_id=public_id)
                receipts.keep(session, actor, form.form_id.data, sent, clock.now())
                return redirect(sent)
            except Invalid as error:
                return _check_page(found, form, dict(error.facts), ""), 422
            except MovedOn as error:
                return _check_page(found, form, {}, posting_text.moved_on(error)), 409
    form.version.data = str(found.version)
    return _check_page(found, form, dict.fromkeys(postings.missing(found), "required"), "")


def _check_page(found: Need, form: Form, problems: dict[str, str], banner: str) -> str:
    return render_template(
        "npo/check.html",
        need=found,
        form=form,
        problems={name: text.field_sentence(code) for name, code in problems.items()},
        banner=banner,
        steps=postings.NEED_STEPS,
        city_areas=cities.get(db.session()).area_labels,
    )


@blueprint.get("/needs/<public_id>/sent")
@access.allow("npo")
def need_sent(public_id: str) -> Page:
    """The receipt number and what happens next."""
    return render_template("npo/sent.html", need=_own(public_id))


@blueprint.post("/needs/<public_id>/<any(pause, resume, renew, fill, rework):action>")
@access.allow("npo")
def need_act(public_id: str, action: str) -> Page:
    """One-click moves of one's own need."""
    found = _own(public_id)
    form = Form()
    act = getattr(postings, action)
    try:
        act(db.session(), access.actor(), found, clock.now(), version=form.shown_version)
    except Refused as error:
        return render_template(
            "npo/need.html", banner=text.sentence(error.code, error.facts), **_facts(found)
        ), 409
    flash(posting_text.done(action), "success")
    if action == "rework":
        return redirect(url_for("npo.need_step", public_id=public_id, step=1))
    return redirect(url_for("npo.need", public_id=public_id))


@blueprint.route("/needs/<public_id>/withdraw", methods=["GET", "POST"])
@access.allow("npo")
def need_withdraw(public_id: str) -> Page:
    """Take the need down, with a reason."""
    found = _own(public_id)
    form = forms.WithdrawForm()
    if form.is_submitted() and form.validate():
        try:
            postings.withdraw(
                db.session(), access.actor(), found, form.reason_code.data, form.reason_text.data or "",
                clock.now(), version=form.shown_version,
            )  # fmt: skip
            flash(posting_text.done("withdraw"), "success")
            return redirect(url_for("npo.need", public_id=public_id))
        except Invalid as error:
            form.take(error)
    elif not form.is_submitted():
        form.version.data = str(found.version)
    back = url_for("npo.need", public_id=public_id)
    page = render_template("postings/withdraw.html", posting=found, form=form, back=back)
    return page, 422 if form.is_submitted() else 200


@blueprint.get("/offers")
@access.allow("npo")
def offers() -> Page:
    """Browse and filter what companies offer."""
    session = db.session()
    form = forms.BrowseForm(request.args)
    form.offer_choices(cities.get(session))
    own = queries.own_organization(session, access.actor())
    listing = None
    if own.state == "verified":
        listing = queries_postings.open_offers(
            session,
            form.conditions,
            sort=form.sort.data or "newest",
            page=posting_text.page_number(request.args),
        )
    return render_template("npo/offers.html", form=form, listing=listing, own=own)


@blueprint.get("/offers/<public_id>")
@access.allow("npo")
def offer(public_id: str) -> Page:
    """One offer as other members see it."""
    found = queries.get_offer(db.session(), access.actor(), public_id)
    return render_template("npo/offer.html", offer=found)


def _own(public_id: str) -> Need:
    found = queries.get_need(db.session(), access.actor(), public_id)
    if found.organization_id != access.actor().organization_id:
        abort(404)
    return found
