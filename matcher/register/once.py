"""Questions to the database that are asked once as long as nothing changes."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Concatenate, Final, ParamSpec, TypeVar

from sqlalchemy.orm import Session

Asked = ParamSpec("Asked")
Answer = TypeVar("Answer")

_KNOWN: Final = "asked_once"


@contextmanager
def unchanged(session: Session) -> Iterator[None]:
    """Nothing is written within, nor waits to be: questions that are ``asked_once`` keep their answers."""
    session.info[_KNOWN] = {}
    try:
        with session.no_autoflush:
            yield
    finally:
        del session.info[_KNOWN]


def asked_once(
    ask: Callable[Concatenate[Session, Asked], Answer],
) -> Callable[Concatenate[Session, Asked], Answer]:
    """A question whose answer is the same, and is given again, while the session is ``unchanged``."""

    @wraps(ask)
    def answer(session: Session, /, *about: Asked.args, **more: Asked.kwargs) -> Answer:
        known = session.info.get(_KNOWN)
        if known is None:
            return ask(session, *about, **more)
        key = (ask, about, tuple(more.items()))
        if key not in known:
            known[key] = ask(session, *about, **more)
        found: Answer = known[key]
        return found

    return answer
