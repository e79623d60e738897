"""Reports that write themselves: sentences made from records, each with the record it came from (N12, X9).

Nothing is added that no record says. People confirm the text, and add what only they know.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import exists, select
from sqlalchemy.orm import Session, joinedload

from matcher.agreements import plans
from matcher.cases import documents
from matcher.ground import calendar, figures, vocabulary
from matcher.records import (
    Contribution,
    Incident,
    Indicator,
    Measurement,
    Partnership,
    PeriodReport,
    Revision,
)
from matcher.register import parties
from matcher.work import payments, reports


@dataclass(frozen=True)
class Sentence:
    """A sentence and where it comes from: the kind of record, its id, and its name in words."""

    text: str
    source: str
    source_id: str
    label: str

    def as_dict(self) -> dict[str, str]:
        """The sentence as a report keeps it."""
        return {"text": self.text, "source": self.source, "source_id": self.source_id, "label": self.label}


def compose(
    session: Session,
    case: Partnership,
    first: date | None = None,
    last: date | None = None,
    *,
    named: parties.Parties | None = None,
) -> list[Sentence]:
    """Everything that the records say of a period (of the whole partnership without one), in order.

    Args:
        named: the parties of the day on which it is said; without them those of now.
    """
    names = named or parties.present(session, case)
    return [
        *_agreement(session, case, names),
        *_contributions(session, case, names, first, last),
        *_indicators(session, case, first, last),
        *_payments(session, case, first, last),
        *_reports(session, case, first, last),
        *_incidents(session, case, first, last),
    ]


def of_period(
    session: Session, case: Partnership, report: PeriodReport, named: parties.Parties | None = None
) -> list[dict[str, str]]:
    """What the records say of a report's period, as the report keeps it; the agreement is no news in it."""
    found = compose(session, case, report.period_from, report.period_to, named=named)
    return [row.as_dict() for row in found if row.source != "document"]


def of_reports(
    session: Session, case: Partnership, found: Sequence[PeriodReport]
) -> dict[int, list[dict[str, str]]]:
    """report id → its sentences: as they were when it was submitted, else what the records say now."""
    ids = [report.id for report in found if report.state in {"submitted", "accepted"}]
    versions = session.scalars(
        select(Revision)
        .where(Revision.owner_type == "report", Revision.owner_id.in_(ids))
        .order_by(Revision.number)
    )
    # Versions of before sentences were kept have none; what is printed of them is composed anew.
    kept = {row.owner_id: row.content["sentences"] for row in versions if "sentences" in row.content}
    history = parties.History(session, case)
    return {
        report.id: kept[report.id]
        if report.id in kept
        else of_period(session, case, report, report_parties(history, report))
        for report in found
    }


def report_parties(history: parties.History, report: PeriodReport) -> parties.Parties:
    """The parties when a report was handed in; as they are now while it is not."""
    if report.state not in {"submitted", "accepted"}:
        return history.present
    return history.of("submit_report", report=report.public_id)


def day(value: date) -> str:
    """「令和8年4月1日」."""
    return calendar.jday(value)


def _within(value: date, first: date | None, last: date | None) -> bool:
    return (first is None or value >= first) and (last is None or value <= last)


def _agreement(session: Session, case: Partnership, named: parties.Parties) -> list[Sentence]:
    found = documents.find_agreed(session, case, "agreement")
    if found is None or case.starts_on is None or case.ends_on is None:
        return []
    kind = vocabulary.label(vocabulary.AGREEMENT_TYPES, found.content["type"])
    text = (
        f"{named.company.name}と{named.npo.name}は、{kind}（第{found.number}版）に基づき、"
        f"{day(case.starts_on)}から{day(case.ends_on)}までを期間として協働しました。"
    )
    return [Sentence(text, "document", found.public_id, f"{kind} 第{found.number}版")]


def _contributions(
    session: Session, case: Partnership, named: parties.Parties, first: date | None, last: date | None
) -> list[Sentence]:
    rows = session.scalars(
        select(Contribution)
        .where(Contribution.partnership_id == case.id, Contribution.state == "confirmed")
        .order_by(Contribution.given_on, Contribution.id)
    )
    sums: dict[tuple[str, str, str], list[Contribution]] = {}
    for row in rows:
        if _within(row.given_on, first, last):
            sums.setdefault((row.giver, row.support_type, row.unit), []).append(row)
    names = {"company": named.company.name, "npo": named.npo.name, "city": "市"}
    found = []
    for (giver, support_type, unit), entries in sums.items():
        total = sum(entry.quantity for entry in entries)
        text = (
            f"{names[giver]}は、{vocabulary.support_label(support_type)}を{len(entries)}回、"
            f"合わせて{figures.number(total)}{unit}提供し、相手方が確認しました。"
        )
        found.append(Sentence(text, "contribution", entries[-1].public_id, f"実績 {len(entries)}件"))
    return found


def _indicators(session: Session, case: Partnership, first: date | None, last: date | None) -> list[Sentence]:
    rows = plans.measurements(session, case)
    found = []
    for indicator in plans.indicators(session, case):
        accepted = [
            row
            for row in rows.get(indicator.id, ())
            if row.state == "accepted"
            and not indicator.is_start(row.measured_on)
            and _within(row.measured_on, first, last)
        ]
        if accepted:
            found.append(_indicator(indicator, accepted[-1]))
    return found


def _indicator(indicator: Indicator, row: Measurement) -> Sentence:
    label = f"測定 {indicator.name} {day(row.measured_on)}"
    if row.value is None:
        text = f"「{indicator.name}」は測定できませんでした（理由：{row.missing_reason}）。"
        return Sentence(text, "measurement", row.public_id, label)
    start = ""
    if indicator.baseline is not None:
        start = f"開始時{figures.number(indicator.baseline)}{indicator.unit}、"
    verdicts = {
        "reached": "目標に達しました。", "missed": "目標には届きませんでした。",
        "open": f"目標の日は{day(indicator.last_day)}です。" if indicator.last_day else "",
    }  # fmt: skip
    text = (
        f"「{indicator.name}」は{figures.number(row.value)}{indicator.unit}でした"
        f"（{start}目標{figures.number(indicator.target)}{indicator.unit}）。"
        f"{verdicts[verdict(indicator, row.measured_on, row.value)]}"
    )
    return Sentence(text, "measurement", row.public_id, label)


def verdict(indicator: Indicator, measured_on: date, value: float) -> str:
    """``reached``, ``missed``, or ``open``: before the day of the target nobody has missed it."""
    if reached(indicator, value):
        return "reached"
    last = indicator.last_day
    return "open" if last is not None and measured_on < last else "missed"


def reached(indicator: Indicator, value: float) -> bool:
    """Whether a value meets the target, in the indicator's own direction; ``keep`` allows a tenth."""
    if indicator.direction == "down":
        return value <= indicator.target
    if indicator.direction == "keep":
        return abs(value - indicator.target) <= abs(indicator.target) * 0.1
    return value >= indicator.target


def _payments(session: Session, case: Partnership, first: date | None, last: date | None) -> list[Sentence]:
    return [
        Sentence(
            f"「{payments.label(row)}」について、{row.amount_yen:,}円を{day(row.paid_on)}に支払いました。",
            "payment", row.public_id, f"支払い {payments.label(row)}",
        )
        for row in payments.all_of(session, case)
        if row.paid_on is not None and _within(row.paid_on, first, last)
    ]  # fmt: skip


def _reports(session: Session, case: Partnership, first: date | None, last: date | None) -> list[Sentence]:
    rows = session.scalars(
        select(PeriodReport)
        .where(PeriodReport.partnership_id == case.id, PeriodReport.state == "accepted")
        .order_by(PeriodReport.period_from)
    )
    return [
        Sentence(
            f"中間報告（{reports.period_words(row)}）の「うまくいかなかったこと」には、"
            f"「{' '.join(row.setbacks.split())}」と書かれています。",
            "report", row.public_id, f"中間報告 {reports.period_words(row)}",
        )
        for row in rows
        if row.setbacks and _within(row.period_to, first, last)
    ]  # fmt: skip


def _incidents(session: Session, case: Partnership, first: date | None, last: date | None) -> list[Sentence]:
    rows = session.scalars(
        select(Incident).where(Incident.partnership_id == case.id).order_by(Incident.happened_on)
    )
    return [
        Sentence(
            f"{day(row.happened_on)}に起きたトラブルについて、"
            + ("対応を終えています。" if row.resolved_at else "対応を続けています。"),
            "incident", row.public_id, f"トラブル {day(row.happened_on)}",
        )
        for row in rows
        if _within(row.happened_on, first, last)
    ]  # fmt: skip


#: A case, what was given in it, what came of it; rows of plain values, with the ``parties`` of their day.
Shown = tuple[Partnership, list[dict[str, Any]], list[dict[str, Any]]]


def esg_evidence(session: Session, company_id: int, first: date, last: date) -> list[Shown]:
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
        outcomes = []
        rows = plans.measurements(session, case)
        for indicator in plans.indicators(session, case):
            for row in rows.get(indicator.id, ()):
                counts = row.state == "accepted" and not indicator.is_start(row.measured_on)
                if counts and row.value is not None and first <= row.measured_on <= last:
                    outcomes.append(
                        {
                            "day": row.measured_on, "name": indicator.name, "value": row.value,
                            "unit": indicator.unit, "baseline": indicator.baseline,
                            "target": indicator.target,
                            "verdict": verdict(indicator, row.measured_on, row.value),
                            **_confirmed(history, "accept_measurement", measurement=row.public_id),
                            "evidence": row.evidence.name if row.evidence else "",
                            "sha256": row.evidence.sha256 if row.evidence else "",
                        }
                    )  # fmt: skip
        if given or outcomes:
            found.append((case, given, outcomes))
    return found


def _confirmed(history: parties.History, action: str, **about: str) -> dict[str, Any]:
    event = history.event(action, before=None, **about)
    return {"parties": history.on(event), "event": event.id if event else 0}


def named_last(
    rows: Sequence[Shown],
) -> parties.Parties | None:
    """Whose names head this ``esg_evidence``: the parties when the newest of it was confirmed."""
    every = [row for _case, given, outcomes in rows for row in (*given, *outcomes)]
    newest = max(every, key=lambda row: int(row["event"]), default=None)
    return newest["parties"] if newest is not None else None
