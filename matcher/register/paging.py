"""One page of a list, and how many there are."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session


@dataclass(frozen=True)
class Listing:
    """One page of a list (or all of it), and how many rows there are in all."""

    rows: Sequence[Any]
    total: int
    page: int
    size: int  #: rows of a page

    @property
    def pages(self) -> int:
        """How many pages there are, at least one."""
        return max(1, -(-self.total // self.size))

    @property
    def first(self) -> int:
        """Number of the first row shown, counted from one."""
        return (self.page - 1) * self.size + 1 if self.total else 0

    @property
    def last(self) -> int:
        """Number of the last row shown."""
        return min(self.page * self.size, self.total)

    def of_first(self) -> "Listing":
        """The same with the first column of each row alone, as where one kind of record is asked for."""
        return replace(self, rows=[row[0] for row in self.rows])


def page_of(session: Session, query: Any, page: int, size: int) -> Listing:
    """A page of what ``query`` finds, in its order; beyond the last page, the last."""
    total = session.scalar(select(func.count()).select_from(query.order_by(None).subquery())) or 0
    page = max(1, min(page, -(-total // size)))
    rows = session.execute(query.offset((page - 1) * size).limit(size)).all()
    return Listing(rows, total, page, size)
