"""Cases: begun by one side or by the city, answered, discussed and decided; one screen for all three."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from matcher.cases import answering, deciding, documents, takes, talks, together, turns
from matcher.cases import reads as case_reads
from matcher.city import cities
from matcher.desk import checks
from matcher.ground import personal
from matcher.ground.parts import Standing
from matcher.ground.permissions import Actor
from matcher.records import Partnership
from matcher.register import conflicts, officials, snapshots
from matcher.register.act import Act, Look, open_to
from matcher.results import renewal
from matcher.suggestions import ranking
from matcher.work import reads as work_reads
from webapp import (
    access,
    bench,
    bench_text,
    case_text,
    clock,
    db,
    decision_text,
    frozen_pages,
    live,
    own_postings,
    parts_text,
    terms_text,
    text,
    traces,
    why,
)
from webapp.acts import ActPage
from webapp.forms import case as forms
from webapp.forms.base import Form
from webapp.views import work

blueprint = Blueprint("cases", __name__)
blueprint.record_once(
    lambda setup: setup.app.jinja_env.globals.update(
        bench_text=bench_text, case_text=case_text, terms_text=terms_text
    )
)

Page = Response | str | tuple[str, int]


# ── Lists and the case itself ────────────────────────────────────────────────────────────────────────


@blueprint.get("/cases")
@access.allow("member")
def index() -> Page:
    """The cases of one's own organization: what waits for it first, what has ended last."""
    cases, steps = case_reads.own_cases(db.session(), access.actor(), clock.now())
    running = [case for case in cases if not case.is_over]
    return render_template(
        "cases/index.html",
        running=running,
        steps=steps,
        ended=[case for case in cases if case.is_over],
    )


@blueprint.get("/cases/<public_id>")
@access.allow("case_party")
def show(public_id: str) -> Page:
    """One case, the same screen for the company, the NPO and the city."""
    actor = access.actor()
    case = case_reads.get_case(db.session(), actor, public_id)
    form = forms.MessageForm(data={"version": case.version})
    if deciding.approve.may(Look(db.session(), actor, case, clock.now())):
        return _bench(actor, case)
    if case_reads.may_see_contacts(actor, case):
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
    side = documents.side_of(access.actor(), case)
    if side != {"coordinator": "city"}.get(case.origin, case.origin):
        return redirect(url_for("cases.show", public_id=public_id))
    return render_template("cases/sent.html", case=case)


def _facts(actor: Actor, case: Partnership) -> dict[str, Any]:
    """What every page about one case shows."""
    look = Look(db.session(), actor, case, clock.now())
    events = case_reads.history(db.session(), case)
    messages = case_reads.messages_of_case(db.session(), case)
    shown = case_reads.shown_suggestion(db.session(), case.shown_suggestion_id)
    return {
        "case": case,
        "steps_now": turns.steps(db.session(), case, clock.now()),
        "actions": open_to(db.session(), actor, case, clock.now(), "case"),
        "history": events,
        "messages": messages,
        "events": case_text.timeline(
            actor,
            case,
            events,
            messages,
            work_reads.texts(db.session(), case),
        ),
        "hints": personal.kinds_by({"message": case.message, "talk": "\n".join(one.text for one in messages)})
        if actor.is_staff
        else {},
        "ended_from": case_reads.ended_from(case, events),
        "shown": shown,
        "shown_reasons": case_text.shown_reasons(
            shown.reasons if shown else [], actor.organization_kind or ""
        ),
        "shown_level": ranking.level(shown.score) if shown else "",
        "why": why.of_case(actor, case, is_deciding=deciding.approve.may(look)),
        "contacts": case_reads.may_see_contacts(actor, case),
        "bundles": case_reads.decision_bundles(db.session(), case) if actor.is_staff else [],
        "outcomes": decision_text.outcomes(),
        "obstacle": _obstacle(actor, case),
        "tasks": case_reads.tasks(db.session(), case),
        "chain": renewal.chain(db.session(), case),
        "on_both_sides": conflicts.on_both_sides(db.session(), case) if actor.is_staff else [],
        "acts_for_other_side": conflicts.acts_for_other_side(db.session(), actor, case),
        "unverified": [] if case.is_over else talks.unverified(case),
        "also": _also(case),
        "is_together": case.need is not None and together.is_there(db.session(), actor, case.need),
    }


def _also(case: Partnership) -> list[str]:
    """What the case takes of further parts of its need, in words."""
    rows = {row.part.place: row for row in _rows(case)}
    return [
        parts_text.taken(rows[place], quantity)
        for place, quantity in takes.further(db.session(), case)
        if place in rows
    ]


def _obstacle(actor: Actor, case: Partnership) -> str:
    """Why whoever looks could not say yes or approve, whatever they typed, said before they type."""
    look = Look(db.session(), actor, case, clock.now())
    found = (deed.obstacle(look) for deed in (answering.accept, deciding.approve) if deed.may(look))
    return next((text.sentence(one.code, one.facts) for one in found if one), "")


# ── Answering and deciding ───────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Asked:
    """An act on a case, the form that asks for it, and what was filled in as the act takes it."""

    deed: Act
    form: type[Form]
    answers: Callable[[Any], Sequence[Any]]
    more: Callable[[Any], Mapping[str, Any]] = lambda form: {}


def _reason(form: Any) -> Sequence[Any]:
    return form.reason_code.data, form.reason_text.data or ""


def _chosen(form: Any) -> Sequence[Any]:
    staff = {user.public_id: user for user in officials.active_staff(db.session())}
    return (staff[form.coordinator.data],)


_FORMS: Final = (
    Asked(
        answering.accept,
        forms.AcceptForm,
        lambda form: (form.answer.data or "",),
        lambda form: {"is_named": "is_named" in form and form.is_named.data},
    ),
    Asked(answering.decline, forms.ReasonForm, _reason),
    Asked(answering.withdraw, forms.ReasonForm, _reason),
    Asked(answering.revise, forms.ReviseForm, lambda form: (form.terms, form.note.data or "")),
    Asked(answering.send_message, forms.MessageForm, lambda form: (form.text.data,)),
    Asked(deciding.approve, forms.ApproveForm, lambda form: (form.decision,)),
    Asked(deciding.return_, forms.ExplainedForm, _reason),
    Asked(deciding.refuse, forms.ExplainedForm, _reason),
    Asked(deciding.assign, forms.AssignForm, _chosen),
)
#: name of an act → how one asks for it
ACTS: Final[Mapping[str, Asked]] = MappingProxyType({row.deed.name: row for row in _FORMS})


@blueprint.route("/cases/<public_id>/<any(" + ",".join(ACTS) + "):action>", methods=["GET", "POST"])
@access.allow("case_party")
def act(public_id: str, action: str) -> Page:
    """Ask once more, then do it; whoever comes second keeps what they typed."""
    live.prepare()
    actor = access.actor()

    def find() -> Partnership:
        return case_reads.get_case(db.session(), actor, public_id)

    case = find()
    form = _form(case, action)
    decides = action in _DECISIONS
    onward = bench.onward("cases", case) if decides else lambda made: None
    return ActPage(
        deed=ACTS[action].deed,
        form=bench.part(form, action) if decides else form,
        record=case,
        find=find,
        ask=lambda case, banner: (_bench if decides else _ask)(actor, case, action, form, banner),
        home=url_for("cases.show", public_id=public_id),
        leads_to=onward,
        says=(lambda case: bench_text.decided(case.number, ACTS[action].deed)) if decides else None,
        overtaken=lambda case: _overtaken(actor, case),
        answers=lambda: (ACTS[action].answers(form), ACTS[action].more(form)),
        closed=lambda case: _too_late(actor, case, action, form),
    ).answer()


def _form(case: Partnership, action: str, **how: Any) -> Any:
    # What is proposed now is what the next proposal changes; the other records stand beside it.
    standing = {
        name: getattr(case, name) for name in ("support_type", "quantity", "unit", "period_from", "period_to")
    }
    taken = {
        f"take_{place}" if quantity is not None else f"whole_{place}": quantity or True
        for place, quantity in takes.further(db.session(), case)
    }
    found: Any = ACTS[action].form(
        data={"version": case.version, **standing, "part": str(case.part), **taken}, **how
    )
    is_company = access.actor().organization_id == case.company_id
    if isinstance(found, forms.PartsForm):
        found.offer_parts(_rows(case), asks_for_name=False)
    if isinstance(found, forms.AcceptForm) and not (case.need and is_company):
        del found.is_named
    if isinstance(found, forms.ReasonForm):
        found.offer_reasons(ACTS[action].deed.reasons)
    if isinstance(found, forms.AssignForm):
        found.offer_staff(officials.active_staff(db.session()))
    return found


def _rows(case: Partnership) -> tuple[Standing, ...]:
    """How far others than this case fill the parts of its need."""
    return takes.of(db.session(), case.need, without=case) if case.need else ()


def _ask(actor: Actor, case: Partnership, action: str, form: Any, banner: str) -> str:
    return render_template(
        "cases/act.html",
        **_facts(actor, case),
        action=action,
        form=form,
        consequences=case_text.consequences(case, action, actor, clock.now()),
        banner=banner,
    )


#: What the city decides, in the order in which it stands on the bench, and what it may do meanwhile.
_DECISIONS: Final = (deciding.approve.name, deciding.return_.name, deciding.refuse.name)
_BESIDE: Final = (answering.send_message.name,)


def _bench(actor: Actor, case: Partnership, action: str = "", form: Any = None, banner: str = "") -> str:
    """The case on one screen, with each decision and its form; the one that was asked for is open."""
    facts = _facts(actor, case)
    if facts["contacts"]:
        access.note_contacts(case.company, case.npo)
    forms_of = {
        name: form if name == action else bench.part(_form(case, name, formdata=None), name)
        for name in (*_DECISIONS, *_BESIDE)
        if name == action or name in facts["actions"]
    }
    returned = checks.since_returned(facts["history"])
    return render_template(
        "bench/case.html",
        **facts,
        forms=forms_of,
        form=form,
        opened=action,
        banner=banner,
        checks=checks.of_case(case, clock.now(), on_both_sides=facts["on_both_sides"], hints=facts["hints"]),
        changed=case_text.timeline(actor, case, returned, facts["messages"]),
        queue=bench.queue("cases", case),
    )


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
    events = case_reads.history(db.session(), case)
    return case_text.overtaken(actor, case, events, clock.now())


# ── Comparing, and frozen decisions ──────────────────────────────────────────────────────────────────


@blueprint.get("/npo/needs/<public_id>/compare")
@access.allow("npo")
def compare(public_id: str) -> Page:
    """The companies interested in one need, side by side."""
    need = own_postings.need(public_id)
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
    decided = case_reads.decision_event(db.session(), case, found)
    return render_template(
        "cases/bundle.html",
        case=case,
        bundle=found,
        content=found.content,
        is_intact=snapshots.sha256(found.content) == found.sha256,
        text=frozen_pages.decision(found.content, cities.areas_on(db.session(), decided)),
        outcomes=decision_text.outcomes(),
    )


@blueprint.get("/cases/<public_id>/decisions/<bundle_id>/file")
@access.allow("staff")
def bundle_file(public_id: str, bundle_id: str) -> Response:
    """The same as a file whose sha256 is the one on the page; the audit keeps who took it."""
    actor = access.actor()
    case = case_reads.get_case(db.session(), actor, public_id)
    found = case_reads.get_decision_bundle(db.session(), case, bundle_id)
    traces.leave_note(deciding.download_note(actor, case, found, clock.now()))
    name = f"{case.number}-{found.sha256[:12]}.json"
    return Response(
        snapshots.canonical(found.content),
        mimetype="application/json",
        headers={"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"},
    )
