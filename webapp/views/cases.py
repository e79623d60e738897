"""Cases: begun by one side or by the city, answered, discussed and decided; one screen for all three."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from matcher.cases import acts as case_acts
from matcher.cases import reads as case_reads
from matcher.cases import talks, turns
from matcher.city import cities
from matcher.ground import calendar, lifecycle, permissions
from matcher.ground.errors import DomainError, Invalid, MovedOn, NotFound, Refused, TooFast
from matcher.ground.permissions import Actor
from matcher.organizations import reads as organization_reads
from matcher.postings import reads as posting_reads
from matcher.postings import terms
from matcher.records import Need, Offer, Organization, Partnership, ShownSuggestion
from matcher.register import audit, officials, receipts, snapshots
from matcher.results import ratings
from matcher.suggestions import ranking, shown_lists
from matcher.work import reads as work_reads
from webapp import access, asked, case_text, clock, db, decision_text, frozen_pages, terms_text, text, traces
from webapp.forms import case as forms
from webapp.forms.base import Form, SearchForm
from webapp.views import work

blueprint = Blueprint("cases", __name__)
blueprint.record_once(
    lambda setup: setup.app.jinja_env.globals.update(case_text=case_text, terms_text=terms_text)
)

Page = Response | str | tuple[str, int]


def _refusal(error: DomainError) -> str:
    return text.sentence(error.code, error.facts)


# ── Lists and the case itself ────────────────────────────────────────────────────────────────────────


@blueprint.get("/cases")
@access.allow("member")
def index() -> Page:
    """The cases of one's own organization: what waits for it first, what has ended last."""
    cases, steps = case_reads.own_cases(db.session(), access.actor(), clock.now())
    running = [case for case in cases if case.state not in lifecycle.CASE_EXITS]
    return render_template(
        "cases/index.html",
        running=running,
        steps=steps,
        ended=[case for case in cases if case.state in lifecycle.CASE_EXITS],
    )


@blueprint.get("/cases/<public_id>")
@access.allow("case_party")
def show(public_id: str) -> Page:
    """One case, the same screen for the company, the NPO and the city."""
    actor = access.actor()
    case = case_reads.get_case(db.session(), actor, public_id)
    form = forms.MessageForm(data={"version": case.version})
    if case_acts.may_see_contacts(actor, case):
        access.note_contacts(case.company, case.npo)
    if case.was_introduced:
        more = {**work.facts(actor, case), **work.overview(case)}
        return render_template("work/show.html", **{**_facts(actor, case), **more}, form=form)
    return render_template("cases/show.html", **_facts(actor, case), form=form)


@blueprint.get("/cases/<public_id>/sent")
@access.allow("case_party")
def sent(public_id: str) -> Page:
    """申し出, 依頼 or 推薦 was received: the number, what happens next, and by when."""
    case = case_reads.get_case(db.session(), access.actor(), public_id)
    return render_template("cases/sent.html", case=case)


def _facts(actor: Actor, case: Partnership) -> dict[str, Any]:
    """What every page about one case shows."""
    events = audit.history(db.session(), "partnership", case.public_id)
    shown = case_reads.shown_suggestion(db.session(), case.shown_suggestion_id)
    return {
        "case": case,
        "steps_now": turns.steps(db.session(), case, clock.now()),
        "actions": case_acts.open_actions(actor, case),
        "events": case_text.timeline(
            actor,
            case,
            events,
            case_reads.messages_of_case(db.session(), case),
            work_reads.texts(db.session(), case),
        ),
        "shown": shown,
        "shown_reasons": case_text.shown_reasons(shown.reasons if shown else []),
        "shown_level": ranking.level(shown.score) if shown else "",
        "contacts": case_acts.may_see_contacts(actor, case),
        "bundles": case_reads.decision_bundles(db.session(), case) if actor.is_staff else [],
        "outcomes": decision_text.OUTCOMES,
        "obstacle": _obstacle(actor, case),
        "tasks": case_reads.tasks(db.session(), case),
        "chain": ratings.chain(db.session(), case),
        "unverified": talks.unverified(case) if case.state in lifecycle.CASE_OPEN else [],
    }


def _obstacle(actor: Actor, case: Partnership) -> str:
    """Why the one who looks could not approve whatever they typed, said before they type."""
    if not permissions.may(actor, "partnership.decide", case) or case.state != "coordinator_review":
        return ""
    code = case_acts.approval_obstacle(db.session(), actor, case)
    return text.sentence(code) if code else ""


# ── Answering and deciding ───────────────────────────────────────────────────────────────────────────

Run = Callable[[Actor, Partnership, Any, datetime], object]


@dataclass(frozen=True)
class Act:
    """One action on a case: the form that asks for it, and the service that does it."""

    form: type[Form]
    run: Run


def _assign(actor: Actor, case: Partnership, form: Any, now: datetime) -> None:
    chosen = {user.public_id: user for user in officials.active_staff(db.session())}[form.coordinator.data]
    case_acts.assign(db.session(), actor, case, chosen, now)


def _with_reason(service: Callable[..., object]) -> Run:
    return lambda actor, case, form, now: service(
        db.session(),
        actor,
        case,
        form.reason_code.data,
        form.reason_text.data or "",
        now,
        version=form.shown_version,
    )


ACTS: Final[Mapping[str, Act]] = MappingProxyType(
    {
        "accept": Act(
            forms.AcceptForm,
            lambda actor, case, form, now: case_acts.accept(
                db.session(), actor, case, form.answer.data or "", now, version=form.shown_version
            ),
        ),
        "decline": Act(forms.ReasonForm, _with_reason(case_acts.decline)),
        "withdraw": Act(forms.ReasonForm, _with_reason(case_acts.withdraw)),
        "revise": Act(
            forms.ReviseForm,
            lambda actor, case, form, now: case_acts.revise(
                db.session(), actor, case, form.terms, form.note.data or "", now, version=form.shown_version
            ),
        ),
        # A message changes nothing that others decide on, so it never comes too late.
        "message": Act(
            forms.MessageForm,
            lambda actor, case, form, now: case_acts.send_message(
                db.session(), actor, case, form.text.data, now
            ),
        ),
        "approve": Act(
            forms.ApproveForm,
            lambda actor, case, form, now: case_acts.approve(
                db.session(), actor, case, form.decision, now, version=form.shown_version
            ),
        ),
        "return": Act(forms.ExplainedForm, _with_reason(case_acts.return_)),
        "refuse": Act(forms.ExplainedForm, _with_reason(case_acts.refuse)),
        "assign": Act(forms.AssignForm, _assign),
    }
)


@blueprint.route("/cases/<public_id>/<any(" + ",".join(ACTS) + "):action>", methods=["GET", "POST"])
@access.allow("case_party")
def act(public_id: str, action: str) -> Page:
    """Ask once more, then do it; whoever comes second keeps what they typed."""
    actor, now = access.actor(), clock.now()
    case = case_reads.get_case(db.session(), actor, public_id)
    permissions.require(actor, case_acts.permission_for(actor, action) or "", case)
    form = _form(case, action)
    here = url_for("cases.show", public_id=public_id)
    if request.method == "POST" and receipts.earlier(db.session(), actor, form.form_id.data):
        return redirect(here)
    if action not in case_acts.open_actions(actor, case):
        return _too_late(actor, case, action, form)
    if form.validate_on_submit():
        try:
            ACTS[action].run(actor, case, form, now)
        except (Invalid, Refused, MovedOn) as error:
            db.undo()
            return _not_done(actor, public_id, action, form, error)
        receipts.keep(db.session(), actor, form.form_id.data, here, now)
        flash(str(case_text.DONE[action]), "success")
        return redirect(here)
    return _ask(actor, case, action, form), 422 if form.errors else 200


def _form(case: Partnership, action: str) -> Any:
    # What is proposed now is what the next proposal changes; the other records stand beside it.
    standing = {
        name: getattr(case, name) for name in ("support_type", "quantity", "unit", "period_from", "period_to")
    }
    found: Any = ACTS[action].form(data={"version": case.version, **standing})
    if isinstance(found, forms.ReasonForm):
        row = lifecycle.find_move("partnership", case.state, action)
        found.offer_reasons(row.reasons if row else _all_reasons(action))
    if isinstance(found, forms.AssignForm):
        found.offer_staff(officials.active_staff(db.session()))
    return found


def _all_reasons(action: str) -> Mapping[str, str] | None:
    """The reasons of an action that the present state no longer allows: what was chosen is shown again."""
    rows = (row for row in lifecycle.TRANSITIONS if row.machine == "partnership" and row.action == action)
    return next((row.reasons for row in rows), None)


def _ask(actor: Actor, case: Partnership, action: str, form: Any, **facts: Any) -> str:
    return render_template(
        "cases/act.html",
        **_facts(actor, case),
        action=action,
        form=form,
        consequences=case_text.consequences(case, action, actor, clock.now()),
        **facts,
    )


def _not_done(actor: Actor, public_id: str, action: str, form: Any, error: Exception) -> Page:
    """The form again, with what was typed and what stood in the way."""
    case = case_reads.get_case(db.session(), actor, public_id)
    if isinstance(error, Invalid):
        form.take(error)
        return _ask(actor, case, action, form), 422
    if isinstance(error, Refused):
        return _ask(actor, case, action, form, banner=_refusal(error)), 409
    if action not in case_acts.open_actions(actor, case):
        return _too_late(actor, case, action, form)
    form.version.data = case.version  # the next send is over what the banner tells
    return _ask(actor, case, action, form, banner=_overtaken(actor, case)), 409


def _too_late(actor: Actor, case: Partnership, action: str, form: Any) -> Page:
    """The action is gone. Whoever only followed an old link is led to the case as it stands."""
    if request.method != "POST":
        flash(_("この操作は、いまはできません。案件の最新の状況をご確認ください。"), "warning")
        return redirect(url_for("cases.show", public_id=case.public_id))
    page = render_template(
        "cases/too_late.html",
        **_facts(actor, case),
        action=action,
        typed=form.typed_words,
        banner=_overtaken(actor, case),
    )
    return page, 409


def _overtaken(actor: Actor, case: Partnership) -> str:
    events = audit.history(db.session(), "partnership", case.public_id)
    return case_text.overtaken(actor, case, events, clock.now())


# ── Beginning a case ─────────────────────────────────────────────────────────────────────────────────


@dataclass
class _Pair:
    """The two sides of a case that is about to begin, and what it may be about."""

    company: Organization
    npo: Organization
    needs: dict[str, Need]
    offers: dict[str, Offer]
    shown: ShownSuggestion | None

    def chosen(self, form: Any) -> dict[str, Any]:
        """The need and the offer that the form names."""
        return {"need": self.needs.get(form.need.data), "offer": self.offers.get(form.offer.data)}


def _pair(actor: Actor, company: Organization, npo: Organization) -> _Pair:
    return _Pair(
        company,
        npo,
        {need.public_id: need for need in posting_reads.open_needs_of(db.session(), actor, npo)},
        {offer.public_id: offer for offer in posting_reads.open_offers_of(db.session(), company)},
        _shown(actor),
    )


def _shown(actor: Actor) -> ShownSuggestion | None:
    """The suggestion that led here; a case can begin without one, so a stale one is only dropped."""
    try:
        return shown_lists.get(db.session(), actor, asked.word("suggestion"))
    except NotFound:
        return None


def _other_side(actor: Actor) -> Organization:
    """Who is asked: named by themselves, by their need, or by their offer.

    Raises:
        NotFound: nobody of the other kind is named whom the actor may see.
    """
    found = None
    if asked.word("organization"):
        found = organization_reads.get_organization(db.session(), actor, asked.word("organization"))
    elif asked.word("need") and actor.organization_kind == "company":
        need = posting_reads.get_need(db.session(), actor, asked.word("need"))
        found = organization_reads.get_organization(db.session(), actor, need.organization.public_id)
    elif asked.word("offer") and actor.organization_kind == "npo":
        offer = posting_reads.get_offer(db.session(), actor, asked.word("offer"))
        found = organization_reads.get_organization(db.session(), actor, offer.organization.public_id)
    if found is None or found.kind == actor.organization_kind:
        raise NotFound("organization")
    return found


def _named_posting(pair: _Pair) -> tuple[Need | None, Offer | None]:
    """The need and the offer that led here: named by the address, else those of the suggestion."""
    need, offer = pair.needs.get(asked.word("need")), pair.offers.get(asked.word("offer"))
    if pair.shown is not None:
        needs = {found.id: found for found in pair.needs.values()}
        offers = {found.id: found for found in pair.offers.values()}
        need = need or needs.get(pair.shown.need_id or 0)
        offer = offer or offers.get(pair.shown.offer_id or 0)
    return need, offer


def _begun_form(pair: _Pair, kind: type[Form]) -> tuple[Any, dict[str, Any]]:
    """The form as it begins, was typed, or begins anew with what was chosen instead; the figures of both
    records beside it.
    """
    need, offer = _named_posting(pair)
    beginning = _beginning(need, offer)
    named = {"need": need.public_id if need else "", "offer": offer.public_id if offer else ""}
    form: Any = kind(data={**named, **beginning.values})
    form.offer_choices(pair.needs.values(), pair.offers.values())
    chosen = pair.chosen(form)
    if _begins_anew():
        beginning = _beginning(**chosen)
        form.begin_with(beginning.values)
    others = [found for found in pair.needs.values() if found is not chosen["need"]]
    more = [found for found in pair.offers.values() if found is not chosen["offer"]]
    beside = {
        "columns": terms_text.columns(chosen["need"], chosen["offer"]),
        "more": [terms_text.columns(one, None)[0] for one in others]
        + [terms_text.columns(None, one)[0] for one in more],
        "notes": terms_text.sentences(beginning.notes) if request.method == "GET" or _begins_anew() else [],
    }
    return form, beside


def _begins_anew() -> bool:
    """Whether the terms are asked for again, of the need and the offer that were chosen on the page."""
    return request.form.get("action") == "begin"


def _beginning(need: Need | None, offer: Offer | None) -> terms.Beginning:
    return terms.begin(
        terms.Figures.of(need) if need else None,
        terms.Figures.of(offer) if offer else None,
        calendar.tokyo_date(clock.now()),
    )


def _hindrance(pair: _Pair, form: Any, origin: str) -> str:
    """Why this pair cannot begin now, said before anybody writes; empty where it can."""
    try:
        case_acts.check_possible(db.session(), pair.company, pair.npo, origin=origin, **pair.chosen(form))
    except Refused as refused:
        return _refusal(refused)
    return ""


@blueprint.route("/cases/new", methods=["GET", "POST"])
@access.allow("member")
def propose() -> Page:
    """申し出 by a company, 依頼 by an NPO: write, check, send."""
    actor = access.actor()
    own = organization_reads.own_organization(db.session(), actor)
    permissions.require(actor, "partnership.propose", own)
    other = _other_side(actor)
    company, npo = (own, other) if own.kind == "company" else (other, own)
    pair = _pair(actor, company, npo)
    form, beside = _begun_form(pair, forms.ProposeForm)
    if request.method == "POST":
        earlier = receipts.earlier(db.session(), actor, form.form_id.data)
        if earlier:
            return redirect(earlier)
    hindrance = _hindrance(pair, form, own.kind)
    facts = {"own": own, "other": other, "form": form, "banner": hindrance, **pair.chosen(form)}
    facts["beside"] = beside
    wanted = request.form.get("action", "check")
    if request.method == "GET" or wanted == "edit" or _begins_anew():
        return render_template("cases/propose.html", **facts)
    if not form.validate() or hindrance:
        return render_template("cases/propose.html", **facts), 409 if hindrance else 422
    if wanted != "send":
        unlike = terms_text.differences(form.terms, **pair.chosen(form))
        return render_template("cases/propose_check.html", **facts, unlike=unlike)
    try:
        return _begun(
            actor,
            form,
            lambda now: case_acts.propose(
                db.session(),
                actor,
                company,
                npo,
                form.terms,
                form.message.data,
                now,
                shown=pair.shown,
                first_step=form.first_step.data or "",
                **pair.chosen(form),
            ),
        )
    except TooFast as error:
        return render_template("cases/propose.html", **facts | {"banner": _refusal(error)}), 409


def _begun(actor: Actor, form: Any, begin: Callable[[datetime], Partnership]) -> Response:
    """Begin a case once, however often the form is sent."""
    now = clock.now()
    case = begin(now)
    location = url_for("cases.sent", public_id=case.public_id)
    receipts.keep(db.session(), actor, form.form_id.data, location, now)
    return redirect(location)


@blueprint.route("/desk/recommend", methods=["GET", "POST"])
@access.allow("staff")
def recommend() -> Page:
    """推薦 by the city: choose a company, an NPO, the terms and the reason that both read."""
    actor = access.actor()
    company, npo = _recommended(actor, "company"), _recommended(actor, "npo")
    if company is None or npo is None:
        return _choose(company, npo)
    pair = _pair(actor, company, npo)
    form, beside = _begun_form(pair, forms.RecommendForm)
    if request.method == "POST":
        earlier = receipts.earlier(db.session(), actor, form.form_id.data)
        if earlier:
            return redirect(earlier)
    hindrance = _hindrance(pair, form, "coordinator")
    if _begins_anew():
        return render_template("cases/recommend.html", pair=pair, form=form, banner=hindrance, beside=beside)
    if form.validate_on_submit() and not hindrance:
        try:
            return _begun(
                actor,
                form,
                lambda now: case_acts.recommend(
                    db.session(),
                    actor,
                    company,
                    npo,
                    form.terms,
                    form.reason_code.data,
                    form.reason_text.data,
                    now,
                    shown=pair.shown,
                    **pair.chosen(form),
                ),
            )
        except TooFast as error:
            hindrance = _refusal(error)
    refused = 409 if hindrance else 422
    page = render_template("cases/recommend.html", pair=pair, form=form, banner=hindrance, beside=beside)
    return page, refused if request.method == "POST" else 200


def _recommended(actor: Actor, kind: str) -> Organization | None:
    """The side that the address names: itself, or through its need or offer."""
    named = asked.word(kind)
    posting = asked.word("need" if kind == "npo" else "offer")
    if not named and posting:
        get = posting_reads.get_need if kind == "npo" else posting_reads.get_offer
        named = get(db.session(), actor, posting).organization.public_id
    if not named:
        return None
    found = organization_reads.get_organization(db.session(), actor, named)
    if found.kind != kind:
        raise NotFound("organization")
    return found


def _choose(company: Organization | None, npo: Organization | None) -> Page:
    """Search for the side that is still missing."""
    kind = "company" if company is None else "npo"
    search = SearchForm(request.args)
    return render_template(
        "cases/recommend_choose.html",
        kind=kind,
        search=search,
        company=company,
        npo=npo,
        found=organization_reads.verified_organizations(db.session(), kind, search.words),
    )


# ── Comparing, and frozen decisions ──────────────────────────────────────────────────────────────────


@blueprint.get("/npo/needs/<public_id>/compare")
@access.allow("npo")
def compare(public_id: str) -> Page:
    """The companies interested in one need, side by side."""
    actor = access.actor()
    need = posting_reads.get_need(db.session(), actor, public_id)
    if need.organization_id != actor.organization_id:
        abort(404)
    cases = case_reads.interested_in_need(db.session(), need)
    steps = turns.of(db.session(), cases, clock.now())
    return render_template("cases/compare.html", need=need, cases=cases, steps=steps)


@blueprint.get("/cases/<public_id>/decisions/<bundle_id>")
@access.allow("staff")
def bundle(public_id: str, bundle_id: str) -> Page:
    """What a decision rested on, as it was frozen."""
    actor = access.actor()
    case = case_reads.get_case(db.session(), actor, public_id)
    found = case_reads.get_decision_bundle(db.session(), case, bundle_id)
    areas = cities.get(db.session()).area_labels
    return render_template(
        "cases/bundle.html",
        case=case,
        bundle=found,
        content=found.content,
        is_intact=snapshots.sha256(found.content) == found.sha256,
        text=frozen_pages.decision(found.content, areas),
        outcomes=decision_text.OUTCOMES,
    )


@blueprint.get("/cases/<public_id>/decisions/<bundle_id>/file")
@access.allow("staff")
def bundle_file(public_id: str, bundle_id: str) -> Response:
    """The same as a file whose sha256 is the one on the page; the audit keeps who took it."""
    actor = access.actor()
    case = case_reads.get_case(db.session(), actor, public_id)
    found = case_reads.get_decision_bundle(db.session(), case, bundle_id)
    traces.leave_note(case_acts.download_note(actor, case, found, clock.now()))
    name = f"{case.number}-{found.sha256[:12]}.json"
    return Response(
        snapshots.canonical(found.content),
        mimetype="application/json",
        headers={"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"},
    )
