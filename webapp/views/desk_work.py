"""The desk's pages about partnerships: handover, shared indicators, residents' comments, all as Excel."""

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from matcher.agreements import definitions
from matcher.city import cities
from matcher.desk import checks, handovers, noted
from matcher.ground import calendar, permissions
from matcher.ground.errors import Invalid, MovedOn, NotFound
from matcher.records import Handover, IndicatorDefinition, User
from matcher.register import officials, receipts
from matcher.results import comments as residents
from webapp import access, asked, bench, case_text, clock, db, filters, making, pdf, text
from webapp.books import everything as every_case
from webapp.forms import desk_work as forms
from webapp.papers import handover as handover_papers

blueprint = Blueprint("desk_work", __name__)

Page = Response | str | tuple[str, int]


# ── Handover (X16) ───────────────────────────────────────────────────────────────────────────────────


def _person(staff: Sequence[User]) -> User | None:
    wanted = asked.word("person")
    return next((user for user in staff if user.public_id == wanted), None)


@blueprint.route("/desk/handover", methods=["GET", "POST"])
@access.allow("staff")
def handover() -> Page:
    """One page to hand over: every open case with what is open on it, and who takes it from when."""
    session, actor, now = db.session(), access.actor(), clock.now()
    permissions.require(actor, "desk.handover")
    staff = list(officials.active_staff(session))
    person = _person(staff) or next((user for user in staff if user.id == actor.user_id), None)
    if asked.word("person") == "all":
        person = None
    cases = handovers.open_cases(session, person)
    # Of one person all cases are handed over unless somebody unticks them; of everybody's none.
    chosen_first = [case.public_id for case in cases] if person else []
    form = forms.HandoverForm(data={"from_user": person.public_id if person else "", "cases": chosen_first})
    every = handovers.open_cases(session) if request.method == "POST" else cases
    labels = {case.public_id: f"{case.number} {case.company.name}・{case.npo.name}" for case in every}
    form.offer(staff, labels)
    here = url_for("desk_work.handover")
    if request.method == "POST" and receipts.earlier(session, actor, form.form_id.data):
        return redirect(here)
    if form.validate_on_submit():
        people = {user.public_id: user for user in staff}
        chosen = [case for case in every if case.public_id in set(form.cases.data or [])]
        try:
            found = handovers.plan(
                session, actor, people[form.from_user.data], people[form.to_user.data], chosen,
                form.effective_on.data or calendar.tokyo_date(now), now,
                deputy=people.get(form.deputy.data or ""),
                note=form.note.data or "",
            )  # fmt: skip
        except Invalid as error:
            form.take(error)
        else:
            flash(_planned_words(found, people[form.to_user.data].name), "success")
            receipts.keep(session, actor, form.form_id.data, here, now)
            return redirect(here)
    planned = handovers.planned(session)
    page = render_template(
        "coordinator/handover.html",
        staff=staff,
        person=person,
        rows=handovers.sheets(session, actor, person, now),
        form=form,
        planned=planned,
        blocked={row.id for row in planned if handovers.is_blocked(row, now)},
        case_text=case_text,
        cancel=handovers.cancel.words,
    )
    return page, 422 if form.errors else 200


def _planned_words(found: Handover, successor: str) -> str:
    facts = {"count": len(found.cases), "name": successor, "day": filters.jdate(found.effective_on)}
    if found.done_at is not None:
        return str(_("引き継ぎを記録しました。%(count)s件の担当が%(name)sさんに変わりました。", **facts))
    words = _(
        "引き継ぎの予定を記録しました。%(day)sに、%(count)s件の担当が%(name)sさんに変わります。"
        "その日までは取り消せます。",
        **facts,
    )
    return str(words)


@blueprint.get("/desk/handover.pdf")
@access.allow("staff")
def handover_paper() -> Response:
    """The same for paper."""
    session, actor, now = db.session(), access.actor(), clock.now()
    if kept := making.fetched():
        return kept
    making.begin()
    person = _person(officials.active_staff(session))
    rows = handovers.sheets(session, actor, person, now)
    return pdf.download(
        _("事務引継書"), "handover.html",
        handover_papers.facts(
            rows, handovers.notes_on(session, [row.case for row in rows]),
            person.name if person else _("全員"), cities.get(session), now,
        ),
    )  # fmt: skip


@blueprint.post("/desk/handover/<public_id>/cancel")
@access.allow("staff")
def cancel_handover(public_id: str) -> Response:
    """Take a planned handover back."""
    session = db.session()
    found = handovers.get(session, public_id)
    if found is None:
        raise NotFound("handover")
    try:
        handovers.cancel(session, access.actor(), found, clock.now())
    except MovedOn:
        flash(text.field_sentence("done_already"), "warning")
    else:
        flash(_(handovers.cancel.words.done), "success")
    return redirect(url_for("desk_work.handover"))


# ── Shared indicators (E12) ──────────────────────────────────────────────────────────────────────────


@blueprint.get("/desk/indicators")
@access.allow("staff")
def indicators() -> Page:
    """The city's library of indicators."""
    session = db.session()
    return render_template(
        "coordinator/indicators.html", rows=definitions.library(session, active_only=False),
        uses=definitions.library_uses(session),
    )  # fmt: skip


@blueprint.route("/desk/indicators/new", methods=["GET", "POST"])
@access.allow("staff")
def new_indicator() -> Page:
    """Add a shared indicator."""
    return _indicator_page(None)


@blueprint.route("/desk/indicators/<public_id>", methods=["GET", "POST"])
@access.allow("staff")
def indicator(public_id: str) -> Page:
    """Change a shared indicator; plans that took it keep what they took."""
    known = definitions.library(db.session(), active_only=False)
    found = next((row for row in known if row.public_id == public_id), None)
    if found is None:
        abort(404)
    return _indicator_page(found)


def _indicator_page(found: IndicatorDefinition | None) -> Page:
    values: dict[str, Any] = {}
    if found is not None:
        names = ("code", "name", "definition", "unit", "kind", "direction", "method", "evidence", "is_active")
        values = {name: getattr(found, name) for name in names}
        values |= {"version": found.version, "field": str(found.field or "")}
    form = forms.DefinitionForm(data=values if request.method == "GET" else {})
    banner = ""
    if form.validate_on_submit():
        try:
            definitions.save_definition(
                db.session(), access.actor(), form.facts, clock.now(), definition=found,
                version=form.shown_version,
            )  # fmt: skip
        except Invalid as error:
            form.take(error)
        except MovedOn:
            banner = text.sentence("moved_on")
        else:
            flash(_("共通指標を保存しました。"), "success")
            return redirect(url_for("desk_work.indicators"))
    page = render_template("coordinator/indicator.html", form=form, found=found, banner=banner)
    return page, 409 if banner else (422 if form.errors else 200)


# ── Residents' comments ──────────────────────────────────────────────────────────────────────────────


@blueprint.get("/desk/comments")
@access.allow("staff")
def comments() -> Page:
    """What residents wrote: the unread first, or they alone."""
    state = asked.word("state")
    found = residents.comments_to_read(db.session(), access.actor(), state, asked.page())
    return render_template("coordinator/comments.html", listing=found, is_unread_only=state == "waiting")


@blueprint.route("/desk/comments/<public_id>", methods=["GET", "POST"])
@access.allow("staff")
def comment(public_id: str) -> Page:
    """Show a comment with the city's answer, or keep it back with a reason."""
    session, actor = db.session(), access.actor()
    found, case = residents.get_comment(session, actor, public_id)
    prefill = {
        "decision": {"shown": "show", "hidden": "hide"}.get(found.state, ""), "text": found.answer,
        "reason": found.answer_reason, "hide_reason": found.hide_reason, "version": found.version,
    }  # fmt: skip
    form: Any = forms.TreatCommentForm(data=prefill if request.method == "GET" else {})
    bench.part(form, "answer")
    # Who comes back to what was read before goes on in no queue.
    onward = bench.onward("comments", found) if found.is_waiting else lambda made: bench.list_url("comments")
    banner = ""
    if form.validate_on_submit():
        answer = {
            "decision": form.decision.data, "text": form.text.data or "", "reason": form.reason.data or "",
            "hide_reason": form.hide_reason.data or "", "hide_text": form.hide_text.data or "",
        }  # fmt: skip
        try:
            residents.treat_comment(
                session, actor, found, case, answer, clock.now(), version=form.shown_version
            )
        except Invalid as error:
            form.take(error)
        except MovedOn:
            banner = text.sentence("moved_on")
            form.version.data = found.version
        else:
            flash(_(residents.treat_comment.words.done), "success")
            return redirect(onward(found))
    page = render_template(
        "bench/comment.html", comment=found, case=case, form=form, banner=banner,
        words=residents.treat_comment.words, checks=checks.known_of_comment(found, clock.now()),
        queue=bench.queue("comments", found),
    )  # fmt: skip
    return page, 409 if banner else (422 if form.errors else 200)


# ── Everything as Excel (I1) ─────────────────────────────────────────────────────────────────────────


@blueprint.get("/desk/partnerships.xlsx")
@access.allow("staff")
def everything() -> Response:
    """All cases with every kind of record, one sheet each; also those that ended on the way."""
    session, actor, now = db.session(), access.actor(), clock.now()
    if kept := making.fetched():
        return kept
    making.begin()
    made = every_case.everything_sheets(session, actor, cities.get(session).section, now)
    note = noted.export_note(actor, "cases", len(made[0].rows), {}, now, form="xlsx")
    return making.book(f"協働の記録_{calendar.tokyo_date(now):%Y%m%d}.xlsx", *made, note=note)
