"""What was found in an upload: rows that can be taken, and what is to be said of each."""

from dataclasses import dataclass, field
from typing import Any, Final

from matcher.imports.columns import Kind

#: What may be said of a row, in the order in which it is told: not taken, taken only where an official says
#: so, there already, and taken.
LEVELS: Final = ("error", "doubt", "duplicate", "note")


@dataclass(frozen=True)
class Problem:
    """Something about one row. ``level`` is one of ``LEVELS``; ``read`` is how ``value`` was understood."""

    row: int
    column: str
    code: str
    value: str = ""
    level: str = "error"
    read: str = ""


@dataclass
class Checked:
    """What an upload holds: rows that can be taken, what is wrong with the others, columns left out.

    ``doubtful`` rows may name an organization that is known already; each says which one in ``beside``.
    ``merged`` are columns of the same meaning, of which each row filled one; ``sheets`` were not read.
    ``unknown`` are columns that were not read: the heading, or the place of one without (``nameless``) and of
    those beyond the last one that can be read (``beyond``). ``hidden_rows`` (numbers), ``hidden_columns``
    (headings) and ``hidden_sheets`` hold something that the workbook does not show; they were not read.
    """

    kind: Kind
    rows: list[dict[str, Any]] = field(default_factory=list)
    doubtful: list[dict[str, Any]] = field(default_factory=list)
    merged: list[list[str]] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    dropped: list[str] = field(default_factory=list)
    unknown: list[str | dict[str, Any]] = field(default_factory=list)
    sheets: list[str] = field(default_factory=list)
    hidden_rows: list[int] = field(default_factory=list)
    hidden_columns: list[str] = field(default_factory=list)
    hidden_sheets: list[str] = field(default_factory=list)
    total: int = 0

    def count(self, level: str) -> int:
        """How many rows have a problem of this level and none of those before it: each row counts once."""
        place = LEVELS.index(level)
        above = {problem.row for problem in self.problems if LEVELS.index(problem.level) < place}
        return len({problem.row for problem in self.problems if problem.level == level} - above)
