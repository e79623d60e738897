"""What a company can show for one fiscal year (C11): what it gave, what came of it, and by which evidence."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import exists, select
from sqlalchemy.orm import Session, joinedload

from matcher.agreements import indicators
from matcher.ground import vocabulary
from matcher.records import (
    Contribution,
    Partnership,
)
from matcher.register import parties

#: A case, what was given in it, what came of it; rows of plain values, with the ``parties`` of their day.
Shown = tuple[Partnership, list[dict[str, Any]], list[dict[str, Any]]]


def evidence(session: Session, company_id: int, first: date, last: date) -> list[Shown]:
    """What a company can show for one fiscal year (C11): per case, confirmed contributions and outcomes.

    Rows name the evidence file and its sha256, so that an auditor can follow each figure, and the
    ``parties`` of the day on which the other side, or the city, confirmed it (``event``).
    """

    cases = session.scalars(
        select(Partnership)
        .where(
            Partnership.company_id == company_id,
            # A trial leads to gifts as well; not every trial leads to an agreement.
            Partnership.starts_on.is_not(None)
            | exists().where(Contribution.partnership_id == Partnership.id),
        )
        .options(joinedload(Partnership.company), joinedload(Partnership.npo), joinedload(Partnership.need))
        .order_by(Partnership.id)
    ).all()
    found = []
    for case in cases:
        history = parties.History(session, case)
        gifts = session.scalars(
            select(Contribution)
            .where(
                Contribution.partnership_id == case.id,
                Contribution.giver == "company",
                Contribution.state == "confirmed",
                Contribution.given_on.between(first, last),
            )
            .options(joinedload(Contribution.evidence))
            .order_by(Contribution.given_on, Contribution.id)
        ).all()
        given = [
            {
                "day": row.given_on, "what": vocabulary.support_label(row.support_type),
                "quantity": row.quantity, "unit": row.unit, "yen": row.yen,
                "method": vocabulary.label(vocabulary.ESTIMATE_METHODS, row.estimate_method),
                "note": row.estimate_note,
                **_confirmed(history, "confirm_contribution", contribution=row.public_id),
                "evidence": row.evidence.name if row.evidence else "",
                "sha256": row.evidence.sha256 if row.evidence else "",
            }
            for row in gifts
        ]  # fmt: skip
        outcomes = [
            {
                "day": row.measured_on, "name": said.name, "value": row.value, "unit": said.unit,
                "baseline": said.baseline, "target": said.target,
                "verdict": indicators.verdict(said, row.measured_on, row.value),
                **_confirmed(history, "accept_measurement", measurement=row.public_id),
                "evidence": row.evidence.name if row.evidence else "",
                "sha256": row.evidence.sha256 if row.evidence else "",
            }
            for said, row in indicators.InPlan(session, case, history).results()
            if row.value is not None and first <= row.measured_on <= last
        ]  # fmt: skip
        if given or outcomes:
            found.append((case, given, outcomes))
    return found


def _confirmed(history: parties.History, action: str, **about: str) -> dict[str, Any]:
    event = history.event(action, before=None, **about)
    return {"parties": history.on(event), "event": event.id if event else 0}


def named_last(
    rows: Sequence[Shown],
) -> parties.Parties | None:
    """Whose names head this ``evidence``: the parties when the newest of it was confirmed."""
    every = [row for _case, given, outcomes in rows for row in (*given, *outcomes)]
    newest = max(every, key=lambda row: int(row["event"]), default=None)
    return newest["parties"] if newest is not None else None
