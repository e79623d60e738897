"""What happens because time passes: expiry, reminders, digests. Each piece is a transaction of its own."""

from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import delete
from sqlalchemy.orm import Session

from matcher.agreements import course
from matcher.alerts import digests, unanswered
from matcher.cases import stages, talks
from matcher.desk import handovers
from matcher.ground.db import Database
from matcher.postings import lasting as posting_lasting
from matcher.records import AccountRequest, OneTimeLink, Receipt, UserSession
from matcher.register import notices, throttle
from matcher.work import measurements, reports

#: In this order: reminders before expiry, so that nobody is told twice in one round.
_PIECES: tuple[Callable[[Session, datetime], int], ...] = (
    stages.remind_waiting,
    stages.expire_unanswered,
    talks.end_stalled,
    course.start_due,
    course.end_due,
    talks.remind_dates,
    reports.remind_reports,
    measurements.remind_measurements,
    handovers.run_due,
    posting_lasting.remind_expiring,
    posting_lasting.expire_due,
    unanswered.tell_owners,
    digests.make,
    notices.make_digests,
)


def tick(
    database: Database, now: datetime, on_failure: Callable[[str, Exception], None] | None = None
) -> int:
    """Do what is due; returns how many records were moved or people told.

    Args:
        on_failure: hears of a piece that failed, and the others go on; without it the failure is raised.
    """
    done = 0
    for piece in _PIECES:
        try:
            with database.write() as session:
                done += piece(session, now)
        except Exception as error:
            if on_failure is None:
                raise
            on_failure(piece.__name__, error)
    return done


def sweep(database: Database, now: datetime) -> None:
    """Delete what has served: old form receipts, sessions, used or expired links, counted attempts."""
    with database.write() as session:
        session.execute(delete(Receipt).where(Receipt.created_at < now - timedelta(days=1)))
        session.execute(delete(UserSession).where(UserSession.created_at < now - timedelta(days=2)))
        session.execute(delete(OneTimeLink).where(OneTimeLink.expires_at < now - timedelta(days=30)))
        session.execute(delete(AccountRequest).where(AccountRequest.asked_at < now - timedelta(days=7)))
        throttle.sweep(session, now)
