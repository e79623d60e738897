"""The periods that an agreement asks to be reported, and when each report is due."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from matcher.ground import calendar
from matcher.records import Partnership, PeriodReport

REPORT_DUE_DAYS: Final = 30  #: after the end of its period a report is due
_MONTHS: Final[Mapping[str, int]] = {"quarterly": 3, "half_yearly": 6, "yearly": 12}


def report_periods(first: date, last: date, frequency: str) -> list[tuple[date, date]]:
    """The periods to be reported on the way; the last stretch belongs to the outcome report."""
    months = _MONTHS.get(frequency)
    found: list[tuple[date, date]] = []
    if months is None:
        return found
    start, count = first, 1
    while True:
        following = calendar.add_months(first, months * count)
        if following > last:
            return found
        found.append((start, following - timedelta(days=1)))
        start, count = following, count + 1


def keep_reports(session: Session, case: Partnership, frequency: str) -> None:
    """The rows of the periods that an agreement in force asks for; what was written in them stays."""
    assert case.starts_on is not None
    assert case.ends_on is not None
    kept = {
        row.due_on: row
        for row in session.scalars(select(PeriodReport).where(PeriodReport.partnership_id == case.id))
    }
    wanted = {
        last + timedelta(days=REPORT_DUE_DAYS): (first, last)
        for first, last in report_periods(case.starts_on, case.ends_on, frequency)
    }
    begun = {
        due_on for due_on, row in kept.items() if row.state != "open" or row.npo_text or row.company_text
    }
    untouched = kept.keys() - begun
    for due_on in untouched - wanted.keys():
        session.delete(kept[due_on])
    # What has been written stays; the next period then begins where the last one written ends.
    written = [kept[due_on].period_to for due_on in begun]
    for due_on, (first, last) in wanted.items():
        begin = max([first, *(day + timedelta(days=1) for day in written if first <= day < last)])
        if due_on not in kept:
            session.add(
                PeriodReport(
                    partnership_id=case.id, period_from=begin, period_to=last, due_on=due_on, state="open"
                )
            )
        elif due_on in untouched:
            kept[due_on].period_from, kept[due_on].period_to = begin, last
    session.flush()
