"""Neighbours by cosine in FAISS, behind a small interface, with snapshots that are checked.

Up to ``EXACT_UP_TO`` vectors are compared as they are. Above it they are kept as one byte a number, a quarter
of the memory and of the time, and the nearest of such a scan are compared again with the vectors themselves,
which the caller has (in the database). Every vector is looked at either way: nothing is trained, a change is
in place at once, and what is lost is only what rounding to bytes moves out of four times as many as asked.
See docs/benchmarks.md for the recall and for HNSW and IVF beside it.
"""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from embeddings import snapshot
from embeddings.slots import Slots
from embeddings.snapshot import IndexDamaged

__all__ = ["EXACT_UP_TO", "IndexDamaged", "VectorIndex"]

Ids = NDArray[np.int64]
Floats = NDArray[np.float32]
#: ids (n,) → their vectors (n, d); a row of an id that is gone meanwhile is zero
Exact = Callable[[Ids], Floats]

EXACT_UP_TO: Final = 50_000
OVERFETCH: Final = 4  #: of a scan over bytes, so many times as asked are compared again
#: A number of a unit vector in 256 dimensions is rarely beyond 0.5: what is, is cut off there.
_BYTE_SCALE: Final = 254.0
_FIRST_ROOM: Final = 1024
_BLOCK: Final = 65_536


class VectorIndex:
    """Vectors of length one under int64 ids; scores are cosines, higher is better. Thread-safe."""

    def __init__(self, dimensions: int, exact_up_to: int = EXACT_UP_TO) -> None:
        self.dimensions = dimensions
        self._exact_up_to = exact_up_to
        self._lock = threading.RLock()
        self._index = _new(dimensions, compressed=False)
        self._compressed = False
        self._ids = np.zeros(_FIRST_ROOM, np.int64)
        self._slots = Slots()
        self._sum = np.zeros(dimensions, np.float64)

    def __len__(self) -> int:
        return int(self._index.ntotal)

    @property
    def is_exact(self) -> bool:
        """Whether cosines are those of the vectors as given, not of their bytes."""
        return not self._compressed

    @property
    def nbytes(self) -> int:
        """Bytes held for vectors and ids."""
        return int(self._index.codes.size()) + self._ids.nbytes + self._slots.nbytes

    def mean(self, prior: int) -> Floats:
        """The mean vector (d,), as if ``prior`` zero vectors stood in the index too."""
        with self._lock:
            return (self._sum / max(len(self) + prior, 1)).astype(np.float32)

    def ids(self) -> Ids:
        """All ids, in no particular order."""
        with self._lock:
            return self._ids[: len(self)].copy()

    def upsert(self, ids: Ids, vectors: Floats) -> None:
        """Add vectors (n, d) under ``ids`` (n,), replacing what was there.

        Where an id occurs twice, its last vector stays.

        Raises:
            ValueError: shapes do not fit, or a number is not finite.
        """
        ids, vectors = np.asarray(ids, dtype=np.int64), np.ascontiguousarray(vectors, dtype=np.float32)
        if vectors.shape != (len(ids), self.dimensions):
            raise ValueError(f"expected vectors ({len(ids)}, {self.dimensions}), found {vectors.shape}")
        _require_finite(vectors)
        with self._lock:
            if not self._compressed and len(self) + len(ids) > self._exact_up_to:
                self._compress()
            new: dict[int, int] = {}
            for row, number in enumerate(ids.tolist()):
                slot = self._slots.get(number)
                if slot < 0:
                    new[number] = row
                else:
                    self._overwrite(slot, vectors[row])
            if new:
                self._append(np.array(list(new), dtype=np.int64), vectors[list(new.values())])

    def _append(self, ids: Ids, vectors: Floats) -> None:
        start = len(self)
        if start + len(ids) > len(self._ids):
            room = max(start + len(ids), len(self._ids) + max(_FIRST_ROOM, len(self._ids) // 8))
            self._ids = np.concatenate([self._ids, np.zeros(room - len(self._ids), np.int64)])
        self._ids[start : start + len(ids)] = ids
        self._index.add(self._coded(vectors))
        self._sum += self._decoded(self._codes()[start:]).sum(axis=0, dtype=np.float64)
        for slot, number in enumerate(ids.tolist(), start=start):
            self._slots.put(number, slot)

    def _overwrite(self, slot: int, vector: Floats) -> None:
        one = _new(self.dimensions, compressed=self._compressed)
        one.add(self._coded(vector[None, :]))
        self._sum -= self._decoded(self._codes()[slot : slot + 1])[0]
        self._codes()[slot] = _codes_of(one)[0]
        self._sum += self._decoded(self._codes()[slot : slot + 1])[0]

    def remove(self, ids: Ids) -> None:
        """Remove ``ids``; unknown ones are ignored."""
        with self._lock:
            for number in np.asarray(ids, dtype=np.int64).tolist():
                slot, last = self._slots.get(number), len(self) - 1
                if slot < 0:
                    continue
                self._sum -= self._decoded(self._codes()[slot : slot + 1])[0]
                if slot != last:  # the last one moves into the gap
                    moved = int(self._ids[last])
                    self._codes()[slot] = self._codes()[last]
                    self._ids[slot] = moved
                    self._slots.put(moved, slot)
                self._slots.drop(number)
                self._index.codes.resize(last * self._index.code_size)
                self._index.ntotal = last

    def search(
        self, vector: Floats, k: int, allowed: Ids | None = None, exact: Exact | None = None
    ) -> tuple[Ids, Floats]:
        """The ``k`` nearest of ``vector`` (d,) among ``allowed`` (all when ``None``).

        Args:
            exact: gives the vectors themselves, by which what a scan over bytes found is compared again.

        Returns:
            ids and cosines, best first, ties by id; fewer than ``k`` only where there are fewer.

        Raises:
            ValueError: the vector has another length, or a number in it is not finite.
        """
        query = np.ascontiguousarray(vector, dtype=np.float32).reshape(1, -1)
        if query.shape[1] != self.dimensions:
            raise ValueError(f"expected a vector of {self.dimensions}, found {query.shape[1]}")
        _require_finite(query)
        with self._lock:
            ids, cosines = self._scan(query, k if self.is_exact else k * OVERFETCH, allowed)
            again = exact is not None and self._compressed
        if again and exact is not None and len(ids):
            cosines = (exact(ids) @ query[0]).astype(np.float32)
        order = np.lexsort((ids, -cosines))[: max(k, 0)]
        return ids[order], cosines[order]

    def _scan(self, query: Floats, k: int, allowed: Ids | None) -> tuple[Ids, Floats]:
        params, total = None, len(self)
        if allowed is not None:
            slots = self._slots.get_many(np.unique(np.asarray(allowed, dtype=np.int64)))
            slots = slots[slots >= 0]
            faiss = _faiss()
            selector = faiss.IDSelectorBatch(slots)
            params = faiss.SearchParameters(sel=selector)
            total = min(total, len(slots))
        count = min(k, total)
        if count <= 0:
            return np.empty(0, np.int64), np.empty(0, np.float32)
        asked = min(total, count + 16)
        while True:
            scores, slots = self._index.search(self._coded(query), asked, params=params)
            kept = slots[0] >= 0
            found, cosines = slots[0][kept], scores[0][kept]
            # FAISS cuts a group of equal cosines anywhere: take the whole group, then the lowest ids.
            if asked >= total or len(found) < asked or cosines[-1] < cosines[count - 1]:
                break
            asked = min(total, 2 * asked + 16)
        if self._compressed:
            cosines = cosines / np.float32(_BYTE_SCALE * _BYTE_SCALE)
        return self._ids[found], cosines

    def cosines(self, ids: Ids, queries: Floats, middle: Floats | None = None) -> Floats:
        """How near each of ``ids`` (n,) is to each of ``queries`` (m, d), (n, m), in one product.

        Args:
            middle: (d,) from where the vectors of the index are seen, brought to length one from there.

        Returns:
            nan in the row of an id that is not in the index or whose vector is zero.
        """
        asked = queries if middle is None else np.vstack([queries, middle])
        with self._lock:
            slots = self._slots.get_many(np.asarray(ids, dtype=np.int64))
            held = self._decoded(self._codes())
            products: Floats = held @ asked.T.astype(np.float32)
            silent = np.flatnonzero(~products.any(axis=1))
            silent = silent[~held[silent].any(axis=1)]
            squares = None if middle is None else np.einsum("ij,ij->i", held, held)
        if middle is not None and squares is not None:
            lengths = np.sqrt(np.maximum(squares - 2 * products[:, -1] + middle @ middle, 0))
            products = products[:, :-1] - queries @ middle
            products[lengths <= 1e-6] = 0
            products /= np.where(lengths > 1e-6, lengths, 1)[:, None]
        products[silent] = np.nan
        products = products[slots]
        products[slots < 0] = np.nan
        return products

    def vectors(self, ids: Ids) -> Floats:
        """The vectors (n, d) of ``ids``; as far as bytes tell, where the index is not exact.

        Raises:
            KeyError: an id is not in the index.
        """
        with self._lock:
            slots = self._slots.get_many(np.asarray(ids, dtype=np.int64))
            if (slots < 0).any():
                raise KeyError(f"expected known ids, found an unknown one among {list(ids)[:5]}")
            return self._decoded(self._codes()[slots])

    def save(self, folder: Path, applied_version: int, model_id: str) -> None:
        """Write a snapshot."""
        with self._lock:
            codes, ids = self._codes().copy(), self.ids()
            facts = {
                "model_id": model_id,
                "applied_version": applied_version,
                "dimensions": self.dimensions,
                "compressed": self._compressed,
            }
        snapshot.save(folder, {"codes": codes, "ids": ids}, facts)

    @classmethod
    def load(cls, folder: Path, model_id: str, exact_up_to: int = EXACT_UP_TO) -> tuple["VectorIndex", int]:
        """Read a snapshot back: the index and the version it had applied.

        Raises:
            IndexDamaged: anything is missing, altered, or of another model.
        """
        arrays, facts = snapshot.load(folder)
        if facts.get("model_id") != model_id:
            raise IndexDamaged(f"expected model {model_id}, found {facts.get('model_id')}")
        try:
            result = cls(int(facts["dimensions"]), exact_up_to)
            result._compressed = bool(facts["compressed"])
            result._index = _new(result.dimensions, compressed=result._compressed)
            codes, ids = arrays["codes"], np.array(arrays["ids"], np.int64)
            if codes.shape != (len(ids), result._index.code_size):
                raise IndexDamaged(f"expected codes of {len(ids)} vectors, found {codes.shape}")
            result._index.codes.resize(codes.size)
            result._index.ntotal = len(ids)
            result._codes()[:] = codes
            result._ids, result._slots = ids, Slots.of(ids)
            for start in range(0, len(ids), _BLOCK):
                result._sum += result._decoded(codes[start : start + _BLOCK]).sum(axis=0, dtype=np.float64)
            return result, int(facts["applied_version"])
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise IndexDamaged(
                f"expected a readable snapshot, found {type(error).__name__}: {error}"
            ) from error

    def _compress(self) -> None:
        vectors = self._codes().copy().view(np.float32).reshape(len(self), self.dimensions)
        self._index, self._compressed = _new(self.dimensions, compressed=True), True
        if len(vectors):
            self._index.add(self._coded(vectors))

    def _coded(self, vectors: Floats) -> Floats:
        """What FAISS is given: the numbers themselves, or whole ones from -127 to 127."""
        if not self._compressed:
            return vectors
        whole: Floats = np.clip(np.rint(vectors * np.float32(_BYTE_SCALE)), -127, 127).astype(np.float32)
        return whole

    def _decoded(self, codes: NDArray[np.uint8]) -> Floats:
        if self._compressed:
            numbers: Floats = (codes.astype(np.float32) - 128) / np.float32(_BYTE_SCALE)
            return numbers
        exact: Floats = np.ascontiguousarray(codes).view(np.float32).reshape(len(codes), self.dimensions)
        return exact

    def _codes(self) -> NDArray[np.uint8]:
        return _codes_of(self._index)


def _codes_of(index: Any) -> NDArray[np.uint8]:
    """A view (n, bytes) of an index's codes; it must not outlive a change of their number."""
    size = int(index.ntotal) * int(index.code_size)
    if not size:
        return np.zeros((0, int(index.code_size)), np.uint8)
    view: NDArray[np.uint8] = _faiss().rev_swig_ptr(index.codes.data(), size)
    return view.reshape(int(index.ntotal), int(index.code_size))


def _faiss() -> Any:
    # Imported where it is used: 0.2 s that a command which finds nothing should not pay.
    import faiss

    # FAISS keeps this for each thread. One is enough at these sizes, and OpenMP's own threads do not
    # survive the fork of a web server.
    faiss.omp_set_num_threads(1)
    return faiss


def _new(dimensions: int, *, compressed: bool) -> Any:
    faiss = _faiss()
    if not compressed:
        return faiss.IndexFlatIP(dimensions)
    kind = faiss.ScalarQuantizer.QT_8bit_direct_signed
    return faiss.IndexScalarQuantizer(dimensions, kind, faiss.METRIC_INNER_PRODUCT)


def _require_finite(vectors: Floats) -> None:
    if not np.isfinite(vectors).all():
        raise ValueError("expected finite numbers, found nan or infinity")
