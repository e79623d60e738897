"""Contextual vectors of the demo city's texts, made beforehand: ``python -m seed_data.vectors URL``.

A sentence encoder reads the city in some minutes; nobody who tries it should wait for that. Each entry is
named by the sha256 of its text, and all by the model: a changed text or another model finds nothing here.
"""

import sys
from pathlib import Path
from typing import Final

import numpy as np

from matcher.ground.db import Database
from matcher.suggestions import contextual

FILE: Final = "contextual.safetensors"


def read(folder: Path, contextual_id: str) -> dict[str, tuple[bytes, bytes]]:
    """By the sha256 of a text: its vector and its sentences; none where they are of another model."""
    from safetensors import safe_open  # noqa: PLC0415 - only where the city is loaded

    path = folder / FILE
    if not path.exists():
        return {}
    with safe_open(path, "numpy") as file:
        if file.metadata()["model_id"] != contextual_id:
            return {}
        digests, counts, vectors = (file.get_tensor(name) for name in ("digests", "counts", "vectors"))
    found, start = {}, 0
    for digest, count in zip(digests, counts.tolist(), strict=True):
        said = vectors[start + 1 : start + count]
        found[digest.tobytes().hex()] = (vectors[start].tobytes(), said.tobytes())
        start += count
    return found


def write(folder: Path, contextual_id: str, known: contextual.Known) -> None:
    """Keep vectors as ``read`` finds them; the same ones give the same bytes."""
    from safetensors.numpy import save_file  # noqa: PLC0415

    digests = sorted(known)
    width = len(next(iter(known.values()))[0]) // 2
    parts = [
        np.frombuffer(known[digest][0] + known[digest][1], np.float16).reshape(-1, width)
        for digest in digests
    ]
    tensors = {
        "digests": np.array([list(bytes.fromhex(digest)) for digest in digests], np.uint8),
        "counts": np.array([len(part) for part in parts], np.int32),
        "vectors": np.concatenate(parts),
    }
    save_file(tensors, folder / FILE, metadata={"model_id": contextual_id})
    (folder / FILE).chmod(0o644)


def main() -> None:
    """Write the vectors of a database, named by its URL, in which the city stands and was read."""
    database = Database(sys.argv[1])
    with database.read() as session:
        contextual_id = contextual.serving(session)
        if contextual_id is None:
            raise SystemExit("expected a city whose texts were read, found none: enmusubi index rebuild")
        known = contextual.vectors_of(session, contextual_id)
    write(Path(__file__).parent, contextual_id, known)
    database.dispose()


if __name__ == "__main__":
    main()
