"""Folders of arrays that are trusted only when every byte is as written.

FAISS and numpy load a file with a flipped byte without a word, so each snapshot carries a manifest with the
sha256 of every file and of itself.
"""

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

MANIFEST: Final = "manifest.json"


class IndexDamaged(Exception):
    """A snapshot is missing, incomplete, altered or of another model: rebuild from the database."""


def save(folder: Path, arrays: Mapping[str, NDArray[Any]], facts: Mapping[str, Any]) -> None:
    """Write arrays and facts: data first, then their manifest, each temp → fsync → rename.

    Files are named by what is in them, so that until the new manifest stands the old one still holds.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    files = {}
    for name, array in arrays.items():
        data = np.ascontiguousarray(array).data.cast("B")
        digest = hashlib.sha256(data).hexdigest()
        _write(folder / f"{name}-{digest[:16]}.bin", data)
        files[name] = {
            "sha256": digest,
            "dtype": array.dtype.str,
            "shape": list(array.shape),
        }
    _write(folder / MANIFEST, _sealed({**facts, "files": files}))
    kept = {f"{name}-{entry['sha256'][:16]}.bin" for name, entry in files.items()}
    for path in folder.glob("*.bin"):
        if path.name not in kept:
            path.unlink(missing_ok=True)


def load(folder: Path) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
    """The arrays and facts of a snapshot.

    Raises:
        IndexDamaged: anything is missing, altered, or cannot be read.
    """
    try:
        written = (folder / MANIFEST).read_bytes()
        manifest: dict[str, Any] = json.loads(written)
        manifest.pop("seal", None)
        if written != _sealed(manifest):
            raise IndexDamaged("expected the manifest as it was written, found another")
        arrays = {}
        for name, facts in manifest["files"].items():
            data = np.fromfile(folder / f"{name}-{facts['sha256'][:16]}.bin", dtype=np.uint8)
            if hashlib.sha256(data.data).hexdigest() != facts["sha256"]:
                raise IndexDamaged(f"expected the sha256 of the manifest, found another in {name}")
            arrays[name] = data.view(facts["dtype"]).reshape(facts["shape"])
        return arrays, manifest
    except IndexDamaged:
        raise
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise IndexDamaged(f"expected a readable snapshot, found {type(error).__name__}: {error}") from error


def _sealed(manifest: Mapping[str, Any]) -> bytes:
    """The one way in which a manifest is written; its seal is the sha256 of the rest."""
    seal = hashlib.sha256(json.dumps(manifest, sort_keys=True).encode()).hexdigest()
    return json.dumps({**manifest, "seal": seal}, sort_keys=True, indent=1).encode()


def _write(path: Path, data: bytes | memoryview) -> None:
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
