"""What was measured of all records of a kind for one who asks, kept for the next page.

Nothing of it says who may be suggested: cases, passes and what may be seen are asked of the database on every
page.
"""

import threading
from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]
Flags = NDArray[np.bool_]

#: So many bytes are kept with a table: of 10,000 records beside five texts those of some twenty who ask.
KEPT_BYTES: Final = 24 * 2**20
KEPT: Final = 200  #: and of so many who ask


@dataclass(frozen=True)
class Measured:
    """By row of the table and text of the asker; nan where nobody looked yet.

    Threads share it: each row is worth the same to all, whoever writes it first.
    """

    speaks: Flags  #: (n,) whether a record says anything
    read: Flags  #: (n, sources) whether both were read in context
    known: Numbers  #: (n, sources) the score by all that is in memory
    sentences: Numbers = field(init=False)  #: (n, sources) what the sentences add at most
    maxsim: Numbers = field(init=False)  #: and what the sentence encoder makes of them
    scores: Numbers = field(init=False)  #: (n,) with all that counts

    def __post_init__(self) -> None:
        """Nobody was looked at yet."""
        for name, shape in (
            ("sentences", self.known.shape), ("maxsim", self.known.shape), ("scores", self.speaks.shape),
        ):  # fmt: skip
            object.__setattr__(self, name, np.full(shape, np.nan))

    @property
    def nbytes(self) -> int:
        """Bytes held."""
        return sum(values.nbytes for values in vars(self).values())


class Remembered:
    """The last ones who asked, within bounds. Safe for threads: what is lost is measured again."""

    def __init__(self) -> None:
        self._kept: OrderedDict[Hashable, Measured] = OrderedDict()
        self._lock = threading.Lock()
        self._bytes = 0

    def __len__(self) -> int:
        return len(self._kept)

    def get(self, key: Hashable) -> Measured | None:
        """What was measured under a key."""
        with self._lock:
            found = self._kept.get(key)
            if found is not None:
                self._kept.move_to_end(key)
            return found

    def put(self, key: Hashable, measured: Measured) -> None:
        """Keep it, and let go of those who have not asked for the longest time."""
        with self._lock:
            old = self._kept.pop(key, None)
            self._kept[key] = measured
            self._bytes += measured.nbytes - (0 if old is None else old.nbytes)
            while self._kept and (self._bytes > KEPT_BYTES or len(self._kept) > KEPT):
                self._bytes -= self._kept.popitem(last=False)[1].nbytes
