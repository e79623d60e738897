"""What the city had before it when it decided something after the introduction, frozen with its hash (X2)."""

from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from matcher.ground.permissions import Actor
from matcher.records import (
    AuditEvent,
    CaseDocument,
    Contribution,
    DecisionBundle,
    Indicator,
    Measurement,
    Partnership,
    Payment,
)
from matcher.register import snapshots


def freeze(
    session: Session,
    actor: Actor,
    case: Partnership,
    outcome: str,
    text: str,
    now: datetime,
    **facts: Any,
) -> DecisionBundle:
    """Keep both organizations, every document in force or on the table, what was measured, given and paid,
    the history, and ``facts``.

    The case's organizations must be loaded with their profiles.
    """
    documents = session.scalars(
        select(CaseDocument)
        .where(CaseDocument.partnership_id == case.id, CaseDocument.state.in_(("draft", "agreed")))
        .order_by(CaseDocument.kind, CaseDocument.number)
    ).all()
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
            "in_force": {
                found.kind: {"number": found.number, "sha256": found.sha256}
                for found in documents
                if found.state == "agreed" and found.kind in {"plan", "agreement"}
            },
            "measurements": _measurements(session, case),
            "totals": _totals(session, case),
            "payments": _payments(session, case),
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


def named(bundle: DecisionBundle) -> dict[str, Any]:
    """How an audit event names the frozen decision that it rests on."""
    return {"bundle": bundle.public_id, "sha256": bundle.sha256}


def _measurements(session: Session, case: Partnership) -> list[dict[str, Any]]:
    rows = session.execute(
        select(Measurement, Indicator)
        .join(Indicator, Indicator.id == Measurement.indicator_id)
        .where(Indicator.partnership_id == case.id)
        .options(joinedload(Measurement.evidence))
        .order_by(Indicator.position, Measurement.measured_on, Measurement.id)
    )
    return [
        {
            "public_id": row.public_id, "key": indicator.key, "name": indicator.name, "unit": indicator.unit,
            "baseline": indicator.baseline, "target": indicator.target, "measured_on": row.measured_on,
            "value": row.value, "missing_reason": row.missing_reason, "state": row.state,
            "evidence_sha256": row.evidence.sha256 if row.evidence else "",
        }
        for row, indicator in rows
    ]  # fmt: skip


def _totals(session: Session, case: Partnership) -> list[dict[str, Any]]:
    """The ledger summed by side, kind, unit and state, so that what is unconfirmed is seen as such."""
    group = (Contribution.giver, Contribution.support_type, Contribution.unit, Contribution.state)
    rows = session.execute(
        select(*group, func.sum(Contribution.quantity), func.sum(Contribution.yen), func.count())
        .where(Contribution.partnership_id == case.id, Contribution.state != "cancelled")
        .group_by(*group)
        .order_by(*group)
    )
    return [
        {"giver": giver, "support_type": kind, "unit": unit, "state": state, "quantity": float(total),
         "yen": None if yen is None else int(yen), "times": count}
        for giver, kind, unit, state, total, yen, count in rows
    ]  # fmt: skip


def _payments(session: Session, case: Partnership) -> list[dict[str, Any]]:
    rows = session.scalars(select(Payment).where(Payment.partnership_id == case.id).order_by(Payment.id))
    return [snapshots.facts_of(row) for row in rows]
