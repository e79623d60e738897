"""What the sections of the workspace of a case show, each from its records."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

from flask import request

from matcher.agreements import acts as agreement_acts
from matcher.agreements import contract, indicators, logic_models, plans, values
from matcher.cases import documents, files
from matcher.cases import reads as case_reads
from matcher.ground import numerals
from matcher.ground.typed import Unclear
from matcher.records import CaseDocument, Partnership
from matcher.register import frozen, officials, parties
from matcher.register.act import Look
from matcher.results import closing, comments, drafted, lessons, outcome_reports, publication, ratings
from matcher.work import contributions, measurements, payments, reports, scenarios
from matcher.work import reads as work_reads
from webapp import (
    access,
    asked,
    change_text,
    clock,
    db,
    document_text,
    frozen_pages,
    papers,
    party_text,
    text,
    value_text,
    work_text,
)
from webapp.drawing import logic
from webapp.papers import evaluation as evaluation_papers


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
        "nodes": [logic.Node(key, logic_models.kind_of(key), words) for key, words in _nodes(content)],
        "links": [logic.Link(row["source"], row["target"], row["evidence"]) for row in content["links"]],
        "arrows": [
            (logic_models.link_key(row), words)
            for row, words in zip(content["links"], document_text.links(content), strict=True)
        ],
        "indicators": (rows := indicators.of(session, case)),
        "baselines": {row.key: row.baseline for row in rows},
        "measured": indicators.measurements(session, case),
        "versions": case_reads.versions(session, case, "plan"),
        "changes": changes(case, agreed, draft),
        "node_names": logic_models.nodes(content),
        "lessons": lessons.lessons_of(session, case.company, case.npo),
        "uses": lessons.lesson_uses(session, access.actor(), case),
        "obstacle": text.sentence(code) if (code := plans.obstacle(content)) else "",
    }


def _nodes(content: Mapping[str, Any]) -> list[tuple[str, str]]:
    return list(logic_models.nodes(content).items())


def changes(
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
        "changes": changes(case, agreed, draft),
        "obstacle": text.sentence(code)
        if draft and (code := agreement_acts.acceptance_obstacle(session, case, clock.now()))
        else "",
        "trials": [
            *case_reads.versions(session, case, "trial_result"),
            *case_reads.versions(session, case, "trial"),
        ],
        "has_plan": documents.find_agreed(session, case, "plan") is not None,
        "needs_manager": draft is not None and draft.needs_manager,
    }


def _progress(case: Partnership) -> dict[str, Any]:
    session = db.session()
    history = parties.History(session, case)
    return {
        "contributions": (gifts := work_reads.contributions(session, case)),
        "givers": {row.id: party_text.side_name(history.of_gift(row), row.giver) for row in gifts},
        "totals": contributions.totals(session, case),
        "promises": contributions.promises(session, case),
        "reports": (periods := work_reads.reports(session, case)),
        "earlier": reports.earlier_reports(session, case),
        "said": drafted.of_reports(session, case, [row for row in periods if row.is_handed_in]),
        "indicators": (rows := indicators.of(session, case)),
        "measurable": {row.id for row in rows if indicators.measuring_days(session, case, row)},
        "measured": indicators.measurements(session, case),
        "risks": work_reads.risks(session, case),
        "incidents": work_reads.incidents(session, case),
        "due": indicators.due_measurements(session, case, clock.now()),
        "reviewable": measurements.reviewable(session, access.actor(), case, clock.now()),
    }


def _payment(case: Partnership) -> dict[str, Any]:
    session = db.session()
    deal = payments.contract(session, case)
    rows = payments.rules(session, case)
    paid = payments.all_of(session, case)
    found: dict[str, Any] = {
        "deal": deal, "rules": rows, "payments": paid, "tried": None,
        "approvers": lambda calculated_by: officials.approvers(session, calculated_by),
    }  # fmt: skip
    tried = scenarios.trial(session, case)
    if tried is not None and (deal is None or request.args.get("of") == "draft"):
        return found | _trial(tried)
    if deal is None:
        return found
    found["has_draft"] = tried is not None
    by_key = {row.key: row for row in indicators.of(session, case, retired=True)}
    own, unread = _tried(deal, by_key)
    measured = indicators.measurements(session, case)
    found |= {
        "scenarios": scenarios.scenarios(deal, by_key, own),
        "names": {rule.key: by_key[rule.indicator] for rule in deal.rules},
        "unread": unread,
        "by_rule": {row.rule_id: row for row in paid if row.rule_id},
        "by_fixed": {row.fixed_year: row for row in paid if row.fixed_year},
        "values": payments.values(rows, measured),
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
    own, unread = _tried(tried.deal, tried.indicators)
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


def _tried(deal: contract.Contract, measured: Mapping[str, Any]) -> tuple[dict[str, float], dict[str, str]]:
    """The values that the one who looks wants to try out (``?P1=82.1``), and why others cannot be meant."""
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
        value, of = float(read.value), measured[rule.indicator]
        fault = values.fault(value, of.unit, of.name, of.definition)
        if fault:
            unread[rule.key] = text.field_sentence(fault)
        else:
            found[rule.key] = value
    return found, unread


def _evaluation(case: Partnership) -> dict[str, Any]:
    session, actor = db.session(), access.actor()
    look = Look(session, actor, case, clock.now())
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
        "obstacle": ratings.conclusion_obstacle(session, case) if ratings.conclude.is_open(look) else None,
        "closing": closing.obstacle(session, case) if closing.close.is_open(look) else None,
        # What stands against these two is said in place of their buttons.
        "ready": {deed.name for deed in (ratings.conclude, closing.close) if deed.obstacle(look) is None},
    }


def _publication(case: Partnership) -> dict[str, Any]:
    session = db.session()
    draft = documents.find_draft(session, case, "publication")
    agreed = documents.find_agreed(session, case, "publication")
    shown = draft or agreed
    view: str = ""
    if shown is not None:
        areas = publication.areas_of(session, case, shown)
        view = frozen_pages.published(shown.content["view"], areas, 3)
    return {
        "draft": draft,
        "agreed": agreed,
        "shown": shown,
        "view": view,
        "versions": case_reads.versions(session, case, "publication"),
        "outdated": work_text.page_parts(publication.outdated(session, case)),
        "changes": changes(case, agreed, draft),
        "comments": comments.shown_comments(session, case),
        "public_incidents": publication.public_incidents(session, case),
    }


def _files(case: Partnership) -> dict[str, Any]:
    session = db.session()
    found = files.of_case(session, case)
    return {
        "files": found,
        "added_by": files.added_by(session, case, found),
        "readings": {file.id: files.readings(session, case, file) for file in found},
        "papers": papers.available(papers_of(case)),
    }


SECTIONS: Final[Mapping[str, Callable[[Partnership], dict[str, Any]]]] = MappingProxyType(
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


def papers_of(case: Partnership, number: int | None = None) -> papers.Ask:
    """What the papers of a case are asked for: by whom, and in which version of the document."""
    return papers.Ask(db.session(), access.actor(), case, clock.now(), number)
