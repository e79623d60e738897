"""A text is accepted or dropped, and what that brings about."""

from datetime import datetime

from sqlalchemy.orm import Session

from matcher.agreements import acts as agreement_acts
from matcher.agreements import plans
from matcher.cases import decisions, documents, talks, trials
from matcher.ground import lifecycle
from matcher.ground.errors import Refused
from matcher.ground.permissions import Actor
from matcher.records import CaseDocument, Partnership
from matcher.register import moves, notices, wording_work
from matcher.results import publication, ratings


def accept_document(
    session: Session, actor: Actor, case: Partnership, document: CaseDocument, sha256: str, now: datetime
) -> None:
    """Accept a text by its hash; the last acceptance brings about what the text is for.

    Raises:
        MovedOn: the text was changed, or the case has moved on.
        Refused: what stands in the way (``agreements.acceptance_obstacle``), ``already_accepted``.
    """
    if case.state not in lifecycle.CASE_WORK:
        raise moves.moved_on(session, case)
    if document.kind == "agreement":
        if actor.is_staff and actor.role != "manager" and agreement_acts.needs_manager(document.content):
            raise Refused("manager_needed")
        obstacle = agreement_acts.acceptance_obstacle(session, case, now)
        if obstacle:
            raise Refused(obstacle)
    if document.kind == "plan" and case.state not in (*plans.BEFORE, *plans.RUNNING):
        raise moves.moved_on(session, case)
    details = None
    if actor.is_staff and document.needs_city and document.state == "draft":
        bundle = decisions.freeze(
            session, actor, case, f"accept_{document.kind}", "", now, document=document.public_id
        )
        # The document's own sha256 stands in the event, too: the two are told apart by name.
        details = {"bundle": bundle.public_id, "bundle_sha256": bundle.sha256}
    if not documents.accept(session, actor, case, document, sha256, now, details=details):
        waits_for_city = document.needs_city and document.company_accepted_at and document.npo_accepted_at
        if waits_for_city:
            name = "publication_city" if document.kind == "publication" else "amendment_city"
            text = wording_work.event(case, name)
            notices.tell_staff(session, *text, now, about=("partnership", case.public_id))
        return
    if document.kind == "agreement":
        agreement_acts.accepted_by_both(session, case, document, now)
        return
    {
        "trial": trials.begin_trial,
        "trial_result": trials.end_trial,
        "plan": plans.put_in_force,
        "outcome_report": ratings.accept_report,
        "publication": publication.put_in_force,
    }[document.kind](session, case, document, now)


def drop_document(
    session: Session, actor: Actor, case: Partnership, document: CaseDocument, reason: str, now: datetime,
    *, version: int | None,
) -> None:  # fmt: skip
    """Take an open draft from the table; while an agreement is first being written, talks are reopened.

    Raises:
        Refused: ``reopen_instead``.
    """
    if document.kind == "agreement" and case.state == "agreement_draft":
        raise Refused("reopen_instead")
    if document.kind == "agreement" and case.state == "agreement_review":
        raise moves.moved_on(session, case)
    documents.withdraw(session, actor, case, document, reason, now, version=version)
    text = wording_work.event(case, "dropped", who=talks.who(actor), what=reason.strip())
    documents.tell_others(session, actor, case, text, now)
