"""Neighbours by cosine: exact search in FAISS behind a small interface, with snapshots that are checked.

FAISS itself loads a file with a flipped byte without a word, so a snapshot carries a manifest with the
sha256 of the vectors and of itself, and is trusted only when every byte is as written.
"""

import hashlib
import json
import os
import threading
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Ids = NDArray[np.int64]
Floats = NDArray[np.float32]

_DATA: Final = "vectors.faiss"
_MANIFEST: Final = "manifest.json"


class IndexDamaged(Exception):
    """A snapshot is missing, incomplete, altered or of another model: rebuild from the database."""


class VectorIndex:
    """Vectors of length one under int64 ids; scores are cosines, higher is better. Thread-safe."""

    def __init__(self, dimensions: int) -> None:
        self.dimensions = dimensions
        self._lock = threading.RLock()
        self._index = _new(dimensions)

    def __len__(self) -> int:
        return int(self._index.ntotal)

    def ids(self) -> Ids:
        """All ids, in no particular order."""
        faiss = _faiss()
        with self._lock:
            ids: Ids = faiss.vector_to_array(self._index.id_map).copy()
            return ids

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
        if len(set(ids.tolist())) < len(ids):
            last = {number: place for place, number in enumerate(ids.tolist())}
            ids, vectors = np.array(list(last), dtype=np.int64), vectors[list(last.values())]
        with self._lock:
            if len(self):
                self._index.remove_ids(ids)
            self._index.add_with_ids(vectors, ids)

    def remove(self, ids: Ids) -> None:
        """Remove ``ids``; unknown ones are ignored."""
        with self._lock:
            if len(self):
                self._index.remove_ids(np.asarray(ids, dtype=np.int64))

    def search(self, vector: Floats, k: int, allowed: Ids | None = None) -> tuple[Ids, Floats]:
        """The ``k`` nearest of ``vector`` (d,) among ``allowed`` (all when ``None``).

        Returns:
            ids and cosines, best first, ties by id; fewer than ``k`` only where there are fewer.

        Raises:
            ValueError: the vector has another length, or a number in it is not finite.
        """
        faiss = _faiss()
        query = np.ascontiguousarray(vector, dtype=np.float32).reshape(1, -1)
        if query.shape[1] != self.dimensions:
            raise ValueError(f"expected a vector of {self.dimensions}, found {query.shape[1]}")
        _require_finite(query)
        among = None if allowed is None else np.asarray(allowed, dtype=np.int64)
        with self._lock:
            params = None
            total = len(self)
            if among is not None:
                params = faiss.SearchParameters(sel=faiss.IDSelectorBatch(among))
                total = min(total, len(among))
            count = min(k, total)
            if count <= 0:
                return np.empty(0, np.int64), np.empty(0, np.float32)
            asked = count
            while True:
                scores, ids = self._index.search(query, asked, params=params)
                kept = ids[0] >= 0
                found, cosines = ids[0][kept], scores[0][kept]
                # FAISS cuts a group of equal cosines anywhere: take the whole group, then the lowest ids.
                if asked >= total or len(found) < asked or cosines[-1] < cosines[count - 1]:
                    break
                asked = min(total, 2 * asked + 16)
        order = np.lexsort((found, -cosines))[:count]
        return found[order], cosines[order]

    def vectors(self, ids: Ids) -> Floats:
        """The vectors (n, d) of ``ids``.

        Raises:
            KeyError: an id is not in the index.
        """
        with self._lock:
            try:
                rows = [self._index.reconstruct(int(number)) for number in ids]
            except RuntimeError as error:
                raise KeyError(f"expected known ids, found an unknown one among {list(ids)[:5]}") from error
        return np.stack(rows) if rows else np.empty((0, self.dimensions), np.float32)

    def save(self, folder: Path, applied_version: int, model_id: str) -> None:
        """Write a snapshot: data first, then its manifest, each temp → fsync → rename."""
        faiss = _faiss()
        folder.mkdir(parents=True, exist_ok=True)
        with self._lock:
            data: bytes = faiss.serialize_index(self._index).tobytes()
            count = len(self)
        manifest: dict[str, Any] = {
            "model_id": model_id,
            "applied_version": applied_version,
            "dimensions": self.dimensions,
            "count": count,
            "files": {_DATA: hashlib.sha256(data).hexdigest()},
        }
        _write(folder / _DATA, data)
        _write(folder / _MANIFEST, _sealed(manifest))

    @classmethod
    def load(cls, folder: Path, model_id: str) -> tuple["VectorIndex", int]:
        """Read a snapshot back: the index and the version it had applied.

        Raises:
            IndexDamaged: anything is missing, altered, or of another model.
        """
        faiss = _faiss()
        try:
            written = (folder / _MANIFEST).read_bytes()
            manifest: dict[str, Any] = json.loads(written)
            manifest.pop("seal", None)
            if written != _sealed(manifest):
                raise IndexDamaged("expected the manifest as it was written, found another")
            data = (folder / _DATA).read_bytes()
            if manifest["model_id"] != model_id:
                raise IndexDamaged(f"expected model {model_id}, found {manifest['model_id']}")
            if manifest["files"][_DATA] != hashlib.sha256(data).hexdigest():
                raise IndexDamaged(f"expected the sha256 of the manifest, found another in {_DATA}")
            result = cls(int(manifest["dimensions"]))
            result._index = faiss.deserialize_index(np.frombuffer(data, dtype=np.uint8))
            if len(result) != manifest["count"] or result._index.d != result.dimensions:
                raise IndexDamaged(f"expected {manifest['count']} vectors, found {len(result)}")
            return result, int(manifest["applied_version"])
        except IndexDamaged:
            raise
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RuntimeError) as error:
            raise IndexDamaged(
                f"expected a readable snapshot, found {type(error).__name__}: {error}"
            ) from error


def _faiss() -> Any:
    # Imported where it is used: 0.2 s that a command which finds nothing should not pay.
    import faiss

    # FAISS keeps this for each thread. One is enough at these sizes, and OpenMP's own threads do not
    # survive the fork of a web server.
    faiss.omp_set_num_threads(1)
    return faiss


def _new(dimensions: int) -> Any:
    faiss = _faiss()
    return faiss.IndexIDMap2(faiss.IndexFlatIP(dimensions))


def _require_finite(vectors: Floats) -> None:
    if not np.isfinite(vectors).all():
        raise ValueError("expected finite numbers, found nan or infinity")


def _sealed(manifest: dict[str, Any]) -> bytes:
    """The one way in which a manifest is written; its seal is the sha256 of the rest."""
    seal = hashlib.sha256(json.dumps(manifest, sort_keys=True).encode()).hexdigest()
    return json.dumps({**manifest, "seal": seal}, sort_keys=True, indent=1).encode()


def _write(path: Path, data: bytes) -> None:
    temporary = path.with_suffix(f".{os.getpid()}.tmp")
    with temporary.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
