"""An NPO's pages: home, its needs in five short steps, and the offers of companies."""

from typing import Any

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from matcher.alerts import reads as alert_reads
from matcher.alerts import unanswered
from matcher.cases import beginning, takes, together, turns
from matcher.cases import reads as case_reads
from matcher.city import cities
from matcher.desk import tasks as desk_tasks
from matcher.ground import calendar, limits, permissions
from matcher.organizations import reads as organization_reads
from matcher.postings import acts as posting_acts
from matcher.postings import again, alike, finding, joint_reads, need_parts, questions
from matcher.postings import drafts as posting_drafts
from matcher.postings import reads as posting_reads
from matcher.records import Need
from matcher.register import act, audit
from webapp import (
    access,
    asked,
    beforehand,
    clock,
    db,
    directory,
    live,
    own_postings,
    parts_text,
    posting_text,
)
from webapp.forms import posting as forms
from webapp.forms.finding import BrowseForm

blueprint = Blueprint("npo", __name__, url_prefix="/npo")
blueprint.record_once(
    lambda setup: setup.app.jinja_env.globals.update(posting_text=posting_text, parts_text=parts_text)
)

Page = str | Response | tuple[str, int]

HOME_FRESH = 3


@blueprint.get("")
@access.allow("npo")
def home() -> Page:
    """What waits for an answer, one's own needs, and the way to write one."""
    session, actor = db.session(), access.actor()
    npo = organization_reads.own_organization(session, actor)
    needs = posting_reads.own_needs(session, actor)
    now = clock.now()
    cases, steps = case_reads.own_cases(session, actor, now, open_only=True)
    waiting = [case for case in cases if turns.has(steps[case.id], "npo", "answer", "supplement")]
    beforehand.measure_after(actor.organization_id)
    return render_template(
        "npo/home.html",
        npo=npo,
        tasks=desk_tasks.next_tasks(session, actor, npo, cases, steps, shown_apart={"answer"}),
        waiting=waiting,
        actions={case.id: act.open_to(session, actor, case, now, "case") for case in waiting},
        cases=cases,
        steps=steps,
        needs=needs[:5],
        more=len(needs) > 5,
        shown=posting_reads.shown_to_companies(session, needs),
        standing=takes.standing(session, needs[:5]),
        fresh=alert_reads.unseen(session, actor, HOME_FRESH),
        is_busy=case_reads.is_busy(session, npo.id),
        due=again.due(needs, calendar.tokyo_date(now)),
    )


@blueprint.get("/needs")
@access.allow("npo")
def needs() -> Page:
    """All of one's own needs with their state in words."""
    found = posting_reads.own_needs(db.session(), access.actor())
    shown = posting_reads.shown_to_companies(db.session(), found)
    standing = takes.standing(db.session(), found)
    followers = again.followers(db.session(), [one for one in found if one.is_over])
    return render_template("npo/needs.html", needs=found, shown=shown, standing=standing, followers=followers)


@blueprint.get("/needs/<public_id>")
@access.allow("npo")
def need(public_id: str) -> Page:
    """One of one's own needs: the text, what can be done, and its history."""
    return _need_page(own_postings.need(public_id))


def _need_page(found: Need, banner: str = "") -> str:
    session = db.session()
    may_answer = permissions.may(access.actor(), questions.treat_question.by, found)
    return render_template(
        "npo/need.html",
        need=found,
        banner=banner,
        city_areas=cities.get(session).area_labels,
        actions=own_postings.open_acts(found),
        may_write=posting_drafts.may_write(access.actor(), found),
        missing=posting_drafts.missing(found),
        rows=takes.of(session, found),
        is_together=together.is_there(session, access.actor(), found),
        history=audit.history(session, "need", found.public_id),
        shown=posting_reads.shown_to_companies(session, [found]).get(found.id, 0),
        answered=questions.answered(session, found),
        asked=questions.asked(session, access.actor(), found) if may_answer else (),
        quiet=unanswered.of(session, found, clock.now()),
        cause_label=lambda cause: posting_text.labels("need")[unanswered.FIELDS[cause]],
        cause_step=unanswered.step_of,
        **_joint(found),
        follower=again.followers(session, [found]).get(found.id),
        **_before(found),
    )


def _joint(found: Need) -> dict[str, Any]:
    """With whom it is asked for, or shall be, and where one answers while one is asked."""
    proposed, actor = joint_reads.of_need(db.session(), found), access.actor()
    is_asked = proposed is not None and act.open_to(db.session(), actor, proposed, clock.now())
    url = url_for("npo.joint_need", public_id=proposed.public_id) if proposed and is_asked else ""
    days = joint_reads.waiting_days(proposed, clock.now()) if proposed else 0
    return {"joint": proposed, "joint_days": days, "answer_url": url}


def _before(found: Need) -> dict[str, Any]:
    """前回, and where each field of the need is changed."""
    urls = {
        name: url_for("npo.need_step", public_id=found.public_id, step=step, _anchor=name)
        for step, names in enumerate(posting_drafts.NEED_STEPS, 1)
        for name in names
    }
    return {"before": again.forerunner(db.session(), found), "urls": urls}


@blueprint.post("/needs/new")
@access.allow("npo")
def need_new() -> Page:
    """Begin a draft."""
    return own_postings.begin(posting_drafts.new_need, lambda public_id: _step_url(public_id, 1))


@blueprint.post("/needs/<public_id>/again")
@access.allow("npo")
def need_again(public_id: str) -> Page:
    """前回を引き継ぐ: begin a draft with all that a need that is over says."""
    before = own_postings.need(public_id)
    return own_postings.begin(
        lambda session, actor, _npo, now: again.take_over(session, actor, before, now),
        lambda public_id: _step_url(public_id, 1),
    )


@blueprint.route("/needs/<public_id>/step/<int(max=2147483647):step>", methods=["GET", "POST"])
@access.allow("npo")
def need_step(public_id: str, step: int) -> Page:
    """One of the five pages of the guided form; each saves."""
    if not 1 <= step <= len(forms.NEED_FORMS):
        abort(404)
    session, actor = db.session(), access.actor()
    found = own_postings.need(public_id)
    permissions.require(actor, "posting.edit", found)
    if request.method == "GET" and not found.is_editable:
        return redirect(url_for("npo.need", public_id=public_id))
    form, before = _step_form(found, step), _taken_over()

    def keep(found: Need) -> Need | None:
        now = clock.now()
        further = form.further if isinstance(form, forms.SupportForm) else None
        posting_drafts.save_need_step(
            session, actor, found, step, _values(form), now, version=form.shown_version, further=further
        )
        return again.take_over(session, actor, before, now) if before is not None else None

    return own_postings.save(
        form,
        lambda: own_postings.need(public_id),
        lambda found, banner: _step_page(found, form, step, banner),
        keep,
        lambda made: _after_step(public_id, step) if made is None else _step_url(made.public_id, 1),
        says=_("書いていた下書きを保存しました。これは、前回を引き継いだ、別の下書きです。")
        if before
        else "",
    )


def _taken_over() -> Need | None:
    """The need of one's own that is to be taken over once the page is saved."""
    verb, _dash, public_id = request.form.get("action", "").partition("-")
    return own_postings.need(public_id) if verb == "again" else None


def _step_url(public_id: str, step: int) -> str:
    return url_for("npo.need_step", public_id=public_id, step=step)


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
    if "support_type" in values:
        values |= forms.SupportForm.values_of(need_parts.further(db.session(), found))
    return values | {"version": str(found.version)}


def _values(form: Any) -> dict[str, Any]:
    values: dict[str, Any] = form.typed
    if "safety_contact" in values:
        values["safety_contact"] = {"yes": True, "no": False}.get(values["safety_contact"])
    return values


def _after_step(public_id: str, step: int) -> str:
    if request.form.get("action") == "save":
        return url_for("npo.need", public_id=public_id)
    if step == len(forms.NEED_FORMS) or request.form.get("action") == "check":
        return url_for("npo.need_check", public_id=public_id)
    return _step_url(public_id, step + 1)


def _step_page(found: Need, form: Any, step: int, banner: str) -> str:
    similar = []
    if step == 1:
        # The title being typed is asked about by htmx with a plain GET of this page.
        typed = asked.word("title", limits.TEXT) or f"{form.title.data or ''}\n{form.situation.data or ''}"
        similar = alike.own_typed(db.session(), live.index(), found, typed)
    return render_template(
        f"npo/step{step}.html", need=found, form=form, step=step, banner=banner, similar=similar,
        missing=posting_drafts.missing_before(found, step),
        own_alike=_own_like(found) if step == len(forms.NEED_FORMS) else None,
        **_before(found),
    )  # fmt: skip


def _own_like(found: Need) -> alike.Own:
    """What is like it among one's other needs, before it is sent."""
    return alike.own_like(db.session(), live.index(), found, calendar.tokyo_date(clock.now()))


@blueprint.route("/needs/<public_id>/check", methods=["GET", "POST"])
@access.allow("npo")
def need_check(public_id: str) -> Page:
    """Check the answers, then send them to the city."""
    return own_postings.send(
        lambda: own_postings.need(public_id),
        lambda found, **facts: render_template(
            "npo/check.html",
            need=found,
            rows=takes.of(db.session(), found),
            city_areas=cities.get(db.session()).area_labels,
            own_alike=_own_like(found),
            **_before(found),
            **facts,
        ),
        home=url_for("npo.need", public_id=public_id),
        sent=url_for("npo.need_sent", public_id=public_id),
    )


@blueprint.get("/needs/<public_id>/sent")
@access.allow("npo")
def need_sent(public_id: str) -> Page:
    """The receipt number and what happens next."""
    found = own_postings.need(public_id)
    if found.number is None:
        return redirect(url_for("npo.need", public_id=public_id))
    return render_template("npo/sent.html", need=found)


@blueprint.post("/needs/<public_id>/<any(pause, resume, renew, fill, rework):action>")
@access.allow("npo")
def need_act(public_id: str, action: str) -> Page:
    """One-click moves of one's own need."""
    return own_postings.move(
        lambda: own_postings.need(public_id),
        action,
        _need_page,
        home=url_for("npo.need", public_id=public_id),
        onward=url_for("npo.need_step", public_id=public_id, step=_asked_step())
        if action == posting_acts.rework.name
        else "",
    )


def _asked_step() -> int:
    """The page of the form on which the text is to be mended; the first where none is named."""
    return asked.number("step", 1, len(forms.NEED_FORMS)) or 1


@blueprint.route("/needs/<public_id>/withdraw", methods=["GET", "POST"])
@access.allow("npo")
def need_withdraw(public_id: str) -> Page:
    """Take the need down, with a reason."""
    home = url_for("npo.need", public_id=public_id)
    return own_postings.withdraw(lambda: own_postings.need(public_id), home)


@blueprint.get("/offers")
@access.allow("npo")
def offers() -> Page:
    """Browse and filter what companies offer."""
    session = db.session()
    form = BrowseForm(request.args)
    form.offer_choices(cities.get(session))
    form.ask_for_offers()
    own = organization_reads.own_organization(session, access.actor())
    found = None
    if own.is_verified:
        found = finding.offers(
            session,
            live.index(),
            access.actor(),
            form.wanted,
            sort=form.sort.data or "newest",
            page=asked.page(),
        )
    return render_template("npo/offers.html", form=form, found=found, own=own)


@blueprint.get("/companies")
@access.allow("npo")
def companies() -> Page:
    """The directory of companies that want to be found, with or without an open offer."""
    return directory.page("company", "npo/companies.html")


@blueprint.get("/offers/<public_id>")
@access.allow("npo")
def offer(public_id: str) -> Page:
    """One offer as other members see it."""
    found = posting_reads.get_offer(db.session(), access.actor(), public_id)
    may_propose = beginning.may_approach(db.session(), access.actor(), found.organization, clock.now())
    return render_template("npo/offer.html", offer=found, may_propose=may_propose)
