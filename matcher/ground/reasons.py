"""Which list a coded reason is taken from: of what was done, or of the state that a record was moved to."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from matcher.ground import lifecycle, vocabulary

#: (kind of record, what was done) → the list, where it is no move of a life cycle
_BESIDE: Final[Mapping[tuple[str, str], Mapping[str, str]]] = {
    ("partnership", "recommend"): vocabulary.RECOMMEND_REASONS,
    ("partnership", "unpublish"): vocabulary.PUBLISH_REFUSALS,
    ("partnership", "hide_comment"): vocabulary.COMMENT_HIDE_REASONS,
    ("organization", "passed"): vocabulary.PASS_REASONS,
    ("need", "passed"): vocabulary.PASS_REASONS,
    ("offer", "passed"): vocabulary.PASS_REASONS,
    ("need", "refuse_question"): vocabulary.QUESTION_REFUSE_REASONS,
}
_MACHINES: Final = {"need": "posting", "offer": "posting"}
_NONE: Final[Mapping[str, str]] = MappingProxyType({})


def of_action(kind: str, action: str) -> Mapping[str, str]:
    """The list from which the reason of something done to a kind of record was chosen."""
    if (kind, action) in _BESIDE:
        return _BESIDE[kind, action]
    machine = _MACHINES.get(kind, kind)
    found = (row for row in lifecycle.TRANSITIONS if (row.machine, row.action) == (machine, action))
    return next((row.reasons for row in found if row.reasons), _NONE)


def of_state(machine: str, state: str | None) -> Mapping[str, str]:
    """The reasons with which a record comes into a state: what its ``reason_code`` says while it is in it."""
    return {
        code: label
        for row in lifecycle.TRANSITIONS
        if (row.machine, row.target) == (machine, state)
        for code, label in (row.reasons or _NONE).items()
    }
