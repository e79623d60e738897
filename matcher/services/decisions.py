"""What the city had before it when it decided something after the introduction, frozen with its hash (X2)."""

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from matcher.models import AuditEvent, CaseDocument, DecisionBundle, Partnership
from matcher.permissions import Actor
from matcher.services import snapshots


def freeze(
    session: Session,
    actor: Actor,
    case: Partnership,
    outcome: str,
    text: str,
    now: datetime,
    **facts: Any,
) -> DecisionBundle:
    """Keep both organizations, every document in force or on the table, the history, and ``facts``.

    The case's organizations must be loaded with their profiles.
    """
    documents = session.scalars(
        select(CaseDocument)
        .where(CaseDocument.partnership_id == case.id, CaseDocument.state.in_(("draft", "agreed")))
        .order_by(CaseDocument.kind, CaseDocument.number)
    )
    events = session.scalars(
        select(AuditEvent)
        .where(AuditEvent.object_type == "partnership", AuditEvent.object_id == case.public_id)
        .order_by(AuditEvent.id)
    )
    content = snapshots.plain(
        {
            "outcome": outcome,
            "decision": {
                "text": text.strip(), "decided_at": now, "decided_by": actor.user_public_id,
                "role": actor.role,
            },
            "case": snapshots.facts_of(case),
            "company": snapshots.organization(case.company),
            "npo": snapshots.organization(case.npo),
            "documents": [
                {"kind": found.kind, "number": found.number, "sha256": found.sha256,
                 "state": found.state, "content": found.content}
                for found in documents
            ],
            "messages": [],
            "checklists": {"company": [], "npo": []},
            "history": [{"at": event.at, "action": event.action, "hash": event.hash} for event in events],
            "facts": facts,
        }
    )  # fmt: skip
    bundle = DecisionBundle(
        partnership_id=case.id, decided_by_id=actor.user_id, decided_at=now, content=content,
        sha256=snapshots.sha256(content),
    )  # fmt: skip
    session.add(bundle)
    session.flush()
    return bundle
