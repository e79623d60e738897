"""A text is accepted or dropped, and what that brings about."""

from typing import Final

from matcher.agreements import acts as agreement_acts
from matcher.agreements import plans
from matcher.cases import decisions, documents, talks, trials
from matcher.cases.act import SHARE, case_act
from matcher.ground import calendar, lifecycle, permissions
from matcher.records import CaseDocument
from matcher.register.act import MOVED_ON, Done, Look, Told, Words
from matcher.results import outcome_reports, publication

_WORK: Final = frozenset(lifecycle.CASE_WORK)


def _is_theirs(look: Look) -> bool:
    """What binds is accepted by who represents; of no text in particular it is said to all who may write."""
    document = look.item
    return document is None or permissions.may(
        look.actor, documents.consent(look.actor, document), look.record
    )


def _acceptable(look: Look) -> str | None:
    """What stands against accepting this text; the agreement that is with the city is confirmed there."""
    document, case = look.item, look.record
    if not document.is_draft:
        return MOVED_ON
    if document.kind == "plan" and case.state not in (*plans.BEFORE, *plans.RUNNING):
        return MOVED_ON
    code = documents.consent_obstacle(look.session, look.actor, case, document)
    if code is not None:
        return code
    if document.kind == "plan":
        return plans.obstacle(document.content)
    last = document.content["to_on"] if document.kind in {"trial", "agreement"} else ""
    if last and last < calendar.tokyo_date(look.now).isoformat():
        return "text_outdated"
    if document.kind == "trial":
        return trials.obstacle(case)
    if document.kind != "agreement":
        return None
    if look.actor.is_staff and look.actor.role != "manager" and document.needs_manager:
        return "manager_needed"
    return agreement_acts.acceptance_obstacle(look.session, case, look.now)


@case_act(
    "accept_document", by=SHARE, open_in=_WORK, item=CaseDocument, guard=_acceptable, who=_is_theirs,
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
    told = Told("others", "text_accepted", {"who": talks.who(actor)})
    if not documents.accept(session, actor, case, document, sha256, now, details=details):
        if document.needs_city and document.company_accepted_at and document.npo_accepted_at:
            name = "publication_city" if document.kind == "publication" else "amendment_city"
            return Done(is_kept=True, tells=(Told("desk", name), told))
        return Done(is_kept=True, tells=(told,))
    if document.kind == "agreement":
        agreement_acts.accepted_by_both(session, case, document, now)
        # What the city is still to confirm is not in force; of what is, both hear.
        return Done(is_kept=True, tells=(told,) if document.is_draft else ())
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
    if not look.item.is_draft:
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
