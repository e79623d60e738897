"""Neighbours by cosine: exact search in FAISS behind a small interface, with snapshots that are checked.

FAISS itself loads a file with a flipped byte without a word, so a snapshot carries a sha256 manifest
and is trusted only when every byte is as written.
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

        Raises:
            ValueError: shapes do not fit.
        """
        ids, vectors = np.asarray(ids, dtype=np.int64), np.ascontiguousarray(vectors, dtype=np.float32)
        if vectors.shape != (len(ids), self.dimensions):
            raise ValueError(f"expected vectors ({len(ids)}, {self.dimensions}), found {vectors.shape}")
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
        """
        faiss = _faiss()
        query = np.ascontiguousarray(vector, dtype=np.float32).reshape(1, -1)
        if query.shape[1] != self.dimensions:
            raise ValueError(f"expected a vector of {self.dimensions}, found {query.shape[1]}")
        with self._lock:
            count = min(k, len(self) if allowed is None else len(allowed))
            if count <= 0:
                return np.empty(0, np.int64), np.empty(0, np.float32)
            faiss.omp_set_num_threads(1)
            params = None
            if allowed is not None:
                params = faiss.SearchParameters(
                    sel=faiss.IDSelectorBatch(np.asarray(allowed, dtype=np.int64))
                )
            scores, ids = self._index.search(query, count, params=params)
        kept = ids[0] >= 0
        found, cosines = ids[0][kept], scores[0][kept]
        order = np.lexsort((found, -cosines))
        return found[order], cosines[order]

    def vectors(self, ids: Ids) -> Floats:
        """The vectors (n, d) of ``ids``.

        Raises:
            KeyError: an id is not in the index.
        """
        with self._lock:
            try:
                return np.stack([self._index.reconstruct(int(number)) for number in ids])
            except RuntimeError as error:
                raise KeyError(f"expected known ids, found an unknown one among {list(ids)[:5]}") from error

    def save(self, folder: Path, applied_version: int, model_id: str) -> None:
        """Write a snapshot: data first, then its manifest, each temp → fsync → rename."""
        faiss = _faiss()
        folder.mkdir(parents=True, exist_ok=True)
        with self._lock:
            data: bytes = faiss.serialize_index(self._index).tobytes()
            count = len(self)
        manifest = {
            "model_id": model_id,
            "applied_version": applied_version,
            "dimensions": self.dimensions,
            "count": count,
            "files": {_DATA: hashlib.sha256(data).hexdigest()},
        }
        _write(folder / _DATA, data)
        _write(folder / _MANIFEST, json.dumps(manifest, indent=1).encode())

    @classmethod
    def load(cls, folder: Path, model_id: str) -> tuple["VectorIndex", int]:
        """Read a snapshot back: the index and the version it had applied.

        Raises:
            IndexDamaged: anything is missing, altered, or of another model.
        """
        faiss = _faiss()
        try:
            manifest: dict[str, Any] = json.loads((folder / _MANIFEST).read_bytes())
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
        except (OSError, ValueError, KeyError, TypeError, RuntimeError) as error:
            raise IndexDamaged(
                f"expected a readable snapshot, found {type(error).__name__}: {error}"
            ) from error


def _faiss() -> Any:
    # Imported where it is used: 0.2 s that a command which finds nothing should not pay.
    import faiss

    return faiss


def _new(dimensions: int) -> Any:
    faiss = _faiss()
    return faiss.IndexIDMap2(faiss.IndexFlatIP(dimensions))


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
