"""Reports that write themselves: sentences made from records, each with the record it came from (N12, X9).

Nothing is added that no record says. People confirm the text, and add what only they know.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from matcher.agreements import indicators
from matcher.cases import documents
from matcher.ground import figures, vocabulary
from matcher.ground.day_words import jday
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
from matcher.results import draft_words
from matcher.work import payments, reports


@dataclass(frozen=True)
class Sentence:
    """A sentence and where it comes from: the kind of record, its id, and its name in words; and ``side``,
    whose deed it says.
    """

    text: str
    source: str
    source_id: str
    label: str
    side: str = ""

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
        *_measured(session, case, first, last),
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


def of_company(session: Session, case: Partnership, report: PeriodReport) -> list[str]:
    """The sentences of a report's period that tell of the company alone, with which its own report begins."""
    found = compose(session, case, report.period_from, report.period_to)
    return [row.text for row in found if row.side == "company"]


def of_reports(
    session: Session, case: Partnership, found: Sequence[PeriodReport]
) -> dict[int, list[dict[str, str]]]:
    """report id → its sentences: as they were when it was submitted, else what the records say now."""
    ids = [report.id for report in found if report.is_handed_in]
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
    if not report.is_handed_in:
        return history.present
    return history.of("submit_report", report=report.public_id)


def _within(value: date, first: date | None, last: date | None) -> bool:
    return (first is None or value >= first) and (last is None or value <= last)


def _sentence(code: str, source: str, source_id: str, side: str = "", **facts: object) -> Sentence:
    label = draft_words.SOURCES[source].format_map(facts)
    return Sentence(draft_words.SENTENCES[code].format_map(facts), source, source_id, label, side)


def _agreement(session: Session, case: Partnership, named: parties.Parties) -> list[Sentence]:
    found = documents.find_agreed(session, case, "agreement")
    if found is None or case.starts_on is None or case.ends_on is None:
        return []
    return [
        _sentence(
            "agreement", "document", found.public_id,
            company=named.company.name, npo=named.npo.name,
            kind=vocabulary.label(vocabulary.AGREEMENT_TYPES, found.content["type"]), number=found.number,
            first=jday(case.starts_on), last=jday(case.ends_on),
        )
    ]  # fmt: skip


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
    names = {"company": named.company.name, "npo": named.npo.name, "city": draft_words.CITY}
    return [
        _sentence(
            "contributions", "contribution", entries[-1].public_id, giver,
            who=names[giver], support=vocabulary.support_label(support_type), count=len(entries),
            quantity=figures.number(sum(entry.quantity for entry in entries)) + unit,
        )
        for (giver, support_type, unit), entries in sums.items()
    ]  # fmt: skip


def _measured(session: Session, case: Partnership, first: date | None, last: date | None) -> list[Sentence]:
    """The last value of each indicator, also of one that is no longer in the plan."""
    plan = indicators.InPlan(session, case, parties.History(session, case))
    results = [(said, row) for said, row in plan.results() if _within(row.measured_on, first, last)]
    newest = {row.indicator_id: (said, row) for said, row in results}
    return [_value(said, row) for said, row in newest.values()]


def _value(indicator: Indicator, row: Measurement) -> Sentence:
    about = {"name": indicator.name, "day": jday(row.measured_on)}
    if row.value is None:
        return _sentence("not_measured", "measurement", row.public_id, **about, reason=row.missing_reason)
    verdict = draft_words.VERDICTS[indicators.verdict(indicator, row.measured_on, row.value)]
    facts = {
        "value": _amount(row.value, indicator), "target": _amount(indicator.target, indicator),
        "verdict": verdict.format(last=jday(indicator.last_day)) if indicator.last_day else verdict,
    }  # fmt: skip
    if indicator.baseline is None:
        return _sentence("measured", "measurement", row.public_id, **about, **facts)
    start = _amount(indicator.baseline, indicator)
    return _sentence("measured_since", "measurement", row.public_id, **about, **facts, baseline=start)


def _amount(value: float, indicator: Indicator) -> str:
    return figures.number(value) + indicator.unit


def _payments(session: Session, case: Partnership, first: date | None, last: date | None) -> list[Sentence]:
    return [
        _sentence(
            "payment", "payment", row.public_id,
            what=payments.label(row), yen=row.amount_yen, day=jday(row.paid_on),
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
        _sentence(
            code, "report", row.public_id, period=reports.period_words(row), said=" ".join(said.split())
        )
        for row in rows
        for code, said in (("setbacks_npo", row.setbacks), ("setbacks_company", row.company_setbacks))
        if said and _within(row.period_to, first, last)
    ]


def _incidents(session: Session, case: Partnership, first: date | None, last: date | None) -> list[Sentence]:
    rows = session.scalars(
        select(Incident).where(Incident.partnership_id == case.id).order_by(Incident.happened_on)
    )
    return [
        _sentence(
            "incident_resolved" if row.resolved_at else "incident_open", "incident", row.public_id,
            day=jday(row.happened_on),
        )
        for row in rows
        if _within(row.happened_on, first, last)
    ]  # fmt: skip
