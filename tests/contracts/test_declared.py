"""Whatever comes to the audit record is done by a declared act, or stands here with the reason why it is none.

The source is read for who names whom. What only acts call is part of them; what is left are the doors: functions
that record something without an act, and that a page, the command line, the worker or nobody calls.
"""

import ast
import importlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final

from matcher.register.act import Act

ROOT: Final = Path(__file__).parents[2]
#: What is recorded now, and what is recorded once a file is made.
SINKS: Final = frozenset({"matcher.register.audit.record", "matcher.register.audit.Note"})

_BEGINS: Final = "begins a record: none stands yet whose state or version could be asked"
_KNOCKS: Final = "nobody is known yet: whoever holds a link, a password or a form comes in by it"
_LINE: Final = "of the command line: the machine's own hand, before which no page stands"
_OWN: Final = "of one's own account: nobody else may or is to know, and it is asked nothing but who one is"
_READS: Final = "changes nothing: it says who took a copy"
_TIME: Final = "nobody does it: time brings it, or the mail server's answer"
_WRITES: Final = (
    "writes what one has typed, a field table a page, as often as one likes; what it leads to is an act"
)

UNDECLARED: Final[Mapping[str, str]] = {
    "agreements.definitions.save_definition": "adds an entry to a library or writes one anew: it has no states",
    "alerts.choosing.change": _OWN,
    "alerts.choosing.stop": "of one's own account, by the link of a mail: whoever holds it",
    "alerts.searches.delete": _OWN,
    "alerts.searches.pause": _OWN,
    "alerts.searches.rename": _OWN,
    "alerts.searches.resume": _OWN,
    "alerts.searches.save": _OWN,
    "cases.deciding.download_note": _READS,
    "cases.files.reading_note": _READS,
    "city.cities.change": _LINE,
    "clock.tick": _TIME,
    "desk.disclosure.note": _READS,
    "desk.disclosure.taken_note": _READS,
    "desk.handovers.plan": _BEGINS,
    "desk.noted.export_note": _READS,
    "imports.acts.keep": _BEGINS,
    "imports.acts.run": "saves line by line, in transactions of its own, what somebody has put in line",
    "imports.saving.save": _LINE,
    "organizations.profile.save_section": _WRITES,
    "organizations.readings.notes": _READS,
    "people.accounts.change_settings": _OWN,
    "people.beginning.answer_requests": _KNOCKS,
    "people.choosing.activate": _KNOCKS,
    "people.choosing.change_password": _OWN,
    "people.choosing.reset": _KNOCKS,
    "people.memberships.confirm": "in whose name it is kept is only so by what it begins",
    "people.memberships.invite_member": _BEGINS,
    "people.memberships.join": _KNOCKS,
    "people.registration_codes.make": _BEGINS,
    "people.sessions.end_other_sessions": _OWN,
    "people.sessions.end_session": _OWN,
    "people.sessions.start_session": _KNOCKS,
    "people.signing_in.authenticate": _KNOCKS,
    "people.staff.create_staff": _BEGINS,
    "people.staff.issue_link": _LINE,
    "people.staff.open_staff_account": _BEGINS,
    "planning.acts.ask": _BEGINS,
    "planning.reads.export_note": _READS,
    "planning.running.run": "the solver's answer to what somebody has put in line: nobody acts",
    "postings.again.take_over": _BEGINS,
    "postings.drafts.new_need": _BEGINS,
    "postings.drafts.new_offer": _BEGINS,
    "postings.drafts.save_need_step": _WRITES,
    "postings.drafts.save_offer": _WRITES,
    "register.audit.begin_sealing": _LINE,
    "register.audit.write": "writes the notes of those who took a copy",
    "register.outbox.note_failure": _TIME,
    "results.comments.comment": _KNOCKS,
    "suggestions.judging.fitting.adopt": _LINE,
    "suggestions.shown_lists.mark": "a note of one's own on somebody else's record, which it leaves as it is",
    "suggestions.shown_lists.unmark": "a note of one's own on somebody else's record, which it leaves as it is",
}


def _sources(package: str) -> dict[str, str]:
    """Name of a module → its text; the package itself ends in ``__init__``, whom nobody names."""
    return {
        ".".join(path.relative_to(ROOT).with_suffix("").parts): path.read_text(encoding="utf-8")
        for path in (ROOT / package).rglob("*.py")
    }


def _names(sources: Mapping[str, str]) -> dict[str, set[str]]:
    """What stands at the top of the modules → what of the program each names; ``*`` is what has no name."""
    found: dict[str, set[str]] = {}
    for module, text in sources.items():
        tree = ast.parse(text)
        bound = {
            one.asname or one.name: f"{node.module}.{one.name}"
            for node in ast.walk(tree)
            if isinstance(node, ast.ImportFrom)
            for one in node.names
        }
        bound |= {name: f"{module}.{name}" for node in tree.body for name in _defined(node)}
        for node in tree.body:
            for name in _defined(node) or ["*"]:
                found.setdefault(f"{module}.{name}", set()).update(_named(node, bound))
    return found


def _defined(node: ast.stmt) -> list[str]:
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return [node.name]
    if not isinstance(node, ast.Assign | ast.AnnAssign):
        return []
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    return [one.id for target in targets for one in ast.walk(target) if isinstance(one, ast.Name)]


def _named(node: ast.stmt, bound: Mapping[str, str]) -> Iterator[str]:
    """A variable that is called like a function of its module is not that function."""
    own: set[str] = set()
    if isinstance(node, ast.FunctionDef):
        own = {one.arg for one in ast.walk(node) if isinstance(one, ast.arg)}
        own |= {n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    for one in ast.walk(node):
        if isinstance(one, ast.Attribute) and isinstance(one.value, ast.Name):
            if one.value.id in bound.keys() - own:
                yield f"{bound[one.value.id]}.{one.attr}"
        elif isinstance(one, ast.Name) and isinstance(one.ctx, ast.Load) and one.id in bound.keys() - own:
            yield bound[one.id]


def _is_act(name: str) -> bool:
    module, _dot, attribute = name.rpartition(".")
    return isinstance(getattr(importlib.import_module(module), attribute, None), Act)


def _doors(sources: Mapping[str, str], callers: Mapping[str, str], is_act: Callable[[str], bool]) -> set[str]:
    names = _names(sources)
    records, more = set(SINKS), set(SINKS)
    while more:
        more = {name for name, named in names.items() if name not in records and named & more}
        more = {name for name in more if not is_act(name)}
        records |= more
    inside = {one for name, named in names.items() for one in named - {name}}
    outside = set().union(*_names(callers).values())
    return {name for name in records - SINKS if name in outside or name not in inside}


def test_what_is_recorded_is_done_by_an_act_or_says_why_not() -> None:
    found = _doors(_sources("matcher"), _sources("webapp"), _is_act)
    assert {name.removeprefix("matcher.") for name in found} == set(UNDECLARED)


def test_a_door_is_found() -> None:
    room = """
from matcher.register import audit
def _keep(audited): audit.record(audited)
def shut(look): _keep(look)
def open_(session): _keep(session)
def idle(_keep): return _keep
class Way:
    def keep(self): audit.record()
"""
    page = "from matcher.room import acts\ndef view(): acts._keep()\n"

    def is_act(name: str) -> bool:
        return name == "matcher.room.acts.shut"

    assert _doors({"matcher.room.acts": room}, {}, is_act) == {
        "matcher.room.acts.open_", "matcher.room.acts.Way",
    }  # fmt: skip
    assert "matcher.room.acts._keep" in _doors({"matcher.room.acts": room}, {"webapp.page": page}, is_act)
