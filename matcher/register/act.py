"""One act: what somebody does to a record, declared once, beside its doing. To call it is the way to do it.

    @act("close_risk", Partnership, by=SHARE, open_in=ALIVE, item=Risk, guard=still_open, words=..., way=...)
    def close_risk(look: Look, text: str) -> Done: ...

    close_risk(session, actor, case, risk, "済んだ", now, version=3)

The way is the same for every act: may see it → may do it → the record is in a state in which it is open →
nothing of the item stands against it → it is as it was shown → do → record → tell. ``may`` asks the same
without doing it, for buttons and steps. A kind of record says once how what happened to it is kept and told
(``Way``).
"""

from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final, Protocol

from sqlalchemy.orm import Session

from matcher.ground import permissions
from matcher.ground.errors import NotPermitted, Refused
from matcher.ground.permissions import Actor
from matcher.records.base import Base
from matcher.register import conflicts, moves

MOVED_ON: Final = "moved_on"  #: what a guard finds where somebody else was faster
OTHER_SIDE: Final = "other_side"  #: the same person has acted for the other side of the case


@dataclass(frozen=True)
class Words:
    """What people read of an act, as it stands in the catalogues; it is translated where it is shown."""

    button: str  #: also the heading of its page
    done: str  #: once it is done
    happened: str = ""  #: in the timeline; ends in 「しました」
    explain: str = ""  #: under the heading; may name ``%(who)s`` or ``%(item)s``, the part that it is about
    submit: str = ""  #: the button that does it, where it is not 「保存する」
    saved: str = ""  #: once what was written is only saved, as one's own draft (``Done.is_quiet``)
    step: str = ""  #: among the next steps, where it is one; may name ``%(about)s``
    decided: str = ""  #: as a decision of the city that is frozen
    is_grave: bool = False  #: whether the button warns


@dataclass(frozen=True)
class Look:
    """Somebody before a record, and perhaps before one item of it, or one part that only a key names."""

    session: Session
    actor: Actor
    record: Any
    now: datetime
    item: Any = None


@dataclass(frozen=True)
class Told:
    """Who hears of it, one or several, as the kind of record names them (``cases/telling.py``); ``event``
    names the words, which ``facts`` fill in.
    """

    whom: str | tuple[str, ...]
    event: str
    facts: Mapping[str, object] = field(default_factory=dict)

    @property
    def to(self) -> tuple[str, ...]:
        """All of whom."""
        return (self.whom,) if isinstance(self.whom, str) else self.whom


@dataclass(frozen=True)
class Also:
    """What an act brought about besides itself, kept after it."""

    event: str
    details: Mapping[str, Any] = field(default_factory=dict)
    by: Actor | None = None  #: where it is not who did the act


@dataclass(frozen=True)
class Done:
    """What became of an act: what the audit record keeps, who is told, and what the caller gets."""

    made: Any = None
    details: Mapping[str, Any] = field(default_factory=dict)
    text: str = ""
    reason_code: str | None = None
    event: str = ""  #: where it is not the act's own, as for a review that accepts or returns
    also: tuple[Also, ...] = ()
    tells: tuple[Told, ...] = ()
    is_quiet: bool = False  #: nothing that the record keeps: a draft of one's own was saved
    is_kept: bool = False  #: what it called has kept it already: a move, or a text that several accept


class Way(Protocol):
    """How what happened to a kind of record is kept and told."""

    def keep(self, look: Look, event: str, done: Done) -> None:
        """Audit it, unless it is quiet or kept."""
        ...

    def tell(self, look: Look, told: Told) -> None:
        """Tell somebody."""
        ...


#: What stands against it: a code, or a refusal where its sentence names facts.
Guard = Callable[[Look], str | Refused | None]


def version_of_item(look: Look) -> object:
    """The version of the item, where it has one."""
    return getattr(look.item, "version", None)


def version_of_record(look: Look) -> object:
    """The version of the record itself, for what moves it."""
    return look.record.version


@dataclass(frozen=True)
class Act:
    """One declared act.

    Args:
        name: as addresses, buttons and steps name it; a move's own, where it is one.
        by: the permission that it needs.
        whose: of what that is asked, if not of the record; ``None`` where it is of nothing in particular.
        who: who of those whom the permission lets through, where that hangs on the record.
        open_in: the states of the record in which it is open.
        state_of: in which it is, where that is no column of its own.
        move: the move of the life-cycle table that it is; states, movers and reasons are then the table's.
        when: what else must be so of the record for it to be open.
        item: the kind of record that it is about beside ``record``; ``str`` where a key names a part of one.
        may_lack_item: whether it is also done without one.
        guard: what stands against it (``MOVED_ON`` where somebody was faster).
        hidden_by: the codes of the guard for which its button is not offered either.
        shown: what a form shows of it, by which one sees that it has changed since; ``None`` where nothing
            that was there is touched.
        writes: the kind of text that it drafts.
        reasons: the codes of which one is chosen, with their words.
        event: as the audit record names it.
        home: the part of the record's page to which it belongs.
        is_read_first: whether its step leads to that part, and not at once to the page of the act.
    """

    name: str
    record: type[Base] | tuple[type[Base], ...]
    by: str
    words: Words
    does: Callable[..., Done]
    way: Way
    event: str
    open_in: frozenset[str] = frozenset()
    whose: Callable[[Look], permissions.Record | None] = lambda look: look.record
    state_of: Callable[[Look], str] = lambda look: look.record.state
    move: str = ""
    item: type[Any] | None = None
    may_lack_item: bool = False
    guard: Guard = lambda look: None
    hidden_by: Container[str] = frozenset()
    who: Callable[[Look], bool] = lambda look: True
    when: Callable[[Any], bool] = lambda record: True
    shown: Callable[[Look], object] = version_of_item
    writes: str = ""
    reasons: Mapping[str, str] = field(default_factory=dict)
    home: str = ""
    is_read_first: bool = False

    def may(self, look: Look) -> bool:
        """Whether it could be done now; what stands against it is asked of an item that is given.

        Of the record alone it is said where one asks for it (``obstacle``), so that nobody misses a button
        – but for what hides it (``hidden_by``).
        """
        if not permissions.may(look.actor, self.by, self.whose(look)) or not self.is_open(look):
            return False
        if conflicts.acts_for_other_side(look.session, look.actor, look.record):
            return False
        if not self.who(look):
            return False
        found = None if look.item is None and not self.hidden_by else self._guarded(look)
        return found is None or (look.item is None and found.code not in self.hidden_by)

    def obstacle(self, look: Look) -> Refused | None:
        """What stands against it now, for somebody who may do it."""
        if conflicts.acts_for_other_side(look.session, look.actor, look.record):
            return Refused(OTHER_SIDE)
        return self._guarded(look)

    def _guarded(self, look: Look) -> Refused | None:
        found = self.guard(look)
        return Refused(found) if isinstance(found, str) else found

    def require(self, look: Look, version: object = None) -> None:
        """Let pass or refuse.

        Args:
            version: what the person saw (``shown``); ``None`` where nobody has looked at anything.

        Raises:
            NotFound, NotPermitted: by the table of permissions.
            MovedOn: the record or the item is no longer as it was shown. Refused: what the guard finds.
        """
        permissions.require(look.actor, self.by, self.whose(look))
        if not self.who(look):
            raise NotPermitted(self.by)
        if not self.is_open(look):
            raise moves.moved_on(look.session, look.record)
        found = self.obstacle(look)
        is_late = found is not None and found.code == MOVED_ON
        if is_late or (version is not None and self._has_changed(look, version)):
            raise moves.moved_on(look.session, look.record)
        if found is not None:
            raise found

    def __call__(
        self,
        session: Session,
        actor: Actor,
        record: Any,
        *given: Any,
        version: object = None,
        **more: Any,
    ) -> Any:
        """Do it: ``given`` are the item (if the act has one), what was answered, and the time.

        Raises:
            What ``require`` raises; Invalid: field → code of what was answered.
        """
        item, answers, now = None, given[:-1], given[-1]
        if self.item is not None:
            item, answers = answers[0], answers[1:]
        return self.perform(Look(session, actor, record, now, item), lambda: (answers, more), version).made

    def perform(
        self,
        look: Look,
        answer: Callable[[], tuple[Sequence[Any], Mapping[str, Any]]],
        version: object = None,
    ) -> Done:
        """The same for a page: what was answered is read (``answer``) once it may be done."""
        self.require(look, version)
        answers, more = answer()
        done = self.does(look, *answers, **more)
        if not self.move:  # a move flushes by itself, so that the record has one new version
            look.session.flush()
        self.way.keep(look, done.event or self.event, done)
        for more_happened in done.also:
            by = replace(look, actor=more_happened.by or look.actor)
            self.way.keep(by, more_happened.event, Done(details=more_happened.details))
        for told in done.tells:
            self.way.tell(look, told)
        return done

    def is_open(self, look: Look) -> bool:
        """Whether the record is in a state in which it can be done; a move, also by whom."""
        is_moved_by = not self.move or self.move in moves.available(look.actor, look.record)
        return self.state_of(look) in self.open_in and is_moved_by and self.when(look.record)

    def _has_changed(self, look: Look, version: object) -> bool:
        shown = self.shown(look)
        return shown is not None and str(shown) != str(version)


_ACTS: Final[dict[tuple[type[Base], str], Act]] = {}


def act(
    name: str = "",
    *,
    record: type[Base] | tuple[type[Base], ...],
    way: Way,
    event: str = "",
    move: str = "",
    **declared: Any,
) -> Callable[[Callable[..., Done]], Act]:
    """Declare an act (see ``Act``), called as its move if it is one; its function does only what changes."""
    name = name or move
    kinds = record if isinstance(record, tuple) else (record,)
    if move:
        declared = {
            "open_in": moves.states(kinds[0], move), "reasons": moves.reasons(kinds[0], move),
            "shown": version_of_record, **declared,
        }  # fmt: skip

    def declare(does: Callable[..., Done]) -> Act:
        made = Act(name=name, record=record, does=does, way=way, event=event or name, move=move, **declared)
        for kind in kinds:
            if (kind, name) in _ACTS:
                raise ValueError(f"expected one act {name!r} of {kind.__name__}, found a second")
            _ACTS[kind, name] = made
        return made

    return declare


def find(record: type[Base], name: str) -> Act | None:
    """The act of this name, if its room is loaded."""
    return _ACTS.get((record, name))


def get(record: type[Base], name: str) -> Act:
    """The same.

    Raises:
        KeyError: there is none.
    """
    return _ACTS[record, name]


def of(record: type[Base]) -> Iterator[Act]:
    """The acts of a kind of record, as far as their rooms are loaded."""
    return (found for (kind, _name), found in _ACTS.items() if kind is record)


def by_event(record: type[Base], event: str) -> Act | None:
    """The act that is kept as this event; where several are, the one that has words for it."""
    found = [one for one in of(record) if one.event == event]
    return next((one for one in found if one.words.happened), found[0] if found else None)


def open_to(
    session: Session, actor: Actor, record: Any, now: datetime, home: str | None = None
) -> tuple[str, ...]:
    """What ``actor`` can do to the record now: what moves it first; ``home``: of that part only."""
    look = Look(session, actor, record, now)
    found = (one for one in of(type(record)) if (home is None or one.home == home) and one.may(look))
    return tuple(one.name for one in sorted(found, key=lambda one: not one.move))
