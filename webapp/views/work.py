"""The workspace of a case after the introduction: its first page, its sections, its documents."""

from typing import Any

from flask import Blueprint, render_template
from werkzeug.wrappers import Response

from matcher.cases import documents, turns
from matcher.cases import reads as case_reads
from matcher.ground import calendar
from matcher.ground.errors import NotFound
from matcher.ground.permissions import Actor
from matcher.records import CaseDocument, Partnership
from matcher.register import frozen, parties
from matcher.register.act import Look
from matcher.results import accepting, lessons, publication
from matcher.work import payments, scenarios
from matcher.work import reads as work_reads
from webapp import (
    access,
    act_text,
    clock,
    contract_text,
    db,
    document_text,
    drawing,
    frozen_pages,
    papers,
    party_text,
    placed,
    public_text,
    text,
    work_text,
)
from webapp.views import work_acts
from webapp.views.work_sections import SECTIONS, changes, papers_of

blueprint = Blueprint("work", __name__)
blueprint.record_once(
    lambda setup: setup.app.jinja_env.globals.update(
        work_text=work_text,
        act_text=act_text,
        party_text=party_text,
        document_text=document_text,
        contract_text=contract_text,
        public_text=public_text,
        draw=drawing,
        paper_of=papers.PRINTS,
    )
)

Page = Response | str | tuple[str, int]


def introduced_case(public_id: str) -> Partnership:
    """A case after the introduction, as far as the one who looks may know of it; also once it has ended.

    Raises:
        NotFound
    """
    case = case_reads.get_case(db.session(), access.actor(), public_id)
    if not case.was_introduced:
        raise NotFound("partnership")
    return case


def facts(actor: Actor, case: Partnership, section: str = "") -> dict[str, Any]:
    """What every page of the workspace shows: steps, whose turn, which buttons; ``section`` if it is one."""
    session = db.session()
    steps = turns.steps(session, case, clock.now())
    side = documents.side_of(actor, case)
    own = [step for step in turns.own(steps, side) if payments.is_for(session, step, actor, case)]
    return {
        "case": case,
        "section": section,
        "side": side,
        "steps_now": steps,
        "own_steps": own,
        "other_steps": [step for step in steps if step not in own],
        "can": lambda action, item=None: work_acts.may(session, actor, case, action, clock.now(), item),
        "other_acts": lambda home: placed.others(session, actor, case, home, clock.now()),
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
        "risks": [risk for risk in work_reads.risks(session, case) if risk.is_open],
        "incidents": [found for found in work_reads.incidents(session, case) if found.is_open],
        "termination": case_reads.last_move(session, case, "terminate") if case.was_terminated else None,
        "papers": papers.available(papers_of(case)),
    }


@blueprint.get("/cases/<public_id>/<any(" + ",".join(SECTIONS) + "):section>")
@access.allow("case_party")
def section(public_id: str, section: str) -> Page:
    """One part of the workspace."""
    case = introduced_case(public_id)
    return render_template(
        f"work/{section}.html",
        named=parties.History(db.session(), case).lasting(),
        **facts(access.actor(), case, section),
        **SECTIONS[section](case),
    )


@blueprint.get("/cases/<public_id>/documents/<document_id>")
@access.allow("case_party")
def document(public_id: str, document_id: str) -> Page:
    """One version of a document: what it says, what it changes, who has accepted it."""
    session, actor, case = db.session(), access.actor(), introduced_case(public_id)
    found = documents.get(session, case, document_id)
    version = frozen.version(parties.History(session, case), found)
    agreed = documents.find_agreed(session, case, found.kind)
    look = Look(session, actor, case, clock.now(), found)
    accepts = accepting.accept_document
    is_asked = documents.awaits(found, documents.side_of(actor, case)) and accepts.is_open(look)
    may_accept = accepts.may(look)
    obstacle = accepts.obstacle(look) if is_asked and not may_accept else None
    return render_template(
        "work/document.html",
        **facts(actor, case),
        document=version,
        text=frozen_pages.document(
            version, case.public_id,
            changes=changes(case, agreed, found) if found.is_draft else [],
            lessons=_lessons_taken(case, found), areas=publication.areas_of(session, case, found),
        ),
        may_accept=may_accept,
        needs_owner=is_asked and not accepts.who(look) and found.kind in documents.BINDING,
        obstacle=text.sentence(obstacle.code, obstacle.facts) if obstacle else "",
    )  # fmt: skip


def _lessons_taken(case: Partnership, found: CaseDocument) -> list[str]:
    if found.kind != "plan":
        return []
    return [row.text for row in lessons.lessons_taken(db.session(), case, found.content)]
