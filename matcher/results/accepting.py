"""A text is accepted or dropped, and what that brings about."""

from typing import Final

from matcher.agreements import acts as agreement_acts
from matcher.agreements import plans
from matcher.cases import decisions, documents, talks, trials
from matcher.cases.act import SHARE, case_act
from matcher.ground import lifecycle
from matcher.records import CaseDocument
from matcher.register.act import MOVED_ON, Done, Look, Told, Words
from matcher.results import outcome_reports, publication

_WORK: Final = frozenset(lifecycle.CASE_WORK)


def _acceptable(look: Look) -> str | None:
    """What stands against accepting this text; whose turn it is says ``documents.accept``."""
    document, case = look.item, look.record
    if document.state != "draft":
        return MOVED_ON
    if document.kind == "agreement":
        is_for_manager = agreement_acts.needs_manager(document.content)
        if look.actor.is_staff and look.actor.role != "manager" and is_for_manager:
            return "manager_needed"
        return agreement_acts.acceptance_obstacle(look.session, case, look.now)
    if document.kind == "plan" and case.state not in (*plans.BEFORE, *plans.RUNNING):
        return MOVED_ON
    return None


@case_act(
    "accept_document", by="partnership.view", open_in=_WORK, item=CaseDocument, guard=_acceptable,
    shown=lambda look: look.item.sha256,
    words=Words("この内容に同意する", "同意しました。"),
)  # fmt: skip
def accept_document(look: Look, sha256: str) -> Done:
    """Accept a text by its hash; the last acceptance brings about what the text is for.

    Raises:
        As ``documents.accept``.
    """
    session, actor, case, document, now = look.session, look.actor, look.record, look.item, look.now
    details = None
    if actor.is_staff and document.needs_city:
        bundle = decisions.freeze(
            session, actor, case, f"accept_{document.kind}", "", now, document=document.public_id
        )
        # The document's own sha256 stands in the event, too: the two are told apart by name.
        details = {"bundle": bundle.public_id, "bundle_sha256": bundle.sha256}
    if not documents.accept(session, actor, case, document, sha256, now, details=details):
        if document.needs_city and document.company_accepted_at and document.npo_accepted_at:
            name = "publication_city" if document.kind == "publication" else "amendment_city"
            return Done(is_kept=True, tells=(Told("desk", name),))
        return Done(is_kept=True)
    if document.kind == "agreement":
        agreement_acts.accepted_by_both(session, case, document, now)
    else:
        {
            "trial": trials.begin_trial,
            "trial_result": trials.end_trial,
            "plan": plans.put_in_force,
            "outcome_report": outcome_reports.accept_report,
            "publication": publication.put_in_force,
        }[document.kind](session, case, document, now)
    return Done(is_kept=True)


def _droppable(look: Look) -> str | None:
    """While an agreement is first being written, talks are reopened; what is with the city stays."""
    if look.item.state != "draft":
        return MOVED_ON
    if look.item.kind != "agreement":
        return None
    return {"agreement_draft": "reopen_instead", "agreement_review": MOVED_ON}.get(look.record.state)


@case_act(
    "drop_document", by=SHARE, open_in=_WORK, item=CaseDocument, guard=_droppable,
    shown=lambda look: look.item.edition,
    words=Words("案を取り下げる", "案を取り下げました。", submit="案を取り下げる", is_grave=True),
)  # fmt: skip
def drop_document(look: Look, reason: str) -> Done:
    """Take an open draft from the table.

    Raises:
        Invalid: no reason.
    """
    documents.withdraw(look.session, look.actor, look.record, look.item, reason, look.now)
    told = Told("others", "dropped", {"who": talks.who(look.actor), "what": reason.strip()})
    return Done(is_kept=True, tells=(told,))
