"""What was said of the pairs that were shown last, kept for the next page on which they stand.

Kept are codes, numbers and quotes, never records; whether a pair may be shown is asked on every page. A pair
is known again only where every value is as it was that what is said of it follows from, of which a digest is
kept; the index tells of vectors, and with its state everything is forgotten.
"""

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, Generic, TypeVar

from sqlalchemy import ColumnElement, inspect

from matcher.records.base import Base, UtcDateTime
from matcher.suggestions.criteria import Side
from matcher.suggestions.ranking import Fit, Quote

#: Of so many pairs it is kept what was said: 8 kB each in the demo city, and of long texts no more than what
#: is told of them, some 32 sentences of at most 300 characters.
PAIRS: Final = 2_000
ASKERS: Final = 50  #: and of so many who ask, how their texts are read

Values = tuple[Any, ...]
Kept = TypeVar("Kept")


@dataclass(eq=False)
class Told:
    """What was said of one pair."""

    because: bytes  #: the digest of all that it follows from, beside the state of the index
    fit: Fit
    offer_id: int | None  #: of the offer that the card speaks of
    sides: tuple[Side, Side]
    explained: tuple[Fit, Quote | None] | None = None  #: with all that is said of it, once it was shown


class Forgetting(Generic[Kept]):
    """Things by their keys, the last ones asked for, as long as one state holds. Safe for threads."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._state: Hashable = None
        self._kept: OrderedDict[Hashable, Kept] = OrderedDict()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._kept)

    def get(self, state: Hashable, key: Hashable) -> Kept | None:
        """What was kept under a key in this state."""
        with self._lock:
            if state != self._state:
                return None
            found = self._kept.get(key)
            if found is not None:
                self._kept.move_to_end(key)
            return found

    def put(self, state: Hashable, key: Hashable, one: Kept) -> None:
        """Keep it; of another state nothing, and no more than so many."""
        with self._lock:
            if state != self._state:
                self._state = state
                self._kept.clear()
            self._kept[key] = one
            self._kept.move_to_end(key)
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)


def digest_of(values: Values) -> bytes:
    """The same for equal values, and for no others: 16 bytes for some 10,000 of text."""
    return hashlib.blake2b(repr(values).encode(), digest_size=16).digest()


def values_of(*records: Base | None) -> Values:
    """All that some records say, column by column.

    Left out is what nothing that is said of a pair may follow from: personal data, when something was
    done, how often it was saved, and the copy that typed words are looked for in.
    """
    return tuple(None if one is None else _values(one) for one in records)


def _values(record: Base) -> Values:
    held, names = vars(record), _columns(type(record))
    try:
        return tuple([held[name] for name in names])
    except KeyError:  # something was let go of, and is read anew
        return tuple([getattr(record, name) for name in names])


@lru_cache(maxsize=16)  # of the few kinds of records that speak
def _columns(kind: type[Base]) -> Sequence[str]:
    mapper = inspect(kind)
    said = [(one.key, one.columns[0]) for one in mapper.column_attrs]
    return tuple(key for key, column in said if column is not mapper.version_id_col and _speaks(column))


def _speaks(column: ColumnElement[Any]) -> bool:
    is_personal = column.info.get("pii", False)
    return not is_personal and not isinstance(column.type, UtcDateTime) and column.key != "search_text"
