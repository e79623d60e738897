"""An NPO's pages: home, its needs in five short steps, and the offers of companies."""

from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from matcher.cases import reads as case_reads
from matcher.cases import turns
from matcher.city import cities
from matcher.desk import tasks as desk_tasks
from matcher.ground import limits, permissions
from matcher.ground.errors import Invalid, MovedOn, Refused
from matcher.organizations import reads as organization_reads
from matcher.postings import acts as posting_acts
from matcher.postings import drafts as posting_drafts
from matcher.postings import reads as posting_reads
from matcher.records import Need
from matcher.register import act, audit, receipts
from webapp import access, asked, clock, db, posting_text, text
from webapp.forms import posting as forms
from webapp.forms.base import Form

blueprint = Blueprint("npo", __name__, url_prefix="/npo")
blueprint.record_once(lambda setup: setup.app.jinja_env.globals.update(posting_text=posting_text))

Page = str | Response | tuple[str, int]

_WRITTEN = frozenset({"draft", "returned"})  #: states in which the text may be changed


@blueprint.get("")
@access.allow("npo")
def home() -> Page:
    """What waits for an answer, one's own needs, and the way to write one."""
    session, actor = db.session(), access.actor()
    npo = organization_reads.own_organization(session, actor)
    needs = posting_reads.own_needs(session, actor)
    cases, steps = case_reads.own_cases(session, actor, clock.now(), open_only=True)
    return render_template(
        "npo/home.html",
        npo=npo,
        tasks=[
            task
            for task in desk_tasks.next_tasks(session, actor, npo, cases, steps, 6)
            if task.kind not in {"answer"}
        ][:3],
        waiting=[case for case in cases if turns.has(steps[case.id], "npo", "answer", "supplement")],
        cases=cases,
        steps=steps,
        needs=needs[:5],
        more=len(needs) > 5,
        shown=posting_reads.shown_to_companies(session, needs),
        is_busy=case_reads.is_busy(session, npo.id),
    )


@blueprint.get("/needs")
@access.allow("npo")
def needs() -> Page:
    """All of one's own needs with their state in words."""
    found = posting_reads.own_needs(db.session(), access.actor())
    shown = posting_reads.shown_to_companies(db.session(), found)
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
        "actions": act.open_to(db.session(), access.actor(), found, clock.now()),
        "missing": posting_drafts.missing(found),
        "history": audit.history(session, "need", found.public_id),
        "shown": posting_reads.shown_to_companies(session, [found]).get(found.id, 0),
    }


@blueprint.post("/needs/new")
@access.allow("npo")
def need_new() -> Page:
    """Begin a draft."""
    session, actor, form = db.session(), access.actor(), Form()
    if (earlier := receipts.earlier(session, actor, form.form_id.data)) is not None:
        return redirect(earlier)
    if not form.validate():
        abort(400)
    npo = organization_reads.own_organization(session, actor)
    found = posting_drafts.new_need(session, actor, npo, clock.now())
    written = url_for("npo.need_step", public_id=found.public_id, step=1)
    receipts.keep(session, actor, form.form_id.data, written, clock.now())
    return redirect(written)


@blueprint.route("/needs/<public_id>/step/<int(max=2147483647):step>", methods=["GET", "POST"])
@access.allow("npo")
def need_step(public_id: str, step: int) -> Page:
    """One of the five pages of the guided form; each saves."""
    if not 1 <= step <= len(forms.NEED_FORMS):
        abort(404)
    session, actor = db.session(), access.actor()
    found = _own(public_id)
    permissions.require(actor, "posting.edit", found)
    if request.method == "GET" and found.state not in _WRITTEN:
        return redirect(url_for("npo.need", public_id=public_id))
    form = _step_form(found, step)
    if not form.is_submitted():
        return _step_page(found, form, step)
    if not form.validate():
        return _step_page(found, form, step), 422
    try:
        posting_drafts.save_need_step(
            session, actor, found, step, _values(form), clock.now(), version=form.shown_version
        )
    except Invalid as error:
        db.undo()
        form.take(error)
        return _step_page(_own(public_id), form, step), 422
    except (MovedOn, Refused, db.Overtaken) as error:
        found, banner = _overtaken(public_id, form, error)
        return _step_page(found, form, step, banner), 409
    return redirect(_after_step(public_id, step))


def _overtaken(public_id: str, form: Form, error: Exception) -> tuple[Need, str]:
    """The need as it is now, and why nothing was saved; the form may be sent again over it."""
    db.undo()
    found = _own(public_id)
    form.version.data = str(found.version)
    return found, posting_text.refusal(db.session(), found, error)


def _step_form(found: Need, step: int) -> Any:
    form_class = forms.NEED_FORMS[step - 1]
    form = form_class(data=None if request.method == "POST" else _shown(found, step))
    form.offer_choices(cities.get(db.session()))
    return form


def _shown(found: Need, step: int) -> dict[str, Any]:
    """What stands in the fields: what was saved, and on a page never saved what the profile says."""
    values = {name: getattr(found, name) for name in posting_drafts.NEED_STEPS[step - 1]}
    if step > found.steps_done:
        npo = organization_reads.own_organization(db.session(), access.actor())
        suggested = posting_drafts.prefilled(found, npo, clock.now())
        values |= {name: value for name, value in suggested.items() if name in values}
    if "safety_contact" in values:
        values["safety_contact"] = {None: None, True: "yes", False: "no"}[found.safety_contact]
    return values | {"version": str(found.version)}


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


def _step_page(found: Need, form: Any, step: int, banner: str = "") -> str:
    similar = []
    if step == 1:
        # The title being typed is asked about by htmx with a plain GET of this page.
        typed = asked.word("title", limits.TEXT) or f"{form.title.data or ''}\n{form.situation.data or ''}"
        similar = posting_reads.similar_own_needs(db.session(), access.actor(), found, typed)
    return render_template(
        f"npo/step{step}.html", need=found, form=form, step=step, banner=banner, similar=similar
    )


@blueprint.route("/needs/<public_id>/check", methods=["GET", "POST"])
@access.allow("npo")
def need_check(public_id: str) -> Page:
    """Check the answers, then send them to the city."""
    session, actor = db.session(), access.actor()
    found = _own(public_id)
    permissions.require(actor, "posting.submit", found)
    form = Form()
    if not form.is_submitted():
        if found.state not in _WRITTEN:
            return redirect(url_for("npo.need", public_id=public_id))
        form.version.data = str(found.version)
        return _check_page(found, form)
    if (earlier := receipts.earlier(session, actor, form.form_id.data)) is not None:
        return redirect(earlier)
    if not form.validate():
        banner = _("画面を開いてから時間がたっています。内容を確かめて、もう一度送ってください。")
        return _check_page(found, form, banner=banner), 422
    sent = url_for("npo.need_sent", public_id=public_id)
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
            return redirect(url_for("npo.need", public_id=public_id))
        return _check_page(found, form, banner=banner), 409
    return redirect(sent)


def _check_page(found: Need, form: Form, problems: dict[str, str] | None = None, banner: str = "") -> str:
    if problems is None:
        problems = posting_drafts.problems(found, clock.now())
    return render_template(
        "npo/check.html",
        need=found,
        form=form,
        problems={name: text.field_sentence(code) for name, code in problems.items()},
        banner=banner,
        refused=form.is_submitted(),
        steps=posting_drafts.NEED_STEPS,
        city_areas=cities.get(db.session()).area_labels,
    )


@blueprint.get("/needs/<public_id>/sent")
@access.allow("npo")
def need_sent(public_id: str) -> Page:
    """The receipt number and what happens next."""
    found = _own(public_id)
    if found.number is None:
        return redirect(url_for("npo.need", public_id=public_id))
    return render_template("npo/sent.html", need=found)


@blueprint.post("/needs/<public_id>/<any(pause, resume, renew, fill, rework):action>")
@access.allow("npo")
def need_act(public_id: str, action: str) -> Page:
    """One-click moves of one's own need."""
    found = _own(public_id)
    form = Form()
    move = getattr(posting_acts, action)
    try:
        move(db.session(), access.actor(), found, clock.now(), version=form.shown_version)
    except (MovedOn, Refused, db.Overtaken) as error:
        found, banner = _overtaken(public_id, form, error)
        return render_template("npo/need.html", banner=banner, **_facts(found)), 409
    flash(posting_text.done(action), "success")
    if action == "rework":
        return redirect(url_for("npo.need_step", public_id=public_id, step=1))
    return redirect(url_for("npo.need", public_id=public_id))


@blueprint.route("/needs/<public_id>/withdraw", methods=["GET", "POST"])
@access.allow("npo")
def need_withdraw(public_id: str) -> Page:
    """Take the need down, with a reason."""
    session, actor = db.session(), access.actor()
    found = _own(public_id)
    permissions.require(actor, "posting.withdraw", found)
    form = forms.WithdrawForm()
    back = url_for("npo.need", public_id=public_id)
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


@blueprint.get("/offers")
@access.allow("npo")
def offers() -> Page:
    """Browse and filter what companies offer."""
    session = db.session()
    form = forms.BrowseForm(request.args)
    form.offer_choices(cities.get(session))
    own = organization_reads.own_organization(session, access.actor())
    listing = None
    if own.state == "verified":
        listing = posting_reads.open_offers(
            session,
            form.conditions,
            sort=form.sort.data or "newest",
            page=asked.page(),
        )
    return render_template("npo/offers.html", form=form, listing=listing, own=own)


@blueprint.get("/offers/<public_id>")
@access.allow("npo")
def offer(public_id: str) -> Page:
    """One offer as other members see it."""
    found = posting_reads.get_offer(db.session(), access.actor(), public_id)
    return render_template("npo/offer.html", offer=found)


def _own(public_id: str) -> Need:
    found = posting_reads.get_need(db.session(), access.actor(), public_id)
    if found.organization_id != access.actor().organization_id:
        abort(404)
    return found
