"""What a field is that people fill in, in a form or in a table that they hand in. Pure.

``ground/profile.py`` and ``ground/posting.py`` say which ones there are.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from matcher.ground import limits

ValueKind = Literal[
    "text", "code", "codes", "area", "areas", "fields", "number", "integer", "date", "yes_no", "number13",
    "url", "email", "phone",
]  # fmt: skip


@dataclass(frozen=True)
class Field:
    """One field, named as the column that holds it.

    Args:
        label: as its people read it, wherever it is shown; ``heading`` names it in tables of both kinds of
            organization, where that is something else.
        kind: how what is typed is read; ``labels`` are what may be chosen.
        aliases: other names by which registers call it. examples, hint: for who fills in a table.
        help, sample: what it is for and a good example, for who fills in a form; ``unit`` stands behind a
            number.
        limit: visible characters of a text.
        required: there is no record without it. needed: it is filled before the city is asked.
        is_set: it has a value from the start, of which another may be chosen; none is no answer.
        nothing: what it means that nothing is chosen, where that is an answer.
        is_personal: about a person, or how to reach one: only for its own members and the city.
        is_shown: whether other members read it in the profile.
        is_said: whether it is part of the text that is compared by meaning, in the order of the table.
        is_searched: whether a search for words looks through it.
    """

    code: str
    label: str
    kind: ValueKind = "text"
    labels: Mapping[str, str] = field(default_factory=dict)
    aliases: tuple[str, ...] = ()
    limit: int = limits.NOTE
    required: bool = False
    needed: bool = False
    examples: tuple[str, str] = ("", "")
    hint: str = ""
    heading: str = ""
    help: str = ""
    sample: str = ""
    unit: str = ""
    nothing: str = ""
    is_set: bool = False
    is_imported: bool = True
    is_personal: bool = False
    is_shown: bool = True
    is_said: bool = False
    is_searched: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "heading", self.heading or self.label)
