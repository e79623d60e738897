"""Which slot of flat arrays holds which id: a sorted array for most ids, a dictionary for the latest."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

Ids = NDArray[np.int64]

_FIRST: Final = 1024


class Slots:
    """id → slot, 12 bytes an id once sorted; a later ``put`` of an id wins."""

    def __init__(self) -> None:
        self._ids = np.zeros(0, np.int64)
        self._slots = np.zeros(0, np.int32)
        self._fresh: dict[int, int] = {}  # -1 where an id was dropped

    @classmethod
    def of(cls, ids: Ids) -> "Slots":
        """Each id in the slot of its position."""
        result = cls()
        order = np.argsort(ids, kind="stable")
        result._ids, result._slots = ids[order], order.astype(np.int32)
        return result

    def get(self, id: int) -> int:
        """The slot of an id, -1 where it has none."""
        slot = self._fresh.get(id)
        if slot is not None:
            return slot
        place = int(np.searchsorted(self._ids, id))
        return int(self._slots[place]) if place < len(self._ids) and self._ids[place] == id else -1

    def get_many(self, ids: Ids) -> NDArray[np.int64]:
        """The slots (n,) of ids (n,), -1 where one has none."""
        if len(ids) > len(self._fresh):
            self._settle()
        result = np.full(len(ids), -1, np.int64)
        if len(self._ids):
            places = np.minimum(np.searchsorted(self._ids, ids), len(self._ids) - 1)
            result = np.where(self._ids[places] == ids, self._slots[places].astype(np.int64), -1)
        if self._fresh:
            for place, id in enumerate(ids.tolist()):
                slot = self._fresh.get(id)
                if slot is not None:
                    result[place] = slot
        return result

    def put(self, id: int, slot: int) -> None:
        """Note the slot of an id."""
        self._fresh[id] = slot
        if len(self._fresh) > max(_FIRST, len(self._ids) // 8):
            self._settle()

    def drop(self, id: int) -> None:
        """Forget an id."""
        self.put(id, -1)

    def _settle(self) -> None:
        if not self._fresh:
            return
        fresh = np.array(list(self._fresh), dtype=np.int64)
        slots = np.array(list(self._fresh.values()), dtype=np.int32)
        kept = ~np.isin(self._ids, fresh)
        ids = np.concatenate([self._ids[kept], fresh[slots >= 0]])
        slots = np.concatenate([self._slots[kept], slots[slots >= 0]])
        order = np.argsort(ids, kind="stable")
        self._ids, self._slots, self._fresh = ids[order], slots[order], {}

    @property
    def nbytes(self) -> int:
        """Bytes of the arrays; the dictionary of the latest aside."""
        return self._ids.nbytes + self._slots.nbytes
