"""A state is written in one place: nothing but ``register/moves.py`` assigns one to a record that is kept."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from matcher.ground import lifecycle
from matcher.records import (
    CaseDocument,
    Contribution,
    JointNeed,
    Measurement,
    Need,
    PeriodReport,
    PublicComment,
    Question,
    User,
)
from matcher.register import moves
from tests import factories

_COLUMNS: Final = frozenset({"state", "status"})
#: What writes them: the moves, the work in line, which is no record that anybody moves, and what ran once.
_WRITERS: Final = ("matcher/register/moves.py", "matcher/jobs/tickets.py", "matcher/migrations/")


def _written(tree: ast.AST) -> Iterator[int]:
    """The lines in which a state is assigned, set by its name, or given to an UPDATE."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store) and node.attr in _COLUMNS:
            yield node.lineno
        if not isinstance(node, ast.Call):
            continue
        named = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if named == "setattr" and isinstance(node.args[1], ast.Constant) and node.args[1].value in _COLUMNS:
            yield node.lineno
        given = {one.arg for one in node.keywords} | {
            key.attr if isinstance(key, ast.Attribute) else getattr(key, "value", None)
            for one in node.args
            if isinstance(one, ast.Dict)
            for key in one.keys
        }
        if named == "values" and given & _COLUMNS:
            yield node.lineno


def test_a_state_is_written_by_moves_and_nowhere_else() -> None:
    files = [path for package in ("matcher", "webapp") for path in sorted(Path(package).rglob("*.py"))]
    found = [
        f"{path}:{line}"
        for path in files
        if not str(path).startswith(_WRITERS)
        for line in _written(ast.parse(path.read_text(encoding="utf-8")))
    ]
    assert found == []


@pytest.mark.parametrize(
    "text",
    [
        'case.state = "closed"', 'case.state, case.at = "closed", now', 'setattr(user, "status", "active")',
        'update(Case).values(state="closed")', 'update(Case).values({"state": "closed"})',
        'update(Case).values({Case.state: "closed"})',
    ],
)  # fmt: skip
def test_every_way_of_writing_a_state_is_found(text: str) -> None:
    assert list(_written(ast.parse(text))) == [1]


@pytest.mark.parametrize(
    ("kind", "record", "column"),
    [
        ("document", CaseDocument, "state"), ("report", PeriodReport, "state"),
        ("comment", PublicComment, "state"), ("contribution", Contribution, "state"),
        ("question", Question, "state"), ("joint_need", JointNeed, "state"), ("measurement", Measurement, "state"), ("account", User, "status"),
    ],
)  # fmt: skip
def test_what_stands_within_an_act_takes_the_steps_of_its_table_only(
    kind: str, record: type, column: str
) -> None:
    states = set(lifecycle.WITHIN[kind]).union(*lifecycle.WITHIN[kind].values())
    for before in states:
        for after in states:
            one = record(**{column: before})
            if after in lifecycle.WITHIN[kind].get(before, ()):
                moves.become(one, after)
                assert getattr(one, column) == after
            else:
                with pytest.raises(ValueError, match="expected a step"):
                    moves.become(one, after)
                assert getattr(one, column) == before


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_record_that_is_kept_does_not_begin_again(session) -> None:
    new = Need()
    moves.begin(new, "in_review")
    assert new.state == "in_review"
    kept = factories.make_need(session, factories.make_npo(session))
    session.flush()
    with pytest.raises(ValueError, match="expected a new need"):
        moves.begin(kept, "in_review")
