"""Domain errors: a code and facts, never a sentence for people (webapp/text.py words them)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any


class DomainError(Exception):
    """Base of everything a service refuses; ``code`` is stable, ``facts`` are its parameters."""

    def __init__(self, code: str, /, **facts: Any) -> None:
        super().__init__(f"{code} {facts}" if facts else code)
        self.code = code
        self.facts: Mapping[str, Any] = facts


class NotFound(DomainError):
    """The record does not exist or the actor may not know that it does: the web answers 404."""

    def __init__(self, what: str = "record") -> None:
        super().__init__("not_found", what=what)


class NotPermitted(DomainError):
    """The actor sees the record but may not do this: the web answers 403."""

    def __init__(self, action: str) -> None:
        super().__init__("not_permitted", action=action)


class Refused(DomainError):
    """A guard said no (capacity, unverified, conflict of interest …): shown as a sentence."""


class TooMany(DomainError):
    """Tried too often: the web answers 429. ``facts``: ``minutes`` to wait at most, or ``hours``."""

    def __init__(self, minutes: int) -> None:
        code = "too_many" if minutes <= 90 else "too_many_today"
        super().__init__(code, minutes=minutes, hours=-(-minutes // 60))


class Invalid(DomainError):
    """Typed values cannot be taken: ``facts`` maps field name to an error code."""

    def __init__(self, **fields: str) -> None:
        super().__init__("invalid", **fields)


class TooFast(Refused):
    """Told others too often in too short a time: said above the form, which keeps what was typed.

    ``facts``: as ``TooMany``.
    """

    def __init__(self, minutes: int) -> None:
        code = "too_fast" if minutes <= 90 else "too_fast_today"
        super().__init__(code, minutes=minutes, hours=-(-minutes // 60))


class MovedOn(DomainError):
    """Somebody was faster: the record is no longer in the version or state that was shown.

    ``facts``: ``by`` (display name), ``at`` (aware UTC datetime), ``action`` (what they did).
    """

    def __init__(self, by: str = "", at: datetime | None = None, action: str = "") -> None:
        super().__init__("moved_on", by=by, at=at, action=action)
