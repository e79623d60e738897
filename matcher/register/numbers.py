"""Numbers that only rise: receipt numbers by fiscal year, index versions, the audit chain's head."""

from datetime import datetime

from sqlalchemy.orm import Session

from matcher.ground.calendar import fiscal_year
from matcher.records import Counter


def counter(session: Session, name: str) -> Counter:
    """The counter row, made if new. Writing transactions are serial (see ``matcher.ground.db``)."""
    found = session.get(Counter, name, populate_existing=True)
    if found is None:
        found = Counter(name=name, value=0, text="")
        session.add(found)
    return found


def peek(session: Session, name: str) -> Counter | None:
    """The counter row as it stands, or ``None`` where nothing was counted yet."""
    return session.get(Counter, name)


def raise_version(session: Session) -> int:
    """The next version of the embedding table; processes replay what is newer than theirs."""
    row = counter(session, "index")
    row.value += 1
    session.flush()
    return row.value


def receipt_number(session: Session, prefix: str, now: datetime) -> str:
    """A receipt number such as ``N-2026-0142``: prefix, fiscal year, running number within it."""
    year = fiscal_year(now)
    row = counter(session, f"{prefix}-{year}")
    row.value += 1
    session.flush()
    return f"{prefix}-{year}-{row.value:04d}"
