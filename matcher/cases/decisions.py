"""What the city had before it when it decided, frozen with its hash, to be shown years later (X2)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from matcher.cases import fits, takes
from matcher.cases import reads as case_reads
from matcher.ground.permissions import Actor
from matcher.records import (
    CaseDocument,
    ChecklistAnswer,
    Contribution,
    DecisionBundle,
    Indicator,
    Measurement,
    Partnership,
    Payment,
)
from matcher.register import audit, conflicts, snapshots

#: What not every decision keeps: those on proposals and those after them keep other things, older ones less.
_UNKEPT: Final[Mapping[str, Any]] = {
    "need": None, "offer": None, "suggestion": None, "messages": (), "documents": (), "in_force": {},
    "measurements": (), "totals": (), "payments": (), "facts": {},
    "fits": (), "need_parts": (),
}  # fmt: skip


def whole(content: Mapping[str, Any]) -> dict[str, Any]:
    """What a decision rested on, with what others keep and it does not."""
    return {**_UNKEPT, **content}


def freeze_proposal(
    session: Session,
    actor: Actor,
    case: Partnership,
    outcome: str,
    text: str,
    now: datetime,
    **answers: Any,
) -> DecisionBundle:
    """Keep what an approval or a refusal rested on, with the answers to its questions.

    The case's organizations must be loaded with their profiles.
    """
    decision = _decision(actor, text, now) | answers
    content = {
        **_common(session, case, outcome, decision),
        "need": snapshots.posting(case.need),
        "need_parts": takes.facts(session, case),
        "offer": snapshots.posting(case.offer),
        "suggestion": snapshots.suggestion(case_reads.shown_suggestion(session, case.shown_suggestion_id)),
        "checklists": {
            "company": _checklist(session, case.company_id),
            "npo": _checklist(session, case.npo_id),
        },
    }
    return _kept(session, actor, case, content, now)


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
    what was written to each other, the history, and ``facts``.

    The case's organizations must be loaded with their profiles.
    """
    documents = laid_before(session, case)
    content = {
        **_common(session, case, outcome, _decision(actor, text, now)),
        "documents": documents,
        "in_force": {
            found["kind"]: {"number": found["number"], "sha256": found["sha256"]}
            for found in documents
            if found["state"] == "agreed" and found["kind"] in {"plan", "agreement"}
        },
        "measurements": _measurements(session, case),
        "totals": _totals(session, case),
        "payments": _payments(session, case),
        "checklists": {"company": [], "npo": []},
        "facts": facts,
    }
    return _kept(session, actor, case, content, now)


def laid_before(session: Session, case: Partnership) -> list[dict[str, Any]]:
    """Every document in force or on the table, as a decision made now would keep it."""
    documents = session.scalars(
        select(CaseDocument)
        .where(CaseDocument.partnership_id == case.id, CaseDocument.state.in_(("draft", "agreed")))
        .order_by(CaseDocument.kind, CaseDocument.number)
    )
    return [
        {"kind": found.kind, "number": found.number, "sha256": found.sha256,
         "state": found.state, "content": found.content}
        for found in documents
    ]  # fmt: skip


def _decision(actor: Actor, text: str, now: datetime) -> dict[str, Any]:
    return {
        "text": text.strip(), "decided_at": now, "decided_by": actor.user_public_id, "role": actor.role,
    }  # fmt: skip


def _common(session: Session, case: Partnership, outcome: str, decision: dict[str, Any]) -> dict[str, Any]:
    """What every decision keeps: the two sides, what they wrote to each other, and what had happened."""
    if both := conflicts.on_both_sides(session, case):
        decision = decision | {"on_both_sides": [person.public_id for person in both]}
    events = audit.history(session, "partnership", case.public_id)
    sides = {
        event.details["message"]: case.side_of(doer.organization_id) or "city"
        for event, doer in events
        if doer is not None and "message" in event.details
    }
    return {
        "outcome": outcome,
        "decision": decision,
        "case": snapshots.facts_of(case),
        "company": snapshots.organization(case.company),
        "npo": snapshots.organization(case.npo),
        "messages": [
            {"at": message.written_at, "side": sides.get(message.public_id, ""), "text": message.text}
            for message in case_reads.messages_of_case(session, case)
        ],
        "history": [
            {"at": event.at, "action": event.action, "role": event.role, "from": event.from_state,
             "to": event.to_state, "hash": event.hash}
            for event, _doer in events
        ],
    }  # fmt: skip


def _kept(
    session: Session, actor: Actor, case: Partnership, facts: dict[str, Any], now: datetime
) -> DecisionBundle:
    """Freeze it, with how the two fitted at the beginning and fit at this moment."""
    begun, fit = fits.begun(session, case), fits.make(session, case, "decided", facts["outcome"], now)
    content = snapshots.plain(facts | {"fits": [fits.facts(one) for one in (begun, fit) if one is not None]})
    bundle = DecisionBundle(
        partnership_id=case.id, decided_by_id=actor.user_id, decided_at=now, content=content,
        sha256=snapshots.sha256(content),
    )  # fmt: skip
    session.add(bundle)
    session.flush()
    fit.bundle_id = bundle.id
    session.add(fit)
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


def _checklist(session: Session, organization_id: int) -> list[dict[str, str]]:
    rows = session.scalars(
        select(ChecklistAnswer)
        .where(ChecklistAnswer.organization_id == organization_id)
        .order_by(ChecklistAnswer.round, ChecklistAnswer.id)
    )
    return [{"item": row.item, "answer": row.answer, "comment": row.comment} for row in rows]
