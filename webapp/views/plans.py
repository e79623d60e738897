"""年間の組み合わせ案: asked for, read, edited and solved again, adopted as drafts of recommendations."""

from datetime import timedelta
from typing import Final

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from matcher.city import cities
from matcher.ground import calendar
from matcher.ground.errors import Invalid, MovedOn, Refused
from matcher.planning import acts, reads
from matcher.planning.gathering import Settings
from matcher.planning.task import Plan
from matcher.records import Need, Offer, YearPlan
from matcher.register import receipts
from webapp import access, clock, db, making, plan_text, text
from webapp.books import plans as books
from webapp.forms import plans as forms

blueprint = Blueprint("plans", __name__)

Page = Response | str | tuple[str, int]

WORKER_PATIENCE: Final = timedelta(seconds=10)  #: a plan waits so long for the worker


@blueprint.route("/desk/plans", methods=["GET", "POST"])
@access.allow("staff")
def index() -> Page:
    """The newest plans, and the conditions of a new one."""
    form = forms.PlanForm(data=Settings().as_dict())
    if form.is_submitted() and (earlier := _earlier(form)):
        return earlier
    if form.validate_on_submit() and (made := _ask(form)):
        return made
    page = render_template(
        "coordinator/plans.html", form=form, plans=reads.recent(db.session(), access.actor())
    )
    return page, 422 if form.errors else 200


@blueprint.route("/desk/plans/<public_id>", methods=["GET", "POST"])
@access.allow("staff")
def show(public_id: str) -> Page:
    """One plan: its rows to fix, rule out or adopt, what it leaves out and why."""
    plan = reads.get(db.session(), access.actor(), public_id)
    form = forms.EditForm(data={**plan.settings, **_ticked(plan)})
    if plan.is_solved:
        _offer_rows(form, plan)
    if request.method == "POST":
        if earlier := _earlier(form):
            return earlier
        if form.validate():
            is_adopted = request.form.get("action") == "adopt"
            done = _adopt(form, plan) if is_adopted else _ask(form, plan)
            if done:
                return done
    return _show(plan, form)


@blueprint.get("/desk/plans/<public_id>.xlsx")
@access.allow("staff")
def book(public_id: str) -> Response:
    """The rows of a plan, and what it leaves out, as a workbook."""
    session, actor, now = db.session(), access.actor(), clock.now()
    plan = reads.get(session, actor, public_id)
    if kept := making.fetched():
        return kept
    sheets = books.plan_sheets(plan, *_named(plan), cities.get(session), now)
    note = reads.export_note(actor, plan, now)
    return making.book(f"{sheets[0].title}_{calendar.tokyo_date(now):%Y%m%d}.xlsx", *sheets, note=note)


def _earlier(form: forms.PlanForm) -> Response | None:
    found = receipts.earlier(db.session(), access.actor(), form.form_id.data)
    return redirect(found) if found else None


def _ask(form: forms.PlanForm, plan: YearPlan | None = None) -> Response | None:
    """A new plan; ``None`` where what was filled in cannot be meant, which the form then says."""
    session, actor, now = db.session(), access.actor(), clock.now()
    edits = (
        {name: form.pairs(name) for name in ("locked", "forbidden")}
        if plan and isinstance(form, forms.EditForm)
        else {}
    )
    try:
        made = acts.ask(
            session, actor, form.settings, now, title=_("年間の組み合わせ案"), address=_address,
            based_on=plan, **edits,
        )  # fmt: skip
    except Invalid as error:
        form.take(error)
        return None
    onward = _address(made.public_id)
    receipts.keep(session, actor, form.form_id.data, onward, now)
    return redirect(onward)


def _adopt(form: forms.EditForm, plan: YearPlan) -> Response:
    session, actor, now = db.session(), access.actor(), clock.now()
    here = _address(plan.public_id)
    try:
        made = acts.adopt(session, actor, plan, form.pairs("chosen"), now)
    except (Refused, MovedOn) as error:
        code = error.code if isinstance(error, Refused) else "plan_nothing_chosen"
        flash(text.sentence(code), "warning")
        return redirect(here)
    receipts.keep(session, actor, form.form_id.data, here, now)
    flash(
        _(acts.adopt.words.done) if made else _("選んだ組み合わせは、すでに下書きになっています。"), "success"
    )
    return redirect(url_for("plans.show", public_id=plan.public_id, _anchor="drafts"))


def _address(public_id: str) -> str:
    return url_for("plans.show", public_id=public_id)


def _ticked(plan: YearPlan) -> dict[str, list[str]]:
    kinds = ("locked", "forbidden")
    return {kind: [forms.key_of(*pair) for pair in sorted(reads.fixed(plan, kind))] for kind in kinds}


def _offer_rows(form: forms.EditForm, plan: YearPlan) -> None:
    rows = plan_text.rows(Plan.of(plan.result), *_named(plan))
    others = {
        forms.key_of(edit.need.public_id, edit.offer.public_id): _(
            "%(need)sと%(offer)s", need=edit.need.title, offer=edit.offer.title
        )
        for edit in plan.edits
        if edit.kind == "forbidden"
    }
    form.offer_rows({row.key: row.label for row in rows}, others)


def _named(plan: YearPlan) -> tuple[dict[str, Need], dict[str, Offer]]:
    keys = [one["key"] for name in ("parts", "sources") for one in plan.inputs.get(name, ())]
    return reads.named(db.session(), keys)


def _show(plan: YearPlan, form: forms.EditForm) -> Page:
    db.settle()
    is_still = "still" in request.args
    page = render_template("coordinator/plan.html", plan=plan, form=form, is_still=is_still, **_facts(plan))
    answer = make_response(page, 422 if form.errors else 200)
    if plan.is_waiting:
        making.runner().nudge("plan", clock.now(), WORKER_PATIENCE)
        if not is_still:
            answer.headers["Refresh"] = str(making.REFRESH_SECONDS)
    return answer


def _facts(plan: YearPlan) -> dict[str, object]:
    if not plan.is_solved:
        return {"failure": text.sentence(plan.failure) if plan.failure else ""}
    session, city = db.session(), cities.get(db.session())
    needs, offers = _named(plan)
    found, beside = Plan.of(plan.result), Plan.of(plan.without_floors)
    without, unused = plan_text.left(plan, needs, offers, city)
    total = len(plan.inputs["parts"])
    rows = plan_text.rows(found, needs, offers)
    return {
        "rows": rows,
        "kinds": plan_text.by_kind(rows),
        "standing": plan_text.standing(found, total),
        "missing": plan_text.missing(found, city),
        "compared": plan_text.compared((found, beside), needs, offers, total),
        "without": plan_text.by_reason(without),
        "unused": plan_text.by_reason(unused),
        "drafts": reads.drafts(session, access.actor(), plan),
        "adopt": acts.adopt.words,
    }
