"""The workspace of a case after the introduction: its sections, a page for every action, files, papers."""

import json
from collections.abc import Callable, Mapping
from datetime import date
from types import MappingProxyType
from typing import Any, Final

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from matcher.agreements import acts as agreement_acts
from matcher.agreements import contract, plans
from matcher.cases import documents, files, turns
from matcher.cases import reads as case_reads
from matcher.city import cities
from matcher.desk import disclosure
from matcher.ground import calendar, lifecycle, numerals, permissions, vocabulary
from matcher.ground.errors import Invalid, MovedOn, NotFound, Refused
from matcher.ground.permissions import Actor
from matcher.ground.typed import Unclear
from matcher.jobs import tickets
from matcher.organizations import reads as organization_reads
from matcher.records import CaseDocument, Partnership
from matcher.register import audit, frozen, parties, receipts
from matcher.register.act import MOVED_ON, Look
from matcher.results import closing, comments, drafted, lessons, outcome_reports, publication, ratings
from matcher.work import contributions, measurements, payments, reports, scenarios
from matcher.work import reads as work_reads
from webapp import (
    access,
    asked,
    bodies,
    case_text,
    change_text,
    clock,
    db,
    drawing,
    frozen_pages,
    ical,
    layout,
    making,
    papers,
    pdf,
    sheets,
    terms_text,
    text,
    traces,
    value_text,
    work_text,
)
from webapp.books import evidence as evidence_book
from webapp.books import ledger as ledger_book
from webapp.books import results as results_book
from webapp.drawing import logic
from webapp.forms import desk_work as desk_forms
from webapp.papers import bundle as bundle_papers
from webapp.papers import evaluation as evaluation_papers
from webapp.papers import evidence as evidence_papers
from webapp.views import work_acts
from webapp.views.work_acts import ACTS, Ask

blueprint = Blueprint("work", __name__)
blueprint.record_once(
    lambda setup: setup.app.jinja_env.globals.update(
        work_text=work_text, draw=drawing, paper_of=papers.PRINTS
    )
)

Page = Response | str | tuple[str, int]


def _case(public_id: str) -> Partnership:
    """A case after the introduction, as far as the one who looks may know of it; also once it has ended.

    Raises:
        NotFound
    """
    case = case_reads.get_case(db.session(), access.actor(), public_id)
    if not case.was_introduced:
        raise NotFound("partnership")
    return case


def facts(actor: Actor, case: Partnership) -> dict[str, Any]:
    """What every page of the workspace shows: steps, whose turn, which buttons."""
    session = db.session()
    steps = turns.steps(session, case, clock.now())
    side = documents.side_of(actor, case)
    return {
        "case": case,
        "side": side,
        "steps_now": steps,
        "own_steps": turns.own(steps, side),
        "other_steps": [step for step in steps if step.side != side],
        "can": lambda action, item=None: work_acts.may(session, actor, case, action, clock.now(), item),
        "has_contract": payments.contract(session, case) is not None
        or scenarios.trial(session, case) is not None,
        "today": calendar.tokyo_date(clock.now()),
    }


def overview(case: Partnership) -> dict[str, Any]:
    """What the first page of the workspace shows beside ``facts``."""
    session = db.session()
    tasks = case_reads.tasks(session, case)
    return {
        "tasks": tasks,
        "milestones": case_reads.share_done(tasks),
        "meetings": case_reads.meetings(session, case),
        "agreement": documents.find_agreed(session, case, "agreement"),
        "plan": documents.find_agreed(session, case, "plan"),
        "trial": documents.find_agreed(session, case, "trial"),
        "ending": work_text.ending(case, documents.find_agreed(session, case, "trial_result")),
        "lessons": lessons.lessons(session, case),
        "risks": [risk for risk in work_reads.risks(session, case) if risk.closed_at is None],
        "incidents": [found for found in work_reads.incidents(session, case) if found.resolved_at is None],
        "termination": case_reads.last_move(session, case, "terminate") if case.was_terminated else None,
        "papers": papers.available(_papers_of(case)),
    }


# ── Sections ─────────────────────────────────────────────────────────────────────────────────────────


def _plan(case: Partnership) -> dict[str, Any]:
    session = db.session()
    draft = documents.find_draft(session, case, "plan")
    agreed = documents.find_agreed(session, case, "plan")
    shown = draft or agreed
    content = plans.content(session, case)
    return {
        "is_carried": shown is None and bool(content["purpose"] or content["indicators"]),
        "draft": draft,
        "agreed": agreed,
        "content": content,
        "nodes": [logic.Node(key, plans.kind_of(key), words) for key, words in _nodes(content)],
        "links": [logic.Link(row["source"], row["target"], row["evidence"]) for row in content["links"]],
        "arrows": [
            (plans.link_key(row), words)
            for row, words in zip(content["links"], work_text.links(content), strict=True)
        ],
        "indicators": (indicators := plans.indicators(session, case)),
        "baselines": {row.key: row.baseline for row in indicators},
        "measured": plans.measurements(session, case),
        "versions": case_reads.versions(session, case, "plan"),
        "changes": _changes(case, agreed, draft),
        "node_names": plans.nodes(content),
        "lessons": lessons.lessons_of(session, case.company, case.npo),
        "uses": lessons.lesson_uses(session, access.actor(), case),
        "has_outcome": plans.has_outcome(content),
    }


def _nodes(content: Mapping[str, Any]) -> list[tuple[str, str]]:
    return list(plans.nodes(content).items())


def _changes(
    case: Partnership, before: CaseDocument | None, after: CaseDocument | None
) -> list[change_text.Row]:
    """What a draft changes of the version in force."""
    if before is None or after is None or before.id == after.id:
        return []
    history = parties.History(db.session(), case)
    old, new = history.content_of(before), history.content_of(after)
    return change_text.changes(old, new, _lessons(before, after))


def _lessons(*found: CaseDocument) -> dict[str, str]:
    named = {public_id for document in found for public_id in document.content.get("lessons") or ()}
    return lessons.lesson_texts(db.session(), named)


def _agreement(case: Partnership) -> dict[str, Any]:
    session = db.session()
    draft = documents.find_draft(session, case, "agreement")
    agreed = documents.find_agreed(session, case, "agreement")
    shown = draft or agreed
    return {
        "draft": draft,
        "agreed": agreed,
        "shown": frozen.version(parties.History(session, case), shown) if shown is not None else None,
        "versions": case_reads.versions(session, case, "agreement"),
        "changes": _changes(case, agreed, draft),
        "obstacle": text.sentence(code)
        if draft and (code := agreement_acts.acceptance_obstacle(session, case, clock.now()))
        else "",
        "trials": [
            *case_reads.versions(session, case, "trial_result"),
            *case_reads.versions(session, case, "trial"),
        ],
        "has_plan": documents.find_agreed(session, case, "plan") is not None,
        "needs_manager": bool(draft and agreement_acts.needs_manager(draft.content)),
    }


def _progress(case: Partnership) -> dict[str, Any]:
    session = db.session()
    history = parties.History(session, case)
    return {
        "contributions": (gifts := work_reads.contributions(session, case)),
        "givers": {row.id: work_text.side_name(history.of_gift(row), row.giver) for row in gifts},
        "totals": contributions.totals(session, case),
        "promises": contributions.promises(session, case),
        "reports": (periods := work_reads.reports(session, case)),
        "earlier": reports.earlier_reports(session, case),
        "said": drafted.of_reports(
            session, case, [row for row in periods if row.state in {"submitted", "accepted"}]
        ),
        "indicators": (indicators := plans.indicators(session, case)),
        "measurable": {row.id for row in indicators if plans.measuring_days(session, case, row)},
        "measured": plans.measurements(session, case),
        "risks": work_reads.risks(session, case),
        "incidents": work_reads.incidents(session, case),
        "due": plans.due_measurements(session, case, clock.now()),
        "reviewable": measurements.reviewable(session, access.actor(), case, clock.now()),
    }


def _payment(case: Partnership) -> dict[str, Any]:
    session = db.session()
    deal = payments.contract(session, case)
    rows = payments.rules(session, case)
    paid = payments.all_of(session, case)
    found: dict[str, Any] = {
        "deal": deal, "rules": rows, "payments": paid, "tried": None,
        "approvers": lambda calculated_by: payments.approvers(session, calculated_by),
    }  # fmt: skip
    tried = scenarios.trial(session, case)
    if tried is not None and (deal is None or request.args.get("of") == "draft"):
        return found | _trial(tried)
    if deal is None:
        return found
    found["has_draft"] = tried is not None
    indicators = {row.key: row for row in plans.indicators(session, case, retired=True)}
    own, unread = _tried(deal)
    measured = plans.measurements(session, case)
    found |= {
        "scenarios": scenarios.scenarios(deal, indicators, own),
        "names": {rule.key: indicators[rule.indicator] for rule in deal.rules},
        "unread": unread,
        "by_rule": {row.rule_id: row for row in paid if row.rule_id},
        "by_fixed": {row.fixed_year: row for row in paid if row.fixed_year},
        "values": {
            rule.id: next(
                (
                    row
                    for row in measured.get(rule.indicator_id, ())
                    if row.state == "accepted" and row.measured_on == rule.measured_on
                ),
                None,
            )
            for rule in rows
        },
        "curves": [(rule, contract.curve(contract.Rule.from_dict(rule.terms))) for rule in rows],
        "years": [
            (
                year,
                deal.year_limits.get(year),
                deal.most(year),
                sum(row.amount_yen for row in paid if row.fiscal_year == year),
                sum(row.amount_yen for row in paid if row.fiscal_year == year and row.paid_on),
            )
            for year in deal.years
        ],
        "total": sum(row.amount_yen for row in paid),
        "unsettled": payments.unsettled(session, case),
    }
    return found


def _trial(tried: scenarios.Trial) -> dict[str, Any]:
    own, unread = _tried(tried.deal)
    return {
        "tried": tried,
        "unread": unread,
        "scenarios": scenarios.scenarios(tried.deal, tried.indicators, own),
        "names": {rule.key: tried.indicators[rule.indicator] for rule in tried.deal.rules},
        "curves": [(rule, contract.curve(rule)) for rule in tried.deal.rules],
        "years": [
            (year, tried.deal.year_limits.get(year), tried.deal.most(year)) for year in tried.deal.years
        ],
    }


_MOST_TRIED: Final = 10**9


def _tried(deal: contract.Contract) -> tuple[dict[str, float], dict[str, str]]:
    """The values that the one who looks wants to try out (``?P1=82.1``), and why others cannot be read."""
    found, unread = {}, {}
    for rule in deal.rules:
        typed = asked.word(rule.key)
        if not typed:
            continue
        try:
            read = numerals.read(typed, least=-_MOST_TRIED, below=_MOST_TRIED)
        except Unclear as unclear:
            unread[rule.key] = value_text.sentence(unclear)
            continue
        found[rule.key] = float(read.value)
    return found, unread


def _evaluation(case: Partnership) -> dict[str, Any]:
    session, actor = db.session(), access.actor()
    sheets_ = ratings.sheets(session, case)
    visible = ratings.visible_sheets(actor, case, sheets_)
    side = documents.side_of(actor, case)
    written = {(sheet.rater, sheet.about) for sheet in sheets_}
    report = documents.find_agreed(session, case, "outcome_report")
    draft = documents.find_draft(session, case, "outcome_report")
    history = parties.History(session, case)
    raters = history.of("conclude")
    return {
        "report": frozen_pages.report(frozen.version(history, report), case.public_id) if report else "",
        "rated": frozen_pages.ratings(evaluation_papers.sheets(visible), raters, ratings.PARTIES),
        "draft": draft,
        "sentences": [row.as_dict() for row in drafted.compose(session, case)],
        "unmeasured": outcome_reports.unmeasured(session, case),
        "written": written,
        "to_rate": [about for about in ratings.PARTIES if (side, about) not in written],
        "differences": ratings.differences(visible),
        "raters": raters,
        "is_visible": len(visible) == len(sheets_),
        "promises": contributions.promises(session, case),
        "lessons": lessons.lessons(session, case),
        "uses": lessons.lesson_uses(session, actor, case),
        "voices": lessons.voices(session, case),
        "obstacle": ratings.conclusion_obstacle(session, case) if case.state == "reported" else None,
        "closing": closing.obstacle(session, case) if case.state in {"evaluated", "reported"} else None,
    }


def _publication(case: Partnership) -> dict[str, Any]:
    session = db.session()
    draft = documents.find_draft(session, case, "publication")
    agreed = documents.find_agreed(session, case, "publication")
    shown = draft or agreed
    areas = cities.get(session).area_labels
    return {
        "draft": draft,
        "agreed": agreed,
        "shown": shown,
        "view": frozen_pages.published(shown.content["view"], areas, 3) if shown is not None else "",
        "versions": case_reads.versions(session, case, "publication"),
        "outdated": work_text.page_parts(publication.outdated(session, case)),
        "changes": _changes(case, agreed, draft),
        "comments": comments.shown_comments(session, case),
        "public_incidents": publication.public_incidents(session, case),
    }


def _files(case: Partnership) -> dict[str, Any]:
    session = db.session()
    found = files.of_case(session, case)
    return {
        "files": found,
        "readings": {file.id: files.readings(session, file) for file in found},
        "papers": papers.available(_papers_of(case)),
    }


_SECTIONS: Final[Mapping[str, Callable[[Partnership], dict[str, Any]]]] = MappingProxyType(
    {
        "plan": _plan,
        "agreement": _agreement,
        "progress": _progress,
        "payment": _payment,
        "evaluation": _evaluation,
        "publication": _publication,
        "files": _files,
    }
)


@blueprint.get("/cases/<public_id>/<any(" + ",".join(_SECTIONS) + "):section>")
@access.allow("case_party")
def section(public_id: str, section: str) -> Page:
    """One part of the workspace."""
    case = _case(public_id)
    return render_template(
        f"work/{section}.html", **facts(access.actor(), case), section=section, **_SECTIONS[section](case)
    )


@blueprint.get("/cases/<public_id>/documents/<document_id>")
@access.allow("case_party")
def document(public_id: str, document_id: str) -> Page:
    """One version of a document: what it says, what it changes, who has accepted it."""
    session, actor, case = db.session(), access.actor(), _case(public_id)
    found = documents.get(session, case, document_id)
    version = frozen.version(parties.History(session, case), found)
    agreed = documents.find_agreed(session, case, found.kind)
    accepted = getattr(found, f"{documents.side_of(actor, case)}_accepted_at")
    open_to_me = (
        found.state == "draft"
        and accepted is None
        and work_acts.may(session, actor, case, "accept_document", clock.now())
    )
    signing = found.kind not in documents.BINDING or permissions.may(actor, "partnership.sign", case)
    return render_template(
        "work/document.html",
        **facts(actor, case),
        document=version,
        text=frozen_pages.document(
            version, case.public_id,
            changes=_changes(case, agreed, found) if found.state == "draft" else [],
            lessons=_lessons_taken(case, found), areas=cities.get(session).area_labels,
        ),
        may_accept=open_to_me
        and (found.needs_city if actor.is_staff else permissions.may(actor, "partnership.work", case))
        and (actor.is_staff or signing),
        needs_owner=open_to_me and not actor.is_staff and not signing,
        obstacle=_document_obstacle(case, found),
    )  # fmt: skip


def _lessons_taken(case: Partnership, found: CaseDocument) -> list[str]:
    if found.kind != "plan":
        return []
    return [row.text for row in lessons.lessons_taken(db.session(), case, found.content)]


def _document_obstacle(case: Partnership, found: CaseDocument) -> str:
    if found.kind != "agreement" or found.state != "draft" or case.state == "agreement_review":
        return ""
    code = agreement_acts.acceptance_obstacle(db.session(), case, clock.now())
    return text.sentence(code) if code else ""


def _body(action: str, **_rest: str) -> int:
    return bodies.FILE if ACTS[action].form.takes_file() else bodies.TEXT


# ── Actions ──────────────────────────────────────────────────────────────────────────────────────────


@blueprint.route("/cases/<public_id>/do/<any(" + ",".join(ACTS) + "):action>", methods=["GET", "POST"])
@access.allow("case_party", body=_body)
def act(public_id: str, action: str) -> Page:
    """One page for one action: ask, then do it. Whoever comes too late keeps what they typed.

    ``?item=`` names the record that the action is about, ``?key=`` a part of a document. A file is looked
    at before the transaction that names it.
    """
    upload, refused = _upload(public_id, action) if request.files else (None, None)
    try:
        return _act(public_id, action, upload, refused)
    finally:
        if upload is not None:
            upload.discard_unless_bound()


def _upload(public_id: str, action: str) -> tuple[files.Prepared | None, Invalid | Refused | None]:
    """The file of a form that may be sent and is filled in, ready to be named; or why it cannot be taken."""
    with db.reading() as session:
        ask = _asked(public_id, action)
        is_new = receipts.earlier(session, ask.actor, ask.form.form_id.data) is None
        if not (
            is_new and work_acts.may(session, ask.actor, ask.case, action, ask.now) and ask.form.validate()
        ):
            return None, None
        if not any(work_acts.has_file(field) for field in ask.form if field.type == "FileField"):
            return None, None
        try:
            files.add_file.require(Look(session, ask.actor, ask.case, ask.now))
        except Refused as error:
            return None, error
    try:
        return work_acts.prepare_upload(ask.form), None
    except (Invalid, Refused) as error:
        return None, error


def _asked(public_id: str, action: str) -> Ask:
    """What is asked, by somebody who may ask it, with the form as it came."""
    actor, session, case = access.actor(), db.session(), _case(public_id)
    ask = Ask(session, actor, case, action, clock.now(), key=asked.word("key", 40))
    permissions.require(actor, ask.deed.by, case)
    ask.item = _item(ask)
    ask.form = _form(ask)
    return ask


def _act(
    public_id: str, action: str, upload: files.Prepared | None, refused: Invalid | Refused | None
) -> Page:
    if refused is not None:
        db.undo()  # nothing will be written
    ask = _asked(public_id, action)
    ask.upload = upload
    actor, session, case, now, row = ask.actor, ask.session, ask.case, ask.now, ACTS[action]
    here = _back(ask)
    if refused is not None:
        return _not_done(ask, public_id, refused)
    if request.method == "POST" and receipts.earlier(session, actor, ask.form.form_id.data):
        return redirect(here)
    if not work_acts.may(session, actor, case, action, now):
        return _too_late(ask)
    if request.method != "POST" and (code := ask.deed.obstacle(ask.look)):
        return _too_late(ask, code)
    if ask.form.validate_on_submit():
        try:
            done = work_acts.do(ask)
            here = row.leads_to(done.made) or here
        except (Invalid, Refused, MovedOn, db.Overtaken) as error:
            db.undo()
            return _not_done(ask, public_id, error)
        receipts.keep(session, actor, ask.form.form_id.data, here, now)
        flash(_(done.says or row.deed.words.done), "success")
        return redirect(here)
    return _ask(ask), 422 if ask.form.errors else 200


def _item(ask: Ask) -> Any:
    """The record that the action is about.

    Raises:
        NotFound: none is named, or it is not of this case.
    """
    deed, named = ask.deed, asked.word("item", 40)
    if deed.item is None or deed.item is str or (not named and deed.may_lack_item):
        return None
    return case_reads.get_item(ask.session, ask.actor, ask.case, deed.item, named)


def _form(ask: Ask) -> Any:
    row = ACTS[ask.action]
    prefill = {} if request.method == "POST" else row.prefill(ask)
    found: Any = row.form(data={**prefill, "version": _version(ask)})
    ask.form = found
    row.prepare(ask)
    work_acts.prepare_amendment(ask)
    if ask.deed.reasons:
        found.offer_reasons(ask.deed.reasons)
    return found


def _version(ask: Ask) -> str:
    """What the form is about, as it is shown."""
    shown = ask.deed.shown(ask.look)
    return "" if shown is None else str(shown)


def _back(ask: Ask) -> str:
    home = ask.deed.home
    if not home:
        return url_for("cases.show", public_id=ask.case.public_id)
    return url_for("work.section", public_id=ask.case.public_id, section=home)


def _ask(ask: Ask, **more: Any) -> str:
    return render_template(
        "work/act.html",
        **facts(ask.actor, ask.case),
        action=ask.action,
        form=ask.form,
        item=ask.item,
        key=ask.key,
        back=_back(ask),
        part=_part(ask),
        templates=_templates(ask),
        sentences=_sentences(ask),
        **_beside(ask),
        is_multipart=any(field.type == "FileField" for field in ask.form),
        **more,
    )


#: Forms beside which the figures of need, offer and case stand, and pages on which they are agreed to.
_WITH_FIGURES: Final = frozenset(
    {"trial", "plan", "indicator", "milestones", "agreement", "renew", "contribution"}
)
_CALCULATING: Final = frozenset({"calculate", "calculate_fixed"})
_AGREEING: Final = frozenset({"accept_document", "confirm_agreement"})


def _beside(ask: Ask) -> dict[str, Any]:
    """What need, offer and case say, beside the form or the consent; and where they differ."""
    case = ask.case
    if ask.action in _CALCULATING and not payments.approvers(ask.session, ask.actor.user_id):
        return {"warning": work_text.nobody_approves()}
    columns = terms_text.columns(case.need, case.offer, case)
    if ask.action in _AGREEING:
        document = ask.item or documents.find_draft(ask.session, case, "agreement")
        agreement = document.content if document and document.kind == "agreement" else None
        return {
            "compared": columns + ([terms_text.agreement_column(agreement)] if agreement else []),
            "unlike": terms_text.differences(case, case.need, case.offer, agreement),
        }
    if ask.action not in _WITH_FIGURES:
        return {}
    is_new = ask.action == "renew" and request.method == "GET"
    agreed = documents.find_agreed(ask.session, case, "agreement")
    return {
        "columns": columns + ([terms_text.agreement_column(agreed.content)] if agreed else []),
        "notes": terms_text.sentences(work_acts.next_period(ask).notes) if is_new else [],
    }


def _sentences(ask: Ask) -> list[dict[str, str]]:
    """What the records say, beside the form in which somebody reports or reads a report."""
    if ask.action == "outcome_report":
        return [row.as_dict() for row in drafted.compose(ask.session, ask.case)]
    if ask.action in {"report", "review_report"}:
        return drafted.of_reports(ask.session, ask.case, [ask.item])[ask.item.id]
    return []


def _templates(ask: Ask) -> Mapping[str, str]:
    """The types of agreement with whose articles one may begin, as long as nothing has been written."""
    if ask.action != "agreement" or ask.draft or documents.find_agreed(ask.session, ask.case, "agreement"):
        return {}
    return vocabulary.AGREEMENT_TYPES


def _part(ask: Ask) -> list[tuple[str, str]]:
    """(name, words) of the part of a draft that the action takes out, so that one sees what it is about."""
    plan = plans.content(ask.session, ask.case) if ask.action in {"drop_link", "drop_indicator"} else {}
    if ask.action == "drop_link":
        return [
            (_("つながり"), words)
            for row, words in zip(plan["links"], work_text.links(plan), strict=True)
            if plans.link_key(row) == ask.key
        ]
    if ask.action == "drop_indicator":
        return [(_("指標"), work_text.indicator(row)) for row in plan["indicators"] if row["key"] == ask.key]
    if ask.action == "drop_rule":
        rows = agreement_acts.rules_written(ask.session, ask.case)
        return [(_("条件"), work_text.rule(row)) for row in rows if row["key"] == ask.key]
    return []


def _not_done(ask: Ask, public_id: str, error: Exception) -> Page:
    """The form again, with what was typed and what stood in the way."""
    form, action = ask.form, ask.action
    case = case_reads.get_case(ask.session, ask.actor, public_id)
    ask.case = case
    if ask.item is not None and ask.deed.item is not None:
        ask.item = case_reads.get_item(ask.session, ask.actor, case, ask.deed.item, ask.item.public_id)
    if isinstance(error, Invalid):
        form.take(error)
        unplaced = [text.field_sentence(code) for name, code in error.facts.items() if name not in form]
        return _ask(ask, banner=" ".join(unplaced)), 422
    if isinstance(error, Refused):
        return _ask(ask, banner=text.sentence(error.code, error.facts)), 409
    if not work_acts.may(ask.session, ask.actor, case, action, ask.now):
        return _too_late(ask)
    form.version.data = _version(ask)
    return _ask(ask, banner=_overtaken(ask)), 409


def _too_late(ask: Ask, code: str = MOVED_ON) -> Page:
    """Why it cannot be done now (``code``): where one would open its form, or with what was typed."""
    if request.method != "POST":
        if code == MOVED_ON:
            flash(_("この操作は、いまはできません。案件の最新の状況をご確認ください。"), "warning")
            return redirect(url_for("cases.show", public_id=ask.case.public_id))
        flash(text.sentence(code), "warning")
        return redirect(_back(ask))
    page = render_template(
        "work/too_late.html", **facts(ask.actor, ask.case), action=ask.action,
        typed=ask.form.typed_words, banner=_overtaken(ask),
    )  # fmt: skip
    return page, 409


def _overtaken(ask: Ask) -> str:
    events = audit.history(ask.session, "partnership", ask.case.public_id)
    return case_text.overtaken(ask.actor, ask.case, events, ask.now)


# ── Files, papers, calendar, bundle ──────────────────────────────────────────────────────────────────


@blueprint.get("/cases/<public_id>/files/<file_id>")
@access.allow("case_party")
def file(public_id: str, file_id: str) -> Response:
    """A file as an attachment; who took it is kept."""
    case = _case(public_id)
    found = files.get(db.session(), case, file_id)
    content = work_acts.store().read(found.stored_name)
    traces.leave_note(files.reading_note(access.actor(), case, found, clock.now()))
    return sheets.attachment(content, found.name, found.media_type)


@blueprint.get("/cases/<public_id>/papers/<any(" + ",".join(papers.PAPERS) + "):paper>.pdf")
@access.allow("case_party")
def paper(public_id: str, paper: str) -> Response:
    """A paper made from the records of the case, as A4 PDF.

    ``?version=`` names the version of its document; without it the one in force is printed, else the draft.
    """
    case = _case(public_id)
    if kept := making.fetched():
        return kept
    making.begin()
    return pdf.download(*papers.make(_papers_of(case, _version_asked()), paper))


def _papers_of(case: Partnership, number: int | None = None) -> papers.Ask:
    return papers.Ask(db.session(), access.actor(), case, clock.now(), number)


def _version_asked() -> int | None:
    if not request.args.get("version"):
        return None
    number = asked.number("version", 0, 99_999)
    if number is None:
        raise NotFound("paper")
    return number


@blueprint.get("/cases/<public_id>/calendar.ics")
@access.allow("case_party")
def calendar_file(public_id: str) -> Response:
    """Meetings and dates of the case for a calendar program (I6); what has been left has none any more."""
    session, case = db.session(), _case(public_id)
    if case.state in lifecycle.CASE_LEFT:
        raise NotFound("calendar")
    address = url_for("cases.show", public_id=case.public_id, _external=True)
    content = ical.of_case(session, case, address, clock.now())
    return sheets.attachment(content, f"{case.number}.ics", "text/calendar; charset=utf-8")


@blueprint.get("/cases/<public_id>/ledger.xlsx")
@access.allow("case_party")
def ledger(public_id: str) -> Response:
    """Contributions, measurements and payments of the case as Excel."""
    session, case = db.session(), _case(public_id)
    if kept := making.fetched():
        return kept
    making.begin()
    made = ledger_book.ledger_sheets(session, case, clock.now())
    return making.book(f"{case.number}_実績.xlsx", *made)


@blueprint.get("/cases/<public_id>/results.xlsx")
@access.allow("case_party")
def results(public_id: str) -> Response:
    """Reports and evaluation of the case as Excel, as far as the one who looks may read them."""
    session, actor, case = db.session(), access.actor(), _case(public_id)
    if kept := making.fetched():
        return kept
    making.begin()
    made = results_book.result_sheets(session, actor, case, clock.now())
    return making.book(f"{case.number}_報告と評価.xlsx", *made)


@blueprint.route("/cases/<public_id>/export", methods=["GET", "POST"])
@access.allow("staff")
def export(public_id: str) -> Page:
    """The whole case for 情報公開請求: PDF and JSON in one file, blackened as chosen; the audit keeps it.

    A request may ask for any case, also for one that was never introduced. What is asked for is gathered and
    frozen here; the file is made by the press and waits on this page for those who may ask for it.
    """
    actor, form = access.actor(), desk_forms.ExportForm()
    if form.validate_on_submit():
        return redirect(_order_bundle(public_id, form.masks.data or []))
    session = db.session()
    case = case_reads.get_case(session, actor, public_id)
    permissions.require(actor, "partnership.export", case)
    made = tickets.tickets_about(session, "bundle", "partnership", case.public_id)
    page = render_template(
        "work/export.html", **facts(actor, case), form=form, made=made, mask_labels=desk_forms.MASKS
    )
    return page, 422 if form.errors else 200


def _order_bundle(public_id: str, masks: list[str]) -> str:
    actor, now = access.actor(), clock.now()
    with db.database().read() as session:
        case = case_reads.get_case(session, actor, public_id)
        tickets.check_room(session, actor, "press")
        content = disclosure.gather(session, actor, case, masks, now)
        html = pdf.source("bundle.html", bundle_papers.facts(content, case.number, cities.get(session), now))
    parts = layout.bundle_source(
        {f"{case.number}.json": json.dumps(content, ensure_ascii=False, indent=1)},
        {f"{case.number}.pdf": html},
    )
    made = disclosure.details(content)
    return making.order(
        "bundle", parts, f"{case.number}.zip", ("partnership", public_id), made,
        lambda ticket: url_for("work.export_file", public_id=public_id, ticket_id=ticket),
        lambda session: disclosure.note(session, actor, case, made, now),
    )  # fmt: skip


@blueprint.get("/cases/<public_id>/exports/<ticket_id>.zip")
@access.allow("staff")
def export_file(public_id: str, ticket_id: str) -> Response:
    """A file made by ``export``, for all who might ask for it; that a colleague took it is kept, too."""
    session, actor = db.session(), access.actor()
    case = case_reads.get_case(session, actor, public_id)
    permissions.require(actor, "partnership.export", case)
    made = tickets.tickets_about(session, "bundle", "partnership", case.public_id)
    ticket = next((one for one in made if one.public_id == ticket_id), None)
    if ticket is None:
        raise NotFound("ticket")
    answer = making.send(ticket)
    if ticket.user_id != actor.user_id:
        traces.leave_note(disclosure.taken_note(actor, case, ticket.job.details, clock.now()))
    return answer


@blueprint.get("/company/evidence")
@access.allow("company")
def evidence() -> Page:
    """What the company gave and what came of it in one fiscal year (C11): page, PDF or Excel."""
    session, actor, now = db.session(), access.actor(), clock.now()
    if kept := making.fetched():
        return kept
    this_year = calendar.fiscal_year(now)
    year = asked.number("year", 2000, this_year) or this_year
    first, last = date(year, 4, 1), date(year + 1, 3, 31)
    organization = organization_reads.own_organization(session, actor)
    rows = drafted.esg_evidence(session, organization.id, first, last)
    named = drafted.named_last(rows)
    own_name = named.company.name if named is not None else organization.name
    form = asked.word("format")
    if form == "xlsx":
        made = evidence_book.evidence_sheets(rows, own_name, year, now)
        return making.book(f"ESG実績_{calendar.nendo(year)}.xlsx", *made)
    said = evidence_papers.facts(rows, own_name, year, cities.get(session), now)
    if form == "pdf":
        return pdf.download(f"ESG実績_{calendar.nendo(year)}", "evidence.html", said)
    return render_template(
        "work/evidence.html", rows=said["rows"], text=frozen_pages.evidence(said), year=year,
        years=range(this_year, this_year - 5, -1),
    )  # fmt: skip
