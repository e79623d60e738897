"""The way to a state of a case, gone once a run and kind of database: others write what was written on it.

Going it takes 0.2 to 0.3 s of rules and permissions that tests of their own go again and again; writing is all
that the many need who begin there. Only who begins alike, in an empty database and with nothing else written,
arrives alike.
"""

import hashlib
import secrets
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from typing import Any
from unittest.mock import patch

from sqlalchemy import Connection, event, func, select
from sqlalchemy.orm import Session

from matcher.cases import turns
from matcher.records import AuditEvent, Organization, User
from tests import factories

_FIRST_WORDS = ("INSERT", "UPDATE", "DELETE")


@dataclass
class _Way:
    """What was written on it: SQL and what was bound, a list for many rows; and what one finds at its end."""

    written: list[tuple[str, Any]]
    found: object


_gone: dict[Hashable, _Way] = {}


class Beginning:
    """A session in which nobody has done anything yet: from here ways can be remembered.

    ``is_empty`` where nothing was there before; else every way is gone on foot.
    """

    def __init__(self, session: Session) -> None:
        self._session, self._connection = session, session.connection()
        self._written: list[tuple[str, Any]] = []
        self._is_known = True
        # The audit record is sealed with the keys of its application.
        self.is_empty = not session.info.get("audit_keys") and not any(
            session.scalar(select(func.count()).select_from(table))
            for table in (AuditEvent, Organization, User)
        )
        if self.is_empty:
            event.listen(self._connection, "before_cursor_execute", self._note)

    def _note(self, _connection: Connection, _cursor: Any, statement: str, bound: Any, *_more: Any) -> None:
        if statement.lstrip().upper().startswith(_FIRST_WORDS):
            self._written.append((statement, bound))
        elif statement.startswith("ROLLBACK"):
            self._is_known = False

    @contextmanager
    def named_alike(self) -> Iterator[None]:
        """What is made now has the same names and addresses each time, if nothing is there yet."""
        if not self.is_empty:
            yield
            return
        numbers = count()
        with (
            patch.object(factories, "_serial", iter(range(1, factories.FIRST_SERIAL))),
            patch.object(secrets, "token_hex", lambda size=32: _digits(next(numbers), size)),
        ):
            yield
        self._session.flush()
        self._written.clear()

    def lead(self, session: Session, name: Hashable, go: Callable[[], object]) -> object:
        """Go a way, or write what was written by the first who went it; returns what ``go`` did."""
        session.flush()
        key = (self._connection.dialect.name, name)
        if not self.is_empty or not self._is_here(session):
            return go()
        if key not in _gone:
            found = go()
            turns.settle(session)
            session.flush()
            if self._is_known:
                _gone[key] = _Way(list(self._written), found)
            return found
        way = _gone[key]
        cursor = self._connection.connection.cursor()
        for statement, bound in way.written:
            (cursor.executemany if isinstance(bound, list) else cursor.execute)(statement, bound)
        cursor.close()
        self._is_known = False
        changed = {
            statement.split()[1].strip('"')
            for statement, _bound in way.written
            if statement.startswith("UPDATE")
        }
        for record in list(session):
            if record.__table__.name in changed:
                session.refresh(record, [column.key for column in type(record).__mapper__.column_attrs])
        return way.found

    def _is_here(self, session: Session) -> bool:
        """Whether nothing was written since, by this session and in its first transaction."""
        return (
            session is self._session
            and self._is_known
            and not self._written
            and session.connection() is self._connection
        )


def _digits(number: int, size: int) -> str:
    return hashlib.sha256(f"alike {number}".encode()).hexdigest()[: 2 * size]
