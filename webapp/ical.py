"""The dates of a case as iCalendar (RFC 5545), so that they stand in the calendar that people look at."""

from datetime import date, datetime, timedelta

from icalendar import Calendar, Event
from sqlalchemy.orm import Session

from matcher.agreements import indicators
from matcher.cases import documents
from matcher.cases import reads as case_reads
from matcher.ground import calendar
from matcher.records import Partnership
from matcher.register import parties
from matcher.work import reads as work_reads
from matcher.work import reports


def of_case(session: Session, case: Partnership, address: str, now: datetime) -> bytes:
    """Next meetings, promises, report and measuring dates, what is to be decided, start and end."""
    made = Calendar()
    made.add("prodid", "-//Enmusubi//JA")
    made.add("version", "2.0")
    named = parties.History(session, case).lasting()
    about = f"{named.company.name}・{named.npo.name}"
    for note in case_reads.meetings(session, case):
        if note.next_at is not None:
            event = _event(f"meeting-{note.public_id}", f"面談（{about}）", address, now)
            event.add("dtstart", note.next_at)
            event.add("dtend", note.next_at + timedelta(hours=1))
            if note.next_place:
                event.add("location", note.next_place)
            made.add_component(event)
    days: list[tuple[str, str, date]] = [
        (f"task-{task.public_id}", task.text, task.due_on)
        for task in case_reads.tasks(session, case)
        if task.due_on is not None and task.is_open
    ]
    days += [
        (f"report-{report.public_id}", f"中間報告の期限（{reports.period_words(report)}）", report.due_on)
        for report in work_reads.reports(session, case)
        if report.is_to_be_written
    ]
    days += [
        (f"measure-{indicator.public_id}-{day}", f"「{indicator.name}」を測る日", date.fromisoformat(day))
        for indicator in indicators.of(session, case)
        for day in indicator.measure_on
    ]
    days += [
        (f"baseline-{row.public_id}", f"「{row.name}」の基準値を測る日", row.baseline_on)
        for row in indicators.of(session, case)
        if row.baseline is None and row.baseline_on is not None and row.is_start(row.baseline_on)
    ]
    days += _decisions(session, case)
    if case.starts_on and case.ends_on:
        days += [
            (f"start-{case.public_id}", f"協働の始まりの日（{about}）", case.starts_on),
            (f"end-{case.public_id}", f"協働の終わりの日（{about}）", case.ends_on),
        ]
    for uid, title, day in days:
        event = _event(uid, title, address, now)
        event.add("dtstart", day)
        event.add("dtend", day + timedelta(days=1))
        made.add_component(event)
    content: bytes = made.to_ical()
    return content


def _decisions(session: Session, case: Partnership) -> list[tuple[str, str, date]]:
    """What the two sides must have decided or written by a day, in the state in which the case is."""
    trial = documents.find_agreed(session, case, "trial") if case.state == "trial" else None
    if trial is not None:
        last = date.fromisoformat(trial.content["to_on"])
        return [(f"trial-{trial.public_id}", "お試しの終わりの日（続ける・変える・やめるを決める）", last)]
    if case.state == "suspended" and case.decide_by is not None:
        return [(f"decide-{case.public_id}", "中断のあとの続け方を決める日", case.decide_by)]
    if case.state in {"ended", "terminated"} and case.deadline_at is not None:
        due = calendar.tokyo_date(case.deadline_at)
        return [(f"outcome-{case.public_id}", "成果報告の期限", due)]
    return []


def _event(uid: str, title: str, address: str, now: datetime) -> Event:
    event = Event()
    event.add("uid", f"{uid}@enmusubi")
    event.add("dtstamp", now)
    event.add("summary", title)
    event.add("url", address)
    return event
